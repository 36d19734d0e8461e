"""Parts of the search for one curve: scans, possible collapse, covariance."""

import itertools
import math

import numpy as np
import pytest
from laid_out_curve import ACTIVITIES, HIGH, LOW, RATES, SDS, TIMES, laid_out, put

from dosimetry.physics.curve_search import descent, kernel
from dosimetry.physics.curve_search.layout import (
    AMPLITUDES,
    AXIS_SIZE,
    BEST_SO_FAR,
    COLUMNS,
    CURRENT,
    GRID_MINIMA,
    GRID_MINIMA_CHI2,
    OUT_COVARIANCE,
    OUT_DETERMINED,
    OUT_MAY_SHRINK,
    OUT_WIDTH,
    POINT_BLOCKS,
    SCAN_BEST,
    SCAN_STARTS,
    TRIAL,
    workspace_shapes,
)
from dosimetry.physics.kinetics import MODELS

TWO_TERMS = ["bi", "bi-uptake"]
GROUPS = [(name, group) for name in TWO_TERMS for group in range(1, 2 ** MODELS[name].rates - 1)]


def at_optimum(name):
    """Return a curve with its optimum at BEST_SO_FAR, columns and drops filled, and chi-square."""
    curve = laid_out(name)
    rates, terms, rise, n = curve.sizes
    put(curve.work, CURRENT, RATES[name])
    descent.descend(rates, terms, rise, n, LOW, HIGH, True, curve.work)
    put(curve.work, BEST_SO_FAR, curve.work[CURRENT : CURRENT + rates])
    chi2 = descent.settle(rates, terms, rise, n, LOW, HIGH, curve.work)
    return curve, chi2


def least_of(curve, logs, group):
    """Return the least chi-square, and where, with the rates of a group as one on the axis."""
    found = []
    for value in np.linspace(LOW, HIGH, AXIS_SIZE):
        moved = np.sort([value if group >> r & 1 else log for r, log in enumerate(logs)])
        apart = moved.copy()
        apart[-1] += 1e-7 if MODELS[curve.name].rises else 0.0  # where an uptake's rates meet
        found.append((curve.best(apart)[1], moved.tolist()))
    return min(found)


@pytest.mark.parametrize(("name", "group"), GROUPS)
def test_a_scan_finds_the_least_chi_square_over_the_axis(name, group):
    curve, logs = laid_out(name), RATES[name]
    rates, terms, rise, n = curve.sizes
    put(curve.work, BEST_SO_FAR, logs)
    least = kernel.scan_group(rates, terms, rise, n, LOW, HIGH, curve.whole, group, curve.work)
    chi2, place = least_of(curve, logs, group)
    assert least == pytest.approx(chi2, rel=1e-4)
    assert curve.work[SCAN_BEST : SCAN_BEST + rates] == pytest.approx(place)


@pytest.mark.parametrize(("name", "count"), [("bi", 1), ("bi-uptake", 6)])
def test_three_rates_follow_every_scan_and_two_rates_the_best(name, count):
    # groups of rates by their bits: 1 to 6 of three rates, 1 and 2 of two
    curve, logs = laid_out(name), RATES[name]
    rates, terms, rise, n = curve.sizes
    put(curve.work, BEST_SO_FAR, logs)
    before = curve.whole
    kernel.scan_all_groups(rates, terms, rise, n, LOW, HIGH, before, before, curve.work)
    found = [least_of(curve, logs, group) for group in range(1, 2**rates - 1)]
    expected = [place for _, place in (found if count > 1 else [min(found)])]
    for i, place in enumerate(expected):
        assert curve.work[SCAN_STARTS + 3 * i : SCAN_STARTS + 3 * i + rates] == pytest.approx(place)


@pytest.mark.parametrize("name", MODELS)
def test_search_starts_at_the_grid_minima(name):
    curve = laid_out(name)
    rates, terms, rise, n = curve.sizes
    size = (AXIS_SIZE - 1) // MODELS[name].stride + 1
    shapes, _ = workspace_shapes(n, size, rates)
    grid = tuple([[0.0] * width for _ in range(height)] for height, width in shapes)
    axis = np.exp(np.linspace(LOW, HIGH, AXIS_SIZE)[:: MODELS[name].stride])
    for row, values in zip(grid[0], (np.exp(-np.outer(TIMES, axis)).T / SDS).T, strict=True):
        row[:] = values.tolist()
    chi2 = kernel.search_rates(rates, terms, rise, size, n, LOW, HIGH, grid, curve.work)
    begun = np.array(curve.work[GRID_MINIMA : GRID_MINIMA + rates])
    assert curve.work[GRID_MINIMA_CHI2] == pytest.approx(curve.best(begun)[1], rel=1e-8)
    assert chi2 == pytest.approx(at_optimum(name)[1], rel=1e-7)


