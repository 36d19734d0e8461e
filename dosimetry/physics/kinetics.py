"""Time-activity curves: models of exponentials, and shapes with activity and integral.

Times in h, activities in MBq; the same shapes serve as dose rates in Gy/h.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import exprel

Array: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Exponentials:
    """A sum of exponentials, sum of a_i exp(-l_i t).

    Parameters
    ----------
    amplitudes : array, shape (m,)
        In MBq; may be negative (uptake).
    rates : array, shape (m,)
        Effective rates in 1/h, positive.

    Examples
    --------
    >>> Exponentials(np.array([100.0]), np.array([0.01])).integral()
    10000.0
    """

    amplitudes: Array
    rates: Array

    def activity(self, time: npt.ArrayLike) -> Array:
        """Return the activity at the times given, in the shape of ``time``."""
        grid = np.asarray(time, dtype=float)[..., None]
        parts = np.exp(-grid * self.rates) * self.amplitudes
        return np.asarray(parts.sum(axis=-1))

    def integral(self) -> float:
        """Return the integral to infinity, sum of a_i / l_i (MIRD pamphlet 21)."""
        return float(np.sum(self.amplitudes / self.rates))

    def breaks(self) -> Array:
        """Return the times at which the shape is not smooth: only time zero."""
        return np.zeros(1)

    def slowest(self) -> float:
        """Return the slowest rate in 1/h."""
        return float(np.min(self.rates))

    def steepest(self) -> float:
        """Return the fastest rate in 1/h."""
        return float(np.max(self.rates))

    def tail_terms(self, start: float) -> tuple[Array, Array]:
        """Return amplitudes and rates from ``start`` on, with ``start`` as time zero."""
        return self.amplitudes * np.exp(-self.rates * start), self.rates

    def scaled(self, factor: float) -> Exponentials:
        """Return the shape times a factor."""
        return Exponentials(self.amplitudes * factor, self.rates)


@dataclass(frozen=True, eq=False)
class Trapezoid:
    """A curve through points: exponential where it falls, linear where it rises.

    Before the first point it is physical decay run backwards; after the last point it is an
    exponential with the log-slope of the last two points, at least as fast as physical decay.

    Parameters
    ----------
    times : array, shape (n,)
        Rising, in h, at least two.
    activities : array, shape (n,)
        Positive, in MBq.
    decay_constant : float
        Physical decay constant in 1/h.

    Examples
    --------
    >>> shape = Trapezoid(np.array([1.0, 2.0]), np.array([8.0, 4.0]), 1e-9)
    >>> print(f"{shape.integral():.4f}")
    19.5416
    """

    times: Array
    activities: Array
    decay_constant: float

    def tail(self) -> float:
        """Return the rate after the last point in 1/h."""
        before, last = self.activities[-2:]
        slope = np.log(before / last) / (self.times[-1] - self.times[-2])
        return float(max(slope, self.decay_constant))

    def activity(self, time: npt.ArrayLike) -> Array:
        """Return the activity at the times given, in the shape of ``time``."""
        grid = np.asarray(time, dtype=float)
        last = len(self.times) - 1
        left = np.clip(np.searchsorted(self.times, grid, side="right") - 1, 0, last - 1)
        start, end = self.activities[left], self.activities[left + 1]
        share = (grid - self.times[left]) / (self.times[left + 1] - self.times[left])
        inside = np.clip(share, 0.0, 1.0)
        between = np.where(
            end < start, start * (end / start) ** inside, start + (end - start) * inside
        )
        before = self.activities[0] * np.exp(self.decay_constant * (self.times[0] - grid))
        after = self.activities[-1] * np.exp(-self.tail() * np.maximum(grid - self.times[-1], 0.0))
        return np.where(
            grid < self.times[0], before, np.where(grid > self.times[-1], after, between)
        )

    def integral(self) -> float:
        """Return the integral to infinity, piece by piece in closed form."""
        start, end = self.activities[:-1], self.activities[1:]
        width = np.diff(self.times)
        falling = start * exprel(np.log(np.minimum(end / start, 1.0)))
        pieces = width * np.where(end < start, falling, (start + end) / 2)
        first = self.times[0]
        head = self.activities[0] * first * exprel(self.decay_constant * first)
        return float(head + pieces.sum() + self.activities[-1] / self.tail())

    def breaks(self) -> Array:
        """Return the times at which the shape is not smooth."""
        return np.concatenate([[0.0], self.times])

    def slowest(self) -> float:
        """Return the rate after the last point in 1/h."""
        return self.tail()

    def steepest(self) -> float:
        """Return the fastest relative change between two points in 1/h."""
        slopes = np.abs(np.diff(np.log(self.activities))) / np.diff(self.times)
        return float(max(slopes.max(), self.tail()))

    def tail_terms(self, start: float) -> tuple[Array, Array]:
        """Return amplitude and rate from ``start`` on; ``start`` is not before the last point."""
        return np.atleast_1d(self.activity(start)), np.array([self.tail()])

    def scaled(self, factor: float) -> Trapezoid:
        """Return the shape times a positive factor."""
        return Trapezoid(self.times, self.activities * factor, self.decay_constant)


@dataclass(frozen=True, eq=False)
class Combined:
    """A weighted sum of shapes, at least one of them a trapezoid.

    Parameters
    ----------
    shapes : tuple of shapes
    weights : tuple of float
    """

    shapes: tuple[Exponentials | Trapezoid, ...]
    weights: tuple[float, ...]

    def activity(self, time: npt.ArrayLike) -> Array:
        """Return the sum at the times given, in the shape of ``time``."""
        parts = [w * s.activity(time) for s, w in zip(self.shapes, self.weights, strict=True)]
        return np.asarray(np.sum(parts, axis=0))

    def integral(self) -> float:
        """Return the integral to infinity."""
        return sum(w * s.integral() for s, w in zip(self.shapes, self.weights, strict=True))

    def breaks(self) -> Array:
        """Return the times at which a shape is not smooth."""
        return np.unique(np.concatenate([shape.breaks() for shape in self.shapes]))

    def slowest(self) -> float:
        """Return the slowest rate of all shapes in 1/h."""
        return min(shape.slowest() for shape in self.shapes)

    def steepest(self) -> float:
        """Return the fastest rate of all shapes in 1/h."""
        return max(shape.steepest() for shape in self.shapes)

    def scaled(self, factor: float) -> Combined:
        """Return the sum times a factor."""
        return Combined(self.shapes, tuple(weight * factor for weight in self.weights))


Shape: TypeAlias = Exponentials | Trapezoid | Combined


@dataclass(frozen=True)
class Model:
    """A sum of exponentials, some of whose amplitudes are tied.

    Attributes
    ----------
    name : str
    rates : int
        Number of rates; the slowest come first, an uptake rate last.
    terms : tuple of tuple
        For each amplitude, the index of its falling rate and of its uptake rate (or None).
    stride : int
        The starting grid takes every ``stride``-th of the tabulated rates.
    smaller : tuple of str, or None
        Models it is reduced to when a rate or an amplitude vanishes.
    """

    name: str
    rates: int
    terms: tuple[tuple[int, int | None], ...]
    stride: int
    smaller: tuple[str, ...] | None

    @property
    def rises(self) -> bool:
        """Whether there is an uptake."""
        return self.terms[0][1] is not None

    @property
    def free(self) -> int:
        """Number of free parameters."""
        return self.rates + len(self.terms)


MODELS: Mapping[str, Model] = MappingProxyType(
    {
        model.name: model
        for model in (
            Model("mono", 1, ((0, None),), 3, None),
            Model("uptake", 2, ((0, 1),), 3, ("mono",)),
            Model("bi", 2, ((0, None), (1, None)), 2, ("mono",)),
            Model("bi-uptake", 3, ((0, 2), (1, 2)), 3, ("uptake", "bi")),
        )
    }
)


def combine(parts: Iterable[tuple[Shape, float]]) -> Shape:
    """Return a weighted sum of shapes; of exponentials alone, as one sum of exponentials.

    Parameters
    ----------
    parts : iterable of (shape, float)

    Examples
    --------
    >>> mono = Exponentials(np.array([2.0]), np.array([0.1]))
    >>> combine([(mono, 1.0), (mono, 3.0)]).integral()
    80.0
    """
    weighted = tuple(parts)
    sums = [shape for shape, _ in weighted if isinstance(shape, Exponentials)]
    if len(sums) == len(weighted):
        weights = np.repeat(
            [weight for _, weight in weighted], [len(shape.rates) for shape in sums]
        )
        amplitudes = np.concatenate([shape.amplitudes for shape in sums])
        return Exponentials(amplitudes * weights, np.concatenate([shape.rates for shape in sums]))
    flat = [(part, own * weight) for shape, weight in weighted for part, own in parts_of(shape)]
    return Combined(tuple(part for part, _ in flat), tuple(weight for _, weight in flat))


def parts_of(shape: Shape) -> list[tuple[Exponentials | Trapezoid, float]]:
    """Return the parts of a weighted sum, each with its weight; a single shape with weight 1.

    Examples
    --------
    >>> mono = Exponentials(np.array([2.0]), np.array([0.1]))
    >>> [weight for _, weight in parts_of(mono)]
    [1.0]
    """
    if isinstance(shape, Combined):
        return list(zip(shape.shapes, shape.weights, strict=True))
    return [(shape, 1.0)]
