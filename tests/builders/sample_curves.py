"""Sample curves and points for the property tests."""

import math

import numpy as np
from hypothesis import strategies as st

from dosimetry.physics import curve_band
from dosimetry.physics.kinetics import MODELS, Exponentials, Trapezoid

DECAY_CONSTANT = math.log(2) / (6.647 * 24)  # 1/h, 177Lu, ICRP 107
TIMES = np.array([1.0, 4.0, 24.0, 48.0, 96.0, 168.0])
factors = st.floats(0.01, 100.0)
positive = st.floats(0.5, 90.0)
scatter = st.lists(st.floats(-0.05, 0.05), min_size=6, max_size=6)


@st.composite
def sums(draw):
    count = draw(st.integers(1, 3))
    sizes = {"min_size": count, "max_size": count}
    amplitudes = draw(st.lists(positive, **sizes))
    rates = draw(st.lists(st.floats(0.005, 2.0), **sizes))
    return Exponentials(np.array(amplitudes), np.array(rates))


@st.composite
def pieces(draw):
    count = draw(st.integers(2, 5))
    gaps = draw(st.lists(st.floats(1.0, 60.0), min_size=count, max_size=count))
    heights = draw(st.lists(positive, min_size=count, max_size=count))
    return Trapezoid(np.cumsum(gaps), np.array(heights), DECAY_CONSTANT)


def parameters(model, random):
    """Return amplitudes and rising rates of a model."""
    rates = DECAY_CONSTANT * np.cumprod(random.uniform(2.0, 6.0, model.rates))
    return np.concatenate([random.uniform(10.0, 100.0, len(model.terms)), rates])


def curve_of(model, noise, factor=1.0):
    """Return the activities at TIMES of a fixed curve of a model, with a relative noise."""
    values = parameters(MODELS[model], np.random.default_rng(4))
    activity, _ = curve_band.exponentials(model, values, None, TIMES)
    return factor * activity * (1.0 + np.array(noise))
