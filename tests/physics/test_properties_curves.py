"""Curves: shapes under a change of scale and of the unit of time, and what a fit says of itself."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import EXAMPLES, FEW, property_of, property_of_each

from dosimetry.physics import curve_band, fitted_curve
from dosimetry.physics.bootstrap import bootstrap_tia
from dosimetry.physics.fitted_curve import FittedCurve, Points, adequate, report
from dosimetry.physics.fitting import Task, fit_many, fit_points
from dosimetry.physics.kinetics import MODELS, Combined, Exponentials, Model, Trapezoid, combine
from dosimetry.physics.least_squares import Optima, Optimum, fit_batch, fit_model
from dosimetry.physics.one_scan import HalfLife, fit_one

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


@st.composite
def combinations(draw):
    parts = (draw(sums()), draw(pieces()))
    return Combined(parts, (draw(positive), draw(positive)))


SHAPES = {Exponentials: sums(), Trapezoid: pieces(), Combined: combinations()}
each_kind = pytest.mark.parametrize("kind", SHAPES, ids=lambda kind: kind.__name__)


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
def test_a_multiple_of_a_curve_has_its_rates_and_a_multiple_of_its_area(function, data, factor):
    shape = data.draw(SHAPES[kind_of(function)])
    other = function(shape, factor)
    np.testing.assert_allclose(other.activity(TIMES), factor * shape.activity(TIMES), rtol=1e-12)
    assert other.integral() == pytest.approx(factor * shape.integral(), rel=1e-12)
    assert other.slowest() == pytest.approx(shape.slowest(), rel=1e-9)
    assert other.steepest() == pytest.approx(shape.steepest(), rel=1e-9)


@property_of_each([*named("activity"), *named("integral"), *named("slowest"), *named("steepest")])
@EXAMPLES
@given(st.data(), factors)
def test_the_unit_of_time_does_not_matter_to_a_curve(function, data, factor):
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
def test_a_curve_is_smooth_but_at_its_breaks(function, data, time):
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
def test_late_a_curve_falls_with_its_slowest_rate(function, data):
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
def test_weights_and_curves_may_be_multiplied_in_any_order(one, other, first, second, factor):
    weighted = combine([(one, first), (other, second)]).scaled(factor)
    before = combine([(one.scaled(first * factor), 1.0), (other.scaled(second * factor), 1.0)])
    np.testing.assert_allclose(weighted.activity(TIMES), before.activity(TIMES), rtol=1e-12)
    assert weighted.integral() == pytest.approx(before.integral(), rel=1e-12)
    assert combine([(weighted, 0.0)]).integral() == 0.0


# --- models -------------------------------------------------------------------------------------


def parameters(model, random):
    """Return amplitudes and rising rates of a model."""
    rates = DECAY_CONSTANT * np.cumprod(random.uniform(2.0, 6.0, model.rates))
    return np.concatenate([random.uniform(10.0, 100.0, len(model.terms)), rates])


def curve_of(model, noise, factor=1.0):
    """Return the activities at TIMES of a fixed curve of a model, with a relative noise."""
    values = parameters(MODELS[model], np.random.default_rng(4))
    activity, _ = curve_band.exponentials(model, values, None, TIMES)
    return factor * activity * (1.0 + np.array(noise))


@property_of_each([Model.rises, Model.free])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_begins_at_zero_where_it_rises_and_reports_what_is_free(function, name):
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
def test_the_band_of_a_curve_scales_with_it_and_with_its_uncertainty(name, seed, factor):
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
def test_the_band_of_pieces_scales_with_them_and_holds_at_their_points(shape, relative, factor):
    sd = relative * shape.activities
    points = (shape.times, shape.activities, sd)
    activity, band = curve_band.trapezoid(points, DECAY_CONSTANT, TIMES)
    np.testing.assert_allclose(activity, shape.activity(TIMES), rtol=1e-12)
    _, wider = curve_band.trapezoid((*points[:2], factor * sd), DECAY_CONSTANT, TIMES)
    np.testing.assert_allclose(wider, factor * band, rtol=1e-9)
    _, at_points = curve_band.trapezoid(points, DECAY_CONSTANT, shape.times)
    np.testing.assert_allclose(at_points, sd, rtol=1e-6)


@property_of(curve_band.one_scan)
@EXAMPLES
@given(positive, positive, st.floats(0.01, 0.2), st.floats(20.0, 100.0), st.floats(0.0, 0.5))
def test_the_band_of_one_scan_is_narrowest_at_it(time, activity, relative, half_life, cv):
    start = activity * 2 ** (time / half_life)
    scan = (time, activity, relative * activity)
    grid = np.array([0.0, time / 2, time, 2 * time, 5 * time])
    found, sd = curve_band.one_scan(scan, start, (half_life, cv * half_life), grid)
    assert found[2] == pytest.approx(activity, rel=1e-12)
    assert sd[2] == pytest.approx(scan[2], rel=1e-12)
    spread = sd / found
    assert np.all(np.diff(spread[:3]) <= 1e-12)
    assert np.all(np.diff(spread[2:]) >= -1e-12)


# --- fits ---------------------------------------------------------------------------------------

fits = pytest.mark.parametrize("model", [*MODELS, "trapezoid"])


@property_of(fit_points)
@fits
@FEW
@given(scatter, factors)
def test_a_fit_is_linear_in_the_activity(model, noise, factor):
    activity = curve_of("bi-uptake", noise)
    one = fit_points(TIMES, activity, None, model, DECAY_CONSTANT)
    other = fit_points(TIMES, factor * activity, None, model, DECAY_CONSTANT)
    assert other.model == one.model
    assert other.tia.value == pytest.approx(factor * one.tia.value, rel=1e-6)
    assert other.chi2 == pytest.approx(one.chi2, rel=1e-6, abs=1e-9)
    assert other.effective_half_life.value == pytest.approx(one.effective_half_life.value, rel=1e-4)


@property_of(fit_points)
@pytest.mark.parametrize("model", ["mono", "bi", "trapezoid"])
@FEW
@given(scatter, st.floats(0.5, 4.0))
def test_a_fit_does_not_depend_on_the_unit_of_time(model, noise, factor):
    activity = curve_of("bi", noise)
    one = fit_points(TIMES, activity, None, model, DECAY_CONSTANT)
    other = fit_points(TIMES * factor, activity, None, model, DECAY_CONSTANT / factor)
    assert other.model == one.model
    assert other.tia.value == pytest.approx(factor * one.tia.value, rel=1e-6)


@property_of(fit_model, fit_batch, Optima.tia, Optima.collapsed.fget, Optimum.shape)
@pytest.mark.parametrize("name", MODELS)
@FEW
@given(scatter, scatter)
def test_a_batch_is_its_curves_in_any_order(name, first, second):
    activity = np.array([curve_of(name, first), curve_of("bi-uptake", second)])
    given_order = fit_batch(name, TIMES, activity, 0.05 * activity, DECAY_CONSTANT)
    turned = fit_batch(name, TIMES, activity[::-1], 0.05 * activity[::-1], DECAY_CONSTANT)
    np.testing.assert_array_equal(given_order.tia()[0], turned.tia()[0][::-1])
    for row, one in enumerate(activity):
        alone = fit_model(name, TIMES, one, 0.05 * one, DECAY_CONSTANT)
        assert given_order.tia()[0][row] == pytest.approx(alone.shape().integral(), rel=1e-9)
        assert given_order.collapsed[row] == (alone.collapsed_from is not None)


@property_of(Optimum.tia, Optimum.tia_gradient, Optimum.shape)
@pytest.mark.parametrize("name", MODELS)
@EXAMPLES
@given(st.integers(0, 1000))
def test_the_gradient_of_the_tia_is_its_slope_by_each_parameter(name, seed):
    model = MODELS[name]
    values = parameters(model, np.random.default_rng(seed))
    terms = len(model.terms)

    def optimum(moved, covariance):
        return Optimum(model, moved[terms:], moved[:terms], 0.0, covariance, False)

    none = np.zeros((model.free, model.free))
    here = optimum(values, none)
    assert here.tia == (pytest.approx(here.shape().integral(), rel=1e-9), 0.0)
    gradient = here.tia_gradient()
    for i, value in enumerate(values):
        ends = []
        for sign in (1.0, -1.0):
            moved = values.copy()
            moved[i] += sign * 1e-5 * value
            ends.append(optimum(moved, none).shape().integral())
        slope = (ends[0] - ends[1]) / (2e-5 * value)
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-6 * here.tia[0] / value)
        # a parameter known to 1 % alone gives 1 % of its share in the TIA
        alone = none.copy()
        alone[i, i] = (0.01 * value) ** 2
        assert optimum(values, alone).tia[1] == pytest.approx(abs(gradient[i]) * 0.01 * value)


@property_of(fit_many)
@FEW
@given(st.permutations(range(5)))
def test_many_curves_are_fitted_as_each_alone_in_any_order(order):
    tasks = [
        Task(TIMES[:n], curve_of("bi", np.zeros(6))[:n], None, model, DECAY_CONSTANT)
        for n, model in ((2, "auto"), (4, "mono"), (6, "bi"), (5, "trapezoid"), (3, "auto"))
    ]
    found = fit_many([tasks[i] for i in order])
    for i, curve in zip(order, found, strict=True):
        task = tasks[i]
        alone = fit_points(task.time, task.activity, None, task.model, DECAY_CONSTANT)
        assert (curve.model, curve.tia) == (alone.model, alone.tia)


@property_of(fit_points)
@FEW
@given(scatter, st.floats(0.05, 2.0))
def test_no_curve_holds_more_than_it_may(noise, share):
    # auto passes over what is impossible; the trapezoid is its last resort
    activity = curve_of("bi", noise)
    free = fit_points(TIMES, activity, None, "auto", DECAY_CONSTANT)
    most = share * free.tia.value
    try:
        bound = fit_points(TIMES, activity, None, "auto", DECAY_CONSTANT, most=most)
    except ValueError as refusal:
        assert refusal.problems[0].code == "more-than-administered"
        assert share < 1
    else:
        assert bound.tia.value <= most


def points_of(noise, relative=0.05):
    activity = curve_of("mono", noise)
    return Points(TIMES, activity, relative * activity, False, DECAY_CONSTANT, "MBq")


@property_of(Points.optimum, adequate)
@EXAMPLES
@given(scatter, st.floats(0.0, 30.0), st.floats(0.0, 30.0))
def test_a_worse_fit_is_never_adequate_where_a_better_one_is_not(noise, one, other):
    optimum = points_of(noise).optimum("mono")
    better, worse = sorted([one, other])
    for count in (2, 3, 6):
        assert adequate(replace(optimum, chi2=better), count) >= (
            adequate(replace(optimum, chi2=worse), count)
        )


@property_of(Points.optimum, report)
@EXAMPLES
@given(scatter, st.floats(1.1, 5.0))
def test_the_sds_of_a_report_are_those_of_its_points(noise, factor):
    one, other = points_of(noise), points_of(noise, 0.05 * factor)
    found = report(one, one.optimum("mono"), "", {})
    wider = report(other, other.optimum("mono"), "", {})
    assert wider.tia.value == pytest.approx(found.tia.value, rel=1e-9)
    assert wider.chi2 == pytest.approx(found.chi2 / factor**2, rel=1e-6, abs=1e-12)
    for name in ("tia", "effective_half_life"):
        sds = getattr(wider, name).sd, getattr(found, name).sd
        assert sds[0] == pytest.approx(factor * sds[1], rel=1e-6)


@property_of(fitted_curve.trapezoid)
@EXAMPLES
@given(pieces(), st.floats(0.01, 0.1), factors)
def test_the_trapezoid_is_linear_in_its_points_and_its_sd_in_theirs(shape, relative, factor):
    def found(height, spread):
        activity = height * shape.activities
        points = Points(
            shape.times, activity, spread * activity, False, shape.decay_constant, "MBq"
        )
        return fitted_curve.trapezoid(points, "").tia

    one = found(1.0, relative)
    assert one.value == pytest.approx(shape.integral(), rel=1e-12)
    assert found(factor, relative).value == pytest.approx(factor * one.value, rel=1e-12)
    assert found(factor, relative).sd == pytest.approx(factor * one.sd, rel=1e-5)
    assert found(1.0, 2 * relative).sd == pytest.approx(2 * one.sd, rel=1e-9)


@property_of(FittedCurve.aicc_weights)
@FEW
@given(scatter, st.floats(-50.0, 50.0))
def test_akaike_weights_are_shares_that_only_differences_decide(noise, shift):
    curve = fit_points(TIMES, curve_of("bi", noise), None, "auto", DECAY_CONSTANT)
    weights = curve.aicc_weights
    assert sum(weights.values()) == pytest.approx(1.0, rel=1e-12)
    assert max(weights, key=weights.get) == min(curve.aicc, key=curve.aicc.get)
    moved = replace(curve, aicc={name: value + shift for name, value in curve.aicc.items()})
    assert moved.aicc_weights == pytest.approx(weights, rel=1e-9)


@property_of(FittedCurve.biological_half_life)
@EXAMPLES
@given(st.floats(20.0, 159.0))
def test_effective_physical_and_biological_rates_add_up(half_life):
    activity = 80.0 * 2.0 ** (-TIMES / half_life)
    curve = fit_points(TIMES, activity, None, "mono", DECAY_CONSTANT)
    # 1/T_eff = 1/T_phys + 1/T_bio, physics.md section 2
    total = 1 / curve.biological_half_life + DECAY_CONSTANT / math.log(2)
    assert 1 / curve.effective_half_life.value == pytest.approx(total, rel=1e-9)
    assert curve.effective_half_life.value == pytest.approx(half_life, rel=1e-6)


@property_of(FittedCurve.biological_half_life)
@EXAMPLES
@given(st.floats(161.0, 1000.0))
def test_where_nothing_is_cleared_there_is_no_biological_half_life(half_life):
    activity = 80.0 * 2.0 ** (-TIMES / half_life)
    curve = fit_points(TIMES, activity, None, "mono", DECAY_CONSTANT)
    assert curve.biological_half_life is None


@property_of(fit_one)
@EXAMPLES
@given(st.floats(10.0, 200.0), positive, st.floats(0.02, 0.3), st.floats(0.01, 0.4))
def test_one_scan_is_less_sure_the_less_is_known_of_it(time, activity, relative, log_sd):
    def found(noise, spread):
        half_life = HalfLife(50.0, spread, "a test")
        return fit_one(time, activity, noise * activity, half_life, DECAY_CONSTANT).tia

    here = found(relative, log_sd)
    assert found(1.5 * relative, log_sd).sd > here.sd
    known = found(relative, 0.0)
    assert known.sd < here.sd * (1 + 1e-9)
    # the median of the noise is one, so the value is that of the half-life
    exact = activity * 2 ** (time / 50.0) * 50.0 / math.log(2)
    assert known.value == pytest.approx(exact, rel=1e-9)


@property_of(bootstrap_tia)
@pytest.mark.parametrize("model", ["mono", "trapezoid"])
@FEW
@given(scatter, factors)
def test_refits_scale_with_the_curve_and_vanish_with_its_sd(model, noise, factor):
    def found(height, relative):
        activity = curve_of("mono", noise, height)
        curve = fit_points(TIMES, activity, relative * activity, model, DECAY_CONSTANT)
        return curve, bootstrap_tia(curve, 100)

    curve, one = found(1.0, 0.05)
    assert one.p5 < one.value < one.p95
    _, scaled = found(factor, 0.05)
    for name in ("value", "sd", "p5", "p95"):
        assert getattr(scaled, name) == pytest.approx(factor * getattr(one, name), rel=1e-6)
    _, sure = found(1.0, 1e-6)
    assert sure.value == pytest.approx(curve.tia.value, rel=1e-5)
    assert sure.sd < 1e-5 * sure.value
