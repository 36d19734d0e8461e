"""Fitted time-activity curves: parameters, uncertainties and warnings.

Reported items and propagation follow the EANM guidance on uncertainty (Gear 2018).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from dosimetry.physics.curve_search import Optimum
from dosimetry.physics.decay import LN2
from dosimetry.physics.kinetics import Array, Model, Shape, Trapezoid
from dosimetry.physics.posterior import Band, TiaPosterior
from dosimetry.physics.relative_sds import SettledOptimum, fit_settled
from dosimetry.problems import Problem, refuse
from dosimetry.quantities import Estimate, tia_in_words
from dosimetry.reference import tables

Flags: TypeAlias = npt.NDArray[np.bool_]
ADEQUATE = 0.01  # smallest chi-square p-value of an adequate fit
NO_CLEARANCE = Problem(
    "clearance-at-physical-bound",
    "the slowest phase equals physical decay: no biological clearance detected",
    "add a later scan, or check the points for calibration and volume",
)
NOT_SETTLED = Problem(
    "sds-not-settled",
    "the relative sds of the points did not settle on the curve, which is far from the points; sds "
    "relative to the measured values used",
    "choose another model, or check the points",
)


def default_point_sd(activity: Any) -> Any:
    """Return the default sd of points: a share of the activity (table ``defaults``).

    Parameters
    ----------
    activity : float or array
        In any unit; the sd has the same unit.

    Examples
    --------
    >>> default_point_sd(80.0)
    8.0
    """
    return activity * tables.default("scan_point_sd", "1")


@dataclass(frozen=True, eq=False, repr=False)
class FittedCurve:
    """A fitted time-activity curve.

    Attributes
    ----------
    model : str
        ``mono``, ``uptake``, ``bi``, ``bi-uptake`` or ``trapezoid``.
    choice : str
        Reason for the model, in words.
    time, activity, sd : array, shape (n,)
        The points, in h and MBq. The sds weighted the fit: a relative one is relative to the curve,
        or to the measured activity in a trapezoid, for one scan and where the sds did not settle.
    relative : array of bool, shape (n,)
        Whether the sd of a point is relative.
    shape : shape
        The fitted curve.
    parameters : mapping of str to Estimate
        The free parameters of the model's formula.
    chi2 : float
    dof : int
        Degrees of freedom: number of points minus number of parameters.
    p_value : float or None
        Of the chi-square test; None without degrees of freedom.
    aicc : mapping of str to float
        Corrected Akaike criterion of every candidate model.
    tia : Estimate
        Time-integrated activity in MBq h, its sd from the points alone.
    effective_half_life : Estimate
        Of the slowest component, in h.
    sd_assumed : bool
        Whether the sd of the points is the default.
    decay_constant : float
        Physical decay constant in 1/h.
    warnings : tuple of Problem
    cross_check : Estimate or None
        TIA by Hänscheid's rule; for one scan only.
    covariance : array or None
        Of the parameters, in their order; None where the data do not determine them.
    posterior : TiaPosterior or None
        Distribution of the TIA; None of a trapezoid.
    band : Band or None
        Of the curve over time, of a posterior; a fit has its covariance.
    weights : mapping of str to float
        Probabilities of the models that were averaged; empty of a single fit.
    information : (float, float, float) or None
        Share of the information on the half-life from this cycle, other cycles, the population.
    assumptions : tuple of str
    """

    model: str
    choice: str
    time: Array
    activity: Array
    sd: Array
    relative: Flags
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
    cross_check: Estimate | None = None
    covariance: Array | None = None
    posterior: TiaPosterior | None = None
    band: Band | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    information: tuple[float, float, float] | None = None
    assumptions: tuple[str, ...] = ()

    @property
    def aicc_weights(self) -> dict[str, float]:
        """Akaike weights of the candidates; they add up to one."""
        if not self.aicc:
            return {}
        least = min(self.aicc.values())
        likelihoods = {name: math.exp((least - value) / 2) for name, value in self.aicc.items()}
        return {name: value / sum(likelihoods.values()) for name, value in likelihoods.items()}

    @property
    def biological_half_life(self) -> float | None:
        """Biological half-life in h of the slowest component; None without biological clearance."""
        biological = self.shape.slowest() - self.decay_constant
        return LN2 / biological if biological > 1e-9 * self.decay_constant else None

    def __repr__(self) -> str:
        return f"<FittedCurve {self.model}, {len(self.time)} points: {tia_in_words(self.tia)}>"

    def __str__(self) -> str:
        return (
            f"{self.model} ({self.choice}): TIA {self.tia.value:.6g} "
            f"{self.tia.unit.replace('*', ' ')}, "
            f"effective half-life {self.effective_half_life.value:.4g} h"
        )


@dataclass(frozen=True, eq=False)
class Points:
    """The points of a curve, checked and in order of time.

    Attributes
    ----------
    time, activity, sd : array, shape (n,)
        The sd at the measured activity, in ``unit``.
    relative : array of bool, shape (n,)
        Whether the sd of a point is relative.
    sd_assumed : bool
        Whether the sds are the default.
    decay_constant : float
        Physical decay constant in 1/h.
    unit : str
        Of the activity.
    """

    time: Array
    activity: Array
    sd: Array
    relative: Flags
    sd_assumed: bool
    decay_constant: float
    unit: str

    def fit(self, model: str) -> SettledOptimum:
        """Return the best fit of one model."""
        points = self.time, self.activity[None], self.sd[None], self.relative[None]
        return fit_settled(model, *points, self.decay_constant)[0]


def adequate(optimum: Optimum, count: int) -> bool:
    """Return whether a fit is adequate by chi-square (p >= ADEQUATE)."""
    dof = count - optimum.model.free
    if dof == 0:  # no p-value exists; a curve through all points has a chi-square of zero
        return optimum.chi2 <= 1.0
    return float(chdtrc(dof, optimum.chi2)) >= ADEQUATE


def report(
    points: Points, fit: SettledOptimum, choice: str, aicc: Mapping[str, float]
) -> FittedCurve:
    """Return the fitted curve of a model of exponentials, with its warnings."""
    optimum = fit.optimum
    count, terms = len(points.time), len(optimum.amplitudes)
    dof = count - optimum.model.free
    tia, tia_sd = optimum.tia
    covariance = optimum.covariance
    sds = [math.sqrt(v) if v >= 0 else math.nan for v in covariance.diagonal().tolist()]
    names = parameter_names(optimum.model)
    values = [*optimum.amplitudes.tolist(), *optimum.rates.tolist()]
    units = [points.unit] * terms + ["1/h"] * optimum.model.rates
    slowest, slowest_sd = values[terms], sds[terms]
    half_life = Estimate(LN2 / slowest, _finite(LN2 / slowest**2 * slowest_sd), "h")
    return FittedCurve(
        model=optimum.model.name,
        choice=choice,
        time=points.time,
        activity=points.activity,
        sd=fit.sd,
        relative=points.relative,
        shape=optimum.shape(),
        parameters={
            name: Estimate(value, _finite(sd), unit)
            for name, value, sd, unit in zip(names, values, sds, units, strict=True)
        },
        chi2=optimum.chi2,
        dof=dof,
        p_value=float(chdtrc(dof, optimum.chi2)) if dof else None,
        aicc=aicc,
        tia=Estimate(tia, _finite(tia_sd), f"{points.unit}*h"),
        effective_half_life=half_life,
        sd_assumed=points.sd_assumed,
        decay_constant=points.decay_constant,
        warnings=(
            *(() if fit.settled else (NOT_SETTLED,)),
            *_fit_warnings(optimum, count, dof, _finite(tia_sd)),
            *early_end_warning(float(points.time[-1]), half_life.value),
        ),
        covariance=covariance if np.isfinite(covariance).all() else None,
    )


def parameter_names(model: Model) -> tuple[str, ...]:
    """Return the names of the free parameters of a model: amplitudes, then rates.

    Examples
    --------
    >>> from dosimetry.physics.kinetics import MODELS
    >>> parameter_names(MODELS["bi"])
    ('a1', 'a2', 'lambda1', 'lambda2')
    """
    terms = len(model.terms)
    amplitudes = ("a",) if terms == 1 else tuple(f"a{i + 1}" for i in range(terms))
    return (*amplitudes, *(f"lambda{i + 1}" for i in range(model.rates)))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _fit_warnings(
    optimum: Optimum, count: int, dof: int, tia_sd: float | None
) -> Iterator[Problem]:
    model = optimum.model.name
    if optimum.collapsed_from:
        yield Problem(
            "collapsed-to-smaller-model",
            f"model '{optimum.collapsed_from}' was reduced to '{model}': "
            "one of its terms vanished in the fit",
            "the data do not resolve that term; measure earlier or more often",
        )
    if optimum.at_bound:
        yield NO_CLEARANCE
    if not adequate(optimum, count):
        yield Problem(
            "fit-not-adequate",
            f"model '{model}' does not fit the data: chi-square {optimum.chi2:.3g} "
            f"with {dof} degrees of freedom",
            "choose another model, or check the points and their sd",
        )
    if tia_sd is None:
        yield Problem(
            "parameters-not-determined",
            f"the data do not determine the parameters of model '{model}'",
            "choose a model with fewer parameters, or measure more often",
        )


def early_end_warning(last: float, half_life: float) -> Iterator[Problem]:
    """Yield a warning where the last point, in h, comes before two effective half-lives."""
    late = tables.default("late_scan", "1")
    if last < late * half_life:
        yield Problem(
            "scans-end-early",
            f"the last point ({last:.4g} h) is earlier than {late:g} effective half-lives "
            f"({late * half_life:.4g} h), and the curve after it is extrapolated",
            "add a later scan",
        )


def trapezoid(points: Points, choice: str) -> FittedCurve:
    """Return the curve through the points, integrated piece by piece.

    Raises
    ------
    InputError
        A point at zero or below: a straight line through it says nothing of the clearance.
    """
    if (points.activity <= 0).any():
        raise refuse(
            "trapezoid-not-positive",
            "no model is adequate, and a trapezoid needs activities above zero",
            "name a model, or leave out the scans at zero and below",
            "activity",
        )
    shape = Trapezoid(points.time, points.activity, points.decay_constant)
    clamped = shape.tail() <= points.decay_constant
    spread = _propagated(shape, points.sd, lambda s: LN2 / s.tail())
    tail = Estimate(LN2 / shape.tail(), None if clamped else spread, "h")
    return FittedCurve(
        model="trapezoid",
        choice=choice,
        time=points.time,
        activity=points.activity,
        sd=points.sd,
        relative=points.relative,
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
        warnings=(
            *((NO_CLEARANCE,) if clamped else ()),
            *early_end_warning(float(points.time[-1]), tail.value),
        ),
    )


def _propagated(shape: Trapezoid, sd: Array, value: Callable[[Trapezoid], float]) -> float:
    """Return the sd of a value of the shape from the sd of its points, by central differences."""
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
