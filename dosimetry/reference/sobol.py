"""Direction numbers of the Sobol sequence."""

from __future__ import annotations

import functools

from dosimetry.reference.tables import table


@functools.cache
def sobol_direction_numbers() -> tuple[tuple[int, int, tuple[int, ...]], ...]:
    """Return degree, polynomial and initial numbers of each Sobol dimension (Joe and Kuo 2008)."""
    return tuple(
        (
            int(row["degree"]),
            int(row["polynomial"]),
            tuple(map(int, row["initial_numbers"].split())),
        )
        for row in table("sobol_direction_numbers").rows
    )
