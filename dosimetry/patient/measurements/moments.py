"""Times of scans given as a date and a time of day, and the hours since the injection."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from dosimetry.patient.values import CLOCK, Moment, read_date, read_moment
from dosimetry.problems import quote, refuse
from dosimetry.units import SECONDS_PER_HOUR

CLOCK_UNIT = "h:min"


def read_at(cell: Any) -> dt.datetime:
    """Return the date and time of a scan.

    Examples
    --------
    >>> read_at("2026-01-13T09:15").hour
    9
    """
    moment = read_moment(cell.strip() if isinstance(cell, str) else cell)
    if isinstance(moment, dt.datetime):
        return moment
    raise refuse(
        "no-time-of-day",
        f"{quote(cell)} has no time of day",
        "write date and time, as in 2026-01-13T09:15",
    )


def read_clock(cell: Any) -> dt.time:
    """Return a time of day, to the minute or the second.

    Examples
    --------
    >>> read_clock("9:05")
    datetime.time(9, 5)
    """
    if isinstance(cell, dt.time):
        return cell
    text = f"{cell}".strip()
    padded = f"0{text}" if text[1:2] == ":" else text
    if CLOCK.fullmatch(padded[:5]) and padded[5:] in ("", *(f":{s:02d}" for s in range(60))):
        return dt.time.fromisoformat(padded)
    raise refuse(
        "not-a-time",
        f"{quote(cell)} is not a time of day",
        "write HH:MM of 24 hours, as in 09:30 or 14:05",
    )


def read_day(cell: Any) -> dt.date:
    """Return the date of a scan."""
    return read_date(cell.strip() if isinstance(cell, str) else cell)


MOMENT_READERS: Mapping[str, Callable[[Any], dt.date | dt.time]] = {
    "at": read_at,
    "clock": read_clock,
    "date": read_day,
}


def hours_after(injection: Moment | None, moment: dt.datetime) -> float:
    """Return the hours from the injection to a scan.

    Parameters
    ----------
    injection : date, date-time or None
        None where it is not known.
    moment : date-time

    Raises
    ------
    InputError
        No time of the injection, only one of the two with a time zone, or a scan before it.

    Examples
    --------
    >>> hours_after(dt.datetime(2026, 1, 12, 9, 30), dt.datetime(2026, 1, 13, 10, 0))
    24.5
    """
    if not isinstance(injection, dt.datetime):
        raise refuse(
            "no-time-of-injection",
            "the scan has a date and time, but the time of the injection is not known",
            "give the injection with its time (at of the cycle; --at of dosimetry fit), as in "
            "2026-01-12T09:30, or give time [h]",
        )
    if (moment.tzinfo is None) != (injection.tzinfo is None):
        raise refuse(
            "no-time-zone",
            f"only one of the scan, {moment.isoformat()}, and the injection, "
            f"{injection.isoformat()}, has a time zone",
            "write both with their offset, as in 2026-01-12T09:30:00+01:00, or both without",
        )
    hours = (moment - injection).total_seconds() / SECONDS_PER_HOUR
    if hours < 0:
        raise refuse(
            "before-injection",
            f"{moment.isoformat()} is before the injection, {injection.isoformat()}",
            "check both dates and times",
        )
    return hours
