"""Property tests of scaling: results under multiples of a quantity or its unit, and sums."""

import inspect
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import EXAMPLES, property_of, property_of_each

from dosimetry.physics import absorbed_dose, decay, marrow, one_scan, radiobiology, renal_function

pytestmark = pytest.mark.slow

factors = st.floats(1e-3, 1e3)
positive = st.floats(0.5, 90.0)

# For each function: what is multiplied together, and the power of the factor in the result. Power 0
# for all quantities with a dimension in common says that their unit does not matter.
LAWS = {
    decay.constant: [("half_life", -1)],
    decay.decay: [("activity", 1), ("elapsed half_life", 0)],
    decay.time_to: [("activity later", 0), ("half_life", 1)],
    decay.time_integral: [("activity", 1), ("half_life", 1)],
    decay.daughter_activity: [
        ("parent daughter", 1),
        ("elapsed parent_half_life daughter_half_life", 0),
    ],
    decay.net_administered: [
        ("prepared residual", 1),
        ("prepared_before residual_after half_life", 0),
    ],
    absorbed_dose.electron_dose_constant: [("energy", 1)],
    absorbed_dose.dose: [("tia", 1), ("s_value", 1)],
    absorbed_dose.split_self: [
        ("s_self electron_constant", 1),
        ("reference_mass electron_constant", 0),
    ],
    absorbed_dose.self_s_value: [
        ("s_self electron_constant", 1),
        ("reference_mass mass electron_constant", 0),
    ],
    absorbed_dose.body_scaled: [("s_body electron", 1)],
    absorbed_dose.kidney_s_value: [
        ("s_pair electron_constant", 1),
        ("pair_mass mass electron_constant", 0),
    ],
    absorbed_dose.remainder_s_value: [
        ("s_total_body s_sources", 1),
        ("total_body_mass source_masses", 0),
    ],
    absorbed_dose.sphere_s_value: [("table_s_values", 1), ("mass table_masses", 0)],
    marrow.marrow_mass: [("reference_mass", 1), ("body_mass", 1), ("reference_body_mass", -1)],
    marrow.marrow_activity: [("concentration", 1), ("mass", 1), ("ratio", 1)],
    one_scan.hanscheid: [("activity", 1), ("time", 1)],
    radiobiology.bed: [("dose alpha_beta", 1)],
    radiobiology.bed_sd: [("dose_sd", 1), ("dose alpha_beta", 0)],
    radiobiology.eqd2: [("bed_total", 1)],
    renal_function.cockcroft_gault: [("weight", 1), ("creatinine", -1)],
}
SERIES = ("tia", "s_value", "s_sources", "source_masses", "table_masses", "table_s_values")


def value_of(name):
    if name == "sex":
        return st.sampled_from(["female", "male"])
    if name not in SERIES:
        return positive.map(lambda one: 50 * one) if name == "total_body_mass" else positive
    one = st.lists(positive, min_size=4, max_size=4)
    return one.map(lambda numbers: np.cumsum(numbers) if name == "table_masses" else numbers)


def kernel_of(function):
    return getattr(function, "kernel", function)


@property_of_each(LAWS)
@EXAMPLES
@given(st.data(), factors)
def test_results_scale_as_their_equation(function, data, factor):
    names = inspect.signature(kernel_of(function)).parameters
    values = {name: data.draw(value_of(name), name) for name in names}
    one = kernel_of(function)(**values)
    for scaled, power in LAWS[function]:
        multiplied = {name: np.multiply(factor, values[name]) for name in scaled.split()}
        other = kernel_of(function)(**{**values, **multiplied})
        # a difference of large terms (net activity, remainder) keeps the digits of the terms
        lost = {"net_administered": 1e-12, "remainder_s_value": 1e-9}.get(function.__name__, 0.0)
        np.testing.assert_allclose(
            np.divide(other, factor**power), one, rtol=1e-9, atol=lost, err_msg=scaled
        )


# --- additivity ---------------------------------------------------------------------------------


@property_of(absorbed_dose.dose)
@EXAMPLES
@given(st.lists(st.tuples(positive, positive, positive), min_size=1, max_size=6))
def test_doses_of_two_cycles_equal_the_dose_of_their_sum(sources):
    first, second, s_value = map(np.array, zip(*sources, strict=True))
    apart = absorbed_dose.dose.kernel([first, second], [s_value, s_value])
    together = absorbed_dose.dose.kernel(first + second, s_value)
    assert apart.sum() == pytest.approx(together, rel=1e-12)


