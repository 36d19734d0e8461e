"""Rare but valid patient-file input, and its refusals."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from labelled_course import draw, given, label_of, only
from sample_patients import patient

from dosimetry import InputError, Patient
from dosimetry.patient.laboratory import read_draw, read_lab
from dosimetry.patient.measurements.read import read_measurements
from dosimetry.patient.measurements.scan import Measurements
from dosimetry.patient.values import read_estimate
from dosimetry.quantities import Amount, Estimate
from dosimetry.schemas import schema_of

AT = "2026-01-10"
NETTER = {"regimen": "netter-1"}


def refusal(read, *arguments):
    with pytest.raises(InputError) as caught:
        read(*arguments)
    (problem,) = caught.value.problems
    return problem.code, problem.place


def refused(**document):
    given_too = {"patient": {"id": "T-1", "sex": "male"}, "therapy": NETTER}
    with pytest.raises(InputError) as caught:
        Patient.from_dict({**given_too, **document})
    return [(problem.code, problem.place) for problem in caught.value.problems]


# --- estimates ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"value": "160 g", "sd": "8 %", "sigma": 2}, ("unknown-key", "sigma")),
        ({"sd": "8 %"}, ("missing", "")),
        ({"value": "160 h", "sd": "8 %"}, ("wrong-dimension", "value")),
        ({"value": "160 g", "sd": "8 h"}, ("wrong-dimension", "sd")),
        ({"value": "160 g", "sd": "16 kg"}, ("out-of-range", "sd")),
    ],
    ids=["another key", "no value", "value of time", "sd of time", "sd out of proportion"],
)
def test_estimate_has_only_value_and_sd(entry, expected):
    assert refusal(read_estimate, entry, "g") == expected


def test_empty_sd_is_read_as_missing():
    assert read_estimate({"value": "0.16 kg", "sd": None}, "g") == Estimate(160.0, None, "g")


def test_python_estimate_is_accepted_in_any_unit():
    assert read_estimate(Estimate(0.16, 0.01, "kg"), "g") == Estimate(160.0, 10.0, "g")


# --- laboratory ---------------------------------------------------------------------------------


def test_a_value_read_once_is_not_read_again():
    once = read_draw({"at": AT, "platelets": "200 1e9/L"})
    assert read_draw(once) is once
    scans = read_measurements([], Path())
    assert read_measurements(scans, Path()) is scans
    assert isinstance(scans, Measurements)


def test_python_amount_is_accepted_as_laboratory_value():
    assert read_lab("creatinine", Amount(88.42, "umol/L")).value == pytest.approx(1.0)
    assert str(read_lab("haemoglobin", "128 g/L")) == "haemoglobin 128 g/L"


@pytest.mark.parametrize("gap", [None, np.nan], ids=["null", "nan"])
def test_blank_laboratory_cell_is_not_a_value(gap):
    found = read_draw({"at": AT, "platelets": "200 1e9/L", "creatinine": gap})
    assert list(found.values) == ["platelets"]


def test_rule_on_a_change_without_baseline_is_unchecked():
    # creatinine was never measured before the first dose
    labs = [only(-2, platelets="200 1e9/L"), draw(20)]
    found = label_of(given(0), labs)
    assert any("no baseline" in line for line in found.unchecked)


# --- form ---------------------------------------------------------------------------------------


def test_value_that_is_not_a_mapping_is_refused():
    assert refused(masses="200 g") == [("wrong-type", "masses")]
    assert refused(labs=["platelets"]) == [("wrong-type", "labs[0]")]
    assert refused(therapy="netter-1") == [("wrong-type", "therapy")]
    assert refused(cycles="one") == [("wrong-type", "cycles")]


def test_time_of_day_without_minutes_is_refused():
    with pytest.raises(InputError) as caught:
        patient(start="2026-01-12", infusion_time="9 o'clock")
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == ("not-a-time", "therapy.infusion_time")


def test_patient_schema_names_its_dialect_and_sections():
    schema = schema_of("patient")
    assert schema["$schema"].endswith("2020-12/schema")
    assert {"patient", "therapy", "masses", "cycles", "labs"} <= set(schema["properties"])


def test_region_under_two_names_is_refused_as_repeated():
    assert refused(masses={"kidney_left": "160 g", "left_kidney": "170 g"}) == [
        ("region-twice", "masses.left_kidney")
    ]


def test_python_time_of_day_is_accepted():
    given = patient(start="2026-01-12", infusion_time=dt.time(9, 30))
    assert given.therapy.infusion_time == dt.time(9, 30)


def test_key_that_is_not_text_is_refused_at_its_field():
    assert refused(cycles=[{5: "7.4 GBq", "at": AT}]) == [
        ("missing", "cycles[0].administered"),
        ("wrong-type", "cycles[0][5]"),
    ]


def test_unknown_key_of_an_activity_is_refused_at_its_field():
    prepared = {"prepared": "7.4 GBq", "prepared_at": "2026-01-12T09:00", "rest": "60 MBq"}
    found = refused(cycles=[{"administered": prepared, "at": "2026-01-12T09:30"}])
    assert found == [("unknown-key", "cycles[0].administered.rest")]


def test_measurements_of_another_type_are_refused():
    found = refused(cycles=[{"administered": "7.4 GBq", "at": AT, "measurements": 5}])
    assert found == [("wrong-type", "cycles[0].measurements")]


def test_cell_that_is_not_a_number_is_refused():
    table = pd.DataFrame({"region": ["liver"], "time [h]": [[4.0]], "activity [MBq]": [80.0]})
    with pytest.raises(InputError) as caught:
        read_measurements(table, Path())
    assert [problem.code for problem in caught.value.problems] == ["not-a-number"]


@pytest.mark.parametrize(
    ("place", "document", "known"),
    [
        ("zzzz", {"zzzz": 1}, "patient, therapy, masses"),
        ("patient.zzzz", {"patient": {"zzzz": 1}}, "id, sex, age"),
        ("therapy.zzzz", {"therapy": {"zzzz": 1}}, "radiopharmaceutical, regimen"),
        (
            "therapy.regimen.zzzz",
            {"therapy": {"regimen": {"zzzz": 1}}},
            "activity, cycles, interval",
        ),
        (
            "therapy.limits[1].zzzz",
            {"therapy": {"limits": ["kidneys-ad-23", {"zzzz": 1}]}},
            "id, region, quantity, limit, source",
        ),
        (
            "therapy.prior_doses.liver.zzzz",
            {"therapy": {"prior_doses": {"liver": {"zzzz": 1}}}},
            "absorbed_dose, bed, source",
        ),
        ("cycles[0].zzzz", {"cycles": [{"zzzz": 1}]}, "administered, at, measurements"),
        (
            "cycles[0].administered.zzzz",
            {"cycles": [{"administered": {"zzzz": 1}}]},
            "prepared, prepared_at, residual, residual_at",
        ),
        (
            "adverse_events[0].zzzz",
            {"adverse_events": [{"zzzz": 1}]},
            "at, term, grade, ends_treatment",
        ),
    ],
)
def test_unknown_key_gets_the_known_keys_of_its_section(place, document, known):
    with pytest.raises(InputError) as caught:
        Patient.from_dict(document)
    (unknown,) = [problem for problem in caught.value.problems if problem.code == "unknown-key"]
    assert unknown.place == place
    assert unknown.cure.startswith(f"known: {known}")


def test_unknown_key_of_a_region_is_refused_at_its_field():
    dose = {"absorbed_dose": "6 Gy", "source": "me", "doze": "6 Gy"}
    assert refused(therapy={**NETTER, "prior_doses": {"kidneys": dose}}) == [
        ("unknown-key", "therapy.prior_doses.kidneys.doze")
    ]
