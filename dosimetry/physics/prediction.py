"""Prediction of the cycles to come: joint distribution of dose per activity over cycles.

ln k_c = mu + delta_c, delta_c ~ N(0, omega^2) between cycles, mu ~ N(m0, s0^2) over patients. A
measured cycle gives y_c = ln k_c + e_s + e_c, e_s shared by all cycles, e_c of the cycle alone. All
Gaussian, so the joint distribution given the measurements is exact: one small linear solve.

A dose that lacks a source is only a lower bound. It conditions the draws: the cycle with the
tightest bound is drawn above it (a truncated normal), the other bounds weigh the draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

from dosimetry.physics.draws import standard_normal, uniform_of_bound
from dosimetry.physics.kinetics import Array
from dosimetry.quantities import Estimate

NORMAL_95 = 1.6448536269514722  # 95th percentile of the standard normal distribution
LEAST_SPREAD = 1e-9  # of a bound that is exact, in ln

POWERS = np.array([[1.0], [2.0]])  # of a coefficient, in absorbed dose and in BED


@dataclass(frozen=True)
class Prior:
    """Distribution of dose per activity before any measurement.

    Attributes
    ----------
    mean, variance : float
        Of mu, in ln(Gy/GBq); the variance is infinite for a flat prior.
    between_cycles : float
        omega^2.
    """

    mean: float
    variance: float
    between_cycles: float


@dataclass(frozen=True)
class Observation:
    """Dose per activity of one measured cycle.

    Attributes
    ----------
    cycle : int
        From 0.
    coefficient : float
        In Gy/GBq, positive.
    own_sd : float
        Relative sd of this cycle alone.
    shared_sds : tuple of float
        Relative sds that all measured cycles share, one for each cause; signed where a cause can
        raise one cycle and lower another.
    """

    cycle: int
    coefficient: float
    own_sd: float
    shared_sds: tuple[float, ...]


@dataclass(frozen=True)
class LowerBound:
    """Lower bound of the dose per activity of one cycle.

    Attributes
    ----------
    cycle : int
        From 0.
    coefficient : float
        In Gy/GBq, positive.
    relative_sd : float
    """

    cycle: int
    coefficient: float
    relative_sd: float


@dataclass(frozen=True, eq=False)
class Posterior:
    """Joint normal distribution of ln k over the cycles of a course, above lower bounds.

    Attributes
    ----------
    mean : array, shape (n,)
        In ln(Gy/GBq), before the bounds are applied.
    covariance : array, shape (n, n)
    bounds : tuple of LowerBound
    """

    mean: Array
    covariance: Array
    bounds: tuple[LowerBound, ...] = ()

    def first(self, count: int) -> Posterior:
        """Return the distribution of the first cycles alone; the bounds are on these."""
        return Posterior(self.mean[:count], self.covariance[:count, :count], self.bounds)

    def coefficient(self, cycle: int) -> Estimate:
        """Return mean and sd of the dose per activity of one cycle in Gy/GBq."""
        if self.bounds:
            coefficients = self.draws()[:, cycle]
            return Estimate(*weighted_moments(coefficients, self.weights()), "Gy/GBq")
        variance = float(self.covariance[cycle, cycle])
        value = math.exp(float(self.mean[cycle]) + variance / 2)
        return Estimate(value, value * math.sqrt(math.expm1(variance)), "Gy/GBq")

    def percentiles(self, cycle: int) -> tuple[float, float]:
        """Return 5th and 95th percentile of the dose per activity of one cycle in Gy/GBq."""
        if self.bounds:
            low, high = weighted_quantiles(self.draws()[:, cycle], self.weights(), (0.05, 0.95))
            return low, high
        middle = float(self.mean[cycle])
        reach = NORMAL_95 * math.sqrt(float(self.covariance[cycle, cycle]))
        return math.exp(middle - reach), math.exp(middle + reach)

    def draws(self) -> Array:
        """Return draws of the coefficients in Gy/GBq, shape (draws, n), the same at every call."""
        mean, covariance = self.mean[:, None], self.covariance
        if self.bounds:
            mean, covariance = self._above(self._tightest())
        # The jitter, 1e-7 of a coefficient, keeps the matrix definite where a cycle is exact.
        factor = np.linalg.cholesky(covariance + 1e-14 * np.eye(len(self.mean)))
        normal = standard_normal()[:, : len(self.mean)]
        # einsum, not @: the sum must not depend on the number of threads.
        return np.asarray(np.exp(mean + np.einsum("dj,cj->cd", normal, factor))).T

    def weights(self) -> Array | None:
        """Return the weight of every draw, shape (draws,), adding up to one; None if all are equal.

        Notes
        -----
        The cycle with the tightest bound is drawn above it. A weight is the probability that every
        other cycle gave at least its bound.
        """
        others = [bound for bound in self.bounds if bound is not self._tightest()]
        if not others:
            return None
        draws, log_weights = np.log(self.draws()), np.zeros(len(standard_normal()))
        for bound in others:
            above = draws[:, bound.cycle] - math.log(bound.coefficient)
            spread = math.sqrt(log_variance(bound.relative_sd)) or LEAST_SPREAD
            log_weights += log_ndtr(above / spread)
        weights = np.exp(log_weights - log_weights.max())
        return np.asarray(weights / weights.sum())

    def _standardised(self, bound: LowerBound) -> tuple[float, float]:
        """Return how many sds a bound is above the mean, and the sd, with the bound's own error."""
        variance = float(self.covariance[bound.cycle, bound.cycle])
        sd = math.sqrt(variance + log_variance(bound.relative_sd))
        return (math.log(bound.coefficient) - float(self.mean[bound.cycle])) / sd, sd

    def _tightest(self) -> LowerBound:
        return max(self.bounds, key=lambda bound: self._standardised(bound)[0])

    def _above(self, bound: LowerBound) -> tuple[Array, Array]:
        """Return the means, shape (n, draws), and the covariance given one cycle above its bound.

        With e the error of the bound, u = ln k + e is drawn above it, and ln k given u is normal.
        """
        start, sd = self._standardised(bound)
        # The upper tail at uniform probabilities, in logarithms: far out nothing underflows.
        above = -ndtri_exp(np.log1p(-uniform_of_bound()) + log_ndtr(-start))
        gain = self.covariance[:, bound.cycle] / sd
        mean = self.mean[:, None] + gain[:, None] * above
        return mean, self.covariance - np.outer(gain, gain)


