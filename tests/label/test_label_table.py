"""The dose-modification table of the US prescribing information, row by row.

Two doses were given, on day 0 and day 56. Cycle 3 can be given on day 112; 16 weeks after the
second dose is day 168.
"""

import pytest
from labelled_course import (
    DUE,
    LATEST,
    SECOND,
    course,
    date,
    draw,
    event,
    given,
    label_of,
    only,
    planned,
)

from dosimetry.planning.course_plan import plan

# What counts by the label, and what does not yet: the value on the other side of the bound.
ROWS = {
    "thrombocytopenia, grade 2": ("thrombocytopenia", {"platelets": "74 1e9/L"}),
    "thrombocytopenia, grade 3": ("thrombocytopenia", {"platelets": "49000 /uL"}),
    "thrombocytopenia, grade 4": ("thrombocytopenia", {"platelets": "20 1e9/L"}),
    "anaemia, grade 3": ("anaemia", {"haemoglobin": "79 g/L"}),
    "neutropenia, grade 3": ("neutropenia", {"neutrophils": "0.9 1e9/L"}),
    "neutropenia, grade 4": ("neutropenia", {"neutrophils": "0.4 1e9/L"}),
    "creatinine up by 40 %": ("renal_toxicity", {"creatinine": "112 umol/L"}),
    # 95.8 mL/min at 80 umol/L: 39.9 mL/min at 192 umol/L
    "clearance below 40 mL/min": ("renal_toxicity", {"creatinine": "192.2 umol/L"}),
    "bilirubin above 3 x ULN": ("hepatotoxicity", {"bilirubin": "61 umol/L"}),
    "albumin < 30 g/L, prothrombin < 70 %": (
        "hepatotoxicity",
        {"albumin": "29 g/L", "prothrombin_ratio": "69 %"},
    ),
    "albumin of grade 3 alone": ("other_toxicity: hypoalbuminemia", {"albumin": "19 g/L"}),
}
NOTHING = {
    "platelets of grade 1": {"platelets": "75 1e9/L"},
    "anaemia of grade 2": {"haemoglobin": "8.0 g/dL"},
    "neutrophils of grade 2": {"neutrophils": "1.0 1e9/L"},
    "lymphocytes of grade 4 alone": {"lymphocytes": "0.1 1e9/L"},
    "leukocytes of grade 4 alone": {"leukocytes": "0.9 1e9/L"},
    "creatinine up by 39 %": {"creatinine": "111 umol/L"},
    "bilirubin of 3 x ULN": {"bilirubin": "60 umol/L"},
    "albumin < 30 g/L, prothrombin 70 %": {"albumin": "29 g/L", "prothrombin_ratio": "70 %"},
    "albumin 30 g/L, prothrombin < 70 %": {"albumin": "30 g/L", "prothrombin_ratio": "60 %"},
}
every_row = pytest.mark.parametrize(("rule", "bad"), ROWS.values(), ids=ROWS)
TWO = given(0, SECOND)
THREE = [*TWO, *given(DUE, activity="3.7 GBq")]
BASELINE = draw(-2)


def answer(doses, *labs, events=()):
    found = label_of(doses, [BASELINE, *labs], events)
    return found.answer, found.activity and found.activity.value


@every_row
def test_at_the_first_occurrence_the_dose_is_withheld(rule, bad):
    found = label_of(TWO, [BASELINE, draw(84, **bad)])
    assert (found.answer, found.state, found.activity) == ("withhold", "withheld", None)
    assert found.latest == date(LATEST)
    assert found.needs
    last = found.transitions[-1]
    assert (last.rule, last.at, last.state) == (rule, date(84), "withheld")
    assert date(84) in last.reason
    assert "Lutathera" in last.source


@every_row
def test_once_resolved_in_time_the_next_dose_is_reduced(rule, bad):
    labs = [BASELINE, draw(84, **bad), draw(110)]
    found = label_of(TWO, labs)
    assert (found.answer, found.activity.value) == ("reduced", 3.7)
    assert found.earliest == date(DUE)
    assert [t.state for t in found.transitions] == ["withheld", "reduced"]
    made = planned(TWO, labs)
    assert [c.activity.value for c in made.cycles] == [7.4, 7.4, 3.7, 7.4]
    assert [c.decided_by for c in made.cycles] == [None, None, "label", "regimen"]


