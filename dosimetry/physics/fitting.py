"""Fitting a time-activity curve: the choice of the model and what there is to say of the fit.

Choice by the corrected Akaike criterion (Hurvich and Tsai 1989), adequacy by chi-square; report and
propagation as the EANM guidance on uncertainty asks (Gear 2018).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import chdtrc

from dosimetry import reference
from dosimetry.physics.decay import LN2
from dosimetry.physics.kinetics import MODELS, Array, Shape, Trapezoid
from dosimetry.physics.least_squares import Optimum, fit_model
from dosimetry.problems import Problem, nearest, quote, refuse
from dosimetry.quantities import Estimate, admit

ADEQUATE = 0.01  # smallest chi-square p-value of an adequate fit
NAMES = ("auto", *MODELS, "trapezoid")
LONGEST = 50.0  # half-lives after which nothing is left to measure
NONE_ADEQUATE = Problem(
    "fit-not-adequate",
    "no sum of exponentials passes the points; integrated by trapezoid",
    "check the points and their sd (is it counting alone?)",
)
NO_CLEARANCE = Problem(
    "clearance-at-physical-bound",
    "no biological clearance seen: the slowest rate is that of physical decay",
    "measure later, or check the points for calibration and volume",
)
AMPLITUDES = {"mono": ("a",), "uptake": ("a",), "bi": ("a1", "a2"), "bi-uptake": ("a1", "a2")}


@dataclass(frozen=True, eq=False)
class FittedCurve:
    """A fitted time-activity curve.

    Attributes
    ----------
    model : str
        ``mono``, ``uptake``, ``bi``, ``bi-uptake`` or ``trapezoid``.
    choice : str
        How the model was chosen.
    time, activity, sd : array, shape (n,)
        The points, in h and MBq.
    shape : shape
        The curve itself.
    parameters : mapping of str to Estimate
        The free parameters of the model's formula.
    chi2 : float
    dof : int
        Points less parameters.
    p_value : float or None
        Of chi-square; None without degrees of freedom.
    aicc : mapping of str to float
        Corrected Akaike criterion of every model that was a candidate.
    tia : Estimate
        Time-integrated activity in MBq h, its sd from the points alone.
    effective_half_life : Estimate
        Of the slowest component, in h.
    sd_assumed : bool
        The points came without sd.
    decay_constant : float
        Physical decay constant in 1/h.
    warnings : tuple of Problem
    half_life_effect : array or None
        For one scan: the TIA over the quantiles of the half-life, relative to its median.
    cross_check : Estimate or None
        For one scan: the TIA by Hänscheid's rule.
    """

    model: str
    choice: str
    time: Array
    activity: Array
    sd: Array
    shape: Shape
    parameters: Mapping[str, Estimate]
    chi2: float
    dof: int
    p_value: float | None
    aicc: Mapping[str, float]
    tia: Estimate
    effective_half_life: Estimate
    sd_assumed: bool
    decay_constant: float
    warnings: tuple[Problem, ...]
    half_life_effect: Array | None = None
    cross_check: Estimate | None = None

    @property
    def aicc_weights(self) -> dict[str, float]:
        """Akaike weights of the candidates; they add up to one."""
        if not self.aicc:
            return {}
        least = min(self.aicc.values())
        raw = {name: math.exp((least - value) / 2) for name, value in self.aicc.items()}
        return {name: value / sum(raw.values()) for name, value in raw.items()}

    @property
    def biological_half_life(self) -> float | None:
        """Biological half-life in h of the slowest component; None where no clearance was seen."""
        biological = self.shape.slowest() - self.decay_constant
        return LN2 / biological if biological > 1e-9 * self.decay_constant else None

    def __str__(self) -> str:
        return (
            f"{self.model} ({self.choice}): TIA {self.tia.value:.6g} MBq h, "
            f"effective half-life {self.effective_half_life.value:.4g} h"
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
    sd : quantity [activity], shape (n,) or scalar, optional
        Standard deviation of each point; 10 % of the value without it.
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
    ('mono', 7430.0)
    """
    return fit_points(
        admit(time, "h", "time"),
        admit(activity, "MBq", "activity"),
        None if sd is None else admit(sd, "MBq", "sd"),
        model,
        LN2 / reference.half_life(nuclide),
    )


def fit_points(
    time: Any,
    activity: Any,
    sd: Any,
    model: str,
    decay_constant: float,
    unit: str = "MBq",
    most: float = math.inf,
) -> FittedCurve:
    """Fit as :func:`fit` does, from plain numbers in h, 1/h and ``unit``.

    A curve with a TIA above ``most``, what the administered activity can give at all, is refused;
    ``auto`` passes it over.

    Examples
    --------
    >>> fit_points([1, 2], [8.0, 4.0], None, "trapezoid", 0.00434).tia.unit
    'MBq*h'
    """
    points = _points(time, activity, sd, decay_constant, unit)
    if model not in NAMES:
        raise refuse(
            "unknown-model",
            f"model {quote(model)} is not known",
            f"{nearest(model, NAMES) or 'models'}; one of {', '.join(NAMES)}",
            "model",
        )
    if len(points.time) < 2:
        raise refuse(
            "one-scan-only",
            "one point does not make a curve",
            "measure at two times at least (a patient file can give one scan and a half-life)",
            "time",
        )
    if model == "auto":
        return _possible(_choose(points, most), most)
    if model == "trapezoid":
        return _possible(_trapezoid(points, "asked for"), most)
    if len(points.time) < MODELS[model].free:
        raise refuse(
            "too-few-points",
            f"model '{model}' has {MODELS[model].free} parameters, "
            f"but there are {len(points.time)} points",
            "measure more often, or take a model with fewer parameters",
            "model",
        )
    return _possible(_report(points, points.optimum(model), "asked for", {}), most)


