"""Laboratory values of the patient file: strict reading, refusals with the likely cure."""

import pandas as pd
import pint
import pytest
from labelled_course import PERSON, date, draw, given, label_of, planned

import dosimetry
from dosimetry import InputError, Patient
from dosimetry.patient.laboratory import read_lab

Q = pint.get_application_registry().Quantity


def refused(**section):
    with pytest.raises(InputError) as caught:
        Patient.from_dict(
            {"patient": PERSON, "therapy": {"regimen": "netter-1"}, **section}, source="p.yaml"
        )
    return [(p.code, p.place, f"{p.message} {p.cure}") for p in caught.value.problems]


def refused_lab(**values):
    (problem,) = refused(labs=[{"at": "2026-01-10", **values}])
    return problem


def test_an_unknown_analyte_names_the_nearest():
    code, place, words = refused_lab(hemaglobin="12.8 g/dL")
    assert (code, place) == ("unknown-analyte", "p.yaml: labs[0].hemaglobin")
    assert "nearest: haemoglobin" in words
    assert "nearest: platelets" in refused_lab(platlets="200 1e9/L")[2]
    assert "known: platelets, neutrophils" in refused_lab(zzz="1 g/L")[2]


IMPOSSIBLE = {
    # value, and the unit that was meant
    "haemoglobin": [("128 g/dL", "g/L"), ("12.8 g/L", "g/dL or mmol/L"), ("1.1 g/dL", "")],
    "creatinine": [("78 mg/dL", "umol/L"), ("0.9 umol/L", "mg/dL")],
    "bilirubin": [("0.7 umol/L", "mg/dL"), ("900 mg/dL", "umol/L")],
    "albumin": [("41 g/dL", "g/L"), ("4.1 g/L", "g/dL")],
    "platelets": [("212000 1e9/L", "/uL"), ("212 /uL", "1e9/L")],
    "neutrophils": [("3900 1e9/L", "/uL"), ("3.9 /uL", "1e9/L")],
    "leukocytes": [("6100 1e9/L", "/uL")],
    "prothrombin_ratio": [("0.7 %", ""), ("900 %", "")],
    "ALT": [("0.6 U/L", "ukat/L"), ("2000 ukat/L", "U/L"), ("0 U/L", "")],
}


@pytest.mark.parametrize(
    ("analyte", "value", "meant"),
    [(analyte, *case) for analyte, cases in IMPOSSIBLE.items() for case in cases],
)
def test_impossible_value_is_refused_with_the_likely_unit(analyte, value, meant):
    code, place, words = refused_lab(**{analyte: value})
    assert (code, place) == ("impossible-value", f"p.yaml: labs[0].{analyte}")
    assert value in words
    assert (f"did you mean {meant}?" if meant else "check the number and its unit") in words


def test_all_problems_of_a_date_are_reported_at_once():
    found = refused(labs=[{"at": "2026-1-10", "platelets": "212", "albumin": "4,1 g/dL"}, {}])
    assert [(code, place) for code, place, _ in found] == [
        ("not-a-date", "p.yaml: labs[0].at"),
        ("no-unit", "p.yaml: labs[0].platelets"),
        ("not-a-quantity", "p.yaml: labs[0].albumin"),
        ("missing", "p.yaml: labs[1].at"),
    ]


def test_one_analyte_twice_at_one_time_is_refused():
    ((code, place, words),) = refused(
        labs=[
            {"at": "2026-01-10", "platelets": "212 1e9/L"},
            {"at": "2026-01-10", "platelets": "200 1e9/L", "albumin": "40 g/L"},
        ]
    )
    assert (code, place) == ("measured-twice", "p.yaml: labs[1].platelets")
    assert "labs[0].platelets" in words


def test_two_samples_of_a_day_with_other_analytes_are_read():
    labs = [{"at": date(-2), "platelets": "212 1e9/L"}, {"at": date(-2), "albumin": "40 g/L"}]
    assert len(planned([], labs, start=date(0)).labs) == 2


def test_pint_quantity_is_accepted():
    assert read_lab("haemoglobin", Q(128, "g/L")).value == pytest.approx(12.8)
    assert read_lab("albumin", Q(4.1, "g/dL")).value == pytest.approx(41.0)


def test_zero_counts_are_values():
    assert read_lab("neutrophils", "0 1e9/L").value == 0.0
    with pytest.raises(InputError, match="is impossible"):
        read_lab("creatinine", "0 mg/dL")


def test_own_reference_ranges_take_precedence():
    labs = [draw(-2), draw(84, platelets="140 1e9/L")]

    def graded(**ranges):
        document = {
            "patient": PERSON,
            "therapy": {"regimen": "netter-1"},
            "cycles": given(0, 56),
            "labs": labs,
            "reference_ranges": ranges,
        }
        plan = dosimetry.plan(Patient.from_dict(document))
        lines = [line for line in plan.assumptions if line.startswith("reference limits")]
        (lab,) = [x for x in plan.labs if x.at == date(84) and x.analyte == "platelets"]
        return lab.grade, "platelets" in lines[0]

    assert graded() == (1, True)  # 150 1e9/L in the table
    assert graded(platelets={"lower": "130 1e9/L", "upper": "400 1e9/L"}) == (0, False)


