"""Masses: given, from scan volumes, or of the phantom; effect of their sd on a dose."""

import math

import pytest
from recalculated_plan import Phantom
from sample_patients import codes, cycle, first_dose, patient, planned, region_of, washout

import dosimetry
from dosimetry.patient.masses import region_mass

MALE = Phantom("male")  # organ_masses_icrp89.csv, read by the tests themselves
KIDNEYS = washout("kidney_left", 5000.0), washout("kidney_right", 5000.0)


def mass_of(region, masses=None, sex="male", risks=(), **columns):
    """Return the mass of a region that was scanned twice, with columns such as volume."""
    found = patient(cycle(washout(region, 500.0, **columns)), sex=sex, masses=masses, risks=risks)
    return region_mass(region, found, 0)


def measured(*curves, masses=None, risks=()):
    return first_dose(patient(cycle(*curves), masses=masses, risks=risks))


def mass_in(text):
    return pytest.approx(text, rel=1e-12)


# --- where a mass comes from --------------------------------------------------------------------


def test_given_mass_is_used_and_is_not_an_assumption():
    found = mass_of("liver", {"liver": {"value": "1.6 kg", "sd": "8 %"}}, volume="900 mL")
    assert (found.value, found.relative_sd, found.origin) == (1600.0, mass_in(0.08), "")


def test_an_absolute_sd_of_a_mass_is_taken_relative_to_it():
    found = mass_of("liver", {"liver": {"value": "1600 g", "sd": "80 g"}})
    assert found.relative_sd == mass_in(0.05)


def test_mean_volume_gives_the_mass_at_1_05_g_per_ml():
    scans = washout("spleen", 900.0)
    scans = [{**scans[0], "volume": "180 mL"}, {**scans[1], "volume": "220 mL"}]
    found = first_dose(patient(cycle(scans)))
    assert found.doses["spleen"].dose == pytest.approx(900 * MALE.own("spleen", 210.0), rel=1e-7)
    origin = "spleen: mass 210 g, mean volume of the scans at 1.05 g/mL"
    assert origin in found.assumptions


def test_scans_without_a_volume_are_left_out_of_the_mean():
    scans = washout("spleen", 900.0)
    scans[0]["volume"] = "180 mL"
    found = first_dose(patient(cycle(scans)))
    assert any("mass 189 g" in line for line in found.assumptions)


@pytest.mark.parametrize(
    ("region", "sex", "mass"),  # organ_masses_icrp89.csv
    [
        ("liver", "male", 1800.0),
        ("liver", "female", 1400.0),
        ("kidneys", "male", 310.0),
        ("kidneys", "female", 275.0),
        ("red_marrow", "male", 1170.0),
    ],
)
def test_missing_mass_is_the_phantom_mass_and_an_assumption(region, sex, mass):
    found = mass_of(region, sex=sex)
    assert found.value == mass
    assert found.origin == f"{region.replace('_', ' ')}: mass {mass:g} g of the adult {sex} phantom"


def test_one_kidney_of_the_phantom_is_half_of_its_pair():
    for side in ("kidney_left", "kidney_right"):
        found = first_dose(patient(cycle(*KIDNEYS)))
        name = f"{side.removeprefix('kidney_')} kidney"
        origin = f"{name}: mass 155 g of the adult male phantom (half of the pair)"
        assert origin in found.assumptions


def test_a_mass_of_the_pair_gives_half_to_each_kidney():
    found = measured(*KIDNEYS, masses={"kidneys": "400 g"})
    left = found.doses["kidney_left"].dose
    assert left == pytest.approx(5000 * MALE.kidney(200.0), rel=1e-7)
    assert "left kidney: half of the mass given for the kidneys" in found.assumptions


def test_mass_of_kidneys_is_the_mass_of_a_solitary_kidney():
    masses = {"kidneys": {"value": "200 g", "sd": "10 %"}}
    found = measured(washout("kidney_left", 5000.0), masses=masses, risks=["single_kidney"])
    left = found.doses["kidney_left"].dose
    assert left == pytest.approx(5000 * MALE.kidney(200.0), rel=1e-7)
    assert not [line for line in found.assumptions if "mass" in line]


