"""Uncertainty that more scans do not reduce: calibration by region, recovery, volume.

Independent errors add in quadrature, one error of several sources adds linearly; each expected
value is computed here from the contributions to the dose.
"""

import math

import pytest
from recalculated_plan import Phantom
from sample_patients import cycle, patient, regimen, region_of, washout

import dosimetry

MALE = Phantom("male")
DENSITY = 1.05  # g/mL, table defaults
EXACT = {"systematic_uncertainty": "0 %"}
SIDES = ("kidney_left", "kidney_right")


def recovery(region, sd, tia=3000.0, **columns):
    return washout(region, tia, recovery="0.8", **{"recovery sd": sd}, **columns)


def sized(region, volume, sd=None, tia=3000.0):
    columns = {"volume": f"{volume!r} mL", **({"volume sd": sd} if sd else {})}
    return washout(region, tia, **columns)


def measured(region, *curves, masses=None, **fields):
    made = dosimetry.plan(patient(cycle(*curves, **fields), masses=masses))
    return region_of(made.cycles[0].regions, region)


def budget(region, *curves, **named):
    """Relative sd by cause."""
    found = measured(region, *curves, **named)
    return {part.cause: part.sd.value / found.absorbed_dose.value for part in found.uncertainty}


def shares(region, *curves, **named):
    """Contributions as shares of the dose."""
    found = measured(region, *curves, **named)
    return {
        part.source: part.absorbed_dose.value / found.absorbed_dose.value
        for part in found.contributions
    }


def test_every_cause_of_a_region_adds_up_to_its_sd():
    scans = {"recovery": "0.8", "recovery sd": "6 %", "volume": "276 mL", "volume sd": "10 %"}
    curves = (washout("kidneys", 3000.0, sd="8 %", **scans), sized("liver", 1700.0))
    masses = {"liver": {"value": "1800 g", "sd": "8 %"}}
    found = measured("kidneys", *curves, masses=masses)
    causes = ["counting and fit", "half-life", "systematic", "recovery", "volume"]
    assert [part.cause for part in found.uncertainty] == causes
    parts = [part.sd.value for part in found.uncertainty]
    assert math.hypot(*parts) == pytest.approx(found.absorbed_dose.sd, rel=1e-9)


# --- recovery -----------------------------------------------------------------------------------


def test_recovery_sd_is_in_the_sd_of_the_dose():
    # 6 % of the recovery, 5 % calibration: sd(D)/D = sqrt(0.06^2 + 0.05^2) beside the exact scans
    given = (recovery("liver", "6 %"),)
    found = budget("liver", *given, systematic_uncertainty="5 %")
    assert (found["recovery"], found["systematic"]) == pytest.approx((0.06, 0.05), rel=1e-9)
    dose = measured("liver", *given, systematic_uncertainty="5 %").absorbed_dose
    assert dose.sd / dose.value == pytest.approx(math.hypot(0.06, 0.05), rel=1e-3)


def test_recovery_sd_does_not_change_the_dose():
    dose = measured("liver", recovery("liver", "6 %"), **EXACT).absorbed_dose
    without = measured("liver", washout("liver", 3000.0, recovery="0.8"), **EXACT).absorbed_dose
    assert dose.value == without.value


def test_recovery_sd_is_common_to_all_scans_of_a_region():
    few, many = (
        budget("liver", recovery("liver", "6 %", times=times), **EXACT)["recovery"]
        for times in ((24.0, 120.0), (4.0, 24.0, 48.0, 72.0, 120.0, 168.0))
    )
    assert few == pytest.approx(0.06, rel=1e-9)
    assert many == pytest.approx(0.06, rel=1e-9)


def test_largest_recovery_sd_of_a_region_counts():
    scans = recovery("liver", "6 %")
    scans[1] |= {"recovery sd": "4 %"}
    assert budget("liver", scans, **EXACT)["recovery"] == pytest.approx(0.06, rel=1e-9)


