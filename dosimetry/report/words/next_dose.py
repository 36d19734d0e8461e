"""The next dose in words: FULL DOSE, NOT RELEASED, WITHHELD and so on, with activity and date."""

from __future__ import annotations

import datetime as dt
import re

from dosimetry.documents.clinic import PlanLabel
from dosimetry.documents.plan import Plan, PlanCycle
from dosimetry.label.release import CONDITIONS, Release, release
from dosimetry.reference import label as label_figures
from dosimetry.report.numbers import printed
from dosimetry.report.words.limits import in_100, limit_phrase, region_phrase
from dosimetry.report.words.said import Statement, Tone, listed, sentence
from dosimetry.report.words.today import is_late, longest_interval_weeks, obstacles

TOLERANCE = 1e-9  # relative: activities that differ by rounding alone are equal
OF_NEED = re.compile(r"(?<!baseline)( creatinine clearance|\w+) of (?=grade |less |more |\d)")


def next_dose(plan: Plan, as_of: dt.date) -> Statement:
    """Return the plan's dose in the next cycle, as of a day.

    Parameters
    ----------
    plan : Plan
    as_of : date
        Today, for the reader.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan("examples/two_cycles.yaml", "adjusted")
    >>> statement = next_dose(plan, dt.date(2026, 3, 20))
    >>> statement.head
    'NOT RELEASED, cycle 3:'
    >>> statement.text.split(". ")[0]
    'Only after the missing values are checked, this plan gives 3.80 GBq on 2026-05-04'
    """
    to_come = [cycle for cycle in plan.cycles if cycle.status != "delivered"]
    if not to_come:
        complete = f"{len(plan.cycles)} cycles have been given." if plan.cycles else ""
        return Statement("NO CYCLE TO COME:", "plain", complete or plan.decision.reason)
    kept = [cycle for cycle in to_come if not _left_out(cycle)]
    left_out = [f"{cycle.number}" for cycle in to_come if not kept or cycle.number < kept[0].number]
    before = f"Left out on request: cycle {listed(left_out)}. " if left_out else ""
    if not kept:
        return Statement("NO DOSE PLANNED:", "plain", before.strip())
    cycle = kept[0]
    if cycle.status == "planned":
        statement = _planned(plan, cycle, as_of)
    elif cycle.decided_by == "label" and plan.label is not None:
        statement = _by_label(plan, plan.label, cycle, as_of)
    else:
        statement = _by_limit(plan, cycle)
    return Statement(statement.head, statement.tone, printed(f"{before}{statement.text}"))


def _left_out(cycle: PlanCycle) -> bool:
    return (cycle.status, cycle.decided_by) == ("withheld", "request")


def _planned(plan: Plan, cycle: PlanCycle, as_of: dt.date) -> Statement:
    """Return the statement on a cycle that the plan gives."""
    condition, in_the_way = release(plan.label, cycle.number), obstacles(plan, as_of)
    heads, tone = _heads(plan, cycle, condition, in_the_way)
    sentences = [sentence(obstacle) for obstacle in in_the_way]
    sentences += [_gives(cycle, condition, late=is_late(plan, as_of))]
    most = _most(plan)
    if most is not None and "ABOVE THE LABEL" in heads:
        sentences += [f"The label's maximum is {most:.3g} GBq."]
    sentences += [_who_decided(plan, cycle)]
    if condition == "no-rules":
        sentences += [_no_rules(plan)]
    head = f"{', '.join(heads)}, cycle {cycle.number}:"
    return Statement(head, tone, " ".join(filter(None, sentences)))


def _gives(cycle: PlanCycle, condition: Release, late: bool) -> str:
    """Return what the plan gives: the condition first, or that the label allows it no more."""
    dose = f"{_activity(cycle):.2f} GBq{f' on {cycle.at[:10]}' if cycle.at else ''}"
    if late:
        return f"The label allows no further dose. This plan's dose of {dose} is not released."
    if condition in ("unchecked", "later"):
        return f"{CONDITIONS[condition].capitalize()}, this plan gives {dose}."
    beyond = f", {CONDITIONS[condition]}" if condition == "beyond-the-label" else ""
    return f"This plan gives {dose}{beyond}."


def _heads(
    plan: Plan, cycle: PlanCycle, condition: Release, in_the_way: tuple[str, ...]
) -> tuple[list[str], Tone]:
    """Return the words in capitals before a planned dose, and their tone.

    ``good`` is a full dose that the label releases on this day, and nothing else.
    """
    activity, most, label = _activity(cycle), _most(plan), plan.label
    above = most is not None and activity > most * (1 + TOLERANCE)
    heads = ["ABOVE THE LABEL"] if above else []
    if condition == "beyond-the-label":
        heads.append("BEYOND THE LABEL")
    elif condition == "no-rules":
        heads.append("NOT CHECKED")
    elif condition != "released" or in_the_way:
        heads.append("NOT RELEASED")
    if heads:
        return heads, "bad" if in_the_way or len(heads) > 1 or above else "caution"
    if most is not None and activity < most * (1 - TOLERANCE):
        return ["LESS THAN THE LABEL ALLOWS"], "caution"
    if label is not None and label.answer == "reduced":
        return ["REDUCED DOSE"], "caution"
    return ["FULL DOSE"], "good"


