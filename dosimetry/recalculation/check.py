"""Independent recalculation of every delivered cycle from the inputs, by other methods.

Time-integrated activity by quadrature of the fitted curve, absorbed dose by energy over mass where
the region allows, BED by the differential equation of incomplete repair. A difference beyond the
tolerance refuses the plan, because a wrong number can hurt someone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from dosimetry.documents.dose import CycleRegion
from dosimetry.documents.fit import PlanCurve
from dosimetry.documents.plan import PlanCycle
from dosimetry.documents.recalculation import Checked, Comparison
from dosimetry.patient.schema import Course, Cycle
from dosimetry.problems import InputError, Problem, in_words
from dosimetry.quantities import Amount
from dosimetry.recalculation.dose import BODY, REST, Gain, gain_of, mass_of
from dosimetry.recalculation.integrals import (
    ActivityCurve,
    Array,
    area,
    exponential_curve,
    quadratic_dose,
    time_steps,
    trapezoid_curve,
)
from dosimetry.reference import nuclides, regions, tables
from dosimetry.units import HUNDRED_PERCENT, KBQ_PER_MBQ, MBQ_PER_GBQ

LN2 = math.log(2)
CLOSE, BY_MASS = 0.1, 0.5  # percent
MARROW, BLOOD = "red_marrow", "blood"


def second_check(
    course: Course, cycles: Sequence[PlanCycle], curves: Sequence[PlanCurve]
) -> tuple[Comparison, ...]:
    """Return every figure of the delivered cycles with its recalculation.

    Parameters
    ----------
    course : Course
        The inputs.
    cycles, curves : sequence of PlanCycle, PlanCurve
        Of the plan, with the figures to compare.

    Returns
    -------
    tuple of Comparison
        One for every curve, and for every measured region and quantity; includes failed ones.

    Examples
    --------
    >>> import dosimetry
    >>> patient = dosimetry.read_patient("examples/snmmi_patient4.yaml")
    >>> plan = dosimetry.plan(patient)
    >>> found = second_check(patient, plan.cycles, plan.curves)
    >>> all(one.passed for one in found), found == plan.second_check
    (True, True)
    """
    found: list[Comparison] = []
    for index, cycle in enumerate(course.cycles):
        own = [curve for curve in curves if curve.cycle == index + 1]
        areas = {curve.region: area(curve_of(curve)) for curve in own}
        found += _of_curves(cycles[index], cycle, own, areas)
        found += _of_doses(course, cycle, cycles[index], own, areas)
    return tuple(found)


def require_agreement(comparisons: Iterable[Comparison]) -> None:
    """Refuse a plan whose independent recalculation differs.

    Raises
    ------
    InputError
        With every figure that differs.
    """
    problems = [
        Problem(
            "second-calculation-differs",
            said(one),
            "do not use this plan. The program or its tables contain an error; please report it",
            f"cycles[{one.cycle - 1}] {one.region}",
        )
        for one in comparisons
        if not one.passed
    ]
    if problems:
        raise InputError(problems)


def said(one: Comparison) -> str:
    """Return in words how far two figures are apart."""
    return (
        f"{one.quantity} of {in_words([one.region])}, cycle {one.cycle}: {one.first.value:.6g} "
        f"{one.first.unit} in the plan, {one.second.value:.6g} {one.second.unit} recalculated "
        f"({one.by}). Difference {one.difference.value:.3g} %, allowed {one.tolerance.value:.3g} %"
    )


def compare(
    place: tuple[int, str, Checked, str],
    first: float,
    second: float,
    unit: str,
    tolerance: float = CLOSE,
) -> Comparison:
    """Return two figures with their difference; tolerance in percent of the first.

    Examples
    --------
    >>> one = compare((1, "liver", "absorbed dose", "sum over S values"), 2.0, 2.001, "Gy")
    >>> print(f"{one.difference.value:.2f} {one.passed}")
    0.05 True
    >>> compare((1, "liver", "absorbed dose", "sum over S values"), 2.0, 2.003, "Gy").passed
    False
    """
    # In percent of the first, not of the larger: zero against a value must not pass.
    apart = 100.0 * abs(second - first) / abs(first) if first else (100.0 if second else 0.0)
    apart = round(apart, 6)  # smaller differences are rounding, which depends on the machine
    return Comparison(
        *place,
        Amount(first, unit),
        Amount(second, unit),
        Amount(apart, "%"),
        Amount(tolerance, "%"),
        apart <= tolerance,
    )


def _of_curves(
    plan: PlanCycle, cycle: Cycle, curves: Sequence[PlanCurve], areas: Mapping[str, float]
) -> list[Comparison]:
    found = []
    # On purpose from the scans as entered, not from NetCycle: a mistake there shall show here.
    scans = {**cycle.measurements.by_region(), **cycle.blood.by_region()}
    given = plan.activity.value * MBQ_PER_GBQ if plan.activity else 0.0
    for curve in curves:
        unit = curve.tia.unit
        read = 0.0
        for scan in scans[curve.region]:
            value = scan.value / scan.recovery
            if scan.unit == "%IA":
                value *= given / HUNDRED_PERCENT
            if cycle.decay_corrected_to == "administration":
                value *= 0.5 ** (scan.time / nuclides.half_life("Lu-177"))
            read += value
        at_scans = math.fsum(point.activity.value for point in curve.points)
        place = (curve.cycle, curve.region)
        found.append(
            compare(
                (*place, "activity at the scans", "recomputed from the inputs"),
                at_scans,
                read,
                unit.removesuffix("*h"),
            )
        )
        found.append(
            compare(
                (*place, "time-integrated activity", "quadrature"),
                curve.tia.value,
                areas[curve.region],
                unit,
            )
        )
    return found


def curve_of(curve: PlanCurve) -> ActivityCurve:
    """Return a plan's curve as a function of time, from its parameters or points alone."""
    if curve.model == "trapezoid":
        times = [point.time.value for point in curve.points]
        activities = [point.activity.value for point in curve.points]
        return trapezoid_curve(times, activities, LN2 / curve.physical_half_life.value)
    values = [parameter.value for parameter in curve.parameters]
    if curve.model == "single-point":
        return exponential_curve("mono", [*values, LN2 / curve.effective_half_life.value])
    return exponential_curve(curve.model, values)


