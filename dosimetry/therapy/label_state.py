"""What the label says of a course so far: its toxicities, open questions and history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from dosimetry import clinical
from dosimetry.clinical import LabelRule
from dosimetry.problems import Problem
from dosimetry.therapy.administration import day
from dosimetry.therapy.clinical_plan import LabelState, PlanTransition
from dosimetry.therapy.fields import Moment
from dosimetry.therapy.label_checks import Check
from dosimetry.therapy.observations import Finding

Phase = Literal["withheld", "resolved", "reduced-given", "full-again"]


@dataclass(frozen=True)
class Toxicity:
    """A toxicity that occurred: how far it has come.

    Attributes
    ----------
    phase : str
        ``withheld`` until it resolves, ``resolved`` until the reduced dose, ``reduced-given``
        until it is seen not to come back, ``full-again`` then.
    check : Check
        The last one.
    since : date or date-time
        Of this phase.
    rule : LabelRule
    alternatives : frozenset of int
        Numbers of the rule's alternatives that held since it began.
    """

    phase: Phase
    check: Check
    since: Moment
    rule: LabelRule
    alternatives: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Question:
    """An adverse event that may end the treatment: only the physician can say.

    Attributes
    ----------
    finding : Finding
        The worst since the question is open.
    source : str
    """

    finding: Finding
    source: str

    def __str__(self) -> str:
        grade = self.finding.grade.grade if self.finding.grade else 0
        return f"{self.finding}, grade {grade}: does this end the treatment?"


@dataclass(frozen=True)
class LabelCourse:
    """What the label says after all that happened so far.

    Attributes
    ----------
    doses : int
        Given so far.
    last_dose : date or date-time, or None
    known : mapping of str to Finding
        The latest of each quantity since the last dose.
    toxicities : mapping of str to Toxicity
    contraindications : mapping of str to Check
        Those that hold; of the time before the first dose.
    questions : mapping of str to Question
        Those that the patient file does not answer, by quantity.
    answered : mapping of str to int
        Grade of each adverse event that does not end the treatment by the patient file.
    premedication : mapping of str to Question
        Hypersensitivity reactions of grade 1 or 2, with the source of what follows.
    stopped : str or None
        Why; final.
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
        """Return the phases that some toxicity is in."""
        return {one.phase for one in self.toxicities.values()}

    @property
    def state(self) -> LabelState:
        """The state of the course."""
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
        """Return the most activity of the next dose in GBq; 0 where none may be given."""
        if self.state in ("stopped", "withheld", "not-eligible"):
            return 0.0
        reduced = [
            one.rule.reduced_activity or 0.0
            for one in self.toxicities.values()
            if one.phase == "resolved"
        ]
        return min([clinical.full_activity(), *reduced])

    def latest(self) -> dt.date | None:
        """Return the last day on which a next dose may be given."""
        if self.last_dose is None:
            return None
        return day(self.last_dose) + dt.timedelta(hours=clinical.longest_interval())

    def because(self) -> tuple[str, ...]:
        """Return why the next dose is withheld: open questions, then findings."""
        asked = (str(one) for one in self.questions.values())
        return (*asked, *(words for one in self._holding() for words in one.because))

    def needs(self) -> tuple[str, ...]:
        """Return what would let the next dose be given: answers, then values."""
        asked = (
            f"the patient file says whether {one.finding.grade.term} ends the treatment "
            "(ends_treatment: yes or no)"
            for one in self.questions.values()
            if one.finding.grade is not None
        )
        return (*asked, *(words for one in self._holding() for words in one.needs))

    def _holding(self) -> list[Check]:
        withheld = [one.check for one in self.toxicities.values() if one.phase == "withheld"]
        return [*withheld, *self.contraindications.values()]


def transit(course: LabelCourse, at: Moment, rule: str, reason: str, source: str) -> LabelCourse:
    """Return the course with its state entered into its history."""
    one = PlanTransition(at.isoformat(), rule, course.state, reason, source)
    return replace(course, transitions=(*course.transitions, one))


def stop(course: LabelCourse, rule: str, source: str, at: Moment, reason: str) -> LabelCourse:
    """Return the course stopped for good."""
    return transit(replace(course, stopped=reason), at, rule, reason, source)
