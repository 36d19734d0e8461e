"""Candidate times of scans after an administration."""

from __future__ import annotations

import functools

from dosimetry.reference.tables import table


@functools.cache
def candidate_times() -> tuple[float, ...]:
    """Return the times of table ``imaging_times`` in h, in their order.

    Examples
    --------
    >>> candidate_times()
    (24.0, 48.0, 72.0, 96.0, 168.0)
    """
    times = table("imaging_times")
    return tuple(sorted(times.number(row, "time", "h") for row in times.rows))
