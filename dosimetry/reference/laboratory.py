"""Analytes: units, conversion, reference ranges."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dosimetry.problems import InputError, quote, refuse
from dosimetry.reference.tables import default, table
from dosimetry.suggestions import typo
from dosimetry.units import conversion

CLEARANCE = "creatinine_clearance"
COMPUTED = (  # from the creatinine, in any spelling
    *(CLEARANCE, "crcl", "clcr", "ccr", "clearance", "egfr", "gfr", "glomerular filtration rate"),
    *("estimated gfr", "egfr ckd-epi", "gfr ckd-epi", "estimated glomerular filtration rate"),
)


@dataclass(frozen=True)
class Analyte:
    """A quantity that a laboratory measures.

    Attributes
    ----------
    name, unit : str
        Canonical unit.
    amount_unit : str
        Unit of the amount of substance; empty if laboratories do not use it.
    amount_per_unit : float
        Amount of substance in ``amount_unit`` of one ``unit``.
    lowest, highest : float
        Range of possible values, in the canonical unit.
    may_be_zero : bool
    units : tuple of str
        Units that laboratories use.
    aliases : tuple of str
        Other names that it has in reports.
    only_as_event : bool
        Whether a grade counts for the label only where it is entered as an adverse event.
    """

    name: str
    unit: str
    amount_unit: str
    amount_per_unit: float
    lowest: float
    highest: float
    may_be_zero: bool
    units: tuple[str, ...]
    aliases: tuple[str, ...]
    only_as_event: bool


@dataclass(frozen=True)
class Range:
    """Reference range of an analyte.

    Attributes
    ----------
    lower, upper : float or None
        Limits of normal, in the analyte's canonical unit.
    source : str
    """

    lower: float | None
    upper: float | None
    source: str


def on_bound(value: float, bound: float) -> bool:
    """Return whether a value equals a bound, within the rounding of unit conversions."""
    return abs(value - bound) <= default("bound_tolerance", "1") * abs(bound)


def meets(value: float, comparison: str, bound: float) -> bool:
    """Return whether a value is above, below, at least or at most a bound.

    Examples
    --------
    >>> meets(40.0, "below", 40.0), meets(1.4000000000000001, "at_least", 1.4)
    (False, True)
    """
    if on_bound(value, bound):
        return comparison in ("at_least", "at_most")
    return value > bound if comparison in ("above", "at_least") else value < bound


@functools.cache
def analytes() -> Mapping[str, Analyte]:
    """Return all analytes by name.

    Examples
    --------
    >>> analytes()["haemoglobin"].unit
    'g/dL'
    """
    return {
        row["analyte"]: Analyte(
            row["analyte"],
            row["unit"],
            row["amount_unit"],
            float(row["amount_per_unit"] or 1.0),
            float(row["lowest"]),
            float(row["highest"]),
            row["may_be_zero"] == "yes",
            tuple(row["units"].split(";")),
            tuple(filter(None, row["aliases"].split(";"))),
            row["reaction"] == "adverse_events",
        )
        for row in table("analytes").rows
    }


def spelled(name: str) -> str:
    """Return a name in lower case without blanks, hyphens, dots and brackets.

    Examples
    --------
    >>> spelled("Bilirubin, total"), spelled("ALT (GPT)"), spelled("Neutrophils %")
    ('bilirubintotal', 'altgpt', 'neutrophils%')
    """
    return re.sub(r"[\s_.,()\-\u2010-\u2013]+", "", name).casefold()


@functools.cache
def _names() -> Mapping[str, str]:
    """Return the analyte of every name that a report may give it, spelled plainly."""
    return {
        spelled(alias): name
        for name, analyte in analytes().items()
        for alias in (name, *analyte.aliases)
    }


def analyte(name: str) -> Analyte:
    """Return an analyte by its name or an alias, in any case.

    Raises
    ------
    InputError
        An unknown name, with the nearest known one, or a quantity that is computed here.

    Examples
    --------
    >>> analyte("Hgb").name, analyte("Absolute neutrophil count").name
    ('haemoglobin', 'neutrophils')
    """
    if name in analytes():
        return analytes()[name]
    plainly = spelled(name)
    if plainly in _names():
        return analytes()[_names()[plainly]]
    if plainly in map(spelled, COMPUTED):
        raise refuse(
            "computed-here",
            f"{quote(name)} is not read: it is computed from the creatinine",
            "give the creatinine, and age and weight of the patient; an eGFR per 1.73 m2 is not a "
            "clearance in mL/min",
        )
    known = ", ".join(analytes())
    near = "" if "%" in plainly else typo(plainly, _names())  # a share is no count
    raise refuse(
        "unknown-analyte",
        f"analyte {quote(name)} is not known",
        f"nearest: {_names()[near]}  (known: {known})" if near else f"known: {known}",
    )


def to_canonical(name: str, value: float, unit: str) -> float:
    """Return a laboratory value in the analyte's canonical unit.

    Raises
    ------
    InputError
        A unit of another dimension.

    Examples
    --------
    >>> to_canonical("creatinine", 88.42, "umol/L"), to_canonical("haemoglobin", 128, "g/L")
    (1.0, 12.8)
    """
    measured = analyte(name)
    try:
        return value * conversion(unit, measured.unit)
    except InputError as refused:
        if not measured.amount_unit:
            raise
        try:
            return value * conversion(unit, measured.amount_unit) / measured.amount_per_unit
        except InputError:
            raise refused from None


def from_canonical(name: str, value: float, unit: str) -> float:
    """Return a laboratory value, given in the analyte's canonical unit, in another unit."""
    return value / to_canonical(name, 1.0, unit)


@functools.cache
def reference_range(name: str, sex: str) -> Range:
    """Return the default reference range of an analyte, for patient files without one."""
    for row in table("laboratory_reference_ranges").rows:
        if (row["analyte"], row["sex"]) == (name, sex):
            lower, upper = (
                to_canonical(name, float(row[end]), row["unit"]) if row[end] else None
                for end in ("lower", "upper")
            )
            return Range(lower, upper, row["source"])
    return Range(None, None, "")


@functools.cache
def renal_coefficients(equation: str, sex: str) -> Mapping[str, float]:
    """Return the coefficients of an equation of renal function for one sex."""
    return {
        row["coefficient"]: float(row[sex])
        for row in table("renal_equations").rows
        if row["equation"] == equation
    }
