"""Shapes of time-activity curves: closed integrals against quadrature, pieces of the trapezoid."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from dosimetry.physics.kinetics import MODELS, Combined, Exponentials, Trapezoid, combine

DECAY_CONSTANT = math.log(2) / (6.647 * 24)  # 1/h, 177Lu, ICRP 107
PRECISION = 1e-8

amplitudes = st.floats(0.1, 1000.0)
slow_rates = st.floats(DECAY_CONSTANT, 0.2)
rates = st.floats(DECAY_CONSTANT, 20.0)


@st.composite
def measured(draw, least=2, most=6):
    """Draw points in order of time, rising and falling by up to a factor of 20."""
    gaps = draw(st.lists(st.floats(0.5, 60.0), min_size=least, max_size=most))
    size = {"min_size": len(gaps), "max_size": len(gaps)}
    return np.cumsum(gaps), np.array(draw(st.lists(st.floats(5.0, 100.0), **size)))


trapezoids = measured().map(lambda points: Trapezoid(*points, DECAY_CONSTANT))


def mono(a, rate):
    return Exponentials(np.array([a]), np.array([rate]))


def uptake(a, fall, rise):
    return Exponentials(np.array([a, -a]), np.array([fall, rise]))


def integrated(curve, rates):
    """Integrate a smooth curve by adaptive quadrature, over pieces of every rate's own length."""
    edges = sorted({0.0, *(k / rate for rate in rates for k in (1, 3, 10, 25, 60))})
    parts = [quad(curve, a, b, epsabs=0, epsrel=1e-11) for a, b in itertools.pairwise(edges)]
    return math.fsum(value for value, _ in parts)


@given(amplitudes, rates)
@settings(max_examples=50, deadline=None)
def test_mono_integral_agrees_with_quadrature(a, rate):
    found = integrated(lambda t: a * math.exp(-rate * t), [rate])
    assert mono(a, rate).integral() == pytest.approx(found, rel=PRECISION)


@given(amplitudes, slow_rates, st.floats(1.001, 100.0))
@settings(max_examples=50, deadline=None)
def test_uptake_integral_agrees_with_quadrature(a, fall, ratio):
    rise = fall * ratio
    found = integrated(lambda t: -a * math.exp(-fall * t) * math.expm1((fall - rise) * t), [fall])
    assert uptake(a, fall, rise).integral() == pytest.approx(found, rel=PRECISION)


@given(amplitudes, amplitudes, slow_rates, rates)
@settings(max_examples=50, deadline=None)
def test_bi_integral_agrees_with_quadrature(a1, a2, slow, fast):
    shape = Exponentials(np.array([a1, a2]), np.array([slow, fast]))
    found = integrated(lambda t: a1 * math.exp(-slow * t) + a2 * math.exp(-fast * t), [slow, fast])
    assert shape.integral() == pytest.approx(found, rel=PRECISION)


@given(amplitudes, amplitudes, slow_rates, slow_rates, st.floats(0.3, 20.0))
@settings(max_examples=50, deadline=None)
def test_bi_uptake_integral_agrees_with_quadrature(a1, a2, first, second, rise):
    shape = Exponentials(np.array([a1, a2, -a1 - a2]), np.array([first, second, rise]))

    def curve(t):
        falling = a1 * math.exp(-first * t) + a2 * math.exp(-second * t)
        return falling - (a1 + a2) * math.exp(-rise * t)

    found = integrated(curve, [first, second, rise])
    assert shape.integral() == pytest.approx(found, rel=PRECISION)


def test_integral_of_snmmi_left_kidney_parameters():
    # published fit (docs/evidence.md): a = 108.7421 MBq, rates 0.0140814 and 0.845429 /h
    # give 7593.755 MBq h; the printed digits of the rates carry 4e-6
    found = uptake(108.7421, 0.0140814, 0.845429).integral()
    assert found == pytest.approx(7593.755, rel=4e-6)


def test_exponentials_start_at_the_sum_of_amplitudes():
    shape = Exponentials(np.array([3.0, 4.0, -7.0]), np.array([0.01, 0.1, 1.0]))
    assert shape.activity(0.0) == 0.0
    assert shape.slowest() == 0.01
    np.testing.assert_array_equal(shape.breaks(), [0.0])


def test_activity_has_the_shape_of_the_times():
    grid = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(mono(2.0, 0.1).activity(grid), 2 * np.exp(-0.1 * grid), rtol=1e-15)
    shape = Trapezoid(np.array([1.0, 2.0]), np.array([8.0, 4.0]), DECAY_CONSTANT)
    assert shape.activity(grid).shape == (2, 3)
    assert shape.activity(1.5).shape == ()


