"""One delivered cycle: measurements to curves, curves to absorbed dose per region."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dosimetry.cycle.coefficient_dose import coefficient_doses
from dosimetry.cycle.course_curves import Fits, course_curves
from dosimetry.cycle.curves import Notes, Source, cycle_curves, sources_of
from dosimetry.cycle.delivered import DeliveredCycle
from dosimetry.cycle.other_kidney import OtherKidney, other_kidney, side_to_estimate
from dosimetry.cycle.overlap import disjoint_assumed, overlap_warnings, taken_out
from dosimetry.cycle.plausibility import implausible_doses, implausible_half_lives
from dosimetry.cycle.region_dose import MassCause, RegionDose, region_dose
from dosimetry.cycle.weights import BODY, region_weights
from dosimetry.patient.checks.regions import SALIVARY
from dosimetry.patient.kidneys import PAIR, SIDES
from dosimetry.patient.masses import MARROW, WITH_MASS, RegionMass
from dosimetry.patient.measurements.scan import BLOOD
from dosimetry.patient.net_cycle import NetCycle
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.problems import InputError, Problem, in_words, refuse
from dosimetry.reference import regions as regions_figures

STEP = 1e-4  # relative change of a mass, for its effect on the doses


@dataclass(frozen=True, eq=False)
class CycleDose:
    """Curves and absorbed doses of one delivered cycle.

    Attributes
    ----------
    net : NetCycle
        The cycle, with its net activity.
    curves : mapping of str to FittedCurve
    doses : mapping of str to RegionDose
        Only of regions that were measured or have a supplied coefficient.
    warnings : tuple of Problem
    assumptions : tuple of str
    """

    net: NetCycle
    curves: Mapping[str, FittedCurve]
    doses: Mapping[str, RegionDose]
    warnings: tuple[Problem, ...]
    assumptions: tuple[str, ...]


def cycle_dose(cycle: DeliveredCycle, fits: Fits, other: OtherKidney | None = None) -> CycleDose:
    """Return the doses of one delivered cycle.

    Parameters
    ----------
    cycle : DeliveredCycle
    fits : mapping of (int, str) to FittedCurve or InputError
        Curves of all cycles, by the cycle's index and the region.
    other : OtherKidney, optional
        The kidney that was not measurable, where the cycle has one.

    Returns
    -------
    CycleDose

    Raises
    ------
    InputError
        A curve that cannot be fitted; a total smaller than the sum of its parts.
    """
    net, notes = cycle.net, Notes()
    place = net.place
    notes.assumptions += net.assumptions
    notes.warnings += net.warnings
    curves = cycle_curves(cycle, fits, notes)
    sources = taken_out(sources_of(curves, cycle, notes), net)
    notes.warnings += overlap_warnings(net, cycle.sites, sources)
    notes.assumptions += disjoint_assumed(net, sources)
    notes.assumptions += _not_measurable(cycle, other)
    if other is not None:
        sources[other.side] = other.source(sources[other.measured], cycle.masses)
        doubt = other.doubt(place)
        notes.warnings += [doubt] if doubt is not None else []
    _check_remainder(sources, net)
    masses = _masses(cycle, sources, curves, notes)
    notes.assumptions += [line for region in sources for line in _assumed_of(region)]
    measured = _measured_doses(cycle.sex, sources, masses, other, notes)
    doses = {**measured, **coefficient_doses(cycle, notes)}
    notes.warnings += _lower_bounds(doses, sources, place)
    resting = _of_remainder_only(measured, sources, doses)
    if resting:
        notes.warnings.append(_remainder_only(resting, place))
    coefficients = {
        region: dose.coefficient(net.activity) for region, dose in doses.items() if not dose.missing
    }
    notes.warnings += implausible_doses(cycle.agent, coefficients, resting, place)
    notes.warnings += implausible_half_lives(cycle.agent, curves, place)
    return CycleDose(net, curves, doses, tuple(notes.warnings), tuple(notes.assumptions))


def _measured_doses(
    sex: str,
    sources: Mapping[str, Source],
    masses: Mapping[str, RegionMass],
    other: OtherKidney | None,
    notes: Notes,
) -> dict[str, RegionDose]:
    """Return the dose of every region from the sources of a cycle."""
    weights = region_weights(sex, sources, masses, notes)
    if other is not None and other.reference is None:
        weights.pop(other.side)  # it was never measured: its dose is not known
    by_mass = _mass_sds(sex, sources, masses, other)
    doses = {
        target: region_dose(own, sources, by_mass.get(target, {}), missing_sources(target, sources))
        for target, own in weights.items()
    }
    if other is None:
        return doses
    return {name: other.marked(name, dose) for name, dose in doses.items()}


def _of_remainder_only(
    targets: Collection[str], sources: Mapping[str, Source], doses: Mapping[str, RegionDose]
) -> list[str]:
    """Return the regions whose own activity is known only as part of the remainder of the body."""
    if not set(BODY) & set(sources):
        return []
    return [
        target
        for target in targets
        if not _measured_itself(target, sources)
        and doses[target].contributions
        and not doses[target].missing
    ]


def _remainder_only(regions: Sequence[str], place: str) -> Problem:
    return Problem(
        "remainder-only",
        f"not measured: {in_words(regions)}. Their dose assumes the average uptake of the "
        "remainder of the body, which underestimates organs with specific uptake",
        "measure an organ before relying on its limit",
        place,
    )


def _measured_itself(target: str, sources: Mapping[str, Source]) -> bool:
    """Return whether some measured source is the region itself, or its contents."""
    return target == "total_body" or any(
        target in regions_figures.region(source).targets or (target == PAIR and source in SIDES)
        for source in sources
    )


def missing_sources(target: str, sources: Mapping[str, Source]) -> tuple[str, ...]:
    """Return the important sources of a region that were not measured (table ``regions``)."""
    stands_for = {"remainder_of_body": BODY, PAIR: SIDES}
    return tuple(
        need
        for need in regions_figures.region(target).needs
        if not {need, *stands_for.get(need, ())} & set(sources)
    )


def _lower_bounds(
    doses: Mapping[str, RegionDose], sources: Collection[str], place: str
) -> list[Problem]:
    """Return a warning for every dose that lacks an important source."""
    return [
        Problem(
            "partial-dose",
            f"the dose of the {in_words([target])}, {dose.dose:.3g} Gy, is a lower bound, because "
            f"a source was not measured ({in_words(dose.missing)}). Limits, margins and strategies "
            "do not use it",
            _cure(dose.missing, sources),
            f"{place} {target}",
        )
        for target, dose in doses.items()
        if dose.missing
    ]


def _cure(missing: Sequence[str], sources: Collection[str]) -> str:
    """Return what to do about sources that were not measured."""
    glands = [name for name in SALIVARY if name in sources]
    if glands and "salivary_glands" in missing:  # both together are refused
        return f"use the doses of the single glands ({in_words(glands)})"
    return f"measure {in_words(missing)}"


def _assumed_of(region: str) -> list[str]:
    known = regions_figures.region(region)
    if known.role == "contents" and region != "colon":
        return [f"{in_words([region])}: activity in the contents"]
    return [f"{in_words([region])}: unit-density sphere, self-dose only"] if known.by_sphere else []


def _mass_sds(
    sex: str,
    sources: Mapping[str, Source],
    masses: Mapping[str, RegionMass],
    other: OtherKidney | None,
) -> dict[str, dict[MassCause, float]]:
    """Return the relative sd of each dose from masses and volumes, by a small change of each entry.

    By target and cause. A TIA from a concentration changes with its mass or volume.
    """
    totals: dict[str, dict[MassCause, float]] = {}
    up, down = 1.0 + STEP, 1.0 / (1.0 + STEP)
    before = other.masses if other is not None else {}
    entries: dict[str, tuple[float, MassCause]] = {
        source.with_mass: (source.volume_sd, ("volume", None))
        for source in sources.values()
        if source.volume_sd > 0
    }
    entries |= {
        mass.given_as: (mass.relative_sd, (mass.cause, mass.of_cycle))
        for mass in (*masses.values(), *before.values())
        if mass.relative_sd > 0
    }
    for entry, (relative_sd, cause) in entries.items():
        ends, tias = [], []
        for factor in (up, down):
            moved = _moved(masses, entry, factor)
            ends.append(region_weights(sex, sources, moved, Notes()))
            own = {
                name: source.tia * (factor if source.with_mass == entry else 1.0)
                for name, source in sources.items()
            }
            if other is not None:
                share = other.share(moved, _moved(before, entry, factor))
                own[other.side] = own[other.measured] * share
            tias.append(own)
        for target in ends[0]:
            high, low = (
                sum(own[name] * weight for name, weight in weights[target].items())
                for own, weights in zip(tias, ends, strict=True)
            )
            slope = math.log(high / low) / (2 * math.log1p(STEP))
            causes = totals.setdefault(target, {})
            causes[cause] = math.hypot(causes.get(cause, 0.0), slope * relative_sd)
    return totals


def _moved(masses: Mapping[str, RegionMass], entry: str, factor: float) -> dict[str, RegionMass]:
    """Return masses, those from one entry multiplied by a factor."""
    return {
        region: replace(mass, value=mass.value * factor) if mass.given_as == entry else mass
        for region, mass in masses.items()
    }


def _not_measurable(cycle: DeliveredCycle, other: OtherKidney | None) -> Iterator[str]:
    """Yield the regions of a cycle that could not be measured, and what is done about them."""
    for region, reason in cycle.not_measurable.items():
        if other is not None and region == other.side:
            yield other.said(cycle.net.number, reason)
        else:
            yield f"{in_words([region])}, cycle {cycle.net.number}: not measurable ({reason})"


def delivered_doses(
    cycles: Sequence[DeliveredCycle],
    source: str = "",
    fits: Fits | None = None,
) -> list[CycleDose]:
    """Return the doses of every delivered cycle.

    Parameters
    ----------
    cycles : sequence of DeliveredCycle
        All of a patient, in their order.
    source : str
        Name of the patient file, put before the place of a problem.
    fits : mapping of (int, str) to FittedCurve or InputError, optional
        Curves estimated before, together with those of other patients.

    Raises
    ------
    InputError
        As :func:`cycle_dose`.
    """
    curves = course_curves(cycles) if fits is None else fits
    whole = [cycle for cycle in cycles if side_to_estimate(cycle) is None]
    try:
        found = {cycle.net.index: cycle_dose(cycle, curves) for cycle in whole}
        known = {index: of_cycle.doses for index, of_cycle in found.items()}
        return [
            found[cycle.net.index]
            if cycle.net.index in found
            else cycle_dose(cycle, curves, other_kidney(cycle, cycles, known))
            for cycle in cycles
        ]
    except InputError as error:
        raise error.at(f"{source}: " if source else "") from None


def _check_remainder(sources: Mapping[str, Source], cycle: NetCycle) -> None:
    if "total_body" not in sources:
        return
    total = sources["total_body"].tia
    parts = sum(source.tia for name, source in sources.items() if name != "total_body")
    if total < parts:
        raise refuse(
            "total-below-parts",
            f"the time-integrated activity of the total body, {total:.5g} MBq h, is smaller than "
            f"the sum of its parts, {parts:.5g} MBq h",
            "write into contains which VOI includes another; check that total_body includes the "
            "regions, and check the calibrations",
            cycle.measured.column("region total_body"),
        )


def _masses(
    cycle: DeliveredCycle,
    sources: Mapping[str, Source],
    curves: Mapping[str, FittedCurve],
    notes: Notes,
) -> dict[str, RegionMass]:
    masses: dict[str, RegionMass] = {}
    exact: list[str] = []
    for region in dict.fromkeys([*sources, *curves]):
        if region == BLOOD or regions_figures.region(region).role not in WITH_MASS:
            continue
        mass = cycle.masses.get(region)
        if mass is None:
            notes.warnings.append(
                Problem(
                    "no-mass",
                    f"{in_words([region])} has no mass: its activity gives no dose",
                    f"give masses.{region}, or a volume column",
                    f"{cycle.net.place} {region}",
                )
            )
            continue
        if region == MARROW and curves[region if region in curves else "blood"].tia.unit != "MBq*h":
            mass = replace(mass, relative_sd=0.0)  # it cancels in a dose from a concentration
        elif mass.relative_sd == 0 and not sources[region].with_mass:
            exact.append(region)
        masses[region] = mass
        if mass.origin:
            notes.assumptions.append(mass.origin)
        if region in cycle.unusual_masses:
            notes.warnings.append(cycle.unusual_masses[region])
    if set(BODY) & set(sources):
        body = masses["total_body"] = cycle.masses["total_body"]
        unusual = cycle.unusual_masses.get("total_body")
        notes.assumptions += [body.origin] if body.origin else []
        notes.warnings += [unusual] if unusual and not body.origin else []
    if exact:
        notes.assumptions.append(
            f"no uncertainty given for the mass of {in_words(exact)}; 0 % used"
        )
    return masses
