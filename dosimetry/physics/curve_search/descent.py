"""Descent to the nearest minimum of chi-square of one curve, by steps in the log rates.

See :mod:`dosimetry.physics.curve_search.kernel` for the names of arguments and indices.
"""

from __future__ import annotations

import math
from typing import Any

from dosimetry.physics.curve_search.layout import (
    BASE_GRADIENT,
    BASE_MATRIX,
    BASE_NEWTON_DIAGONAL,
    BEST_SO_FAR,
    CLOSE_RATES,
    CURRENT,
    GRADIENT,
    LEAST_GAP,
    LIGHT_DAMPING,
    LONGEST_STEP,
    MATRIX,
    MAX_SETTLING_STEPS,
    MAX_STEPS,
    NEAR_STEP,
    NEWTON_DIAGONAL,
    REFUSED_DAMPING,
    SAME_OPTIMUM,
    SETTLED_STEP,
    SHORTEST_STEP,
    STEP,
    SYSTEM,
    TRIAL,
)
from dosimetry.physics.curve_search.misfit import evaluate, fill_columns


def constrain_trial(n_rates: int, uptake: bool, lower: float, upper: float, work: Any) -> bool:
    """Put TRIAL between the bounds and in order, an uptake rate last; return whether it changed."""
    changed = False
    for r in range(TRIAL, TRIAL + n_rates):
        value = min(max(work[r], lower), upper)
        changed = changed or value != work[r]
        work[r] = value
    for r in range(1, n_rates):
        for s in range(TRIAL + r, TRIAL, -1):
            if work[s] < work[s - 1]:
                value = work[s]
                work[s] = work[s - 1]
                work[s - 1] = value
                changed = True
    last = TRIAL + n_rates - 1
    if uptake and work[last] - work[last - 1] < LEAST_GAP:
        for r in range(TRIAL, last):
            value = min(work[r], upper - LEAST_GAP)
            changed = changed or value != work[r]
            work[r] = value
        value = work[last - 1] + LEAST_GAP
        changed = changed or value != work[last]
        work[last] = value
    return changed


def factor_system(size: int, smallest_share: float, work: Any) -> bool:
    """Replace the matrix at SYSTEM by its factors L D L^T; return False where a pivot is lost.

    A pivot is lost where rounding leaves less than ``smallest_share`` of its diagonal element.
    """
    for i in range(size):
        row = SYSTEM + i * size
        diagonal = work[row + i]
        for k in range(i):
            factor = work[row + k]
            for m in range(k):
                pivot = work[SYSTEM + m * size + m]
                factor -= work[row + m] * work[SYSTEM + k * size + m] * pivot
            work[row + k] = factor / work[SYSTEM + k * size + k]
        pivot = diagonal
        for k in range(i):
            pivot -= work[row + k] * work[row + k] * work[SYSTEM + k * size + k]
        if not (diagonal > 0.0 and pivot > smallest_share * diagonal):
            return False
        work[row + i] = pivot
    return True


def solve_factored(size: int, place: int, work: Any) -> None:
    """Solve L D L^T x = b with the factors at SYSTEM; x replaces the b at ``place``."""
    for r in range(size):
        for s in range(r):
            work[place + r] -= work[SYSTEM + r * size + s] * work[place + s]
    for r in range(size):
        work[place + r] /= work[SYSTEM + r * size + r]
    for r in range(size - 1, -1, -1):
        for s in range(r + 1, size):
            work[place + r] -= work[SYSTEM + s * size + r] * work[place + s]


def rates_meet(n_rates: int, uptake: bool, lower: float, upper: float, work: Any) -> bool:
    """Return whether the uptake rate is too close to the rate before it for separate steps."""
    last = CURRENT + n_rates - 1
    if not uptake or work[last] - work[last - 1] > CLOSE_RATES:
        return False
    return bool(work[last - 1] > lower and work[last] < upper)


