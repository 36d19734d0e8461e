"""Laboratory values in the names and units of laboratories, as published cases had them."""

import jsonschema
import pint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dosimetry import InputError, Patient
from dosimetry.patient.laboratory import read_draw, read_lab, read_ranges
from dosimetry.quantities import Amount
from dosimetry.reference import laboratory
from dosimetry.schemas import schema_of

Q = pint.get_application_registry().Quantity


def refusal(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    (problem,) = caught.value.problems
    return problem


# The published case: 212 x 10^9/L as US, French and German laboratories print it.
@pytest.mark.parametrize(
    "value",
    [
        *("212 K/uL", "212 10^3/uL", "212 x10^9/L", "212 G/L", "212000 /mm3", "212000 /uL"),
        *("212 1e9/L", "212 10*9/L", "212 ×10⁹/L", "212 Gpt/L", "212 /nL", "212000 cells/µL"),
        *("21.2 10^4/uL", "212 K/UL", "2.12e11 /L"),
    ],
)
def test_platelets_are_read_as_laboratories_print_them(value):
    assert read_lab("platelets", value).value == pytest.approx(212.0, rel=1e-14)


# A unit that equals one of the table is shown in the spelling of the table; the number is the same.
@pytest.mark.parametrize(
    ("analyte", "value", "written"),
    [
        ("platelets", "212 K/uL", Amount(212.0, "1e9/L")),
        ("platelets", "212000 /mm3", Amount(212000.0, "/uL")),
        ("platelets", "21.2 10^4/uL", Amount(212.0, "1e9/L")),
        ("creatinine", "78 µmol/l", Amount(78.0, "umol/L")),
        ("creatinine", "78 μmol/L", Amount(78.0, "umol/L")),
        ("creatinine", "0.88 MG/DL", Amount(0.88, "mg/dL")),
        ("creatinine", "9 mg/L", Amount(9.0, "mg/L")),
        ("haemoglobin", "13.8 G/DL", Amount(13.8, "g/dL")),
        ("haemoglobin", "8.5 MMOL/L", Amount(8.5, "mmol/L")),
        ("ALT", "34 IU/L", Amount(34.0, "U/L")),
        ("ALT", "0.57 µkat/L", Amount(0.57, "ukat/L")),
        ("INR", "1.1", Amount(1.1, "1")),
        ("INR", "1.1 INR", Amount(1.1, "1")),
    ],
)
def test_value_is_shown_in_the_spelling_of_the_table(analyte, value, written):
    assert read_lab(analyte, value).written == written


@pytest.mark.parametrize(
    ("analyte", "unit"),
    [(name, unit) for name, known in laboratory.analytes().items() for unit in known.units],
)
@settings(max_examples=20)
@given(share=st.floats(0.001, 0.999))
def test_a_value_in_every_unit_reads_the_same(analyte, unit, share):
    known = laboratory.analyte(analyte)
    value = known.lowest + share * (known.highest - known.lowest)
    number = laboratory.from_canonical(analyte, value, unit)
    text = f"{number!r} {unit}".removesuffix(" 1")
    assert read_lab(analyte, text).value == pytest.approx(value, rel=1e-12)


def test_giga_per_litre_of_haemoglobin_names_both_readings():
    problem = refusal(read_lab, "Hb", "138 G/L")
    assert problem.code == "ambiguous-unit"
    assert "g/L" in problem.message
    assert "giga per litre" in problem.message


@pytest.mark.parametrize(
    ("value", "cure"),
    [
        ("212 furlong", "units of platelets: 1e9/L, /uL, K/uL, G/L, /mm3"),
        ("212 g/L", "units of platelets: 1e9/L, /uL, K/uL, G/L, /mm3"),
        ("212", "add the unit of the report, as in 212 1e9/L"),
        ("2500", "add the unit of the report, as in 2500 1e9/L or 2500 /uL"),
    ],
)
def test_unit_that_is_none_of_the_analyte_names_its_units(value, cure):
    assert refusal(read_lab, "platelets", value).cure == cure


NAMES = {
    "platelets": ("PLT", "plt", "Platelet count", "Thrombocytes", "PLATELET-COUNT"),
    "neutrophils": ("ANC", "Neutrophils (abs.)", "absolute neutrophil count", "NEUT#"),
    "lymphocytes": ("ALC", "lymphs", "Lymphocytes, absolute"),
    "leukocytes": ("WBC", "White blood cells", "leucocytes", "WCC"),
    "haemoglobin": ("Hb", "HGB", "hemoglobin", "Haemoglobin"),
    "creatinine": ("SCr", "Serum creatinine", "CREA", "Creatinine, serum"),
    "bilirubin": ("total bilirubin", "Bilirubin, total", "T. bili", "TBIL"),
    "albumin": ("Alb", "serum albumin"),
    "prothrombin_ratio": ("Prothrombin ratio", "Quick"),
    "ALT": ("alt", "ALAT", "GPT", "SGPT", "ALT (GPT)", "Alanine aminotransferase"),
    "AST": ("ast", "ASAT", "GOT", "SGOT", "AST (SGOT)", "aspartate transaminase"),
    "INR": ("inr", "PT/INR", "PT-INR"),
}


@pytest.mark.parametrize("analyte", NAMES)
def test_analyte_is_known_by_its_usual_names_in_any_case(analyte):
    for name in NAMES[analyte]:
        for spelled in (name, name.upper(), name.lower(), name.replace(" ", "_"), f" {name} "):
            assert laboratory.analyte(spelled).name == analyte


def test_every_analyte_of_the_table_has_tested_names():
    assert set(NAMES) == set(laboratory.analytes())


def test_no_two_analytes_share_a_name():
    names = [
        laboratory.spelled(alias)
        for name, analyte in laboratory.analytes().items()
        for alias in (name, *analyte.aliases)
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "name",
    [
        *("sodium", "Neutrophils %", "HbA1c", "direct bilirubin", "urine creatinine"),
        *("prothrombin time", "albumin/creatinine", "LDH", ""),
    ],
)
def test_other_quantity_of_a_report_names_the_known_ones(name):
    problem = refusal(laboratory.analyte, name)
    assert problem.code == "unknown-analyte"
    assert "known: platelets, neutrophils" in problem.cure
    assert "nearest" not in problem.cure


@pytest.mark.parametrize("name", ["eGFR", "GFR", "creatinine_clearance", "CrCl", "eGFR (CKD-EPI)"])
def test_clearance_and_egfr_are_refused_as_computed_here(name):
    problem = refusal(read_draw, {"at": "2026-01-10", name: "62 mL/min"})
    assert (problem.code, problem.place) == ("computed-here", name)
    assert "give the creatinine" in problem.cure


def test_two_names_of_one_analyte_in_a_sample_are_refused():
    problem = refusal(read_draw, {"at": "2026-01-10", "Hb": "13.8 g/dL", "hemoglobin": "138 g/L"})
    assert (problem.code, problem.place) == ("analyte-twice", "hemoglobin")
    assert problem.message == "'Hb' and 'hemoglobin' are both haemoglobin"
    problem = refusal(read_ranges, {"ALT": {"upper": "45 U/L"}, "GPT": {"upper": "45 U/L"}})
    assert problem.code == "analyte-twice"


def test_gap_beside_another_name_is_no_second_value():
    draw = read_draw({"at": "2026-01-10", "Hb": float("nan"), "hemoglobin": "138 g/L"})
    assert draw.values["haemoglobin"].value == pytest.approx(13.8)


def test_range_by_an_alias_is_kept_under_the_name_of_the_table():
    assert read_ranges({"gpt": {"upper": "0.75 ukat/L"}})["ALT"].upper == pytest.approx(45.0)


@pytest.mark.parametrize(
    "value", ["<0.2 mg/dL", "< 0.2 mg/dL", ">200 mg/dL", "≤0.2", "<=0.2 mg/dL"]
)
def test_result_beyond_a_bound_is_refused_with_what_to_write(value):
    problem = refusal(read_lab, "bilirubin", value)
    assert problem.code == "bound-not-value"
    assert f"write {value.lstrip('<>≤= ')} if the CTCAE grade is the same" in problem.cure
    assert "else leave the value out" in problem.cure


@pytest.mark.parametrize(
    ("analyte", "value"),
    [
        ("INR", "95 %"),
        ("INR", Q(95, "percent")),
        ("prothrombin_ratio", Q(0.95, "dimensionless")),
        ("prothrombin_ratio", "1.1 INR"),
        ("prothrombin_ratio", "0.95 1"),
        ("prothrombin_ratio", "1.1 ratio"),
    ],
)
def test_inr_and_prothrombin_ratio_are_never_converted(analyte, value):
    problem = refusal(read_lab, analyte, value)
    assert problem.code == "wrong-dimension"
    assert "never converted" in problem.cure


def test_percentage_given_as_an_inr_is_pointed_to_its_own_name():
    problem = refusal(read_lab, "INR", "95")
    assert problem.message == "95 is impossible for INR (outside 0.5 to 20)"
    assert "prothrombin ratio (Quick)" in problem.cure
    assert "write prothrombin_ratio: 90 %, or INR: 1.1" in refusal(read_lab, "INR", "95 %").cure


@pytest.mark.parametrize("value", [1.1, "1.1", " 1.1 ", Q(1.1, "dimensionless")])
def test_inr_is_a_number_without_a_unit(value):
    assert read_lab("INR", value).value == 1.1


def test_inr_in_a_unit_is_refused():
    assert refusal(read_lab, "INR", "1.1 g/L").cure == "write it without a unit, as in 1.1"
    assert refusal(read_lab, "INR", "high").code == "not-a-quantity"


def test_number_beyond_all_numbers_is_refused():
    assert refusal(read_lab, "platelets", "1e999 1e9/L").code == "not-finite"
    assert refusal(read_lab, "platelets", "1e300 10^99/L").code == "impossible-value"


@pytest.mark.parametrize(
    ("analyte", "quantity", "value"),
    [
        ("platelets", Q(212e9, "1/L"), 212.0),
        ("haemoglobin", Q(8.5, "mmol/L"), 8.5 / 0.62057),
        ("ALT", Q(0.5e-6, "katal/L"), 30.0),
        ("creatinine", Amount(78.0, "umol/L"), 78.0 / 88.42),
    ],
)
def test_pint_quantities_and_amounts_are_converted(analyte, quantity, value):
    assert read_lab(analyte, quantity).value == pytest.approx(value, rel=1e-12)


def test_pint_quantity_of_another_kind_names_the_units():
    problem = refusal(read_lab, "creatinine", Q(3, "hour"))
    assert problem.cure == "units of creatinine: mg/dL, umol/L"


def test_labs_of_any_spelling_are_written_back_and_read_the_same():
    sample = {"PLT": "212 K/uL", "Hgb": "8.5 mmol/L", "INR": "1.1", "GPT": "34 IU/L"}
    patient = Patient.from_dict(
        {
            "patient": {"id": "L-1", "sex": "f"},
            "therapy": {"regimen": "netter-1"},
            "labs": [{"at": "2026-01-10", **sample}],
            "reference_ranges": {"inr": {"upper": "1.2"}, "GPT": {"upper": "45 IU/L"}},
        }
    )
    written = patient.to_dict()
    assert written["labs"] == [
        {
            "at": "2026-01-10",
            "platelets": "212.0 1e9/L",
            "haemoglobin": "8.5 mmol/L",
            "INR": "1.1",
            "ALT": "34.0 U/L",
        }
    ]
    jsonschema.validate(written, schema_of("patient"))
    again = Patient.from_dict(written)
    assert (again.labs, again.reference_ranges) == (patient.labs, patient.reference_ranges)
