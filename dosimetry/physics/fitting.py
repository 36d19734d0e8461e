"""Fitting a time-activity curve: check of the points, choice of the model.

Every candidate has its own relative sds (:mod:`dosimetry.physics.relative_sds`). Choice by the
corrected Akaike criterion (Hurvich and Tsai 1989), adequacy by chi-square.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dosimetry.physics.decay import LN2
from dosimetry.physics.fitted_curve import (
    FittedCurve,
    Flags,
    Points,
    adequate,
    default_point_sd,
    report,
    trapezoid,
)
from dosimetry.physics.flat_interval import with_intervals
from dosimetry.physics.kinetics import MODELS, Array
from dosimetry.physics.relative_sds import SettledOptimum, fit_settled
from dosimetry.problems import InputError, Problem, nearest, quote, refuse
from dosimetry.quantities import admit
from dosimetry.reference import nuclides
from dosimetry.units import HUNDRED_PERCENT

NAMES = ("auto", *MODELS, "trapezoid")
LONGEST = 50.0  # half-lives after which nothing is left to measure
NONE_ADEQUATE = Problem(
    "fit-not-adequate",
    "no exponential model fits the data (chi-square); trapezoidal integration used",
    "check the points, and whether their sd includes more than counting",
)


def fit(
    time: Any, activity: Any, sd: Any = None, model: str = "auto", nuclide: str = "Lu-177"
) -> FittedCurve:
    """Fit a time-activity curve and integrate it.

    Parameters
    ----------
    time : quantity [time], shape (n,)
        After administration, positive, no two alike.
    activity : quantity [activity], shape (n,)
        At scan time (not decay-corrected), positive.
    sd : quantity [activity] or [percentage], shape (n,) or scalar, optional
        Standard deviation of each point; 10 % without it. A percentage is relative to the curve.
    model : str
        ``auto``, ``mono``, ``uptake``, ``bi``, ``bi-uptake`` or ``trapezoid``.
    nuclide : str
        As in table ``nuclides``.

    Returns
    -------
    FittedCurve

    Raises
    ------
    InputError
        Wrong unit, a value that is not positive, too few points for the model, unknown model or
        nuclide.

    Examples
    --------
    >>> import pint
    >>> Q = pint.get_application_registry().Quantity
    >>> curve = fit(Q([4, 24, 120], "h"), Q([80.99, 69.24, 21.09], "MBq"))
    >>> curve.model, round(curve.tia.value, -1)
    ('mono', 7440.0)
    """
    for name, word, example in (("model", model, "auto"), ("nuclide", nuclide, "Lu-177")):
        if not isinstance(word, str):
            raise refuse("wrong-type", f"{quote(word)} is not a text", f"as in {example}", name)
    times, values = admit(time, "h", "time"), admit(activity, "MBq", "activity")
    spread, relative = _admitted_sd(sd, values)
    slowest = LN2 / nuclides.half_life(nuclide)
    return fit_points(times, values, spread, model, slowest, relative=relative)


def _admitted_sd(sd: Any, activity: Any) -> tuple[Any, bool]:
    """Return an sd in MBq at the measured activity, and whether it is relative."""
    if sd is None:
        return None, True
    try:
        return admit(sd, "MBq", "sd"), False
    except InputError as error:
        try:
            share = admit(sd, "%", "sd") / HUNDRED_PERCENT
        except InputError:
            raise error from None
    if np.shape(share) not in ((), np.shape(activity)):
        raise refuse("shape-mismatch", "sd and activities do not match", "one sd a point", "sd")
    return share * np.asarray(activity), True


def fit_points(
    time: Any,
    activity: Any,
    sd: Any,
    model: str,
    decay_constant: float,
    unit: str = "MBq",
    most: float = math.inf,
    relative: Any = False,
) -> FittedCurve:
    """Fit as :func:`fit` does, from plain numbers in h, 1/h and ``unit``.

    The sd is in ``unit`` too, at the measured activity; ``relative`` says of all points or of each
    whether it is relative. The default sd is.

    A curve with a TIA above ``most``, what the administered activity can give at all, is refused;
    ``auto`` passes it over.

    Examples
    --------
    >>> fit_points([1, 2], [8.0, 4.0], None, "trapezoid", 0.00434).tia.unit
    'MBq*h'
    """
    points = checked_points(Task(time, activity, sd, model, decay_constant, unit, most, relative))
    fits: dict[str, SettledOptimum] = {}
    while isinstance(step := _next_step(points, model, most, fits), _FitNeeded):
        fits[step.model] = points.fit(step.model)
    return with_intervals([step], [points])[0]


@dataclass(frozen=True, eq=False)
class Task:
    """One curve to be fitted with many others; as the arguments of :func:`fit_points`."""

    time: Any
    activity: Any
    sd: Any
    model: str
    decay_constant: float
    unit: str = "MBq"
    most: float = math.inf
    relative: Any = False


@dataclass(frozen=True)
class _FitNeeded:
    """The model that has to be fitted to a curve's points before its fitting can go on."""

    model: str


