"""The independent recalculation in a plan, and the options that the plan was made with."""

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
    """One figure computed in two independent ways.

    Attributes
    ----------
    cycle : int
        From 1.
    region : str
    quantity : str
        Quantity computed, as in ``absorbed dose``.
    by : str
        Method of the recalculation.
    first : Amount
        Figure of the plan, in the unit of the quantity.
    second : Amount
        Figure recalculated from the inputs, in the same unit.
    difference : Amount
        In % of the first.
    tolerance : Amount
        Largest difference allowed, in %.
    passed : bool
        Whether the difference is within the tolerance.
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
    """Options of a plan besides strategy and risk; None where not given.

    Attributes
    ----------
    max_cycles : int
        Maximum number of cycles (``to-limit`` only).
    max_activity : Amount or None
        Maximum activity of one cycle, in GBq.
    min_activity : Amount or None
        Minimum activity of one cycle, in GBq (``adjusted`` only).
    without_cycles : tuple of int
        Numbers of cycles left out.
    interval : Amount or None
        Between the cycles to come, in h.
    activity : Amount or None
        Per cycle to come, in GBq.
    bind : str
        ``measured`` or ``all``: which limits are held to the risk.
    cycles : int or None
        Number of cycles of the course, instead of the regimen's.
    """

    max_cycles: int
    max_activity: Amount | None
    min_activity: Amount | None
    without_cycles: tuple[int, ...]
    interval: Amount | None
    activity: Amount | None
    bind: Binding = "measured"
    cycles: int | None = None
