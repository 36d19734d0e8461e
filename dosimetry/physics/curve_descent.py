"""Downhill to the nearest optimum of one curve, by steps in the log rates.

See :mod:`dosimetry.physics.curve_kernel`.
"""

from __future__ import annotations

import math
from typing import Any

from dosimetry.physics.curve_layout import (
    APART,
    CLOSE,
    DAMPED,
    FARTHEST,
    GRADIENT,
    GRADIENT_KEPT,
    HERE,
    MATRIX,
    MATRIX_KEPT,
    MORE,
    MORE_KEPT,
    MOST_SETTLING,
    MOST_STEPS,
    NEAR,
    REFUSED,
    SAME_PLACE,
    SETTLED,
    SOLVED,
    STEP,
    THERE,
    THETA,
    TRIAL,
)
from dosimetry.physics.curve_misfit import evaluate, fill_columns


def order(rates: int, rise: bool, low: float, high: float, work: Any) -> bool:
    """Put TRIAL back between the bounds and in order, an uptake rate above the others.

    Returns whether that changed it.
    """
    changed = False
    for r in range(TRIAL, TRIAL + rates):
        value = min(max(work[r], low), high)
        changed = changed or value != work[r]
        work[r] = value
    for r in range(1, rates):
        for s in range(TRIAL + r, TRIAL, -1):
            if work[s] < work[s - 1]:
                value = work[s]
                work[s] = work[s - 1]
                work[s - 1] = value
                changed = True
    last = TRIAL + rates - 1
    if rise and work[last] - work[last - 1] < APART:
        for r in range(TRIAL, last):
            value = min(work[r], high - APART)
            changed = changed or value != work[r]
            work[r] = value
        value = work[last - 1] + APART
        changed = changed or value != work[last]
        work[last] = value
    return changed


def factored(size: int, least: float, work: Any) -> bool:
    """Replace the matrix at SOLVED by its L D L^T; False where a pivot is lost."""
    for i in range(size):
        row = SOLVED + i * size
        whole = work[row + i]
        for k in range(i):
            lower = work[row + k]
            for m in range(k):
                pivot = work[SOLVED + m * size + m]
                lower -= work[row + m] * work[SOLVED + k * size + m] * pivot
            work[row + k] = lower / work[SOLVED + k * size + k]
        pivot = whole
        for k in range(i):
            pivot -= work[row + k] * work[row + k] * work[SOLVED + k * size + k]
        if not (whole > 0.0 and pivot > least * whole):
            return False
        work[row + i] = pivot
    return True


def back_solve(size: int, at: int, work: Any) -> None:
    """Solve L D L^T x = b in place of the b at ``at``."""
    for r in range(size):
        for s in range(r):
            work[at + r] -= work[SOLVED + r * size + s] * work[at + s]
    for r in range(size):
        work[at + r] /= work[SOLVED + r * size + r]
    for r in range(size - 1, -1, -1):
        for s in range(r + 1, size):
            work[at + r] -= work[SOLVED + s * size + r] * work[at + s]


def meets(rates: int, rise: bool, low: float, high: float, work: Any) -> bool:
    """Tell whether an uptake rate is so close to the one before it that they are hard to part."""
    last = HERE + rates - 1
    if not rise or work[last] - work[last - 1] > CLOSE:
        return False
    return bool(work[last - 1] > low and work[last] < high)


def keep(rates: int, rise: bool, low: float, high: float, work: Any) -> bool:
    """Keep gradient and matrix for steps from HERE; tell whether they are for rates that meet.

    A log rate on a bound that chi-square falls towards is held. Where two rates meet, chi-square
    is even in their distance: its natural variables are their mean and the square of half of it.
    """
    for r in range(rates):
        work[GRADIENT_KEPT + r] = work[GRADIENT + r]
        work[MORE_KEPT + r] = work[MORE + r]
    for i in range(rates * rates):
        work[MATRIX_KEPT + i] = work[MATRIX + i]
    meeting = meets(rates, rise, low, high, work)
    if meeting:
        turn(rates, work)
    for r in range(rates):
        value, slope = work[HERE + r], work[GRADIENT_KEPT + r]
        held = (value <= low and slope > 0.0) or (value >= high and slope < 0.0)
        if meeting and r == rates - 1:
            held = slope > 0.0 and value - work[HERE + r - 1] < APART * 1.001
        if held:
            work[GRADIENT_KEPT + r] = 0.0
            work[MORE_KEPT + r] = 0.0
            for s in range(rates):
                work[MATRIX_KEPT + r * rates + s] = 0.0
                work[MATRIX_KEPT + s * rates + r] = 0.0
            work[MATRIX_KEPT + r * rates + r] = 1.0
    return meeting


def turn(rates: int, work: Any) -> None:
    """Turn gradient and matrix kept to the mean of the last two log rates, and the square."""
    b = rates - 1
    a = b - 1
    width = work[HERE + b] - work[HERE + a]
    one, two = work[GRADIENT_KEPT + a], work[GRADIENT_KEPT + b]
    work[GRADIENT_KEPT + a] = one + two
    work[GRADIENT_KEPT + b] = (two - one) / width
    work[MORE_KEPT + a] = 0.0
    work[MORE_KEPT + b] = 0.0
    for r in range(a):
        one, two = work[MATRIX_KEPT + r * rates + a], work[MATRIX_KEPT + r * rates + b]
        work[MATRIX_KEPT + r * rates + a] = one + two
        work[MATRIX_KEPT + a * rates + r] = one + two
        work[MATRIX_KEPT + r * rates + b] = (two - one) / width
        work[MATRIX_KEPT + b * rates + r] = (two - one) / width
    one, two = work[MATRIX_KEPT + a * rates + a], work[MATRIX_KEPT + b * rates + b]
    both = work[MATRIX_KEPT + a * rates + b]
    work[MATRIX_KEPT + a * rates + a] = one + 2.0 * both + two
    work[MATRIX_KEPT + a * rates + b] = (two - one) / width
    work[MATRIX_KEPT + b * rates + a] = (two - one) / width
    work[MATRIX_KEPT + b * rates + b] = (one - 2.0 * both + two) / (width * width)


