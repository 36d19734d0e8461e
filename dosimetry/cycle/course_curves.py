"""The curves of all delivered cycles of a patient, estimated together.

The curves of one region inform each other over cycles and sides, so they are prepared for the whole
course before any dose. A cohort prepares many patients and computes their nodes in one batch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from dosimetry.cycle.curve_prior import CurvePrior, curve_prior
from dosimetry.cycle.delivered import DeliveredCycle
from dosimetry.cycle.scan_fit import task_of
from dosimetry.patient.by_region import SINGLE
from dosimetry.patient.kidneys import SIDES
from dosimetry.patient.masses import MARROW
from dosimetry.patient.measurements.scan import BLOOD, CONCENTRATION
from dosimetry.patient.scan_time import ActivityAtScan
from dosimetry.patient.schema import LEAST_SQUARES
from dosimetry.physics.averaged_curve import averaged_curve
from dosimetry.physics.fitted_curve import FittedCurve, Points
from dosimetry.physics.fitting import Task, checked_points, fit_many, within_administered
from dosimetry.physics.posterior import (
    CurveNodes,
    Measured,
    RegionPrior,
    nodes_of_curves,
    posterior_of_nodes,
)
from dosimetry.problems import InputError, refuse
from dosimetry.reference import agents, tables
from dosimetry.units import KBQ_PER_MBQ

Key: TypeAlias = tuple[int, str]  # the cycle's index, and the region
Fits: TypeAlias = Mapping[Key, FittedCurve | InputError]


@dataclass(frozen=True, eq=False)
class CurveToEstimate:
    """One measured region of one cycle.

    Attributes
    ----------
    key : (int, str)
        The cycle's index, and the region.
    task : Task
    points : Points
    measured : Measured
        The same points for the posterior.
    before : CurvePrior
        What is known before the measurement.
    by_least_squares : bool
    """

    key: Key
    task: Task
    points: Points
    measured: Measured
    before: CurvePrior
    by_least_squares: bool


@dataclass(frozen=True, eq=False)
class CourseEstimate:
    """The curves of a patient, and what they were estimated from.

    Attributes
    ----------
    curves : sequence of CurveToEstimate
    nodes : sequence of CurveNodes
        Of each of them.
    fits : mapping of (int, str) to FittedCurve or InputError
        The curve of every measured region in every cycle, or why there is none.
    """

    curves: Sequence[CurveToEstimate]
    nodes: Sequence[CurveNodes]
    fits: Fits


def course_curves(cycles: Sequence[DeliveredCycle]) -> Fits:
    """Return the curve of every measured region in every cycle, or why there is none."""
    return course_estimate(cycles).fits


def course_estimate(cycles: Sequence[DeliveredCycle]) -> CourseEstimate:
    """Return the curves of every measured region in every cycle, with their nodes.

    Parameters
    ----------
    cycles : sequence of DeliveredCycle
        All of a patient.

    Notes
    -----
    With the estimator ``least-squares``, a single scan still has the posterior.
    """
    curves, failed = prepared(cycles)
    estimate = estimated_together(curves)
    return replace(estimate, fits={**failed, **estimate.fits})


def prepared(
    cycles: Sequence[DeliveredCycle],
) -> tuple[list[CurveToEstimate], dict[Key, FittedCurve | InputError]]:
    """Return the curves of a patient, checked, and the errors of those that cannot be used."""
    curves: list[CurveToEstimate] = []
    failed: dict[Key, FittedCurve | InputError] = {}
    for cycle in cycles:
        net = cycle.net
        for measured in (net.measured, net.blood):
            for region, scans in measured.by_region().items():
                model = net.models.get(region, "auto")
                known = agents.has_population(cycle.agent)
                before = curve_prior(region, cycle.half_lives, known, net.half_life)
                try:
                    task = task_of(scans, model, net.activity, net.half_life)
                    key, mass = (net.index, region), cycle.masses.get(region)
                    own_mass = None if mass is None else mass.value
                    curves.append(
                        to_estimate(
                            key, scans, task, net.activity, before, cycle.estimator, own_mass
                        )
                    )
                except InputError as error:
                    failed[net.index, region] = error
    return curves, failed


def to_estimate(
    key: Key,
    scans: Sequence[ActivityAtScan],
    task: Task,
    activity: float,
    before: CurvePrior,
    estimator: str,
    mass: float | None = None,
) -> CurveToEstimate:
    """Return the scans of one region, checked.

    ``activity`` is the administered one in MBq, which bounds what the region can hold; ``mass`` is
    the region's in g, which bounds a concentration.

    Raises
    ------
    InputError
        Impossible points, or a model for another number of scans.
    """
    if task.model == SINGLE and len(scans) > 1:
        raise refuse(
            "too-many-points",
            f"model '{SINGLE}' is for one scan, but the region has {len(scans)}",
            "remove the model, or keep one scan",
        )
    if len(scans) == 1 and task.model == "trapezoid":
        raise refuse(
            "one-scan-only",
            "one point does not make a trapezoid",
            "remove the model, or measure a second time",
        )
    points = checked_points(task)
    before_zero = "uptake" in task.model and _begins_above_zero(points)
    if before_zero:
        raise refuse(
            "uptake-from-above-zero",
            f"model '{task.model}' begins at zero, but the region had activity at 0 h",
            "remove the model, or the scan at 0 h",
        )
    if not (points.activity > 0).any():
        raise refuse(
            "no-activity",
            "no scan is above zero",
            "remove the region, or check its activities",
        )
    most = activity * (1.0 + tables.default("measured_excess", "1"))
    if scans[0].unit == CONCENTRATION:
        volume = _least_volume(key[1], mass)
        most = most * KBQ_PER_MBQ / volume if volume else math.inf
    measured = Measured(
        cycle=key[0],
        side=key[1] if key[1] in SIDES else "",
        time=points.time,
        activity=points.activity,
        sd=points.sd,
        relative=points.relative,
        models=_models(before, task.model, points),
        most=most,
    )
    by_fit = task.model == "trapezoid" or (estimator == LEAST_SQUARES and len(scans) > 1)
    return CurveToEstimate(key, task, points, measured, before, by_fit)


def _models(before: CurvePrior, model: str, points: Points) -> tuple[str, ...]:
    """Return the models to average; none that begins at zero where a scan at 0 h is above zero."""
    models = before.models(model, float(points.time[0]))
    if not _begins_above_zero(points):
        return models
    return tuple(name for name in models if "uptake" not in name)


def _begins_above_zero(points: Points) -> bool:
    return bool(points.time[0] == 0 and points.activity[0] > 0)


def _least_volume(region: str, mass: float | None) -> float | None:
    """Return the least volume in mL that holds the activity of a region; None if not known."""
    if region in (BLOOD, MARROW):
        return tables.default("least_distribution_volume", "mL")
    return None if mass is None else mass / tables.default("soft_tissue_density", "g/mL")


def estimated_together(curves: Sequence[CurveToEstimate]) -> CourseEstimate:
    """Return the curves of a patient, or why there is none, with their nodes."""
    nodes = nodes_of_curves([c.measured for c in curves], [c.before.prior for c in curves])
    fitted = [curve for curve in curves if curve.by_least_squares]
    fits = fit_many([curve.task for curve in fitted])
    by_key = {curve.key: fit for curve, fit in zip(fitted, fits, strict=True)}
    return CourseEstimate(curves, nodes, estimated(curves, nodes, by_key))


def estimated(
    curves: Sequence[CurveToEstimate],
    nodes: Sequence[CurveNodes],
    fits: Mapping[Key, FittedCurve | InputError],
) -> dict[Key, FittedCurve | InputError]:
    """Return the curves of a patient.

    Parameters
    ----------
    curves : sequence of CurveToEstimate
        All of the patient.
    nodes : sequence of CurveNodes
        Of each of them.
    fits : mapping
        Least-squares fits of those that are fitted so.
    """
    groups: dict[tuple[str, RegionPrior], list[int]] = {}
    for i, curve in enumerate(curves):
        groups.setdefault((curve.before.region, curve.before.prior), []).append(i)
    result: dict[Key, FittedCurve | InputError] = {}
    for rows in groups.values():
        own = [curves[i] for i in rows]
        if all(curve.by_least_squares for curve in own):
            result.update((curve.key, fits[curve.key]) for curve in own)
            continue
        posteriors = posterior_of_nodes(
            [curve.measured for curve in own], [nodes[i] for i in rows], own[0].before.prior
        )
        for curve, posterior in zip(own, posteriors, strict=True):
            if curve.by_least_squares:
                result[curve.key] = fits[curve.key]
                continue
            averaged = averaged_curve(curve.points, posterior, curve.before.origin)
            said = curve.before.assumptions(curve.task.model, curve.measured.models)
            try:
                within = within_administered(averaged, curve.task.most)
                result[curve.key] = replace(within, assumptions=tuple(said))
            except InputError as error:
                result[curve.key] = error
    return result
