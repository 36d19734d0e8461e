"""Notations of cell counts: each reads the same count, or is refused with both its readings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosimetry.cell_counts import power_per_litre
from dosimetry.problems import InputError
from dosimetry.units import conversion, parse_quantity

# Powers of ten per litre, by hand: 1 L = 10^6 uL = 10^6 mm3 = 10^9 nL; K, thou and Tsd are 10^3.
NOTATIONS = {
    **dict.fromkeys(("1e9/L", "10^9/L", "10**9/L", "10*9/L", "10⁹/L", "x10^9/L", "×10⁹/L"), 9),
    **dict.fromkeys(("x 10^9 / L", "X10*9/L", "·10^9/L", "10^9 cells/L", "1E9/l"), 9),
    **dict.fromkeys(("G/L", "G/l", "giga/L", "Gpt/L", "/nL", "/nl"), 9),
    **dict.fromkeys(("K/uL", "k/µL", "K/μL", "K/UL", "K/mcL", "K/mm3", "10^3/uL", "10*3/uL"), 9),
    **dict.fromkeys(("x10^3/uL", "×10³/µL", "1e3/uL", "Thousand/uL", "thou/uL", "Tsd./µl"), 9),
    **dict.fromkeys(("10^3/mm3", "10^3/mm^3", "10³/mm³"), 9),
    "10^4/uL": 10,  # as printed in Japan
    **dict.fromkeys(("/uL", "/µL", "1/uL", "/mm3", "/mm³", "/cumm", "cells/uL", "{cells}/uL"), 6),
    **dict.fromkeys(("10^6/L", "10*6/L", "10^3/mL"), 6),
    "/L": 0,
}
OTHER = (
    *("g/L", "G/dL", "G/uL", "K/L", "M/uL", "T/L", "mL/min", "1/h", "10^9", "/", "", "10⁻⁹/L"),
    *(
        "*10*9/L",
        "10^/L",
        "cells",
        "K/kg",
        "IU/L",
        "%",
        "10^9/10^9/L",
        "9/L",
        "10^٩/L",
        "10⁹⁹⁹/L",
        "10^999/L",
    ),
)


@pytest.mark.parametrize("notation", NOTATIONS)
def test_notation_counts_cells_per_litre(notation):
    assert power_per_litre(notation) == NOTATIONS[notation]


@pytest.mark.parametrize("unit", OTHER)
def test_other_units_count_no_cells(unit):
    assert power_per_litre(unit) is None


@given(st.floats(1e-3, 1e4), st.sampled_from(sorted(NOTATIONS)))
def test_a_count_in_every_notation_reads_the_same(count, notation):
    number = count * 10.0 ** (9 - NOTATIONS[notation])
    read = parse_quantity(f"{number!r} {notation}", "1e9/L")
    assert read == pytest.approx(count, rel=1e-13)


@pytest.mark.parametrize("space", ["", " ", "  "])
def test_space_before_a_notation_does_not_matter(space):
    assert parse_quantity(f"212{space}x10^9/L", "1e9/L") == 212.0
    assert parse_quantity(f"212{space}K/uL", "1e9/L") == 212.0


@pytest.mark.parametrize(
    ("unit", "low", "high"),
    [
        ("10E9/L", "10^9/L", "10^10/L"),
        ("x10E3/uL", "10^3/uL", "10^4/uL"),
        ("10e3 cells/uL", "10^3/uL", "10^4/uL"),
    ],
)
def test_ten_with_an_exponent_is_refused_with_both_readings(unit, low, high):
    with pytest.raises(InputError) as caught:
        parse_quantity(f"212 {unit}", "1e9/L")
    (problem,) = caught.value.problems
    assert problem.code == "ambiguous-unit"
    assert problem.cure == f"write {low} or {high}"


@pytest.mark.parametrize("to", ["g/dL", "g/L", "mg/dL", "MBq"])
def test_giga_per_litre_is_no_general_unit(to):
    with pytest.raises(InputError) as caught:
        conversion("G/L", to)
    (problem,) = caught.value.problems
    assert problem.code == "ambiguous-unit"
    assert "g/L" in problem.message
    assert "giga per litre" in problem.message


@pytest.mark.parametrize("unit", ["10^3/uL", "×10⁹/L", "1e9/L"])
def test_a_cell_count_is_no_concentration(unit):
    with pytest.raises(InputError) as caught:
        conversion(unit, "g/dL")
    assert caught.value.problems[0].code == "wrong-dimension"


@pytest.mark.parametrize("unit", ["g/L", "MBq", "1", "1/h"])
def test_a_concentration_is_no_cell_count(unit):
    with pytest.raises(InputError) as caught:
        conversion(unit, "1e9/L")
    assert caught.value.problems[0].code == "wrong-dimension"
