"""The search for one curve's rates, written so that Python runs it and numba compiles it.

One source, two ways of running: a single curve is searched by the interpreter (lists of floats), a
large batch by the compiled functions (arrays); the operations and their order are the same, so that
both give the same digits. That is why there are loops over points here and no array operations, why
only ``math`` is used (its functions are the C library's both ways), and why all of it is one file:
the compiled code is kept until this file changes.

A model with R rates and K amplitudes is a sum of K columns, linear in the amplitudes: exponentials,
or, with an uptake, exponentials less that of the last rate. The amplitudes are solved for inside
(variable projection, Golub and Pereyra 1973), the search is over the logarithms of the rates.

All numbers of a search but its grid are in one flat list or array, ``work``, as laid out below:
arguments are what a small function costs most. Matrices in it are flat, row after row; weighted
means divided by the sd of the point.
"""

from __future__ import annotations

import math
from typing import Any

AXIS = 61  # log rates tabulated: the grid takes every first, second, third or fourth of them
APART = 1e-5  # two rates of an uptake are kept this far apart, relatively: their limit, to 1e-10
MOST_STEPS = 200
MOST_SCANS = 8  # how often each rate alone is tried over the whole range
SAME = 1e-9  # relative: two chi-squares closer than this are the same
SETTLED = 1e-10  # in ln rate
DAMPED, REFUSED, FARTHEST = 1e-3, 0.3, 1.0  # first damping, least after a refused step; ln rate
SAME_PLACE = 0.05  # in ln rate: so near to the best, a search of one or two rates ends there too
NEAR, MOST_SETTLING = 1e-5, 50  # in ln rate: a step by the gradient alone is no longer
THERE = 1e-12  # in ln rate: a shorter step of Newton's is not worth taking
CLOSE = 0.2  # in ln rate: closer to each other, the rates of an uptake move as mean and distance
PLATEAU = 0.5  # of chi-square without any curve: the rest are rates that no scan sees,
BESIDE = 0.1  # unless they are this near to the best
MINIMA = 6  # grid minima that are followed down
MOST_RATES, MOST_TERMS, MOST_FREE, STARTS = 3, 2, 5, 6

# Where things stand in ``work``: first what has a fixed size,
AMPLITUDES = 0  # of the formula
THETA = 2  # log rates: the best so far,
HERE, TRIAL, SCANNED, BEST = 5, 8, 11, 14  # those under way, next, of a scan, its best
STEP, GRADIENT, MORE, MATRIX = 17, 20, 23, 26  # gradient, Newton's more, Gauss-Newton matrix
GRADIENT_KEPT, MORE_KEPT, MATRIX_KEPT = 35, 38, 41  # at the log rates that steps go from
SOLVED, UNIT, LENGTHS = 50, 75, 80  # a matrix and a vector being solved, lengths of slopes
FOUND, VALUES, FROM = 85, 103, 109  # grid minima and their chi-square, starts of a scan
RATES = 127  # of the last evaluation
FIXED = 130
# then, in multiples of the number of points,
TIME, VALUE, WEIGHT = 0, 1, 2  # value weighted; weight 1/sd
COLUMNS, DROPS, RESIDUAL, SLOPES = 3, 5, 8, 9  # drops: rate * time * exponential; all weighted
OWN, AMONG_OWN = 12, 15  # exponentials around which, and at which, a scan looks
BY_ALL, FALLS = 18, 23  # slopes by all parameters; exponentials of the axis, weighted
PER_POINT = FALLS + AXIS
# Where the results of a curve stand in its row: log rates first, amplitudes, chi-square, two flags
AMPLITUDE, CHI2, SHRINKS, DETERMINED, COVARIANCE = 3, 5, 6, 7, 8
WIDTH = COVARIANCE + MOST_FREE * MOST_FREE


def room(points: int, size: int, rates: int) -> tuple[tuple[tuple[int, int], ...], int]:
    """Return the shapes of the parts of the grid, and the length of ``work``.

    Parameters
    ----------
    points : int
    size : int
        Values per rate of the grid.
    rates : int

    Examples
    --------
    >>> room(4, 31, 2)[0]
    ((4, 31), (2, 31), (31, 31), (31, 31))
    """
    shapes = ((points, size), (2, size), (size, size), (size ** (rates - 1), size))
    return shapes, FIXED + PER_POINT * points


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
        if not square > 0.0:
            continue
        for r in range(rates):
            inner = 0.0
            for j in range(n):
                inner += work[slopes + r * n + j] * work[column + j]
            inner /= square
            for j in range(n):
                work[slopes + r * n + j] -= inner * work[column + j]


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
        if work[last - 1] + APART > high:
            work[last - 1] = high - APART
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


def fit_rows_of(rates: int, terms: int, rise: bool, stride: int) -> Any:
    """Return :func:`fit_rows` with the numbers of a model put in."""

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