def log_variance(relative_sd: float) -> float:
    """Return the variance of ln x of a log-normal x from its coefficient of variation.

    Examples
    --------
    >>> print(f"{log_variance(0.15):.6f}")
    0.022251
    """
    return math.log1p(relative_sd**2)


def population_prior(mean: float, sd: float, between_cycle_cv: float) -> Prior:
    """Return the prior of a region from mean and sd over patients of one cycle.

    Parameters
    ----------
    mean, sd : float
        In Gy/GBq.
    between_cycle_cv : float

    Examples
    --------
    >>> prior = population_prior(0.654, 0.295, 0.15)
    >>> print(f"{prior.mean:.4f} {prior.variance:.4f}")
    -0.5173 0.1630
    """
    between = log_variance(between_cycle_cv)
    variance = max(log_variance(sd / mean) - between, 0.0)
    return Prior(math.log(mean) - (variance + between) / 2, variance, between)


def posterior(prior: Prior, observations: Sequence[Observation], cycles: int) -> Posterior | None:
    """Return the distribution of the coefficients of all cycles given the measured ones.

    Parameters
    ----------
    prior : Prior
    observations : sequence of Observation
        Observations with an infinite sd are ignored.
    cycles : int

    Returns
    -------
    Posterior or None
        None with a flat prior and no measurement.

    Notes
    -----
    With C the covariance of the observations given mu and K that of (ln k, observations), the
    linear system is the one of kriging with an unknown mean; 1/s0^2 = 0 is the flat prior.
    """
    useful = [o for o in observations if math.isfinite(o.own_sd)]
    precision = 1.0 / prior.variance if prior.variance > 0 else math.inf
    if precision == 0 and not useful:
        return None
    omega = prior.between_cycles
    if not useful:
        joint = prior.variance + omega * np.eye(cycles)
        return Posterior(np.full(cycles, prior.mean), joint)
    chosen = np.array([o.cycle for o in useful])
    values = np.array([math.log(o.coefficient) for o in useful])
    shared = np.array([o.shared_sds for o in useful])
    own = np.diag([log_variance(o.own_sd) for o in useful])
    among = omega * np.eye(len(useful)) + shared @ shared.T + own
    cross = omega * (np.arange(cycles)[:, None] == chosen)
    gain = np.linalg.solve(among, cross.T).T
    mean, variance = _level(prior, precision, np.linalg.solve(among, np.ones(len(useful))), values)
    free = 1.0 - gain.sum(axis=1)
    covariance = omega * np.eye(cycles) - gain @ cross.T + variance * np.outer(free, free)
    return Posterior(mean + gain @ (values - mean), (covariance + covariance.T) / 2)


