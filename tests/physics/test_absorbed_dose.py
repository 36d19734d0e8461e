"""Absorbed dose: known S values and the laws of mass scaling."""

import math

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosimetry.physics import absorbed_dose
from dosimetry.problems import InputError
from dosimetry.reference import nuclides, phantoms

PER_S = 1 / 3.6  # Gy/(MBq h) to mGy/(MBq s)
ELECTRON_CONSTANT = 0.0853196  # Gy g/(MBq h), 177Lu: 147.923 keV per decay (ICRP 107)
# as printed in mGy g/(MBq s); the sixth digits of the kidneys' known answers come from this one
PRINTED_CONSTANT = 0.0236999 * 3.6
S_KIDNEYS, KIDNEYS = 7.76e-5 * 3.6, 310.0  # adult male, Gy/(MBq h) and g

masses = st.floats(1.0, 5000.0)
s_values = st.floats(1e-9, 1e-2)


def electron_constant_of_lu177():
    # ICRP 107: electrons 147.923 keV per decay of 177Lu
    return absorbed_dose.electron_dose_constant(0.147923)


def test_electron_dose_constant_of_lu177():
    # 0.0853196 Gy g/(MBq h) = 0.0236999 mGy g/(MBq s)
    assert electron_constant_of_lu177() == pytest.approx(0.0853196, abs=5e-8)
    assert electron_constant_of_lu177() * PER_S == pytest.approx(0.0236999, abs=5e-8)


def test_tabled_electron_energy_gives_the_same_constant():
    # within the rounding of 147.923 keV
    tabled = absorbed_dose.electron_dose_constant(nuclides.electron_energy("Lu-177"))
    assert tabled == pytest.approx(electron_constant_of_lu177(), rel=0.0005 / 147.923)


def test_kidney_self_dose_splits_into_electrons_and_photons():
    # docs/evidence.md, known answers: 7.76e-5 = 7.64513e-5 + 1.14871e-6 mGy/(MBq s)
    s_self = phantoms.s_values("male")["kidneys", "kidneys"]
    mass = phantoms.organ_masses("male")["kidneys"]
    electron, photon = absorbed_dose.split_self(s_self, mass, PRINTED_CONSTANT)
    assert electron * PER_S == pytest.approx(7.64513e-5, abs=5e-11)
    assert photon * PER_S == pytest.approx(1.14871e-6, abs=5e-12)
    assert electron + photon == pytest.approx(s_self, rel=1e-15)


def test_kidney_self_dose_scaled_to_253_gram():
    # docs/evidence.md, known answers: 9.49908e-5 mGy/(MBq s)
    found = absorbed_dose.self_s_value.kernel(S_KIDNEYS, KIDNEYS, 253.0, PRINTED_CONSTANT)
    assert found * PER_S == pytest.approx(9.49908e-5, abs=5e-11)


@pytest.mark.parametrize(
    ("measured", "expected", "digit"),
    [
        # mGy/(MBq s), computed independently
        (("kidneys", "liver", "spleen", "red_marrow"), 9.30788e-8, 5e-14),
        (("kidneys", "liver", "spleen"), 2.81743e-7, 5e-13),
    ],
)
def test_red_marrow_s_value_from_the_remainder_of_the_body(measured, expected, digit):
    table, mass = phantoms.s_values("male"), phantoms.organ_masses("male")
    found = absorbed_dose.remainder_s_value(
        table["red_marrow", "total_body"],
        mass["total_body"],
        [table["red_marrow", source] for source in measured],
        [mass[source] for source in measured],
    )
    assert found * PER_S == pytest.approx(expected, abs=digit)


def test_red_marrow_has_no_photon_part():
    # zero for red marrow, whose electrons escape
    for sex in ("male", "female"):
        s_self = phantoms.s_values(sex)["red_marrow", "red_marrow"]
        mass = phantoms.organ_masses(sex)["red_marrow"]
        electron, photon = absorbed_dose.split_self(s_self, mass, ELECTRON_CONSTANT)
        assert (electron, photon) == (s_self, 0.0)