def prepare_step(n_rates: int, uptake: bool, lower: float, upper: float, work: Any) -> bool:
    """Copy gradient and matrix as the base of steps from CURRENT; return whether two rates meet.

    A log rate on a bound towards which chi-square falls is held. Where two rates meet, the last two
    variables are the mean of their log rates and the square of half the gap between them.
    """
    # Chi-square is an even function of the gap, so the square is the variable it is smooth in.
    for r in range(n_rates):
        work[BASE_GRADIENT + r] = work[GRADIENT + r]
        work[BASE_NEWTON_DIAGONAL + r] = work[NEWTON_DIAGONAL + r]
    for i in range(n_rates * n_rates):
        work[BASE_MATRIX + i] = work[MATRIX + i]
    meeting = rates_meet(n_rates, uptake, lower, upper, work)
    if meeting:
        change_to_mean_and_square(n_rates, work)
    for r in range(n_rates):
        log_rate, slope = work[CURRENT + r], work[BASE_GRADIENT + r]
        held = (log_rate <= lower and slope > 0.0) or (log_rate >= upper and slope < 0.0)
        if meeting and r == n_rates - 1:
            held = slope > 0.0 and log_rate - work[CURRENT + r - 1] < LEAST_GAP * 1.001
        if held:
            work[BASE_GRADIENT + r] = 0.0
            work[BASE_NEWTON_DIAGONAL + r] = 0.0
            for s in range(n_rates):
                work[BASE_MATRIX + r * n_rates + s] = 0.0
                work[BASE_MATRIX + s * n_rates + r] = 0.0
            work[BASE_MATRIX + r * n_rates + r] = 1.0
    return meeting


def change_to_mean_and_square(n_rates: int, work: Any) -> None:
    """Transform the base gradient and matrix to the variables of two rates that meet.

    The last two log rates become their mean and the square of half the gap between them.
    """
    b = n_rates - 1
    a = b - 1
    gap = work[CURRENT + b] - work[CURRENT + a]
    of_a, of_b = work[BASE_GRADIENT + a], work[BASE_GRADIENT + b]
    work[BASE_GRADIENT + a] = of_a + of_b
    work[BASE_GRADIENT + b] = (of_b - of_a) / gap
    work[BASE_NEWTON_DIAGONAL + a] = 0.0
    work[BASE_NEWTON_DIAGONAL + b] = 0.0
    for r in range(a):
        of_a, of_b = work[BASE_MATRIX + r * n_rates + a], work[BASE_MATRIX + r * n_rates + b]
        work[BASE_MATRIX + r * n_rates + a] = of_a + of_b
        work[BASE_MATRIX + a * n_rates + r] = of_a + of_b
        work[BASE_MATRIX + r * n_rates + b] = (of_b - of_a) / gap
        work[BASE_MATRIX + b * n_rates + r] = (of_b - of_a) / gap
    of_a, of_b = work[BASE_MATRIX + a * n_rates + a], work[BASE_MATRIX + b * n_rates + b]
    of_both = work[BASE_MATRIX + a * n_rates + b]
    work[BASE_MATRIX + a * n_rates + a] = of_a + 2.0 * of_both + of_b
    work[BASE_MATRIX + a * n_rates + b] = (of_b - of_a) / gap
    work[BASE_MATRIX + b * n_rates + a] = (of_b - of_a) / gap
    work[BASE_MATRIX + b * n_rates + b] = (of_a - 2.0 * of_both + of_b) / (gap * gap)


def take_step(n_rates: int, meeting: bool, work: Any) -> float:
    """Fill TRIAL by the step from CURRENT; return the predicted fall of half chi-square."""
    predicted_fall = 0.0
    for r in range(n_rates):
        step = min(max(work[STEP + r], -LONGEST_STEP), LONGEST_STEP)
        if meeting and r == n_rates - 1:
            half_gap = (work[CURRENT + r] - work[CURRENT + r - 1]) / 2.0
            half_gap_squared = max(half_gap * half_gap - step, LEAST_GAP * LEAST_GAP / 4.0)
            step = half_gap * half_gap - half_gap_squared
            mean = work[TRIAL + r - 1] + half_gap  # the mean: its step is done
            half_gap = math.sqrt(half_gap_squared)
            work[TRIAL + r - 1] = mean - half_gap
            work[TRIAL + r] = mean + half_gap
        else:
            work[TRIAL + r] = work[CURRENT + r] - step
        predicted_fall += step * work[BASE_GRADIENT + r]
    return predicted_fall


def find_step(n_rates: int, damping: float, work: Any) -> int:
    """Fill STEP from the base gradient and matrix; return the kind of step.

    2 is a Newton step, 1 a Gauss-Newton step (chi-square is not convex here), 0 no step.
    """
    for kind in range(2, 0, -1):
        for i in range(n_rates * n_rates):
            work[SYSTEM + i] = work[BASE_MATRIX + i]
        for r in range(n_rates):
            i = r * n_rates + r
            work[SYSTEM + i] += damping * work[BASE_MATRIX + i] + 1e-100
            work[SYSTEM + i] += (kind - 1) * work[BASE_NEWTON_DIAGONAL + r]
        if factor_system(n_rates, 1e-14, work):
            copy_log_rates(n_rates, BASE_GRADIENT, STEP, work)
            solve_factored(n_rates, STEP, work)
            return kind
    return 0


