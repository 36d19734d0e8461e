"""Search for the rates of one curve: one source that Python runs and numba compiles.

The interpreter searches a single curve (lists of floats), compiled code a large batch (arrays). The
operations and their order are the same, so both give the same digits. Therefore the code loops over
points instead of using array operations, and calls ``math`` only, whose functions are those of the
C library in both cases.

A model with R rates and K amplitudes is a sum of K columns, linear in the amplitudes: exponentials,
or with an uptake, differences from the exponential of the last rate. Variable projection (Golub and
Pereyra 1973) solves for the amplitudes inside; the search runs over the logarithms of the rates.

One flat list or array, ``work``, holds all numbers of a search but its grid, because arguments are
the main cost of a small function; :mod:`dosimetry.physics.curve_search.layout` says where each
stands. Matrices in it are flat, row after row. "Weighted" means divided by the sd of the point.

Names in all parts of the search:

- ``n_rates``, ``n_terms``, ``uptake``: the model (its last rate is an uptake rate if ``uptake``),
- ``n_points``, ``n_grid``: points of the curve, values per rate of the grid,
- ``lower``, ``upper``: bounds of the log rates,
- ``null_chi2``: chi-square without any curve,
- r, s number rates, k terms, j points, g and h values of the grid or axis.
"""

from __future__ import annotations

import math
from typing import Any

from dosimetry.physics.curve_search.descent import (
    copy_log_rates,
    descend,
    factor_system,
    settle,
    solve_factored,
)
from dosimetry.physics.curve_search.grid import fill_grid, find_minima
from dosimetry.physics.curve_search.layout import (
    ACTIVITY,
    AMPLITUDES,
    AXIS_EXPONENTIALS,
    AXIS_SIZE,
    BEST_EXPONENTIALS,
    BEST_SO_FAR,
    COLUMNS,
    CURRENT,
    DROPS,
    EQUAL_CHI2,
    GRID_MINIMA,
    MAX_RATES,
    MAX_SCANS,
    OUT_AMPLITUDES,
    OUT_CHI2,
    OUT_COVARIANCE,
    OUT_DETERMINED,
    OUT_MAY_SHRINK,
    PARAMETER_SLOPES,
    POINT_BLOCKS,
    RATES,
    RIGHT_SIDE,
    SCAN_BEST,
    SCAN_EXPONENTIALS,
    SCAN_POINT,
    SCAN_STARTS,
    SLOPE_LENGTHS,
    SYSTEM,
    TIME,
    WEIGHT,
)
from dosimetry.physics.curve_search.misfit import solve_amplitudes


def scan_chi2(
    n_rates: int, n_terms: int, uptake: bool, n_points: int, null_chi2: float, work: Any
) -> float:
    """Return chi-square at SCAN_POINT, whose exponentials are at SCAN_EXPONENTIALS.

    The rates are in order. Two equal rates give an uptake its limit, time times exponential.
    """
    time, activity, scanned = (
        POINT_BLOCKS + TIME * n_points,
        POINT_BLOCKS + ACTIVITY * n_points,
        POINT_BLOCKS + SCAN_EXPONENTIALS * n_points,
    )
    rising = scanned + (n_rates - 1) * n_points
    uptake_log_rate = work[SCAN_POINT + n_rates - 1]
    first_apart, second_apart = (
        uptake_log_rate - work[SCAN_POINT] > 1e-7,
        uptake_log_rate - work[SCAN_POINT + 1] > 1e-7,
    )
    q11 = q12 = q22 = p1 = p2 = 0.0
    for j in range(n_points):
        measured = work[activity + j]
        first, second = work[scanned + j], work[scanned + n_points + j]
        if uptake:
            first = first - work[rising + j] if first_apart else first * work[time + j]
            second = second - work[rising + j] if second_apart else second * work[time + j]
        q11 += first * first
        q12 += first * second
        q22 += second * second
        p1 += first * measured
        p2 += second * measured
    return null_chi2 - solve_amplitudes(n_terms, q11, q12, q22, p1, p2)[2]