@every_row
def test_resolution_on_the_last_day_counts_a_day_later_not(rule, bad):
    assert answer(TWO, draw(84, **bad), draw(LATEST)) == ("reduced", 3.7)
    assert answer(TWO, draw(84, **bad), draw(LATEST + 1)) == ("stop", None)


@every_row
def test_not_resolved_after_sixteen_weeks_is_a_stop(rule, bad):
    assert answer(TWO, draw(84, **bad), draw(LATEST, **bad)) == ("withhold", None)
    found = label_of(TWO, [BASELINE, draw(84, **bad), draw(LATEST + 1, **bad)])
    assert (found.answer, found.state) == ("stop", "stopped")
    assert "16 weeks" in found.transitions[-1].reason
    assert [c.status for c in planned(TWO, [BASELINE, draw(84, **bad), draw(169, **bad)]).cycles][
        2:
    ] == ["stopped", "stopped"]


@every_row
def test_reduced_dose_without_recurrence_gives_full_dose(rule, bad):
    labs = [BASELINE, draw(84, **bad), draw(110), draw(DUE + 50)]
    found = label_of(THREE, labs)
    assert (found.answer, found.activity.value, found.state) == ("due", 7.4, "full-again")
    assert found.transitions[-1].at == date(DUE + 50)


@every_row
def test_a_recurrence_after_the_reduced_dose_is_a_stop(rule, bad):
    labs = [BASELINE, draw(84, **bad), draw(110), draw(DUE + 28, **bad)]
    found = label_of(THREE, labs)
    assert (found.answer, found.state) == ("stop", "stopped")
    assert "has recurred" in found.transitions[-1].reason
    # final: a good value afterwards changes nothing
    assert label_of(THREE, [*labs, draw(DUE + 50)]).answer == "stop"


@every_row
def test_recurrence_after_the_full_dose_is_a_stop(rule, bad):
    five = {"activity": "7.4 GBq", "cycles": 5, "interval": "8 week"}
    doses = [*THREE, *given(168)]
    labs = [BASELINE, draw(84, **bad), draw(110), draw(160), draw(190, **bad)]
    found = label_of(doses, labs, regimen=five)
    assert (found.answer, found.state) == ("stop", "stopped")


@pytest.mark.parametrize("value", NOTHING.values(), ids=NOTHING)
def test_toxicity_outside_the_label_changes_nothing(value):
    found = label_of(TWO, [BASELINE, draw(84, **value)])
    assert (found.answer, found.activity.value, found.transitions) == ("due", 7.4, ())


def test_other_severe_toxicity_withholds_reduces_and_recovers():
    severe, gone, back = event(70, "nausea", 3), event(90, "nausea", 2), event(120, "nausea", 4)
    found = label_of(TWO, [BASELINE, draw(84)], [severe])
    assert (found.answer, found.needs) == ("withhold", ("nausea of grade 2 or less",))
    assert found.transitions[-1].rule == "other_toxicity: nausea"
    assert answer(TWO, draw(84), events=[severe, gone]) == ("reduced", 3.7)
    fine = draw(150)  # else the label has nothing to go by before cycle 4
    mild = event(150, "nausea", 1)
    assert answer(THREE, draw(84), fine, events=[severe, gone, mild]) == ("due", 7.4)
    assert answer(THREE, draw(84), events=[severe, gone, back]) == ("stop", None)
    assert answer(TWO, draw(84), events=[event(70, "nausea", 2)]) == ("due", 7.4)
    late = [severe, event(LATEST + 1, "nausea", 0)]
    assert answer(TWO, draw(84), events=late) == ("stop", None)


