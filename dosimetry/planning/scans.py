"""Which scans of a cycle to come are worth it: uncertainty of the dose, sureness of the verdict."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dosimetry.course.further_scan import learnt, wrong_side
from dosimetry.course.priors import Priors, priors_of
from dosimetry.course.region import RegionCourse
from dosimetry.course.regions import course_doses
from dosimetry.cycle.course_curves import CourseEstimate, course_estimate
from dosimetry.cycle.curves_ahead import KnownCurve, known_curves
from dosimetry.cycle.delivered import DeliveredCycle, delivered_cycles
from dosimetry.cycle.dose import CycleDose, delivered_doses
from dosimetry.documents.plan import DISCLAIMER, Plan
from dosimetry.documents.scans import (
    SCANS_SCHEMA,
    BestSchedule,
    ScannedLimit,
    ScannedRegion,
    Scans,
    ScanSchedule,
    UnscannedLimit,
)
from dosimetry.patient.kidneys import pair_of
from dosimetry.patient.limits import patient_limits
from dosimetry.patient.masses import MARROW
from dosimetry.patient.patient import Patient
from dosimetry.patient.read import patient_of
from dosimetry.physics.kinetics import Array
from dosimetry.physics.scan_design import CurveAhead, Subsets, expected_sds, schedules
from dosimetry.planning import schedule
from dosimetry.planning.assemble_clinic import clinical_course
from dosimetry.planning.scan_request import budget_of, candidate_times_of
from dosimetry.planning.strategy import Bounds, decide
from dosimetry.problems import in_words, quote, refuse
from dosimetry.quantities import Amount, Estimate
from dosimetry.reference import regions as regions_figures
from dosimetry.reference import tables
from dosimetry.reference.curve_priors import fast_figures
from dosimetry.reference.imaging_times import candidate_times
from dosimetry.reference.limits import Limit

BLOOD = "blood"
SCANNED = ("organ", "kidney", "gland", "tumour", "total_body")  # roles that a scan measures
BUDGET = 3
FIGURE_TIMES = 40


def scans(
    patient: Patient | str | os.PathLike[str] | Mapping[str, Any],
    cycle: int | None = None,
    at: Any = None,
    budget: int = BUDGET,
) -> Scans:
    """Return which scan times of a cycle to come leave the least uncertainty of the dose.

    Parameters
    ----------
    patient : Patient, path or mapping
        As :func:`dosimetry.plan` takes it.
    cycle : int, optional
        Number of a cycle to come; default the next one.
    at : text or sequence of quantities [time] or texts, optional
        Candidate times after the administration, as in ``"24 h, 96 h"``; default those of table
        ``imaging_times``.
    budget : int
        Largest number of scans in the cycle.

    Returns
    -------
    Scans

    Raises
    ------
    InputError
        A cycle that is not to come, times or a budget out of range, no limit whose dose a scan
        measures, or what :func:`dosimetry.plan` refuses.

    Examples
    --------
    >>> found = scans("examples/nothing_measured.yaml", at="24 h, 72 h, 168 h", budget=2)
    >>> [(best.times[0].value, round(best.sd, 3)) for best in found.regions[0].best]
    [(72.0, 0.099), (24.0, 0.073)]
    """
    times, most = candidate_times_of(at), budget_of(budget)
    patient, _ = patient_of(patient).replaced()
    course = _course(patient)
    to_come, reason = _regimen(course)
    found = _scans(course, to_come, _number(cycle, course, to_come, reason), times, most)
    if not found.regions:
        raise refuse(
            "no-limit-to-scan",
            "no limit of this patient rests on a dose that scans measure"
            + "".join(f"; {one.limit}: {one.reason}" for one in found.not_scanned),
            "request a limit of a region that is scanned, as in limits: [kidneys-ad-23]",
            "therapy.limits",
        )
    return found


def scans_of_plan(patient: Patient, made: Plan) -> Scans | None:
    """Return the scans of the next cycle of a plan, with its activities.

    None where no cycle is to come, or no limit rests on a dose that scans measure.

    Parameters
    ----------
    patient : Patient
        Of the plan, with the prior and the estimator that were asked for.
    made : Plan
    """
    course = _course(patient.replaced()[0])
    to_come = [cycle.activity.value if cycle.activity else 0.0 for cycle in made.cycles]
    to_come = to_come[len(course.delivered) :]
    number = next((n for n in _numbers(course, to_come)), None)
    if number is None:
        return None
    found = _scans(course, to_come, number, candidate_times(), BUDGET)
    return found if found.regions else None


@dataclass(frozen=True, eq=False)
class _Course:
    """What is known of the patient before the scans."""

    patient: Patient
    cycles: Sequence[DeliveredCycle]
    estimate: CourseEstimate
    delivered: Sequence[CycleDose]
    regions: Mapping[str, RegionCourse]
    limits: Sequence[Limit]


def _course(patient: Patient) -> _Course:
    cycles = delivered_cycles(patient, patient.source)
    estimate = course_estimate(cycles)
    delivered = delivered_doses(cycles, patient.source, estimate.fits)
    regions = course_doses(patient, delivered).regions
    return _Course(patient, cycles, estimate, delivered, regions, patient_limits(patient)[0])


def _regimen(course: _Course) -> tuple[list[float], str]:
    """Return the activities to come of the regimen as the label allows them, and their reason."""
    programme = schedule.programme(course.patient)
    administered = [cycle.net.activity_gbq for cycle in course.delivered]
    clinical = clinical_course(course.patient, programme, administered, programme.count, ())
    bounds = Bounds(tables.default("caution_probability", "1"), programme.activity or 0.0, None)
    to_come, decision = decide(
        "fixed", programme, course.regions, course.limits, clinical.slots, bounds
    )
    return [cycle.activity or 0.0 for cycle in to_come], decision.reason


def _numbers(course: _Course, to_come: Sequence[float]) -> list[int]:
    """Return the numbers of the cycles to come that have an activity."""
    first = len(course.delivered) + 1
    return [number for number, activity in enumerate(to_come, first) if activity]


def _number(wanted: int | None, course: _Course, to_come: Sequence[float], reason: str) -> int:
    numbers = _numbers(course, to_come)
    if not numbers:
        raise refuse(
            "no-cycle-to-scan",
            f"no cycle is to come: {reason}",
            "scan times can be chosen before a cycle only",
            "cycle",
        )
    if wanted is None:
        return numbers[0]
    if isinstance(wanted, bool) or wanted not in numbers:
        delivered = wanted in range(1, len(course.delivered) + 1)
        raise refuse(
            "no-such-cycle",
            f"cycle {quote(wanted)} is not to come" + " because it was delivered" * delivered,
            f"cycles to come: {in_words([f'{number}' for number in numbers])}",
            "cycle",
        )
    return wanted


def _scans(
    course: _Course, to_come: Sequence[float], number: int, times: Sequence[float], budget: int
) -> Scans:
    """Return the schedules of a cycle; no region where scans tell nothing of any limit."""
    activities = (*(cycle.net.activity_gbq for cycle in course.delivered), *to_come)
    places = {limit.region: _measured_in(limit.region, course) for limit in course.limits}
    scanned = list(dict.fromkeys(place for place in places.values() if place))
    curves = known_curves(course.patient, course.estimate, scanned)
    ahead = _Ahead(course, priors_of(course.patient), activities, number)
    subsets = schedules(len(times), min(budget, len(times)))
    found = tuple(
        ahead.region(name, place, curves[place], np.array(times), subsets)
        for name, place in places.items()
        if place
    )
    return Scans(
        SCANS_SCHEMA,
        course.patient.person.id,
        number,
        tuple(Amount(time, "h") for time in times),
        budget,
        found,
        tuple(
            UnscannedLimit(limit.id, limit.region, _why_not(limit.region))
            for limit in course.limits
            if places[limit.region] is None
        ),
        tuple(_assumptions(found, curves, times)),
        DISCLAIMER,
    )


def _measured_in(region: str, course: _Course) -> str | None:
    """Return the region whose scans give a limit's dose; None where scans do not give it."""
    scanned = {pair_of(name) for cycle in course.cycles for name in cycle.net.measured.by_region()}
    if region in scanned:
        return pair_of(region)
    if region == MARROW:
        doses = [cycle.doses[region] for cycle in course.delivered if region in cycle.doses]
        whole = any(not dose.missing for dose in doses)
        blood = any(cycle.net.blood.scans for cycle in course.cycles)
        return BLOOD if whole and blood else None
    role = regions_figures.region(region).role
    return pair_of(region) if role in SCANNED else None


