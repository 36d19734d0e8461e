"""Property tests of the search over grid and scans, against least squares of scipy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import EXAMPLES, FEW, property_of, property_of_each
from search_space import HIGH, LOW, TIMES, log_rates, searches

from dosimetry.physics.curve_search import compiling, descent, kernel, layout
from dosimetry.physics.curve_search import grid as curve_grid
from dosimetry.physics.curve_search import layout as at
from dosimetry.physics.curve_search.least_squares import fit_batch, fit_model
from dosimetry.physics.kinetics import MODELS

pytestmark = pytest.mark.slow

# --- grid ---------------------------------------------------------------------------------------


def filled(search):
    grid = search.grid()
    curve_grid.fill_grid(
        search.rates,
        search.terms,
        search.rise,
        search.size,
        search.n,
        search.whole,
        grid,
        search.work,
    )
    return grid


@property_of(
    curve_grid.fill_grid,
    curve_grid.fill_double_uptake_grid,
    curve_grid.fill_single_uptake_grid,
    curve_grid.fill_products,
)
@FEW
@given(st.data())
def test_grid_chi_square_equals_least_squares(data):
    for name in MODELS:
        search = data.draw(searches([name]))
        grid = filled(search)
        indices = st.lists(
            st.integers(0, search.size - 1), min_size=search.rates, max_size=search.rates
        )
        place = sorted(data.draw(indices))
        if len(set(place)) < len(place) and name != "uptake":
            continue  # only an uptake has its rates alike on the grid
        row = sum(index * search.size**power for power, index in enumerate(place[1:]))
        found = grid[3][row][place[0]]
        log = search.axis[:: search.model.stride][place]
        assert found == pytest.approx(search.chi2(log), rel=1e-6, abs=1e-6 * search.whole), name
        np.testing.assert_allclose(grid[1][0], search.value @ np.array(grid[0]), rtol=1e-9)
        np.testing.assert_allclose(grid[1][1], np.square(grid[0]).sum(axis=0), rtol=1e-9)


@property_of(curve_grid.find_minima, curve_grid.is_minimum)
@FEW
@given(st.data())
def test_grid_minima_include_the_least_value(data):
    for name in MODELS:
        search = data.draw(searches([name]))
        chi2 = filled(search)[3]
        count = curve_grid.find_minima(
            search.rates, search.terms, search.size, LOW, HIGH, search.whole, chi2, search.work
        )
        cube = np.array(chi2).reshape((search.size,) * search.rates)
        values = search.get(at.GRID_MINIMA_CHI2, count)
        assert 1 <= count <= at.MAX_MINIMA
        assert values[0] == cube.min()
        assert np.all(np.diff(values) >= 0)
        width = (HIGH - LOW) / (search.size - 1)
        for m, value in enumerate(values):
            place = search.get(at.GRID_MINIMA + m * at.MAX_RATES, search.rates)
            index = np.rint((place - LOW) / width).astype(int)[::-1]
            assert cube[tuple(index)] == value
            around = tuple(slice(max(i - 1, 0), i + 2) for i in index)
            assert cube[around].min() == value
            i, j, k = (*index[::-1].tolist(), 0, 0)[:3]
            assert curve_grid.is_minimum(search.rates, search.size, chi2, i, j, k)


# --- scans and the whole search -----------------------------------------------------------------


@property_of(kernel.scan_group, kernel.scan_chi2)
@FEW
@given(st.data(), searches(["bi", "bi-uptake"]))
def test_axis_scan_finds_the_least_chi_square(data, search):
    here = data.draw(log_rates(search))
    search.put_rates(here, at.BEST_SO_FAR)
    group = data.draw(st.integers(1, (1 << search.rates) - 2))
    stays = [one for r, one in enumerate(here) if not (group >> r) & 1]
    found = kernel.scan_group(
        *search.model_of, search.n, LOW, HIGH, search.whole, group, search.work
    )
    best = search.get(at.SCAN_BEST, search.rates)
    assert found == pytest.approx(search.chi2(best), rel=1e-6, abs=1e-6 * search.whole)
    assert set(stays) <= set(best.tolist())
    moved = search.rates - len(stays)
    for value in search.axis[::5]:
        along = np.sort([*stays, *[value] * moved])
        assert found <= search.chi2(along) + 1e-6 * search.whole


@property_of(kernel.follow_start, kernel.scan_all_groups)
@FEW
@given(st.data(), searches(["bi", "bi-uptake"]))
def test_looking_around_never_ends_higher(data, search):
    here = data.draw(log_rates(search))
    search.put_rates(here, at.SCAN_STARTS)
    search.put_rates(here, at.BEST_SO_FAR)
    rest = (*search.model_of, search.n, LOW, HIGH)
    start = search.chi2(here)
    followed = kernel.follow_start(*rest, at.SCAN_STARTS, math.inf, search.work)
    assert followed <= start * (1 + 1e-9)
    around = kernel.scan_all_groups(*rest, search.whole, followed, search.work)
    assert around <= followed
    theta = search.get(at.BEST_SO_FAR, search.rates)
    assert around == pytest.approx(search.chi2(theta), rel=1e-6, abs=1e-9)
    # what is no improvement does not move the best
    assert kernel.follow_start(*rest, at.SCAN_STARTS, 0.0, search.work) == 0.0
    np.testing.assert_array_equal(search.get(at.BEST_SO_FAR, search.rates), theta)


@property_of(kernel.search_rates)
@FEW
@given(st.data(), searches())
def test_search_never_ends_above_any_sampled_point(data, search):
    grid = search.grid()
    found = kernel.search_rates(
        *search.model_of, search.size, search.n, LOW, HIGH, grid, search.work
    )
    assert found <= np.min(grid[3]) * (1 + 1e-9)
    assert found <= search.chi2(data.draw(log_rates(search))) * (1 + 1e-6)
    theta = search.get(at.BEST_SO_FAR, search.rates)
    assert found == pytest.approx(search.chi2(theta), rel=1e-6, abs=1e-9)


@property_of(kernel.may_shrink)
@EXAMPLES
@given(st.data(), searches(["mono", "uptake", "bi", "bi-uptake"]))
def test_only_curves_near_a_bound_can_shrink(data, search):
    here = data.draw(log_rates(search))
    search.put_rates(here)
    search.put_rates(here, at.BEST_SO_FAR)
    descent.fill_columns(*search.model_of, search.n, search.work)
    search.put(at.AMPLITUDES, [1.0, 1.0])

    def shrinks(high=HIGH):
        return kernel.may_shrink(search.rates, search.terms, search.n, high, search.work)

    sizes = np.abs(search.columns(here)).max(axis=1)
    if here[-1] < HIGH - 0.5 and sizes.min() > 1e-4 * sizes.max():
        assert not shrinks()
    assert shrinks(here[-1])  # the fastest rate on its bound
    search.put(at.AMPLITUDES, [1.0, 0.0])
    assert shrinks() or search.terms == 1  # an amplitude that vanished
    search.put(at.AMPLITUDES, [1.0, 1.0])
    search.put_rates(np.append(np.full(search.rates - 1, here[0]), here[-1]), at.BEST_SO_FAR)
    assert shrinks() or search.terms == 1 or search.rates == 2  # two falling rates that are one


@property_of(kernel.fill_covariance, kernel.fill_parameter_slopes)
@EXAMPLES
@given(st.data(), searches(), st.floats(1.0, 50.0), st.floats(1.0, 50.0))
def test_covariance_inverts_the_product_of_slopes(data, search, one, two):
    here = data.draw(log_rates(search, apart=0.8))
    amplitudes = np.array([one, two])[: search.terms]
    search.put_rates(here)
    search.put_rates(here, at.BEST_SO_FAR)
    descent.fill_columns(*search.model_of, search.n, search.work)
    search.put(at.AMPLITUDES, [*amplitudes, 0.0][:2])
    out = [0.0] * at.OUT_WIDTH
    determined = kernel.fill_covariance(search.rates, search.terms, search.n, LOW, search.work, out)
    # slopes by amplitudes, and by the rates themselves, by central differences
    slopes = [*search.columns(here)]
    for r in range(search.rates):
        ends = []
        for sign in (1, -1):
            moved = here.copy()
            moved[r] += sign * 1e-5
            ends.append(amplitudes @ search.columns(moved))
        slopes.append((ends[0] - ends[1]) / 2e-5 / math.exp(here[r]))
    free = search.rates + search.terms
    lengths = np.linalg.norm(slopes, axis=1)
    unit = np.array(slopes) / lengths[:, None]
    least = np.linalg.eigvalsh(unit @ unit.T)[0]
    if least < 1e-9:
        return
    if not determined:
        assert least < 1e-5
        return
    found = np.array(out[at.OUT_COVARIANCE : at.OUT_COVARIANCE + free**2]).reshape(free, free)
    identity = (found * np.outer(lengths, lengths)) @ (unit @ unit.T)
    np.testing.assert_allclose(identity, np.eye(free), atol=1e-7 / least)
    np.testing.assert_allclose(found, found.T, rtol=1e-6, atol=1e-9 * np.abs(found).max())


# --- rows ---------------------------------------------------------------------------------------


@property_of(
    kernel.fit_curves,
    kernel.model_kernel,
    kernel.fit_curve,
    layout.workspace_shapes,
)
@FEW
@given(st.sampled_from(list(MODELS)), st.integers(5, 9), st.integers(0, 1000))
def test_batch_rows_of_any_length_are_independent(name, points, seed):
    random = np.random.default_rng(seed)
    time = np.cumprod(random.uniform(1.3, 2.5, points))
    activity = 50 * np.exp(-0.01 * time) * np.exp(0.1 * random.standard_normal((3, points)))
    found = fit_batch(name, time, activity, 0.1 * activity, math.exp(LOW), compile=False)
    for row in range(3):
        alone = fit_model(name, time, activity[row], 0.1 * activity[row], math.exp(LOW))
        np.testing.assert_array_equal(found[row].rates, alone.rates)
        np.testing.assert_array_equal(found[row].covariance, alone.covariance)


@property_of_each([compiling.compiled_kernel])
def test_compiled_and_interpreted_fits_have_the_same_digits(function):
    pytest.importorskip("numba")
    model = MODELS["mono"]
    shape = (model.rates, len(model.terms), model.rises, model.stride)
    assert function(*shape) is function(*shape)  # compiled once
    random = np.random.default_rng(5)
    activity = 50 * np.exp(-0.01 * TIMES) * np.exp(0.1 * random.standard_normal((40, 6)))
    fast, slow = (
        fit_batch("mono", TIMES, activity, 0.1 * activity, math.exp(LOW), compile=how)
        for how in (True, False)
    )
    for name in ("rates", "amplitudes", "chi2", "covariance"):
        np.testing.assert_allclose(getattr(fast, name), getattr(slow, name), rtol=1e-12)


@property_of(compiling.repays_compiling)
@EXAMPLES
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_larger_batch_is_never_less_worth_compiling(one, other):
    small, large = sorted([one, other])
    assert compiling.repays_compiling(small) <= compiling.repays_compiling(large)
