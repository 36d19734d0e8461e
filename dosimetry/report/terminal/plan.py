"""The first screen of a plan on a terminal."""

from __future__ import annotations

import datetime as dt

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dosimetry.documents.dose import CycleRegion
from dosimetry.documents.flags import Flag, Severity
from dosimetry.documents.plan import Plan, PlanCycle
from dosimetry.reference import tables
from dosimetry.report.numbers import interval, minus, plain, plus_minus, printed, probability
from dosimetry.report.terminal.full import show_rest
from dosimetry.report.terminal.heading import show_heading, show_statements
from dosimetry.report.terminal.narrow import show_table
from dosimetry.report.terminal.parts import NOTHING, plain_table
from dosimetry.report.words.first_statements import answer
from dosimetry.report.words.limits import limit_name, total_of
from dosimetry.report.words.names import words
from dosimetry.report.words.status import is_noted, status, verdict

STYLES: dict[Severity, str] = {
    "within": "green",
    "caution": "bold yellow",
    "exceeds": "bold red",
    "not-assessed": "bold magenta",
}
FIXED_WIDTH, COLUMN_WIDTH = 46, 17


def show_plan(plan: Plan, out: Console, as_of: dt.date, *, full: bool = False) -> None:
    """Print a plan as of a day: the next dose, cycles, limits.

    Parameters
    ----------
    plan : Plan
    out : Console
    as_of : date
    full : bool
        Also print reasons, curves, uncertainty, assumptions and warnings, and below them the
        statement on the next dose again.
    """
    show_heading(plan, as_of, out)
    statements = answer(plan, as_of)
    show_statements(statements, out)
    out.print()
    if plan.cycles:
        show_table(_cycles(plan, out.width, as_of), out)
    _legend(plan, out)
    for line in _reasons(plan):
        out.print(line)
    out.print()
    show_table(_limits(plan), out)
    if plan.strategy != "fixed":
        out.print(Text.assemble(("Decision: ", "bold"), plan.decision.reason))
    if full:
        show_rest(plan, out)
    out.print()
    if full:
        show_statements(statements[:1], out)
    else:
        out.print(_more(plan))
    out.print(plan.disclaimer, style="italic")


def _more(plan: Plan) -> Text:
    """Return a line on what --full adds."""
    count = len(plan.warnings)
    warnings = Text(f"{count} warning{'' if count == 1 else 's'}", style="bold" if count else "")
    return Text.assemble(
        f"More: --full (curves, uncertainty, {len(plan.assumptions)} assumptions, ", warnings, ")."
    )


def _legend(plan: Plan, out: Console) -> None:
    """Print the meaning of the marks in the table of cycles."""
    shown = {_mark(r, c.status) for c in plan.cycles for r in _shown(plan, c, out.width)}
    legend = ["Gy, mean ± sd"]
    if "*" in shown:
        legend.append("* population, not measured")
    if "^" in shown:
        legend.append("^ predicted, not measured")
    if "~" in shown:
        legend.append("~ one kidney measured")
    if "≥" in shown:
        legend.append("≥ lower bound (a source was not measured), used for no limit")
    if shown:
        out.print(";  ".join(legend), style="dim", justify="right")


def _reasons(plan: Plan) -> list[str]:
    """Return why cycles differ from the regimen, but for the next: its statement has the reason."""
    by_reason: dict[str, list[str]] = {}
    for cycle in plan.cycles:
        if cycle.reason:
            by_reason.setdefault(cycle.reason, []).append(f"{cycle.number}")
    to_come = [cycle for cycle in plan.cycles if cycle.status != "delivered"]
    next_cycle = plan.label.next_cycle if plan.label else None
    above = {cycle.reason for cycle in to_come if cycle.number == next_cycle}
    above |= {cycle.reason for cycle in to_come if cycle.status == "stopped"}
    return [
        f"Cycle{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}: "
        f"{printed(reason).removeprefix('label: ').removesuffix('.')}."
        for reason, numbers in by_reason.items()
        if reason not in above
    ]


def _columns(plan: Plan, width: int) -> list[str]:
    """Return the regions with a column, as many as fit: those with a limit first."""
    limited = [flag.region for flag in plan.flags]
    with_dose = [dose.region for dose in plan.cumulative]
    tumours = [name for name in with_dose if name.startswith("tumour")]
    wanted = dict.fromkeys([*limited, *tumours, "spleen"])
    fitting = max(1, (width - FIXED_WIDTH) // COLUMN_WIDTH)
    return [name for name in wanted if name in with_dose][:fitting]


def _shown(plan: Plan, cycle: PlanCycle, width: int) -> list[CycleRegion]:
    names = _columns(plan, width)
    return [region for region in cycle.regions if region.region in names]


def _cycles(plan: Plan, width: int, as_of: dt.date) -> Table:
    names = _columns(plan, width)
    table = plain_table("cycle", "date", "activity", *map(words, names), "status")
    for cycle in plan.cycles:
        doses = {region.region: region for region in cycle.regions}
        table.add_row(
            f"{cycle.number}",
            cycle.at[:10] if cycle.at else "no date",
            f"{cycle.activity.value:.2f} GBq" if cycle.activity else "none",
            *(_dose(doses.get(name), cycle.status) for name in names),
            status(plan, cycle, as_of),
        )
    return table


def _dose(region: CycleRegion | None, status: str) -> str:
    if region is None:
        return NOTHING
    mark = _mark(region, status)
    if mark == "≥":
        return f"{mark} {plain(region.absorbed_dose.value)}"
    return f"{plus_minus(region.absorbed_dose)} {mark}".rstrip()


def _mark(region: CycleRegion, status: str) -> str:
    """Return the mark of a dose in the table of cycles; empty for a measured one."""
    if region.basis == "predicted":
        return "" if status != "delivered" else "~" if region.contributions else "^"
    return {"partial": "≥", "population": "*"}.get(region.basis, "")


def _limits(plan: Plan) -> Table:
    accepted = 100 * tables.default("caution_probability", "1")
    table = plain_table(
        "limit",
        "course [Gy],\nmean (5–95 %)",
        "P(>\nlimit)",
        "verdict",
        "mean\nmargin\n[Gy]",
        f"activity\nleft at\nP = {accepted:g} %",
    )
    name, course, chance, severity, margin, left = table.columns
    name.no_wrap = course.no_wrap = chance.no_wrap = margin.no_wrap = True
    left.min_width = len("activity")
    if any(is_noted(flag, plan) for flag in plan.flags):
        severity.min_width = len("(population)")  # no word of a note is broken
    for flag in plan.flags:
        table.add_row(
            limit_name(flag),
            _course(flag, plan),
            NOTHING if flag.probability is None else probability(flag.probability),
            Text(verdict(flag, plan), style="" if is_noted(flag, plan) else STYLES[flag.severity]),
            NOTHING if flag.margin is None else minus(f"{flag.margin.value:.1f}"),
            _activity_left(flag),
        )
    return table


def _course(flag: Flag, plan: Plan) -> str:
    total = total_of(flag, plan)
    return "no dose known" if total is None else interval(total)


def _activity_left(flag: Flag) -> str:
    """Return the further activity that keeps the limit; of a region not measured, none."""
    if flag.basis == "population":
        return "not measured"
    return NOTHING if flag.margin_activity is None else f"{flag.margin_activity.value:.1f} GBq"