def _why_not(region: str) -> str:
    if region == MARROW:
        return (
            "the dose of the red marrow rests on the population; measure blood and the whole body "
            "to know it"
        )
    return f"a scan does not measure the {in_words([region])} itself"


@dataclass(frozen=True, eq=False)
class _Ahead:
    """The course with its cycles to come, and the cycle to be scanned."""

    course: _Course
    priors: Priors
    activities: tuple[float, ...]
    number: int

    def region(
        self, name: str, place: str, known: KnownCurve, times: Array, subsets: Subsets
    ) -> ScannedRegion:
        """Return what scans tell of a region."""
        found = _schedules(known.curve, times, subsets)
        dense = np.linspace(0.0, tables.default("latest_candidate", "h"), FIGURE_TIMES + 1)[1:]
        limits = [limit for limit in self.course.limits if limit.region == name]
        region = self.course.regions.get(name)
        if region is not None:
            region = region.with_activities(self.activities)
        return ScannedRegion(
            name,
            place,
            tuple(_limit(limit, region) for limit in limits),
            Estimate(known.half_life, known.half_life * known.curve.log_half_life_sd, "h"),
            known.cycles,
            known.model,
            known.curve.noise,
            tuple(found),
            tuple(self._best(found, region, limits, known)),
            tuple(_schedules(known.curve, dense, np.eye(len(dense), dtype=bool))),
        )

    def _best(
        self,
        found: Sequence[ScanSchedule],
        region: RegionCourse | None,
        limits: Sequence[Limit],
        known: KnownCurve,
    ) -> list[BestSchedule]:
        """Return the best schedule of each size."""
        best: list[BestSchedule] = []
        for size in range(1, max(len(one.times) for one in found) + 1):
            own = min((one for one in found if len(one.times) == size), key=lambda one: one.sd)
            gain = best[-1].sd - own.sd if best else None
            wrong = {} if region is None else self._wrong_sides(region, limits, known, own)
            best.append(BestSchedule(own.times, own.sd, own.sd_of_half_life, size, gain, wrong))
        return best

    def _wrong_sides(
        self,
        region: RegionCourse,
        limits: Sequence[Limit],
        known: KnownCurve,
        schedule: ScanSchedule,
    ) -> dict[str, float]:
        """Return how likely each verdict is wrong after the scans of a schedule.

        The dose is measured as a plan does, without a prior of the scale; the course has its own.
        """
        times = np.array([time.value for time in schedule.times])
        (alone,) = _schedules(known.without_scale(), times, np.ones((1, len(times)), dtype=bool))
        further = learnt(region, self.course.delivered, self.priors, self.number - 1, alone.sd)
        return {
            limit.id: wrong_side(region, limit, further)
            for limit in limits
            if region.has(limit.quantity)
        }


