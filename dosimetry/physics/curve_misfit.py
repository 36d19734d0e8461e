"""Chi-square of one curve at given log rates: amplitudes by variable projection, slopes, matrix.

See :mod:`dosimetry.physics.curve_kernel`.
"""

from __future__ import annotations

import math
from typing import Any

from dosimetry.physics.curve_layout import (
    AMPLITUDES,
    COLUMNS,
    DROPS,
    FIXED,
    GRADIENT,
    MATRIX,
    MORE,
    RATES,
    RESIDUAL,
    SLOPES,
    TIME,
    TRIAL,
    VALUE,
    WEIGHT,
)


def solve_amplitudes(
    terms: int, q11: float, q12: float, q22: float, p1: float, p2: float
) -> tuple[float, float, float]:
    """Return the non-negative least-squares amplitudes, and by how much chi-square falls.

    ``q`` are the products of the columns with each other, ``p`` those with the activity; one term
    uses two of them.
    """
    one = p1 / q11 if p1 > 0.0 and q11 > 0.0 else 0.0
    if terms == 1:
        return one, 0.0, one * p1
    two = p2 / q22 if p2 > 0.0 and q22 > 0.0 else 0.0
    determinant = q11 * q22 - q12 * q12
    if determinant > 1e-13 * q11 * q22:
        first = (q22 * p1 - q12 * p2) / determinant
        second = (q11 * p2 - q12 * p1) / determinant
        if first > 0.0 and second > 0.0:
            return first, second, first * p1 + second * p2
    if one * p1 >= two * p2:
        return one, 0.0, one * p1
    return 0.0, two, two * p2


def fill_columns(rates: int, terms: int, rise: bool, n: int, work: Any) -> None:
    """Fill columns and drops at TRIAL."""
    time, weight = FIXED + TIME * n, FIXED + WEIGHT * n
    columns, drops = FIXED + COLUMNS * n, FIXED + DROPS * n
    last = drops + (rates - 1) * n
    for r in range(rates):
        rate = math.exp(work[TRIAL + r])
        work[RATES + r] = rate
        for j in range(n):
            work[drops + r * n + j] = math.exp(-rate * work[time + j]) * work[weight + j]
    for k in range(terms):
        gap = 0.0
        if rise:
            gap = work[RATES + rates - 1] - work[RATES + k]
        for j in range(n):
            fall = work[drops + k * n + j]
            if rise:
                x = gap * work[time + j]  # the difference without loss of digits
                fall = fall - work[last + j] if x > 0.5 else -fall * math.expm1(-x)
            work[columns + k * n + j] = fall
    for r in range(rates):
        rate = work[RATES + r]
        for j in range(n):
            work[drops + r * n + j] *= rate * work[time + j]


def evaluate(rates: int, terms: int, rise: bool, n: int, work: Any) -> float:
    """Return chi-square at TRIAL; fill amplitudes, residual, gradient and matrix.

    The slopes are Kaufman's (1975): those of the model with the columns projected out; the gradient
    is exact. To the Gauss-Newton matrix belongs the diagonal that makes it Newton's where the
    gradient vanishes: residual times second derivative of the model.
    """
    fill_columns(rates, terms, rise, n, work)
    value, residual = FIXED + VALUE * n, FIXED + RESIDUAL * n
    first = FIXED + COLUMNS * n
    second = first + n
    q11 = q12 = q22 = p1 = p2 = 0.0
    for j in range(n):
        column, y = work[first + j], work[value + j]
        q11 += column * column
        p1 += column * y
        if terms > 1:
            other = work[second + j]
            q12 += column * other
            q22 += other * other
            p2 += other * y
    one, two, _ = solve_amplitudes(terms, q11, q12, q22, p1, p2)
    work[AMPLITUDES] = one
    work[AMPLITUDES + 1] = two
    chi2 = 0.0
    for j in range(n):
        rest = one * work[first + j] - work[value + j]
        if terms > 1:
            rest += two * work[second + j]
        work[residual + j] = rest
        chi2 += rest * rest
    fill_slopes(rates, terms, n, work)
    return chi2


def fill_slopes(rates: int, terms: int, n: int, work: Any) -> None:
    """Fill slopes, gradient, Gauss-Newton matrix and the diagonal that Newton's has more."""
    time, drops = FIXED + TIME * n, FIXED + DROPS * n
    residual, slopes = FIXED + RESIDUAL * n, FIXED + SLOPES * n
    one, two = work[AMPLITUDES], work[AMPLITUDES + 1]
    for r in range(rates):
        factor = work[AMPLITUDES + r] if r < terms else -(one + two)
        rate = work[RATES + r]
        curve = 0.0
        for j in range(n):
            drop = work[drops + r * n + j]
            work[slopes + r * n + j] = -factor * drop
            curve += work[residual + j] * drop * (rate * work[time + j] - 1.0)
        work[MORE + r] = factor * curve
    project_out(rates, terms, n, work)
    for r in range(rates):
        total = 0.0
        for j in range(n):
            total += work[slopes + r * n + j] * work[residual + j]
        work[GRADIENT + r] = total
        for s in range(r + 1):
            total = 0.0
            for j in range(n):
                total += work[slopes + r * n + j] * work[slopes + s * n + j]
            work[MATRIX + r * rates + s] = total
            work[MATRIX + s * rates + r] = total


def project_out(rates: int, terms: int, n: int, work: Any) -> None:
    """Take from every slope its part along the columns with an amplitude (Gram and Schmidt)."""
    slopes, columns = FIXED + SLOPES * n, FIXED + COLUMNS * n
    for k in range(terms):
        if not work[AMPLITUDES + k] > 0.0:
            continue
        column = columns + k * n
        if k > 0 and work[AMPLITUDES] > 0.0:
            square = inner = 0.0
            for j in range(n):
                square += work[columns + j] * work[columns + j]
                inner += work[columns + j] * work[column + j]
            for j in range(n):
                work[column + j] -= inner / square * work[columns + j]
        square = 0.0
        for j in range(n):
            square += work[column + j] * work[column + j]
        for r in range(rates):
            inner = 0.0
            for j in range(n):
                inner += work[slopes + r * n + j] * work[column + j]
            inner /= square
            for j in range(n):
                work[slopes + r * n + j] -= inner * work[column + j]
