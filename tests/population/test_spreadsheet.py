"""Cells of exported tables: text stays text in a spreadsheet, numbers stay numbers.

The signs are those of the OWASP page on CSV injection
(https://owasp.org/www-community/attacks/CSV_Injection) and of requirement 1.2.10 of its
Application Security Verification Standard 5.0, which adds the null character.
"""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosimetry.population.cohort.spreadsheet import spreadsheet_safe

SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("rest", ["", "1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://x")', "P-1"])
def test_text_like_a_formula_gets_an_apostrophe(sign, rest):
    assert spreadsheet_safe(sign + rest) == f"'{sign}{rest}"


@pytest.mark.parametrize(
    "text",
    ["", "P-001", "kidney_left", "1=1", " =1", "'=1", "Müller", "a@b", "2026-01-12", "–"],
)
def test_other_text_is_unchanged(text):
    assert spreadsheet_safe(text) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_as_text_stays_a_number(value):
    for text in (repr(value), f"{value:+.6e}", f"{value:.3f}"):
        assert spreadsheet_safe(text) == text


@pytest.mark.parametrize("text", ["-1+1", "+1\n=2", "-1e5;=2", "-", "+.", "-١", "-inf", "-0x1F"])
def test_text_starting_like_a_number_gets_an_apostrophe(text):
    assert spreadsheet_safe(text) == f"'{text}"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_text_survives_a_file_and_is_restored(text):
    stream = io.StringIO(newline="")
    csv.writer(stream).writerow([spreadsheet_safe(text), "end"])
    ((cell, _),) = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    if cell.startswith(SIGNS):
        assert float(cell) == float(text)
    assert cell in (text, f"'{text}")
