"""Distribution of a sum over cycles, of a_c k_c + b_c k_c^2, given the posterior of ln k.

One direction of the normal distribution, along which all cycles rise together, is integrated in
closed form: for every draw of the others, the sum reaches a value at one point of this direction.
What is averaged over the draws is then smooth, so that few draws are exact to three digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from dosimetry.physics.kinetics import Array
from dosimetry.physics.prediction import Posterior

FAR = 9.0  # sd; what lies beyond has a probability below 1e-18
STEPS = 60  # of an iteration, which needs about five
NEAR = 1e-7  # sd; Newton's next step is below 1e-13
EVEN_NEARER = 2e-11  # of ln of an activity, and of its probability in sds
STRIDE = 0.3  # of ln of an activity, in search of the root; it doubles
NOTHING = 20.0  # of ln of an activity: what is so far below the first guess is none


@dataclass(frozen=True, eq=False)
class CourseTotal:
    """Sum of terms exp(l + s u) with u standard normal, averaged over draws of l.

    Attributes
    ----------
    logs : array, shape (terms, draws)
        l, in ln(Gy).
    slopes : array, shape (terms, 1)
        s, none below 0.
    weights : array, shape (draws,)
        Of every draw; they add up to one.
    """

    logs: Array
    slopes: Array
    weights: Array

    def above(self, limit: float) -> float:
        """Return the probability that the sum exceeds a limit in Gy."""
        if limit <= 0.0:
            return 1.0 if len(self.logs) or limit < 0.0 else 0.0
        if not len(self.logs):
            return 0.0
        target, u = np.log(limit), np.zeros(len(self.weights))
        for _ in range(STEPS):
            before = u
            u, _ = self._towards(target, before)
            if np.abs(u - before).max() < NEAR:
                break
        return float(np.sum(self.weights * ndtr(-u)))

    def quantiles(self, levels: Sequence[float]) -> tuple[float, ...]:
        """Return quantiles of the sum in Gy.

        Notes
        -----
        Newton's method on ln of the quantile, in sds of its probability, together with the point
        of each draw.
        """
        if not len(self.logs):
            return (0.0,) * len(levels)
        wanted = ndtri(np.asarray(levels))[:, None]
        u = wanted * np.ones(len(self.weights))
        total = np.log(np.exp(self.logs[None] + self.slopes * u[:, None]).sum(axis=1))
        target = np.sum(self.weights * total, axis=1, keepdims=True)
        for _ in range(STEPS):
            before, (u, rise) = u, self._towards(target, u)
            reached = ndtri(np.sum(self.weights * ndtr(u), axis=1, keepdims=True))
            reached = np.clip(reached, -FAR, FAR)
            density = np.sum(self.weights * np.exp(-(u**2) / 2) / rise, axis=1, keepdims=True)
            step = (reached - wanted) * np.exp(-(reached**2) / 2) / np.maximum(density, 1e-300)
            target = target - np.clip(step, -1.0, 1.0)
            if max(np.abs(step).max(), np.abs(u - before).max()) < NEAR:
                break
        return tuple(float(x) for x in np.exp(target[:, 0]))

    def _towards(self, target: Array, u: Array) -> tuple[Array, Array]:
        """Return Newton's next u at which ln of the sum is the target, and d ln(sum)/du.

        The logarithm of the sum is convex in u and rises, so Newton's method converges.
        """
        terms = np.exp(self.logs + self.slopes * u[..., None, :])
        total = terms.sum(axis=-2)
        rise = np.maximum((self.slopes * terms).sum(axis=-2) / total, 1e-300)
        nearer = u + (target - np.log(total)) / rise
        return np.minimum(np.maximum(nearer, -FAR), FAR), rise


def course_total(posterior: Posterior, scales: Sequence[tuple[float, float]]) -> CourseTotal:
    """Return the distribution of the sum over the first cycles.

    Parameters
    ----------
    posterior : Posterior
    scales : sequence of (float, float)
        (a_c, b_c) of each cycle, from the first on, in Gy/GBq-1 and Gy/GBq-2. Cycles with a_c of 0
        are left out; of the others, all have a b_c or none.
    """
    given = [cycle for cycle, (a, _) in enumerate(scales) if a]
    logs, rises, weights = posterior.together(tuple(given))
    a, b = (np.array([scales[cycle][i] for cycle in given]).reshape(-1, 1) for i in (0, 1))
    linear, slopes = np.log(a) + logs, rises[:, None]
    if not b.any():
        return CourseTotal(linear, slopes, weights)
    squared = np.log(b) + 2.0 * logs
    return CourseTotal(
        np.concatenate([linear, squared]), np.concatenate([slopes, 2.0 * slopes]), weights
    )


def largest_with(chance: Callable[[float], float], accepted: float, start: float) -> float:
    """Return the largest x at which a rising probability is at most ``accepted``; 0 without one.

    Parameters
    ----------
    chance : callable
        The probability by x; it rises from below ``accepted`` to 1.
    accepted : float
    start : float
        A first guess, above 0.

    Examples
    --------
    >>> print(f"{largest_with(lambda x: x / (1 + x), 0.2, 3.0):.12f}")
    0.250000000000
    """
    wanted = float(ndtri(accepted))

    def excess(log: float) -> float:
        reached = float(ndtri(chance(float(np.exp(log)))))
        return min(max(reached, -FAR), FAR) - wanted

    point = float(np.log(start))
    low = high = point, excess(point)
    stride = STRIDE
    while low[1] > 0.0:
        if low[0] < point - NOTHING:
            return 0.0
        low, high = (low[0] - stride, excess(low[0] - stride)), low
        stride *= 2.0
    while high[1] <= 0.0:
        low, high = high, (high[0] + stride, excess(high[0] + stride))
        stride *= 2.0
    return float(np.exp(_root(excess, low, high)))


Point = tuple[float, float]


def _root(rising: Callable[[float], float], low: Point, high: Point) -> float:
    """Return the root between two points, by secants; by bisection where these do not help."""
    before, last, ends = low, high, (low[0], high[0])
    for _ in range(STEPS):
        slope = (last[1] - before[1]) / (last[0] - before[0])
        at = last[0] - last[1] / slope if slope else ends[0]
        if not ends[0] < at < ends[1] or abs(last[1]) > abs(before[1]) / 2.0 > 1.0:
            at = sum(ends) / 2.0
        before, last = last, (at, rising(at))
        ends = (at, ends[1]) if last[1] <= 0.0 else (ends[0], at)
        if min(abs(last[1]), abs(last[0] - before[0])) < EVEN_NEARER:
            break
    return last[0]
