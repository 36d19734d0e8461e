"""Mass of each region, from the patient file, the volumes of the scans or the phantom."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from dosimetry.patient.entered_masses import entered_mass
from dosimetry.patient.kidneys import (
    PAIR,
    SIDES,
    given_sides,
    in_phantom,
    number_of_kidneys,
    share_of_pair,
)
from dosimetry.patient.schema import PatientFile
from dosimetry.physics import marrow
from dosimetry.problems import Problem, in_words, refuse
from dosimetry.reference import phantoms, tables
from dosimetry.units import G_PER_KG

MARROW = "red_marrow"
WITH_MASS = ("organ", "kidney", "gland", "tumour")  # roles whose dose depends on the mass


@dataclass(frozen=True)
class RegionMass:
    """Mass of a region in g, with its relative sd and its origin.

    Attributes
    ----------
    value : float
    relative_sd : float
    origin : str
        In words, for the assumptions of a plan; empty where the patient file gives this mass for
        this cycle or for all.
    given_as : str
        Entries of the patient file; masses from the same ones vary together.
    cause : str
        Of its uncertainty: ``mass``, or ``volume`` where scans give the mass.
    of_cycle : int or None
        Cycle whose ``masses`` give it, from 0; None for any other mass.
    """

    value: float
    relative_sd: float
    origin: str
    given_as: str = ""
    cause: str = "mass"
    of_cycle: int | None = None


def reference_mass(region: str, sex: str) -> float | None:
    """Return the phantom's mass in g of a region: half of the pair for one kidney."""
    masses = phantoms.organ_masses(sex)
    if region in SIDES:
        return masses[PAIR] / 2
    return masses.get(region)


def region_mass(region: str, patient: PatientFile, index: int) -> RegionMass | None:
    """Return the mass of a region in a delivered cycle; None where it is not known.

    The first of these that exists: the mass that the cycle gives, that of the latest earlier cycle
    that gives one, that of the file (:func:`~dosimetry.patient.entered_masses.entered_mass`), the
    mean volume of the cycle's scans, the mean volume of the latest earlier cycle with volumes, the
    mass of the phantom (which has no tumours).

    Parameters
    ----------
    region : str
    patient : PatientFile
    index : int
        Index of the cycle, from 0.
    """
    entered = _entered(region, patient, index)
    if entered is not None:
        return entered
    if region != MARROW:  # a volume in vertebrae is not the volume of the marrow
        for before in range(index, -1, -1):
            mass = _mass_of_volume(region, patient, before)
            if mass is not None:
                origin = _origin(region, mass.value, patient, before, index)
                return replace(mass, origin=origin)
    known_body = patient.person.weight or entered_mass("total_body", patient, index)
    if region == MARROW and known_body:
        scaled = red_marrow_mass(patient, index)
        return RegionMass(
            scaled, 0.0, f"red marrow: mass {scaled:.4g} g, phantom mass scaled with the body mass"
        )
    compared = in_phantom(region, patient.person)
    phantom = reference_mass(compared, patient.person.sex)
    half = " (half of the pair)" if compared in SIDES else ""
    if phantom is None:
        return None
    return RegionMass(
        phantom,
        0.0,
        f"{in_words([region])}: mass {phantom:g} g of the adult {patient.person.sex} phantom{half}",
    )


def _origin(region: str, mass: float, patient: PatientFile, of_cycle: int, index: int) -> str:
    """Return the origin of a mass from volumes, in words."""
    density = tables.default("soft_tissue_density", "g/mL")
    where = "the scans" if of_cycle == index else f"the scans of cycle {of_cycle + 1}"
    within = patient.cycles[of_cycle].contains.get(region, ())
    less = f", without {in_words(within)}" if within else ""
    name = in_words([region])
    return f"{name}: mass {mass:.4g} g, mean volume of {where} at {density:g} g/mL{less}"


def _mass_of_volume(region: str, patient: PatientFile, index: int) -> RegionMass | None:
    """Return the mass of a region by volumes, without the regions that its VOI includes.

    Where a cycle has only the sides, the pair is their sum; where it has only the pair, a side is
    its share.
    """
    scans = patient.cycles[index].measurements.by_region()
    voi = _voi_mass(region, patient, index)
    if voi is not None:
        own = voi - _inside(region, voi, patient, index)
        return _by_volume(region, own, _volume_sd(region, patient, index) * voi)
    if region in SIDES and PAIR in scans:
        pair = _mass_of_volume(PAIR, patient, index)
        share = share_of_pair(patient.person)
        return None if pair is None else replace(pair, value=pair.value * share)
    if region == PAIR:
        sides = [_mass_of_volume(side, patient, index) for side in given_sides(scans)]
        known = [side for side in sides if side is not None]
        if len(known) == number_of_kidneys(patient.person):
            spread = math.hypot(*(side.value * side.relative_sd for side in known))
            return _by_volume(PAIR, sum(side.value for side in known), spread)
    return None


def _by_volume(region: str, mass: float, sd: float) -> RegionMass:
    """Return a mass in g from volumes, with its sd in g."""
    return RegionMass(mass, sd / mass, "", volume_entry(region), "volume")


