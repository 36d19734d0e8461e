"""Cells of exported tables: text stays text in a spreadsheet, numbers stay numbers.

The signs are those of the page of OWASP on CSV injection
(https://owasp.org/www-community/attacks/CSV_Injection) and of requirement 1.2.10 of its
Application Security Verification Standard 5.0, which adds the null character.
"""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosimetry.population.spreadsheet import spreadsheet_safe

SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("rest", ["", "1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://x")', "P-1"])
def test_text_that_could_begin_a_formula_begins_with_an_apostrophe(sign, rest):
    assert spreadsheet_safe(sign + rest) == f"'{sign}{rest}"


@pytest.mark.parametrize(
    "text",
    ["", "P-001", "kidney_left", "1=1", " =1", "'=1", "Müller", "a@b", "2026-01-12", "–"],
)
def test_other_text_stays_as_it_is(text):
    assert spreadsheet_safe(text) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_as_text_stays_a_number(value):
    for text in (repr(value), f"{value:+.6e}", f"{value:.3f}"):
        assert spreadsheet_safe(text) == text


@pytest.mark.parametrize("text", ["-1+1", "+1\n=2", "-1e5;=2", "-", "+.", "-١", "-inf", "-0x1F"])
def test_what_only_begins_like_a_number_is_no_number(text):
    assert spreadsheet_safe(text) == f"'{text}"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_passes_as_a_formula_through_a_file_and_each_can_be_had_back(text):
    stream = io.StringIO(newline="")
    csv.writer(stream).writerow([spreadsheet_safe(text), "end"])
    ((cell, _),) = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    if cell.startswith(SIGNS):
        assert float(cell) == float(text)
    assert cell in (text, f"'{text}")
