"""The typical curve, its sds and its band: linear algebra of an exponential, areas by hand."""

import math

import numpy as np
import pytest
from true_curves import PHYSICAL, measured, prior_of

from dosimetry.physics.posterior import posterior_of

TIMES = np.array([4.0, 24.0, 96.0, 168.0])
RATE, START, SD = math.log(2) / 51.0, 120.0, 0.02
BETWEEN = np.array([0.0, 10.0, 60.0, 300.0])  # h


def sharp_mono():
    """Posterior of an exact exponential, 2 %, and the covariance of ln A and the rate.

    ln y is linear in both: the textbook inverse, with the prior of the half-life at its median.
    """
    activity = START * np.exp(-RATE * TIMES)
    curve = measured(TIMES, activity, SD * activity, models=("mono",))
    prior = prior_of("kidneys")
    design = np.column_stack([np.ones(4), -TIMES]) / SD
    information = design.T @ design
    information[1, 1] += 1.0 / (RATE * prior.slow.log_sd) ** 2
    return posterior_of([curve], prior)[0], np.linalg.inv(information)


def test_parameters_of_sharp_points_have_the_textbook_sds():
    found, covariance = sharp_mono()
    assert found.parameters == pytest.approx([START, RATE], rel=0.01)
    expected = np.sqrt(covariance.diagonal()) * [START, 1.0]
    assert found.sds == pytest.approx(expected, rel=0.02)


def test_band_of_sharp_points_has_the_textbook_sds():
    found, covariance = sharp_mono()
    mean, sd = found.band.around(BETWEEN)
    assert mean == pytest.approx(math.log(START) - RATE * BETWEEN, abs=0.01)
    slopes = np.column_stack([np.ones(4), -BETWEEN])
    expected = np.sqrt(np.einsum("ij,jk,ik->i", slopes, covariance, slopes))
    assert sd == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(
    ("model", "area"),
    [
        ("mono", lambda a, s: a / s),
        ("uptake", lambda a, s, u: a / s - a / u),
        ("bi", lambda a, b, s, f: a / s + b / f),
        ("bi-uptake", lambda a, b, s, f, u: a / s + b / f - (a + b) / u),
    ],
)
def test_typical_curve_has_the_mean_as_its_area(model, area):
    activity = np.array([75.0, 84.0, 31.0, 11.0])
    curve = measured(TIMES, activity, 0.1 * activity, models=(model,))
    (found,) = posterior_of([curve], prior_of("kidneys"))
    assert area(*found.parameters) == pytest.approx(found.tia.mean, rel=1e-9)
    assert np.all(found.parameters > 0)


def test_typical_curve_of_two_early_scans_meets_the_points():
    # the TIA follows the half-life, so that the curve with the mean TIA has its half-life
    activity = np.array([100.0, 80.0])
    curve = measured((4.0, 24.0), activity, 0.03 * activity, models=("mono",))
    (found,) = posterior_of([curve], prior_of("kidneys"))
    start, rate = found.parameters
    assert start * np.exp(-rate * np.array([4.0, 24.0])) == pytest.approx(activity, rel=0.05)


def single(time):
    """Posterior of a single exact scan, which says nothing of the half-life, and its prior."""
    curve = measured((time,), np.array([60.0]), np.array([0.06]), models=("mono",))
    prior = prior_of("kidneys")
    return posterior_of([curve], prior)[0].tia, prior.slow


def tia_of(half_life, time):
    return 60.0 * np.exp2(time / half_life) * half_life / math.log(2)


QUANTILES = (np.arange(401) + 0.5) / 401


def test_half_life_effect_is_the_mean_over_cycles_of_a_patient():
    # tau ~ N(ln 51 h, patients), T of a cycle about it, both below 159.5 h: by plain sums
    found, slow = single(168.0)
    tau = np.linspace(math.log(51.0) - 7 * slow.between_patients, math.log(PHYSICAL), 1001)
    chance = np.exp(-0.5 * ((tau - math.log(51.0)) / slow.between_patients) ** 2)
    reached = (np.cumsum(chance) - chance / 2) / chance.sum()
    x = np.linspace(math.log(10.0), math.log(PHYSICAL), 1001)
    of_x = np.exp(-0.5 * ((x - tau[:, None]) / slow.between_cycles) ** 2)
    means = of_x @ tia_of(np.exp(x), 168.0) / of_x.sum(axis=1)
    expected = np.interp(QUANTILES, reached, means)
    # the outermost quantiles interpolate between the 80 nodes of tau
    inner = slice(20, -20)
    assert found.half_life_effect[inner] == pytest.approx(
        (expected / expected.mean())[inner], rel=0.01
    )


def test_cycle_effect_is_the_tia_at_quantiles_of_the_half_life():
    found, slow = single(168.0)
    x = np.linspace(math.log(10.0), math.log(PHYSICAL), 20_001)
    tau = np.linspace(math.log(51.0) - 7 * slow.between_patients, math.log(PHYSICAL), 401)
    chance = np.exp(-0.5 * ((tau - math.log(51.0)) / slow.between_patients) ** 2)
    of_x = np.exp(-0.5 * ((x - tau[:, None]) / slow.between_cycles) ** 2)
    density = chance @ (of_x / of_x.sum(axis=1, keepdims=True))
    reached = np.cumsum(density) / density.sum()
    expected = tia_of(np.exp(np.interp(QUANTILES, reached, x)), 168.0)
    inner = slice(20, -20)
    found_effect = found.cycle_effect[inner]
    assert found_effect == pytest.approx((expected / expected.mean())[inner], rel=0.02)
    # nearly all of the variance is that of the half-life; the scan has 0.1 %
    explained = math.sqrt(np.var(found.cycle_effect))
    assert found.sd / found.mean == pytest.approx(explained, rel=0.03)
    assert math.hypot(found.own_sd / found.mean, explained) == pytest.approx(found.sd / found.mean)
