"""The clinical side of a plan as data: laboratory values, the label's answer, the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dosimetry.quantities import Amount, Distribution

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
        In the unit of the patient file.
    grade : int or None
        CTCAE grade; None where the CTCAE has none.
    term : str or None
        CTCAE term of the grade.
    change : float or None
        Relative to the baseline: 0.4 is 40 % above it.
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
        Of the clearance, relative to the baseline.
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
        0 (resolved) to 4.
    ends_treatment : bool or None
        Answer of the patient file; None without one.
    """

    at: str
    term: str
    grade: int
    ends_treatment: bool | None


@dataclass(frozen=True)
class PlanTransition:
    """One change of a course's state under the label.

    Attributes
    ----------
    at : str
        Date.
    rule : str
        Name of the rule.
    state : str
        State of the course from this date on.
    reason : str
    source : str
        Source of the rule.
    """

    at: str
    rule: str
    state: LabelState
    reason: str
    source: str


@dataclass(frozen=True)
class PlanCondition:
    """A requirement of every further dose, for example premedication.

    Attributes
    ----------
    what : str
    source : str
    """

    what: str
    source: str


@dataclass(frozen=True)
class PlanLabel:
    """Answer of the label's dose-modification rules on the next dose.

    Attributes
    ----------
    region, version : str
        Region and version of the label.
    documents : tuple of str
        Sources of the rules, and documents that are not available.
    state : str
        State of the course after all known values; ``unchecked`` with that answer.
    next_cycle : int or None
    answer : str
        ``due`` (full dose: no rule applies, all rules are checked), ``reduced`` (resume at the
        reduced dose), ``unchecked`` (no rule applies to the known values, others are missing or
        old), ``withhold``, ``stop``, ``not-eligible``, or ``complete`` where no cycle is to come.
    activity : Amount or None
        Largest activity that the label allows in the next cycle; with ``unchecked``, provided
        that the missing values are checked first.
    earliest, latest : str or None
        First and last date of the next dose.
    reason : str
    needs : tuple of str
        Values and answers with which the dose could be given.
    unchecked : tuple of str
        Quantities that could not be checked, and why.
    questions : tuple of str
        Adverse events that may end the treatment; the patient file must say whether they do.
    conditions : tuple of PlanCondition
        Requirements of every further dose.
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
        Number of its cycle, from 1.
    what : str
        Description.
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
        Arm of the trial.
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
    """Range of values of an analyte with one CTCAE grade.

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


if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class CountForecast:
    """Forecast of a blood count.

    Attributes
    ----------
    analyte : str
    at : str
        Date.
    count : Distribution
        With its 5th and 95th percentile, in the analyte's unit.
    """

    analyte: str
    at: str
    count: Distribution