def _schedules(curve: CurveAhead, times: Array, subsets: Subsets) -> list[ScanSchedule]:
    sds, of_half_life = expected_sds(curve, times, subsets)
    return [
        ScanSchedule(tuple(Amount(float(t), "h") for t in times[row]), float(sd), float(part))
        for row, sd, part in zip(subsets, sds, of_half_life, strict=True)
    ]


def _limit(limit: Limit, region: RegionCourse | None) -> ScannedLimit:
    value, chance, wrong = Amount(limit.value, "Gy"), None, None
    if region is not None and region.has(limit.quantity):
        chance = region.probability(limit.quantity, limit.value)
        wrong = wrong_side(region, limit)
    return ScannedLimit(limit.id, limit.quantity, value, chance, wrong)


def _assumptions(
    found: Sequence[ScannedRegion], curves: Mapping[str, KnownCurve], times: Sequence[float]
) -> list[str]:
    """Return what the expected sds rest on."""
    lines = []
    for region in found:
        known, name = curves[region.measured_in], in_words([region.region])
        numbers = in_words([f"{number}" for number in known.cycles])
        rests = f"cycle {numbers}" if known.cycles else known.origin
        lines.append(
            f"{name}: effective half-life {region.half_life.value:.3g} h, sd of ln T "
            f"{known.curve.log_half_life_sd:.2g}, from {rests}; shape {known.model}"
        )
        source = "the patient's scans so far" if known.noise_given else "default"
        lines.append(f"{name}: sd of one scan {100 * known.curve.noise:.3g} % ({source})")
        fast = fast_figures("organ").fast[0]
        if known.model == "mono" and min(times) <= fast:
            lines.append(
                f"{name}: a scan within {fast:g} h can see uptake or a fast phase, which these "
                "figures leave out"
            )
    scale = tables.default("scan_scale_log_sd", "1")
    lines.append(
        f"initial activity before the scans: sd of ln {scale:g} over patients "
        f"({tables.default_source('scan_scale_log_sd')})"
    )
    systematic = tables.default("systematic_sd", "1")
    lines.append(
        "calibration, recovery, volume and mass are not in the expected sd; they are in the "
        f"verdicts (calibration {100 * systematic:g} % where none is given)"
    )
    lines.append(
        "the shape of the curve is taken as known; of schedules with nearly the same sd, the one "
        "spread over more time also tests the shape"
    )
    return lines
