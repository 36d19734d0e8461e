"""Warnings about dates, units and consistency of laboratory values and adverse events."""

import pytest
from labelled_course import SECOND, date, draw, event, given, only, planned

from dosimetry import InputError


def doubts(made, code):
    return [one for one in made.warnings if one.code == code]


@pytest.mark.parametrize(("days", "old"), [(-28, False), (-29, True), (-733, True)])
def test_baseline_older_than_four_weeks_draws_a_warning(days, old):
    # European product information: tests within 2 to 4 weeks before an administration
    made = planned(given(0), [draw(days), only(20, creatinine="85 umol/L")])
    found = doubts(made, "baseline-old")
    assert bool(found) == old
    if old:
        assert f"creatinine of {date(days)}" in found[0].message
        assert "clearance" not in found[0].message  # it follows from the creatinine


def test_repeated_analyte_has_the_later_baseline():
    made = planned(given(0), [draw(-733), only(-3, creatinine="85 umol/L")])
    (found,) = doubts(made, "baseline-old")
    assert "creatinine" not in found.message
    assert "platelets" in found.message


def test_course_not_started_has_no_old_baseline():
    assert not doubts(planned((), [draw(-733)], start=date(0)), "baseline-old")


def test_timed_sample_on_the_day_of_an_untimed_dose_warns():
    evening = {"at": f"{date(SECOND)}T18:00:00+01:00", "creatinine": "110 umol/L"}
    (found,) = doubts(
        planned(given(0, SECOND), [draw(-2), evening], time_zone="Europe/Berlin"),
        "sample-on-the-day-of-dose",
    )
    assert (found.place, found.cure) == ("labs[1].at", "add the time to cycles[1].at")
    timed = [*given(0), {"administered": "7.4 GBq", "at": f"{date(SECOND)}T10:00:00+01:00"}]
    made = planned(timed, [draw(-2), evening], time_zone="Europe/Berlin")
    assert not doubts(made, "sample-on-the-day-of-dose")
    bare = only(SECOND, creatinine="110 umol/L")
    made = planned(given(0, SECOND), [draw(-2), bare])
    assert not doubts(made, "sample-on-the-day-of-dose")


@pytest.mark.parametrize(
    ("days", "far"),
    [(-183, True), (-182, False), (56 + 112, False), (56 + 113, True), (13000, True)],
)
def test_dates_far_from_the_doses_draw_a_warning(days, far):
    made = planned(given(0, SECOND), [draw(-2), only(days, creatinine="80 umol/L")])
    assert [one.place for one in doubts(made, "date-far-off")] == ["labs[1].at"] * far
    events = planned(given(0, SECOND), [draw(-2)], [event(days, "nausea", 1)])
    assert [one.place for one in doubts(events, "date-far-off")] == ["adverse_events[0].at"] * far


def test_values_long_after_a_complete_course_are_follow_up():
    done = given(0, 56, 112, 168)
    assert not doubts(planned(done, [draw(-2), draw(700)]), "date-far-off")


def test_mistaken_year_before_the_first_dose_warns():
    made = planned((), [draw(13000)], start=date(0))
    assert doubts(made, "date-far-off")


def test_number_in_a_confusable_unit_draws_a_warning():
    # 7.4 mmol/L is 11.9 g/dL (CTCAE grade 1); 7.4 g/dL would be grade 3
    labs = [draw(-2), only(20, haemoglobin="7.4 mmol/L")]
    (found,) = doubts(planned(given(0), labs), "unit-changes")
    assert found.place == "labs[1].haemoglobin"
    # 212000 in the unit of the first, 1e9/L, cannot be
    labs = [draw(-2), only(20, platelets="212000 /uL")]
    assert not doubts(planned(given(0), labs), "unit-changes")


@pytest.mark.parametrize(
    ("neutrophils", "leukocytes", "doubted"),
    [("6", "3", True), ("3.9", "6.1", False), ("5.3", "6.1", True), ("5.2", "6.1", False)],
)  # with 1.5 lymphocytes, and a tolerance of a tenth
def test_contradicting_counts_draw_a_warning(neutrophils, leukocytes, doubted):
    counts = {"neutrophils": f"{neutrophils} 1e9/L", "leukocytes": f"{leukocytes} 1e9/L"}
    found = doubts(planned(given(0), [draw(-2, **counts)]), "counts-contradict")
    assert bool(found) == doubted


@pytest.mark.parametrize(
    ("name", "limits", "doubted"),
    [
        ("bilirubin", {"upper": "21 mg/dL"}, ["reference_ranges.bilirubin.upper"]),
        ("bilirubin", {"upper": "21 umol/L"}, []),
        ("platelets", {"lower": "15 1e9/L"}, ["reference_ranges.platelets.lower"]),
        ("platelets", {"lower": "140 1e9/L", "upper": "400 1e9/L"}, []),
    ],
)
def test_reference_range_far_from_the_table_draws_a_warning(name, limits, doubted):
    made = planned(given(0), [draw(-2)], ranges={name: limits})
    assert [one.place for one in doubts(made, "range-unusual")] == doubted


def test_analyte_timed_and_untimed_on_one_day_is_refused():
    labs = [draw(-2), {"at": f"{date(20)}T08:00:00", "platelets": "160 1e9/L"}]
    labs.append(only(20, platelets="60 1e9/L"))
    with pytest.raises(InputError) as caught:
        planned(given(0), labs)
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == ("measured-twice", "labs[1].platelets")
    assert "labs[2].platelets" in problem.message
