"""What the clinical sections of a patient file say together, and what of it cannot be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from dosimetry import agents
from dosimetry.problems import Problem
from dosimetry.therapy.administration import day
from dosimetry.therapy.adverse_terms import canonical, step_of
from dosimetry.therapy.fields import Moment
from dosimetry.therapy.observations import DOSE, event_order, local, order, reference_ranges
from dosimetry.therapy.sections import Course


def kind_of(moment: Moment) -> str:
    """Tell a date from a time without a zone (naive) and one with it (aware)."""
    if not isinstance(moment, dt.datetime):
        return "date"
    return "naive" if moment.tzinfo is None else "aware"


def clinical_inconsistencies(course: Course) -> Iterator[Problem]:
    """Return what laboratory values, ranges and times say together that cannot be."""
    seen: dict[tuple[str, str], str] = {}
    found = [
        (f"labs[{i}].{name}", draw.at, name)
        for i, draw in enumerate(course.labs)
        for name in draw.values
    ]
    found += [
        (f"adverse_events[{i}]", event.at, canonical(event.term))
        for i, event in enumerate(course.adverse_events)
    ]
    for place, at, name in found:
        zoned = isinstance(at, dt.datetime) and at.tzinfo is not None
        when = at.astimezone(dt.UTC) if isinstance(at, dt.datetime) and zoned else at
        key = (when.isoformat(), name)
        if key in seen:
            yield Problem(
                "measured-twice",
                f"{name} of {at.isoformat()} stands at {seen[key]} already",
                "keep one, or give both their time of day",
                place,
            )
        seen.setdefault(key, place)
    yield from _with_and_without_time(found, course)
    yield from _answers(course)
    yield from _reversed(course)
    yield from _without_zone(course)


def _with_and_without_time(
    found: Sequence[tuple[str, Moment, str]], course: Course
) -> Iterator[Problem]:
    """Refuse one quantity twice on a day, once without its time: their order is not known."""
    bare = {(at, name): place for place, at, name in found if kind_of(at) == "date"}
    for place, at, name in found:
        key = (day(local(course, at)), name)
        if kind_of(at) != "date" and key in bare:
            yield Problem(
                "measured-twice",
                f"{name} of {at.isoformat()} stands at {bare[key]} too, without a time of day",
                "keep one, or give both their time of day",
                place,
            )


def _answers(course: Course) -> Iterator[Problem]:
    """Refuse a no to what ends the treatment by the label."""
    if not course.cycles or not agents.has_label(course.therapy.radiopharmaceutical):
        return
    first = order(local(course, course.cycles[0].at), DOSE)
    for i, event in enumerate(course.adverse_events):
        step = step_of(event.term, event.grade)
        after = event_order(course, local(course, event.at)) > first
        if event.ends_treatment == "no" and after and step and step.consequence == "stop":
            yield Problem(
                "ends-the-treatment",
                f"{event.term} of grade {event.grade} after a dose ends the treatment by the label",
                "take ends_treatment away; leave the event out if it was not a reaction to the "
                "treatment",
                f"adverse_events[{i}].ends_treatment",
            )


def _reversed(course: Course) -> Iterator[Problem]:
    for name, limits in reference_ranges(course).items():
        if None not in (limits.lower, limits.upper) and (limits.lower or 0) >= (limits.upper or 0):
            yield Problem(
                "range-reversed",
                f"with the other limit of the table the range of {name} is reversed",
                "give both limits",
                f"reference_ranges.{name}",
            )


def _without_zone(course: Course) -> Iterator[Problem]:
    timed = [cycle for cycle in course.cycles if kind_of(cycle.at) == "aware"]
    if course.therapy.infusion_time and timed and not course.therapy.time_zone:
        yield Problem(
            "no-time-zone",
            "a time of infusion without a zone, where delivered cycles have one",
            "add therapy.time_zone, as in Europe/Berlin",
            "therapy.infusion_time",
        )
