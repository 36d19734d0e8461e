"""Whether the pair of kidneys and each side are given so that one does not contradict the other."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dosimetry.problems import Problem
from dosimetry.therapy.masses import SIDES
from dosimetry.therapy.sections import Course, Cycle


def kidneys_of_course(course: Course) -> Iterator[Problem]:
    """Look at masses and earlier radiation."""
    for given, what, place in (
        (course.masses, "mass", "masses"),
        (course.therapy.prior_doses, "earlier radiation", "therapy.prior_doses"),
    ):
        yield from _twice(given, what, f"{place}.kidneys")
        yield from _two(course, given, what, place)


def kidneys_of_cycle(course: Course, cycle: Cycle, place: str, here: str) -> Iterator[Problem]:
    """Look at what was measured, named by ``here``, and at coefficients done elsewhere."""
    measured, given = cycle.measurements.by_region(), cycle.dose_coefficients
    single = "single_kidney" in course.person.kidney_risk_factors
    coefficients = f"{place}.dose_coefficients"
    yield from _twice(measured, "measured activity", here)
    yield from _two(course, measured, "measured activity", here)
    sides = [side for side in SIDES if side in measured]
    if len(sides) == 1 and not single:
        yield Problem(
            "one-kidney-only",
            f"only {sides[0]} was measured",
            "measure the other too, or name single_kidney among patient.kidney_risk_factors",
            here,
        )
    yield from _twice(given, "dose coefficient", f"{coefficients}.kidneys")
    yield from _two(course, given, "dose coefficient", coefficients)
    sides = [side for side in SIDES if side in given]
    if len(sides) == 1 and "kidneys" not in given and not single:
        yield Problem(
            "one-kidney-only",
            f"a dose coefficient is given of {sides[0]} only",
            "give the other one too, or that of kidneys",
            coefficients,
        )


def _twice(given: Collection[str], what: str, place: str) -> Iterator[Problem]:
    if "kidneys" in given and set(SIDES) & set(given):
        yield Problem(
            "kidneys-twice",
            f"{what} is given of the pair and of one kidney",
            "give the pair, or left and right",
            place,
        )


def _two(course: Course, given: Collection[str], what: str, place: str) -> Iterator[Problem]:
    if set(SIDES) <= set(given) and "single_kidney" in course.person.kidney_risk_factors:
        yield Problem(
            "two-kidneys",
            f"{what} is given of both kidneys, but patient.kidney_risk_factors names single_kidney",
            "keep the one that is there, or remove single_kidney",
            place,
        )
