"""Contradictions of regions, masses, models and half-lives of a cycle."""

from __future__ import annotations

from collections.abc import Iterator

from dosimetry.patient.checks.activity import (
    concentration_contradictions,
    marrow_contradictions,
    more_than_administered,
)
from dosimetry.patient.checks.kidneys import kidneys_of_cycle
from dosimetry.patient.checks.overlap import contradictions, larger_inside
from dosimetry.patient.entered_masses import mass_entries
from dosimetry.patient.kidneys import PAIR, with_pair, with_sides
from dosimetry.patient.masses import weight_of
from dosimetry.patient.measurements.scan import BLOOD
from dosimetry.patient.net_cycle import net_cycle
from dosimetry.patient.schema import Cycle, PatientFile
from dosimetry.problems import FilePlace, InputError, Problem, in_words
from dosimetry.reference import nuclides, phantoms, regions

WITH_MASS = ("organ", "kidney", "gland", "tumour", "total_body")  # roles with a use of a mass
SALIVARY = ("parotid_left", "parotid_right", "submandibular_left", "submandibular_right")


def impossible_half_lives(patient: PatientFile) -> Iterator[Problem]:
    """Return effective half-lives that are longer than the physical one."""
    physical = nuclides.half_life(regions.NUCLIDE)
    for name, effective in patient.effective_half_lives.items():
        if effective.value > physical:
            yield Problem(
                "half-life-above-physical",
                f"an effective half-life of {effective.value:.4g} h is longer than the physical "
                f"half-life of {regions.NUCLIDE}, {physical:.4g} h",
                "give the effective half-life, of physical decay and biological clearance together",
                f"effective_half_lives.{name}",
            )


def unused_masses(patient: PatientFile) -> Iterator[Problem]:
    """Return masses of regions whose dose does not scale with mass."""
    for place, masses in mass_entries(patient):
        for name in masses:
            if regions.region(name).role not in WITH_MASS:
                yield Problem(
                    "no-mass-needed",
                    f"the mass of {in_words([name])} is not used: its dose does not scale with "
                    "mass",
                    "remove it",
                    f"{place}.{name}",
                )


def cycle_contradictions(patient: PatientFile, cycle: Cycle, index: int) -> Iterator[Problem]:
    """Return contradictions within one delivered cycle."""
    try:
        net = net_cycle(cycle, index, weight_of(patient))
    except InputError as error:
        yield from error.problems
        return
    yield from _regions(patient, cycle, net.place)
    unclear = list(contradictions(net))
    yield from unclear
    if unclear:
        return
    yield from larger_inside(net)
    yield from more_than_administered(net)
    yield from marrow_contradictions(patient, net)
    yield from concentration_contradictions(patient, net)


def _not_measurable(cycle: Cycle, place: str) -> Iterator[Problem]:
    """Yield the regions that are named not measurable and have a measurement or a dose."""
    measured, supplied = set(cycle.measurements.by_region()), set(cycle.dose_coefficients)
    for name in cycle.not_measurable:
        for what, having in (("measurement", measured), ("dose coefficient", supplied)):
            known = {*with_sides(name), *with_pair(name)} & having
            if known:
                yield Problem(
                    "measured-after-all",
                    f"{in_words([name])} is named not measurable, but this cycle has a {what} of "
                    f"{in_words(sorted(known))}",
                    "keep one of the two",
                    f"{place}.not_measurable.{name}",
                )


def _regions(patient: PatientFile, cycle: Cycle, place: str) -> Iterator[Problem]:
    measured = set(cycle.measurements.by_region())
    here = cycle.measurements.file or f"{place}.measurements"
    here = FilePlace(f"{here}: region") if cycle.measurements.file else here
    yield from kidneys_of_cycle(patient, cycle, place, here)
    if {"total_body", "remainder_of_body"} <= measured:
        yield Problem(
            "body-twice",
            "the total body and the remainder of the body were both measured",
            "keep one",
            here,
        )
    if "colon" in measured and measured & {"left_colon", "right_colon"}:
        yield Problem(
            "colon-twice", "the colon and a part of it were both measured", "keep one", here
        )
    yield from _not_measurable(cycle, place)
    glands = [name for name in SALIVARY if name in measured]
    if glands and "salivary_glands" in measured:
        yield Problem(
            "salivary-twice",
            f"all salivary glands together and the {in_words(glands)} were both measured",
            "keep salivary_glands, or the single glands",
            here,
        )
    phantom = {source for _, source in phantoms.s_values(patient.person.sex)}
    for name in sorted(measured):
        missing = [s for s in regions.region(name).sources if s not in phantom]
        if missing:
            yield Problem(
                "not-in-phantom",
                f"the adult {patient.person.sex} phantom has no {in_words([name])}",
                "check patient.sex and the region",
                here,
            )
    curves = {*measured, BLOOD} if cycle.blood.scans else measured
    for name in cycle.models:
        if name not in curves:
            yield Problem(
                "model-without-curve",
                f"{in_words([name])} was not measured in this cycle",
                "remove it, or add the measurement",
                f"{place}.models.{name}",
            )
    by_region = cycle.systematic_uncertainty
    for name in by_region if isinstance(by_region, dict) else ():
        if not {*with_sides(name)} & curves:
            yield Problem(
                "systematic-without-curve",
                f"{in_words([name])} was not measured in this cycle",
                "remove it, or add the measurement",
                f"{place}.systematic_uncertainty.{name}",
            )
    kidneys = {*with_sides(PAIR)}
    for name in cycle.dose_coefficients:
        if name in measured or (name in kidneys and measured & kidneys):
            yield Problem(
                "dose-twice",
                f"{in_words([name])} has both a measurement and a dose coefficient in this cycle",
                "keep one of the two",
                f"{place}.dose_coefficients.{name}",
            )