def _possible(curve: FittedCurve, most: float) -> FittedCurve:
    """Refuse a curve that holds more than was administered."""
    if curve.tia.value <= most:
        return curve
    raise refuse(
        "more-than-administered",
        f"model '{curve.model}' gives a time-integrated activity of {curve.tia.value:.4g} "
        f"{curve.tia.unit}, but the administered activity can give {most:.4g} at most",
        "check the activity unit; scans that begin late need a simpler model, or an early scan",
        "model",
    )


@dataclass(frozen=True, eq=False)
class _Points:
    time: Array
    activity: Array
    sd: Array
    sd_assumed: bool
    decay_constant: float
    unit: str

    def optimum(self, model: str) -> Optimum:
        return fit_model(model, self.time, self.activity, self.sd, self.decay_constant)


def _points(time: Any, activity: Any, sd: Any, decay_constant: float, unit: str) -> _Points:
    """Check the points, put them in order of time, and add an sd where there is none."""
    times, values = (
        np.atleast_1d(np.asarray(time, float)),
        np.atleast_1d(np.asarray(activity, float)),
    )
    if times.shape != values.shape or times.ndim != 1 or not times.size:
        raise refuse(
            "shape-mismatch",
            f"times of shape {times.shape} and activities of shape {values.shape} do not match",
            "give one activity for each time",
            "activity",
        )
    assumed = sd is None
    if assumed:
        spread = values * reference.default("scan_point_sd", "1")
    else:
        spread = np.asarray(sd, float)
        if spread.shape not in ((), times.shape):
            raise refuse("shape-mismatch", "sd and activities do not match", "one sd a point", "sd")
        spread = np.broadcast_to(spread, times.shape)
    for name, array in (("time", times), ("activity", values), ("sd", spread)):
        if not np.all(np.isfinite(array) & (array > 0)):
            raise refuse("not-positive", f"{name} must be positive and finite", "", name)
    if times.max() * decay_constant > LONGEST * LN2:
        raise refuse(
            "time-out-of-range",
            f"a time of {times.max():g} h is more than {LONGEST:g} half-lives",
            "check the unit of the times",
            "time",
        )
    order = np.argsort(times, kind="stable")
    times = times[order]
    if np.any(np.diff(times) <= 0):
        raise refuse("measured-twice", "two points at one time", "give each time once", "time")
    return _Points(times, values[order], spread[order], assumed, decay_constant, unit)


def _choose(points: _Points, most: float) -> FittedCurve:
    """Choose the model: least AICc, else the simplest adequate one, else the trapezoid."""
    count = len(points.time)
    fits: dict[str, Optimum] = {}

    def fitted(name: str) -> Optimum:
        if name not in fits:
            fits[name] = points.optimum(name)
        return fits[name]

    candidates = [m.name for m in MODELS.values() if count >= m.free + 2]
    aicc = {name: _aicc(fitted(name), count) for name in candidates if _usable(fitted(name), most)}
    if aicc:
        first = min(aicc, key=lambda name: aicc[name])
        why = "lowest AICc" if len(aicc) > 1 else f"the only candidate of AICc for {count} points"
    else:
        first, why = "mono", f"{count} points"
    if _adequate(fitted(first), count) and _usable(fitted(first), most):
        return _report(points, fitted(first), why, aicc)
    for name in (m.name for m in MODELS.values() if count >= m.free and m.name != first):
        if _usable(fitted(name), most) and _adequate(fitted(name), count):
            return _report(points, fitted(name), f"simplest adequate model; {first} is not", aicc)
    curve = _trapezoid(points, "no sum of exponentials is adequate")
    return replace(curve, warnings=(NONE_ADEQUATE, *curve.warnings))


def _usable(optimum: Optimum, most: float) -> bool:
    """Tell whether a fit kept its model, is determined by the points, and possible."""
    gradient = optimum.tia_gradient()
    determined = bool(np.all(np.isfinite(optimum.covariance)))
    spread = math.sqrt(gradient @ optimum.covariance @ gradient) if determined else math.inf
    total = optimum.shape().integral()
    return optimum.collapsed_from is None and spread <= total <= most


def _aicc(optimum: Optimum, count: int) -> float:
    free = optimum.model.free
    return optimum.chi2 + 2 * free + 2 * free * (free + 1) / (count - free - 1)


