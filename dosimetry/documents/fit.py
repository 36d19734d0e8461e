"""Fitted curves of a plan: points, parameters, time-integrated activity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dosimetry.problems import Problem
from dosimetry.quantities import Amount, Estimate, tia_in_words

if TYPE_CHECKING:
    pass


FIT_SCHEMA = "dosimetry/fit/1"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a fitted model.

    Attributes
    ----------
    name : str
    value : float
        In ``unit``.
    sd : float or None
        In ``unit``; None where it is not known.
    unit : str
    """

    name: str
    value: float
    sd: float | None
    unit: str


@dataclass(frozen=True)
class CurvePoint:
    """One point of a curve.

    Attributes
    ----------
    time : Amount
        After the administration, in h.
    activity : Estimate
        In MBq, or kBq/mL of a concentration.
    """

    time: Amount
    activity: Estimate


@dataclass(frozen=True)
class BandPoint:
    """Activity of a curve at one time: mean and percentiles of its posterior.

    Attributes
    ----------
    time : Amount
        After the administration, in h.
    p5, p50, p95 : Amount
        In the unit of the points.
    """

    time: Amount
    p5: Amount
    p50: Amount
    p95: Amount


@dataclass(frozen=True)
class IntegratedActivity(Estimate):
    """Time-integrated activity, with percentiles where a distribution is known.

    Attributes
    ----------
    value : float
        In ``unit``.
    sd : float or None
        In ``unit``.
    unit : str
        ``MBq*h``, or ``kBq/mL*h`` of a concentration.
    p5, p50, p95 : float or None
        Percentiles, in ``unit``.
    """

    p5: float | None = None
    p50: float | None = None
    p95: float | None = None


@dataclass(frozen=True)
class Information:
    """Shares of the information on a half-life; they add up to 1.

    Attributes
    ----------
    this_cycle : float
    other_cycles : float
    population : float
    """

    this_cycle: float
    other_cycles: float
    population: float


@dataclass(frozen=True)
class ModelWeight:
    """A model and its weight in an average.

    Attributes
    ----------
    model : str
    weight : float
        From 0 to 1.
    """

    model: str
    weight: float


@dataclass(frozen=True, repr=False)
class PlanCurve:
    """One fitted time-activity curve, with the points and parameters to draw it.

    Attributes
    ----------
    cycle : int
        From 1.
    region : str
    model : str
        ``mono``, ``uptake``, ``bi``, ``bi-uptake`` or ``trapezoid``.
    choice : str
        How the model was chosen.
    tia : IntegratedActivity
        In ``MBq*h``, or ``kBq/mL*h`` of a concentration.
    effective_half_life : Estimate
        Of the slowest phase, in h.
    chi2 : float
    dof : int
        Degrees of freedom: points less parameters.
    p_value : float or None
        Of chi-square; None without degrees of freedom.
    cross_check : Estimate or None
        TIA of a single scan by another rule.
    physical_half_life : Amount
        In h.
    points : tuple of CurvePoint
    parameters : tuple of Parameter
    covariance : tuple of tuple of float, or None
        Of the parameters, in their order and units; None where the points do not determine
        them, or the model has none.
    warnings : tuple of Problem
    information : Information or None
    models : tuple of ModelWeight
    band : tuple of BandPoint
        Of a posterior, over the times of the picture; a fit has its covariance.
    optimum : Amount or None
        TIA of the curve of the parameters, where it is not ``tia``: the best fit of least squares.
    """

    cycle: int
    region: str
    model: str
    choice: str
    tia: IntegratedActivity
    effective_half_life: Estimate
    chi2: float
    dof: int
    p_value: float | None
    cross_check: Estimate | None
    physical_half_life: Amount
    points: tuple[CurvePoint, ...]
    parameters: tuple[Parameter, ...]
    covariance: tuple[tuple[float, ...], ...] | None
    warnings: tuple[Problem, ...]
    information: Information | None = None
    models: tuple[ModelWeight, ...] = ()
    optimum: Amount | None = None
    band: tuple[BandPoint, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<PlanCurve cycle {self.cycle}, {self.region}: {self.model}, {tia_in_words(self.tia)}>"
        )
