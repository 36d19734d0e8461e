"""Integrals of the independent recalculation, by other rules than the first calculation.

Uses nothing of :mod:`dosimetry.physics.kinetics` or :mod:`dosimetry.physics.radiobiology`, so that
a mistake there is detected.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

# Not scipy.integrate: importing it takes longer than computing a plan.
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

STEP = 0.35  # in ln t: the error of the rule falls as exp(-pi^2/STEP)
PIECES = 500  # double steps of Simpson's rule between two corners
STEPS = 1500  # of the differential equation, from time zero and again from the last corner
BETWEEN = 150  # steps of the differential equation between two corners
FINISHED = 35.0  # e-folds after which the tail is neglected


def sums(first: Array, second: Array) -> Array:
    """Return a matrix product whose sums do not depend on the number of threads.

    Examples
    --------
    >>> float(sums(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    left, right = "ab"[: first.ndim - 1], "yz"[: second.ndim - 1]
    return np.asarray(np.einsum(f"{left}m,m{right}->{left}{right}", first, second))


@dataclass(frozen=True, eq=False)
class ActivityCurve:
    """An activity over time, with what its integration needs.

    Attributes
    ----------
    activity : callable
        Function of an array of times in h.
    corners : tuple of float
        Times in h, rising, at which the activity is not smooth.
    slowest, fastest : float
        Rates in 1/h.
    """

    activity: Callable[[Array], Array]
    corners: tuple[float, ...]
    slowest: float
    fastest: float


def _rising(values: Sequence[float], slow: int, fast: int, time: Array) -> Array:
    """Return exp(-slow t) - exp(-fast t), accurate for nearly equal rates too."""
    apart = values[fast] - values[slow]
    return np.asarray(np.exp(-values[slow] * time) * -np.expm1(-apart * time))


# Formulas of the models; parameters in the order of a plan.
FORMULAS: Mapping[str, Callable[[Sequence[float], Array], Array]] = {
    "mono": lambda p, t: p[0] * np.exp(-p[1] * t),
    "uptake": lambda p, t: p[0] * _rising(p, 1, 2, t),
    "bi": lambda p, t: p[0] * np.exp(-p[2] * t) + p[1] * np.exp(-p[3] * t),
    "bi-uptake": lambda p, t: p[0] * _rising(p, 2, 4, t) + p[1] * _rising(p, 3, 4, t),
}


def exponential_curve(model: str, parameters: Sequence[float]) -> ActivityCurve:
    """Return the curve of a model of exponentials.

    Parameters
    ----------
    model : str
        ``mono``, ``uptake``, ``bi`` or ``bi-uptake``.
    parameters : sequence of float
        Amplitudes, then rates in 1/h.

    Examples
    --------
    >>> curve = exponential_curve("mono", [80.0, 0.01])
    >>> float(curve.activity(np.array(0.0)))
    80.0
    """
    formula = FORMULAS[model]
    rates = parameters[2 if model.startswith("bi") else 1 :]
    return ActivityCurve(lambda time: formula(parameters, time), (), min(rates), max(rates))


def trapezoid_curve(
    times: Sequence[float], activities: Sequence[float], physical: float
) -> ActivityCurve:
    """Return the curve of the model ``trapezoid`` from its points.

    Parameters
    ----------
    times, activities : sequence of float
        Of the points, in h, rising, and in MBq.
    physical : float
        Physical decay constant in 1/h.

    Examples
    --------
    >>> curve = trapezoid_curve([1.0, 3.0, 5.0], [8.0, 4.0, 6.0], 0.004)
    >>> curve.activity(np.array([1.0, 2.0, 4.0])).round(3).tolist()
    [8.0, 5.657, 5.0]
    """
    points = list(zip(times, activities, strict=True))
    (before, above), (last, end) = points[-2:]
    tail = max(np.log(above / end) / (last - before), physical)

    def activity(time: Array) -> Array:
        values = activities[0] * np.exp(physical * (times[0] - time))
        for (start, left), (stop, right) in itertools.pairwise(points):
            share = np.clip((time - start) / (stop - start), 0.0, 1.0)
            inside = (
                left ** (1.0 - share) * right**share
                if right < left
                else left * (1.0 - share) + right * share
            )
            values = np.where(time >= start, inside, values)
        return np.where(time > last, end * np.exp(-tail * np.maximum(time - last, 0.0)), values)

    return ActivityCurve(activity, tuple(times), float(tail), float(tail))


def area(curve: ActivityCurve) -> float:
    """Return the integral of a curve from zero to infinity by quadrature.

    Simpson's rule between corners; after the last corner the trapezoidal rule over x with t = e^x,
    which converges faster than any power of the step because both ends fade out.

    Parameters
    ----------
    curve : ActivityCurve

    Returns
    -------
    float
        In MBq h.

    Examples
    --------
    >>> print(f"{area(exponential_curve('uptake', [100.0, 0.01, 1.0])):.6f}")
    9900.000000
    """
    total, start = 0.0, 0.0
    share = np.linspace(0.0, 1.0, 2 * PIECES + 1)
    weights = np.where(np.arange(2 * PIECES + 1) % 2, 4.0, 2.0) / (6.0 * PIECES)
    weights[[0, -1]] /= 2.0
    for stop in curve.corners:
        width = stop - start
        total += float(np.sum(curve.activity(start + width * share) * weights)) * width
        start = stop
    low, high = np.log(1e-12 / curve.fastest), np.log(FINISHED / curve.slowest)
    count = int((high - low) / STEP) + 2
    after = np.exp(low + STEP * np.arange(count))
    return total + float(np.sum(curve.activity(start + after) * after)) * STEP


def time_steps(curves: Sequence[ActivityCurve], fastest_repair: float) -> Array:
    """Return times in h at which to solve for the unrepaired dose, corners among them.

    Parameters
    ----------
    curves : sequence of ActivityCurve
    fastest_repair : float
        Rate in 1/h.

    Examples
    --------
    >>> times = time_steps([exponential_curve("mono", [1.0, 0.01])], 0.25)
    >>> float(times[0]), len(times)
    (0.0, 1501)
    """
    corners = [0.0, *sorted({corner for curve in curves for corner in curve.corners})]
    unit = 0.02 / max(fastest_repair, *(curve.fastest for curve in curves))
    end = FINISHED / min(curve.slowest for curve in curves)
    steps = unit * np.expm1(np.linspace(0.0, np.log1p(end / unit), STEPS + 1))
    between = [np.linspace(*ends, BETWEEN + 1) for ends in itertools.pairwise(corners)]
    return np.unique(np.concatenate([steps, *between, corners[-1] + steps]))


def quadratic_dose(time: Array, rate: Array, repair: Array) -> Array:
    """Return G D^2 of dose rates with incomplete repair, by the differential equation.

    dy/dt = R - mu y, y(0) = 0, and G D^2 = 2 integral of R y dt (Dale 1985). Every step is exact
    for a dose rate that is linear within it; all steps are composed pairwise.

    Parameters
    ----------
    time : array, shape (n,)
        In h, from zero to the end of the dose rate.
    rate : array, shape (n, m)
        Dose rate of m regions in Gy/h.
    repair : array, shape (m,)
        Repair rates in 1/h.

    Returns
    -------
    array, shape (m,)
        In Gy^2.

    Examples
    --------
    >>> slow = exponential_curve("mono", [5 * np.log(2) / 50, np.log(2) / 50])
    >>> time = time_steps([slow], np.log(2) / 2.8)
    >>> squared = quadratic_dose(time, slow.activity(time)[:, None], np.array([np.log(2) / 2.8]))
    >>> print(f"{squared[0] / 25:.4f}")
    0.0530
    """
    width = np.diff(time)[:, None]
    passed = width * repair
    kept = np.exp(-passed)
    whole = -np.expm1(-passed) / passed
    of_end = (1.0 - whole) / passed
    gained = width * (rate[:-1] * (whole - of_end) + rate[1:] * of_end)
    shift = 1
    while shift < len(gained):
        gained[shift:] = gained[shift:] + kept[shift:] * gained[:-shift]
        kept[shift:] = kept[shift:] * kept[:-shift]
        shift *= 2
    product = rate[1:] * gained
    product[1:] += product[:-1].copy()
    return np.asarray(np.sum(width * product, axis=0))
