"""Adverse events that end or may end the treatment, or that require premedication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dosimetry.label.findings import Finding
from dosimetry.label.state import LabelRecord, Question, stop, transit
from dosimetry.patient.times import day
from dosimetry.reference.adverse_terms import Step, is_known, step_of
from dosimetry.reference.label import OTHER

RULE = "treatment_ending_event"
BY_THE_FILE = "the patient file, adverse_events, ends_treatment"


def judge(record: LabelRecord, findings: Mapping[str, Finding]) -> LabelRecord:
    """Return the record after the adverse events of one time.

    An answer in the patient file holds for its grade only; a higher grade or a recurrence is asked
    about again.
    """
    for name, event in findings.items():
        if name.startswith(f"{OTHER}: ") and event.grade is not None and record.stopped is None:
            record = _judge(record, name, event, event.grade.grade)
    return record


def _judge(record: LabelRecord, name: str, event: Finding, grade: int) -> LabelRecord:
    step = step_of(name.removeprefix(f"{OTHER}: "), grade)
    rule = f"{RULE}: {name.removeprefix(f'{OTHER}: ')}"
    if event.ends_treatment:
        words = f"{event}, grade {grade}, ends the treatment (patient file)"
        return stop(record, rule, BY_THE_FILE, event.at, words)
    if step is not None and step.consequence == "stop" and record.doses:
        words = (
            f"{event}, grade {grade}: no further dose. The label lists it among reactions after "
            "which a reduced dose is possible, but its warnings forbid a rechallenge; the stricter "
            "rule is used"
        )
        return stop(record, rule, step.source, event.at, words)
    if step is not None and step.consequence == "premedication":
        noted = {**record.premedication, name: Question(event, step.source)}
        record = replace(record, premedication=noted)
    if event.ends_treatment is False:
        return _answer(record, name, rule, event, grade)
    return _ask(record, name, rule, event, grade, step)


def _answer(record: LabelRecord, name: str, rule: str, event: Finding, grade: int) -> LabelRecord:
    """Return the record with a question answered by no."""
    asked = name in record.questions
    left = {other: question for other, question in record.questions.items() if other != name}
    record = replace(record, questions=left, answered={**record.answered, name: grade})
    if not asked:
        return record
    words = f"{event}, grade {grade}, does not end the treatment (patient file)"
    for toxicity in record.toxicities.values():
        withheld = toxicity.phase == "withheld" and name in toxicity.rule.quantities()
        if withheld and toxicity.check.needs:
            words += f". {toxicity.order(record.latest())}"
    return transit(record, event.at, rule, words, BY_THE_FILE)


def _ask(
    record: LabelRecord, name: str, rule: str, event: Finding, grade: int, step: Step | None
) -> LabelRecord:
    """Return the record with a question where the event may end the treatment.

    The question stays open until the patient file answers it.
    """
    asks = step is not None and step.consequence in ("ask", "stop")
    if step is None or not asks:
        gone = {other: was for other, was in record.answered.items() if other != name}
        return replace(record, answered=gone)
    before_treatment = record.doses == 0 and not is_known(name.removeprefix(f"{OTHER}: "))
    if before_treatment or grade <= record.answered.get(name, -1):
        return record
    was = record.questions.get(name)
    if was is not None and was.finding.grade is not None and was.finding.grade.grade >= grade:
        return record
    question = Question(event, step.source)
    record = replace(record, questions={**record.questions, name: question})
    if was is not None:
        return record
    words = f"{question} Withhold until the patient file answers (ends_treatment: yes or no)"
    return transit(record, event.at, rule, words, step.source)


def premedications(record: LabelRecord) -> list[tuple[str, str]]:
    """Return the premedication of further doses after mild hypersensitivity, with its source."""
    return [
        (
            "premedication against hypersensitivity before the dose "
            f"({reaction.finding.grade.term} of grade {reaction.finding.grade.grade} on "
            f"{day(reaction.finding.at)})",
            reaction.source,
        )
        for reaction in record.premedication.values()
        if reaction.finding.grade is not None
    ]