def test_two_toxicities_must_both_resolve():
    both = {"platelets": "60 1e9/L", "creatinine": "130 umol/L"}
    one = draw(100, platelets="90 1e9/L", creatinine="130 umol/L")
    assert answer(TWO, draw(84, **both)) == ("withhold", None)
    assert answer(TWO, draw(84, **both), one) == ("withhold", None)
    assert answer(TWO, draw(84, **both), one, draw(110)) == ("reduced", 3.7)


def test_clearance_down_40_percent_withholds_the_dose():
    # Both are of the same creatinine: up by 1/0.6 = 1.667 is down by 40 %; 1.4 comes first.
    assert answer(TWO, draw(84, creatinine="112 umol/L")) == ("withhold", None)
    reason = label_of(TWO, [BASELINE, draw(84, creatinine="133.4 umol/L")]).transitions[-1].reason
    assert "creatinine clearance" in reason
    assert "down 40 %" in reason


def test_next_dose_waits_for_the_day_of_resolution():
    bad, late = draw(84, platelets="60 1e9/L"), draw(130)
    made = planned(TWO, [BASELINE, bad, late])
    assert [c.at for c in made.cycles][2:] == [date(130), date(130 + 56)]
    assert f"moved from {date(DUE)} to {date(130)}" in made.cycles[2].reason


def test_required_value_is_stated_in_the_laboratory_unit():
    def needs(**bad):
        return label_of(TWO, [BASELINE, draw(84, **bad)]).needs

    assert needs(platelets="62 1e9/L") == ("platelets of 75 1e9/L or more",)
    assert needs(platelets="62000 /uL") == ("platelets of 75000 /uL or more",)
    assert needs(haemoglobin="70 g/L") == ("haemoglobin of 80 g/L or more",)
    # PMC10133840, table 1: renal and hepatic toxicity resolve to baseline or completely
    (words,) = needs(creatinine="120 umol/L")
    assert words == "creatinine of 88 umol/L or less (the baseline of 80 umol/L + 10 %)"
    (words,) = needs(bilirubin="70 umol/L")
    assert words == "bilirubin of 20 umol/L or less (the upper limit of normal)"


def test_toxicity_before_the_first_dose_is_ignored():
    found = label_of([], [draw(-9, haemoglobin="9 g/dL"), draw(-2)], start=date(0))
    assert (found.answer, found.state, found.transitions) == ("due", "eligible", ())


CONTRAINDICATIONS = {
    "low_creatinine_clearance": ({"creatinine": "192.2 umol/L"}, {"creatinine": "191 umol/L"}),
    "low_haemoglobin": ({"haemoglobin": "79 g/L"}, {"haemoglobin": "80 g/L"}),
    "low_platelets": ({"platelets": "74 1e9/L"}, {"platelets": "75 1e9/L"}),
    "low_leukocytes": ({"leukocytes": "1.9 1e9/L"}, {"leukocytes": "2.0 1e9/L"}),
    "high_bilirubin": ({"bilirubin": "61 umol/L"}, {"bilirubin": "60 umol/L"}),
    "low_albumin": (
        {"albumin": "29 g/L", "prothrombin_ratio": "69 %"},
        {"albumin": "29 g/L", "prothrombin_ratio": "70 %"},
    ),
}


@pytest.mark.parametrize("rule", CONTRAINDICATIONS)
def test_contraindication_before_the_first_dose_withholds(rule):
    bad, good = CONTRAINDICATIONS[rule]
    found = label_of([], [draw(-2, **bad)], start=date(0))
    assert (found.answer, found.state, found.activity) == ("not-eligible", "not-eligible", None)
    assert found.transitions[0].rule == rule
    assert "European" in found.transitions[0].source
    assert found.needs
    found = label_of([], [draw(-2, **good)], start=date(0))
    assert (found.answer, found.activity.value, found.unchecked) == ("due", 7.4, ())


def test_resolved_contraindication_does_not_withhold():
    labs = [draw(-20, platelets="70 1e9/L"), draw(-2)]
    found = label_of([], labs, start=date(0))
    assert (found.answer, [t.state for t in found.transitions]) == (
        "due",
        ["not-eligible", "eligible"],
    )
    made = planned([], labs[:1], start=date(0))
    assert {cycle.status for cycle in made.cycles} == {"withheld"}


