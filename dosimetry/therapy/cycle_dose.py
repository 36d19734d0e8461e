"""One delivered cycle: measurements to curves, curves to absorbed dose per region.

Every dose is a weighted sum of measured TIAs, so that its uncertainty and its dose rate follow from
the same weights (Gy per MBq h).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from dosimetry import reference
from dosimetry.physics import absorbed_dose
from dosimetry.physics.fitting import FittedCurve
from dosimetry.physics.kinetics import Shape, combine
from dosimetry.problems import InputError, Problem, refuse
from dosimetry.therapy import administration
from dosimetry.therapy.masses import SIDES, RegionMass, mass_warning, region_mass
from dosimetry.therapy.scan_fit import fit_scans
from dosimetry.therapy.sections import Course, Cycle

NUCLIDE = "Lu-177"
BODY = ("total_body", "remainder_of_body")


@dataclass(frozen=True, eq=False)
class RegionDose:
    """Absorbed dose of one region in one cycle.

    Attributes
    ----------
    dose : float
        In Gy.
    fit_sd : float
        Relative sd of the points and the fit (or of a coefficient given), of this cycle alone.
    calibration_sd, mass_sd : float
        Relative sd that all cycles share.
    dose_rate : shape or None
        In Gy/h; None for a coefficient done elsewhere.
    """

    dose: float
    fit_sd: float
    calibration_sd: float
    mass_sd: float
    dose_rate: Shape | None

    @property
    def relative_sd(self) -> float:
        """All parts in quadrature."""
        return math.hypot(self.fit_sd, self.calibration_sd, self.mass_sd)


@dataclass(frozen=True, eq=False)
class CycleDose:
    """What one delivered cycle gave.

    Attributes
    ----------
    administered : float
        Net activity in MBq.
    curves : mapping of str to FittedCurve
    doses : mapping of str to RegionDose
        Measured regions only (or with a coefficient done elsewhere).
    warnings : tuple of Problem
    assumptions : tuple of str
    """

    administered: float
    curves: Mapping[str, FittedCurve]
    doses: Mapping[str, RegionDose]
    warnings: tuple[Problem, ...]
    assumptions: tuple[str, ...]


@dataclass
class _Notes:
    warnings: list[Problem] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Weights:
    """Dose to one region as a weighted sum of TIAs, with the part of each region's own mass.

    ``own`` holds, by region, the weight that scales with its mass and -d ln weight / d ln mass.
    """

    by_source: Mapping[str, float]
    own: Mapping[str, tuple[float, float]]


def cycle_dose(course: Course, index: int) -> CycleDose:
    """Compute the doses of one delivered cycle.

    Parameters
    ----------
    course : Course
    index : int
        Of the cycle, from 0.

    Returns
    -------
    CycleDose

    Raises
    ------
    InputError
        A curve that cannot be fitted; a total smaller than the sum of its parts.
    """
    cycle, notes = course.cycles[index], _Notes()
    place = f"cycles[{index}]"
    given = administration.activity(cycle, reference.half_life(NUCLIDE))
    curves = _curves(cycle, given, place, notes)
    _check_remainder(curves, cycle, place)
    masses = _masses(course, cycle, curves, place, notes)
    calibration = cycle.systematic_uncertainty.value / 100 if cycle.systematic_uncertainty else 0.0
    doses = {
        target: _region_dose(weights, curves, masses, calibration)
        for target, weights in _weights(course.person.sex, curves, masses, notes).items()
    }
    doses.update(_coefficient_doses(course, cycle, given, notes))
    return CycleDose(given, curves, doses, tuple(notes.warnings), tuple(notes.assumptions))


def _curves(cycle: Cycle, given: float, place: str, notes: _Notes) -> dict[str, FittedCurve]:
    half_life = reference.half_life(NUCLIDE)
    curves: dict[str, FittedCurve] = {}
    problems: list[Problem] = []
    for region, scans in cycle.measurements.by_region().items():
        try:
            curves[region] = fit_scans(
                scans,
                cycle.models.get(region, "auto"),
                given,
                half_life,
                decay_corrected=cycle.decay_corrected_to == "administration",
            )
        except InputError as error:
            here = cycle.measurements.file or f"{place}.measurements"
            problems += [
                Problem(p.code, f"{region}: {p.message}", p.cure, f"{here}: region")
                if cycle.measurements.file
                else Problem(p.code, f"{region}: {p.message}", p.cure, here)
                for p in error.problems
            ]
            continue
        notes.warnings += [w.at(f"{place} {region}") for w in curves[region].warnings]
    if problems:
        raise InputError(problems)
    if any(curve.sd_assumed for curve in curves.values()):
        share = reference.default("scan_point_sd", "%")
        notes.assumptions.append(f"scan points without sd: {share:g} % of the value (1 sd)")
    return curves


def _check_remainder(curves: Mapping[str, FittedCurve], cycle: Cycle, place: str) -> None:
    if "total_body" not in curves:
        return
    total = curves["total_body"].tia.value
    parts = sum(curve.tia.value for name, curve in curves.items() if name != "total_body")
    if total < parts:
        name = cycle.measurements.file
        raise refuse(
            "total-below-parts",
            f"the time-integrated activity of total_body, {total:.5g} MBq h, is smaller than the "
            f"sum of its parts, {parts:.5g} MBq h",
            "check that total_body includes the regions, and all calibrations",
            f"{name}: region total_body" if name else f"{place}.measurements",
        )


def _masses(
    course: Course, cycle: Cycle, curves: Mapping[str, FittedCurve], place: str, notes: _Notes
) -> dict[str, RegionMass]:
    scans = cycle.measurements.by_region()
    masses: dict[str, RegionMass] = {}
    for region in curves:
        if reference.region(region).role not in ("organ", "kidney", "tumour"):
            continue
        mass = region_mass(region, course, scans)
        if mass is None:
            notes.warnings.append(
                Problem(
                    "no-mass",
                    f"{region} has no mass, so its time-integrated activity gives no dose",
                    f"give masses.{region}, or a volume column",
                    f"{place} {region}",
                )
            )
            continue
        masses[region] = mass
        if mass.origin:
            notes.assumptions.append(mass.origin)
        warning = mass_warning(region, mass, course.person.sex, f"{place} {region}")
        if warning:
            notes.warnings.append(warning)
    return masses


def _weights(
    sex: str, curves: Mapping[str, FittedCurve], masses: Mapping[str, RegionMass], notes: _Notes
) -> dict[str, _Weights]:
    """Return the weights of every region that gets a dose from what was measured."""
    sources = {
        region: reference.region(region).sources
        for region in curves
        if reference.region(region).sources and region not in BODY
    }
    body = next((name for name in BODY if name in curves), None)
    targets: list[str] = []
    for region in curves:
        if region not in BODY and (region in masses or region in sources):
            targets += reference.region(region).targets
    if body is not None:
        known = {target for target, _ in reference.s_values(sex)}
        targets += sorted(known - {"red_marrow"})
    if set(SIDES) & set(curves):
        targets.append("kidneys")
    if "colon" in curves:
        notes.assumptions.append("colon: activity half in the left and half in the right colon")
    weights = {}
    for target in dict.fromkeys(targets):
        weights[target] = _target_weights(target, sex, sources, body, curves, masses, notes)
    return weights


def _target_weights(
    target: str,
    sex: str,
    sources: Mapping[str, tuple[str, ...]],
    body: str | None,
    curves: Mapping[str, FittedCurve],
    masses: Mapping[str, RegionMass],
    notes: _Notes,
) -> _Weights:
    if reference.region(target).role == "tumour":
        weight = _sphere_weight(target, masses[target], notes)
        return _Weights({target: weight}, {target: (weight, 1.0)})
    s_values = reference.s_values(sex)
    phantom = "kidneys" if target in SIDES else target
    own = _own_weights(target, sex, masses)
    by_source: dict[str, float] = {region: weight for region, (weight, _) in own.items()}
    for region, names in sources.items():
        if region in own or (target in SIDES and region in SIDES):
            continue
        by_source[region] = sum(s_values[phantom, name] for name in names) / len(names)
    if body is not None:
        rest = _remainder_weight(phantom, sex, sources)
        by_source[body] = rest
        if body == "total_body":
            for region in curves:
                if region != body:
                    by_source[region] = by_source.get(region, 0.0) - rest
    return _Weights(by_source, own)


def _own_weights(
    target: str, sex: str, masses: Mapping[str, RegionMass]
) -> dict[str, tuple[float, float]]:
    """Return weight and sensitivity to mass of each measured region's self-dose to a target."""
    constant = absorbed_dose.electron_dose_constant(reference.electron_energy(NUCLIDE))
    s_values, phantom = reference.s_values(sex), reference.organ_masses(sex)
    sides = [side for side in SIDES if side in masses]
    if target in SIDES or (target == "kidneys" and sides):
        s_pair, pair_mass = s_values["kidneys", "kidneys"], phantom["kidneys"]
        total = sum(masses[side].value for side in sides)
        found = {}
        for side in sides if target == "kidneys" else (target,):
            mass = masses[side].value
            weight = absorbed_dose.kidney_s_value.kernel(s_pair, pair_mass, mass, constant)
            sensitivity = absorbed_dose.mass_sensitivity(s_pair, pair_mass, mass, constant)
            share = mass / total if target == "kidneys" else 1.0
            found[side] = (weight * share, sensitivity)
        return found
    if target not in masses or reference.region(target).role != "organ":
        return {}
    s_self, mass = s_values[target, target], masses[target].value
    weight = absorbed_dose.self_s_value.kernel(s_self, phantom[target], mass, constant)
    sensitivity = absorbed_dose.mass_sensitivity(s_self, phantom[target], mass, constant)
    return {target: (weight, sensitivity)}


