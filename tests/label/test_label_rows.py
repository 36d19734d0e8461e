"""Every row of the label tables through ``plan``: values taken from the label, not computed.

A man of 60 years and 78 kg: clearance 80 x 78/72 = 86.67 mL/min per mg/dL of creatinine. Baseline
values: creatinine 80 umol/L, bilirubin 11 umol/L (upper limit 20), albumin 41 g/L (lower limit 35).
"""

import pytest
from labelled_course import (
    DUE,
    LATEST,
    SECOND,
    date,
    draw,
    event,
    given,
    label_of,
    planned,
)

from dosimetry.reference.tables import table

pytestmark = pytest.mark.slow  # whole plans and pages

TWO = given(0, SECOND)
THREE = [*TWO, *given(DUE, activity="3.7 GBq")]
NAUSEA = "nausea"  # stands for a reaction of its own grade


class Row:
    """One criterion: baseline, and values that meet it, just do not, have and have not resolved."""

    def __init__(self, holds, just_not, resolved, unresolved=(), baseline=None, alone=True):
        self.holds, self.just_not, self.resolved = holds, just_not, resolved
        self.unresolved, self.baseline, self.alone = unresolved, baseline or {}, alone


# US label, table of dosage modifications: criteria, and resolution by grade for blood counts and
# other reactions; PMC10133840, table 1: renal and hepatic toxicity resolve completely or to
# baseline (10 % tolerance: assumption, table defaults).
LOW_ALBUMIN = {"albumin": "29.9 g/L", "prothrombin_ratio": "69 %"}
ROWS = {
    ("thrombocytopenia", "1"): Row(
        [{"platelets": v} for v in ("74 1e9/L", "49 1e9/L", "24000 /uL")],
        [{"platelets": "75 1e9/L"}],
        [{"platelets": "75 1e9/L"}],
        [{"platelets": "74 1e9/L"}],
    ),
    ("anaemia", "1"): Row(
        [{"haemoglobin": v} for v in ("7.9 g/dL", "79 g/L", "4.9 mmol/L")],
        [{"haemoglobin": "8.0 g/dL"}],
        [{"haemoglobin": "8.0 g/dL"}],
        [{"haemoglobin": "7.9 g/dL"}],
    ),
    ("neutropenia", "1"): Row(
        [{"neutrophils": v} for v in ("0.99 1e9/L", "490 /uL")],
        [{"neutrophils": "1.0 1e9/L"}],
        [{"neutrophils": "1.0 1e9/L"}],
        [{"neutrophils": "0.99 1e9/L"}],
    ),
    # below 40 mL/min is above 2.167 mg/dL; the baseline of 1.9 mg/dL + 10 % is 2.09 mg/dL
    ("renal_toxicity", "1"): Row(
        [{"creatinine": "2.18 mg/dL"}],
        [{"creatinine": "2.15 mg/dL"}],
        [{"creatinine": "2.08 mg/dL"}, {"creatinine": "1.5 mg/dL"}],
        [{"creatinine": "2.15 mg/dL"}, {"creatinine": "2.10 mg/dL"}],
        {"creatinine": "1.9 mg/dL"},
    ),
    # 80 x 1.4 = 112; 80 + 10 % = 88
    ("renal_toxicity", "2"): Row(
        [{"creatinine": "112 umol/L"}],
        [{"creatinine": "111 umol/L"}],
        [{"creatinine": "88 umol/L"}, {"creatinine": "80 umol/L"}],
        [{"creatinine": "111 umol/L"}, {"creatinine": "89 umol/L"}],
    ),
    # a clearance down by 40 % is a creatinine of 80/0.6 = 133.3, where the second holds already
    ("renal_toxicity", "3"): Row(
        [{"creatinine": "133.4 umol/L"}],
        [{"creatinine": "133.2 umol/L"}],
        [{"creatinine": "88 umol/L"}],
        [{"creatinine": "111 umol/L"}],
        alone=False,
    ),
    ("hepatotoxicity", "1"): Row(
        [{"bilirubin": "61 umol/L"}],
        [{"bilirubin": "60 umol/L"}],
        [{"bilirubin": "20 umol/L"}, {"bilirubin": "11 umol/L"}],
        [{"bilirubin": "60 umol/L"}, {"bilirubin": "21 umol/L"}],
    ),
    ("hepatotoxicity", "2"): Row(
        [LOW_ALBUMIN],
        [
            {"albumin": "30 g/L", "prothrombin_ratio": "69 %"},
            {"albumin": "29.9 g/L", "prothrombin_ratio": "70 %"},
        ],
        [{"albumin": "35 g/L", "prothrombin_ratio": "70 %"}],
        [
            {"albumin": "34 g/L", "prothrombin_ratio": "70 %"},
            {"albumin": "30 g/L", "prothrombin_ratio": "95 %"},
            {"albumin": "35 g/L", "prothrombin_ratio": "69 %"},
        ],
    ),
    ("other_toxicity", "1"): Row(
        [{NAUSEA: 3}, {NAUSEA: 4}, {"albumin": "19.9 g/L"}],
        [{NAUSEA: 2}, {"albumin": "20 g/L"}],
        [],
    ),
}
CASES = {
    f"{rule} {number}, {' '.join(f'{v}' for v in bad.values())}": (rule, row, bad)
    for (rule, number), row in ROWS.items()
    for bad in row.holds
}
every_case = pytest.mark.parametrize(("rule", "row", "bad"), CASES.values(), ids=CASES)


