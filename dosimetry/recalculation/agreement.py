"""Independent recalculation of every delivered cycle from the inputs, by other methods.

Area of the fitted curve by quadrature, time-integrated activity by the trapezoidal rule and by
importance sampling of its posterior, absorbed dose by energy over mass where the region allows, BED
by the differential equation of incomplete repair. A difference beyond the tolerance refuses the
plan, because a wrong number can hurt someone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from dosimetry.documents.dose import CycleRegion
from dosimetry.documents.fit import PlanCurve
from dosimetry.documents.plan import PlanCycle
from dosimetry.documents.recalculation import Checked, Recalculation
from dosimetry.patient.schema import Cycle, PatientFile
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
from dosimetry.recalculation.readings import Reading, readings_of
from dosimetry.recalculation.tias import Again, tias_of
from dosimetry.reference import regions, tables
from dosimetry.units import KBQ_PER_MBQ

LN2 = math.log(2)
CLOSE, BY_MASS = 0.1, 0.5  # percent
MARROW, BLOOD = "red_marrow", "blood"


def second_check(
    patient: PatientFile, cycles: Sequence[PlanCycle], curves: Sequence[PlanCurve]
) -> tuple[Recalculation, ...]:
    """Return every figure of the delivered cycles with its recalculation.

    Parameters
    ----------
    patient : PatientFile
        The inputs.
    cycles, curves : sequence of PlanCycle, PlanCurve
        Of the plan, with the figures to compare.

    Returns
    -------
    tuple of Recalculation
        One for every curve, and for every measured region and quantity; includes failed ones.

    Examples
    --------
    >>> import dosimetry
    >>> patient = dosimetry.read_patient("examples/snmmi_patient4.yaml")
    >>> plan = dosimetry.plan(patient)
    >>> figures = second_check(patient, plan.cycles, plan.curves)
    >>> all(figure.passed for figure in figures), figures == plan.second_check
    (True, True)
    """
    figures: list[Recalculation] = []
    # On purpose from the scans as entered, not from NetCycle: a mistake there shall show here.
    readings = [
        readings_of(cycle, i + 1, plan.activity.value if plan.activity else 0.0)
        for i, (cycle, plan) in enumerate(zip(patient.cycles, cycles, strict=False))
    ]
    again = tias_of(patient, readings, curves)
    for index, cycle in enumerate(patient.cycles):
        own = [curve for curve in curves if curve.cycle == index + 1]
        areas = {curve.region: area(curve_of(curve)) for curve in own}
        for curve in own:
            figures += _of_curve(curve, readings[index][curve.region], areas[curve.region])
            figures += _of_tia(curve, again.get((curve.cycle, curve.region)))
        figures += _of_doses(patient, cycle, cycles[index], own, areas)
    return tuple(figures)


def require_agreement(figures: Iterable[Recalculation]) -> None:
    """Refuse a plan whose independent recalculation differs.

    Raises
    ------
    InputError
        With every figure that differs.
    """
    problems = [
        Problem(
            "second-calculation-differs",
            difference_in_words(figure),
            "do not use this plan. The program or its tables contain an error; please report it",
            f"cycles[{figure.cycle - 1}] {figure.region}",
        )
        for figure in figures
        if not figure.passed
    ]
    if problems:
        raise InputError(problems)


def difference_in_words(figure: Recalculation) -> str:
    """Return the difference between a figure and its recalculation in words."""
    first, second, unit = figure.first.value, figure.second.value, figure.first.unit
    return (
        f"{figure.quantity} of {in_words([figure.region])}, cycle {figure.cycle}: {first:.6g} "
        f"{unit} in the plan, {second:.6g} {unit} recalculated ({figure.by}). Difference "
        f"{figure.difference.value:.3g} %, allowed {figure.tolerance.value:.3g} %"
    )


def compared(
    place: tuple[int, str, Checked, str],
    first: float,
    second: float,
    unit: str,
    tolerance: float = CLOSE,
) -> Recalculation:
    """Return two figures with their difference; tolerance in percent of the first.

    Examples
    --------
    >>> place = 1, "liver", "absorbed dose", "sum over S values"
    >>> figure = compared(place, 2.0, 2.001, "Gy")
    >>> print(f"{figure.difference.value:.2f} {figure.passed}")
    0.05 True
    >>> compared(place, 2.0, 2.003, "Gy").passed
    False
    """
    # In percent of the first, not of the larger: zero against a value must not pass.
    apart = 100.0 * abs(second - first) / abs(first) if first else (100.0 if second else 0.0)
    apart = round(apart, 6)  # smaller differences are rounding, which depends on the machine
    return Recalculation(
        *place,
        Amount(first, unit),
        Amount(second, unit),
        Amount(apart, "%"),
        Amount(tolerance, "%"),
        apart <= tolerance,
    )


def _of_curve(curve: PlanCurve, reading: Reading, drawn: float) -> list[Recalculation]:
    """Compare the points of a curve, and the area of the curve that is drawn."""
    place, stated = (curve.cycle, curve.region), curve.optimum or curve.tia
    at_scans = math.fsum(point.activity.value for point in curve.points)
    read = math.fsum(reading.value)
    averaged = curve.tia.p50 is not None
    quantity: Checked = "area of the curve" if averaged else "time-integrated activity"
    return [
        compared(
            (*place, "activity at the scans", "recomputed from the inputs"),
            at_scans,
            read,
            reading.unit,
        ),
        compared((*place, quantity, "quadrature"), stated.value, drawn, curve.tia.unit),
    ]


def _of_tia(curve: PlanCurve, again: Again | None) -> list[Recalculation]:
    """Compare mean, median and 90 % interval of a TIA; a trapezoid has none."""
    if again is None:
        return []
    return [
        compared(
            (curve.cycle, curve.region, quantity, again.by), first, second, curve.tia.unit, allowed
        )
        for quantity, first, second, allowed in again.compared_with(curve.tia)
    ]


def curve_of(curve: PlanCurve) -> ActivityCurve:
    """Return a plan's curve as a function of time, from its parameters or points alone."""
    if curve.model == "trapezoid":
        times = [point.time.value for point in curve.points]
        activities = [point.activity.value for point in curve.points]
        return trapezoid_curve(times, activities, LN2 / curve.physical_half_life.value)
    return exponential_curve(curve.model, [parameter.value for parameter in curve.parameters])


