"""Text becomes a number in a canonical unit, or is refused with a cure."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refused_quantities import refusal

from dosimetry.number_texts import parse_number
from dosimetry.problems import InputError
from dosimetry.units import DIMENSION_NAMES, conversion, dimension_name, example_of, parse_quantity


# Definitions: SI brochure (2019); 1 Ci = 3.7e10 Bq and 1 rad = 0.01 Gy (SI brochure, table 8 of
# the 8th edition); 1 year = 365.25 d (Julian year).
@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("7.4 GBq", "MBq", 7400.0),
        ("200 mCi", "MBq", 7400.0),
        ("0.2 Ci", "MBq", 7400.0),
        ("5 uCi", "MBq", 0.185),
        ("5 µCi", "MBq", 0.185),
        ("5 μCi", "MBq", 0.185),
        ("740 kBq", "MBq", 0.74),
        ("7400000000 Bq", "MBq", 7400.0),
        ("1 TBq", "MBq", 1e6),
        ("8 d", "h", 192.0),
        ("8 days", "h", 192.0),
        ("6.647 d", "h", 159.528),
        ("8 week", "h", 1344.0),
        ("90 min", "h", 1.5),
        ("5400 s", "h", 1.5),
        ("1 year", "h", 8766.0),
        ("0.31 kg", "g", 310.0),
        ("310000 mg", "g", 310.0),
        ("1.8 m", "cm", 180.0),
        ("2 L", "mL", 2000.0),
        ("2 dL", "mL", 200.0),
        ("2 cm^3", "mL", 2.0),
        ("2 cm**3", "mL", 2.0),
        ("2300 mGy", "Gy", 2.3),
        ("2300 cGy", "Gy", 23.0),
        ("2300 rad", "Gy", 23.0),
        ("1 mGy/MBq", "Gy/GBq", 1.0),
        ("1e-3 mGy/(MBq*s)", "Gy/(MBq*h)", 0.0036),
        ("1e-3 mGy/(MBq·s)", "Gy/(MBq*h)", 0.0036),
        ("1 mGy/MBq/s", "Gy/(MBq*h)", 3.6),
        ("7.5 GBq*h", "MBq*h", 7500.0),
        ("3600 MBq*s", "MBq*h", 1.0),
        ("2 MBq/mL", "kBq/mL", 2000.0),
        ("147.923 keV", "MeV", 0.147923),
        ("10 %", "%", 10.0),
        ("10 %", "1", 0.1),
        ("0.41", "1", 0.41),
        ("2.5 %IA", "%IA", 2.5),
        ("14 g/dL", "g/dL", 14.0),
        ("140 g/L", "g/dL", 14.0),
        ("0.1 mmol/L", "umol/L", 100.0),
        ("88 µmol/L", "umol/L", 88.0),
        ("150 1e9/L", "1e9/L", 150.0),
        ("150 10^9/L", "1e9/L", 150.0),
        ("150e9 /L", "1e9/L", 150.0),
        ("150e9 1/L", "1e9/L", 150.0),
        ("150000 /uL", "1e9/L", 150.0),
        ("0.01 1/h", "1/h", 0.01),
        ("0.24 1/d", "1/h", 0.01),
    ],
)
def test_quantity_is_read_in_every_unit_of_its_kind(text, unit, value):
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-13, abs=0)


@pytest.mark.parametrize(
    ("unit", "to", "factor"),
    [
        ("mCi", "MBq", 37.0),
        ("Ci", "MBq", 37000.0),
        ("d", "h", 24.0),
        ("kBq", "MBq", 0.001),
        ("week", "h", 168.0),
        ("rad", "Gy", 0.01),
        ("kg", "g", 1000.0),
    ],
)
def test_common_units_convert_without_a_rounding_error(unit, to, factor):
    assert conversion(unit, to) == factor


@pytest.mark.parametrize(("unit", "per_hour"), [("min", 60), ("s", 3600)])
def test_an_hour_of_minutes_or_seconds_is_one_hour(unit, per_hour):
    assert parse_quantity(f"{per_hour} {unit}", "h") == pytest.approx(1.0, rel=1e-15, abs=0)


@pytest.mark.parametrize("text", ["7.4GBq", " 7.4 GBq ", "7.4   GBq", "+7.4 GBq", "74e-1 GBq"])
def test_spacing_and_sign_do_not_matter(text):
    assert parse_quantity(text, "MBq") == 7400.0


def test_negative_number_is_read():
    assert parse_quantity("-4 h", "h") == -4.0


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_gigabecquerel_are_a_thousand_megabecquerel(value):
    assert parse_quantity(f"{value!r} GBq", "MBq") == 1000 * value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_is_read_back(value):
    assert parse_number(repr(value)) == value


@given(st.floats(1e-6, 1e6), st.sampled_from(["Bq", "kBq", "MBq", "GBq", "Ci", "mCi", "uCi"]))
def test_conversion_and_back_gives_the_same_activity(value, unit):
    there = value * conversion(unit, "MBq")
    assert there * conversion("MBq", unit) == pytest.approx(value, rel=1e-13)


@pytest.mark.slow
@given(st.text(max_size=100), st.sampled_from(sorted(DIMENSION_NAMES)))
def test_any_text_is_a_finite_number_or_a_refusal(text, unit):
    try:
        value = parse_quantity(text, unit)
    except InputError:
        return
    assert math.isfinite(value)


@pytest.mark.parametrize(
    ("text", "unit", "cure"),
    [
        ("7,4 GBq", "MBq", "'7.4 GBq'"),
        ("0,31 kg", "g", "'0.31 kg'"),
        ("7,400 MBq", "MBq", "'7400 MBq'"),
        ("7,400 MBq", "MBq", "'7.400 MBq'"),
    ],
)
def test_comma_is_refused_with_its_possible_meanings(text, unit, cure):
    problem = refusal(text, unit)
    assert problem.code == "not-a-quantity"
    assert cure in problem.cure


@pytest.mark.parametrize(
    "text",
    [
        "7.4(2) GBq",
        "7.4 +/- 0.2 GBq",
        "9**9 g",
        "9^9 g",
        "2*3 g",
        "nan g",
        "inf g",
        "-inf g",
        "0x10 g",
        "1_000 g",
        "٣ g",
        "1 000 g",
        "- 5 g",
        "g",
        "",
        " ",
        "5 g g",
        "5 g/",
        "5 g**0.5",
        "5 g^9",
        "5 (g",
        "5 g; import os",
        "__import__('os') g",
        "5 g[0]",
        "5 h-1",  # pint takes it for a difference
        "9" * 200 + " g",
    ],
)
def test_text_that_is_not_number_and_unit_is_refused(text):
    assert refusal(text, "g").code == "not-a-quantity"


@pytest.mark.parametrize(("text", "unit"), [("1e999 g", "g"), ("1e400 Bq", "MBq")])
def test_a_number_too_large_is_refused(text, unit):
    assert refusal(text, unit).code == "not-finite"


def test_a_missing_unit_is_refused_and_an_example_given():
    problem = refusal("7.4", "MBq")
    assert problem.code == "no-unit"
    assert "7.4 GBq" in problem.cure


@pytest.mark.parametrize("text", ["5 furlong", "5 gbq", "5 GBQ", "5 mci", "5 ds", "5 H", "5 oz"])
def test_an_unknown_unit_is_refused_and_the_known_ones_named(text):
    problem = refusal(text, "MBq")
    assert problem.code == "unknown-unit"
    assert "GBq" in problem.cure


def test_case_tells_milli_from_mega():
    assert parse_quantity("5 mBq", "MBq") == pytest.approx(5e-9, rel=1e-15)
    assert parse_quantity("5 MBq", "MBq") == 5.0


def test_a_unit_of_more_than_forty_signs_is_refused():
    with pytest.raises(InputError, match="too long") as caught:
        conversion("h*" * 20 + "h", "h")
    assert caught.value.problems[0].code == "unknown-unit"
    assert refusal("5 " + "a" * 41, "MBq").code == "unknown-unit"


@pytest.mark.parametrize(
    ("text", "unit", "dimension"),
    [
        ("5 1/h", "MBq", "activity"),
        ("5 /s", "MBq", "activity"),
        ("5 Hz", "MBq", "activity"),
        ("5 count", "MBq", "activity"),
        ("5 count/s", "MBq", "activity"),
        ("5 MBq", "1/h", "rate"),
        ("5 Hz", "1/h", "rate"),
        ("5 Sv", "Gy", "absorbed dose"),
        ("5 rem", "Gy", "absorbed dose"),
        ("5 m^2/s^2", "Gy", "absorbed dose"),
        ("5 Sv/GBq", "Gy/GBq", "absorbed dose per activity"),
        ("5 mSv/MBq", "Gy/GBq", "absorbed dose per activity"),
        ("5 Gy*s", "Gy/GBq", "absorbed dose per activity"),
        ("5 Gy/(Hz*h)", "Gy/(MBq*h)", "S value"),
        ("5 MBq*h", "%", "percentage"),
        ("5 MBq*h", "1", "pure number"),
        ("5 %IA", "%", "percentage"),
        ("5 %IA", "1", "pure number"),
        ("5 %", "%IA", "percentage of the administered activity"),
        ("5 %IA", "MBq", "activity"),
        ("5 g", "mL", "volume"),
        ("5 h", "g", "mass"),
        ("5 1", "MBq", "activity"),
        ("5 umol/L", "g/dL", "mass concentration"),
        ("5 1e9/L", "umol/L", "amount concentration"),
    ],
)
def test_a_unit_of_another_kind_is_refused(text, unit, dimension):
    problem = refusal(text, unit)
    assert problem.code == "wrong-dimension"
    assert dimension in problem.message


@pytest.mark.parametrize("unit", sorted(DIMENSION_NAMES))
def test_every_canonical_unit_has_a_readable_example(unit):
    assert conversion(unit, unit) == 1.0
    assert math.isfinite(parse_quantity(example_of(unit), unit))
    assert dimension_name(unit) == DIMENSION_NAMES[unit]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("0.41", 0.41), ("-3", -3.0), (" 1e3 ", 1000.0), (".5", 0.5), ("5.", 5.0)),
        ("5\x1f", 5.0),  # a separator of ASCII, which is space to str.strip() and not to float()
    ],
)
def test_plain_numbers_are_read(text, value):
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "1+1", "0x1", "1_0", "", "5 h", "٣"])
def test_text_that_is_not_a_plain_number_is_refused(text):
    with pytest.raises(InputError) as caught:
        parse_number(text)
    assert caught.value.problems[0].code == "not-a-number"


def test_a_comma_in_a_plain_number_gets_a_hint():
    with pytest.raises(InputError, match=r"did you mean '0\.41'"):
        parse_number("0,41")
