"""What was seen of the patient over time: laboratory values, grades, renal function, baseline."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from dosimetry import clinical
from dosimetry.clinical import CLEARANCE, OTHER, Range
from dosimetry.physics.renal_function import ckd_epi_2021, cockcroft_gault
from dosimetry.quantities import Amount
from dosimetry.therapy.administration import day
from dosimetry.therapy.adverse_terms import canonical
from dosimetry.therapy.fields import Moment
from dosimetry.therapy.labs import LabDraw, in_words
from dosimetry.therapy.sections import Course, Person
from dosimetry.therapy.toxicity import Grade, grade

CREATININE = "creatinine"

Order: TypeAlias = tuple[str, int, float]
SAMPLE, TIMED, DOSE, EVENT = range(4)  # in this order on one day, where only TIMED has a time


@dataclass(frozen=True)
class Finding:
    """One quantity at one time.

    Attributes
    ----------
    quantity : str
        Analyte, ``creatinine_clearance``, or ``other: TERM`` of an adverse event, by the term's
        canonical name.
    at : date or date-time
    value : float or None
        In the canonical unit; None of an adverse event.
    written : Amount or None
        As the patient file has it.
    grade : Grade or None
        CTCAE.
    change : float or None
        Relative to the baseline; None before the first dose and without one.
    ends_treatment : bool or None
        What the patient file says of an adverse event; None where it does not say.
    """

    quantity: str
    at: Moment
    value: float | None
    written: Amount | None
    grade: Grade | None
    change: float | None
    ends_treatment: bool | None = None

    def __str__(self) -> str:
        name = self.quantity.replace("_", " ")
        if self.quantity.startswith(OTHER) and self.grade is not None:
            name = self.grade.term  # as the patient file has it
        words = f"{name} {in_words(self.written)}" if self.written else name
        return f"{words} on {day(self.at).isoformat()}"


@dataclass(frozen=True)
class Observation:
    """What was found at one time, by quantity."""

    at: Moment
    findings: Mapping[str, Finding]


@dataclass(frozen=True)
class Observations:
    """Everything seen of a patient, in order of time, and what it is compared with.

    Attributes
    ----------
    timed : tuple of (Order, Observation)
        With the keys that put them in order.
    baseline : mapping of str to Finding
        The last finding of each quantity before the first dose; of all where none was given.
    ranges : mapping of str to Range
    """

    timed: tuple[tuple[Order, Observation], ...]
    baseline: Mapping[str, Finding]
    ranges: Mapping[str, Range]

    @property
    def all(self) -> tuple[Observation, ...]:
        """Everything seen, in order of time."""
        return tuple(one for _, one in self.timed)


def order(moment: Moment, bare: int = SAMPLE) -> Order:
    """Return the key that puts moments in order, those of one zone (:func:`local`).

    On one day a bare date of a sample comes first, that of a dose after all times, that of an
    adverse event last: a sample is taken to be drawn before a dose of its day, an event to have
    followed it.
    """
    if isinstance(moment, dt.datetime):
        return day(moment).isoformat(), TIMED, moment.timestamp()
    return day(moment).isoformat(), bare, 0.0


def event_order(course: Course, at: Moment) -> Order:
    """Return the key of an adverse event: even a timed one follows an untimed dose of its day."""
    key = order(at, EVENT)
    doses = (local(course, cycle.at) for cycle in course.cycles)
    if any(not isinstance(dose, dt.datetime) and dose == day(at) for dose in doses):
        return key[0], EVENT, key[2]
    return key


def local(course: Course, moment: Moment) -> Moment:
    """Return a moment in the one zone of the course, so that its day can be told.

    The zone is ``therapy.time_zone``, else that of the first delivered cycle with one.
    """
    if not isinstance(moment, dt.datetime) or moment.tzinfo is None:
        return moment
    zone: dt.tzinfo | None = None
    if course.therapy.time_zone:
        zone = zoneinfo.ZoneInfo(course.therapy.time_zone)
    for cycle in course.cycles:
        if zone is None and isinstance(cycle.at, dt.datetime):
            zone = cycle.at.tzinfo
    return moment.astimezone(zone or moment.tzinfo)


def reference_ranges(course: Course) -> dict[str, Range]:
    """Return the reference range of every analyte: the laboratory's own, else the table's."""
    found = {
        name: clinical.reference_range(name, course.person.sex) for name in clinical.analytes()
    }
    for name, own in course.reference_ranges.items():
        table = found[name]
        found[name] = Range(
            table.lower if own.lower is None else own.lower,
            table.upper if own.upper is None else own.upper,
            own.source,
        )
    return found


def observations(course: Course) -> Observations:
    """Return what was seen of a patient, graded, with its changes from the baseline.

    Parameters
    ----------
    course : Course

    Returns
    -------
    Observations
        A finding never depends on a later one: before the first dose there is no baseline.
    """
    ranges = reference_ranges(course)
    first = order(local(course, course.cycles[0].at), DOSE) if course.cycles else None
    seen: list[tuple[Order, Observation]] = []
    baseline: dict[str, Finding] = {}
    draws = [replace(draw, at=local(course, draw.at)) for draw in course.labs]
    for draw in sorted(draws, key=lambda draw: order(draw.at)):
        before = first is None or order(draw.at) <= first
        found = _graded(draw, course.person, ranges, {} if before else baseline)
        seen.append((order(draw.at), Observation(draw.at, found)))
        if before:
            baseline.update(found)
    for event in course.adverse_events:
        name = f"{OTHER}: {canonical(event.term)}"
        at = local(course, event.at)
        graded = Grade(event.term, event.grade, haematological=False)
        ends = None if event.ends_treatment is None else event.ends_treatment == "yes"
        one = Finding(name, at, None, None, graded, None, ends)
        seen.append((event_order(course, at), Observation(at, {name: one})))
    seen.sort(key=lambda timed: timed[0])
    return Observations(tuple(seen), baseline, ranges)


def _graded(
    draw: LabDraw, person: Person, ranges: Mapping[str, Range], baseline: Mapping[str, Finding]
) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    for name, lab in draw.values.items():
        usual = baseline[name].value if name in baseline else None
        graded = grade(name, lab.value, ranges[name], usual)
        change = lab.value / usual - 1.0 if usual else None
        found[name] = Finding(name, draw.at, lab.value, lab.written, graded, change)
    if CREATININE in draw.values:
        clearance = creatinine_clearance(draw.values[CREATININE].value, person)
        if clearance is not None:
            usual = baseline[CLEARANCE].value if CLEARANCE in baseline else None
            change = clearance / usual - 1.0 if usual else None
            written = Amount(clearance, "mL/min")
            found[CLEARANCE] = Finding(CLEARANCE, draw.at, clearance, written, None, change)
    return found


def creatinine_clearance(creatinine: float, person: Person) -> float | None:
    """Return the clearance (Cockcroft-Gault, mL/min); None without age or weight."""
    if person.age is None or person.weight is None:
        return None
    age, weight = person.age.value, person.weight.value
    return float(cockcroft_gault.kernel(creatinine, age, weight, person.sex))


def egfr(creatinine: float, person: Person) -> float | None:
    """Return the eGFR (CKD-EPI 2021, mL/min per 1.73 m2); None without age."""
    if person.age is None:
        return None
    return float(ckd_epi_2021.kernel(creatinine, person.age.value, person.sex))
