"""What this plan gives next, in words: activity and date, or none and why."""

from __future__ import annotations

import datetime as dt
import re

from dosimetry import clinical
from dosimetry.report.limit_words import in_100, limit_name
from dosimetry.report.said import Said, Tone, listed, sentence
from dosimetry.report.terminal_parts import words
from dosimetry.report.today import is_late, obstacles
from dosimetry.therapy.clinical_plan import PlanLabel
from dosimetry.therapy.plan import Plan, PlanCycle
from dosimetry.therapy.release import CONDITIONS, release
from dosimetry.units import HOURS_PER_WEEK

TOLERANCE = 1e-9  # relative: equal but for rounding
OF_NEED = re.compile(r"(?<!baseline)( creatinine clearance|\w+) of (?=grade |less |more |\d)")


def next_dose(plan: Plan, as_of: dt.date) -> Said:
    """Return what the plan gives in the next cycle, as of a day.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan("examples/two_cycles.yaml", "adjusted")
    >>> said = next_dose(plan, dt.date(2026, 3, 20))
    >>> said.head
    'NOT RELEASED, cycle 3:'
    >>> said.text.split(". ")[0]
    'This plan gives 3.80 GBq on 2026-05-04 only if the missing values are checked'
    """
    to_come = [cycle for cycle in plan.cycles if cycle.status != "delivered"]
    asked = [one for one in to_come if (one.status, one.decided_by) != ("withheld", "request")]
    if not to_come:
        given = f"{len(plan.cycles)} cycles have been given." if plan.cycles else ""
        return Said("NO CYCLE TO COME:", "plain", given or plan.decision.reason)
    left_out = [f"{one.number}" for one in to_come if not asked or one.number < asked[0].number]
    before = f"Left out on request: cycle {listed(left_out)}. " if left_out else ""
    if not asked:
        return Said("NO DOSE PLANNED:", "plain", before.strip())
    one = asked[0]
    if one.status == "planned":
        said = _planned(plan, one, as_of)
    elif one.decided_by == "label" and plan.label is not None:
        said = _by_label(plan, plan.label, one, as_of)
    else:
        said = _by_limit(plan, one)
    return Said(said.head, said.tone, f"{before}{said.text}")


def _planned(plan: Plan, one: PlanCycle, as_of: dt.date) -> Said:
    label, how = plan.label, release(plan.label, one.number)
    activity = 0.0 if one.activity is None else one.activity.value
    most = None if label is None or label.activity is None else label.activity.value
    in_the_way = obstacles(plan, as_of)
    heads: list[str] = []
    if most is not None and activity > most * (1 + TOLERANCE):
        heads.append("ABOVE THE LABEL")
    if how == "beyond-the-label":
        heads.append("BEYOND THE LABEL")
    elif how == "no-rules":
        heads.append("NOT CHECKED")
    elif how != "released" or in_the_way:
        heads.append("NOT RELEASED")
    tone: Tone = "bad" if in_the_way or len(heads) > 1 or "ABOVE THE LABEL" in heads else "caution"
    if not heads and most is not None and activity < most * (1 - TOLERANCE):
        heads.append("LESS THAN THE LABEL ALLOWS")
    elif not heads and label is not None and label.answer == "reduced":
        heads.append("REDUCED DOSE")
    elif not heads:
        heads, tone = ["FULL DOSE"], "good"
    when = f" on {one.at[:10]}" if one.at else ""
    only = "" if how == "no-rules" else CONDITIONS[how]
    gives = f"this plan gives {activity:.2f} GBq{when}{only}."
    said = [f"{'; '.join(in_the_way)}."] if in_the_way else []
    said += ["By the label, no further dose."] if is_late(plan, as_of) else []
    said += [sentence(gives)]
    if most is not None and "ABOVE THE LABEL" in heads:
        said.append(f"The label's maximum is {most:.3g} GBq.")
    said += [_who_decided(plan, one)]
    if how == "no-rules":
        said.append(_no_rules(plan))
    return Said(f"{', '.join(heads)}, cycle {one.number}:", tone, " ".join(filter(None, said)))


