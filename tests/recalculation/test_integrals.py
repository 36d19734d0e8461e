"""Integrals of the recalculation against known answers."""

import math

import numpy as np
import pytest

from dosimetry.recalculation.integrals import (
    area,
    exponential_curve,
    quadratic_dose,
    time_steps,
    trapezoid_curve,
)

LN2 = math.log(2)
DECAY = LN2 / 159.528


@pytest.mark.parametrize(
    ("model", "parameters", "expected"),
    [
        ("uptake", (108.7421, 0.0140814, 0.845429), 7593.755),  # SNMMI patient 4, left kidney
        ("mono", (1.0, DECAY), 230.150),
        ("bi", (3.0, 5.0, 0.01, 0.5), 310.0),
        ("bi-uptake", (3.0, 5.0, 0.01, 0.5, 2.0), 306.0),
        ("uptake", (1e6, 0.01, 0.01 + 1e-8), 100.0),  # two rates that are nearly one
        ("uptake", (20.0, 0.0043, 20.0), 20.0 / 0.0043 - 1.0),
    ],
)
def test_tia_of_exponentials_matches_known_answer(model, parameters, expected):
    assert area(exponential_curve(model, parameters)) == pytest.approx(expected, rel=3e-6)


@pytest.mark.parametrize(
    ("times", "activities", "physical", "expected"),
    [
        # A head of 8 MBq h, twice 4/ln 2.
        ((1.0, 2.0), (8.0, 4.0), 1e-12, 8.0 + 8.0 / LN2),
        # Rises as a straight line, falls as an exponential, never slower than physical decay.
        ((0.0, 2.0, 4.0), (2.0, 4.0, 4.0 / math.e), 0.1, 6.0 + 8.0 * (1 - 1 / math.e) + 8 / math.e),
        ((1.0, 2.0), (4.0, 4.0), 0.5, 8.0 * math.expm1(0.5) + 4.0 + 8.0),
    ],
)
def test_tia_of_trapezoid_matches_known_answer(times, activities, physical, expected):
    found = area(trapezoid_curve(times, activities, physical))
    assert found == pytest.approx(expected, rel=1e-8)


def protraction(parts, repair_half_life=2.8):
    time = time_steps(parts, LN2 / repair_half_life)
    rate = sum(part.activity(time) for part in parts)[:, None]
    dose = sum(area(part) for part in parts)
    return quadratic_dose(time, rate, np.array([LN2 / repair_half_life]))[0] / dose**2


@pytest.mark.parametrize(
    ("model", "parameters", "expected"),
    [
        ("mono", (1.0, LN2 / 50), 0.0530303),
        ("uptake", (1.0, DECAY + LN2 / 75, 0.6), 0.0516930),
        ("bi", (0.04, 0.06, LN2 / 60, LN2 / 12), 0.0608432),
    ],
)
def test_differential_equation_gives_the_known_g(model, parameters, expected):
    found = protraction([exponential_curve(model, parameters)])
    assert found == pytest.approx(expected, rel=1e-4)
    assert 5 + found * 25 / 2.6 == pytest.approx(5 + expected * 25 / 2.6, rel=1e-5)


def test_equal_repair_and_decay_rates_need_no_special_case():
    # G = mu = l: (2/D^2) r^2 / (2 l 2 l) = 1/2.
    assert protraction([exponential_curve("mono", (1.0, LN2 / 2.8))]) == pytest.approx(0.5, 1e-4)


def test_trapezoid_of_a_mono_has_nearly_its_g():
    times = [1.0, 10.0, 60.0, 200.0]
    whole = trapezoid_curve(times, [math.exp(-DECAY * t) for t in times], DECAY)
    expected = DECAY / (DECAY + LN2 / 2.8)
    assert protraction([whole]) == pytest.approx(expected, rel=1e-4)


