"""Laboratory values, adverse events, the label's history and the calendar on a terminal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dosimetry.documents.clinic import PlanEvent, PlanLab, PlanRate, PlanTransition
from dosimetry.documents.plan import Plan
from dosimetry.reference import laboratory as laboratory_figures
from dosimetry.report.numbers import plain, printed, probability, signed, unit_words
from dosimetry.report.terminal.heading import show_heading, show_statements
from dosimetry.report.terminal.parts import NOTHING, bullets, plain_table
from dosimetry.report.words.first_statements import answer
from dosimetry.report.words.limits import limit_name
from dosimetry.report.words.names import words
from dosimetry.report.words.said import sentence
from dosimetry.report.words.status import verdict

FIXED_WIDTH, COLUMN_WIDTH = 52, 13
OPEN = ("withhold", "not-eligible")  # answers that newer values keep, without a change of state


def show_clinic(plan: Plan, out: Console) -> None:
    """Print the dose-modification history, laboratory values, adverse events and kidneys."""
    if plan.label is not None:
        lines = [
            Text(printed(f"{change.at[:10]}, {_state(change)}. {sentence(change.reason)}"))
            for change in plan.label.transitions
        ]
        if lines and plan.label.answer in OPEN:
            lines.append(Text(printed(f"Latest values. {sentence(plan.label.reason)}")))
        bullets(out, "Dose-modification history", lines)
    if plan.labs:
        out.print()
        out.print(_labs(plan, out.width))
        out.print("in brackets: CTCAE v5.0 grade", style="dim", justify="right")
    if plan.adverse_events:
        out.print(_adverse_events(plan))
    kidneys = _kidneys(plan) if plan.labs else None
    if kidneys:
        out.print(kidneys)
    if plan.labs and plan.context:
        out.print(_context(plan.context))


def _state(change: PlanTransition) -> str:
    """Return a state of the label in words."""
    return words(change.state).replace("-", " ")


def _labs(plan: Plan, width: int) -> Table:
    """Return one row per analyte: baseline, worst value since, and the latest dates that fit."""
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
            words(analyte) if unit == "1" else f"{words(analyte)} [{unit_words(unit)}]",
            _dated(base, unit),
            _dated(worst if worst and worst.grade else None, unit),
            *(_value(on.get(date), unit) for date in dates),
        )
    return _with_clearance(table, plan, dates)


def _severity(lab: PlanLab) -> tuple[int, float]:
    return lab.grade or 0, abs(lab.change or 0.0)


def _with_clearance(table: Table, plan: Plan, dates: Sequence[str]) -> Table:
    base = next((lab.at for lab in plan.labs if lab.baseline and lab.analyte == "creatinine"), "")
    by_date = {
        renal.at[:10]: plain(renal.creatinine_clearance.value)
        for renal in plan.renal_function
        if renal.creatinine_clearance is not None
    }
    if by_date:
        first, *others = (by_date.get(date, NOTHING) for date in (base[:10], *dates))
        table.add_row("creatinine clearance [mL/min]", first, NOTHING, *others)
    return table


def _value(lab: PlanLab | None, unit: str) -> str:
    """Return a value in a row's unit with its grade."""
    if lab is None:
        return NOTHING
    value = lab.value.value
    if lab.value.unit != unit:
        canonical = laboratory_figures.to_canonical(lab.analyte, value, lab.value.unit)
        value = laboratory_figures.from_canonical(lab.analyte, canonical, unit)
    return plain(value) if lab.grade is None else f"{plain(value)} ({lab.grade})"


def _dated(lab: PlanLab | None, unit: str) -> str:
    """Return a value above its date, for a column without one."""
    return _value(lab, unit) if lab is None else f"{_value(lab, unit)}\n{lab.at[:10]}"


def _adverse_events(plan: Plan) -> Text:
    ends = {None: "", True: " (ends the treatment)", False: " (does not end the treatment)"}
    events = [
        f"{event.at[:10]} {event.term} grade {event.grade}{ends[event.ends_treatment]}"
        for event in plan.adverse_events
    ]
    return Text("Adverse events: ", style="bold").append(f"{', '.join(events)}.", style="not bold")


def _kidneys(plan: Plan) -> Text | None:
    """Return the verdicts of dosimetry and the renal function of the laboratory, side by side."""
    flags = [flag for flag in plan.flags if flag.region == "kidneys"]
    if not plan.renal_function or not flags:
        return None
    last = plan.renal_function[-1]
    dosimetry = ", ".join(
        f"{limit_name(flag)} {verdict(flag, plan)}"
        + ("" if flag.probability is None else f" [P(> limit) {probability(flag.probability)}]")
        for flag in flags
    )
    values = []
    if last.creatinine_clearance is not None:
        percent = last.change and f" ({signed(100 * last.change)} % from baseline)"
        clearance = f"{plain(last.creatinine_clearance.value)} mL/min"
        values.append(f"creatinine clearance {clearance}{percent or ''}")
    if last.egfr is not None:
        values.append(f"eGFR {plain(last.egfr.value)} mL/min per 1.73 m²")
    laboratory = ", ".join(values) if values else "no age or weight given"
    transitions = plan.label.transitions if plan.label else ()
    toxic = [change.at[:10] for change in transitions if change.rule == "renal_toxicity"]
    history = f" Renal toxicity (label): {toxic[0]}." if toxic else ""
    return Text.assemble(
        ("Kidneys, dosimetry: ", "bold"),
        f"{dosimetry}. ",
        ("Laboratory: ", "bold"),
        f"{laboratory} ({last.at[:10]}).{history}",
    )


def _context(rates: Sequence[PlanRate]) -> Text:
    """Return how often laboratory values became abnormal in the trial."""
    by_value: dict[str, list[str]] = {}
    for rate in rates:
        value, grades = rate.quantity.split(", ")
        by_value.setdefault(value, []).append(f"{rate.value:g} {rate.unit} ({grades})")
    values = "; ".join(f"{value} {', '.join(shares)}" for value, shares in by_value.items())
    return Text(
        f"For comparison, laboratory abnormalities in NETTER-1 ({rates[0].arm}; US label): "
        f"{values}.",
        style="dim",
    )


def show_calendar(plan: Plan, out: Console, as_of: dt.date) -> None:
    """Print the calendar of a course as of a day."""
    show_heading(plan, as_of, out)
    statements = [made for made in answer(plan, as_of) if made.tone != "plain"]
    show_statements(statements, out)
    out.print()
    if not plan.calendar:
        out.print("The course has no dates. Give therapy.start or the delivered cycles.")
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
    """Return a sentence on the time zone of the times."""
    zone = plan.therapy.time_zone
    return f"Times in {zone}." if zone else "Times as given in the patient file."


def _clock(event: PlanEvent) -> str:
    if len(event.at) == len("2026-01-12"):
        return ""
    begin = event.at[11:16]
    if event.until is None:
        return begin
    next_day = "" if event.until[:10] == event.at[:10] else " next day"
    return f"{begin}–{event.until[11:16]}{next_day}"
