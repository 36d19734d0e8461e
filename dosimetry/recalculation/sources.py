"""The sources of dose of each cycle as weighted curves, recalculated from a plan's curves.

A kidney that was not measurable is added by rules of this room's own: its dose from its own
activity is that of the other kidney times their ratio in the nearest cycle with both, or the same
dose where no cycle has both.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dosimetry.documents.fit import PlanCurve
from dosimetry.patient.schema import PatientFile
from dosimetry.recalculation.dose import REST, SIDES, kidney_gain, mass_of
from dosimetry.recalculation.integrals import (
    ActivityCurve,
    area,
    exponential_curve,
    trapezoid_curve,
)
from dosimetry.reference import tables
from dosimetry.units import KBQ_PER_MBQ

LN2 = math.log(2)
MARROW, BLOOD = "red_marrow", "blood"
Weighted: TypeAlias = tuple[tuple[ActivityCurve, float], ...]  # curves, each with its weight
Parts: TypeAlias = dict[str, Weighted]  # by region
Sources: TypeAlias = dict[str, tuple[Weighted, float]]  # with the TIA in MBq h


@dataclass(frozen=True, eq=False)
class CycleCurves:
    """The curves that a plan has of one cycle.

    Attributes
    ----------
    number : int
        From 1.
    curves : sequence of PlanCurve
    """

    number: int
    curves: Sequence[PlanCurve]

    @functools.cached_property
    def drawn(self) -> Mapping[str, ActivityCurve]:
        """The curves as functions of time, by region."""
        return {curve.region: curve_of(curve) for curve in self.curves}

    @functools.cached_property
    def areas(self) -> Mapping[str, float]:
        """Area of each curve as it is drawn, by region."""
        return {region: area(line) for region, line in self.drawn.items()}

    def tia(self, part: Weighted) -> float:
        """Return the area of a sum of curves."""
        own = {self.drawn[region]: value for region, value in self.areas.items()}
        return math.fsum(own[line] * weight for line, weight in part)


def curve_of(curve: PlanCurve) -> ActivityCurve:
    """Return a plan's curve as a function of time, from its parameters or points alone."""
    if curve.model == "trapezoid":
        times = [point.time.value for point in curve.points]
        activities = [point.activity.value for point in curve.points]
        return trapezoid_curve(times, activities, LN2 / curve.physical_half_life.value)
    values = [parameter.value for parameter in curve.parameters]
    return exponential_curve(curve.model, values)


def sources_of(patient: PatientFile, cycles: Sequence[CycleCurves]) -> list[Sources]:
    """Return the sources of every cycle, each with its TIA.

    Every curve is scaled to the TIA of the plan, which has its own check.
    """
    measured = [_of_regions(patient, cycle) for cycle in cycles]
    doses = [_of_kidneys(patient, *pair) for pair in zip(cycles, measured, strict=True)]
    found = []
    for cycle, parts in zip(cycles, measured, strict=True):
        whole = _with_rest({**parts, **_other_kidney(patient, cycle.number, parts, doses)})
        found.append({name: (part, cycle.tia(part)) for name, part in whole.items()})
    return found


def _of_regions(patient: PatientFile, cycle: CycleCurves) -> Parts:
    """Return the measured regions of a cycle, each without those in its VOI."""
    scales = {curve.region: curve.tia.value / cycle.areas[curve.region] for curve in cycle.curves}
    units = {curve.region: curve.tia.unit for curve in cycle.curves}
    parts: Parts = {
        name: ((line, scales[name]),)
        for name, line in cycle.drawn.items()
        if units[name] == "MBq*h"
    }
    parts.pop(BLOOD, None)
    density = tables.default("soft_tissue_density", "g/mL")
    for name, line in cycle.drawn.items():
        own_mass = None if name == BLOOD else mass_of(name, patient, cycle.number)
        if name not in (*parts, BLOOD, MARROW) and own_mass is not None:
            parts[name] = ((line, scales[name] * own_mass / density / KBQ_PER_MBQ),)
    name = BLOOD if BLOOD in cycle.drawn else MARROW
    if name in cycle.drawn and MARROW not in parts:
        ratio, hematocrit = 1.0, patient.person.hematocrit
        plasma = patient.therapy.marrow_to_blood_ratio == "plasma" and hematocrit is not None
        if name == BLOOD and plasma and hematocrit is not None:
            # Sgouros 1993, on purpose not from the table that the first calculation reads.
            ratio = 0.19 / (1.0 - hematocrit)
        mass = mass_of(MARROW, patient, cycle.number) or 0.0
        weight = scales[name] * ratio * mass / KBQ_PER_MBQ  # kBq/mL as kBq/g
        parts[MARROW] = ((cycle.drawn[name], weight),)
    alone = dict(parts)
    for outer, within in patient.cycles[cycle.number - 1].contains.items():
        taken = [(line, -weight) for name in within for line, weight in alone[name]]
        parts[outer] = (*alone[outer], *taken)
    return parts


def _of_kidneys(patient: PatientFile, cycle: CycleCurves, parts: Parts) -> dict[str, float]:
    """Return the dose per activity of both kidneys, up to a factor; empty if one is not known."""
    supplied = patient.cycles[cycle.number - 1].dose_coefficients
    if set(SIDES) <= set(parts):
        return {side: cycle.tia(parts[side]) * _gain(side, patient, cycle.number) for side in SIDES}
    return {side: supplied[side].value for side in SIDES if set(SIDES) <= set(supplied)}


def _gain(side: str, patient: PatientFile, number: int) -> float:
    mass = mass_of(side, patient, number)
    assert mass is not None  # the phantom has kidneys
    return kidney_gain(side, mass, patient.person.sex)[0]


def _other_kidney(
    patient: PatientFile, number: int, parts: Parts, doses: Sequence[Mapping[str, float]]
) -> Parts:
    """Return the kidney that was not measurable as a multiple of the other; empty without one."""
    named = patient.cycles[number - 1].not_measurable
    measured = [side for side in SIDES if side in parts]
    missing = [side for side in SIDES if side in named and side not in parts]
    if len(measured) != 1 or len(missing) != 1:
        return {}
    (own,), (other,) = measured, missing
    known = [n for n, both in enumerate(doses, start=1) if both]
    near = sorted(known, key=lambda n: (abs(n - number), n))
    ratio = doses[near[0] - 1][other] / doses[near[0] - 1][own] if near else 1.0
    share = ratio * _gain(own, patient, number) / _gain(other, patient, number)
    return {other: tuple((line, weight * share) for line, weight in parts[own])}


def _with_rest(parts: Parts) -> Parts:
    """Return the parts with the remainder of the body in place of the whole."""
    parts = dict(parts)
    if "total_body" in parts:
        whole = parts.pop("total_body")
        others = [(line, -weight) for part in parts.values() for line, weight in part]
        parts[REST] = (*whole, *others)
    if "remainder_of_body" in parts:
        parts[REST] = parts.pop("remainder_of_body")
    return parts
