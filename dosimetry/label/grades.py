"""Grading of laboratory values by CTCAE."""

from __future__ import annotations

from dataclasses import dataclass

from dosimetry.reference import grades, laboratory
from dosimetry.reference.grades import GradeRow
from dosimetry.reference.laboratory import Range


@dataclass(frozen=True)
class Grade:
    """A CTCAE grade; 0 where no row of the term holds."""

    term: str
    grade: int
    haematological: bool


def grade(analyte: str, value: float, limits: Range, baseline: float | None) -> Grade | None:
    """Return the CTCAE v5.0 grade of a laboratory value.

    Parameters
    ----------
    analyte : str
    value : float
        In the analyte's canonical unit.
    limits : Range
        Reference range, for the grades that depend on it.
    baseline : float or None
        Value before the first dose; without one, grades that depend on it are not given.

    Returns
    -------
    Grade or None
        The highest grade that holds; None where the CTCAE does not grade the analyte, or by an
        upper limit of normal that is not known.

    Examples
    --------
    >>> grade("platelets", 62.0, Range(150.0, 450.0, ""), None).grade
    2
    >>> grade("creatinine", 1.6, Range(0.7, 1.3, ""), 0.9).grade
    2
    """
    rows = grades.grade_rows(analyte)
    if not rows or lacks_limit(analyte, limits):
        return None
    abnormal = baseline is not None and limits.upper is not None and baseline > limits.upper
    held = [row.grade for row in rows if _holds(row, value, limits, baseline, abnormal)]
    return Grade(rows[0].term, max(held, default=0), rows[0].haematological)


def lacks_limit(analyte: str, limits: Range) -> bool:
    """Return whether grades of an analyte need an upper limit of normal that is not known."""
    needed = any(row.multiple_of == "ULN" for row in grades.grade_rows(analyte))
    return needed and limits.upper is None


def _holds(
    row: GradeRow, value: float, limits: Range, baseline: float | None, abnormal: bool
) -> bool:
    below = limits.lower if row.below == "LLN" else row.below
    if row.below is not None:
        return (
            below is not None
            and laboratory.meets(value, "below", below)
            and laboratory.meets(value, "at_least", row.at_least or 0.0)
        )
    multiplied = _multiple(row, limits, baseline, abnormal)
    if multiplied is None:
        return False
    bounds = (("at_least", row.at_least), ("above", row.above), ("at_most", row.up_to))
    return all(
        bound is None or laboratory.meets(value, comparison, bound * multiplied)
        for comparison, bound in bounds
    )


def _multiple(row: GradeRow, limits: Range, baseline: float | None, abnormal: bool) -> float | None:
    """Return the value that the bounds of a row multiply; None where the row does not apply."""
    if row.multiple_of == "baseline":
        return baseline
    if row.multiple_of == "abnormal baseline":
        return baseline if abnormal else None
    replaced = any(
        other.multiple_of == "abnormal baseline" for other in grades.grade_rows(_analyte(row))
    )
    return None if abnormal and replaced else limits.upper


def _analyte(row: GradeRow) -> str:
    return grades.graded_terms()[row.term]
