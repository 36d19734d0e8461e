"""The independent recalculation in a plan: each compared figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dosimetry.quantities import Amount

Checked = Literal[
    "activity at the scans",
    "area of the curve",
    "time-integrated activity",
    "median time-integrated activity",
    "90 % interval",
    "absorbed dose",
    "biologically effective dose",
]


@dataclass(frozen=True)
class Recalculation:
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
