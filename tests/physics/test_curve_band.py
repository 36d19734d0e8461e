"""The band of a curve is the propagated uncertainty of its parameters or points."""

import numpy as np
import pytest

from dosimetry.physics.curve_band import exponentials, trapezoid
from dosimetry.physics.kinetics import MODELS

TIME = np.array([0.0, 0.7, 4.0, 24.0, 96.0, 300.0])
VALUES = {
    "mono": [90.0, 0.013],
    "uptake": [90.0, 0.013, 0.8],
    "bi": [60.0, 30.0, 0.011, 0.09],
    "bi-uptake": [60.0, 30.0, 0.011, 0.09, 0.9],
}


@pytest.mark.parametrize("model", MODELS)
def test_band_equals_the_change_when_a_parameter_moves(model):
    values = np.array(VALUES[model])
    for i, value in enumerate(values):
        covariance = np.zeros((len(values), len(values)))
        covariance[i, i] = (0.01 * value) ** 2
        _, sd = exponentials(model, values, covariance, TIME)
        ends = []
        for sign in (1, -1):
            moved = values.copy()
            moved[i] *= 1 + 1e-5 * sign
            ends.append(exponentials(model, moved, None, TIME)[0])
        slope = np.abs(ends[0] - ends[1]) / 2e-5
        assert sd == pytest.approx(0.01 * slope, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_band_propagates_correlation_with_the_slope_signs(model):
    # variance g C g', g the slopes by differences
    values = np.array(VALUES[model])
    root = np.random.default_rng(3).normal(size=(len(values), len(values))) * 0.01 * values
    slopes = []
    for i, value in enumerate(values):
        ends = []
        for sign in (1, -1):
            moved = values.copy()
            moved[i] += 1e-5 * value * sign
            ends.append(exponentials(model, moved, None, TIME)[0])
        slopes.append((ends[0] - ends[1]) / (2e-5 * value))
    _, sd = exponentials(model, values, root.T @ root, TIME)
    assert sd == pytest.approx(np.linalg.norm(root @ np.array(slopes), axis=0), rel=1e-6, abs=1e-9)


def test_band_vanishes_where_correlated_parameters_cancel():
    values = np.array([90.0, 0.013])
    together = np.outer([9.0, 0.0], [9.0, 0.0])
    at_a_time = 100.0
    slope = np.array([np.exp(-1.3), -90.0 * at_a_time * np.exp(-1.3)])
    step = np.array([-slope[1], slope[0]])  # along which the curve keeps its height there
    _, sd = exponentials("mono", values, np.outer(step, step), np.array([at_a_time]))
    assert sd[0] == pytest.approx(0.0, abs=1e-6 * abs(step).max())
    _, sd = exponentials("mono", values, together, np.array([0.0]))
    assert sd[0] == pytest.approx(9.0)


def test_uptake_starts_at_zero_with_zero_sd():
    activity, sd = exponentials("uptake", np.array(VALUES["uptake"]), np.eye(3), np.zeros(1))
    assert (activity[0], sd[0]) == (0.0, 0.0)


def test_trapezoid_band_equals_point_sd_and_is_less_between():
    points = (np.array([4.0, 24.0, 96.0]), np.array([80.0, 60.0, 20.0]), np.array([8.0, 6.0, 2.0]))
    activity, sd = trapezoid(points, 0.00434, np.array([4.0, 24.0, 96.0, 48.0]))
    assert activity[:3] == pytest.approx(points[1])
    assert sd[:3] == pytest.approx(points[2], rel=1e-6)
    assert sd[3] / activity[3] < 0.1


@pytest.mark.parametrize("model", MODELS)
def test_curve_equals_its_formula(model):
    # amplitudes times exponentials, less the same times the uptake's
    *amplitudes, first, second, third = {
        "mono": (90.0, 0.013, 0.0, 0.0),
        "uptake": (90.0, 0.013, 0.8, 0.0),
        "bi": (60.0, 30.0, 0.011, 0.09, 0.0),
        "bi-uptake": (60.0, 30.0, 0.011, 0.09, 0.9),
    }[model]
    falls = np.exp(-np.outer([first, second, third], TIME))
    expected = {
        "mono": lambda: amplitudes[0] * falls[0],
        "uptake": lambda: amplitudes[0] * (falls[0] - falls[1]),
        "bi": lambda: amplitudes[0] * falls[0] + amplitudes[1] * falls[1],
        "bi-uptake": lambda: (
            amplitudes[0] * (falls[0] - falls[2]) + amplitudes[1] * (falls[1] - falls[2])
        ),
    }[model]()
    activity, sd = exponentials(model, np.array(VALUES[model]), None, TIME)
    assert activity == pytest.approx(expected, rel=1e-12)
    assert sd is None


def test_trapezoid_band_weights_variances_by_distance():
    # falling: ln A = (1 - s) ln A1 + s ln A2; after: s = 1 + (t - t2)/(t2 - t1); before: that of A1
    points = (np.array([4.0, 24.0]), np.array([80.0, 20.0]), np.array([8.0, 4.0]))
    time = np.array([1.0, 9.0, 19.0, 44.0])
    activity, sd = trapezoid(points, 0.00434, time)
    expected = [0.1, np.hypot(0.75 * 0.1, 0.25 * 0.2), np.hypot(0.025, 0.15), np.hypot(0.1, 0.4)]
    assert sd / activity == pytest.approx(expected, rel=1e-6)
    falling = [80 * np.exp(0.00434 * 3), 80 / np.sqrt(2), 20 * np.sqrt(2), 5.0]
    assert activity == pytest.approx(falling, rel=1e-12)
