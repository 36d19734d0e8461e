"""Where a search for one curve's rates begins: chi-square over a grid, and its minima.

See :mod:`dosimetry.physics.curve_kernel`.
"""

from __future__ import annotations

import math
from typing import Any

from dosimetry.physics.curve_layout import (
    BESIDE,
    FIXED,
    FOUND,
    MINIMA,
    MOST_RATES,
    PLATEAU,
    TIME,
    VALUE,
    VALUES,
)
from dosimetry.physics.curve_misfit import solve_amplitudes


def fill_products(
    rates: int, size: int, n: int, falls: Any, along: Any, among: Any, work: Any
) -> None:
    """Fill the products of the grid's exponentials with the activity and with each other.

    Up to the diagonal, which stands in ``along[1]`` too. The innermost loops are over the grid,
    whole rows of it, so that a compiler can do several values at once.
    """
    for g in range(size):
        along[0][g] = 0.0
        along[1][g] = 0.0
    for j in range(n):
        fall, y = falls[j], work[FIXED + VALUE * n + j]
        products, squares = along[0], along[1]
        for g in range(size):
            products[g] += fall[g] * y
            squares[g] += fall[g] * fall[g]
    if rates == 1:
        return
    for g in range(size):
        row = among[g]
        for h in range(g + 1):
            row[h] = 0.0
        for j in range(n):
            fall = falls[j]
            here = fall[g]
            for h in range(g + 1):
                row[h] += here * fall[h]


def fill_grid(
    rates: int,
    terms: int,
    rise: bool,
    size: int,
    n: int,
    whole: float,
    grid: Any,
    work: Any,
) -> None:
    """Fill chi-square over the grid of log rates; ``whole`` is that of no curve.

    ``grid`` is (exponentials, products with the activity and squares, products with each other,
    chi-square), the last by the last index first, so (k, j, i) of i < j < k.
    """
    falls, along, among, chi2 = grid
    fill_products(rates, size, n, falls, along, among, work)
    products, squares = along[0], along[1]
    if rates == 1:
        row = chi2[0]
        for g in range(size):
            p, q = products[g], squares[g]
            row[g] = whole - p * p / q if q > 0.0 else whole
    elif terms == 1:
        fill_uptake_grid(size, n, whole, grid, work)
    elif rates == 2:
        for h in range(size):
            row, inner = chi2[h], among[h]
            for g in range(size):
                row[g] = math.inf
            for g in range(h):
                q11, q12, q22 = squares[g], inner[g], squares[h]
                row[g] = whole - solve_amplitudes(2, q11, q12, q22, products[g], products[h])[2]
    else:
        fill_double_grid(size, whole, grid)


def fill_double_grid(size: int, whole: float, grid: Any) -> None:
    """Fill the grid of two falling rates and one of uptake."""
    _, along, among, chi2 = grid
    products, squares = along[0], along[1]
    for k in range(size):
        top, p, crossing = squares[k], products[k], among[k]
        for h in range(size):
            row, inner = chi2[k * size + h], among[h]
            for g in range(size):
                row[g] = math.inf
            if h >= k:
                continue
            cross, p2 = crossing[h], products[h] - p
            q22 = squares[h] - 2.0 * cross + top
            for g in range(h):
                other, p1 = crossing[g], products[g] - p
                q11 = squares[g] - 2.0 * other + top
                q12 = inner[g] - other - cross + top
                row[g] = whole - solve_amplitudes(2, q11, q12, q22, p1, p2)[2]


def fill_uptake_grid(size: int, n: int, whole: float, grid: Any, work: Any) -> None:
    """Fill the grid of a single uptake; on its diagonal the rates are alike."""
    falls, along, among, chi2 = grid
    products, squares = along[0], along[1]
    for h in range(size):
        row, inner = chi2[h], among[h]
        top, p2 = squares[h], products[h]
        for g in range(h):
            p = products[g] - p2
            q = squares[g] - 2.0 * inner[g] + top
            row[g] = whole - p * p / q if p > 0.0 and q > 0.0 else whole
        p = q = 0.0
        for j in range(n):  # the limit, time times exponential
            fall = falls[j][h] * work[FIXED + TIME * n + j]
            p += fall * work[FIXED + VALUE * n + j]
            q += fall * fall
        row[h] = whole - p * p / q if q > 0.0 else whole
        for g in range(h + 1, size):
            row[g] = math.inf


def is_minimum(rates: int, size: int, chi2: Any, i: int, j: int, k: int) -> bool:
    """Tell whether no neighbour on the grid has a smaller chi-square."""
    first, last = (j - 1, j + 2) if rates > 1 else (0, 1)
    here = chi2[k * size + j][i]
    for c in range(max(k - 1, 0), min(k + 2, size) if rates > 2 else 1):
        for b in range(max(first, 0), min(last, size)):
            row = chi2[c * size + b]
            for a in range(max(i - 1, 0), min(i + 2, size)):
                if row[a] < here:
                    return False
    return True


def grid_minima(
    rates: int,
    terms: int,
    size: int,
    low: float,
    high: float,
    whole: float,
    chi2: Any,
    work: Any,
) -> int:
    """Fill the best local minima of the grid as log rates; return how many there are."""
    width = (high - low) / (size - 1)
    rows = size ** (rates - 1)
    found = 0
    for m in range(rows):
        row, under, over = chi2[m], chi2[max(m - 1, 0)], chi2[min(m + 1, rows - 1)]
        j, k = m % size, m // size
        last = size
        if rates > 1:  # the grid of a single uptake has its rates alike, too
            last = j + 1 if terms == 1 else j
        for i in range(last):
            here = row[i]
            # most are found here not to be one
            if under[i] < here or over[i] < here or row[max(i - 1, 0)] < here:
                continue
            if found == MINIMA and here >= work[VALUES + MINIMA - 1]:
                continue
            if not is_minimum(rates, size, chi2, i, j, k):
                continue
            place = min(found, MINIMA - 1)
            while place > 0 and work[VALUES + place - 1] > here:
                work[VALUES + place] = work[VALUES + place - 1]
                for r in range(MOST_RATES):
                    before = work[FOUND + (place - 1) * MOST_RATES + r]
                    work[FOUND + place * MOST_RATES + r] = before
                place -= 1
            work[VALUES + place] = here
            work[FOUND + place * MOST_RATES] = low + width * i
            work[FOUND + place * MOST_RATES + 1] = low + width * j
            work[FOUND + place * MOST_RATES + 2] = low + width * k
            found = min(found + 1, MINIMA)
    bar = max(PLATEAU * whole, work[VALUES] + BESIDE * whole)
    while found > 1 and work[VALUES + found - 1] > bar:
        found -= 1
    return found
