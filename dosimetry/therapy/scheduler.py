"""plan(patient) -> Plan: delivered cycles, prediction, limits and dates brought together."""

from __future__ import annotations

import math
from dataclasses import replace

import dosimetry
from dosimetry import reference
from dosimetry.physics.radiobiology import eqd2
from dosimetry.problems import nearest, quote, refuse
from dosimetry.quantities import Amount, Distribution, Estimate
from dosimetry.therapy import regimen
from dosimetry.therapy.course_doses import CourseDoses, course_doses
from dosimetry.therapy.cycle_dose import CycleDose, cycle_dose
from dosimetry.therapy.limits import flag, patient_limits
from dosimetry.therapy.patient import Patient
from dosimetry.therapy.plan import (
    DISCLAIMER,
    SCHEMA,
    Basis,
    CumulativeDose,
    CycleRegion,
    Flags,
    Plan,
    PlanCurve,
    PlanCycle,
    PlanPatient,
    PlanTherapy,
    Provenance,
)
from dosimetry.therapy.regimen import Scheduled
from dosimetry.therapy.region_course import BED, RegionCourse
from dosimetry.therapy.sections import Cycle

STRATEGIES = ("fixed",)
LATER = ("to-limit", "adjusted")


def plan(patient: Patient, strategy: str = "fixed", risk: float = 0.05) -> Plan:
    """Plan a course: what was given, what is to come, and which limits that touches.

    Parameters
    ----------
    patient : Patient
        From :func:`dosimetry.read_patient` or :meth:`Patient.from_dict`.
    strategy : str
        ``fixed``: the regimen as written, flagged.
    risk : float
        Probability of passing a limit that a strategy may run, above 0 and at most 0.5.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        Unknown strategy, a risk out of range, or measurements that cannot be.

    Examples
    --------
    >>> import dosimetry
    >>> made = dosimetry.plan(dosimetry.read_patient("examples/nothing_measured.yaml"))
    >>> [flag.severity for flag in made.flags]
    ['caution', 'caution', 'caution']
    """
    _check(strategy, risk)
    delivered = [cycle_dose(patient, i) for i in range(len(patient.cycles))]
    scheduled = regimen.cycles(patient, [cycle.administered for cycle in delivered])
    limits, limit_warnings = patient_limits(patient)
    doses = course_doses(patient, delivered, scheduled)
    per_cycle = regimen.per_cycle(patient)
    flags = Flags(flag(limit, doses.regions, per_cycle) for limit in limits)
    name, description = regimen.describe(patient)
    return Plan(
        schema=SCHEMA,
        patient=PlanPatient(patient.person.id, patient.person.sex),
        therapy=PlanTherapy(patient.therapy.radiopharmaceutical, name, description),
        strategy=strategy,
        cycles=tuple(
            _cycle(i, cycle, delivered[i] if cycle.delivered else None, doses)
            for i, cycle in enumerate(scheduled)
        ),
        cumulative=tuple(_cumulative(course) for course in doses.regions.values()),
        flags=flags,
        curves=tuple(curve for i, cycle in enumerate(delivered) for curve in _curves(i, cycle)),
        assumptions=_assumptions(patient, delivered, doses),
        warnings=(
            *(warning for cycle in delivered for warning in cycle.warnings),
            *regimen.warnings(patient, scheduled),
            *limit_warnings,
            *doses.warnings,
        ),
        disclaimer=DISCLAIMER,
        provenance=Provenance(dosimetry.__version__, reference.hashes(), patient.input_hashes()),
    )


def _check(strategy: str, risk: float) -> None:
    if strategy in LATER:
        raise refuse(
            "not-supported-yet",
            f"strategy '{strategy}' is not supported yet",
            "take fixed",
            "strategy",
        )
    if strategy not in STRATEGIES:
        known = (*STRATEGIES, *LATER)
        raise refuse(
            "unknown-strategy",
            f"strategy {quote(strategy)} is not known",
            nearest(strategy, known) or f"one of {', '.join(known)}",
            "strategy",
        )
    if not 0.0 < risk <= 0.5:
        raise refuse(
            "risk-out-of-range", f"a risk of {risk:g} is outside (0, 0.5]", "as in 0.05", "risk"
        )


def _cycle(index: int, cycle: Scheduled, given: CycleDose | None, doses: CourseDoses) -> PlanCycle:
    regions = []
    for name, course in doses.regions.items():
        if index >= len(course.activities):
            continue
        dose, bed, coefficient = course.planned(index)
        basis: Basis = "predicted" if name in doses.measured else "population"
        if given is not None and name in given.doses:
            found = given.doses[name]
            spread = found.dose * found.relative_sd
            dose, bed = course.measured(index, found.dose, spread)
            per = 1.0 / course.activities[index]
            coefficient = Estimate(found.dose * per, spread * per, "Gy/GBq")
            basis = "measured"
        regions.append(
            CycleRegion(name, _known(dose), bed and _known(bed), _known(coefficient), basis)
        )
    return PlanCycle(
        number=index + 1,
        status="delivered" if cycle.delivered else "planned",
        at=cycle.at,
        activity=Amount(cycle.activity, "GBq"),
        reason=None,
        regions=tuple(regions),
    )


def _known(estimate: Estimate) -> Estimate:
    """Return the estimate, without its sd where the points do not determine it."""
    if estimate.sd is None or math.isfinite(estimate.sd):
        return estimate
    return replace(estimate, sd=None)


def _cumulative(course: RegionCourse) -> CumulativeDose:
    dose, bed = course.cumulative_dose(), course.cumulative(BED)
    fractions = None
    if bed is not None:
        factor = float(eqd2.kernel(1.0, course.alpha_beta))
        fractions = Distribution(
            bed.value * factor, bed.sd * factor, bed.p5 * factor, bed.p95 * factor, "Gy"
        )
    return CumulativeDose(course.region, dose, bed, fractions)


def _curves(index: int, cycle: CycleDose) -> list[PlanCurve]:
    return [
        PlanCurve(
            cycle=index + 1,
            region=region,
            model=curve.model,
            choice=curve.choice,
            tia=curve.tia,
            effective_half_life=curve.effective_half_life,
            chi2=curve.chi2,
            dof=curve.dof,
            p_value=curve.p_value,
            warnings=curve.warnings,
        )
        for region, curve in cycle.curves.items()
    ]


def _assumptions(
    patient: Patient, delivered: list[CycleDose], doses: CourseDoses
) -> tuple[str, ...]:
    caution, exceeds = (
        reference.default(f"{name}_probability", "1") for name in ("caution", "exceeds")
    )
    found = regimen.assumptions(patient)
    found += [line for cycle in delivered for line in cycle.assumptions]
    found += doses.assumptions
    unsure = [i + 1 for i, cycle in enumerate(patient.cycles) if _no_systematic(cycle)]
    if unsure:
        numbers = ", ".join(map(str, unsure))
        found.append(f"no systematic uncertainty given (taken as none): cycle {numbers}")
    if patient.person.age is None:
        found.append("age not given: taken to be an adult")
    found.append(
        f"a limit passed with p above {caution:g} draws caution, above {exceeds:g} exceeds"
    )
    return tuple(dict.fromkeys(found))


def _no_systematic(cycle: Cycle) -> bool:
    return bool(cycle.measurements.scans) and cycle.systematic_uncertainty is None
