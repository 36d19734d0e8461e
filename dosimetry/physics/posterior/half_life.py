"""The slow half-life of a patient's curves: cycles and sides inform each other.

ln T of a cycle is x ~ N(tau, s_eta^2), tau of the patient, both at most ln T_physical. The normal
distribution of x is renormalised for every tau, so that a cycle without information says nothing
about tau. Sides of one cycle share its x, with a small spread between them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from dosimetry.physics.kinetics import Array
from dosimetry.physics.posterior.priors import SlowPrior
from dosimetry.physics.posterior.rules import dot, legendre

TAU_NODES = 80
CYCLE_NODES = 120
PATIENTS = 8.0  # sds on either side of the prior median
NEXT_NODES = 80
REACH = 6.0  # sds on either side of the middle of a half-life
UNUSED = 1e-12  # of the largest weight of a node
LEAST = 1e-280  # of a message; below it, ratios would be lost


@dataclass(frozen=True, eq=False)
class Axis:
    """Quadrature nodes of a logarithm of a half-life, with their weights."""

    at: Array
    weight: Array


def axis(low: float, high: float, count: int) -> Axis:
    """Return Gauss-Legendre nodes between two values."""
    nodes, weights = legendre(count)
    half = (high - low) / 2.0
    return Axis(low + half * (nodes + 1.0), half * weights)


def patient_axis(prior: SlowPrior) -> Axis:
    """Return nodes of tau that cover its prior."""
    middle, high = math.log(prior.median), math.log(prior.physical)
    reach = PATIENTS * prior.between_patients
    if middle - reach >= high:  # a half-life beyond the physical one
        return axis(high - prior.between_patients, high, TAU_NODES)
    return axis(middle - reach, min(middle + reach, high), TAU_NODES)


def of_patients(prior: SlowPrior, tau: Array) -> Array:
    """Return the density of tau over patients, up to a factor."""
    away = (tau - math.log(prior.median)) / prior.between_patients
    return np.asarray(np.exp(-0.5 * away**2))


def of_cycle(prior: SlowPrior, tau: Array, x: Array, between_sides: float = 0.0) -> Array:
    """Return the log density of ln T of a cycle (of one side of it) given tau, shape (tau, x)."""
    spread = math.hypot(prior.between_cycles, between_sides)
    return _log_density(tau, x, spread, math.log(prior.physical))


def _log_density(middle: Array, x: Array, spread: float, longest: float) -> Array:
    """Return the log density at x of normals that end at ``longest``, shape (middle, x)."""
    away = (x - middle[:, None]) / spread
    inside = log_ndtr((longest - middle) / spread) + math.log(spread)
    return np.asarray(-0.5 * away**2 - inside[:, None] - 0.5 * math.log(2.0 * math.pi))


def moments_of_cycle(prior: SlowPrior, tau: Array, probability: Array) -> tuple[float, float]:
    """Return mean and variance of ln T of a cycle without scans for probabilities of tau.

    Parameters
    ----------
    prior : SlowPrior
    tau, probability : array, shape (t,)
        Adding up to one.
    """
    high, middle = math.log(prior.physical), float(dot(probability, tau))
    reach = REACH * prior.log_sd
    x = axis(middle - reach, min(high, middle + reach), NEXT_NODES)
    density = dot(probability, np.exp(of_cycle(prior, tau, x.at))) * x.weight
    density = density / density.sum()
    mean = float(dot(density, x.at))
    return mean, float(dot(density, (x.at - mean) ** 2))


@dataclass(frozen=True, eq=False)
class Side:
    """What one curve says about its slow half-life: ln T and weights of its nodes, shape (k,)."""

    x: Array
    weight: Array


def incoming(
    prior: SlowPrior, tau: Array, own: Side, others: Sequence[Side], between_sides: float
) -> Array:
    """Return the density of ln T of a curve and the data of its cycle's other sides given tau.

    Parameters
    ----------
    prior : SlowPrior
    tau : array, shape (t,)
    own : Side
    others : sequence of Side
        The other sides measured in the cycle.
    between_sides : float
        Sd of ln T between sides.

    Returns
    -------
    array, shape (t, k)
        Up to a factor.
    """
    used = own.weight > UNUSED * own.weight.max()
    if not others:
        density = of_cycle(prior, tau, own.x)
        return np.asarray(np.exp(np.minimum(density - density[:, used].max(), 0.0)))
    longest = math.log(prior.physical)
    spread = math.hypot(prior.between_cycles, between_sides)
    low = min(float(side.x.min()) for side in (own, *others)) - spread
    cycle = axis(low, longest, CYCLE_NODES)
    seen = np.log(cycle.weight)
    for side in others:
        density = _log_density(cycle.at, side.x, between_sides, longest)
        seen = seen + np.log(np.maximum(dot(np.exp(density), side.weight), LEAST))
    through = of_cycle(prior, tau, cycle.at) + seen
    through = np.exp(through - through.max())
    return np.asarray(dot(through, np.exp(_log_density(cycle.at, own.x, between_sides, longest))))
