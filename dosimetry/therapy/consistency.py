"""What the sections of a patient file say together, and what of it cannot be."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from dosimetry import reference, tables
from dosimetry.physics.decay import decay
from dosimetry.problems import FilePlace, InputError, Problem
from dosimetry.therapy import administration
from dosimetry.therapy.clinical_consistency import clinical_inconsistencies, kind_of
from dosimetry.therapy.cycle_curves import MBQ_PER_KBQ, NUCLIDE
from dosimetry.therapy.kidney_consistency import kidneys_of_course, kidneys_of_cycle
from dosimetry.therapy.kidneys import PAIR, with_sides
from dosimetry.therapy.limits import patient_limits
from dosimetry.therapy.masses import MARROW, red_marrow_mass
from dosimetry.therapy.measurements import Scan
from dosimetry.therapy.observations import local
from dosimetry.therapy.overlap import contradictions, counted_once, explains, larger_inside
from dosimetry.therapy.scan_fit import factor_at_scan, lines_of
from dosimetry.therapy.sections import Course, Cycle, OwnLimit, OwnRegimen

ADULT = 18.0
LISTED = 8  # regions of a sum that is too large


def inconsistencies(course: Course) -> list[Problem]:
    """Return all that cannot be in a patient file whose fields are right one by one."""
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
            _cycle(course, cycle, f"cycles[{i}]") for i, cycle in enumerate(course.cycles)
        ),
    ]


def _person(course: Course) -> Iterator[Problem]:
    age = course.person.age
    if age is not None and age.value < ADULT:
        yield Problem(
            "not-an-adult",
            f"an age of {age.value:g} years is under {ADULT:g}",
            "the phantoms are adults: children need other tables",
            "patient.age",
        )


def _marrow(course: Course, cycle: Cycle, place: str) -> Iterator[Problem]:
    """Look at what red marrow is to be computed from."""
    for scan in cycle.measurements.scans:
        if scan.unit == "kBq/mL" and scan.region != MARROW:
            yield Problem(
                "concentration-of-an-organ",
                f"{scan.region} is given as a concentration",
                "give its activity; only red_marrow (in vertebrae) is given as a concentration",
                FilePlace(scan.place)
                if cycle.measurements.file
                else f"{place}.measurements{scan.place}",
            )
    yield from _vertebrae(course, cycle, place)
    if not cycle.blood.scans:
        return
    if MARROW in cycle.dose_coefficients:
        yield Problem(
            "dose-twice",
            "blood and a dose coefficient of red_marrow are both given",
            "keep one of the two",
            f"{place}.dose_coefficients.{MARROW}",
        )
    if MARROW in cycle.measurements.by_region():
        yield Problem(
            "marrow-twice",
            "red marrow is given by blood and by a measured region",
            "keep one of the two",
            f"{place}.blood",
        )
    if course.therapy.marrow_to_blood_ratio == "plasma" and course.person.hematocrit is None:
        yield Problem(
            "hematocrit-missing",
            "the ratio of an agent that stays in plasma needs the haematocrit",
            "add patient.hematocrit, as in 0.41",
            "therapy.marrow_to_blood_ratio",
        )
    half_life = reference.half_life(NUCLIDE)
    given = administration.activity(cycle, half_life)
    volume = reference.organ_masses(course.person.sex)["blood"]
    share = 1.0 + tables.default("measured_excess", "1")
    corrected = cycle.decay_corrected_to == "administration"
    for scan in cycle.blood.scans:
        found = scan.value * factor_at_scan(scan, given, half_life, decay_corrected=corrected)
        left = float(decay.kernel(given, scan.time, half_life))
        if found * MBQ_PER_KBQ * volume > left * share:
            yield Problem(
                "more-than-administered",
                f"{found:.4g} kBq/mL in {volume:g} mL of blood is more than the "
                f"{left:.4g} MBq that can be left at {scan.time:g} h",
                "check the unit of the concentration",
                FilePlace(scan.place) if cycle.blood.file else f"{place}.blood{scan.place}",
            )


def _vertebrae(course: Course, cycle: Cycle, place: str) -> Iterator[Problem]:
    """Compare a marrow concentration with the activity that can be left."""
    half_life = reference.half_life(NUCLIDE)
    given = administration.activity(cycle, half_life)
    share = 1.0 + tables.default("measured_excess", "1")
    corrected = cycle.decay_corrected_to == "administration"
    mass = red_marrow_mass(course)
    for scan in cycle.measurements.scans:
        if scan.region != MARROW or scan.unit != "kBq/mL":
            continue
        found = scan.value * factor_at_scan(scan, given, half_life, decay_corrected=corrected)
        left = float(decay.kernel(given, scan.time, half_life))
        if found * MBQ_PER_KBQ * mass > left * share:
            yield Problem(
                "more-than-administered",
                f"{found:.4g} kBq/mL in {mass:.4g} g of red marrow is more than the {left:.4g} MBq "
                f"that can be left at {scan.time:g} h",
                "check the unit of the concentration",
                FilePlace(scan.place)
                if cycle.measurements.file
                else f"{place}.measurements{scan.place}",
            )


def _half_lives(course: Course) -> Iterator[Problem]:
    physical = reference.half_life(NUCLIDE)
    for name, given in course.effective_half_lives.items():
        if given.value > physical:
            yield Problem(
                "half-life-above-physical",
                f"an effective half-life of {given.value:.4g} h is longer than the physical one of "
                f"{NUCLIDE}, {physical:.4g} h",
                "give the effective half-life: physical decay and biological clearance together",
                f"effective_half_lives.{name}",
            )


def _dates(course: Course) -> Iterator[Problem]:
    most = int(tables.default("most_cycles", "1"))
    if len(course.cycles) > most:
        yield Problem(
            "too-many-cycles",
            f"{len(course.cycles)} cycles were delivered, more than the {most} of one course",
            "count an earlier course as prior_doses",
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
                    "a time without a zone, where another has one",
                    f"write {moment.isoformat()}+01:00, with the offset that holds",
                    place,
                )
        return
    for i, (before, after) in enumerate(itertools.pairwise(course.cycles)):
        if administration.earlier(after.at, before.at, or_same=True):
            yield Problem(
                "dates-out-of-order",
                f"{after.at.isoformat()} is not after the cycle above it, {before.at.isoformat()}",
                "put the delivered cycles in order, oldest first",
                f"cycles[{i + 1}].at",
            )
    start = course.therapy.start
    if start and course.cycles and start != administration.day(local(course, course.cycles[0].at)):
        yield Problem(
            "start-after-delivery",
            f"start {start.isoformat()} differs from the first delivered cycle, "
            f"{course.cycles[0].at.isoformat()}",
            "remove it: the delivered cycles say when the course started",
            "therapy.start",
        )


def _regimen(course: Course) -> Iterator[Problem]:
    regimen = course.therapy.regimen
    if isinstance(regimen, OwnRegimen) and regimen.interval.value % 24:
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
                f"'{name}' is the name of a limit of the tables",
                "give the limit a name of its own",
                f"therapy.limits[{i}].id",
            )
        if name in seen:
            yield Problem(
                "limit-twice", f"'{name}' stands there twice", "keep one", f"therapy.limits[{i}]"
            )
        seen.add(name)
    ids = [limit.id for limit in patient_limits(course)[0]]
    twice_named = len(seen) < len(course.therapy.limits or [])
    for twice in () if twice_named else sorted({name for name in ids if ids.count(name) > 1}):
        yield Problem("limit-twice", f"'{twice}' is named twice", "keep one", "therapy.limits")
    yield from _earlier(course)


def _earlier(course: Course) -> Iterator[Problem]:
    given = course.therapy.prior_doses
    for name, dose in given.items():
        if dose.bed is not None and dose.bed.value < dose.absorbed_dose.value:
            yield Problem(
                "bed-below-dose",
                f"a biologically effective dose of {dose.bed.value:g} Gy is below the absorbed "
                f"dose, {dose.absorbed_dose.value:g} Gy",
                "it is never less; check both",
                f"therapy.prior_doses.{name}.bed",
            )
    for limit in patient_limits(course)[0]:
        names = [name for name in with_sides(limit.region) if name in given]
        missing = [name for name in names if given[name].bed is None]
        if missing and limit.quantity != "absorbed dose":
            yield Problem(
                "prior-bed-missing",
                f"the limit {limit.id} is on the biologically effective dose, and earlier "
                f"radiation of {missing[0]} is given without one",
                "add bed: its biologically effective dose (never less than the absorbed dose)",
                f"therapy.prior_doses.{missing[0]}.bed",
            )


def _masses(course: Course) -> Iterator[Problem]:
    for name in course.masses:
        if reference.region(name).role not in ("organ", "kidney", "tumour", "total_body"):
            yield Problem(
                "no-mass-needed",
                f"the mass of {name} is not used: its dose does not scale with it",
                "remove it",
                f"masses.{name}",
            )


def _cycle(course: Course, cycle: Cycle, place: str) -> Iterator[Problem]:
    try:
        administration.activity(cycle, reference.half_life(NUCLIDE))
    except InputError as error:
        yield from error.at(f"{place}.administered").problems
        return
    yield from _regions(course, cycle, place)
    unclear = list(contradictions(cycle, place))
    yield from unclear
    if unclear:
        return
    yield from larger_inside(cycle, place)
    yield from _too_much(cycle, place)
    yield from _marrow(course, cycle, place)


def _regions(course: Course, cycle: Cycle, place: str) -> Iterator[Problem]:
    measured = set(cycle.measurements.by_region())
    here = cycle.measurements.file or f"{place}.measurements"
    here = FilePlace(f"{here}: region") if cycle.measurements.file else here
    yield from kidneys_of_cycle(course, cycle, place, here)
    if {"total_body", "remainder_of_body"} <= measured:
        yield Problem(
            "body-twice", "both total_body and remainder_of_body were measured", "keep one", here
        )
    if "colon" in measured and measured & {"left_colon", "right_colon"}:
        yield Problem("colon-twice", "the colon and a part of it were measured", "keep one", here)
    phantom = {source for _, source in reference.s_values(course.person.sex)}
    for name in sorted(measured):
        missing = [s for s in reference.region(name).sources if s not in phantom]
        if missing:
            yield Problem(
                "not-in-phantom",
                f"the adult {course.person.sex} phantom has no {name}",
                "check patient.sex and the region",
                here,
            )
    for name in cycle.models:
        if name not in measured:
            yield Problem(
                "model-without-curve",
                f"{name} was not measured in this cycle",
                "remove it, or add the measurement",
                f"{place}.models.{name}",
            )
    kidneys = {*with_sides(PAIR)}
    for name in cycle.dose_coefficients:
        if name in measured or (name in kidneys and measured & kidneys):
            yield Problem(
                "dose-twice",
                f"{name} was measured in this cycle, and a dose coefficient is given too",
                "keep one of the two",
                f"{place}.dose_coefficients.{name}",
            )


def _too_much(cycle: Cycle, place: str) -> Iterator[Problem]:
    """Compare what was measured at one time with what can be left of the administered activity."""
    half_life = reference.half_life(NUCLIDE)
    given = administration.activity(cycle, half_life)
    share = 1.0 + tables.default("measured_excess", "1")
    parts: dict[float, list[tuple[float, Scan]]] = {}
    whole: dict[float, list[tuple[float, Scan]]] = {}
    once = counted_once({scan.region for scan in cycle.measurements.scans}, cycle)
    for scan in cycle.measurements.scans:
        if scan.unit == "kBq/mL" or scan.region not in once:
            continue
        found = scan.value * factor_at_scan(
            scan, given, half_life, decay_corrected=cycle.decay_corrected_to == "administration"
        )
        where = whole if scan.region == "total_body" else parts
        where.setdefault(round(scan.time, 2), []).append((found, scan))
    for time in sorted({*parts, *whole}):
        left = float(decay.kernel(given, time, half_life))
        measured = max(
            parts.get(time, []), whole.get(time, []), key=lambda held: sum(one for one, _ in held)
        )
        most = sum(found for found, _ in measured)
        without_tumours = sum(
            found for found, scan in measured if reference.region(scan.region).role != "tumour"
        )
        if most > left * share and not explains(without_tumours, most, left):
            name = cycle.measurements.file
            yield Problem(
                "more-than-administered",
                f"{most:.4g} MBq measured at {time:g} h, but of {given:.4g} MBq administered only "
                f"{left:.4g} MBq can be left: {_held(measured)}",
                "check the units of activity and time, the administered activity and "
                "decay_corrected_to",
                FilePlace(f"{name}: activity") if name else f"{place}.measurements",
            )
            return


def _held(measured: list[tuple[float, Scan]]) -> str:
    """Name the regions of a sum, the largest first, each with its activity and where it stands."""
    largest = sorted(measured, key=lambda held: -held[0])
    words = [f"{scan.region} {found:.4g} ({lines_of([scan])})" for found, scan in largest[:LISTED]]
    more = len(largest) - LISTED
    return ", ".join([*words, f"{more} more"] if more > 0 else words)
