"""What a plan says of its own checking: the second calculation, and with what it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dosimetry.quantities import Amount

Checked = Literal[
    "activity at the scans",
    "time-integrated activity",
    "absorbed dose",
    "biologically effective dose",
]
Binding = Literal["measured", "all"]


@dataclass(frozen=True)
class Comparison:
    """One figure, computed twice by different ways.

    ``first`` is the plan's own, ``second`` comes from the inputs by the way that ``by`` names;
    ``difference`` and ``tolerance`` are in percent of the first.
    """

    cycle: int
    region: str
    quantity: Checked
    by: str
    first: Amount
    second: Amount
    difference: Amount
    tolerance: Amount
    passed: bool


@dataclass(frozen=True)
class PlanOptions:
    """What was asked for beside strategy and risk; null where nothing was."""

    max_cycles: int
    max_activity: Amount | None
    min_activity: Amount | None
    without_cycles: tuple[int, ...]
    interval: Amount | None
    activity: Amount | None
    bind: Binding = "measured"
    cycles: int | None = None