def _activity(cycle: PlanCycle) -> float:
    return 0.0 if cycle.activity is None else cycle.activity.value


def _most(plan: Plan) -> float | None:
    """Return the largest activity that the label allows in the next cycle, in GBq."""
    label = plan.label
    return None if label is None or label.activity is None else label.activity.value


def _who_decided(plan: Plan, cycle: PlanCycle) -> str:
    """Return what set the activity, where it is neither the regimen nor the label."""
    if cycle.decided_by == "request":
        return "The activity was requested."
    flag = next((flag for flag in plan.flags if flag.limit == cycle.decided_by), None)
    chance = plan.decision.probability
    if flag is None or chance is None:
        return ""
    return (
        f"The activity is limited by {limit_phrase(flag)}, which this course exceeds in "
        f"{in_100(chance)} of 100 patients like this one (accepted: {in_100(plan.risk)} of 100)."
    )


def _no_rules(plan: Plan) -> str:
    unknown = [region_phrase(flag.region) for flag in plan.flags if flag.severity == "not-assessed"]
    regions = f" Not assessed: {listed(list(dict.fromkeys(unknown)))}." if unknown else ""
    return (
        f"No dose-modification rules are available for {plan.therapy.radiopharmaceutical}: "
        f"blood values, kidney function and adverse events are not checked.{regions}"
    )


def _by_limit(plan: Plan, cycle: PlanCycle) -> Statement:
    """Return the statement on a cycle for which a limit leaves no dose."""
    head = f"NO DOSE (LIMIT), cycle {cycle.number}:"
    flag = next((flag for flag in plan.flags if flag.limit == plan.decision.limit), None)
    chance = plan.decision.probability
    if flag is None or chance is None or plan.decision.cycle != cycle.number:
        return Statement(head, "bad", f"This plan gives none. {sentence(cycle.reason or '')}")
    return Statement(
        head,
        "bad",
        f"This plan gives none. With this cycle, the course would exceed {limit_phrase(flag)} in "
        f"{in_100(chance)} of 100 patients like this one (accepted: {in_100(plan.risk)} of 100).",
    )


def _by_label(plan: Plan, label: PlanLabel, cycle: PlanCycle, as_of: dt.date) -> Statement:
    """Return the statement on a cycle that the label does not allow now."""
    of_cycle = f", cycle {cycle.number}:"
    if label.answer == "stop":
        text = "The label requires permanent discontinuation: no further dose."
        return Statement(f"STOPPED{of_cycle}", "bad", text)
    if is_late(plan, as_of) and label.latest:
        weeks = f"{longest_interval_weeks():g} weeks"
        return Statement(
            f"NO DOSE{of_cycle}",
            "bad",
            f"Not resolved by {label.latest[:10]}, {weeks} after the last dose. The label "
            "allows no further dose.",
        )
    values = " and ".join(_is(need) for need in label.needs[len(label.questions) :])
    if label.answer == "not-eligible":
        text = f"No dose now. The first dose can be given if {values}."
        return Statement(f"NOT ELIGIBLE{of_cycle}", "bad", text)
    return Statement(f"WITHHELD{of_cycle}", "bad", _withheld(label, values))


def _withheld(label: PlanLabel, values: str) -> str:
    """Return what follows either way from the open questions and the values needed."""
    asks = "they do" if len(label.questions) > 1 else "it does"
    sentences = ["No dose now."]
    if label.questions:
        sentences += [sentence(question) for question in label.questions]
        sentences += [f"If {asks}: treatment ends."]
    if values:
        also = f"{asks} not and " if label.questions else ""
        by = f" by {label.latest[:10]}" if label.latest else ""
        sentences += [f"If {also}{values}{by}: {_reduced():.3g} GBq."]
    else:
        sentences += [f"If {asks} not: the label's other rules decide."]
    if label.latest:
        end = "If not by then" if values else f"If not answered by {label.latest[:10]}"
        sentences += [f"{end}: treatment ends."]
    return " ".join(sentences)


def _is(need: str) -> str:
    """Return a value that is needed as a condition.

    Examples
    --------
    >>> _is("platelets of 75 1e9/L or more")
    'platelets are 75 1e9/L or more'
    >>> _is("creatinine of 75.9 umol/L or less (the baseline of 69 umol/L + 10 %)")
    'creatinine is 75.9 umol/L or less (the baseline of 69 umol/L + 10 %)'
    >>> _is("seizure of grade 2 or less")
    'seizure is of grade 2 or less'
    """

    def verb(match: re.Match[str]) -> str:
        is_are = "are" if match[1].endswith("s") else "is"
        grade = need[match.end() :].startswith("grade")
        return f"{match[1]} {is_are} {'of ' if grade else ''}"

    outside, bracket, inside = need.partition(" (")
    return OF_NEED.sub(verb, outside).replace(" back at", " is back at") + bracket + inside


def _reduced() -> float:
    """Return the activity after the first toxicity that has resolved, in GBq."""
    reduced = [rule.reduced_activity for rule in label_figures.label_rules("toxicity")]
    return min(activity for activity in reduced if activity)
