"""What stands above a plan on a terminal: whose it is, as of which day, and dates that are odd."""

from __future__ import annotations

import datetime as dt

from rich.console import Console
from rich.text import Text

from dosimetry.report.terminal_parts import bullets
from dosimetry.report.today import against
from dosimetry.therapy.plan import Plan


def show_heading(plan: Plan, as_of: dt.date, out: Console) -> None:
    """Print patient, agent, day and regimen; then what the day makes of the plan's dates."""
    whose = f"{plan.patient.id}   {plan.therapy.radiopharmaceutical}   as of {as_of}"
    out.print(Text(whose, style="bold"))
    out.print(f"{plan.therapy.regimen}: {plan.therapy.description}   strategy {plan.strategy}")
    odd = [Text(line) for line in against(plan, as_of)]
    bullets(out, "Check the dates", odd, style="bold yellow")
    out.print()