def _sphere_weight(target: str, mass: RegionMass, notes: _Notes) -> float:
    masses, s_values = reference.sphere_s_values()
    if not masses[0] <= mass.value <= masses[-1]:
        notes.warnings.append(
            Problem(
                "outside-sphere-table",
                f"{target}: a mass of {mass.value:.4g} g is outside the sphere table, "
                f"{masses[0]:g} to {masses[-1]:g} g",
                "the absorbed fraction at the table's end is used",
                target,
            )
        )
    return float(absorbed_dose.sphere_s_value.kernel(mass.value, masses, s_values))


def _remainder_weight(target: str, sex: str, sources: Mapping[str, tuple[str, ...]]) -> float:
    """Return S(target <- remainder): total body less the measured sources with a phantom mass."""
    s_values, masses = reference.s_values(sex), reference.organ_masses(sex)
    taken = sorted({name for names in sources.values() for name in names if name in masses})
    return absorbed_dose.remainder_s_value(
        s_values[target, "total_body"],
        masses["total_body"],
        [s_values[target, name] for name in taken],
        [masses[name] for name in taken],
    )


def _region_dose(
    weights: _Weights,
    curves: Mapping[str, FittedCurve],
    masses: Mapping[str, RegionMass],
    calibration: float,
) -> RegionDose:
    parts = {name: curves[name].tia.value * w for name, w in weights.by_source.items()}
    dose = sum(parts.values())
    spread = [(curves[name].tia.sd or 0.0) * w for name, w in weights.by_source.items()]
    if any(curves[name].tia.sd is None for name in weights.by_source):
        spread = [math.inf]
    by_mass = [
        curves[name].tia.value * weight * sensitivity * masses[name].relative_sd
        for name, (weight, sensitivity) in weights.own.items()
    ]
    return RegionDose(
        dose,
        math.hypot(*spread) / dose,
        calibration,
        math.hypot(*by_mass) / dose,
        combine((curves[name].shape, w) for name, w in weights.by_source.items()),
    )


