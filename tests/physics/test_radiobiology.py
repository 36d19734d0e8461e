"""BED with incomplete repair: known answers, independent integration, limits."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from dosimetry.physics import radiobiology
from dosimetry.physics.kinetics import Combined, Exponentials, Trapezoid, combine

LN2 = math.log(2)
DECAY_CONSTANT = LN2 / (6.647 * 24)  # 1/h, 177Lu, ICRP 107
PRECISION = 1e-8
# not shrunk, since each example costs an integration step by step
INTEGRATED = settings(deadline=None, phases=[Phase.explicit, Phase.generate])

doses = st.floats(0.0, 100.0)
ratios = st.floats(0.5, 20.0)
factors = st.floats(0.0, 1.0)
repair_half_lives = st.floats(0.3, 10.0)
slow_rates = st.floats(DECAY_CONSTANT, 0.2)


def exponentials(amplitudes, rates):
    return Exponentials(np.array(amplitudes), np.array(rates))


def unrepaired_damage(shape, repair_half_life):
    """Return G from H' = R - mu H, D' = R and (R H integrated), solved step by step."""
    repair = LN2 / repair_half_life

    def slope(t, state):
        rate = float(shape.activity(t))
        return [rate - repair * state[0], rate * state[0], rate]

    stops = [*shape.breaks()]
    stops += [stops[-1] + k / shape.slowest() for k in (2, 8, 20, 45)]
    state = [0.0, 0.0, 0.0]
    for start, end in itertools.pairwise(stops):
        tolerance = 1e-16 * shape.integral()
        solved = solve_ivp(slope, (start, end), state, "LSODA", rtol=1e-12, atol=tolerance)
        state = solved.y[:, -1]
    return 2 * state[1] / state[2] ** 2


@st.composite
def trapezoids(draw):
    gaps = draw(st.lists(st.floats(1.0, 60.0), min_size=2, max_size=4))
    size = {"min_size": len(gaps), "max_size": len(gaps)}
    values = np.array(draw(st.lists(st.floats(10.0, 100.0), **size)))
    return Trapezoid(np.cumsum(gaps), values, DECAY_CONSTANT)


@pytest.mark.parametrize(
    ("amplitudes", "rates", "g", "bed"),
    [
        # docs/evidence.md, known answers: D = 5 Gy, T_rep 2.8 h, alpha/beta 2.6 Gy
        ([1.0], [LN2 / 50], 0.0530303, 5.509907),
        ([1.0, -1.0], [DECAY_CONSTANT + LN2 / 75, 0.6], 0.0516930, 5.497048),
        ([0.04, 0.06], [LN2 / 60, LN2 / 12], 0.0608432, 5.585030),
    ],
    ids=["mono", "uptake", "bi"],
)
def test_known_answers_of_g_and_bed(amplitudes, rates, g, bed):
    found = radiobiology.lea_catcheside(exponentials(amplitudes, rates), 2.8)
    assert found == pytest.approx(g, abs=5e-8)
    assert radiobiology.bed.kernel(5.0, found, 2.6) == pytest.approx(bed, abs=5e-7)


@given(slow_rates, repair_half_lives)
def test_mono_is_rate_over_rate_plus_repair(rate, repair_half_life):
    # Dale 1985; Baechler 2008: G = lambda / (mu + lambda) for one exponential
    found = radiobiology.lea_catcheside(exponentials([1.0], [rate]), repair_half_life)
    assert found == pytest.approx(rate / (rate + LN2 / repair_half_life), rel=1e-13)


@pytest.mark.slow
@given(slow_rates, st.floats(1.05, 50.0), repair_half_lives)
@settings(INTEGRATED, max_examples=50)
def test_uptake_agrees_with_step_by_step_integration(fall, ratio, repair_half_life):
    shape = exponentials([1.0, -1.0], [fall, fall * ratio])
    expected = unrepaired_damage(shape, repair_half_life)
    found = radiobiology.lea_catcheside(shape, repair_half_life)
    assert found == pytest.approx(expected, rel=PRECISION)


@pytest.mark.slow
@given(
    st.tuples(st.floats(0.05, 1.0), st.floats(0.05, 1.0)),
    st.tuples(slow_rates, slow_rates, st.floats(0.3, 20.0)),
    st.booleans(),
    repair_half_lives,
)
@settings(INTEGRATED, max_examples=50)
def test_bi_agrees_with_step_by_step_integration(parts, rates, taken_up, repair_half_life):
    rise = [-sum(parts)] if taken_up else []
    shape = exponentials([*parts, *rise], rates if taken_up else rates[:2])
    expected = unrepaired_damage(shape, repair_half_life)
    found = radiobiology.lea_catcheside(shape, repair_half_life)
    assert found == pytest.approx(expected, rel=PRECISION)


@pytest.mark.parametrize("apart", [0.0, 1e-14, 1e-10, 1e-7, -1e-12, -1e-4])
@pytest.mark.parametrize("position", [0, 1])
def test_repair_as_fast_as_clearance_equals_integration(position, apart):
    rates = [0.02, 0.4]
    shape = exponentials([1.0, -1.0], rates)
    repair_half_life = LN2 / (rates[position] * (1 + apart))
    expected = unrepaired_damage(shape, repair_half_life)
    found = radiobiology.lea_catcheside(shape, repair_half_life)
    assert found == pytest.approx(expected, rel=PRECISION)


@pytest.mark.slow
@given(trapezoids(), repair_half_lives)
@settings(INTEGRATED, max_examples=15)
def test_trapezoid_agrees_with_step_by_step_integration(shape, repair_half_life):
    expected = unrepaired_damage(shape, repair_half_life)
    found = radiobiology.lea_catcheside(shape, repair_half_life)
    assert found == pytest.approx(expected, rel=PRECISION)


@pytest.mark.slow
@given(trapezoids(), slow_rates, st.floats(0.25, 1.0), st.floats(0.1, 10.0), repair_half_lives)
@settings(INTEGRATED, max_examples=12)
def test_combined_agrees_with_step_by_step_integration(
    trapezoid, fall, rise, weight, repair_half_life
):
    shape = combine([(trapezoid, 1.0), (exponentials([50.0, -50.0], [fall, rise]), weight)])
    assert isinstance(shape, Combined)
    expected = unrepaired_damage(shape, repair_half_life)
    found = radiobiology.lea_catcheside(shape, repair_half_life)
    assert found == pytest.approx(expected, rel=PRECISION)


@pytest.mark.parametrize("repair_half_life", [0.5, 1.5, 2.8])
def test_quadrature_resolves_the_fastest_rate_a_fit_may_have(repair_half_life):
    # 20 /h is the upper bound of a fitted rate; the repair times are those of the table
    trapezoid = Trapezoid(np.array([4.0, 24.0, 120.0]), np.array([5.0, 7.0, 3.0]), DECAY_CONSTANT)
    shape = combine([(trapezoid, 1.0), (exponentials([100.0, 50.0, -150.0], [0.01, 8, 20]), 1.0)])
    expected = unrepaired_damage(shape, repair_half_life)
    found = radiobiology.lea_catcheside(shape, repair_half_life)
    assert found == pytest.approx(expected, rel=PRECISION)


@pytest.mark.parametrize("repair_half_life", [30.0, 1e2, 1e3, 1e4])
def test_quadrature_resolves_the_curve_where_repair_is_slow(repair_half_life):
    trapezoid = Trapezoid(np.array([4.0, 24.0, 48.0]), np.array([50.0, 80.0, 60.0]), DECAY_CONSTANT)
    shape = combine([(trapezoid, 1.0), (exponentials([100.0, -100.0], [0.01, 0.8]), 1.0)])
    expected = unrepaired_damage(shape, repair_half_life)
    found = radiobiology.lea_catcheside(shape, repair_half_life)
    assert found == pytest.approx(expected, rel=PRECISION)


@pytest.mark.parametrize(
    ("times", "activities"),
    [
        ([0.4, 0.5, 30.0], [1.0, 100.0, 1.0]),  # sharp within the first hour
        ([100.0, 100.1, 100.2], [1.0, 1e5, 1e4]),  # ends late and steeply
    ],
)
@pytest.mark.parametrize("repair_half_life", [2.8, 1e3])
def test_quadrature_resolves_a_sharp_maximum(times, activities, repair_half_life):
    shape = Trapezoid(np.array(times), np.array(activities), DECAY_CONSTANT)
    expected = unrepaired_damage(shape, repair_half_life)
    found = radiobiology.lea_catcheside(shape, repair_half_life)
    assert found == pytest.approx(expected, rel=PRECISION)


def test_quadrature_agrees_with_the_closed_form():
    parts = exponentials([0.04, 0.06, -0.1], [LN2 / 60, LN2 / 12, 0.9])
    # a curve of weight nought has breaks: up to the last of them panels are integrated
    breaks = Trapezoid(np.array([4.0, 24.0, 240.0]), np.array([5.0, 7.0, 3.0]), DECAY_CONSTANT)
    found = radiobiology.lea_catcheside(Combined((parts, breaks), (1.0, 0.0)), 2.8)
    assert found == pytest.approx(radiobiology.lea_catcheside(parts, 2.8), rel=PRECISION)


def double_quadrature(shape, repair_half_life):
    """Return G by quadrature within quadrature: many narrow panels, 16 points in each and below."""
    repair = LN2 / repair_half_life
    breaks = [*shape.breaks()]
    breaks += [breaks[-1] + k / shape.slowest() for k in (1, 3, 7, 15, 25, 40)]
    edges, narrowest = [0.0], 1.0 / shape.steepest()
    for stop in breaks[1:]:
        begun = edges[-1]
        while edges[-1] < stop:
            passed = narrowest + 0.2 * (edges[-1] - begun)
            edges.append(min(edges[-1] + min(passed, 2.0 / repair), stop))
    nodes, weights = np.polynomial.legendre.leggauss(16)
    nodes, weights = (nodes + 1) / 2, weights / 2
    start, width = np.array(edges[:-1])[:, None], np.diff(edges)[:, None]  # panels below each other
    outer = start + width * nodes
    inner = start[:, :, None] + width[:, :, None] * np.outer(nodes, nodes)
    left = np.exp(-repair * (outer[:, :, None] - inner))
    gained = width * nodes * np.sum(shape.activity(inner) * left * weights, axis=2)
    rate = shape.activity(outer)
    last = np.exp(-repair * width * (1 - nodes))
    added = width[:, 0] * np.sum(rate * last * weights, axis=1)
    kept = np.exp(-repair * width[:, 0])
    unrepaired = np.zeros((len(added), 1))  # at the start of each panel
    for panel in range(len(added) - 1):
        unrepaired[panel + 1] = unrepaired[panel] * kept[panel] + added[panel]
    present = unrepaired * np.exp(-repair * (outer - start)) + gained
    double = np.sum(width * rate * present * weights)
    return 2 * double / shape.integral() ** 2


@pytest.mark.slow
@given(
    st.lists(st.tuples(trapezoids(), st.floats(0.1, 10.0)), min_size=1, max_size=3),
    st.lists(st.tuples(slow_rates, st.floats(1.0, 90.0)), max_size=2),
    st.sampled_from([0.5, 1.5, 2.8, 10.0]),
)
@settings(INTEGRATED, max_examples=25)
def test_sums_of_pieces_have_nine_digits(pieces, falls, repair_half_life):
    # Issue 13: the digits of the double quadrature, to 1e-9
    washed_out = [(exponentials([size], [rate]), 1.0) for rate, size in falls]
    shape = combine([*pieces, *washed_out])
    expected = double_quadrature(shape, repair_half_life)
    assert radiobiology.lea_catcheside(shape, repair_half_life) == pytest.approx(expected, rel=1e-9)


def test_a_steep_fall_late_in_a_sum_has_nine_digits():
    # 9 e-folds within an hour at 100 h: panels that grow with the time passed would be too wide
    steep = Trapezoid(np.array([4.0, 100.0, 101.0]), np.array([5.0, 90.0, 0.01]), DECAY_CONSTANT)
    slow = Trapezoid(np.array([24.0, 72.0, 168.0]), np.array([40.0, 30.0, 10.0]), DECAY_CONSTANT)
    shape = combine([(steep, 1.0), (slow, 0.1)])
    expected = double_quadrature(shape, 8.0)
    assert radiobiology.lea_catcheside(shape, 8.0) == pytest.approx(expected, rel=1e-9)


def test_points_at_adjacent_floats_are_integrated():
    times = np.array([4.0, 72.0, np.nextafter(72.0, 80.0), 168.0])
    close = Trapezoid(times, np.array([50.0, 40.0, 40.0, 10.0]), DECAY_CONSTANT)
    apart = Trapezoid(times[[0, 1, 3]], np.array([50.0, 40.0, 10.0]), DECAY_CONSTANT)
    found = radiobiology.lea_catcheside(close, 2.8)
    assert found == pytest.approx(radiobiology.lea_catcheside(apart, 2.8), rel=1e-12)
    fall = Trapezoid(times[:3], np.array([50.0, 40.0, 1e-9]), DECAY_CONSTANT)
    assert 0 < radiobiology.lea_catcheside(fall, 2.8) < 1


SHAPES = st.one_of(
    slow_rates.map(lambda rate: exponentials([1.0], [rate])),
    st.tuples(slow_rates, st.floats(1.01, 50)).map(
        lambda r: exponentials([1.0, -1.0], [r[0], r[0] * r[1]])
    ),
    trapezoids(),
)


@pytest.mark.parametrize("apart", [1e-3, 1e-10])
def test_constant_dose_rate_with_sudden_end_has_closed_form(apart):
    """G = 2 (mu T - 1 + exp(-mu T)) / (mu T)^2 for a constant rate over T (Dale 1985)."""
    hours, repair_half_life = 72.0, 2.8
    shape = Trapezoid(
        np.array([1e-6, hours, hours + apart]), np.array([50.0, 50.0, 1e-9]), DECAY_CONSTANT
    )
    taken = LN2 / repair_half_life * hours
    expected = 2 * (taken - 1 + math.exp(-taken)) / taken**2
    found = radiobiology.lea_catcheside(shape, repair_half_life)
    assert found == pytest.approx(expected, rel=1e-5)


@given(SHAPES, repair_half_lives)
@settings(max_examples=50, deadline=None)
def test_g_lies_between_zero_and_one(shape, repair_half_life):
    assert 0 < radiobiology.lea_catcheside(shape, repair_half_life) <= 1


@given(SHAPES, st.floats(0.3, 5.0))
@settings(max_examples=50, deadline=None)
def test_g_grows_with_the_repair_half_life(shape, repair_half_life):
    slower = radiobiology.lea_catcheside(shape, repair_half_life * 1.5)
    assert slower > radiobiology.lea_catcheside(shape, repair_half_life)


@given(SHAPES, repair_half_lives, st.floats(1e-3, 1e3))
@settings(max_examples=50, deadline=None)
def test_g_does_not_depend_on_the_scale_of_the_dose_rate(shape, repair_half_life, factor):
    scaled = radiobiology.lea_catcheside(shape.scaled(factor), repair_half_life)
    assert scaled == pytest.approx(radiobiology.lea_catcheside(shape, repair_half_life), rel=1e-11)


LIMITS = pytest.mark.parametrize(
    "shape",
    [
        exponentials([1.0], [0.014]),
        exponentials([1.0, -1.0], [0.014, 0.85]),
        Trapezoid(np.array([4.0, 24.0, 120.0]), np.array([80.0, 70.0, 20.0]), DECAY_CONSTANT),
    ],
    ids=["mono", "uptake", "trapezoid"],
)


@LIMITS
def test_instant_repair_leaves_no_damage_to_interact(shape):
    assert radiobiology.lea_catcheside(shape, 0.05) < 0.005


@pytest.mark.parametrize("shape", [exponentials([1.0], [0.014]), exponentials([1, -1], [0.014, 1])])
def test_instant_repair_is_proportional_to_the_repair_time(shape):
    # mu -> infinity: H -> R/mu, so G -> (2/D^2) int R^2 dt / mu
    times = radiobiology.lea_catcheside(shape, 1e-6), radiobiology.lea_catcheside(shape, 1e-7)
    assert times[0] / times[1] == pytest.approx(10, rel=1e-4)
    assert times[0] < 1e-6


@LIMITS
def test_without_repair_protracted_dose_acts_as_acute(shape):
    assert radiobiology.lea_catcheside(shape, 1e9) == pytest.approx(1.0, abs=1e-6)


@given(doses, factors, ratios)
def test_bed_is_at_least_the_dose(dose, g, ratio):
    bed = radiobiology.bed.kernel(dose, g, ratio)
    assert bed >= dose
    assert bed == pytest.approx(dose + g * dose**2 / ratio, rel=1e-13)


@given(doses, ratios)
def test_instant_repair_and_no_repair_bound_the_bed(dose, ratio):
    assert radiobiology.bed.kernel(dose, 0.0, ratio) == dose
    acute = dose * (1 + dose / ratio)
    assert radiobiology.bed.kernel(dose, 1.0, ratio) == pytest.approx(acute, rel=1e-14)


@given(st.floats(0.1, 100.0), st.floats(0.0, 10.0), factors, ratios)
def test_bed_sd_is_the_slope_times_the_dose_sd(dose, sd, g, ratio):
    step = 1e-5 * dose
    ends = [radiobiology.bed.kernel(dose + sign * step, g, ratio) for sign in (1, -1)]
    expected = (ends[0] - ends[1]) / (2 * step) * sd
    assert radiobiology.bed_sd.kernel(dose, sd, g, ratio) == pytest.approx(
        expected, rel=1e-8, abs=1e-12
    )


@given(st.integers(0, 40), ratios)
def test_eqd2_of_two_gray_fractions_is_their_dose(fractions, ratio):
    bed = fractions * radiobiology.bed.kernel(2.0, 1.0, ratio)
    assert radiobiology.eqd2.kernel(bed, ratio) == pytest.approx(2.0 * fractions, rel=1e-13)


def test_bed_works_on_arrays():
    found = radiobiology.bed.kernel(np.array([0.0, 5.0]), 0.0530303, 2.6)
    np.testing.assert_allclose(found, [0.0, 5.509907], atol=5e-7)
