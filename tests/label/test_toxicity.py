"""CTCAE v5.0 grades: every bound, on both sides of it and on it.

The bounds are written here from the CTCAE v5.0 document, not read from the table of the project.
"""

import pytest

from dosimetry.label.grades import Grade, grade
from dosimetry.patient.laboratory import read_lab
from dosimetry.reference.grades import grade_rows
from dosimetry.reference.laboratory import Range

NONE = Range(None, None, "")
# analyte, unit, lower limit of normal, (bound, grade at the bound and above, grade below)
COUNTS = [
    ("platelets", "1e9/L", 150, [(150, 0, 1), (75, 1, 2), (50, 2, 3), (25, 3, 4)]),
    ("platelets", "/uL", 150, [(150000, 0, 1), (75000, 1, 2), (50000, 2, 3), (25000, 3, 4)]),
    ("neutrophils", "1e9/L", 1.8, [(1.8, 0, 1), (1.5, 1, 2), (1.0, 2, 3), (0.5, 3, 4)]),
    ("lymphocytes", "1e9/L", 1.0, [(1.0, 0, 1), (0.8, 1, 2), (0.5, 2, 3), (0.2, 3, 4)]),
    ("leukocytes", "1e9/L", 4.5, [(4.5, 0, 1), (3, 1, 2), (2, 2, 3), (1, 3, 4)]),
    ("haemoglobin", "g/dL", 13.0, [(13.0, 0, 1), (10, 1, 2), (8, 2, 3)]),
    ("haemoglobin", "g/L", 13.0, [(130, 0, 1), (100, 1, 2), (80, 2, 3)]),
    ("albumin", "g/L", 35, [(35, 0, 1), (30, 1, 2), (20, 2, 3)]),
    ("albumin", "g/dL", 35, [(3.5, 0, 1), (3.0, 1, 2), (2.0, 2, 3)]),
]
# analyte, unit, ULN, baseline, (bound, grade at the bound and below, grade above)
RISES = [
    ("creatinine", "umol/L", 100, None, [(100, 0, 1), (150, 1, 2), (300, 2, 3), (600, 3, 4)]),
    ("creatinine", "mg/dL", 1.2, None, [(1.2, 0, 1), (1.8, 1, 2), (3.6, 2, 3), (7.2, 3, 4)]),
    # above 1.5 and above 3 times the baseline, where the upper limit of normal is far
    ("creatinine", "umol/L", 400, 60, [(90, 0, 2), (180, 2, 3)]),
    # a baseline above the ULN leaves the multiples of the ULN as they are
    ("creatinine", "umol/L", 100, 120, [(100, 0, 1), (150, 1, 2), (300, 2, 3), (600, 3, 4)]),
    ("bilirubin", "umol/L", 20, None, [(20, 0, 1), (30, 1, 2), (60, 2, 3), (200, 3, 4)]),
    ("bilirubin", "umol/L", 20, 12, [(20, 0, 1), (30, 1, 2), (60, 2, 3), (200, 3, 4)]),
    # a baseline above the ULN stands in the place of the ULN
    ("bilirubin", "umol/L", 20, 40, [(40, 0, 1), (60, 1, 2), (120, 2, 3), (400, 3, 4)]),
]
STEP = 1e-4  # relative; finer than any laboratory reports


def graded(analyte, number, unit, limits, baseline=None):
    found = grade(analyte, read_lab(analyte, f"{number!r} {unit}").value, limits, baseline)
    return found.grade


def bounds(table):
    return [(*row[:-1], *bound) for row in table for bound in row[-1]]


@pytest.mark.parametrize(("analyte", "unit", "lln", "bound", "at", "below"), bounds(COUNTS))
def test_a_fall_is_graded_by_its_lower_bounds(analyte, unit, lln, bound, at, below):
    limits = Range(float(lln), None, "")
    assert graded(analyte, float(bound), unit, limits) == at
    assert graded(analyte, bound * (1 + STEP), unit, limits) == at
    assert graded(analyte, bound * (1 - STEP), unit, limits) == below


@pytest.mark.parametrize(("analyte", "unit", "uln", "usual", "bound", "at", "above"), bounds(RISES))
def test_a_rise_is_graded_by_multiples(analyte, unit, uln, usual, bound, at, above):
    upper = read_lab(analyte, f"{float(uln)!r} {unit}").value
    base = usual and read_lab(analyte, f"{float(usual)!r} {unit}").value
    limits = Range(None, upper, "")
    assert graded(analyte, float(bound), unit, limits, base) == at
    assert graded(analyte, bound * (1 - STEP), unit, limits, base) == at
    assert graded(analyte, bound * (1 + STEP), unit, limits, base) == above


def test_grade_names_its_term_and_whether_haematological():
    # CTCAE v5.0, Investigations
    limits = Range(0.7, 1.3, "")
    assert grade("platelets", 62.0, NONE, None) == Grade("platelet count decreased", 2, True)
    assert grade("creatinine", 1.6, limits, None) == Grade("creatinine increased", 1, False)


def test_the_lowest_grade_reaches_down_to_zero():
    assert graded("neutrophils", 0.0, "1e9/L", NONE) == 4
    assert graded("platelets", 1.0, "1e9/L", NONE) == 4


def test_grades_that_need_a_baseline_are_skipped_without_one():
    limits = Range(None, 4.0, "")
    assert grade("creatinine", 2.0, limits, None).grade == 0
    assert grade("creatinine", 2.0, limits, 1.0).grade == 2


def test_analyte_outside_the_ctcae_has_no_grade():
    assert grade("prothrombin_ratio", 60.0, NONE, None) is None


def test_every_row_of_the_table_has_a_tested_bound():
    tested = {row[0] for row in (*COUNTS, *RISES)}
    assert tested == {"platelets", "neutrophils", "lymphocytes", "leukocytes", "haemoglobin",
                      "albumin", "creatinine", "bilirubin"}  # fmt: skip
    for name in tested:
        assert {row.grade for row in grade_rows(name)} <= {1, 2, 3, 4}
