"""Dose limits of the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dosimetry.reference.tables import table


@dataclass(frozen=True)
class Limit:
    """A limit of absorbed dose or BED.

    Attributes
    ----------
    id, region, quantity, condition, source : str
    value : float
        In Gy.
    """

    id: str
    region: str
    quantity: str
    value: float
    condition: str
    source: str


def limit_rows() -> tuple[Mapping[str, str], ...]:
    """Return the rows of table ``limits``."""
    return table("limits").rows


def limit(row: Mapping[str, str]) -> Limit:
    """Return the limit of a row of table ``limits``."""
    return Limit(
        row["id"],
        row["region"],
        row["quantity"],
        table("limits").number(row, "value", "Gy"),
        row["condition"],
        row["source"],
    )
