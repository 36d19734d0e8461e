"""Doses of one delivered cycle by source and target region.

Expected doses are TIA x S. ``recalculated_plan.Phantom`` reads S from the CSV of the table; the
TIAs are those that the curves were made with.
"""

import math

import pytest
from recalculated_plan import DECAY, Phantom
from sample_patients import (
    EXACT,
    PSMA,
    codes,
    cycle,
    first_dose,
    late_scans,
    patient,
    planned,
    region_of,
    washout,
)

from dosimetry.problems import InputError

MALE, FEMALE = Phantom("male"), Phantom("female")
MOUTHS = {  # measured contents -> their source and the wall they irradiate
    "urinary_bladder": ("urinary_bladder_contents", "urinary_bladder_wall"),
    "stomach": ("stomach_contents", "stomach_wall"),
    "small_intestine": ("small_intestine_contents", "small_intestine_wall"),
    "gallbladder": ("gallbladder_contents", "gallbladder_wall"),
    "heart_contents": ("heart_contents", "heart_wall"),
    "left_colon": ("left_colon_contents", "left_colon_wall"),
    "right_colon": ("right_colon_contents", "right_colon_wall"),
    "rectum": ("rectum", "rectum"),
}
LATE = late_scans("liver")


def measured(*curves, sex="male", masses=None, risks=(), **fields):
    return first_dose(patient(cycle(*curves, **fields), sex=sex, masses=masses, risks=risks))


def doses(*arguments, **named):
    return {name: found.dose for name, found in measured(*arguments, **named).doses.items()}


def approx(value, rel=1e-7):
    return pytest.approx(value, rel=rel)


# --- contents and walls -------------------------------------------------------------------------


@pytest.mark.parametrize(("region", "source", "wall"), [(k, *v) for k, v in MOUTHS.items()])
@pytest.mark.parametrize("phantom", [MALE, FEMALE], ids=["male", "female"])
def test_measured_contents_irradiate_their_wall(phantom, region, source, wall):
    sex = "male" if phantom is MALE else "female"
    found = doses(washout(region, 3000.0), sex=sex)
    assert found == {wall: approx(3000.0 * phantom.s[wall, source])}


def test_the_dose_of_a_wall_does_not_scale_with_a_mass():
    # walls irradiated by their contents are not self-dose
    with pytest.raises(InputError) as caught:
        patient(cycle(washout("urinary_bladder", 3000.0)), masses={"urinary_bladder": "40 g"})
    assert codes(caught.value.problems) == ["no-mass-needed"]
    wall = measured(washout("urinary_bladder", 3000.0)).doses["urinary_bladder_wall"]
    assert wall.relative_mass_sd == 0


def test_colon_activity_is_split_between_left_and_right():
    cycle_found = measured(washout("colon", 3000.0))
    for side in ("left", "right"):
        wall = f"{side}_colon_wall"
        from_both = sum(MALE.s[wall, f"{other}_colon_contents"] for other in ("left", "right"))
        assert cycle_found.doses[wall].dose == approx(1500.0 * from_both)
    assert any(line.startswith("colon: half of the activity") for line in cycle_found.assumptions)


def test_heart_wall_gets_dose_from_wall_and_contents():
    found = doses(washout("heart_wall", 500.0), washout("heart_contents", 800.0))
    own, contents = MALE.s["heart_wall", "heart_wall"], MALE.s["heart_wall", "heart_contents"]
    assert found["heart_wall"] == approx(500.0 * own + 800.0 * contents)


# --- self-dose, cross-dose, masses --------------------------------------------------------------


def test_only_measured_organs_get_cross_dose():
    # without whole body, never a partial sum of cross-doses
    found = doses(washout("liver", 4000.0), washout("spleen", 900.0), masses={"liver": "2000 g"})
    assert set(found) == {"liver", "spleen"}
    liver = 4000.0 * MALE.own("liver", 2000.0) + 900.0 * MALE.s["liver", "spleen"]
    spleen = 900.0 * MALE.s["spleen", "spleen"] + 4000.0 * MALE.s["spleen", "liver"]
    assert found == {"liver": approx(liver), "spleen": approx(spleen)}


def test_unmeasured_region_keeps_its_population_coefficient():
    plan = planned(cycle(washout("liver", 4000.0)))
    adrenals = region_of(plan.cycles[0].regions, "adrenals")
    assert adrenals.basis == "population"
    assert adrenals.coefficient.value == approx(0.037)  # Gy/GBq, label


def test_bone_irradiates_measured_marrow_and_gets_no_dose():
    found = doses(washout("trabecular_bone", 600.0), washout("red_marrow", 700.0))
    own, bone = MALE.s["red_marrow", "red_marrow"], MALE.s["red_marrow", "trabecular_bone"]
    assert found == {"red_marrow": approx(700.0 * own + 600.0 * bone)}


