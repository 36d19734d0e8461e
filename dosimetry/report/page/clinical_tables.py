"""The clinical tables of a report: calendar, laboratory values, label, trial rates."""

from __future__ import annotations

from dosimetry.documents.clinic import PlanLabel
from dosimetry.documents.plan import Plan
from dosimetry.quantities import Amount
from dosimetry.report.numbers import after_number, plain, printed, signed, unit_words
from dosimetry.report.page.cells import Cell, Table, amount, number, table
from dosimetry.report.words.names import words

ENDS = {None: None, True: "yes", False: "no"}  # as the patient file states


def calendar(plan: Plan) -> Table:
    """Return one row per kind of event, with all its dates."""
    dates: dict[tuple[str, str], list[str]] = {}
    for event in plan.calendar:
        until = f" to {_moment(event.until)}" if event.until else ""
        dates.setdefault((event.what, event.source), []).append(f"{_moment(event.at)}{until}")
    return table(
        "Calendar of doses, drugs, laboratory controls and scans",
        ("event", "dates", "source"),
        ((what, "; ".join(when), source) for (what, source), when in dates.items()),
    )


def _moment(at: str) -> str:
    return at[:16].replace("T", " ")


def labs(plan: Plan) -> Table:
    """Return one row per laboratory value."""
    return table(
        "Laboratory values as entered",
        ("date", "analyte", "value", "CTCAE grade", "term", "change from baseline [%]"),
        (
            (
                _moment(lab.at) + (" (baseline)" if lab.baseline else ""),
                words(lab.analyte),
                _valued(lab.value),
                None if lab.grade is None else f"{lab.grade}",
                lab.term,
                None if lab.change is None else _percent(lab.change),
            )
            for lab in plan.labs
        ),
    )


def renal(plan: Plan) -> Table:
    """Return one row per date with a renal function."""
    return table(
        "Renal function",
        (
            "date", "creatinine clearance (Cockcroft–Gault)", "eGFR (CKD-EPI 2021) per 1.73 m²",
            "change of clearance from baseline [%]",
        ),
        (
            (
                _moment(renal.at),
                _valued(renal.creatinine_clearance),
                _valued(renal.egfr),
                None if renal.change is None else _percent(renal.change),
            )
            for renal in plan.renal_function
        ),
    )  # fmt: skip


def adverse_events(plan: Plan) -> Table:
    """Return one row per adverse event of the patient file."""
    return table(
        "Adverse events as entered",
        ("date", "term", "CTCAE grade", "ends the treatment"),
        (
            (_moment(event.at), event.term, f"{event.grade}", ENDS[event.ends_treatment])
            for event in plan.adverse_events
        ),
    )


def _valued(value: Amount | None) -> Cell:
    """Return a value with its unit."""
    if value is None:
        return Cell(("–",))
    unit = "" if value.unit == "1" else f" {after_number(value.unit)}"
    return Cell((*amount(value, "", f"{value.value:.4g}").parts, unit))


def _percent(change: float) -> Cell:
    return Cell((number(100 * change, signed(100 * change)),))


def transitions(label: PlanLabel) -> Table:
    """Return one row per change of state by the dose-modification rules."""
    return table(
        "Dose-modification history",
        ("date", "state", "rule", "reason", "source"),
        (
            (
                _moment(change.at),
                words(change.state).replace("-", " "),
                words(change.rule),
                printed(change.reason),
                change.source,
            )
            for change in label.transitions
        ),
    )


def rates(plan: Plan) -> Table:
    """Return one row per rate of laboratory abnormalities."""
    return table(
        "For comparison: laboratory abnormalities in NETTER-1",
        ("trial arm", "abnormality", "rate", "source"),
        (
            (
                rate.arm,
                words(rate.quantity),
                f"{plain(rate.value)} {unit_words(rate.unit)}",
                rate.source,
            )
            for rate in plan.context
        ),
    )
