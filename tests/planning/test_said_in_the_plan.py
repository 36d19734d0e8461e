"""Unused input and assumptions are reported in the plan."""

import pytest
from labelled_course import date, draw
from labelled_course import planned as labelled
from sample_patients import codes, cycle, planned, region_of, washout

import dosimetry
from dosimetry import InputError

pytestmark = pytest.mark.slow  # whole plans and pages

KIDNEYS = washout("kidneys", 15000.0)
BLOOD = [
    {"time": "4 h", "concentration": "50 kBq/mL"},
    {"time": "24 h", "concentration": "8 kBq/mL"},
]


def test_empty_list_of_limits_is_reported():
    made = planned(cycle(KIDNEYS), limits=[])
    assert made.flags == ()
    assert "no-limits" in codes(made.warnings)
    assert "no-limits" not in codes(planned(cycle(KIDNEYS)).warnings)


def test_systematic_uncertainty_skips_supplied_coefficients():
    given = {"kidneys": {"value": "0.5 Gy/GBq", "sd": "10 %"}}
    made = planned(cycle(dose_coefficients=given, systematic_uncertainty="10 %"))
    (warning,) = [one for one in made.warnings if one.code == "systematic-not-used"]
    assert warning.place == "cycles[0].systematic_uncertainty"
    dose = region_of(made.cycles[0].regions, "kidneys").absorbed_dose
    assert dose.sd == pytest.approx(0.1 * dose.value)
    measured = planned(cycle(KIDNEYS, systematic_uncertainty="10 %"))
    assert "systematic-not-used" not in codes(measured.warnings)


@pytest.mark.parametrize(
    ("mass", "said"), [(None, True), ("310 g", True), ({"value": "310 g", "sd": "8 %"}, False)]
)
def test_mass_without_sd_is_an_assumption(mass, said):
    made = planned(cycle(KIDNEYS), masses={"kidneys": mass} if mass else None)
    assert ("no uncertainty given for the mass of kidneys; 0 % used" in made.assumptions) == said


def test_cancelling_marrow_mass_is_not_an_assumption():
    made = planned(cycle(blood=BLOOD))
    assert not any("no uncertainty given for the mass" in line for line in made.assumptions)


def test_residual_without_a_time_is_an_assumption():
    made = planned(cycle(administered={"prepared": "7.42 GBq", "residual": "55 MBq"}))
    for name in ("prepared", "residual"):
        words = f"cycle 1: the {name} activity has no time; its value is used at the injection"
        assert words in made.assumptions
    alone = planned(cycle(administered={"prepared": "7.42 GBq"}))
    assert not any("the residual activity" in line for line in alone.assumptions)


def test_marrow_ratio_without_blood_is_reported_unused():
    made = planned(cycle(KIDNEYS), marrow_to_blood_ratio="plasma")
    assert "ratio-not-used" in codes(made.warnings)
    assert "ratio-not-used" not in codes(planned(cycle(blood=BLOOD)).warnings)


def test_volume_of_blood_is_refused():
    with pytest.raises(InputError, match="column 'volume' is not known"):
        planned(cycle(blood=[{**sample, "volume": "5 mL"} for sample in BLOOD]))


def test_rounding_residue_is_not_a_contribution():
    # S(heart wall <- tumour) is none: of total body less tumour only rounding would stay
    scans = [washout("total_body", 300000.0), KIDNEYS, washout("tumour_1", 900.0)]
    made = planned(cycle(*scans), masses={"tumour_1": "20 g"})
    for region in made.cycles[0].regions:
        for part in region.contributions:
            assert abs(part.absorbed_dose.value) > 1e-12 * region.absorbed_dose.value


def test_day_of_a_dose_follows_the_time_zone_of_the_course():
    # 23:30 in Greenwich is half past eight of the next day in Tokyo
    late = [{"administered": "7.4 GBq", "at": "2026-01-11T23:30:00Z"}]
    made = labelled(late, [draw(-2)], time_zone="Asia/Tokyo")
    assert made.cycles[0].at == f"{date(0)}T08:30:00+09:00"
    assert made.cycles[1].at == date(56)
    dose = next(event for event in made.calendar if event.kind == "dose")
    assert dose.at[:10] == made.cycles[0].at[:10]
    interval = labelled(
        [*late, {"administered": "7.4 GBq", "at": date(42)}], [draw(-2)], time_zone="Asia/Tokyo"
    )
    assert "interval-short" not in codes(interval.warnings)  # six weeks by the local days
    assert dosimetry.Patient.from_dict(
        {
            "patient": {"id": "T", "sex": "male"},
            "therapy": {"regimen": "netter-1", "start": date(0), "time_zone": "Asia/Tokyo"},
            "cycles": late,
        }
    )
