"""Grid search for starting rates: chi-square over a grid of log rates, and its local minima.

The grid has axes g < h < k of the first, second and third rate. See
:mod:`dosimetry.physics.curve_search.kernel` for the names of arguments.
"""

from __future__ import annotations

import math
from typing import Any

from dosimetry.physics.curve_search.layout import (
    ACTIVITY,
    GRID_MINIMA,
    GRID_MINIMA_CHI2,
    MAX_MINIMA,
    MAX_RATES,
    NEAR_BEST_SHARE,
    PLATEAU_SHARE,
    POINT_BLOCKS,
    TIME,
)
from dosimetry.physics.curve_search.misfit import solve_amplitudes


def fill_products(
    n_rates: int,
    n_grid: int,
    n_points: int,
    exponentials: Any,
    single_products: Any,
    pair_products: Any,
    work: Any,
) -> None:
    """Fill the scalar products of the grid's exponentials with the activity and with each other.

    ``single_products`` takes the products with the activity and the squares, ``pair_products`` the
    products with each other up to the diagonal.
    """
    # The innermost loops run over whole rows of the grid, so that a compiler can vectorise them.
    for g in range(n_grid):
        single_products[0][g] = 0.0
        single_products[1][g] = 0.0
    for j in range(n_points):
        at_point, activity = exponentials[j], work[POINT_BLOCKS + ACTIVITY * n_points + j]
        with_activity, squares = single_products[0], single_products[1]
        for g in range(n_grid):
            with_activity[g] += at_point[g] * activity
            squares[g] += at_point[g] * at_point[g]
    if n_rates == 1:
        return
    for g in range(n_grid):
        pair_row = pair_products[g]
        for h in range(g + 1):
            pair_row[h] = 0.0
        for j in range(n_points):
            at_point = exponentials[j]
            value = at_point[g]
            for h in range(g + 1):
                pair_row[h] += value * at_point[h]


def fill_grid(
    n_rates: int,
    n_terms: int,
    uptake: bool,
    n_grid: int,
    n_points: int,
    null_chi2: float,
    grid: Any,
    work: Any,
) -> None:
    """Fill chi-square over the grid of log rates.

    ``grid`` is (exponentials, single products, pair products, chi-square). Chi-square is indexed
    by the fastest rate first: row k * n_grid + h, column g. ``null_chi2`` is chi-square without
    any curve. p is a product with the activity, q a product of two columns of the model.
    """
    exponentials, single_products, pair_products, chi2 = grid
    fill_products(n_rates, n_grid, n_points, exponentials, single_products, pair_products, work)
    with_activity, squares = single_products[0], single_products[1]
    if n_rates == 1:
        chi2_row = chi2[0]
        for g in range(n_grid):
            p, q = with_activity[g], squares[g]
            chi2_row[g] = null_chi2 - p * p / q if q > 0.0 else null_chi2
    elif n_terms == 1:
        fill_single_uptake_grid(n_grid, n_points, null_chi2, grid, work)
    elif n_rates == 2:
        for h in range(n_grid):
            chi2_row, pair_row = chi2[h], pair_products[h]
            for g in range(n_grid):
                chi2_row[g] = math.inf
            for g in range(h):
                q11, q12, q22 = squares[g], pair_row[g], squares[h]
                chi2_row[g] = (
                    null_chi2
                    - solve_amplitudes(2, q11, q12, q22, with_activity[g], with_activity[h])[2]
                )
    else:
        fill_double_uptake_grid(n_grid, null_chi2, grid)


def fill_double_uptake_grid(n_grid: int, null_chi2: float, grid: Any) -> None:
    """Fill the grid of the model with two falling rates and one uptake rate."""
    _, single_products, pair_products, chi2 = grid
    with_activity, squares = single_products[0], single_products[1]
    for k in range(n_grid):
        uptake_square, uptake_product, uptake_pairs = squares[k], with_activity[k], pair_products[k]
        for h in range(n_grid):
            chi2_row, pair_row = chi2[k * n_grid + h], pair_products[h]
            for g in range(n_grid):
                chi2_row[g] = math.inf
            if h >= k:
                continue
            second_cross, p2 = uptake_pairs[h], with_activity[h] - uptake_product
            q22 = squares[h] - 2.0 * second_cross + uptake_square
            for g in range(h):
                first_cross, p1 = uptake_pairs[g], with_activity[g] - uptake_product
                q11 = squares[g] - 2.0 * first_cross + uptake_square
                q12 = pair_row[g] - first_cross - second_cross + uptake_square
                chi2_row[g] = null_chi2 - solve_amplitudes(2, q11, q12, q22, p1, p2)[2]