def _sources(
    course: Course, cycle: Cycle, curves: Sequence[PlanCurve], areas: Mapping[str, float]
) -> dict[str, tuple[tuple[tuple[ActivityCurve, float], ...], float]]:
    """Return each source as weighted curves, and its TIA in MBq h by quadrature."""
    by_region = {curve.region: (curve_of(curve), curve.tia.unit) for curve in curves}
    own = {curve: areas[name] for name, (curve, _) in by_region.items()}
    parts: dict[str, tuple[tuple[ActivityCurve, float], ...]] = {
        name: ((curve, 1.0),) for name, (curve, unit) in by_region.items() if unit == "MBq*h"
    }
    parts.pop(BLOOD, None)
    concentration = by_region.get(BLOOD) or by_region.get(MARROW)
    if concentration is not None and MARROW not in parts:
        ratio, hematocrit = 1.0, course.person.hematocrit
        plasma = course.therapy.marrow_to_blood_ratio == "plasma" and hematocrit is not None
        if BLOOD in by_region and plasma and hematocrit is not None:
            # Sgouros 1993, on purpose not from the table that the first calculation reads.
            ratio = 0.19 / (1.0 - hematocrit)
        mass = mass_of(MARROW, course, 0) or 0.0
        parts[MARROW] = ((concentration[0], ratio * mass / KBQ_PER_MBQ),)  # kBq/mL as kBq/g
    alone = dict(parts)
    for outer, within in cycle.contains.items():
        taken = [(curve, -weight) for name in within for curve, weight in alone[name]]
        parts[outer] = (*alone[outer], *taken)
    if "total_body" in parts:
        whole = parts.pop("total_body")
        others = [(c, -weight) for part in parts.values() for c, weight in part]
        parts[REST] = (*whole, *others)
    if "remainder_of_body" in parts:
        parts[REST] = parts.pop("remainder_of_body")
    return {
        name: (part, math.fsum(own[c] * weight for c, weight in part))
        for name, part in parts.items()
    }


