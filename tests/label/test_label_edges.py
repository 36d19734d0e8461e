"""Dose-modification rules at their edges: day of a dose, time zones, old values, waiting cycles."""

import pint
import pytest
from labelled_course import DUE, SECOND, date, draw, event, given, label_of, only, planned

from dosimetry import InputError
from dosimetry.patient.laboratory import read_lab

Q = pint.get_application_registry().Quantity
BASELINE = draw(-2)
TWO = given(0, SECOND)


def at_time(moment, **values):
    return {"at": moment, **values}


def dose_at(moment):
    return [{"administered": "7.4 GBq", "at": moment}]


def test_an_adverse_event_on_the_day_of_a_dose_followed_it():
    found = label_of(given(0), [BASELINE], [event(0, "vomiting", 3)])
    assert (found.answer, found.transitions[-1].rule) == ("withhold", "other_toxicity: vomiting")
    made = planned(TWO, [BASELINE, draw(50)], [event(SECOND, "vomiting", 3)])
    assert not [w for w in made.warnings if w.code == "against-the-label"]
    assert made.adverse_events[0].grade == 3


@pytest.mark.parametrize(
    ("term", "analyte"),
    [
        ("lymphopenia", "lymphocytes"),
        ("Thrombocytopenia", "platelets"),
        ("neutropenia", "neutrophils"),
        ("leukopenia", "leukocytes"),
        ("anaemia", "haemoglobin"),
        ("platelet count decreased", "platelets"),
    ],
)
def test_blood_count_entered_as_an_event_is_refused(term, analyte):
    with pytest.raises(InputError, match=f"give {analyte} under labs"):
        label_of(TWO, [BASELINE], [event(70, term, 3)])


def test_missing_adverse_events_are_an_assumption():
    words = "no other toxicity of grade 3 or 4 since cycle 2 (none entered"
    assert any(words in line for line in planned(TWO, [BASELINE]).assumptions)
    entered = planned(TWO, [BASELINE], [event(70, "nausea", 0)])
    assert not any(words in line for line in entered.assumptions)


def test_prothrombin_ratio_before_the_last_dose_is_ignored():
    alone = only(84, albumin="25 g/L")
    found = label_of(TWO, [BASELINE, alone])  # 95 % at the baseline
    assert "prothrombin ratio" in "; ".join(found.unchecked)
    labs = [BASELINE, draw(20, albumin="25 g/L", prothrombin_ratio="60 %"), draw(40), alone]
    assert label_of(TWO, labs).answer != "stop"


def test_sample_after_the_dose_in_another_zone_is_not_baseline():
    dose = dose_at("2026-01-12T08:00:00+13:00")  # 2026-01-11T19:00Z
    labs = [
        at_time("2026-01-09T00:00:00Z", creatinine="1.0 mg/dL"),
        at_time("2026-01-11T22:00:00Z", creatinine="1.6 mg/dL"),
    ]
    found = label_of(dose, labs)
    assert (found.answer, found.transitions[-1].rule) == ("withhold", "renal_toxicity")


def test_sample_before_the_dose_in_another_zone_is_baseline():
    dose = dose_at("2026-01-12T17:00:00-08:00")  # 2026-01-13T01:00Z
    labs = [
        at_time("2026-01-13T00:30:00Z", creatinine="1.0 mg/dL"),
        at_time("2026-02-09T10:00:00Z", creatinine="1.5 mg/dL"),
    ]
    assert label_of(dose, labs).answer == "withhold"


def test_sample_at_the_time_of_the_first_dose_is_baseline():
    moment = "2026-01-12T09:30:00+01:00"
    labs = [at_time(moment, creatinine="1.0 mg/dL"), only(28, creatinine="1.5 mg/dL")]
    assert label_of(dose_at(moment), labs).answer == "withhold"


def test_contraindications_apply_before_the_first_dose_only():
    labs = [draw(-2, platelets="70 1e9/L"), draw(28)]
    found = label_of(given(0), labs)
    assert (found.answer, found.needs) == ("due", ())
    withheld = label_of(given(0), [labs[0], draw(28, haemoglobin="7 g/dL")])
    assert withheld.needs == ("haemoglobin of 8 g/dL or more",)


def test_later_cycles_wait_for_the_withheld_cycle():
    made = planned(given(0), [BASELINE, draw(28, platelets="60 1e9/L")])
    assert [c.status for c in made.cycles] == ["delivered", "withheld", "withheld", "withheld"]
    assert [c.reason for c in made.cycles[2:]] == ["not before cycle 2 has been given"] * 2
    left = planned(
        TWO,
        [BASELINE, draw(84, platelets="60 1e9/L")],
        options={"without_cycles": [3]},
    )
    assert "platelets 60" in left.cycles[3].reason
    assert left.label.next_cycle == 4


@pytest.mark.parametrize("weeks", [3, 5])
def test_values_that_are_old_by_the_next_dose_are_named(weeks):
    # European product information: tests within 2 to 4 weeks before an administration
    found = label_of(TWO, [BASELINE, draw(DUE - 7 * weeks)])
    assert bool(found.unchecked) == (weeks > 4)
    assert all("older than 4 weeks on the day of cycle 3" in words for words in found.unchecked)


