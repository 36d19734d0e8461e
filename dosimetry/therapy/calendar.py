"""The course on a calendar: doses, companion medication, laboratory controls, scans.

What goes with a dose stands in table ``companion_medication``. Windows of hours around a dose are
counted in elapsed time, also across a change to or from daylight saving.
"""

from __future__ import annotations

import calendar
import datetime as dt
import zoneinfo
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from dosimetry import clinical
from dosimetry.clinical import Companion
from dosimetry.tables import default, default_source
from dosimetry.therapy.administration import day
from dosimetry.therapy.clinical_plan import PlanEvent, PlanLabel
from dosimetry.therapy.fields import Moment
from dosimetry.therapy.observations import local
from dosimetry.therapy.regimen import Scheduled
from dosimetry.therapy.release import CONDITIONS, release
from dosimetry.therapy.sections import Course
from dosimetry.units import HOURS_PER_DAY, HOURS_PER_WEEK

OF_DOSES = ("first dose", "each dose", "last dose")


@dataclass(frozen=True)
class _Dose:
    number: int
    at: Moment
    activity: float


def course_calendar(
    course: Course, cycles: Sequence[Scheduled], label: PlanLabel | None, agent: str
) -> tuple[PlanEvent, ...]:
    """Return everything that goes with a course, in order of time.

    Parameters
    ----------
    course : Course
    cycles : sequence of Scheduled
        Delivered and to come.
    label : PlanLabel or None
    agent : str
        Whose companions they are.

    Returns
    -------
    tuple of PlanEvent
        Dates; date-times where a delivered dose has a time or ``therapy.infusion_time`` is given.
        Empty where the course has no date.
    """
    doses = [
        _Dose(i + 1, _infusion(course, cycle.at), cycle.activity)
        for i, cycle in enumerate(cycles)
        if cycle.activity is not None and cycle.at is not None
    ]
    start = doses[0].at if doses else course.therapy.start
    events = [
        event for one in clinical.companions(agent) for event in _events(one, doses, cycles, label)
    ]
    events = [short for event in events if (short := _clear_of_doses(event, doses, agent))]
    if start is not None:
        for one in clinical.companions(agent):
            if one.anchor == "start":
                events += _repeated(one, start, start, None)
    events += _waiting(cycles, label)
    if label is not None:
        events += _while_withheld(
            course, cycles, label, agent, {e.at[:10] for e in events if e.kind == "laboratory"}
        )
        events += _premedication(doses, len(course.cycles), label)
    return tuple(sorted(events, key=lambda event: (event.at[:10], len(event.at) > 10, event.at)))


def _infusion(course: Course, at: Moment) -> Moment:
    """Return when a dose is infused: in the course's time zone, where one is given."""
    zone = _zone(course)
    if isinstance(at, dt.datetime):
        return at.astimezone(zone) if zone and at.tzinfo else at
    clock = course.therapy.infusion_time
    if clock is None and zone and course.cycles:
        last = course.cycles[-1].at
        if isinstance(last, dt.datetime) and last.tzinfo:
            clock = last.astimezone(zone).time()
    return at if clock is None else dt.datetime.combine(at, clock, zone)


def _zone(course: Course) -> dt.tzinfo | None:
    name = course.therapy.time_zone
    return zoneinfo.ZoneInfo(name) if name else None


def _events(
    one: Companion, doses: Sequence[_Dose], cycles: Sequence[Scheduled], label: PlanLabel | None
) -> Iterator[PlanEvent]:
    if one.anchor not in OF_DOSES or not doses:
        return
    if one.anchor == "last dose":
        waiting = [c for c in cycles if c.status == "withheld" and c.decided_by == "label"]
        if not waiting:  # else it may not be the last one
            yield from _repeated(one, doses[0].at, doses[-1].at, None)
        return
    for dose in doses if one.anchor == "each dose" else doses[:1]:
        what = one.what
        if one.kind == "dose":
            planned = cycles[dose.number - 1].status == "planned"
            only = CONDITIONS[release(label, dose.number)] if planned else ""
            what = f"cycle {dose.number}: {dose.activity:.4g} GBq{only}, {what}"
        yield _event(one, dose.at, what, dose.number)


def _event(one: Companion, anchor: Moment, what: str, number: int | None) -> PlanEvent:
    if one.precision == "day":
        anchor = day(anchor)
    until = None
    if one.end is not None and isinstance(anchor, dt.datetime):
        until = _after(anchor, one.end).isoformat()
    begin = _after(anchor, one.begin)
    return PlanEvent(begin.isoformat(), until, one.kind, number, what, one.source)