def reference_trapezoid(times, values, t):
    """Evaluate the trapezoid piece by piece, from its definition."""
    if t < times[0]:
        return values[0] * math.exp(DECAY_CONSTANT * (times[0] - t))
    if t >= times[-1]:
        slope = math.log(values[-2] / values[-1]) / (times[-1] - times[-2])
        return values[-1] * math.exp(-max(slope, DECAY_CONSTANT) * (t - times[-1]))
    k = max(i for i, time in enumerate(times) if time <= t)
    share = (t - times[k]) / (times[k + 1] - times[k])
    if values[k + 1] < values[k]:
        return math.exp((1 - share) * math.log(values[k]) + share * math.log(values[k + 1]))
    return (1 - share) * values[k] + share * values[k + 1]


@given(trapezoids, st.floats(0.0, 500.0))
@settings(deadline=None)
def test_trapezoid_is_head_pieces_and_tail(shape, t):
    expected = reference_trapezoid(shape.times, shape.activities, t)
    assert float(shape.activity(t)) == pytest.approx(expected, rel=1e-12)


@given(trapezoids)
@settings(max_examples=60, deadline=None)
def test_trapezoid_integral_agrees_with_quadrature(shape):
    slope = math.log(shape.activities[-2] / shape.activities[-1])
    tail = max(slope / (shape.times[-1] - shape.times[-2]), DECAY_CONSTANT)
    edges = [0.0, *shape.times, *(shape.times[-1] + k / tail for k in (5, 15, 30, 60))]
    found = math.fsum(
        quad(
            lambda t: reference_trapezoid(shape.times, shape.activities, t),
            a,
            b,
            epsabs=0,
            epsrel=1e-11,
        )[0]
        for a, b in itertools.pairwise(edges)
    )
    assert shape.integral() == pytest.approx(found, rel=PRECISION)


@given(trapezoids)
def test_trapezoid_passes_through_its_points(shape):
    np.testing.assert_allclose(shape.activity(shape.times), shape.activities, rtol=1e-12)


@given(trapezoids)
def test_trapezoid_never_clears_slower_than_physical_decay(shape):
    assert shape.tail() >= DECAY_CONSTANT
    assert shape.slowest() == shape.tail()


@given(st.floats(1.0, 100.0), st.floats(0.5, 60.0))
def test_trapezoid_head_is_backward_decay(activity, first):
    # area A1 (e^(lp t1) - 1)/lp; the rest rises linearly, then lp
    shape = Trapezoid(np.array([first, first + 1]), np.array([activity] * 2), DECAY_CONSTANT)
    head = activity * math.expm1(DECAY_CONSTANT * first) / DECAY_CONSTANT
    assert shape.integral() == pytest.approx(head + activity + activity / DECAY_CONSTANT, rel=1e-12)


@given(amplitudes, slow_rates, st.lists(st.floats(1.0, 50.0), min_size=2, max_size=5))
def test_trapezoid_of_a_mono_is_exact_after_the_first_point(a, rate, gaps):
    times = np.cumsum(gaps)
    shape = Trapezoid(times, a * np.exp(-rate * times), DECAY_CONSTANT)
    first = a * math.exp(-rate * times[0])
    head = first * math.expm1(DECAY_CONSTANT * times[0]) / DECAY_CONSTANT
    assert shape.integral() == pytest.approx(head + first / rate, rel=1e-9)


@given(trapezoids, st.floats(0.01, 100.0))
def test_scaling_a_trapezoid_scales_its_integral_only(shape, factor):
    scaled = shape.scaled(factor)
    assert scaled.integral() == pytest.approx(factor * shape.integral(), rel=1e-12)
    assert scaled.tail() == pytest.approx(shape.tail(), rel=1e-9)


@given(trapezoids, amplitudes, slow_rates, st.floats(0.01, 10.0), st.floats(0.01, 10.0))
def test_combined_is_the_weighted_sum(trapezoid, a, rate, first, second):
    both = combine([(trapezoid, first), (mono(a, rate), second)])
    times = np.array([0.0, 3.0, 30.0, 300.0])
    expected = first * trapezoid.activity(times) + second * a * np.exp(-rate * times)
    np.testing.assert_allclose(both.activity(times), expected, rtol=1e-13)
    assert both.integral() == pytest.approx(first * trapezoid.integral() + second * a / rate)
    assert both.slowest() == min(trapezoid.tail(), rate)
    assert set(both.breaks()) == {0.0, *trapezoid.times}
    assert both.scaled(3.0).integral() == pytest.approx(3 * both.integral(), rel=1e-13)


