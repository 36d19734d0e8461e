"""Strategies side by side, and what the limits still allow, on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from dosimetry.report.numbers import interval, probability
from dosimetry.report.terminal_parts import bullets, plain_table, words
from dosimetry.therapy.comparison import Allowances, Comparison


def show_comparison(found: Comparison, out: Console) -> None:
    """Print one column per strategy, and the reason of each."""
    out.print(Text(f"{found.patient}   risk {found.risk:g}", style="bold"))
    out.print()
    table = plain_table("whole course, Gy", *(one.strategy for one in found.strategies))
    table.add_row("cycles", *(f"{one.cycles}" for one in found.strategies))
    table.add_row("activity", *(f"{one.activity.value:.1f} GBq" for one in found.strategies))
    for region in found.strategies[0].absorbed_dose:
        table.add_row(
            f"{words(region)}", *(interval(s.absorbed_dose[region]) for s in found.strategies)
        )
        if region in found.strategies[0].bed:
            table.add_row(
                f"{words(region)} BED", *(interval(s.bed[region]) for s in found.strategies)
            )
    for limit in found.strategies[0].probabilities:
        chances = [one.probabilities[limit] for one in found.strategies]
        table.add_row(f"p {limit}", *("-" if p is None else probability(p) for p in chances))
    out.print(table)
    bullets(
        out,
        "Why",
        [Text(f"{one.strategy}: {one.reason}") for one in found.strategies],
    )
    out.print()
    out.print(found.disclaimer, style="italic")


def show_allowances(found: Allowances, out: Console) -> None:
    """Print one row per limit: so far, activity allowed, full cycles allowed."""
    out.print(Text(f"{found.patient}   risk {found.risk:g}", style="bold"))
    out.print()
    cycles = f"cycles of {found.per_cycle.value:.3g} GBq"
    table = plain_table("limit", "so far, Gy [5-95 %]", "activity allowed", cycles)
    for one in found.limits:
        table.add_row(
            f"{words(one.region)} {one.limit_value.value:g} Gy"
            + (" BED" if one.quantity.startswith("bio") else "")
            + (" *" if one.basis == "population" else ""),
            "no dose known" if one.so_far is None else interval(one.so_far),
            "-" if one.activity is None else f"{one.activity.value:.1f} GBq",
            "-" if one.cycles is None else f"{one.cycles}",
        )
    out.print(table)
    out.print()
    if any(one.basis == "population" for one in found.limits):
        out.print("* population, not measured in this patient", style="dim")
    out.print(
        "By dosimetry alone: what the label says of the next dose is in dosimetry plan.",
        style="dim",
    )
    out.print()
    out.print(found.disclaimer, style="italic")