def test_side_masses_add_up_to_the_measured_pair():
    masses = {
        "kidney_left": {"value": "180 g", "sd": "10 %"},
        "kidney_right": {"value": "120 g", "sd": "20 %"},
    }
    found = mass_of("kidneys", masses)
    assert found.value == mass_in(300.0)
    assert found.relative_sd == mass_in(math.hypot(18, 24) / 300)


def test_tumour_without_mass_or_volume_has_no_mass():
    assert mass_of("tumour_1") is None
    assert mass_of("tumour_1", volume="10 mL").value == mass_in(10.5)


# --- a volume known once serves later cycles ----------------------------------------------------


def two_cycles(first, second, **more):
    return patient(cycle(*first), cycle(*second, at="2026-03-09"), **more)


def test_volume_of_one_cycle_serves_the_next_and_is_reported():
    # 10 mL at 1.05 g/mL (ICRU 46): 10.5 g in both cycles
    given = two_cycles([washout("tumour_1", 500.0, volume="10 mL")], [washout("tumour_1", 400.0)])
    assert region_mass("tumour_1", given, 1).value == mass_in(10.5)
    made = dosimetry.plan(given)
    doses = [region_of(one.regions, "tumour_1").absorbed_dose.value for one in made.cycles[:2]]
    assert doses[1] / doses[0] == pytest.approx(400 / 500, rel=1e-6)
    said = "tumour 1: mass 10.5 g, mean volume of the scans of cycle 1 at 1.05 g/mL"
    assert said in made.assumptions
    assert "no-mass" not in codes(made.warnings)


def test_a_volume_of_its_own_comes_before_an_earlier_one():
    given = two_cycles(
        [washout("liver", 500.0, volume="1800 mL")], [washout("liver", 500.0, volume="1600 mL")]
    )
    assert region_mass("liver", given, 1).value == mass_in(1680.0)


def test_the_latest_volume_before_is_taken_and_none_after():
    scans = [
        washout("liver", 500.0, volume=f"{v} mL") if v else washout("liver", 500.0)
        for v in (None, 1800, 1600, None)
    ]
    dates = ("2026-01-12", "2026-03-09", "2026-05-04", "2026-06-29")
    given = patient(*(cycle(one, at=at) for one, at in zip(scans, dates, strict=True)))
    masses = [region_mass("liver", given, i).value for i in range(4)]
    # the phantom's 1800 g (organ_masses_icrp89.csv), then 1800 and 1600 mL at 1.05 g/mL
    assert masses == [1800.0, mass_in(1890.0), mass_in(1680.0), mass_in(1680.0)]


def test_a_mass_given_comes_before_any_volume():
    given = two_cycles(
        [washout("liver", 500.0, volume="1800 mL")],
        [washout("liver", 500.0)],
        masses={"liver": "1500 g"},
    )
    assert region_mass("liver", given, 1).value == 1500.0


def test_volumes_of_both_kidneys_serve_the_pair_and_back():
    sides = [
        washout("kidney_left", 5e3, volume="180 mL"),
        washout("kidney_right", 5e3, volume="140 mL"),
    ]
    pair = [washout("kidneys", 1e4)]
    assert region_mass("kidneys", two_cycles(sides, pair), 1).value == mass_in(336.0)
    pair = [washout("kidneys", 1e4, volume="320 mL")]
    given = two_cycles(pair, [washout("kidney_left", 5e3), washout("kidney_right", 5e3)])
    assert region_mass("kidney_left", given, 1).value == mass_in(168.0)


def test_volume_of_one_kidney_is_not_used_for_the_pair():
    sides = [washout("kidney_left", 5e3, volume="180 mL"), washout("kidney_right", 5e3)]
    given = two_cycles(sides, [washout("kidneys", 1e4)])
    assert region_mass("kidneys", given, 1).value == 310.0  # organ_masses_icrp89.csv


