"""Masses that a patient file gives: of a cycle, carried from an earlier one, or of the whole file.

A mass measured for one cycle is the newest, so it comes first, and it serves the cycles after it
until the next. Masses of the file have no date and serve where no cycle gives one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dosimetry.patient.kidneys import PAIR, SIDES, both_sides, share_of_pair
from dosimetry.patient.schema import PatientFile
from dosimetry.problems import in_words
from dosimetry.quantities import Estimate


@dataclass(frozen=True)
class EnteredMass:
    """A mass given in a patient file.

    Attributes
    ----------
    value : float
        In g.
    relative_sd : float
        0 where none was given.
    entries : tuple of str
        Places of the entries in the patient file: one, or both sides for the pair of kidneys.
    of_cycle : int or None
        Cycle whose ``masses`` give it, from 0; None for those of the whole file.
    origin : str
        In words where the entry is of the pair for a side, or of an earlier cycle; else empty.
    """

    value: float
    relative_sd: float
    entries: tuple[str, ...]
    of_cycle: int | None
    origin: str


def entered_mass(region: str, patient: PatientFile, index: int) -> EnteredMass | None:
    """Return the mass given for a region in a cycle; None where none is given.

    That of the cycle, else of the latest cycle before it, else of the whole file. The pair of
    kidneys is the sum of its sides, a side its share of the pair, within one of these.

    Parameters
    ----------
    region : str
    patient : PatientFile
    index : int
        Of the cycle, from 0.

    Examples
    --------
    >>> from dosimetry.patient.patient import Patient
    >>> cycles = [{"administered": "7.4 GBq", "at": f"2026-0{month}-12"} for month in (1, 3, 5)]
    >>> cycles[1]["masses"] = {"tumour_1": "12 g"}
    >>> patient = Patient.from_dict({
    ...     "patient": {"id": "EX-1", "sex": "male"}, "therapy": {"regimen": "netter-1"},
    ...     "masses": {"tumour_1": "14 g"}, "cycles": cycles,
    ... })
    >>> [entered_mass("tumour_1", patient, i).value for i in range(3)]
    [14.0, 12.0, 12.0]
    >>> entered_mass("tumour_1", patient, 2).origin
    'tumour 1: mass 12 g given for cycle 2'
    """
    for of_cycle, masses in _entries(patient, index):
        found = _among(region, masses, patient)
        if found is None:
            continue
        value, relative_sd, names = found
        place = "masses" if of_cycle is None else f"cycles[{of_cycle}].masses"
        half = PAIR in names and region in SIDES and share_of_pair(patient.person) < 1
        origin = _origin(region, value, half, None if of_cycle == index else of_cycle)
        entries = tuple(f"{place}.{name}" for name in names)
        return EnteredMass(value, relative_sd, entries, of_cycle, origin)
    return None


def mass_entries(patient: PatientFile) -> Iterator[tuple[str, Mapping[str, Estimate]]]:
    """Yield every ``masses`` of a patient file with its place, that of the file first."""
    yield "masses", patient.masses
    for index, cycle in enumerate(patient.cycles):
        yield f"cycles[{index}].masses", cycle.masses


def _entries(
    patient: PatientFile, index: int
) -> Iterator[tuple[int | None, Mapping[str, Estimate]]]:
    """Yield the masses that serve a cycle, the first to ask first."""
    for of_cycle in range(index, -1, -1):
        yield of_cycle, patient.cycles[of_cycle].masses
    yield None, patient.masses


def _among(
    region: str, masses: Mapping[str, Estimate], patient: PatientFile
) -> tuple[float, float, tuple[str, ...]] | None:
    """Return mass in g, its relative sd and the names it was entered under."""
    if region == PAIR and both_sides(masses):
        sides = [masses[side] for side in SIDES]
        total = sum(side.value for side in sides)
        spread = sum((side.sd or 0.0) ** 2 for side in sides) ** 0.5
        return total, spread / total, SIDES
    name = PAIR if region in SIDES and PAIR in masses else region
    if name not in masses:
        return None
    mass = masses[name]
    share = share_of_pair(patient.person) if name != region else 1.0
    return mass.value * share, (mass.sd or 0.0) / mass.value, (name,)


def _origin(region: str, mass: float, half: bool, earlier: int | None) -> str:
    """Return what is to be said of a mass: that it is a half, that it is of an earlier cycle."""
    name = in_words([region])
    if half:
        of = "" if earlier is None else f" in cycle {earlier + 1}"
        return f"{name}: half of the mass given for the kidneys{of}"
    return "" if earlier is None else f"{name}: mass {mass:.4g} g given for cycle {earlier + 1}"
