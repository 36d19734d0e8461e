"""Property tests of fits: scaling, order of the points, adequacy, reported values."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import EXAMPLES, FEW, property_of
from sample_curves import (
    DECAY_CONSTANT,
    TIMES,
    curve_of,
    factors,
    parameters,
    pieces,
    positive,
    scatter,
)

from dosimetry.physics import fitted_curve
from dosimetry.physics.bootstrap import bootstrap_tia
from dosimetry.physics.curve_search.least_squares import Optima, Optimum, fit_batch, fit_model
from dosimetry.physics.fitted_curve import FittedCurve, Points, adequate, default_point_sd, report
from dosimetry.physics.fitting import Task, fit_many, fit_points, within_administered
from dosimetry.physics.kinetics import MODELS
from dosimetry.physics.relative_sds import fit_settled
from dosimetry.problems import InputError

pytestmark = pytest.mark.slow

fits = pytest.mark.parametrize("model", [*MODELS, "trapezoid"])


@property_of(fit_settled)
@pytest.mark.parametrize("name", MODELS)
@EXAMPLES
@given(scatter, factors)
def test_settled_sds_scale_with_the_points_and_the_given_sds(name, noise, factor):
    activity = curve_of("bi-uptake", noise)[None]
    flags = activity > 0
    [one] = fit_settled(name, TIMES, activity, 0.05 * activity, flags, DECAY_CONSTANT)
    [wide] = fit_settled(name, TIMES, activity, 0.1 * activity, flags, DECAY_CONSTANT)
    scaled = factor * activity
    [other] = fit_settled(name, TIMES, scaled, 0.05 * scaled, flags, DECAY_CONSTANT)
    assert one.settled == wide.settled == other.settled
    assert other.sd == pytest.approx(factor * one.sd, rel=1e-5)
    assert wide.sd == pytest.approx(2 * one.sd, rel=1e-5)
    curve = one.optimum.shape().activity(TIMES) if one.settled else activity[0]
    assert one.sd == pytest.approx(0.05 * curve, rel=1e-9)


@property_of(within_administered)
@fits
@FEW
@given(scatter, st.floats(0.5, 2.0))
def test_curve_above_the_administered_activity_is_refused(model, noise, share):
    curve = fit_points(TIMES, curve_of("bi-uptake", noise), None, model, DECAY_CONSTANT)
    if share >= 1:
        assert within_administered(curve, share * curve.tia.value) is curve
        return
    with pytest.raises(InputError):
        within_administered(curve, share * curve.tia.value)


@property_of(default_point_sd)
@EXAMPLES
@given(positive, scatter)
def test_missing_sd_is_ten_percent_of_each_point(height, noise):
    activity = curve_of("mono", noise, height)
    assert default_point_sd(activity) == pytest.approx(0.1 * activity, rel=1e-15)
    assert default_point_sd(height) == pytest.approx(0.1 * height, rel=1e-15)
    without = fit_points(TIMES, activity, None, "trapezoid", DECAY_CONSTANT)
    given_so = fit_points(TIMES, activity, 0.1 * activity, "trapezoid", DECAY_CONSTANT)
    assert (without.tia, without.sd_assumed) == (given_so.tia, True)


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
@given(scatter, st.floats(1.0, 4.0))
def test_a_fit_does_not_depend_on_the_unit_of_time(model, noise, factor):
    # a first scan after 2 h: before 1.5 h the bound of 20 /h counts, which has a unit of its own
    activity = curve_of("bi", noise)
    one = fit_points(TIMES * 2, activity, None, model, DECAY_CONSTANT / 2)
    longer = 2 * factor
    other = fit_points(TIMES * longer, activity, None, model, DECAY_CONSTANT / longer)
    assert other.model == one.model
    assert other.tia.value == pytest.approx(factor * one.tia.value, rel=1e-6)


@property_of(fit_model, fit_batch, Optima.tia, Optima.collapsed.fget, Optimum.shape)
@pytest.mark.parametrize("name", MODELS)
@FEW
@given(scatter, scatter)
def test_batch_does_not_depend_on_the_order_of_curves(name, first, second):
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


def tia_or_refusal(activity, model, most):
    try:
        return fit_points(TIMES, activity, None, model, DECAY_CONSTANT, most=most).tia.value
    except InputError as refusal:
        return refusal.problems[0].code


@property_of(fit_points)
@FEW
@given(scatter, st.floats(0.05, 2.0))
def test_no_curve_exceeds_the_possible_activity(noise, share):
    activity = curve_of("bi", noise)
    for model in ("mono", "bi", "trapezoid"):
        free = tia_or_refusal(activity, model, math.inf)
        expected = free if share >= 1 else "more-than-administered"
        assert tia_or_refusal(activity, model, share * free) == expected
    # auto passes over what is impossible; another model may serve
    most = share * tia_or_refusal(activity, "auto", math.inf)
    found = tia_or_refusal(activity, "auto", most)
    assert found == "more-than-administered" or found <= most


ABSOLUTE = np.zeros(6, dtype=bool)


def points_of(noise, relative=0.05):
    activity = curve_of("mono", noise)
    return Points(TIMES, activity, relative * activity, ABSOLUTE, False, DECAY_CONSTANT, "MBq")


@property_of(Points.fit, adequate)
@EXAMPLES
@given(scatter, st.floats(0.0, 30.0), st.floats(0.0, 30.0))
def test_worse_fit_is_never_adequate_where_a_better_is_not(noise, one, other):
    optimum = points_of(noise).fit("mono").optimum
    better, worse = sorted([one, other])
    for count in (2, 3, 6):
        assert adequate(replace(optimum, chi2=better), count) >= (
            adequate(replace(optimum, chi2=worse), count)
        )


@property_of(Points.fit, report)
@EXAMPLES
@given(scatter, st.floats(1.1, 5.0))
def test_reported_sds_scale_with_the_point_sds(noise, factor):
    one, other = points_of(noise), points_of(noise, 0.05 * factor)
    found = report(one, one.fit("mono"), "", {})
    wider = report(other, other.fit("mono"), "", {})
    assert wider.tia.value == pytest.approx(found.tia.value, rel=1e-9)
    assert wider.chi2 == pytest.approx(found.chi2 / factor**2, rel=1e-6, abs=1e-12)
    for name in ("tia", "effective_half_life"):
        sds = getattr(wider, name).sd, getattr(found, name).sd
        assert sds[0] == pytest.approx(factor * sds[1], rel=1e-6)


@property_of(fitted_curve.trapezoid)
@EXAMPLES
@given(pieces(), st.floats(0.01, 0.1), factors)
def test_trapezoid_and_its_sd_are_linear_in_the_points(shape, relative, factor):
    def found(height, spread):
        activity = height * shape.activities
        absolute = np.zeros(len(activity), dtype=bool)
        points = Points(
            shape.times, activity, spread * activity, absolute, False, shape.decay_constant, "MBq"
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
def test_akaike_weights_depend_only_on_differences(noise, shift):
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
    # 1/T_eff = 1/T_phys + 1/T_bio
    total = 1 / curve.biological_half_life + DECAY_CONSTANT / math.log(2)
    assert 1 / curve.effective_half_life.value == pytest.approx(total, rel=1e-9)
    assert curve.effective_half_life.value == pytest.approx(half_life, rel=1e-6)


@property_of(FittedCurve.biological_half_life)
@EXAMPLES
@given(st.floats(161.0, 1000.0))
def test_no_clearance_gives_no_biological_half_life(half_life):
    activity = 80.0 * 2.0 ** (-TIMES / half_life)
    curve = fit_points(TIMES, activity, None, "mono", DECAY_CONSTANT)
    assert curve.biological_half_life is None


@property_of(bootstrap_tia)
@pytest.mark.parametrize("model", ["mono", "trapezoid"])
@FEW
@given(scatter, factors)
def test_bootstrap_scales_with_the_curve_and_vanishes_with_sd(model, noise, factor):
    def found(height, relative):
        activity = curve_of("mono", noise, height)
        curve = fit_points(TIMES, activity, relative * activity, model, DECAY_CONSTANT)
        return curve, bootstrap_tia(curve, 100)

    # an sd so large that some draws stop at the least that a point is taken to be
    curve, one = found(1.0, 0.6)
    assert one.p5 < one.value < one.p95
    _, scaled = found(factor, 0.6)
    for name in ("value", "sd", "p5", "p95"):
        assert getattr(scaled, name) == pytest.approx(factor * getattr(one, name), rel=1e-6)
    _, sure = found(1.0, 1e-6)
    assert sure.value == pytest.approx(curve.tia.value, rel=1e-5)
    assert sure.sd < 1e-5 * sure.value
