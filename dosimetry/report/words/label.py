"""The label's answer on the next dose in words: missing values first."""

from __future__ import annotations

import datetime as dt
import re

from dosimetry.documents.clinic import PlanLabel
from dosimetry.documents.plan import Plan
from dosimetry.reference.adverse_terms import is_known
from dosimetry.report.numbers import printed
from dosimetry.report.words.said import Statement, Tone, sentence
from dosimetry.report.words.today import is_late, longest_interval_weeks, obstacles

GIVES = ("due", "reduced", "unchecked")
# A reason may end with what the next dose waits for; the statement on the next dose has it.
WAITS_FOR = re.compile(
    r"[;,.]? (?:withhold|withheld|not eligible) until .*", re.IGNORECASE | re.DOTALL
)
REDUCED = re.compile(r"^at most [^,]*? because ")  # the activity stands before it


def label_words(plan: Plan, as_of: dt.date) -> Statement | None:
    """Return the label's answer on the next dose.

    Parameters
    ----------
    plan : Plan
    as_of : date
        Today, for the reader.

    Returns
    -------
    Statement or None
        None where no label's rules are known.

    Examples
    --------
    >>> import dosimetry
    >>> statement = label_words(dosimetry.plan("examples/two_cycles.yaml"), dt.date(2026, 3, 20))
    >>> statement.head
    'NOT CHECKED, US label 4/2024:'
    >>> statement.text.split(". ")[1]
    'Enter them before the dose'
    """
    label = plan.label
    if label is None:
        return None
    head, tone = f"{label.region} label {label.version}:", _tone(plan, label, as_of)
    missing = "; ".join(label.unchecked)
    if label.answer in GIVES and is_late(plan, as_of) and label.latest:
        weeks = f"{longest_interval_weeks():g} weeks"
        sentences = [f"No dose after {label.latest[:10]}, {weeks} after the last one."]
        sentences += [f"Not checked ({missing})."] if missing else []
    elif label.answer == "unchecked":
        head = f"NOT CHECKED, {head}"
        sentences = [sentence(missing), "Enter them before the dose."]
        sentences += [f"If no dose-modification rule then applies: {_dose(label)}."]
        applies = "no dose-modification rule" not in label.reason
        sentences += [sentence(label.reason)] if applies else []
    elif label.activity is not None:
        reason = REDUCED.sub("reduced because ", label.reason)
        sentences = [sentence(_dose(label)), sentence(reason)]
    else:
        sentences = [_because(label)]
        sentences += [f"Not checked ({missing})."] if missing and label.answer != "stop" else []
    sentences += [sentence(condition.what) for condition in label.conditions]
    if label.answer in GIVES:
        sentences += [_no_event(plan)]
    if label.next_cycle == 1:
        sentences += ["Contraindications: European product information."]
    return Statement(head, tone, printed(" ".join(filter(None, sentences))))


def _tone(plan: Plan, label: PlanLabel, as_of: dt.date) -> Tone:
    """Return ``good`` only for a full dose to which nothing stands in the way on that day."""
    if label.answer in GIVES and is_late(plan, as_of):
        return "plain"
    if label.answer == "unchecked":
        return "caution"
    due = label.answer == "due" and label.activity is not None
    return "good" if due and not obstacles(plan, as_of) else "plain"


def not_recognised(plan: Plan) -> Statement | None:
    """Return the adverse events of grade 1 or 2 that are in no list of terms.

    They change nothing in the plan, so a misspelt one would stay unseen.
    """
    if plan.label is None:
        return None
    events = [
        f"'{event.term}' (grade {event.grade}, {event.at[:10]})"
        for event in plan.adverse_events
        if event.grade in (1, 2) and not is_known(event.term)
    ]
    if not events:
        return None
    return Statement("NOT RECOGNISED:", "caution", f"{', '.join(events)}. Check the spelling.")


def _because(label: PlanLabel) -> str:
    """Return why the label gives no dose, without its questions: the next dose asks them."""
    because = WAITS_FOR.sub("", label.reason)
    for question in label.questions:
        because = because.replace(question, "").strip(" ;")
    return sentence(because)


def _no_event(plan: Plan) -> str:
    """Return a reminder where no adverse event since the last dose is entered.

    The answer of the label rests on it.
    """
    dated = [cycle for cycle in plan.cycles if cycle.status == "delivered" and cycle.at]
    if not dated:
        return ""
    last = (dated[-1].at or "")[:10]
    if any(event.at[:10] >= last for event in plan.adverse_events):
        return ""
    return f"No adverse event since cycle {dated[-1].number} is entered: ask the patient."


def _dose(label: PlanLabel) -> str:
    """Return the largest activity and the dates between which the label allows it."""
    parts = []
    if label.activity is not None:
        parts.append(f"at most {label.activity.value:.3g} {label.activity.unit}")
    if label.earliest and label.latest:
        parts.append(f"from {label.earliest} to {label.latest}")
    elif label.earliest:
        parts.append(f"from {label.earliest}")
    elif label.latest:
        parts.append(f"no later than {label.latest}")
    return ", ".join(parts)
