"""The search for one curve's rates, written so that Python runs it and numba compiles it.

One source, two ways of running: a single curve is searched by the interpreter (lists of floats), a
large batch by the compiled functions (arrays); the operations and their order are the same, so that
both give the same digits. That is why there are loops over points here and no array operations, and
why only ``math`` is used: its functions are the C library's both ways.

A model with R rates and K amplitudes is a sum of K columns, linear in the amplitudes: exponentials,
or, with an uptake, exponentials less that of the last rate. The amplitudes are solved for inside
(variable projection, Golub and Pereyra 1973), the search is over the logarithms of the rates.

All numbers of a search but its grid are in one flat list or array, ``work``, as laid out in
:mod:`dosimetry.physics.curve_layout`: arguments are what a small function costs most. Matrices in
it are flat, row after row; weighted means divided by the sd of the point.
"""

from __future__ import annotations

import math
from typing import Any

from dosimetry.physics.curve_descent import (
    back_solve,
    copy,
    descend,
    factored,
    settle,
)
from dosimetry.physics.curve_grid import (
    fill_grid,
    grid_minima,
)
from dosimetry.physics.curve_layout import (
    AMONG_OWN,
    AMPLITUDE,
    AMPLITUDES,
    AXIS,
    BEST,
    BY_ALL,
    CHI2,
    COLUMNS,
    COVARIANCE,
    DETERMINED,
    DROPS,
    FALLS,
    FIXED,
    FOUND,
    FROM,
    HERE,
    LENGTHS,
    MOST_RATES,
    MOST_SCANS,
    OWN,
    RATES,
    SAME,
    SCANNED,
    SHRINKS,
    SOLVED,
    THETA,
    TIME,
    UNIT,
    VALUE,
    WEIGHT,
)
from dosimetry.physics.curve_misfit import solve_amplitudes


def scanned_chi2(rates: int, terms: int, rise: bool, n: int, whole: float, work: Any) -> float:
    """Return chi-square at a point of a scan, whose exponentials and log rates are in ``work``.

    The rates are in order. Two that are alike give an uptake its limit, time times exponential.
    """
    time, value, falls = FIXED + TIME * n, FIXED + VALUE * n, FIXED + AMONG_OWN * n
    last = falls + (rates - 1) * n
    top = work[SCANNED + rates - 1]
    first_apart, second_apart = top - work[SCANNED] > 1e-7, top - work[SCANNED + 1] > 1e-7
    q11 = q12 = q22 = p1 = p2 = 0.0
    for j in range(n):
        y = work[value + j]
        c1, c2 = work[falls + j], work[falls + n + j]
        if rise:
            c1 = c1 - work[last + j] if first_apart else c1 * work[time + j]
            c2 = c2 - work[last + j] if second_apart else c2 * work[time + j]
        q11 += c1 * c1
        q12 += c1 * c2
        q22 += c2 * c2
        p1 += c1 * y
        p2 += c2 * y
    return whole - solve_amplitudes(terms, q11, q12, q22, p1, p2)[2]


def scan(
    rates: int,
    terms: int,
    rise: bool,
    n: int,
    low: float,
    high: float,
    whole: float,
    group: int,
    work: Any,
) -> float:
    """Try the rates of ``group`` (bits) as one over the whole axis; fill the log rates at BEST."""
    own, falls, table = FIXED + OWN * n, FIXED + AMONG_OWN * n, FIXED + FALLS * n
    moved = 0
    for r in range(rates):
        moved += (group >> r) & 1
        rate = math.exp(work[THETA + r])
        for j in range(n):
            fall = math.exp(-rate * work[FIXED + TIME * n + j])
            work[own + r * n + j] = fall * work[FIXED + WEIGHT * n + j]
    least = math.inf
    for g in range(AXIS):
        value = low + (high - low) / (AXIS - 1) * g
        place = 0
        waiting = moved
        for r in range(rates + 1):  # the others in order, the moved ones among them
            stays = r < rates and not (group >> r) & 1
            if r == rates or (stays and work[THETA + r] > value):
                while waiting > 0:
                    work[SCANNED + place] = value
                    for j in range(n):
                        work[falls + place * n + j] = work[table + g * n + j]
                    place += 1
                    waiting -= 1
            if stays:
                work[SCANNED + place] = work[THETA + r]
                for j in range(n):
                    work[falls + place * n + j] = work[own + r * n + j]
                place += 1
        chi2 = scanned_chi2(rates, terms, rise, n, whole, work)
        if chi2 < least:
            least = chi2
            for r in range(rates):
                work[BEST + r] = work[SCANNED + r]
    return least


