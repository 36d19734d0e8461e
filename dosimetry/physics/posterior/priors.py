"""Prior distributions of the shape of a time-activity curve.

Inside the search every parameter is a standard normal number z: its prior is N(0, 1), bounds
included, so that a curve without information returns its prior exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from dosimetry.physics.decay import LN2
from dosimetry.physics.kinetics import Array

FASTEST = 20.0  # 1/h: scans cannot resolve a faster rate
SHORTEST = math.log(LN2 / FASTEST)  # ln of the half-life of that rate, in h
FAST_PHASE = math.log(0.8)  # ln of the longest fast half-life as a share of the slow one
FARTHEST_START = 5.0  # |z| from which a search starts at most
FARTHEST = 7.5  # |z| beyond which the normal distribution is cut: 1e-13 of it


@dataclass(frozen=True)
class HalfLifePrior:
    """Distribution of one half-life: ln T normal, or flat between its bounds.

    Attributes
    ----------
    median : float
        In h.
    log_sd : float
        sd of ln T; infinite for a prior flat in ln T.
    """

    median: float
    log_sd: float


@dataclass(frozen=True)
class SlowPrior:
    """Distribution of the slow half-life of a region over patients and cycles.

    ln T of a cycle is normal about a value of the patient, which is normal over patients; both
    end at the physical half-life.

    Attributes
    ----------
    median : float
        In h.
    between_patients, between_cycles : float
        sd of ln T.
    physical : float
        Physical half-life in h.
    """

    median: float
    between_patients: float
    between_cycles: float
    physical: float

    @property
    def log_sd(self) -> float:
        """Sd of ln T of one cycle over patients, without the bound."""
        return math.hypot(self.between_patients, self.between_cycles)


@dataclass(frozen=True, eq=False)
class LogHalfLives:
    """Distributions of ln T, one for each curve of a batch.

    Attributes
    ----------
    middle, log_sd : array, shape (curves, 1) or deeper
        Median and sd of ln T; an infinite sd for a flat prior.
    """

    middle: Array
    log_sd: Array

    @classmethod
    def of(cls, priors: Sequence[HalfLifePrior]) -> LogHalfLives:
        """Return the distributions of a batch of curves."""
        return cls(
            np.log([[prior.median] for prior in priors]),
            np.array([[prior.log_sd] for prior in priors]),
        )

    def deeper(self) -> LogHalfLives:
        """Return the same with a further axis for the nodes of inner parameters."""
        return LogHalfLives(self.middle[..., None], self.log_sd[..., None])

    def at(self, z: Array, longest: Array) -> Array:
        """Return ln T at standard normal numbers, between SHORTEST and ``longest``."""
        share = ndtr(np.clip(z, -FARTHEST, FARTHEST))
        flat = SHORTEST + (longest - SHORTEST) * share
        spread = np.where(np.isinf(self.log_sd), 1.0, self.log_sd)
        low = ndtr((SHORTEST - self.middle) / spread)
        high = ndtr((longest - self.middle) / spread)
        inside = self.middle + spread * ndtri(low + (high - low) * share)
        return np.asarray(np.where(np.isinf(self.log_sd), flat, np.minimum(inside, longest)))

    def number_of(self, log_half_life: Array, longest: Array) -> Array:
        """Return the standard normal numbers of values of ln T, at most FARTHEST_START from 0."""
        flat = (log_half_life - SHORTEST) / (longest - SHORTEST)
        spread = np.where(np.isinf(self.log_sd), 1.0, self.log_sd)
        low = ndtr((SHORTEST - self.middle) / spread)
        high = ndtr((longest - self.middle) / spread)
        inside = (ndtr((log_half_life - self.middle) / spread) - low) / (high - low)
        share = np.where(np.isinf(self.log_sd), flat, inside)
        least = ndtr(-FARTHEST_START)
        return np.asarray(ndtri(np.clip(share, least, 1.0 - least)))

    def log_density(self, log_half_life: Array, longest: Array) -> Array:
        """Return the logarithm of the density of ln T between the bounds."""
        spread = np.where(np.isinf(self.log_sd), 1.0, self.log_sd)
        inside = ndtr((longest - self.middle) / spread) - ndtr((SHORTEST - self.middle) / spread)
        away = (log_half_life - self.middle) / spread
        normal = -0.5 * away**2 - np.log(spread * inside) - 0.5 * math.log(2.0 * math.pi)
        return np.asarray(np.where(np.isinf(self.log_sd), -np.log(longest - SHORTEST), normal))
