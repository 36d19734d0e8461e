"""The fields of the patient file as a form shows them: in words, with their units, by section."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

from dosimetry.patient.prior import WORDS as PRIORS
from dosimetry.patient.schema import ESTIMATORS, RISK_FACTORS
from dosimetry.reference import agents, limits, regimens, tables

Kind = Literal["text", "choice", "many", "long"]


@dataclass(frozen=True)
class Field:
    """One box of the form.

    Attributes
    ----------
    place : str
        In a patient file, below its section; empty for the value of a row itself.
    label : str
    unit : str
        Of a bare number; it stands beside the box.
    kind : str
    choices : tuple of (value, words)
    hint : str
    usual : bool
        Whether it stands above the fold.
    needed : bool
    """

    place: str
    label: str
    unit: str = ""
    kind: Kind = "text"
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    usual: bool = True
    needed: bool = False


@dataclass(frozen=True)
class Rows:
    """A table of the form: a mapping by name, or a list.

    Attributes
    ----------
    place, label : str
    key : str
        Heading of the names; empty for a list.
    columns : tuple of Field
        One with an empty place is the value itself.
    names : str
        List of suggestions for the names: ``regions`` or ``analytes``.
    """

    place: str
    label: str
    key: str
    columns: tuple[Field, ...]
    hint: str = ""
    usual: bool = True
    names: str = "regions"


def _words(values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((value, value.replace("_", " ")) for value in values)


DATE = "YYYY-MM-DD, with time and zone as in 2026-01-12T09:30:00+01:00"
PERSON = (
    Field("patient.id", "Pseudonym", hint="no name, no date of birth", needed=True),
    Field("patient.sex", "Sex", kind="choice", choices=_words(("female", "male")), needed=True),
    Field("patient.age", "Age", "year"),
    Field("patient.weight", "Weight", "kg"),
    Field("patient.kidney_risk_factors", "Kidney risk factors", kind="many",
          choices=_words(RISK_FACTORS)),
    Field("patient.height", "Height", "cm", usual=False),
    Field("patient.hematocrit", "Haematocrit", hint="a fraction, as in 0.41", usual=False),
)  # fmt: skip
OWN = "own"
OWN_REGIMEN = (
    Field("therapy.regimen.activity", "Activity per cycle", "GBq"),
    Field("therapy.regimen.cycles", "Cycles in all"),
    Field("therapy.regimen.interval", "Interval", "week"),
)
THERAPY_MORE = (
    Field("therapy.infusion_time", "Time of day of the doses to come", hint="HH:MM", usual=False),
    Field("therapy.tumour_grade", "Grade of the tumour", hint="1 to 3", usual=False),
    Field("therapy.marrow_to_blood_ratio", "Red marrow to blood", kind="choice",
          choices=_words(("one", "plasma")), usual=False),
    Field("therapy.prior", "Dose per activity before the first measurement", kind="text",
          hint=" or ".join(PRIORS), usual=False),
    Field("therapy.estimator", "Estimator of the curves", kind="choice",
          choices=_words(ESTIMATORS), usual=False),
)  # fmt: skip
VALUE_SD = ("value", "sd")


def _estimate(unit: str, label: str) -> tuple[Field, ...]:
    return Field("value", label, unit), Field("sd", "sd", hint=f"in {unit}, or as in 8 %")


MASSES = Rows("masses", "Masses", "region", _estimate("g", "mass"), "left and right kidney apart")
OWN_LIMITS = Rows(
    "therapy.limits", "Limits of one's own", "",
    (Field("id", "name"), Field("region", "region"),
     Field("quantity", "quantity", kind="choice",
           choices=_words(("absorbed dose", "biologically effective dose"))),
     Field("limit", "limit", "Gy"), Field("source", "source")), usual=False,
)  # fmt: skip
PRIOR_DOSES = Rows(
    "therapy.prior_doses", "Previous radiation", "region",
    (Field("absorbed_dose", "absorbed dose", "Gy"), Field("bed", "BED", "Gy"),
     Field("source", "source")), usual=False,
)  # fmt: skip
HALF_LIVES = Rows(
    "effective_half_lives", "Effective half-lives, for single scans", "region",
    _estimate("h", "half-life"), usual=False,
)  # fmt: skip
SITES = Rows("sites", "Organ that each tumour lies in", "tumour", (Field("", "organ"),),
             usual=False)  # fmt: skip
EVENTS = Rows(
    "adverse_events", "Adverse events", "",
    (Field("at", "date"), Field("term", "CTCAE term"), Field("grade", "grade, 0 if resolved"),
     Field("ends_treatment", "ends the treatment", kind="choice",
           choices=_words(("yes", "no")))), usual=True,
)  # fmt: skip
RANGES = Rows(
    "reference_ranges", "Reference ranges of the laboratory", "analyte",
    (Field("lower", "lower, with unit"), Field("upper", "upper, with unit")), usual=False,
    names="analytes",
)  # fmt: skip
CYCLE = (
    Field("at", "Date of the injection", hint=DATE, needed=True),
    Field("systematic_uncertainty", "Systematic uncertainty of the activities", "%"),
)
PREPARED = (
    Field("prepared", "Activity prepared", "GBq"),
    Field("prepared_at", "measured at", hint=DATE),
    Field("residual", "Activity left over", "MBq"),
    Field("residual_at", "measured at", hint=DATE),
)
CYCLE_ROWS = (
    Rows("dose_coefficients", "Doses from elsewhere", "region",
         _estimate("Gy/GBq", "dose per activity"), usual=False),
    Rows("masses", "Masses measured for this cycle", "region", _estimate("g", "mass"),
         usual=False),
    Rows("not_measurable", "Regions that could not be measured", "region",
         (Field("", "reason"),), usual=False),
    Rows("contains", "Regions whose volume includes others", "region",
         (Field("", "includes", kind="long"),), usual=False),
)  # fmt: skip
TOP_ROWS = (MASSES, HALF_LIVES, SITES, EVENTS, RANGES)


def therapy() -> tuple[Field, ...]:
    """Return the usual fields of the therapy."""
    known = tuple((row["id"], f"{row['id']} ({row['agent']})") for row in _regimens())
    return (
        Field("therapy.radiopharmaceutical", "Radiopharmaceutical",
              hint=f"as in {agents.default().name}"),
        Field("therapy.regimen", "Regimen", kind="choice", needed=True,
              choices=(*known, (OWN, "own, written out below"))),
        Field("therapy.start", "Date of the first dose", hint="only before cycle 1, YYYY-MM-DD"),
        Field("therapy.time_zone", "Time zone", hint="as in Europe/Berlin"),
    )  # fmt: skip


@functools.cache
def _regimens() -> tuple[dict[str, str], ...]:
    return tuple(
        dict(row)
        for row in tables.table("regimens").rows
        if row["activity"] and regimens.regimen(row["id"])
    )


def limit_field() -> Field:
    """Return the limits of the reference tables, to tick."""
    names = dict.fromkeys(row["stands_for"] for row in limits.limit_rows())
    return Field(
        "therapy.limits", "Limits", kind="many", choices=tuple((name, name) for name in names),
        hint="none ticked: the usual ones", usual=False,
    )  # fmt: skip
