"""The first screen: short, worst limit in words, green only for a limit assessed and kept."""

import dataclasses
import datetime as dt

import pytest
from report_plans import ROOT, page_of, plan_of
from typer.testing import CliRunner

import dosimetry
from dosimetry.cli.program import app
from dosimetry.documents.flags import Flags
from dosimetry.report.words.limits import in_100, not_assessed, worst
from dosimetry.report.words.status import is_noted, verdict

pytestmark = pytest.mark.slow  # whole plans and pages

TWO = ROOT / "examples" / "two_cycles.yaml"
DAYS = {
    "two_cycles": "2026-03-20",
    "nothing_measured": "2026-01-05",
    "snmmi_patient4": "2026-01-20",
    "thrombocytopenia": "2026-05-03",
    "creatinine_rise": "2026-05-01",
    "not_eligible": "2026-01-09",
    "psma_patient1": "2026-03-01",
}


def printed(name, *more):
    arguments = ["plan", f"{ROOT / 'examples' / name}.yaml", "--as-of", DAYS[name], *more]
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "80"}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("name", DAYS)
def test_the_first_screen_is_short_and_names_the_rest(name):
    lines = printed(name).splitlines()
    assert len(lines) <= 33  # four limits and a long list of missing values
    plan = dosimetry.plan(ROOT / "examples" / f"{name}.yaml")
    more = f"{len(plan.assumptions)} assumptions, {len(plan.warnings)} warning"
    assert more in " ".join(lines)
    assert "--full" in " ".join(lines)


def test_full_prints_the_rest_and_ends_with_the_answer():
    lines = printed("two_cycles", "--full").splitlines()
    for title in ("Assumptions", "Warnings", "curve, cycle"):
        assert any(line.startswith(title) for line in lines)
    at = [i for i, line in enumerate(lines) if line.startswith("NOT RELEASED, cycle 3: ")]
    assert at[0] == 3
    assert at[1] >= len(lines) - 4


@pytest.mark.parametrize("name", DAYS)
def test_full_begins_with_the_first_screen(name):
    first = printed(name).split("\nMore: ")[0]
    assert printed(name, "--full").startswith(first)


def test_the_worst_limit_is_said_in_patients():
    # four million plain draws of tests/builders/recalculated_course.py, with the integrals of the
    # posterior: 26.02 Gy, 22.20 to 30.38 Gy; p 0.895 and 0.583
    statement = worst(plan_of("two cycles"))
    assert (statement.head, statement.tone) == ("EXCEEDS:", "bad")
    assert statement.text == (
        "The planned course exceeds 23 Gy to the kidneys in 89 of 100 patients like this one. "
        "Dose: 26.0 Gy (5 to 95 %: 22.2 to 30.4 Gy). Also exceeds a BED of 28 Gy to the kidneys "
        "(58 of 100). May also exceed 2 Gy to the red marrow (9 of 100, population)."
    )


def test_a_limit_that_is_not_assessed_says_why():
    plan = plan_of("another agent")
    (flag,) = (flag for flag in plan.flags if flag.severity == "not-assessed")
    reason = "Neither measurements of the red marrow nor population data for this agent exist."
    assert not_assessed(flag, plan) == reason
    assert worst(plan).text.startswith(f"2 Gy to the red marrow. {reason}")
    assert reason in " ".join(printed("psma_patient1", "--full").split())
    bound = dataclasses.replace(plan.cycles[0].regions[0], region="red_marrow", basis="partial")
    cycle = dataclasses.replace(plan.cycles[0], regions=(bound,))
    assert not_assessed(flag, dataclasses.replace(plan, cycles=(cycle,))).startswith(
        "Only a lower bound of the dose to the red marrow is known"
    )


def test_rounding_never_shows_an_excess_as_accepted():
    # 0.05 is accepted: what is above it is not shown as 5
    assert in_100(0.05) == "5"
    assert in_100(0.0501) == "5.01"
    assert in_100(0.5) == "50"
    assert in_100(0.501) == "50.1"


def test_within_from_population_data_is_marked():
    plan = dosimetry.plan(TWO, "adjusted")
    shown = {flag.limit: verdict(flag, plan) for flag in plan.flags}
    assert shown["red-marrow-ad-2"] == "within (population)"
    assert shown["liver-own"] == "within"


def test_within_without_a_planned_dose_is_marked():
    withheld = plan_of("withheld")
    assert verdict(withheld.flags[0], withheld) == "within, no dose planned"
    none = dosimetry.plan(ROOT / "examples" / "not_eligible.yaml")
    assert {verdict(flag, none) for flag in none.flags} == {"no dose planned"}
    assert all(is_noted(flag, none) for flag in none.flags)
    assert worst(none).tone == "plain"


def test_verdict_shows_the_more_exposed_kidney():
    plan = plan_of("another agent")  # the right kidney alone: 0.093, the pair 0.038
    assert verdict(plan.flags[0], plan) == "within (one side higher)"
    words = "The right kidney alone has a probability of 9.3 % of exceeding 23 Gy (kidneys-ad-23)"
    assert words in worst(plan).text
    assert words in page_of("another agent")


def test_a_kept_limit_is_green_only_without_a_note():
    page = page_of("withheld")
    assert page.count('<span class="verdict noted">') == 3
    assert '<span class="verdict within">' not in page


def test_plan_without_limits_states_none():
    assert worst(dataclasses.replace(plan_of("two cycles"), flags=Flags())) is None


def test_calendar_states_first_that_a_dose_is_not_released():
    done = CliRunner().invoke(app, ["calendar", f"{TWO}", "--as-of", "2026-03-20"])
    before, _ = done.stdout.split("date  ", 1)
    assert "NOT RELEASED, cycle 3:" in before
    assert dt.date(2026, 5, 4).isoformat() in before
