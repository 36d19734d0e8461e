"""The posterior of time-activity curves: what is reported of each.

Relative sds are of the curve, absolute ones of the points; the scale has a prior flat in its
logarithm; the models are averaged by their evidence with equal prior odds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from dosimetry.physics.decay import LN2
from dosimetry.physics.kinetics import MODELS, Array
from dosimetry.physics.posterior.curve import CurveNodes, Measured, batch, joined, summed
from dosimetry.physics.posterior.drawn import Band, band, typical
from dosimetry.physics.posterior.group import Weighted, weigh
from dosimetry.physics.posterior.nodes import nodes_of
from dosimetry.physics.posterior.priors import FASTEST, HalfLifePrior, LogHalfLives, SlowPrior
from dosimetry.physics.posterior.rules import dot
from dosimetry.physics.posterior.shapes import FastPriors
from dosimetry.physics.posterior.summary import Mixture

BLOCK = 64  # curves computed together
VAGUE = 0.4  # sd of ln T above which the nodes of the slow half-life are doubled
DOUBT = 3.0  # sds
WIDER = 1.2  # the nodes of the slow half-life are placed over its prior made wider by this
LEAST = 1e-20  # variance of ln T of a half-life known exactly
FARTHEST = 300.0  # in ln TIA
UNLIKELY = 15.0  # in the logarithm of a likelihood: 5.5 sds
MISFIT_TAILS = (0.1, 0.001)  # probability of a larger chi-square: usual, rare
LEVELS = (0.05, 0.5, 0.95)
CLASSES = 100  # of a half-life, in which values are averaged
QUANTILES = 401  # of the patient's half-life; odd, so that the middle one is the median


@dataclass(frozen=True)
class RegionPrior:
    """Priors of the half-lives of one region.

    Attributes
    ----------
    slow : SlowPrior
    uptake, fast : HalfLifePrior
    between_sides : float
        sd of ln T between the sides of one cycle.
    """

    slow: SlowPrior
    uptake: HalfLifePrior
    fast: HalfLifePrior
    between_sides: float


@dataclass(frozen=True, eq=False)
class TiaPosterior:
    """Distribution of a TIA, and its sd by what it is common to.

    Attributes
    ----------
    mean, sd : float
        In MBq h; the sd has the misfit in it.
    p5, p50, p95 : float
        Percentiles in MBq h.
    own_sd : float
        Part of the sd that the half-life does not explain.
    cycle_effect : array, shape (401,), or None
        Mean TIA over the quantiles of the half-life in this cycle, relative to ``mean``. None
        with a prior flat in the rate, whose sd is all in ``own_sd``.
    common : float
        Share of its variance that is common to the sides measured in the cycle: what does not
        come from the points of the curve itself.
    half_life_effect : array, shape (401,), or None
        The same over the quantiles of the patient's half-life, common to all cycles and sides.
    """

    mean: float
    sd: float
    p5: float
    p50: float
    p95: float
    own_sd: float
    cycle_effect: Array | None
    common: float
    half_life_effect: Array | None


@dataclass(frozen=True, eq=False)
class CurvePosterior:
    """Posterior of one curve.

    Attributes
    ----------
    tia : TiaPosterior
    half_life : (float, float)
        Median of the slow half-life of the cycle in h, and the sd of its logarithm.
    model : str
        The most probable one.
    weights : dict of str to float
        Probability of each model.
    parameters : array
        Amplitudes and rates of a typical curve of that model, with the mean TIA.
    sds : array
        Of the parameters.
    band : Band
        Of the curve over time, all models.
    chi2 : float
        Of the most probable model.
    dof : int
        Points less free parameters of that model; at least zero.
    information : (float, float, float)
        Share of the information on the half-life from this cycle, other cycles, the population.
    misfit : float
        Factor by which misfit widens the distribution of the TIA; 1 without.
    """

    tia: TiaPosterior
    half_life: tuple[float, float]
    model: str
    weights: dict[str, float]
    parameters: Array
    sds: Array
    band: Band
    chi2: float
    dof: int
    information: tuple[float, float, float]
    misfit: float


def nodes_of_curves(curves: Sequence[Measured], priors: Sequence[RegionPrior]) -> list[CurveNodes]:
    """Return the nodes of many curves; alike ones are computed together.

    Each has the same digits as alone.
    """
    wide = [_placing(curve, prior) for curve, prior in zip(curves, priors, strict=True)]
    alike: dict[tuple[int, tuple[str, ...], bool, bool], list[int]] = {}
    for i, curve in enumerate(curves):
        key = len(curve.time), curve.models, bool(curve.relative.all()), wide[i].log_sd > VAGUE
        alike.setdefault(key, []).append(i)
    result: dict[int, CurveNodes] = {}
    for (_, models, _, vague), rows in alike.items():
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            own = [priors[i] for i in block]
            data = batch([curves[i] for i in block])
            fast = FastPriors(
                LogHalfLives.of([p.uptake for p in own]), LogHalfLives.of([p.fast for p in own])
            )
            longest = np.log([[p.slow.physical] for p in own])
            placing = LogHalfLives.of([wide[i] for i in block])
            parts = [
                nodes_of(model, data, placing, longest, fast, 2 if vague else 1) for model in models
            ]
            for row, i in enumerate(block):
                result[i] = joined(parts, row, curves[i].most)
    return [result[i] for i in range(len(curves))]


def _placing(curve: Measured, prior: RegionPrior) -> HalfLifePrior:
    """Return a distribution of the slow half-life that covers both its prior and the points.

    The points count where the slope between the last two is far from the prior beyond doubt.
    """
    slow = prior.slow
    log_sd = WIDER * slow.log_sd
    if len(curve.time) < 2 or math.isinf(log_sd) or min(curve.activity[-2:]) <= 0:
        return HalfLifePrior(slow.median, log_sd)
    between = float(curve.time[-1] - curve.time[-2])
    slope = math.log(curve.activity[-2] / curve.activity[-1]) / between
    doubt = DOUBT * math.hypot(*(curve.sd[-2:] / curve.activity[-2:])) / between
    rate = min(max(LN2 / slow.median, slope - doubt), slope + doubt)
    rate = min(max(rate, LN2 / slow.physical), FASTEST)
    return HalfLifePrior(slow.median, max(log_sd, abs(math.log(LN2 / rate / slow.median)) / DOUBT))


def posterior_of(curves: Sequence[Measured], prior: RegionPrior) -> list[CurvePosterior]:
    """Return the posterior of every curve of one region of a patient.

    Parameters
    ----------
    curves : sequence of Measured
        Over cycles and sides.
    prior : RegionPrior
    """
    return posterior_of_nodes(curves, nodes_of_curves(curves, [prior] * len(curves)), prior)


def posterior_of_nodes(
    curves: Sequence[Measured], nodes: Sequence[CurveNodes], prior: RegionPrior
) -> list[CurvePosterior]:
    """Return as :func:`posterior_of` does, with nodes computed before."""
    with np.errstate(over="ignore", invalid="ignore"):  # the caller refuses an infinite TIA
        weighed = weigh(curves, nodes, prior.slow, prior.between_sides)
        return [_summary(len(c.time), own) for c, own in zip(curves, weighed, strict=True)]


def flat_posteriors(curves: Sequence[Measured], physical: Sequence[float]) -> list[TiaPosterior]:
    """Return the posterior of each curve by itself with a prior flat in the slowest rate.

    Half-lives of uptake and of a fast phase have priors flat in their logarithm. Nodes less likely
    than the best by a factor of exp(UNLIKELY) are left out: with absolute sds, a curve that is
    extrapolated back without limit is never impossible.

    Parameters
    ----------
    curves : sequence of Measured
        With one model each.
    physical : sequence of float
        Physical half-life of each in h.
    """
    flat = HalfLifePrior(1.0, math.inf)
    priors = [RegionPrior(SlowPrior(1.0, math.inf, math.inf, t), flat, flat, 0.0) for t in physical]
    result = []
    for nodes in nodes_of_curves(curves, priors):
        likely = nodes.weight > math.exp(-UNLIKELY)
        probability = np.where(likely, nodes.weight * nodes.shapes.slow, 0.0)
        mixture = Mixture(probability / probability.sum(), nodes.log_tia, nodes.variance)
        mean, sd = mixture.moments()
        p5, p50, p95 = mixture.percentiles(LEVELS)
        result.append(TiaPosterior(mean, sd, p5, p50, p95, sd, None, 0.0, None))
    return result


def _summary(count: int, own: Weighted) -> CurvePosterior:
    of_model = summed(own.model, own.probability, len(own.models))
    best = int(np.argmax(of_model))
    dofs = np.array([count - MODELS[name].free for name in own.models])
    half_life = -np.log(own.shapes.slow / LN2)
    log_half_life = float(dot(own.probability, half_life))
    variance = float(dot(own.probability, (half_life - log_half_life) ** 2))
    information = _information(*own.spreads, variance)
    misfit = _misfit(of_model, own.chi2, dofs)
    tia = _tia(own, information[0], misfit)
    parameters, sds = typical(own, best, tia.mean, tia.sd)
    return CurvePosterior(
        tia=tia,
        half_life=(math.exp(log_half_life), math.sqrt(variance)),
        model=own.models[best],
        weights=dict(zip(own.models, of_model.tolist(), strict=True)),
        parameters=parameters,
        sds=sds,
        band=band(own),
        chi2=float(own.chi2[best]),
        dof=max(int(dofs[best]), 0),
        information=information,
        misfit=misfit,
    )


def _tia(own: Weighted, information: float, stretch: float) -> TiaPosterior:
    """Return the distribution of the TIA.

    Parameters
    ----------
    own : Weighted
    information : float
        Share of the information on the half-life from the points of the curve itself.
    stretch : float
        Factor by which misfit widens the distribution.
    """
    mixture = Mixture(own.probability, own.log_tia, own.variance)
    mean, sd = mixture.moments()
    low, middle, high = mixture.percentiles(LEVELS)
    given_node = np.exp(own.log_tia + own.variance / 2.0 - math.log(mean))
    cycle = _over_half_lives(-np.log(own.shapes.slow), own.probability, given_node)
    rest = (stretch * sd / mean) ** 2 - float(np.var(cycle))
    return TiaPosterior(
        mean=mean,
        sd=sd * stretch,
        p5=middle * _stretched(low / middle, stretch),
        p50=middle,
        p95=middle * _stretched(high / middle, stretch),
        own_sd=mean * math.sqrt(max(rest, 0.0)),
        cycle_effect=cycle,
        common=1.0 - information,
        half_life_effect=_over_quantiles(own.patient, own.mean_of_patient),
    )


def _over_half_lives(log_half_life: Array, probability: Array, value: Array) -> Array:
    """Return the mean of a value over quantiles of the cycle's half-life, relative to its mean."""
    order = np.argsort(log_half_life, kind="stable")
    chance = probability[order]
    reached = np.cumsum(chance) - chance / 2.0
    place = np.minimum((CLASSES * reached).astype(int), CLASSES - 1)
    total = summed(place, chance, CLASSES)
    used = total > 0
    middle = summed(place, chance * reached, CLASSES)[used] / total[used]
    mean = summed(place, chance * value[order], CLASSES)[used] / total[used]
    at = np.interp((np.arange(QUANTILES) + 0.5) / QUANTILES, middle, mean)
    return np.asarray(at / at.mean())


