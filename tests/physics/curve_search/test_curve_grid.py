"""Starting grid of a search: chi-square against scipy at every point, and its minima."""

import itertools
import math

import numpy as np
import pytest
from laid_out_curve import HIGH, LOW, SDS, TIMES, laid_out

from dosimetry.physics.curve_search import grid as curve_grid
from dosimetry.physics.curve_search.layout import (
    AXIS_SIZE,
    GRID_MINIMA,
    GRID_MINIMA_CHI2,
    MAX_MINIMA,
    workspace_shapes,
)
from dosimetry.physics.kinetics import MODELS


def filled(name, stride):
    """Return a curve, the log rates of the grid and chi-square over it."""
    curve = laid_out(name)
    rates, terms, rise, n = curve.sizes
    logs = np.linspace(LOW, HIGH, AXIS_SIZE)[::stride]
    shapes, _ = workspace_shapes(n, len(logs), rates)
    grid = tuple([[math.nan] * width for _ in range(height)] for height, width in shapes)
    falls = np.exp(-np.outer(TIMES, np.exp(logs))) / SDS[:, None]
    for row, values in zip(grid[0], falls.tolist(), strict=True):
        row[:] = values
    curve_grid.fill_grid(rates, terms, rise, len(logs), n, curve.whole, grid, curve.work)
    return curve, logs, grid[3]


@pytest.mark.parametrize(
    ("name", "stride"), [("mono", 4), ("uptake", 6), ("bi", 6), ("bi-uptake", 12)]
)
def test_grid_chi_square_equals_scipy(name, stride):
    curve, logs, found = filled(name, stride)
    size, rates = len(logs), MODELS[name].rates
    assert len(found) == size ** (rates - 1)
    for place in itertools.product(range(size), repeat=rates):
        i, rest = place[0], place[1:]
        row = sum(index * size**power for power, index in enumerate(rest))
        if any(a >= b for a, b in itertools.pairwise(place)):
            if name == "uptake" and place[0] == place[1]:
                continue  # the limit, below
            assert found[row][i] == math.inf
            continue
        expected = curve.best(logs[list(place)])[1]
        assert found[row][i] == pytest.approx(expected, rel=1e-7, abs=1e-9 * curve.whole)


def test_equal_uptake_rates_give_time_times_exponential():
    curve, logs, found = filled("uptake", 6)
    y = curve.activity / SDS
    for h, log in enumerate(logs):
        column = TIMES * np.exp(-math.exp(log) * TIMES) / SDS
        expected = curve.whole - (column @ y) ** 2 / (column @ column)
        assert found[h][h] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["mono", "uptake"])
def test_zero_columns_give_the_chi_square_of_a_zero_curve(name):
    curve = laid_out(name)
    rates, terms, rise, n = curve.sizes
    shapes, _ = workspace_shapes(n, 3, rates)
    grid = tuple([[0.0] * width for _ in range(height)] for height, width in shapes)
    curve_grid.fill_grid(rates, terms, rise, 3, n, curve.whole, grid, curve.work)
    assert {value for row in grid[3] for value in row} <= {curve.whole, math.inf}


# --- minima -------------------------------------------------------------------------------------


def brute_minima(cube, places):
    """Return the places no neighbour of which is lower, best first."""
    found = []
    for place in places:
        near = [slice(max(p - 1, 0), p + 2) for p in place]
        if cube[place] <= cube[tuple(near)].min():
            found.append((cube[place], place))
    return sorted(found)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", MODELS)