def fit_many(tasks: Sequence[Task], compile: bool | None = None) -> list[FittedCurve | InputError]:
    """Fit many curves as :func:`fit_points` does one, the same model of all of them at a time.

    Parameters
    ----------
    tasks : sequence of Task
    compile : bool, optional
        As in :func:`dosimetry.physics.curve_search.least_squares.fit_batch`.

    Returns
    -------
    list of FittedCurve or InputError
        In the order of the tasks; what :func:`fit_points` gives or raises for each.

    Examples
    --------
    >>> task = Task([1, 24, 72], [50.0, 42.0, 25.0], None, "auto", 0.00434)
    >>> [curve.model for curve in fit_many([task, task])]
    ['mono', 'mono']
    """
    results: dict[int, FittedCurve | InputError] = {}
    unfinished: dict[int, Points] = {}
    for i, task in enumerate(tasks):
        try:
            unfinished[i] = checked_points(task)
        except InputError as error:
            results[i] = error
    checked = dict(unfinished)
    fits: dict[int, dict[str, SettledOptimum]] = {i: {} for i in unfinished}
    while unfinished:
        needed: dict[tuple[str, float], list[int]] = {}
        for i, points in unfinished.items():
            try:
                step = _next_step(points, tasks[i].model, tasks[i].most, fits[i])
            except InputError as error:
                results[i] = error
                continue
            if isinstance(step, _FitNeeded):
                needed.setdefault((step.model, points.decay_constant), []).append(i)
            else:
                results[i] = step
        for (model, slowest), curves in needed.items():
            batch = _padded([unfinished[i] for i in curves])
            found = fit_settled(model, *batch, slowest, compile=compile)
            for i, fit in zip(curves, found, strict=True):
                fits[i][model] = fit
        unfinished = {i: points for i, points in unfinished.items() if i not in results}
    fitted = {i: curve for i, curve in results.items() if isinstance(curve, FittedCurve)}
    with_sds = with_intervals([*fitted.values()], [checked[i] for i in fitted])
    results.update(zip(fitted, with_sds, strict=True))
    return [results[i] for i in range(len(tasks))]


def _padded(curves: Sequence[Points]) -> tuple[Array, Array, Array, Flags]:
    """Return times, activities, sds and flags of many curves, NaN after the last point."""
    width = max(len(points.time) for points in curves)
    time, activity, sd = np.full((3, len(curves), width), np.nan)
    relative = np.zeros((len(curves), width), dtype=bool)
    for row, points in enumerate(curves):
        count = len(points.time)
        time[row, :count], activity[row, :count] = points.time, points.activity
        sd[row, :count], relative[row, :count] = points.sd, points.relative
    return time, activity, sd, relative


def _next_step(
    points: Points, model: str, most: float, fits: Mapping[str, SettledOptimum]
) -> FittedCurve | _FitNeeded:
    """Return the curve of checked points, or the model that has to be fitted first.

    ``fits`` holds the best fits so far, by model. The caller fits what is needed, alone or
    together with other curves, adds it and asks again.
    """
    check_model(model)
    if len(points.time) < 2:
        raise refuse(
            "one-scan-only",
            "one point does not make a curve",
            "measure at two times at least (a patient file can give one scan and a half-life)",
            "time",
        )
    if model == "auto":
        step = _choose(points, most, fits)
        return step if isinstance(step, _FitNeeded) else within_administered(step, most)
    if model == "trapezoid":
        return within_administered(trapezoid(points, "requested"), most)
    if len(points.time) < MODELS[model].free:
        raise refuse(
            "too-few-points",
            f"model '{model}' has {MODELS[model].free} parameters, "
            f"but there are {len(points.time)} points",
            "measure more often, or take a model with fewer parameters",
            "model",
        )
    if model not in fits:
        return _FitNeeded(model)
    return within_administered(report(points, fits[model], "requested", {}), most)


def check_model(model: str) -> None:
    """Refuse a model that is not one of :data:`NAMES`.

    Raises
    ------
    InputError

    Examples
    --------
    >>> check_model("mono")
    """
    if model not in NAMES:
        raise refuse(
            "unknown-model",
            f"model {quote(model)} is not known",
            f"{nearest(model, NAMES) or 'models'}; one of {', '.join(NAMES)}",
            "model",
        )


