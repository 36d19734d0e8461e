"""What is reported of a curve's posterior: moments and percentiles of its TIA, a typical curve."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from dosimetry.physics.kinetics import Array
from dosimetry.physics.posterior.curve import summed
from dosimetry.physics.posterior.rules import dot

BINS = 600
NEGLIGIBLE = 1e-10  # of the largest probability of a node
STEPS = 60
SETTLED = 1e-9  # last step in ln TIA
FARTHEST = 9.0  # sds
LEAST_VARIANCE = 1e-16  # of ln TIA
TINY = 1e-300
SQRT_TWO_PI = math.sqrt(2.0 * math.pi)


@dataclass(frozen=True, eq=False)
class Mixture:
    """Normal distributions of ln TIA with weights that add up to one.

    Attributes
    ----------
    weight, mean, variance : array, shape (m,)
    """

    weight: Array
    mean: Array
    variance: Array

    def moments(self) -> tuple[float, float]:
        """Return mean and sd of the TIA."""
        seen = self._seen()  # where half-lives are absurd, a TIA overflows
        middle = float(dot(seen.weight, seen.mean))
        about = seen.mean - middle
        first = float(dot(seen.weight, np.exp(about + seen.variance / 2.0)))
        second = float(dot(seen.weight, np.exp(2.0 * about + 2.0 * seen.variance)))
        mean = float(np.exp(middle) * first)
        return mean, mean * math.sqrt(max(second / first**2 - 1.0, 0.0))

    def percentiles(self, levels: tuple[float, ...]) -> tuple[float, ...]:
        """Return percentiles of the TIA, by Newton's method between bounds."""
        nodes = self._binned()
        spread = np.sqrt(np.maximum(nodes.variance, LEAST_VARIANCE))
        low = np.full(len(levels), float((nodes.mean - FARTHEST * spread).min()))
        high = np.full(len(levels), float((nodes.mean + FARTHEST * spread).max()))
        middle = float(dot(nodes.weight, nodes.mean))
        sd = math.sqrt(float(dot(nodes.weight, nodes.variance + (nodes.mean - middle) ** 2)))
        wanted = np.array(levels)
        at = np.clip(middle + sd * ndtri(wanted), low, high)
        for _ in range(STEPS):
            away = (at[:, None] - nodes.mean) / spread
            below = dot(ndtr(away), nodes.weight)
            low, high = np.where(below < wanted, at, low), np.where(below < wanted, high, at)
            density = dot(np.exp(-0.5 * away**2), nodes.weight / spread) / SQRT_TWO_PI
            step = (wanted - below) / np.maximum(density, TINY)
            inside = (at + step > low) & (at + step < high)
            following = np.where(inside, at + step, (low + high) / 2.0)
            moved = float(np.abs(following - at).max())
            at = following
            if moved < SETTLED:
                break
        return tuple(float(x) for x in np.exp(at))

    def _seen(self) -> Mixture:
        """Return the nodes without those of negligible probability."""
        keep = self.weight > NEGLIGIBLE * self.weight.max()
        weight = self.weight[keep]
        return Mixture(weight / weight.sum(), self.mean[keep], self.variance[keep])

    def _binned(self) -> Mixture:
        """Return nodes of nearly the same mean as one."""
        seen = self._seen()
        weight, mean, variance = seen.weight, seen.mean, seen.variance
        low, width = float(mean.min()), float(np.ptp(mean)) or 1.0
        place = np.minimum((BINS * (mean - low) / width).astype(int), BINS - 1)
        total = summed(place, weight, BINS)
        used = total > 0
        middle = summed(place, weight * mean, BINS)[used] / total[used]
        square = summed(place, weight * (variance + mean**2), BINS)[used] / total[used]
        return Mixture(total[used], middle, square - middle**2)
