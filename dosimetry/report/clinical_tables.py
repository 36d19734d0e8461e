"""The clinical tables of a report: calendar, laboratory values, label, published rates."""

from __future__ import annotations

from dosimetry.quantities import Amount
from dosimetry.report.cells import Cell, Table, amount, number, table
from dosimetry.report.numbers import plain, unit_words
from dosimetry.report.terminal_parts import words
from dosimetry.therapy.clinical_plan import PlanLabel
from dosimetry.therapy.plan import Plan

ENDS = {None: None, True: "yes", False: "no"}  # by the patient file


def calendar(plan: Plan) -> Table:
    """Return one row per kind of event, with every date on which it is."""
    dates: dict[tuple[str, str], list[str]] = {}
    for event in plan.calendar:
        until = f" to {_moment(event.until)}" if event.until else ""
        dates.setdefault((event.what, event.source), []).append(f"{_moment(event.at)}{until}")
    return table(
        "The calendar: what goes with the doses, and when",
        ("what", "when", "source"),
        ((what, "; ".join(when), source) for (what, source), when in dates.items()),
    )


def _moment(at: str) -> str:
    return at[:16].replace("T", " ")


def labs(plan: Plan) -> Table:
    """Return one row per laboratory value."""
    return table(
        "Laboratory values, as written",
        ("date", "analyte", "value", "CTCAE grade", "term", "change from baseline [%]"),
        (
            (
                _moment(lab.at) + (" (baseline)" if lab.baseline else ""),
                lab.analyte,
                _valued(lab.value),
                None if lab.grade is None else f"{lab.grade}",
                lab.term,
                None if lab.change is None else _percent(lab.change),
            )
            for lab in plan.labs
        ),
    )


def renal(plan: Plan) -> Table:
    """Return one row per date on which renal function is known."""
    return table(
        "Renal function",
        (
            "date", "creatinine clearance, Cockcroft-Gault", "eGFR, CKD-EPI 2021",
            "change of the clearance [%]",
        ),
        (
            (
                _moment(one.at),
                _valued(one.creatinine_clearance),
                _valued(one.egfr),
                None if one.change is None else _percent(one.change),
            )
            for one in plan.renal_function
        ),
    )  # fmt: skip


def adverse_events(plan: Plan) -> Table:
    """Return one row per adverse event of the patient file."""
    return table(
        "Adverse events, as given",
        ("date", "term", "CTCAE grade", "ends the treatment"),
        (
            (_moment(one.at), one.term, f"{one.grade}", ENDS[one.ends_treatment])
            for one in plan.adverse_events
        ),
    )


def _valued(found: Amount | None) -> Cell:
    if found is None:
        return Cell(("–",))
    return Cell((*amount(found, "", f"{found.value:.4g}").parts, f" {unit_words(found.unit)}"))


def _percent(change: float) -> Cell:
    return Cell((number(100 * change, f"{100 * change:+.0f}".replace("-", "−")),))


def transitions(label: PlanLabel) -> Table:
    """Return one row per change of the label's state."""
    return table(
        "How the label's state changed",
        ("date", "state", "rule", "reason", "source"),
        (
            (_moment(one.at), words(one.state), words(one.rule), one.reason, one.source)
            for one in label.transitions
        ),
    )


def rates(plan: Plan) -> Table:
    """Return one row per rate of laboratory abnormalities."""
    return table(
        "Laboratory abnormalities in the trial; no figure of this patient",
        ("trial arm", "what", "rate", "source"),
        (
            (
                one.arm,
                words(one.quantity),
                f"{plain(one.value)} {unit_words(one.unit)}",
                one.source,
            )
            for one in plan.context
        ),
    )
