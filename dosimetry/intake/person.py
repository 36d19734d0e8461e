"""The patient file's content: patient, therapy, cycles, laboratory values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dosimetry.intake.context import Context
from dosimetry.intake.course import Cycle
from dosimetry.intake.decide import Answer
from dosimetry.intake.facts import Facts, differ, shown
from dosimetry.intake.moments import written, zoned
from dosimetry.intake.records import Finding
from dosimetry.intake.scan_files import blood_file, parts_of
from dosimetry.patient.patient import Patient
from dosimetry.problems import FilePlace, InputError, Problem
from dosimetry.reference import agents

UNKNOWN = "unknown"  # an age that nobody knows
NEEDED = (("id", "EX-001"), ("sex", "male"), ("age", "64 year"))
SEXES = ("male", "female")
# Meaning of a label: field of the patient file.
STATED = {"patient_id": "id"} | {
    name: name for name in ("sex", "age", "weight", "height", "hematocrit")
}


def content_of(
    context: Context, facts: Facts, cycles: Sequence[Cycle], findings: Sequence[Finding]
) -> dict[str, Any]:
    """Return the content of the patient file; what is missing is asked."""
    content: dict[str, Any] = {
        "patient": _person(context, facts, cycles),
        "therapy": _therapy(context),
        "cycles": [_cycle(number, cycle) for number, cycle in enumerate(cycles, 1)],
    }
    if findings:
        content["labs"] = _draws(context, findings)
    return content


def _person(context: Context, facts: Facts, cycles: Sequence[Cycle]) -> dict[str, Any]:
    person: dict[str, Any] = dict(_stated(context, facts, cycles))
    for key, value in context.map.patient.items():
        if key in person and person[key] != value:
            place = FilePlace(f"{context.log.map_name}: patient.{key}")
            differ(context, key, f"{person[key]}", f"{value}", place)
        person[key] = value
    for key, example in NEEDED:
        if key not in person and facts.missing("patient_id" if key == "id" else key):
            _ask(context, ("patient", key), example)
    if person.get("age") == UNKNOWN:
        del person["age"]
        context.log.say("map", "age unknown: an adult is assumed")
    return person


def _stated(context: Context, facts: Facts, cycles: Sequence[Cycle]) -> Mapping[str, str]:
    """Return the patient's section as far as the workbook states it."""
    found: dict[str, str] = {}
    for meaning, name in STATED.items():
        if name in context.map.patient and len(facts.held.get(meaning, [])) != 1:
            continue  # the map chooses
        if fact := facts.one(context, meaning, ("patient", name)):
            found[name] = shown(fact.value)
    known = "age" in found or "age" in context.map.patient
    born = None if known else facts.one(context, "born", ("patient", "age"))
    first = next((cycle.at for cycle in cycles if cycle.at is not None), None)
    if born and first and isinstance(born.value, dt.date):
        years = first.year - born.value.year
        years -= (first.month, first.day) < (born.value.month, born.value.day)
        found["age"] = f"{years} year"
        context.log.say(born.cell, f"age at the first injection: {years} years")
    return found


def _therapy(context: Context) -> dict[str, Any]:
    therapy = dict(context.log.settled.get("therapy", {}))
    for key, example in (("radiopharmaceutical", agents.default().name), ("regimen", "netter-1")):
        if key not in therapy:
            _ask(context, ("therapy", key), example)
    if context.map.time_zone:
        therapy.setdefault("time_zone", context.map.time_zone)
    return therapy


def _ask(context: Context, path: tuple[str, str], example: str) -> None:
    choices = SEXES if path[-1] == "sex" else ()
    either = f": it can be {' or '.join(choices)}" if choices else ""
    context.log.ask(
        Problem(
            "not-stated",
            f"{path[0]}.{path[1]} is not stated{either}",
            f"write {UNKNOWN} if nobody knows it" if path[-1] == "age" else "",
            FilePlace(f"{context.book.name}: file"),
        ),
        [Answer(choice, path, choice) for choice in choices],
        () if choices else path,
        example,
    )


def _cycle(number: int, cycle: Cycle) -> dict[str, Any]:
    content: dict[str, Any] = {"administered": cycle.administered}
    if cycle.at is not None:
        content["at"] = written(cycle.at)
    names = [name for name, _ in parts_of(number, cycle)]
    if names:
        content["measurements"] = names if len(names) > 1 else names[0]
        content["decay_corrected_to"] = cycle.decay
    if cycle.samples:
        file = blood_file(number)
        own = cycle.blood_decay
        content["blood"] = {"file": file, "decay_corrected_to": own} if own else file
    return content


def _draws(context: Context, findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Return the laboratory values by date."""
    draws: dict[str, dict[str, str]] = {}
    for one in findings:
        place = one.sheet.place(*one.at)
        at = written(zoned(context, one.moment, place))
        draw = draws.setdefault(at, {"at": at})
        value = f"{one.value.text} {one.value.unit.text}" if one.value.unit else one.value.text
        if draw.setdefault(one.analyte, value) != value:
            context.log.fail(
                Problem(
                    "two-values",
                    f"{one.analyte} of {at} can be {draw[one.analyte]} or {value}",
                    "keep one of the two",
                    place,
                )
            )
    return [draws[at] for at in sorted(draws)]


def check(context: Context, content: Mapping[str, Any], name: str) -> None:
    """Read the content as a patient file, without its measurements."""
    outside = ("measurements", "blood")
    cycles = [
        {key: value for key, value in cycle.items() if key not in outside}
        for cycle in content["cycles"]
    ]
    try:
        Patient.from_dict({**content, "cycles": cycles}, source=name)
    except InputError as error:
        context.log.fail(*error.problems)
