"""One scan: exact for a known half-life, propagated for an uncertain one.

Sources: Madsen 2013; Hänscheid 2018; brute-force Monte Carlo written here; mono-exponential
arithmetic.
"""

import math

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosimetry.physics.one_scan import HalfLife, fit_one, hanscheid, noise_quantiles, tia
from dosimetry.problems import InputError
from dosimetry.quantities import Estimate

LN2 = math.log(2)
PHYSICAL = 159.528  # h, 177Lu, ICRP 107
DECAY = LN2 / PHYSICAL
MEDIAN, CV = 51.0, 0.20  # h; table effective_half_lives, kidneys
DRAWS = 200_000
Q = pint.get_application_registry().Quantity

half_lives = st.floats(5.0, 150.0)
times = st.floats(1.0, 300.0)


def spread(cv):
    """sd of ln T by the geometric coefficient of variation."""
    return math.sqrt(math.log1p(cv**2))


def one_scan(time, half_life=MEDIAN, cv=CV, activity=60.0, noise=0.10):
    known = HalfLife(half_life, spread(cv), "a test")
    return fit_one(time, activity, noise * activity, known, DECAY)


def brute_force(time, half_life=MEDIAN, cv=CV, activity=60.0, noise=0.10):
    """Draws of the TIA: log-normal half-life below the physical one, log-normal scan noise."""
    rng = np.random.default_rng(4)
    drawn = half_life * np.exp(spread(cv) * rng.standard_normal(2 * DRAWS))
    drawn = drawn[drawn < PHYSICAL][:DRAWS]
    scan = activity * np.exp(spread(noise) * rng.standard_normal(len(drawn)))
    return scan * np.exp2(time / drawn) * drawn / LN2


# --- a half-life known exactly ------------------------------------------------------------------


@given(half_lives, times, st.floats(1.0, 1e4))
def test_scan_of_a_mono_exponential_gives_its_tia(half_life, time, area):
    rate = LN2 / half_life
    activity = area * rate * math.exp(-rate * time)
    assert tia.kernel(activity, time, half_life) == pytest.approx(area, rel=1e-12)


def test_any_unit_of_activity_and_time_is_accepted():
    found = tia(Q(0.05, "GBq"), Q(2, "day"), Q(48, "h"))
    assert found.to("MBq*h").magnitude == pytest.approx(50 * 2 * 48 / LN2)
    with pytest.raises(InputError):
        tia(Q(50, "MBq"), Q(50, "g"), Q(50, "h"))


@given(times, st.floats(0.2, 5.0))
def test_tia_is_least_at_a_half_life_of_ln_2_times_scan_time(time, factor):
    # d/dT of T exp(ln2 ts/T) vanishes at T = ts ln 2
    least = tia.kernel(50.0, time, time * LN2)
    assert tia.kernel(50.0, time, time * LN2 * factor) >= least * (1 - 1e-12)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_hanscheid_s_rule_is_exact_at_one_and_at_two_half_lives(ratio):
    # 2^x/(2x) = 1 for x = ts/T = 1 and 2
    found = hanscheid.kernel(50.0, 48.0 * ratio)
    assert found == pytest.approx(tia.kernel(50.0, 48.0 * ratio, 48.0), rel=1e-14)


@given(st.floats(0.75, 2.5))
def test_hanscheid_s_rule_is_within_13_percent_in_its_range(ratio):
    # 2^x/(2x): 1.121 at x = 0.75, least 0.942 at x = 1/ln 2, 1.131 at x = 2.5
    exact = tia.kernel(50.0, ratio * 48.0, 48.0)
    assert abs(exact / hanscheid.kernel(50.0, ratio * 48.0) - 1) < 0.132


