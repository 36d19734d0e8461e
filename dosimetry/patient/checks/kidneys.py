"""Contradictions between the pair of kidneys and its sides."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dosimetry.patient.entered_masses import mass_entries
from dosimetry.patient.kidneys import PAIR, SIDES, both_sides, given_sides, solitary
from dosimetry.patient.schema import SINGLE_KIDNEY, Cycle, PatientFile
from dosimetry.problems import Problem, in_words


def kidneys_of_file(patient: PatientFile) -> Iterator[Problem]:
    """Yield contradictions in masses and previous radiation."""
    masses = ((entries, "mass", place) for place, entries in mass_entries(patient))
    previous = (patient.therapy.prior_doses, "previous radiation", "therapy.prior_doses")
    for entries, what, place in (*masses, previous):
        yield from _twice(entries, what, f"{place}.{PAIR}")
        yield from _two(patient, entries, what, place)


def kidneys_of_cycle(
    patient: PatientFile, cycle: Cycle, place: str, here: str
) -> Iterator[Problem]:
    """Yield contradictions in measurements, placed at ``here``, and in supplied coefficients."""
    measured, supplied = cycle.measurements.by_region(), cycle.dose_coefficients
    single = solitary(patient.person)
    coefficients = f"{place}.dose_coefficients"
    yield from _twice(measured, "measured activity", here)
    yield from _two(patient, measured, "measured activity", here)
    sides, named = given_sides(measured), given_sides(cycle.not_measurable)
    if len(sides) == 1 and not single and not both_sides((*sides, *named)):
        (other,) = (side for side in SIDES if side not in sides)
        yield Problem(
            "one-kidney-only",
            f"only the {in_words(sides)} was measured",
            f"if the {in_words([other])} could not be measured in this cycle, write "
            f"not_measurable: {{{other}: the reason}} in the cycle. If the patient has one kidney "
            f"only, add {SINGLE_KIDNEY} to patient.kidney_risk_factors",
            here,
        )
    if len(sides) == 1:
        both = {*sides, *named}
        yield from _two(patient, both, "a measurement or not_measurable", f"{place}.not_measurable")
    yield from _twice(supplied, "dose coefficient", f"{coefficients}.{PAIR}")
    yield from _two(patient, supplied, "dose coefficient", coefficients)
    sides = given_sides(supplied)
    if len(sides) == 1 and PAIR not in supplied and not single:
        yield Problem(
            "one-kidney-only",
            f"a dose coefficient is given for the {in_words(sides)} only",
            "give the coefficient of the other kidney, or of the kidneys",
            coefficients,
        )


def _twice(regions: Collection[str], what: str, place: str) -> Iterator[Problem]:
    if PAIR in regions and given_sides(regions):
        yield Problem(
            "kidneys-twice",
            f"{what} is given for the pair and for one kidney",
            "give the pair, or left and right",
            place,
        )


def _two(
    patient: PatientFile, regions: Collection[str], what: str, place: str
) -> Iterator[Problem]:
    if both_sides(regions) and solitary(patient.person):
        yield Problem(
            "two-kidneys",
            f"{what} is given for both kidneys, but patient.kidney_risk_factors contains "
            f"{SINGLE_KIDNEY}",
            f"keep the existing kidney, or remove {SINGLE_KIDNEY}",
            place,
        )