def test_pair_dose_is_the_mass_weighted_mean_of_the_kidneys():
    masses = {"kidney_left": "180 g", "kidney_right": "120 g"}
    curves = washout("kidney_left", 5000.0), washout("kidney_right", 7000.0)
    found = doses(*curves, washout("liver", 4000.0), masses=masses)
    from_liver = 4000.0 * MALE.s["kidneys", "liver"]
    left = 5000.0 * MALE.kidney(180.0) + from_liver
    right = 7000.0 * MALE.kidney(120.0) + from_liver
    assert found["kidney_left"] == approx(left)
    assert found["kidney_right"] == approx(right)
    assert found["kidneys"] == approx((180 * left + 120 * right) / 300)
    to_liver = 12000.0 * MALE.s["liver", "kidneys"]
    assert found["liver"] == approx(4000.0 * MALE.own("liver", 1800.0) + to_liver)


def test_known_self_dose_of_kidneys_of_253_g():
    # docs/evidence.md, known answers: 9.49908e-5 mGy/(MBq s)
    found = doses(washout("kidneys", 1e4), masses={"kidneys": "253 g"})
    assert found["kidneys"] / 1e4 / 3.6 == pytest.approx(9.49908e-5, abs=5e-11)


def test_solitary_kidney_has_half_the_mass_of_the_pair():
    found = doses(washout("kidney_left", 5000.0), risks=["single_kidney"])
    assert found["kidneys"] == found["kidney_left"] == approx(5000.0 * MALE.kidney(155.0))


def test_solitary_kidney_measured_as_kidneys_has_same_dose():
    found = doses(washout("kidneys", 5000.0), risks=["single_kidney"])
    assert found == {"kidneys": approx(5000.0 * MALE.kidney(155.0))}


# --- remainder of the body ----------------------------------------------------------------------


def test_total_body_less_its_parts_is_the_remainder():
    parts = {"liver": 4000.0, "kidneys": 6000.0, "urinary_bladder": 900.0}
    curves = [washout(region, tia) for region, tia in parts.items()]
    whole = doses(*curves, washout("total_body", 30900.0))
    rest = doses(*curves, washout("remainder_of_body", 20000.0))
    assert whole == {target: approx(dose) for target, dose in rest.items()}


def test_measured_body_irradiates_all_regions_but_marrow():
    found = doses(washout("kidneys", 6000.0), washout("remainder_of_body", 20000.0))
    assert sorted(found) == MALE.targets()
    for target in set(found) - {"kidneys"}:
        expected = 6000.0 * MALE.s[target, "kidneys"]
        expected += 20000.0 * MALE.from_rest(target, ["kidneys"])
        assert found[target] == approx(expected)


def test_sources_without_phantom_mass_stay_in_the_remainder():
    # k runs over the measured sources that have a mass in the phantom
    found = doses(washout("urinary_bladder", 900.0), washout("remainder_of_body", 20000.0))
    contents = 900.0 * MALE.s["liver", "urinary_bladder_contents"]
    assert found["liver"] == approx(20000.0 * MALE.s["liver", "total_body"] + contents)


def test_tumour_activity_is_excluded_from_the_remainder():
    curves = washout("liver", 4000.0), washout("tumour_1", 800.0)
    with_tumour = doses(*curves, washout("total_body", 24800.0), masses={"tumour_1": "14.6 g"})
    without = doses(curves[0], washout("total_body", 24000.0))
    assert with_tumour["adrenals"] == approx(without["adrenals"])


def test_known_s_value_of_red_marrow_from_the_remainder():
    # computed independently: 9.30788e-8 mGy/(MBq s), kidneys, liver, spleen, marrow measured
    curves = [washout(name, 100.0) for name in ("kidneys", "liver", "spleen", "red_marrow")]
    more, less = (
        doses(*curves, washout("remainder_of_body", tia))["red_marrow"] for tia in (3e4, 1e4)
    )
    assert (more - less) / 2e4 / 3.6 == pytest.approx(9.30788e-8, abs=5e-14)


def test_measured_body_leaves_red_marrow_to_the_population():
    # the remainder and other organs alone would make the marrow dose a lower bound
    plan = planned(cycle(washout("kidneys", 6000.0), washout("total_body", 30000.0)))
    marrow = region_of(plan.cycles[0].regions, "red_marrow")
    assert (marrow.basis, marrow.coefficient.value) == ("population", approx(0.035))
    assert region_of(plan.cycles[0].regions, "adrenals").basis == "measured"


def test_measured_body_gives_no_marrow_dose_for_other_agent():
    curves = washout("kidneys", 6000.0), washout("total_body", 30000.0)
    plan = planned(cycle(*curves), agent=PSMA)
    assert "red_marrow" not in {entry.region for entry in plan.cycles[0].regions}