def fill_single_uptake_grid(
    n_grid: int, n_points: int, null_chi2: float, grid: Any, work: Any
) -> None:
    """Fill the grid of the model with one falling and one uptake rate; equal on the diagonal."""
    exponentials, single_products, pair_products, chi2 = grid
    with_activity, squares = single_products[0], single_products[1]
    for h in range(n_grid):
        chi2_row, pair_row = chi2[h], pair_products[h]
        uptake_square, uptake_product = squares[h], with_activity[h]
        for g in range(h):
            p = with_activity[g] - uptake_product
            q = squares[g] - 2.0 * pair_row[g] + uptake_square
            chi2_row[g] = null_chi2 - p * p / q if p > 0.0 and q > 0.0 else null_chi2
        p = q = 0.0
        for j in range(n_points):  # the limit of equal rates: time times exponential
            column = exponentials[j][h] * work[POINT_BLOCKS + TIME * n_points + j]
            p += column * work[POINT_BLOCKS + ACTIVITY * n_points + j]
            q += column * column
        chi2_row[h] = null_chi2 - p * p / q if q > 0.0 else null_chi2
        for g in range(h + 1, n_grid):
            chi2_row[g] = math.inf


def is_minimum(n_rates: int, n_grid: int, chi2: Any, i: int, j: int, k: int) -> bool:
    """Return whether no neighbour of the grid point (i, j, k) has a smaller chi-square."""
    first_row, end_row = (j - 1, j + 2) if n_rates > 1 else (0, 1)
    value = chi2[k * n_grid + j][i]
    for c in range(max(k - 1, 0), min(k + 2, n_grid) if n_rates > 2 else 1):
        for b in range(max(first_row, 0), min(end_row, n_grid)):
            row = chi2[c * n_grid + b]
            for a in range(max(i - 1, 0), min(i + 2, n_grid)):
                if row[a] < value:
                    return False
    return True


def find_minima(
    n_rates: int,
    n_terms: int,
    n_grid: int,
    lower: float,
    upper: float,
    null_chi2: float,
    chi2: Any,
    work: Any,
) -> int:
    """Fill GRID_MINIMA with the log rates of the best local minima; return their number."""
    spacing = (upper - lower) / (n_grid - 1)
    n_rows = n_grid ** (n_rates - 1)
    count = 0
    for m in range(n_rows):
        row, row_before, row_after = chi2[m], chi2[max(m - 1, 0)], chi2[min(m + 1, n_rows - 1)]
        j, k = m % n_grid, m // n_grid
        end = n_grid
        if n_rates > 1:  # equal rates are on the grid of a single uptake only
            end = j + 1 if n_terms == 1 else j
        for i in range(end):
            value = row[i]
            # rejects most points without the full comparison
            if row_before[i] < value or row_after[i] < value or row[max(i - 1, 0)] < value:
                continue
            if count == MAX_MINIMA and value >= work[GRID_MINIMA_CHI2 + MAX_MINIMA - 1]:
                continue
            if not is_minimum(n_rates, n_grid, chi2, i, j, k):
                continue
            place = min(count, MAX_MINIMA - 1)
            while place > 0 and work[GRID_MINIMA_CHI2 + place - 1] > value:
                work[GRID_MINIMA_CHI2 + place] = work[GRID_MINIMA_CHI2 + place - 1]
                for r in range(MAX_RATES):
                    moved = work[GRID_MINIMA + (place - 1) * MAX_RATES + r]
                    work[GRID_MINIMA + place * MAX_RATES + r] = moved
                place -= 1
            work[GRID_MINIMA_CHI2 + place] = value
            work[GRID_MINIMA + place * MAX_RATES] = lower + spacing * i
            work[GRID_MINIMA + place * MAX_RATES + 1] = lower + spacing * j
            work[GRID_MINIMA + place * MAX_RATES + 2] = lower + spacing * k
            count = min(count + 1, MAX_MINIMA)
    highest = max(PLATEAU_SHARE * null_chi2, work[GRID_MINIMA_CHI2] + NEAR_BEST_SHARE * null_chi2)
    while count > 1 and work[GRID_MINIMA_CHI2 + count - 1] > highest:
        count -= 1
    return count
