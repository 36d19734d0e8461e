"""Adverse events that end the treatment or may end it: each row of their table through ``plan``."""

import pytest
from labelled_course import DUE, SECOND, date, draw, event, given, label_of, planned

from dosimetry import InputError
from dosimetry.reference.adverse_terms import canonical
from dosimetry.reference.tables import table

pytestmark = pytest.mark.slow

TWO = given(0, SECOND)
BEFORE, FINE = draw(-2), draw(110)  # nothing that the label asks is unchecked before cycle 3

# US label, warnings (hypersensitivity) and lutathera-hcp.com, Preparing and Administering: no
# rechallenge after grade 3 or 4, premedication after grade 1 or 2.
HYPERSENSITIVITY = ("anaphylaxis", "allergic reaction", "infusion related reaction", "angioedema")
# Myelodysplastic syndrome and leukaemia of every grade are asked about.
ANY_GRADE = (
    "myelodysplastic syndrome",
    "leukemia",
    "treatment related secondary malignancy",
    "bone marrow failure",
)
ROWS = table("treatment_ending_events").rows
ASKED = sorted({row["term"] for row in ROWS if row["consequence"] == "ask"} - {*ANY_GRADE})
RESUMED = sorted({row["term"] for row in ROWS if row["consequence"] == "resume"})


def after(*events):
    made = planned(TWO, [BEFORE, FINE], events)
    return made.label.answer, [c.activity and c.activity.value for c in made.cycles[2:]], made


NONE = [None, None]


def test_every_row_of_the_table_has_a_test():
    rows = {(row["term"], int(row["from_grade"]), row["consequence"]) for row in ROWS}
    wanted = {(t, g, c) for t in HYPERSENSITIVITY for g, c in ((1, "premedication"), (3, "stop"))}
    wanted |= {(term, 1, "ask") for term in ANY_GRADE}
    wanted |= {(term, 3, "ask") for term in ASKED} | {(term, 3, "resume") for term in RESUMED}
    assert rows == wanted


@pytest.mark.parametrize("grade", [3, 4])
@pytest.mark.parametrize("term", HYPERSENSITIVITY)
def test_severe_hypersensitivity_stops_and_never_resumes(term, grade):
    severe, gone = event(SECOND, term, grade), event(60, term, 0)
    for events in ([severe], [severe, gone], [severe, gone, event(100, term, 0)]):
        answer, activities, made = after(*events)
        assert (answer, activities) == ("stop", NONE)
        assert {c.status for c in made.cycles[2:]} == {"stopped"}
    last = made.label.transitions[-1]
    assert "forbid a rechallenge" in last.reason  # both are named: the table and the warnings
    assert "table of recommended dosage modifications" in last.source
    assert "Preparing and Administering" in last.source


@pytest.mark.parametrize("grade", [1, 2])
@pytest.mark.parametrize("term", HYPERSENSITIVITY)
def test_mild_hypersensitivity_continues_with_premedication(term, grade):
    answer, activities, made = after(event(SECOND, term, grade), event(60, term, 0))
    assert (answer, activities) == ("due", [7.4, 7.4])
    (condition,) = made.label.conditions
    assert condition.what.startswith("premedication against hypersensitivity")
    assert f"{term} of grade {grade} on {date(SECOND)}" in condition.what


@pytest.mark.parametrize("grade", [1, 2, 3, 4])
@pytest.mark.parametrize("term", ANY_GRADE)
def test_marrow_disease_of_any_grade_is_asked_about(term, grade):
    for events in ([event(70, term, grade)], [event(70, term, grade), event(90, term, 0)]):
        answer, activities, made = after(*events)
        assert (answer, activities) == ("withhold", NONE)
        (question,) = made.label.questions
        assert question.endswith("does this end the treatment?")


@pytest.mark.parametrize("term", [*ASKED, "seizure", "gibberish"])  # the last two are not in it
def test_severe_event_left_to_judgement_is_asked_about(term):
    for events in ([event(70, term, 3)], [event(70, term, 4), event(90, term, 1)]):
        answer, activities, made = after(*events)
        assert (answer, activities) == ("withhold", NONE)
        assert len(made.label.questions) == 1
        assert "reduced" not in [one.state for one in made.label.transitions]
    assert [w.place for w in made.warnings if w.code == "ends-treatment-not-answered"]
    assert after(event(70, term, 2))[0] == "due"


@pytest.mark.parametrize("term", RESUMED)
def test_other_severe_reactions_of_the_table_resume_reduced(term):
    # US label, table: any other reaction of grade 3 or 4, resumes at grade 0 to 2 with 3.7 GBq
    assert after(event(70, term, 3), event(90, term, 2))[:2] == ("reduced", [3.7, 7.4])


def test_answer_no_applies_the_rule_for_other_reactions():
    severe = event(70, "seizure", 3, "no")
    assert after(severe)[:2] == ("withhold", NONE)
    assert after(severe)[2].label.questions == ()
    assert after(severe, event(90, "seizure", 2))[:2] == ("reduced", [3.7, 7.4])


def test_an_answer_may_come_with_a_later_entry():
    asked, answered = event(70, "seizure", 3), event(90, "seizure", 0, "no")
    answer, activities, made = after(asked, answered)
    assert (answer, activities) == ("reduced", [3.7, 7.4])
    states = [one.state for one in made.label.transitions]
    assert states == ["withheld", "withheld", "reduced"]
    assert after(event(70, "MDS", 2), event(90, "MDS", 2, "no"))[:2] == ("due", [7.4, 7.4])