def found(doses, row, *seen):
    """Return the label's answer after values, each on its day; an adverse event has a grade."""
    labs, events = [draw(-2, **row.baseline)], []
    for day, values in seen:
        labs.append(
            draw(day, **{**row.baseline, **{k: v for k, v in values.items() if k != NAUSEA}})
        )
        events += [event(day, NAUSEA, values[NAUSEA])] if NAUSEA in values else []
    return label_of(doses, labs, events)


def resolved_values(row, bad):
    """Return what has resolved: for another reaction, grade 2 of the same."""
    return (
        row.resolved or [{NAUSEA: 2}] if NAUSEA in bad else row.resolved or [{"albumin": "20 g/L"}]
    )


def test_every_row_of_the_label_s_tables_has_a_case():
    rules = {row["rule"] for row in table("label_rules").rows}
    criteria = {(row["rule"], row["alternative"]) for row in table("label_criteria").rows}
    assert {rule for rule, _ in criteria} == rules
    assert criteria == set(ROWS) | {(rule, "1") for rule in CONTRAINDICATIONS}
    resolutions = {(row["rule"], row["alternative"]) for row in table("label_resolution").rows}
    assert resolutions == {key for key in ROWS if key[0] in ("renal_toxicity", "hepatotoxicity")}


@every_case
def test_a_criterion_that_holds_withholds(rule, row, bad):
    label = found(TWO, row, (84, bad))
    assert (label.answer, label.activity) == ("withhold", None)
    assert label.transitions[-1].rule.split(":")[0] == rule


@pytest.mark.parametrize("key", ROWS, ids=" ".join)
def test_value_just_outside_the_criterion_does_not_withhold(key):
    row = ROWS[key]
    for good in row.just_not:
        label = found(TWO, row, (84, good))
        if row.alone:
            assert (label.answer, label.activity.value) == ("due", 7.4)
        else:
            assert "creatinine clearance" not in label.transitions[-1].reason


@every_case
def test_once_resolved_the_next_dose_is_reduced(rule, row, bad):
    for good in resolved_values(row, bad):
        label = found(TWO, row, (84, bad), (110, good))
        assert (label.answer, label.activity.value) == ("reduced", 3.7)


@every_case
def test_not_yet_resolved_stays_withheld(rule, row, bad):
    for still in row.unresolved:
        label = found(TWO, row, (84, bad), (110, still))
        assert (label.answer, label.activity) == ("withhold", None)
        assert label.needs


@every_case
def test_resolved_after_sixteen_weeks_is_a_stop(rule, row, bad):
    for good in resolved_values(row, bad):
        assert found(TWO, row, (84, bad), (LATEST, good)).answer == "reduced"
        assert found(TWO, row, (84, bad), (LATEST + 1, good)).answer == "stop"


