"""Candidate times and number of scans that a user asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dosimetry.patient.measurements.columns import CELL_RANGES
from dosimetry.patient.values import read_amount
from dosimetry.problems import InputError, quote, refuse
from dosimetry.reference import tables
from dosimetry.reference.imaging_times import candidate_times


def candidate_times_of(at: Any) -> tuple[float, ...]:
    """Return the candidate times in h, each once, in their order."""
    if at is None:
        return candidate_times()
    entries = at.split(",") if isinstance(at, str) else at
    if not isinstance(entries, Sequence) or not entries:
        raise refuse(
            "wrong-type",
            f"{quote(at)} is not a list of times",
            'write a list, as in "24 h, 96 h"',
            "at",
        )
    latest = CELL_RANGES["time"][1]
    try:
        times = sorted({read_amount(_stripped(one), "h", 0.0, latest).value for one in entries})
    except InputError as error:
        raise error.at("at") from None
    most = int(tables.default("most_scan_times", "1"))
    if len(times) > most:
        raise refuse(
            "out-of-range",
            f"{len(times)} candidate times are outside 1 to {most}",
            'write fewer times, as in "24 h, 96 h"',
            "at",
        )
    return tuple(times)


def _stripped(entry: Any) -> Any:
    return entry.strip() if isinstance(entry, str) else entry


def budget_of(budget: int) -> int:
    """Return the largest number of scans in the cycle."""
    most = int(tables.default("most_scans", "1"))
    if not isinstance(budget, int) or isinstance(budget, bool) or not 1 <= budget <= most:
        raise refuse(
            "out-of-range",
            f"a budget of {quote(budget)} scans is outside 1 to {most}",
            "write a number, as in 2",
            "budget",
        )
    return budget
