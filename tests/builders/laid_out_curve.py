"""A curve in the memory layout of the kernel, and the same curve in numpy and scipy.

The kernel computes by loops. Here matrices compute the same: columns, scipy's non-negative least
squares, and derivatives by differences.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from dosimetry.physics.curve_search.layout import (
    ACTIVITY,
    AXIS_EXPONENTIALS,
    AXIS_SIZE,
    POINT_BLOCKS,
    TIME,
    WEIGHT,
    workspace_shapes,
)
from dosimetry.physics.kinetics import MODELS

LOW, HIGH = math.log(0.00434), math.log(5.0)
TIMES = np.array([1.5, 4.0, 26.0, 71.0, 120.0, 170.0])
RISING = np.array([61.0, 83.0, 74.0, 38.0, 21.0, 9.5])
FALLING = np.array([88.0, 70.0, 8.0, 0.3, 0.02, 0.01])  # faster than any rate below
ACTIVITIES = {
    "mono": RISING,
    "uptake": RISING,
    # near 60 exp(-0.009 t) + 40 exp(-0.07 t), and that less 100 exp(-0.9 t)
    "bi": np.array([96.5, 87.0, 54.6, 31.5, 20.7, 12.8]),
    "bi-uptake": np.array([68.5, 86.4, 54.6, 31.5, 20.7, 12.8]),
}
SDS = np.array([5.0, 7.0, 4.0, 3.0, 2.5, 1.5])
RATES = {  # ln 1/h, well apart
    "mono": np.log([0.013]),
    "uptake": np.log([0.013, 0.5]),
    "bi": np.log([0.009, 0.07]),
    "bi-uptake": np.log([0.009, 0.07, 0.9]),
}


@dataclass(frozen=True)
class Curve:
    """Points, a model, and the kernel's numbers of them."""

    name: str
    time: np.ndarray
    activity: np.ndarray
    sd: np.ndarray
    work: list

    @property
    def sizes(self):
        """Rates, terms, whether it rises, points: as the kernel's functions begin."""
        model = MODELS[self.name]
        return model.rates, len(model.terms), model.rises, len(self.time)

    @property
    def whole(self):
        """Chi-square without any curve."""
        return float(np.sum((self.activity / self.sd) ** 2))

    def columns(self, logs):
        """Return the model's columns at log rates, divided by the sd."""
        falls = np.exp(-np.outer(self.time, np.exp(logs))) / self.sd[:, None]
        return np.stack(
            [falls[:, a] - (0.0 if b is None else falls[:, b]) for a, b in MODELS[self.name].terms],
            axis=1,
        )

    def best(self, logs):
        """Return the best amplitudes at log rates, and chi-square."""
        amplitudes, root = nnls(self.columns(logs), self.activity / self.sd)
        return amplitudes, root**2

    def part(self, place, length, stride=1):
        """Return numbers of the kernel from a place that is a multiple of the points."""
        begin = POINT_BLOCKS + place * len(self.time)
        return np.array(self.work[begin : begin + length * stride : stride])


def laid_out(name, time=TIMES, activity=None, sd=SDS):
    """Return a curve; its tabulated exponentials are those of the axis from LOW to HIGH."""
    model, n = MODELS[name], len(time)
    activity = ACTIVITIES[name] if activity is None else activity
    _, length = workspace_shapes(n, (AXIS_SIZE - 1) // model.stride + 1, model.rates)
    work = [0.0] * length
    for place, values in ((TIME, time), (ACTIVITY, activity / sd), (WEIGHT, 1 / sd)):
        work[POINT_BLOCKS + place * n : POINT_BLOCKS + (place + 1) * n] = values.tolist()
    axis = np.exp(-np.outer(np.exp(np.linspace(LOW, HIGH, AXIS_SIZE)), time)) / sd
    work[
        POINT_BLOCKS + AXIS_EXPONENTIALS * n : POINT_BLOCKS + (AXIS_EXPONENTIALS + AXIS_SIZE) * n
    ] = axis.ravel().tolist()
    return Curve(name, time, activity, sd, work)


def put(work, place, values):
    """Write numbers into the kernel's memory."""
    work[place : place + len(values)] = np.asarray(values, float).tolist()


def difference(function, at, i, step):
    """Return a central difference by the i-th variable."""
    ends = []
    for sign in (1, -1):
        moved = np.array(at)
        moved[i] += sign * step
        ends.append(function(moved))
    return (ends[0] - ends[1]) / (2 * step)
