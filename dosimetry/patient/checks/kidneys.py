"""Whether the pair of kidneys and each side are given so that one does not contradict the other."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dosimetry.patient.kidneys import PAIR, both_sides, given_sides, solitary
from dosimetry.patient.schema import SINGLE_KIDNEY, Course, Cycle
from dosimetry.problems import Problem


def kidneys_of_course(course: Course) -> Iterator[Problem]:
    """Look at masses and earlier radiation."""
    for given, what, place in (
        (course.masses, "mass", "masses"),
        (course.therapy.prior_doses, "earlier radiation", "therapy.prior_doses"),
    ):
        yield from _twice(given, what, f"{place}.{PAIR}")
        yield from _two(course, given, what, place)


def kidneys_of_cycle(course: Course, cycle: Cycle, place: str, here: str) -> Iterator[Problem]:
    """Look at what was measured, named by ``here``, and at coefficients done elsewhere."""
    measured, given = cycle.measurements.by_region(), cycle.dose_coefficients
    single = solitary(course.person)
    coefficients = f"{place}.dose_coefficients"
    yield from _twice(measured, "measured activity", here)
    yield from _two(course, measured, "measured activity", here)
    sides = given_sides(measured)
    if len(sides) == 1 and not single:
        yield Problem(
            "one-kidney-only",
            f"only {sides[0]} was measured",
            f"measure the other too, or name {SINGLE_KIDNEY} among patient.kidney_risk_factors",
            here,
        )
    yield from _twice(given, "dose coefficient", f"{coefficients}.{PAIR}")
    yield from _two(course, given, "dose coefficient", coefficients)
    sides = given_sides(given)
    if len(sides) == 1 and PAIR not in given and not single:
        yield Problem(
            "one-kidney-only",
            f"a dose coefficient is given of {sides[0]} only",
            "give the other one too, or that of kidneys",
            coefficients,
        )


def _twice(given: Collection[str], what: str, place: str) -> Iterator[Problem]:
    if PAIR in given and given_sides(given):
        yield Problem(
            "kidneys-twice",
            f"{what} is given of the pair and of one kidney",
            "give the pair, or left and right",
            place,
        )


def _two(course: Course, given: Collection[str], what: str, place: str) -> Iterator[Problem]:
    if both_sides(given) and solitary(course.person):
        yield Problem(
            "two-kidneys",
            f"{what} is given of both kidneys, but patient.kidney_risk_factors names "
            f"{SINGLE_KIDNEY}",
            f"keep the one that is there, or remove {SINGLE_KIDNEY}",
            place,
        )
