"""Check of one rule of the label against findings, with value, date and bound in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from dosimetry.label.findings import CREATININE, Finding, Observations
from dosimetry.label.resolution import lacking
from dosimetry.patient.laboratory import amount_in_words
from dosimetry.quantities import Amount
from dosimetry.reference import grades, label, laboratory
from dosimetry.reference.label import OTHER, Criterion, LabelRule
from dosimetry.reference.laboratory import CLEARANCE

SIGNS = {"below": "below", "at_most": "at most", "at_least": "at least", "above": "above"}
OPPOSITE = {
    "below": "or more",
    "at_most": "or more",
    "at_least": "or less",
    "above": "or less",
}


class Unknown(NamedTuple):
    """A quantity that could not be checked, and why."""

    quantity: str
    why: str


@dataclass(frozen=True)
class Check:
    """Result of a rule.

    Attributes
    ----------
    holds : bool
    because : tuple of str
        The findings that make it hold, each with its bound.
    needs : tuple of str
        Values with which it would no longer hold.
    unknown : tuple of Unknown
        Quantities that could not be checked, and why.
    half : tuple of Unknown
        Those of ``unknown`` that decide: the rest of their alternative holds.
    alternatives : frozenset of int
        Numbers of the alternatives that hold.
    numbers : tuple of int
        The alternative of each entry of ``needs``.
    """

    holds: bool
    because: tuple[str, ...]
    needs: tuple[str, ...]
    unknown: tuple[Unknown, ...]
    half: tuple[Unknown, ...] = ()
    alternatives: frozenset[int] = frozenset()
    numbers: tuple[int, ...] = ()


def check(rule: LabelRule, known: Mapping[str, Finding], seen: Observations) -> Check:
    """Return the result of a rule for the latest findings.

    Parameters
    ----------
    rule : LabelRule
    known : mapping of str to Finding
        Latest finding of each quantity.
    seen : Observations
        For the baseline and the reference ranges.
    """
    because: list[str] = []
    needs: list[str] = []
    unknown: list[Unknown] = []
    half: list[Unknown] = []
    holding: set[int] = set()
    numbers: list[int] = []
    for number, group in enumerate(rule.alternatives, start=1):
        missing = [_missing(criterion, known, seen) for criterion in group]
        held = [
            why is None and _holds(criterion, known, seen)
            for criterion, why in zip(group, missing, strict=True)
        ]
        if all(held):
            holding.add(number)
            because.append(" with ".join(_because(c, known, seen) for c in group))
            needs.append(" or ".join(_need(c, known, seen) for c in group))
            numbers.append(number)
        elif all(h or why for h, why in zip(held, missing, strict=True)):
            lacking = [why for why in missing if why]
            unknown += lacking if any(held) else lacking[:1]
            half += lacking if any(held) else []
            if any(held):
                needs.append(" or ".join(_need(c, known, seen) for c in group))
                numbers.append(number)
    return Check(
        bool(because),
        tuple(because),
        tuple(needs),
        tuple(dict.fromkeys(unknown)),
        tuple(dict.fromkeys(half)),
        frozenset(holding),
        tuple(numbers),
    )


def unresolved(
    rule: LabelRule,
    result: Check,
    alternatives: Iterable[int],
    known: Mapping[str, Finding],
    seen: Observations,
) -> Check | None:
    """Return a toxicity's check with the values that it waits for; None where it has resolved.

    Parameters
    ----------
    rule : LabelRule
    result : Check
        The latest one.
    alternatives : iterable of int
        Numbers of the alternatives that have held since the toxicity began.
    known, seen : mapping of str to Finding, Observations
        As for :func:`check`.
    """
    lacks = lacking(rule.name, alternatives, known, seen)
    if not (result.holds or result.half or lacks):
        return None
    covered = {lack.quantity for lack in lacks}
    left = [
        need
        for number, need in zip(result.numbers, result.needs, strict=True)
        if not any(_covered(c, covered) for c in rule.alternatives[number - 1])
    ]
    needs = (*(lack.need for lack in lacks), *left) if lacks else result.needs
    because = result.because or tuple(lack.because for lack in lacks)
    return replace(result, because=because, needs=tuple(dict.fromkeys(needs)))


def _covered(criterion: Criterion, lacking_quantities: set[str]) -> bool:
    """Return whether a criterion no longer holds once the lacking quantities are at baseline."""
    return criterion.quantity in lacking_quantities or criterion.of == "baseline"


def other_rules(rule: LabelRule, known: Iterable[str]) -> dict[str, LabelRule]:
    """Return the rules of ``any other toxicity``, one for each term among the findings.

    The terms are adverse events, and laboratory values that are not blood counts, have no rule of
    their own and count without being entered as an adverse event.
    """
    with_own_rule = {
        group[0].quantity
        for own in label.label_rules("toxicity")
        for group in own.alternatives
        if len(group) == 1
    }
    rules = {}
    for quantity in known:
        rows = grades.grade_rows(quantity)
        of_labs = (
            bool(rows)
            and not rows[0].haematological
            and quantity not in with_own_rule
            and not laboratory.analyte(quantity).only_as_event
        )
        if of_labs or quantity.startswith(f"{OTHER}: "):
            term = rows[0].term if rows else quantity.removeprefix(f"{OTHER}: ")
            criteria = tuple(
                tuple(Criterion(quantity, c.comparison, c.value, c.unit, c.of) for c in group)
                for group in rule.alternatives
            )
            rules[quantity] = LabelRule(
                f"{rule.name}: {term}",
                rule.kind,
                f"{term} of grade 3 or 4",
                criteria,
                rule.reduced_activity,
                rule.longest_interval,
                rule.source,
            )
    return rules


def _missing(
    criterion: Criterion, known: Mapping[str, Finding], seen: Observations
) -> Unknown | None:
    """Return why a criterion cannot be checked; None where it can."""
    name = criterion.quantity
    if name not in known:
        if name == CLEARANCE and CREATININE in known:
            return Unknown(name, "patient.age and patient.weight are needed")
        return Unknown(name, "no value")
    if criterion.of == "baseline" and name not in seen.baseline:
        return Unknown(name, "no baseline (last value before the first dose)")
    if criterion.of == "ULN" and seen.ranges[name].upper is None:
        return Unknown(name, "no upper limit of normal")
    return None


def _bound(criterion: Criterion, seen: Observations) -> float:
    """Return the bound of a criterion in the canonical unit of its quantity, or as a grade."""
    name = criterion.quantity
    if criterion.of == "grade":
        return criterion.value
    if criterion.of == "baseline":
        return criterion.value * (seen.baseline[name].value or 0.0)
    if criterion.of == "ULN":
        return criterion.value * (seen.ranges[name].upper or 0.0)
    if name == CLEARANCE:
        return criterion.value
    return laboratory.to_canonical(name, criterion.value, criterion.unit)


def _holds(criterion: Criterion, known: Mapping[str, Finding], seen: Observations) -> bool:
    finding = known[criterion.quantity]
    value = finding.value
    if criterion.of == "grade":
        value = float(finding.grade.grade) if finding.grade else 0.0
    return value is not None and laboratory.meets(
        value, criterion.comparison, _bound(criterion, seen)
    )


def _because(criterion: Criterion, known: Mapping[str, Finding], seen: Observations) -> str:
    finding = known[criterion.quantity]
    if criterion.of == "grade":
        return f"{finding} (CTCAE grade {finding.grade.grade if finding.grade else 0})"
    if criterion.of == "baseline":
        usual, change = seen.baseline[criterion.quantity], finding.change or 0.0
        way = "up" if change > 0 else "down"
        base = amount_in_words(usual.written) if usual.written else ""
        return f"{finding} ({way} {100 * abs(change):.0f} % from the baseline of {base})"
    multiple = f" = {criterion.value:g} x ULN" if criterion.of == "ULN" else ""
    bound = _in_unit_of(finding, _bound(criterion, seen))
    return f"{finding} ({SIGNS[criterion.comparison]} {amount_in_words(bound)}{multiple})"


def _need(criterion: Criterion, known: Mapping[str, Finding], seen: Observations) -> str:
    """Return in words the value with which a criterion would no longer hold."""
    name = criterion.quantity.replace("_", " ")
    if criterion.quantity not in known:
        return f"{name} of {criterion.value:g} {criterion.unit} {OPPOSITE[criterion.comparison]}"
    finding = known[criterion.quantity]
    if criterion.of == "grade":
        grade = int(criterion.value)
        below = next(
            (r.below for r in grades.grade_rows(criterion.quantity) if r.grade == grade), None
        )
        if not isinstance(below, float):
            return f"{name.removeprefix(f'{OTHER}: ')} of grade {grade - 1} or less"
        return f"{name} of {amount_in_words(_in_unit_of(finding, below))} or more"
    bound = amount_in_words(_in_unit_of(finding, _bound(criterion, seen)))
    strict = criterion.comparison in ("at_least", "at_most")
    limit = f"{'less' if criterion.comparison == 'at_least' else 'more'} than {bound}"
    words = f"{name} of {limit if strict else f'{bound} {OPPOSITE[criterion.comparison]}'}"
    if criterion.quantity == CLEARANCE and CREATININE in known and finding.value:
        creatinine = known[CREATININE]
        # the clearance is inversely proportional to the creatinine
        most = (creatinine.value or 0.0) * finding.value / _bound(criterion, seen)
        limit = amount_in_words(_in_unit_of(creatinine, most))
        words += f" (creatinine of {f'less than {limit}' if strict else f'{limit} or less'})"
    return words


def _in_unit_of(finding: Finding, value: float) -> Amount:
    """Return a canonical value in the unit of a finding in the patient file."""
    if finding.written is None or finding.quantity == CLEARANCE:
        return Amount(value, "mL/min")
    unit = finding.written.unit
    return Amount(laboratory.from_canonical(finding.quantity, value, unit), unit)
