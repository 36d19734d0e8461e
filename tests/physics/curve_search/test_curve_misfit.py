"""Chi-square and its slopes against linear algebra of numpy and scipy, and differences."""

import math

import numpy as np
import pytest
from laid_out_curve import (
    ACTIVITIES,
    FALLING,
    RATES,
    RISING,
    SDS,
    TIMES,
    difference,
    laid_out,
    put,
)
from scipy.optimize import nnls

from dosimetry.physics.curve_search import misfit
from dosimetry.physics.curve_search.layout import (
    AMPLITUDES,
    COLUMNS,
    DROPS,
    GRADIENT,
    MATRIX,
    NEWTON_DIAGONAL,
    RESIDUAL,
    TRIAL,
)
from dosimetry.physics.kinetics import MODELS

# of the last two one amplitude is zero, the second or the first
CASES = [*ACTIVITIES.items(), ("bi", RISING), ("bi", FALLING)]


# --- amplitudes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_two_amplitudes_equal_non_negative_least_squares(seed):
    rng = np.random.default_rng(seed)
    columns, y = rng.normal(size=(5, 2)), rng.normal(size=5)
    q, p = columns.T @ columns, columns.T @ y
    expected, root = nnls(columns, y)
    *found, fall = misfit.solve_amplitudes(2, q[0, 0], q[0, 1], q[1, 1], *p)
    assert found == pytest.approx(expected, rel=1e-10, abs=1e-12)
    assert fall == pytest.approx(y @ y - root**2, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("p", "expected"), [(3.0, (1.5, 0.0, 4.5)), (-3.0, (0.0, 0.0, 0.0))])
def test_one_amplitude_is_the_projection_or_zero(p, expected):
    # least squares of one column: a = p/q, chi-square falls by p^2/q
    assert misfit.solve_amplitudes(1, 2.0, 9.0, 9.0, p, 9.0) == expected


def test_zero_column_gets_no_amplitude():
    assert misfit.solve_amplitudes(1, 0.0, 0.0, 0.0, 1.0, 0.0) == (0.0, 0.0, 0.0)
    assert misfit.solve_amplitudes(2, 0.0, 0.0, 4.0, 1.0, 2.0) == (0.0, 0.5, 1.0)


@pytest.mark.parametrize(("p", "expected"), [((4.0, 2.0), (2.0, 0.0)), ((2.0, 8.0), (0.0, 1.0))])
def test_better_of_two_parallel_columns_gets_all(p, expected):
    # columns (1, 1) and (2, 2): q = 2, 4, 8, and no determinant
    assert misfit.solve_amplitudes(2, 2.0, 4.0, 8.0, *p)[:2] == expected


# --- columns, chi-square, slopes ----------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_columns_and_slopes_of_distant_rates_match_formula(name):
    curve, logs = laid_out(name), RATES[name]
    put(curve.work, TRIAL, logs)
    misfit.fill_columns(*curve.sizes, curve.work)
    rates, terms, _, n = curve.sizes
    found = curve.part(COLUMNS, terms * n).reshape(terms, n)
    assert found == pytest.approx(curve.columns(logs).T, rel=1e-12)
    product = np.outer(np.exp(logs), TIMES)
    drops = curve.part(DROPS, rates * n).reshape(rates, n)
    assert drops == pytest.approx(product * np.exp(-product) / SDS, rel=1e-12)


def test_difference_of_near_equal_exponentials_keeps_digits():
    # exp(-a t) - exp(-b t) = exp(-a t) (b - a) t (1 - (b - a) t / 2 + ...)
    curve, rate = laid_out("uptake"), 0.02
    put(curve.work, TRIAL, [math.log(rate), math.log(rate) + 1e-9])
    misfit.fill_columns(*curve.sizes, curve.work)
    gap = math.exp(curve.work[TRIAL + 1]) - math.exp(curve.work[TRIAL])
    expected = np.exp(-rate * TIMES) * gap * TIMES / SDS
    assert curve.part(COLUMNS, len(TIMES)) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("name", "activity"), CASES)
def test_chi_square_amplitudes_and_residual_equal_scipy(name, activity):
    curve, logs = laid_out(name, activity=activity), RATES[name]
    put(curve.work, TRIAL, logs)
    chi2 = misfit.evaluate(*curve.sizes, curve.work)
    amplitudes, expected = curve.best(logs)
    assert chi2 == pytest.approx(expected, rel=1e-10)
    assert curve.work[AMPLITUDES : AMPLITUDES + len(amplitudes)] == pytest.approx(amplitudes)
    residual = curve.columns(logs) @ amplitudes - curve.activity / SDS
    assert curve.part(RESIDUAL, len(TIMES)) == pytest.approx(residual, rel=1e-9)


@pytest.mark.parametrize(("name", "activity"), CASES)
def test_gradient_is_half_the_slope_of_chi_square(name, activity):
    curve, logs = laid_out(name, activity=activity), RATES[name]
    put(curve.work, TRIAL, logs)
    misfit.evaluate(*curve.sizes, curve.work)
    expected = [difference(lambda x: curve.best(x)[1] / 2, logs, i, 1e-5) for i in range(len(logs))]
    assert curve.work[GRADIENT : GRADIENT + len(logs)] == pytest.approx(
        expected, rel=1e-6, abs=1e-9
    )


@pytest.mark.parametrize(("name", "activity"), CASES)
def test_gauss_newton_matrix_projects_the_columns_out(name, activity):
    # Kaufman 1975: J' (1 - Q Q') J, J the slopes at fixed amplitudes
    curve, logs = laid_out(name, activity=activity), RATES[name]
    put(curve.work, TRIAL, logs)
    misfit.evaluate(*curve.sizes, curve.work)
    amplitudes, _ = curve.best(logs)
    slopes = np.stack(
        [
            difference(lambda x: curve.columns(x) @ amplitudes, logs, i, 1e-5)
            for i in range(len(logs))
        ],
        axis=1,
    )
    basis, _ = np.linalg.qr(curve.columns(logs)[:, amplitudes > 0])
    slopes -= basis @ (basis.T @ slopes)
    found = np.reshape(curve.work[MATRIX : MATRIX + len(logs) ** 2], (len(logs), len(logs)))
    assert found == pytest.approx(slopes.T @ slopes, rel=1e-5)


@pytest.mark.parametrize(("name", "activity"), CASES)
def test_newton_term_is_residual_times_second_derivative(name, activity):
    curve, logs = laid_out(name, activity=activity), RATES[name]
    put(curve.work, TRIAL, logs)
    misfit.evaluate(*curve.sizes, curve.work)
    amplitudes, _ = curve.best(logs)
    residual = curve.columns(logs) @ amplitudes - curve.activity / SDS
    for i in range(len(logs)):
        ends = []
        for step in (-1e-3, 0.0, 1e-3):
            moved = logs.copy()
            moved[i] += step
            ends.append(curve.columns(moved) @ amplitudes)
        second = (ends[0] - 2 * ends[1] + ends[2]) / 1e-6
        assert curve.work[NEWTON_DIAGONAL + i] == pytest.approx(residual @ second, rel=1e-4)
