"""Integrals of the second calculation: by other rules than those of the first.

Nothing of :mod:`dosimetry.physics.kinetics` or :mod:`dosimetry.physics.radiobiology` is used, so
that a mistake there is seen. Plain numpy: the integrators of scipy cost more to import than a plan
takes to make.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

STEP = 0.35  # in ln t: the rule's error falls as exp(-pi^2/STEP)
PIECES = 500  # double steps of Simpson's rule between two corners
STEPS = 1500  # of the differential equation, from the start and again from the last corner
BETWEEN = 150  # of the same between two corners
FINISHED = 35.0  # exp(-35) of the tail is left out


@dataclass(frozen=True, eq=False)
class Course:
    """An activity over time, as far as integrating it needs to know.

    Attributes
    ----------
    activity : callable
        Of an array of times in h.
    corners : tuple of float
        Times in h, rising, at which it is not smooth.
    slowest, fastest : float
        Rates in 1/h: the last to matter, the first to matter.
    """

    activity: Callable[[Array], Array]
    corners: tuple[float, ...]
    slowest: float
    fastest: float


def _rising(values: Sequence[float], slow: int, fast: int, time: Array) -> Array:
    """Return exp(-slow t) - exp(-fast t), right for nearly equal rates too."""
    apart = values[fast] - values[slow]
    return np.asarray(np.exp(-values[slow] * time) * -np.expm1(-apart * time))


# The formulas of the models by their parameters in the order in which a plan gives them.
FORMULAS: Mapping[str, Callable[[Sequence[float], Array], Array]] = {
    "mono": lambda p, t: p[0] * np.exp(-p[1] * t),
    "uptake": lambda p, t: p[0] * _rising(p, 1, 2, t),
    "bi": lambda p, t: p[0] * np.exp(-p[2] * t) + p[1] * np.exp(-p[3] * t),
    "bi-uptake": lambda p, t: p[0] * _rising(p, 2, 4, t) + p[1] * _rising(p, 3, 4, t),
}


def exponential_course(model: str, parameters: Sequence[float]) -> Course:
    """Return the course of a model of exponentials.

    Parameters
    ----------
    model : str
        ``mono``, ``uptake``, ``bi`` or ``bi-uptake``.
    parameters : sequence of float
        Amplitudes, then rates in 1/h.

    Examples
    --------
    >>> course = exponential_course("mono", [80.0, 0.01])
    >>> float(course.activity(np.array(0.0)))
    80.0
    """
    formula = FORMULAS[model]
    rates = parameters[2 if model.startswith("bi") else 1 :]
    return Course(lambda time: formula(parameters, time), (), min(rates), max(rates))


def pieces_course(times: Sequence[float], activities: Sequence[float], physical: float) -> Course:
    """Return the course of the model ``trapezoid`` from its points.

    Parameters
    ----------
    times, activities : sequence of float
        Of the points, in h, rising, and in MBq.
    physical : float
        Physical decay constant in 1/h.

    Examples
    --------
    >>> course = pieces_course([1.0, 3.0, 5.0], [8.0, 4.0, 6.0], 0.004)
    >>> course.activity(np.array([1.0, 2.0, 4.0])).round(3).tolist()
    [8.0, 5.657, 5.0]
    """
    points = list(zip(times, activities, strict=True))
    (before, above), (last, end) = points[-2:]
    tail = max(np.log(above / end) / (last - before), physical)

    def activity(time: Array) -> Array:
        found = activities[0] * np.exp(physical * (times[0] - time))
        for (start, left), (stop, right) in itertools.pairwise(points):
            share = np.clip((time - start) / (stop - start), 0.0, 1.0)
            inside = (
                left ** (1.0 - share) * right**share
                if right < left
                else left * (1.0 - share) + right * share
            )
            found = np.where(time >= start, inside, found)
        return np.where(time > last, end * np.exp(-tail * np.maximum(time - last, 0.0)), found)

    return Course(activity, tuple(times), float(tail), float(tail))


def area(course: Course) -> float:
    """Return the integral of a course from zero to infinity by quadrature.

    Simpson's rule between corners; from the last corner on t = e^x and the trapezoidal rule over x,
    which converges faster than any power of the step where both ends fade out.

    Parameters
    ----------
    course : Course

    Returns
    -------
    float
        In MBq h.

    Examples
    --------
    >>> print(f"{area(exponential_course('uptake', [100.0, 0.01, 1.0])):.6f}")
    9900.000000
    """
    total, start = 0.0, 0.0
    share = np.linspace(0.0, 1.0, 2 * PIECES + 1)
    weights = np.where(np.arange(2 * PIECES + 1) % 2, 4.0, 2.0) / (6.0 * PIECES)
    weights[[0, -1]] /= 2.0
    for stop in course.corners:
        width = stop - start
        total += float(np.sum(course.activity(start + width * share) * weights)) * width
        start = stop
    low, high = np.log(1e-12 / course.fastest), np.log(FINISHED / course.slowest)
    count = int((high - low) / STEP) + 2
    after = np.exp(low + STEP * np.arange(count))
    return total + float(np.sum(course.activity(start + after) * after)) * STEP


def time_steps(courses: Sequence[Course], fastest_repair: float) -> Array:
    """Return times in h at which to solve for what is not yet repaired, corners among them.

    Parameters
    ----------
    courses : sequence of Course
    fastest_repair : float
        Rate in 1/h.

    Examples
    --------
    >>> times = time_steps([exponential_course("mono", [1.0, 0.01])], 0.25)
    >>> float(times[0]), len(times)
    (0.0, 1501)
    """
    corners = [0.0, *sorted({corner for course in courses for corner in course.corners})]
    unit = 0.02 / max(fastest_repair, *(course.fastest for course in courses))
    end = FINISHED / min(c.slowest for c in courses)
    steps = unit * np.expm1(np.linspace(0.0, np.log1p(end / unit), STEPS + 1))
    between = [np.linspace(*ends, BETWEEN + 1) for ends in itertools.pairwise(corners)]
    return np.unique(np.concatenate([steps, *between, corners[-1] + steps]))


def quadratic_dose(time: Array, rate: Array, repair: Array) -> Array:
    """Return G D^2 of dose rates with incomplete repair, by the differential equation.

    dy/dt = R - mu y, y(0) = 0, and G D^2 = 2 integral of R y dt (Dale 1985). Every step is exact
    for a dose rate that is linear in it; all steps are composed pairwise.

    Parameters
    ----------
    time : array, shape (n,)
        In h, from zero to where nothing is left.
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
    >>> slow = exponential_course("mono", [5 * np.log(2) / 50, np.log(2) / 50])
    >>> time = time_steps([slow], np.log(2) / 2.8)
    >>> found = quadratic_dose(time, slow.activity(time)[:, None], np.array([np.log(2) / 2.8]))
    >>> print(f"{found[0] / 25:.4f}")
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
