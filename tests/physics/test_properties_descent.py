"""Property tests of the descent: each function against the algebra that defines it."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import EXAMPLES, FEW, property_of
from search_space import HIGH, LOW, Search, log_rates, searches

from dosimetry.physics.curve_search import descent, layout

pytestmark = pytest.mark.slow

steps = st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3)


# --- order, bounds, rates that meet -------------------------------------------------------------


@property_of(descent.constrain_trial)
@EXAMPLES
@given(searches(), st.lists(st.floats(LOW - 2, HIGH + 2), min_size=3, max_size=3))
def test_ordering_rates_sorts_them_and_is_idempotent(search, somewhere):
    search.put_rates(somewhere[: search.rates])
    changed = descent.constrain_trial(search.rates, search.rise, LOW, HIGH, search.work)
    found = search.get(layout.TRIAL, search.rates)
    assert changed == (found.tolist() != somewhere[: search.rates])
    assert found.min() >= LOW
    assert found.max() <= HIGH
    assert np.all(np.diff(found) >= 0)
    if search.rise:  # an uptake is faster than what it feeds
        assert found[-1] - found[-2] >= layout.LEAST_GAP * (1 - 1e-9)
    assert not descent.constrain_trial(search.rates, search.rise, LOW, HIGH, search.work)


@pytest.mark.parametrize("name", ["uptake", "bi-uptake"])
def test_rates_at_the_upper_bound_leave_a_gap_for_the_uptake(name):
    search = Search(name, np.ones(6))
    search.put_rates([HIGH] * search.rates)
    assert descent.constrain_trial(search.rates, search.rise, LOW, HIGH, search.work)
    found = search.get(layout.TRIAL, search.rates)
    assert np.all(np.diff(found) >= 0)
    assert found[-1] - found[-2] >= layout.LEAST_GAP * (1 - 1e-9)


@property_of(descent.rates_meet)
@EXAMPLES
@given(searches(), st.floats(0.0, 1.0), st.floats(0.01, 0.99))
def test_only_uptake_rates_meet_and_nearer_ones_first(search, gap, nearer):
    def met(width):
        search.put_rates(np.array([-4.0, -3.0, -3.0 + width])[-search.rates :], layout.CURRENT)
        return descent.rates_meet(search.rates, search.rise, LOW, HIGH, search.work)

    assert met(0.0) == search.rise
    assert met(gap * nearer) or not met(gap)
    assert not met(1.0)


def state(search, gradient, matrix, here):
    """Put a place, its gradient and its matrix where ``keep`` reads them."""
    search.put_rates(here, layout.CURRENT)
    search.put(layout.GRADIENT, gradient)
    search.put(layout.NEWTON_DIAGONAL, np.zeros(3))
    search.put(layout.MATRIX, np.ravel(matrix))


def kept(search):
    r = search.rates
    return search.get(layout.BASE_GRADIENT, r), search.get(layout.BASE_MATRIX, r * r).reshape(r, r)


def definite(random, size):
    root = random.standard_normal((size, size + 2))
    return root @ root.T


@property_of(descent.prepare_step, descent.change_to_mean_and_square)
@EXAMPLES
@given(searches(["uptake", "bi-uptake"]), st.floats(1e-3, 0.19), st.integers(0, 1000))
def test_turning_to_mean_and_squared_gap_changes_variables(search, width, seed):
    random = np.random.default_rng(seed)
    gradient, matrix = random.standard_normal(search.rates), definite(random, search.rates)
    here = np.array([-4.5, -3.0, -3.0 + width])[-search.rates :]
    state(search, gradient, matrix, here)
    assert descent.prepare_step(search.rates, search.rise, LOW, HIGH, search.work)
    # the last two log rates are m - h and m + h; by the chain rule, for m and s = h^2
    jacobian = np.eye(search.rates)
    jacobian[-2:, -2:] = [[1.0, -1.0 / width], [1.0, 1.0 / width]]
    found, squares = kept(search)
    np.testing.assert_allclose(found, jacobian.T @ gradient, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        squares, jacobian.T @ matrix @ jacobian, rtol=1e-9, atol=1e-9 / width**2
    )


@property_of(descent.prepare_step, descent.find_step, descent.take_step)
@EXAMPLES
@given(searches(["mono", "bi"]), st.booleans(), st.integers(0, 1000), st.floats(0.0, 10.0))
def test_rate_on_its_bound_is_not_pushed_beyond(search, upper, seed, damping):
    random = np.random.default_rng(seed)
    gradient = np.abs(random.standard_normal(search.rates)) * (-1 if upper else 1)
    here = np.sort(random.uniform(LOW + 1, HIGH - 1, search.rates))
    bound = search.rates - 1 if upper else 0
    here[bound] = HIGH if upper else LOW
    state(search, gradient, definite(random, search.rates), here)
    meeting = descent.prepare_step(search.rates, search.rise, LOW, HIGH, search.work)
    assert not meeting
    assert descent.find_step(search.rates, damping, search.work) > 0
    descent.take_step(search.rates, meeting, search.work)
    assert search.get(layout.TRIAL, search.rates)[bound] == here[bound]
    # towards the inside it may move
    state(search, -gradient, definite(random, search.rates), here)
    descent.prepare_step(search.rates, search.rise, LOW, HIGH, search.work)
    np.testing.assert_array_equal(kept(search)[0], -gradient)


# --- steps --------------------------------------------------------------------------------------


@property_of(descent.factor_system, descent.solve_factored)
@EXAMPLES
@given(st.integers(1, 5), st.integers(0, 1000))
def test_a_factored_matrix_solves_its_equations(size, seed):
    random = np.random.default_rng(seed)
    matrix, right = definite(random, size), random.standard_normal(size)
    search = Search("mono", np.ones(6))
    search.put(layout.SYSTEM, matrix.ravel())
    search.put(layout.RIGHT_SIDE, right)
    assert descent.factor_system(size, 1e-14, search.work)
    descent.solve_factored(size, layout.RIGHT_SIDE, search.work)
    np.testing.assert_allclose(matrix @ search.get(layout.RIGHT_SIDE, size), right, atol=1e-7)
    # an eigenvalue below zero is found out
    lost = matrix - 1.1 * np.linalg.eigvalsh(matrix)[-1] * np.eye(size)
    search.put(layout.SYSTEM, lost.ravel())
    assert not descent.factor_system(size, 1e-14, search.work)


@property_of(descent.find_step, descent.take_step)
@EXAMPLES
@given(searches(["mono", "bi"]), st.integers(0, 1000), st.floats(0.0, 10.0))
def test_step_leads_downhill_and_damping_shortens_it(search, seed, damping):
    random = np.random.default_rng(seed)
    gradient, matrix = random.standard_normal(search.rates), definite(random, search.rates)
    here = np.linspace(LOW + 2, HIGH - 2, search.rates)
    state(search, gradient, matrix, here)
    descent.prepare_step(search.rates, search.rise, LOW, HIGH, search.work)
    assert descent.find_step(search.rates, damping, search.work) == 2
    step = search.get(layout.STEP, search.rates)
    damped = matrix + damping * np.diag(np.diag(matrix))
    np.testing.assert_allclose(damped @ step, gradient, atol=1e-9)
    promised = descent.take_step(search.rates, False, search.work)
    taken = here - search.get(layout.TRIAL, search.rates)
    np.testing.assert_allclose(
        taken, np.clip(step, -layout.LONGEST_STEP, layout.LONGEST_STEP), atol=1e-12
    )
    assert promised == pytest.approx(taken @ gradient, abs=1e-12)
    if np.abs(step).max() < layout.LONGEST_STEP:
        assert promised >= 0
    descent.find_step(search.rates, damping + 1.0, search.work)
    shorter = search.get(layout.STEP, search.rates)
    assert shorter @ np.diag(np.diag(matrix)) @ shorter <= step @ np.diag(np.diag(matrix)) @ step


@property_of(descent.take_step)
@EXAMPLES
@given(searches(["uptake", "bi-uptake"]), st.floats(1e-3, 0.19), steps)
def test_step_moves_mean_and_squared_gap(search, width, step):
    here = np.array([-4.5, -3.0, -3.0 + width])[-search.rates :]
    search.put_rates(here, layout.CURRENT)
    search.put(layout.STEP, step[: search.rates])
    descent.take_step(search.rates, True, search.work)
    first, last = search.get(layout.TRIAL, search.rates)[-2:]
    mean, square = np.clip(
        step[search.rates - 2 : search.rates], -layout.LONGEST_STEP, layout.LONGEST_STEP
    )
    assert (first + last) / 2 == pytest.approx(here[-2:].mean() - mean, abs=1e-12)
    # distance has no other side: the square stops at that of the smallest distance
    expected = max((width / 2) ** 2 - square, (layout.LEAST_GAP / 2) ** 2)
    assert ((last - first) / 2) ** 2 == pytest.approx(expected, rel=1e-6, abs=1e-15)


@property_of(descent.copy_log_rates, descent.distance_from_current)
@EXAMPLES
@given(st.integers(1, 3), steps, steps)
def test_distance_is_the_largest_change_of_a_rate(rates, one, other):
    search = Search("mono", np.ones(6))
    search.put_rates(one, layout.CURRENT)
    search.put_rates(other, layout.BEST_SO_FAR)
    found = descent.distance_from_current(rates, layout.BEST_SO_FAR, search.work)
    assert found == pytest.approx(np.abs(np.subtract(one, other))[:rates].max())
    descent.copy_log_rates(rates, layout.CURRENT, layout.BEST_SO_FAR, search.work)
    assert descent.distance_from_current(rates, layout.BEST_SO_FAR, search.work) == 0.0


@property_of(descent.descend)
@FEW
@given(st.data(), searches())
def test_descent_never_ends_higher_and_ends_at_zero_slope(data, search):
    start = data.draw(log_rates(search))
    search.put_rates(start, layout.CURRENT)
    found = descent.descend(*search.model_of, search.n, LOW, HIGH, True, search.work)
    end = search.get(layout.CURRENT, search.rates)
    assert found <= search.chi2(start) * (1 + 1e-9)
    assert found == pytest.approx(search.chi2(end), rel=1e-6, abs=1e-9)
    for r, sign in itertools.product(range(search.rates), (1, -1)):
        moved = end.copy()
        moved[r] = np.clip(moved[r] + sign * 1e-3, LOW, HIGH)
        assert search.chi2(np.sort(moved)) >= found * (1 - 1e-5) - 1e-9


@property_of(descent.settle)
@FEW
@given(st.data(), searches())
def test_settling_keeps_chi_square_and_rates_to_last_digits(data, search):
    start = data.draw(log_rates(search))
    search.put_rates(start, layout.CURRENT)
    before = descent.descend(*search.model_of, search.n, LOW, HIGH, True, search.work)
    descent.copy_log_rates(search.rates, layout.CURRENT, layout.BEST_SO_FAR, search.work)
    place = search.get(layout.BEST_SO_FAR, search.rates)
    after = descent.settle(*search.model_of, search.n, LOW, HIGH, search.work)
    assert after == pytest.approx(before, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(search.get(layout.BEST_SO_FAR, search.rates), place, atol=1e-4)
