"""Verdict and sentences on each limit for the report; they state facts and give no advice."""

from __future__ import annotations

from dosimetry.documents.flags import Flag, Severity
from dosimetry.documents.plan import Plan
from dosimetry.reference import tables
from dosimetry.report.figures.limits import Bar, bars
from dosimetry.report.numbers import decimals_of, probability
from dosimetry.report.words.limits import beside, first_cycle, not_assessed
from dosimetry.report.words.names import words
from dosimetry.report.words.status import verdict


def meanings() -> dict[Severity, str]:
    """Return the meaning of each verdict: its range of P(> limit)."""
    caution, exceeds = (
        tables.default(f"{name}_probability", "1") for name in ("caution", "exceeds")
    )
    return {
        "exceeds": f"P(> limit) above {exceeds:g}",
        "caution": f"P(> limit) above {caution:g}, up to {exceeds:g}",
        "within": f"P(> limit) at most {caution:g}",
        "not-assessed": "no dose known",
    }


def line(bar: Bar, plan: Plan) -> str:
    """Return the sentences on one limit, which follow its name and verdict."""
    flag = bar.flag
    limit = f"limit {flag.limit_value.value:g} Gy"
    if bar.total is None or flag.probability is None:
        return f"{limit}. {not_assessed(flag, plan)}"
    chance = probability(flag.probability)
    sentences = [f"{bar.says} over the whole course, {limit}."]
    sentences += [f"Probability of exceeding the limit: {chance}{first_cycle(flag)}."]
    if flag.basis == "population" and bar.total.sd and flag.severity != "within":
        sentences += ["Not measured in this patient: the estimate is the population's."]
    if flag.margin is not None:
        places = decimals_of(bar.total.sd) if bar.total.sd else 1
        margin = flag.margin.value
        side = "below" if margin >= 0 else "above"
        sentences += [f"The mean is {abs(margin):.{places}f} Gy {side} the limit."]
    return " ".join([*sentences, *beside(flag, plan)])


def name(flag: Flag) -> str:
    """Return region and quantity of a limit, beginning with a capital.

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
    """Return verdict, class of the verdict, name, sentences and flag of every limit."""
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