def _sources(
    patient: PatientFile, cycle: Cycle, curves: Sequence[PlanCurve], areas: Mapping[str, float]
) -> dict[str, tuple[tuple[tuple[ActivityCurve, float], ...], float]]:
    """Return each source as weighted curves, and its TIA in MBq h.

    Every curve is scaled to the TIA of the plan, which has its own check.
    """
    by_region = {curve.region: (curve_of(curve), curve.tia.unit) for curve in curves}
    own = {by_region[name][0]: value for name, value in areas.items()}
    scales = {curve.region: curve.tia.value / areas[curve.region] for curve in curves}
    parts: dict[str, tuple[tuple[ActivityCurve, float], ...]] = {
        name: ((curve, scales[name]),)
        for name, (curve, unit) in by_region.items()
        if unit == "MBq*h"
    }
    parts.pop(BLOOD, None)
    name = BLOOD if BLOOD in by_region else MARROW
    if name in by_region and MARROW not in parts:
        ratio, hematocrit = 1.0, patient.person.hematocrit
        plasma = patient.therapy.marrow_to_blood_ratio == "plasma" and hematocrit is not None
        if BLOOD in by_region and plasma and hematocrit is not None:
            # Sgouros 1993, on purpose not from the table that the first calculation reads.
            ratio = 0.19 / (1.0 - hematocrit)
        mass = mass_of(MARROW, patient, 0) or 0.0
        weight = scales[name] * ratio * mass / KBQ_PER_MBQ  # kBq/mL as kBq/g
        parts[MARROW] = ((by_region[name][0], weight),)
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
    patient: PatientFile,
    cycle: Cycle,
    plan: PlanCycle,
    curves: Sequence[PlanCurve],
    areas: Mapping[str, float],
) -> list[Recalculation]:
    """Compare absorbed dose and BED of every measured region of a cycle."""
    supplied = cycle.dose_coefficients
    figures = [
        compared(
            (plan.number, dose.region, "absorbed dose", "coefficient x activity"),
            dose.absorbed_dose.value,
            supplied[dose.region].value * plan.activity.value,
            "Gy",
        )
        for dose in plan.regions
        if dose.region in supplied and plan.activity is not None
    ]
    measured = [dose for dose in plan.regions if dose.contributions]
    if not measured:
        return figures
    sources = _sources(patient, cycle, curves, areas)
    names = [name if name != REST else BODY[0] for name in sources]
    masses = _masses(patient, plan.number, names)
    sex = patient.person.sex
    gains = {dose.region: gain_of(dose.region, sex, names, masses) for dose in measured}
    for dose in measured:
        gain = gains[dose.region]
        again = math.fsum(sources[name][1] * weight for name, weight in gain.by_source.items())
        tolerance = CLOSE
        if gain.by == "energy over mass":
            tolerance = max(BY_MASS, 100.0 * gain.photon_share)
        place: tuple[int, str, Checked, str]
        place = plan.number, dose.region, "absorbed dose", gain.by
        figures.append(compared(place, dose.absorbed_dose.value, again, "Gy", tolerance))
    return [*figures, *_of_beds(plan.number, measured, gains, sources)]