def look_around(
    rates: int,
    terms: int,
    rise: bool,
    n: int,
    low: float,
    high: float,
    whole: float,
    chi2: float,
    work: Any,
) -> float:
    """Follow down what scans around THETA find; move there and return its chi-square."""
    count = 0
    least = chi2
    for group in range(1, (1 << rates) - 1):
        value = scan(rates, terms, rise, n, low, high, whole, group, work)
        if rates == 2:  # one look suffices: follow only what is lower already
            if not value < least:
                continue
            least = value
            count = 0
        for r in range(rates):
            work[FROM + count * MOST_RATES + r] = work[BEST + r]
        count += 1
    for i in range(count):
        chi2 = follow(rates, terms, rise, n, low, high, FROM + i * MOST_RATES, chi2, work)
    return chi2


def follow(
    rates: int,
    terms: int,
    rise: bool,
    n: int,
    low: float,
    high: float,
    start: int,
    chi2: float,
    work: Any,
) -> float:
    """Descend from a start; if that ends below ``chi2``, move THETA there. Return the lower."""
    copy(rates, start, HERE, work)
    first = rates > 2 or chi2 == math.inf
    found = descend(rates, terms, rise, n, low, high, first, work)
    if not found < chi2:
        return chi2
    copy(rates, HERE, THETA, work)
    return found


def search(
    rates: int,
    terms: int,
    rise: bool,
    size: int,
    n: int,
    low: float,
    high: float,
    grid: Any,
    work: Any,
) -> float:
    """Find the log rates of least chi-square, into THETA; return chi-square.

    From every grid minimum downhill. Where there are two amplitudes, then each rate alone, and
    each pair of rates as one, is tried over the whole range, until that gains nothing. This finds
    the way out where a term has vanished and its rate has no slope, and the narrow valleys where
    two rates meet; a single uptake has its meeting rates on the grid.
    """
    whole = 0.0
    for j in range(FIXED + VALUE * n, FIXED + VALUE * n + n):
        whole += work[j] * work[j]
    fill_grid(rates, terms, rise, size, n, whole, grid, work)
    count = grid_minima(rates, terms, size, low, high, whole, grid[3], work)
    chi2 = math.inf
    for i in range(count):
        chi2 = follow(rates, terms, rise, n, low, high, FOUND + i * MOST_RATES, chi2, work)
    if terms > 1:
        for _ in range(MOST_SCANS):
            before = chi2
            chi2 = look_around(rates, terms, rise, n, low, high, whole, chi2, work)
            if chi2 >= before - SAME * (1.0 + before):
                break
    return settle(rates, terms, rise, n, low, high, work)


def may_shrink(rates: int, terms: int, n: int, high: float, work: Any) -> bool:
    """Tell whether a rate or an amplitude is so near its bound that a smaller model may do."""
    columns = FIXED + COLUMNS * n
    most = 0.0
    least = math.inf
    for k in range(terms):
        largest = 0.0
        for j in range(n):
            largest = max(largest, abs(work[AMPLITUDES + k] * work[columns + k * n + j]))
        most = max(most, largest)
        least = min(least, largest)
    merged = terms > 1 and work[THETA + 1] - work[THETA] < 1e-2
    return bool(least < 1e-4 * most or merged or work[THETA + rates - 1] > high - 0.5)


def fill_parameter_slopes(rates: int, terms: int, n: int, fixed: int, work: Any) -> bool:
    """Fill the slopes by amplitudes and rates and their lengths; False where one has none."""
    columns, drops, slopes = FIXED + COLUMNS * n, FIXED + DROPS * n, FIXED + BY_ALL * n
    for i in range(terms + rates):
        r = i - terms
        factor, begin = 1.0, columns + i * n
        if r >= 0:
            begin = drops + r * n
            rising = work[AMPLITUDES] + work[AMPLITUDES + 1]
            factor = -work[AMPLITUDES + r] if r < terms else rising
            factor /= work[RATES + r]
        total = 0.0
        for j in range(n):
            slope = factor * work[begin + j]
            work[slopes + i * n + j] = slope
            total += slope * slope
        work[LENGTHS + i] = math.sqrt(total)
        if not total > 0.0 and i != fixed:
            return False
    return True


