"""Rows of the CTCAE table: the bounds of each grade."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dosimetry.reference.laboratory import to_canonical
from dosimetry.reference.tables import table


@dataclass(frozen=True)
class GradeRow:
    """A row of the CTCAE: the bounds of a grade, absolute or as multiples."""

    term: str
    haematological: bool
    grade: int
    at_least: float | None
    below: float | Literal["LLN"] | None
    above: float | None
    up_to: float | None
    multiple_of: str


@functools.cache
def grade_rows(name: str) -> tuple[GradeRow, ...]:
    """Return the CTCAE rows of an analyte, bounds in its canonical unit; empty if it has none."""
    rows = []
    for row in table("ctcae_v5").rows:
        if row["analyte"] != name:
            continue
        factor = 1.0 if row["unit"] == "1" else to_canonical(name, 1.0, row["unit"])
        at_least, above, up_to = (
            float(row[end]) * factor if row[end] else None for end in ("at_least", "above", "up_to")
        )
        below: float | Literal["LLN"] | None = None
        if row["below"]:
            below = "LLN" if row["below"] == "LLN" else float(row["below"]) * factor
        rows.append(
            GradeRow(
                row["term"],
                row["haematological"] == "yes",
                int(row["grade"]),
                at_least,
                below,
                above,
                up_to,
                row["multiple_of"],
            )
        )
    return tuple(rows)


def graded_terms() -> Mapping[str, str]:
    """Return the analyte of every toxicity graded by a laboratory value, by each of its names."""
    named = {
        name: row["analyte"]
        for row in table("analytes").rows
        for name in filter(None, row["toxicity_names"].split(";"))
    }
    return {**named, **{row["term"]: row["analyte"] for row in table("ctcae_v5").rows}}
