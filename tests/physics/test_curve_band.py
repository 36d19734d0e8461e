"""The band of a curve is the propagated uncertainty of what the curve is made of."""

import numpy as np
import pytest

from dosimetry.physics.curve_band import exponentials, one_scan, trapezoid
from dosimetry.physics.kinetics import MODELS

TIME = np.array([0.0, 0.7, 4.0, 24.0, 96.0, 300.0])
VALUES = {
    "mono": [90.0, 0.013],
    "uptake": [90.0, 0.013, 0.8],
    "bi": [60.0, 30.0, 0.011, 0.09],
    "bi-uptake": [60.0, 30.0, 0.011, 0.09, 0.9],
}


@pytest.mark.parametrize("model", MODELS)
def test_the_sd_follows_the_curve_when_a_parameter_moves(model):
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


def test_correlated_parameters_can_cancel():
    values = np.array([90.0, 0.013])
    together = np.outer([9.0, 0.0], [9.0, 0.0])
    at_a_time = 100.0
    slope = np.array([np.exp(-1.3), -90.0 * at_a_time * np.exp(-1.3)])
    step = np.array([-slope[1], slope[0]])  # along which the curve keeps its height there
    _, sd = exponentials("mono", values, np.outer(step, step), np.array([at_a_time]))
    assert sd[0] == pytest.approx(0.0, abs=1e-6 * abs(step).max())
    _, sd = exponentials("mono", values, together, np.array([0.0]))
    assert sd[0] == pytest.approx(9.0)


def test_an_uptake_begins_at_nothing_and_surely_so():
    activity, sd = exponentials("uptake", np.array(VALUES["uptake"]), np.eye(3), np.zeros(1))
    assert (activity[0], sd[0]) == (0.0, 0.0)


def test_pieces_have_the_sd_of_their_points_and_less_between_them():
    points = (np.array([4.0, 24.0, 96.0]), np.array([80.0, 60.0, 20.0]), np.array([8.0, 6.0, 2.0]))
    activity, sd = trapezoid(points, 0.00434, np.array([4.0, 24.0, 96.0, 48.0]))
    assert activity[:3] == pytest.approx(points[1])
    assert sd[:3] == pytest.approx(points[2], rel=1e-6)
    assert sd[3] / activity[3] < 0.1


def test_one_scan_is_surest_at_the_scan():
    time = np.array([4.0, 24.0, 48.0, 168.0])
    activity, sd = one_scan((24.0, 60.0, 6.0), 80.0, (50.0, 10.0), time)
    relative = sd / activity
    assert relative.argmin() == 1
    assert relative[1] == pytest.approx(0.1)
    assert relative[3] == pytest.approx(np.hypot(0.1, np.log(2) / 50 * 144 * 0.2))
