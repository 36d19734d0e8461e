"""Moments in one time zone, and hours between them."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import TypeAlias

from dosimetry.intake.context import Context
from dosimetry.intake.decide import Answer
from dosimetry.problems import Problem
from dosimetry.units import SECONDS_PER_HOUR

Moment: TypeAlias = dt.date | dt.datetime
EXAMPLE_ZONE = "Europe/Berlin"


def zoned(context: Context, moment: Moment, place: str) -> Moment:
    """Return a moment in the time zone of the map; a date, or a moment with a zone, unchanged.

    An hour that the clocks skip or repeat is refused.
    """
    name = context.map.time_zone
    if not isinstance(moment, dt.datetime) or moment.tzinfo is not None or not name:
        return moment
    first = moment.replace(tzinfo=zoneinfo.ZoneInfo(name))
    second = first.replace(fold=1)
    if first.utcoffset() != second.utcoffset():
        context.log.fail(
            Problem(
                "changed-clocks",
                f"{moment:%Y-%m-%d %H:%M} is in the hour in which the clocks of {name} change: "
                f"it can be {first.isoformat()} or {second.isoformat()}",
                "write it into the cell as text, with its offset",
                place,
            )
        )
    return first


def same_kind(context: Context, moments: list[tuple[Moment, str]]) -> None:
    """Ask for the time zone where some moments have one and others have none."""
    timed = [(moment, place) for moment, place in moments if isinstance(moment, dt.datetime)]
    bare = [(moment, place) for moment, place in timed if moment.tzinfo is None]
    if bare and len(bare) < len(timed):
        moment, place = bare[0]
        context.log.ask(
            Problem(
                "no-time-zone",
                f"{moment:%Y-%m-%d %H:%M} has no time zone, and other times have one: it can be "
                "local time or UTC",
                "",
                place,
            ),
            [
                Answer("local time", ("time_zone",), EXAMPLE_ZONE),
                Answer("UTC", ("time_zone",), "UTC"),
            ],
        )


def hours_between(context: Context, scan: Moment, injection: Moment, place: str) -> float | None:
    """Return the hours from the injection to a scan; None after a problem.

    Parameters
    ----------
    context : Context
    scan, injection : date or date-time
    place : str
        Of the scan, for messages.
    """
    if not isinstance(scan, dt.datetime) or not isinstance(injection, dt.datetime):
        which = "the scan" if not isinstance(scan, dt.datetime) else "the injection"
        context.log.fail(
            Problem(
                "no-time-of-day",
                f"{which} has a date without a time of day, so the hours between are not known",
                "add the time of day, or a column with the hours after injection",
                place,
            )
        )
        return None
    if (scan.tzinfo is None) != (injection.tzinfo is None):
        return None  # asked by same_kind
    if scan.tzinfo is not None:  # moments of one zone would be subtracted as its clocks show them
        scan, injection = scan.astimezone(dt.UTC), injection.astimezone(dt.UTC)
    hours = (scan - injection).total_seconds() / SECONDS_PER_HOUR
    if hours < 0:
        context.log.fail(
            Problem(
                "scan-before-injection",
                f"the scan at {written(scan)} is before the injection at {written(injection)}",
                "check both dates, and the cycle of the scan",
                place,
            )
        )
        return None
    return hours


def written(moment: Moment) -> str:
    """Return a moment as in a patient file.

    Examples
    --------
    >>> written(dt.datetime(2026, 1, 12, 9, 30)), written(dt.date(2026, 1, 12))
    ('2026-01-12T09:30:00', '2026-01-12')
    """
    if isinstance(moment, dt.datetime) and not moment.microsecond:
        return moment.isoformat(timespec="seconds")
    return moment.isoformat()
