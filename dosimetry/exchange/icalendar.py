"""The calendar of a plan as iCalendar (RFC 5545), with the id of the patient and no name."""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from typing import Any

from dosimetry.documents.clinic import PlanEvent
from dosimetry.documents.plan import Plan
from dosimetry.problems import refuse

NAMESPACE = uuid.UUID("6f9bb7a4-6c0e-5f5e-9d3b-2a1d7c4b8e10")  # for the identifiers of the entries
YEAR = dt.timedelta(
    days=366
)  # around the course, so that the time zone covers its first and last day


def to_ics(plan: Plan) -> str:
    """Return the calendar of a plan as an iCalendar document.

    Parameters
    ----------
    plan : Plan
        With dates. Its entries have the same identifiers each time, so that a calendar program
        updates them.

    Returns
    -------
    str
        The same for the same plan: the time stamp is the day of the latest value or delivered
        dose.

    Raises
    ------
    InputError
        The extra ``calendar`` is not installed, or the course has no dates.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/thrombocytopenia.yaml"))
    >>> print(to_ics(plan)[:15])
    BEGIN:VCALENDAR
    """
    try:
        import icalendar
    except ImportError:
        raise refuse(
            "extra-not-installed",
            "an iCalendar file needs the library icalendar",
            "pip install 'dosimetry[calendar]', or omit -o to print the calendar",
            "output",
        ) from None
    if not plan.calendar:
        raise refuse(
            "no-date",
            "the course has no dates",
            "give therapy.start or the delivered cycles",
            "therapy.start",
        )
    document = icalendar.Calendar()
    document.add("prodid", "-//dosimetry//treatment course//EN")
    document.add("version", "2.0")
    document.add("x-wr-calname", f"{plan.patient.id} {plan.therapy.radiopharmaceutical}")
    done = [cycle.at for cycle in plan.cycles if cycle.at and cycle.status == "delivered"]
    known = [*(lab.at for lab in plan.labs), *done] or [plan.calendar[0].at]
    latest = dt.date.fromisoformat(max(at[:10] for at in known))
    stamp = dt.datetime.combine(latest, dt.time(), dt.UTC)
    seen: dict[str, int] = {}
    for event in plan.calendar:
        document.add_component(_entry(icalendar.Event(), event, plan, stamp, seen))
    dates = [dt.date.fromisoformat(event.at[:10]) for event in plan.calendar]
    document.add_missing_timezones(first_date=min(dates) - YEAR, last_date=max(dates) + YEAR)
    text: str = document.to_ical().decode("utf-8")
    return text


def _entry(
    entry: Any, event: PlanEvent, plan: Plan, stamp: dt.datetime, seen: dict[str, int]
) -> Any:
    key = f"{plan.patient.id}/{event.kind}/{event.cycle}"
    seen[key] = seen.get(key, 0) + 1
    entry.add("uid", f"{uuid.uuid5(NAMESPACE, f'{key}/{seen[key]}')}@dosimetry")
    entry.add("dtstamp", stamp)
    begin = _moment(event.at, plan.therapy.time_zone)
    entry.add("dtstart", begin)
    if event.until is not None:
        entry.add("dtend", _moment(event.until, plan.therapy.time_zone))
    elif not isinstance(begin, dt.datetime):
        entry.add("dtend", begin + dt.timedelta(days=1))
        entry.add("transp", "TRANSPARENT")
    entry.add("summary", f"{plan.patient.id}: {event.what}")
    entry.add("description", f"{event.what}\n\n{event.source}\n\n{plan.disclaimer}".strip())
    entry.add("categories", [event.kind])
    return entry


def _moment(text: str, zone: str | None) -> dt.date | dt.datetime:
    """Return a date, or a date-time in the clinic's zone with its daylight saving time."""
    if len(text) == len("2026-01-12"):
        return dt.date.fromisoformat(text)
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(zoneinfo.ZoneInfo(zone) if zone else dt.UTC)
