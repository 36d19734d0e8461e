"""Assembly of a plan document from the doses, the curves and the schedule."""

from __future__ import annotations

from collections.abc import Sequence

from dosimetry.course.region import BED, RegionCourse
from dosimetry.course.regions import CourseDoses
from dosimetry.cycle.curves_of_file import parameters_of
from dosimetry.cycle.dose import CycleDose
from dosimetry.cycle.region_dose import RegionDose
from dosimetry.documents.dose import (
    Basis,
    Contribution,
    CumulativeDose,
    CycleRegion,
    DoseSoFar,
    EarlierDose,
    Uncertainty,
)
from dosimetry.documents.fit import CurvePoint, IntegratedActivity, PlanCurve
from dosimetry.documents.plan import PlanCycle
from dosimetry.patient.patient import Patient
from dosimetry.patient.schema import Cycle
from dosimetry.physics.decay import LN2
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.radiobiology import eqd2
from dosimetry.planning.schedule import Programme, Scheduled
from dosimetry.quantities import Amount, Estimate
from dosimetry.reference import tables


def cycle_of(
    index: int, cycle: Scheduled, delivered: CycleDose | None, doses: CourseDoses
) -> PlanCycle:
    """Return one cycle of the plan: measured doses where there are any, else predicted ones."""
    regions = []
    measured = delivered.doses if delivered is not None else {}
    names = [*doses.regions, *(name for name in measured if name not in doses.regions)]
    for name in names if cycle.activity is not None else ():
        region = doses.regions.get(name)
        if name in measured:
            regions.append(_measured(index, name, region, measured[name], cycle.activity or 0.0))
        elif region is not None:
            dose, bed, coefficient = region.planned(index)
            basis: Basis = "predicted" if name in doses.measured else "population"
            regions.append(CycleRegion(name, dose, bed, coefficient, basis, (), ()))
    return PlanCycle(
        number=index + 1,
        status=cycle.status,
        at=None if cycle.at is None else cycle.at.isoformat(),
        activity=None if cycle.activity is None else Amount(cycle.activity, "GBq"),
        reason=cycle.reason,
        decided_by=cycle.decided_by,
        regions=tuple(regions),
    )


def _measured(
    index: int, name: str, region: RegionCourse | None, measured: RegionDose, activity: float
) -> CycleRegion:
    """Return a measured dose; one that lacks a source is ``partial`` and has no BED."""
    dose = measured.distribution()
    per = 1.0 / activity
    whole = region is not None and not measured.missing
    return CycleRegion(
        name,
        dose,
        region.measured_bed(index, dose) if region is not None and whole else None,
        Estimate(dose.value * per, None if dose.sd is None else dose.sd * per, "Gy/GBq"),
        "measured" if whole else "partial",
        tuple(
            Contribution(source, Amount(part, "Gy"))
            for source, part in measured.contributions.items()
        ),
        _budget(measured) if dose.sd is not None else (),
    )


def _budget(measured: RegionDose) -> tuple[Uncertainty, ...]:
    parts = (
        Uncertainty(
            "supplied coefficient" if measured.dose_rate is None else "counting and fit",
            Amount(measured.dose * measured.relative_fit_sd, "Gy"),
        ),
        Uncertainty("half-life", Amount(measured.dose * measured.relative_half_life_sd, "Gy")),
        Uncertainty("systematic", Amount(measured.dose * measured.relative_calibration_sd, "Gy")),
        Uncertainty("mass", Amount(measured.dose * measured.relative_mass_sd, "Gy")),
    )
    return tuple(part for part in parts if part.sd.value > 0)


def cumulative_of(region: RegionCourse, delivered: int) -> CumulativeDose:
    """Return the dose of one region over the whole course, and after the delivered cycles."""
    bed = region.cumulative(BED)
    factor = float(eqd2.kernel(1.0, region.alpha_beta))
    earlier = None
    if region.earlier_dose or region.earlier_bed:
        before = None if region.earlier_bed is None else Amount(region.earlier_bed, "Gy")
        earlier = EarlierDose(Amount(region.earlier_dose, "Gy"), before)
    so_far = None
    if earlier is not None or delivered:
        begun = region.with_activities(region.activities[:delivered])
        so_far = DoseSoFar(begun.cumulative_dose(), begun.cumulative(BED))
    return CumulativeDose(
        region.region,
        region.cumulative_dose(),
        bed,
        None if bed is None else bed.scaled(factor),
        so_far,
        earlier,
    )


def curves_of(index: int, cycle: CycleDose) -> list[PlanCurve]:
    """Return the curves of one cycle."""
    return [_curve(index, region, curve) for region, curve in cycle.curves.items()]


def _curve(index: int, region: str, curve: FittedCurve) -> PlanCurve:
    unit = curve.tia.unit.removesuffix("*h")
    return PlanCurve(
        cycle=index + 1,
        region=region,
        model=curve.model,
        choice=curve.choice,
        tia=IntegratedActivity(curve.tia.value, curve.tia.sd, curve.tia.unit),
        effective_half_life=curve.effective_half_life,
        chi2=curve.chi2,
        dof=curve.dof,
        p_value=curve.p_value,
        cross_check=curve.cross_check,
        physical_half_life=Amount(LN2 / curve.decay_constant, "h"),
        points=tuple(
            CurvePoint(Amount(float(t), "h"), Estimate(float(a), float(s), unit))
            for t, a, s in zip(curve.time, curve.activity, curve.sd, strict=True)
        ),
        parameters=parameters_of(curve),
        covariance=None
        if curve.covariance is None
        else tuple(tuple(row) for row in curve.covariance.tolist()),
        warnings=curve.warnings,
    )


def assumptions_of(
    patient: Patient,
    programme: Programme,
    delivered: Sequence[CycleDose],
    doses: CourseDoses,
    to_come: Sequence[Scheduled],
) -> tuple[str, ...]:
    """Return every default that the plan used, each once."""
    caution, exceeds = (
        tables.default(f"{name}_probability", "1") for name in ("caution", "exceeds")
    )
    lines = list(programme.assumptions)
    lines += [
        cycle.reason
        for cycle in to_come
        if cycle.decided_by == "request" and cycle.reason and cycle.activity is None
    ]
    lines += [line for cycle in delivered for line in cycle.assumptions]
    lines += doses.assumptions
    unsure = [i + 1 for i, cycle in enumerate(patient.cycles) if _no_systematic(cycle)]
    if unsure:
        numbers = ", ".join(map(str, unsure))
        lines.append(
            f"cycle {numbers}: no systematic uncertainty given; 0 % used, so the stated "
            "uncertainty is too small"
        )
    if patient.person.age is None:
        lines.append("age not given; adult phantom used")
    lines.append(
        f"verdicts: CAUTION if P(exceeding the limit) > {caution:g}, EXCEEDS if > {exceeds:g}"
    )
    return tuple(dict.fromkeys(lines))


def _no_systematic(cycle: Cycle) -> bool:
    measured = cycle.measurements.scans or cycle.blood.scans
    return bool(measured) and cycle.systematic_uncertainty is None
