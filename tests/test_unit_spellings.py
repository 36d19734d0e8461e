"""Everyday spellings of units: read exactly, or refused with the right form."""

import pytest
from refused_quantities import refusal

from dosimetry.unit_spellings import BY_CASE, USUAL, right_form
from dosimetry.units import conversion, parse_quantity


# 1 lb = 0.45359237 kg and 1 in = 2.54 cm exactly (NIST SP 811, appendix B); 1 ukat = 60 U, as
# 1 kat = 1 mol/s and 1 U = 1 umol/min; 1 cm3 = 1 mL.
@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        *((f"60 {year}", "year", 60.0) for year in ("y", "yr", "yrs", "year", "years", "a")),
        *((f"3 {hour}", "h", 3.0) for hour in ("h", "hr", "hrs", "hour", "hours")),
        *((f"90 {minute}", "h", 1.5) for minute in ("min", "mins", "minute", "minutes")),
        *((f"8 {week}", "h", 1344.0) for week in ("wk", "wks", "week", "weeks")),
        *((f"310 {cube}", "mL", 310.0) for cube in ("cc", "ccm", "cm3", "cm³", "cm^3", "ml")),
        ("310000 mm3", "mL", 310.0),
        ("0.31 dm³", "mL", 310.0),
        ("0.00031 m3", "mL", 310.0),
        ("2 MBq/cm3", "kBq/mL", 2000.0),
        *((f"100 {pound}", "kg", 45.359237) for pound in ("lb", "lbs", "pound", "pounds")),
        ("70 in", "cm", 177.8),
        ("70 inch", "cm", 177.8),
        ("34 IU/L", "U/L", 34.0),
        ("34 UI/L", "U/L", 34.0),
        ("0.5 ukat/L", "U/L", 30.0),
        ("0.5 µkat/L", "U/L", 30.0),
        ("0.5 μkat/L", "U/L", 30.0),
        ("500 nkat/L", "U/L", 30.0),
    ],
)
def test_everyday_unit_is_read_exactly(text, unit, value):
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-14, abs=0)


@pytest.mark.parametrize(
    ("unit", "form"),
    [
        *(("mbq", "MBq"), ("MBQ", "MBq"), ("Mbq", "MBq"), ("gbq", "GBq"), ("Gbq", "GBq")),
        *(("GBQ", "GBq"), ("mci", "mCi"), ("MCI", "mCi"), ("uci", "uCi"), ("µci", "uCi")),
        *(("KG", "kg"), ("Kg", "kg"), ("kbq/ml", "kBq/mL"), ("KBQ/ML", "kBq/mL"), ("CM", "cm")),
        *(("gy", "Gy"), ("yo", "year"), ("mcg", "ug"), ("gm", "g")),
    ],
)
def test_slip_of_case_is_refused_with_the_right_form(unit, form):
    problem = refusal(f"5 {unit}", "MBq")
    assert problem.code == "unknown-unit"
    assert problem.cure.startswith(f"write {form}")


def test_lower_case_megabecquerel_says_what_it_could_be():
    assert "mBq would be a millibecquerel, 1e9 times less" in refusal("7400 mbq", "MBq").cure


def test_usual_units_differ_in_more_than_case():
    assert len(BY_CASE) == len(USUAL)
    assert all(right_form(unit.upper()) == unit for unit in USUAL)


@pytest.mark.parametrize("unit", ["furlong", "oz", "5", "MBq·furlong"])
def test_no_form_is_suggested_for_an_unknown_unit(unit):
    assert right_form(unit) == ""


# 1 ft = 12 in = 30.48 cm
@pytest.mark.parametrize(
    ("text", "heights"),
    [
        ("5 ft 11 in", "180.34 cm"),
        ("5'11\"", "180.34 cm"),
        ("5′ 11″", "180.34 cm"),
        ("5'11", "180.34 cm"),
        ("5 feet 11.5 inches", "181.61 cm"),
        ("6 ft", "182.88 cm"),
        ("5.11 ft", "155.753 cm or 180.34 cm"),
        ("5.75 ft", "175.26 cm"),
    ],
)
def test_feet_are_refused_with_each_reading_in_cm(text, heights):
    problem = refusal(text, "cm")
    assert problem.code == "in-feet"
    assert problem.cure == f"write {heights}"


def test_swiss_thousands_are_not_feet():
    assert refusal("5'110 g", "g").code == "not-a-quantity"
    assert refusal("5'110", "g").code == "not-a-quantity"


@pytest.mark.parametrize(
    "unit", ["mL/min/1.73m2", "mL/min/1.73 m²", "mL/min/{1.73_m2}", "mL/min/(1.73 m^2)"]
)
def test_unit_per_body_surface_is_no_clearance(unit):
    problem = refusal(f"62 {unit}", "mL/min")
    assert problem.code == "indexed-to-body-surface"
    assert "not a clearance in mL/min" in problem.cure


def test_a_height_of_173_cm_is_not_per_body_surface():
    assert parse_quantity("1.73 m", "cm") == 173.0


@pytest.mark.parametrize("unit", ["cm4", "cm33", "m2m", "cm3^2"])
def test_a_digit_behind_other_lengths_is_refused(unit):
    assert refusal(f"5 {unit}", "mL").code == "not-a-quantity"


@pytest.mark.parametrize("unit", ["cc", "ccm", "cm3", "cm³", "ml"])
def test_cubic_centimetres_are_millilitres_exactly(unit):
    assert conversion(unit, "mL") == 1.0


def test_minutes_are_not_milli_inches():
    assert conversion("min", "h") == pytest.approx(1 / 60)
    assert conversion("mins", "h") == pytest.approx(1 / 60)
