"""What is drawn and printed of a posterior: a typical curve and a band."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dosimetry.physics.kinetics import MODELS, Array, Model
from dosimetry.physics.posterior.group import Weighted
from dosimetry.physics.posterior.rules import dot
from dosimetry.physics.posterior.shapes import Shapes

NEAR_MEAN = 0.5  # sds of the TIA from its mean, of a typical curve
DRAWN = 201  # curves of a band


def typical(own: Weighted, best: int, mean_tia: float, sd: float) -> tuple[Array, Array]:
    """Return amplitudes and rates of a typical curve of the best model, and their sds.

    The most probable one of those with nearly the mean TIA; its amplitudes are scaled to the mean.
    """
    model = MODELS[own.models[best]]
    chosen = own.model == best
    chance = own.probability[chosen] / own.probability[chosen].sum()
    shapes = own.shapes.chosen(np.flatnonzero(chosen))
    parameters = np.array(_parameters(model, shapes, own.log_tia[chosen]))
    away = (own.log_tia[chosen] - math.log(mean_tia)) / (NEAR_MEAN * sd / mean_tia)
    found = parameters[:, int(np.argmax(chance * np.exp(-0.5 * away**2)))].copy()
    count = len(model.terms)
    area = 0.0
    for i, (fall, rise) in enumerate(model.terms):
        area += found[i] / found[count + fall]
        area -= 0.0 if rise is None else found[i] / found[count + rise]
    found[:count] *= mean_tia / area
    mean = dot(parameters, chance)
    variance = dot((parameters - mean[:, None]) ** 2, chance)
    variance[:count] += mean[:count] ** 2 * float(dot(own.variance[chosen], chance))
    return found, np.sqrt(variance)


def _parameters(model: Model, shapes: Shapes, log_tia: Array) -> list[Array]:
    """Return amplitudes and rates of curves of a model."""
    scale = np.exp(log_tia) / shapes.integral()
    amplitudes, rates = [scale], [shapes.slow]
    if len(model.terms) == 2:
        assert shapes.share is not None
        assert shapes.fast is not None
        amplitudes = [scale * shapes.share, scale * (1.0 - shapes.share)]
        rates.append(shapes.fast)
    if model.rises:
        assert shapes.uptake is not None
        rates.append(shapes.uptake)
    return [*amplitudes, *rates]


@dataclass(frozen=True, eq=False)
class Band:
    """Curves with equal probabilities, drawn evenly from the posterior.

    Attributes
    ----------
    shapes : Shapes
        Arrays of shape (201,).
    log_scale, variance : array, shape (201,)
        Mean and variance of ln A.
    """

    shapes: Shapes
    log_scale: Array
    variance: Array

    def around(self, time: Array) -> tuple[Array, Array]:
        """Return mean and sd of ln activity at times in h, shape (n,)."""
        values = np.array([np.log(self.shapes.at(at)) + self.log_scale for at in time])
        mean = values.mean(axis=1)
        spread = ((values - mean[:, None]) ** 2).mean(axis=1) + self.variance.mean()
        return mean, np.sqrt(spread)


def band(own: Weighted) -> Band:
    """Return curves at even steps of the probability, in order of the TIA."""
    order = np.argsort(own.log_tia, kind="stable")
    reached = np.cumsum(own.probability[order])
    steps = (np.arange(DRAWN) + 0.5) / DRAWN * reached[-1]
    chosen = order[np.searchsorted(reached, steps)]
    shapes = own.shapes.chosen(chosen)
    log_scale = own.log_tia[chosen] - np.log(shapes.integral())
    return Band(shapes, log_scale, own.variance[chosen])
