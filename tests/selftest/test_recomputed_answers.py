"""The known answers: recomputed, and every difference is found.

The expected values stand in ``reference_tables/known_answers.csv`` with their sources.
"""

import dataclasses
import datetime as dt
import functools
import json
import math
from types import MappingProxyType

import jsonschema
import pytest

import dosimetry
from dosimetry.problems import InputError
from dosimetry.reference import tables
from dosimetry.schemas import schema_of
from dosimetry.selftest.cases import CASES
from dosimetry.selftest.run import compare, selftest, versions

ANSWERS = tables.table("known_answers")


def name_of(row):
    return f"{row['id']} {row['quantity']}"


@functools.cache
def computed():
    return {case: compute() for case, compute in CASES.items()}


def altered(position, **cells):
    """Return the table with other cells in one row."""
    rows = [dict(row) for row in ANSWERS.rows]
    rows[position] |= cells
    return dataclasses.replace(ANSWERS, rows=tuple(map(MappingProxyType, rows)))


def position_of(case, quantity):
    (found,) = [
        i for i, row in enumerate(ANSWERS.rows) if (row["id"], row["quantity"]) == (case, quantity)
    ]
    return found


def test_every_known_answer_is_reproduced():
    found = selftest()
    assert [answer for answer in found.answers if not answer.passed] == []
    assert found.passed
    assert len(found.answers) == len(ANSWERS.rows)


def test_every_row_has_a_computation_and_the_reverse():
    rows = [(row["id"], row["quantity"]) for row in ANSWERS.rows]
    assert rows == [(case, quantity) for case, found in computed().items() for quantity in found]