def _stretched(ratio: float, stretch: float) -> float:
    """Return a ratio to the power of the misfit, within what numbers can hold."""
    return math.exp(min(max(stretch * math.log(ratio), -FARTHEST), FARTHEST))


def _misfit(of_model: Array, chi2: Array, dofs: Array) -> float:
    """Return the factor by which misfit widens the sd.

    The root of chi-square per degree of freedom where noise alone has it in one curve of a
    thousand, 1 where it has it in one of ten, and even between them.
    """
    freedom = max(float(dot(of_model, np.maximum(dofs, 0))), 1.0)
    whole = float(dot(of_model, chi2))
    usual, rare = (float(chdtri(freedom, tail)) for tail in MISFIT_TAILS)
    beyond = min(max((whole - usual) / (rare - usual), 0.0), 1.0)
    return 1.0 + beyond * max(math.sqrt(whole / freedom) - 1.0, 0.0)


def _information(prior: float, before: float, after: float) -> tuple[float, float, float]:
    """Return shares of the information on ln T: of this cycle, other cycles, the population."""
    precisions = np.maximum.accumulate([1.0 / max(v, LEAST) for v in (prior, before, after)])
    of_population, of_others, of_this = precisions[0], *np.diff(precisions)
    total = precisions[-1]
    return float(of_this / total), float(of_others / total), float(of_population / total)


def _over_quantiles(patient: Array, mean: Array) -> Array:
    """Return the mean TIA over quantiles of the patient's half-life, relative to its mean."""
    reached = np.cumsum(patient) - patient / 2.0
    at = np.interp((np.arange(QUANTILES) + 0.5) / QUANTILES, reached, mean)
    return np.asarray(at / at.mean())