def test_recovery_errors_of_two_regions_are_independent():
    # the pair is the mean of its sides by mass, here equal ones with 3000/0.8 = 3750 MBq h each
    pair = budget("kidneys", *(recovery(side, "6 %") for side in SIDES), **EXACT)
    assert pair["recovery"] == pytest.approx(0.06 / math.sqrt(2), rel=1e-6)
    one = budget("kidneys", recovery("kidney_left", "6 %"), washout("kidney_right", 3750.0))
    assert one["recovery"] == pytest.approx(0.03, rel=1e-6)


def test_recovery_of_a_neighbour_enters_with_its_cross_dose():
    curves = (washout("liver", 3000.0), recovery("kidneys", "50 %"))
    cross = shares("liver", *curves, **EXACT)["kidneys"]
    assert budget("liver", *curves, **EXACT)["recovery"] == pytest.approx(0.5 * cross, rel=1e-9)


def test_recovery_of_an_inner_region_is_taken_from_the_outer():
    # D(liver) ~ 5000 - 1000 MBq h: 10 % of the tumour's 1000 MBq h are 2.5 % of what is left
    curves = (washout("liver", 5000.0), recovery("tumour_1", "10 %", 1000.0 * 0.8))
    given = {"contains": {"liver": ["tumour_1"]}, "masses": {"tumour_1": "20 g"}, **EXACT}
    assert budget("liver", *curves, **given)["recovery"] == pytest.approx(0.025, rel=1e-6)


def test_recovery_of_the_blood_enters_the_marrow():
    samples = [
        {
            "time": f"{t} h",
            "concentration": f"{40 * 2 ** (-t / 20)!r} kBq/mL",
            "sd": "0.0001 %",
            "recovery": "1",
            "recovery sd": "3 %",
        }
        for t in (1, 8, 24)
    ]
    body = washout("total_body", 60_000.0, 60.0)
    own = shares("red_marrow", body, blood=samples, **EXACT)
    found = budget("red_marrow", body, blood=samples, **EXACT)["recovery"]
    # the marrow's activity is taken out of the remainder, which it irradiates less than itself
    assert 0.8 * 0.03 * own["red_marrow"] < found <= 0.03 * own["red_marrow"]


# --- volume -------------------------------------------------------------------------------------


def test_volume_sd_is_the_sd_of_the_mass_by_volume():
    # electrons go with 1/m, photons with m^(-2/3) (docs/method.md)
    mass = 290.0
    found = budget("kidneys", sized("kidneys", mass / DENSITY, "10 %"), **EXACT)
    electrons = MALE.delta / mass / MALE.own("kidneys", mass)
    assert found["volume"] == pytest.approx(0.1 * (electrons + (1 - electrons) * 2 / 3), rel=1e-3)
    assert "mass" not in found


def test_volume_sd_does_not_fall_with_the_number_of_scans():
    row = {"volume": "276 mL", "volume sd": "10 %"}
    few, many = (
        budget("kidneys", washout("kidneys", 3000.0, times=times, **row), **EXACT)["volume"]
        for times in ((24.0, 120.0), (4.0, 24.0, 72.0, 120.0))
    )
    assert many == pytest.approx(few, rel=1e-6)


def test_volumes_of_the_sides_are_independent():
    pair = budget("kidneys", *(sized(side, 140.0, "10 %") for side in SIDES), **EXACT)["volume"]
    side = budget("kidney_left", *(sized(side, 140.0, "10 %") for side in SIDES), **EXACT)["volume"]
    assert pair == pytest.approx(side / math.sqrt(2), rel=1e-6)


def test_mass_of_the_patient_file_stays_the_cause_mass():
    masses = {"kidneys": {"value": "290 g", "sd": "10 %"}}
    curve = sized("kidneys", 276.0, "20 %")
    found = budget("kidneys", curve, masses=masses, **EXACT)
    assert "volume" not in found
    assert found["mass"] < 0.1


def test_volume_without_sd_counts_as_exact():
    assert "volume" not in budget("kidneys", sized("kidneys", 276.0), **EXACT)


def test_volume_with_sd_is_not_said_to_be_exact():
    for sd, said in ((None, True), ("10 %", False)):
        made = dosimetry.plan(patient(cycle(sized("kidneys", 276.0, sd))))
        lines = " ".join(made.assumptions)
        assert ("no uncertainty given for the mass of kidneys" in lines) is said