def test_best_grid_minima_are_found_in_order(name, seed):
    # random chi-squares within 10 % of one another, so that no plateau cuts the list short
    model, size = MODELS[name], 7
    rates, terms = model.rates, len(model.terms)
    cube = np.random.default_rng(seed).uniform(1.0, 1.09, (size,) * rates)
    allowed = [
        place
        for place in itertools.product(range(size), repeat=rates)
        if all(a < b or (name == "uptake" and a == b) for a, b in itertools.pairwise(place))
    ]
    outside = np.ones(cube.shape, bool)
    outside[tuple(np.transpose(allowed))] = False
    cube[outside] = math.inf
    expected = brute_minima(cube, allowed)[:MAX_MINIMA]
    rows = np.transpose(cube).reshape(-1, size).tolist()  # last index first
    work = [0.0] * 200
    count = curve_grid.find_minima(rates, terms, size, 10.0, 16.0, 1.0, rows, work)
    assert count == len(expected)
    assert work[GRID_MINIMA_CHI2 : GRID_MINIMA_CHI2 + count] == [value for value, _ in expected]
    for m, (_, place) in enumerate(expected):
        found = work[GRID_MINIMA + 3 * m : GRID_MINIMA + 3 * m + rates]
        assert found == pytest.approx([10.0 + p for p in place])


@pytest.mark.parametrize(
    ("other", "count"),
    [
        (59.9, 2),  # below half of chi-square without any curve, 120
        (60.1, 1),
    ],
)
def test_minima_on_the_plateau_are_skipped(other, count):
    row = [90.0, 10.0, 90.0, other, 90.0]
    work = [0.0] * 200
    assert curve_grid.find_minima(1, 1, 5, 0.0, 4.0, 120.0, [row], work) == count


@pytest.mark.parametrize(("other", "count"), [(81.9, 2), (82.1, 1)])
def test_minima_beside_the_best_are_kept_on_the_plateau(other, count):
    # within a tenth of 120 above 70
    row = [90.0, 70.0, 90.0, other, 90.0]
    work = [0.0] * 200
    assert curve_grid.find_minima(1, 1, 5, 0.0, 4.0, 120.0, [row], work) == count


def test_minimum_without_a_place_does_not_end_its_row():
    # places for the best; then one worse than all of them, then the best of the row
    minima = [*range(20, 20 + MAX_MINIMA), 90.0, 10.0]
    row = [99.0, *itertools.chain.from_iterable((float(low), 99.0) for low in minima)]
    work = [0.0] * 200
    count = curve_grid.find_minima(1, 1, len(row), 0.0, 1.0, 200.0, [row], work)
    assert work[GRID_MINIMA_CHI2 : GRID_MINIMA_CHI2 + count] == [10.0, *range(20, 19 + MAX_MINIMA)]


def test_best_minimum_is_never_skipped():
    work = [0.0] * 200
    assert curve_grid.find_minima(1, 1, 3, 0.0, 2.0, 100.0, [[99.0, 98.0, 99.0]], work) == 1
    assert (work[GRID_MINIMA_CHI2], work[GRID_MINIMA]) == (98.0, 1.0)


@pytest.mark.parametrize("place", [*itertools.product(range(3), repeat=3)], ids=str)
def test_one_lower_neighbour_excludes_a_minimum(place):
    cube = np.full((5, 5, 5), 2.0)
    cube[tuple(1 + np.array(place))] = 1.0
    rows = np.transpose(cube).reshape(-1, 5).tolist()
    assert curve_grid.is_minimum(3, 5, rows, 2, 2, 2) is (place == (1, 1, 1))


@pytest.mark.parametrize("place", [*itertools.product(range(5), repeat=3)], ids=str)
def test_value_that_is_not_a_neighbour_does_not_matter(place):
    cube = np.full((5, 5, 5), 2.0)
    cube[place] = 1.0
    rows = np.transpose(cube).reshape(-1, 5).tolist()
    near = all(1 <= p <= 3 for p in place) and place != (2, 2, 2)
    assert curve_grid.is_minimum(3, 5, rows, 2, 2, 2) is not near


@pytest.mark.parametrize("corner", [0, 4])
def test_edge_of_the_grid_can_be_a_minimum(corner):
    for rates in (1, 2, 3):
        cube = np.full((5,) * rates, 2.0)
        cube[(corner,) * rates] = 1.0
        rows = np.transpose(cube).reshape(-1, 5).tolist()
        place = [corner] * rates + [0] * (3 - rates)
        assert curve_grid.is_minimum(rates, 5, rows, *place)
