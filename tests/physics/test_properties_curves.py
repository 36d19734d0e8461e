"""Property tests of curves: shapes and bands under a change of scale and of the unit of time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import EXAMPLES, property_of, property_of_each
from sample_curves import (
    DECAY_CONSTANT,
    TIMES,
    curve_of,
    factors,
    parameters,
    pieces,
    positive,
    sums,
)

from dosimetry.physics import curve_band
from dosimetry.physics.fitting import fit_points
from dosimetry.physics.kinetics import (
    MODELS,
    Combined,
    Exponentials,
    Model,
    Trapezoid,
    combine,
    parts_of,
)

pytestmark = pytest.mark.slow


@st.composite
def combinations(draw):
    parts = (draw(sums()), draw(pieces()))
    return Combined(parts, (draw(positive), draw(positive)))


SHAPES = {Exponentials: sums(), Trapezoid: pieces(), Combined: combinations()}


def slower(shape, factor):
    """Return the shape with its times in another unit."""
    if isinstance(shape, Exponentials):
        return Exponentials(shape.amplitudes, shape.rates / factor)
    if isinstance(shape, Trapezoid):
        return Trapezoid(shape.times * factor, shape.activities, shape.decay_constant / factor)
    return Combined(tuple(slower(one, factor) for one in shape.shapes), shape.weights)


def named(method):
    return [getattr(kind, method) for kind in SHAPES]


def kind_of(function):
    return next(kind for kind in SHAPES if function in vars(kind).values())


# --- shapes -------------------------------------------------------------------------------------


@property_of_each(named("scaled"))
@EXAMPLES
@given(st.data(), factors)
def test_scaling_a_curve_scales_its_tia_and_keeps_its_rates(function, data, factor):
    shape = data.draw(SHAPES[kind_of(function)])
    other = function(shape, factor)
    np.testing.assert_allclose(other.activity(TIMES), factor * shape.activity(TIMES), rtol=1e-12)
    assert other.integral() == pytest.approx(factor * shape.integral(), rel=1e-12)
    assert other.slowest() == pytest.approx(shape.slowest(), rel=1e-9)
    assert other.steepest() == pytest.approx(shape.steepest(), rel=1e-9)


@property_of_each([Exponentials.tail_terms, Trapezoid.tail_terms])
@EXAMPLES
@given(st.data(), st.floats(0.0, 100.0))
def test_curve_after_its_last_break_equals_its_tail_terms(function, data, later):
    shape = data.draw(SHAPES[kind_of(function)])
    start = shape.breaks()[-1] + later
    amplitudes, rates = function(shape, start)
    found = np.sum(amplitudes * np.exp(-np.outer(TIMES, rates)), axis=1)
    np.testing.assert_allclose(found, shape.activity(start + TIMES), rtol=1e-9, atol=1e-300)


@property_of(parts_of)
@EXAMPLES
@given(st.one_of(*SHAPES.values()))
def test_a_curve_is_the_weighted_sum_of_its_parts(shape):
    found = sum(weight * part.activity(TIMES) for part, weight in parts_of(shape))
    np.testing.assert_allclose(found, shape.activity(TIMES), rtol=1e-12)


@property_of_each([*named("activity"), *named("integral"), *named("slowest"), *named("steepest")])
@EXAMPLES
@given(st.data(), factors)
def test_curve_does_not_depend_on_the_unit_of_time(function, data, factor):
    shape = data.draw(SHAPES[kind_of(function)])
    other = slower(shape, factor)
    if function.__name__ == "activity":
        np.testing.assert_allclose(
            function(other, TIMES * factor), function(shape, TIMES), rtol=1e-9
        )
        return
    power = 1 if function.__name__ == "integral" else -1
    assert function(other) == pytest.approx(factor**power * function(shape), rel=1e-9)


@property_of_each(named("breaks"))
@EXAMPLES
@given(st.data(), st.floats(0.0, 400.0))
def test_curve_is_smooth_except_at_its_breaks(function, data, time):
    shape = data.draw(SHAPES[kind_of(function)])
    breaks = function(shape)
    assert breaks[0] == 0.0
    assert np.all(np.diff(breaks) > 0)
    step = 1e-4
    if np.any(np.abs(breaks - time) < 2 * step):
        return
    # the slope from the left is that from the right, to the step times what bends the curve most
    before, here, after = shape.activity(np.array([time - step, time, time + step]))
    bend = 2 * step**2 * shape.steepest() ** 2 * 10 * shape.activity(np.array([time])).max()
    assert abs(after - 2 * here + before) <= bend + 1e-9


@property_of_each(named("slowest"))
@EXAMPLES
@given(st.data())
def test_late_curve_falls_with_its_slowest_rate(function, data):
    shape = data.draw(SHAPES[kind_of(function)])
    slowest = function(shape)
    assert slowest <= shape.steepest()
    late = shape.breaks()[-1] + 30.0 / slowest
    first, second = shape.activity(np.array([late, late + 1.0 / slowest]))
    # what falls faster may not be gone yet where two rates are nearly one
    assert first / second == pytest.approx(math.e, rel=0.02) or first / second > math.e


@property_of(Trapezoid.tail, Trapezoid.activity)
@EXAMPLES
@given(pieces(), st.floats(0.1, 200.0))
def test_after_its_last_point_a_trapezoid_falls_with_its_tail(shape, later):
    end = shape.times[-1]
    expected = shape.activities[-1] * math.exp(-shape.tail() * later)
    assert shape.activity(end + later) == pytest.approx(expected, rel=1e-9)


@property_of(Combined.activity, Combined.integral, Combined.scaled, combine)
@EXAMPLES
@given(sums(), pieces(), positive, positive, factors)
def test_weighting_a_curve_is_associative(one, other, first, second, factor):
    weighted = combine([(one, first), (other, second)]).scaled(factor)
    before = combine([(one.scaled(first * factor), 1.0), (other.scaled(second * factor), 1.0)])
    np.testing.assert_allclose(weighted.activity(TIMES), before.activity(TIMES), rtol=1e-12)
    assert weighted.integral() == pytest.approx(before.integral(), rel=1e-12)
    assert combine([(weighted, 0.0)]).integral() == 0.0


# --- models -------------------------------------------------------------------------------------


@property_of_each([Model.rises, Model.free])
@pytest.mark.parametrize("name", MODELS)
def test_rising_model_starts_at_zero_and_counts_parameters(function, name):
    model = MODELS[name]
    values = parameters(model, np.random.default_rng(1))
    start, _ = curve_band.exponentials(name, values, None, np.zeros(1))
    if function is Model.rises:
        assert function.fget(model) == (start[0] == 0.0)
        return
    curve = fit_points(TIMES, curve_of(name, np.zeros(6)), None, name, DECAY_CONSTANT)
    assert function.fget(model) == len(values) == len(curve.parameters)
    assert curve.dof == len(TIMES) - function.fget(model)


@property_of(curve_band.exponentials)
@pytest.mark.parametrize("name", MODELS)
@EXAMPLES
@given(st.integers(0, 1000), factors)
def test_curve_band_scales_with_curve_and_uncertainty(name, seed, factor):
    random = np.random.default_rng(seed)
    model = MODELS[name]
    values = parameters(model, random)
    root = random.standard_normal((model.free, model.free)) * 0.05 * values[:, None]
    covariance = root @ root.T
    activity, sd = curve_band.exponentials(name, values, covariance, TIMES)
    _, wider = curve_band.exponentials(name, values, factor**2 * covariance, TIMES)
    np.testing.assert_allclose(wider, factor * sd, rtol=1e-9)
    by_amplitude = np.where(np.arange(model.free) < len(model.terms), factor, 1.0)
    scaled = np.outer(by_amplitude, by_amplitude) * covariance
    more, more_sd = curve_band.exponentials(name, by_amplitude * values, scaled, TIMES)
    np.testing.assert_allclose(more, factor * activity, rtol=1e-9)
    np.testing.assert_allclose(more_sd, factor * sd, rtol=1e-6)


@property_of(curve_band.trapezoid)
@EXAMPLES
@given(pieces(), st.floats(0.01, 0.2), factors)
def test_trapezoid_band_scales_and_equals_the_point_sds(shape, relative, factor):
    sd = relative * shape.activities
    points = (shape.times, shape.activities, sd)
    activity, band = curve_band.trapezoid(points, DECAY_CONSTANT, TIMES)
    np.testing.assert_allclose(activity, shape.activity(TIMES), rtol=1e-12)
    _, wider = curve_band.trapezoid((*points[:2], factor * sd), DECAY_CONSTANT, TIMES)
    np.testing.assert_allclose(wider, factor * band, rtol=1e-9)
    _, at_points = curve_band.trapezoid(points, DECAY_CONSTANT, shape.times)
    np.testing.assert_allclose(at_points, sd, rtol=1e-6)
