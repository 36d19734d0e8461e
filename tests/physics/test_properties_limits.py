"""Property tests of limits: each equation where one of its quantities vanishes or grows."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import EXAMPLES, property_of

from dosimetry.physics import absorbed_dose, decay, one_scan, radiobiology
from dosimetry.physics.kinetics import Exponentials, Trapezoid, combine
from dosimetry.physics.one_scan import noise_quantiles

pytestmark = pytest.mark.slow

LN2 = math.log(2)
positive = st.floats(0.5, 90.0)
rates = st.floats(0.004, 0.1)
doses = st.floats(0.1, 60.0)
ratios = st.floats(1.0, 20.0)  # alpha/beta in Gy


@st.composite
def dose_rates(draw):
    """Draw a dose rate: a sum of two exponentials, one of uptake, or pieces between points."""
    kind = draw(st.sampled_from(["bi", "uptake", "pieces"]))
    rate = draw(rates)
    if kind == "pieces":
        gaps = draw(st.lists(st.floats(5.0, 60.0), min_size=3, max_size=3))
        heights = draw(st.lists(st.floats(0.5, 5.0), min_size=3, max_size=3))
        return Trapezoid(np.cumsum(gaps), np.array(heights), 0.00434)
    fast = rate * draw(st.floats(1.5, 50.0))
    second = -1.0 if kind == "uptake" else draw(st.floats(0.1, 5.0))
    return Exponentials(np.array([1.0, second]), np.array([rate, fast]))


# --- repair -------------------------------------------------------------------------------------


@property_of(radiobiology.lea_catcheside, radiobiology.bed)
@EXAMPLES
@given(dose_rates(), doses, ratios)
def test_with_instant_repair_the_bed_is_the_dose(shape, dose, alpha_beta):
    # G is at most of the order of the repair time over that of the dose rate's changes
    faster = 0.1 if isinstance(shape, Trapezoid) else 1e-6  # pieces are integrated step by step
    g = radiobiology.lea_catcheside(shape, faster * LN2 / shape.steepest())
    assert 0 <= g < faster
    bed = radiobiology.bed.kernel(dose, g, alpha_beta)
    assert dose <= bed < dose * (1 + faster * dose)


@property_of(radiobiology.lea_catcheside, radiobiology.bed)
@EXAMPLES
@given(dose_rates(), doses, ratios)
def test_bed_without_repair_equals_the_acute_bed(shape, dose, alpha_beta):
    g = radiobiology.lea_catcheside(shape, 1e6 / shape.slowest())
    assert g == pytest.approx(1.0, abs=1e-4)
    acute = dose + dose**2 / alpha_beta
    assert radiobiology.bed.kernel(dose, g, alpha_beta) == pytest.approx(acute, rel=1e-4)


@property_of(radiobiology.lea_catcheside)
@EXAMPLES
@given(rates, st.floats(0.5, 50.0))
def test_a_dose_given_at_once_is_acute_for_any_repair(rate, repair_half_life):
    # decay much faster than repair: all the dose is there before any of it is repaired
    fast = Exponentials(np.array([1.0]), np.array([1e6 * rate]))
    assert radiobiology.lea_catcheside(fast, repair_half_life) == pytest.approx(1.0, abs=1e-3)


@property_of(radiobiology.lea_catcheside)
@EXAMPLES
@given(dose_rates(), st.floats(0.5, 50.0), st.floats(0.01, 100.0))
def test_protraction_does_not_depend_on_the_unit_of_time(shape, repair_half_life, factor):
    if isinstance(shape, Exponentials):
        other = Exponentials(shape.amplitudes, shape.rates / factor)
    else:
        other = Trapezoid(shape.times * factor, shape.activities, shape.decay_constant / factor)
    g = radiobiology.lea_catcheside(other, repair_half_life * factor)
    assert g == pytest.approx(radiobiology.lea_catcheside(shape, repair_half_life), rel=1e-9)


@property_of(radiobiology.lea_catcheside_each)
@EXAMPLES
@given(st.lists(dose_rates(), min_size=2, max_size=4), st.floats(0.5, 50.0), st.randoms())
def test_each_dose_rate_has_its_own_protraction(shapes, repair_half_life, random):
    shapes = [*shapes, combine([(shape, 1.0) for shape in shapes])]
    random.shuffle(shapes)
    together = radiobiology.lea_catcheside_each(shapes, repair_half_life)
    alone = [radiobiology.lea_catcheside(shape, repair_half_life) for shape in shapes]
    assert together == [pytest.approx(g, rel=1e-11) for g in alone]


@property_of(radiobiology.pair_integrals)
@EXAMPLES
@given(dose_rates(), dose_rates())
def test_two_dose_rates_without_repair_act_as_their_doses(one, other):
    # H is then the dose so far, and the integral of R_k D_l + R_l D_k is D_k D_l
    pairs = radiobiology.pair_integrals([one, other], 1e-9)
    doses = np.array([one.integral(), other.integral()])
    np.testing.assert_allclose(pairs + pairs.T, np.outer(doses, doses), rtol=1e-5)


@property_of(radiobiology.bed, radiobiology.bed_sd, radiobiology.eqd2)
@EXAMPLES
@given(doses, st.floats(0.0, 1.0), st.floats(0.01, 5.0))
def test_infinite_alpha_beta_gives_bed_and_eqd2_of_the_dose(dose, g, sd):
    straight = 1e9  # alpha/beta without bound: no quadratic part
    assert radiobiology.bed.kernel(dose, g, straight) == pytest.approx(dose, rel=1e-6)
    assert radiobiology.bed_sd.kernel(dose, sd, g, straight) == pytest.approx(sd, rel=1e-6)
    assert radiobiology.eqd2.kernel(dose, straight) == pytest.approx(dose, rel=1e-6)


@property_of(radiobiology.bed, radiobiology.eqd2)
@EXAMPLES
@given(doses, st.floats(0.01, 1.0), ratios, st.floats(1.001, 3.0))
def test_bed_rises_with_dose_and_g_and_falls_with_alpha_beta(dose, g, alpha_beta, more):
    here = radiobiology.bed.kernel(dose, g, alpha_beta)
    assert radiobiology.bed.kernel(dose * more, g, alpha_beta) > here * more
    assert radiobiology.bed.kernel(dose, g * more, alpha_beta) > here
    assert dose < radiobiology.bed.kernel(dose, g, alpha_beta * more) < here
    assert radiobiology.eqd2.kernel(here, alpha_beta) < here


@property_of(radiobiology.bed_sd, radiobiology.bed)
@EXAMPLES
@given(doses, st.floats(0.01, 5.0), st.floats(0.0, 1.0), ratios)
def test_relative_bed_sd_is_one_to_two_times_the_dose_sd(dose, sd, g, alpha_beta):
    # between a straight line and a parabola
    bed = radiobiology.bed.kernel(dose, g, alpha_beta)
    relative = radiobiology.bed_sd.kernel(dose, sd, g, alpha_beta) / bed
    assert sd / dose * (1 - 1e-12) <= relative <= 2 * sd / dose * (1 + 1e-12)


# --- uptake -------------------------------------------------------------------------------------


@property_of(Exponentials.integral, Exponentials.activity, radiobiology.lea_catcheside)
@EXAMPLES
@given(positive, rates, st.floats(0.5, 5.0))
def test_very_fast_uptake_becomes_a_mono_exponential(amplitude, rate, repair_half_life):
    ratio = 1e7
    uptake = Exponentials(np.array([amplitude, -amplitude]), np.array([rate, rate * ratio]))
    mono = Exponentials(np.array([amplitude]), np.array([rate]))
    time = np.geomspace(0.1, 300.0, 20)
    np.testing.assert_allclose(uptake.activity(time), mono.activity(time), rtol=1e-9)
    assert uptake.activity(0.0) == 0.0
    assert uptake.integral() == pytest.approx(mono.integral(), rel=2 / ratio)
    found = radiobiology.lea_catcheside(uptake, repair_half_life)
    expected = radiobiology.lea_catcheside(mono, repair_half_life)
    assert found == pytest.approx(expected, rel=1e-5)


# --- decay --------------------------------------------------------------------------------------


@property_of(decay.decay, decay.net_administered, decay.daughter_activity, decay.time_to)
@EXAMPLES
@given(positive, positive, positive, positive)
def test_nothing_has_decayed_at_time_zero(one, other, half_life, parent_half_life):
    assert decay.decay.kernel(one, 0.0, half_life) == one
    assert decay.net_administered.kernel(one + other, 0.0, other, 0.0, half_life) == (
        pytest.approx(one, rel=1e-12)
    )
    assert decay.daughter_activity.kernel(one, other, 0.0, parent_half_life, half_life, 1.0) == (
        other
    )
    assert decay.time_to.kernel(one, one, half_life) == 0.0


@property_of(decay.constant, decay.time_integral, decay.decay)
@EXAMPLES
@given(positive, positive, positive)
def test_decay_constant_integral_and_decay_are_consistent(activity, elapsed, half_life):
    # A = -dN/dt, so what is left to decay is A/lambda, at any time
    left = decay.time_integral.kernel(decay.decay.kernel(activity, elapsed, half_life), half_life)
    rate = decay.constant.kernel(half_life)
    assert left * rate == pytest.approx(activity * math.exp(-rate * elapsed), rel=1e-12)


@property_of(decay.daughter_activity)
@EXAMPLES
@given(positive, positive, positive, st.floats(0.01, 1.0))
def test_a_parent_that_hardly_decays_saturates_its_daughter(parent, elapsed, half_life, fraction):
    # production at a constant rate: f A_p (1 - exp(-l t))
    found = decay.daughter_activity.kernel(parent, 0.0, elapsed, 1e12, half_life, fraction)
    expected = -fraction * parent * math.expm1(-LN2 * elapsed / half_life)
    assert found == pytest.approx(expected, rel=1e-8)


@property_of(decay.daughter_activity)
@EXAMPLES
@given(positive, positive, positive, st.floats(0.01, 1.0))
def test_a_daughter_that_hardly_lives_is_in_equilibrium(parent, elapsed, half_life, fraction):
    found = decay.daughter_activity.kernel(parent, 0.0, elapsed, half_life, 1e-9, fraction)
    expected = fraction * parent * 0.5 ** (elapsed / half_life)
    assert found == pytest.approx(expected, rel=1e-8)


# --- dose ---------------------------------------------------------------------------------------


@property_of(
    absorbed_dose.split_self,
    absorbed_dose.self_s_value,
    absorbed_dose.kidney_s_value,
    absorbed_dose.electron_dose_constant,
)
@EXAMPLES
@given(st.floats(0.01, 1.0), positive, positive)
def test_absorbed_electrons_give_the_same_energy_to_any_mass(energy, reference, mass):
    # without photons the self-dose is energy over mass, in whatever way the S value is scaled
    constant = absorbed_dose.electron_dose_constant(energy)
    alone = constant / reference
    assert absorbed_dose.split_self(alone, reference, constant) == (alone, 0.0)
    for scaled in (absorbed_dose.self_s_value, absorbed_dose.kidney_s_value):
        found = scaled.kernel(alone, reference, mass, constant)
        assert found == pytest.approx(constant / mass, rel=1e-12)


@property_of(absorbed_dose.split_self)
@EXAMPLES
@given(st.floats(1e-9, 1e-2), positive, st.floats(0.0, 1.0))
def test_self_dose_without_electrons_is_all_photons(s_self, mass, share):
    assert absorbed_dose.split_self(s_self, mass, 0.0) == (0.0, s_self)
    # more electron energy never means a smaller electron part
    constant = share * s_self * mass
    electron, _ = absorbed_dose.split_self(s_self, mass, constant)
    more, _ = absorbed_dose.split_self(s_self, mass, 2 * constant)
    assert electron <= more <= s_self


@property_of(absorbed_dose.remainder_s_value)
@EXAMPLES
@given(st.floats(1e-8, 1e-5), st.lists(st.floats(1.0, 1000.0), max_size=4), st.floats(1.0, 50.0))
def test_sources_equal_to_the_body_leave_an_equal_remainder(s_value, masses, hotter):
    sources = [s_value] * len(masses)
    found = absorbed_dose.remainder_s_value(s_value, 70000.0, sources, masses)
    assert found == pytest.approx(s_value, rel=1e-10)
    # what the sources give more, the rest gives less, and never less than nothing
    hot = absorbed_dose.remainder_s_value(s_value, 70000.0, [hotter * s for s in sources], masses)
    assert 0 <= hot <= found * (1 + 1e-12)


# --- one scan -----------------------------------------------------------------------------------


@property_of(one_scan.hanscheid)
@EXAMPLES
@given(positive, positive)
def test_hanscheid_s_rule_is_the_least_area_of_all_half_lives(activity, time):
    # at T = ts ln 2 the area of a mono-exponential through the scan is least, e ts A(ts)
    least = activity * math.e * time
    assert one_scan.hanscheid.kernel(activity, time) == pytest.approx(
        least * 2 / (math.e * LN2), rel=1e-12
    )


@property_of(noise_quantiles)
@EXAMPLES
@given(st.floats(0.001, 0.5), st.floats(1.01, 3.0))
def test_scan_noise_vanishes_with_sd_and_is_log_symmetric(relative, more):
    found, wider = noise_quantiles(relative), noise_quantiles(relative * more)
    np.testing.assert_array_equal(noise_quantiles(0.0), np.ones(len(found)))
    np.testing.assert_allclose(found * found[::-1], 1.0, rtol=1e-12)
    assert np.all(np.abs(np.log(wider)) >= np.abs(np.log(found)))