def test_answer_yes_stops_for_every_event():
    for term, grade in (("seizure", 3), ("nausea", 3), ("MDS", 1), ("nausea", 1)):
        assert after(event(70, term, grade, "yes"), event(90, term, 0))[:2] == ("stop", NONE)


def test_an_answer_holds_for_its_grade_and_its_occurrence():
    first = event(70, "MDS", 1, "no")
    assert after(first)[0] == "due"
    assert after(first, event(90, "MDS", 2))[0] == "withhold"
    again = [event(70, "seizure", 3, "no"), event(80, "seizure", 0), event(100, "seizure", 3)]
    assert after(*again)[0] == "stop"  # US label: recurs before the reduced dose
    doses = [*TWO, *given(DUE, activity="3.7 GBq")]
    labs = [BEFORE, FINE, draw(150)]
    back = label_of(doses, labs, [*again[:2], event(120, "seizure", 4)])
    assert back.answer == "stop"  # and after it


def test_after_sixteen_weeks_an_open_question_is_a_stop():
    late = [event(70, "seizure", 3), event(169, "seizure", 0)]
    assert label_of(TWO, [BEFORE, FINE], late).answer == "stop"


def test_a_dose_given_while_a_question_is_open_closes_nothing():
    doses = [*TWO, *given(DUE)]
    made = planned(doses, [BEFORE, FINE, draw(150)], [event(70, "seizure", 3)])
    assert made.label.answer == "withhold"
    assert [w.place for w in made.warnings if w.code == "against-the-label"] == ["cycles[2]"]


@pytest.mark.parametrize("term", ["anaphylaxis", "MDS"])
def test_event_before_the_first_dose_is_asked_about(term):
    found = label_of([], [BEFORE], [event(-5, term, 3)], start=date(0))
    assert (found.answer, found.state, len(found.questions)) == ("withhold", "withheld", 1)
    known = label_of([], [BEFORE], [event(-5, term, 3, "no")], start=date(0))
    assert known.answer == "due"


def test_an_event_with_a_time_follows_an_untimed_dose_of_its_day():
    timed = {"at": f"{date(0)}T11:30", "term": "allergic reaction", "grade": 3}
    assert label_of(given(0), [BEFORE], [timed]).answer == "stop"


def test_answer_no_to_severe_hypersensitivity_is_refused():
    with pytest.raises(InputError) as caught:
        after(event(70, "anaphylaxis", 3, "no"))
    (problem,) = caught.value.problems
    assert problem.code == "ends-the-treatment"
    assert problem.place.endswith("adverse_events[0].ends_treatment")


@pytest.mark.parametrize(
    ("written", "term"),
    [
        ("Anaphylactic shock", "anaphylaxis"),
        ("Drug hypersensitivity", "allergic reaction"),
        ("infusion-related  reaction", "infusion related reaction"),
        ("acute myeloid leukaemia", "leukemia"),
        ("Acute Myeloid Leukemia", "leukemia"),
        ("MDS", "myelodysplastic syndrome"),
        ("diarrhoea", "diarrhea"),
        ("dyspnoea", "dyspnea"),
        ("peripheral oedema", "edema limbs"),
        ("hyperglycaemia", "hyperglycemia"),
    ],
)
def test_terms_are_known_by_their_other_names(written, term):
    assert canonical(written) == term


def test_another_name_of_an_event_is_the_same_event():
    answer, _, made = after(event(70, "allergic reaction", 2), event(90, "Hypersensitivity", 3))
    assert answer == "stop"
    assert made.label.transitions[-1].reason.startswith("hypersensitivity on")  # as written
    with pytest.raises(InputError, match="is already given at"):
        after(event(70, "vomiting", 2), event(70, "emesis", 3))


def test_complete_course_names_what_forbids_a_further_dose():
    doses = given(0, 56, 112, 168)
    stopped = label_of(doses, [BEFORE], [event(168, "anaphylaxis", 4)])
    assert (stopped.answer, stopped.state) == ("complete", "stopped")
    assert "Permanent discontinuation: anaphylaxis" in stopped.reason
    asked = label_of(doses, [BEFORE], [event(200, "MDS", 2)])
    assert len(asked.questions) == 1
    assert "does this end the treatment?" in asked.reason


def test_term_outside_the_table_is_named():
    made = after(event(70, "anaphylaxsis", 2))[2]
    (warning,) = [w for w in made.warnings if w.code == "unknown-term"]
    assert (warning.place, warning.cure) == ("adverse_events[0].term", "nearest: anaphylaxis")
    assert not [w for w in after(event(70, "nausea", 2))[2].warnings if w.code == "unknown-term"]


def test_answer_that_no_rule_uses_is_reported():
    made = planned(
        TWO, [BEFORE], [event(70, "seizure", 3, "yes")], radiopharmaceutical="177Lu-PSMA"
    )
    (warning,) = [w for w in made.warnings if w.code == "ends-treatment-not-used"]
    assert warning.place == "adverse_events[0].ends_treatment"


def test_every_plan_names_the_label_s_region_and_version():
    # api.fda.gov, drug label of Lutathera: recent major changes 4/2024
    made = planned(TWO, [BEFORE, FINE])
    assert (made.label.region, made.label.version) == ("US", "4/2024")
    said = " ".join(made.label.documents)
    assert "product information (EU): its dose-modification table was not available" in said
    assert any("was not available and is not applied" in line for line in made.assumptions)
