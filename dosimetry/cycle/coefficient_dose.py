"""Doses from coefficients that other software supplied, of one delivered cycle."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dosimetry.cycle.curves import Notes
from dosimetry.cycle.delivered import DeliveredCycle
from dosimetry.cycle.region_dose import RegionDose, supplied_dose
from dosimetry.patient.kidneys import PAIR, given_sides
from dosimetry.patient.masses import RegionMass
from dosimetry.problems import Problem, in_words
from dosimetry.reference import tables
from dosimetry.units import MBQ_PER_GBQ


def coefficient_doses(cycle: DeliveredCycle, notes: Notes) -> dict[str, RegionDose]:
    """Return the doses of supplied coefficients; both kidneys give the pair."""
    net = cycle.net
    doses: dict[str, RegionDose] = {}
    meant = [name for name in net.dose_coefficients if net.own_systematic_sd(name) is not None]
    if meant:
        notes.warnings.append(
            Problem(
                "systematic-not-used",
                "systematic_uncertainty applies only to activities measured in this cycle, not to "
                f"the supplied dose coefficients ({in_words(meant)})",
                "include all uncertainty in each coefficient's sd",
                f"{net.place}.systematic_uncertainty",
            )
        )
    for region, coefficient in net.dose_coefficients.items():
        if coefficient.sd is None:
            relative = tables.default("coefficient_sd", "1")
            notes.assumptions.append(
                f"no sd given for the dose coefficient of {in_words([region])}; "
                f"{100 * relative:.0f} % of the value used"
            )
        else:
            relative = coefficient.sd / coefficient.value
        dose = coefficient.value * net.activity / MBQ_PER_GBQ
        doses[region] = supplied_dose(dose, relative)
    sides = given_sides(doses)
    if sides and PAIR not in doses:
        doses[PAIR] = _pair_dose(
            {side: doses[side] for side in sides}, {side: cycle.masses[side] for side in sides}
        )
        notes.assumptions += [mass.origin for side in sides if (mass := cycle.masses[side]).origin]
        notes.assumptions.append(
            "kidneys: mass-weighted mean of the coefficients of the left and right kidney"
        )
    return doses


def _pair_dose(sides: Mapping[str, RegionDose], masses: Mapping[str, RegionMass]) -> RegionDose:
    """Return the mean of the sides by mass, each with its own uncertainty."""
    total = sum(mass.value for mass in masses.values())
    parts = {side: own.dose * masses[side].value / total for side, own in sides.items()}
    dose = sum(parts.values())
    spread = math.hypot(*(parts[side] * sides[side].relative_fit_sd for side in sides))
    return supplied_dose(dose, spread / dose)
