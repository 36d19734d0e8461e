"""ALT, AST and INR: graded by the laboratory's own limit, shown, and without effect on a dose.

Grades by hand from CTCAE v5.0 (as printed in World J Hepatol 2026;18(1):113465, table 1): above the
upper limit up to 3, above 3 up to 5, above 5 up to 20, above 20 times the limit; for a baseline
above the limit 1.5 to 3, above 3 up to 5, above 5 up to 20, above 20 times the baseline.
"""

import pytest
from labelled_course import draw, event, given, planned

from dosimetry import InputError
from dosimetry.label.grade_bands import bands
from dosimetry.label.grades import grade
from dosimetry.reference.laboratory import Range, reference_range

BOTH = pytest.mark.parametrize("analyte", ["ALT", "AST"])
LIMIT = Range(None, 40.0, "")
UPPER = {"ALT": {"upper": "40 U/L"}, "AST": {"upper": "40 U/L"}}
TERMS = {
    "ALT": "alanine aminotransferase increased",
    "AST": "aspartate aminotransferase increased",
}


@BOTH
@pytest.mark.parametrize(
    ("value", "number"),
    [(40, 0), (40.1, 1), (120, 1), (120.1, 2), (200, 2), (200.1, 3), (800, 3), (800.1, 4)],
)
def test_grade_is_by_the_upper_limit_for_a_normal_baseline(analyte, value, number):
    assert grade(analyte, value, LIMIT, None).grade == number
    assert grade(analyte, value, LIMIT, 40.0).grade == number


@BOTH
@pytest.mark.parametrize(
    ("value", "number"),
    [(119.9, 0), (120, 1), (240, 1), (240.1, 2), (400, 2), (400.1, 3), (1600, 3), (1600.1, 4)],
)
def test_grade_is_by_an_abnormal_baseline(analyte, value, number):
    assert grade(analyte, value, LIMIT, 80.0).grade == number


@BOTH
def test_no_grade_without_an_upper_limit(analyte):
    assert grade(analyte, 900.0, Range(None, None, ""), 30.0) is None
    assert reference_range(analyte, "male") == Range(None, None, "")


@BOTH
def test_bands_of_grades_end_at_multiples_of_the_limit(analyte):
    edges = [(b.grade, b.lower, b.upper) for b in bands(analyte, LIMIT, None)]
    assert edges == [
        (0, None, 40.0),
        (1, 40.0, 120.0),
        (2, 120.0, 200.0),
        (3, 200.0, 800.0),
        (4, 800.0, None),
    ]
    abnormal = [(b.grade, b.lower, b.upper) for b in bands(analyte, LIMIT, 80.0)]
    assert abnormal[:2] == [(0, None, 120.0), (1, 120.0, 240.0)]


def course(analyte, value, *events, ranges=None, **named):
    labs = [draw(-2, **{analyte: "30 U/L"}), draw(50, **{analyte: value})]
    return planned(given(0), labs, events, ranges=ranges or {}, **named)


def codes(plan):
    return [warning.code for warning in plan.warnings]


@BOTH
def test_value_without_a_limit_is_shown_and_asks_for_it(analyte):
    plan = course(analyte, "900 U/L")
    shown = [(lab.value.value, lab.grade) for lab in plan.labs if lab.analyte == analyte]
    assert shown == [(30.0, None), (900.0, None)]
    (warning,) = [w for w in plan.warnings if w.code == "no-upper-limit"]
    assert f"reference_ranges: {{{analyte}: {{upper: ... U/L}}}}" in warning.cure
    assert analyte not in {band.analyte for band in plan.grade_bands}
    limits = next(line for line in plan.assumptions if line.startswith("reference limits"))
    assert analyte not in limits


@BOTH
def test_grade_3_by_itself_changes_no_dose_and_draws_a_warning(analyte):
    plan, healthy = (course(analyte, value, ranges=UPPER) for value in ("250 U/L", "30 U/L"))
    assert [lab.grade for lab in plan.labs if lab.analyte == analyte] == [0, 3]
    assert plan.label == healthy.label
    assert plan.label.answer == "due"
    (warning,) = [w for w in plan.warnings if w.code == "grade-not-counted"]
    assert f"{analyte} 250 U/L on 2026-03-03 is CTCAE grade 3" in warning.message
    assert f"{{at: 2026-03-03, term: {TERMS[analyte]}, grade: 3}}" in warning.cure
    assert "grade-not-counted" not in codes(healthy)


@BOTH
def test_grade_3_entered_as_a_reaction_withholds_the_dose(analyte):
    for term in (TERMS[analyte], f"{analyte} increased"):
        plan = course(analyte, "250 U/L", event(50, term, 3), ranges=UPPER)
        assert plan.label.answer == "withhold"
        assert "grade-not-counted" not in codes(plan)


@BOTH
def test_grade_2_draws_no_warning(analyte):
    assert "grade-not-counted" not in codes(course(analyte, "200 U/L", ranges=UPPER))


def test_high_value_before_the_first_dose_draws_no_warning():
    before = planned([], [draw(-2, ALT="250 U/L")], ranges=UPPER, start="2026-01-12")
    assert "grade-not-counted" not in codes(before)
    baseline = planned(given(0), [draw(-2, ALT="250 U/L")], ranges=UPPER)
    assert "grade-not-counted" not in codes(baseline)


def test_agent_without_a_label_draws_no_warning_on_its_rule():
    plan = course("ALT", "250 U/L", ranges=UPPER, radiopharmaceutical="177Lu-PSMA-617")
    assert [lab.grade for lab in plan.labs if lab.analyte == "ALT"] == [0, 3]
    assert "grade-not-counted" not in codes(plan)


def test_value_of_many_samples_is_warned_of_once():
    labs = [draw(-2), *(draw(day, ALT="250 U/L") for day in (20, 30, 50))]
    plan = planned(given(0), labs, ranges=UPPER)
    assert codes(plan).count("grade-not-counted") == 1


def test_albumin_of_grade_3_still_counts_by_itself():
    plan = planned(given(0), [draw(-2), draw(50, albumin="19 g/L")])
    assert plan.label.answer == "withhold"


def test_term_graded_by_other_laboratory_values_is_still_refused():
    with pytest.raises(InputError, match="graded by the laboratory values"):
        planned(given(0), [], [event(50, "blood bilirubin increased", 3)])


def test_inr_is_shown_and_used_by_no_rule():
    low = {"albumin": "29 g/L", "prothrombin_ratio": None}
    with_inr, without = (
        planned(given(0), [draw(-2), draw(50, **low, **more)]) for more in ({"INR": "2.5"}, {})
    )
    assert with_inr.label == without.label
    assert with_inr.label.answer == "unchecked"  # the prothrombin ratio is missing
    (shown,) = [lab for lab in with_inr.labs if lab.analyte == "INR"]
    assert (shown.value.value, shown.grade) == (2.5, None)
    said = [line for line in with_inr.assumptions if line.startswith("INR")]
    assert said == [
        "INR: shown only; no dose-modification rule uses it, and it is not converted to a "
        "prothrombin ratio"
    ]
