"""Curves of unit scale in plain half-lives, their prior distributions, and their likelihood.

A curve is a column (x, logit of the share of the slow phase, ln T of the fast phase, ln T of
uptake), as far as its model has them, x the logarithm of the slow half-life in h.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import log_ndtr, ndtr

from dosimetry.recalculation.integrals import Array
from dosimetry.recalculation.readings import HalfLives, LogNormal, Reading

LN2 = math.log(2)
SHORTEST = math.log(LN2 / 20.0)  # ln of the half-life in h of the fastest rate, 20 /h
FAST_PHASE = math.log(0.8)  # ln of the longest fast half-life as a share of the slow one
PARAMETERS = {"mono": 2, "uptake": 3, "bi": 4, "bi-uptake": 5}  # with the scale
TINY = 1e-100
STEPS = np.linspace(-1.0, 1.0, 25)  # of ln A, where an sd is absolute
REACH, FARTHEST = 6.0, 4.0  # of these steps: in sds, and in ln A


@dataclass(frozen=True, eq=False)
class Fit:
    """How well curves of unit scale fit points; arrays of shape (m,).

    Attributes
    ----------
    log_likelihood : array
        With the scale A integrated out, flat in ln A.
    scale : array
        Mean of ln A.
    variance : array
        Of ln A.
    residuals : array, shape (points, m)
        In sds, at that scale.
    """

    log_likelihood: Array
    scale: Array
    variance: Array
    residuals: Array

    @property
    def chi2(self) -> Array:
        """Sum of the squares of the residuals."""
        return np.asarray((self.residuals**2).sum(axis=0))


def log_activity(model: str, columns: Array, time: Array) -> Array:
    """Return ln of curves of unit scale at times in h, shape (times, m).

    The slow exponential is taken out, so that nothing vanishes however late the time.

    Examples
    --------
    >>> np.exp(log_activity("mono", np.log([[50.0]]), np.array([0.0, 50.0])))[:, 0].tolist()
    [1.0, 0.5]
    """
    t = LN2 * time[:, None]
    slow = np.exp(-columns[0])
    rest: Array = np.ones((len(time), columns.shape[1]))
    if model.startswith("bi"):
        share = 1.0 / (1.0 + np.exp(-columns[1]))
        rest = share + (1.0 - share) * np.exp(np.minimum(t * (slow - np.exp(-columns[2])), 0.0))
    if "uptake" in model:
        rest = rest - np.exp(np.minimum(t * (slow - np.exp(-columns[-1])), 0.0))
    return np.asarray(np.log(np.maximum(rest, TINY)) - t * slow)


def log_area(model: str, columns: Array) -> Array:
    """Return ln of the integrals of curves of unit scale from zero to infinity, in h.

    Examples
    --------
    >>> float(np.exp(log_area("mono", np.log([[50.0]])))[0].round(4))
    72.1348
    """
    value = np.exp(columns[0])
    if model.startswith("bi"):
        share = 1.0 / (1.0 + np.exp(-columns[1]))
        value = share * value + (1.0 - share) * np.exp(columns[2])
    if "uptake" in model:
        value = value - np.exp(columns[-1])
    return np.asarray(np.log(np.maximum(value, TINY) / LN2))


def log_largest(model: str, columns: Array) -> Array:
    """Return ln of the largest activity of curves of unit scale.

    exp(-a t) - exp(-b t) is largest at t = ln(b/a)/(b - a). Of two phases, the larger of the
    activities at the maxima of either alone.

    Examples
    --------
    >>> half = log_largest("uptake", np.log([[50.0], [25.0]]))  # r = 1/2: r^(r/(1-r)) (1 - r)
    >>> round(float(np.exp(half)[0]), 9)
    0.25
    """
    if "uptake" not in model:
        return np.zeros(columns.shape[1])
    rates = [LN2 * np.exp(-columns[0])]
    if model.startswith("bi"):
        rates.append(LN2 * np.exp(-columns[2]))
    up = LN2 * np.exp(-columns[-1])
    tops = []
    for rate in rates:
        apart = np.maximum(up - rate, 1e-9 * rate)
        time = np.log1p(apart / rate) / apart
        rises = [
            np.exp(-each * time) * -np.expm1(-np.maximum(up - each, 0.0) * time) for each in rates
        ]
        share = 1.0 / (1.0 + np.exp(-columns[1])) if len(rates) > 1 else 1.0
        tops.append(share * rises[0] + ((1.0 - share) * rises[1] if len(rates) > 1 else 0.0))
    return np.asarray(np.log(np.maximum(np.max(tops, axis=0), TINY)))


def log_inner_prior(model: str, columns: Array, half_lives: HalfLives) -> Array:
    """Return the log density of all parameters but the slow half-life, given that one.

    Minus infinity outside the bounds: T_uptake < T_fast < 0.8 T < 0.8 T_physical.
    """
    longest = columns[0]
    inside = (longest > SHORTEST) & (longest <= math.log(half_lives.physical))
    total = np.where(inside, 0.0, -np.inf)
    if model.startswith("bi"):
        total = total - np.logaddexp(0.0, columns[1]) - np.logaddexp(0.0, -columns[1])
        total = total + _cut(half_lives.fast, columns[2], longest + FAST_PHASE)
        longest = columns[2]
    if "uptake" in model:
        total = total + _cut(half_lives.uptake, columns[-1], longest)
    return np.asarray(total)


def _cut(prior: LogNormal, x: Array, longest: Array) -> Array:
    """Return the log density of ln T between SHORTEST and ``longest``; flat with an infinite sd."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if math.isinf(prior.log_sd):
            density = -np.log(longest - SHORTEST)
        else:
            middle, spread = math.log(prior.median), prior.log_sd
            high, low = (longest - middle) / spread, (SHORTEST - middle) / spread
            mass = log_ndtr(high) + np.log1p(-np.exp(log_ndtr(low) - log_ndtr(high)))
            density = -0.5 * ((x - middle) / spread) ** 2 - mass
            density -= math.log(spread * math.sqrt(2.0 * math.pi))
    return np.where((x > SHORTEST) & (x < longest), density, -np.inf)


