"""Moments and percentiles of mixtures of log-normal distributions."""

import math

import numpy as np
import pytest
from true_curves import PHYSICAL, measured

from dosimetry.physics.posterior import flat_posteriors
from dosimetry.physics.posterior.summary import Mixture


def test_moments_of_one_log_normal_are_textbook():
    # mean exp(m + v/2), variance mean^2 (exp(v) - 1)
    mean, sd = Mixture(np.ones(1), np.array([2.0]), np.array([0.09])).moments()
    assert mean == pytest.approx(math.exp(2.045), rel=1e-12)
    assert sd == pytest.approx(mean * math.sqrt(math.expm1(0.09)), rel=1e-12)


def test_node_without_probability_does_not_overflow_the_sd():
    mixture = Mixture(np.array([1.0, 0.0]), np.array([2.0, 900.0]), np.array([0.09, 0.0]))
    # as above, since the second node has no probability
    assert mixture.moments()[1] == pytest.approx(math.exp(2.045) * math.sqrt(math.expm1(0.09)))


def test_flat_posterior_near_physical_decay_is_finite():
    # two late scans, clearance 1.006 times physical decay: half-lives below 1 h overflow
    values = np.array([0.7627390029312062, 0.4671340556448519])
    curve = measured((24, 168), values, 0.1 * values, models=("mono",))
    tia = flat_posteriors([curve], [PHYSICAL])[0]
    # sum over lambda on a fine grid, ln A integrated out: mean and sd by plain numpy
    slow = np.linspace(math.log(2) / PHYSICAL, 0.02, 20001)
    apart = np.log(values)[:, None] + np.outer([24, 168], slow)
    middle = apart.mean(axis=0)
    weight = np.exp(-0.5 * ((apart - middle) ** 2).sum(axis=0) / 0.01)
    weight /= weight.sum()
    log_tia = middle - np.log(slow)
    mean = weight @ np.exp(log_tia + 0.0025)
    second = weight @ np.exp(2 * log_tia + 0.01)
    assert tia.mean == pytest.approx(mean, rel=1e-3)
    assert tia.sd == pytest.approx(math.sqrt(second - mean**2), rel=1e-2)


def test_percentile_is_found_over_an_absurdly_wide_mixture():
    # one curve in two at TIA 1 with an sd of 1 %, the other beyond all numbers: the 5th percentile
    # of both is the 10th of the first, exp(-0.01 x 1.2816)
    mixture = Mixture(np.full(2, 0.5), np.array([0.0, 1e11]), np.full(2, 1e-4))
    (found,) = mixture.percentiles((0.05,))
    assert found == pytest.approx(math.exp(-0.012816), rel=1e-5)