@pytest.mark.parametrize("noise", [0.03, 0.10])
def test_exact_half_life_leaves_only_the_scan_uncertainty(noise):
    found = one_scan(72.0, cv=0.0, noise=noise)
    assert found.tia.value == pytest.approx(tia.kernel(60.0, 72.0, MEDIAN), rel=1e-12)
    assert np.ptp(found.half_life_effect) == 0.0
    assert found.tia.sd == pytest.approx(noise * found.tia.value, rel=0.02)
    assert found.effective_half_life.sd == 0.0


# --- an uncertain half-life ---------------------------------------------------------------------


@pytest.mark.parametrize("time", [4.0, 24.0, 72.0, 96.0, 168.0])
def test_tia_equals_the_monte_carlo_median(time):
    # of T and scan noise together. 0.3 %: three Monte Carlo errors of it.
    assert one_scan(time).tia.value == pytest.approx(np.median(brute_force(time)), rel=0.003)


@pytest.mark.parametrize("time", [4.0, 24.0, 72.0, 96.0, 168.0])
def test_tia_sd_equals_the_monte_carlo_sd(time):
    # 2.5 %: fifty classes of noise leave out 1.3 % of its sd
    assert one_scan(time).tia.sd == pytest.approx(np.std(brute_force(time)), rel=0.025)


def test_half_life_quantiles_are_log_normal():
    # 5th percentile, median, 95th; 0.3 % for a distribution in 400 classes
    found = HalfLife(MEDIAN, spread(CV), "a test").quantiles(PHYSICAL)
    expected = MEDIAN * np.exp(spread(CV) * np.array([-1.6448536, 0.0, 1.6448536]))
    assert np.percentile(found, [5, 50, 95]) == pytest.approx(expected, rel=3e-3)
    assert np.all(np.diff(found) > 0)


@given(st.floats(20.0, 400.0), st.floats(0.01, 1.0))
def test_no_half_life_exceeds_the_physical_half_life(half_life, cv):
    found = HalfLife(half_life, spread(cv), "a test").quantiles(PHYSICAL)
    assert found.max() <= PHYSICAL * (1 + 1e-12)


def test_cut_leaves_the_distribution_below_it_unchanged():
    # median 150 h: of all log-normal draws those below 159.528 h, in the same proportions
    rng = np.random.default_rng(5)
    drawn = 150.0 * np.exp(spread(0.25) * rng.standard_normal(2 * DRAWS))
    expected = np.percentile(drawn[drawn < PHYSICAL], [5, 25, 50, 75, 95])
    found = HalfLife(150.0, spread(0.25), "a test").quantiles(PHYSICAL)
    assert np.percentile(found, [5, 25, 50, 75, 95]) == pytest.approx(expected, rel=4e-3)


def test_scan_noise_is_log_normal_with_median_one():
    found = noise_quantiles(0.10)
    assert np.median(found) == pytest.approx(1.0, rel=1e-3)
    assert np.log(found) == pytest.approx(-np.log(found[::-1]), abs=1e-12)
    assert np.std(np.log(found)) == pytest.approx(spread(0.10), rel=0.015)


@given(st.floats(0.01, 100.0), st.floats(10.0, 160.0))
def test_the_interval_scales_exactly_with_the_activity(factor, time):
    one, other = one_scan(time), one_scan(time, activity=60.0 * factor)
    assert other.tia.value == pytest.approx(one.tia.value * factor, rel=1e-12)
    assert other.tia.sd == pytest.approx(one.tia.sd * factor, rel=1e-9)
    np.testing.assert_allclose(other.half_life_effect, one.half_life_effect, rtol=1e-12)


def test_missing_sd_is_ten_percent():
    known = HalfLife(MEDIAN, spread(CV), "a test")
    found = fit_one(72.0, 60.0, None, known, DECAY)
    assert found.sd_assumed
    assert found.sd.tolist() == [pytest.approx(6.0)]
    assert found.tia == one_scan(72.0, noise=0.10).tia


# --- what the curve says of itself --------------------------------------------------------------


def test_curve_for_the_dose_has_the_same_tia():
    found = one_scan(72.0)
    assert found.shape.integral() == pytest.approx(found.tia.value, rel=1e-12)
    assert found.effective_half_life.value == MEDIAN


