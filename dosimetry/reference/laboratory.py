"""Reference figures of the clinic: analytes, grades, the label's rules, companion medication."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dosimetry import agents
from dosimetry.problems import InputError, quote, refuse
from dosimetry.suggestions import meant
from dosimetry.tables import default, rows_by, table
from dosimetry.units import conversion

CLEARANCE, OTHER = "creatinine_clearance", "other"  # quantities that are no analyte


@dataclass(frozen=True)
class Analyte:
    """What a laboratory measures.

    Attributes
    ----------
    name, unit : str
        Canonical unit.
    amount_unit : str
        Unit of the amount of substance; empty where it is not reported so.
    amount_per_unit : float
    lowest, highest : float
        In the canonical unit; nothing outside of them can be.
    may_be_zero : bool
    units : tuple of str
        Units that laboratories use.
    """

    name: str
    unit: str
    amount_unit: str
    amount_per_unit: float
    lowest: float
    highest: float
    may_be_zero: bool
    units: tuple[str, ...]


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


@dataclass(frozen=True)
class GradeRow:
    """One row of the CTCAE: bounds of a grade, absolute or as multiples."""

    term: str
    haematological: bool
    grade: int
    at_least: float | None
    below: float | Literal["LLN"] | None
    above: float | None
    up_to: float | None
    multiple_of: str


@dataclass(frozen=True)
class Criterion:
    """A comparison of one quantity; ``of`` is empty, ``grade``, ``ULN`` or ``baseline``."""

    quantity: str
    comparison: str
    value: float
    unit: str
    of: str


@dataclass(frozen=True)
class LabelRule:
    """A rule of the label: any of its alternatives suffices, each with all its criteria."""

    name: str
    kind: str
    title: str
    alternatives: tuple[tuple[Criterion, ...], ...]
    reduced_activity: float | None
    longest_interval: float | None
    source: str

    def quantities(self) -> tuple[str, ...]:
        """Return the quantities that the rule looks at, each once."""
        return tuple(dict.fromkeys(c.quantity for group in self.alternatives for c in group))


@dataclass(frozen=True)
class LabelDocument:
    """An edition of the label: what of it the rules come from, or that it is not at hand."""

    region: str
    document: str
    version: str
    at_hand: bool
    note: str

    def __str__(self) -> str:
        edition = self.version or "version not recorded"
        if not self.at_hand:
            return f"{self.document} ({self.region}): {self.note}"
        return f"{self.document} ({self.region}, {edition}): {self.note}"


@dataclass(frozen=True)
class Companion:
    """A drug, a control or a scan around the doses; times in h after its anchor.

    ``precision`` is ``time`` or ``day``: whether it has a time of day where the dose has one.
    """

    kind: str
    what: str
    anchor: str
    precision: str
    begin: float
    end: float | None
    every: float | None
    months: int | None
    source: str


def same(value: float, bound: float) -> bool:
    """Tell whether a value is on a bound, but for the rounding of unit conversions."""
    return abs(value - bound) <= default("bound_tolerance", "1") * abs(bound)


def compare(value: float, comparison: str, bound: float) -> bool:
    """Compare a value with a bound; a value on the bound is inside of at_least and at_most.

    Examples
    --------
    >>> compare(40.0, "below", 40.0), compare(1.4000000000000001, "at_least", 1.4)
    (False, True)
    """
    if same(value, bound):
        return comparison in ("at_least", "at_most")
    return value > bound if comparison in ("above", "at_least") else value < bound


@functools.cache
def analytes() -> Mapping[str, Analyte]:
    """Return every analyte by its name.

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
        )
        for row in table("analytes").rows
    }


def analyte(name: str) -> Analyte:
    """Find an analyte.

    Raises
    ------
    InputError
        Not known, with the nearest known one.
    """
    if name not in analytes():
        known = ", ".join(analytes())
        near = meant(name, analytes())
        raise refuse(
            "unknown-analyte",
            f"analyte {quote(name)} is not known",
            f"{near}  (known: {known})" if near else f"known: {known}",
        )
    return analytes()[name]


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
    found = analyte(name)
    try:
        return value * conversion(unit, found.unit)
    except InputError:
        if not found.amount_unit:
            raise
        return value * conversion(unit, found.amount_unit) / found.amount_per_unit


def from_canonical(name: str, value: float, unit: str) -> float:
    """Return a value of the analyte's canonical unit in another unit."""
    return value / to_canonical(name, 1.0, unit)


@functools.cache
def reference_range(name: str, sex: str) -> Range:
    """Return the range that stands in where the patient file has none."""
    for row in table("laboratory_reference_ranges").rows:
        if (row["analyte"], row["sex"]) == (name, sex):
            lower, upper = (
                to_canonical(name, float(row[end]), row["unit"]) if row[end] else None
                for end in ("lower", "upper")
            )
            return Range(lower, upper, row["source"])
    return Range(None, None, "")


