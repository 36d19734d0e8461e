"""Best fits of one model: of one curve (Optimum) and of each curve of a batch (Optima)."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dosimetry.physics.kinetics import MODELS, Array, Exponentials, Model

NAMES = tuple(MODELS)


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best fit of one model to one curve.

    Attributes
    ----------
    model : Model
        The model fitted, or the smaller one it was reduced to.
    rates, amplitudes : array
        In 1/h and MBq; amplitudes of the model's formula.
    chi2 : float
    covariance : array
        Of (amplitudes, rates); rows of a parameter on its bound are zero.
    at_bound : bool
        Whether the slowest rate is the physical decay constant.
    collapsed_from : str or None
        The larger model requested, if one of its terms vanished.
    """

    model: Model
    rates: Array
    amplitudes: Array
    chi2: float
    covariance: Array
    at_bound: bool
    collapsed_from: str | None = field(default=None)

    def shape(self) -> Exponentials:
        """Return the curve as a plain sum of exponentials."""
        amplitudes, rates = [], []
        for (fall, rise), amplitude in zip(self.model.terms, self.amplitudes, strict=True):
            amplitudes.append(amplitude)
            rates.append(self.rates[fall])
            if rise is not None:
                amplitudes.append(-amplitude)
                rates.append(self.rates[rise])
        return Exponentials(np.array(amplitudes), np.array(rates))

    def tia_gradient(self) -> Array:
        """Return the derivatives of the TIA by (amplitudes, rates)."""
        return _tia_gradient(self.model, self.rates, self.amplitudes)

    @functools.cached_property
    def tia(self) -> tuple[float, float]:
        """TIA and its sd by the delta method, in MBq h; infinite where undetermined."""
        total, spread = _tia(
            self.model, self.rates[None], self.amplitudes[None], self.covariance[None]
        )
        return float(total[0]), float(spread[0])


@dataclass(frozen=True, eq=False)
class Optima:
    """The best fits of one model to many curves.

    Attributes
    ----------
    asked : str
        Name of the model requested.
    model : array of int, shape (N,)
        Index into the models: the one requested, or the smaller one it was reduced to.
    rates : array, shape (N, 3)
    amplitudes : array, shape (N, 2)
        As many as the model of the row has; the others are zero.
    chi2 : array, shape (N,)
    covariance : array, shape (N, 5, 5)
        Of (amplitudes, rates), in the upper left corner; infinite where not determined.
    at_bound : array of bool, shape (N,)
    """

    asked: str
    model: npt.NDArray[np.intp]
    rates: Array
    amplitudes: Array
    chi2: Array
    covariance: Array
    at_bound: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.chi2)

    def __getitem__(self, row: int) -> Optimum:
        model = MODELS[NAMES[self.model[row]]]
        return Optimum(
            model,
            self.rates[row, : model.rates].copy(),
            self.amplitudes[row, : len(model.terms)].copy(),
            float(self.chi2[row]),
            self.covariance[row, : model.free, : model.free].copy(),
            bool(self.at_bound[row]),
            None if model.name == self.asked else self.asked,
        )

    @property
    def collapsed(self) -> npt.NDArray[np.bool_]:
        """Whether a term of the model requested vanished."""
        return np.asarray(self.model != NAMES.index(self.asked))

    def tia(self) -> tuple[Array, Array]:
        """Return the TIA and its sd by the delta method, in MBq h; infinite where undetermined."""
        total, spread = np.zeros(len(self)), np.zeros(len(self))
        for model, rows in self._by_model():
            covariance = self.covariance[rows, : model.free, : model.free]
            total[rows], spread[rows] = _tia(
                model, self.rates[rows], self.amplitudes[rows], covariance
            )
        return total, spread

    def _by_model(self) -> Iterator[tuple[Model, npt.NDArray[np.intp]]]:
        for index, name in enumerate(NAMES):
            rows = np.flatnonzero(self.model == index)
            if len(rows):
                yield MODELS[name], rows


def _tia(model: Model, rates: Array, amplitudes: Array, covariance: Array) -> tuple[Array, Array]:
    """Return TIA and sd of rows of one model; the sd is infinite where undetermined."""
    total = np.zeros(len(rates))
    for i, (fall, rise) in enumerate(model.terms):
        total += amplitudes[:, i] / rates[:, fall]
        if rise is not None:
            total -= amplitudes[:, i] / rates[:, rise]
    gradient = _tia_gradient(model, rates, amplitudes)
    known = np.isfinite(covariance).all(axis=(1, 2))
    gradient, covariance = gradient[known], covariance[known]
    variance = np.einsum("ni,nij,nj->n", gradient, covariance, gradient)
    spread = np.full(len(rates), np.inf)
    spread[known] = np.sqrt(np.maximum(variance, 0.0))
    return total, spread


def _tia_gradient(model: Model, rates: Array, amplitudes: Array) -> Array:
    """Return the derivatives of the TIA by (amplitudes, rates), along the last axis."""
    terms = len(model.terms)
    gradient = np.zeros((*rates.shape[:-1], model.free))
    for i, (fall, rise) in enumerate(model.terms):
        gradient[..., i] = 1.0 / rates[..., fall]
        gradient[..., terms + fall] -= amplitudes[..., i] / rates[..., fall] ** 2
        if rise is not None:
            gradient[..., i] -= 1.0 / rates[..., rise]
            gradient[..., terms + rise] += amplitudes[..., i] / rates[..., rise] ** 2
    return gradient
