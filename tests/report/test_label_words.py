"""The next dose: same words on the terminal and in the report, missing values first.

Activities, dates and bounds are those of the example files and of the label (7.4 GBq, 3.7 GBq,
16 weeks after the last dose).
"""

import dataclasses
import datetime as dt
import html
import io
import re

import pytest
from report_plans import MADE, ROOT, page_of, plan_of
from rich.console import Console

import dosimetry
from dosimetry.documents.clinic import PlanCondition
from dosimetry.exchange.icalendar import to_ics
from dosimetry.report.page import document
from dosimetry.report.terminal.plan import show_plan
from dosimetry.report.words.first_statements import answer
from dosimetry.report.words.label import label_words, not_recognised
from dosimetry.report.words.next_dose import next_dose
from dosimetry.report.words.today import obstacles

pytestmark = pytest.mark.slow  # whole plans and pages

NAMES = ("population", "one cycle", "two cycles", "toxicity", "withheld", "another agent")
GREEN = "\x1b[1;32m"
DAY = dt.date(2026, 3, 20)
BEFORE_DOSE = dt.date(2026, 5, 3)  # all values of the example "toxicity" are known
TWO = ROOT / "examples" / "two_cycles.yaml"


def terminal(plan, colour=False, as_of=DAY, **more):
    out = io.StringIO()
    system = "standard" if colour else None
    console = Console(
        file=out, width=2000, highlight=False, force_terminal=colour, color_system=system
    )
    show_plan(plan, console, as_of, **more)
    return out.getvalue()


