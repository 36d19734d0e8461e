"""State of a course under the label: doses, toxicities, open questions and history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from dosimetry.documents.clinic import LabelState, PlanTransition
from dosimetry.label.findings import Finding
from dosimetry.label.rules import Check
from dosimetry.patient.times import day
from dosimetry.patient.values import Moment
from dosimetry.problems import Problem
from dosimetry.reference import label
from dosimetry.reference.label import LabelRule

Phase = Literal["withheld", "resolved", "reduced-given", "full-again"]


@dataclass(frozen=True)
class Toxicity:
    """A toxicity that occurred, with its phase.

    Attributes
    ----------
    phase : str
        ``withheld`` until it resolves, ``resolved`` until the reduced dose, ``reduced-given``
        until it is known not to have recurred, then ``full-again``.
    check : Check
        The latest check of the rule.
    since : date or date-time
        Begin of this phase.
    rule : LabelRule
    alternatives : frozenset of int
        Numbers of the rule's alternatives that have held since the toxicity began.
    """

    phase: Phase
    check: Check
    since: Moment
    rule: LabelRule
    alternatives: frozenset[int] = frozenset()

    def order(self, latest: dt.date | None) -> str:
        """Return until when the next dose is withheld, and with what activity it resumes."""
        return (
            f"Withhold until {' and '.join(self.check.needs)}, no later than {latest}, then give "
            f"{self.rule.reduced_activity:g} GBq"
        )


@dataclass(frozen=True)
class Question:
    """An adverse event that may end the treatment; only the physician can decide.

    Attributes
    ----------
    finding : Finding
        The worst one since the question was opened.
    source : str
    """

    finding: Finding
    source: str

    def __str__(self) -> str:
        grade = self.finding.grade.grade if self.finding.grade else 0
        return f"{self.finding}, grade {grade}: does this end the treatment?"


@dataclass(frozen=True)
class LabelRecord:
    """Record of a course under the label, after all findings and doses so far.

    Attributes
    ----------
    doses : int
        Number given so far.
    last_dose : date or date-time, or None
    known : mapping of str to Finding
        Latest finding of each quantity since the last dose.
    toxicities : mapping of str to Toxicity
    contraindications : mapping of str to Check
        Contraindications that hold, before the first dose.
    questions : mapping of str to Question
        Questions that the patient file does not answer, by quantity.
    answered : mapping of str to int
        Grade of each adverse event that, by the patient file, does not end the treatment.
    premedication : mapping of str to Question
        Hypersensitivity reactions of grade 1 or 2, with the source of the premedication.
    stopped : str or None
        Reason of permanent discontinuation; final.
    transitions : tuple of PlanTransition
    warnings : tuple of Problem
        Doses that were given against the label.
    """

    doses: int = 0
    last_dose: Moment | None = None
    known: Mapping[str, Finding] = field(default_factory=dict)
    toxicities: Mapping[str, Toxicity] = field(default_factory=dict)
    contraindications: Mapping[str, Check] = field(default_factory=dict)
    questions: Mapping[str, Question] = field(default_factory=dict)
    answered: Mapping[str, int] = field(default_factory=dict)
    premedication: Mapping[str, Question] = field(default_factory=dict)
    stopped: str | None = None
    transitions: tuple[PlanTransition, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def phases(self) -> set[Phase]:
        """Return the phases of all toxicities."""
        return {toxicity.phase for toxicity in self.toxicities.values()}

    @property
    def state(self) -> LabelState:
        """State of the course."""
        if self.stopped is not None:
            return "stopped"
        if self.questions:
            return "withheld"
        if self.doses == 0:
            return "not-eligible" if self.contraindications else "eligible"
        if "withheld" in self.phases():
            return "withheld"
        if self.phases() & {"resolved", "reduced-given"}:
            return "reduced"
        return "full-again" if self.toxicities else "full"

    def allowed(self) -> float:
        """Return the largest activity of the next dose in GBq; 0 where none can be given."""
        if self.state in ("stopped", "withheld", "not-eligible"):
            return 0.0
        reduced = [
            toxicity.rule.reduced_activity or 0.0
            for toxicity in self.toxicities.values()
            if toxicity.phase == "resolved"
        ]
        return min([label.full_activity(), *reduced])

    def latest(self) -> dt.date | None:
        """Return the last day for the next dose; None before the first dose."""
        if self.last_dose is None:
            return None
        return day(self.last_dose) + dt.timedelta(hours=label.longest_interval())

    def because(self) -> tuple[str, ...]:
        """Return why the next dose is withheld: open questions, then findings."""
        asked = map(str, self.questions.values())
        return (*asked, *(words for check in self._holding() for words in check.because))

    def needs(self) -> tuple[str, ...]:
        """Return the answers, then the values, needed before the next dose."""
        asked = (
            f"the patient file states whether {question.finding.grade.term} ends the treatment "
            "(ends_treatment: yes or no)"
            for question in self.questions.values()
            if question.finding.grade is not None
        )
        return (*asked, *(words for check in self._holding() for words in check.needs))

    def _holding(self) -> list[Check]:
        withheld = [t.check for t in self.toxicities.values() if t.phase == "withheld"]
        return [*withheld, *self.contraindications.values()]


def transit(record: LabelRecord, at: Moment, rule: str, reason: str, source: str) -> LabelRecord:
    """Return the record with its state added to the history."""
    transition = PlanTransition(at.isoformat(), rule, record.state, reason, source)
    return replace(record, transitions=(*record.transitions, transition))


def stop(record: LabelRecord, rule: str, source: str, at: Moment, reason: str) -> LabelRecord:
    """Return the record after permanent discontinuation."""
    return transit(replace(record, stopped=reason), at, rule, reason, source)
