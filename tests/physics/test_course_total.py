"""Sum over cycles: closed forms, plain draws, quantiles as the inverse of probabilities."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import lognorm, norm

from dosimetry.physics.course_total import course_total, largest_with
from dosimetry.physics.prediction import (
    LowerBound,
    Observation,
    Posterior,
    population_prior,
    posterior,
)

PRIOR = population_prior(0.654, 0.295, 0.15)  # kidneys, label, Gy/GBq


def known(mean, covariance, bounds=()):
    return Posterior(np.array(mean), np.array(covariance), tuple(bounds))


def kidneys(cycles, seen=()):
    return posterior(PRIOR, [Observation(*o) for o in seen], cycles)


@pytest.mark.parametrize("limit", [1.0, 3.0, 4.5, 8.0, 40.0])
def test_one_cycle_is_log_normal_to_seven_digits(limit):
    total = course_total(known([-0.5], [[0.09]]), [(7.4, 0.0)])
    expected = lognorm(0.3, scale=7.4 * math.exp(-0.5))
    assert total.above(limit) == pytest.approx(expected.sf(limit), rel=3e-8)
    assert total.quantiles((0.05, 0.95)) == pytest.approx(expected.ppf([0.05, 0.95]), rel=1e-9)


def test_bed_of_one_cycle_is_the_root_of_a_square():
    # a k + b k^2 > L where k is above the root of the square
    a, b, limit = 7.4, 1.1, 9.0
    root = (-a + math.sqrt(a * a + 4 * b * limit)) / (2 * b)
    total = course_total(known([-0.5], [[0.09]]), [(a, b)])
    assert total.above(limit) == pytest.approx(norm.sf((math.log(root) + 0.5) / 0.3), rel=3e-8)


def test_cycles_that_vary_as_one_are_one():
    total = course_total(known([-0.5] * 3, 0.09 * np.ones((3, 3))), [(2.0, 0.0)] * 3)
    expected = lognorm(0.3, scale=6.0 * math.exp(-0.5))
    assert total.above(4.0) == pytest.approx(expected.sf(4.0), abs=1e-6)


def test_a_cycle_without_activity_counts_nothing():
    found = kidneys(3)
    with_gap = course_total(found, [(7.4, 0.0), (0.0, 0.0), (7.4, 0.0)])
    without = course_total(kidneys(2), [(7.4, 0.0)] * 2)
    assert with_gap.above(9.0) == pytest.approx(without.above(9.0), abs=1e-12)


def test_no_cycle_exceeds_nothing_but_what_was_exceeded():
    total = course_total(kidneys(2), [])
    assert (total.above(1.0), total.above(0.0), total.above(-1.0)) == (0.0, 0.0, 1.0)
    assert total.quantiles((0.05, 0.95)) == (0.0, 0.0)


def test_a_limit_of_zero_or_less_is_exceeded_by_any_cycle():
    total = course_total(kidneys(2), [(7.4, 0.0)])
    assert (total.above(0.0), total.above(-2.0)) == (1.0, 1.0)


def test_exactly_known_cycles_have_one_total():
    total = course_total(known([0.0, 0.0], np.zeros((2, 2))), [(2.0, 0.0), (3.0, 0.0)])
    assert (total.above(4.999), total.above(5.001)) == pytest.approx((1.0, 0.0), abs=1e-15)
    assert total.quantiles((0.05, 0.95)) == pytest.approx((5.0, 5.0), rel=1e-6)


def test_opposite_cycles_equal_plain_draws():
    # one cycle rises where the other falls: no common direction
    covariance = np.array([[0.09, -0.07], [-0.07, 0.16]])
    total = course_total(known([0.0, 0.2], covariance), [(1.0, 0.0), (1.0, 0.0)])
    rng = np.random.default_rng(3)
    exact = np.exp(rng.multivariate_normal([0.0, 0.2], covariance, 2_000_000)).sum(axis=1)
    for limit in (2.0, 2.3, 3.0):
        assert total.above(limit) == pytest.approx(np.mean(exact > limit), abs=0.002)


@settings(deadline=None)
@given(
    st.integers(1, 12),
    st.integers(0, 3),
    st.floats(0.0, 0.05),
    st.floats(0.001, 0.999),
)
def test_quantile_is_exceeded_with_the_rest(cycles, done, b, level):
    seen = [(c, 0.6 + 0.1 * c, 0.1, (0.05, 0.08)) for c in range(min(done, cycles))]
    total = course_total(kidneys(cycles, seen), [(7.4, b)] * cycles)
    (quantile,) = total.quantiles((level,))
    assert total.above(quantile) == pytest.approx(1.0 - level, abs=1e-7)


@pytest.mark.parametrize("least", [0.3, 0.7, 1.5])
def test_a_lower_bound_cuts_one_cycle(least):
    # an exact bound: the log-normal above it, P(k > x | k > b) = P(k > x)/P(k > b)
    bound = LowerBound(0, least, 0.0)
    total = course_total(known([-0.5], [[0.16]], [bound]), [(1.0, 0.0)])
    whole = lognorm(0.4, scale=math.exp(-0.5))
    for factor in (1.05, 1.3, 2.0):
        expected = whole.sf(least * factor) / whole.sf(least)
        assert total.above(least * factor) == pytest.approx(expected, abs=0.0005)


def test_moments_above_a_bound_equal_those_of_a_cut_log_normal():
    # E[k | k > b] = exp(m + v/2) Phi(s - z)/Phi(-z), z = (ln b - m)/s
    m, s, least = -0.5, 0.4, 0.7
    z = (math.log(least) - m) / s
    found = known([m], [[s * s]], [LowerBound(0, least, 0.0)]).coefficient(0)
    mean = math.exp(m + s * s / 2) * norm.sf(z - s) / norm.sf(z)
    square = math.exp(2 * m + 2 * s * s) * norm.sf(z - 2 * s) / norm.sf(z)
    assert found.value == pytest.approx(mean, rel=1e-4)
    assert found.sd == pytest.approx(math.sqrt(square - mean**2), rel=2e-3)


def test_a_further_cycle_keeps_the_probabilities_before_it():
    longest = kidneys(12, [(0, 0.7, 0.05, (0.05, 0.08)), (1, 0.9, 0.04, (0.05, 0.08))])
    for cycles in range(2, 12):
        shorter = kidneys(cycles, [(0, 0.7, 0.05, (0.05, 0.08)), (1, 0.9, 0.04, (0.05, 0.08))])
        chances = [course_total(p, [(7.4, 0.0)] * cycles).above(20.0) for p in (shorter, longest)]
        assert chances[0] == pytest.approx(chances[1], abs=1e-12)


# --- the largest activity -----------------------------------------------------------------------


@settings(deadline=None)
@given(st.floats(0.01, 0.5), st.floats(0.05, 1.0), st.floats(1e-3, 1e3))
def test_largest_activity_of_a_log_normal_is_its_quantile(risk, sd, start):
    # P(x k > 1) = risk at x = 1/quantile of k
    found = largest_with(lambda x: float(norm.sf(-math.log(x) / sd)), risk, start)
    assert found == pytest.approx(math.exp(sd * norm.ppf(risk)), rel=1e-9)


def test_jump_of_a_probability_is_found():
    assert largest_with(lambda x: float(x > 3.0), 0.05, 1.0) == pytest.approx(3.0, rel=1e-9)


def test_probability_above_the_risk_everywhere_leaves_nothing():
    assert largest_with(lambda x: 0.2, 0.05, 1.0) == 0.0
