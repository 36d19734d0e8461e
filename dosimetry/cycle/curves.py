"""The curves of one delivered cycle, and the sources of dose that they make.

Red marrow comes from blood or vertebrae.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dosimetry.cycle.course_curves import Fits
from dosimetry.cycle.delivered import DeliveredCycle
from dosimetry.cycle.scan_fit import doubted, said_of
from dosimetry.patient.masses import MARROW, RegionMass, volume_entry
from dosimetry.patient.measurements.scan import BLOOD, Scan
from dosimetry.patient.net_cycle import NetCycle, ScansAtTime
from dosimetry.physics import marrow
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.kinetics import Array, Shape
from dosimetry.problems import InputError, Problem, in_words
from dosimetry.reference import agents, tables
from dosimetry.units import MBQ_PER_KBQ


@dataclass(frozen=True, eq=False)
class Source:
    """A region that holds activity.

    Attributes
    ----------
    tia : float
        In MBq h.
    fit_sd : float
        Sd that no half-life explains, in MBq h.
    shape : shape
        Activity over time in MBq.
    cycle_effect : array or None
        TIA over the quantiles of the half-life in this cycle, relative to ``tia``.
    common : float
        Share of its variance that regions of one kind (both kidneys) have in common.
    half_life_effect : array or None
        TIA over the quantiles of the patient's half-life, relative to ``tia``; common to all
        cycles, and to regions of one kind.
    systematic_sd : float
        Relative sd of the calibration, whose error all regions and cycles have in common.
    recovery : mapping of str to float
        Change of the TIA in MBq h by one sd of the recovery coefficient of each region.
    with_mass : str
        Entry of the mass or volume that the TIA is proportional to, where a concentration was
        measured; empty of an activity.
    volume_sd : float
        Relative sd of the volume that it is proportional to.
    follows : str
        Measured region whose TIA this one is a multiple of, with all its errors; empty if the
        region was measured itself.
    ratio_sds : (float, float)
        Relative sd of that multiple: of this cycle alone, and shared by cycles.
    """

    tia: float
    fit_sd: float
    shape: Shape
    cycle_effect: Array | None = None
    common: float = 0.0
    half_life_effect: Array | None = None
    systematic_sd: float = 0.0
    recovery: Mapping[str, float] = field(default_factory=dict)
    with_mass: str = ""
    volume_sd: float = 0.0
    follows: str = ""
    ratio_sds: tuple[float, float] = (0.0, 0.0)


@dataclass
class Notes:
    """Warnings and assumptions, in the order in which they come up."""

    warnings: list[Problem] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)


def in_common(parts: Sequence[tuple[float, float]]) -> float:
    """Return the relative sd of a sum whose parts share one relative error.

    Parameters
    ----------
    parts : sequence of (float, float)
        Relative sd and value of each.

    Examples
    --------
    >>> in_common([(0.05, 3.0), (0.05, -1.0)]), in_common([(0.25, 3.0), (0.0, 1.0)])
    (0.05, 0.1875)
    """
    least = min(sd for sd, _ in parts)  # the sum is exact where all have the same sd
    whole = sum(value for _, value in parts)
    return abs(least + sum((sd - least) * value for sd, value in parts) / whole)


def cycle_curves(cycle: DeliveredCycle, fits: Fits, notes: Notes) -> dict[str, FittedCurve]:
    """Return the curve of every measured region of a cycle; blood has the name ``blood``.

    Parameters
    ----------
    cycle : DeliveredCycle
    fits : mapping of (int, str) to FittedCurve or InputError
        Curves of all cycles.
    notes : Notes
        Receives the warnings and assumptions.

    Raises
    ------
    InputError
        A curve that cannot be fitted.
    """
    net = cycle.net
    curves: dict[str, FittedCurve] = {}
    problems: list[Problem] = []
    for measured in (net.measured, net.blood):
        for region, scans in measured.by_region().items():
            entered = [scan.entered for scan in scans]
            fit = fits[net.index, region]
            if isinstance(fit, InputError):
                problems += _placed(fit, region, entered, measured)
                continue
            curve = curves[region] = doubted(fit, entered)
            notes.assumptions += curve.assumptions
            if curve.cross_check is not None:
                notes.assumptions.append(
                    f"{in_words([region])}, cycle {net.number}: TIA of the one scan "
                    f"{curve.tia.value:.5g} {curve.tia.unit}, by Hänscheid's rule "
                    f"{curve.cross_check.value:.5g}"
                )
            if curve.tia.sd is None:
                notes.assumptions.append(
                    f"{in_words([region])}, cycle {net.number}: the data do not determine the "
                    "best fit; mean and sd of the TIA are those of its posterior"
                )
            notes.warnings += [warning.at(f"{net.place} {region}") for warning in curve.warnings]
    if problems:
        raise InputError(problems)
    if any(curve.sd_assumed for curve in curves.values()):
        share = tables.default("scan_point_sd", "%")
        notes.assumptions.append(
            f"no sd given for the scan points; {share:g} % of the curve used (1 sd)"
        )
    return curves


def _placed(
    error: InputError, region: str, scans: Sequence[Scan], measured: ScansAtTime
) -> list[Problem]:
    here = measured.column("region")
    return [Problem(p.code, message, p.cure, here) for p, message in said_of(error, region, scans)]


def sources_of(
    curves: Mapping[str, FittedCurve], cycle: DeliveredCycle, notes: Notes
) -> dict[str, Source]:
    """Return the sources of dose; blood and vertebrae make the red marrow."""
    sources: dict[str, Source] = {}
    for region, curve in curves.items():
        if region == BLOOD or (region == MARROW and curve.tia.unit == "kBq/mL*h"):
            continue
        if curve.tia.unit == "MBq*h":
            source = _by_volume(_source(curve, 1.0), region, cycle.net)
        elif region in cycle.masses:
            source = _by_density(curve, region, cycle.masses[region], notes)
        else:
            continue  # without a mass a concentration is no activity; its warning stands there
        sources[region] = _common(source, region, cycle.net)
    concentration = curves.get("blood") or curves.get(MARROW)
    if concentration is not None and MARROW not in sources:
        ratio = _ratio(cycle, notes) if "blood" in curves else 1.0
        factor = float(marrow.marrow_activity.kernel(MBQ_PER_KBQ, cycle.red_marrow_mass, ratio))
        if "blood" not in curves:
            notes.assumptions.append(
                "red marrow: activity concentration of the lumbar vertebrae; 1 mL counted as 1 g"
            )
        measured = BLOOD if BLOOD in curves else MARROW
        sources[MARROW] = _common(_source(concentration, factor), measured, cycle.net)
    return sources


def _by_volume(source: Source, region: str, net: NetCycle) -> Source:
    """Return a source with the volume that its activities were computed with, if any."""
    scans = [scan for scan in net.measured.by_region()[region] if scan.by_volume]
    if not scans:
        return source
    sds = ((s.entered.volume_sd or 0.0) / (s.entered.volume or 1.0) for s in scans)
    return replace(source, with_mass=volume_entry(region), volume_sd=max(sds))


def _by_density(curve: FittedCurve, region: str, mass: RegionMass, notes: Notes) -> Source:
    """Return a source from a concentration alone, with the activity in the region's mass.

    The mass cancels in the self-dose, and so does its uncertainty.
    """
    density = tables.default("soft_tissue_density", "g/mL")
    notes.assumptions.append(
        f"{in_words([region])}: a concentration without volume; self-dose by the density of "
        f"{density:g} g/mL, activity that of {mass.value:.4g} g"
    )
    source = _source(curve, mass.value / density * MBQ_PER_KBQ)
    return replace(source, with_mass=mass.given_as or region)


def _common(source: Source, measured: str, net: NetCycle) -> Source:
    """Return a source with the sds that the scans of its region have in common."""
    given, recovery_sd = net.own_systematic_sd(measured), net.recovery_sd(measured)
    return replace(
        source,
        systematic_sd=tables.default("systematic_sd", "1") if given is None else given,
        recovery={measured: source.tia * recovery_sd} if recovery_sd else {},
    )


def _source(curve: FittedCurve, factor: float) -> Source:
    """Return a source; its TIA is the mean of the posterior where the curve has one."""
    posterior = curve.posterior
    if posterior is None:
        sd = curve.tia.sd
        assert sd is not None  # of a trapezoid, which has the sds of its points
        return Source(curve.tia.value * factor, sd * factor, curve.shape.scaled(factor))
    return Source(
        posterior.mean * factor,
        posterior.own_sd * factor,
        curve.shape.scaled(factor * posterior.mean / curve.shape.integral()),
        posterior.cycle_effect,
        posterior.common,
        posterior.half_life_effect,
    )


def _ratio(cycle: DeliveredCycle, notes: Notes) -> float:
    if cycle.marrow_ratio == "plasma" and cycle.hematocrit is not None:
        ratio, fraction = marrow.plasma_ratio(cycle.hematocrit), "marrow_extracellular_fraction"
        notes.assumptions.append(
            f"red marrow to blood ratio {ratio:.3g}: {tables.default(fraction, '1'):g}/(1 - "
            f"haematocrit), an agent that stays in plasma ({tables.default_source(fraction)})"
        )
        return ratio
    agent = agents.default()
    usual = agent.marrow_to_blood_ratio
    assert usual is not None  # the table has one for the default agent
    notes.assumptions.append(
        f"red marrow to blood ratio {usual:g} ({agent.ratio_source}, {agent.name}); 1 mL of blood "
        "counts as 1 g"
    )
    if cycle.agent != agent.name:
        notes.warnings.append(
            Problem(
                "marrow-ratio-of-another-agent",
                f"the red marrow to blood ratio of {usual:g} was determined for {agent.name}, not "
                f"for {cycle.agent}",
                "for an agent that stays in plasma give therapy.marrow_to_blood_ratio: plasma",
                "therapy.marrow_to_blood_ratio",
            )
        )
    return usual
