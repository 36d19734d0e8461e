"""What the label says of the next dose, in words: missing values come first."""

from __future__ import annotations

import datetime as dt
import re

from dosimetry import clinical
from dosimetry.report.said import Said, Tone, sentence
from dosimetry.report.today import is_late, obstacles
from dosimetry.therapy.adverse_terms import is_known
from dosimetry.therapy.clinical_plan import PlanLabel
from dosimetry.therapy.plan import Plan
from dosimetry.units import HOURS_PER_WEEK

GIVES = ("due", "reduced", "unchecked")
# what follows in a reason says what is needed; it stands in the next dose's words
NEEDED = re.compile(r"[;,]? (?:withheld|not eligible) until .*", re.IGNORECASE | re.DOTALL)

REDUCED = re.compile(r"^at most [^,]*, since ")  # the activity stands before it


def label_words(plan: Plan, as_of: dt.date) -> Said | None:
    """Return what the label says beside the plan's own next dose; None where none applies.

    Examples
    --------
    >>> import dosimetry
    >>> said = label_words(dosimetry.plan("examples/two_cycles.yaml"), dt.date(2026, 3, 20))
    >>> said.head, said.text.split(":")[0]
    ('NOT CHECKED, US label 4/2024:', 'Platelets, haemoglobin, neutrophils, creatinine, bilirubin, albumin')
    """  # noqa: E501
    label = plan.label
    if label is None:
        return None
    name = f"{label.region} label {label.version}:"
    missing = "; ".join(label.unchecked)
    said: list[str] = []
    tone: Tone = "plain"
    if label.answer in GIVES and is_late(plan, as_of) and label.latest:
        weeks = clinical.longest_interval() / HOURS_PER_WEEK
        said += [f"No dose after {label.latest[:10]}, {weeks:g} weeks after the last one."]
        said += [f"Not checked: {missing}."] if missing else []
    elif label.answer == "unchecked":
        name, tone = f"NOT CHECKED, {name}", "caution"
        said += [
            sentence(missing),
            f"Enter them before the dose. If none meets a rule: {_dose(label)}.",
        ]
        said += [] if "no dose-modification rule" in label.reason else [sentence(label.reason)]
    elif label.activity is not None:
        said += [sentence(_dose(label)), sentence(REDUCED.sub("reduced since ", label.reason))]
        released = label.answer == "due" and not obstacles(plan, as_of)
        tone = "good" if released else "plain"
    else:
        said += [_because(label)]
        if missing and label.answer != "stop":
            said += [f"Not checked: {missing}."]
    said += [sentence(one.what) for one in label.conditions]
    if label.answer in GIVES:
        said += [_no_event(plan)]
    if label.next_cycle == 1:
        said += ["Contraindications: European product information."]
    return Said(name, tone, " ".join(filter(None, said)))


def not_recognised(plan: Plan) -> Said | None:
    """Return the adverse events of grade 1 or 2 that no rule knows, since they change nothing."""
    if plan.label is None:
        return None
    events = [
        f"'{one.term}' (grade {one.grade}, {one.at[:10]})"
        for one in plan.adverse_events
        if one.grade in (1, 2) and not is_known(one.term)
    ]
    if not events:
        return None
    return Said("NOT RECOGNISED:", "caution", f"{', '.join(events)}. Check the spelling.")


def _because(label: PlanLabel) -> str:
    """Return why no dose is given; a question stands in the next dose's words."""
    because = NEEDED.sub("", label.reason)
    for question in label.questions:
        because = because.replace(question, "").strip(" ;")
    return sentence(because)


def _no_event(plan: Plan) -> str:
    """Return that no adverse event since the last dose is entered: the answer rests on it."""
    given = [cycle for cycle in plan.cycles if cycle.status == "delivered" and cycle.at]
    if not given:
        return ""
    last = (given[-1].at or "")[:10]
    if any(event.at[:10] >= last for event in plan.adverse_events):
        return ""
    return f"Adverse events since cycle {given[-1].number}: none entered; ask."


def _dose(label: PlanLabel) -> str:
    found = []
    if label.activity is not None:
        found.append(f"{label.activity.value:.3g} {label.activity.unit} at most")
    if label.earliest:
        found.append(f"from {label.earliest}")
    if label.latest:
        found.append(f"at the latest {label.latest}")
    return ", ".join(found)
