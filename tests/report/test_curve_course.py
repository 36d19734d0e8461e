"""The curve over time is drawn from the plan alone and passes its points."""

import math

import numpy as np
import pytest
from sample_patients import cycle, planned, washout

from dosimetry.report.curve_points import activity_over, residuals

TIME = np.array([1.0, 24.0, 50.0, 120.0])
RATE = math.log(2) / 50.0  # of washout's curves


def curve_of(*scans, **fields):
    """Return the only curve of a plan with one delivered cycle."""
    (curve,) = planned(cycle(*scans, **fields)).curves
    return curve


def scans(activities, sd="5 %"):
    return [
        {"region": "kidneys", "time": f"{t} h", "activity": f"{a!r} MBq", "sd": sd}
        for t, a in activities.items()
    ]


def test_a_mono_exponential_is_drawn_as_it_was_measured():
    given = cycle(washout("kidneys", 6000.0, times=(4.0, 24.0, 120.0)))
    for estimator, close in (("least-squares", 1e-6), ("posterior", 0.01)):
        (curve,) = planned(given, estimator=estimator).curves
        activity, sd = activity_over(curve, TIME)
        assert curve.model == "mono"
        np.testing.assert_allclose(activity, 6000.0 * RATE * np.exp(-RATE * TIME), rtol=close)
        assert np.all(sd > 0)
        np.testing.assert_allclose(residuals(curve), 0.0, atol=close / 0.05)


def test_trapezoid_passes_its_points_with_their_sd():
    points = {4.0: 50.0, 24.0: 80.0, 120.0: 20.0}
    curve = curve_of(scans(points), models={"kidneys": "trapezoid"})
    activity, sd = activity_over(curve, np.array(list(points)))
    np.testing.assert_allclose(activity, list(points.values()), rtol=1e-12)
    np.testing.assert_allclose(sd, 0.05 * activity, rtol=1e-5)
    np.testing.assert_array_equal(residuals(curve), np.zeros(3))


def test_one_scan_is_drawn_with_the_half_life_of_the_prior():
    curve = curve_of(scans({72.0: 60.0}))
    activity, sd = activity_over(curve, np.array([72.0, 30.0, 144.0]))
    half_life = curve.effective_half_life
    drawn = 42.0 * math.log(2) / math.log(activity[1] / activity[0])
    assert drawn == pytest.approx(half_life.value, rel=0.1)
    assert abs(residuals(curve)[0]) < 0.5
    # at the scan about its own sd, earlier that of the half-life as well, both to first order
    assert sd[0] / activity[0] == pytest.approx(0.05, rel=0.2)
    earlier = math.log(2) * 42.0 / half_life.value * half_life.sd / half_life.value
    assert sd[1] / activity[1] == pytest.approx(math.hypot(0.05, earlier), rel=0.2)
    assert math.isnan(sd[2])


def test_undetermined_curve_is_drawn_without_a_band():
    # what the first scan sees more may be the rest of any fast component
    slow = {t: 100 * math.exp(-0.01 * t) for t in (0.5, 48.0, 96.0, 168.0)}
    points = scans({**slow, 0.5: slow[0.5] + 60.0})
    given = cycle(points, models={"kidneys": "bi"})
    (curve,) = planned(given, estimator="least-squares").curves
    activity, sd = activity_over(curve, TIME)
    assert sd is None
    assert curve.covariance is None
    assert activity[3] == pytest.approx(100 * math.exp(-0.01 * 120.0), rel=1e-6)