def fit_of(reading: Reading, model: str, columns: Array) -> Fit:
    """Return the likelihood of curves of unit scale, their scale integrated out."""
    log_shape = log_activity(model, columns, reading.time)
    if reading.relative.all():
        weight = ((reading.value / reading.sd) ** 2)[:, None]
        apart = np.log(reading.value)[:, None] - log_shape
        total = float(weight.sum())
        scale = (weight * apart).sum(axis=0) / total
        residuals = np.sqrt(weight) * (apart - scale)
        log_likelihood = -0.5 * (residuals**2).sum(axis=0)
        return Fit(log_likelihood, scale, np.full(scale.shape, 1.0 / total), residuals)
    highest = log_shape.max(axis=0)
    fit = _fit_absolute(reading, log_shape - highest)
    return replace(fit, scale=fit.scale - highest)


def _fit_absolute(reading: Reading, log_shape: Array) -> Fit:
    """Return as :func:`fit_of` does where some sds are absolute: the trapezoidal rule over ln A."""
    of_curve = reading.relative
    log_apart = np.log(reading.value[of_curve])[:, None] - log_shape[of_curve]
    weight = ((reading.value / reading.sd)[of_curve] ** 2)[:, None]
    w, wz = weight.sum(), (weight * log_apart).sum(axis=0)
    wzz = (weight * log_apart**2).sum(axis=0)
    precision = (1.0 / reading.sd[~of_curve] ** 2)[:, None]
    value, g = reading.value[~of_curve][:, None], np.exp(log_shape[~of_curve])
    yy = float((precision * value**2).sum())
    yg, gg = (precision * value * g).sum(axis=0), (precision * g**2).sum(axis=0)

    def minus_two_log(u: Array) -> Array:
        e = np.exp(u)
        return np.asarray(w * u * u - 2.0 * u * wz + wzz + yy - 2.0 * e * yg + e * e * gg)

    # At least one sd of the points: noise may leave nothing above zero.
    u = np.log(np.maximum(yg, np.sqrt(gg)) / gg)
    if w:
        for _ in range(12):  # Newton's steps with the curvature of the expected information
            e = np.exp(u)
            u = u + np.clip((wz - w * u + e * yg - e * e * gg) / (w + e * e * gg), -1.0, 1.0)
    reach = np.minimum(REACH / np.sqrt(w + np.exp(2.0 * u) * gg), FARTHEST)
    grid = u + STEPS[:, None] * reach
    exponent = -0.5 * minus_two_log(grid)
    top = exponent.max(axis=0)
    density = np.exp(exponent - top)
    density[[0, -1]] /= 2.0
    total = density.sum(axis=0)
    scale = (density * grid).sum(axis=0) / total
    variance = (density * (grid - scale) ** 2).sum(axis=0) / total
    residuals = np.concatenate([
        np.sqrt(weight) * (log_apart - scale), np.sqrt(precision) * (value - np.exp(scale) * g)
    ])  # fmt: skip
    log_likelihood = top + np.log(total * reach * (STEPS[1] - STEPS[0]))
    return Fit(log_likelihood, scale, variance, residuals)


def within(most: float, scale: Array, variance: Array) -> Array:
    """Return the probability that a scale is at most ``most``."""
    if math.isinf(most):
        return np.ones(scale.shape)
    return np.asarray(ndtr((math.log(most) - scale) / np.sqrt(variance)))
