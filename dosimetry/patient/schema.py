"""The sections of a patient file: its schema.

Every field is read strictly (:mod:`dosimetry.patient.values`); contradictions between fields are
found by :mod:`dosimetry.patient.checks.whole_file`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from dosimetry.number_texts import parse_number
from dosimetry.patient import values
from dosimetry.patient.by_region import (
    Coefficients,
    Contains,
    HalfLives,
    Masses,
    Models,
    NotMeasurable,
    Sites,
    Systematic,
    by_region,
    dose_region,
)
from dosimetry.patient.lab_table import labs_field
from dosimetry.patient.laboratory import LabDraw, ranges_field
from dosimetry.patient.measurements.field import measured, read_blood, read_scans
from dosimetry.patient.measurements.scan import Measurements
from dosimetry.patient.prior import PRIOR, ClinicPrior
from dosimetry.patient.sex import Sex
from dosimetry.patient.values import (
    DateOrTime,
    Read,
    Text,
    amount,
    choice,
    count,
    read_clock,
    read_zone,
)
from dosimetry.problems import quote, refuse
from dosimetry.quantities import Amount
from dosimetry.reference import agents, grades, laboratory, regimens
from dosimetry.reference import limits as limits_figures
from dosimetry.reference.laboratory import Range

M = TypeVar("M", bound=BaseModel)

SINGLE_KIDNEY = "single_kidney"
RISK_FACTORS = ("hypertension", "diabetes", "nephrotoxic_chemotherapy", SINGLE_KIDNEY)
QUANTITIES = {
    "absorbed dose": "absorbed dose",
    "absorbed_dose": "absorbed dose",
    "biologically effective dose": "biologically effective dose",
    "bed": "biologically effective dose",
    "BED": "biologically effective dose",
}
WORST_GRADE = 4  # of a living patient
ESTIMATORS = POSTERIOR, LEAST_SQUARES = "posterior", "least-squares"
WORST_TUMOUR_GRADE = 3  # of a neuroendocrine tumour


def read_quantity(value: object) -> str:
    """Read the quantity of a limit."""
    return QUANTITIES[values.read_choice(value, tuple(QUANTITIES))]


class Section(BaseModel):
    """A part of the patient file; unknown keys, and changes after reading, are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Person(Section):
    """The patient; age and weight may be omitted.

    Attributes
    ----------
    id : str
        A pseudonym.
    sex : str
        ``male`` or ``female``: chooses the phantom.
    age : Amount or None
        In years.
    weight : Amount or None
        In kg.
    height : Amount or None
        In cm.
    hematocrit : float or None
        A fraction.
    kidney_risk_factors : list of str
    """

    id: Text
    sex: Sex
    age: Annotated[Amount, amount("year", high=120.0)] | None = None
    weight: Annotated[Amount, amount("kg", low=20.0, high=400.0)] | None = None
    height: Annotated[Amount, amount("cm", low=50.0, high=260.0)] | None = None
    hematocrit: Annotated[float, values.fraction(0.1, 0.7)] | None = None
    kidney_risk_factors: list[Annotated[str, choice(*RISK_FACTORS)]] = []


class OwnRegimen(Section):
    """A regimen written out in the patient file.

    Attributes
    ----------
    activity : Amount
        Per cycle, in MBq.
    cycles : int
        Delivered ones included.
    interval : Amount
        From dose to dose, in h.
    """

    activity: Annotated[Amount, amount("MBq")]
    cycles: Annotated[int, count(12)]
    interval: Annotated[Amount, amount("h", high=17532.0)]


class OwnLimit(Section):
    """A limit defined in the patient file.

    Attributes
    ----------
    id : str
    region : str
    quantity : str
        ``absorbed dose`` or ``biologically effective dose``.
    limit : Amount
        For the whole course, in Gy.
    source : str
    """

    id: Text
    region: Annotated[str, Read(dose_region, {"type": "string"})]
    quantity: Annotated[str, Read(read_quantity, {"type": "string", "enum": [*QUANTITIES]})]
    limit: Annotated[Amount, amount("Gy")]
    source: Text


