"""The regimen of a course: activity, number and interval of its cycles, with warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dosimetry.documents.plan import Status
from dosimetry.patient import times
from dosimetry.patient.schema import OwnRegimen, PatientFile
from dosimetry.patient.times import local
from dosimetry.patient.values import Moment
from dosimetry.problems import Problem
from dosimetry.reference import regimens, tables
from dosimetry.units import HOURS_PER_WEEK, MBQ_PER_GBQ, SECONDS_PER_HOUR


@dataclass(frozen=True)
class Programme:
    """Regimen of a course, with the changes requested by the user.

    Attributes
    ----------
    name, description : str
    agent : str
        Agent given.
    activity : float or None
        Per cycle in GBq; None where the regimen gives no radiopharmaceutical.
    regular : float or None
        Activity per cycle of the unchanged regimen in GBq.
    count : int
        Number of cycles of the course.
    interval : float
        In h.
    assumptions : tuple of str
        The regimen with its source, and its changes.
    """

    name: str
    description: str
    agent: str
    activity: float | None
    count: int
    interval: float
    assumptions: tuple[str, ...]
    regular: float | None = None


@dataclass(frozen=True)
class Scheduled:
    """One cycle of the course.

    Attributes
    ----------
    activity : float or None
        In GBq; None where none is given.
    status : str
    reason : str or None
        Why none is given, or why the cycle differs from the regimen.
    decided_by : str or None
        For a cycle to come: ``regimen``, ``label``, ``request``, or the id of a limit.
    at : date, date-time or None
        None where the course has no start.
    """

    activity: float | None
    status: Status
    reason: str | None
    decided_by: str | None
    at: Moment | None


def programme(
    patient: PatientFile,
    activity: float | None = None,
    interval: float | None = None,
    cycles: int | None = None,
) -> Programme:
    """Return the regimen of a course, changed on request.

    Parameters
    ----------
    patient : PatientFile
    activity : float, optional
        Per cycle to come, in GBq.
    interval : float, optional
        Between the cycles to come, in h.
    cycles : int, optional
        Of the whole course.
    """
    regimen = patient.therapy.regimen
    name, source, other = "own", "", ""
    if isinstance(regimen, OwnRegimen):
        per_cycle: float | None = regimen.activity.value / MBQ_PER_GBQ
        count, weeks = regimen.cycles, regimen.interval.value
    else:
        per_cycle = None if regimen.activity is None else regimen.activity / MBQ_PER_GBQ
        count, weeks = regimen.cycles or 0, regimen.interval
        name, source = regimen.id, f" ({regimen.source})"
        other = f"{regimen.agent} {regimen.dose:g} mg" if regimen.dose else ""
    regular, changed = per_cycle, []
    if interval is not None:
        changed.append(
            f"requested: interval of {interval / HOURS_PER_WEEK:.4g} weeks instead of "
            f"{weeks / HOURS_PER_WEEK:.4g} weeks"
        )
        weeks = interval
    if activity is not None and per_cycle is not None:
        changed.append(f"requested: {activity:.4g} GBq per cycle to come, not {per_cycle:.4g} GBq")
        per_cycle = activity
    if cycles is not None and per_cycle is not None:
        changed.append(f"requested: {cycles} cycles instead of {count}")
        count = cycles
    every = f"every {weeks / HOURS_PER_WEEK:.4g} weeks"
    words = (
        f"{other} {every}, no 177Lu"
        if per_cycle is None
        else f"{per_cycle:.4g} GBq x {count}, {every}"
    )
    assumptions = [f"regimen {name}{', changed' if changed else ''}: {words}{source}", *changed]
    if per_cycle is None:
        assumptions.append(f"regimen {name} gives no radiopharmaceutical, so no cycle is to come")
    title = f"{name}, changed" if changed else name
    agent = patient.therapy.radiopharmaceutical
    if per_cycle is None and isinstance(regimen, regimens.Regimen):
        agent = regimen.agent
    return Programme(title, words, agent, per_cycle, count, weeks, tuple(assumptions), regular)


def warnings(
    patient: PatientFile, plan: Programme, scheduled: Sequence[Scheduled]
) -> list[Problem]:
    """Return warnings of unusual intervals and activities."""
    problems = []
    shortest = tables.default("shortest_interval", "h")
    gaps = [(f"cycles[{i + 1}].at", _hours(patient, i)) for i in range(len(patient.cycles) - 1)]
    if len(scheduled) > max(len(patient.cycles), 1):
        gaps.append(("therapy.regimen", plan.interval))
    for place, hours in gaps:
        if hours < shortest:
            problems.append(
                Problem(
                    "interval-short",
                    f"an interval of {hours / HOURS_PER_WEEK:.3g} weeks is shorter than "
                    f"{shortest / HOURS_PER_WEEK:g} weeks",
                    "the label's interval is 8 weeks +/- 1 week; check the dates",
                    place,
                )
            )
    activities = [
        (f"cycles[{i}]", c.activity) for i, c in enumerate(scheduled[: len(patient.cycles)])
    ]
    planned = [c.activity for c in scheduled if c.status == "planned" and c.activity is not None]
    activities += [("therapy.regimen", max(planned))] if planned else []
    problems += [
        warning
        for place, activity in activities
        if activity is not None and (warning := _activity_warning(activity, place)) is not None
    ]
    if len(patient.cycles) > plan.count and plan.activity is not None:
        problems.append(
            Problem(
                "more-cycles-than-regimen",
                f"{len(patient.cycles)} cycles were delivered, but the regimen has {plan.count}",
                "check the regimen",
                "cycles",
            )
        )
    return problems


def _activity_warning(activity: float, place: str) -> Problem | None:
    highest, lowest = (tables.default(f"{end}_activity", "GBq") for end in ("highest", "lowest"))
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


def _hours(patient: PatientFile, index: int) -> float:
    before, after = (local(patient, cycle.at) for cycle in patient.cycles[index : index + 2])
    days = times.day(after) - times.day(before)
    return days.total_seconds() / SECONDS_PER_HOUR