@every_case
def test_a_recurrence_is_a_stop(rule, row, bad):
    good = resolved_values(row, bad)[0]
    before = found(TWO, row, (84, bad), (100, good), (110, bad))
    after = found(THREE, row, (84, bad), (110, good), (140, bad))
    assert (before.answer, after.answer) == ("stop", "stop")


@every_case
def test_without_a_recurrence_the_dose_is_full_again(rule, row, bad):
    good = resolved_values(row, bad)[0]
    label = found(THREE, row, (84, bad), (110, good), (150, good))
    assert (label.answer, label.activity.value) == ("due", 7.4)


# European product information, contraindications: meets it, just does not.
CONTRAINDICATIONS = {
    "low_creatinine_clearance": ({"creatinine": "2.17 mg/dL"}, {"creatinine": "2.16 mg/dL"}),
    "low_haemoglobin": ({"haemoglobin": "7.9 g/dL"}, {"haemoglobin": "8 g/dL"}),
    "low_platelets": ({"platelets": "74 1e9/L"}, {"platelets": "75 1e9/L"}),
    "low_leukocytes": ({"leukocytes": "1.99 1e9/L"}, {"leukocytes": "2 1e9/L"}),
    "high_bilirubin": ({"bilirubin": "61 umol/L"}, {"bilirubin": "60 umol/L"}),
    "low_albumin": (LOW_ALBUMIN, {"albumin": "29.9 g/L", "prothrombin_ratio": "70 %"}),
}


@pytest.mark.parametrize(("bad", "good"), CONTRAINDICATIONS.values(), ids=CONTRAINDICATIONS)
def test_a_contraindication_forbids_the_first_dose(bad, good):
    made = planned([], [draw(-2, **bad)], start=date(0))
    assert (made.label.answer, made.label.activity) == ("not-eligible", None)
    assert {cycle.status for cycle in made.cycles} == {"withheld"}
    assert label_of([], [draw(-2, **good)], start=date(0)).answer == "due"


# --- what resolution is where something is missing -----------------------------------------------


def test_creatinine_39_percent_above_baseline_never_resumes():
    # Normal is at most 110 umol/L: 60 umol/L + 39 % is normal and not back at its baseline.
    row = Row([], [], [], baseline={"creatinine": "60 umol/L"})
    label = found(TWO, row, (84, {"creatinine": "90 umol/L"}), (110, {"creatinine": "83 umol/L"}))
    assert label.answer == "withhold"
    assert "creatinine of 66 umol/L or less (the baseline of 60 umol/L + 10 %)" in label.needs
    assert "38 % above the baseline of 60 umol/L" in label.reason


def test_bilirubin_resolves_at_an_abnormal_baseline():
    row = Row([], [], [], baseline={"bilirubin": "30 umol/L"})  # above the upper limit of 20
    bad = (84, {"bilirubin": "70 umol/L"})
    assert found(TWO, row, bad, (110, {"bilirubin": "33 umol/L"})).answer == "reduced"
    assert found(TWO, row, bad, (110, {"bilirubin": "34 umol/L"})).answer == "withhold"


def test_missing_baseline_makes_normal_creatinine_resolved():
    # 2.2 mg/dL is 39.4 mL/min; normal is at most 110 umol/L = 1.244 mg/dL
    labs = [draw(84, creatinine="2.2 mg/dL"), draw(110, creatinine="1.3 mg/dL")]
    assert label_of(TWO, labs).answer == "withhold"
    fine = draw(111, creatinine="1.2 mg/dL")
    assert [one.state for one in label_of(TWO, [*labs, fine]).transitions] == [
        "withheld",
        "reduced",
    ]


def test_a_missing_value_does_not_resolve_a_toxicity():
    # a dose given against the label, then a sample without bilirubin
    high = draw(84, bilirubin="70 umol/L")
    label = label_of([*TWO, *given(DUE)], [draw(-2), high, draw(150, bilirubin=None)])
    assert label.answer == "withhold"
    assert "bilirubin not measured since the last dose" in label.reason