def volume_entry(region: str) -> str:
    """Return the entry that a mass from the volumes of a region's scans is given as."""
    return f"volume of {region}"


def _voi_mass(region: str, patient: PatientFile, index: int) -> float | None:
    """Return the mass in g of everything in a region's VOI; None without a volume."""
    scans = patient.cycles[index].measurements.by_region().get(region, ())
    volumes = [scan.volume for scan in scans if scan.volume is not None]
    density = tables.default("soft_tissue_density", "g/mL")
    return sum(volumes) / len(volumes) * density if volumes else None


def _volume_sd(region: str, patient: PatientFile, index: int) -> float:
    """Return the relative sd of a region's volume, the largest of its scans: it is common to all.

    A delineation that is too large in one scan is too large in the others.
    """
    scans = patient.cycles[index].measurements.by_region()[region]
    return max((scan.volume_sd or 0.0) / scan.volume for scan in scans if scan.volume is not None)


def _inside(region: str, voi: float, patient: PatientFile, index: int) -> float:
    """Return the mass in g of the regions that a VOI of this mass includes."""
    within = patient.cycles[index].contains.get(region, ())
    masses = {name: _whole_mass(name, patient, index) for name in within}
    unknown = [name for name, mass in masses.items() if mass is None]
    total = sum(mass for mass in masses.values() if mass is not None)
    if unknown or total >= voi:
        why = f"{in_words(unknown)} has no mass" if unknown else f"these have {total:.4g} g"
        raise refuse(
            "contained-mass",
            f"the VOI of {in_words([region])} ({voi:.4g} g) includes {in_words(within)}, but {why}",
            f"give masses.{region}, the mass without the regions that it includes",
            f"cycles[{index}].contains.{region}",
        )
    return total


def _whole_mass(region: str, patient: PatientFile, index: int) -> float | None:
    """Return the mass in g of a region and the regions in its VOI, by volume or by entry."""
    voi = _voi_mass(region, patient, index)
    if voi is not None and entered_mass(region, patient, index) is None:
        return voi
    own = region_mass(region, patient, index)
    within = patient.cycles[index].contains.get(region, ())
    inside = [_whole_mass(name, patient, index) for name in within]
    if own is None or None in inside:
        return None
    return own.value + sum(mass for mass in inside if mass is not None)


def _entered(region: str, patient: PatientFile, index: int) -> RegionMass | None:
    """Return a mass of the patient file; one of an earlier cycle names the volumes it replaces."""
    entered = entered_mass(region, patient, index)
    if entered is None:
        return None
    origin, of_cycle = entered.origin, entered.of_cycle
    own_volume = _voi_mass(region, patient, index) is not None
    if own_volume and of_cycle is not None and of_cycle < index:
        origin = f"{origin}; the volumes of cycle {index + 1} are not used"
    given_as = ", ".join(entered.entries)
    return RegionMass(entered.value, entered.relative_sd, origin, given_as, "mass", of_cycle)


def mass_warning(region: str, mass: RegionMass, patient: PatientFile, place: str) -> Problem | None:
    """Return a warning where a mass is outside half to double of the reference."""
    phantom = reference_mass(in_phantom(region, patient.person), patient.person.sex)
    if phantom is None:
        return None
    ratio = mass.value / phantom
    low, high = (tables.default(f"mass_ratio_{end}", "1") for end in ("low", "high"))
    if low <= ratio <= high:
        return None
    return Problem(
        "mass-unusual",
        f"the mass of {in_words([region])}, {mass.value:.4g} g, is {ratio:.2g} times the "
        f"reference, {phantom:g} g",
        "check the mass and its unit",
        place,
    )


def weight_of(patient: PatientFile) -> float | None:
    """Return the weight in g as the patient file gives it; None without one."""
    weight = patient.person.weight
    return None if weight is None else weight.value * G_PER_KG


def red_marrow_mass(patient: PatientFile, index: int) -> float:
    """Return the red marrow mass in g in a cycle: given, or scaled with the body mass."""
    entered = entered_mass(MARROW, patient, index)
    if entered is not None:
        return entered.value
    masses = phantoms.organ_masses(patient.person.sex)
    body = body_mass(patient, index).value
    return float(marrow.marrow_mass.kernel(masses[MARROW], body, masses["total_body"]))


def body_mass(patient: PatientFile, index: int) -> RegionMass:
    """Return the mass of the whole body in a cycle: given, the weight, or the phantom's."""
    entered = _entered("total_body", patient, index)
    if entered is not None:
        return entered
    if patient.person.weight is not None:
        weight = patient.person.weight.value
        return RegionMass(
            weight * G_PER_KG,
            0.0,
            f"no uncertainty given for the body mass of {weight:g} kg; 0 % used",
        )
    phantom = phantoms.organ_masses(patient.person.sex)["total_body"]
    return RegionMass(
        phantom, 0.0, f"weight not given: body mass {phantom / G_PER_KG:g} kg of the phantom"
    )
