"""The delivered cycles of a patient, resolved once, as input of their curves and doses.

A delivered cycle is its own entry (:mod:`dosimetry.patient.net_cycle`) with the data from the rest
of the patient file: phantom, masses, half-lives, ratio of red marrow to blood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dosimetry.patient.kidneys import PAIR, given_sides
from dosimetry.patient.masses import (
    MARROW,
    WITH_MASS,
    RegionMass,
    body_mass,
    mass_warning,
    red_marrow_mass,
    region_mass,
    weight_of,
)
from dosimetry.patient.net_cycle import NetCycle, net_cycle
from dosimetry.patient.schema import PatientFile
from dosimetry.problems import InputError, Problem
from dosimetry.quantities import Estimate
from dosimetry.reference import regions as regions_figures


@dataclass(frozen=True, eq=False)
class DeliveredCycle:
    """One delivered cycle, with all that its doses depend on.

    Attributes
    ----------
    net : NetCycle
        Its net activity and its scans at scan time.
    sex : str
        ``male`` or ``female``: the phantom.
    agent : str
    sites : mapping of str to str
        Organ that each tumour lies in.
    estimator : str
        Of the curves: ``posterior`` or ``least-squares``.
    half_lives : mapping of str to Estimate
        Effective ones of the patient file, in h.
    marrow_ratio : str
        Of red marrow to blood: ``one`` or ``plasma``.
    hematocrit : float or None
        A fraction.
    masses : mapping of str to RegionMass
        Of every region whose dose in this cycle depends on it, and of ``total_body``; those that
        have none are left out.
    unusual_masses : mapping of str to Problem
        Warnings of masses far from the reference, by region.
    red_marrow_mass : float
        In g.
    not_measurable : mapping of str to str
        Regions that could not be measured, with the reason.
    """

    net: NetCycle
    sex: str
    agent: str
    sites: Mapping[str, str]
    estimator: str
    half_lives: Mapping[str, Estimate]
    marrow_ratio: str
    hematocrit: float | None
    masses: Mapping[str, RegionMass]
    unusual_masses: Mapping[str, Problem]
    red_marrow_mass: float
    not_measurable: Mapping[str, str]


def delivered_cycles(patient: PatientFile, source: str = "") -> list[DeliveredCycle]:
    """Resolve every delivered cycle of a patient.

    Parameters
    ----------
    patient : PatientFile
    source : str
        Name of the patient file, to stand in front of the place of a problem.

    Raises
    ------
    InputError
        A VOI smaller than the regions that it includes.

    Examples
    --------
    >>> import dosimetry
    >>> [cycle] = delivered_cycles(dosimetry.read_patient("examples/snmmi_patient4.yaml"))
    >>> cycle.net.activity_gbq, round(cycle.masses["kidney_left"].value, 1)
    (7.21042, 233.6)
    """
    try:
        weight = weight_of(patient)
        return [
            _delivered(patient, net_cycle(cycle, i, weight))
            for i, cycle in enumerate(patient.cycles)
        ]
    except InputError as error:
        raise error.at(f"{source}: " if source else "") from None


def _delivered(patient: PatientFile, net: NetCycle) -> DeliveredCycle:
    masses = _masses(patient, net)
    doubts = {
        region: mass_warning(
            region,
            mass,
            patient,
            mass.given_as if region == "total_body" else f"{net.place} {region}",
        )
        for region, mass in masses.items()
    }
    return DeliveredCycle(
        net=net,
        sex=patient.person.sex,
        agent=patient.therapy.radiopharmaceutical,
        sites=patient.sites,
        estimator=patient.therapy.estimator,
        half_lives=patient.effective_half_lives,
        marrow_ratio=patient.therapy.marrow_to_blood_ratio,
        hematocrit=patient.person.hematocrit,
        masses=masses,
        unusual_masses={region: doubt for region, doubt in doubts.items() if doubt is not None},
        red_marrow_mass=red_marrow_mass(patient, net.index),
        not_measurable=patient.cycles[net.index].not_measurable,
    )


def _masses(patient: PatientFile, net: NetCycle) -> dict[str, RegionMass]:
    """Return the masses that doses depend on: of measured regions, of the weights of a mean."""
    regions = [*net.measured.by_region()]
    if given_sides(regions):  # the other kidney, if it is to be estimated
        regions += given_sides(patient.cycles[net.index].not_measurable)
    if net.blood.scans:
        regions.append(MARROW)
    if PAIR not in net.dose_coefficients:  # else the pair needs no mean of its sides
        regions += given_sides(net.dose_coefficients)
    masses = {
        region: region_mass(region, patient, net.index)
        for region in dict.fromkeys(regions)
        if regions_figures.region(region).role in WITH_MASS
    }
    masses["total_body"] = body_mass(patient, net.index)
    return {region: mass for region, mass in masses.items() if mass is not None}