def _who_decided(plan: Plan, one: PlanCycle) -> str:
    """Return what held the activity, where it is neither the regimen nor the label."""
    if one.decided_by == "request":
        return "The activity is the one requested."
    flag = next((flag for flag in plan.flags if flag.limit == one.decided_by), None)
    chance = plan.decision.probability
    if flag is None or chance is None:
        return ""
    return (
        f"Held down by {limit_name(flag)}: exceeded in {in_100(chance)} of 100 such patients "
        f"with this course, {in_100(plan.risk)} accepted."
    )


def _no_rules(plan: Plan) -> str:
    missing = [words(flag.region) for flag in plan.flags if flag.severity == "not-assessed"]
    unknown = f"; {listed(list(dict.fromkeys(missing)))} not assessed" if missing else ""
    return (
        f"No dose-modification rules for {plan.therapy.radiopharmaceutical}: blood values, "
        f"kidneys, adverse events are not checked{unknown}."
    )


def _by_limit(plan: Plan, one: PlanCycle) -> Said:
    """Return why a limit leaves no dose."""
    head = f"NO DOSE (LIMIT), cycle {one.number}:"
    flag = next((flag for flag in plan.flags if flag.limit == plan.decision.limit), None)
    chance = plan.decision.probability
    if flag is None or chance is None or plan.decision.cycle != one.number:
        return Said(head, "bad", f"This plan gives none. {sentence(one.reason or '')}")
    return Said(
        head,
        "bad",
        f"This plan gives none: with this cycle, {limit_name(flag)} would be exceeded in "
        f"{in_100(chance)} of 100 such patients, {in_100(plan.risk)} accepted.",
    )


def _by_label(plan: Plan, label: PlanLabel, one: PlanCycle, as_of: dt.date) -> Said:
    """Return what the label asks for where it gives no dose now."""
    cycle = f", cycle {one.number}:"
    if label.answer == "stop":
        return Said(f"STOPPED{cycle}", "bad", "No further dose, by the label.")
    if is_late(plan, as_of) and label.latest:
        weeks = clinical.longest_interval() / HOURS_PER_WEEK
        return Said(
            f"NO DOSE{cycle}",
            "bad",
            f"Not resolved by {label.latest[:10]} ({weeks:g} weeks): by the label, no further "
            "dose.",
        )
    values = [_is(need) for need in label.needs[len(label.questions) :]]
    by = f" by {label.latest[:10]}" if label.latest else ""
    if label.answer == "not-eligible":
        return Said(
            f"NOT ELIGIBLE{cycle}",
            "bad",
            f"No dose now. If {' and '.join(values)}: the first dose can be given.",
        )
    said = ["No dose now."]
    asks = f"{'they do' if len(label.questions) > 1 else 'it does'}"
    if label.questions:
        said += [sentence(question) for question in label.questions]
        said += [f"If {asks}: treatment ends."]
    if values:
        also = f"{asks} not and " if label.questions else ""
        said += [f"If {also}{' and '.join(values)}{by}: {_reduced():.3g} GBq."]
    else:
        said += [f"If {asks} not: the label's other rules decide."]
    if label.latest:
        end = "If not by then" if values else f"If not answered by {label.latest[:10]}"
        said += [f"{end}: treatment ends."]
    return Said(f"WITHHELD{cycle}", "bad", " ".join(said))


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

    def verb(found: re.Match[str]) -> str:
        is_are = "are" if found[1].endswith("s") else "is"
        grade = need[found.end() :].startswith("grade")
        return f"{found[1]} {is_are} {'of ' if grade else ''}"

    outside, bracket, inside = need.partition(" (")
    return OF_NEED.sub(verb, outside).replace(" back at", " is back at") + bracket + inside


def _reduced() -> float:
    """Return the activity after the first toxicity that has resolved, in GBq."""
    found = [rule.reduced_activity for rule in clinical.label_rules("toxicity")]
    return min(activity for activity in found if activity)