def _of_doses(
    course: Course,
    cycle: Cycle,
    plan: PlanCycle,
    curves: Sequence[PlanCurve],
    areas: Mapping[str, float],
) -> list[Comparison]:
    """Compare absorbed dose and BED of every measured region of a cycle."""
    elsewhere = cycle.dose_coefficients
    found = [
        compare(
            (plan.number, one.region, "absorbed dose", "coefficient x activity"),
            one.absorbed_dose.value,
            elsewhere[one.region].value * plan.activity.value,
            "Gy",
        )
        for one in plan.regions
        if one.region in elsewhere and plan.activity is not None
    ]
    measured = [one for one in plan.regions if one.contributions]
    if not measured:
        return found
    sources = _sources(course, cycle, curves, areas)
    names = [name if name != REST else BODY[0] for name in sources]
    masses = _masses(course, plan.number, names)
    gains = {one.region: gain_of(one.region, course.person.sex, names, masses) for one in measured}
    for one in measured:
        gain = gains[one.region]
        dose = math.fsum(sources[name][1] * weight for name, weight in gain.by_source.items())
        tolerance = CLOSE
        if gain.by == "energy over mass":
            tolerance = max(BY_MASS, 100.0 * gain.photon_share)
        place = (plan.number, one.region)
        found.append(
            compare(
                (*place, "absorbed dose", gain.by), one.absorbed_dose.value, dose, "Gy", tolerance
            )
        )
    return [*found, *_of_beds(plan.number, measured, gains, sources)]


def _masses(course: Course, number: int, names: Sequence[str]) -> dict[str, float]:
    """Return the masses in g of the regions measured in a cycle that have one."""
    found = {
        name: mass_of(name, course, number)
        for name in names
        if regions.region(name).role in ("organ", "kidney", "tumour")
    }
    found["total_body"] = mass_of("total_body", course, number)
    return {name: mass for name, mass in found.items() if mass is not None}


def _of_beds(
    number: int,
    measured: Sequence[CycleRegion],
    gains: Mapping[str, Gain],
    sources: Mapping[str, tuple[tuple[tuple[ActivityCurve, float], ...], float]],
) -> list[Comparison]:
    """Compare the BEDs; the dose rate is scaled to the plan's dose, which has its own check."""
    wanted = [one for one in measured if one.bed is not None]
    if not wanted:
        return []
    rows = tables.rows_by("radiobiology", "region")
    own = [rows.get(regions.region(one.region).like, rows["generic"]) for one in wanted]
    repair = np.array([LN2 / float(row["repair_half_life"]) for row in own])
    curves = [curve for part, _ in sources.values() for curve, _ in part]
    time = time_steps(curves, float(repair.max()))
    held: dict[int, Array] = {id(curve): curve.activity(time) for curve in curves}
    over = {
        name: sum((held[id(curve)] * weight for curve, weight in part), np.zeros(len(time)))
        for name, (part, _) in sources.items()
    }
    rate = np.empty((len(time), len(wanted)))
    for i, one in enumerate(wanted):
        weights = gains[one.region].by_source
        dose = math.fsum(sources[name][1] * weight for name, weight in weights.items())
        shape = sum((over[name] * weight for name, weight in weights.items()), np.zeros(len(time)))
        rate[:, i] = shape * (one.absorbed_dose.value / dose)
    squares = np.empty(len(wanted))
    for speed in np.unique(repair):  # regions that repair alike share the factor of a step
        alike = repair == speed
        squares[alike] = quadratic_dose(time, rate[:, alike], np.array([speed]))
    return [
        compare(
            (number, one.region, "biologically effective dose", "differential equation"),
            one.bed.value,
            one.absorbed_dose.value + float(square) / float(row["alpha_beta"]),
            "Gy",
        )
        for one, square, row in zip(wanted, squares, own, strict=True)
        if one.bed is not None
    ]
