"""The scale of a curve, integrated over: sums over ln A for sds of both kinds."""

import math

import numpy as np
import pytest

from dosimetry.physics.posterior.likelihood import Data, scale_of
from dosimetry.physics.posterior.shapes import Shapes

TIME = np.array([4.0, 24.0, 96.0])
ACTIVITY = np.array([98.0, 70.0, 31.0])
SD = np.array([9.8, 10.0, 8.0])
RATES = np.array([0.009, 0.014, 0.03])  # 1/h, of three curves
KINDS = {
    "relative": (True, True, True),
    "absolute": (False, False, False),
    "both": (True, False, False),
    "both, the other way": (False, True, True),
}


def batch(relative, activity=ACTIVITY):
    """The points as a batch of one curve."""
    columns = (TIME, activity, SD, np.array(relative))
    return Data(*(np.asarray(each)[:, None, None] for each in columns))


def summed(relative, rate):
    """ln of the integral over ln A, and mean and variance of ln A, by a sum over an even grid."""
    u = np.linspace(math.log(20.0), math.log(600.0), 40_001)
    chi2 = np.zeros(len(u))
    for t, y, sd, of_curve in zip(TIME, ACTIVITY, SD, relative, strict=True):
        log_f = u - rate * t
        apart = (math.log(y) - log_f) * y if of_curve else y - np.exp(log_f)
        chi2 += (apart / sd) ** 2
    chance = np.exp(-0.5 * chi2)
    mean = chance @ u / chance.sum()
    variance = chance @ (u - mean) ** 2 / chance.sum()
    return math.log(chance.sum() * (u[1] - u[0])), mean, variance


@pytest.mark.parametrize("relative", KINDS.values(), ids=KINDS)
def test_scale_is_integrated_as_a_plain_sum_does(relative):
    found = scale_of(batch(relative), Shapes(RATES[None]))
    expected = np.array([summed(relative, rate) for rate in RATES]).T
    assert found.mean[0] == pytest.approx(expected[1], abs=1e-4)
    assert found.variance[0] == pytest.approx(expected[2], rel=2e-3)
    # of the shapes to each other: a constant of the curve is left out
    logs = found.log_likelihood[0]
    assert logs - logs[0] == pytest.approx(expected[0] - expected[0, 0], abs=2e-3)


@pytest.mark.parametrize("relative", KINDS.values(), ids=KINDS)
def test_residuals_are_in_sds_of_curve_or_point(relative):
    found = scale_of(batch(relative), Shapes(RATES[None]))
    curve = np.exp(found.mean[0] - np.outer(TIME, RATES))
    of_curve = np.log(ACTIVITY[:, None] / curve) * (ACTIVITY / SD)[:, None]
    of_point = (ACTIVITY[:, None] - curve) / SD[:, None]
    expected = np.where(np.array(relative)[:, None], of_curve, of_point)
    assert np.array(found.residuals)[:, 0] == pytest.approx(expected, rel=1e-9)
    assert found.chi2()[0] == pytest.approx((expected**2).sum(axis=0), rel=1e-9)


def test_points_at_zero_leave_a_scale_of_about_their_sds():
    # absolute sds and no activity: A is flat in its logarithm below one sd
    found = scale_of(batch((False,) * 3, np.zeros(3)), Shapes(RATES[None]))
    assert np.all(np.isfinite(found.mean))
    assert np.all(np.exp(found.mean[0]) < 2.0 * SD.max())
    assert np.all(found.variance > 0.5)


def test_last_half_life_is_that_between_two_points():
    # from 70 to 31 MBq in 72 h: 72 ln 2/ln(70/31) = 61.27 h; a rise gives the physical one
    data, longest = batch((True,) * 3), np.array([[math.log(159.528)]])
    assert np.exp(data.last_half_life(longest)) == pytest.approx(np.array([[61.27]]), rel=1e-3)
    rising = batch((True,) * 3, ACTIVITY[::-1].copy())
    assert rising.last_half_life(longest) == pytest.approx(longest)