def test_a_total_smaller_than_its_parts_is_refused():
    with pytest.raises(InputError) as caught:
        measured(washout("liver", 4000.0), washout("total_body", 3900.0))
    assert codes(caught.value.problems) == ["total-below-parts"]


def test_more_remainder_activity_never_lowers_a_dose():
    # A wall and its contents measured, with the rest of the body: more activity, more dose.
    curves = washout("heart_wall", 10.0), washout("heart_contents", 10.0)
    less, more = (
        doses(*curves, washout("remainder_of_body", tia))["heart_wall"] for tia in (1e3, 1e4)
    )
    assert more >= less > 0


# --- tumours ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mass", "s_value"),  # Gy/(Bq s), rows of sphere_s_values_lu177.csv for soft tissue
    [(0.00431, 4.54e-9), (14.6, 1.63e-12), (932.0, 2.65e-14)],
)
def test_a_tumour_is_a_sphere_of_its_mass(mass, s_value):
    found = doses(washout("tumour_1", 100.0), masses={"tumour_1": f"{mass} g"})
    assert found == {"tumour_1": approx(100.0 * s_value * 3.6e9)}


def test_dose_times_mass_is_linear_in_log_mass_between_spheres():
    mass = math.sqrt(4.31 * 14.6)
    found = doses(washout("tumour_1", 100.0), masses={"tumour_1": f"{mass!r} g"})
    product = (4.31 * 5.46e-12 + 14.6 * 1.63e-12) / 2 * 3.6e9
    assert found["tumour_1"] == approx(100.0 * product / mass)


@pytest.mark.parametrize(
    ("mass", "end", "s_value"), [(0.002, 0.00431, 4.54e-9), (2000.0, 932.0, 2.65e-14)]
)
def test_mass_outside_the_sphere_table_draws_a_warning(mass, end, s_value):
    found = measured(washout("tumour_1", 100.0), masses={"tumour_1": f"{mass} g"})
    expected = 100.0 * s_value * 3.6e9 * end / mass
    assert found.doses["tumour_1"].dose == approx(expected)
    assert "outside-sphere-table" in codes(found.warnings)


def test_mass_at_the_end_of_the_table_draws_no_warning():
    for mass in ("0.00431 g", "932 g"):
        found = measured(washout("tumour_1", 100.0), masses={"tumour_1": mass})
        assert "outside-sphere-table" not in codes(found.warnings)


def test_tumour_without_mass_has_no_dose_and_a_warning():
    found = measured(washout("tumour_1", 100.0), washout("liver", 4000.0))
    assert found.curves["tumour_1"].tia.value == approx(100.0)
    assert set(found.doses) == {"liver"}
    (warning,) = [w for w in found.warnings if w.code == "no-mass"]
    assert warning.place == "cycles[0] tumour_1"


def test_tumour_and_organs_do_not_irradiate_each_other():
    masses = {"tumour_1": "14.6 g"}
    both = doses(washout("liver", 4000.0), washout("tumour_1", 800.0), masses=masses)
    assert both["liver"] == doses(washout("liver", 4000.0))["liver"]
    assert both["tumour_1"] == doses(washout("tumour_1", 800.0), masses=masses)["tumour_1"]


# --- values as measured -------------------------------------------------------------------------


def test_percent_of_administered_and_decay_correction_are_undone():
    rate = math.log(2) / 50.0
    corrected = [
        {
            "region": "liver",
            "time": f"{t} h",
            "activity": f"{4000 * rate * math.exp((DECAY - rate) * t) / 74!r} %IA",
            "sd": EXACT,
        }
        for t in (24, 120)
    ]
    found = doses(corrected, decay_corrected_to="administration", administered="7.4 GBq")
    assert found == {"liver": approx(doses(washout("liver", 4000.0))["liver"])}


def test_a_recovery_coefficient_divides_the_activity():
    found = doses(washout("liver", 4000.0, recovery="0.8"))
    assert found["liver"] == approx(doses(washout("liver", 5000.0))["liver"])


def test_curve_above_the_administered_activity_is_refused():
    # Late scans say nothing of the first hours; a fast part fitted there may be anything.
    found = measured(LATE, administered="7.4 GBq").curves["liver"]
    assert found.tia.value <= 7400 / DECAY


# --- uncertainty --------------------------------------------------------------------------------


def sensitivity(weight, mass):
    """Return -d ln weight / d ln mass by a central difference."""
    step = 1e-4 * mass
    return -(math.log(weight(mass + step)) - math.log(weight(mass - step))) * mass / (2 * step)


