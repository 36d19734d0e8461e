"""Prediction against textbook conditioning, importance sampling and Monte Carlo moments."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dosimetry.physics.prediction import (
    Observation,
    Posterior,
    Prior,
    log_variance,
    population_prior,
    posterior,
    powers_moments,
)

relative_sds = st.floats(0.01, 0.6)
coefficients = st.floats(0.05, 5.0)
shared = st.tuples(st.floats(0.0, 0.3), st.floats(0.0, 0.3))
priors = st.builds(Prior, st.floats(-3.0, 1.0), st.floats(0.01, 1.5), st.floats(0.005, 0.2))
flat_priors = st.builds(Prior, st.just(0.0), st.just(math.inf), st.floats(0.005, 0.2))


@st.composite
def courses(draw, least=1):
    """Return observations of some cycles, in any order, and the number of cycles."""
    cycles = draw(st.integers(max(least, 1), 12))
    places = draw(
        st.lists(st.integers(0, cycles - 1), unique=True, min_size=least, max_size=cycles)
    )
    causes = draw(shared)
    return [Observation(c, draw(coefficients), draw(relative_sds), causes) for c in places], cycles


def textbook(prior, observations, cycles):
    """Condition the joint normal of (mu, ln k_1..n, e_1, e_2, e_c): x | y, by its covariance.

    y = H x; mean + S H' (H S H')^-1 (y - H mean), S - S H' (H S H')^-1 H S.
    """
    m = len(observations)
    size = 1 + cycles + 2 + m
    mean = np.zeros(size)
    mean[: 1 + cycles] = prior.mean
    cov = np.zeros((size, size))
    cov[: 1 + cycles, : 1 + cycles] = prior.variance
    cov[1 : 1 + cycles, 1 : 1 + cycles] += prior.between_cycles * np.eye(cycles)
    cov[1 + cycles : 3 + cycles, 1 + cycles : 3 + cycles] = np.eye(2)
    design = np.zeros((m, size))
    for i, seen in enumerate(observations):
        cov[3 + cycles + i, 3 + cycles + i] = math.log1p(seen.own_sd**2)
        design[i, 1 + seen.cycle] = 1.0
        design[i, 1 + cycles : 3 + cycles] = seen.shared_sds
        design[i, 3 + cycles + i] = 1.0
    logs = np.array([math.log(seen.coefficient) for seen in observations])
    gain = cov @ design.T @ np.linalg.inv(design @ cov @ design.T)
    found = mean + gain @ (logs - design @ mean)
    spread = cov - gain @ design @ cov
    keep = slice(1, 1 + cycles)
    return found[keep], spread[keep, keep]


def by_precision(prior, observations, cycles):
    """Return the same from the precision matrix, in which a flat prior is a zero."""
    size = cycles + 3
    precision, score = np.zeros((size, size)), np.zeros(size)
    precision[-2:, -2:] = np.eye(2)
    terms = [({c: 1.0, cycles: -1.0}, 0.0, prior.between_cycles) for c in range(cycles)]
    terms.append(({cycles: 1.0}, prior.mean, prior.variance))
    for seen in observations:
        first, second = seen.shared_sds
        row = {seen.cycle: 1.0, cycles + 1: first, cycles + 2: second}
        terms.append((row, math.log(seen.coefficient), math.log1p(seen.own_sd**2)))
    for row, value, variance in terms:
        vector = np.zeros(size)
        vector[list(row)] = list(row.values())
        precision += np.outer(vector, vector) / variance
        score += vector * value / variance
    covariance = np.linalg.inv(precision)
    return (covariance @ score)[:cycles], covariance[:cycles, :cycles]


def assert_same(found, mean, covariance, tolerance=1e-10):
    np.testing.assert_allclose(found.mean, mean, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(found.covariance, covariance, rtol=tolerance, atol=tolerance)


# --- conditioning -------------------------------------------------------------------------------


@settings(deadline=None)
@given(priors, courses())
def test_conditioning_equals_the_textbook(prior, course):
    assert_same(posterior(prior, *course), *textbook(prior, *course))


@settings(deadline=None)
@given(flat_priors, courses())
def test_flat_prior_conditioning_equals_precision_matrix(prior, course):
    assert_same(posterior(prior, *course), *by_precision(prior, *course))


@settings(deadline=None)
@given(flat_priors, courses())
def test_a_flat_prior_is_the_limit_of_a_wide_one(flat, course):
    limit = posterior(flat, *course)
    gaps = []
    for variance in (1e3, 1e5):
        wide = posterior(Prior(0.0, variance, flat.between_cycles), *course)
        gaps.append(np.abs(wide.mean - limit.mean).max())
        assert np.all(np.diag(wide.covariance) <= np.diag(limit.covariance) + 1e-12)
    assert gaps[0] < 10 / 1e3
    assert gaps[1] < 10 / 1e5


def test_no_measurement_leaves_the_prior():
    prior = Prior(-0.5, 0.16, 0.02)
    found = posterior(prior, [], 3)
    assert_same(found, [-0.5] * 3, 0.16 + 0.02 * np.eye(3), 1e-15)


def test_flat_prior_without_measurement_gives_no_prediction():
    assert posterior(Prior(0.0, math.inf, 0.02), [], 3) is None
    nothing = [Observation(0, 1.0, math.inf, (0.0, 0.0))]
    assert posterior(Prior(0.0, math.inf, 0.02), nothing, 3) is None


def test_flat_prior_predicts_measurement_plus_two_variations():
    # ln k_2 - ln k_1 = delta_2 - delta_1, so its variance is 2 omega^2
    found = posterior(Prior(0.0, math.inf, 0.04), [Observation(0, 0.5, 0.0, (0.0, 0.0))], 2)
    assert found.mean == pytest.approx([math.log(0.5)] * 2, rel=1e-12)
    np.testing.assert_allclose(found.covariance, [[0.0, 0.0], [0.0, 0.08]], atol=1e-15)


def test_no_patient_variation_leaves_other_cycles_unchanged():
    found = posterior(Prior(-0.5, 0.0, 0.04), [Observation(0, 0.9, 0.1, (0.0, 0.0))], 2)
    noise = math.log1p(0.01)
    weight = 0.04 / (0.04 + noise)
    assert found.mean == pytest.approx([-0.5 + weight * (math.log(0.9) + 0.5), -0.5])
    np.testing.assert_allclose(
        found.covariance, [[0.04 * (1 - weight), 0.0], [0.0, 0.04]], atol=1e-15
    )


def test_a_shared_error_does_not_average_out():
    # Twelve cycles measured with one wrong calibration: its 10 % stay in every one of them.
    seen = [Observation(c, 0.6, 0.01, (0.10, 0.0)) for c in range(12)]
    found = posterior(Prior(0.0, math.inf, 0.02), seen, 12)
    assert np.sqrt(np.diag(found.covariance)).min() > 0.10


@pytest.mark.slow
@settings(deadline=None)
@given(priors, courses())
def test_the_order_of_the_measurements_does_not_matter(prior, course):
    seen, cycles = course
    forward, backward = posterior(prior, seen, cycles), posterior(prior, seen[::-1], cycles)
    assert_same(forward, backward.mean, backward.covariance)


@settings(deadline=None)
@given(flat_priors, courses(), st.floats(0.1, 10.0))
def test_flat_prior_prediction_scales_with_the_measurement(prior, course, factor):
    seen, cycles = course
    scaled = [Observation(o.cycle, o.coefficient * factor, o.own_sd, o.shared_sds) for o in seen]
    one, other = posterior(prior, seen, cycles), posterior(prior, scaled, cycles)
    assert_same(other, one.mean + math.log(factor), one.covariance)


# --- what a measurement may and may not do ------------------------------------------------------


@settings(deadline=None)
@given(priors, courses())
def test_measurement_never_widens_the_posterior(prior, course):
    variance = np.diag(posterior(prior, *course).covariance)
    assert np.all(variance <= prior.variance + prior.between_cycles + 1e-12)
    assert np.all(variance >= 0)


@settings(deadline=None)
@given(st.one_of(priors, flat_priors), courses(least=2))
def test_another_measured_cycle_never_widens_the_posterior(prior, course):
    seen, cycles = course
    fewer = np.diag(posterior(prior, seen[:-1], cycles).covariance)
    assert np.all(np.diag(posterior(prior, seen, cycles).covariance) <= fewer + 1e-12)


@settings(deadline=None)
@given(st.one_of(priors, flat_priors), courses())
def test_a_measurement_without_information_changes_nothing(prior, course):
    seen, cycles = course
    nothing = Observation(0, 77.0, math.inf, (0.1, 0.2))
    one, other = posterior(prior, seen, cycles), posterior(prior, [nothing, *seen], cycles)
    assert_same(other, one.mean, one.covariance, 0.0)


@settings(deadline=None)
@given(priors, courses())
def test_the_covariance_is_symmetric_and_positive(prior, course):
    covariance = posterior(prior, *course).covariance
    np.testing.assert_array_equal(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > -1e-12


# --- brute force --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prior", "seen"),
    [
        (
            population_prior(0.654, 0.295, 0.15),  # kidneys, label; two cycles of unlike uptake
            [Observation(0, 0.72, 0.05, (0.05, 0.08)), Observation(1, 0.94, 0.05, (0.05, 0.08))],
        ),
        (
            population_prior(0.846, 0.804, 0.20),  # spleen, label; cycle 2 alone, of poor quality
            [Observation(1, 1.6, 0.30, (0.10, 0.0))],
        ),
    ],
    ids=["kidneys", "spleen"],
)
def test_conditioning_equals_importance_sampling(prior, seen):
    rng, count = np.random.default_rng(8), 200_000
    level = rng.normal(prior.mean, math.sqrt(prior.variance), (count, 1))
    logs = level + rng.normal(0.0, math.sqrt(prior.between_cycles), (count, 4))
    errors = rng.normal(size=(count, 2))
    weight = np.ones(count)
    for o in seen:
        off = math.log(o.coefficient) - logs[:, o.cycle] - errors @ o.shared_sds
        weight *= np.exp(-(off**2) / (2 * math.log1p(o.own_sd**2)))
    weight /= weight.sum()
    effective = 1 / (weight**2).sum()
    assert effective > 3000  # draws left by the weights
    mean = weight @ logs
    centred = logs - mean
    covariance = (centred * weight[:, None]).T @ centred
    found = posterior(prior, seen, 4)
    sd = np.sqrt(np.diag(found.covariance))
    assert np.abs(found.mean - mean).max() < (4 * sd / math.sqrt(effective)).max()
    error = 4 * np.outer(sd, sd) * math.sqrt(2 / effective)
    assert np.all(np.abs(found.covariance - covariance) < error)


@pytest.mark.slow
def test_moments_of_sums_of_powers_equal_monte_carlo():
    covariance = np.array([[0.05, 0.02, 0.01], [0.02, 0.06, 0.03], [0.01, 0.03, 0.08]])
    mean = np.array([-0.5, -0.3, 0.1])
    scales = [(7.4, 0.9), (7.2, 1.1), (3.7, 0.0)]
    a, b = np.array(scales).T
    k = np.exp(np.random.default_rng(9).multivariate_normal(mean, covariance, 2_000_000))
    sample = k @ a + k**2 @ b
    found, sd = powers_moments(Posterior(mean, covariance), scales)
    assert found == pytest.approx(sample.mean(), abs=4 * sample.std() / math.sqrt(2e6))
    assert sd == pytest.approx(sample.std(), rel=0.005)


def test_moments_of_the_first_cycles_leave_the_later_ones_out():
    mean, covariance = np.array([-0.5, 9.0]), np.diag([0.04, 1.0])
    found, sd = powers_moments(Posterior(mean, covariance), [(2.0, 0.0)])
    one = Posterior(mean, covariance).coefficient(0)
    assert (found, sd) == (pytest.approx(2 * one.value), pytest.approx(2 * one.sd))


def test_the_moments_of_no_cycle_are_zero():
    assert powers_moments(Posterior(np.zeros(1), np.eye(1)), []) == (0.0, 0.0)


# --- the prior of the population ----------------------------------------------------------------


@settings(deadline=None)
@given(coefficients, st.floats(0.2, 2.0), st.floats(0.0, 0.19))
def test_one_cycle_of_the_prior_has_mean_and_sd_of_the_label(mean, relative_sd, cv):
    one = posterior(population_prior(mean, mean * relative_sd, cv), [], 1).coefficient(0)
    assert one.value == pytest.approx(mean, rel=1e-12)
    assert one.sd == pytest.approx(mean * relative_sd, rel=1e-9)


def test_cycle_variation_never_exceeds_patient_variation():
    # SD/mean of 10 % is less than 30 % between cycles: no variation over patients is left
    prior = population_prior(1.0, 0.1, 0.30)
    assert (prior.variance, prior.between_cycles) == (0.0, log_variance(0.30))
    assert posterior(prior, [], 1).coefficient(0).value == pytest.approx(1.0, rel=1e-12)


def test_the_variance_of_the_logarithm_of_a_log_normal():
    # omega^2 = ln(1 + cv^2)
    assert log_variance(0.20) == pytest.approx(math.log(1.04), rel=1e-14)


# --- what it says --------------------------------------------------------------------------------


def test_a_coefficient_is_the_mean_and_sd_of_a_log_normal():
    # E = exp(m + v/2), sd = E sqrt(exp(v) - 1)
    found = Posterior(np.array([0.0, -0.5]), np.diag([1.0, 0.04])).coefficient(1)
    value = math.exp(-0.48)
    sd = value * math.sqrt(math.expm1(0.04))
    assert (found.value, found.sd) == (pytest.approx(value), pytest.approx(sd))
    assert found.unit == "Gy/GBq"


def test_flat_prior_has_no_estimate_without_a_measurement():
    flat = Prior(0.0, math.inf, 0.02)
    assert posterior(flat, [], 4) is None
    assert posterior(flat, [Observation(0, 0.7, math.inf, (0.1, 0.1))], 4) is None