@pytest.mark.parametrize("name", TWO_TERMS)
def test_looking_around_restores_a_vanished_term(name):
    # both falling rates alike: one term has nothing to add, and no slope
    curve, best = laid_out(name), at_optimum(name)[1]
    rates, terms, rise, n = curve.sizes
    stuck = RATES[name].copy()
    stuck[1] = stuck[0] + 1e-3
    put(curve.work, BEST_SO_FAR, stuck)
    before = curve.best(stuck)[1]
    found = kernel.scan_all_groups(
        rates, terms, rise, n, LOW, HIGH, curve.whole, before, curve.work
    )
    assert found == pytest.approx(best, rel=1e-6)
    logs = np.array(curve.work[BEST_SO_FAR : BEST_SO_FAR + rates])
    assert curve.best(logs)[1] == pytest.approx(best, rel=1e-6)


def test_descent_that_does_not_end_lower_is_dropped():
    curve, chi2 = at_optimum("bi")
    rates, terms, rise, n = curve.sizes
    theta = curve.work[BEST_SO_FAR : BEST_SO_FAR + rates]
    put(curve.work, SCAN_STARTS, [LOW + 0.1, LOW + 0.2])
    found = kernel.follow_start(
        rates, terms, rise, n, LOW, HIGH, SCAN_STARTS, chi2 - 1.0, curve.work
    )
    assert found == chi2 - 1.0
    assert curve.work[BEST_SO_FAR : BEST_SO_FAR + rates] == theta


# --- what may shrink ----------------------------------------------------------------------------


def shrinks(logs, amplitudes, columns):
    work = [0.0] * (POINT_BLOCKS + 60)
    put(work, BEST_SO_FAR, logs)
    put(work, AMPLITUDES, amplitudes)
    put(work, POINT_BLOCKS + COLUMNS * 2, np.ravel(columns))
    return kernel.may_shrink(len(logs), len(amplitudes), 2, HIGH, work)


COLUMN = [[0.5, -1.0], [2.0, 0.1]]  # the largest parts are 1 and 2


@pytest.mark.parametrize(
    ("logs", "amplitudes", "expected"),
    [
        ([-4.0, -2.0], [1.0, 1.0], False),
        ([-4.0, -2.0], [1.9e-4, 1.0], True),  # a term below 1e-4 of the other
        ([-4.0, -2.0], [2.1e-4, 1.0], False),
        ([-4.0, -2.0], [1.0, 0.4e-4], True),
        ([-4.0, -2.0], [1.0, 0.6e-4], False),
        ([-4.0, -3.991], [1.0, 1.0], True),  # rates within 1 %
        ([-4.0, -3.989], [1.0, 1.0], False),
        ([-4.0, HIGH - 0.49], [1.0, 1.0], True),  # half a unit of ln rate below the bound
        ([-4.0, HIGH - 0.51], [1.0, 1.0], False),
    ],
)
def test_a_curve_may_shrink_near_a_bound(logs, amplitudes, expected):
    assert shrinks(logs, amplitudes, COLUMN) is expected


def test_meeting_rates_of_a_single_uptake_do_not_shrink_it():
    assert shrinks([-4.0, -3.999], [1.0], COLUMN[:1]) is False


# --- covariance ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_covariance_inverts_the_product_of_slopes(name):
    curve, _ = at_optimum(name)
    rates, terms, _, n = curve.sizes
    logs = np.array(curve.work[BEST_SO_FAR : BEST_SO_FAR + rates])
    values = np.array([*curve.work[AMPLITUDES : AMPLITUDES + terms], *np.exp(logs)])

    def model(parameters):
        return curve.columns(np.log(parameters[terms:])) @ parameters[:terms]

    slopes = []
    for i, value in enumerate(values):
        step = np.zeros(len(values))
        step[i] = 1e-6 * value
        slopes.append((model(values + step) - model(values - step)) / (2e-6 * value))
    out = [math.nan] * OUT_WIDTH
    low = LOW - 1.0  # no rate on a bound
    assert kernel.fill_covariance(rates, terms, n, low, curve.work, out)
    free = terms + rates
    found = np.reshape(out[OUT_COVARIANCE : OUT_COVARIANCE + free**2], (free, free))
    expected = np.linalg.inv(np.array(slopes) @ np.transpose(slopes))
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert found / scale == pytest.approx(expected / scale, abs=1e-5)