def test_answers_of_the_table_are_those_of_the_design():
    # typed here a second time, from the design's table of known answers
    expected = {name_of(row): float(row["expected"]) for row in ANSWERS.rows}
    assert (
        expected.items()
        >= {
            "decay decay constant": 0.00434499,
            "decay TIA": 230.150,
            "decay decays": 8.28541e11,
            "bed-mono G": 0.0530303,
            "bed-mono BED": 5.509907,
            "bed-uptake G": 0.0516930,
            "bed-uptake BED": 5.497048,
            "bed-bi G": 0.0608432,
            "bed-bi BED": 5.585030,
            "kidneys-self-dose electrons": 7.64513e-5,
            "kidneys-self-dose photons": 1.14871e-6,
            "kidneys-scaled S value": 9.49908e-5,
            "marrow-from-remainder S value": 9.30788e-8,
            "marrow-in-remainder S value": 2.81743e-7,
            "unmeasured-kidneys mean": 19.358,
            "unmeasured-kidneys sd": 8.295,
            "unmeasured-kidneys 5th percentile": 9.06,
            "unmeasured-kidneys 95th percentile": 34.95,
            "unmeasured-kidneys P(> 23 Gy)": 0.2660,
            "unmeasured-marrow mean": 1.0360,
            "unmeasured-marrow sd": 0.790,
            "unmeasured-marrow 5th percentile": 0.270,
            "unmeasured-marrow 95th percentile": 2.509,
            "unmeasured-marrow P(> 2 Gy)": 0.0951,
            "snmmi-equal-weights a": 108.7421,
            "snmmi-equal-weights lambda1": 0.0140814,
            "snmmi-equal-weights lambda2": 0.845429,
            "snmmi-equal-weights TIA": 7593.755,
            "snmmi-ten-percent TIA": 7595.822,
            "snmmi-of-curve TIA, left kidney, uptake": 7595.904,
            "snmmi-of-curve TIA, left kidney, mono": 7653.300,
            "snmmi-of-curve TIA, right kidney, uptake": 6770.840,
            "snmmi-of-curve TIA, right kidney, mono": 6826.734,
            "psma-of-curve TIA": 7435.481,
            "psma-of-curve effective half-life": 58.48,
            "flat-interval-flat mean": 18284,
            "flat-interval-flat 5th percentile": 9987,
            "flat-interval-flat 95th percentile": 27731,
            "flat-interval-flat relative sd": 0.303,
            "flat-interval-falling mean": 15272,
            "flat-interval-falling 5th percentile": 8146,
            "flat-interval-falling 95th percentile": 25817,
            "flat-interval-falling relative sd": 0.356,
            "posterior-two-scans 5th percentile": 12119,
            "posterior-two-scans median": 15716,
            "posterior-two-scans 95th percentile": 20788,
            "posterior-one-scan 5th percentile": 10111,
            "posterior-one-scan median": 11966,
            "posterior-one-scan 95th percentile": 14220,
            "posterior-one-scan sd of ln": 0.104,
            "tumour-first-cycle 5th percentile": 9482,
            "tumour-first-cycle median": 9815,
            "tumour-first-cycle 95th percentile": 10184,
            "tumour-late-scan 5th percentile": 9031,
            "tumour-late-scan median": 9818,
            "tumour-late-scan 95th percentile": 10935,
            "tumour-late-scan mean": 9879,
            "tumour-late-scan sd of ln": 0.059,
            "tumour-early-scan 5th percentile": 7985,
            "tumour-early-scan median": 9788,
            "tumour-early-scan 95th percentile": 12080,
            "kidneys-next-cycle 5th percentile": 9202,
            "kidneys-next-cycle median": 11283,
            "kidneys-next-cycle 95th percentile": 13943,
            "kidneys-next-cycle mean": 11390,
            "bi-next-cycle 5th percentile": 6581,
            "bi-next-cycle median": 8026,
            "bi-next-cycle 95th percentile": 9844,
            "renal-70 median, kidneys": 20.8,
            "renal-70 P(> 29 Gy), kidneys": 0.22,
            "renal-70 median, red_marrow": 1.45,
            "renal-70 P(> 2 Gy), red_marrow": 0.28,
            "renal-97 median, kidneys": 17.4,
            "renal-97 P(> 29 Gy), kidneys": 0.10,
            "renal-97 median, red_marrow": 1.01,
            "renal-97 P(> 2 Gy), red_marrow": 0.08,
            "renal-108 median, kidneys": 16.4,
            "renal-108 P(> 29 Gy), kidneys": 0.08,
            "renal-108 median, red_marrow": 0.89,
            "renal-108 P(> 2 Gy), red_marrow": 0.04,
            "adjusted-40 activity": 5.5,
            "adjusted-70 activity": 7.4,
            "tumour-no-trend cycle 2": 14.30,
            "tumour-no-trend cycle 3": 14.30,
            "tumour-no-trend cycle 4": 14.30,
            "tumour-grade-1 cycle 2": 13.44,
            "tumour-grade-1 cycle 3": 12.64,
            "tumour-grade-1 cycle 4": 11.88,
            "tumour-grade-unknown cycle 2": 12.87,
            "tumour-grade-unknown cycle 3": 11.58,
            "tumour-grade-unknown cycle 4": 10.42,
            "tumour-grade-2 cycle 2": 12.30,
            "tumour-grade-2 cycle 3": 10.58,
            "tumour-grade-2 cycle 4": 9.10,
        }.items()
    )


@pytest.mark.parametrize("row", ANSWERS.rows, ids=name_of)
def test_tolerance_is_as_large_as_its_reason_states(row):
    tolerance, expected = float(row["tolerance"]), float(row["expected"])
    of_publication = row["tolerance_reason"].startswith("0.03: ")
    assert tolerance > 0.0
    assert tolerance < 0.05 * abs(expected) or of_publication
    if row["tolerance_reason"] == "half a unit of the last printed digit":
        # "8.28541e11" has the digits "8.28541": half of 1e-5, times 1e11
        digits, _, exponent = row["expected"].partition("e")
        unit = 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))
        assert tolerance == pytest.approx(unit / 2, rel=1e-12)
    elif row["tolerance_reason"].startswith("1 %"):
        assert tolerance == pytest.approx(expected / 100, rel=1e-3)
    elif row["tolerance_reason"].startswith("0.1 %"):
        assert tolerance == pytest.approx(expected / 1000, rel=1e-5)
    elif row["tolerance_reason"].startswith("0.002"):
        assert tolerance == 0.002
    elif of_publication:
        assert tolerance == 0.03
    elif row["tolerance_reason"].startswith("electron dose constant"):
        assert tolerance == pytest.approx(5e-8 / 310, rel=0.01)  # mGy g/(MBq s), g