@pytest.mark.parametrize(
    ("ranges", "code", "place"),
    [
        ({"platelet": {"lower": "130 1e9/L"}}, "unknown-analyte", ".platelet"),
        ({"platelets": {"low": "130 1e9/L"}}, "unknown-key", ".platelets.low"),
        ({"platelets": {"lower": "130"}}, "no-unit", ".platelets.lower"),
        (
            {"platelets": {"lower": "400 1e9/L", "upper": "130 1e9/L"}},
            "range-reversed",
            ".platelets",
        ),
        ({"platelets": {}}, "missing", ".platelets"),
        ({"platelets": "130 1e9/L"}, "wrong-type", ".platelets"),
        ([], "wrong-type", ""),
    ],
)
def test_impossible_ranges_are_refused_at_their_field(ranges, code, place):
    ((found, where, _),) = refused(reference_ranges=ranges)
    assert (found, where) == (code, f"p.yaml: reference_ranges{place}")


@pytest.mark.parametrize(
    ("event", "code", "place"),
    [
        ({"at": "2026-02-01", "term": "nausea", "grade": 5}, "not-a-grade", ".grade"),
        ({"at": "2026-02-01", "term": "nausea", "grade": 2.5}, "not-a-grade", ".grade"),
        ({"at": "2026-02-01", "term": "nausea", "grade": True}, "not-a-grade", ".grade"),
        ({"at": "2026-02-01", "term": "nausea", "grade": "severe"}, "not-a-number", ".grade"),
        ({"at": "2026-02-01", "term": "Anemia", "grade": 3}, "graded-by-laboratory", ".term"),
        ({"at": "2026-02-01", "grade": 3}, "missing", ".term"),
        ({"term": "nausea", "grade": 3}, "missing", ".at"),
        ({"at": "2026-02-01", "term": "nausea", "grad": 3, "grade": 1}, "unknown-key", ".grad"),
    ],
)
def test_impossible_adverse_events_are_refused_at_their_field(event, code, place):
    ((found, where, words),) = refused(adverse_events=[event])
    assert (found, where) == (code, f"p.yaml: adverse_events[0]{place}")
    assert words.strip()


@pytest.mark.parametrize(
    ("therapy", "code"),
    [
        ({"time_zone": "Europe/Berln"}, "unknown-time-zone"),
        ({"time_zone": "../etc/passwd"}, "unknown-time-zone"),
        ({"infusion_time": "25:00"}, "not-a-time"),
        ({"infusion_time": "9.30"}, "not-a-time"),
    ],
)
def test_impossible_zones_and_times_are_refused(therapy, code):
    ((found, where, words),) = refused(therapy={"regimen": "netter-1", **therapy})
    assert (found, where) == (code, f"p.yaml: therapy.{next(iter(therapy))}")
    assert "Europe/Berlin" in words or "HH:MM" in words


def test_the_order_of_the_samples_does_not_matter():
    labs = [draw(-2), draw(84, platelets="60 1e9/L"), draw(110)]
    assert label_of(given(0, 56), labs) == label_of(given(0, 56), labs[::-1])


def test_a_sample_on_the_day_of_the_first_dose_is_its_baseline():
    made = planned(given(0, 56), [draw(0), draw(84, creatinine="112 umol/L")])
    assert made.label.answer == "withhold"
    assert [lab.baseline for lab in made.labs[:3]] == [True] * 3
    assert "drawn before the dose" in " ".join(made.assumptions)


def test_timed_sample_is_ordered_by_the_time_of_the_dose():
    dose = [{"administered": "7.4 GBq", "at": "2026-01-12T09:30:00+01:00"}]
    after = [{"at": "2026-01-12T07:00:00-05:00", "platelets": "212 1e9/L"}]  # 13:00 in Berlin
    before = [{"at": "2026-01-12T08:00:00+01:00", "platelets": "212 1e9/L"}]
    assert not planned(dose, after).labs[0].baseline
    assert planned(dose, before).labs[0].baseline


def test_changes_are_relative_to_the_baseline():
    made = planned(given(0), [draw(-9), draw(-2, creatinine="100 umol/L"), draw(28)])
    found = [lab.change for lab in made.labs if lab.analyte == "creatinine"]
    assert found == [None, None, pytest.approx(-0.2)]  # 80 of 100 umol/L
    assert [renal.change for renal in made.renal_function] == [None, None, pytest.approx(0.25)]


def test_laboratory_values_change_no_dose_of_the_labels_prior():
    # creatinine changes the prior by renal function, which is the default
    plain, with_labs = (planned(given(0), labs, prior="label") for labs in ([], [draw(-2)]))
    pd.testing.assert_frame_equal(plain.to_frame(), with_labs.to_frame())
