"""Comparison of the strategies for one patient, and the activity each limit still allows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dosimetry.course.flags import basis_of
from dosimetry.course.region import RegionCourse
from dosimetry.course.regions import course_doses
from dosimetry.cycle.delivered import delivered_cycles
from dosimetry.cycle.dose import delivered_doses
from dosimetry.documents.flags import FlagBasis
from dosimetry.documents.plan import DISCLAIMER, Plan
from dosimetry.documents.write import to_json
from dosimetry.patient.limits import patient_limits
from dosimetry.patient.patient import Patient
from dosimetry.patient.read import patient_of
from dosimetry.planning import schedule
from dosimetry.planning.course_plan import plan_of_course
from dosimetry.planning.delivered_course import DeliveredCourse, delivered_course
from dosimetry.planning.strategy import STRATEGIES, check_strategy
from dosimetry.quantities import Amount, Distribution
from dosimetry.reference import label
from dosimetry.reference import limits as limits_figures
from dosimetry.reference import regions as regions_figures

COMPARE_SCHEMA = "dosimetry/compare/1"
LIMITS_SCHEMA = "dosimetry/limits/1"


@dataclass(frozen=True)
class StrategySummary:
    """One strategy over the whole course.

    Attributes
    ----------
    strategy : str
    cycles : int
        Number of cycles given, including delivered ones.
    activity : Amount
        Total of the course, in GBq.
    absorbed_dose : dict of str to Distribution
        By region, in Gy.
    bed : dict of str to Distribution
        By region, in Gy.
    probabilities : dict of str to float or None
        Probability of exceeding each limit, by its id.
    reason : str
        Reason for the cycles to come.
    """

    strategy: str
    cycles: int
    activity: Amount
    absorbed_dose: dict[str, Distribution]
    bed: dict[str, Distribution]
    probabilities: dict[str, float | None]
    reason: str


@dataclass(frozen=True)
class Comparison:
    """The strategies of one patient at one risk.

    Attributes
    ----------
    schema : str
        ``dosimetry/compare/1``.
    patient : str
        Id of the patient.
    risk : float
        Accepted probability of exceeding a limit.
    strategies : tuple of StrategySummary
    disclaimer : str
    """

    schema: str
    patient: str
    risk: float
    strategies: tuple[StrategySummary, ...]
    disclaimer: str

    def to_json(self) -> str:
        """Return the comparison as JSON."""
        return to_json(self)


@dataclass(frozen=True)
class Allowance:
    """Activity that one limit still allows after the delivered cycles.

    Attributes
    ----------
    limit : str
        Id of the limit.
    region : str
    quantity : str
        ``absorbed dose`` or ``biologically effective dose``.
    limit_value : Amount
        In Gy.
    so_far : Distribution or None
        Dose so far, in Gy; None where it is not known.
    activity : Amount or None
        Further activity at the accepted probability, in GBq; None where no dose is known or the
        course can have no further cycle.
    cycles : int or None
        Further full cycles of the regimen.
    source : str
        Source of the limit.
    basis : str or None
        ``measured``, ``predicted`` or ``population``; None where no dose is known.
    """

    limit: str
    region: str
    quantity: str
    limit_value: Amount
    so_far: Distribution | None
    activity: Amount | None
    cycles: int | None
    source: str
    basis: FlagBasis | None = None


@dataclass(frozen=True)
class Allowances:
    """Activity that every limit of one patient still allows.

    Attributes
    ----------
    schema : str
        ``dosimetry/limits/1``.
    patient : str
        Id of the patient.
    risk : float
        Accepted probability of exceeding a limit.
    per_cycle : Amount
        Activity of a full cycle, in GBq.
    limits : tuple of Allowance
    disclaimer : str
    """

    schema: str
    patient: str
    risk: float
    per_cycle: Amount
    limits: tuple[Allowance, ...]
    disclaimer: str

    def to_json(self) -> str:
        """Return the allowances as JSON."""
        return to_json(self)


def compare(
    patient: Patient | str | os.PathLike[str] | Mapping[str, Any],
    risk: float = 0.05,
    **options: Any,
) -> Comparison:
    """Return a summary of the plan of a patient by each strategy.

    Parameters
    ----------
    patient : Patient, path or mapping
        As :func:`dosimetry.plan` takes it.
    risk : float
        Accepted probability of exceeding a limit, above 0 and at most 0.5.
    **options
        As :func:`dosimetry.plan` takes them.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        As :func:`dosimetry.plan` does.

    Examples
    --------
    >>> comparison = compare("examples/snmmi_patient4.yaml")
    >>> [summary.strategy for summary in comparison.strategies]
    ['fixed', 'to-limit', 'adjusted']
    """
    check_strategy(STRATEGIES[0], risk)
    prior, estimator = options.pop("prior", None), options.pop("estimator", None)
    course = delivered_course(patient_of(patient), prior, estimator)
    return compare_course(course, risk, **options)


def compare_course(course: DeliveredCourse, risk: float = 0.05, **options: Any) -> Comparison:
    """Return the comparison of a course whose delivered part is known.

    Parameters
    ----------
    course : DeliveredCourse
    risk, **options
        As :func:`dosimetry.planning.course_plan.plan_of_course` takes them.

    Returns
    -------
    Comparison
        The same as that of :func:`compare` for the same patient and options.

    Examples
    --------
    >>> import dosimetry
    >>> course = delivered_course(dosimetry.read_patient("examples/nothing_measured.yaml"))
    >>> [summary.cycles for summary in compare_course(course).strategies]
    [4, 4, 4]
    """
    plans = [plan_of_course(course, name, risk, **options) for name in STRATEGIES]
    summaries = tuple(_summary(made) for made in plans)
    return Comparison(COMPARE_SCHEMA, course.patient.person.id, risk, summaries, DISCLAIMER)


def _summary(made: Plan) -> StrategySummary:
    activities = [cycle.activity.value for cycle in made.cycles if cycle.activity is not None]
    shown = {
        dose.region: dose
        for dose in made.cumulative
        if dose.region in ("kidneys", "red_marrow")
        or regions_figures.region(dose.region).role == "tumour"
    }
    return StrategySummary(
        strategy=made.strategy,
        cycles=len(activities),
        activity=Amount(sum(activities), "GBq"),
        absorbed_dose={name: dose.absorbed_dose for name, dose in shown.items()},
        bed={name: dose.bed for name, dose in shown.items() if dose.bed is not None},
        probabilities={flag.limit: flag.probability for flag in made.flags},
        reason=made.decision.reason,
    )


def limits(
    patient: Patient | str | os.PathLike[str] | Mapping[str, Any],
    risk: float = 0.05,
    *,
    prior: str | None = None,
    estimator: str | None = None,
) -> Allowances:
    """Return for every limit the activity still allowed after the delivered cycles.

    Parameters
    ----------
    patient : Patient, path or mapping
        As :func:`dosimetry.plan` takes it.
    risk : float
        Accepted probability of exceeding the limit, above 0 and at most 0.5.
    prior, estimator : str, optional
        As :func:`dosimetry.plan` takes them.

    Returns
    -------
    Allowances

    Raises
    ------
    InputError
        A risk out of range, or impossible measurements.

    Examples
    --------
    >>> allowances = limits("examples/nothing_measured.yaml")
    >>> [allowance.cycles for allowance in allowances.limits]
    [2, 3, 3]
    """
    check_strategy("to-limit", risk)
    patient, _ = patient_of(patient).replaced()
    patient = patient.with_prior(prior).with_estimator(estimator)
    cycles = delivered_cycles(patient, patient.source)
    delivered = delivered_doses(cycles, patient.source)
    regions = course_doses(patient, delivered).regions
    per_cycle = schedule.programme(patient).activity or label.full_activity()
    asked, _ = patient_limits(patient)
    return Allowances(
        LIMITS_SCHEMA,
        patient.person.id,
        risk,
        Amount(per_cycle, "GBq"),
        tuple(_allowance(limit, regions, risk, per_cycle) for limit in asked),
        DISCLAIMER,
    )


def _allowance(
    limit: limits_figures.Limit, regions: Mapping[str, RegionCourse], risk: float, per_cycle: float
) -> Allowance:
    region = regions.get(limit.region)
    so_far = region.cumulative(limit.quantity) if region else None
    activity: Amount | None = None
    cycles: int | None = None
    if region is not None and so_far is not None:
        allowed = region.further_activity(limit.quantity, limit.value, risk, per_cycle)
        if allowed is not None:
            activity, cycles = Amount(allowed[0], "GBq"), allowed[1]
    return Allowance(
        limit.id,
        limit.region,
        limit.quantity,
        Amount(limit.value, "Gy"),
        so_far,
        activity,
        cycles,
        limit.source,
        None if region is None or so_far is None else basis_of(region),
    )
