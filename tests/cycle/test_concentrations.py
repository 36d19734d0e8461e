"""Doses from concentrations: by volume, by density, and what the masses do to their uncertainty."""

import pytest
from sample_patients import first_dose

import dosimetry
from dosimetry import InputError
from dosimetry.patient.patient import Patient

# Case of public report 10.1186/s40658-025-00769-w (five 2 mL VOIs a kidney), computed apart from
# this program: 46.11 MBq h/mL, / 1.05 g/mL x 0.08532 Gy g/(MBq h) of the electrons is 3.75 Gy.
KIDNEY = ((4, 612.5), (24, 468.75), (72, 237.5), (168, 60.0))  # h, kBq/mL
ELECTRONS = 0.08532  # Gy g/(MBq h)


def patient(volume="", masses=None, concentrations=KIDNEY, region="kidney", **cycle):
    sides = ("kidney_left", "kidney_right") if region == "kidney" else (region,)
    rows = [
        {
            "region": side,
            "time": f"{time} h",
            "concentration": f"{value} kBq/mL",
            **({"volume": volume} if volume else {}),
            **cycle.get("row", {}),
        }
        for side in sides
        for time, value in concentrations
    ]
    given = {"administered": "7.2 GBq", "at": "2026-01-12", "measurements": rows}
    return Patient.from_dict(
        {
            "patient": {"id": "C-1", "sex": "male", "age": "60 year", "weight": "80 kg"},
            "therapy": {"regimen": "netter-1", "estimator": "least-squares"},
            "masses": masses or {},
            "cycles": [given],
        }
    )


def kidneys(of):
    return first_dose(of).doses["kidneys"]


def test_a_concentration_gives_the_dose_by_density():
    found = first_dose(patient())
    curve = found.curves["kidney_left"]
    assert curve.tia.unit == "kBq/mL*h"
    assert curve.tia.value == pytest.approx(46110, rel=5e-4)
    electrons = curve.posterior.mean / 1000 / 1.05 * ELECTRONS
    # The photons of a kidney of 155 g add about 1.5 % (ICRP 89 S values).
    assert 1.010 < found.doses["kidney_left"].dose / electrons < 1.020
    assert any("1.05 g/mL" in line and "left kidney" in line for line in found.assumptions)


def test_a_concentration_with_a_volume_is_an_activity():
    curve = first_dose(patient("160 mL")).curves["kidney_left"]
    assert (curve.tia.unit, curve.tia.value) == ("MBq*h", pytest.approx(7378, rel=2e-4))


def test_volume_and_density_give_the_same_dose():
    # 160 mL at 1.05 g/mL weigh 168 g
    by_volume = kidneys(patient("160 mL"))
    by_density = kidneys(patient(masses={"kidney_left": "168 g", "kidney_right": "168 g"}))
    assert by_density.dose == pytest.approx(by_volume.dose, rel=1e-9)
    assert by_density.relative_sd == pytest.approx(by_volume.relative_sd, rel=1e-9)


@pytest.mark.parametrize("mass", ["100 g", "155 g", "310 g"])
def test_the_mass_cancels_but_for_the_photons(mass):
    found = kidneys(patient(masses={"kidney_left": mass, "kidney_right": mass}))
    assert found.dose == pytest.approx(kidneys(patient()).dose, rel=0.005)


def test_the_sd_of_a_mass_cancels_in_a_dose_by_density():
    wide = {side: {"value": "160 g", "sd": "20 %"} for side in ("kidney_left", "kidney_right")}
    found = kidneys(patient(masses=wide))
    # Photons alone depend on the mass: 1.5 % of the dose, by mass^(1/3) of 20 %
    assert found.relative_mass_sd < 0.015 * 0.2


def test_the_sd_of_a_volume_cancels_where_it_gives_the_mass():
    row = {"row": {"volume sd": "15 %"}}
    assert kidneys(patient("160 mL", **row)).relative_volume_sd < 0.015 * 0.15
    masses = {"kidney_left": "168 g", "kidney_right": "168 g"}
    apart = first_dose(patient("160 mL", masses, **row)).doses["kidney_left"]
    assert apart.relative_volume_sd == pytest.approx(0.15, rel=1e-6)


def test_a_tumour_by_concentration_needs_its_mass():
    weighed = first_dose(patient(region="tumour_1", masses={"tumour_1": "20 g"}))
    # The sphere of 20 g absorbs nearly all of the electrons: 0.97 to 1.03 of them with photons
    tia = weighed.curves["tumour_1"].posterior.mean
    assert weighed.doses["tumour_1"].dose == pytest.approx(tia / 1050 * ELECTRONS, rel=0.04)
    unknown = first_dose(patient(region="tumour_1"))
    assert "tumour_1" not in unknown.doses
    assert "no-mass" in [warning.code for warning in unknown.warnings]


def test_more_than_the_activity_in_an_organ_is_refused():
    # 7200 MBq in the 295 mL of both kidneys are 24,400 kBq/mL; 50,000 cannot be
    with pytest.raises(InputError) as caught:
        patient(concentrations=((4, 60_000.0), (24, 50_000.0)))
    assert {problem.code for problem in caught.value.problems} == {"more-than-administered"}


def test_volumes_of_some_scans_only_are_refused():
    rows = [
        {"region": "liver", "time": "4 h", "concentration": "30 kBq/mL", "volume": "1800 mL"},
        {"region": "liver", "time": "24 h", "concentration": "20 kBq/mL"},
    ]
    with pytest.raises(InputError, match="volume"):
        dosimetry.plan(patient().replace({"cycles[0].measurements": rows}))


@pytest.mark.parametrize("volume", ["", "160 mL"])
def test_the_recalculation_agrees_on_concentrations(volume):
    figures = dosimetry.plan(patient(volume)).second_check
    assert {figure.region for figure in figures} >= {"kidneys", "kidney_left"}
    assert all(figure.passed for figure in figures)


def test_organs_and_vertebrae_stand_in_one_cycle():
    # Case of 10.1186/s13550-018-0459-4: vertebrae in kBq/mL with a recovery of 0.78
    rows = [
        {"region": "kidneys", "time": f"{t} h", "activity": f"{a} MBq"}
        for t, a in ((4, 196), (24, 150), (72, 76), (168, 19))
    ]
    marrow = [
        {"region": "red_marrow", "time": f"{t} h", "concentration": f"{c} kBq/mL", "recovery": r}
        for t, c, r in ((4, 45, 0.78), (24, 20, 0.78), (72, 9, 0.78), (168, 3, 0.78))
    ]
    found = first_dose(patient().replace({"cycles[0].measurements": [*rows, *marrow]}))
    assert found.curves["kidneys"].tia.unit == "MBq*h"
    assert found.curves["red_marrow"].activity == pytest.approx(
        [45 / 0.78, 20 / 0.78, 9 / 0.78, 3 / 0.78]
    )
