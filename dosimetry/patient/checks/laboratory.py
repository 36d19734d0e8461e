"""Cross-field checks of laboratory values, reference ranges and times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from dosimetry.patient.reference_ranges import reference_ranges
from dosimetry.patient.schema import PatientFile
from dosimetry.patient.times import DOSE, day, event_order, local, order
from dosimetry.patient.values import Moment
from dosimetry.problems import Problem, in_words
from dosimetry.reference import agents
from dosimetry.reference.adverse_terms import canonical, step_of


def kind_of(moment: Moment) -> str:
    """Return ``date``, ``naive`` (a time without a zone) or ``aware`` (a time with one)."""
    if not isinstance(moment, dt.datetime):
        return "date"
    return "naive" if moment.tzinfo is None else "aware"


def clinical_inconsistencies(patient: PatientFile) -> Iterator[Problem]:
    """Yield contradictions between laboratory values, reference ranges and times."""
    seen: dict[tuple[str, str], str] = {}
    entries = [
        (draw.place_of(i, name), draw.at, name)
        for i, draw in enumerate(patient.labs)
        for name in draw.values
    ]
    entries += [
        (f"adverse_events[{i}]", event.at, canonical(event.term))
        for i, event in enumerate(patient.adverse_events)
    ]
    for place, at, name in entries:
        zoned = isinstance(at, dt.datetime) and at.tzinfo is not None
        when = at.astimezone(dt.UTC) if isinstance(at, dt.datetime) and zoned else at
        key = (when.isoformat(), name)
        if key in seen:
            yield Problem(
                "measured-twice",
                f"{name} of {at.isoformat()} is already given at {seen[key]}",
                "keep one, or give each its time of day",
                place,
            )
        seen.setdefault(key, place)
    yield from _with_and_without_time(entries, patient)
    yield from _answers(patient)
    yield from _reversed(patient)
    yield from _without_zone(patient)


def _with_and_without_time(
    entries: Sequence[tuple[str, Moment, str]], patient: PatientFile
) -> Iterator[Problem]:
    """Yield quantities given twice on a day, once without a time: their order is not known."""
    bare = {(at, name): place for place, at, name in entries if kind_of(at) == "date"}
    for place, at, name in entries:
        key = (day(local(patient, at)), name)
        if kind_of(at) != "date" and key in bare:
            yield Problem(
                "measured-twice",
                f"{name} of {at.isoformat()} is also given at {bare[key]}, without a time of day",
                "keep one, or give each its time of day",
                place,
            )


def _answers(patient: PatientFile) -> Iterator[Problem]:
    """Yield events that end the treatment under the label, but not in the patient file."""
    if not patient.cycles or not agents.has_label(patient.therapy.radiopharmaceutical):
        return
    first = order(local(patient, patient.cycles[0].at), DOSE)
    for i, event in enumerate(patient.adverse_events):
        step = step_of(event.term, event.grade)
        after = event_order(patient, local(patient, event.at)) > first
        if event.ends_treatment == "no" and after and step and step.consequence == "stop":
            yield Problem(
                "ends-the-treatment",
                f"{event.term} of grade {event.grade} after a dose: the label requires permanent "
                "discontinuation",
                "remove ends_treatment; if the event was not a reaction to the treatment, remove "
                "the event",
                f"adverse_events[{i}].ends_treatment",
            )


def _reversed(patient: PatientFile) -> Iterator[Problem]:
    for name, limits in reference_ranges(patient).items():
        if None not in (limits.lower, limits.upper) and (limits.lower or 0) >= (limits.upper or 0):
            yield Problem(
                "range-reversed",
                f"the limit given for {in_words([name])} is beyond the other limit, which comes "
                "from the table",
                "give both limits",
                f"reference_ranges.{name}",
            )


def _without_zone(patient: PatientFile) -> Iterator[Problem]:
    timed = [cycle for cycle in patient.cycles if kind_of(cycle.at) == "aware"]
    if patient.therapy.infusion_time and timed and not patient.therapy.time_zone:
        yield Problem(
            "no-time-zone",
            "the infusion time has no time zone, but the delivered cycles have one",
            "add therapy.time_zone, as in Europe/Berlin",
            "therapy.infusion_time",
        )
