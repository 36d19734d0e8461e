"""What the label says: the same words on the terminal and in the report, what is missing first."""

import dataclasses
import datetime as dt
import html
import io
import re

import pytest
from report_plans import ROOT, page_of, plan_of
from rich.console import Console

import dosimetry
from dosimetry.report import document
from dosimetry.report.terminal import show_plan
from dosimetry.report.wording import answer
from dosimetry.therapy.clinical_plan import PlanCondition

NAMES = ("population", "one cycle", "two cycles", "toxicity", "withheld")
GREEN = "\x1b[32m"


def terminal(plan, colour=False):
    out = io.StringIO()
    system = "standard" if colour else None
    console = Console(
        file=out, width=2000, highlight=False, force_terminal=colour, color_system=system
    )
    show_plan(plan, console, dt.date(2026, 3, 20))
    return out.getvalue()


def text_of(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.parametrize("name", NAMES)
def test_terminal_and_report_say_the_same_words(name):
    said = answer(plan_of(name).label)
    assert f"{said.head} {said.text}" in terminal(plan_of(name))
    assert text_of(page_of(name)).count(f"{said.head} {said.text}") == 2  # first page and section


@pytest.mark.parametrize("name", NAMES)
def test_the_label_stands_before_every_limit(name):
    plan = plan_of(name)
    shown, page = terminal(plan), text_of(page_of(name))
    head = answer(plan.label).head
    assert shown.index(head) < shown.index("limit  ")
    assert page.index(head) < page.index(plan.flags[0].source)


@pytest.mark.parametrize("name", ["population", "one cycle", "two cycles"])
def test_what_is_missing_comes_first_and_is_never_green(name):
    label = plan_of(name).label
    assert label.answer == "unchecked"
    said = answer(label)
    assert said.text.startswith(label.unchecked[0])
    assert said.tone == "caution"
    assert " due" not in f"{said.head} {said.text}"
    (line,) = (
        text for text in terminal(plan_of(name), colour=True).splitlines() if said.head in text
    )
    assert GREEN not in line


def test_a_full_dose_is_green_only_where_all_is_checked():
    label = dataclasses.replace(plan_of("two cycles").label, answer="due", unchecked=())
    plan = dataclasses.replace(plan_of("two cycles"), label=label)
    (line,) = (text for text in terminal(plan, colour=True).splitlines() if "FULL DOSE" in text)
    assert GREEN in line


def test_premedication_and_region_stand_in_the_answer():
    condition = PlanCondition("premedication against hypersensitivity before the dose", "a label")
    label = dataclasses.replace(plan_of("toxicity").label, conditions=(condition,))
    said = answer(label).text
    assert "Premedication against hypersensitivity before the dose." in said
    assert said.endswith("Dose-modification rules: US label, version 4/2024.")


def test_an_open_question_is_what_both_ask():
    made = dosimetry.plan(dosimetry.read_patient(ROOT / "tests/report/open_question.yaml"))
    said = answer(made.label)
    assert said.head == "WITHHELD, cycle 2 by the label:"
    asked = "seizure on 2026-02-12, grade 3: does this end the treatment?"
    page = document.html(made, dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    for text in (terminal(made), text_of(page)):
        assert asked.capitalize() in text


def test_the_rules_and_what_is_not_at_hand_are_named():
    for text in (terminal(plan_of("toxicity")), text_of(page_of("toxicity"))):
        assert "Lutathera European product information (EU): its dose-modification rows" in text


def test_context_names_laboratory_abnormalities():
    shown = terminal(plan_of("toxicity"))
    assert "laboratory abnormalities in NETTER-1 (177Lu-DOTATATE; US label)" in shown
    assert "platelets decreased 53 % (all grades) and 1 % (grade 3 or 4)" in shown  # label
    assert "lymphopenia 9 %" not in shown  # an adverse-event rate: in trial
