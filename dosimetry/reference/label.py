"""The label: dose-modification rules, documents, activity and intervals."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from dosimetry.reference import agents
from dosimetry.reference.tables import default, rows_by, table

OTHER = "other"  # quantities that are not analytes


@dataclass(frozen=True)
class Criterion:
    """A comparison of a quantity with a bound.

    ``of`` is empty, ``grade`` (the CTCAE grade is compared), or ``ULN`` or ``baseline`` (the bound
    is a multiple of it).
    """

    quantity: str
    comparison: str
    value: float
    unit: str
    of: str


@dataclass(frozen=True)
class LabelRule:
    """A rule of the label; it applies if all criteria of one of its alternatives are met."""

    name: str
    kind: str
    title: str
    alternatives: tuple[tuple[Criterion, ...], ...]
    reduced_activity: float | None
    longest_interval: float | None
    source: str

    def quantities(self) -> tuple[str, ...]:
        """Return the quantities that the rule compares, without duplicates."""
        return tuple(dict.fromkeys(c.quantity for group in self.alternatives for c in group))


@dataclass(frozen=True)
class LabelDocument:
    """An edition of the label: a source of rules, or one whose rules are not available."""

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


@functools.cache
def label_rules(kind: str) -> tuple[LabelRule, ...]:
    """Return the rules of the kind ``toxicity`` or ``contraindication``.

    Examples
    --------
    >>> [rule.name for rule in label_rules("toxicity")][:2]
    ['thrombocytopenia', 'anaemia']
    """
    rules = []
    for row in table("label_rules").rows:
        if row["kind"] != kind:
            continue
        groups: dict[str, list[Criterion]] = {}
        for criterion in table("label_criteria").rows:
            if criterion["rule"] == row["rule"]:
                groups.setdefault(criterion["alternative"], []).append(
                    Criterion(
                        criterion["quantity"],
                        criterion["comparison"],
                        float(criterion["value"]),
                        criterion["unit"],
                        criterion["of"],
                    )
                )
        reduced = row["reduced_activity"]
        longest = row["longest_interval"]
        rule_table = table("label_rules")
        rules.append(
            LabelRule(
                row["rule"],
                kind,
                row["title"],
                tuple(map(tuple, groups.values())),
                rule_table.number(row, "reduced_activity", "GBq") if reduced else None,
                rule_table.number(row, "longest_interval", "h") if longest else None,
                row["source"],
            )
        )
    return tuple(rules)


@functools.cache
def label_documents() -> tuple[LabelDocument, ...]:
    """Return the editions of the label: available ones first, dose-modification rules first.

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
    """Return the longest interval between two doses on the label, in h."""
    return min(rule.longest_interval or float("inf") for rule in label_rules("toxicity"))


def full_activity() -> float:
    """Return the activity of a full dose of the label in GBq."""
    return table("regimens").number(_label_regimen(), "activity", "GBq")


def label_doses() -> int:
    """Return the number of doses on the label."""
    return int(_label_regimen()["cycles"])


def is_beyond_label(number: int) -> bool:
    """Return whether a cycle of this number exceeds the doses of the label.

    Examples
    --------
    >>> is_beyond_label(4), is_beyond_label(5)
    (False, True)
    """
    return number > label_doses()


def earliest_interval() -> float:
    """Return the shortest interval between two doses on the label, less its tolerance, in h."""
    usual = table("regimens").number(_label_regimen(), "interval", "h")
    return usual - default("label_interval_tolerance", "h")


def _label_regimen() -> Mapping[str, str]:
    return rows_by("regimens", "id")[agents.of_label().label_regimen]
