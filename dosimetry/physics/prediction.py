"""Prediction of the cycles to come: joint distribution of dose per activity over cycles.

ln k_c = mu + delta_c, delta_c ~ N(0, omega^2) between cycles, mu ~ N(m0, s0^2) over patients. A
measured cycle gives y_c = ln k_c + e_s + e_c, e_s shared by all cycles, e_c of the cycle alone. All
Gaussian, so the joint distribution given the measurements is exact: one small linear solve.

A dose that lacks a source is only a lower bound: the posterior is that of coefficients above it.
The cycles with a bound are drawn above it, one after the other (truncated normals).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

from dosimetry.physics.draws import COUNT, standard_normal, uniform_of_bounds
from dosimetry.physics.kinetics import Array
from dosimetry.quantities import Estimate
from dosimetry.reference.population import RenalDose

NORMAL_95 = 1.6448536269514722  # 95th percentile of the standard normal distribution
LEAST_SPREAD = 1e-9  # of a bound that is exact, in ln
DRAWS = 512  # of the directions of ln k that are not integrated exactly

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
    trend : float
        Change of ln k from one cycle to the next.
    tilt : float
        t of a flat prior p(mu) ~ exp(-t mu). With 1 the mean of ln-normal cycles after one exact
        measurement is the measured value, not more.
    """

    mean: float
    variance: float
    between_cycles: float
    trend: float = 0.0
    tilt: float = 0.0

    @property
    def coefficient(self) -> float:
        """Mean of the first cycle over patients in Gy/GBq; infinite for a flat prior."""
        return math.exp(self.mean + (self.variance + self.between_cycles) / 2)


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

    def coefficient(self, cycle: int) -> Estimate:
        """Return mean and sd of the dose per activity of one cycle in Gy/GBq."""
        means, covariance, weights = self.above_bounds()
        variance = float(covariance[cycle, cycle])
        of_draws = np.exp(means[cycle] + variance / 2)
        mean = float(np.sum(weights * of_draws))
        spread = of_draws**2 * math.expm1(variance) + (of_draws - mean) ** 2
        return Estimate(mean, math.sqrt(float(np.sum(weights * spread))), "Gy/GBq")

    def above_bounds(self) -> tuple[Array, Array, Array]:
        """Return the distribution of ln k as a mixture of normal ones, by draws of the bounds.

        Returns
        -------
        means : array, shape (n, draws); (n, 1) without bounds
        covariance : array, shape (n, n)
            Of each of them.
        weights : array, shape (draws,)
            Adding up to one.

        Notes
        -----
        With e the error of a bound, v = ln k + e is drawn above it, the tightest first, each given
        those before it; ln k given every v is normal. A draw weighs as much as the probability
        that each v was above its bound (Geweke 1991, Hajivassiliou and McFadden 1998, Keane 1994).
        """
        return self._above_bounds

    @functools.cached_property
    def _above_bounds(self) -> tuple[Array, Array, Array]:
        means, covariance = self.mean[:, None], self.covariance
        log_weights = np.zeros(COUNT if self.bounds else DRAWS)
        ordered = sorted(self.bounds, key=lambda bound: -self._tightness(bound))
        for bound, uniform in zip(ordered, uniform_of_bounds().T, strict=False):
            own = log_variance(bound.relative_sd)
            sd = math.sqrt(float(covariance[bound.cycle, bound.cycle]) + own) or LEAST_SPREAD
            start = (math.log(bound.coefficient) - means[bound.cycle]) / sd
            # The upper tail at uniform probabilities, in logarithms: far out nothing underflows.
            chance = log_ndtr(-start)
            above = -ndtri_exp(np.log1p(-uniform) + chance)
            gain = covariance[:, bound.cycle] / sd
            means = means + gain[:, None] * above
            covariance = covariance - np.outer(gain, gain)
            log_weights = log_weights + chance
        weights = np.exp(log_weights - log_weights.max())
        return means, covariance, np.asarray(weights / weights.sum())

    def _tightness(self, bound: LowerBound) -> float:
        """Return how many sds a bound is above the mean."""
        variance = float(self.covariance[bound.cycle, bound.cycle])
        sd = math.sqrt(variance + log_variance(bound.relative_sd)) or LEAST_SPREAD
        return (math.log(bound.coefficient) - float(self.mean[bound.cycle])) / sd

    def together(self, cycles: tuple[int, ...]) -> tuple[Array, Array, Array]:
        """Return ln k of some cycles as l + s u, u standard normal, and draws of l.

        Returns
        -------
        l : array, shape (cycles, draws)
        s : array, shape (cycles,)
            None below 0: no coefficient falls where u rises.
        weights : array, shape (draws,)
            Adding up to one.

        Notes
        -----
        u is the direction of the mean of ln k over the cycles. The remainder is drawn in order of
        the cycles (Cholesky). Neither depends on activities nor on later cycles.
        """
        if cycles not in self._together:
            self._together[cycles] = self._split(list(cycles))
        return self._together[cycles]

    @functools.cached_property
    def _together(self) -> dict[tuple[int, ...], tuple[Array, Array, Array]]:
        return {}

    def _split(self, cycles: list[int]) -> tuple[Array, Array, Array]:
        means, whole, weights = self.above_bounds()
        covariance = whole[cycles][:, cycles]
        jitter = 1e-14 * (1.0 + float(np.trace(covariance))) * np.eye(len(cycles))
        rise = np.maximum(covariance.sum(axis=1), 0.0)
        # What remains is a covariance for any rise of which rise' C^-1 rise is one.
        length = float(np.sum(rise * np.linalg.solve(covariance + jitter, rise)))
        slopes = rise / math.sqrt(length) if length > 0.0 else rise
        # The jitter, 1e-7 of a coefficient, keeps the matrix definite where a cycle is exact.
        factor = np.linalg.cholesky(covariance - np.outer(slopes, slopes) + 2.0 * jitter)
        normal = standard_normal()[: len(weights), : len(cycles)]
        # einsum, not @: the sum must not depend on the number of threads.
        return means[cycles] + np.einsum("dj,cj->cd", normal, factor), slopes, weights