def copy_log_rates(n_rates: int, source: int, target: int, work: Any) -> None:
    """Copy log rates, or as many other numbers, from one place in ``work`` to another."""
    for r in range(n_rates):
        work[target + r] = work[source + r]


def distance_from_current(n_rates: int, place: int, work: Any) -> float:
    """Return the largest change of a log rate between CURRENT and another place."""
    longest = 0.0
    for r in range(n_rates):
        longest = max(longest, abs(work[place + r] - work[CURRENT + r]))
    return longest


def descend(
    n_rates: int,
    n_terms: int,
    uptake: bool,
    n_points: int,
    lower: float,
    upper: float,
    first_search: bool,
    work: Any,
) -> float:
    """Move CURRENT to a minimum of chi-square by the Levenberg-Marquardt method; return chi-square.

    Every search but the first ends as soon as it comes within SAME_OPTIMUM of BEST_SO_FAR.
    """
    copy_log_rates(n_rates, CURRENT, TRIAL, work)
    constrain_trial(n_rates, uptake, lower, upper, work)
    chi2 = step_length = math.inf
    predicted_fall = 0.0
    damping = LIGHT_DAMPING * 10.0
    meeting = newton = False
    for _ in range(MAX_STEPS):
        trial_chi2 = evaluate(n_rates, n_terms, uptake, n_points, work)
        # A share of the predicted fall is required: a step over the ridge where two rates of an
        # uptake meet is folded back to where it began.
        if chi2 - trial_chi2 > 1e-4 * abs(predicted_fall):
            copy_log_rates(n_rates, TRIAL, CURRENT, work)
            chi2 = trial_chi2
            if (
                not first_search
                and distance_from_current(n_rates, BEST_SO_FAR, work) < SAME_OPTIMUM
            ):
                break
            meeting = prepare_step(n_rates, uptake, lower, upper, work)
            damping = max(damping / 10.0, 1e-12)
        else:
            damping = max(damping * 10.0, REFUSED_DAMPING)
        if (
            step_length < SETTLED_STEP
            or damping > 1e12
            or (newton and step_length < NEAR_STEP and damping < LIGHT_DAMPING)
        ):
            break
        step_kind = find_step(n_rates, damping, work)
        while step_kind == 0 and damping < 1e12:
            damping *= 10.0
            step_kind = find_step(n_rates, damping, work)
        newton = step_kind == 2 and not meeting
        predicted_fall = take_step(n_rates, meeting, work)
        steepest = 0.0
        for r in range(n_rates):
            steepest = max(steepest, abs(work[BASE_GRADIENT + r]))
        if steepest <= 1e-13 * (1.0 + chi2):
            break
        constrain_trial(n_rates, uptake, lower, upper, work)
        step_length = distance_from_current(n_rates, TRIAL, work)
    return chi2


def settle(
    n_rates: int, n_terms: int, uptake: bool, n_points: int, lower: float, upper: float, work: Any
) -> float:
    """Refine BEST_SO_FAR by steps that the gradient alone accepts; return chi-square.

    Columns, drops and amplitudes of the optimum are left in ``work``.
    """
    # Near the optimum chi-square is flat to its last digit. Steps accepted by chi-square give half
    # the digits of the rates, and other digits on another machine.
    previous_length = NEAR_STEP
    chi2 = 0.0
    copy_log_rates(n_rates, BEST_SO_FAR, TRIAL, work)
    for _ in range(MAX_SETTLING_STEPS):
        chi2 = evaluate(n_rates, n_terms, uptake, n_points, work)
        copy_log_rates(n_rates, TRIAL, CURRENT, work)
        meeting = prepare_step(n_rates, uptake, lower, upper, work)
        step_kind = find_step(n_rates, 1e-9, work)
        if step_kind == 0:
            break
        take_step(n_rates, meeting, work)
        step_length = distance_from_current(n_rates, TRIAL, work)
        if not step_length < previous_length or (
            step_kind == 2 and not meeting and step_length < SHORTEST_STEP
        ):
            break
        if constrain_trial(n_rates, uptake, lower, upper, work):
            break
        previous_length = step_length
    copy_log_rates(n_rates, CURRENT, BEST_SO_FAR, work)
    if n_terms > 1:  # evaluate() made the columns orthogonal
        copy_log_rates(n_rates, CURRENT, TRIAL, work)
        fill_columns(n_rates, n_terms, uptake, n_points, work)
    return chi2
