"""Decay against known answers, independent integration and its own laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from dosimetry.physics import decay
from dosimetry.reference import nuclides

LU177, LU177M = 6.647 * 24, 160.4 * 24  # h, ICRP 107
half_lives = st.floats(1.0, 5000.0)
activities = st.floats(1e-3, 1e5)
times = st.floats(0.0, 2000.0)


def test_decay_constant_of_lu177():
    # docs/evidence.md, known answers: 0.00434499 /h
    assert decay.constant.kernel(LU177) == pytest.approx(0.00434499, abs=5e-9)
    tabled = decay.constant.kernel(nuclides.half_life("Lu-177"))
    assert tabled == pytest.approx(math.log(2) / LU177, rel=1e-15)


def test_decays_of_one_megabecquerel_to_infinity():
    # docs/evidence.md, known answers: 230.150 MBq h, 8.28541e11 decays
    integral = decay.time_integral.kernel(1.0, LU177)
    assert integral == pytest.approx(230.150, abs=5e-4)
    assert integral * 3.6e9 == pytest.approx(8.28541e11, abs=5e5 * 10)


def test_lu177_and_its_contaminant_after_thirty_days():
    # docs/evidence.md, known answers: 324.312 MBq of 177Lu and 1.30005 MBq of 177mLu
    fraction = nuclides.branching_fraction("Lu-177m", "Lu-177")
    daughter = decay.daughter_activity.kernel(1.48, 7400.0, 720.0, LU177M, LU177, fraction)
    parent = decay.decay.kernel(1.48, 720.0, LU177M)
    assert daughter == pytest.approx(324.312, abs=5e-4)
    assert parent == pytest.approx(1.30005, abs=5e-6)


@given(activities, times, half_lives)
def test_decay_is_exponential(activity, elapsed, half_life):
    expected = activity * math.exp(-math.log(2) / half_life * elapsed)
    assert decay.decay.kernel(activity, elapsed, half_life) == pytest.approx(expected, rel=1e-12)


@given(activities, times, times, half_lives)
def test_decay_composes_over_time(activity, first, second, half_life):
    in_two = decay.decay.kernel(decay.decay.kernel(activity, first, half_life), second, half_life)
    assert in_two == pytest.approx(
        decay.decay.kernel(activity, first + second, half_life), rel=1e-12
    )


@given(activities, times, half_lives)
def test_decay_backwards_undoes_decay(activity, elapsed, half_life):
    elapsed = min(elapsed, 500 * half_life)
    there = decay.decay.kernel(activity, elapsed, half_life)
    assert decay.decay.kernel(there, -elapsed, half_life) == pytest.approx(activity, rel=1e-12)


@given(activities, st.floats(-100, 1000), half_lives)
def test_time_to_inverts_decay(activity, elapsed, half_life):
    elapsed = min(max(elapsed, -50 * half_life), 50 * half_life)
    later = decay.decay.kernel(activity, elapsed, half_life)
    found = decay.time_to.kernel(activity, later, half_life)
    assert found == pytest.approx(elapsed, rel=1e-10, abs=1e-10 * half_life)


@given(activities, half_lives)
@settings(deadline=None)
def test_time_integral_agrees_with_quadrature(activity, half_life):
    found, _ = quad(
        lambda x: half_life * activity * 0.5**x, 0, math.inf, epsabs=0, epsrel=1e-12, limit=200
    )
    assert decay.time_integral.kernel(activity, half_life) == pytest.approx(found, rel=1e-10)


def chain(parent, daughter, elapsed, parent_half_life, daughter_half_life, fraction):
    """Return the daughter's activity by integrating the numbers of atoms step by step."""
    own, above = math.log(2) / daughter_half_life, math.log(2) / parent_half_life
    solved = solve_ivp(
        lambda _, a: [-above * a[0], own * (fraction * a[0] - a[1])],
        (0.0, elapsed),
        [parent, daughter],
        method="DOP853",
        rtol=1e-12,
        atol=1e-14 * (parent + daughter),
    )
    return solved.y[1, -1]


