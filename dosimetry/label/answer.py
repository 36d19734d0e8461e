"""The label's answer for the next dose; none after the last dose of the label."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from dosimetry.documents.clinic import Answer, PlanCondition, PlanLabel
from dosimetry.label.events import premedications
from dosimetry.label.findings import CREATININE, Observations
from dosimetry.label.rules import check
from dosimetry.label.slots import Slot
from dosimetry.label.state import LabelRecord
from dosimetry.patient.times import day
from dosimetry.problems import in_words
from dosimetry.quantities import Amount
from dosimetry.reference import label as label_figures
from dosimetry.reference.label import OTHER
from dosimetry.reference.laboratory import CLEARANCE
from dosimetry.reference.tables import default


def unchecked(label: LabelRecord, seen: Observations, next_dose: Slot) -> tuple[str, ...]:
    """Return the quantities of the label's rules that could not be checked, and why.

    Only values since the last dose count; a value that is too old on the day of the next dose is
    listed too.
    """
    kind = "toxicity" if label.doses else "contraindication"
    rules = [rule for rule in label_figures.label_rules(kind) if rule.quantities() != (OTHER,)]
    since = f"no value since cycle {label.doses}" if label.doses else "no value"
    reasons: dict[str, str] = {}
    for rule in rules:
        for name, why in check(rule, label.known, seen).unknown:
            of = CREATININE if name == CLEARANCE and CREATININE not in label.known else name
            reasons.setdefault(of, since if why == "no value" else why)
    oldest = dt.timedelta(hours=default("oldest_laboratory_value", "h"))
    for name in dict.fromkeys(q for rule in rules for q in rule.quantities()):
        known = label.known.get(name)
        if known is None or name == CLEARANCE or next_dose.at is None:
            continue
        if next_dose.status == "planned" and next_dose.at - day(known.at) > oldest:
            weeks = oldest.days / 7
            old = f"older than {weeks:g} weeks on the day of cycle {next_dose.number}"
            reasons.setdefault(name, old)
    groups: dict[str, list[str]] = {}
    for name, why in reasons.items():
        groups.setdefault(why, []).append(name)
    return tuple(f"{in_words(names)}: {why}" for why, names in groups.items())


def label_answer(label: LabelRecord, seen: Observations, to_come: Sequence[Slot]) -> PlanLabel:
    """Return the label's answer on the next dose, with its reason and the history."""
    first = next((slot for slot in to_come if slot.by != "request"), None)
    answer = "complete" if first is None else _answer(first, label)
    if first is None or answer == "complete":
        reason = "the regimen has no further cycle"
        if first is not None:
            reason = f"all {label_figures.label_doses()} doses of the label have been given"
        return _complete(label, reason)
    missing = unchecked(label, seen, first)
    latest = label.latest()
    allowed = answer in ("due", "reduced")
    state = "stopped" if answer == "stop" else label.state
    if allowed and missing:
        answer, state = "unchecked", "unchecked"
    no_rule = f"no dose-modification rule applies{' to the known values' if missing else ''}"
    reason = first.reason or no_rule
    return replace(
        _empty(label, reason.removeprefix("label: ")),
        state=state,
        next_cycle=first.number,
        answer=answer,
        activity=Amount(min(first.most, label_figures.full_activity()), "GBq") if allowed else None,
        earliest=_earliest(first.at, label).isoformat() if allowed and first.at else None,
        latest=latest.isoformat() if latest and answer != "stop" else None,
        needs=() if answer == "stop" else label.needs(),
        unchecked=missing,
        questions=() if answer == "stop" else _questions(label),
        conditions=() if answer == "stop" else _conditions(label),
    )


def _complete(label: LabelRecord, reason: str) -> PlanLabel:
    """Return the answer where no cycle is to come, with what speaks against a further dose."""
    if label.stopped is not None:
        reason = f"{reason}. Permanent discontinuation: {label.stopped}"
    elif label.because():
        reason = f"{reason}. A further dose would be withheld: {'; '.join(label.because())}"
    return _empty(label, reason)


def _empty(label: LabelRecord, reason: str) -> PlanLabel:
    """Return the answer where no cycle is to come."""
    ruled = label_figures.label_documents()[0]
    return PlanLabel(
        region=ruled.region,
        version=ruled.version,
        documents=tuple(map(str, label_figures.label_documents())),
        state=label.state,
        next_cycle=None,
        answer="complete",
        activity=None,
        earliest=None,
        latest=None,
        reason=reason,
        needs=(),
        unchecked=(),
        questions=_questions(label),
        conditions=(),
        transitions=label.transitions,
    )


def _questions(label: LabelRecord) -> tuple[str, ...]:
    return tuple(map(str, label.questions.values()))


def _conditions(label: LabelRecord) -> tuple[PlanCondition, ...]:
    return tuple(PlanCondition(what, source) for what, source in premedications(label))


def _earliest(planned: dt.date, label: LabelRecord) -> dt.date:
    """Return the later of the regimen's day for the next dose and the label's first day for it."""
    if label.last_dose is None:
        return planned
    first = day(label.last_dose) + dt.timedelta(hours=label_figures.earliest_interval())
    return max(planned, first)


def _answer(first: Slot, label: LabelRecord) -> Answer:
    if first.status == "stopped":
        return "stop"
    if first.status == "withheld":
        return "not-eligible" if label.state == "not-eligible" else "withhold"
    if label_figures.is_beyond_label(label.doses + 1):
        return "complete"
    return "reduced" if first.most < label_figures.full_activity() else "due"