def _adequate(optimum: Optimum, count: int) -> bool:
    dof = count - optimum.model.free
    if dof == 0:
        return optimum.chi2 <= 1.0
    return float(chdtrc(dof, optimum.chi2)) >= ADEQUATE


def _report(
    points: _Points, optimum: Optimum, choice: str, aicc: Mapping[str, float]
) -> FittedCurve:
    count, terms = len(points.time), len(optimum.amplitudes)
    dof = count - optimum.model.free
    gradient = optimum.tia_gradient()
    with np.errstate(invalid="ignore"):
        sds = np.sqrt(np.diag(optimum.covariance))
        tia_sd = math.sqrt(gradient @ optimum.covariance @ gradient)
    names = (*AMPLITUDES[optimum.model.name], *_rate_names(optimum.model.rates))
    values = np.concatenate([optimum.amplitudes, optimum.rates])
    units = [points.unit] * terms + ["1/h"] * optimum.model.rates
    slowest, slowest_sd = float(optimum.rates[0]), float(sds[terms])
    curve = FittedCurve(
        model=optimum.model.name,
        choice=choice,
        time=points.time,
        activity=points.activity,
        sd=points.sd,
        shape=optimum.shape(),
        parameters={
            name: Estimate(float(value), _finite(sd), unit)
            for name, value, sd, unit in zip(names, values, sds, units, strict=True)
        },
        chi2=optimum.chi2,
        dof=dof,
        p_value=float(chdtrc(dof, optimum.chi2)) if dof else None,
        aicc=aicc,
        tia=Estimate(optimum.shape().integral(), _finite(tia_sd), f"{points.unit}*h"),
        effective_half_life=Estimate(LN2 / slowest, _finite(LN2 / slowest**2 * slowest_sd), "h"),
        sd_assumed=points.sd_assumed,
        decay_constant=points.decay_constant,
        warnings=(),
    )
    return replace(curve, warnings=tuple(_warnings(curve, optimum)))


def _rate_names(count: int) -> tuple[str, ...]:
    return tuple(f"lambda{i + 1}" for i in range(count))


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _warnings(curve: FittedCurve, optimum: Optimum | None) -> list[Problem]:
    found = []
    if optimum is not None:
        if optimum.collapsed_from:
            found.append(
                Problem(
                    "collapsed-to-smaller-model",
                    f"model '{optimum.collapsed_from}' shrank to '{curve.model}': "
                    "a part of it vanished in the fit",
                    "the points do not show that part; measure earlier or more often to see it",
                )
            )
        if optimum.at_bound:
            found.append(NO_CLEARANCE)
        if not _adequate(optimum, len(curve.time)):
            found.append(
                Problem(
                    "fit-not-adequate",
                    f"model '{curve.model}' does not pass the points: chi-square {curve.chi2:.3g} "
                    f"with {curve.dof} degrees of freedom",
                    "take another model, or check the points and their sd",
                )
            )
        if curve.tia.sd is None:
            found.append(
                Problem(
                    "parameters-not-determined",
                    f"the points do not determine the parameters of model '{curve.model}'",
                    "take a model with fewer parameters, or measure more often",
                )
            )
    late = reference.default("late_scan", "1")
    if curve.time[-1] < late * curve.effective_half_life.value:
        found.append(
            Problem(
                "scans-end-early",
                f"the last point, at {curve.time[-1]:.4g} h, is before {late:g} effective "
                f"half-lives ({late * curve.effective_half_life.value:.4g} h)",
                "the curve after it is extrapolated; measure later",
            )
        )
    return found


def _trapezoid(points: _Points, choice: str) -> FittedCurve:
    shape = Trapezoid(points.time, points.activity, points.decay_constant)
    clamped = shape.tail() <= points.decay_constant
    spread = _propagated(shape, points.sd, lambda s: LN2 / s.tail())
    tail = Estimate(LN2 / shape.tail(), None if clamped else spread, "h")
    curve = FittedCurve(
        model="trapezoid",
        choice=choice,
        time=points.time,
        activity=points.activity,
        sd=points.sd,
        shape=shape,
        parameters={},
        chi2=0.0,
        dof=0,
        p_value=None,
        aicc={},
        tia=Estimate(
            shape.integral(), _propagated(shape, points.sd, Trapezoid.integral), f"{points.unit}*h"
        ),
        effective_half_life=tail,
        sd_assumed=points.sd_assumed,
        decay_constant=points.decay_constant,
        warnings=(),
    )
    found = _warnings(curve, None)
    return replace(curve, warnings=tuple([NO_CLEARANCE, *found] if clamped else found))


def _propagated(shape: Trapezoid, sd: Array, value: Callable[[Trapezoid], float]) -> float:
    """Propagate the points' sd into a value of the shape, by central differences."""
    total = 0.0
    for i, spread in enumerate(sd):
        step = 1e-5 * shape.activities[i]
        ends = []
        for sign in (1.0, -1.0):
            moved = shape.activities.copy()
            moved[i] += sign * step
            ends.append(value(Trapezoid(shape.times, moved, shape.decay_constant)))
        total += ((ends[0] - ends[1]) / (2 * step) * spread) ** 2
    return math.sqrt(total)
