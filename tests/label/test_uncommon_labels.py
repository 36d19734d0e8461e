"""Dose-modification rules with missing or late values."""

from dataclasses import replace

from labelled_course import SECOND, course, date, draw, given, label_of, planned

from dosimetry.label.findings import observations
from dosimetry.label.rules import check
from dosimetry.reference.label import label_rules
from dosimetry.reference.laboratory import Range

BASELINE = draw(-2)


def test_dose_after_a_stop_changes_no_toxicity():
    # thrombocytopenia of grade 2 after the first dose, resolved; the next dose a year later
    labs = [BASELINE, draw(28, platelets="60 1e9/L"), draw(49)]
    on_time = label_of(given(0, SECOND), [*labs, draw(SECOND + 28)])
    late = label_of(given(0, 364), [*labs, draw(392)])
    assert on_time.answer != "stop"
    assert late.answer == "stop"
    after_the_dose = [one for one in late.transitions if one.at >= date(364)]
    assert {one.rule for one in after_the_dose} == {"longest_interval"}


def test_multiple_of_the_upper_limit_needs_that_limit():
    seen = observations(course(given(0), [BASELINE, draw(20)]))
    known = seen.all[-1].findings
    (rule,) = [one for one in label_rules("toxicity") if one.name == "hepatotoxicity"]
    assert check(rule, known, seen).unknown == ()
    without = {**seen.ranges, "bilirubin": Range(None, None, "a laboratory")}
    (found,) = check(rule, known, replace(seen, ranges=without)).unknown
    assert found == ("bilirubin", "no upper limit of normal")


def test_missing_age_gives_no_filtration_rate():
    known = planned(given(0), [BASELINE])
    unknown = planned(given(0), [BASELINE], person={"age": None})
    assert [one.egfr is None for one in known.renal_function] == [False]
    assert [one.egfr for one in unknown.renal_function] == [None]
    assert [one.creatinine_clearance for one in unknown.renal_function] == [None]


def test_label_decides_where_it_allows_less_than_the_limits():
    # thrombocytopenia of grade 2 after the third dose, resolved: half a dose is left to be given
    labs = [BASELINE, draw(140, platelets="60 1e9/L"), draw(165)]
    far = {
        "id": "kidneys-own",
        "region": "kidneys",
        "quantity": "absorbed dose",
        "limit": "500 Gy",
        "source": "a limit that is far",
    }
    plan = planned(given(0, SECOND, 2 * SECOND), labs, strategy="adjusted", limits=[far])
    assert plan.cycles[3].activity.value == 3.7
    assert plan.decision.limit is None
    assert "The label allows no more per cycle" in plan.decision.reason
