"""Bands of values with one CTCAE grade, by this patient's reference ranges and baseline."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from dosimetry.documents.clinic import PlanGradeBand
from dosimetry.label.findings import Observations
from dosimetry.label.grades import grade, lacks_limit
from dosimetry.reference import grades, laboratory
from dosimetry.reference.laboratory import Range


def bands_of(seen: Observations) -> tuple[PlanGradeBand, ...]:
    """Return the bands of every graded analyte that was measured, lowest values first.

    They apply from the first dose on; before it, no grade depends on the baseline.
    """
    measured = dict.fromkeys(name for dated in seen.all for name in dated.findings)
    graded: list[PlanGradeBand] = []
    for name in measured:
        graded_by = name in seen.ranges and grades.grade_rows(name)
        if graded_by and not lacks_limit(name, seen.ranges[name]):
            usual = seen.baseline[name].value if name in seen.baseline else None
            graded += bands(name, seen.ranges[name], usual)
    return tuple(graded)


def bands(analyte: str, limits: Range, baseline: float | None) -> list[PlanGradeBand]:
    """Return the bands of one analyte in its canonical unit.

    Examples
    --------
    >>> [(b.grade, b.lower, b.upper) for b in bands("platelets", Range(150.0, 450.0, ""), None)]
    [(4, None, 25.0), (3, 25.0, 50.0), (2, 50.0, 75.0), (1, 75.0, 150.0), (0, 150.0, None)]
    """
    unit = laboratory.analyte(analyte).unit
    edges = sorted(set(_edges(analyte, limits, baseline)))
    ends = [0.0, *edges, 2.0 * edges[-1] if edges else 1.0]
    joined: list[PlanGradeBand] = []
    for low, high in itertools.pairwise(ends):
        graded = grade(analyte, (low + high) / 2, limits, baseline)
        number = graded.grade if graded else 0
        lower, upper = (low if low in edges else None), (high if high in edges else None)
        if joined and joined[-1].grade == number:
            lower = joined.pop().lower
        joined.append(PlanGradeBand(analyte, number, lower, upper, unit))
    return joined


def _edges(analyte: str, limits: Range, baseline: float | None) -> Iterator[float]:
    """Yield every positive value at which a row of the table begins or ends."""
    for row in grades.grade_rows(analyte):
        below = limits.lower if row.below == "LLN" else row.below
        multiples = {"": 1.0, "ULN": limits.upper}
        multiplied = multiples.get(row.multiple_of, baseline)
        if below:
            yield below
        for factor in (row.at_least, row.above, row.up_to):
            if factor and multiplied:
                yield factor * multiplied
