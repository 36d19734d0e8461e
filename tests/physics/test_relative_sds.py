"""Least squares with sds relative to the curve: fixed point, batches, bias, choice of the model."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq, least_squares

from dosimetry.physics.bootstrap import bootstrap_tia
from dosimetry.physics.fitting import Task, fit_many, fit_points
from dosimetry.physics.relative_sds import fit_settled

DECAY_CONSTANT = math.log(2) / 159.528  # 1/h, 177Lu, ICRP 107
SEVEN = np.array([1.0, 4.0, 24.0, 48.0, 72.0, 120.0, 168.0])
NOISE = np.array([1.08, 0.95, 1.1, 0.87, 1.04, 0.92, 1.06])


def mono(time, a, rate):
    return a * np.exp(-rate * time)


def uptake(time, a, slow, fast):
    return a * (np.exp(-slow * time) - np.exp(-fast * time))


def bi(time, a, b, slow, fast):
    return mono(time, a, slow) + mono(time, b, fast)


CASES = {
    "mono": (mono, (60.0, 0.012)),
    "uptake": (uptake, (60.0, 0.012, 0.2)),
    "bi": (bi, (60.0, 40.0, 0.012, 0.15)),
}


def by_scipy(function, start, activity, sds_of):
    """Return the curve at the fixed point of its sds, from scipy's least squares."""
    curve, log_parameters = activity, np.log(start)
    for _ in range(40):
        sd = sds_of(curve)
        found = least_squares(
            lambda log: (function(SEVEN, *np.exp(log)) - activity) / sd,  # noqa: B023
            log_parameters,
            x_scale="jac",
            **dict.fromkeys(("ftol", "xtol", "gtol"), 1e-15),
        )
        log_parameters = found.x
        curve = function(SEVEN, *np.exp(log_parameters))
    return curve, sds_of(curve)


@pytest.mark.parametrize("name", CASES)
def test_relative_sds_settle_at_the_fixed_point(name):
    function, truth = CASES[name]
    activity = function(SEVEN, *truth) * NOISE
    curve, sd = by_scipy(function, truth, activity, lambda f: 0.1 * f)
    found = fit_points(SEVEN, activity, None, name, DECAY_CONSTANT)
    assert found.model == name
    assert found.shape.activity(SEVEN) == pytest.approx(curve, rel=1e-6)
    assert found.sd == pytest.approx(sd, rel=1e-6)
    assert found.sd == pytest.approx(0.1 * found.shape.activity(SEVEN), rel=1e-9)
    assert found.chi2 == pytest.approx(np.square((activity - curve) / sd).sum(), rel=1e-6)


def test_only_relative_sds_of_a_curve_follow_it():
    activity = mono(SEVEN, 60.0, 0.012) * NOISE
    relative = np.arange(7) % 2 == 0
    given = np.where(relative, 0.1 * activity, 3.0)
    curve, sd = by_scipy(
        mono, (60.0, 0.012), activity, lambda f: np.where(relative, 0.1 * f, given)
    )
    found = fit_points(SEVEN, activity, given, "mono", DECAY_CONSTANT, relative=relative)
    assert found.shape.activity(SEVEN) == pytest.approx(curve, rel=1e-7)
    assert found.sd == pytest.approx(sd, rel=1e-7)
    assert found.sd[~relative].tolist() == [3.0] * 3


def test_relative_sds_make_a_mono_fit_unbiased():
    # physics.md, section 3: mono fit of 7 points of 10 %: -1.4 % with the measured value as weight,
    # 0.0 % relative to the curve. Of 4000 fits, the mean is known to 0.07 %.
    truth = mono(SEVEN, 60.0, 0.012)
    noise = 1 + 0.1 * np.random.default_rng(177).standard_normal((4000, 7))

    def bias(relative):
        tasks = [
            Task(SEVEN, row, 0.1 * row, "mono", DECAY_CONSTANT, relative=relative)
            for row in truth * noise
        ]
        return np.mean([curve.tia.value for curve in fit_many(tasks)]) / (60 / 0.012) - 1

    assert bias(False) == pytest.approx(-0.014, abs=0.002)
    assert bias(True) == pytest.approx(0.0, abs=0.002)


