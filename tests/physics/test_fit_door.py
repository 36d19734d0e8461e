"""The public fit function: units, place of a refusal, defaults, contents of a fitted curve."""

import math
from dataclasses import replace

import numpy as np
import pint
import pytest

from dosimetry.physics.fitting import Task, fit, fit_many, fit_points
from dosimetry.physics.kinetics import Exponentials
from dosimetry.problems import InputError

Q = pint.get_application_registry().Quantity
DECAY_CONSTANT = math.log(2) / 159.528  # 1/h, 177Lu, ICRP 107
TIME, ACTIVITY = Q([4, 24, 120], "h"), Q([80.99, 69.24, 21.09], "MBq")


def test_defaults_are_auto_model_lu177_and_ten_percent_sd():
    found = fit(TIME, ACTIVITY)
    assert found.choice == "3 points"  # chosen, not asked for
    assert found.decay_constant == pytest.approx(DECAY_CONSTANT, rel=1e-5)
    assert found.sd == pytest.approx(0.1 * found.shape.activity(found.time))
    assert found.sd_assumed


def test_days_and_becquerels_are_hours_and_megabecquerels():
    found = fit(Q([1, 5], "day"), Q([60e6, 20e6], "Bq"), Q(6e6, "Bq"), "mono")
    assert found.time.tolist() == [24.0, 120.0]
    assert found.activity.tolist() == pytest.approx([60.0, 20.0])
    assert found.sd.tolist() == pytest.approx([6.0, 6.0])


@pytest.mark.parametrize("sd", [Q(5, "percent"), Q([5, 5, 5], "percent"), Q(0.05, "")])
def test_sd_in_percent_is_relative(sd):
    found = fit(TIME, ACTIVITY, sd, "trapezoid")
    assert found.sd == pytest.approx(0.05 * found.activity)
    assert found.relative.tolist() == [True] * 3
    assert fit(TIME, ACTIVITY, Q(4, "MBq")).relative.tolist() == [False] * 3
    assert fit(TIME, ACTIVITY).relative.tolist() == [True] * 3


def test_one_curve_may_mix_relative_and_absolute_sds():
    task = Task([120, 4], [20.0, 80.0], [2.0, 4.0], "trapezoid", DECAY_CONSTANT)
    [curve] = fit_many([replace(task, relative=[True, False])])
    assert (curve.sd.tolist(), curve.relative.tolist()) == ([4.0, 2.0], [False, True])


def test_percent_sds_of_another_number_than_points_are_refused():
    with pytest.raises(InputError) as caught:
        fit(TIME, ACTIVITY, Q([5, 5], "percent"))
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == ("shape-mismatch", "sd")


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ((Q([4, 24], "g"), Q([80, 60], "MBq")), "time"),
        ((Q([4, 24], "h"), Q([80, 60], "h")), "activity"),
        ((Q([4, 24], "h"), Q([80, 60], "MBq"), Q([8, 6], "h")), "sd"),
    ],
)
def test_unit_of_another_kind_is_refused_at_its_argument(given, place):
    with pytest.raises(InputError) as caught:
        fit(*given, model="mono")
    assert caught.value.problems[0].place == place


def test_each_of_many_curves_keeps_its_unit():
    tasks = [Task([1, 24, 72], [50.0, 42.0, 25.0], None, "mono", 0.00434, u) for u in ("kBq", "Bq")]
    assert [curve.tia.unit for curve in fit_many(tasks)] == ["kBq*h", "Bq*h"]


@pytest.mark.parametrize("excess", [1.5, 0.5, 1e-3, 1e-6])
def test_biological_rate_is_effective_minus_physical_rate(excess):
    # 1/T_eff = 1/T_phys + 1/T_biol: an excess of half of lambda_p is twice the half-life of 177Lu
    curve = fit_points([4, 24, 120], [80.99, 69.24, 21.09], None, "mono", DECAY_CONSTANT)
    shape = Exponentials(np.array([80.0]), np.array([DECAY_CONSTANT * (1 + excess)]))
    found = replace(curve, shape=shape).biological_half_life
    assert found == pytest.approx(159.528 / excess, rel=1e-8)