def test_steep_late_fall_keeps_the_earlier_dose():
    # by scipy 1.17, solve_ivp (DOP853, rtol 1e-11) of the two equations from corner to corner; the
    # tail is over before the time from injection to the first scan would be stepped through
    late = trapezoid_curve((17.0, 18.0, 19.0), (2.0, 16.0, 1.0), DECAY)
    assert protraction([late], repair_half_life=6.0) == pytest.approx(0.5289314, rel=5e-5)


def test_curve_reports_slowest_and_fastest_rate_and_corners():
    curve = exponential_curve("bi-uptake", (3.0, 5.0, 0.01, 0.5, 2.0))
    assert (curve.slowest, curve.fastest, curve.corners) == (0.01, 2.0, ())
    uptake = exponential_curve("uptake", (3.0, 0.01, 0.5))
    assert (uptake.slowest, uptake.fastest) == (0.01, 0.5)
    pieces = trapezoid_curve((1.0, 3.0), (8.0, 4.0), 0.004)
    assert pieces.slowest == pieces.fastest == pytest.approx(LN2 / 2)
    assert pieces.corners == (1.0, 3.0)


def test_trapezoid_exposes_its_pieces():
    # head 8 exp(0.1 (1 - t)); falls 8 to 2 as 8 4^(-share); rises in a straight line; tail ln 2 / 2
    curve = trapezoid_curve((1.0, 3.0, 5.0, 7.0), (8.0, 2.0, 6.0, 3.0), 0.1)
    time = np.array([0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 4.5, 5.0, 6.0, 7.0, 9.0])
    falling = [8 * math.exp(0.1), 8 * math.exp(0.05), 8.0, 4.0, 2.0]
    expected = [*falling, 4.0, 5.0, 6.0, 6 / math.sqrt(2), 3.0, 1.5]
    assert curve.activity(time) == pytest.approx(expected, rel=1e-12)


def test_integration_times_start_dense_and_meet_the_corners():
    # steps grow from a fiftieth of the fastest time, again from the last corner on, to 35 times of
    # the slowest rate after it
    pieces = trapezoid_curve((1.0, 3.0), (8.0, 4.0), 0.004)
    slow = exponential_curve("mono", (1.0, 0.01))
    times = time_steps([pieces, slow], 0.5)
    assert times[0] == 0.0
    assert times[-1] == pytest.approx(3.0 + 35.0 / 0.01)
    assert {1.0, 3.0} <= set(times.tolist())
    inside = times[(times >= 1.0) & (times <= 3.0)]
    assert np.diff(inside).max() <= 2.0 / 150 + 1e-12  # a steep piece between scans is met
    three = trapezoid_curve((1.0, 3.0, 8.0), (8.0, 4.0, 1.0), 0.004)
    assert time_steps([three], 0.5)[-1] == pytest.approx(8.0 + 35.0 * 5.0 / math.log(4))
    unit = 0.02 / 0.5
    first = unit * math.expm1(math.log1p(3500.0 / unit) / 1500)
    assert times[1] == pytest.approx(first, rel=1e-9)
    assert time_steps([slow], 0.5)[-1] == pytest.approx(3500.0)
    fast = exponential_curve("mono", (1.0, 4.0))
    assert time_steps([fast], 0.5)[1] < time_steps([fast], 4.0 - 1e-9)[1] * (1 + 1e-6)


def test_unrepaired_dose_is_exact_for_linear_dose_rates():
    # y' = R - mu y: for R = 1, y = (1 - e)/mu; for R = t, y = t/mu - (1 - e)/mu^2; e = exp(-mu t)
    time, repair = np.array([0.0, 0.3, 1.0, 1.2, 2.0, 4.0, 4.5]), np.array([0.5, 0.2])
    rate = np.stack([np.ones(7), time], axis=1)
    one, two = -np.expm1(-time * 0.5) / 0.5, time / 0.2 + np.expm1(-time * 0.2) / 0.04
    product = rate * np.stack([one, two], axis=1)
    # and 2 R y is then summed by the trapezoidal rule
    expected = np.sum(np.diff(time)[:, None] * (product[1:] + product[:-1]), axis=0)
    assert quadratic_dose(time, rate, repair) == pytest.approx(expected, rel=1e-12)