def test_snmmi_left_kidney_dose_is_near_the_voxel_dose():
    # shared examples: 0.3802 Gy/GBq voxel-based, first scan's volume x 1.00 g/mL, within 5 %
    s_value = absorbed_dose.kidney_s_value.kernel(S_KIDNEYS, KIDNEYS, 233.608, ELECTRON_CONSTANT)
    dose = absorbed_dose.dose.kernel([7593.755], [s_value])
    assert dose / 7.21042 == pytest.approx(0.3802, rel=0.05)


@given(masses, s_values)
def test_scaling_to_the_reference_mass_changes_nothing(mass, s_self):
    found = absorbed_dose.self_s_value.kernel(s_self, mass, mass, ELECTRON_CONSTANT)
    assert found == pytest.approx(s_self, rel=1e-14)


@given(s_values, masses, masses, st.floats(1.01, 5.0))
def test_self_dose_falls_with_mass(s_self, reference_mass, mass, heavier):
    def scaled(m):
        return absorbed_dose.self_s_value.kernel(s_self, reference_mass, m, ELECTRON_CONSTANT)

    assert scaled(mass * heavier) < scaled(mass)


@given(s_values, masses, masses)
def test_scaled_self_dose_lies_between_photon_and_electron_laws(s_self, reference_mass, mass):
    ratio = reference_mass / mass
    found = absorbed_dose.self_s_value.kernel(s_self, reference_mass, mass, ELECTRON_CONSTANT)
    low, high = sorted([s_self * ratio, s_self * ratio ** (2 / 3)])
    assert low * (1 - 1e-12) <= found <= high * (1 + 1e-12)


@given(s_values, masses)
def test_split_is_electrons_and_photons_neither_negative(s_self, mass):
    electron, photon = absorbed_dose.split_self(s_self, mass, ELECTRON_CONSTANT)
    assert electron > 0
    assert photon >= 0
    assert electron <= ELECTRON_CONSTANT / mass
    assert electron + photon == pytest.approx(s_self, rel=1e-15)


@given(masses)
def test_kidney_of_half_the_pair_mass_absorbs_all_its_electrons(mass):
    # Delta_e/m + photon part (m_ref(kidneys)/m)^(2/3)
    photon = S_KIDNEYS - ELECTRON_CONSTANT / KIDNEYS
    expected = ELECTRON_CONSTANT / mass + photon * (KIDNEYS / mass) ** (2 / 3)
    found = absorbed_dose.kidney_s_value.kernel(S_KIDNEYS, KIDNEYS, mass, ELECTRON_CONSTANT)
    assert found == pytest.approx(expected, rel=1e-13)


def test_equal_kidneys_get_nearly_the_dose_of_one_pair():
    # half the activity in half the mass: electrons the same, photons less by 2^(1/3)
    pair = absorbed_dose.dose.kernel([8000.0], [S_KIDNEYS])
    one = absorbed_dose.kidney_s_value.kernel(S_KIDNEYS, KIDNEYS, 155.0, ELECTRON_CONSTANT)
    apart = absorbed_dose.dose.kernel([4000.0], [one])
    photon = 8000 * (S_KIDNEYS - ELECTRON_CONSTANT / KIDNEYS)
    assert pair - apart == pytest.approx(photon * (1 - 2 ** (-1 / 3)), rel=1e-9)


@given(
    st.lists(st.tuples(st.floats(0, 1e6), s_values), min_size=1, max_size=6),
    st.floats(0.0, 100.0),
)
def test_dose_is_linear_in_the_activity(sources, factor):
    tias, values = map(np.array, zip(*sources, strict=True))
    once = absorbed_dose.dose.kernel(tias, values)
    assert once == pytest.approx(math.fsum(tias * values), rel=1e-13)
    assert absorbed_dose.dose.kernel(factor * tias, values) == pytest.approx(factor * once)
    assert absorbed_dose.dose.kernel(tias + tias[0], values) == pytest.approx(
        once + tias[0] * math.fsum(values)
    )


def test_dose_sums_over_the_last_axis_only():
    tias = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = absorbed_dose.dose.kernel(tias, [10.0, 100.0])
    np.testing.assert_allclose(found, [210.0, 430.0], rtol=1e-15)