def test_fit_calibration_and_mass_add_up_in_quadrature():
    found = measured(
        washout("liver", 4000.0),
        masses={"liver": {"value": "1600 g", "sd": "8 %"}},
        systematic_uncertainty="6 %",
    )
    liver, tia = found.doses["liver"], found.curves["liver"].tia
    by_mass = 0.08 * sensitivity(lambda m: MALE.own("liver", m), 1600.0)
    of_curve = math.hypot(liver.relative_fit_sd, liver.relative_half_life_sd)
    assert of_curve == approx(tia.sd / tia.value, rel=1e-3)
    assert liver.relative_calibration_sd == approx(0.06)
    assert liver.relative_mass_sd == approx(by_mass)
    assert liver.relative_sd == approx(math.sqrt(of_curve**2 + 0.06**2 + by_mass**2))


def test_systematic_uncertainty_does_not_shrink_with_more_scans():
    # Gear 2018
    times = (1.0, 4.0, 24.0, 48.0, 72.0, 96.0, 120.0, 168.0)
    few, many = (
        measured(washout("liver", 4000.0, times=found), systematic_uncertainty="6 %").doses["liver"]
        for found in (times[2:7:4], times)
    )
    assert many.relative_fit_sd < few.relative_fit_sd
    assert many.relative_calibration_sd == few.relative_calibration_sd == approx(0.06)


def test_curves_are_independent_sources_of_uncertainty():
    found = measured(washout("liver", 4000.0), washout("kidneys", 60000.0, sd="20 %"))
    own = MALE.s["liver", "liver"] * found.curves["liver"].tia.sd
    cross = MALE.s["liver", "kidneys"] * found.curves["kidneys"].tia.sd
    liver = found.doses["liver"]
    of_curves = math.hypot(liver.relative_fit_sd, liver.relative_half_life_sd)
    assert of_curves == approx(math.hypot(own, cross) / liver.dose, rel=0.02)


def test_mass_changes_only_the_self_dose():
    # cross-dose does not scale with the mass
    found = measured(
        washout("liver", 1.0),
        washout("kidneys", 60000.0),
        masses={"liver": {"value": "1800 g", "sd": "10 %"}},
    )
    own = 1.0 * MALE.own("liver", 1800.0)
    by_mass = 0.10 * sensitivity(lambda m: MALE.own("liver", m), 1800.0)
    liver = found.doses["liver"]
    assert liver.relative_mass_sd == approx(by_mass * own / liver.dose, rel=1e-6)


# --- coefficients done elsewhere ----------------------------------------------------------------


def test_supplied_coefficient_times_activity_is_the_dose():
    given = {"liver": {"value": "0.31 Gy/GBq", "sd": "0.05 Gy/GBq"}}
    found = measured(dose_coefficients=given, administered="7.2 GBq").doses["liver"]
    assert (found.dose, found.relative_sd) == (approx(0.31 * 7.2), approx(0.05 / 0.31))
    assert found.dose_rate is None


def test_missing_coefficient_sd_is_20_percent():
    # row coefficient_sd of defaults.csv
    found = measured(dose_coefficients={"liver": "0.31 Gy/GBq"})
    assert found.doses["liver"].relative_sd == approx(0.20)
    assert found.assumptions == (
        "no sd given for the dose coefficient of liver; 20 % of the value used",
    )


def test_calibration_does_not_widen_a_supplied_coefficient():
    found = measured(
        washout("spleen", 900.0),
        dose_coefficients={"liver": "0.31 Gy/GBq"},
        systematic_uncertainty="6 %",
    )
    assert found.doses["liver"].relative_calibration_sd == 0.0


def test_coefficients_of_both_kidneys_give_the_pair_by_mass():
    given = {
        "kidney_left": {"value": "0.4 Gy/GBq", "sd": "0.04 Gy/GBq"},
        "kidney_right": {"value": "0.7 Gy/GBq", "sd": "0.07 Gy/GBq"},
    }
    masses = {"kidney_left": "200 g", "kidney_right": "100 g"}
    found = measured(dose_coefficients=given, masses=masses, administered="10 GBq")
    pair = found.doses["kidneys"]
    assert pair.dose == approx(10 * (200 * 0.4 + 100 * 0.7) / 300)
    assert pair.relative_fit_sd * pair.dose == approx(10 * math.hypot(200 * 0.04, 100 * 0.07) / 300)
    assert any("mass-weighted mean" in line for line in found.assumptions)


def test_a_coefficient_of_one_of_two_kidneys_is_refused():
    # As for measurements: one kidney alone does not make the pair.
    with pytest.raises(InputError):
        measured(dose_coefficients={"kidney_left": "0.4 Gy/GBq"})


def test_coefficient_of_the_pair_gives_no_sides():
    assert doses(dose_coefficients={"kidneys": "0.5 Gy/GBq"}) == {"kidneys": approx(3.7)}