def text_of(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def whole(said):
    return f"{said.head} {said.text}"


def changed(plan, **fields):
    return dataclasses.replace(plan, label=dataclasses.replace(plan.label, **fields))


def with_event(term, grade, at="2026-03-20"):
    data = dosimetry.read_patient(TWO)
    event = {"at": at, "term": term, "grade": grade}
    return dosimetry.plan(data.model_copy(update={"adverse_events": [event]}))


# --- the same words everywhere ------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_terminal_and_report_use_the_same_words(name):
    shown, page = terminal(plan_of(name), as_of=MADE.date()), text_of(page_of(name))
    for said in answer(plan_of(name), MADE.date()):
        assert whole(said) in shown
        assert page.count(whole(said)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_next_dose_is_stated_before_every_limit(name):
    plan = plan_of(name)
    shown, page = terminal(plan), text_of(page_of(name))
    assert shown.index(next_dose(plan, DAY).head) < shown.index("limit  ")
    assert page.index(next_dose(plan, MADE.date()).head) < page.index(plan.flags[0].source)


# --- what this plan gives -----------------------------------------------------------------------


def test_strategy_without_a_dose_states_it_first():
    # to-limit stops before cycle 3 at kidneys 23 Gy, p 0.051 (four million plain draws of
    # tests/builders/recalculated_course.py, with the integrals of the posterior: 0.0516); 0.05 is
    # accepted
    said = next_dose(dosimetry.plan(TWO, "to-limit"), DAY)
    assert whole(said) == (
        "NO DOSE (LIMIT), cycle 3: This plan gives none. With this cycle, the course would exceed "
        "23 Gy to the kidneys in 5.1 of 100 patients like this one (accepted: 5 of 100)."
    )


def test_a_strategy_that_gives_less_names_the_limit():
    # four million plain draws of tests/builders/recalculated_course.py, with the integrals of the
    # posterior: p 0.0498 at 3.80 GBq, 0.0510 at 3.81 GBq
    said = next_dose(dosimetry.plan(TWO, "adjusted"), DAY).text
    assert said.startswith("Only after the missing values are checked, this plan gives 3.80 GBq")
    assert said.endswith(
        "The activity is limited by 23 Gy to the kidneys, which this course exceeds in 5 of 100 "
        "patients like this one (accepted: 5 of 100)."
    )


def test_activity_above_the_label_is_stated_first():
    said = next_dose(dosimetry.plan(TWO, activity="9 GBq"), DAY)
    assert said.head == "ABOVE THE LABEL, NOT RELEASED, cycle 3:"
    assert said.text.startswith("Only after the missing values are checked, this plan gives 9.00 ")
    assert said.text.endswith("The label's maximum is 7.4 GBq.")
    assert said.tone == "bad"


def test_less_than_the_label_dose_is_not_a_full_dose():
    label = dataclasses.replace(plan_of("two cycles").label, answer="due", unchecked=())
    made = dataclasses.replace(dosimetry.plan(TWO, activity="6 GBq"), label=label)
    assert next_dose(made, DAY).head == "LESS THAN THE LABEL ALLOWS, cycle 3:"


def test_fifth_dose_is_reported_as_more_than_four():
    four = ROOT / "benchmarks" / "four_cycles.yaml"
    said = next_dose(dosimetry.plan(four, "to-limit"), dt.date(2026, 7, 1))
    assert whole(said).startswith("BEYOND THE LABEL, cycle 5: This plan gives 7.40 GBq on ")


def test_omitted_cycle_is_stated_before_the_next_dose():
    said = next_dose(dosimetry.plan(TWO, without_cycles=[3]), DAY)
    assert said.head == "NOT RELEASED, cycle 4:"
    assert said.text.startswith("Left out on request: cycle 3. Only after the missing values ")


def test_complete_course_has_no_planned_cycle():
    said = next_dose(plan_of("four cycles"), DAY)
    assert whole(said) == "NO CYCLE TO COME: 4 cycles have been given."


# --- against today ------------------------------------------------------------------------------


def test_a_reduced_dose_is_not_released_after_its_latest_date():
    # 16 weeks after 2026-03-09; the last values are of 2026-05-02
    plan, late = plan_of("toxicity"), dt.date(2026, 7, 13)
    assert next_dose(plan, BEFORE_DOSE).head == "REDUCED DOSE, cycle 3:"
    assert whole(next_dose(plan, late)).startswith(
        "NOT RELEASED, cycle 3: The latest date 2026-06-29 has passed. Laboratory values are 10 "
        "weeks old. The label allows no further dose."
    )
    assert label_words(plan, late).text.startswith("No dose after 2026-06-29, 16 weeks after ")
    assert f"not released: {obstacles(plan, late)[0]}" in terminal(plan, as_of=late)


def test_future_values_release_no_dose():
    said = next_dose(plan_of("toxicity"), DAY)
    assert said.head == "NOT RELEASED, cycle 3:"
    assert said.text.startswith("Values of 2026-05-02 are in the future.")


@pytest.mark.parametrize(
    ("day", "head"), [("2026-05-30", "FULL DOSE"), ("2026-05-31", "NOT RELEASED")]
)
def test_values_over_four_weeks_old_release_no_dose(day, head):
    full = changed(plan_of("toxicity"), answer="due")
    (third,) = (cycle for cycle in full.cycles if cycle.number == 3)
    full = changed(full, activity=third.activity)
    said = next_dose(full, dt.date.fromisoformat(day))
    assert said.head == f"{head}, cycle 3:"
    assert (said.tone == "good") is (head == "FULL DOSE")


# --- withheld, asked, stopped -------------------------------------------------------------------


def test_a_withheld_dose_says_what_follows_either_way():
    # the baseline of 69 µmol/L + 10 %; half the dose after the first toxicity
    said = next_dose(plan_of("withheld"), dt.date(2026, 5, 1))
    assert whole(said) == (
        "WITHHELD, cycle 3: No dose now. If creatinine is 75.9 µmol/L or less (the baseline of 69 "
        "µmol/L + 10 %) by 2026-06-29: 3.7 GBq. If not by then: treatment ends."
    )


def test_withheld_dose_after_its_deadline_ends_treatment():
    plan = plan_of("withheld")
    assert next_dose(plan, dt.date(2026, 6, 29)).head == "WITHHELD, cycle 3:"
    said = next_dose(plan, dt.date(2026, 6, 30))
    assert said.text == (
        "Not resolved by 2026-06-29, 16 weeks after the last dose. The label allows no "
        "further dose."
    )
    assert "withheld until" not in terminal(plan, as_of=dt.date(2026, 6, 30)).lower()


def test_not_eligible_states_the_required_value():
    plan = dosimetry.plan(ROOT / "examples" / "not_eligible.yaml")
    assert next_dose(plan, dt.date(2026, 1, 9)).text == (
        "No dose now. The first dose can be given if platelets are 75 × 10⁹/L or more."
    )


def test_an_open_question_is_asked_once_without_program_words():
    made = dosimetry.plan(ROOT / "tests/report/open_question.yaml")
    said = next_dose(made, dt.date(2026, 3, 1))
    assert said.head == "WITHHELD, cycle 2:"
    asked = "Seizure on 2026-02-12, grade 3: does this end the treatment?"
    page = document.html(made, dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    head, _ = page.split('<ul class="verdicts"', 1)
    for text in (terminal(made, as_of=dt.date(2026, 3, 1)), text_of(head)):
        assert text.count(asked) == 1
        assert "ends_treatment" not in text
    assert said.text.endswith("If not answered by 2026-05-04: treatment ends.")


def test_stop_by_a_limit_differs_from_stop_by_the_label():
    shown = terminal(dosimetry.plan(TWO, "to-limit"))
    assert shown.count("none (limit)") == 2
    assert "stopped" not in shown.lower()


# --- what is not checked ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["population", "one cycle", "two cycles"])
def test_missing_values_come_first_and_are_never_green(name):
    plan = plan_of(name)
    assert plan.label.answer == "unchecked"
    said = label_words(plan, DAY)
    assert said.text.lower().startswith(plan.label.unchecked[0].lower())
    assert " due" not in whole(said)
    first = terminal(plan, colour=True).split("limit ")[0]
    assert GREEN not in first
    assert "\x1b[32m" not in first


@pytest.mark.parametrize("name", ["two cycles", "population"])
def test_unchecked_cycles_do_not_look_released(name):
    plan = plan_of(name)
    planned = [cycle for cycle in plan.cycles if cycle.status == "planned"]
    for text in (terminal(plan), text_of(page_of(name))):
        assert "not released: " in text
        assert text.count("not released yet") >= len(planned) - 1
    words = f"cycle {planned[0].number}, only after the missing values are checked: 7.4 GBq"
    later = f"cycle {planned[1].number}, only after the values before it are checked: 7.4 GBq"
    folded = to_ics(plan).replace("\r\n ", "").replace("\\,", ",")
    for text in (folded, text_of(page_of(name))):
        assert words in text
        assert later in text


def test_terminal_shows_the_condition_of_a_later_cycle():
    assert (
        "Cycle 4: full dose if thrombocytopenia of grade 2, 3 or 4 does not recur after cycle 3."
    ) in terminal(plan_of("toxicity"), as_of=BEFORE_DOSE)


def test_agent_without_rules_is_reported():
    plan = plan_of("another agent")
    said = next_dose(plan, DAY)
    assert said.head == "NOT CHECKED, cycle 2:"
    assert said.text.endswith(
        "No dose-modification rules are available for 177Lu-PSMA-617: blood values, kidney "
        "function and adverse events are not checked. Not assessed: the red marrow."
    )
    folded = to_ics(plan).replace("\r\n ", "").replace("\\,", ",")
    assert "30 to 40 min" not in folded  # of Lutathera's label
    assert "administration by the agent's own label" in folded


def test_no_event_entered_is_asked_about():
    said = "No adverse event since cycle 2 is entered: ask the patient."
    assert said in label_words(plan_of("two cycles"), DAY).text
    assert said not in label_words(with_event("nausea", 1), DAY).text


@pytest.mark.parametrize(("term", "grade", "named"), [
    ("purple toes", 2, True), ("purple toes", 3, False), ("nausea", 2, False),
])  # fmt: skip
def test_an_unknown_mild_event_is_named(term, grade, named):
    said = not_recognised(with_event(term, grade))
    assert (said is not None) is named
    if said:
        assert whole(said) == (
            "NOT RECOGNISED: 'purple toes' (grade 2, 2026-03-20). Check the spelling."
        )


def test_a_full_dose_is_green_only_where_all_is_checked():
    plan = changed(plan_of("two cycles"), answer="due", unchecked=())
    assert next_dose(plan, DAY).head == "FULL DOSE, cycle 3:"
    assert f"{GREEN}FULL DOSE" in terminal(plan, colour=True)


def test_answer_states_premedication_and_label_region():
    condition = PlanCondition("premedication against hypersensitivity before the dose", "a label")
    said = label_words(changed(plan_of("toxicity"), conditions=(condition,)), BEFORE_DOSE)
    assert "Premedication against hypersensitivity before the dose." in said.text
    assert said.head == "US label 4/2024:"


def test_applied_and_unavailable_rules_are_named():
    for text in (terminal(plan_of("toxicity"), full=True), text_of(page_of("toxicity"))):
        assert "Lutathera European product information (EU): its dose-modification table" in text


def test_context_names_laboratory_abnormalities():
    shown = terminal(plan_of("toxicity"), full=True)
    assert "laboratory abnormalities in NETTER-1 (177Lu-DOTATATE; US label)" in shown
    assert "platelets decreased 53 % (all grades), 1 % (grade 3 or 4)" in shown  # label
    assert "lymphopenia 9 %" not in shown  # an adverse-event rate: in trial


def test_every_value_of_the_history_has_its_date():
    plan = dosimetry.plan(ROOT / "examples" / "not_eligible.yaml")
    shown = terminal(plan, full=True)
    assert "Latest values. Platelets 70 × 10⁹/L on 2026-01-08" in shown
    row = r"platelets \[10⁹/L\] +70\.0 \(2\) +– +66\.0 \(2\).*\n +2026-01-08"
    assert re.search(row, shown)