@pytest.mark.parametrize("times", [-2.0, 2.0])
@pytest.mark.parametrize("row", ANSWERS.rows, ids=name_of)
def test_expected_value_off_by_twice_its_tolerance_fails(row, times):
    other = float(row["expected"]) + times * float(row["tolerance"])
    found = computed()[row["id"]]
    assert compare(row, found).passed
    assert not compare({**row, "expected": repr(other)}, found).passed


def test_one_difference_fails_the_whole_test():
    found = selftest(answers=altered(position_of("bed-mono", "BED"), expected="5.509917"))
    assert not found.passed
    failed = [answer for answer in found.answers if not answer.passed]
    assert [(answer.id, answer.quantity) for answer in failed] == [("bed-mono", "BED")]


def test_difference_is_the_computed_less_the_expected_value():
    # ln 2 / (50 h) and a repair half-life of 2.8 h: G = l / (l + m) = 2.8 / 52.8
    found = selftest().answers[position_of("bed-mono", "G")]
    assert found.computed.value == pytest.approx(2.8 / 52.8, rel=1e-14)
    assert found.difference.value == pytest.approx(2.8 / 52.8 - 0.0530303, rel=1e-6)
    assert {found.expected.unit, found.computed.unit, found.tolerance.unit} == {"1"}


def test_answer_may_be_stated_in_another_unit():
    # 0.00434499 /h = 0.10427976 /d
    position = position_of("decay", "decay constant")
    found = selftest(
        answers=altered(position, expected="0.10427976", unit="1/d", tolerance="1.2e-7")
    )
    assert found.passed
    assert found.answers[position].computed.unit == "1/d"


@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_computation_without_a_finite_number_fails(value):
    row = ANSWERS.rows[position_of("bed-mono", "G")]
    answer = compare(row, {"G": value})
    assert (answer.computed, answer.difference, answer.passed) == (None, None, False)


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        (ANSWERS.rows[:-1], "tumour-grade-2 (cycle 4)"),
        ((), "bed-bi (BED)"),
        (altered(0, id="decay-2").rows, "decay (decay constant), decay-2 (decay constant)"),
    ],
    ids=["a row is missing", "all rows are missing", "a row has another name"],
)
def test_table_of_another_program_is_refused(rows, named):
    with pytest.raises(InputError) as caught:
        selftest(answers=dataclasses.replace(ANSWERS, rows=rows))
    (problem,) = caught.value.problems
    assert problem.code == "known-answers-incomplete"
    assert named in problem.message


def test_document_fits_its_schema_and_states_what_computed_it():
    found = json.loads(selftest(dt.date(2026, 11, 27)).to_json())
    jsonschema.validate(found, schema_of("selftest"))
    assert found["schema"] == "dosimetry/selftest/1"
    assert found["version"] == dosimetry.__version__
    assert found["as_of"] == "2026-11-27"
    assert {"numpy", "scipy", "pint"} <= set(found["libraries"])
    assert found["tables"] == tables.hashes()
    assert "not a medical device" in found["disclaimer"]


def test_document_without_a_date_has_none_and_repeats():
    first, second = selftest(), selftest()
    assert first.as_of is None
    assert first.to_json() == second.to_json()


def test_library_that_is_not_installed_is_left_out():
    assert set(versions(("numpy", "no-such-library"))) == {"numpy"}


def test_hash_is_the_one_of_the_altered_table():
    found = selftest(answers=dataclasses.replace(ANSWERS, sha256="0" * 64))
    assert found.tables["known_answers"] == "0" * 64
