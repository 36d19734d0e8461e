"""Uncertainty of a measured dose by cause.

Source: Gear 2018. Counting and fit, half-life, systematic and mass are independent and add up in
quadrature; the part of each cause is computed here. Recovery, volume and calibration by region:
test_shared_sds.py.
"""

import json
import math

import pytest
from recalculated_plan import Phantom
from sample_patients import EXACT, cycle, patient, regimen, region_of, washout

import dosimetry
from dosimetry import Patient

MALE = Phantom("male")
CAUSES = {"counting and fit", "half-life", "systematic", "mass"}
HALF_LIFE, TIME = 50.0, 72.0  # h
SIDES = ("kidney_left", "kidney_right")


def one_scan(region, activity=60.0, sd="8 %", time=TIME):
    return [{"region": region, "time": f"{time!r} h", "activity": f"{activity!r} MBq", "sd": sd}]


def planned(*curves, masses=None, half_lives=None, **fields):
    return dosimetry.plan(
        Patient.from_dict(
            {
                "patient": {"id": "U-1", "sex": "male"},
                "therapy": {"regimen": "netter-1"},
                "masses": masses or {},
                "effective_half_lives": half_lives or {},
                "cycles": [cycle(*curves, **fields)],
            }
        )
    )


def entry(region, *curves, **named):
    return region_of(planned(*curves, **named).cycles[0].regions, region)


def budget(region, *curves, **named):
    """Relative sd by cause."""
    found = entry(region, *curves, **named)
    return {part.cause: part.sd.value / found.absorbed_dose.value for part in found.uncertainty}


def kidneys(sd="8 %", mass="10 %", half_life="15 %", systematic="5 %"):
    """Budget of the kidneys by one scan, with one sd for each cause."""
    return budget(
        "kidneys",
        one_scan("kidneys", sd=sd),
        masses={"kidneys": {"value": "290 g", "sd": mass}},
        half_lives={"kidneys": {"value": f"{HALF_LIFE!r} h", "sd": half_life}},
        systematic_uncertainty=systematic,
    )


USUAL = kidneys()


# --- the parts add up ---------------------------------------------------------------------------


def document():
    """A plan with every kind of region, as other programs read it."""
    blood = [
        {"time": f"{t} h", "concentration": f"{40 * 2 ** (-t / 20)!r} kBq/mL", "sd": "4 %"}
        for t in (1, 8, 24)
    ]
    made = planned(
        washout("kidney_left", 3000.0, sd="6 %"),
        one_scan("kidney_right"),
        washout("liver", 4000.0, 70.0),
        washout("tumour_1", 500.0, 80.0),
        washout("total_body", 60_000.0, 60.0, sd="3 %"),
        masses={"kidney_left": {"value": "150 g", "sd": "8 %"}, "tumour_1": "14 g"},
        half_lives={"kidney_right": {"value": "50 h", "sd": "6 h"}},
        systematic_uncertainty="5 %",
        blood=blood,
    )
    return json.loads(made.to_json())["cycles"][0]["regions"]


def test_the_parts_of_every_measured_region_add_up_to_its_sd():
    measured = [region for region in document() if region["basis"] == "measured"]
    names = {region["region"] for region in measured}
    assert {"kidneys", *SIDES, "liver", "tumour_1", "red_marrow", "total_body"} <= names
    for region in measured:
        parts = [part["sd"]["value"] for part in region["uncertainty"]]
        assert math.hypot(*parts) == pytest.approx(region["absorbed_dose"]["sd"], rel=1e-9)


def test_every_part_is_a_positive_sd_in_gray_listed_once():
    for region in document():
        causes = [part["cause"] for part in region["uncertainty"]]
        assert set(causes) <= CAUSES
        assert len(set(causes)) == len(causes)
        for part in region["uncertainty"]:
            assert part["sd"]["unit"] == "Gy"
            assert part["sd"]["value"] > 0


