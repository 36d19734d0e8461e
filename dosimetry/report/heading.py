"""Heading of a plan on a terminal: patient, day and answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from dosimetry.report.said import Said, Tone
from dosimetry.therapy.plan import Plan

TONES: dict[Tone, str] = {
    "good": "bold green",
    "plain": "bold",
    "caution": "bold yellow",
    "bad": "bold red",
}


def show_heading(plan: Plan, as_of: dt.date, out: Console) -> None:
    """Print patient, agent, cycles given, day and regimen."""
    given = sum(cycle.status == "delivered" for cycle in plan.cycles)
    parts = (
        plan.patient.id,
        plan.therapy.radiopharmaceutical,
        f"{given} of {len(plan.cycles)} cycles given",
        f"as of {as_of}",
    )
    out.print(Text("   ".join(parts), style="bold"))
    out.print(f"{plan.therapy.regimen}: {plan.therapy.description}   strategy {plan.strategy}")
    out.print()


def show_said(statements: Sequence[Said], out: Console) -> None:
    """Print statements, each with its head in the colour of its tone."""
    for said in statements:
        out.print(
            Text(said.head, style=TONES[said.tone]).append(
                f" {said.text}", style="not bold default"
            )
        )