class PriorDose(Section):
    """Previous radiation of a region, included in its cumulative dose.

    Attributes
    ----------
    absorbed_dose : Amount
        In Gy.
    bed : Amount or None
        In Gy.
    source : str
        Description of the radiation.
    """

    absorbed_dose: Annotated[Amount, amount("Gy")]
    bed: Annotated[Amount, amount("Gy")] | None = None
    source: Text


class Prepared(Section):
    """Activity prepared and left over, each at its own time.

    Attributes
    ----------
    prepared : Amount
        In MBq.
    prepared_at : date, date-time or None
        Time of the measurement; None for the time of injection.
    residual : Amount or None
        In MBq.
    residual_at : date, date-time or None
        Time of the measurement; None for the time of injection.
    """

    prepared: Annotated[Amount, amount("MBq")]
    prepared_at: DateOrTime | None = None
    residual: Annotated[Amount, amount("MBq")] | None = None
    residual_at: DateOrTime | None = None


def _nested(model: type[M]) -> dict[str, Any]:
    return model.model_json_schema(ref_template="#/$defs/{model}")


def _either(model: type[M], reader: Any, schema: dict[str, Any]) -> Read:
    """Mark a field that is a mapping (a section) or something that ``reader`` reads."""

    def read(value: object) -> Any:
        if isinstance(value, Mapping):
            return model.model_validate(value)
        return value if isinstance(value, model) else reader(value)

    return Read(read, {"anyOf": [schema, _nested(model)]})


def _read_limit(value: object) -> str:
    known = {name for row in limits_figures.limit_rows() for name in (row["id"], row["stands_for"])}
    return values.read_choice(value, tuple(sorted(known)))


def _read_regimen(value: object) -> regimens.Regimen:
    if isinstance(value, regimens.Regimen):
        return value
    return regimens.regimen(values.read_text(value))


def _read_agent(value: object) -> str:
    text = values.read_text(value).strip()
    agent = agents.find(text)
    if agent is not None:
        return agent.name
    spelling = agents.letters_and_digits(text)
    if "177lu" in spelling or "lu177" in spelling:
        return text
    raise refuse(
        "unknown-agent",
        f"{quote(text)} is not labelled with 177Lu",
        f"only 177Lu is supported: write {agents.default().name}, 177Lu-PSMA-617 and the like",
    )


PriorDoses = Annotated[
    dict[str, PriorDose],
    by_region(dose_region, Read(PriorDose.model_validate, _nested(PriorDose))),
]


class Therapy(Section):
    """Therapy: agent, regimen and limits.

    Attributes
    ----------
    radiopharmaceutical : str
    regimen : Regimen or OwnRegimen
    start : date or None
        Date of the first dose, only while no cycle was delivered.
    limits : list of str or OwnLimit, or None
        None for the default ones.
    prior_doses : dict of str to PriorDose
        By region.
    marrow_to_blood_ratio : str
        ``one`` or ``plasma``.
    time_zone : str or None
        As in ``Europe/Berlin``.
    infusion_time : time or None
        Time of day of the doses to come.
    prior : str, ClinicPrior or None
        Of the dose per activity: ``label``, ``renal-function`` or a clinic's own table. None for
        renal function where it is known before cycle 1, else the label.
    tumour_grade : int or None
        1 to 3, of the tumours' cells.
    estimator : str
        Of the time-activity curves: ``posterior`` or ``least-squares``.
    """

    radiopharmaceutical: Annotated[str, Read(_read_agent, {"type": "string"})] = (
        agents.default().name
    )
    regimen: Annotated[
        regimens.Regimen | OwnRegimen, _either(OwnRegimen, _read_regimen, {"type": "string"})
    ]
    start: values.Date | None = None
    limits: (
        list[Annotated[str | OwnLimit, _either(OwnLimit, _read_limit, {"type": "string"})]] | None
    ) = None
    prior_doses: PriorDoses = {}
    marrow_to_blood_ratio: Annotated[str, choice("one", "plasma")] = "one"
    time_zone: Annotated[str, Read(read_zone, {"type": "string"})] | None = None
    infusion_time: Annotated[dt.time, Read(read_clock, {"type": "string"})] | None = None
    prior: Annotated[str | ClinicPrior, PRIOR] | None = None
    tumour_grade: Annotated[int, count(WORST_TUMOUR_GRADE)] | None = None
    estimator: Annotated[str, choice(*ESTIMATORS)] = POSTERIOR


