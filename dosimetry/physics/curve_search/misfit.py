"""Chi-square of one curve at given log rates: amplitudes by variable projection, slopes, matrix.

See :mod:`dosimetry.physics.curve_search.kernel` for the names of arguments and indices.
"""

from __future__ import annotations

import math
from typing import Any

from dosimetry.physics.curve_search.layout import (
    ACTIVITY,
    AMPLITUDES,
    COLUMNS,
    DROPS,
    GRADIENT,
    MATRIX,
    NEWTON_DIAGONAL,
    POINT_BLOCKS,
    RATES,
    RESIDUAL,
    SLOPES,
    TIME,
    TRIAL,
    WEIGHT,
)


def solve_amplitudes(
    n_terms: int, q11: float, q12: float, q22: float, p1: float, p2: float
) -> tuple[float, float, float]:
    """Return both non-negative least-squares amplitudes and the fall of chi-square they give.

    ``q`` are the scalar products of the columns with each other, ``p`` those with the activity. One
    term uses ``q11`` and ``p1`` alone.
    """
    first_alone = p1 / q11 if p1 > 0.0 and q11 > 0.0 else 0.0
    if n_terms == 1:
        return first_alone, 0.0, first_alone * p1
    second_alone = p2 / q22 if p2 > 0.0 and q22 > 0.0 else 0.0
    determinant = q11 * q22 - q12 * q12
    if determinant > 1e-13 * q11 * q22:
        first = (q22 * p1 - q12 * p2) / determinant
        second = (q11 * p2 - q12 * p1) / determinant
        if first > 0.0 and second > 0.0:
            return first, second, first * p1 + second * p2
    if first_alone * p1 >= second_alone * p2:
        return first_alone, 0.0, first_alone * p1
    return 0.0, second_alone, second_alone * p2


def fill_columns(n_rates: int, n_terms: int, uptake: bool, n_points: int, work: Any) -> None:
    """Fill RATES, COLUMNS and DROPS at the log rates of TRIAL."""
    time, weight = POINT_BLOCKS + TIME * n_points, POINT_BLOCKS + WEIGHT * n_points
    columns, drops = POINT_BLOCKS + COLUMNS * n_points, POINT_BLOCKS + DROPS * n_points
    rising = drops + (n_rates - 1) * n_points
    for r in range(n_rates):
        rate = math.exp(work[TRIAL + r])
        work[RATES + r] = rate
        for j in range(n_points):
            work[drops + r * n_points + j] = math.exp(-rate * work[time + j]) * work[weight + j]
    for k in range(n_terms):
        gap = 0.0
        if uptake:
            gap = work[RATES + n_rates - 1] - work[RATES + k]
        for j in range(n_points):
            column = work[drops + k * n_points + j]
            if uptake:
                x = gap * work[time + j]  # a difference of exponentials without loss of digits
                column = column - work[rising + j] if x > 0.5 else -column * math.expm1(-x)
            work[columns + k * n_points + j] = column
    for r in range(n_rates):
        rate = work[RATES + r]
        for j in range(n_points):
            work[drops + r * n_points + j] *= rate * work[time + j]


def evaluate(n_rates: int, n_terms: int, uptake: bool, n_points: int, work: Any) -> float:
    """Return chi-square at TRIAL; fill amplitudes, residual, gradient and matrix.

    The gradient of half chi-square is exact. The slopes are those of Kaufman (1975), with the part
    along the columns projected out. NEWTON_DIAGONAL, residual times second derivative of the model,
    turns the Gauss-Newton matrix into Newton's where the gradient vanishes.
    """
    fill_columns(n_rates, n_terms, uptake, n_points, work)
    activity, residual = POINT_BLOCKS + ACTIVITY * n_points, POINT_BLOCKS + RESIDUAL * n_points
    first_column = POINT_BLOCKS + COLUMNS * n_points
    second_column = first_column + n_points
    q11 = q12 = q22 = p1 = p2 = 0.0
    for j in range(n_points):
        first, measured = work[first_column + j], work[activity + j]
        q11 += first * first
        p1 += first * measured
        if n_terms > 1:
            second = work[second_column + j]
            q12 += first * second
            q22 += second * second
            p2 += second * measured
    first_amplitude, second_amplitude, _ = solve_amplitudes(n_terms, q11, q12, q22, p1, p2)
    work[AMPLITUDES] = first_amplitude
    work[AMPLITUDES + 1] = second_amplitude
    chi2 = 0.0
    for j in range(n_points):
        difference = first_amplitude * work[first_column + j] - work[activity + j]
        if n_terms > 1:
            difference += second_amplitude * work[second_column + j]
        work[residual + j] = difference
        chi2 += difference * difference
    fill_slopes(n_rates, n_terms, n_points, work)
    return chi2


def fill_slopes(n_rates: int, n_terms: int, n_points: int, work: Any) -> None:
    """Fill slopes, gradient, Gauss-Newton matrix and the diagonal that Newton's matrix adds."""
    time, drops = POINT_BLOCKS + TIME * n_points, POINT_BLOCKS + DROPS * n_points
    residual, slopes = POINT_BLOCKS + RESIDUAL * n_points, POINT_BLOCKS + SLOPES * n_points
    first_amplitude, second_amplitude = work[AMPLITUDES], work[AMPLITUDES + 1]
    for r in range(n_rates):
        factor = work[AMPLITUDES + r] if r < n_terms else -(first_amplitude + second_amplitude)
        rate = work[RATES + r]
        curvature = 0.0
        for j in range(n_points):
            drop = work[drops + r * n_points + j]
            work[slopes + r * n_points + j] = -factor * drop
            curvature += work[residual + j] * drop * (rate * work[time + j] - 1.0)
        work[NEWTON_DIAGONAL + r] = factor * curvature
    project_out(n_rates, n_terms, n_points, work)
    for r in range(n_rates):
        product = 0.0
        for j in range(n_points):
            product += work[slopes + r * n_points + j] * work[residual + j]
        work[GRADIENT + r] = product
        for s in range(r + 1):
            product = 0.0
            for j in range(n_points):
                product += work[slopes + r * n_points + j] * work[slopes + s * n_points + j]
            work[MATRIX + r * n_rates + s] = product
            work[MATRIX + s * n_rates + r] = product


def project_out(n_rates: int, n_terms: int, n_points: int, work: Any) -> None:
    """Subtract from every slope its part along the columns in use (Gram-Schmidt)."""
    slopes, columns = POINT_BLOCKS + SLOPES * n_points, POINT_BLOCKS + COLUMNS * n_points
    for k in range(n_terms):
        if not work[AMPLITUDES + k] > 0.0:
            continue
        column = columns + k * n_points
        if k > 0 and work[AMPLITUDES] > 0.0:
            square = product = 0.0
            for j in range(n_points):
                square += work[columns + j] * work[columns + j]
                product += work[columns + j] * work[column + j]
            for j in range(n_points):
                work[column + j] -= product / square * work[columns + j]
        square = 0.0
        for j in range(n_points):
            square += work[column + j] * work[column + j]
        for r in range(n_rates):
            product = 0.0
            for j in range(n_points):
                product += work[slopes + r * n_points + j] * work[column + j]
            product /= square
            for j in range(n_points):
                work[slopes + r * n_points + j] -= product * work[column + j]
