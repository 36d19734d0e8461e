"""The clinical side of a plan as data: laboratory values, the label's answer, the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dosimetry.quantities import Amount

Answer = Literal["due", "reduced", "unchecked", "withhold", "stop", "not-eligible", "complete"]
LabelState = Literal[
    "eligible", "not-eligible", "full", "withheld", "reduced", "full-again", "stopped", "unchecked"
]


@dataclass(frozen=True)
class PlanLab:
    """One laboratory value, as written: its CTCAE grade and its change from the baseline.

    ``grade`` is null where the CTCAE has none; ``change`` is relative (0.4: up by 40 %).
    """

    at: str
    analyte: str
    value: Amount
    grade: int | None
    term: str | None
    change: float | None
    baseline: bool


@dataclass(frozen=True)
class PlanRenal:
    """Renal function of one date: Cockcroft-Gault clearance and its change, CKD-EPI 2021 eGFR.

    The eGFR is per 1.73 m2; null where age or weight is missing.
    """

    at: str
    creatinine_clearance: Amount | None
    egfr: Amount | None
    change: float | None


@dataclass(frozen=True)
class PlanAdverseEvent:
    """The CTCAE grade of a toxicity that no laboratory value tells, from a date on.

    ``ends_treatment`` is what the patient file says; null where it does not say.
    """

    at: str
    term: str
    grade: int
    ends_treatment: bool | None


@dataclass(frozen=True)
class PlanTransition:
    """A change of the label's state: when, by which rule, to which state, and why."""

    at: str
    rule: str
    state: LabelState
    reason: str
    source: str


@dataclass(frozen=True)
class PlanCondition:
    """What a further dose asks for besides, as premedication; with its source."""

    what: str
    source: str


@dataclass(frozen=True)
class PlanLabel:
    """What the label says of the next dose.

    Attributes
    ----------
    region, version : str
        Of the label whose dose-modification rules these are.
    documents : tuple of str
        What the rules come from, and what is not at hand.
    state : str
        Of the course after all that is known; ``unchecked`` with that answer.
    next_cycle : int or None
    answer : str
        ``due`` (no rule holds and all is checked), ``reduced`` (resume at the reduced dose),
        ``unchecked`` (no rule holds among the values known; others are missing or old),
        ``withhold``, ``stop``, ``not-eligible``, or ``complete`` where no cycle is to come.
    activity : Amount or None
        Most that the label allows in the next cycle; with ``unchecked``, once all is checked.
    earliest, latest : str or None
        Dates of the next dose.
    reason : str
    needs : tuple of str
        What would change the answer.
    unchecked : tuple of str
        What could not be checked, and why.
    questions : tuple of str
        Adverse events of which the patient file has to say whether they end the treatment.
    conditions : tuple of PlanCondition
        What every further dose asks for besides.
    transitions : tuple of PlanTransition
    """

    region: str
    version: str
    documents: tuple[str, ...]
    state: LabelState
    next_cycle: int | None
    answer: Answer
    activity: Amount | None
    earliest: str | None
    latest: str | None
    reason: str
    needs: tuple[str, ...]
    unchecked: tuple[str, ...]
    questions: tuple[str, ...]
    conditions: tuple[PlanCondition, ...]
    transitions: tuple[PlanTransition, ...]


@dataclass(frozen=True)
class PlanEvent:
    """One entry of the calendar: a date, or a date-time with its zone's offset."""

    at: str
    until: str | None
    kind: str
    cycle: int | None
    what: str
    source: str


@dataclass(frozen=True)
class PlanRate:
    """A rate of laboratory abnormalities that a label published: context, not this patient's."""

    arm: str
    quantity: str
    value: float
    unit: str
    n: int | None
    source: str


@dataclass(frozen=True)
class PlanGradeBand:
    """Between which values an analyte has a CTCAE grade, 0 for none; null where it is open."""

    analyte: str
    grade: int
    lower: float | None
    upper: float | None
    unit: str
