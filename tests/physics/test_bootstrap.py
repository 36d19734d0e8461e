"""Bootstrap of the TIA: agrees with the delta method for small sds, is skewed for large ones."""

import math

import numpy as np
import pytest

from dosimetry.cycle.curves_of_file import fit_file
from dosimetry.cycle.fit_options import FitOptions
from dosimetry.physics.bootstrap import bootstrap_tia
from dosimetry.physics.fitting import fit_points
from dosimetry.problems import InputError

DECAY_CONSTANT = math.log(2) / (6.647 * 24)  # 1/h, 177Lu, ICRP 107
TIME = np.array([3.7411, 27.7253, 103.0942, 123.9836])  # SNMMI patient 4, left kidney
ACTIVITY = np.array([98.561432, 73.599408, 25.395680, 19.046610])


@pytest.mark.slow
@pytest.mark.parametrize("model", ["mono", "uptake"])
def test_bootstrap_with_small_sds_agrees_with_the_delta_method(model):
    curve = fit_points(TIME, ACTIVITY, 0.01 * ACTIVITY, model, DECAY_CONSTANT)
    found = bootstrap_tia(curve, 3000)
    assert found.value == pytest.approx(curve.tia.value, rel=3 * 0.01 / math.sqrt(3000) + 1e-3)
    assert found.sd == pytest.approx(curve.tia.sd, rel=0.06)  # 1/sqrt(2 n) is 1.3 %
    # 1.6449: the 95th percentile of the normal distribution
    assert found.p95 - found.p5 == pytest.approx(2 * 1.6449 * curve.tia.sd, rel=0.08)


def test_two_early_scans_stay_below_the_physical_decay_bound():
    curve = fit_points([4, 24], [80.0, 72.0], None, "mono", DECAY_CONSTANT)
    found = bootstrap_tia(curve, 1000)
    # physical decay bounds the TIA from above: 1/lambda_p times the amplitude
    assert found.p95 < 1.5 * 80.0 * math.exp(4 * DECAY_CONSTANT) / DECAY_CONSTANT
    assert found.p5 < curve.tia.value < found.p95


def test_the_trapezoid_is_drawn_around_its_points():
    curve = fit_points(TIME, ACTIVITY, 0.02 * ACTIVITY, "trapezoid", DECAY_CONSTANT)
    found = bootstrap_tia(curve, 2000)
    assert found.value == pytest.approx(curve.tia.value, rel=0.01)
    assert found.sd == pytest.approx(curve.tia.sd, rel=0.08)


def assert_distribution_of(found, totals):
    assert found.unit == "MBq*h"
    assert found.value == pytest.approx(np.mean(totals), rel=1e-9)
    assert found.sd == pytest.approx(np.std(totals, ddof=1), rel=1e-6)
    assert (found.p5, found.p95) == pytest.approx(np.percentile(totals, [5, 95]), rel=1e-9)


def test_bootstrap_equals_refits_of_points_drawn_by_hand():
    # Efron and Tibshirani 1993, chapter 6; the draws of numpy's generator 177
    curve = fit_points(TIME, ACTIVITY, 0.05 * ACTIVITY, "mono", DECAY_CONSTANT)
    normal = np.random.default_rng(177).standard_normal((100, 4))
    drawn = curve.shape.activity(TIME) + curve.sd * normal
    totals = [fit_points(TIME, y, curve.sd, "mono", DECAY_CONSTANT).tia.value for y in drawn]
    assert_distribution_of(bootstrap_tia(curve, 100), totals)


def test_drawn_point_is_at_least_a_thousandth_of_its_value():
    # sd of 80 %: a tenth of the draws would be negative
    curve = fit_points(TIME, ACTIVITY, 0.8 * ACTIVITY, "trapezoid", DECAY_CONSTANT)
    normal = np.random.default_rng(177).standard_normal((150, 4))
    drawn = np.maximum(ACTIVITY * (1 + 0.8 * normal), 0.001 * ACTIVITY)
    totals = [fit_points(TIME, y, None, "trapezoid", DECAY_CONSTANT).tia.value for y in drawn]
    assert_distribution_of(bootstrap_tia(curve, 150), totals)


def test_bootstrap_is_the_same_at_every_call():
    curve = fit_points(TIME, ACTIVITY, None, "mono", DECAY_CONSTANT)
    assert bootstrap_tia(curve, 200) == bootstrap_tia(curve, 200)


@pytest.mark.parametrize("count", [0, 99, 10**6 + 1])
def test_number_of_refits_out_of_range_is_refused(count):
    curve = fit_points(TIME, ACTIVITY, None, "mono", DECAY_CONSTANT)
    with pytest.raises(InputError) as caught:
        bootstrap_tia(curve, count)
    assert caught.value.problems[0].code == "out-of-range"


def test_fit_shows_the_bootstrap_of_every_region_on_request():
    asked = fit_file("examples/snmmi_patient4.csv", FitOptions("7.21 GBq", bootstrap=150))
    assert all(curve.tia_bootstrap is not None for curve in asked.curves)
    plain = fit_file("examples/snmmi_patient4.csv", FitOptions("7.21 GBq"))
    assert all(curve.tia_bootstrap is None for curve in plain.curves)