@property_of(absorbed_dose.dose)
@EXAMPLES
@given(st.lists(st.tuples(positive, positive), min_size=2, max_size=6), st.randoms())
def test_the_order_of_the_sources_does_not_matter(sources, random):
    tias, values = zip(*sources, strict=True)
    random.shuffle(sources)
    moved, moved_values = zip(*sources, strict=True)
    expected = absorbed_dose.dose.kernel(tias, values)
    assert absorbed_dose.dose.kernel(moved, moved_values) == pytest.approx(expected, rel=1e-12)


@property_of(decay.decay, decay.time_integral)
@EXAMPLES
@given(positive, positive, positive, positive)
def test_decay_is_additive_in_the_activity(one, other, elapsed, half_life):
    for law in (
        lambda activity: decay.decay.kernel(activity, elapsed, half_life),
        lambda activity: decay.time_integral.kernel(activity, half_life),
    ):
        assert law(one + other) == pytest.approx(law(one) + law(other), rel=1e-12)


@property_of(decay.daughter_activity)
@EXAMPLES
@given(positive, positive, positive, positive, positive, st.floats(0.01, 1.0))
def test_daughter_is_initial_activity_plus_ingrowth(
    parent, daughter, elapsed, parent_half_life, daughter_half_life, fraction
):
    rest = (elapsed, parent_half_life, daughter_half_life, fraction)
    apart = decay.daughter_activity.kernel(parent, 0.0, *rest)
    apart += decay.daughter_activity.kernel(0.0, daughter, *rest)
    together = decay.daughter_activity.kernel(parent, daughter, *rest)
    assert together == pytest.approx(apart, rel=1e-12)


@property_of(decay.daughter_activity, decay.decay)
@EXAMPLES
@given(positive, positive, positive, positive, positive, positive, st.floats(0.01, 1.0))
def test_decay_chain_composes_over_time(
    parent, daughter, first, second, parent_half_life, daughter_half_life, fraction
):
    rest = (parent_half_life, daughter_half_life, fraction)
    between = decay.daughter_activity.kernel(parent, daughter, first, *rest)
    left = decay.decay.kernel(parent, first, parent_half_life)
    in_two = decay.daughter_activity.kernel(left, between, second, *rest)
    at_once = decay.daughter_activity.kernel(parent, daughter, first + second, *rest)
    assert in_two == pytest.approx(at_once, rel=1e-11)


@property_of(decay.net_administered, decay.decay)
@EXAMPLES
@given(st.floats(100.0, 1e4), st.floats(0.0, 24.0), st.floats(0.0, 50.0), st.floats(0.0, 24.0))
def test_net_activity_decays_to_vial_minus_residual(prepared, before, residual, after):
    # the net activity, decayed to the measurement of the rest, is the vial's less the rest
    net = decay.net_administered.kernel(prepared, before, residual, after, 159.528)
    later = decay.decay.kernel(net, after, 159.528)
    vial = decay.decay.kernel(prepared, before + after, 159.528)
    assert later == pytest.approx(vial - residual, rel=1e-11)


@property_of(marrow.marrow_activity)
@EXAMPLES
@given(positive, positive, positive)
def test_marrow_activity_is_additive_in_the_mass(concentration, one, other):
    parts = marrow.marrow_activity.kernel(concentration, np.array([one, other]), 0.36)
    whole = marrow.marrow_activity.kernel(concentration, one + other, 0.36)
    assert parts.sum() == pytest.approx(whole, rel=1e-12)


@property_of(radiobiology.bed)
@EXAMPLES
@given(
    st.lists(positive, min_size=1, max_size=8),
    st.floats(0.0, 1.0),
    st.floats(1.0, 20.0),
)
def test_bed_of_cycles_lies_between_dose_and_single_bed(doses, g, alpha_beta):
    # Cycles far apart do not interact: their BED add up. Given at once the dose does more.
    cycles = sum(radiobiology.bed.kernel(one, g, alpha_beta) for one in doses)
    at_once = radiobiology.bed.kernel(sum(doses), g, alpha_beta)
    assert sum(doses) * (1 - 1e-12) <= cycles <= at_once * (1 + 1e-12)