def log_variance(relative_sd: float) -> float:
    """Return the variance of ln x of a log-normal x from its coefficient of variation.

    Examples
    --------
    >>> print(f"{log_variance(0.15):.6f}")
    0.022251
    """
    return math.log1p(relative_sd**2)


def population_prior(
    mean: float, sd: float, between_cycle_cv: float, patients: float = math.inf
) -> Prior:
    """Return the prior of a region from mean and sd over patients of one cycle.

    Parameters
    ----------
    mean, sd : float
        In Gy/GBq.
    between_cycle_cv : float
    patients : float
        Number of patients, where the mean's own uncertainty sd/sqrt(n) is to be added.

    Examples
    --------
    >>> prior = population_prior(0.654, 0.295, 0.15)
    >>> print(f"{prior.mean:.4f} {prior.variance:.4f}")
    -0.5173 0.1630
    """
    between = log_variance(between_cycle_cv)
    variance = max(log_variance(sd / mean) - between, 0.0)
    of_mean = log_variance(sd / mean / math.sqrt(patients))
    return Prior(math.log(mean) - (variance + between) / 2, variance + of_mean, between)


def renal_prior(
    dose: RenalDose, clearance: float, clearance_sd: float, between_cycle_cv: float
) -> Prior:
    """Return the prior of a region from the renal function of the patient.

    Parameters
    ----------
    dose : RenalDose
    clearance : float
        Creatinine clearance in mL/min.
    clearance_sd : float
        Relative.
    between_cycle_cv : float

    Notes
    -----
    The median is that of the published power law; the uncertainties of its exponent and of the
    clearance are added in quadrature.

    Examples
    --------
    >>> from dosimetry.reference.population import renal_doses
    >>> prior = renal_prior(renal_doses()["kidneys"], 99.0, 0.15, 0.15)
    >>> print(f"{prior.mean:.4f} {prior.variance:.4f}")
    -0.5513 0.1613
    """
    lower = math.log(clearance / dose.at)
    mean = math.log(dose.median_dose / dose.activity) + dose.shift + dose.exponent * lower
    variance = (
        dose.between_patients**2
        + (dose.exponent_sd * lower) ** 2
        + (dose.exponent * clearance_sd) ** 2
    )
    return Prior(mean, variance, log_variance(between_cycle_cv))


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
    trend = prior.trend * np.arange(cycles)
    if not useful:
        joint = prior.variance + omega * np.eye(cycles)
        return Posterior(np.asarray(prior.mean + trend), joint)
    chosen = np.array([o.cycle for o in useful])
    values = np.array([math.log(o.coefficient) for o in useful]) - trend[chosen]
    shared = np.array([o.shared_sds for o in useful])
    own = np.diag([log_variance(o.own_sd) for o in useful])
    among = omega * np.eye(len(useful)) + shared @ shared.T + own
    cross = omega * (np.arange(cycles)[:, None] == chosen)
    gain = np.linalg.solve(among, cross.T).T
    mean, variance = _level(prior, precision, np.linalg.solve(among, np.ones(len(useful))), values)
    free = 1.0 - gain.sum(axis=1)
    covariance = omega * np.eye(cycles) - gain @ cross.T + variance * np.outer(free, free)
    level: Array = trend + mean + gain @ (values - mean)
    return Posterior(level, (covariance + covariance.T) / 2)


def _level(prior: Prior, precision: float, weights: Array, values: Array) -> tuple[float, float]:
    """Return mean and variance of mu given the observations."""
    if math.isinf(precision):
        return prior.mean, 0.0
    total = precision + float(weights.sum())
    anchor = precision * prior.mean if precision else -prior.tilt
    return (anchor + float(weights @ values)) / total, 1.0 / total


def powers_moments(
    distribution: Posterior, scales: Sequence[tuple[float, float]]
) -> tuple[float, float]:
    """Return mean and sd of the sum over cycles of a_c k_c + b_c k_c^2.

    In closed form, given the draws of the bounds. Moments of log-normal variables:
    E[k_i^p k_j^q] = E[k_i^p] E[k_j^q] exp(p q V_ij).

    Parameters
    ----------
    distribution : Posterior
    scales : sequence of (float, float)
        (a_c, b_c) of each cycle, from the first on.
    """
    count = len(scales)
    means, cov, weights = distribution.above_bounds()
    means, cov = means[None, :count], cov[:count, :count]
    powers = POWERS[:, :, None]
    moments = np.exp(powers * means + powers * powers * cov.diagonal()[:, None] / 2)
    terms = (np.array(scales).T.reshape(2, count, 1) * moments).reshape(2 * count, means.shape[-1])
    pairs = (POWERS * POWERS.T)[:, None, :, None]
    joint = np.expm1((pairs * cov[:, None, :]).reshape(2 * count, 2 * count))
    within = np.einsum("id,ij,jd->d", terms, joint, terms)
    of_draws = terms.sum(axis=0)
    mean = float(np.sum(weights * of_draws))
    variance = float(np.sum(weights * (within + (of_draws - mean) ** 2)))
    return mean, math.sqrt(max(variance, 0.0))