@given(amplitudes, amplitudes, rates, rates)
def test_sums_of_exponentials_stay_sums_of_exponentials(a, b, first, second):
    both = combine([(mono(a, first), 2.0), (mono(b, second), 3.0)])
    assert isinstance(both, Exponentials)
    assert both.integral() == pytest.approx(2 * a / first + 3 * b / second, rel=1e-13)


def test_a_combination_of_combinations_is_flat():
    trapezoid = Trapezoid(np.array([1.0, 2.0]), np.array([8.0, 4.0]), DECAY_CONSTANT)
    inner = combine([(trapezoid, 2.0), (mono(1.0, 0.1), 3.0)])
    outer = combine([(inner, 5.0), (mono(2.0, 0.2), 1.0)])
    assert isinstance(outer, Combined)
    assert outer.weights == (10.0, 15.0, 1.0)
    assert combine([(mono(2.0, 0.2), 1.0), (inner, 5.0)]).weights == (1.0, 10.0, 15.0)
    assert outer.integral() == pytest.approx(10 * trapezoid.integral() + 150 + 10, rel=1e-13)


def test_every_shape_reports_slowest_and_fastest_rate():
    # pieces: ln(8/2)/2 falling, ln(6/2)/4 rising, ln(6/3)/10 in the tail; exponentials: their rates
    pieces = Trapezoid(
        np.array([1.0, 3.0, 7.0, 17.0]), np.array([8.0, 2.0, 6.0, 3.0]), DECAY_CONSTANT
    )
    assert pieces.steepest() == pytest.approx(math.log(4) / 2, rel=1e-12)
    assert pieces.slowest() == pytest.approx(math.log(2) / 10, rel=1e-12)
    sums = Exponentials(np.array([5.0, -5.0]), np.array([0.02, 0.9]))
    assert (sums.slowest(), sums.steepest()) == (0.02, 0.9)
    both = combine([(pieces, 1.0), (sums, 2.0)])
    assert (both.slowest(), both.steepest()) == (0.02, 0.9)
    assert both.breaks().tolist() == [0.0, 1.0, 3.0, 7.0, 17.0]
    assert sums.breaks().tolist() == [0.0]


def test_scaling_exponentials_keeps_rates_and_scales_amplitudes():
    scaled = Exponentials(np.array([5.0, -5.0]), np.array([0.02, 0.9])).scaled(3.0)
    assert scaled.amplitudes.tolist() == [15.0, -15.0]
    assert scaled.rates.tolist() == [0.02, 0.9]


def test_steepest_change_is_a_rise_or_the_tail():
    rise = Trapezoid(np.array([1.0, 2.0, 12.0]), np.array([1.0, 9.0, 8.0]), DECAY_CONSTANT)
    assert rise.steepest() == pytest.approx(math.log(9), rel=1e-12)
    flat = Trapezoid(np.array([1.0, 2.0, 3.0]), np.array([9.0, 9.0, 9.0]), DECAY_CONSTANT)
    assert flat.steepest() == DECAY_CONSTANT


@pytest.mark.parametrize(
    ("name", "rises", "free"),  # docs/method.md, time-activity curves
    [("mono", False, 2), ("uptake", True, 3), ("bi", False, 4), ("bi-uptake", True, 5)],
)
def test_model_states_its_rise_and_its_parameter_count(name, rises, free):
    assert (MODELS[name].rises, MODELS[name].free) == (rises, free)


def test_trapezoid_exposes_its_pieces():
    # head 8 exp(0.1 (1 - t)); falls 8 to 2 as 8 4^(-share); rises in a straight line; tail ln 2 / 2
    shape = Trapezoid(np.array([1.0, 3.0, 5.0, 7.0]), np.array([8.0, 2.0, 6.0, 3.0]), 0.1)
    time = np.array([0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 4.5, 5.0, 6.0, 7.0, 9.0])
    falling = [8 * math.exp(0.1), 8 * math.exp(0.05), 8.0, 4.0, 2.0]
    expected = [*falling, 4.0, 5.0, 6.0, 6 / math.sqrt(2), 3.0, 1.5]
    assert shape.activity(time) == pytest.approx(expected, rel=1e-12)
    assert shape.activity(time.reshape(1, -1)).shape == (1, 11)
    assert float(shape.activity(9.0)) == pytest.approx(1.5)
    head = 8 * math.expm1(0.1) / 0.1
    pieces = (8 - 2) * 2 / math.log(4) + (2 + 6) + (6 - 3) * 2 / math.log(2)
    assert shape.integral() == pytest.approx(head + pieces + 3 * 2 / math.log(2), rel=1e-12)
