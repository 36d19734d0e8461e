"""Strategies side by side, and the activity that limits still allow, on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from dosimetry.planning.compare import Allowances, Comparison
from dosimetry.planning.decision_words import limit_words
from dosimetry.report.numbers import interval, probability
from dosimetry.report.terminal.parts import NOTHING, bullets, plain_table
from dosimetry.report.words.names import words
from dosimetry.report.words.said import sentence


def show_comparison(comparison: Comparison, out: Console) -> None:
    """Print one column per strategy, and the reason of each."""
    out.print(_title(comparison))
    out.print()
    strategies = comparison.strategies
    first = strategies[0]
    table = plain_table(
        "whole course [Gy],\nmean (5–95 %)", *(summary.strategy for summary in strategies)
    )
    table.add_row("cycles", *(f"{summary.cycles}" for summary in strategies))
    table.add_row("activity", *(f"{summary.activity.value:.1f} GBq" for summary in strategies))
    for region in first.absorbed_dose:
        doses = (interval(summary.absorbed_dose[region]) for summary in strategies)
        table.add_row(words(region), *doses)
        if region in first.bed:
            table.add_row(
                f"{words(region)} BED", *(interval(summary.bed[region]) for summary in strategies)
            )
    for limit in first.probabilities:
        chances = (summary.probabilities[limit] for summary in strategies)
        shown = (NOTHING if chance is None else probability(chance) for chance in chances)
        table.add_row(f"P(> {limit})", *shown)
    for column in table.columns[1:]:
        column.no_wrap = True
    out.print(table)
    bullets(
        out,
        "Why",
        [Text(f"{sentence(summary.strategy)} {summary.reason}") for summary in strategies],
    )
    out.print()
    out.print(comparison.disclaimer, style="italic")


def show_allowances(allowances: Allowances, out: Console) -> None:
    """Print one row per limit: dose so far, further activity, further full cycles."""
    out.print(_title(allowances))
    out.print()
    cycles = f"cycles of {allowances.per_cycle.value:.3g} GBq"
    table = plain_table("limit", "so far [Gy],\nmean (5–95 %)", "further activity", cycles)
    for allowance in allowances.limits:
        name = limit_words(allowance.region, allowance.quantity, allowance.limit_value.value)
        activity, so_far = allowance.activity, allowance.so_far
        table.add_row(
            f"{name} *" if allowance.basis == "population" else name,
            "no dose known" if so_far is None else interval(so_far),
            NOTHING if activity is None else f"{activity.value:.1f} GBq",
            NOTHING if allowance.cycles is None else f"{allowance.cycles}",
        )
    out.print(table)
    out.print()
    if any(allowance.basis == "population" for allowance in allowances.limits):
        out.print("* population, not measured in this patient", style="dim")
    out.print(
        "Dosimetry only. For the label's answer, run: dosimetry plan PATIENT",
        style="dim",
    )
    out.print()
    out.print(allowances.disclaimer, style="italic")


def _title(document: Comparison | Allowances) -> Text:
    accepted = f"accepted probability of exceeding a limit {document.risk:g}"
    return Text(f"{document.patient}   {accepted}", style="bold")
