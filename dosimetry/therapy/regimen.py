"""The cycles of a course: those delivered and those to come, on dates."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from dosimetry import reference
from dosimetry.problems import Problem, refuse
from dosimetry.therapy import administration
from dosimetry.therapy.sections import Course, OwnRegimen

HOURS_PER_WEEK = 168.0


@dataclass(frozen=True)
class Scheduled:
    """One cycle of the course.

    Attributes
    ----------
    activity : float
        In GBq.
    at : str or None
        Date or date-time in ISO 8601; None where the course has no start.
    delivered : bool
    """

    activity: float
    at: str | None
    delivered: bool


def cycles(course: Course, delivered: list[float]) -> list[Scheduled]:
    """Return the delivered cycles and those of the regimen still to come.

    Parameters
    ----------
    course : Course
    delivered : list of float
        Net activity of each delivered cycle in MBq.

    Raises
    ------
    InputError
        More cycles than one course can have.
    """
    done = [
        Scheduled(activity / 1000, cycle.at.isoformat(), True)
        for cycle, activity in zip(course.cycles, delivered, strict=True)
    ]
    most = int(reference.default("most_cycles", "1"))
    if len(done) > most:
        raise refuse("too-many-cycles", f"more than {most} cycles", "", "cycles")
    regimen = course.therapy.regimen
    activity, count, interval = _regimen(regimen)
    if activity is None:
        return done
    start = course.therapy.start
    last = administration.day(course.cycles[-1].at) if course.cycles else None
    step = dt.timedelta(hours=interval)
    to_come = []
    for i in range(count - len(done)):
        date = last + (i + 1) * step if last else start + i * step if start else None
        to_come.append(Scheduled(activity, date.isoformat() if date else None, False))
    return done + to_come


def per_cycle(course: Course) -> float:
    """Return the regimen's activity per cycle in GBq; that of NETTER-1 where it has none."""
    activity = _regimen(course.therapy.regimen)[0] or _regimen(reference.regimen("netter-1"))[0]
    return activity or 0.0


def _regimen(regimen: reference.Regimen | OwnRegimen) -> tuple[float | None, int, float]:
    """Return activity in GBq, number of cycles and interval in h."""
    if isinstance(regimen, OwnRegimen):
        return regimen.activity.value / 1000, regimen.cycles, regimen.interval.value
    activity = None if regimen.activity is None else regimen.activity / 1000
    return activity, regimen.cycles or 0, regimen.interval


def describe(course: Course) -> tuple[str, str]:
    """Return the name of the regimen and the regimen in words."""
    regimen = course.therapy.regimen
    activity, count, interval = _regimen(regimen)
    weeks = f"every {interval / HOURS_PER_WEEK:g} weeks"
    if isinstance(regimen, OwnRegimen):
        return "own", f"{activity:.4g} GBq x {count}, {weeks}"
    if activity is None:
        return regimen.id, f"{regimen.agent} {regimen.dose:g} mg {weeks}, no 177Lu"
    return regimen.id, f"{activity:.4g} GBq x {count}, {weeks}"


def assumptions(course: Course) -> list[str]:
    """Return what the regimen leaves open and was taken for granted."""
    regimen, found = course.therapy.regimen, []
    if not isinstance(regimen, OwnRegimen):
        found.append(f"regimen {regimen.id}: {describe(course)[1]} ({regimen.source})")
        if regimen.activity is None:
            found.append(f"regimen {regimen.id} gives no radiopharmaceutical: no cycle is to come")
    return found


def warnings(course: Course, scheduled: list[Scheduled]) -> list[Problem]:
    """Return warnings of unusual intervals and activities."""
    found = []
    shortest = reference.default("shortest_interval", "h")
    _, count, interval = _regimen(course.therapy.regimen)
    gaps = [(f"cycles[{i + 1}].at", _hours(course, i)) for i in range(len(course.cycles) - 1)]
    if any(not cycle.delivered for cycle in scheduled) and count > 1:
        gaps.append(("therapy.regimen", interval))
    for place, hours in gaps:
        if hours < shortest:
            found.append(
                Problem(
                    "interval-short",
                    f"an interval of {hours / HOURS_PER_WEEK:.3g} weeks is under "
                    f"{shortest / HOURS_PER_WEEK:g} weeks",
                    "the label's interval is 8 weeks +/- 1 week; check the dates",
                    place,
                )
            )
    activities = [(f"cycles[{i}]", c.activity) for i, c in enumerate(scheduled) if c.delivered]
    activities += [("therapy.regimen", c.activity) for c in scheduled if not c.delivered][:1]
    found += [
        warning
        for place, activity in activities
        if (warning := _activity_warning(activity, place)) is not None
    ]
    if len(course.cycles) > count and _regimen(course.therapy.regimen)[0] is not None:
        found.append(
            Problem(
                "more-cycles-than-regimen",
                f"{len(course.cycles)} cycles were delivered, the regimen has {count}",
                "check the regimen",
                "cycles",
            )
        )
    return found


def _activity_warning(activity: float, place: str) -> Problem | None:
    highest, lowest = (reference.default(f"{end}_activity", "GBq") for end in ("highest", "lowest"))
    if activity > highest:
        return Problem(
            "activity-high",
            f"{activity:.4g} GBq in one cycle is more than {highest:g} GBq",
            "the label's activity is 7.4 GBq; check the activity and its unit",
            place,
        )
    if activity < lowest:
        return Problem(
            "activity-low",
            f"{activity:.4g} GBq in one cycle is less than {lowest:g} GBq",
            "check the activity and its unit",
            place,
        )
    return None


def _hours(course: Course, index: int) -> float:
    before, after = course.cycles[index].at, course.cycles[index + 1].at
    days = administration.day(after) - administration.day(before)
    return days.total_seconds() / 3600
