"""Calendar of a course: doses, companion medication, laboratory controls, scans.

The entries that go with a dose come from table ``companion_medication``. Windows around a dose are
counted in elapsed hours, also across a change to or from daylight saving time.
"""

from __future__ import annotations

import calendar
import datetime as dt
import zoneinfo
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from dosimetry.documents.clinic import PlanEvent, PlanLabel
from dosimetry.label.release import CONDITIONS, release
from dosimetry.patient.schema import PatientFile
from dosimetry.patient.times import day, local
from dosimetry.patient.values import Moment
from dosimetry.planning.schedule import Scheduled
from dosimetry.reference import companions
from dosimetry.reference import label as label_figures
from dosimetry.reference.companions import Companion
from dosimetry.reference.tables import default, default_source
from dosimetry.units import HOURS_PER_DAY, HOURS_PER_WEEK

OF_DOSES = ("first dose", "each dose", "last dose")


@dataclass(frozen=True)
class _Dose:
    number: int
    at: Moment
    activity: float


def course_calendar(
    patient: PatientFile, cycles: Sequence[Scheduled], label: PlanLabel | None, agent: str
) -> tuple[PlanEvent, ...]:
    """Return the calendar of a course, in order of time.

    Parameters
    ----------
    patient : PatientFile
    cycles : sequence of Scheduled
        Delivered and to come.
    label : PlanLabel or None
    agent : str
        Agent whose companion medication is listed.

    Returns
    -------
    tuple of PlanEvent
        Each on a date, or at a date-time where a delivered dose has a time or
        ``therapy.infusion_time`` is given. Empty where the course has no date.
    """
    doses = [
        _Dose(i + 1, _infusion(patient, cycle.at), cycle.activity)
        for i, cycle in enumerate(cycles)
        if cycle.activity is not None and cycle.at is not None
    ]
    start = doses[0].at if doses else patient.therapy.start
    events = [
        event
        for companion in companions.companions(agent)
        for event in _events(companion, doses, cycles, label)
    ]
    events = [kept for event in events if (kept := _clear_of_doses(event, doses, agent))]
    if start is not None:
        for companion in companions.companions(agent):
            if companion.anchor == "start":
                events += _repeated(companion, start, start, None)
    events += _waiting(cycles, label)
    if label is not None:
        events += _while_withheld(
            patient, cycles, label, agent, {e.at[:10] for e in events if e.kind == "laboratory"}
        )
        events += _premedication(doses, len(patient.cycles), label)
    return tuple(sorted(events, key=lambda event: (event.at[:10], len(event.at) > 10, event.at)))


def _infusion(patient: PatientFile, at: Moment) -> Moment:
    """Return the date or time of an infusion, in the course's time zone where one is given."""
    zone = _zone(patient)
    if isinstance(at, dt.datetime):
        return at.astimezone(zone) if zone and at.tzinfo else at
    clock = patient.therapy.infusion_time
    if clock is None and zone and patient.cycles:
        last = patient.cycles[-1].at
        if isinstance(last, dt.datetime) and last.tzinfo:
            clock = last.astimezone(zone).time()
    return at if clock is None else dt.datetime.combine(at, clock, zone)


def _zone(patient: PatientFile) -> dt.tzinfo | None:
    name = patient.therapy.time_zone
    return zoneinfo.ZoneInfo(name) if name else None


def _events(
    companion: Companion,
    doses: Sequence[_Dose],
    cycles: Sequence[Scheduled],
    label: PlanLabel | None,
) -> Iterator[PlanEvent]:
    if companion.anchor not in OF_DOSES or not doses:
        return
    if companion.anchor == "last dose":
        waiting = [c for c in cycles if c.status == "withheld" and c.decided_by == "label"]
        if not waiting:  # else it may not be the last one
            yield from _repeated(companion, doses[0].at, doses[-1].at, None)
        return
    for dose in doses if companion.anchor == "each dose" else doses[:1]:
        what = companion.what
        if companion.kind == "dose":
            planned = cycles[dose.number - 1].status == "planned"
            only = CONDITIONS[release(label, dose.number)] if planned else ""
            only = f", {only}" if only else ""
            what = f"cycle {dose.number}{only}: {dose.activity:.4g} GBq, {what}"
        yield _event(companion, dose.at, what, dose.number)