# --- doses against the label, and what could not be checked --------------------------------------


def against(doses, *labs):
    made = planned(doses, [BASELINE, *labs])
    return [w.place for w in made.warnings if w.code == "against-the-label"], made.label


def test_dose_while_withheld_warns_and_releases_nothing():
    places, label = against([*TWO, *given(DUE)], draw(84, platelets="60 1e9/L"))
    assert places == ["cycles[2]"]
    assert label.answer == "withhold"


def test_full_dose_instead_of_a_reduced_one_warns():
    labs = (draw(84, platelets="60 1e9/L"), draw(110))
    assert against([*TWO, *given(DUE)], *labs)[0] == ["cycles[2]"]
    assert against([*TWO, *given(DUE, activity="3.9 GBq")], *labs)[0] == []


def test_dose_after_more_than_sixteen_weeks_is_a_stop():
    places, label = against([*TWO, *given(SECOND + 113)])
    assert label.answer == "stop"
    assert places == ["cycles[2]"]
    assert against([*TWO, *given(SECOND + 112)], draw(SECOND + 150))[1].answer == "due"


def test_values_missing_since_the_last_dose_are_named():
    found = label_of(TWO, [BASELINE, only(84, platelets="150 1e9/L")])
    (words,) = found.unchecked
    assert (
        words == "haemoglobin, neutrophils, creatinine, bilirubin, albumin: no value since cycle 2"
    )
    warnings = planned(TWO, [BASELINE, only(84, platelets="150 1e9/L")]).warnings
    assert [w.place for w in warnings if w.code == "label-not-checked"] == ["labs"]


def test_rule_without_a_baseline_is_reported_unchecked():
    found = label_of(TWO, [draw(84)])
    said = "; ".join(found.unchecked)
    assert "creatinine" in said
    assert "no baseline" in said


def test_clearance_without_age_or_weight_is_reported():
    document = course(TWO, [BASELINE, draw(84)])
    bare = document.model_copy(
        update={"person": document.person.model_copy(update={"weight": None})}
    )
    said = "; ".join(plan(bare).label.unchecked)
    assert "creatinine clearance: patient.age and patient.weight are needed" in said


def test_low_albumin_without_prothrombin_ratio_is_reported():
    labs = [draw(-2, prothrombin_ratio=None), draw(84, albumin="28 g/L", prothrombin_ratio=None)]
    assert label_of(TWO, labs).unchecked == ("prothrombin ratio: no value since cycle 2",)
    # nor does it count as resolved while it may still hold
    high = draw(84, bilirubin="70 umol/L", prothrombin_ratio=None)
    half = draw(100, albumin="28 g/L", prothrombin_ratio=None)
    found = label_of(TWO, [labs[0], high, half])
    wanted = "albumin of 30 g/L or more or prothrombin ratio of 70 % or more"
    assert (found.answer, found.needs) == ("withhold", (wanted,))


def test_missing_laboratory_values_are_reported_once():
    made = planned(TWO, [])
    assert (made.label.answer, made.label.state) == ("unchecked", "unchecked")
    assert len([w for w in made.warnings if w.code == "label-not-checked"]) == 1


@pytest.mark.parametrize("weeks", [16, 17])
def test_an_interval_beyond_sixteen_weeks_is_a_stop(weeks):
    own = {"activity": "7.4 GBq", "cycles": 3, "interval": f"{weeks} week"}
    made = planned([], [draw(-2)], regimen=own, start=date(0))
    later = {cycle.status for cycle in made.cycles[1:]}
    assert later == ({"planned"} if weeks == 16 else {"stopped"})


def test_the_label_of_one_agent_is_not_applied_to_another():
    made = planned(
        TWO, [BASELINE, draw(84, platelets="20 1e9/L")], radiopharmaceutical="177Lu-PSMA"
    )
    assert made.label is None
    assert [c.activity.value for c in made.cycles] == [7.4] * 4
    assert any("dose-modification rules" in line for line in made.assumptions)
    assert made.labs[-9].grade == 4