def test_hanscheid_estimate_is_reported_beside_the_tia():
    # 2 x 72 h x 60 MBq / ln 2 = 12464.885 MBq h
    found = one_scan(72.0).cross_check
    assert (found.value, found.unit) == (pytest.approx(12464.885, abs=0.001), "MBq*h")


def test_model_choice_names_the_half_life_and_its_source():
    assert one_scan(72.0).choice == "one scan; half-life 51 h: a test"


@given(st.floats(0.05, 6.0))
def test_a_scan_outside_0_75_to_2_5_half_lives_draws_a_warning(ratio):
    # Hänscheid 2018
    found = [warning.code for warning in one_scan(ratio * MEDIAN).warnings]
    assert found[0] == "one-scan-only"
    if abs(ratio - 0.75) > 1e-9 and abs(ratio - 2.5) > 1e-9:
        assert ("scan-time-unfavourable" in found) is (ratio < 0.75 or ratio > 2.5)


@pytest.mark.parametrize("half_life", [40.0, 64.0], ids=str)
def test_scan_at_the_end_of_the_range_draws_no_warning(half_life):
    for ratio in (0.75, 2.5):
        found = [warning.code for warning in one_scan(ratio * half_life, half_life).warnings]
        assert found == ["one-scan-only"]


def test_curve_reports_its_scan_and_half_life():
    known = HalfLife(MEDIAN, spread(CV), "a test")
    found = fit_one(72.0, 60.0, 3.0, known, DECAY, "kBq")
    assert (found.model, found.sd_assumed, found.decay_constant) == ("single-point", False, DECAY)
    assert (found.chi2, found.dof, found.p_value, found.aicc) == (0.0, 0, None, {})
    assert [a.tolist() for a in (found.time, found.activity, found.sd)] == [[72.0], [60.0], [3.0]]
    start = found.tia.value * LN2 / MEDIAN  # a mono-exponential of this area
    assert found.parameters == {"a": Estimate(pytest.approx(start), None, "kBq")}
    assert found.tia.unit == found.cross_check.unit == "kBq*h"
    assert found.cross_check.sd is None
    half_life = Estimate(pytest.approx(MEDIAN), pytest.approx(MEDIAN * spread(CV)), "h")
    assert found.effective_half_life == half_life


def test_one_scan_warning_names_the_half_life_source():
    (warning,) = one_scan(72.0).warnings
    assert "51 h" in warning.message
    assert "(a test)" in warning.message


def test_default_unit_of_activity_is_megabecquerel():
    assert one_scan(72.0).parameters["a"].unit == "MBq"


def test_half_life_above_the_physical_one_is_cut_to_it():
    known = HalfLife(2 * PHYSICAL, 0.0, "a test")
    assert known.quantiles(PHYSICAL).tolist() == [PHYSICAL] * 401
    found = fit_one(72.0, 60.0, 6.0, known, DECAY)
    assert found.effective_half_life.value == pytest.approx(PHYSICAL, rel=1e-12)
    assert found.shape.rates.tolist() == [DECAY]
    # so far above it that no draw lies below
    assert HalfLife(1e9, 0.1, "a test").quantiles(PHYSICAL).tolist() == [PHYSICAL] * 401


def test_the_effect_of_the_half_life_is_relative_to_the_median():
    found = one_scan(72.0)
    known = HalfLife(MEDIAN, spread(CV), "a test").quantiles(PHYSICAL)
    expected = 60.0 * np.exp2(72.0 / known) * known / LN2 / found.tia.value
    np.testing.assert_allclose(found.half_life_effect, expected, rtol=1e-12)


def test_tiny_half_life_overflows_without_a_numpy_warning():
    # 2^(24/0.001) is beyond any floating-point number
    curve = fit_one(24.0, 160.0, None, HalfLife(0.001, 0.2, "mistaken"), 0.00434)
    assert curve.tia.value == math.inf