def test_curves_of_a_batch_settle_as_alone_to_the_digit():
    random = np.random.default_rng(5)
    tasks = []
    for i in range(24):
        time = SEVEN[: 3 + i % 5] * random.uniform(0.9, 1.1)
        activity = bi(time, 60.0, 30.0, 0.012, 0.3) * (1 + 0.1 * random.standard_normal(len(time)))
        flags = random.random(len(time)) < 0.7
        tasks.append(Task(time, activity, 0.1 * activity, "auto", DECAY_CONSTANT, relative=flags))
    for task, curve in zip(tasks, fit_many(tasks), strict=True):
        given = task.time, task.activity, task.sd, "auto", DECAY_CONSTANT
        alone = fit_points(*given, relative=task.relative)
        assert (curve.model, curve.tia, curve.chi2) == (alone.model, alone.tia, alone.chi2)
        assert curve.sd.tolist() == alone.sd.tolist()
        assert curve.aicc == alone.aicc


def test_sds_that_do_not_settle_are_those_of_the_measured_values():
    time, activity = [1.0, 4.0, 24.0], np.array([50.0, 6.0, 9.0])
    found = fit_points(time, activity, None, "mono", DECAY_CONSTANT)
    absolute = fit_points(time, activity, 0.1 * activity, "mono", DECAY_CONSTANT)
    assert "sds-not-settled" in [warning.code for warning in found.warnings]
    assert "sds-not-settled" not in [warning.code for warning in absolute.warnings]
    assert found.sd.tolist() == (0.1 * activity).tolist()
    assert found.tia.value == absolute.tia.value


def test_one_parameter_at_the_bound_has_the_mean_ratio():
    # with the rate held, sum of (y - f) f / f^2 = 0: the mean of y / f is one
    time, activity = np.array([4.0, 24.0, 120.0]), np.array([30.0, 31.0, 33.0])
    [fit] = fit_settled(
        "mono", time, activity[None], 0.1 * activity[None], [[True] * 3], DECAY_CONSTANT
    )
    height = np.mean(activity * np.exp(DECAY_CONSTANT * time))
    assert fit.optimum.amplitudes == pytest.approx([height], rel=1e-8)
    expected = np.log(height * np.exp(-DECAY_CONSTANT * time) / activity).sum()
    assert fit.log_sds == pytest.approx(expected, rel=1e-7)


def test_aicc_compares_likelihoods_of_different_sds():
    # -2 ln L of normal errors + 2k + 2k(k+1)/(n-k-1), up to one constant of the points
    activity = uptake(SEVEN, 60.0, 0.012, 0.8) * NOISE
    curve = fit_points(SEVEN, activity, None, "auto", DECAY_CONSTANT)
    expected = {}
    for name, free in (("mono", 2), ("uptake", 3)):
        fit = fit_points(SEVEN, activity, None, name, DECAY_CONSTANT)
        residual = (activity - fit.shape.activity(SEVEN)) / fit.sd
        minus_two_ln = residual @ residual + 2 * np.log(fit.sd).sum()
        expected[name] = minus_two_ln + 2 * free + 2 * free * (free + 1) / (7 - free - 1)
    assert curve.aicc["mono"] - curve.aicc["uptake"] == pytest.approx(
        expected["mono"] - expected["uptake"], rel=1e-8
    )


def test_bootstrap_draws_around_the_curve_with_its_sds():
    # two points: the curve goes through them; to first order, sd(TIA)^2 is a sum over the points
    time, activity = np.array([4.0, 120.0]), np.array([80.0, 20.0])
    curve = fit_points(time, activity, 0.01 * activity, "mono", DECAY_CONSTANT, relative=True)

    def tia(first, last):
        rate = brentq(lambda rate: last / first - math.exp(-rate * 116.0), 1e-6, 1.0)
        return first * math.exp(4.0 * rate) / rate

    moved = [(tia(80.8, 20.0) - tia(79.2, 20.0)) / 2, (tia(80.0, 20.2) - tia(80.0, 19.8)) / 2]
    found = bootstrap_tia(curve, 4000)
    assert found.sd == pytest.approx(math.hypot(*moved), rel=0.04)  # 4000 draws: 1.1 %
