"""Contradictions between the sections of a patient file."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from dosimetry import reference, tables
from dosimetry.problems import FilePlace, InputError, Problem, in_words
from dosimetry.therapy import administration
from dosimetry.therapy.clinical_consistency import clinical_inconsistencies, kind_of
from dosimetry.therapy.kidney_consistency import kidneys_of_course, kidneys_of_cycle
from dosimetry.therapy.kidneys import PAIR, with_sides
from dosimetry.therapy.limits import patient_limits
from dosimetry.therapy.masses import MARROW, red_marrow_mass
from dosimetry.therapy.net_cycle import CONCENTRATION, ActivityAtScan, NetCycle, net_cycle
from dosimetry.therapy.observations import local
from dosimetry.therapy.overlap import contradictions, counted_once, explains, larger_inside
from dosimetry.therapy.scan_fit import lines_of
from dosimetry.therapy.sections import Course, Cycle, OwnLimit, OwnRegimen
from dosimetry.units import HOURS_PER_DAY, MBQ_PER_KBQ

ADULT = 18.0
LISTED = 8  # regions named of a sum that is too large


def inconsistencies(course: Course) -> list[Problem]:
    """Return contradictions between fields of a patient file."""
    return [
        *_person(course),
        *_dates(course),
        *_regimen(course),
        *_limits(course),
        *_masses(course),
        *kidneys_of_course(course),
        *_half_lives(course),
        *clinical_inconsistencies(course),
        *itertools.chain.from_iterable(
            _cycle(course, cycle, i) for i, cycle in enumerate(course.cycles)
        ),
    ]


def _person(course: Course) -> Iterator[Problem]:
    age = course.person.age
    if age is not None and age.value < ADULT:
        yield Problem(
            "not-an-adult",
            f"the patient is {age.value:g} years old, under {ADULT:g}",
            "only adults are supported; children need other phantoms and tables",
            "patient.age",
        )


def _marrow(course: Course, cycle: NetCycle) -> Iterator[Problem]:
    """Yield contradictions in the measurements that the red marrow dose is computed from."""
    for scan in cycle.measured.scans:
        if scan.unit == CONCENTRATION and scan.region != MARROW:
            yield Problem(
                "concentration-of-an-organ",
                f"{in_words([scan.region])} is given as a concentration",
                "give its activity; only red_marrow (in vertebrae) can be a concentration",
                cycle.measured.place_of(scan),
            )
    yield from _vertebrae(course, cycle)
    if not cycle.blood.scans:
        return
    if MARROW in cycle.dose_coefficients:
        yield Problem(
            "dose-twice",
            "blood samples and a dose coefficient of the red marrow are both given",
            "keep one of the two",
            f"{cycle.place}.dose_coefficients.{MARROW}",
        )
    if MARROW in cycle.measured.by_region():
        yield Problem(
            "marrow-twice",
            "blood samples and a measured red marrow are both given",
            "keep one of the two",
            cycle.blood.place,
        )
    if course.therapy.marrow_to_blood_ratio == "plasma" and course.person.hematocrit is None:
        yield Problem(
            "hematocrit-missing",
            "marrow_to_blood_ratio: plasma requires the haematocrit",
            "add patient.hematocrit, as in 0.41",
            "therapy.marrow_to_blood_ratio",
        )
    volume = reference.organ_masses(course.person.sex)["blood"]
    share = 1.0 + tables.default("measured_excess", "1")
    for scan in cycle.blood.scans:
        left = cycle.left(scan.time)
        if scan.value * MBQ_PER_KBQ * volume > left * share:
            yield Problem(
                "more-than-administered",
                f"{scan.value:.4g} kBq/mL in {volume:g} mL of blood is more than the "
                f"{left:.4g} MBq that can be left at {scan.time:g} h",
                "check the unit of the concentration",
                cycle.blood.place_of(scan),
            )


def _vertebrae(course: Course, cycle: NetCycle) -> Iterator[Problem]:
    """Yield marrow concentrations that exceed the activity that can be left."""
    share = 1.0 + tables.default("measured_excess", "1")
    mass = red_marrow_mass(course)
    for scan in cycle.measured.scans:
        if scan.region != MARROW or scan.unit != CONCENTRATION:
            continue
        left = cycle.left(scan.time)
        if scan.value * MBQ_PER_KBQ * mass > left * share:
            yield Problem(
                "more-than-administered",
                f"{scan.value:.4g} kBq/mL in {mass:.4g} g of red marrow is more than the "
                f"{left:.4g} MBq that can be left at {scan.time:g} h",
                "check the unit of the concentration",
                cycle.measured.place_of(scan),
            )


def _half_lives(course: Course) -> Iterator[Problem]:
    physical = reference.half_life(reference.NUCLIDE)
    for name, effective in course.effective_half_lives.items():
        if effective.value > physical:
            yield Problem(
                "half-life-above-physical",
                f"an effective half-life of {effective.value:.4g} h is longer than the physical "
                f"half-life of {reference.NUCLIDE}, {physical:.4g} h",
                "give the effective half-life, of physical decay and biological clearance together",
                f"effective_half_lives.{name}",
            )


def _dates(course: Course) -> Iterator[Problem]:
    most = int(tables.default("most_cycles", "1"))
    if len(course.cycles) > most:
        yield Problem(
            "too-many-cycles",
            f"{len(course.cycles)} cycles were delivered; one course can have at most {most}",
            "enter an earlier course under therapy.prior_doses",
            "cycles",
        )
    moments = [(f"cycles[{i}].at", cycle.at) for i, cycle in enumerate(course.cycles)]
    moments += [(f"labs[{i}].at", labs.at) for i, labs in enumerate(course.labs)]
    moments += [(f"adverse_events[{i}].at", e.at) for i, e in enumerate(course.adverse_events)]
    zones = {kind_of(moment) for _, moment in moments}
    if {"naive", "aware"} <= zones:
        for place, moment in moments:
            if kind_of(moment) == "naive":
                yield Problem(
                    "no-time-zone",
                    "this time has no zone, but another time has one",
                    f"write {moment.isoformat()}+01:00, with the right offset",
                    place,
                )
        return
    for i, (before, after) in enumerate(itertools.pairwise(course.cycles)):
        if administration.earlier(after.at, before.at, or_same=True):
            yield Problem(
                "dates-out-of-order",
                f"{after.at.isoformat()} is not after the previous cycle, {before.at.isoformat()}",
                "put the delivered cycles in order, oldest first",
                f"cycles[{i + 1}].at",
            )
    start = course.therapy.start
    if start and course.cycles and start != administration.day(local(course, course.cycles[0].at)):
        yield Problem(
            "start-after-delivery",
            f"start {start.isoformat()} differs from the first delivered cycle, "
            f"{course.cycles[0].at.isoformat()}",
            "remove it; the course starts with the first delivered cycle",
            "therapy.start",
        )


def _regimen(course: Course) -> Iterator[Problem]:
    regimen = course.therapy.regimen
    if isinstance(regimen, OwnRegimen) and regimen.interval.value % HOURS_PER_DAY:
        yield Problem(
            "interval-not-in-days",
            f"an interval of {regimen.interval.value:g} h is not a whole number of days",
            "write it in weeks or days, as in 8 week",
            "therapy.regimen.interval",
        )


def _limits(course: Course) -> Iterator[Problem]:
    taken = {row["id"] for row in reference.limit_rows()} | {
        row["stands_for"] for row in reference.limit_rows()
    }
    seen: set[str] = set()
    for i, limit in enumerate(course.therapy.limits or []):
        name = limit.id if isinstance(limit, OwnLimit) else limit
        if isinstance(limit, OwnLimit) and name in taken:
            yield Problem(
                "limit-id-taken",
                f"'{name}' is already the name of a limit in the tables",
                "give the limit another name",
                f"therapy.limits[{i}].id",
            )
        if name in seen:
            yield Problem(
                "limit-twice", f"limit '{name}' is listed twice", "keep one", f"therapy.limits[{i}]"
            )
        seen.add(name)
    ids = [limit.id for limit in patient_limits(course)[0]]
    twice_named = len(seen) < len(course.therapy.limits or [])
    for twice in () if twice_named else sorted({name for name in ids if ids.count(name) > 1}):
        yield Problem(
            "limit-twice", f"limit '{twice}' is listed twice", "keep one", "therapy.limits"
        )
    yield from _earlier(course)


def _earlier(course: Course) -> Iterator[Problem]:
    given = course.therapy.prior_doses
    for name, dose in given.items():
        if dose.bed is not None and dose.bed.value < dose.absorbed_dose.value:
            yield Problem(
                "bed-below-dose",
                f"a biologically effective dose of {dose.bed.value:g} Gy is below the absorbed "
                f"dose, {dose.absorbed_dose.value:g} Gy",
                "a biologically effective dose is never below the absorbed dose; check both",
                f"therapy.prior_doses.{name}.bed",
            )
    for limit in patient_limits(course)[0]:
        names = [name for name in with_sides(limit.region) if name in given]
        missing = [name for name in names if given[name].bed is None]
        if missing and limit.quantity != "absorbed dose":
            yield Problem(
                "prior-bed-missing",
                f"limit {limit.id} is on the biologically effective dose, but the previous "
                f"radiation of {in_words(missing[:1])} has none",
                "add bed, its biologically effective dose (never below the absorbed dose)",
                f"therapy.prior_doses.{missing[0]}.bed",
            )


def _masses(course: Course) -> Iterator[Problem]:
    for name in course.masses:
        if reference.region(name).role not in ("organ", "kidney", "tumour", "total_body"):
            yield Problem(
                "no-mass-needed",
                f"the mass of {in_words([name])} is not used: its dose does not scale with mass",
                "remove it",
                f"masses.{name}",
            )


def _cycle(course: Course, cycle: Cycle, index: int) -> Iterator[Problem]:
    try:
        net = net_cycle(cycle, index)
    except InputError as error:
        yield from error.problems
        return
    yield from _regions(course, cycle, net.place)
    unclear = list(contradictions(net))
    yield from unclear
    if unclear:
        return
    yield from larger_inside(net)
    yield from _too_much(net)
    yield from _marrow(course, net)


def _regions(course: Course, cycle: Cycle, place: str) -> Iterator[Problem]:
    measured = set(cycle.measurements.by_region())
    here = cycle.measurements.file or f"{place}.measurements"
    here = FilePlace(f"{here}: region") if cycle.measurements.file else here
    yield from kidneys_of_cycle(course, cycle, place, here)
    if {"total_body", "remainder_of_body"} <= measured:
        yield Problem(
            "body-twice",
            "the total body and the remainder of the body were both measured",
            "keep one",
            here,
        )
    if "colon" in measured and measured & {"left_colon", "right_colon"}:
        yield Problem(
            "colon-twice", "the colon and a part of it were both measured", "keep one", here
        )
    phantom = {source for _, source in reference.s_values(course.person.sex)}
    for name in sorted(measured):
        missing = [s for s in reference.region(name).sources if s not in phantom]
        if missing:
            yield Problem(
                "not-in-phantom",
                f"the adult {course.person.sex} phantom has no {in_words([name])}",
                "check patient.sex and the region",
                here,
            )
    for name in cycle.models:
        if name not in measured:
            yield Problem(
                "model-without-curve",
                f"{in_words([name])} was not measured in this cycle",
                "remove it, or add the measurement",
                f"{place}.models.{name}",
            )
    kidneys = {*with_sides(PAIR)}
    for name in cycle.dose_coefficients:
        if name in measured or (name in kidneys and measured & kidneys):
            yield Problem(
                "dose-twice",
                f"{in_words([name])} has both a measurement and a dose coefficient in this cycle",
                "keep one of the two",
                f"{place}.dose_coefficients.{name}",
            )


def _too_much(cycle: NetCycle) -> Iterator[Problem]:
    """Yield a time at which more was measured than can be left of the administered activity."""
    share = 1.0 + tables.default("measured_excess", "1")
    parts: dict[float, list[ActivityAtScan]] = {}
    whole: dict[float, list[ActivityAtScan]] = {}
    once = counted_once(cycle.measured.by_region(), cycle)
    for scan in cycle.measured.scans:
        if scan.unit == CONCENTRATION or scan.region not in once:
            continue
        where = whole if scan.region == "total_body" else parts
        where.setdefault(round(scan.time, 2), []).append(scan)
    for time in sorted({*parts, *whole}):
        left = cycle.left(time)
        scans = max(parts.get(time, []), whole.get(time, []), key=_sum)
        most = _sum(scans)
        without_tumours = _sum(
            scan for scan in scans if reference.region(scan.region).role != "tumour"
        )
        if most > left * share and not explains(without_tumours, most, left):
            yield Problem(
                "more-than-administered",
                f"{most:.4g} MBq measured at {time:g} h ({_held(scans)}), but only {left:.4g} of "
                f"the {cycle.activity:.4g} MBq administered can be left",
                "check the units of activity and time, the administered activity and "
                "decay_corrected_to",
                cycle.measured.column("activity"),
            )
            return


def _sum(scans: Iterable[ActivityAtScan]) -> float:
    return sum(scan.value for scan in scans)


def _held(scans: list[ActivityAtScan]) -> str:
    """Return the regions of a sum, the largest first, each with its activity and its lines."""
    largest = sorted(scans, key=lambda scan: -scan.value)
    words = [
        f"{in_words([scan.region])} {scan.value:.4g}, {lines_of([scan.entered])}"
        for scan in largest[:LISTED]
    ]
    more = len(largest) - LISTED
    return "; ".join([*words, f"{more} more"] if more > 0 else words)
