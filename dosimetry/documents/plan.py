"""The result: a plan, its cycles, cumulative doses and flags, as data, JSON and DataFrame.

The fields are those of the JSON document; changing them requires a new schema number.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dosimetry.problems import FilePlace, Problem, refuse
from dosimetry.quantities import Amount, Distribution, Estimate, tia_in_words
from dosimetry.therapy.clinical_plan import (
    PlanAdverseEvent,
    PlanEvent,
    PlanGradeBand,
    PlanLab,
    PlanLabel,
    PlanRate,
    PlanRenal,
)
from dosimetry.therapy.plan_check import Comparison, PlanOptions
from dosimetry.therapy.plan_text import read_plan_text, refusal_of

if TYPE_CHECKING:
    import pandas as pd

SCHEMA: Literal["dosimetry/plan/2"] = "dosimetry/plan/2"
FIT_SCHEMA = "dosimetry/fit/1"
DIGITS = 12
DISCLAIMER = "Decision support, not a medical device: a qualified physicist must check."

Severity = Literal["within", "caution", "exceeds", "not-assessed"]
SEVERITIES: tuple[Severity, ...] = ("not-assessed", "within", "caution", "exceeds")
Basis = Literal["measured", "predicted", "population", "partial"]
FlagBasis = Literal["measured", "predicted", "population"]
Status = Literal["delivered", "planned", "withheld", "stopped"]


@dataclass(frozen=True)
class PlanPatient:
    """Patient of a plan.

    Attributes
    ----------
    id : str
        As in the patient file.
    sex : str
        ``male`` or ``female``.
    """

    id: str
    sex: str


@dataclass(frozen=True)
class PlanTherapy:
    """Therapy of a plan.

    Attributes
    ----------
    radiopharmaceutical : str
    regimen : str
        Name of the regimen.
    description : str
        The regimen in words.
    time_zone : str or None
        Time zone of the clinic, as in ``Europe/Berlin``.
    """

    radiopharmaceutical: str
    regimen: str
    description: str
    time_zone: str | None


@dataclass(frozen=True)
class Contribution:
    """Dose of a region from one source.

    Attributes
    ----------
    source : str
        Source region; the region itself is its self-dose.
    absorbed_dose : Amount
        In Gy.
    """

    source: str
    absorbed_dose: Amount


@dataclass(frozen=True)
class Uncertainty:
    """One cause of uncertainty of an absorbed dose; the causes add up in quadrature.

    Attributes
    ----------
    cause : str
        ``counting and fit``, ``half-life``, ``systematic``, ``mass`` or ``supplied
        coefficient``.
    sd : Amount
        In Gy.
    """

    cause: Literal["counting and fit", "half-life", "systematic", "mass", "supplied coefficient"]
    sd: Amount


@dataclass(frozen=True)
class CycleRegion:
    """Dose of one region from one cycle.

    Attributes
    ----------
    region : str
    absorbed_dose : Distribution
        In Gy.
    bed : Distribution or None
        Biologically effective dose in Gy; None for a ``partial`` dose.
    coefficient : Estimate
        Absorbed dose per administered activity, in Gy/GBq.
    basis : str
        ``measured``, ``predicted``, ``population``, or ``partial``: a lower bound, because an
        important source was not measured; limits do not include it.
    contributions : tuple of Contribution
        Of a measured dose; else empty.
    uncertainty : tuple of Uncertainty
        Of a measured dose; else empty.
    """

    region: str
    absorbed_dose: Distribution
    bed: Distribution | None
    coefficient: Estimate
    basis: Basis
    contributions: tuple[Contribution, ...]
    uncertainty: tuple[Uncertainty, ...]


@dataclass(frozen=True)
class PlanCycle:
    """One cycle of the course.

    Attributes
    ----------
    number : int
        From 1.
    status : str
        ``delivered``, ``planned``, ``withheld`` or ``stopped``.
    at : str or None
        Date or date-time; None where the course has no start.
    activity : Amount or None
        In GBq; None where none is given.
    reason : str or None
        Why none is given, or why it differs from the regimen.
    decided_by : str or None
        For a cycle to come: ``regimen``, ``label``, ``request``, or the id of a limit.
    regions : tuple of CycleRegion
    """

    number: int
    status: Status
    at: str | None
    activity: Amount | None
    reason: str | None
    decided_by: str | None
    regions: tuple[CycleRegion, ...]


@dataclass(frozen=True)
class EarlierDose:
    """Dose of a region from previous radiation.

    Attributes
    ----------
    absorbed_dose : Amount
        In Gy.
    bed : Amount or None
        In Gy; None where it is not known.
    """

    absorbed_dose: Amount
    bed: Amount | None


@dataclass(frozen=True)
class DoseSoFar:
    """Dose of a region from previous radiation and the delivered cycles.

    Attributes
    ----------
    absorbed_dose : Distribution
        In Gy.
    bed : Distribution or None
        In Gy.
    """

    absorbed_dose: Distribution
    bed: Distribution | None


@dataclass(frozen=True)
class CumulativeDose:
    """Dose of one region from the whole course, including previous radiation.

    Attributes
    ----------
    region : str
    absorbed_dose : Distribution
        In Gy.
    bed : Distribution or None
        Biologically effective dose in Gy.
    eqd2 : Distribution or None
        Equivalent dose in fractions of 2 Gy, in Gy.
    so_far : DoseSoFar or None
        None without delivered cycles and previous radiation.
    earlier : EarlierDose or None
    """

    region: str
    absorbed_dose: Distribution
    bed: Distribution | None
    eqd2: Distribution | None
    so_far: DoseSoFar | None
    earlier: EarlierDose | None


@dataclass(frozen=True, repr=False)
class Flag:
    """Verdict on one limit: probability of exceeding it, and margin.

    Attributes
    ----------
    limit : str
        Id of the limit.
    region : str
    quantity : str
        ``absorbed dose`` or ``biologically effective dose``.
    severity : str
        ``within``, ``caution``, ``exceeds`` or ``not-assessed``.
    probability : float or None
        Probability of exceeding the limit; None where it was not assessed.
    value : Amount or None
        Mean dose of the whole course, in Gy.
    limit_value : Amount
        In Gy.
    margin : Amount or None
        Limit less the mean dose, in Gy.
    margin_activity : Amount or None
        Further activity, in GBq, that keeps the probability at or below 0.05.
    first_cycle : int or None
        Cycle at which the severity first appears.
    source : str
        Source of the limit.
    basis : str or None
        ``measured``, ``predicted`` or ``population``; None where no dose is known.
    """

    limit: str
    region: str
    quantity: str
    severity: Severity
    probability: float | None
    value: Amount | None
    limit_value: Amount
    margin: Amount | None
    margin_activity: Amount | None
    first_cycle: int | None
    source: str
    basis: FlagBasis | None = None

    def __repr__(self) -> str:
        chance = "" if self.probability is None else f", P(> limit) = {self.probability:.3g}"
        return f"<Flag {self.limit}: {self.severity}{chance}>"


class Flags(tuple[Flag, ...]):
    """The flags of a plan, one for every limit.

    Examples
    --------
    >>> Flags().exceeded()
    ()
    """

    def at_least(self, severity: Severity) -> Flags:
        """Return the flags of this severity or worse."""
        worst = SEVERITIES[SEVERITIES.index(severity) :]
        return Flags(flag for flag in self if flag.severity in worst)

    def exceeded(self) -> Flags:
        """Return the flags of limits that the course exceeds more likely than not."""
        return self.at_least("exceeds")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return handler(tuple[Flag, ...])


@dataclass(frozen=True)
class Decision:
    """Reason for the cycles to come.

    Attributes
    ----------
    reason : str
    limit : str or None
        Id of the deciding limit.
    cycle : int or None
        Cycle at which it decided.
    probability : float or None
        Probability of exceeding the limit at that cycle.
    bound_by : tuple of str
        Ids of limits that restricted the activity or the number of cycles.
    not_bound_by : tuple of str
        Ids of limits not held to the accepted risk, because they rest on population data alone or
        no dose is known.
    """

    reason: str
    limit: str | None
    cycle: int | None
    probability: float | None
    bound_by: tuple[str, ...] = ()
    not_bound_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """One parameter of a fitted model.

    Attributes
    ----------
    name : str
    value : float
        In ``unit``.
    sd : float or None
        In ``unit``; None where it is not known.
    unit : str
    """

    name: str
    value: float
    sd: float | None
    unit: str


@dataclass(frozen=True)
class CurvePoint:
    """One point of a curve.

    Attributes
    ----------
    time : Amount
        After the administration, in h.
    activity : Estimate
        In MBq, or kBq/mL of a concentration.
    """

    time: Amount
    activity: Estimate


@dataclass(frozen=True)
class IntegratedActivity(Estimate):
    """Time-integrated activity, with percentiles where a distribution is known.

    Attributes
    ----------
    value : float
        In ``unit``.
    sd : float or None
        In ``unit``.
    unit : str
        ``MBq*h``, or ``kBq/mL*h`` of a concentration.
    p5, p50, p95 : float or None
        Percentiles, in ``unit``.
    """

    p5: float | None = None
    p50: float | None = None
    p95: float | None = None


@dataclass(frozen=True)
class Information:
    """Shares of the information on a half-life; they add up to 1.

    Attributes
    ----------
    this_cycle : float
    other_cycles : float
    population : float
    """

    this_cycle: float
    other_cycles: float
    population: float


@dataclass(frozen=True)
class ModelWeight:
    """A model and its weight in an average.

    Attributes
    ----------
    model : str
    weight : float
        From 0 to 1.
    """

    model: str
    weight: float


@dataclass(frozen=True, repr=False)
class PlanCurve:
    """One fitted time-activity curve, with the points and parameters to draw it.

    Attributes
    ----------
    cycle : int
        From 1.
    region : str
    model : str
        ``mono``, ``uptake``, ``bi``, ``bi-uptake``, ``trapezoid`` or ``single-point``.
    choice : str
        How the model was chosen.
    tia : IntegratedActivity
        In ``MBq*h``, or ``kBq/mL*h`` of a concentration.
    effective_half_life : Estimate
        Of the slowest phase, in h.
    chi2 : float
    dof : int
        Degrees of freedom: points less parameters.
    p_value : float or None
        Of chi-square; None without degrees of freedom.
    cross_check : Estimate or None
        TIA of a single scan by another rule.
    physical_half_life : Amount
        In h.
    points : tuple of CurvePoint
    parameters : tuple of Parameter
    covariance : tuple of tuple of float, or None
        Of the parameters, in their order and units; None where the points do not determine
        them, or the model has none.
    warnings : tuple of Problem
    information : Information or None
    models : tuple of ModelWeight
    """

    cycle: int
    region: str
    model: str
    choice: str
    tia: IntegratedActivity
    effective_half_life: Estimate
    chi2: float
    dof: int
    p_value: float | None
    cross_check: Estimate | None
    physical_half_life: Amount
    points: tuple[CurvePoint, ...]
    parameters: tuple[Parameter, ...]
    covariance: tuple[tuple[float, ...], ...] | None
    warnings: tuple[Problem, ...]
    information: Information | None = None
    models: tuple[ModelWeight, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<PlanCurve cycle {self.cycle}, {self.region}: {self.model}, {tia_in_words(self.tia)}>"
        )


@dataclass(frozen=True)
class Provenance:
    """Version, tables and input files that a plan was made from.

    Attributes
    ----------
    version : str
        Of dosimetry.
    tables : dict of str to str
        SHA-256 of every reference table.
    inputs : dict of str to str
        SHA-256 of every input file, by its name.
    content : str
        SHA-256 of the rest of the document (:func:`content_hash`); set in the document.
    replaced : tuple of str
        Fields of the patient that were changed in memory; empty where the inputs alone reproduce
        the plan.
    """

    version: str
    tables: dict[str, str]
    inputs: dict[str, str]
    content: str = ""
    replaced: tuple[str, ...] = ()


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


@dataclass(frozen=True, repr=False)
class Plan:
    """A planned course: the JSON document's fields. Made by :func:`dosimetry.plan`.

    Attributes
    ----------
    schema : str
        ``dosimetry/plan/2``.
    patient : PlanPatient
    therapy : PlanTherapy
    strategy : str
        ``fixed``, ``to-limit`` or ``adjusted``.
    risk : float
        Accepted probability of exceeding a limit.
    options : PlanOptions
    cycles : tuple of PlanCycle
        Delivered and to come, in their order.
    cumulative : tuple of CumulativeDose
        The whole course, per region.
    flags : Flags
        One for every limit.
    decision : Decision
        Reason for the cycles to come.
    curves : tuple of PlanCurve
    labs : tuple of PlanLab
    grade_bands : tuple of PlanGradeBand
    renal_function : tuple of PlanRenal
    adverse_events : tuple of PlanAdverseEvent
    label : PlanLabel or None
        None for an agent without dose-modification rules.
    calendar : tuple of PlanEvent
        In order of time.
    context : tuple of PlanRate
        Published rates, not this patient's.
    second_check : tuple of Comparison
        Each figure beside its independent recalculation.
    assumptions : tuple of str
    warnings : tuple of Problem
    disclaimer : str
    provenance : Provenance
    forecast : tuple of CountForecast
        Blood counts to come; empty where none are computed.
    """

    schema: Literal["dosimetry/plan/2"]
    patient: PlanPatient
    therapy: PlanTherapy
    strategy: str
    risk: float
    options: PlanOptions
    cycles: tuple[PlanCycle, ...]
    cumulative: tuple[CumulativeDose, ...]
    flags: Flags
    decision: Decision
    curves: tuple[PlanCurve, ...]
    labs: tuple[PlanLab, ...]
    grade_bands: tuple[PlanGradeBand, ...]
    renal_function: tuple[PlanRenal, ...]
    adverse_events: tuple[PlanAdverseEvent, ...]
    label: PlanLabel | None
    calendar: tuple[PlanEvent, ...]
    context: tuple[PlanRate, ...]
    second_check: tuple[Comparison, ...]
    assumptions: tuple[str, ...]
    warnings: tuple[Problem, ...]
    disclaimer: str
    provenance: Provenance
    forecast: tuple[CountForecast, ...] = ()

    def __repr__(self) -> str:
        given = [cycle.activity.value for cycle in self.cycles if cycle.activity is not None]
        delivered = sum(cycle.status == "delivered" for cycle in self.cycles)
        limits = ", ".join(f"{flag.limit} {flag.severity}" for flag in self.flags)
        return (
            f"<Plan {self.patient.id}: {self.therapy.radiopharmaceutical}, {self.strategy}, "
            f"{len(given)} cycles ({delivered} delivered), {sum(given):.4g} GBq; "
            f"{limits or 'no limit'}>"
        )

    def to_json(self) -> str:
        """Return the plan as JSON, the same bytes for the same input."""
        document = _plain(self)
        document["provenance"]["content"] = content_hash(document)
        return to_json(document)

    @classmethod
    def from_json(cls, source: str | os.PathLike[str]) -> Plan:
        """Read a plan that :meth:`to_json` or ``dosimetry plan -o`` wrote.

        Parameters
        ----------
        source : str or path
            The document itself, or the name of its file (``-`` is standard input).

        Returns
        -------
        Plan
            Its :meth:`to_json` gives the same bytes.

        Raises
        ------
        InputError
            Not a plan of this schema (the message names its kind), or changed after it was written.

        Examples
        --------
        >>> import dosimetry
        >>> text = dosimetry.plan("examples/nothing_measured.yaml").to_json()
        >>> Plan.from_json(text).to_json() == text
        True
        """
        name, data = read_plan_text(source, SCHEMA)
        plan = cls.from_document(data, name)
        if plan.provenance.content != content_hash(data):
            raise refuse(
                "document-changed",
                "the document was changed after it was written (its hash differs)",
                "make the plan again; dosimetry verify lists what differs",
                FilePlace(f"{name}: provenance.content"),
            )
        return plan

    @classmethod
    def from_document(cls, data: Mapping[str, Any], name: str) -> Plan:
        """Return the plan of a document read from JSON, whether or not it was changed.

        Parameters
        ----------
        data : mapping
        name : str
            Of the file, for messages.

        Raises
        ------
        InputError
            With every field that is missing or of another type.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(cls).validate_python(data)
        except ValidationError as error:
            problems = refusal_of(error, name)
        raise problems

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cycle and region; doses in Gy, activities in GBq.

        The name of a column includes its unit.
        """
        import pandas as pd

        return pd.DataFrame.from_records(list(self._rows()), columns=list(FRAME_COLUMNS))

    def _rows(self) -> Iterable[tuple[Any, ...]]:
        for cycle in self.cycles:
            for dose in cycle.regions:
                bed = dose.bed or Distribution(float("nan"), None, None, None, "Gy")
                yield (
                    cycle.number,
                    cycle.status,
                    cycle.at,
                    cycle.activity.value if cycle.activity else None,
                    dose.region,
                    dose.absorbed_dose.value,
                    dose.absorbed_dose.sd,
                    bed.value,
                    bed.sd,
                    dose.coefficient.value,
                    dose.coefficient.sd,
                    dose.basis,
                )


FRAME_COLUMNS = (
    "cycle",
    "status",
    "at",
    "activity [GBq]",
    "region",
    "absorbed_dose [Gy]",
    "absorbed_dose_sd [Gy]",
    "bed [Gy]",
    "bed_sd [Gy]",
    "coefficient [Gy/GBq]",
    "coefficient_sd [Gy/GBq]",
    "basis",
)


def to_json(document: object) -> str:
    r"""Return data as JSON with 12 significant digits, ending in a newline.

    Examples
    --------
    >>> to_json({"value": 0.1 + 0.2})
    '{\n  "value": 0.3\n}\n'
    """
    text = json.dumps(_plain(document), indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n"


def content_hash(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a plan's document without the hash itself.

    Without it, a change of a number that nothing else in the document depends on would go
    unnoticed, for example of a risk that the strategy did not use.

    Examples
    --------
    >>> written = content_hash({"risk": 0.05, "provenance": {"content": ""}})
    >>> written == content_hash({"risk": 0.06, "provenance": {"content": written}})
    False
    """
    provenance = {**document["provenance"], "content": ""}
    text = json.dumps({**document, "provenance": provenance}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    return value