def move(rates: int, meeting: bool, work: Any) -> float:
    """Fill TRIAL by the step from HERE; return the fall of chi-square along the gradient."""
    promised = 0.0
    for r in range(rates):
        step = min(max(work[STEP + r], -FARTHEST), FARTHEST)
        if meeting and r == rates - 1:
            half = (work[HERE + r] - work[HERE + r - 1]) / 2.0
            square = max(half * half - step, APART * APART / 4.0)
            step = half * half - square
            middle = work[TRIAL + r - 1] + half  # the mean: its step is done
            half = math.sqrt(square)
            work[TRIAL + r - 1] = middle - half
            work[TRIAL + r] = middle + half
        else:
            work[TRIAL + r] = work[HERE + r] - step
        promised += step * work[GRADIENT_KEPT + r]
    return promised


def find_step(rates: int, damping: float, work: Any) -> int:
    """Fill the step from the gradient and matrix kept.

    Returns 2 when it is Newton's, 1 when it is Gauss and Newton's because chi-square is not convex
    here, 0 when there is none.
    """
    for kind in range(2, 0, -1):
        for i in range(rates * rates):
            work[SOLVED + i] = work[MATRIX_KEPT + i]
        for r in range(rates):
            i = r * rates + r
            work[SOLVED + i] += damping * work[MATRIX_KEPT + i] + 1e-100
            work[SOLVED + i] += (kind - 1) * work[MORE_KEPT + r]
        if factored(rates, 1e-14, work):
            copy(rates, GRADIENT_KEPT, STEP, work)
            back_solve(rates, STEP, work)
            return kind
    return 0


def copy(rates: int, begin: int, end: int, work: Any) -> None:
    """Copy log rates from one place to another."""
    for r in range(rates):
        work[end + r] = work[begin + r]


def distance(rates: int, other: int, work: Any) -> float:
    """Return the longest way of a log rate from HERE to another place."""
    longest = 0.0
    for r in range(rates):
        longest = max(longest, abs(work[other + r] - work[HERE + r]))
    return longest


def descend(
    rates: int,
    terms: int,
    rise: bool,
    n: int,
    low: float,
    high: float,
    first: bool,
    work: Any,
) -> float:
    """Move the log rates at HERE down chi-square by Levenberg and Marquardt's method.

    A step counts only when it gains a share of what was predicted: over the ridge where two rates
    of an uptake meet it would otherwise be folded back to where it began. Unless it is the first
    search, it ends as soon as it is beside THETA.
    """
    copy(rates, HERE, TRIAL, work)
    order(rates, rise, low, high, work)
    chi2 = longest = math.inf
    promised = 0.0
    damping = DAMPED * 10.0
    meeting = newton = False
    for _ in range(MOST_STEPS):
        new = evaluate(rates, terms, rise, n, work)
        if chi2 - new > 1e-4 * abs(promised):
            copy(rates, TRIAL, HERE, work)
            chi2 = new
            if not first and distance(rates, THETA, work) < SAME_PLACE:
                break
            meeting = keep(rates, rise, low, high, work)
            damping = max(damping / 10.0, 1e-12)
        else:
            damping = max(damping * 10.0, REFUSED)
        if longest < SETTLED or damping > 1e12 or (newton and longest < NEAR and damping < DAMPED):
            break
        found = find_step(rates, damping, work)
        while found == 0 and damping < 1e12:
            damping *= 10.0
            found = find_step(rates, damping, work)
        newton = found == 2 and not meeting
        promised = move(rates, meeting, work)
        steepest = 0.0
        for r in range(rates):
            steepest = max(steepest, abs(work[GRADIENT_KEPT + r]))
        if steepest <= 1e-13 * (1.0 + chi2):
            break
        order(rates, rise, low, high, work)
        longest = distance(rates, TRIAL, work)
    return chi2


def settle(rates: int, terms: int, rise: bool, n: int, low: float, high: float, work: Any) -> float:
    """Go the last way by the gradient: near the optimum chi-square is flat to its last digit.

    Without this the answer has half the digits, and others on another machine. Begins and ends at
    THETA; returns chi-square, and leaves columns, drops and amplitudes of the optimum in ``work``.
    """
    last = NEAR
    chi2 = 0.0
    copy(rates, THETA, TRIAL, work)
    for _ in range(MOST_SETTLING):
        chi2 = evaluate(rates, terms, rise, n, work)
        copy(rates, TRIAL, HERE, work)
        meeting = keep(rates, rise, low, high, work)
        found = find_step(rates, 1e-9, work)
        if found == 0:
            break
        move(rates, meeting, work)
        longest = distance(rates, TRIAL, work)
        if not longest < last or (found == 2 and not meeting and longest < THERE):
            break
        if order(rates, rise, low, high, work):
            break
        last = longest
    copy(rates, HERE, THETA, work)
    if terms > 1:  # they were made orthogonal
        copy(rates, HERE, TRIAL, work)
        fill_columns(rates, terms, rise, n, work)
    return chi2