def test_values_years_before_the_first_dose_are_unchecked():
    found = label_of([], [draw(-1000)], start=date(0))
    assert found.answer == "unchecked"
    assert "older than 4 weeks on the day of cycle 1" in found.unchecked[0]


def test_more_than_four_cycles_draw_a_warning():
    doses = [
        {**one, "dose_coefficients": {"kidneys": "0.1 Gy/GBq", "red_marrow": "0.01 Gy/GBq"}}
        for one in given(0, 56, 112, 168)
    ]
    made = planned(doses, [BASELINE], strategy="to-limit")
    assert made.cycles[4].status == "planned"
    assert (made.label.answer, made.label.next_cycle, made.label.activity) == (
        "complete",
        None,
        None,
    )
    assert made.label.reason == "all 4 doses of the label have been given"
    (warning,) = [one for one in made.warnings if one.code == "beyond-the-label"]
    assert "cycles 5, 6" in warning.message
    done = planned(doses, [BASELINE])
    assert (done.label.answer, done.label.unchecked) == ("complete", ())
    assert done.label.reason == "the regimen has no further cycle"
    assert "beyond-the-label" not in [one.code for one in done.warnings]


def test_a_toxicity_after_the_fourth_dose_withholds_a_fifth():
    doses = given(0, 56, 112, 168)
    labs = [BASELINE, draw(200, platelets="60 1e9/L")]
    six = {"activity": "7.4 GBq", "cycles": 6, "interval": "8 week"}
    assert label_of(doses, labs, regimen=six).answer == "withhold"


@pytest.mark.parametrize(
    ("weeks", "earliest"),
    [(4, 49), (7, 49), (8, 56), (9, 63)],  # the label: 8 weeks +/- 1 week
)
def test_earliest_label_date_is_seven_weeks_after_last_dose(weeks, earliest):
    regimen = {"activity": "7.4 GBq", "cycles": 4, "interval": f"{weeks} week"}
    found = label_of(given(0), [BASELINE, draw(20)], regimen=regimen)
    assert found.earliest == date(earliest)


@pytest.mark.parametrize("value", ["111 umol/L", "113 umol/L"])  # 39 and 41 % above 80 umol/L
def test_plan_states_the_resolution_of_renal_toxicity(value):
    labs = [BASELINE, draw(84, creatinine="130 umol/L"), draw(100, creatinine=value)]
    made = planned(TWO, labs)
    # PMC10133840, table 1: complete resolution or return to baseline, which neither is
    assert made.label.answer == "withhold"
    words = "renal toxicity has resolved when the value is normal or at most 10 % worse"
    assert any(words in line for line in made.assumptions)
    of_grade = planned(TWO, [BASELINE, draw(84, platelets="60 1e9/L")])
    assert not any("has resolved when" in line for line in of_grade.assumptions)


@pytest.mark.parametrize("options", [{"activity": "3 GBq"}, {"activity": "6 GBq"}])
def test_the_reason_of_a_cycle_never_contradicts_its_activity(options):
    made = planned(TWO, [BASELINE, draw(84, platelets="60 1e9/L"), draw(110)], options=options)
    for cycle in made.cycles[2:]:
        assert "7.4 GBq" not in cycle.reason
        assert cycle.activity.value <= 3.7 or "at most" not in cycle.reason


def test_octreotide_continues_where_the_last_cycle_is_omitted():
    made = planned(given(0, 56, 112), [BASELINE], options={"without_cycles": [4]})
    after = [e.at for e in made.calendar if e.kind == "octreotide" and e.at > date(112)]
    assert after[:2] == [date(140), date(168)]


@pytest.mark.parametrize("quantity", [Q(62, "1/nL"), Q(62e9, "1/L"), Q(62000, "1/uL")])
def test_pint_quantities_are_accepted_as_counts(quantity):
    assert read_lab("platelets", quantity).value == pytest.approx(62.0)


@pytest.mark.parametrize("text", ["78 umol/l", "0.078 mmol/L", "78 nmol/mL", "78 umol / L"])
def test_molar_concentrations_are_read_in_any_unit(text):
    assert read_lab("creatinine", text).value == pytest.approx(78 / 88.42)


def test_one_sided_range_is_completed_from_the_table():
    document = {"creatinine": {"lower": "45 umol/L"}}
    made = planned(TWO, [BASELINE], ranges=document)
    (line,) = [text for text in made.assumptions if text.startswith("reference limits")]
    assert "creatinine" in line
    with pytest.raises(InputError, match="give both limits"):
        planned(TWO, [BASELINE], ranges={"creatinine": {"lower": "180 umol/L"}})


def test_a_time_of_infusion_needs_a_zone_where_doses_have_one():
    with pytest.raises(InputError, match=r"add therapy\.time_zone"):
        planned(dose_at("2026-01-12T09:30:00+01:00"), [], infusion_time="09:30")