def within_administered(curve: FittedCurve, most: float) -> FittedCurve:
    """Return a curve; refuse it where it holds more than was administered.

    Parameters
    ----------
    curve : FittedCurve
    most : float
        Time-integrated activity in the unit of the curve's that physical decay alone would give.

    Raises
    ------
    InputError
        The curve's time-integrated activity is larger, or no finite number.

    Examples
    --------
    >>> curve = fit_points([1, 24, 72], [50.0, 42.0, 25.0], None, "mono", 0.00434)
    >>> within_administered(curve, 1e6) is curve
    True
    """
    if curve.tia.value <= most and math.isfinite(curve.tia.value + (curve.tia.sd or 0.0)):
        return curve
    raise refuse(
        "more-than-administered",
        f"model '{curve.model}' gives a time-integrated activity of {curve.tia.value:.4g} "
        f"{curve.tia.unit}, but the administered activity can give {most:.4g} at most",
        "check the activity unit, and a half-life from elsewhere; scans that begin late need a "
        "simpler model, or an early scan",
        "model",
    )


def checked_points(task: Task) -> Points:
    """Check the points, put them in order of time, and add an sd where there is none."""
    times, values = (
        np.atleast_1d(np.asarray(task.time, float)),
        np.atleast_1d(np.asarray(task.activity, float)),
    )
    if times.shape != values.shape or times.ndim != 1 or not times.size:
        raise refuse(
            "shape-mismatch",
            f"times of shape {times.shape} and activities of shape {values.shape} do not match",
            "give one activity for each time",
            "activity",
        )
    assumed = task.sd is None
    relative = np.broadcast_to(np.asarray(assumed or task.relative, bool), times.shape)
    if assumed:
        spread = default_point_sd(values)
    else:
        spread = np.asarray(task.sd, float)
        if spread.shape not in ((), times.shape):
            raise refuse("shape-mismatch", "sd and activities do not match", "one sd a point", "sd")
        spread = np.broadcast_to(spread, times.shape)
    # A value of zero or below, after a correction for background, has an absolute sd.
    above = np.where(relative, values, spread)
    for name, array, least in (
        ("time", times, 0.0), ("activity", values, -math.inf), ("sd", spread, 0.0),
        ("activity", above, 0.0),
    ):  # fmt: skip
        numbers = array.tolist()  # a sum takes on what is not finite
        zero = name == "time" and min(numbers) == 0
        if not math.isfinite(sum(numbers)) or not (min(numbers) > least or zero):
            raise refuse("not-positive", f"{name} must be positive and finite", "", name)
    listed = times.tolist()
    if (last := max(listed)) * task.decay_constant > LONGEST * LN2:
        raise refuse(
            "time-out-of-range",
            f"a time of {last:g} h is more than {LONGEST:g} half-lives",
            "check the unit of the times",
            "time",
        )
    if len(set(listed)) < len(listed):
        raise refuse("measured-twice", "two points at one time", "give each time once", "time")
    order = np.argsort(times)
    return Points(
        times[order],
        values[order],
        spread[order],
        relative[order],
        assumed,
        task.decay_constant,
        task.unit,
    )


def _choose(
    points: Points, most: float, fits: Mapping[str, SettledOptimum]
) -> FittedCurve | _FitNeeded:
    """Choose the model: least AICc, else the simplest adequate one, else the trapezoid."""
    count = len(points.time)
    candidates = [m.name for m in MODELS.values() if count >= m.free + 2]
    for name in candidates:
        if name not in fits:
            return _FitNeeded(name)
    aicc = {name: _aicc(fits[name], count) for name in candidates if _usable(fits[name], most)}
    if aicc:
        first = min(aicc, key=lambda name: aicc[name])
        why = "lowest AICc" if len(aicc) > 1 else f"only model that AICc allows with {count} points"
    else:
        first, why = "mono", f"{count} points"
    others = [m.name for m in MODELS.values() if count >= m.free and m.name != first]
    for name in (first, *others):
        if name not in fits:
            return _FitNeeded(name)
        if _usable(fits[name], most) and adequate(fits[name].optimum, count):
            if name != first:
                why = f"simplest adequate model; {first} is inadequate"
            return report(points, fits[name], why, aicc)
    curve = trapezoid(points, "no exponential model is adequate")
    return replace(curve, warnings=(NONE_ADEQUATE, *curve.warnings))


def _usable(fit: SettledOptimum, most: float) -> bool:
    """Return whether a fit kept its model, is determined by the points, and is at most ``most``."""
    total, spread = fit.optimum.tia
    return fit.optimum.collapsed_from is None and spread <= total <= most


def _aicc(fit: SettledOptimum, count: int) -> float:
    """Return the corrected Akaike criterion, up to a constant of the points.

    Relative sds differ between the models, so that -2 ln L is chi-square + 2 sum ln sd_i, not
    chi-square alone. The sum is over sd_i relative to its value at the measured activity, which
    leaves chi-square alone where every sd is absolute.
    """
    free = fit.optimum.model.free
    misfit = fit.optimum.chi2 + 2 * fit.log_sds
    return misfit + 2 * free + 2 * free * (free + 1) / (count - free - 1)
