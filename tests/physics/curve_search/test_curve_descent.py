"""Steps of the descent against linear algebra of numpy and differences of scipy."""

import numpy as np
import pytest
from laid_out_curve import (
    HIGH,
    LOW,
    RATES,
    difference,
    laid_out,
    put,
)

from dosimetry.physics.curve_search import descent
from dosimetry.physics.curve_search.layout import (
    BASE_GRADIENT,
    BASE_MATRIX,
    BASE_NEWTON_DIAGONAL,
    BEST_SO_FAR,
    CURRENT,
    GRADIENT,
    LEAST_GAP,
    MATRIX,
    NEWTON_DIAGONAL,
    STEP,
    SYSTEM,
    TRIAL,
)
from dosimetry.physics.kinetics import MODELS

WORK = 200


def memory(places):
    """Return a memory with numbers at some places."""
    work = [0.0] * WORK
    for place, values in places.items():
        put(work, place, values)
    return work


def symmetric(size, seed):
    """Return a positive definite matrix."""
    root = np.random.default_rng(seed).normal(size=(size, size + 2))
    return root @ root.T


# --- bounds and order ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rise", "given", "expected", "changed"),
    [
        (False, [-4.0, -2.0, 0.5], [-4.0, -2.0, 0.5], False),
        (False, [0.5, -2.0, -4.0], [-4.0, -2.0, 0.5], True),
        (False, [-2.0, -4.0, 0.5], [-4.0, -2.0, 0.5], True),
        (False, [-9.0, -2.0, 3.0], [-5.0, -2.0, 1.0], True),  # the bounds
        (False, [-5.0, -5.0, 1.0], [-5.0, -5.0, 1.0], False),
        (True, [-4.0, -2.0, -2.0], [-4.0, -2.0, -2.0 + LEAST_GAP], True),
        (True, [-4.0, -2.0, -2.0 + 2 * LEAST_GAP], [-4.0, -2.0, -2.0 + 2 * LEAST_GAP], False),
        (True, [-4.0, 1.0, 1.0], [-4.0, 1.0 - LEAST_GAP, 1.0], True),
        (True, [-4.0, -2.0, 0.5], [-4.0, -2.0, 0.5], False),
    ],
)
def test_order_sorts_rates_and_keeps_them_within_bounds(rise, given, expected, changed):
    work = memory({TRIAL: given})
    assert descent.constrain_trial(3, rise, -5.0, 1.0, work) is changed
    assert work[TRIAL : TRIAL + 3] == pytest.approx(expected, abs=1e-12)


def test_order_leaves_other_memory_unchanged():
    work = memory({TRIAL: [0.5, -9.0], CURRENT: [7.0, 8.0, 9.0]})
    work[TRIAL + 2] = 11.0
    descent.constrain_trial(2, False, -5.0, 1.0, work)
    assert work[CURRENT : TRIAL + 3] == [7.0, 8.0, 9.0, -5.0, 0.5, 11.0]


@pytest.mark.parametrize(
    ("rise", "here", "expected"),
    [
        (True, [-3.0, -2.9], True),
        (True, [-0.2, 0.0], True),  # 0.2 apart at most
        (True, [-3.0, -2.7], False),
        (False, [-3.0, -2.9], False),
        (True, [-5.0, -4.9], False),  # on a bound
        (True, [0.9, 1.0], False),
    ],
)
def test_uptake_rates_meet_when_close_and_off_the_bounds(rise, here, expected):
    assert descent.rates_meet(2, rise, -5.0, 1.0, memory({CURRENT: here})) is expected


# --- linear systems -----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_factored_system_is_solved(size):
    matrix, right = symmetric(size, size), np.arange(1.0, size + 1)
    work = memory({SYSTEM: matrix.ravel(), STEP: right[:3]})
    put(work, 100, right)
    assert descent.factor_system(size, 1e-14, work)
    descent.solve_factored(size, 100, work)
    assert work[100 : 100 + size] == pytest.approx(np.linalg.solve(matrix, right), rel=1e-9)


@pytest.mark.parametrize(
    ("matrix", "least", "expected"),
    [
        ([[1.0, 1.0], [1.0, 1.0]], 1e-14, False),
        ([[0.0, 0.0], [0.0, 1.0]], 1e-14, False),
        ([[-1.0, 0.0], [0.0, 1.0]], 1e-14, False),
        ([[4.0, 2.0], [2.0, 2.0]], 0.49, True),  # second pivot 2 - 2 2/4 = 1, half of 2
        ([[4.0, 2.0], [2.0, 2.0]], 0.50, False),
    ],
)
def test_matrix_with_a_lost_pivot_is_refused(matrix, least, expected):
    assert descent.factor_system(2, least, memory({SYSTEM: np.ravel(matrix)})) is expected


