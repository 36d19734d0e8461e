"""Alpha/beta and repair half-lives of regions."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from dosimetry.reference.tables import rows_by, table


@dataclass(frozen=True)
class Radiobiology:
    """Linear-quadratic parameters: alpha/beta in Gy, repair half-life in h."""

    alpha_beta: float
    repair_half_life: float
    generic: bool
    source: str


@functools.lru_cache(maxsize=1024)
def radiobiology(like: str) -> Radiobiology:
    """Return alpha/beta and repair half-life of a region, or generic values if it has none."""
    figures = table("radiobiology")
    rows = rows_by(figures.name, "region")
    row = rows.get(like, rows["generic"])
    return Radiobiology(
        figures.number(row, "alpha_beta", "Gy"),
        figures.number(row, "repair_half_life", "h"),
        like not in rows,
        row["source"],
    )
