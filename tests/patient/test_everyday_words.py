"""Everyday words of a patient file: the sex, the age, a date in another notation."""

import datetime as dt
import re

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosimetry import InputError, Patient
from dosimetry.patient.date_readings import readings
from dosimetry.patient.values import read_amount, read_moment
from dosimetry.schemas import schema_of

VALIDATOR = jsonschema.Draft202012Validator(schema_of("patient"))


def patient(**person):
    return Patient.from_dict(
        {"patient": {"id": "W-1", "sex": "male", **person}, "therapy": {"regimen": "netter-1"}}
    )


def refusal(call, *arguments, **named):
    with pytest.raises(InputError) as caught:
        call(*arguments, **named)
    (problem,) = caught.value.problems
    return problem


SEXES = {
    "male": ("male", "m", "männlich", "maennlich"),
    "female": ("female", "f", "w", "weiblich"),
}


@pytest.mark.parametrize(("sex", "word"), [(sex, word) for sex, of in SEXES.items() for word in of])
def test_sex_is_read_in_words_that_cannot_mean_the_other(sex, word):
    for spelled in (word, word.upper(), word.capitalize()):
        assert patient(sex=spelled).person.sex == sex
        document = {"patient": {"id": "W-1", "sex": spelled}, "therapy": {"regimen": "netter-1"}}
        VALIDATOR.validate(document)


@pytest.mark.parametrize("word", ["d", "divers", "x", "other", "unknown"])
def test_another_sex_is_refused_with_what_the_phantoms_are(word):
    problem = refusal(patient, sex=word)
    assert (problem.code, problem.place) == ("unknown-word", "patient.sex")
    assert "two phantoms, an adult male and an adult female" in problem.cure


@pytest.mark.parametrize("word", ["mann", "h", "", "1", 1, None])
def test_other_word_for_the_sex_is_refused(word):
    assert refusal(patient, sex=word).message.endswith("is not one of male, female")


@pytest.mark.parametrize("age", ["60 y", "60 yr", "60 years", "60 a", "720 h"])
def test_age_is_read_in_every_usual_unit(age):
    if age == "720 h":
        assert refusal(patient, age=age).code == "not-an-adult"
    else:
        assert patient(age=age).person.age.value == 60.0


@pytest.mark.parametrize(("age", "cure"), [("60", "60 year"), ("60 yo", "write year")])
def test_age_without_a_certain_unit_names_the_right_form(age, cure):
    assert cure in refusal(patient, age=age).cure


def test_weight_in_pounds_and_height_in_inches_are_exact():
    person = patient(weight="180 lb", height="71 in").person
    assert person.weight.value == pytest.approx(81.6466266, rel=1e-14)  # 180 x 0.45359237 kg
    assert person.height.value == pytest.approx(180.34, rel=1e-14)  # 71 x 2.54 cm


def test_height_in_feet_is_refused_in_the_patient_file():
    problem = refusal(patient, height="5 ft 11 in")
    assert (problem.code, problem.place) == ("in-feet", "patient.height")


@pytest.mark.parametrize(
    ("value", "meant"),
    [("7400 mBq", "7400 MBq"), ("7.4e3 mBq", "7.4e3 MBq"), ("200 MCi", "200 mCi")],
)
def test_milli_in_place_of_mega_is_refused_with_what_was_meant(value, meant):
    problem = refusal(read_amount, value, "MBq")
    assert problem.code == "out-of-range"
    assert problem.cure == f"did you mean {meant}?"


@pytest.mark.parametrize(
    ("value", "unit"), [("1e9 GBq", "MBq"), ("1e-9 MBq", "MBq"), ("1e-9 mg", "g")]
)
def test_no_prefix_is_suggested_that_does_not_help(value, unit):
    assert "did you mean" not in refusal(read_amount, value, unit).cure


def test_pint_quantity_out_of_range_has_no_other_case():
    import pint

    quantity = pint.get_application_registry().Quantity(1e-9, "MBq")
    assert refusal(read_amount, quantity, "MBq").cure == "check the number and its unit"


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("01/02/2026", ["2026-02-01", "2026-01-02"]),
        ("1/2/2026", ["2026-02-01", "2026-01-02"]),
        ("01-02-2026", ["2026-02-01", "2026-01-02"]),
        ("13/02/2026", ["2026-02-13"]),
        ("02/13/2026", ["2026-02-13"]),
        ("02/02/2026", ["2026-02-02"]),
        ("12.01.2026", ["2026-01-12"]),
        ("12. 1. 2026", ["2026-01-12"]),
        ("2026/01/12", ["2026-01-12"]),
        ("2026.1.12", ["2026-01-12"]),
        ("2026-1-12", ["2026-01-12"]),
        ("20260112", ["2026-01-12"]),
        ("31.02.2026", []),
        ("32/13/2026", []),
        ("12.01.26", []),
        ("12 January 2026", []),
        ("01/02-2026", []),
        ("٠١/٠٢/٢٠٢٦", []),
        ("", []),
    ],
)
def test_date_in_another_notation_has_its_readings(text, dates):
    assert [day.isoformat() for day in readings(text)] == dates
    problem = refusal(read_moment, text)
    assert problem.code == "not-a-date"
    assert all(date in problem.cure for date in dates)
    assert dates or "write YYYY-MM-DD" in problem.cure


def test_both_readings_of_a_date_are_written_out():
    problem = refusal(read_moment, "01/02/2026")
    readings_of_both = "2026-02-01 (1 February 2026) or 2026-01-02 (2 January 2026)"
    assert problem.cure == f"write it as YYYY-MM-DD: {readings_of_both}"


def test_time_of_day_is_kept_in_the_reading():
    cure = refusal(read_moment, "12.01.2026 9:30").cure
    assert cure.startswith("write it as YYYY-MM-DD: 2026-01-12T09:30 (12 January 2026)")


@given(st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31)), st.sampled_from("./-"))
def test_every_reading_offered_is_read(day, sign):
    text = f"{day.day:02}{sign}{day.month:02}{sign}{day.year}"
    cure = refusal(read_moment, text).cure
    offered = [read_moment(date) for date in re.findall(r"\d{4}-\d\d-\d\d", cure)]
    assert day in offered
    assert len(offered) == (2 if sign != "." and day.day <= 12 and day.day != day.month else 1)
