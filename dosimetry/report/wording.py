"""A plan in sentences that state and never advise: the verdict, and one line per limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dosimetry import tables
from dosimetry.report.figures.limits import Bar, bars
from dosimetry.report.numbers import decimals_of, probability
from dosimetry.report.terminal_parts import words
from dosimetry.therapy.clinical_plan import Answer, PlanLabel
from dosimetry.therapy.plan import Flag, Plan, Severity

ORDER: tuple[Severity, ...] = ("exceeds", "caution", "not-assessed", "within")
Tone = Literal["good", "plain", "caution", "bad"]
ANSWERS: dict[Answer, tuple[str, Tone]] = {
    "due": ("FULL DOSE", "good"),
    "reduced": ("REDUCED DOSE", "caution"),
    "unchecked": ("NOT CHECKED", "caution"),
    "withhold": ("WITHHELD", "bad"),
    "stop": ("STOPPED", "bad"),
    "not-eligible": ("NOT ELIGIBLE", "bad"),
    "complete": ("COMPLETE", "plain"),
}


@dataclass(frozen=True)
class Said:
    """What the label says, in words: a head, how good that is, and sentences."""

    head: str
    tone: Tone
    text: str


def headline(plan: Plan) -> str:
    """Return the verdict in one sentence.

    Examples
    --------
    >>> import dosimetry
    >>> print(headline(dosimetry.plan(dosimetry.read_patient("examples/two_cycles.yaml"))))
    Of 4 limits, 2 are more likely than not to be exceeded, 1 may be exceeded and 1 is kept.
    """
    count = len(plan.flags)
    if not count:
        return "No limit was asked for."
    said = {
        "exceeds": "more likely than not to be exceeded",
        "caution": "may be exceeded",
        "not-assessed": "not assessed",
        "within": "kept",
    }
    parts = []
    for severity in ORDER:
        number = sum(flag.severity == severity for flag in plan.flags)
        if number:
            verb = "" if severity == "caution" else ("is " if number == 1 else "are ")
            parts.append(f"{number} {verb}{said[severity]}")
    if len(parts) == 1:
        worst = next(flag.severity for flag in plan.flags)
        verb = "" if worst == "caution" else ("is " if count == 1 else "are ")
        return f"{'The limit' if count == 1 else f'All {count} limits'} {verb}{said[worst]}."
    return f"Of {count} limits, {_listed(parts)}."


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def meanings() -> dict[Severity, str]:
    """Return what each verdict means, as a probability of exceeding the limit."""
    caution, exceeds = (
        tables.default(f"{name}_probability", "1") for name in ("caution", "exceeds")
    )
    return {
        "exceeds": f"probability above {exceeds:g}",
        "caution": f"probability above {caution:g}, up to {exceeds:g}",
        "within": f"probability at most {caution:g}",
        "not-assessed": "no dose is known",
    }


def line(bar: Bar, plan: Plan) -> str:
    """Return what is to say of one limit, after its name and verdict."""
    flag = bar.flag
    if bar.total is None or flag.probability is None:
        return (
            f"limit {flag.limit_value.value:g} Gy. It was not measured whole, and no population "
            "data exist for this agent: no dose is known."
        )
    said = [
        f"{bar.says} over the whole course; limit {flag.limit_value.value:g} Gy, exceeded with "
        f"probability {probability(flag.probability)}{_first(flag)}."
    ]
    if flag.basis == "population" and bar.total.sd and flag.severity != "within":
        said.append("Not measured in this patient: the estimate is that of the label's patients.")
    if flag.margin is not None:
        places = decimals_of(bar.total.sd) if bar.total.sd else 1
        away = flag.margin.value
        side = "below" if away >= 0 else "above"
        said.append(f"The mean is {abs(away):.{places}f} Gy {side} the limit.")
    return " ".join(said)


def _first(flag: Flag) -> str:
    if flag.severity == "within" or flag.first_cycle is None:
        return ""
    return f", {flag.severity} from cycle {flag.first_cycle} on"


def name(flag: Flag) -> str:
    """Return region and quantity of a limit, with a capital.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/nothing_measured.yaml"))
    >>> name(plan.flags[1])
    'Kidneys, biologically effective dose'
    """
    text = f"{words(flag.region)}, {flag.quantity}"
    return text[:1].upper() + text[1:]


def verdicts(plan: Plan) -> list[tuple[Flag, str, str]]:
    """Return flag, name and line of every limit."""
    return [(bar.flag, name(bar.flag), line(bar, plan)) for bar in bars(plan)]


def answer(label: PlanLabel) -> Said:
    """Return what the label says of the next dose: what is missing or asked comes first."""
    word, tone = ANSWERS[label.answer]
    cycle = "" if label.next_cycle is None else f", cycle {label.next_cycle}"
    missing = f"{'; '.join(label.unchecked)}." if label.unchecked else ""
    reason = _sentence(label.reason)
    said: list[str] = []
    if label.answer == "unchecked":
        said += [missing, "Enter these values before the dose: until then it is not released."]
        said += [f"If none of them meets a rule: {_dose(label)}. {reason}"]
    elif label.activity is not None:
        said += [f"{_sentence(_dose(label))} {reason}"]
    else:
        said += [reason]
        if missing and label.answer != "stop":
            said += [f"Not checked: {missing}"]
    said += [_sentence(one.what) for one in label.conditions]
    if label.next_cycle == 1:
        said += ["Contraindications: European product information."]
    said += [f"Dose-modification rules: {label.region} label, version {label.version}."]
    return Said(f"{word}{cycle} by the label:", tone, " ".join(said))


def _dose(label: PlanLabel) -> str:
    found = []
    if label.activity is not None:
        found.append(f"{label.activity.value:.3g} {label.activity.unit} at most")
    if label.earliest:
        found.append(f"from {label.earliest}")
    if label.latest:
        found.append(f"at the latest {label.latest}")
    return ", ".join(found)


def _sentence(text: str) -> str:
    shown = f"{text[:1].upper()}{text[1:]}"
    return shown if shown.endswith((".", "?", "!")) else f"{shown}."
