"""The clinical side of a plan on a terminal: the label's answer, laboratory values, the trial."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dosimetry import clinical
from dosimetry.report.answer import answer
from dosimetry.report.heading import show_heading, show_said
from dosimetry.report.limit_words import limit_name
from dosimetry.report.numbers import plain, probability
from dosimetry.report.status import verdict
from dosimetry.report.terminal_parts import bullets, plain_table, words
from dosimetry.therapy.clinical_plan import PlanEvent, PlanLab, PlanRate
from dosimetry.therapy.plan import Plan

FIXED_WIDTH, COLUMN_WIDTH = 52, 13
OPEN = ("withhold", "not-eligible")  # answers whose values go on after the last change of state


def show_clinic(plan: Plan, out: Console) -> None:
    """Print how the label came to its answer, and the laboratory values."""
    if plan.label is not None:
        lines = [
            Text(f"{one.at[:10]}  {one.state}: {one.reason}") for one in plan.label.transitions
        ]
        if lines and plan.label.answer in OPEN:
            lines.append(Text(f"by the latest values: {plan.label.reason}"))
        bullets(out, "Dose-modification history", lines)
    if plan.labs:
        out.print()
        out.print(_labs(plan, out.width))
        out.print("(0) to (4): CTCAE v5.0 grade", style="dim", justify="right")
    if plan.adverse_events:
        out.print(_adverse_events(plan))
    kidneys = _kidneys(plan) if plan.labs else None
    if kidneys:
        out.print(kidneys)
    if plan.labs and plan.context:
        out.print(_context(plan.context))


def _labs(plan: Plan, width: int) -> Table:
    """Return one row per analyte: baseline, the worst since, and the latest dates that fit."""
    by_analyte: dict[str, list[PlanLab]] = {}
    for lab in plan.labs:
        by_analyte.setdefault(lab.analyte, []).append(lab)
    dates = list(dict.fromkeys(lab.at[:10] for lab in plan.labs if not lab.baseline))
    dates = dates[-max(1, (width - FIXED_WIDTH) // COLUMN_WIDTH) :]
    table = plain_table("laboratory", "baseline", "worst since", *dates)
    for analyte, labs in by_analyte.items():
        unit = labs[-1].value.unit
        base = next((lab for lab in labs if lab.baseline), None)
        since = labs[labs.index(base) + 1 :] if base else labs
        worst = max(since, key=_severity, default=None)
        on = {lab.at[:10]: lab for lab in labs}
        table.add_row(
            f"{words(analyte)} [{unit}]",
            _dated(base, unit),
            _dated(worst if worst and worst.grade else None, unit),
            *(_value(on.get(date), unit) for date in dates),
        )
    return _with_clearance(table, plan, dates)


def _severity(lab: PlanLab) -> tuple[int, float]:
    return lab.grade or 0, abs(lab.change or 0.0)


def _with_clearance(table: Table, plan: Plan, dates: Sequence[str]) -> Table:
    base = next((lab.at for lab in plan.labs if lab.baseline and lab.analyte == "creatinine"), None)
    on = {one.at: one.creatinine_clearance for one in plan.renal_function}
    by_date = {at[:10]: amount for at, amount in on.items() if amount is not None}
    if by_date:
        found = [by_date.get((base or "")[:10]), *(by_date.get(date) for date in dates)]
        first, *others = ("-" if amount is None else plain(amount.value) for amount in found)
        table.add_row("creatinine clearance [mL/min]", first, "-", *others)
    return table


def _value(lab: PlanLab | None, unit: str) -> str:
    """Return a value in a row's unit with its grade."""
    if lab is None:
        return "-"
    value = lab.value.value
    if lab.value.unit != unit:
        canonical = clinical.to_canonical(lab.analyte, value, lab.value.unit)
        value = clinical.from_canonical(lab.analyte, canonical, unit)
    return plain(value) if lab.grade is None else f"{plain(value)} ({lab.grade})"