def _repeated(
    one: Companion, start: Moment, anchor: Moment, number: int | None
) -> Iterator[PlanEvent]:
    """Repeat an event up to some months after the start of the course."""
    last = _months_after(day(start), one.months or 0)
    at = _after(day(anchor), one.begin)
    while day(at) <= last and one.every:
        yield PlanEvent(at.isoformat(), None, one.kind, number, one.what, one.source)
        at = _after(at, one.every)


def _after(moment: Moment, hours: float) -> Moment:
    """Return the moment some hours later: elapsed time, or whole days of a date."""
    step = dt.timedelta(hours=hours)
    if not isinstance(moment, dt.datetime):
        return moment + dt.timedelta(days=int(hours / HOURS_PER_DAY))
    if moment.tzinfo is None:
        return moment + step
    return (moment.astimezone(dt.UTC) + step).astimezone(moment.tzinfo)


def _months_after(date: dt.date, months: int) -> dt.date:
    year, month = divmod(date.month - 1 + months, 12)
    year, month = date.year + year, month + 1
    return date.replace(
        year=year, month=month, day=min(date.day, calendar.monthrange(year, month)[1])
    )


def _clear_of_doses(event: PlanEvent, doses: Sequence[_Dose], agent: str) -> PlanEvent | None:
    """Return an event without what of a long-acting analogue is too near before the next dose."""
    if event.kind != "octreotide" or event.cycle is None:
        return event
    (rule,) = (one for one in clinical.companions(agent) if one.kind == "stop-long-acting")
    later = [dose.at for dose in doses if dose.number > event.cycle]
    if not later:
        return event
    free = day(later[0]) + dt.timedelta(hours=rule.begin)
    if dt.date.fromisoformat(event.at[:10]) < free:
        return event
    words = (
        f"no octreotide LAR after cycle {event.cycle}: cycle {event.cycle + 1} follows within "
        f"{-rule.begin / HOURS_PER_WEEK:g} weeks"
    )
    return PlanEvent(event.at[:10], None, "stop-long-acting", event.cycle, words, rule.source)


def _premedication(doses: Sequence[_Dose], delivered: int, label: PlanLabel) -> Iterator[PlanEvent]:
    """Return what the doses to come ask for after a hypersensitivity reaction of grade 1 or 2."""
    for dose in doses[delivered:]:
        for one in label.conditions:
            at = day(dose.at).isoformat()
            yield PlanEvent(at, None, "premedication", dose.number, one.what, one.source)


def _waiting(cycles: Sequence[Scheduled], label: PlanLabel | None) -> Iterator[PlanEvent]:
    """Return what is not given, and until when it may be."""
    for i, cycle in enumerate(cycles):
        if cycle.status == "withheld" and cycle.at is not None:
            words = f"cycle {i + 1} withheld: {cycle.reason}"
            yield PlanEvent(day(cycle.at).isoformat(), None, "withheld", i + 1, words, "")
    if label is not None and label.latest and label.answer == "withhold":
        rule = clinical.label_rules("toxicity")[0]
        words = f"latest day for cycle {label.next_cycle} by the label"
        yield PlanEvent(label.latest, None, "latest-dose", label.next_cycle, words, rule.source)


def _while_withheld(
    course: Course,
    cycles: Sequence[Scheduled],
    label: PlanLabel,
    agent: str,
    controlled: Collection[str],
) -> Iterator[PlanEvent]:
    """Return the controls until a withheld dose may be given, and what is not given before it.

    Where no day is the latest, only the next control is known.
    """
    number = label.next_cycle
    if number is None or label.answer not in ("withhold", "not-eligible"):
        return
    planned = cycles[number - 1].at
    if planned is None:
        return
    for one in clinical.companions(agent):
        if one.kind == "stop-long-acting":
            words = (
                f"cycle {number} is withheld: no long-acting somatostatin analogue within "
                f"{-one.begin / HOURS_PER_WEEK:g} weeks before it"
            )
            begin = _after(day(planned), one.begin).isoformat()
            yield PlanEvent(begin, None, one.kind, number, words, one.source)
    step = dt.timedelta(hours=default("control_while_withheld", "h"))
    source = default_source("control_while_withheld")
    moments = [draw.at for draw in course.labs] + [event.at for event in course.adverse_events]
    moments += [cycle.at for cycle in course.cycles]
    control = max((day(local(course, moment)) for moment in moments), default=day(planned)) + step
    latest = dt.date.fromisoformat(label.latest) if label.latest else control
    words = f"laboratory control while cycle {number} is withheld"
    while control <= latest:
        at = control.isoformat()
        if at not in controlled:
            yield PlanEvent(at, None, "laboratory", number, words, source)
        control += step
