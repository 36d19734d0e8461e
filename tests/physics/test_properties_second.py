"""Property tests of the recalculation: it agrees with the first calculation for any curve."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import EXAMPLES, FEW, property_of

from dosimetry.physics.kinetics import Exponentials, Trapezoid
from dosimetry.physics.radiobiology import lea_catcheside
from dosimetry.recalculation.integrals import (
    area,
    exponential_curve,
    quadratic_dose,
    time_steps,
    trapezoid_curve,
)

pytestmark = pytest.mark.slow

LN2 = math.log(2)
PHYSICAL = LN2 / 159.528
positive = st.floats(0.5, 90.0)
factors = st.floats(0.1, 10.0)


@st.composite
def sums(draw):
    """Draw a model with its parameters, and the same curve as the first calculation has it."""
    slow, middle, fast = np.cumprod([draw(st.floats(0.005, 0.03)), *draw(two(st.floats(1.5, 9.0)))])
    a, b = draw(two(positive))
    return draw(
        st.sampled_from(
            [
                ("mono", [a, slow], [a], [slow]),
                ("uptake", [a, slow, middle], [a, -a], [slow, middle]),
                ("bi", [a, b, slow, middle], [a, b], [slow, middle]),
                (
                    "bi-uptake",
                    [a, b, slow, middle, fast],
                    [a, b, -a - b],
                    [slow, middle, fast],
                ),
            ]
        )
    )


def two(strategy):
    return st.lists(strategy, min_size=2, max_size=2)


@st.composite
def points(draw):
    count = draw(st.integers(2, 5))
    gaps = draw(st.lists(st.floats(1.0, 60.0), min_size=count, max_size=count))
    heights = draw(st.lists(positive, min_size=count, max_size=count))
    return np.cumsum(gaps).tolist(), heights


def protraction(curve, repair_half_life):
    """Return G of a curve by the second calculation."""
    repair = LN2 / repair_half_life
    time = time_steps([curve], repair)
    squared = quadratic_dose(time, curve.activity(time)[:, None], np.array([repair]))
    return squared[0] / area(curve) ** 2


@property_of(area, exponential_curve)
@EXAMPLES
@given(sums())
def test_both_calculations_agree_on_tia_of_exponentials(curve):
    model, parameters, amplitudes, rates = curve
    first = Exponentials(np.array(amplitudes), np.array(rates)).integral()
    assert area(exponential_curve(model, parameters)) == pytest.approx(first, rel=1e-5)


@property_of(area, trapezoid_curve)
@EXAMPLES
@given(points())
def test_both_calculations_agree_on_tia_of_trapezoids(given_points):
    times, activities = given_points
    first = Trapezoid(np.array(times), np.array(activities), PHYSICAL).integral()
    assert area(trapezoid_curve(times, activities, PHYSICAL)) == pytest.approx(first, rel=1e-6)


@property_of(trapezoid_curve)
@EXAMPLES
@given(points(), st.lists(st.floats(0.0, 400.0), min_size=1, max_size=20))
def test_both_calculations_draw_the_same_pieces(given_points, grid):
    times, activities = given_points
    first = Trapezoid(np.array(times), np.array(activities), PHYSICAL).activity(grid)
    second = trapezoid_curve(times, activities, PHYSICAL).activity(np.array(grid))
    np.testing.assert_allclose(second, first, rtol=1e-9)


@property_of(quadratic_dose, time_steps)
@FEW
@given(sums(), st.floats(0.5, 10.0))
def test_both_calculations_agree_on_g_of_exponentials(curve, repair_half_life):
    model, parameters, amplitudes, rates = curve
    first = lea_catcheside(Exponentials(np.array(amplitudes), np.array(rates)), repair_half_life)
    second = protraction(exponential_curve(model, parameters), repair_half_life)
    assert second == pytest.approx(first, rel=1e-3)


@property_of(quadratic_dose, time_steps)
@FEW
@given(points(), st.floats(0.5, 10.0))
def test_both_calculations_agree_on_g_of_trapezoids(given_points, repair_half_life):
    times, activities = given_points
    shape = Trapezoid(np.array(times), np.array(activities), PHYSICAL)
    second = protraction(trapezoid_curve(times, activities, PHYSICAL), repair_half_life)
    assert second == pytest.approx(lea_catcheside(shape, repair_half_life), rel=1e-3)


@property_of(area, exponential_curve)
@EXAMPLES
@given(sums(), factors, factors)
def test_tia_scales_with_activity_and_time(curve, height, slower):
    model, parameters, _, rates = curve
    amplitudes = len(parameters) - len(rates) if model != "bi-uptake" else 2
    amplitudes = 1 if model == "uptake" else amplitudes
    moved = [
        height * value if i < amplitudes else value / slower for i, value in enumerate(parameters)
    ]
    one, other = (area(exponential_curve(model, values)) for values in (parameters, moved))
    assert other == pytest.approx(height * slower * one, rel=1e-5)


@property_of(time_steps, quadratic_dose)
@FEW
@given(sums(), st.floats(0.5, 10.0), factors)
def test_quadratic_dose_is_quadratic_for_every_region(curve, half_life, height):
    model, parameters, _, _ = curve
    shape = exponential_curve(model, parameters)
    repairs = LN2 / np.array([half_life, 2 * half_life])
    time = time_steps([shape], repairs.max())
    rate = shape.activity(time)[:, None]
    together = quadratic_dose(time, np.hstack([rate, height * rate]), repairs)
    for column, factor in ((0, 1.0), (1, height**2)):
        alone = quadratic_dose(time, rate, repairs[column : column + 1])
        assert together[column] == pytest.approx(factor * alone[0], rel=1e-9)
    # slower repair, more of it counts
    assert together[1] / height**2 > together[0]


@property_of(time_steps)
@EXAMPLES
@given(points(), st.floats(0.01, 10.0))
def test_integration_times_rise_and_include_every_corner(given_points, repair):
    times, activities = given_points
    found = time_steps([trapezoid_curve(times, activities, PHYSICAL)], repair)
    assert found[0] == 0.0
    assert np.all(np.diff(found) > 0)
    assert set(times) <= set(found.tolist())
    assert found[-1] > times[-1]
