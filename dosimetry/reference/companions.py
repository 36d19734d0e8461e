"""Companion medication of a cycle."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from dosimetry.reference.tables import table


@dataclass(frozen=True)
class Companion:
    """A drug, a control or a scan around the doses; times in h after its anchor.

    ``precision`` is ``time`` or ``day``: whether it has a time of day where the dose has one.
    """

    kind: str
    what: str
    anchor: str
    precision: str
    begin: float
    end: float | None
    every: float | None
    months: int | None
    source: str


@functools.cache
def companions(agent: str) -> tuple[Companion, ...]:
    """Return what goes with the doses of an agent, in the order of the table.

    A row of 177Lu stands in for an agent that has no row of that kind of its own.
    """
    found = table("companion_medication")
    own = {row["kind"] for row in found.rows if row["agent"] == agent}
    return tuple(
        Companion(
            row["kind"],
            row["what"],
            row["anchor"],
            row["precision"],
            float(row["from"]),
            float(row["until"]) if row["until"] else None,
            float(row["every"]) if row["every"] else None,
            int(row["months"]) if row["months"] else None,
            row["source"],
        )
        for row in found.rows
        if row["agent"] == agent
        or (row["agent"] == "177Lu" and agent.startswith("177Lu") and row["kind"] not in own)
    )
