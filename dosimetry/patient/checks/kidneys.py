"""Contradictions between the pair of kidneys and its sides."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dosimetry.patient.kidneys import PAIR, both_sides, given_sides, solitary
from dosimetry.patient.schema import SINGLE_KIDNEY, Course, Cycle
from dosimetry.problems import Problem, in_words


def kidneys_of_course(course: Course) -> Iterator[Problem]:
    """Yield contradictions in masses and previous radiation."""
    for given, what, place in (
        (course.masses, "mass", "masses"),
        (course.therapy.prior_doses, "previous radiation", "therapy.prior_doses"),
    ):
        yield from _twice(given, what, f"{place}.{PAIR}")
        yield from _two(course, given, what, place)


def kidneys_of_cycle(course: Course, cycle: Cycle, place: str, here: str) -> Iterator[Problem]:
    """Yield contradictions in measurements, placed at ``here``, and in supplied coefficients."""
    measured, given = cycle.measurements.by_region(), cycle.dose_coefficients
    single = solitary(course.person)
    coefficients = f"{place}.dose_coefficients"
    yield from _twice(measured, "measured activity", here)
    yield from _two(course, measured, "measured activity", here)
    sides = given_sides(measured)
    if len(sides) == 1 and not single:
        yield Problem(
            "one-kidney-only",
            f"only the {in_words(sides)} was measured",
            f"measure the other kidney, or add {SINGLE_KIDNEY} to patient.kidney_risk_factors",
            here,
        )
    yield from _twice(given, "dose coefficient", f"{coefficients}.{PAIR}")
    yield from _two(course, given, "dose coefficient", coefficients)
    sides = given_sides(given)
    if len(sides) == 1 and PAIR not in given and not single:
        yield Problem(
            "one-kidney-only",
            f"a dose coefficient is given for the {in_words(sides)} only",
            "give the coefficient of the other kidney, or of the kidneys",
            coefficients,
        )


def _twice(given: Collection[str], what: str, place: str) -> Iterator[Problem]:
    if PAIR in given and given_sides(given):
        yield Problem(
            "kidneys-twice",
            f"{what} is given for the pair and for one kidney",
            "give the pair, or left and right",
            place,
        )


def _two(course: Course, given: Collection[str], what: str, place: str) -> Iterator[Problem]:
    if both_sides(given) and solitary(course.person):
        yield Problem(
            "two-kidneys",
            f"{what} is given for both kidneys, but patient.kidney_risk_factors contains "
            f"{SINGLE_KIDNEY}",
            f"keep the existing kidney, or remove {SINGLE_KIDNEY}",
            place,
        )
