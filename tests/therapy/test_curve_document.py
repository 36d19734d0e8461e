"""The curves of a measurement file: one report for each region, or everything that is wrong."""

import json

import pytest
from sample_patients import EXAMPLES, patient

from dosimetry import InputError
from dosimetry.therapy.comparison import allowances
from dosimetry.therapy.curves import fit_file

SNMMI = EXAMPLES / "snmmi_patient4.csv"
GIVEN = "7.21 GBq"


def refused(*arguments, **named):
    with pytest.raises(InputError) as caught:
        fit_file(*arguments, **named)
    return [(problem.code, problem.place) for problem in caught.value.problems]


def test_every_region_of_a_file_is_fitted_by_the_model_asked_for():
    found = fit_file(SNMMI, GIVEN, models=["mono", "kidney_left=uptake"])
    models = {curve.region: (curve.model, curve.choice) for curve in found.curves}
    assert models["kidney_left"] == ("uptake", "asked for")
    assert {model for region, model in models.items() if region != "kidney_left"} == {
        ("mono", "asked for")
    }


def test_the_document_of_curves_repeats_to_the_byte():
    one, other = (fit_file(SNMMI, GIVEN).to_json() for _ in range(2))
    assert one == other
    left = json.loads(one)["curves"][0]
    # physics.md, known answers: kidney_left by uptake, 7593.755 MBq h
    assert (left["region"], left["cycle"]) == ("kidney_left", 1)
    assert left["tia_coefficient"]["value"] == pytest.approx(left["tia"]["value"] / 7210, rel=1e-6)


@pytest.mark.parametrize("given", ["0 GBq", "-7.21 GBq"])
def test_an_administered_activity_of_nothing_is_refused(given):
    assert refused(SNMMI, given) == [("not-positive", "--administered")]


def test_an_administered_dose_is_no_activity():
    assert refused(SNMMI, "7.21 Gy") == [("wrong-dimension", "--administered")]


def test_a_model_for_a_region_that_is_not_in_the_file_is_refused():
    assert refused(SNMMI, GIVEN, models=["spleen=mono"]) == [("model-without-curve", "--model")]


def test_every_region_that_cannot_be_fitted_is_named(tmp_path):
    file = tmp_path / "c.csv"
    rows = "".join(f"{r},{t},{a}\n" for r in ("liver", "spleen") for t, a in ((4, 80), (24, 60)))
    file.write_text(f"region,time [h],activity [MBq]\n{rows}", encoding="utf-8")
    found = refused(file, GIVEN, models=["bi"])
    assert found == [("too-few-points", "c.csv: region")] * 2


def test_what_the_limits_allow_is_a_document_too():
    found = json.loads(allowances(patient()).to_json())
    assert found["patient"] == "T-1"
    assert len(found["limits"]) == 3
