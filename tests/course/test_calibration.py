"""Calibration of the prediction: intervals against simulated courses of known truth.

The truth is drawn from the model of ``docs/method.md`` (prediction): patients vary as in the label,
cycles by 15 %, each fit errs by 6 %, one calibration error of 5 % is in all measured cycles of a
patient. Conditioning against importance sampling: tests/physics/test_prediction.py.
"""

import functools
import itertools
import math

import numpy as np
import pytest

from dosimetry.course.region import DOSE, RegionCourse
from dosimetry.physics.draws import standard_normal
from dosimetry.physics.prediction import Observation, Posterior, population_prior, posterior

pytestmark = pytest.mark.slow

COURSES, CYCLES, ACTIVITY = 4000, 4, 7.4  # GBq per cycle
PRIOR = population_prior(0.654, 0.295, 0.15)  # kidneys, label, Gy/GBq
FIT, SHARED = 0.06, 0.05
MEDIAN, CV, NOISE, PHYSICAL = 51.0, 0.20, 0.10, 159.528  # one scan: h, h, 1, h


def log_sd(relative):
    return math.sqrt(math.log1p(relative**2))


@functools.cache
def truth():
    """ln(Gy/GBq) of every cycle of every course, shape (courses, cycles)."""
    rng = np.random.default_rng(2026)
    patient = rng.normal(PRIOR.mean, math.sqrt(PRIOR.variance), (COURSES, 1))
    return patient + rng.normal(0.0, math.sqrt(PRIOR.between_cycles), (COURSES, CYCLES))


def final_doses():
    return ACTIVITY * np.exp(truth()).sum(axis=1)


@functools.cache
def fitted():
    """The same as measured by fits of full curves."""
    rng = np.random.default_rng(2027)
    calibration = rng.normal(0.0, SHARED, (COURSES, 1))
    return truth() + calibration + rng.normal(0.0, log_sd(FIT), (COURSES, CYCLES))


@functools.cache
def scanned_once(time):
    """The same as measured by one scan in each cycle, with a half-life of the patient's own.

    Returns what was measured by the population's half-life (the mean of the logarithm) and the sd
    that all cycles share, with the sign of the dose's change with the half-life.
    """
    rng = np.random.default_rng(2028)

    def log_area(half_life):  # of a curve through one MBq at the scan's time
        return time / half_life * math.log(2) + np.log(half_life)

    sample = MEDIAN * np.exp(log_sd(CV) * rng.standard_normal(200_000))
    taken = log_area(sample[sample < PHYSICAL])
    own = log_area(MEDIAN * np.exp(log_sd(CV) * rng.standard_normal((COURSES, 1))))
    noise = rng.normal(0.0, log_sd(NOISE), (COURSES, CYCLES))
    sign = math.copysign(1.0, log_area(2 * MEDIAN) - log_area(MEDIAN / 2))
    return truth() - own + taken.mean() + noise, sign * taken.std()


def observations(logs, own_sd, shared_sds):
    return [Observation(i, math.exp(y), own_sd, shared_sds) for i, y in enumerate(logs)]


def course(found: Posterior) -> RegionCourse:
    return RegionCourse("kidneys", (ACTIVITY,) * CYCLES, found, None, 2.6, 0.0, 0.0)


def intervals(measured, done, own_sd, shared_sds):
    """5th and 95th percentile of the final dose of every course after ``done`` measured cycles.

    The covariance does not depend on what was measured, so the draws are made once: a course
    shifts their logarithms. :func:`test_simulated_course_equals_region_course` compares.
    """
    means = np.array(
        [
            posterior(PRIOR, observations(logs[:done], own_sd, shared_sds), CYCLES).mean
            for logs in measured
        ]
    )
    one = posterior(PRIOR, observations(measured[0][:done], own_sd, shared_sds), CYCLES)
    draws = np.exp(standard_normal()[:, :CYCLES] @ np.linalg.cholesky(one.covariance).T)
    return np.percentile(ACTIVITY * draws @ np.exp(means).T, [5.0, 95.0], axis=0)


@functools.cache
def after_fits(done):
    return intervals(fitted(), done, FIT, (SHARED,))


def held(low, high):
    return float(np.mean((low <= final_doses()) & (final_doses() <= high)))


@pytest.mark.parametrize("done", range(CYCLES))
def test_interval_90_covers_88_to_92_percent_of_courses(done):
    assert 0.88 <= held(*after_fits(done)) <= 0.92


def test_the_interval_shrinks_with_every_measured_cycle():
    widths = [float(np.mean(high - low)) for low, high in map(after_fits, range(CYCLES))]
    assert all(after < before for before, after in itertools.pairwise(widths))
    assert widths[1] < widths[0] / 2  # the first cycle tells which patient it is


@pytest.mark.parametrize("done", range(CYCLES))
def test_simulated_course_equals_region_course(done):
    low, high = after_fits(done)
    for i in (0, 1234, 3999):
        found = posterior(PRIOR, observations(fitted()[i][:done], FIT, (SHARED,)), CYCLES)
        dose = course(found).cumulative_dose()
        # the 4096 draws of this test give a percentile within 1 %, the course to five digits
        assert (dose.p5, dose.p95) == pytest.approx((low[i], high[i]), rel=0.01)


@pytest.mark.parametrize("done", range(CYCLES))
def test_probability_equals_the_share_of_exceeding_courses(done):
    # over all courses: mean of p and share, within four sd of a share of 4000
    limit, passed, stated = 23.0, 0, 0.0
    some = range(0, COURSES, 20)
    for i in some:
        found = posterior(PRIOR, observations(fitted()[i][:done], FIT, (SHARED,)), CYCLES)
        stated += course(found).probability(DOSE, limit)
        passed += int(final_doses()[i] > limit)
    share = stated / len(some)
    assert passed / len(some) == pytest.approx(
        share, abs=4 * math.sqrt(share * (1 - share) / len(some))
    )


@pytest.mark.parametrize("time", [24.0, 72.0])
@pytest.mark.parametrize("done", [1, 3])
def test_course_of_one_scan_per_cycle_is_calibrated(done, time):
    # one half-life of the patient, taken from the population in every cycle: an error they share
    measured, shared = scanned_once(time)
    low, high = intervals(measured, done, NOISE, (0.0, 0.0, shared))
    assert 0.88 <= held(low, high) <= 0.92