def test_a_region_that_was_not_measured_has_no_budget():
    for region in document():
        assert (region["uncertainty"] == []) is (region["basis"] not in ("measured", "partial"))


# --- each part is that of its own input ---------------------------------------------------------


def test_every_cause_of_one_scan_is_in_the_budget():
    assert set(USUAL) == CAUSES


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"sd": "4 %"}, "counting and fit"),
        ({"mass": "5 %"}, "mass"),
        ({"systematic": "2.5 %"}, "systematic"),
        ({"half_life": "7.5 %"}, "half-life"),
    ],
)
def test_each_part_reacts_to_its_own_input_only(given, cause):
    # half of the input; what it changes in the value (of one scan: the median) is under 1 %
    changed = kidneys(**given)
    for name in CAUSES - {cause}:
        assert changed[name] == pytest.approx(USUAL[name], rel=0.01)
    assert changed[cause] < 0.6 * USUAL[cause]


def test_systematic_part_equals_the_value_of_the_cycle():
    assert USUAL["systematic"] == pytest.approx(0.05, rel=1e-9)


def test_counting_part_equals_the_sd_of_the_scan():
    # log-normal about the curve, so exp(0.08^2) - 1 is its relative variance
    assert USUAL["counting and fit"] == pytest.approx(math.sqrt(math.expm1(0.0064)), rel=2e-3)


def test_mass_part_is_its_relative_sd_corrected_for_photons():
    # electrons go with 1/m, photons with m^(-2/3) (docs/method.md)
    electrons = MALE.delta / 290.0
    share = electrons / MALE.own("kidneys", 290.0)
    assert USUAL["mass"] == pytest.approx(0.10 * (share + (1 - share) * 2 / 3), rel=1e-3)


def test_half_life_part_is_the_change_of_the_tia():
    # d ln(T 2^(ts/T))/d ln T = 1 - ts ln 2/T; small sd, so that the delta method holds at 150 h
    found = budget(
        "kidneys",
        one_scan("kidneys", 20.0, time=150.0),
        half_lives={"kidneys": {"value": f"{HALF_LIFE!r} h", "sd": "1 %"}},
    )
    slope = abs(1 - 150.0 * math.log(2) / HALF_LIFE)
    assert found["half-life"] == pytest.approx(0.01 * slope, rel=0.02)


def test_curve_part_equals_the_sd_of_the_tia():
    made = planned(
        washout("kidneys", 3000.0, sd="6 %", times=(4.0, 24.0, 72.0, 168.0)),
        systematic_uncertainty="0 %",
    )
    area = made.curves[0].tia
    found = region_of(made.cycles[0].regions, "kidneys")
    of_curve = [
        part.sd.value
        for part in found.uncertainty
        if part.cause in ("counting and fit", "half-life")
    ]
    sd = math.hypot(*of_curve) / found.absorbed_dose.value
    assert sd == pytest.approx(area.sd / area.value, rel=1e-3)


# --- where a part is absent ---------------------------------------------------------------------


def test_half_life_part_falls_with_the_number_of_scans():
    early = (24.0, 48.0, 120.0, 168.0)
    parts = [
        budget("kidneys", washout("kidneys", 3000.0, sd="8 %", times=early[:count]))["half-life"]
        for count in (1, 2, 4)
    ]
    assert parts == sorted(parts, reverse=True)
    assert parts[-1] < 0.2 * parts[0]


def test_exact_input_is_not_in_the_budget():
    exact = {"systematic_uncertainty": "0 %"}
    assert set(budget("kidneys", washout("kidneys", 3000.0), **exact)) == {
        "counting and fit",
        "half-life",
    }
    found = budget("kidneys", washout("kidneys", 3000.0), systematic_uncertainty="7 %")
    assert set(found) == {"counting and fit", "half-life", "systematic"}
    found = budget("kidneys", washout("kidneys", 3000.0), masses={"kidneys": "290 g"}, **exact)
    assert set(found) == {"counting and fit", "half-life"}


