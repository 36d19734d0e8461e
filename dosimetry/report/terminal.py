"""A plan on a terminal."""

from __future__ import annotations

import datetime as dt

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dosimetry import reference
from dosimetry.quantities import Distribution
from dosimetry.report.clinic import show_answer, show_clinic
from dosimetry.report.heading import show_heading
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
from dosimetry.report.terminal_parts import bullets, plain_table, problem_text, words
from dosimetry.therapy.plan import CycleRegion, Flag, Plan, PlanCycle, Severity

STYLES: dict[Severity, str] = {
    "within": "green",
    "caution": "bold yellow",
    "exceeds": "bold red",
    "not-assessed": "bold magenta",
}
FIXED_WIDTH, COLUMN_WIDTH = 46, 17


def show_plan(plan: Plan, out: Console, as_of: dt.date) -> None:
    """Print a plan as of a day: odd dates, cycles, limits, why, assumptions and warnings."""
    show_heading(plan, as_of, out)
    show_answer(plan, out)
    if plan.cycles:
        show_table(_cycles(plan, out.width), out)
    shown = [(c.status, r.basis) for c in plan.cycles for r in _shown(plan, c, out.width)]
    legend = ["Gy, mean ± sd"]
    if any(basis == "population" for _, basis in shown):
        legend.append("* population, not measured")
    if ("delivered", "predicted") in shown:
        legend.append("^ delivered, not measured: predicted")
    if any(basis == "partial" for _, basis in shown):
        legend.append("≥ lower bound: a source was not measured; in no limit")
    if shown:
        out.print(";  ".join(legend), style="dim", justify="right")
    out.print()
    show_table(_limits(plan), out)
    if plan.strategy != "fixed":
        out.print()
        out.print(Text.assemble(("Decision: ", "bold"), f"{plan.decision.reason}."))
    for flag in plan.flags:
        why = _why(flag, plan)
        if why:
            out.print()
            out.print(why)
    others = _others(plan)
    if others.row_count:
        out.print()
        show_table(others, out)
    if plan.curves:
        out.print()
        show_table(_curves(plan), out)
    show_clinic(plan, out)
    bullets(out, "Measured doses, by cause of uncertainty and by source", _measured(plan))
    bullets(out, "Assumptions", [Text(line) for line in plan.assumptions])
    bullets(out, "Warnings", [problem_text(warning) for warning in plan.warnings])
    out.print()
    if plan.second_check:
        out.print(f"Second calculation: {farthest(plan)}.")
    out.print(plan.disclaimer, style="italic")


def _columns(plan: Plan, width: int) -> list[str]:
    """Return the regions that have a column: those of limits first, as many as fit."""
    limited = [flag.region for flag in plan.flags]
    with_dose = [dose.region for dose in plan.cumulative]
    tumours = [name for name in with_dose if name.startswith("tumour")]
    wanted = dict.fromkeys([*limited, *tumours, "spleen"])
    fitting = max(1, (width - FIXED_WIDTH) // COLUMN_WIDTH)
    return [name for name in wanted if name in with_dose][:fitting]


def _shown(plan: Plan, cycle: PlanCycle, width: int) -> list[CycleRegion]:
    names = _columns(plan, width)
    return [region for region in cycle.regions if region.region in names]


def _cycles(plan: Plan, width: int) -> Table:
    names = _columns(plan, width)
    table = plain_table("cycle", "date", "activity", *map(words, names), "status")
    for cycle in plan.cycles:
        doses = {region.region: region for region in cycle.regions}
        table.add_row(
            f"{cycle.number}",
            cycle.at[:10] if cycle.at else "no date",
            f"{cycle.activity.value:.2f} GBq" if cycle.activity else "none",
            *(_dose(doses.get(name), cycle.status) for name in names),
            cycle.status,
        )
    return table


def _dose(region: CycleRegion | None, status: str) -> str:
    if region is None:
        return "-"
    if region.basis == "partial":
        return f"≥ {plain(region.absorbed_dose.value)}"
    mark = " *" if region.basis == "population" else ""
    if region.basis == "predicted" and status == "delivered":
        mark = " ^"
    return f"{plus_minus(region.absorbed_dose)}{mark}"


def _quantity(flag: Flag) -> str:
    bed = " BED" if flag.quantity.startswith("bio") else ""
    return f"{words(flag.region)}{bed} {flag.limit_value.value:g} Gy"


def _limits(plan: Plan) -> Table:
    table = plain_table(
        "limit",
        "course, Gy\n[5-95 %]",
        "P(>\nlimit)",
        "verdict",
        "mean\nmargin",
        "activity\nleft",
    )
    for flag in plan.flags:
        table.add_row(
            _quantity(flag),
            _course(flag, plan),
            "-" if flag.probability is None else probability(flag.probability),
            Text(_verdict(flag.severity), style=STYLES[flag.severity]),
            "-" if flag.margin is None else f"{flag.margin.value:.1f} Gy",
            _activity_left(flag),
        )
    return table


def _verdict(severity: Severity) -> str:
    return severity if severity == "within" else severity.upper()


def _total(flag: Flag, plan: Plan) -> Distribution | None:
    for dose in plan.cumulative:
        if dose.region == flag.region:
            return dose.bed if flag.quantity.startswith("bio") else dose.absorbed_dose
    return None


def _course(flag: Flag, plan: Plan) -> str:
    total = _total(flag, plan)
    return "no dose known" if total is None else interval(total)


def _activity_left(flag: Flag) -> str:
    """Return the further activity that keeps the limit; none is known of what was not measured."""
    if flag.basis == "population":
        return "not measured"
    return "-" if flag.margin_activity is None else f"{flag.margin_activity.value:.1f} GBq"


def _why(flag: Flag, plan: Plan) -> Text | None:
    """Say why a flag is there, and what would change it."""
    if flag.severity == "within":
        return None
    head = Text(f"Why {_verdict(flag.severity)}, {_quantity(flag)}: ", style="bold")
    if flag.severity == "not-assessed" or flag.probability is None:
        return head.append(
            f"the {words(flag.region)} was not measured whole, and no population data exist for "
            "this agent. Measure it to assess this limit.",
            style="not bold",
        )
    total = _total(flag, plan)
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