@given(
    st.floats(0.1, 1e4),
    st.floats(0.0, 1e4),
    st.floats(1.0, 2000.0),
    st.floats(5.0, 5000.0),
    st.floats(5.0, 5000.0),
    st.floats(0.01, 1.0),
)
@settings(max_examples=50, deadline=None)
def test_daughter_activity_agrees_with_step_by_step_integration(
    parent, daughter, elapsed, parent_half_life, daughter_half_life, fraction
):
    elapsed = min(elapsed, 10 * daughter_half_life)
    arguments = (parent, daughter, elapsed, parent_half_life, daughter_half_life, fraction)
    found = decay.daughter_activity.kernel(*arguments)
    scale = max(chain(*arguments), 1e-6 * (parent + daughter))
    assert abs(found - chain(*arguments)) < 1e-8 * scale


@given(
    st.floats(20.0, 2000.0),
    st.sampled_from([0.0, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, -1e-12, -1e-9, -1e-6, -1e-3]),
    st.floats(1.0, 1000.0),
)
@settings(max_examples=50, deadline=None)
def test_daughter_reaches_its_limit_at_near_equal_half_lives(half_life, apart, elapsed):
    elapsed = min(elapsed, 10 * half_life)
    arguments = (100.0, 5.0, elapsed, half_life * (1 + apart), half_life, 0.5)
    assert decay.daughter_activity.kernel(*arguments) == pytest.approx(chain(*arguments), rel=1e-8)


def test_daughter_of_equal_half_life_has_its_closed_form():
    # Bateman 1910 at equal constants: (A_d + f A_p l t) exp(-l t)
    expected = (5 + 0.5 * 100 * math.log(2) * 2) / 4
    found = decay.daughter_activity.kernel(100.0, 5.0, 20.0, 10.0, 10.0, 0.5)
    assert found == pytest.approx(expected, rel=1e-14)


def test_daughter_alone_only_decays():
    found = decay.daughter_activity.kernel(0.0, 7400.0, 720.0, LU177M, LU177, 0.217)
    assert found == pytest.approx(decay.decay.kernel(7400.0, 720.0, LU177), rel=1e-14)


def test_short_lived_daughter_keeps_secular_equilibrium():
    # Bateman 1910 for t -> infinity: A_d = f A_p(t) l_d / (l_d - l_p); 68Ge 270.95 d, 68Ga 1.1285 h
    ge68, ga68, elapsed = 270.95 * 24, 1.1285, 90 * 24.0
    own, above = math.log(2) / ga68, math.log(2) / ge68
    expected = 1850 * math.exp(-above * elapsed) * own / (own - above)
    found = decay.daughter_activity.kernel(1850.0, 0.0, elapsed, ge68, ga68, 1.0)
    assert found == pytest.approx(expected, rel=1e-12)


def test_chain_works_on_arrays_of_times():
    elapsed = np.array([0.0, 720.0])
    found = decay.daughter_activity.kernel(1.48, 7400.0, elapsed, LU177M, LU177, 0.217)
    assert found[0] == 7400.0
    assert found[1] == pytest.approx(324.312, abs=5e-4)


def test_net_administered_is_prepared_less_residual_at_injection():
    # each decayed to the time of injection
    constant = math.log(2) / LU177
    expected = 7600 * math.exp(-constant * 3) - 120 * math.exp(constant * 1.5)
    found = decay.net_administered.kernel(7600.0, 3.0, 120.0, 1.5, LU177)
    assert found == pytest.approx(expected, rel=1e-14)


@given(activities, times, half_lives)
def test_net_administered_without_residual_is_prepared_decayed(prepared, before, half_life):
    found = decay.net_administered.kernel(prepared, before, 0.0, 0.0, half_life)
    assert found == pytest.approx(decay.decay.kernel(prepared, before, half_life), rel=1e-14)
