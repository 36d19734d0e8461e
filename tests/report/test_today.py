"""Date warnings against today: on the terminal and in the report, never in the JSON of the plan.

The dates are those of the example files. The threshold of an old laboratory value is the row
oldest_laboratory_value of defaults.csv, 4 weeks (European product information: tests within 2 to 4
weeks before an administration).
"""

import dataclasses
import datetime as dt

import pytest
from report_plans import MADE, ROOT, plan_of
from typer.testing import CliRunner

from dosimetry import InputError
from dosimetry.cli.program import app
from dosimetry.report.notebook import of_plan
from dosimetry.report.page import document
from dosimetry.report.page.files import write_report
from dosimetry.report.words.today import against, day_of, obstacles

pytestmark = pytest.mark.slow  # whole plans and pages

TWO = ROOT / "examples" / "two_cycles.yaml"  # given 2026-01-12 and 2026-03-09; next 2026-05-04


def said(name, as_of):
    return against(plan_of(name), dt.date.fromisoformat(as_of))


def printed(*arguments):
    done = CliRunner().invoke(app, [f"{one}" for one in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    ("name", "as_of"),
    [
        ("population", "2026-01-12"),  # the day of the first dose to come
        ("one cycle", "2026-01-12"),  # the day of the dose that was given
        ("two cycles", "2026-05-04"),
        ("toxicity", "2026-05-02"),
        ("withheld", "2026-04-30"),
    ],
)
def test_day_within_the_course_gives_no_date_warning(name, as_of):
    assert said(name, as_of) == ()


def test_dose_in_the_future_is_reported():
    # the time of the dose, 09:10, does not count: on its own day it may have been given
    assert said("two cycles", "2026-03-09") == ()
    (line,) = said("two cycles", "2026-03-08")
    assert line == "Entered as delivered, but in the future: cycle 2, 2026-03-09."


def test_future_value_is_reported_with_its_date():
    later, _ = said("toxicity", "2026-03-22")[0].split("; ", 1)
    assert later.startswith("Values or events dated in the future: platelets")
    assert later.endswith("of 2026-03-23")


def test_future_adverse_event_is_reported():
    assert "nausea of 2026-03-12" in said("withheld", "2026-03-11")[0]


def test_latest_date_in_the_past_is_reported():
    # by the label 16 weeks after the dose of 2026-01-12; the first statement says it
    plan = plan_of("one cycle")
    assert obstacles(plan, dt.date(2026, 5, 4)) == ()
    assert obstacles(plan, dt.date(2026, 5, 5)) == ("the latest date 2026-05-04 has passed",)
    assert not any("latest date" in line for line in said("one cycle", "2026-11-26"))


def test_planned_date_in_the_past_is_reported():
    (line,) = said("another agent", "2026-03-18")
    assert line == (
        "Planned date passed, no administration entered: cycle 2, 2026-03-16 (2 days ago)."
    )


def test_withheld_dose_is_not_reported_as_overdue():
    lines = said("withheld", "2026-05-20")  # cycle 3 of 2026-05-04 is withheld
    assert not [line for line in lines if line.startswith("Planned")]


def test_laboratory_values_over_four_weeks_old_are_reported():
    def of_values(as_of):
        return [line for line in said("toxicity", as_of) if line.startswith("Laboratory")]

    assert of_values("2026-05-30") == []  # 28 days after the last of 2026-05-02
    (line,) = of_values("2026-05-31")
    assert line.startswith("Laboratory values older than 4 weeks: platelets, ")
    assert "of 2026-05-02 (4 weeks ago)" in line
    assert "2026-04-20" not in line  # there is a newer one


@pytest.mark.parametrize("answer", ["complete", "stop"])
def test_values_after_the_last_dose_are_never_old(answer):
    plan = plan_of("toxicity")
    ended = dataclasses.replace(plan, label=dataclasses.replace(plan.label, answer=answer))
    lines = against(ended, dt.date(2026, 11, 26))
    assert not [line for line in lines if line.startswith("Laboratory")]


def test_course_without_dates_or_label_has_no_date_warning():
    plan = plan_of("population")
    undated = tuple(dataclasses.replace(cycle, at=None) for cycle in plan.cycles)
    bare = dataclasses.replace(plan, cycles=undated, label=None)
    assert against(bare, dt.date(2199, 1, 1)) == ()


def test_the_json_is_the_same_on_every_day(tmp_path):
    days = ("2026-02-01", "2027-01-01")
    shown = {printed("plan", TWO, "--format", "json", "--as-of", day) for day in days}
    assert shown == {printed("plan", TWO, "--format", "json")}
    for day in days:
        printed("plan", TWO, "--quiet", "-o", tmp_path / day, "--as-of", day)
    assert {(tmp_path / day).read_text(encoding="utf-8") for day in days} == shown


@pytest.mark.parametrize("command", ["plan", "calendar"])
def test_terminal_shows_date_warnings_first(command):
    lines = printed(command, TWO, "--as-of", "2026-02-01").splitlines()
    assert lines[0] == "EX-002   177Lu-DOTATATE   2 of 4 cycles given   as of 2026-02-01"
    assert lines[3].startswith("NOT RELEASED, cycle 3: The delivered dose of 2026-03-09 is in the ")
    (at,) = (i for i, line in enumerate(lines) if line.startswith("CHECK THE DATES: "))
    assert at < next(i for i, line in enumerate(lines) if line.startswith(("cycle ", "date ")))


def test_missing_day_means_today():
    before = dt.date.today()
    first = printed("plan", TWO).splitlines()[0]
    assert first.split()[-1] in {f"{before}", f"{dt.date.today()}"}


def test_report_shows_date_warnings_above_the_limits():
    page = document.html(plan_of("two cycles"), MADE, as_of=dt.date(2026, 3, 8))
    head, _ = page.split('<ul class="verdicts"', 1)
    assert '<dt>As of</dt><dd><time datetime="2026-03-08">2026-03-08</time></dd>' in head
    assert against(plan_of("two cycles"), dt.date(2026, 3, 8))[0] in head
    assert "CHECK THE DATES" not in document.html(
        plan_of("two cycles"), MADE, as_of=dt.date(2026, 3, 9)
    )


def test_a_report_of_the_same_day_has_the_same_bytes(tmp_path):
    pages = []
    for name in "12":
        target = tmp_path / f"{name}.html"
        write_report(plan_of("two cycles"), target, MADE, as_of=dt.date(2026, 7, 1), quiet=True)
        pages.append(target.read_bytes())
    assert pages[0] == pages[1]
    assert b"he latest date 2026-06-29 has passed" in pages[0]


def test_build_date_does_not_hide_a_past_date(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    write_report(plan_of("population"), tmp_path / "plan.html", quiet=True)
    page = (tmp_path / "plan.html").read_text(encoding="utf-8")
    assert "1970-01-01 00:00:00" in page
    assert '<time datetime="1970-01-01">' not in page


def test_notebook_shows_date_warnings():
    shown = of_plan(plan_of("two cycles"), dt.date(2026, 3, 8))
    assert "as of 2026-03-08" in shown
    assert against(plan_of("two cycles"), dt.date(2026, 3, 8))[0] in shown


@pytest.mark.parametrize("text", ["tomorrow", "2026-02-30", "2026-3-8", "2026-03-08T10:00:00Z", ""])
def test_invalid_date_is_refused(text):
    with pytest.raises(InputError, match="--as-of") as caught:
        day_of(text)
    (problem,) = caught.value.problems
    assert (problem.code, problem.cure) == ("not-a-date", "write a date, YYYY-MM-DD")