# --- steps --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rates", [2, 3])
def test_gradient_and_matrix_turn_by_the_chain_rule(rates):
    # the last two are m - sqrt(s), m + sqrt(s): d/dm = (1, 1), d/ds = (-1, 1) / width
    here = np.array([-5.0, -3.1, -2.9])[-rates:]
    gradient, matrix = np.array([0.3, -0.7, 1.1])[-rates:], symmetric(rates, 4)
    work = memory({CURRENT: here, BASE_GRADIENT: gradient, BASE_NEWTON_DIAGONAL: [5.0] * rates})
    put(work, BASE_MATRIX, matrix.ravel())
    descent.change_to_mean_and_square(rates, work)
    turned = np.eye(rates)
    turned[-2:, -2:] = [[1.0, -1 / 0.2], [1.0, 1 / 0.2]]
    assert work[BASE_GRADIENT : BASE_GRADIENT + rates] == pytest.approx(turned.T @ gradient)
    found = np.reshape(work[BASE_MATRIX : BASE_MATRIX + rates**2], (rates, rates))
    assert found == pytest.approx(turned.T @ matrix @ turned)
    assert work[BASE_NEWTON_DIAGONAL : BASE_NEWTON_DIAGONAL + rates] == [5.0, 0.0, 0.0][-rates:]


def kept(here, gradient, rise=False, low=LOW, high=HIGH):
    rates = len(here)
    matrix = symmetric(rates, 6)
    work = memory(
        {CURRENT: here, GRADIENT: gradient, NEWTON_DIAGONAL: [0.5] * rates, MATRIX: matrix.ravel()}
    )
    meeting = descent.prepare_step(rates, rise, low, high, work)
    places = (BASE_GRADIENT, BASE_NEWTON_DIAGONAL)
    found = [work[place : place + rates] for place in places]
    square = np.reshape(work[BASE_MATRIX : BASE_MATRIX + rates**2], (rates, rates))
    return meeting, *found, square, matrix


def test_gradient_between_the_bounds_is_unchanged():
    meeting, gradient, more, matrix, given = kept([-4.0, -2.0, 0.0], [1.0, -2.0, 3.0], rise=True)
    assert not meeting
    assert (gradient, more) == ([1.0, -2.0, 3.0], [0.5] * 3)
    np.testing.assert_array_equal(matrix, given)


@pytest.mark.parametrize(
    ("here", "gradient", "held"),
    [
        ([LOW, -2.0, 0.0], [1.0, 1.0, 1.0], 0),  # chi-square falls below the bound
        ([LOW, -2.0, 0.0], [-1.0, 1.0, 1.0], None),
        ([-4.0, -2.0, HIGH], [1.0, 1.0, -1.0], 2),
        ([-4.0, -2.0, HIGH], [1.0, 1.0, 1.0], None),
        ([LOW, -2.0, 0.0], [0.0, 1.0, 1.0], None),
    ],
)
def test_rate_is_held_on_a_bound_that_chi_square_falls_towards(here, gradient, held):
    _, found, more, matrix, given = kept(here, gradient)
    free = [i for i in range(3) if i != held]
    assert [found[i] for i in free] == [gradient[i] for i in free]
    assert [more[i] for i in free] == [0.5] * len(free)
    np.testing.assert_array_equal(matrix[np.ix_(free, free)], given[np.ix_(free, free)])
    if held is not None:
        assert (found[held], more[held], matrix[held].tolist()) == (
            0.0,
            0.0,
            np.eye(3)[held].tolist(),
        )
        np.testing.assert_array_equal(matrix[:, held], np.eye(3)[held])


def test_meeting_rates_stay_in_turned_coordinates():
    meeting, gradient, more, _, _ = kept([-3.1, -2.95], [1.0, 4.0], rise=True)
    assert (meeting, more) == (True, [0.0, 0.0])
    assert gradient == pytest.approx([5.0, 20.0])  # sum, and difference by the distance


def test_least_rate_distance_is_held_while_chi_square_falls():
    here = [-3.0, -3.0 + LEAST_GAP]
    meeting, gradient, _, matrix, _ = kept(here, [1.0, 3.0], rise=True)
    assert (meeting, gradient) == (True, pytest.approx([4.0, 0.0]))
    assert matrix[1].tolist() == [0.0, 1.0]
    assert kept(here, [3.0, 1.0], rise=True)[1][1] < 0.0  # free to part
    assert kept([-3.0, -3.0 + 2 * LEAST_GAP], [1.0, 3.0], rise=True)[1][1] > 0.0