@functools.cache
def grade_rows(name: str) -> tuple[GradeRow, ...]:
    """Return the CTCAE rows of an analyte, bounds in its canonical unit; empty where none is."""
    found = []
    for row in table("ctcae_v5").rows:
        if row["analyte"] != name:
            continue
        factor = 1.0 if row["unit"] == "1" else to_canonical(name, 1.0, row["unit"])
        at_least, above, up_to = (
            float(row[end]) * factor if row[end] else None for end in ("at_least", "above", "up_to")
        )
        below: float | Literal["LLN"] | None = None
        if row["below"]:
            below = "LLN" if row["below"] == "LLN" else float(row["below"]) * factor
        found.append(
            GradeRow(
                row["term"],
                row["haematological"] == "yes",
                int(row["grade"]),
                at_least,
                below,
                above,
                up_to,
                row["multiple_of"],
            )
        )
    return tuple(found)


def graded_terms() -> Mapping[str, str]:
    """Return the analyte of every toxicity that a laboratory value grades, by all its names."""
    named = {
        name: row["analyte"]
        for row in table("analytes").rows
        for name in filter(None, row["toxicity_names"].split(";"))
    }
    return {**named, **{row["term"]: row["analyte"] for row in table("ctcae_v5").rows}}


@functools.cache
def label_rules(kind: str) -> tuple[LabelRule, ...]:
    """Return the rules of one kind: ``toxicity`` or ``contraindication``.

    Examples
    --------
    >>> [rule.name for rule in label_rules("toxicity")][:2]
    ['thrombocytopenia', 'anaemia']
    """
    found = []
    for row in table("label_rules").rows:
        if row["kind"] != kind:
            continue
        groups: dict[str, list[Criterion]] = {}
        for one in table("label_criteria").rows:
            if one["rule"] == row["rule"]:
                groups.setdefault(one["alternative"], []).append(
                    Criterion(
                        one["quantity"],
                        one["comparison"],
                        float(one["value"]),
                        one["unit"],
                        one["of"],
                    )
                )
        reduced = row["reduced_activity"]
        longest = row["longest_interval"]
        rules = table("label_rules")
        found.append(
            LabelRule(
                row["rule"],
                kind,
                row["title"],
                tuple(map(tuple, groups.values())),
                rules.number(row, "reduced_activity", "GBq") if reduced else None,
                rules.number(row, "longest_interval", "h") if longest else None,
                row["source"],
            )
        )
    return tuple(found)


@functools.cache
def label_documents() -> tuple[LabelDocument, ...]:
    """Return the editions of the label, the dose-modification rules first.

    Examples
    --------
    >>> label_documents()[0].region, label_documents()[0].version
    ('US', '4/2024')
    """
    rows = table("label_documents").rows
    return tuple(
        LabelDocument(
            row["region"], row["document"], row["version"], row["at_hand"] == "yes", row["note"]
        )
        for row in sorted(rows, key=lambda r: (r["at_hand"] != "yes", r["kind"] != "toxicity"))
    )


def longest_interval() -> float:
    """Return the longest interval between two doses that the label knows, in h."""
    return min(rule.longest_interval or float("inf") for rule in label_rules("toxicity"))


def full_activity() -> float:
    """Return the activity of a full dose of the label in GBq."""
    return table("regimens").number(_label_regimen(), "activity", "GBq")


def label_doses() -> int:
    """Return how many doses the label has."""
    return int(_label_regimen()["cycles"])


def earliest_interval() -> float:
    """Return the shortest interval between two doses that the label knows, in h."""
    usual = table("regimens").number(_label_regimen(), "interval", "h")
    return usual - default("label_interval_tolerance", "h")


def _label_regimen() -> Mapping[str, str]:
    return rows_by("regimens", "id")[agents.of_label().label_regimen]


@functools.cache
def renal_coefficients(equation: str, sex: str) -> Mapping[str, float]:
    """Return the coefficients of an equation of renal function for one sex."""
    return {
        row["coefficient"]: float(row[sex])
        for row in table("renal_equations").rows
        if row["equation"] == equation
    }


@functools.cache
def companions(agent: str) -> tuple[Companion, ...]:
    """Return what goes with the doses of an agent, in the order of the table.

    A row of 177Lu stands in for an agent that has no row of that kind of its own.
    """
    found = table("companion_medication")
    own = {row["kind"] for row in found.rows if row["agent"] == agent}
    return tuple(
        Companion(
            row["kind"],
            row["what"],
            row["anchor"],
            row["precision"],
            float(row["from"]),
            float(row["until"]) if row["until"] else None,
            float(row["every"]) if row["every"] else None,
            int(row["months"]) if row["months"] else None,
            row["source"],
        )
        for row in found.rows
        if row["agent"] == agent
        or (row["agent"] == "177Lu" and agent.startswith("177Lu") and row["kind"] not in own)
    )
