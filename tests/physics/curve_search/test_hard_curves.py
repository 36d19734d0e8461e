"""Curves that the points hardly determine: covariance in a batch and alone."""

import math

import numpy as np
import pytest

from dosimetry.physics.curve_search.least_squares import MODELS, _covariance, fit_batch, fit_model

pytestmark = pytest.mark.slow

DECAY_CONSTANT = math.log(2) / (6.647 * 24)  # 1/h, 177Lu, ICRP 107


@pytest.mark.parametrize("model", ["mono", "bi", "uptake", "bi-uptake"])
def test_hard_curve_covariance_equals_the_kernel_covariance(model):
    # two programs of one formula, (J^T W J)^-1: the kernel's is tested against repeated fits
    time = np.array([0.5, 2.0, 6.0, 16.0, 40.0, 90.0, 160.0, 260.0])
    activity = 60 * np.exp(-0.008 * time) + 40 * np.exp(-0.06 * time)
    if "uptake" in model:
        activity -= 100 * np.exp(-0.5 * time)
    found = fit_model(model, time, activity, 0.03 * activity, DECAY_CONSTANT)
    free = MODELS[model].free
    again = _covariance(found, time, 1 / (0.03 * activity))
    assert found.covariance[:free, :free] == pytest.approx(again, rel=1e-6)


def test_hard_curves_in_a_batch_use_their_own_times():
    # uptake and fall at one rate: A t exp(-l t), of which the difference of the rates is not seen
    times = np.array([[2.0, 20.0, 50.0, 90.0, 150.0], [5.0, 30.0, 70.0, 110.0, 180.0]])
    values = 5.0 * times * np.exp(-0.03 * times)
    batch = fit_batch("uptake", times, values, 0.05 * values, DECAY_CONSTANT)
    for row in range(2):
        alone = fit_batch("uptake", times[row], values[[row]], 0.05 * values[[row]], DECAY_CONSTANT)
        (expected, spread), (value, sd) = alone[0].tia, batch[row].tia
        assert np.isfinite(spread)
        assert batch.covariance[row] == pytest.approx(alone.covariance[0], rel=1e-9)
        assert (value, sd) == pytest.approx((expected, spread), rel=1e-9)
