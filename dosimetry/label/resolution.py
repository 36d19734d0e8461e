"""Resolution of renal and hepatic toxicity: value back at its baseline, or normal."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dosimetry.label.findings import Finding, Observations
from dosimetry.patient.laboratory import amount_in_words
from dosimetry.problems import in_words
from dosimetry.quantities import Amount
from dosimetry.reference import laboratory
from dosimetry.reference.tables import default, table

ENDS = {"ULN": "the upper limit of normal", "LLN": "the lower limit of normal"}


@dataclass(frozen=True)
class Way:
    """One row of table ``label_resolution``: a bound that a quantity must reach."""

    alternative: int
    quantity: str
    comparison: str
    value: float
    of: str
    without_baseline: bool


class Bound(NamedTuple):
    """A bound in the canonical unit of its quantity, with its description."""

    comparison: str
    value: float
    what: str


@dataclass(frozen=True)
class Lack:
    """A quantity that has not resolved: its value, and the value that it needs."""

    quantity: str
    because: str
    need: str


@functools.cache
def ways(rule: str) -> tuple[Way, ...]:
    """Return the rows of a rule; empty for a rule on grades, which resolves with the grade.

    Examples
    --------
    >>> [way.of for way in ways("hepatotoxicity") if way.quantity == "bilirubin"]
    ['ULN', 'baseline']
    """
    return tuple(
        Way(
            int(row["alternative"]),
            row["quantity"],
            row["comparison"],
            float(row["value"]),
            row["of"],
            row["where"] == "no baseline",
        )
        for row in table("label_resolution").rows
        if row["rule"] == rule
    )


def lacking(
    rule: str, alternatives: Iterable[int], known: Mapping[str, Finding], seen: Observations
) -> tuple[Lack, ...]:
    """Return the quantities that have not resolved, of the alternatives of a rule that held.

    Parameters
    ----------
    rule : str
    alternatives : iterable of int
        Numbers of the alternatives that have held since the toxicity began.
    known : mapping of str to Finding
        Latest finding of each quantity.
    seen : Observations
        For the baseline and the reference ranges.
    """
    held = set(alternatives)
    quantities = dict.fromkeys(w.quantity for w in ways(rule) if w.alternative in held)
    lacks = []
    for quantity in quantities:
        bounds = [
            bound
            for way in ways(rule)
            if way.quantity == quantity and way.alternative in held
            if (bound := _bound(way, seen)) is not None
        ]
        now = known.get(quantity)
        value = None if now is None else now.value
        if value is None or not any(laboratory.meets(value, b.comparison, b.value) for b in bounds):
            lacks.append(_lack(quantity, bounds, now, seen))
    return tuple(lacks)


def _bound(way: Way, seen: Observations) -> Bound | None:
    """Return the bound of a row; None where it is not known or the row does not apply."""
    usual = seen.baseline.get(way.quantity)
    if way.of == "baseline":
        if usual is None or usual.value is None or usual.written is None:
            return None
        tolerance = default("return_to_baseline", "1")
        sign, side = (1, "+") if way.comparison == "at_most" else (-1, "-")
        baseline = amount_in_words(usual.written)
        what = f"the baseline of {baseline} {side} {100 * tolerance:.0f} %"
        bound = way.value * usual.value * (1 + sign * tolerance)
        return Bound(way.comparison, bound, what)
    limits = seen.ranges[way.quantity]
    end = limits.upper if way.of == "ULN" else limits.lower
    if end is None or (way.without_baseline and usual is not None):
        return None
    return Bound(way.comparison, way.value * end, ENDS[way.of])


def _lack(quantity: str, bounds: list[Bound], now: Finding | None, seen: Observations) -> Lack:
    name = in_words([quantity])
    if now is None:
        because = f"{name} not measured since the last dose"
    else:
        because = f"{now}{_change(now, seen)}, not resolved"
    if not bounds:
        return Lack(quantity, because, f"{name} back at its baseline, which is not known")
    widest = (max if bounds[0].comparison == "at_most" else min)(bounds, key=lambda b: b.value)
    unit = now.written.unit if now and now.written else laboratory.analyte(quantity).unit
    amount = Amount(laboratory.from_canonical(quantity, widest.value, unit), unit)
    side = "or less" if widest.comparison == "at_most" else "or more"
    return Lack(quantity, because, f"{name} of {amount_in_words(amount)} {side} ({widest.what})")


def _change(now: Finding, seen: Observations) -> str:
    usual = seen.baseline.get(now.quantity)
    if now.change is None or usual is None or usual.written is None:
        return ""
    way = "above" if now.change > 0 else "below"
    baseline = amount_in_words(usual.written)
    return f" ({100 * abs(now.change):.0f} % {way} the baseline of {baseline})"
