"""What is known of a region's curve in a cycle to come, from the cycles measured so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dosimetry.cycle.course_curves import CourseEstimate, CurveToEstimate
from dosimetry.cycle.curve_prior import curve_prior
from dosimetry.patient.schema import PatientFile
from dosimetry.physics.decay import LN2
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.kinetics import MODELS, Exponentials
from dosimetry.physics.posterior import cycle_to_come
from dosimetry.physics.scan_design import CurveAhead
from dosimetry.problems import InputError
from dosimetry.reference import agents, nuclides, tables
from dosimetry.reference import regions as regions_figures

LEAST_NOISE = 1e-5  # of a scan whose sd was given as 0 %


@dataclass(frozen=True, eq=False)
class KnownCurve:
    """A region's curve before the scans of a cycle to come.

    Attributes
    ----------
    curve : CurveAhead
    half_life : float
        Median of the slow half-life in h.
    cycles : tuple of int
        Numbers of the cycles that it rests on; empty where it rests on the origin alone.
    origin : str
        Source of the half-life before any measurement, in words.
    noise_given : bool
        Whether the patient's own scans give the noise.
    model : str
        Model of the shape.
    """

    curve: CurveAhead
    half_life: float
    cycles: tuple[int, ...]
    origin: str
    noise_given: bool
    model: str

    def without_scale(self) -> CurveAhead:
        """Return the curve with nothing known of its scale, as a plan estimates it."""
        return replace(self.curve, log_scale_sd=math.inf)


def known_curves(
    patient: PatientFile, estimate: CourseEstimate, regions: Sequence[str]
) -> dict[str, KnownCurve]:
    """Return what is known of the curves of regions before they are scanned again.

    Parameters
    ----------
    patient : PatientFile
    estimate : CourseEstimate
        Of all delivered cycles.
    regions : sequence of str
        Regions, or ``blood``; the pair of kidneys for its sides.
    """
    return {region: _known(region, patient, estimate) for region in regions}


def _known(region: str, patient: PatientFile, estimate: CourseEstimate) -> KnownCurve:
    physical = nuclides.half_life(regions_figures.NUCLIDE)
    agent, half_lives = patient.therapy.radiopharmaceutical, patient.effective_half_lives
    before = curve_prior(region, half_lives, agents.has_population(agent), physical)
    both = zip(estimate.curves, estimate.nodes, strict=True)
    own = [(curve, nodes) for curve, nodes in both if curve.before.region == region]
    if own:  # sides with half-lives of their own in the patient file: the best measured counts
        before = max((c for c, _ in own), key=lambda c: len(c.measured.time)).before
    prior, origin = before.prior, before.origin
    curves = [curve for curve, _ in own if curve.before.prior == prior]
    nodes = [nodes for curve, nodes in own if curve.before.prior == prior]
    middle, spread = cycle_to_come(
        [curve.measured for curve in curves], nodes, prior.slow, prior.between_sides
    )
    model, shape = _shape([estimate.fits[curve.key] for curve in curves], math.exp(middle))
    given = [curve for curve in curves if not curve.points.sd_assumed]
    noise = _noise(given) if given else tables.default("scan_point_sd", "1")
    ahead = CurveAhead(shape, spread, noise, tables.default("scan_scale_log_sd", "1"))
    numbers = sorted({curve.key[0] + 1 for curve in curves})
    return KnownCurve(ahead, math.exp(middle), tuple(numbers), origin, bool(given), model)


def _shape(fits: Sequence[FittedCurve | InputError], half_life: float) -> tuple[str, Exponentials]:
    """Return the shape of the best measured curve with the half-life of the cycle to come.

    One phase where no curve has as many points as its shape needs, or none is exponential.
    """
    fit = [
        curve
        for curve in fits
        if isinstance(curve, FittedCurve)
        and isinstance(curve.shape, Exponentials)
        and len(curve.time) >= MODELS[curve.model].free
    ]
    if not fit:
        return "mono", Exponentials(np.ones(1), np.array([LN2 / half_life]))
    lender = max(fit, key=lambda curve: len(curve.time))
    assert isinstance(lender.shape, Exponentials)
    order = np.argsort(lender.shape.rates, kind="stable")
    rates = np.array([LN2 / half_life, *lender.shape.rates[order][1:]])
    return lender.model, Exponentials(lender.shape.amplitudes[order], rates)


def _noise(curves: Sequence[CurveToEstimate]) -> float:
    """Return the median relative sd of the scans so far."""
    ratios = [curve.measured.sd / np.abs(curve.measured.activity) for curve in curves]
    return max(float(np.median(np.concatenate(ratios))), LEAST_NOISE)