def _masses(patient: PatientFile, number: int, names: Sequence[str]) -> dict[str, float]:
    """Return the masses in g of the regions measured in a cycle that have one."""
    masses = {
        name: mass_of(name, patient, number)
        for name in names
        if regions.region(name).role in ("organ", "kidney", "tumour")
    }
    masses["total_body"] = mass_of("total_body", patient, number)
    return {name: mass for name, mass in masses.items() if mass is not None}


def _of_beds(
    number: int,
    measured: Sequence[CycleRegion],
    gains: Mapping[str, Gain],
    sources: Mapping[str, tuple[tuple[tuple[ActivityCurve, float], ...], float]],
) -> list[Recalculation]:
    """Compare the BEDs; the dose rate is scaled to the plan's dose, which has its own check."""
    wanted = [dose for dose in measured if dose.bed is not None]
    if not wanted:
        return []
    rows = tables.rows_by("radiobiology", "region")
    own = [rows.get(regions.region(dose.region).like, rows["generic"]) for dose in wanted]
    repair = np.array([LN2 / float(row["repair_half_life"]) for row in own])
    curves = [curve for part, _ in sources.values() for curve, _ in part]
    time = time_steps(curves, float(repair.max()))
    held: dict[int, Array] = {id(curve): curve.activity(time) for curve in curves}
    over = {
        name: sum((held[id(curve)] * weight for curve, weight in part), np.zeros(len(time)))
        for name, (part, _) in sources.items()
    }
    rate = np.empty((len(time), len(wanted)))
    for i, dose in enumerate(wanted):
        weights = gains[dose.region].by_source
        again = math.fsum(sources[name][1] * weight for name, weight in weights.items())
        shape = sum((over[name] * weight for name, weight in weights.items()), np.zeros(len(time)))
        rate[:, i] = shape * (dose.absorbed_dose.value / again)
    squares = np.empty(len(wanted))
    for speed in np.unique(repair):  # regions that repair alike share the factor of a step
        alike = repair == speed
        squares[alike] = quadratic_dose(time, rate[:, alike], np.array([speed]))
    return [
        compared(
            (number, dose.region, "biologically effective dose", "differential equation"),
            dose.bed.value,
            dose.absorbed_dose.value + float(square) / float(row["alpha_beta"]),
            "Gy",
        )
        for dose, square, row in zip(wanted, squares, own, strict=True)
        if dose.bed is not None
    ]