def fill_covariance(rates: int, terms: int, n: int, low: float, work: Any, out: Any) -> bool:
    """Fill (J^T J)^-1 of (amplitudes, rates); tell whether the points determine it well.

    A slowest rate on its bound is no free parameter: its row and column are zero.
    """
    slopes, free = FIXED + BY_ALL * n, terms + rates
    fixed = terms if work[THETA] <= low else -1
    if not fill_parameter_slopes(rates, terms, n, fixed, work):
        return False
    for i in range(free):
        for k in range(i + 1):
            total = 1.0 if i == k else 0.0
            if fixed not in (i, k):
                total = 0.0
                for j in range(n):
                    total += work[slopes + i * n + j] * work[slopes + k * n + j]
                total /= work[LENGTHS + i] * work[LENGTHS + k]
            work[SOLVED + i * free + k] = total
            work[SOLVED + k * free + i] = total
    if not factored(free, 1e-6, work):
        return False
    for i in range(free):
        for k in range(free):
            work[UNIT + k] = 1.0 if k == i else 0.0
        back_solve(free, UNIT, work)
        for k in range(free):
            place = COVARIANCE + i * free + k
            if fixed in (i, k):
                out[place] = 0.0
            else:
                out[place] = work[UNIT + k] / (work[LENGTHS + i] * work[LENGTHS + k])
    return True


def fit_one(
    rates: int,
    terms: int,
    rise: bool,
    size: int,
    n: int,
    low: float,
    high: float,
    grid: Any,
    work: Any,
    out: Any,
) -> None:
    """Fit the curve in ``work``; ``out`` takes what :data:`COVARIANCE` and its neighbours name."""
    out[CHI2] = search(rates, terms, rise, size, n, low, high, grid, work)
    for r in range(rates):
        out[r] = work[THETA + r]
    for k in range(terms):
        out[AMPLITUDE + k] = work[AMPLITUDES + k]
    out[SHRINKS] = 1.0 if may_shrink(rates, terms, n, high, work) else 0.0
    out[DETERMINED] = 1.0 if fill_covariance(rates, terms, n, low, work, out) else 0.0


def fit_rows(
    rates: int,
    terms: int,
    rise: bool,
    stride: int,
    low: float,
    times: Any,
    highs: Any,
    tables: Any,
    which: Any,
    weighted: Any,
    weights: Any,
    grid: Any,
    work: Any,
    out: Any,
) -> None:
    """Fit curves of one number of points.

    ``which`` names times, upper bound and table of each curve; a table has the exponentials of the
    axis, a row for each point.
    """
    n = len(times[0])
    size = (AXIS - 1) // stride + 1
    axis = FIXED + FALLS * n
    falls = grid[0]
    for i in range(len(which)):
        group = which[i]
        for j in range(n):
            weight, row, table = weights[i][j], falls[j], tables[group][j]
            work[FIXED + TIME * n + j] = times[group][j]
            work[FIXED + VALUE * n + j] = weighted[i][j]
            work[FIXED + WEIGHT * n + j] = weight
            for g in range(size):
                row[g] = table[g * stride] * weight
            if terms > 1:
                for g in range(AXIS):
                    work[axis + g * n + j] = table[g] * weight
        fit_one(rates, terms, rise, size, n, low, highs[group], grid, work, out[i])


def fit_rows_of(rates: int, terms: int, rise: bool, stride: int, sources: int = 0) -> Any:
    """Return :func:`fit_rows` with the numbers of a model put in.

    ``sources`` is a constant of the compiled code only so that code kept from an earlier run, found
    by these constants, is never that of other sources.
    """

    def run(
        low: float,
        times: Any,
        highs: Any,
        tables: Any,
        which: Any,
        weighted: Any,
        weights: Any,
        grid: Any,
        work: Any,
        out: Any,
    ) -> None:
        _ = sources
        fit_rows(
            rates,
            terms,
            rise,
            stride,
            low,
            times,
            highs,
            tables,
            which,
            weighted,
            weights,
            grid,
            work,
            out,
        )

    return run
