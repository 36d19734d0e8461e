"""Each limit in sentences that state and never advise: its verdict, and one line."""

from __future__ import annotations

from dosimetry import tables
from dosimetry.report.figures.limits import Bar, bars
from dosimetry.report.limit_words import beside
from dosimetry.report.numbers import decimals_of, probability
from dosimetry.report.status import verdict
from dosimetry.report.terminal_parts import words
from dosimetry.therapy.plan import Flag, Plan, Severity


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
        f"{bar.says} over the whole course; limit {flag.limit_value.value:g} Gy, exceeded "
        f"with probability {probability(flag.probability)}{_first(flag)}."
    ]
    if flag.basis == "population" and bar.total.sd and flag.severity != "within":
        said.append("Not measured in this patient: the estimate is that of the label's patients.")
    if flag.margin is not None:
        places = decimals_of(bar.total.sd) if bar.total.sd else 1
        away = flag.margin.value
        side = "below" if away >= 0 else "above"
        said.append(f"The mean is {abs(away):.{places}f} Gy {side} the limit.")
    said += beside(flag, plan)
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


def verdicts(plan: Plan) -> list[tuple[str, str, str, str, Flag]]:
    """Return verdict, class of the verdict, name and line of every limit, and the flag."""
    return [
        (
            verdict(bar.flag, plan),
            "noted" if bar.noted else bar.flag.severity,
            name(bar.flag),
            line(bar, plan),
            bar.flag,
        )
        for bar in bars(plan)
    ]