# --- calibration by region ----------------------------------------------------------------------


def test_calibration_by_region_adds_linearly_over_sources():
    # one error of all regions: sd(D) = sum of s_k D_k, here 20 % of the kidneys' share of the liver
    curves = (washout("liver", 3000.0), washout("kidneys", 3000.0))
    given = {"systematic_uncertainty": {"liver": "5 %", "kidneys": "20 %"}}
    share = shares("liver", *curves)
    expected = 0.05 * share["liver"] + 0.20 * share["kidneys"]
    assert budget("liver", *curves, **given)["systematic"] == pytest.approx(expected, rel=1e-9)


def test_region_without_its_own_has_ten_percent():
    curves = (washout("liver", 3000.0), washout("kidneys", 3000.0))
    share = shares("kidneys", *curves)
    found = budget("kidneys", *curves, systematic_uncertainty={"liver": "0 %"})["systematic"]
    assert found == pytest.approx(0.10 * share["kidneys"], rel=1e-9)


def test_calibration_of_the_pair_serves_its_sides():
    curves = [washout(side, 3000.0) for side in SIDES]
    found = budget("kidneys", *curves, systematic_uncertainty={"kidneys": "4 %"})
    assert found["systematic"] == pytest.approx(0.04, rel=1e-9)


def test_inner_region_keeps_its_calibration():
    # liver 5000 - 1000 MBq h: (5 % of 5000 - 20 % of 1000)/4000 = 1.25 %
    curves = (washout("liver", 5000.0), washout("tumour_1", 1000.0))
    given = {"contains": {"liver": ["tumour_1"]}, "masses": {"tumour_1": "20 g"}}
    sds = {"liver": "5 %", "tumour_1": "20 %"}
    found = budget("liver", *curves, systematic_uncertainty=sds, **given)["systematic"]
    assert found == pytest.approx(0.0125, rel=1e-6)


def test_calibration_of_the_coefficients_own_region_is_not_used():
    coefficient = {"kidneys": {"value": "0.5 Gy/GBq", "sd": "10 %"}}
    for given, warned in (({"liver": "5 %"}, False), ("5 %", True)):
        one = cycle(
            washout("liver", 3000.0), dose_coefficients=coefficient, systematic_uncertainty=given
        )
        codes = [warning.code for warning in dosimetry.plan(patient(one)).warnings]
        assert ("systematic-not-used" in codes) is warned


# --- over the course ----------------------------------------------------------------------------


def course(*curves, masses=None, **fields):
    """Relative sd of the kidneys over two measured cycles."""
    cycles = [cycle(*curves, at=at, **fields) for at in ("2026-01-12", "2026-03-09")]
    made = dosimetry.plan(patient(*cycles, regimen=regimen(7.4, 2), masses=masses))
    found = region_of(made.cumulative, "kidneys").absorbed_dose
    return found.sd / found.value


def test_recovery_error_is_shared_by_the_cycles_like_calibration():
    # both are one error of every cycle, so that the same size has the same effect on the course
    by_recovery = course(recovery("kidneys", "10 %"), **EXACT)
    by_calibration = course(
        washout("kidneys", 3000.0, recovery="0.8"), systematic_uncertainty="10 %"
    )
    assert by_recovery == pytest.approx(by_calibration, rel=1e-9)


def test_volume_error_is_shared_by_the_cycles_like_mass():
    mass = {"kidneys": {"value": f"{276.0 * DENSITY!r} g", "sd": "10 %"}}
    by_volume = course(sized("kidneys", 276.0, "10 %"), **EXACT)
    by_mass = course(washout("kidneys", 3000.0), masses=mass, **EXACT)
    assert by_volume == pytest.approx(by_mass, rel=1e-9)


def test_recalculation_is_the_same_with_and_without_sds():
    def recalculated(**more):
        columns = {"volume": "276 mL", "recovery": "0.8", **more}
        curve = washout("kidneys", 3000.0, **columns)
        return dosimetry.plan(patient(cycle(curve, **EXACT))).second_check

    without = recalculated()
    found = recalculated(**{"volume sd": "10 %", "recovery sd": "6 %"})
    assert found == without
    assert all(figure.passed for figure in found)