def _event(companion: Companion, anchor: Moment, what: str, number: int | None) -> PlanEvent:
    if companion.precision == "day":
        anchor = day(anchor)
    until = None
    if companion.end is not None and isinstance(anchor, dt.datetime):
        until = _after(anchor, companion.end).isoformat()
    begin = _after(anchor, companion.begin)
    return PlanEvent(begin.isoformat(), until, companion.kind, number, what, companion.source)


def _repeated(
    companion: Companion, start: Moment, anchor: Moment, number: int | None
) -> Iterator[PlanEvent]:
    """Yield an event at its interval, up to some months after the start of the course."""
    last = _months_after(day(start), companion.months or 0)
    at = _after(day(anchor), companion.begin)
    while day(at) <= last and companion.every:
        yield PlanEvent(
            at.isoformat(), None, companion.kind, number, companion.what, companion.source
        )
        at = _after(at, companion.every)


def _after(moment: Moment, hours: float) -> Moment:
    """Return a moment plus some hours: elapsed time for a date-time, whole days for a date."""
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
    """Return an event; a long-acting analogue too near before the next dose becomes a reminder."""
    if event.kind != "octreotide" or event.cycle is None:
        return event
    (rule,) = (c for c in companions.companions(agent) if c.kind == "stop-long-acting")
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
    """Yield the premedication of each dose to come after mild hypersensitivity (grade 1 or 2)."""
    for dose in doses[delivered:]:
        for condition in label.conditions:
            at, what, source = day(dose.at).isoformat(), condition.what, condition.source
            yield PlanEvent(at, None, "premedication", dose.number, what, source)


def _waiting(cycles: Sequence[Scheduled], label: PlanLabel | None) -> Iterator[PlanEvent]:
    """Yield the withheld cycles, and the last day on which the next dose can be given."""
    for i, cycle in enumerate(cycles):
        if cycle.status == "withheld" and cycle.at is not None:
            words = f"cycle {i + 1} withheld: {(cycle.reason or '').removeprefix('label: ')}"
            yield PlanEvent(day(cycle.at).isoformat(), None, "withheld", i + 1, words, "")
    if label is not None and label.latest and label.answer == "withhold":
        rule = label_figures.label_rules("toxicity")[0]
        words = f"latest date for cycle {label.next_cycle} (label)"
        yield PlanEvent(label.latest, None, "latest-dose", label.next_cycle, words, rule.source)


def _while_withheld(
    patient: PatientFile,
    cycles: Sequence[Scheduled],
    label: PlanLabel,
    agent: str,
    controlled: Collection[str],
) -> Iterator[PlanEvent]:
    """Yield the laboratory controls while a dose is withheld, and the analogues not given then.

    Without a last day for the dose, only the next control is known.
    """
    number = label.next_cycle
    if number is None or label.answer not in ("withhold", "not-eligible"):
        return
    planned = cycles[number - 1].at
    if planned is None:
        return
    for companion in companions.companions(agent):
        if companion.kind == "stop-long-acting":
            weeks = -companion.begin / HOURS_PER_WEEK
            words = (
                f"no long-acting somatostatin analogue within {weeks:g} weeks before cycle "
                f"{number}, which is withheld"
            )
            begin = _after(day(planned), companion.begin).isoformat()
            yield PlanEvent(begin, None, companion.kind, number, words, companion.source)
    step = dt.timedelta(hours=default("control_while_withheld", "h"))
    source = default_source("control_while_withheld")
    moments = [draw.at for draw in patient.labs] + [event.at for event in patient.adverse_events]
    moments += [cycle.at for cycle in patient.cycles]
    control = max((day(local(patient, moment)) for moment in moments), default=day(planned)) + step
    latest = dt.date.fromisoformat(label.latest) if label.latest else control
    words = f"laboratory control while cycle {number} is withheld"
    while control <= latest:
        at = control.isoformat()
        if at not in controlled:
            yield PlanEvent(at, None, "laboratory", number, words, source)
        control += step