def _level(prior: Prior, precision: float, weights: Array, values: Array) -> tuple[float, float]:
    """Return mean and variance of mu given the observations."""
    if math.isinf(precision):
        return prior.mean, 0.0
    total = precision + float(weights.sum())
    anchor = precision * prior.mean if precision else 0.0
    return (anchor + float(weights @ values)) / total, 1.0 / total


def powers_moments(
    distribution: Posterior, scales: Sequence[tuple[float, float]]
) -> tuple[float, float]:
    """Return mean and sd of the sum over cycles of a_c k_c + b_c k_c^2, in closed form.

    Moments of log-normal variables: E[k_i^p k_j^q] = E[k_i^p] E[k_j^q] exp(p q V_ij).

    Parameters
    ----------
    distribution : Posterior
    scales : sequence of (float, float)
        (a_c, b_c) of each cycle, from the first on.
    """
    count = len(scales)
    mean, cov = distribution.mean[:count], distribution.covariance[:count, :count]
    moments = np.exp(POWERS * mean + POWERS * POWERS * cov.diagonal() / 2)
    terms = (np.array(scales).T * moments).ravel()
    pairs = (POWERS * POWERS.T)[:, None, :, None]
    joint = np.expm1((pairs * cov[:, None, :]).reshape(2 * count, 2 * count))
    spread = float(np.einsum("i,ij,j->", terms, joint, terms))
    return float(terms.sum()), math.sqrt(max(spread, 0.0))


def weighted_moments(draws: Array, weights: Array | None) -> tuple[float, float]:
    """Return mean and sd of draws.

    Examples
    --------
    >>> weighted_moments(np.array([1.0, 3.0]), np.array([0.75, 0.25]))
    (1.5, 0.8660254037844386)
    """
    mean = float(np.average(draws, weights=weights))
    return mean, math.sqrt(float(np.average((draws - mean) ** 2, weights=weights)))


def weighted_quantiles(
    draws: Array, weights: Array | None, levels: tuple[float, ...]
) -> tuple[float, ...]:
    """Return quantiles of draws; linear between them.

    Examples
    --------
    >>> weighted_quantiles(np.array([1.0, 2.0, 3.0]), None, (0.5,))
    (2.0,)
    >>> weighted_quantiles(np.array([3.0, 1.0]), np.array([0.5, 0.5]), (0.5,))
    (2.0,)
    """
    if weights is None:
        return tuple(float(x) for x in np.percentile(draws, [100.0 * level for level in levels]))
    rank = np.argsort(draws, kind="stable")
    reached = np.cumsum(weights[rank]) - weights[rank] / 2
    return tuple(float(x) for x in np.interp(levels, reached, draws[rank]))
