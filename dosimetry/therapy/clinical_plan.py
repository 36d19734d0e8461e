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
    """One laboratory value.

    Attributes
    ----------
    at : str
        Date or date-time of the sample.
    analyte : str
    value : Amount
        As it was written.
    grade : int or None
        CTCAE grade; None where the CTCAE has none.
    term : str or None
        CTCAE term of the grade.
    change : float or None
        From the baseline, relative: 0.4 is 40 % up.
    baseline : bool
        Whether this value is the baseline.
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
    """Renal function of one date.

    Attributes
    ----------
    at : str
        Date or date-time of the sample.
    creatinine_clearance : Amount or None
        Cockcroft-Gault, in mL/min; None where age or weight is missing.
    egfr : Amount or None
        CKD-EPI 2021, in mL/min per 1.73 m2; None where the age is missing.
    change : float or None
        Of the clearance from the baseline, relative.
    """

    at: str
    creatinine_clearance: Amount | None
    egfr: Amount | None
    change: float | None


@dataclass(frozen=True)
class PlanAdverseEvent:
    """Grade of a toxicity from a date on.

    Attributes
    ----------
    at : str
        Date or date-time.
    term : str
        CTCAE term.
    grade : int
        From 0, once it has gone, to 4.
    ends_treatment : bool or None
        What the patient file says; None where it does not.
    """

    at: str
    term: str
    grade: int
    ends_treatment: bool | None


@dataclass(frozen=True)
class PlanTransition:
    """One change of the label's state.

    Attributes
    ----------
    at : str
        Date.
    rule : str
        Name of the rule.
    state : str
        Of the course from then on.
    reason : str
    source : str
        Of the rule.
    """

    at: str
    rule: str
    state: LabelState
    reason: str
    source: str


@dataclass(frozen=True)
class PlanCondition:
    """A condition of every further dose, as premedication.

    Attributes
    ----------
    what : str
    source : str
    """

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
        Adverse events that may end the treatment; the patient file must say whether they do.
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
    """One entry of the calendar.

    Attributes
    ----------
    at : str
        A date, or a date-time with the offset of its zone.
    until : str or None
        End, as a date-time.
    kind : str
        As in ``dose``, ``laboratory``, ``octreotide``.
    cycle : int or None
        The cycle it belongs to, from 1.
    what : str
        In words.
    source : str
    """

    at: str
    until: str | None
    kind: str
    cycle: int | None
    what: str
    source: str


@dataclass(frozen=True)
class PlanRate:
    """A published rate of laboratory abnormalities: context, not this patient's.

    Attributes
    ----------
    arm : str
        Of the trial.
    quantity : str
    value : float
        In ``unit``.
    unit : str
    n : int or None
        Number of patients.
    source : str
    """

    arm: str
    quantity: str
    value: float
    unit: str
    n: int | None
    source: str


@dataclass(frozen=True)
class PlanGradeBand:
    """Values of an analyte that have one CTCAE grade.

    Attributes
    ----------
    analyte : str
    grade : int
        0 for none.
    lower : float or None
        In ``unit``; None where the band is open.
    upper : float or None
        In ``unit``; None where the band is open.
    unit : str
    """

    analyte: str
    grade: int
    lower: float | None
    upper: float | None
    unit: str