def scan_group(
    n_rates: int,
    n_terms: int,
    uptake: bool,
    n_points: int,
    lower: float,
    upper: float,
    null_chi2: float,
    group: int,
    work: Any,
) -> float:
    """Scan the axis with all rates of ``group`` (bits) equal; fill SCAN_BEST, return chi-square."""
    best, scanned, axis = (
        POINT_BLOCKS + BEST_EXPONENTIALS * n_points,
        POINT_BLOCKS + SCAN_EXPONENTIALS * n_points,
        POINT_BLOCKS + AXIS_EXPONENTIALS * n_points,
    )
    n_moved = 0
    for r in range(n_rates):
        n_moved += (group >> r) & 1
        rate = math.exp(work[BEST_SO_FAR + r])
        for j in range(n_points):
            exponential = math.exp(-rate * work[POINT_BLOCKS + TIME * n_points + j])
            work[best + r * n_points + j] = exponential * work[POINT_BLOCKS + WEIGHT * n_points + j]
    least = math.inf
    for g in range(AXIS_SIZE):
        log_rate = lower + (upper - lower) / (AXIS_SIZE - 1) * g
        place = 0
        n_waiting = n_moved
        for r in range(n_rates + 1):  # the other rates in order, the moved ones among them
            stays = r < n_rates and not (group >> r) & 1
            if r == n_rates or (stays and work[BEST_SO_FAR + r] > log_rate):
                while n_waiting > 0:
                    work[SCAN_POINT + place] = log_rate
                    for j in range(n_points):
                        work[scanned + place * n_points + j] = work[axis + g * n_points + j]
                    place += 1
                    n_waiting -= 1
            if stays:
                work[SCAN_POINT + place] = work[BEST_SO_FAR + r]
                for j in range(n_points):
                    work[scanned + place * n_points + j] = work[best + r * n_points + j]
                place += 1
        chi2 = scan_chi2(n_rates, n_terms, uptake, n_points, null_chi2, work)
        if chi2 < least:
            least = chi2
            for r in range(n_rates):
                work[SCAN_BEST + r] = work[SCAN_POINT + r]
    return least


def scan_all_groups(
    n_rates: int,
    n_terms: int,
    uptake: bool,
    n_points: int,
    lower: float,
    upper: float,
    null_chi2: float,
    chi2: float,
    work: Any,
) -> float:
    """Scan around BEST_SO_FAR, descend from the results, keep the best; return chi-square."""
    n_starts = 0
    least_chi2 = chi2
    for group in range(1, (1 << n_rates) - 1):
        found_chi2 = scan_group(
            n_rates, n_terms, uptake, n_points, lower, upper, null_chi2, group, work
        )
        if n_rates == 2:  # one descent suffices: from the lowest scan that is below
            if not found_chi2 < least_chi2:
                continue
            least_chi2 = found_chi2
            n_starts = 0
        for r in range(n_rates):
            work[SCAN_STARTS + n_starts * MAX_RATES + r] = work[SCAN_BEST + r]
        n_starts += 1
    for i in range(n_starts):
        chi2 = follow_start(
            n_rates,
            n_terms,
            uptake,
            n_points,
            lower,
            upper,
            SCAN_STARTS + i * MAX_RATES,
            chi2,
            work,
        )
    return chi2


def follow_start(
    n_rates: int,
    n_terms: int,
    uptake: bool,
    n_points: int,
    lower: float,
    upper: float,
    start: int,
    chi2: float,
    work: Any,
) -> float:
    """Descend from a start; move BEST_SO_FAR there if it is below ``chi2``. Return the lower."""
    copy_log_rates(n_rates, start, CURRENT, work)
    first_search = n_rates > 2 or chi2 == math.inf
    found_chi2 = descend(n_rates, n_terms, uptake, n_points, lower, upper, first_search, work)
    if not found_chi2 < chi2:
        return chi2
    copy_log_rates(n_rates, CURRENT, BEST_SO_FAR, work)
    return found_chi2


