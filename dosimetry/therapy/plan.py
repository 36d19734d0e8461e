"""The result: a plan, its cycles, cumulative doses and flags, as data, JSON and DataFrame.

The fields are those of the JSON document; a change of them needs a new schema number.
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
    """Who the plan is for."""

    id: str
    sex: str


@dataclass(frozen=True)
class PlanTherapy:
    """What is given: agent, name of the regimen, the regimen in words, and the clinic's zone."""

    radiopharmaceutical: str
    regimen: str
    description: str
    time_zone: str | None


@dataclass(frozen=True)
class Contribution:
    """What one source gives a region; a region's own is its self-dose."""

    source: str
    absorbed_dose: Amount


@dataclass(frozen=True)
class Uncertainty:
    """One cause of uncertainty of an absorbed dose, as an sd; they add up in quadrature."""

    cause: Literal["counting and fit", "half-life", "systematic", "mass", "supplied coefficient"]
    sd: Amount


@dataclass(frozen=True)
class CycleRegion:
    """What one cycle gives one region; contributions and uncertainty where it was measured.

    A ``partial`` dose lacks a source known to matter: a lower bound, without a BED, in no limit.
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
    """One cycle; activity is null where none is given, and then there is a reason.

    ``decided_by`` says what decided a cycle to come: ``regimen``, ``label``, ``request``, or the
    id of a limit; null of a delivered one.
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
    """What a region had before this therapy; the BED is null where it is not known."""

    absorbed_dose: Amount
    bed: Amount | None


@dataclass(frozen=True)
class DoseSoFar:
    """What a region has had: earlier radiation and the delivered cycles, the rest left aside."""

    absorbed_dose: Distribution
    bed: Distribution | None


@dataclass(frozen=True)
class CumulativeDose:
    """What the whole course gives one region, earlier radiation included.

    ``so_far`` is null where no cycle was delivered and there was no earlier radiation.
    """

    region: str
    absorbed_dose: Distribution
    bed: Distribution | None
    eqd2: Distribution | None
    so_far: DoseSoFar | None
    earlier: EarlierDose | None


@dataclass(frozen=True, repr=False)
class Flag:
    """One limit, and how near the course comes to it.

    ``first_cycle`` is the cycle at which the severity first appears; ``margin_activity`` is the
    further activity that keeps the probability at or below 0.05; ``basis`` says what the dose rests
    on, null where none is known.
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
        """Return the flags of limits that are exceeded with more than even probability."""
        return self.at_least("exceeds")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return handler(tuple[Flag, ...])


@dataclass(frozen=True)
class Decision:
    """Why the cycles to come are as they are: which limit decided, at which cycle, how near.

    ``probability`` is that of exceeding the limit at that cycle; ``bound_by`` names the limits that
    held the activity or the number of cycles, ``not_bound_by`` those that were not held to the
    accepted risk: the population alone speaks, or nothing is known.
    """

    reason: str
    limit: str | None
    cycle: int | None
    probability: float | None
    bound_by: tuple[str, ...] = ()
    not_bound_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """One parameter of a fitted model."""

    name: str
    value: float
    sd: float | None
    unit: str


@dataclass(frozen=True)
class CurvePoint:
    """One point of a curve: time after the administration, activity with its sd."""

    time: Amount
    activity: Estimate


@dataclass(frozen=True)
class IntegratedActivity(Estimate):
    """Time-integrated activity; its percentiles where a distribution is known."""

    p5: float | None = None
    p50: float | None = None
    p95: float | None = None


@dataclass(frozen=True)
class Information:
    """Shares of what is known of a half-life: this cycle, other cycles, the population."""

    this_cycle: float
    other_cycles: float
    population: float


@dataclass(frozen=True)
class ModelWeight:
    """A model and its weight in an average."""

    model: str
    weight: float


@dataclass(frozen=True, repr=False)
class PlanCurve:
    """One fitted time-activity curve, with all that it takes to draw it.

    ``covariance`` is that of the parameters in their order and units; null where the points do
    not determine them, or where the model has none.
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
    """Version of dosimetry, and SHA-256 of every table and every input file.

    ``content`` is the SHA-256 of the rest of the document (:func:`content_hash`), and stands in it.
    ``replaced`` names the fields of the patient that are not those of the inputs, since they were
    changed in memory; none where the inputs alone give the plan.
    """

    version: str
    tables: dict[str, str]
    inputs: dict[str, str]
    content: str = ""
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True)
class CountForecast:
    """A blood count to come, with its 5th to 95th percentile."""

    analyte: str
    at: str
    count: Distribution


@dataclass(frozen=True, repr=False)
class Plan:
    """A planned course; see the contract of the JSON document.

    Made by :func:`dosimetry.plan`.
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
            Not a plan of this schema, named for what it is; or not as it was written.

        Examples
        --------
        >>> import dosimetry
        >>> text = dosimetry.plan("examples/nothing_measured.yaml").to_json()
        >>> Plan.from_json(text).to_json() == text
        True
        """
        name, data = read_plan_text(source, SCHEMA)
        found = cls.from_document(data, name)
        if found.provenance.content != content_hash(data):
            raise refuse(
                "document-changed",
                "the document is not as it was written: its hash is another",
                "plan again; dosimetry verify says what differs",
                FilePlace(f"{name}: provenance.content"),
            )
        return found

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
            With every field that is missing or of another kind.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(cls).validate_python(data)
        except ValidationError as error:
            problems = refusal_of(error, name)
        raise problems

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cycle and region; doses in Gy, activities in GBq.

        The unit stands in each column's name.
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

    Some numbers, a risk that no strategy looked at, follow from nothing else in the document: a
    change of them would not be seen without this.

    Examples
    --------
    >>> one = content_hash({"risk": 0.05, "provenance": {"content": ""}})
    >>> one == content_hash({"risk": 0.06, "provenance": {"content": one}})
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
