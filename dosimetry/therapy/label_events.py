"""Adverse events that end the treatment, or may: stopped, asked about, or premedicated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dosimetry.clinical import OTHER
from dosimetry.therapy.administration import day
from dosimetry.therapy.adverse_terms import Step, is_known, step_of
from dosimetry.therapy.label_state import LabelCourse, Question, stop, transit
from dosimetry.therapy.observations import Finding

RULE = "treatment_ending_event"
BY_THE_FILE = "the patient file, adverse_events, ends_treatment"


def judge(course: LabelCourse, findings: Mapping[str, Finding]) -> LabelCourse:
    """Return the course after the adverse events of one time.

    An answer of the patient file holds for the grade that it was given for: a worse one, or one
    that comes back, is asked about again.
    """
    for name, found in findings.items():
        if name.startswith(f"{OTHER}: ") and found.grade is not None and course.stopped is None:
            course = _judge(course, name, found, found.grade.grade)
    return course


def _judge(course: LabelCourse, name: str, found: Finding, grade: int) -> LabelCourse:
    step = step_of(name.removeprefix(f"{OTHER}: "), grade)
    rule = f"{RULE}: {name.removeprefix(f'{OTHER}: ')}"
    if found.ends_treatment:
        words = f"{found}, grade {grade}: ends the treatment by the patient file"
        return stop(course, rule, BY_THE_FILE, found.at, words)
    if step is not None and step.consequence == "stop" and course.doses:
        words = (
            f"{found}, grade {grade}: no further dose. The label's table lists it among the "
            "reactions that resume reduced, its warnings forbid a rechallenge: the stricter holds"
        )
        return stop(course, rule, step.source, found.at, words)
    if step is not None and step.consequence == "premedication":
        noted = {**course.premedication, name: Question(found, step.source)}
        course = replace(course, premedication=noted)
    if found.ends_treatment is False:
        return _answer(course, name, rule, found, grade)
    return _ask(course, name, rule, found, grade, step)


def _answer(course: LabelCourse, name: str, rule: str, found: Finding, grade: int) -> LabelCourse:
    """Close a question by a no."""
    asked = name in course.questions
    left = {other: one for other, one in course.questions.items() if other != name}
    course = replace(course, questions=left, answered={**course.answered, name: grade})
    if not asked:
        return course
    words = f"{found}, grade {grade}: does not end the treatment by the patient file"
    for one in course.toxicities.values():
        if one.phase == "withheld" and name in one.rule.quantities() and one.check.needs:
            words += f"; withheld until {' and '.join(one.check.needs)}, at the latest "
            words += f"{course.latest()}; then {one.rule.reduced_activity:g} GBq"
    return transit(course, found.at, rule, words, BY_THE_FILE)


def _ask(
    course: LabelCourse, name: str, rule: str, found: Finding, grade: int, step: Step | None
) -> LabelCourse:
    """Open a question where the event may end the treatment; it stays open until answered."""
    asks = step is not None and step.consequence in ("ask", "stop")
    if step is None or not asks:
        gone = {other: was for other, was in course.answered.items() if other != name}
        return replace(course, answered=gone)
    before_treatment = course.doses == 0 and not is_known(name.removeprefix(f"{OTHER}: "))
    if before_treatment or grade <= course.answered.get(name, -1):
        return course
    was = course.questions.get(name)
    if was is not None and was.finding.grade is not None and was.finding.grade.grade >= grade:
        return course
    question = Question(found, step.source)
    course = replace(course, questions={**course.questions, name: question})
    if was is not None:
        return course
    words = f"{question} Withheld until the patient file says so (ends_treatment: yes or no)"
    return transit(course, found.at, rule, words, step.source)


def premedications(course: LabelCourse) -> list[tuple[str, str]]:
    """Return what every further dose asks for after a mild hypersensitivity, with its source."""
    return [
        (
            f"premedication against hypersensitivity before the dose: {one.finding.grade.term} of "
            f"grade {one.finding.grade.grade} on {day(one.finding.at)}",
            one.source,
        )
        for one in course.premedication.values()
        if one.finding.grade is not None
    ]
