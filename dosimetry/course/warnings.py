"""Warnings on the doses of a course, and on entries of the patient file that are not used."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from dosimetry.course.flags import severity
from dosimetry.course.region import RegionCourse
from dosimetry.cycle.dose import CycleDose
from dosimetry.documents.flags import Flags
from dosimetry.patient.entered_masses import entered_mass, mass_entries
from dosimetry.patient.kidneys import (
    PAIR,
    SIDES,
    given_sides,
    pair_of,
    side_word,
    solitary,
    with_sides,
)
from dosimetry.patient.masses import MARROW
from dosimetry.patient.schema import LEAST_SQUARES, Cycle, PatientFile
from dosimetry.problems import Problem, in_words
from dosimetry.reference import agents, radiobiology
from dosimetry.reference import regions as regions_figures


def course_warnings(
    patient: PatientFile, regions: Mapping[str, RegionCourse], measured: frozenset[str]
) -> Iterator[Problem]:
    """Yield the warnings of a course, from its regions with a dose and those measured."""
    yield from _population(patient, regions, measured)
    yield from _kidneys(patient)
    yield from _not_used(patient, regions)


def _population(
    patient: PatientFile, regions: Mapping[str, RegionCourse], measured: frozenset[str]
) -> Iterator[Problem]:
    generic = [
        name
        for name, region in regions.items()
        if region.protraction is not None
        and radiobiology.radiobiology(regions_figures.region(name).like).generic
    ]
    if generic:
        bio = radiobiology.radiobiology("generic")
        yield Problem(
            "generic-alpha-beta",
            f"no organ-specific alpha/beta for {in_words(generic)}; {bio.alpha_beta:g} Gy used",
            "interpret their BED with caution",
            "cumulative",
        )
    if not agents.has_population(patient.therapy.radiopharmaceutical):
        yield Problem(
            "no-population-figures",
            f"no population data exist for {patient.therapy.radiopharmaceutical}",
            "regions that were not measured are left out; limits on them are not assessed",
            "therapy.radiopharmaceutical",
        )
    if solitary(patient.person) and PAIR in regions and PAIR not in measured:
        yield Problem(
            "population-of-two-kidneys",
            "the population coefficient of the kidneys comes from patients with two kidneys",
            "measure the kidney",
            "patient.kidney_risk_factors",
        )


def _kidneys(patient: PatientFile) -> Iterator[Problem]:
    """Yield a warning where some cycles give the pair and others the sides."""
    pair, sides = (
        [str(i + 1) for i, cycle in enumerate(patient.cycles) if names & _dosed(cycle)]
        for names in ({PAIR}, set(SIDES))
    )
    if pair and sides:
        yield Problem(
            "kidneys-mixed",
            f"kidneys given as a pair in cycle {', '.join(pair)}, as left and right in cycle "
            f"{', '.join(sides)}. The dose of each side in cycle {', '.join(pair)} is predicted "
            f"from cycle {', '.join(sides)} alone",
            "use the dose of the pair, or give left and right in every cycle",
            "cycles",
        )


def uneven_kidneys(flags: Flags, regions: Mapping[str, RegionCourse]) -> Iterator[Problem]:
    """Yield a warning where one kidney alone is nearer to a limit of the pair than the pair."""
    for flag in flags:
        if flag.region != PAIR or flag.severity in ("exceeds", "not-assessed"):
            continue
        for side in SIDES:
            kidney = regions.get(side)
            if kidney is None or not kidney.has(flag.quantity):
                continue
            chance = kidney.probability(flag.quantity, flag.limit_value.value)
            if severity(chance) not in (flag.severity, "within"):
                yield Problem(
                    "one-kidney-higher",
                    f"the {side_word(side)} kidney alone has a probability of {100 * chance:.1f} % "
                    f"of exceeding {flag.limit_value.value:g} {flag.limit_value.unit} "
                    f"({flag.limit}), higher than the pair, for which the limit is defined",
                    "consider the more exposed kidney",
                    f"flags {flag.limit}",
                )


def one_kidney_alone(flags: Flags, delivered: Sequence[CycleDose]) -> Iterator[Problem]:
    """Yield a warning where limits of the pair rest on a single measured kidney."""
    numbers: dict[str, list[str]] = {}
    for cycle in delivered:
        pair, sides = cycle.doses.get(PAIR), given_sides(cycle.doses)
        if pair is not None and pair.estimated and len(sides) == 1:
            numbers.setdefault(sides[0], []).append(str(cycle.net.number))
    open_limits = [
        flag.limit
        for flag in flags
        if flag.region == PAIR and flag.severity not in ("exceeds", "not-assessed")
    ]
    for side, of in numbers.items() if open_limits else ():
        (other,) = (name for name in SIDES if name != side)
        yield Problem(
            "one-kidney-alone",
            f"in cycle {', '.join(of)} the {side_word(side)} kidney alone was measured; its dose "
            f"stands for both. A higher dose of the {side_word(other)} kidney does not show in the "
            f"verdicts ({', '.join(open_limits)})",
            "measure both kidneys before relying on them",
            f"flags {open_limits[0]}",
        )


def _dosed(cycle: Cycle) -> set[str]:
    return {*cycle.measurements.by_region(), *cycle.dose_coefficients}


def _masses_used(patient: PatientFile) -> set[str]:
    """Return the places of the masses that a dose depends on."""
    used: set[str] = set()
    for index, cycle in enumerate(patient.cycles):
        needed = {*cycle.measurements.by_region(), *given_sides(cycle.dose_coefficients)}
        needed |= {"total_body"} if "remainder_of_body" in needed else set()
        needed |= {MARROW} if cycle.blood.scans else set()
        needed |= {*given_sides(cycle.not_measurable)} if given_sides(needed) else set()
        for region in needed:
            mass = entered_mass(region, patient, index)
            used.update(mass.entries if mass is not None else ())
    return used


def _unused_masses(patient: PatientFile) -> Iterator[Problem]:
    """Yield the masses that no dose depends on, each with the reason."""
    used, measured = _masses_used(patient), patient.regions_measured()
    for place, masses in mass_entries(patient):
        for name in masses:
            if f"{place}.{name}" in used:
                continue
            why = "the region was not measured"
            if {*with_sides(name), pair_of(name)} & measured and any(
                c.masses for c in patient.cycles
            ):
                why = "no measured cycle uses it, because each has another mass or is earlier"
            yield Problem(
                "mass-not-used",
                f"the mass of {in_words([name])} is not used: {why}",
                "measure the region, or remove the mass",
                f"{place}.{name}",
            )


def _not_used(patient: PatientFile, regions: Mapping[str, RegionCourse]) -> Iterator[Problem]:
    """Yield the entries of the patient file that no dose depends on."""
    for name in patient.therapy.prior_doses:
        # The dose of one kidney also counts for the pair.
        if name not in regions and pair_of(name) not in regions:
            yield Problem(
                "prior-dose-not-used",
                f"previous radiation of {in_words([name])} is not used: the region has no dose "
                "in this plan",
                "measure it, or give a dose coefficient",
                f"therapy.prior_doses.{name}",
            )
    yield from _unused_masses(patient)
    few = 1 if patient.therapy.estimator == LEAST_SQUARES else math.inf
    estimated = {
        region
        for cycle in patient.cycles
        for region, scans in cycle.measurements.by_region().items()
        if len(scans) <= few
    }
    for name in patient.effective_half_lives:
        if not estimated.intersection({*with_sides(name), pair_of(name)}):
            yield Problem(
                "half-life-not-used",
                f"the effective half-life of {in_words([name])} is not used: no curve "
                "is estimated with it",
                "remove it, or check the scans and the estimator",
                f"effective_half_lives.{name}",
            )
    plasma = patient.therapy.marrow_to_blood_ratio == "plasma"
    if plasma and not any(cycle.blood.scans for cycle in patient.cycles):
        yield Problem(
            "ratio-not-used",
            "the ratio of red marrow to blood is not used: no cycle has blood samples",
            "add blood samples, or remove the ratio",
            "therapy.marrow_to_blood_ratio",
        )