@property_of(radiobiology.eqd2)
@EXAMPLES
@given(st.lists(positive, min_size=1, max_size=8), st.floats(1.0, 20.0))
def test_eqd2_adds_up_over_cycles(beds, alpha_beta):
    parts = sum(radiobiology.eqd2.kernel(one, alpha_beta) for one in beds)
    assert parts == pytest.approx(radiobiology.eqd2.kernel(sum(beds), alpha_beta), rel=1e-12)


# --- with mass, age and creatinine --------------------------------------------------------------


@property_of(absorbed_dose.kidney_s_value, absorbed_dose.sphere_s_value)
@EXAMPLES
@given(st.floats(1.0, 2000.0), st.floats(1.001, 5.0))
def test_self_dose_of_kidney_and_sphere_falls_with_mass(mass, heavier):
    # Never faster than 1/m (all absorbed), never slower than m^(-2/3) (photons alone).
    table = ([1.0, 10.0, 100.0, 1000.0], [8e-2, 8.1e-3, 8.2e-4, 8.4e-5])
    for s_value in (
        lambda m: absorbed_dose.kidney_s_value.kernel(2.8e-4, 310.0, m, 0.0853196),
        lambda m: absorbed_dose.sphere_s_value.kernel(m, *table),
    ):
        ratio = s_value(mass * heavier) / s_value(mass)
        assert 1 / heavier * (1 - 1e-12) <= ratio <= heavier ** (-2 / 3) * (1 + 1e-12)


@property_of(renal_function.ckd_epi_2021, renal_function.cockcroft_gault)
@EXAMPLES
@given(
    st.floats(0.2, 10.0),
    st.floats(18.0, 100.0),
    st.sampled_from(["female", "male"]),
    st.floats(1.001, 3.0),
    st.floats(0.1, 30.0),
)
def test_renal_function_falls_with_creatinine_and_with_age(creatinine, age, sex, factor, older):
    for equation in (
        lambda scr, years: renal_function.ckd_epi_2021.kernel(scr, years, sex),
        lambda scr, years: renal_function.cockcroft_gault.kernel(scr, years, 70.0, sex),
    ):
        here = equation(creatinine, age)
        assert 0 < equation(creatinine * factor, age) < here
        assert equation(creatinine, age + older) < here


@property_of(renal_function.ckd_epi_2021)
@EXAMPLES
@given(st.floats(18.0, 100.0), st.sampled_from([("female", 0.7), ("male", 0.9)]))
def test_ckd_epi_is_continuous_where_its_branches_meet(age, person):
    sex, kappa = person  # Inker 2021
    below = renal_function.ckd_epi_2021.kernel(kappa * (1 - 1e-9), age, sex)
    above = renal_function.ckd_epi_2021.kernel(kappa * (1 + 1e-9), age, sex)
    assert below == pytest.approx(above, rel=1e-8)


@property_of(renal_function.ckd_epi_2021)
@EXAMPLES
@given(st.floats(1.0, 10.0), st.floats(1.0, 3.0), st.floats(18.0, 100.0))
def test_ckd_epi_falls_with_the_powers_of_its_equation(ratio, factor, age):
    # Inker 2021: exponents of Scr/kappa above one, and below it by sex
    for sex, kappa, below in (("female", 0.7, -0.241), ("male", 0.9, -0.302)):

        def filtered(scr, sex=sex):
            return renal_function.ckd_epi_2021.kernel(scr, age, sex)

        above = filtered(kappa * ratio * factor) / filtered(kappa * ratio)
        assert above == pytest.approx(factor**-1.2, rel=1e-9)
        lower = filtered(kappa / ratio) / filtered(kappa / ratio / factor)
        assert lower == pytest.approx(factor**below, rel=1e-9)


@property_of(marrow.plasma_ratio)
@EXAMPLES
@given(st.floats(0.0, 0.7))
def test_marrow_to_plasma_ratio_is_constant_over_haematocrit(hematocrit):
    # Sgouros 1993: the marrow holds 0.19 of the plasma's concentration, which is that of blood
    # divided by one less the haematocrit.
    ratio = marrow.plasma_ratio(hematocrit)
    assert ratio * (1.0 - hematocrit) == pytest.approx(0.19, rel=1e-14)
    assert math.isfinite(ratio)
