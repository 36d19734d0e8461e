"""The plan as data, JSON and DataFrame."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dosimetry.documents.clinic import (
    PlanAdverseEvent,
    PlanEvent,
    PlanGradeBand,
    PlanLab,
    PlanLabel,
    PlanRate,
    PlanRenal,
)
from dosimetry.documents.options import PlanOptions
from dosimetry.documents.read import read_plan_text, refusal_of
from dosimetry.documents.recalculation import Recalculation
from dosimetry.problems import FilePlace, Problem, refuse
from dosimetry.quantities import Amount, Distribution

if TYPE_CHECKING:
    import pandas as pd

from dosimetry.documents.clinic import CountForecast
from dosimetry.documents.dose import CumulativeDose, CycleRegion
from dosimetry.documents.fit import PlanCurve
from dosimetry.documents.flags import Flags
from dosimetry.documents.write import content_hash, plain, to_json
from dosimetry.problems import quote

SCHEMA: Literal["dosimetry/plan/2"] = "dosimetry/plan/2"
DISCLAIMER = "Decision support, not a medical device: a qualified physicist must check."
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
    second_check : tuple of Recalculation
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
    second_check: tuple[Recalculation, ...]
    assumptions: tuple[str, ...]
    warnings: tuple[Problem, ...]
    disclaimer: str
    provenance: Provenance
    forecast: tuple[CountForecast, ...] = ()

    def __repr__(self) -> str:
        activities = [cycle.activity.value for cycle in self.cycles if cycle.activity is not None]
        delivered = sum(cycle.status == "delivered" for cycle in self.cycles)
        limits = ", ".join(f"{flag.limit} {flag.severity}" for flag in self.flags)
        return (
            f"<Plan {self.patient.id}: {self.therapy.radiopharmaceutical}, {self.strategy}, "
            f"{len(activities)} cycles ({delivered} delivered), {sum(activities):.4g} GBq; "
            f"{limits or 'no limit'}>"
        )

    def to_json(self) -> str:
        """Return the plan as JSON, the same bytes for the same input."""
        document = plain(self)
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


def need_plan(plan: object) -> None:
    """Refuse an object that is not a plan.

    Raises
    ------
    InputError
        It is not what :func:`dosimetry.plan` returns.
    """
    if not isinstance(plan, Plan):
        raise refuse(
            "wrong-type",
            f"{quote(plan)} is not a plan",
            "pass the result of dosimetry.plan",
            "plan",
        )
