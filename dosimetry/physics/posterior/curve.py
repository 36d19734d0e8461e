"""One measured curve, and its nodes of all models in one list."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dosimetry.physics.kinetics import Array
from dosimetry.physics.posterior.likelihood import Data
from dosimetry.physics.posterior.nodes import Nodes
from dosimetry.physics.posterior.shapes import Shapes

WITHOUT_WEIGHT = 32.0  # below the largest log weight


@dataclass(frozen=True, eq=False)
class Measured:
    """Points of one region in one cycle.

    Attributes
    ----------
    cycle : int
        From 0.
    side : str
        Which kidney; empty for a region without sides, and for the pair.
    time, activity, sd : array, shape (n,)
        In h and MBq (or kBq/mL); the sd at the measured activity.
    relative : array of bool, shape (n,)
        Whether the sd is relative to the curve.
    models : tuple of str
        Models to be averaged.
    most : float
        Activity or concentration that the region cannot exceed at any time.
    """

    cycle: int
    side: str
    time: Array
    activity: Array
    sd: Array
    relative: npt.NDArray[np.bool_]
    models: tuple[str, ...]
    most: float

    def data(self) -> Data:
        """Return the points as a batch of one curve."""
        return batch([self])


def batch(curves: Sequence[Measured]) -> Data:
    """Return the points of curves with equally many points as one batch."""

    def stacked(name: str) -> Array:
        return np.array([getattr(curve, name) for curve in curves]).T[..., None].copy()

    relative = np.array([curve.relative for curve in curves]).T[..., None].copy()
    return Data(stacked("time"), stacked("activity"), stacked("sd"), relative)


def summed(place: npt.NDArray[np.intp], values: Array, count: int) -> Array:
    """Return sums of values by their place, shape (count,).

    Examples
    --------
    >>> summed(np.array([0, 2, 2]), np.array([1.0, 2.0, 3.0]), 3).tolist()
    [1.0, 0.0, 5.0]
    """
    return np.bincount(place, values, count).astype(float)


@dataclass(frozen=True, eq=False)
class CurveNodes:
    """Nodes of one curve, all its models one after the other.

    Attributes
    ----------
    models : tuple of str
    model : array of int, shape (m,)
        Index into ``models``.
    slow : array of int, shape (m,)
        Index into ``log_half_life``.
    log_half_life : array, shape (k,)
        Of the slow phase, ln of h, of all models.
    weight : array, shape (m,)
        Likelihood and inner prior times the volume of the node; the largest is about one.
    shapes : Shapes
        Arrays of shape (m,).
    log_tia, variance : array, shape (m,)
        Mean and variance of ln TIA.
    chi2 : array, shape (models,)
        The least of each model.
    """

    models: tuple[str, ...]
    model: npt.NDArray[np.intp]
    slow: npt.NDArray[np.intp]
    log_half_life: Array
    weight: Array
    shapes: Shapes
    log_tia: Array
    variance: Array
    chi2: Array

    def by_half_life(self, values: Array) -> Array:
        """Return sums of values of nodes by their slow half-life, shape (k,)."""
        return summed(self.slow, values, len(self.log_half_life))


def joined(parts: Sequence[Nodes], row: int, most: float) -> CurveNodes:
    """Return the nodes of one curve of a batch, all models together.

    Nodes whose curve would hold more than ``most`` at any time are left out, and those without
    weight.
    """
    places, columns, offset = [], [], 0
    for index, part in enumerate(parts):
        shape, own = part.log_weight[row].shape, part.shapes
        place = np.empty((2, *shape), dtype=np.intp)
        place[0], place[1] = index, offset + np.arange(shape[0])[:, None]
        places.append(place.reshape(2, -1))
        offset += shape[0]
        values = np.empty((7, *shape))
        values[0] = part.log_weight[row]
        values[1] = part.log_tia[row]
        values[2] = part.variance[row] + _within_cells(part.log_tia[row], part.variance[row])
        values[3] = own.slow[row]
        values[4] = own.slow[row] if own.fast is None else own.fast[row]
        values[5] = 1.0 if own.share is None else own.share[row]
        values[6] = np.inf if own.uptake is None else own.uptake[row]
        largest = part.scale[row] + np.log(own.chosen(row).largest())
        within = np.where(largest > math.log(most), -np.inf, values[0])
        values[0] = within if np.isfinite(within).any() else values[0]
        columns.append(values.reshape(7, -1))
    place, whole = np.concatenate(places, axis=1), np.concatenate(columns, axis=1)
    kept = np.flatnonzero(whole[0] > whole[0].max() - WITHOUT_WEIGHT)
    model, slow = place[:, kept]
    log_weight, log_tia, variance, rate, fast, share, uptake = whole[:, kept]
    return CurveNodes(
        tuple(part.model for part in parts),
        model,
        slow,
        np.concatenate([part.log_half_life[row] for part in parts]),
        np.exp(log_weight - log_weight.max()),
        Shapes(rate, fast, share, uptake),
        log_tia,
        variance,
        np.array([part.chi2[row] for part in parts]),
    )


def _within_cells(log_tia: Array, variance: Array) -> Array:
    """Return the variance of ln TIA between a node of the slow half-life and its neighbours.

    Each node stands for the values up to half way to the next ones. Where the sd of the scale
    spans them, the sum over nodes is exact already, and nothing is added.
    """
    cell = np.gradient(log_tia, axis=0)
    apart = np.clip(np.abs(cell) / np.sqrt(np.maximum(variance, 1e-300)) - 1.0, 0.0, 1.0)
    return np.asarray(apart * cell**2 / 12.0)
