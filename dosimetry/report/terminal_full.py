"""A plan on a terminal: what the first screen rests on."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dosimetry import reference
from dosimetry.report.clinic import show_clinic
from dosimetry.report.limit_words import limit_name, total_of
from dosimetry.report.narrow import show_table
from dosimetry.report.numbers import (
    decimals_of,
    interval,
    plain,
    plus_minus,
    probability,
    unit_words,
)
from dosimetry.report.second_calculation import farthest
from dosimetry.report.sparkline import spark_curve
from dosimetry.report.status import verdict
from dosimetry.report.terminal_parts import bullets, plain_table, problem_text, words
from dosimetry.therapy.plan import Flag, Plan


def show_rest(plan: Plan, out: Console) -> None:
    """Print why, other regions, curves, the clinical side, uncertainty, assumptions, warnings."""
    for flag in plan.flags:
        why = _why(flag, plan)
        if why:
            out.print(why)
            out.print()
    others = _others(plan)
    if others.row_count:
        show_table(others, out)
        out.print()
    if plan.curves:
        show_table(_curves(plan), out)
    show_clinic(plan, out)
    bullets(out, "Measured doses, by cause of uncertainty and by source", _measured(plan))
    bullets(out, "Assumptions", [Text(line) for line in plan.assumptions])
    bullets(out, "Warnings", [problem_text(warning) for warning in plan.warnings])
    if plan.second_check:
        out.print()
        out.print(f"Second calculation: {farthest(plan)}.")


def _why(flag: Flag, plan: Plan) -> Text | None:
    """Say why a flag is there, and what would change it."""
    if flag.severity == "within":
        return None
    head = Text(f"Why {verdict(flag, plan)}, {limit_name(flag)}: ", style="bold")
    if flag.severity == "not-assessed" or flag.probability is None:
        return head.append(
            f"the {words(flag.region)} was not measured whole, and no population data exist for "
            "this agent. Measure it to assess this limit.",
            style="not bold",
        )
    total = total_of(flag, plan)
    first = f", from cycle {flag.first_cycle} on" if flag.first_cycle else ""
    why = f"exceeded with probability {probability(flag.probability)}{first}."
    if flag.basis == "population" and total is not None and total.sd:
        places = decimals_of(total.sd)
        why += (
            f" Not measured in this patient: the estimate is the population's, "
            f"{total.p5:.{places}f} to {total.p95:.{places}f} Gy. Measuring the next cycle "
            "would narrow it."
        )
    return head.append(f"{why} Source: {flag.source}.", style="not bold")


def _others(plan: Plan) -> Table:
    """Return the course doses of regions without a limit that were measured themselves."""
    limited = {flag.region for flag in plan.flags}
    measured = {curve.region for curve in plan.curves} - {"blood"}  # which is no region of dose
    curves = {target for name in measured for target in reference.region(name).targets}
    table = plain_table("other regions", "absorbed dose, Gy [5-95 %]", "BED, Gy [5-95 %]")
    for dose in plan.cumulative:
        if dose.region in curves - limited:
            bed = interval(dose.bed) if dose.bed else "-"
            table.add_row(words(dose.region), interval(dose.absorbed_dose), bed)
    left = len(plan.cumulative) - table.row_count - len(limited)
    if table.row_count and left > 0:
        table.add_row(f"{left} more: --format json", "", "", style="dim")
    return table


def _curves(plan: Plan) -> Table:
    """Return a line per curve: its course up to the last point, model, integral, half-life."""
    table = plain_table("curve, cycle", "0 h to last point", "model", "TIA", "T eff [h]")
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
    """Say of the regions with a limit what their measured doses are made of."""
    limited = {flag.region for flag in plan.flags}
    lines = []
    for cycle in plan.cycles:
        for region in cycle.regions:
            if region.region not in limited or region.basis != "measured":
                continue
            parts = [f"{u.cause} {plain(u.sd.value)}" for u in region.uncertainty]
            line = f"{words(region.region)}, cycle {cycle.number}: sd of {', '.join(parts)} Gy"
            if region.contributions:
                sources = [
                    f"{words(c.source)} {plain(c.absorbed_dose.value)}"
                    for c in region.contributions
                ]
                line += f"; dose from {', '.join(sources)} Gy"
            lines.append(Text(line))
    return lines