# --- masses that are unusual --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mass", "unusual"), [(899, True), (900, False), (3600, False), (3601, True)]
)
def test_mass_outside_half_to_double_of_reference_warns(mass, unusual):
    # mass_ratio_low and mass_ratio_high of defaults.csv; the liver of the adult male has 1800 g
    found = measured(washout("liver", 4000.0), masses={"liver": f"{mass} g"})
    assert ("mass-unusual" in codes(found.warnings)) is unusual


def test_a_kidney_is_compared_with_half_of_the_pair():
    masses = {"kidney_left": "250 g", "kidney_right": "70 g"}
    found = measured(*KIDNEYS, masses=masses)
    unusual = [w.place for w in found.warnings if w.code == "mass-unusual"]
    assert unusual == ["cycles[0] kidney_right"]


def test_solitary_kidney_is_compared_with_one_kidney():
    # 150 g is a usual kidney (half of 310 g), under whatever name it was measured
    for region in ("kidneys", "kidney_left"):
        found = measured(washout(region, 5000.0), masses={region: "150 g"}, risks=["single_kidney"])
        assert "mass-unusual" not in codes(found.warnings)


def test_mass_of_an_unmeasured_region_draws_a_warning():
    plan = planned(cycle(washout("liver", 4000.0)), masses={"spleen": "200 g"})
    (warning,) = [w for w in plan.warnings if w.code == "mass-not-used"]
    assert warning.place == "masses.spleen"


# --- what the sd of a mass does -----------------------------------------------------------------


def sensitivity(weight, mass):
    """Return -d ln weight / d ln mass by a central difference."""
    step = 1e-4 * mass
    return -(math.log(weight(mass + step)) - math.log(weight(mass - step))) * mass / (2 * step)


def approx(value, rel=1e-6):
    return pytest.approx(value, rel=rel)


def test_tumour_mass_changes_the_absorbed_fraction():
    # S = phi(m)/m: the sphere loses fewer electrons when it is larger
    mass = math.sqrt(4.31 * 14.6)
    tumour = {"value": f"{mass!r} g", "sd": "15 %"}
    dose = measured(washout("tumour_1", 100.0), masses={"tumour_1": tumour}).doses["tumour_1"]
    assert dose.relative_mass_sd == approx(0.15 * sensitivity(MALE.sphere, mass), 1e-6)


def pair_dose(left, right, tias=(5000.0, 5000.0)):
    """Dose of the pair: the mass-weighted mean of two kidneys."""
    dose = left * tias[0] * MALE.kidney(left) + right * tias[1] * MALE.kidney(right)
    return dose / (left + right)


def test_masses_of_two_kidneys_propagate_into_the_pair():
    # Independent sds; the pair's dose is the mass-weighted mean, so a mass acts on its weight too.
    masses = {
        "kidney_left": {"value": "200 g", "sd": "10 %"},
        "kidney_right": {"value": "100 g", "sd": "10 %"},
    }
    curves = washout("kidney_left", 5000.0), washout("kidney_right", 5000.0)
    pair = measured(*curves, masses=masses).doses["kidneys"]
    left = 0.10 * sensitivity(lambda m: pair_dose(m, 100.0), 200.0)
    right = 0.10 * sensitivity(lambda m: pair_dose(200.0, m), 100.0)
    assert pair.relative_mass_sd == approx(math.hypot(left, right), rel=1e-6)


def test_a_mass_given_for_the_pair_is_uncertain_as_a_whole():
    # One mass, one error: both halves move together, and the pair's dose with them.
    curves = washout("kidney_left", 5000.0), washout("kidney_right", 5000.0)
    masses = {"kidneys": {"value": "310 g", "sd": "10 %"}}
    pair = measured(*curves, masses=masses).doses["kidneys"]
    expected = 0.10 * sensitivity(lambda m: pair_dose(m / 2, m / 2), 310.0)
    assert pair.relative_mass_sd == approx(expected, rel=1e-6)
