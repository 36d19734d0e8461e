"""One scan: Hänscheid's rule, times that determine the dose well, noise in classes.

Sources: Hänscheid 2018; mono-exponential arithmetic.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosimetry.physics.one_scan import hanscheid, noise_quantiles, scan_time_warning

LN2 = math.log(2)


def tia(activity, time, half_life):
    """Area of a mono-exponential through one point."""
    return activity * 2 ** (time / half_life) * half_life / LN2


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_hanscheid_s_rule_is_exact_at_one_and_at_two_half_lives(ratio):
    # 2^x/(2x) = 1 for x = ts/T = 1 and 2
    found = hanscheid.kernel(50.0, 48.0 * ratio)
    assert found == pytest.approx(tia(50.0, 48.0 * ratio, 48.0), rel=1e-14)


@given(st.floats(0.75, 2.5))
def test_hanscheid_s_rule_is_within_13_percent_in_its_range(ratio):
    # 2^x/(2x): 1.121 at x = 0.75, least 0.942 at x = 1/ln 2, 1.131 at x = 2.5
    exact = tia(50.0, ratio * 48.0, 48.0)
    assert abs(exact / hanscheid.kernel(50.0, ratio * 48.0) - 1) < 0.132


def test_scan_noise_is_log_normal_with_median_one():
    found = noise_quantiles(0.10)
    assert np.median(found) == pytest.approx(1.0, rel=1e-3)
    assert np.log(found) == pytest.approx(-np.log(found[::-1]), abs=1e-12)
    assert np.std(np.log(found)) == pytest.approx(math.sqrt(math.log1p(0.01)), rel=0.015)


@given(st.floats(0.05, 6.0))
def test_a_scan_outside_0_75_to_2_5_half_lives_draws_a_warning(ratio):
    # Hänscheid 2018
    found = [warning.code for warning in scan_time_warning(ratio * 51.0, 51.0)]
    if abs(ratio - 0.75) > 1e-9 and abs(ratio - 2.5) > 1e-9:
        assert found == ["scan-time-unfavourable"] * (ratio < 0.75 or ratio > 2.5)


@pytest.mark.parametrize("ratio", [0.75, 2.5])
def test_scan_at_the_end_of_the_range_draws_no_warning(ratio):
    assert not list(scan_time_warning(ratio * 64.0, 64.0))
