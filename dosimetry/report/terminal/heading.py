"""The head of a plan on a terminal: patient, regimen, day, statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from dosimetry.documents.plan import Plan
from dosimetry.report.words.said import Statement, Tone

TONES: dict[Tone, str] = {
    "good": "bold green",
    "plain": "bold",
    "caution": "bold yellow",
    "bad": "bold red",
}


def show_heading(plan: Plan, as_of: dt.date, out: Console) -> None:
    """Print patient, agent, cycles given, day and regimen."""
    delivered = sum(cycle.status == "delivered" for cycle in plan.cycles)
    parts = (
        plan.patient.id,
        plan.therapy.radiopharmaceutical,
        f"{delivered} of {len(plan.cycles)} cycles given",
        f"as of {as_of}",
    )
    out.print(Text("   ".join(parts), style="bold"))
    out.print(f"{plan.therapy.regimen}: {plan.therapy.description}   strategy {plan.strategy}")
    out.print()


def show_statements(statements: Sequence[Statement], out: Console) -> None:
    """Print statements, each with its head in the colour of its tone."""
    for statement in statements:
        head = Text(statement.head, style=TONES[statement.tone])
        out.print(head.append(f" {statement.text}", style="not bold default"))