def test_curve_without_clearance_has_no_biological_half_life():
    curve = fit_points([4, 24, 120], [80.99, 69.24, 21.09], None, "mono", DECAY_CONSTANT)
    shape = Exponentials(np.array([80.0]), np.array([DECAY_CONSTANT]))
    assert replace(curve, shape=shape).biological_half_life is None


def test_trapezoid_half_life_sd_comes_from_its_last_two_points():
    # T = ln 2 dt / ln(a/b), so sd(T) = T / ln(a/b) sqrt(cv_a^2 + cv_b^2)
    activity = np.array([80.0, 60.0, 20.0])
    curve = fit_points([4, 24, 120], activity, 0.1 * activity, "trapezoid", DECAY_CONSTANT)
    expected = math.log(2) * 96 / math.log(3)
    assert curve.effective_half_life.value == pytest.approx(expected, rel=1e-12)
    sd = expected / math.log(3) * math.hypot(0.1, 0.1)
    assert curve.effective_half_life.sd == pytest.approx(sd, rel=1e-6)


def test_trapezoid_without_clearance_has_no_half_life_sd():
    activity = np.array([80.0, 60.0, 59.0])
    curve = fit_points([4, 24, 120], activity, 0.1 * activity, "trapezoid", DECAY_CONSTANT)
    assert curve.effective_half_life.value == pytest.approx(159.528, rel=1e-9)
    assert curve.effective_half_life.sd is None


SIX = np.array([1.0, 4.0, 24.0, 48.0, 96.0, 168.0])


def test_fit_reports_points_parameters_degrees_of_freedom():
    activity = 60 * np.exp(-0.012 * SIX) + 40 * np.exp(-0.3 * SIX)
    curve = fit_points(SIX, activity, 0.05 * activity, "bi", DECAY_CONSTANT, "kBq")
    assert (curve.model, curve.choice, curve.sd_assumed) == ("bi", "requested", False)
    assert (curve.dof, curve.chi2) == (2, pytest.approx(0.0, abs=1e-9))
    assert curve.p_value == pytest.approx(1.0)
    assert list(curve.parameters) == ["a1", "a2", "lambda1", "lambda2"]
    found = [(one.value, one.unit) for one in curve.parameters.values()]
    expected = [(60.0, "kBq"), (40.0, "kBq"), (0.012, "1/h"), (0.3, "1/h")]
    assert found == [(pytest.approx(value, rel=1e-6), unit) for value, unit in expected]
    assert curve.tia.value == pytest.approx(60 / 0.012 + 40 / 0.3, rel=1e-6)
    assert curve.effective_half_life.value == pytest.approx(math.log(2) / 0.012, rel=1e-6)
    assert curve.effective_half_life.unit == "h"
    assert (curve.time.tolist(), curve.activity.tolist()) == (SIX.tolist(), activity.tolist())
    assert (curve.decay_constant, curve.aicc, curve.warnings) == (DECAY_CONSTANT, {}, ())


def test_sds_equal_the_root_of_the_covariance():
    activity = 60 * np.exp(-0.012 * SIX)
    curve = fit_points(SIX, activity, 0.05 * activity, "mono", DECAY_CONSTANT)
    assert list(curve.parameters) == ["a", "lambda1"]
    # ln A = ln a - lambda t with cv 5 %: sums of times, as of any straight line
    centre, spread = SIX.mean(), np.sum((SIX - SIX.mean()) ** 2)
    rate_sd = 0.05 / math.sqrt(spread)
    log_sd = 0.05 * math.sqrt(1 / 6 + centre**2 / spread)
    assert curve.parameters["lambda1"].sd == pytest.approx(rate_sd, rel=1e-6)
    assert curve.parameters["a"].sd == pytest.approx(60 * log_sd, rel=1e-6)
    variances = [(60 * log_sd) ** 2, rate_sd**2]
    assert curve.covariance.diagonal() == pytest.approx(variances, rel=1e-6)
    half_life_sd = math.log(2) / 0.012**2 * rate_sd
    assert curve.effective_half_life.sd == pytest.approx(half_life_sd, rel=1e-6)
    # TIA a / lambda: relative variances and their covariance, cov(ln a, lambda) = centre rate_sd^2
    relative = log_sd**2 + (rate_sd / 0.012) ** 2 - 2 * centre * rate_sd**2 / 0.012
    # the posterior's sd has the second order too: 0.1 % of it here
    assert curve.tia.sd == pytest.approx(60 / 0.012 * math.sqrt(relative), rel=2e-3)


