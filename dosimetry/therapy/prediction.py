"""What the cycles to come will give: the joint distribution of dose per activity over cycles.

ln k_c = mu + delta_c, delta_c ~ N(0, omega^2) between cycles, mu ~ N(m0, s0^2) over patients. A
measured cycle gives y_c = ln k_c + e_s + e_c, e_s shared by all cycles, e_c of the cycle alone. All
Gaussian, so the joint distribution given what was measured is exact: one small linear solve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dosimetry.physics.kinetics import Array
from dosimetry.quantities import Distribution, Estimate
from dosimetry.therapy.draws import standard_normal

POWERS = np.array([[1.0], [2.0]])  # of a coefficient, in absorbed dose and in BED


@dataclass(frozen=True)
class Prior:
    """Distribution of dose per activity before anything was measured.

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
        Relative sds, one for each cause, that all measured cycles share; signed, where a cause
        may raise one cycle and lower another.
    """

    cycle: int
    coefficient: float
    own_sd: float
    shared_sds: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Posterior:
    """Joint normal distribution of ln k over the cycles of a course.

    Attributes
    ----------
    mean : array, shape (n,)
        In ln(Gy/GBq).
    covariance : array, shape (n, n)
    """

    mean: Array
    covariance: Array

    def coefficient(self, cycle: int) -> Estimate:
        """Return mean and sd of the dose per activity of one cycle in Gy/GBq."""
        variance = float(self.covariance[cycle, cycle])
        value = math.exp(float(self.mean[cycle]) + variance / 2)
        return Estimate(value, value * math.sqrt(math.expm1(variance)), "Gy/GBq")

    def draws(self) -> Array:
        """Return draws of the coefficients in Gy/GBq, shape (draws, n), the same at every call."""
        # The jitter, 1e-7 of a coefficient, keeps the matrix definite where a cycle is exact.
        factor = np.linalg.cholesky(self.covariance + 1e-14 * np.eye(len(self.mean)))
        normal = standard_normal()[:, : len(self.mean)]
        # einsum, not @: the sum must not depend on the number of threads.
        return np.asarray(np.exp(self.mean[:, None] + np.einsum("dj,cj->cd", normal, factor))).T


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
    """Condition the coefficients of all cycles on what was measured.

    Parameters
    ----------
    prior : Prior
    observations : sequence of Observation
        Those without information (infinite sd) may be among them.
    cycles : int

    Returns
    -------
    Posterior or None
        None where the prior is flat and nothing was measured.

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
        (a_c, b_c) of the cycles that count, from the first on.
    """
    count = len(scales)
    mean, cov = distribution.mean[:count], distribution.covariance[:count, :count]
    moments = np.exp(POWERS * mean + POWERS * POWERS * cov.diagonal() / 2)
    terms = (np.array(scales).T * moments).ravel()
    pairs = (POWERS * POWERS.T)[:, None, :, None]
    joint = np.expm1((pairs * cov[:, None, :]).reshape(2 * count, 2 * count))
    spread = float(np.einsum("i,ij,j->", terms, joint, terms))
    return float(terms.sum()), math.sqrt(max(spread, 0.0))


def summarise(mean: float, sd: float, draws: Array, unit: str) -> Distribution:
    """Put closed-form mean and sd and the draws' 5th and 95th percentile together."""
    low, high = np.percentile(draws, [5.0, 95.0])
    return Distribution(mean, sd, float(low), float(high), unit)