@given(s_values, st.floats(1e4, 1e5), st.lists(st.tuples(s_values, masses), max_size=4))
def test_remainder_and_sources_together_are_the_total_body(s_total, total_mass, sources):
    s_sources = [value for value, _ in sources]
    parts = [mass / 10 for _, mass in sources]
    rest = absorbed_dose.remainder_s_value(s_total, total_mass, s_sources, parts)
    # uniform activity in the whole body gives the dose of the whole body
    uniform = rest * (total_mass - sum(parts))
    uniform += sum(value * mass for value, mass in zip(s_sources, parts, strict=True))
    scale = s_total + sum(s_sources)
    taken = sum(value * mass for value, mass in zip(s_sources, parts, strict=True))
    if taken > s_total * total_mass:  # the sources alone give more: nothing is left to the rest
        assert rest == 0.0
        return
    assert uniform / total_mass == pytest.approx(s_total, rel=1e-12, abs=1e-12 * scale)


def test_remainder_without_sources_is_the_total_body():
    assert absorbed_dose.remainder_s_value(2e-7, 73000.0, [], []) == pytest.approx(2e-7, rel=1e-15)


def test_sphere_table_is_reproduced_at_its_own_masses():
    table = phantoms.sphere_s_values()
    found = absorbed_dose.sphere_s_value.kernel(np.array(table[0]), *table)
    np.testing.assert_allclose(found, table[1], rtol=1e-12)


@given(st.floats(0.01, 0.99), st.integers(0, 100))
def test_sphere_interpolates_s_times_m_in_log_mass(share, index):
    # Stabin and Konijnenberg 2000: S m is linear in ln m
    known, values = phantoms.sphere_s_values()
    k = index % (len(known) - 1)
    mass = known[k] ** (1 - share) * known[k + 1] ** share
    product = (1 - share) * known[k] * values[k] + share * known[k + 1] * values[k + 1]
    found = absorbed_dose.sphere_s_value.kernel(mass, known, values)
    assert found == pytest.approx(product / mass, rel=1e-11)


@pytest.mark.parametrize("end", [0, -1])
def test_outside_the_sphere_table_the_nearest_row_holds(end):
    known, values = phantoms.sphere_s_values()
    mass = known[end] * (10.0 if end else 0.1)
    found = absorbed_dose.sphere_s_value.kernel(mass, known, values)
    assert found * mass == pytest.approx(known[end] * values[end], rel=1e-13)


@given(st.floats(0.1, 1000.0))
def test_a_sphere_absorbs_electrons_and_a_little_of_the_photons(mass):
    # Delta_e m^-1 is all electrons; 35 keV of photons add under a quarter at the very most
    found = absorbed_dose.sphere_s_value.kernel(mass, *phantoms.sphere_s_values()) * mass
    assert 0.85 * ELECTRON_CONSTANT < found < ELECTRON_CONSTANT * (1 + 35.098 / 147.923)


def test_ten_gram_sphere_agrees_with_the_electron_model():
    # two independent sources: MIRD spheres and the electron dose constant of ICRP 107
    found = absorbed_dose.sphere_s_value.kernel(10.0, *phantoms.sphere_s_values()) * 10
    assert found == pytest.approx(ELECTRON_CONSTANT, rel=0.03)


def test_public_functions_take_clinical_units():
    registry = pint.get_application_registry()
    dose = absorbed_dose.dose(
        registry.Quantity([7.593755], "GBq*h"), registry.Quantity([7.76e-5], "mGy/(MBq*s)")
    )
    assert dose.to("mGy").magnitude == pytest.approx(7593.755 * 3600 * 7.76e-5, rel=1e-13)


def test_an_s_value_in_sievert_is_refused():
    registry = pint.get_application_registry()
    with pytest.raises(InputError, match="S value") as caught:
        absorbed_dose.dose(
            registry.Quantity([7.6], "GBq*h"), registry.Quantity([7.76e-5], "mSv/(MBq*s)")
        )
    assert caught.value.problems[0].place == "s_value"