def test_trapezoid_reports_no_parameters_and_no_chi_square():
    activity = np.array([80.0, 60.0, 20.0])
    curve = fit_points([4, 24, 120], activity, 0.1 * activity, "trapezoid", DECAY_CONSTANT, "kBq")
    assert (curve.model, curve.choice, curve.sd_assumed) == ("trapezoid", "requested", False)
    assert (curve.chi2, curve.dof, curve.p_value) == (0.0, 0, None)
    assert (curve.aicc, curve.parameters, curve.aicc_weights) == ({}, {}, {})
    assert (curve.tia.unit, curve.effective_half_life.unit) == ("kBq*h", "h")
    assert curve.sd.tolist() == (0.1 * activity).tolist()
    assert curve.covariance is None
    # half-life after the last point ln 2 96 h / ln 3 = 60.6 h; 120 h is less than twice that
    assert [warning.code for warning in curve.warnings] == ["scans-end-early"]
    # sd of the area by the points: each moved by a hundredth of its sd
    areas = []
    for i in range(3):
        ends = []
        for sign in (1, -1):
            moved = activity.copy()
            moved[i] *= 1 + 0.001 * sign
            ends.append(
                fit_points([4, 24, 120], moved, None, "trapezoid", DECAY_CONSTANT).tia.value
            )
        areas.append((ends[0] - ends[1]) / 0.002 * 0.1)
    assert curve.tia.sd == pytest.approx(math.hypot(*areas), rel=1e-5)


def test_akaike_weights_are_relative_likelihoods():
    # exp(-difference / 2) of the corrected criterion, adding up to one
    curve = fit_points(SIX, 60 * np.exp(-0.012 * SIX), None, "mono", DECAY_CONSTANT)
    weights = replace(curve, aicc={"mono": 5.0, "uptake": 7.0, "bi": 9.0}).aicc_weights
    raw = {"mono": 1.0, "uptake": math.exp(-1), "bi": math.exp(-2)}
    assert weights == pytest.approx({name: one / sum(raw.values()) for name, one in raw.items()})


def test_a_trapezoid_that_ends_late_draws_no_warning():
    # tail ln 12 / 176 h: twice the half-life is 98 h, before the last point and after the others
    curve = fit_points([4, 24, 200], [80.0, 60.0, 5.0], None, "trapezoid", DECAY_CONSTANT)
    assert curve.warnings == ()


def test_inadequate_fit_is_reported():
    activity = 60 * np.exp(-0.012 * SIX) + 40 * np.exp(-0.3 * SIX)
    (warning,) = fit_points(SIX, activity, 0.01 * activity, "mono", DECAY_CONSTANT).warnings
    assert warning.code == "fit-not-adequate"
    assert "'mono'" in warning.message


@pytest.mark.parametrize("model", ["mono", "trapezoid"])
def test_whole_numbers_are_accepted(model):
    whole = fit_points([4, 24, 120], [80, 60, 20], [8, 6, 2], model, DECAY_CONSTANT)
    given = fit_points(
        [4.0, 24.0, 120.0], [80.0, 60.0, 20.0], [8.0, 6.0, 2.0], model, DECAY_CONSTANT
    )
    assert whole.tia == given.tia