def test_rate_on_its_bound_has_no_covariance():
    curve, _ = at_optimum("bi")
    rates, terms, _, n = curve.sizes
    out = [math.nan] * OUT_WIDTH
    assert kernel.fill_covariance(rates, terms, n, curve.work[BEST_SO_FAR], curve.work, out)
    found = np.reshape(out[OUT_COVARIANCE : OUT_COVARIANCE + 16], (4, 4))
    assert found[2].tolist() == found[:, 2].tolist() == [0.0] * 4
    free = [0, 1, 3]
    rates_there = np.exp(curve.work[BEST_SO_FAR : BEST_SO_FAR + 2])
    falls = np.exp(-np.outer(TIMES, rates_there)) / SDS[:, None]
    second = -curve.work[AMPLITUDES + 1] * TIMES * falls[:, 1]
    slopes = np.stack([falls[:, 0], falls[:, 1], second])
    assert found[np.ix_(free, free)] == pytest.approx(np.linalg.inv(slopes @ slopes.T), rel=1e-6)


def test_indistinguishable_rates_give_no_covariance():
    curve = laid_out("bi")
    rates, terms, rise, n = curve.sizes
    logs = [-4.0, -4.0 + 1e-6]
    for place in (BEST_SO_FAR, TRIAL):
        put(curve.work, place, logs)
    descent.fill_columns(rates, terms, rise, n, curve.work)
    put(curve.work, AMPLITUDES, [50.0, 50.0])
    assert not kernel.fill_covariance(rates, terms, n, LOW, curve.work, [0.0] * OUT_WIDTH)


def test_zero_amplitude_leaves_its_rate_undetermined():
    curve = laid_out("bi")
    rates, terms, rise, n = curve.sizes
    for place in (BEST_SO_FAR, TRIAL):
        put(curve.work, place, RATES["bi"])
    descent.fill_columns(rates, terms, rise, n, curve.work)
    put(curve.work, AMPLITUDES, [50.0, 0.0])
    assert not kernel.fill_covariance(rates, terms, n, LOW, curve.work, [0.0] * OUT_WIDTH)


# --- the whole search ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_every_row_reaches_its_optimum_in_uncleared_memory(name):
    model = MODELS[name]
    size = (AXIS_SIZE - 1) // model.stride + 1
    n, count = len(TIMES), 2
    times = np.stack([TIMES, TIMES * 1.1])
    curves = [laid_out(name, time=t) for t in times]
    axis = np.linspace(LOW, HIGH, AXIS_SIZE)
    tables = np.exp(-np.exp(axis) * times[:, :, None]).tolist()
    shapes = ((n, size), (2, size), (size, size), (size ** (model.rates - 1), size))
    grid = tuple([[7.0] * width for _ in range(height)] for height, width in shapes)
    out = [[0.0] * OUT_WIDTH for _ in range(count)]
    run = kernel.model_kernel(model.rates, len(model.terms), model.rises, model.stride)
    weighted, weights = [(ACTIVITIES[name] / SDS).tolist()] * 2, [(1 / SDS).tolist()] * 2
    memory = [7.0] * len(curves[0].work)
    run(LOW, times.tolist(), [HIGH, HIGH], tables, [1, 0], weighted, weights, grid, memory, out)
    for row, curve in zip(out, reversed(curves), strict=True):
        logs = np.array(row[: model.rates])
        amplitudes, chi2 = curve.best(logs)
        assert row[5] == pytest.approx(chi2, rel=1e-9)
        assert (row[OUT_MAY_SHRINK], row[OUT_DETERMINED]) == (0.0, 1.0)
        assert row[3 : 3 + len(amplitudes)] == pytest.approx(amplitudes, rel=1e-6)
        for moved, sign in itertools.product(range(model.rates), (-1, 1)):
            other = logs.copy()
            other[moved] = np.clip(other[moved] + 0.01 * sign, LOW, HIGH)
            assert curve.best(other)[1] >= chi2 * (1 - 1e-9)