def _dated(lab: PlanLab | None, unit: str) -> str:
    """Return a value with its day, where no column says it."""
    return _value(lab, unit) if lab is None else f"{_value(lab, unit)}\n{lab.at[:10]}"


def _adverse_events(plan: Plan) -> Text:
    ends = {None: "", True: " (ends the treatment)", False: " (does not end the treatment)"}
    said = [
        f"{one.at[:10]} {one.term} grade {one.grade}{ends[one.ends_treatment]}"
        for one in plan.adverse_events
    ]
    return Text("Adverse events: ", style="bold").append(f"{', '.join(said)}.", style="not bold")


def _kidneys(plan: Plan) -> Text | None:
    """Put what dosimetry and what the laboratory say of the kidneys side by side."""
    flags = [flag for flag in plan.flags if flag.region == "kidneys"]
    if not plan.renal_function or not flags:
        return None
    last = plan.renal_function[-1]
    text = Text("Kidneys, by dosimetry: ", style="bold")
    said = ", ".join(
        f"{limit_name(flag)} {verdict(flag, plan)}"
        + ("" if flag.probability is None else f" (p {probability(flag.probability)})")
        for flag in flags
    )
    text.append(f"{said}. ", style="not bold").append("By the laboratory: ")
    parts = []
    if last.creatinine_clearance is not None:
        change = "" if last.change is None else f" ({last.change:+.0%} from baseline)"
        parts.append(f"clearance {plain(last.creatinine_clearance.value)} mL/min{change}")
    if last.egfr is not None:
        parts.append(f"eGFR {plain(last.egfr.value)} mL/min per 1.73 m2")
    said = f"{', '.join(parts)} on {last.at[:10]}" if parts else "no age or weight given"
    transitions = plan.label.transitions if plan.label else ()
    toxic = [t.at[:10] for t in transitions if t.rule == "renal_toxicity"]
    if toxic:
        said += f"; renal toxicity by the label on {toxic[0]}"
    return text.append(f"{said}.".replace("%", " %"), style="not bold")


def _context(rates: Sequence[PlanRate]) -> Text:
    """Say how often values became abnormal in the trial: context, no figure of this patient."""
    by_value: dict[str, list[str]] = {}
    for rate in rates:
        value, grades = rate.quantity.split(", ")
        by_value.setdefault(value, []).append(f"{rate.value:g} {rate.unit} ({grades})")
    said = ", ".join(f"{value} {' and '.join(found)}" for value, found in by_value.items())
    return Text(
        f"For context, laboratory abnormalities in NETTER-1 ({rates[0].arm}; US label): {said}.",
        style="dim",
    )


def show_calendar(plan: Plan, out: Console, as_of: dt.date) -> None:
    """Print the calendar of a course as of a day."""
    show_heading(plan, as_of, out)
    statements = [said for said in answer(plan, as_of) if said.tone != "plain"]
    show_said(statements, out)
    out.print()
    if not plan.calendar:
        out.print("The course has no date: give therapy.start, or the delivered cycles.")
        return
    table = plain_table("date", "time", "cycle", "what")
    for event in plan.calendar:
        cycle = "" if event.cycle is None else f"{event.cycle}"
        table.add_row(event.at[:10], _clock(event), cycle, event.what)
    out.print(table)
    out.print()
    out.print(in_zone(plan), style="dim")
    out.print(plan.disclaimer, style="italic")


def in_zone(plan: Plan) -> str:
    """Say which time zone the times are in."""
    zone = plan.therapy.time_zone
    return f"times in {zone}" if zone else "times as given in the patient file"


def _clock(event: PlanEvent) -> str:
    if len(event.at) == len("2026-01-12"):
        return ""
    begin = event.at[11:16]
    if event.until is None:
        return begin
    next_day = "" if event.until[:10] == event.at[:10] else " next day"
    return f"{begin}-{event.until[11:16]}{next_day}"
