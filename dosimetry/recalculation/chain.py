"""The slow half-life over cycles and sides, on even grids of its logarithm.

ln T of a cycle is x ~ N(tau, cycles^2), tau ~ N(ln median, patients^2) of the patient, both cut and
x renormalised at the physical half-life. ln T of a side is normal about its cycle's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from dosimetry.recalculation.integrals import Array, sums
from dosimetry.recalculation.readings import HalfLives

REACH = 8.0  # sds on either side of the median
PER_SD = 5  # steps
MOST_STEPS = 1500


@dataclass(frozen=True, eq=False)
class Grid:
    """Even steps of a logarithm of a half-life, with weights of the trapezoidal rule."""

    at: Array
    weight: Array


def even(low: float, high: float, step: float) -> Grid:
    """Return an even grid with at most ``step`` between its points.

    Examples
    --------
    >>> even(0.0, 1.0, 0.5).weight.tolist()
    [0.25, 0.5, 0.25]
    """
    count = min(math.ceil((high - low) / step - 1e-9), MOST_STEPS) + 1
    at = np.linspace(low, high, count)
    weight = np.full(count, at[1] - at[0])
    weight[[0, -1]] /= 2.0
    return Grid(at, weight)


@dataclass(frozen=True, eq=False)
class Chain:
    """Grids of one region, and the distributions that tie them.

    Attributes
    ----------
    half_lives : HalfLives
    tau : Grid
        Of the patient.
    x : Grid
        Of cycles and sides.
    start : array, shape (t,)
        Density of tau before any scan times its weight.
    cycle : array, shape (t, x)
        Density of x given tau.
    """

    half_lives: HalfLives
    tau: Grid
    x: Grid
    start: Array
    cycle: Array

    def density(self, patient: Array) -> Array:
        """Return the density of x for probabilities of tau."""
        return sums(patient, self.cycle)

    def between(self, spread: float) -> Array:
        """Return the density of ln T of a side (columns) given its cycle's (rows)."""
        return normal(self.x.at, self.x.at, spread, self.half_lives)

    def density_of(self, x: Array, spread: float) -> Array:
        """Return the density of ln T of a thin curve given tau, shape (tau, x)."""
        return normal(self.tau.at, x, spread, self.half_lives)


def normal(middle: Array, at: Array, spread: float, half_lives: HalfLives) -> Array:
    """Return the density of normals that end at the physical half-life, shape (middle, at)."""
    longest = math.log(half_lives.physical)
    away = (at - middle[:, None]) / spread
    mass = log_ndtr((longest - middle) / spread)[:, None]
    return np.asarray(np.exp(-0.5 * away**2 - mass) / (spread * math.sqrt(2.0 * math.pi)))


def chain_of(half_lives: HalfLives, sides: bool, shortest: float = math.inf) -> Chain:
    """Return the chain of a region.

    Parameters
    ----------
    half_lives : HalfLives
        The median is at most the physical half-life: a patient file says no other.
    sides : bool
        Whether two sides of a cycle are to be tied.
    shortest : float
        ln of a half-life in h that the points show and the grid has to reach.
    """
    own, longest = half_lives, math.log(half_lives.physical)
    middle = math.log(own.median)
    high = min(middle + REACH * own.patients, longest)
    tau = even(middle - REACH * own.patients, high, min(own.patients, own.cycles) / PER_SD)
    start = np.exp(-0.5 * ((tau.at - math.log(own.median)) / own.patients) ** 2) * tau.weight
    step = min(own.cycles, own.sides) if sides else own.cycles
    reach = REACH * math.hypot(own.patients, own.cycles)
    x = even(min(middle - reach, shortest), min(middle + reach, longest), step / PER_SD)
    cycle = normal(tau.at, x.at, own.cycles, own)
    return Chain(own, tau, x, start / start.sum(), cycle)
