"""The curves of one delivered cycle, and the sources of dose that they make.

A region with several scans is fitted; one with a single scan takes its half-life from an earlier
cycle, from the patient file or from the population; red marrow comes from blood or vertebrae.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dosimetry.cycle.delivered import DeliveredCycle
from dosimetry.cycle.scan_fit import doubted, fit_scans, is_fitted, said_of, task_of
from dosimetry.patient.by_region import SINGLE
from dosimetry.patient.kidneys import with_pair
from dosimetry.patient.masses import MARROW
from dosimetry.patient.net_cycle import ActivityAtScan, ScansAtTime
from dosimetry.patient.scans import Scan
from dosimetry.physics import marrow
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.fitting import within_administered
from dosimetry.physics.kinetics import Array, Shape
from dosimetry.physics.one_scan import HalfLife, fit_one
from dosimetry.physics.prediction import log_variance
from dosimetry.problems import InputError, Problem, in_words, refuse
from dosimetry.reference import agents, regions, tables
from dosimetry.reference import population as population_figures
from dosimetry.units import MBQ_PER_KBQ

VAGUE = 0.5  # relative sd above which a measured half-life is no better than the population's

Fits: TypeAlias = Mapping[tuple[int, str], FittedCurve]  # by the cycle's index and the region


@dataclass(frozen=True, eq=False)
class Source:
    """A region that holds activity.

    Attributes
    ----------
    tia : float
        In MBq h.
    fit_sd : float
        Sd from the points and the fit, in MBq h; of a single scan, from the scan alone. The TIA
        itself where the points do not determine it.
    shape : shape
        Activity over time in MBq.
    half_life_effect : array or None
        TIA of a single scan over the quantiles of its half-life, relative to ``tia``.
    """

    tia: float
    fit_sd: float
    shape: Shape
    half_life_effect: Array | None


@dataclass
class Notes:
    """Warnings and assumptions, in the order in which they come up."""

    warnings: list[Problem] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)


def cycle_curves(
    cycle: DeliveredCycle,
    earlier: Sequence[Mapping[str, FittedCurve]],
    fits: Fits,
    notes: Notes,
) -> dict[str, FittedCurve]:
    """Return the curve of every measured region of a cycle; blood has the name ``blood``.

    Parameters
    ----------
    cycle : DeliveredCycle
    earlier : sequence of mappings
        Curves of the earlier cycles.
    fits : mapping of (int, str) to FittedCurve
        Curves fitted before, together with others; the rest are fitted here.
    notes : Notes
        Receives the warnings and assumptions.

    Raises
    ------
    InputError
        A curve that cannot be fitted, or a single scan without a half-life.
    """
    net = cycle.net
    curves: dict[str, FittedCurve] = {}
    problems: list[Problem] = []
    for measured in (net.measured, net.blood):
        for region, scans in measured.by_region().items():
            entered = [scan.entered for scan in scans]
            try:
                curve = fits.get((net.index, region)) or _curve(region, scans, cycle, earlier)
            except InputError as error:
                problems += _placed(error, region, entered, measured)
                continue
            curve = curves[region] = doubted(curve, entered)
            if curve.cross_check is not None:
                notes.assumptions.append(
                    f"{in_words([region])}, cycle {net.number}: {curve.choice}; TIA "
                    f"{curve.tia.value:.5g} {curve.tia.unit}, by Hänscheid's rule "
                    f"{curve.cross_check.value:.5g}"
                )
            if curve.tia.sd is None:
                notes.assumptions.append(
                    f"{in_words([region])}, cycle {net.number}: the data do not determine the "
                    "fit; uncertainty of the TIA set to 100 %"
                )
            notes.warnings += [warning.at(f"{net.place} {region}") for warning in curve.warnings]
    if problems:
        raise InputError(problems)
    if any(curve.sd_assumed for curve in curves.values()):
        share = tables.default("scan_point_sd", "%")
        notes.assumptions.append(
            f"no sd given for the scan points; {share:g} % of the value used (1 sd)"
        )
    if net.blood.scans and net.decay_corrected:
        notes.assumptions.append("decay_corrected_to applied to the blood samples too")
    return curves


def _placed(
    error: InputError, region: str, scans: Sequence[Scan], measured: ScansAtTime
) -> list[Problem]:
    here = measured.column("region")
    return [Problem(p.code, message, p.cure, here) for p, message in said_of(error, region, scans)]


def _curve(
    region: str,
    scans: Sequence[ActivityAtScan],
    cycle: DeliveredCycle,
    earlier: Sequence[Mapping[str, FittedCurve]],
) -> FittedCurve:
    net = cycle.net
    model = net.models.get(region, "auto")
    if is_fitted(scans, model):
        return fit_scans(scans, model, net.activity, net.half_life)
    if len(scans) > 1:
        raise refuse(
            "too-many-points",
            f"model '{SINGLE}' is for one scan, but the region has {len(scans)}",
            "remove the model, or keep one scan",
        )
    task = task_of(scans, model, net.activity, net.half_life)
    curve = fit_one(
        task.time[0],
        task.activity[0],
        task.sd[0] if task.sd else None,
        _half_life(region, cycle, earlier),
        task.decay_constant,
        task.unit,
        relative=scans[0].relative,
    )
    return within_administered(curve, task.most)


def _half_life(
    region: str, cycle: DeliveredCycle, earlier: Sequence[Mapping[str, FittedCurve]]
) -> HalfLife:
    """Return the half-life of a single scan, from an earlier cycle, the file or the population."""
    like = "blood" if region == "blood" else regions.region(region).like
    row = population_figures.effective_half_life(like)
    population = row if agents.has_population(cycle.agent) else None
    names = with_pair(region)
    from_file = next((cycle.half_lives[name] for name in names if name in cycle.half_lives), None)
    unused = f"; {from_file.value:.4g} h of the patient file not used" if from_file else ""
    for number in range(len(earlier), 0, -1):
        curve = next((earlier[number - 1][n] for n in names if n in earlier[number - 1]), None)
        if curve is None or curve.model == SINGLE:
            continue
        effective = curve.effective_half_life
        if curve.biological_half_life is None:
            spread = population[1] if population else tables.default("half_life_cv", "1")
            words = f"cycle {number}, no biological clearance detected, sd of {100 * spread:.0f} % "
            words += f"below it used{unused}"
            return HalfLife(effective.value, log_variance(spread) ** 0.5, words)
        spread = (effective.sd or 0.0) / effective.value
        if 0 < spread <= VAGUE:  # else on a bound, or hardly determined
            words = f"measured in cycle {number}{unused}"
            return HalfLife(effective.value, log_variance(spread) ** 0.5, words)
    if from_file is not None:
        if from_file.sd is not None:
            spread, words = from_file.sd / from_file.value, ""
        else:
            spread = population[1] if population else tables.default("half_life_cv", "1")
            words = f", no sd given; {100 * spread:.0f} % used"
        return HalfLife(
            from_file.value, log_variance(spread) ** 0.5, f"from the patient file{words}"
        )
    if population is not None:
        median, cv, source = population
        return HalfLife(median, log_variance(cv) ** 0.5, f"population, {source}")
    raise refuse(
        "no-half-life",
        "only one scan, and no effective half-life is known",
        "take a second sample"
        if region == "blood"
        else f"measure a second time, or give effective_half_lives.{region}",
    )


def sources_of(
    curves: Mapping[str, FittedCurve], cycle: DeliveredCycle, notes: Notes
) -> dict[str, Source]:
    """Return the sources of dose; blood and vertebrae make the red marrow."""
    sources: dict[str, Source] = {}
    for region, curve in curves.items():
        if region == "blood" or curve.tia.unit == "kBq/mL*h":
            continue
        sources[region] = _source(curve, 1.0)
    concentration = curves.get("blood") or curves.get(MARROW)
    if concentration is not None and MARROW not in sources:
        ratio = _ratio(cycle, notes) if "blood" in curves else 1.0
        factor = float(marrow.marrow_activity.kernel(MBQ_PER_KBQ, cycle.red_marrow_mass, ratio))
        if "blood" not in curves:
            notes.assumptions.append(
                "red marrow: activity concentration of the lumbar vertebrae; 1 mL counted as 1 g"
            )
        sources[MARROW] = _source(concentration, factor)
    return sources


def _source(curve: FittedCurve, factor: float) -> Source:
    tia = curve.tia.value * factor
    if curve.half_life_effect is not None:
        spread = float(curve.sd[0] / curve.activity[0]) * tia
    else:
        spread = tia if curve.tia.sd is None else curve.tia.sd * factor
    return Source(tia, spread, curve.shape.scaled(factor), curve.half_life_effect)


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
