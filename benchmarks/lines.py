"""A line of the table of ratios."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """What was measured, how much it was, more about it, and what was asked for."""

    name: str
    value: str
    more: str = ""
    asked: str = ""

    @classmethod
    def of(cls, name: str, ratios: Sequence[float], asked: str) -> Line:
        """Return the line of a ratio measured in pairs."""
        spread = f"{min(ratios):.3g} to {max(ratios):.3g} of {len(ratios)}"
        return cls(name, f"{statistics.median(ratios):.3g}", spread, asked)
