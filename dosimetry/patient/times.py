"""The order of what happened: days, times and doses in one time zone."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import TypeAlias

from dosimetry.patient.schema import PatientFile
from dosimetry.patient.values import Moment

Order: TypeAlias = tuple[str, int, float]
SAMPLE, TIMED, DOSE, EVENT = range(4)  # order within a day; only TIMED has a time


def order(moment: Moment, bare: int = SAMPLE) -> Order:
    """Return the sort key of a moment in the time zone of the course (:func:`local`).

    Within a day, samples without a time come first, then all moments with a time, then doses and
    last adverse events without a time. So a sample is assumed to precede a dose of the same day,
    and an adverse event to follow it.
    """
    if isinstance(moment, dt.datetime):
        return day(moment).isoformat(), TIMED, moment.timestamp()
    return day(moment).isoformat(), bare, 0.0


def event_order(patient: PatientFile, at: Moment) -> Order:
    """Return the sort key of an adverse event; a timed one also follows an untimed dose."""
    key = order(at, EVENT)
    doses = (local(patient, cycle.at) for cycle in patient.cycles)
    if any(not isinstance(dose, dt.datetime) and dose == day(at) for dose in doses):
        return key[0], EVENT, key[2]
    return key


def local(patient: PatientFile, moment: Moment) -> Moment:
    """Return a moment in the time zone of the course, which defines its day.

    The zone is ``therapy.time_zone``, else the zone of the first delivered cycle with one.
    """
    if not isinstance(moment, dt.datetime) or moment.tzinfo is None:
        return moment
    zone: dt.tzinfo | None = None
    if patient.therapy.time_zone:
        zone = zoneinfo.ZoneInfo(patient.therapy.time_zone)
    for cycle in patient.cycles:
        if zone is None and isinstance(cycle.at, dt.datetime):
            zone = cycle.at.tzinfo
    return moment.astimezone(zone or moment.tzinfo)


def day(moment: Moment) -> dt.date:
    """Return the date of a date or date-time.

    Examples
    --------
    >>> day(dt.datetime(2026, 1, 12, 9, 30))
    datetime.date(2026, 1, 12)
    """
    return moment.date() if isinstance(moment, dt.datetime) else moment


def earlier(moment: Moment, other: Moment, *, or_same: bool = False) -> bool:
    """Return whether one moment is before another, by date where one of them is only a date."""
    if isinstance(moment, dt.datetime) and isinstance(other, dt.datetime):
        return moment <= other if or_same else moment < other
    return day(moment) <= day(other) if or_same else day(moment) < day(other)