def _coefficient_doses(
    course: Course, cycle: Cycle, given: float, notes: _Notes
) -> dict[str, RegionDose]:
    """Return the doses of coefficients done elsewhere; both kidneys give the pair."""
    doses: dict[str, RegionDose] = {}
    for region, coefficient in cycle.dose_coefficients.items():
        if coefficient.sd is None:
            relative = reference.default("coefficient_sd", "1")
            notes.assumptions.append(
                f"{region}: dose coefficient given without sd: {relative:.0%} of the value"
            )
        else:
            relative = coefficient.sd / coefficient.value
        doses[region] = RegionDose(coefficient.value * given / 1000, relative, 0.0, 0.0, None)
    sides = [side for side in SIDES if side in doses]
    if sides and "kidneys" not in doses:
        masses = {}
        for side in sides:
            mass = region_mass(side, course, {})
            if mass is not None:
                masses[side] = mass.value
        total = sum(masses.values())
        parts = {side: doses[side].dose * masses[side] / total for side in sides}
        dose = sum(parts.values())
        spread = math.hypot(*(parts[side] * doses[side].fit_sd for side in sides))
        doses["kidneys"] = RegionDose(dose, spread / dose, 0.0, 0.0, None)
        notes.assumptions.append(
            "kidneys: mass-weighted mean of the coefficients of left and right"
        )
    return doses
