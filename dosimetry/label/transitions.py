"""The label's dose-modification rules as a state machine over a course.

Findings and doses are applied in order of time; a later one never changes the effect of an earlier
one. The rules themselves are data (tables ``label_rules`` and ``label_criteria``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dosimetry.label.events import judge
from dosimetry.label.findings import DatedFindings, Observations
from dosimetry.label.rules import Check, check, other_rules, unresolved
from dosimetry.label.state import LabelRecord, Phase, Toxicity, stop, transit
from dosimetry.patient.schema import PatientFile
from dosimetry.patient.times import DOSE, day, local, order
from dosimetry.patient.values import Moment
from dosimetry.problems import Problem
from dosimetry.reference import label
from dosimetry.reference.label import OTHER, LabelRule
from dosimetry.reference.tables import default
from dosimetry.units import HOURS_PER_WEEK


def observe(record: LabelRecord, seen: DatedFindings, context: Observations) -> LabelRecord:
    """Return the record after the findings of one time.

    Only the rules on these quantities are checked, by the latest finding of each quantity.
    """
    record = replace(record, known={**record.known, **seen.findings})
    record = judge(record, seen.findings)
    if record.doses == 0:
        return _eligibility(record, seen, context)
    for rule in _rules(seen):
        if set(rule.quantities()) & set(seen.findings):
            result = check(rule, record.known, context)
            record = _toxicity(record, rule, seen.at, result, context)
    return record


def _rules(seen: DatedFindings) -> list[LabelRule]:
    rules: list[LabelRule] = []
    for rule in label.label_rules("toxicity"):
        if rule.quantities() == (OTHER,):
            rules += other_rules(rule, seen.findings).values()
        else:
            rules.append(rule)
    return rules


def _eligibility(record: LabelRecord, seen: DatedFindings, context: Observations) -> LabelRecord:
    """Return the record after a check of the contraindications, before the first dose."""
    if record.stopped is not None:
        return record
    before = record.state
    holding = {}
    for rule in label.label_rules("contraindication"):
        result = check(rule, record.known, context)
        if result.holds:
            holding[rule.name] = result
    record = replace(record, contraindications=holding)
    if record.state == before:
        return record
    source = label.label_rules("contraindication")[0].source
    if holding:
        name = next(iter(holding))
        reason = f"contraindication: {_contraindications(record)}"
    else:
        name, reason = "eligibility", "no contraindication among the known values"
    return transit(record, seen.at, name, reason, source)


def _contraindications(record: LabelRecord) -> str:
    results = record.contraindications.values()
    return "; ".join(words for result in results for words in result.because)


def _toxicity(
    record: LabelRecord, rule: LabelRule, at: Moment, result: Check, context: Observations
) -> LabelRecord:
    """Return the record with one toxicity moved to its next phase."""
    if record.stopped is not None:
        return record
    was = record.toxicities.get(rule.name)
    latest = record.latest()
    late = latest is not None and day(at) > latest
    because = "; ".join(result.because)
    if was is not None and was.phase == "withheld":
        return _withheld(record, was, at, result, late, context)
    if not result.holds:
        if was is None or was.phase != "reduced-given" or result.half:  # half: it may hold
            return record
        words = (
            f"{rule.title} has not recurred after cycle {record.doses} "
            f"({_values(rule, record)}): full dose again"
        )
        return _phase(record, rule, "full-again", result, at, words)
    if was is not None:
        reduced = " before the reduced dose was given" if was.phase == "resolved" else ""
        words = f"{rule.title} has recurred{reduced}: {because}"
        return stop(record, rule.name, rule.source, at, words)
    if late:
        return stop(record, rule.name, rule.source, at, _too_late(rule, record, because))
    return _first(record, rule, at, result, context)


def _first(
    record: LabelRecord, rule: LabelRule, at: Moment, result: Check, context: Observations
) -> LabelRecord:
    """Return the record with the next dose withheld by the first occurrence of a toxicity."""
    waiting = unresolved(rule, result, result.alternatives, record.known, context) or result
    toxicity = Toxicity("withheld", waiting, at, rule, result.alternatives)
    asked = bool(set(rule.quantities()) & set(record.questions))
    record = replace(record, toxicities={**record.toxicities, rule.name: toxicity})
    if asked:  # the open question withholds the dose already
        return record
    because = "; ".join(result.because)
    words = f"{rule.title}, first occurrence: {because}. {toxicity.order(record.latest())}"
    return transit(record, at, rule.name, words, rule.source)


def _withheld(
    record: LabelRecord,
    was: Toxicity,
    at: Moment,
    result: Check,
    late: bool,
    context: Observations,
) -> LabelRecord:
    """Return the record after findings on a toxicity that withholds the next dose."""
    rule = was.rule
    alternatives = was.alternatives | result.alternatives
    waiting = unresolved(rule, result, alternatives, record.known, context)
    if waiting is not None:
        waiting = replace(waiting, because=waiting.because or was.check.because)
    if late:
        because = "; ".join(waiting.because) if waiting else None
        return stop(record, rule.name, rule.source, at, _too_late(rule, record, because))
    if waiting is not None or set(rule.quantities()) & set(record.questions):
        # a toxicity that has resolved waits for the answer to its question
        toxicity = replace(was, check=waiting or result, alternatives=alternatives)
        return replace(record, toxicities={**record.toxicities, rule.name: toxicity})
    words = (
        f"{rule.title} has resolved ({_values(rule, record)}). Next dose: "
        f"{rule.reduced_activity:g} GBq, no later than {record.latest()}"
    )
    return _phase(record, rule, "resolved", result, at, words)


def _values(rule: LabelRule, record: LabelRecord) -> str:
    return ", ".join(str(record.known[q]) for q in rule.quantities() if q in record.known)


def _too_late(rule: LabelRule, record: LabelRecord, because: str | None) -> str:
    """Return why the longest interval ends the treatment; None where the toxicity has resolved."""
    weeks = (rule.longest_interval or 0.0) / HOURS_PER_WEEK
    late = f"more than {weeks:g} weeks after the last dose (until {record.latest()})"
    if because is None:
        return f"{rule.title} resolved {late}"
    return f"{rule.title} {late}: {because}"


def _phase(
    record: LabelRecord, rule: LabelRule, phase: Phase, result: Check, at: Moment, reason: str
) -> LabelRecord:
    toxicities = {**record.toxicities, rule.name: Toxicity(phase, result, at, rule)}
    return transit(replace(record, toxicities=toxicities), at, rule.name, reason, rule.source)


def give(record: LabelRecord, at: Moment, activity: float) -> LabelRecord:
    """Return the record after a dose of an activity in GBq."""
    number = record.doses + 1
    record = replace(record, warnings=(*record.warnings, *_against(record, number, activity)))
    latest = record.latest()
    if record.stopped is None and latest is not None and day(at) > latest:
        weeks = (day(at) - day(record.last_dose or at)).days / 7
        longest = label.longest_interval() / HOURS_PER_WEEK
        reason = (
            f"cycle {number} was given {weeks:.3g} weeks after the previous one, more than "
            f"{longest:g} weeks"
        )
        source = label.label_rules("toxicity")[0].source
        record = stop(record, "longest_interval", source, at, reason)
        record = replace(record, warnings=(*record.warnings, _warning(number, reason)))
    record = replace(record, doses=number, last_dose=at, known={}, contraindications={})
    for name, toxicity in record.toxicities.items():
        title = toxicity.rule.title
        if toxicity.phase not in ("resolved", "reduced-given"):
            continue
        if toxicity.phase == "resolved":
            phase: Phase = "reduced-given"
            words = f"cycle {number} ({activity:.4g} GBq) is the dose after {title}"
        else:
            phase = "full-again"
            words = f"cycle {number}: {title} has not recurred after cycle {number - 1}"
        moved = {**record.toxicities, name: replace(toxicity, phase=phase, since=at)}
        record = replace(record, toxicities=moved)
        if record.stopped is None:
            record = transit(record, at, name, words, toxicity.rule.source)
    return record


def _against(record: LabelRecord, number: int, activity: float) -> list[Problem]:
    """Return a warning where a dose is higher than the label allows."""
    most = record.allowed() * (1.0 + default("label_activity_tolerance", "1"))
    if activity <= most or record.allowed() == label.full_activity():
        return []  # activities above the full dose have a warning of their own
    why = {
        "stopped": f"required permanent discontinuation: {record.stopped}",
        "withheld": f"required withholding it: {'; '.join(record.because())}",
        "not-eligible": f"has a contraindication: {_contraindications(record)}",
    }.get(record.state, f"allowed only {record.allowed():.4g} GBq")
    words = f"cycle {number} ({activity:.4g} GBq) was given although the label {why}"
    return [_warning(number, words)]


def _warning(number: int, words: str) -> Problem:
    cure = "check the laboratory values, the dates and the activity"
    return Problem("against-the-label", words, cure, f"cycles[{number - 1}]")


def so_far(patient: PatientFile, seen: Observations, administered: Sequence[float]) -> LabelRecord:
    """Return the record after all findings and doses (net activities in GBq)."""
    doses = [local(patient, cycle.at) for cycle in patient.cycles]
    moments = [(key, 0, i) for i, (key, _) in enumerate(seen.timed)]
    moments += [(order(at, DOSE), 1, i) for i, at in enumerate(doses)]
    record = LabelRecord()
    for _, dose, i in sorted(moments):
        if dose:
            record = give(record, doses[i], administered[i])
        else:
            record = observe(record, seen.all[i], seen)
    return record
