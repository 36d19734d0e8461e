"""A kernel search laid out by hand, and its chi-square computed independently."""

import math

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import nnls

from dosimetry.physics.curve_search.layout import (
    ACTIVITY,
    AXIS_EXPONENTIALS,
    AXIS_SIZE,
    POINT_BLOCKS,
    TIME,
    TRIAL,
    WEIGHT,
    workspace_shapes,
)
from dosimetry.physics.kinetics import MODELS

DECAY_CONSTANT = math.log(2) / (6.647 * 24)  # 1/h, 177Lu, ICRP 107
LOW, HIGH = math.log(DECAY_CONSTANT), math.log(5.0)
TIMES = np.array([1.0, 4.0, 24.0, 48.0, 96.0, 168.0])


class Search:
    """A model, points, and the memory that the kernel's functions work in."""

    def __init__(self, name, activity, sd=None):
        self.model = MODELS[name]
        self.rates, self.terms = self.model.rates, len(self.model.terms)
        self.rise, self.n = self.model.rises, len(TIMES)
        self.weight = 1.0 / (0.05 * activity if sd is None else sd)
        self.value = activity * self.weight
        self.whole = float(self.value @ self.value)
        self.size = (AXIS_SIZE - 1) // self.model.stride + 1
        self.shapes, length = workspace_shapes(self.n, self.size, self.rates)
        self.work = [0.0] * length
        self.axis = LOW + (HIGH - LOW) / (AXIS_SIZE - 1) * np.arange(AXIS_SIZE)
        for part, values in ((TIME, TIMES), (ACTIVITY, self.value), (WEIGHT, self.weight)):
            self.put(POINT_BLOCKS + part * self.n, values)
        for g, log_rate in enumerate(self.axis):
            falls = np.exp(-np.exp(log_rate) * TIMES) * self.weight
            self.put(POINT_BLOCKS + (AXIS_EXPONENTIALS + g) * self.n, falls)

    @property
    def model_of(self):
        """Return the numbers by which the kernel knows the model."""
        return self.rates, self.terms, self.rise

    def put(self, place, values):
        self.work[place : place + len(values)] = [float(one) for one in values]

    def get(self, place, count):
        return np.array(self.work[place : place + count])

    def part(self, place, count):
        """Return rows that have a value for each point."""
        return self.get(POINT_BLOCKS + place * self.n, count * self.n).reshape(count, self.n)

    def put_rates(self, log_rates, place=TRIAL):
        self.put(place, log_rates)

    def grid(self):
        """Return the grid's parts, its exponentials filled."""
        parts = tuple([[0.0] * width for _ in range(height)] for height, width in self.shapes)
        rates = np.exp(self.axis[:: self.model.stride])
        for j in range(self.n):
            parts[0][j] = (np.exp(-rates * TIMES[j]) * self.weight[j]).tolist()
        return parts

    def columns(self, log_rates):
        """Return the weighted columns of the model; where rates meet, their limit."""
        rates = np.exp(np.asarray(log_rates))
        found = []
        for fall, rise in self.model.terms:
            column = np.exp(-rates[fall] * TIMES)
            if rise is not None:
                gap = rates[rise] - rates[fall]
                met = abs(gap) < 1e-9 * rates[fall]
                column = column * TIMES if met else -column * np.expm1(-gap * TIMES)
            found.append(column * self.weight)
        return np.array(found)

    def chi2(self, log_rates):
        """Return chi-square after non-negative least squares (Lawson and Hanson) by scipy."""
        columns = self.columns(log_rates)
        length = np.linalg.norm(columns, axis=1)
        scaled = columns / np.where(length > 0, length, 1.0)[:, None]
        return nnls(scaled.T, self.value)[1] ** 2


@st.composite
def searches(draw, names=tuple(MODELS)):
    """Draw a search: a curve of a model with noise."""
    name = draw(st.sampled_from(names))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    activity = np.exp(-0.01 * TIMES) + 0.7 * np.exp(-0.1 * TIMES) - 0.9 * np.exp(-TIMES)
    activity = 50 * activity * np.exp(0.1 * random.standard_normal(len(TIMES)))
    return Search(name, activity)


def log_rates(search, apart=0.3):
    """Draw log rates of a search, in order and well apart."""
    return st.lists(st.floats(apart, 2.0), min_size=search.rates, max_size=search.rates).map(
        lambda gaps: LOW + np.cumsum(gaps)
    )