def search_rates(
    n_rates: int,
    n_terms: int,
    uptake: bool,
    n_grid: int,
    n_points: int,
    lower: float,
    upper: float,
    grid: Any,
    work: Any,
) -> float:
    """Fill BEST_SO_FAR with the log rates of least chi-square; return chi-square.

    Descends from every minimum of the grid. With two amplitudes, it then scans each rate alone, and
    each pair of rates as one, over the whole range until nothing is gained.
    """
    # The scans leave points where a term has vanished and its rate has no slope, and find the
    # narrow valleys where two rates meet. A single uptake has its meeting rates on the grid.
    null_chi2 = 0.0
    for j in range(
        POINT_BLOCKS + ACTIVITY * n_points, POINT_BLOCKS + ACTIVITY * n_points + n_points
    ):
        null_chi2 += work[j] * work[j]
    fill_grid(n_rates, n_terms, uptake, n_grid, n_points, null_chi2, grid, work)
    n_minima = find_minima(n_rates, n_terms, n_grid, lower, upper, null_chi2, grid[3], work)
    chi2 = math.inf
    for i in range(n_minima):
        chi2 = follow_start(
            n_rates,
            n_terms,
            uptake,
            n_points,
            lower,
            upper,
            GRID_MINIMA + i * MAX_RATES,
            chi2,
            work,
        )
    if n_terms > 1:
        for _ in range(MAX_SCANS):
            previous_chi2 = chi2
            chi2 = scan_all_groups(
                n_rates, n_terms, uptake, n_points, lower, upper, null_chi2, chi2, work
            )
            if chi2 >= previous_chi2 - EQUAL_CHI2 * (1.0 + previous_chi2):
                break
    return settle(n_rates, n_terms, uptake, n_points, lower, upper, work)


def may_shrink(n_rates: int, n_terms: int, n_points: int, upper: float, work: Any) -> bool:
    """Return whether a rate or an amplitude is near enough to its bound to try a smaller model."""
    columns = POINT_BLOCKS + COLUMNS * n_points
    largest_term = 0.0
    smallest_term = math.inf
    for k in range(n_terms):
        peak = 0.0
        for j in range(n_points):
            peak = max(peak, abs(work[AMPLITUDES + k] * work[columns + k * n_points + j]))
        largest_term = max(largest_term, peak)
        smallest_term = min(smallest_term, peak)
    merged = n_terms > 1 and work[BEST_SO_FAR + 1] - work[BEST_SO_FAR] < 1e-2
    return bool(
        smallest_term < 1e-4 * largest_term
        or merged
        or work[BEST_SO_FAR + n_rates - 1] > upper - 0.5
    )


def fill_parameter_slopes(n_rates: int, n_terms: int, n_points: int, held: int, work: Any) -> bool:
    """Fill the slopes by amplitudes and rates, and their lengths; return whether none is zero."""
    columns, drops, slopes = (
        POINT_BLOCKS + COLUMNS * n_points,
        POINT_BLOCKS + DROPS * n_points,
        POINT_BLOCKS + PARAMETER_SLOPES * n_points,
    )
    for i in range(n_terms + n_rates):
        r = i - n_terms
        factor, source = 1.0, columns + i * n_points
        if r >= 0:
            source = drops + r * n_points
            amplitude_sum = work[AMPLITUDES] + work[AMPLITUDES + 1]
            factor = -work[AMPLITUDES + r] if r < n_terms else amplitude_sum
            factor /= work[RATES + r]
        square = 0.0
        for j in range(n_points):
            slope = factor * work[source + j]
            work[slopes + i * n_points + j] = slope
            square += slope * slope
        work[SLOPE_LENGTHS + i] = math.sqrt(square)
        if not square > 0.0 and i != held:
            return False
    return True


def fill_covariance(
    n_rates: int, n_terms: int, n_points: int, lower: float, work: Any, out: Any
) -> bool:
    """Fill (J^T J)^-1 of (amplitudes, rates); return whether the points determine it well.

    A slowest rate on its bound is not a free parameter: its row and column are zero.
    """
    slopes, n_free = POINT_BLOCKS + PARAMETER_SLOPES * n_points, n_terms + n_rates
    held = n_terms if work[BEST_SO_FAR] <= lower else -1
    if not fill_parameter_slopes(n_rates, n_terms, n_points, held, work):
        return False
    for i in range(n_free):
        for k in range(i + 1):
            product = 1.0 if i == k else 0.0
            if held not in (i, k):
                product = 0.0
                for j in range(n_points):
                    product += work[slopes + i * n_points + j] * work[slopes + k * n_points + j]
                product /= work[SLOPE_LENGTHS + i] * work[SLOPE_LENGTHS + k]
            work[SYSTEM + i * n_free + k] = product
            work[SYSTEM + k * n_free + i] = product
    if not factor_system(n_free, 1e-6, work):
        return False
    for i in range(n_free):
        for k in range(n_free):
            work[RIGHT_SIDE + k] = 1.0 if k == i else 0.0
        solve_factored(n_free, RIGHT_SIDE, work)
        for k in range(n_free):
            place = OUT_COVARIANCE + i * n_free + k
            if held in (i, k):
                out[place] = 0.0
            else:
                out[place] = work[RIGHT_SIDE + k] / (
                    work[SLOPE_LENGTHS + i] * work[SLOPE_LENGTHS + k]
                )
    return True