class Cycle(Section):
    """One delivered cycle.

    Attributes
    ----------
    administered : Amount or Prepared
        Net activity at the injection, in MBq.
    at : date or date-time
        Of the injection.
    measurements : Measurements
        Scans: times in h, activities in MBq.
    decay_corrected_to : str
        ``none`` or ``administration``.
    systematic_uncertainty : Amount, dict of str to Amount, or None
        Of the calibration, in %, of all regions or by region; 0 % counts as exact.
    models : dict of str to str
        Model of the curve, by region.
    blood : Measurements
        Samples: times in h, concentrations in kBq/mL.
    dose_coefficients : dict of str to Estimate
        By region, in Gy/GBq.
    contains : dict of str to tuple of str
        By region, the regions that its VOI includes.
    masses : dict of str to Estimate
        By region, in g, as measured for this cycle.
    not_measurable : dict of str to str
        Regions that could not be measured in this cycle, with the reason.
    """

    administered: Annotated[
        Amount | Prepared,
        _either(
            Prepared,
            lambda value: values.read_amount(value, "MBq"),
            {"type": "string", "description": "a quantity, as in '7.21 GBq'"},
        ),
    ]
    at: DateOrTime
    measurements: Annotated[Measurements, measured("scans", read_scans)] = Measurements()
    decay_corrected_to: Annotated[str, choice("none", "administration")] = "none"
    systematic_uncertainty: Systematic | None = None
    models: Models = {}
    blood: Annotated[Measurements, measured("blood samples", read_blood)] = Measurements()
    dose_coefficients: Coefficients = {}
    contains: Contains = {}
    masses: Masses = {}
    not_measurable: NotMeasurable = {}


def _read_term(value: object) -> str:
    term = values.read_text(value).strip().lower()
    graded = grades.graded_terms()
    if term in graded and not laboratory.analyte(graded[term]).only_as_event:
        raise refuse(
            "graded-by-laboratory",
            f"{quote(term)} is graded by the laboratory values",
            f"give {graded[term]} under labs",
        )
    return term


def _read_grade(value: object) -> int:
    number = parse_number(value) if isinstance(value, str) else value
    if isinstance(number, bool) or number not in list(range(WORST_GRADE + 1)):
        raise refuse(
            "not-a-grade",
            f"{quote(value)} is not a grade from 0 to {WORST_GRADE}",
            "write the CTCAE grade, 0 once it has resolved",
        )
    return int(f"{number:.0f}")


class AdverseEvent(Section):
    """Grade of an adverse event from a date on; laboratory values have their own grades.

    Attributes
    ----------
    at : date or date-time
    term : str
        CTCAE term.
    grade : int
        0 (resolved) to 4.
    ends_treatment : str or None
        ``yes`` or ``no``.
    """

    at: DateOrTime
    term: Annotated[str, Read(_read_term, {"type": "string", "description": "a CTCAE term"})]
    grade: Annotated[
        int, Read(_read_grade, {"type": "integer", "minimum": 0, "maximum": WORST_GRADE})
    ]
    ends_treatment: Annotated[str, choice("yes", "no")] | None = None


class PatientFile(Section):
    """The whole patient file."""

    person: Person = Field(alias="patient")
    therapy: Therapy
    masses: Masses = {}
    effective_half_lives: HalfLives = {}
    sites: Sites = {}
    cycles: list[Cycle] = []
    labs: Annotated[list[LabDraw], labs_field()] = []
    reference_ranges: Annotated[dict[str, Range], ranges_field()] = {}
    adverse_events: list[AdverseEvent] = []

    def regions_measured(self) -> set[str]:
        """Return every region that has a curve in some cycle."""
        return {
            scan.region
            for cycle in self.cycles
            for scan in (*cycle.measurements.scans, *cycle.blood.scans)
        }
