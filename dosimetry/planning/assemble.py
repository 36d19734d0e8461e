"""Assembly of a plan document from the doses, the curves and the schedule."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from dosimetry.course.region import BED, RegionCourse
from dosimetry.course.regions import CourseDoses
from dosimetry.cycle.curves_of_file import parameters_of
from dosimetry.cycle.dose import CycleDose
from dosimetry.cycle.region_dose import RegionDose
from dosimetry.documents.dose import (
    Basis,
    Cause,
    Contribution,
    CumulativeDose,
    CycleRegion,
    DoseSoFar,
    EarlierDose,
    Uncertainty,
)
from dosimetry.documents.fit import (
    BandPoint,
    CurvePoint,
    Information,
    IntegratedActivity,
    ModelWeight,
    PlanCurve,
)
from dosimetry.documents.plan import PlanCycle
from dosimetry.patient.kidneys import with_pair
from dosimetry.patient.measurements.scan import BLOOD
from dosimetry.patient.patient import Patient
from dosimetry.patient.schema import Cycle
from dosimetry.physics.decay import LN2
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.prediction import NORMAL_95
from dosimetry.physics.radiobiology import eqd2
from dosimetry.planning.schedule import Programme, Scheduled
from dosimetry.problems import in_words
from dosimetry.quantities import Amount, Estimate
from dosimetry.reference import tables

ROUNDING = 1e-9  # of a dose; a smaller part of its sd is a rounding error


BAND = 24  # times of a band, from a tenth of its range on
BEYOND = 1.2  # of the last point


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
    """Return a dose with a measurement; one that lacks a source is ``partial`` and has no BED.

    One by the ratio to the other kidney is ``predicted``.
    """
    dose = measured.distribution()
    per = 1.0 / activity
    whole = region is not None and not measured.missing
    return CycleRegion(
        name,
        dose,
        region.measured_bed(index, dose) if region is not None and whole else None,
        Estimate(dose.value * per, None if dose.sd is None else dose.sd * per, "Gy/GBq"),
        _basis(measured, whole),
        tuple(
            Contribution(source, Amount(part, "Gy"))
            for source, part in measured.contributions.items()
        ),
        _budget(measured) if dose.sd is not None else (),
    )


def _basis(measured: RegionDose, whole: bool) -> Basis:
    if not whole:
        return "partial"
    return "predicted" if measured.estimated else "measured"


def _budget(measured: RegionDose) -> tuple[Uncertainty, ...]:
    own: Cause = "supplied coefficient" if measured.dose_rate is None else "counting and fit"
    parts: tuple[tuple[Cause, float], ...] = (
        (own, measured.relative_fit_sd),
        ("half-life", measured.relative_half_life_sd),
        ("systematic", measured.relative_calibration_sd),
        ("recovery", measured.relative_recovery_sd),
        ("volume", measured.relative_volume_sd),
        ("mass", measured.relative_mass_sd),
        ("other kidney", measured.relative_ratio_sd),
    )
    return tuple(
        Uncertainty(cause, Amount(measured.dose * relative, "Gy"))
        for cause, relative in parts
        if relative > ROUNDING
    )


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
        tia=_tia(curve),
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
        information=None if curve.information is None else Information(*curve.information),
        models=tuple(ModelWeight(name, weight) for name, weight in curve.weights.items()),
        optimum=_optimum(curve),
        band=tuple(_band(curve, unit)),
    )


def _band(curve: FittedCurve, unit: str) -> Iterator[BandPoint]:
    """Yield the band of a posterior from the administration to beyond the last point."""
    if curve.band is None:
        return
    end = BEYOND * max(float(curve.time[-1]), 4.0)
    early, late = np.geomspace(end / 400, end / 10, BAND // 2), np.linspace(end / 10, end, BAND)
    times = np.unique(np.concatenate([[0.0], early, late, curve.time]))
    mean, sd = curve.band.around(np.maximum(times, 1e-3))
    for time, middle, spread in zip(times.tolist(), mean.tolist(), sd.tolist(), strict=True):
        p5, p50, p95 = (
            Amount(math.exp(middle + step * spread), unit) for step in (-NORMAL_95, 0.0, NORMAL_95)
        )
        yield BandPoint(Amount(time, "h"), p5, p50, p95)


def _optimum(curve: FittedCurve) -> Amount | None:
    """Return the TIA of a least-squares fit, beside the mean of its posterior."""
    if curve.posterior is None or curve.weights:
        return None
    return Amount(curve.tia.value, curve.tia.unit)


def _tia(curve: FittedCurve) -> IntegratedActivity:
    posterior = curve.posterior
    if posterior is None:
        return IntegratedActivity(curve.tia.value, curve.tia.sd, curve.tia.unit)
    return IntegratedActivity(
        posterior.mean, posterior.sd, curve.tia.unit, posterior.p5, posterior.p50, posterior.p95
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
    lines += _systematic_assumed(patient.cycles)
    if patient.person.age is None:
        lines.append("age not given; adult phantom used")
    lines.append(
        f"verdicts: CAUTION if P(exceeding the limit) > {caution:g}, EXCEEDS if > {exceeds:g}"
    )
    return tuple(dict.fromkeys(lines))


def _systematic_assumed(cycles: Sequence[Cycle]) -> Iterator[str]:
    """Yield the cycles with the default systematic uncertainty, and those with 0 %.

    With the regions of a cycle that gives it by region.
    """
    missing: dict[str, list[int]] = {}
    exact: dict[str, list[int]] = {}
    for number, cycle in enumerate(cycles, start=1):
        without, of_zero = _systematic_of(cycle)
        for names, where in ((without, missing), (of_zero, exact)):
            if names is not None:
                where.setdefault(names, []).append(number)
    share = tables.default("systematic_sd", "%")
    for names, numbers in missing.items():
        yield (
            f"cycle {', '.join(map(str, numbers))}: no systematic uncertainty given{names}; "
            f"{share:g} % of the dose used (1 sd; calibration and recovery, Gear 2018)"
        )
    for names, numbers in exact.items():
        yield (
            f"cycle {', '.join(map(str, numbers))}: systematic uncertainty of 0 % given{names}; "
            "calibration and recovery count as exact"
        )


def _systematic_of(cycle: Cycle) -> tuple[str | None, str | None]:
    """Return the regions without a systematic uncertainty, and those with 0 %, in words.

    Empty for all regions, None for none of them.
    """
    given = cycle.systematic_uncertainty
    curves = [*cycle.measurements.by_region(), *([BLOOD] if cycle.blood.scans else [])]
    if not curves:
        return None, None
    if not isinstance(given, dict):
        return ("" if given is None else None), ("" if given and not given.value else None)
    without = [name for name in curves if not set(with_pair(name)) & set(given)]
    of_zero = [name for name, own in given.items() if not own.value]
    return _for(without), _for(of_zero)


def _for(regions: Sequence[str]) -> str | None:
    return f" for {in_words(regions)}" if regions else None
