"""Dose of each region as a weighted sum of TIAs: S values with the patient's masses.

Every dose is linear in the measured TIAs, so its uncertainty and its dose rate follow from the same
weights (Gy per MBq h).
"""

from __future__ import annotations

from collections.abc import Mapping

from dosimetry.cycle.curves import Notes, Source
from dosimetry.patient.kidneys import PAIR, SIDES, given_sides, pair_of
from dosimetry.patient.masses import MARROW, RegionMass
from dosimetry.physics import absorbed_dose
from dosimetry.problems import Problem, in_words
from dosimetry.reference import nuclides, phantoms, regions

BODY = ("total_body", "remainder_of_body")


Weights = Mapping[str, float]  # Gy per MBq h, by source


def region_weights(
    sex: str, curves: Mapping[str, Source], masses: Mapping[str, RegionMass], notes: Notes
) -> dict[str, Weights]:
    """Return the weights of every region that gets a dose from a measured source.

    The mass of ``total_body`` scales the weights of the body and its remainder.
    """
    sources = {
        region: regions.region(region).sources
        for region in curves
        if regions.region(region).sources and region not in BODY
    }
    body = next((name for name in BODY if name in curves), None)
    targets: list[str] = []
    for region in curves:
        if region not in BODY and (region in masses or region in sources):
            targets += regions.region(region).targets
    if body is not None:
        known = {target for target, _ in phantoms.s_values(sex)}
        targets += sorted(known - {MARROW})
    if given_sides(curves):
        targets.append(PAIR)
    if "colon" in curves:
        notes.assumptions.append(
            "colon: half of the activity in the left colon, half in the right colon"
        )
    weights = {}
    for target in dict.fromkeys(targets):
        weights[target] = _target_weights(target, sex, sources, body, curves, masses, notes)
    return weights


def _target_weights(
    target: str,
    sex: str,
    sources: Mapping[str, tuple[str, ...]],
    body: str | None,
    curves: Mapping[str, Source],
    masses: Mapping[str, RegionMass],
    notes: Notes,
) -> Weights:
    if regions.region(target).by_sphere:
        return {target: _sphere_weight(target, masses[target], notes)}
    s_values = phantoms.s_values(sex)
    phantom = pair_of(target)
    own = self_weights(target, sex, masses)
    by_source = dict(own)
    for region, names in sources.items():
        if region in own or (target in SIDES and region in SIDES):
            continue
        by_source[region] = sum(s_values[phantom, name] for name in names) / len(names)
        if target == "total_body":
            by_source[region] = _by_body_mass(by_source[region], sex, masses)
    if body is not None:
        rest = _remainder_weight(phantom, sex, sources, masses)
        by_source[body] = rest
        if body == "total_body":
            for region in curves:
                if region != body:
                    by_source[region] = by_source.get(region, 0.0) - rest
    return by_source


def self_weights(target: str, sex: str, masses: Mapping[str, RegionMass]) -> dict[str, float]:
    """Return the weights of self-dose in Gy per MBq h, by source.

    The pair of kidneys is the mean of its sides by mass.
    """
    constant = absorbed_dose.electron_dose_constant(nuclides.electron_energy(regions.NUCLIDE))
    s_values, phantom = phantoms.s_values(sex), phantoms.organ_masses(sex)
    sides = given_sides(masses)
    if target in SIDES or (target == PAIR and sides):
        s_pair, pair_mass = s_values[PAIR, PAIR], phantom[PAIR]
        total = sum(masses[side].value for side in sides)
        weights = {}
        for side in sides if target == PAIR else (target,):
            mass = masses[side].value
            share = mass / total if target == PAIR else 1.0
            weight = absorbed_dose.kidney_s_value.kernel(s_pair, pair_mass, mass, constant)
            weights[side] = weight * share
        return weights
    if target not in masses or regions.region(target).role != "organ":
        return {}
    mass = masses[target].value
    s_self = s_values[target, target]
    return {target: absorbed_dose.self_s_value.kernel(s_self, phantom[target], mass, constant)}


def _sphere_weight(target: str, mass: RegionMass, notes: Notes) -> float:
    masses, s_values = phantoms.sphere_s_values()
    if not masses[0] <= mass.value <= masses[-1]:
        notes.warnings.append(
            Problem(
                "outside-sphere-table",
                f"{in_words([target])}: the mass of {mass.value:.4g} g is outside the table of "
                f"spheres ({masses[0]:g} to {masses[-1]:g} g); the value at its end is used",
                "check the mass",
                target,
            )
        )
    return float(absorbed_dose.sphere_s_value.kernel(mass.value, masses, s_values))


def _by_body_mass(s_value: float, sex: str, masses: Mapping[str, RegionMass]) -> float:
    """Return an S value to the total body, scaled to the patient's mass."""
    constant = absorbed_dose.electron_dose_constant(nuclides.electron_energy(regions.NUCLIDE))
    phantom = phantoms.organ_masses(sex)["total_body"]
    mass = masses["total_body"].value
    return float(absorbed_dose.self_s_value.kernel(s_value, phantom, mass, constant))


def _remainder_weight(
    target: str,
    sex: str,
    sources: Mapping[str, tuple[str, ...]],
    masses: Mapping[str, RegionMass],
) -> float:
    """Return S(target <- remainder), scaled with the patient's body mass.

    The remainder is the total body without the measured sources that have a phantom mass.
    """
    s_values, phantom = phantoms.s_values(sex), phantoms.organ_masses(sex)
    constant = absorbed_dose.electron_dose_constant(nuclides.electron_energy(regions.NUCLIDE))
    taken = sorted({name for names in sources.values() for name in names if name in phantom})
    body = phantom["total_body"]
    taken_masses = [phantom[name] for name in taken]
    s_rest = absorbed_dose.remainder_s_value(
        s_values[target, "total_body"], body, [s_values[target, name] for name in taken],
        taken_masses,
    )  # fmt: skip
    electrons = absorbed_dose.remainder_s_value(
        min(s_values[target, "total_body"], constant / body),
        body,
        [_electrons(target, name, s_values[target, name], phantom, constant) for name in taken],
        taken_masses,
    )
    ratio = body / masses["total_body"].value
    return absorbed_dose.body_scaled(s_rest, min(electrons, s_rest), ratio)


def _electrons(
    target: str, source: str, s_value: float, phantom: Mapping[str, float], constant: float
) -> float:
    """Return the part of an S value from electrons, which are absorbed in their own region."""
    if target not in (source, "total_body"):
        return 0.0
    return min(s_value, constant / phantom[target])
