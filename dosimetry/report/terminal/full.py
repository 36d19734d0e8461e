"""The rest of a plan on a terminal: reasons, curves, uncertainty, assumptions, warnings."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dosimetry.documents.dose import CycleRegion
from dosimetry.documents.flags import Flag
from dosimetry.documents.plan import Plan
from dosimetry.reference import regions
from dosimetry.report.numbers import (
    decimals_of,
    interval,
    plain,
    plus_minus,
    printed,
    probability,
    unit_words,
)
from dosimetry.report.terminal.clinic import show_clinic
from dosimetry.report.terminal.narrow import show_table
from dosimetry.report.terminal.parts import NOTHING, bullets, plain_table, problem_text
from dosimetry.report.terminal.sparkline import spark_curve
from dosimetry.report.words import recalculation
from dosimetry.report.words.limits import (
    first_cycle,
    limit_name,
    not_assessed,
    region_phrase,
    total_of,
)
from dosimetry.report.words.names import words
from dosimetry.report.words.status import verdict


def show_rest(plan: Plan, out: Console) -> None:
    """Print the details after the first screen, from the reasons of verdicts to the warnings."""
    for flag in plan.flags:
        reason = _reason(flag, plan)
        if reason:
            out.print()
            out.print(reason)
    for table in (_others(plan), _curves(plan)):
        if table.row_count:
            out.print()
            show_table(table, out)
    show_clinic(plan, out)
    bullets(out, "Measured doses: uncertainty (1 sd) and contributions", _measured(plan))
    bullets(out, "Assumptions", [Text(printed(line)) for line in plan.assumptions])
    bullets(out, "Warnings", [problem_text(warning) for warning in plan.warnings])
    if plan.second_check:
        out.print()
        out.print(f"Independent recalculation: {recalculation.result(plan)}.")


def _reason(flag: Flag, plan: Plan) -> Text | None:
    """Return the reason of a verdict and what would change it; None for within."""
    if flag.severity == "within":
        return None
    head = Text(f"Why {verdict(flag, plan)}, {limit_name(flag)}: ", style="bold")
    if flag.severity == "not-assessed" or flag.probability is None:
        sentences = [not_assessed(flag, plan)]
        sentences += [f"Measure {region_phrase(flag.region)} to assess this limit."]
        return head.append(" ".join(sentences), style="not bold")
    total = total_of(flag, plan)
    chance = probability(flag.probability)  # which may begin with "<" or ">"
    sentences = [f"P(> limit) {chance}{first_cycle(flag)}."]
    if flag.basis == "population" and total is not None and total.sd:
        places = decimals_of(total.sd)
        spread = f"{total.p5:.{places}f} to {total.p95:.{places}f} Gy"
        sentences += [
            f"Not measured in this patient: the estimate is the population's ({spread}).",
            "Measuring the next cycle would narrow it.",
        ]
    return head.append(" ".join([*sentences, f"Source: {flag.source}."]), style="not bold")


def _others(plan: Plan) -> Table:
    """Return the course doses of measured regions without a limit."""
    limited = {flag.region for flag in plan.flags}
    measured = {curve.region for curve in plan.curves} - {"blood"}  # blood gets no dose
    targets = {target for name in measured for target in regions.region(name).targets}
    table = plain_table("other regions, mean (5–95 %)", "absorbed dose [Gy]", "BED [Gy]")
    for dose in plan.cumulative:
        if dose.region in targets - limited:
            bed = interval(dose.bed) if dose.bed else NOTHING
            table.add_row(words(dose.region), interval(dose.absorbed_dose), bed)
    left = len(plan.cumulative) - table.row_count - len(limited)
    if table.row_count and left > 0:
        table.add_row(f"{left} more: --format json", "", "", style="dim")
    return table


def _curves(plan: Plan) -> Table:
    """Return one row per curve: its shape up to the last point, model, integral, half-life."""
    table = plain_table("curve, cycle", "0 h to last point", "model", "TIA", "T eff [h]")
    table.columns[1].no_wrap = True  # the shape and its time belong together
    for curve in plan.curves:
        table.add_row(
            f"{words(curve.region)}, {curve.cycle}",
            f"{spark_curve(curve, 12)} {curve.points[-1].time.value:.0f} h",
            curve.model,
            f"{plus_minus(curve.tia)} {unit_words(curve.tia.unit)}",
            plus_minus(curve.effective_half_life),
        )
    return table


def _measured(plan: Plan) -> list[Text]:
    """Return uncertainty and contributions of each measured dose with a limit."""
    limited = {flag.region for flag in plan.flags}
    return [
        Text(f"{words(dose.region).capitalize()}, cycle {cycle.number}. {_budget(dose)}")
        for cycle in plan.cycles
        for dose in cycle.regions
        if dose.region in limited
        and (dose.basis == "measured" or (dose.basis == "predicted" and dose.contributions))
    ]


def _budget(dose: CycleRegion) -> str:
    """Return the causes of uncertainty of a dose, and what each source contributes to it."""
    causes = (
        f"{part.cause} {part.sd.value:.{decimals_of(part.sd.value)}f} Gy"
        for part in dose.uncertainty
    )
    sources = (
        f"{words(part.source)} {plain(part.absorbed_dose.value)} Gy" for part in dose.contributions
    )
    lists = {"Uncertainty": ", ".join(causes), "Contributions": ", ".join(sources)}
    return " ".join(f"{name}: {entries}." for name, entries in lists.items() if entries)
