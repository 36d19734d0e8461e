"""Likelihood of points given the shape of a curve, its scale integrated out.

The scale A of a curve has a prior flat in ln A. With relative sds the points are log-normal about
the curve, and the integral is exact; with absolute sds they are normal, and it is a sum over ln A.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dosimetry.physics.decay import LN2
from dosimetry.physics.kinetics import Array
from dosimetry.physics.posterior.priors import FASTEST
from dosimetry.physics.posterior.shapes import Shapes

NODES, WEIGHTS = np.polynomial.legendre.leggauss(15)
REACH = 6.0  # sds of ln A on either side of its optimum
FARTHEST = 4.0  # in ln A, where points of large absolute sds hardly determine it
NEWTON_STEPS = 8


@dataclass(frozen=True, eq=False)
class Data:
    """Points of curves, one curve a row; the arrays have the points along the first axis.

    Attributes
    ----------
    time, activity, sd : array, shape (n, curves, 1)
        In h and MBq; the sd at the measured activity.
    relative : array of bool, shape (n, curves, 1)
        Whether the sd is relative to the curve.
    """

    time: Array
    activity: Array
    sd: Array
    relative: npt.NDArray[np.bool_]

    @property
    def all_relative(self) -> bool:
        """Whether every sd is relative to the curve."""
        return bool(self.relative.all())

    def last_half_life(self, physical: Array) -> Array:
        """Return ln of the half-life between the last two points, shape (curves, 1).

        At most ``physical``, which it also is of points that rise. Two points at least.
        """
        before, last = np.maximum(self.activity[-2:], 1e-300)
        rate = np.log(before / last) / (self.time[-1] - self.time[-2])
        slowest = LN2 * np.exp(-physical)
        return np.asarray(np.log(LN2 / np.clip(rate, slowest, FASTEST)))

    def deeper(self) -> Data:
        """Return the same with a further axis for the nodes of inner parameters."""
        return Data(
            self.time[..., None],
            self.activity[..., None],
            self.sd[..., None],
            self.relative[..., None],
        )


@dataclass(frozen=True, eq=False)
class Scale:
    """Distribution of ln A given the shape, and how well the shape fits.

    Attributes
    ----------
    log_likelihood : array
        Of the shape, without a constant of the curve.
    mean, variance : array
        Of ln A.
    residuals : list of array
        Of each point, in sds, at the mean.
    """

    log_likelihood: Array
    mean: Array
    variance: Array
    residuals: list[Array]

    def chi2(self) -> Array:
        """Return chi-square at the mean of ln A."""
        return np.asarray(sum(residual * residual for residual in self.residuals))


def scale_of(data: Data, shapes: Shapes) -> Scale:
    """Return the distribution of ln A of every curve and shape, arrays (curves, shapes)."""
    values = [shapes.at(time) for time in data.time]
    return _relative(data, values) if data.all_relative else _any(data, values)


def _relative(data: Data, values: list[Array]) -> Scale:
    apart = [np.log(y) - np.log(g) for y, g in zip(data.activity, values, strict=True)]
    precision = [(y / sd) ** 2 for y, sd in zip(data.activity, data.sd, strict=True)]
    total = sum(precision)
    mean = sum(w * z for w, z in zip(precision, apart, strict=True)) / total
    residuals = [np.sqrt(w) * (z - mean) for w, z in zip(precision, apart, strict=True)]
    chi2 = sum(residual * residual for residual in residuals)
    variance = np.broadcast_to(1.0 / total, mean.shape)
    return Scale(-0.5 * np.asarray(chi2), np.asarray(mean), variance, residuals)


def _any(data: Data, values: list[Array]) -> Scale:
    """Return the distribution of ln A where some sds are absolute.

    With u = ln A, -2 ln L = sum of w (z - u)^2 over relative points, - 2 e^u s1 + e^2u s2 over
    absolute ones.
    """
    zero = np.zeros_like(values[0])
    precision, first, squares, s1, s2, s0 = (zero.copy() for _ in range(6))
    for y, sd, relative, g in zip(data.activity, data.sd, data.relative, values, strict=True):
        weight = np.where(relative, (y / sd) ** 2, 0.0)
        apart = np.where(relative, np.log(np.where(relative, y, 1.0)) - np.log(g), 0.0)
        precision += weight
        first += weight * apart
        squares += weight * apart * apart
        own = np.where(relative, 0.0, 1.0 / sd**2)
        s1, s2, s0 = s1 + own * y * g, s2 + own * g * g, s0 + own * y * y
    middle = _middle(precision, first, s1, s2)
    curvature = np.maximum(precision + np.exp(2.0 * middle) * s2, 1e-300)
    reach = np.minimum(REACH / np.sqrt(curvature), FARTHEST)
    u = middle[..., None] + reach[..., None] * NODES
    scale = np.exp(u)
    exponent = -0.5 * (
        squares[..., None] - 2.0 * u * first[..., None] + u * u * precision[..., None]
    ) - 0.5 * (s0[..., None] - 2.0 * scale * s1[..., None] + scale * scale * s2[..., None])
    top = exponent.max(axis=-1)
    weights = WEIGHTS * np.exp(exponent - top[..., None])
    total = weights.sum(axis=-1)
    mean = (weights * u).sum(axis=-1) / total
    variance = (weights * (u - mean[..., None]) ** 2).sum(axis=-1) / total
    residuals = [
        np.where(
            relative,
            (y / sd) * (np.log(np.where(relative, y, 1.0)) - np.log(g) - mean),
            (y - np.exp(mean) * g) / sd,
        )
        for y, sd, relative, g in zip(data.activity, data.sd, data.relative, values, strict=True)
    ]
    return Scale(top + np.log(total * reach), mean, variance, residuals)


def _middle(precision: Array, first: Array, s1: Array, s2: Array) -> Array:
    """Return the most likely ln A, by Newton's method; at least one sd of the absolute points."""
    floor = np.sqrt(np.maximum(s2, 1e-300))
    alone = np.log(np.maximum(s1, floor)) - np.log(np.maximum(s2, 1e-300))
    u = np.where(precision > 0, first / np.maximum(precision, 1e-300), alone)
    for _ in range(NEWTON_STEPS):
        scale = np.exp(np.minimum(u, 300.0))
        slope = first - precision * u + scale * np.maximum(s1, floor * (s2 > 0)) - scale**2 * s2
        curvature = precision + scale**2 * s2 + np.maximum(scale**2 * s2 - scale * s1, 0.0)
        u = u + np.clip(slope / np.maximum(curvature, 1e-300), -1.0, 1.0)
    return np.asarray(u)
