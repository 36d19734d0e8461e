"""Quadrature nodes of a curve: slow half-life, inner parameters and scale, with their likelihood.

The slow half-life has Gauss-Legendre nodes over the range that matters. At each of them the inner
parameters have Gauss-Hermite nodes, centred at their most probable values and scaled by the
curvature there (adaptive Gauss-Hermite quadrature, Liu and Pierce 1994). One such node an axis
would be Laplace's approximation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from dosimetry.physics.kinetics import Array
from dosimetry.physics.posterior.likelihood import Data, scale_of
from dosimetry.physics.posterior.priors import LogHalfLives
from dosimetry.physics.posterior.rules import hermite, legendre
from dosimetry.physics.posterior.search import most_probable
from dosimetry.physics.posterior.shapes import INNER, FastPriors, Shapes, shapes_of

SLOW_NODES: Mapping[str, int] = MappingProxyType(
    {"mono": 240, "uptake": 48, "bi": 32, "bi-uptake": 32}
)
REACH = 5.5  # sds of the slow half-life on either side of its most probable value
NEAR_PHYSICAL = 2.5  # standard normal number of a slow half-life near the physical one
WIDE = 1.0  # of a range, on either side
PER_AXIS: Mapping[str, int] = MappingProxyType({"mono": 1, "uptake": 13, "bi": 9, "bi-uptake": 6})
# With a flat prior the uptake has a plateau towards fast ones, which is far from a normal.
OF_FLAT_UPTAKE = 49


@dataclass(frozen=True, eq=False)
class Nodes:
    """Nodes of one model for some curves; arrays have the shape (curves, slow, inner).

    Attributes
    ----------
    model : str
    log_half_life : array, shape (curves, slow)
        ln of the slow half-life in h.
    log_weight : array
        Of the likelihood and the inner prior, for an integral over ln T.
    shapes : Shapes
    scale, variance : array
        Mean and variance of ln A.
    log_tia : array
        Mean of ln TIA.
    chi2 : array, shape (curves,)
        The least of all nodes.
    """

    model: str
    log_half_life: Array
    log_weight: Array
    shapes: Shapes
    scale: Array
    variance: Array
    log_tia: Array
    chi2: Array


def nodes_of(
    model: str,
    data: Data,
    slow: LogHalfLives,
    longest: Array,
    priors: FastPriors,
    finer: int = 1,
) -> Nodes:
    """Return the nodes of one model for a batch of curves.

    Parameters
    ----------
    model : str
    data : Data
    slow : LogHalfLives
        A wide distribution of the slow half-life, over which nodes are placed.
    longest : array, shape (curves, 1)
        ln of the physical half-life in h.
    priors : FastPriors
    finer : int
        Multiple of the number of nodes of the slow half-life.
    """
    curves, inner = data.time.shape[1], len(INNER[model])

    def residuals(parameters: Array) -> list[Array]:
        shapes = shapes_of(model, slow.at(parameters[0], longest), parameters[1:], priors)
        return [*scale_of(data, shapes).residuals, *parameters]

    start = np.zeros((1 + inner, curves, 1))
    if len(data.time) > 1:  # absolute sds do not lead there from a curve that is far too fast
        start[0] = slow.number_of(data.last_half_life(longest), longest)
    middle, matrix = most_probable(residuals, start)
    spread = np.sqrt(np.linalg.inv(matrix)[..., 0, 0])
    axis, axis_weights = legendre(finer * SLOW_NODES[model])
    z_slow, half = _range(middle[0], REACH * np.minimum(spread, 1.0), axis)
    log_half_life = slow.at(z_slow, longest)
    z, log_volume = _inner(model, data, log_half_life, middle[1:], priors)
    shapes = shapes_of(
        model, np.broadcast_to(log_half_life[..., None], log_volume.shape), z, priors.deeper()
    )
    scale = scale_of(data.deeper(), shapes)
    # An integral over ln T has the steps dz N(z) / p(ln T), p the density that places the nodes.
    steps = np.log(axis_weights * half) - 0.5 * z_slow**2 - 0.5 * math.log(2.0 * math.pi)
    steps = steps - slow.log_density(log_half_life, longest)
    log_weight = steps[..., None] + log_volume + scale.log_likelihood
    for each in z:
        log_weight = log_weight - 0.5 * each**2
    chi2 = scale.chi2().min(axis=(1, 2))
    log_tia = np.log(shapes.integral()) + scale.mean
    return Nodes(
        model, log_half_life, log_weight, shapes, scale.mean, scale.variance, log_tia, chi2
    )


def _range(middle: Array, reach: Array, axis: Array) -> tuple[Array, Array]:
    """Return nodes of the slow half-life, and half the width of their range.

    A wide range that nears the physical half-life goes all the way: the density does not end
    there.
    """
    low, high = middle - reach, middle + reach
    near = (high > NEAR_PHYSICAL) & (reach > WIDE)
    high = np.where(near, np.maximum(high, REACH), high)
    half = (high - low) / 2.0
    return low + half * (axis + 1.0), half


def _inner(
    model: str, data: Data, log_half_life: Array, start: Array, priors: FastPriors
) -> tuple[Array, Array]:
    """Return inner nodes, shape (d, curves, slow, inner), and ln of their volumes."""
    count = len(INNER[model])
    if not count:
        return np.zeros((0, *log_half_life.shape, 1)), np.zeros((*log_half_life.shape, 1))

    def residuals(parameters: Array) -> list[Array]:
        shapes = shapes_of(model, log_half_life, parameters, priors)
        return [*scale_of(data, shapes).residuals, *parameters]

    begin = np.repeat(start, log_half_life.shape[1], axis=2)
    middle, matrix = most_probable(residuals, begin)
    flat = model == "uptake" and bool(np.isinf(priors.uptake.log_sd).all())
    steps, log_weights = hermite(count, OF_FLAT_UPTAKE if flat else PER_AXIS[model])
    factor = np.linalg.cholesky(matrix)  # z = middle + L^-T step, with L L^T the matrix
    wanted = np.broadcast_to(steps.T, (*matrix.shape[:-1], len(steps)))
    moved = np.linalg.solve(np.swapaxes(factor, -1, -2), wanted)
    log_size = -np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(axis=-1)
    return middle[..., None] + np.moveaxis(moved, -2, 0), log_size[..., None] + log_weights