def test_convex_chi_square_gives_a_newton_step():
    matrix, more, gradient = symmetric(3, 8), np.array([0.2, -0.1, 0.3]), np.array([1.0, -2.0, 0.5])
    work = memory(
        {BASE_MATRIX: matrix.ravel(), BASE_NEWTON_DIAGONAL: more, BASE_GRADIENT: gradient}
    )
    assert descent.find_step(3, 0.25, work) == 2
    whole = matrix + np.diag(0.25 * np.diag(matrix) + more)
    assert work[STEP : STEP + 3] == pytest.approx(np.linalg.solve(whole, gradient), rel=1e-9)


def test_non_convex_chi_square_gives_a_gauss_newton_step():
    matrix, gradient = symmetric(3, 8), np.array([1.0, -2.0, 0.5])
    work = memory(
        {BASE_MATRIX: matrix.ravel(), BASE_NEWTON_DIAGONAL: [-1e3] * 3, BASE_GRADIENT: gradient}
    )
    assert descent.find_step(3, 0.25, work) == 1
    damped = matrix + np.diag(0.25 * np.diag(matrix))
    assert work[STEP : STEP + 3] == pytest.approx(np.linalg.solve(damped, gradient), rel=1e-9)


def test_matrix_that_is_not_positive_gives_no_step():
    work = memory({BASE_MATRIX: np.diag([1.0, -1.0]).ravel(), BASE_GRADIENT: [1.0, 1.0]})
    assert descent.find_step(2, 0.25, work) == 0


def test_step_is_at_most_one_in_ln_rate_against_the_gradient():
    work = memory(
        {CURRENT: [-4.0, -2.0, 0.0], STEP: [0.5, 3.0, -3.0], BASE_GRADIENT: [2.0, 1.0, -1.0]}
    )
    assert descent.take_step(3, False, work) == pytest.approx(0.5 * 2 + 1 + 1)
    assert work[TRIAL : TRIAL + 3] == [-4.5, -3.0, 1.0]


def test_step_of_meeting_rates_moves_mean_and_squared_gap():
    work = memory(
        {CURRENT: [-5.0, -3.2, -3.0], STEP: [0.5, 0.25, -0.03], BASE_GRADIENT: [2.0, 1.0, -1.0]}
    )
    assert descent.take_step(3, True, work) == pytest.approx(0.5 * 2 + 0.25 + 0.03)
    # mean -3.1 - 0.25, half of the distance sqrt(0.1^2 + 0.03) = 0.2
    assert work[TRIAL : TRIAL + 3] == pytest.approx([-5.5, -3.55, -3.15])


def test_meeting_rates_keep_their_least_distance():
    work = memory({CURRENT: [-3.2, -3.0], STEP: [0.0, 0.5], BASE_GRADIENT: [0.0, 1.0]})
    descent.take_step(2, True, work)
    half = LEAST_GAP / 2
    assert work[TRIAL : TRIAL + 2] == pytest.approx([-3.1 - half, -3.1 + half], abs=1e-12)


def test_distance_equals_the_largest_move_of_a_rate():
    work = memory({CURRENT: [-4.0, -2.0, 0.0], BEST_SO_FAR: [-4.5, -0.5, 9.0]})
    assert descent.distance_from_current(2, BEST_SO_FAR, work) == 1.5


# --- down to the optimum ------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_descent_ends_where_the_scipy_gradient_vanishes(name):
    curve = laid_out(name)
    rates, terms, rise, n = curve.sizes
    put(curve.work, CURRENT, RATES[name])
    chi2 = descent.descend(rates, terms, rise, n, LOW, HIGH, True, curve.work)
    put(curve.work, BEST_SO_FAR, curve.work[CURRENT : CURRENT + rates])
    settled = descent.settle(rates, terms, rise, n, LOW, HIGH, curve.work)
    logs = np.array(curve.work[BEST_SO_FAR : BEST_SO_FAR + rates])
    assert chi2 == pytest.approx(settled, rel=1e-8)
    assert settled == pytest.approx(curve.best(logs)[1], rel=1e-9)
    assert settled <= curve.best(RATES[name])[1]
    for i, value in enumerate(logs):
        slope = difference(lambda x: curve.best(x)[1], logs, i, 1e-5)
        on_bound = value <= LOW + 1e-12 or value >= HIGH - 1e-12
        assert on_bound or slope == pytest.approx(0.0, abs=1e-5)