def fit_curve(
    n_rates: int,
    n_terms: int,
    uptake: bool,
    n_grid: int,
    n_points: int,
    lower: float,
    upper: float,
    grid: Any,
    work: Any,
    out: Any,
) -> None:
    """Fit the curve in ``work``; fill ``out`` as laid out by :data:`OUT_AMPLITUDES` and others."""
    out[OUT_CHI2] = search_rates(
        n_rates, n_terms, uptake, n_grid, n_points, lower, upper, grid, work
    )
    for r in range(n_rates):
        out[r] = work[BEST_SO_FAR + r]
    for k in range(n_terms):
        out[OUT_AMPLITUDES + k] = work[AMPLITUDES + k]
    out[OUT_MAY_SHRINK] = 1.0 if may_shrink(n_rates, n_terms, n_points, upper, work) else 0.0
    out[OUT_DETERMINED] = (
        1.0 if fill_covariance(n_rates, n_terms, n_points, lower, work, out) else 0.0
    )


def fit_curves(
    n_rates: int,
    n_terms: int,
    uptake: bool,
    stride: int,
    lower: float,
    times: Any,
    uppers: Any,
    axis_tables: Any,
    group_of_curve: Any,
    activities: Any,
    weights: Any,
    grid: Any,
    work: Any,
    out: Any,
) -> None:
    """Fit curves that have the same number of points.

    Curves with the same times form a group with its times, upper bound and table of exponentials of
    the axis (a row for each point); ``group_of_curve`` has its number for each curve.
    """
    n_points = len(times[0])
    n_grid = (AXIS_SIZE - 1) // stride + 1
    axis_exponentials = POINT_BLOCKS + AXIS_EXPONENTIALS * n_points
    exponentials = grid[0]
    for i in range(len(group_of_curve)):
        group = group_of_curve[i]
        for j in range(n_points):
            weight, row, axis_row = weights[i][j], exponentials[j], axis_tables[group][j]
            work[POINT_BLOCKS + TIME * n_points + j] = times[group][j]
            work[POINT_BLOCKS + ACTIVITY * n_points + j] = activities[i][j]
            work[POINT_BLOCKS + WEIGHT * n_points + j] = weight
            for g in range(n_grid):
                row[g] = axis_row[g * stride] * weight
            if n_terms > 1:
                for g in range(AXIS_SIZE):
                    work[axis_exponentials + g * n_points + j] = axis_row[g] * weight
        fit_curve(
            n_rates, n_terms, uptake, n_grid, n_points, lower, uppers[group], grid, work, out[i]
        )


def model_kernel(n_rates: int, n_terms: int, uptake: bool, stride: int, checksum: int = 0) -> Any:
    """Return :func:`fit_curves` for one model, its four numbers bound.

    ``checksum`` identifies the sources of the kernel.
    """
    # numba finds code kept from an earlier run by the constants of the function. With the checksum
    # among them, code of other sources is never taken.

    def run(
        lower: float,
        times: Any,
        uppers: Any,
        axis_tables: Any,
        group_of_curve: Any,
        activities: Any,
        weights: Any,
        grid: Any,
        work: Any,
        out: Any,
    ) -> None:
        _ = checksum
        fit_curves(
            n_rates,
            n_terms,
            uptake,
            stride,
            lower,
            times,
            uppers,
            axis_tables,
            group_of_curve,
            activities,
            weights,
            grid,
            work,
            out,
        )

    return run
