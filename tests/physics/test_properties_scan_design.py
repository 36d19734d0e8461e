"""Property tests of the expected sd of a dose before its scans."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import EXAMPLES, FEW, property_of

from dosimetry.physics.kinetics import Exponentials
from dosimetry.physics.posterior import cycle_to_come
from dosimetry.physics.posterior.half_life import moments_of_cycle
from dosimetry.physics.posterior.priors import SlowPrior
from dosimetry.physics.scan_design import CurveAhead, expected_sds, schedules

pytestmark = pytest.mark.slow

half_lives = st.floats(10.0, 150.0)
spreads = st.floats(0.02, 0.7)
noises = st.floats(0.01, 0.3)
scales = st.sampled_from([0.2, 0.55, math.inf])
times = st.lists(st.floats(1.0, 300.0), min_size=1, max_size=5, unique=True).map(np.array)


@given(half_lives, spreads, noises, scales, times)
@EXAMPLES
@property_of(CurveAhead.mono, expected_sds, schedules)
def test_a_further_scan_never_raises_the_sd(half_life, spread, noise, scale, at):
    curve = CurveAhead.mono(half_life, spread, noise, scale)
    subsets = schedules(len(at), len(at))
    sds, parts = expected_sds(curve, at, subsets)
    of = {tuple(own): sd for own, sd in zip(subsets, sds, strict=True)}
    for own, sd in of.items():
        for i in np.flatnonzero(~np.array(own)):
            more = list(own)
            more[i] = True
            assert of[tuple(more)] <= sd * (1.0 + 1e-9)
    assert (parts <= sds * (1.0 + 1e-9)).all()


@given(half_lives, spreads, noises, scales, times, st.floats(0.1, 10.0))
@EXAMPLES
@property_of(CurveAhead.mono, expected_sds)
def test_sd_does_not_depend_on_the_unit_of_time(half_life, spread, noise, scale, at, factor):
    every = np.ones((1, len(at)), dtype=bool)
    one = CurveAhead.mono(half_life, spread, noise, scale)
    other = CurveAhead.mono(half_life * factor, spread, noise, scale)
    assert expected_sds(one, at, every)[0] == pytest.approx(
        expected_sds(other, at * factor, every)[0], rel=1e-6
    )


@given(half_lives, st.floats(1.0, 8.0), st.floats(0.05, 0.95), times)
@EXAMPLES
@property_of(CurveAhead.slopes, CurveAhead.gain)
def test_slopes_and_gain_are_derivatives_by_the_half_life(half_life, fast, share, at):
    def shape(slow):
        rates = np.log(2) / np.array([slow, fast])
        return Exponentials(np.array([share, 1.0 - share]), rates)

    def logs(slow):
        curve = shape(slow)
        read = curve.amplitudes @ np.exp(-curve.rates[:, None] * at)
        return np.log([*read, (curve.amplitudes / curve.rates).sum()])

    step = 1e-4
    rise = (logs(half_life * math.exp(step)) - logs(half_life * math.exp(-step))) / (2 * step)
    curve = CurveAhead(shape(half_life), 0.2, 0.1, math.inf)
    assert [*curve.slopes(at), curve.gain()] == pytest.approx(rise, rel=1e-5, abs=1e-8)


@given(half_lives, spreads, st.floats(0.02, 0.3))
@FEW
@property_of(cycle_to_come, moments_of_cycle)
def test_next_half_life_stays_below_the_physical_one(half_life, patients, cycles):
    prior = SlowPrior(half_life, patients, cycles, 159.528)
    mean, sd = cycle_to_come([], [], prior, 0.05)
    assert mean < math.log(159.528)
    assert 0.0 < sd <= prior.log_sd * 1.01
