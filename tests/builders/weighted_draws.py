"""The posterior of one curve's TIA without quadrature: draws from the priors, weighted.

Shares nothing with the estimator: curves are drawn by rejection (``true_curves``), each has the
likelihood of the points as its weight. The scale A is flat in ln A: with relative sds ln A is
normal, with absolute ones it is summed over a fine grid.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr
from true_curves import drawn

from dosimetry.physics.kinetics import Array
from dosimetry.physics.posterior import Measured, RegionPrior

BLOCK = 20_000  # draws held in memory together
GRID = np.linspace(-7.0, 7.0, 101)  # sds of the scale about its optimum
LEAST = 1e-3  # of the optimum: a scale is positive
FARTHEST = 30.0  # sds of ln TIA beyond all draws


def drawn_medians(
    rng: np.random.Generator, curves: list[Measured], prior: RegionPrior, count: int
) -> list[float]:
    """Return the median TIA of each curve in MBq h, from the same draws.

    Parameters
    ----------
    rng : Generator
    curves : list of Measured
        Points at the same times, their sds all relative or all absolute, with the same models.
    prior : RegionPrior
    count : int
        Draws of each model, equally probable before the points.
    """
    parts: list[list[Array]] = [[] for _ in curves]
    for kind in curves[0].models:
        for _ in range(-(-count // BLOCK)):
            truth = drawn(rng, prior, kind, BLOCK)
            values, log_integral = truth.at(curves[0].time), np.log(truth.tia())
            for curve, part in zip(curves, parts, strict=True):
                weighed = _relative if curve.relative.all() else _absolute
                weight, mean, variance = weighed(values, curve)
                part.append(np.array([weight, mean + log_integral, variance]))
    return [_median(*np.concatenate(part, axis=1)) for part in parts]


def _relative(values: Array, curve: Measured) -> tuple[Array, Array, Array]:
    """Return likelihood, mean and variance of ln A of curves of unit scale, shape (curves, n)."""
    precision = (curve.activity / curve.sd) ** 2
    apart = np.log(curve.activity) - np.log(values)
    mean = apart @ precision / precision.sum()
    weight = np.exp(-0.5 * (apart - mean[:, None]) ** 2 @ precision)
    return weight, mean, np.full(len(values), 1.0 / precision.sum())


def _absolute(values: Array, curve: Measured) -> tuple[Array, Array, Array]:
    """Return the same where the sds are those of the points."""
    shape, activity = values / curve.sd, curve.activity / curve.sd
    square, product = (shape**2).sum(axis=1), shape @ activity
    best, sd = product / square, 1.0 / np.sqrt(square)
    scale = best[:, None] + sd[:, None] * GRID
    possible = scale > LEAST * best[:, None]
    log_scale = np.log(np.where(possible, scale, 1.0))
    density = np.where(possible, np.exp(-0.5 * GRID**2 - log_scale), 0.0)  # dA/A = d ln A
    total = density.sum(axis=1)
    mean = (density * log_scale).sum(axis=1) / total
    variance = (density * (log_scale - mean[:, None]) ** 2).sum(axis=1) / total
    return np.exp(-0.5 * (activity @ activity - product**2 / square)) * total * sd, mean, variance


def _median(weight: Array, mean: Array, variance: Array) -> float:
    """Return the median of a mixture of log-normal distributions."""
    sd = np.sqrt(variance)

    def above_half(at: float) -> float:
        return float(weight @ ndtr((at - mean) / sd) / weight.sum() - 0.5)

    reach = FARTHEST * sd.max()
    return float(np.exp(brentq(above_half, mean.min() - reach, mean.max() + reach)))