def test_missing_systematic_uncertainty_is_ten_percent():
    # physics.md, section 3: with the fit's 6 % it makes 11.7 %
    found = budget("kidneys", one_scan("kidneys", sd="6 %"))
    assert found["systematic"] == pytest.approx(0.10, rel=1e-9)
    assert math.hypot(found["counting and fit"], found["systematic"]) == pytest.approx(
        0.117, abs=0.0005
    )


def test_supplied_coefficient_gets_no_systematic_uncertainty():
    found = budget("kidneys", dose_coefficients={"kidneys": {"value": "0.4 Gy/GBq", "sd": "8 %"}})
    assert found == {"supplied coefficient": pytest.approx(0.08)}


def test_liver_half_life_reaches_kidneys_only_by_cross_dose():
    curves = [washout("kidneys", 3000.0), one_scan("liver")]
    own, other = budget("kidneys", *curves), budget("liver", *curves)
    assert other["half-life"] > 0.05
    assert 0 < own["half-life"] < 0.001


def test_marrow_mass_sd_does_not_enter_a_dose_from_blood():
    # the mass cancels in the self-dose
    samples = [
        {"time": f"{t} h", "concentration": f"{40 * 2 ** (-t / 20)!r} kBq/mL", "sd": EXACT}
        for t in (1, 8, 24)
    ]
    masses = {"red_marrow": {"value": "1170 g", "sd": "20 %"}}
    found = budget("red_marrow", blood=samples, masses=masses)
    assert set(found) == {"counting and fit", "half-life", "systematic"}


def test_supplied_coefficient_has_only_its_own_sd():
    found = entry(
        "kidneys",
        dose_coefficients={"kidneys": {"value": "0.4 Gy/GBq", "sd": "0.05 Gy/GBq"}},
        systematic_uncertainty="5 %",
    )
    (part,) = found.uncertainty
    assert (part.cause, part.sd.value) == (
        "supplied coefficient",
        pytest.approx(0.05 * 7.4),
    )


def test_kidneys_average_counting_and_share_calibration():
    found = budget(
        "kidneys", *(washout(side, 3000.0) for side in SIDES), systematic_uncertainty="5 %"
    )
    one = budget("kidney_left", *(washout(side, 3000.0) for side in SIDES))
    assert found["counting and fit"] == pytest.approx(one["counting and fit"] / math.sqrt(2))
    assert found["systematic"] == pytest.approx(0.05)


# --- over the course ----------------------------------------------------------------------------


def two_cycles(sd, times=(TIME, TIME), **fields):
    """Relative sd of the kidneys' dose of a course of two cycles, both measured by one scan."""
    scans = [one_scan("kidneys", 120.0 * 2 ** (-time / 51.0), sd, time) for time in times]
    cycles = [
        cycle(scan, at=at, **fields)
        for scan, at in zip(scans, ("2026-01-12", "2026-03-09"), strict=True)
    ]
    made = dosimetry.plan(patient(*cycles, regimen=regimen(7.4, 2)))
    found = region_of(made.cumulative, "kidneys").absorbed_dose
    return found.sd / found.value


def test_calibration_error_does_not_average_out_over_cycles():
    # docs/method.md, prediction: e_s is shared by all measured cycles, e_c is of the cycle alone
    shared = two_cycles("1 %", systematic_uncertainty="10 %")
    own = two_cycles("10.05 %", systematic_uncertainty="0 %")
    assert shared > 1.2 * own


def test_half_life_error_cancels_in_early_and_late_scans():
    # d ln(area)/d ln T = 1 - ts ln 2/T is 0.67 at 24 h and -0.67 at 123 h for the table's 51 h
    early, late, mixed = (
        two_cycles("1 %", times, systematic_uncertainty="0 %")
        for times in ((24.0,) * 2, (123.0,) * 2, (24.0, 123.0))
    )
    assert early > 0.1
    assert late > 0.1
    assert mixed < 0.5 * min(early, late)
