"""Companion medication of a cycle."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from dosimetry.reference.tables import table


@dataclass(frozen=True)
class Companion:
    """A drug, a check-up or a scan around the doses; times in h after its anchor.

    ``precision`` is ``time`` if it has a time of day when the dose has one, else ``day``.
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
    """Return medication, check-ups and scans that go with the doses of an agent, in table order.

    Rows of ``177Lu`` apply to every 177Lu agent that has no rows of that kind.
    """
    medication = table("companion_medication")
    own = {row["kind"] for row in medication.rows if row["agent"] == agent}
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
        for row in medication.rows
        if row["agent"] == agent
        or (row["agent"] == "177Lu" and agent.startswith("177Lu") and row["kind"] not in own)
    )
