"""The command ``scans``: its answer in words, its options, its refusals."""

import json

import pytest
from command_line import run_text

import dosimetry

pytestmark = pytest.mark.slow

NOTHING, TWO = "examples/nothing_measured.yaml", "examples/two_cycles.yaml"
TIMES = ("--at", "24 h, 72 h, 168 h")


def printed(*arguments):
    done = run_text("scans", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def in_one_line(text):
    return " ".join(text.split())


def test_first_line_is_the_answer():
    # 9.9 and 7.3 %: design/physics.md, kidneys 51 h, cv 0.20, noise 10 %.
    text = in_one_line(printed(NOTHING, *TIMES))
    assert text.startswith(
        "One scan: 72 h gives 9.9 %. Two: 24 h and 168 h give 7.3 %. A third buys "
    )


def test_answer_names_the_regions_where_there_are_several():
    text = printed(TWO)
    assert text.startswith("Kidneys. One scan: ")
    assert "\nLiver. One scan: " in text


def test_table_lists_every_schedule_and_marks_the_best():
    lines = printed(NOTHING, *TIMES, "--budget", "2").splitlines()
    rows = [line.split("  ")[0] for line in lines if line.endswith("%") or " h" in line]
    assert "24 h and 72 h" in rows
    assert "24 h and 168 h (best)" in rows
    assert not any("24 h, 72 h and 168 h" in row for row in rows)


def test_output_fits_80_columns():
    assert all(len(line) <= 80 for line in printed(TWO).splitlines())


def test_output_has_the_verdicts_and_the_assumptions():
    text = in_one_line(printed(NOTHING))
    assert "Kidneys 23 Gy: P(> limit) 0.266; verdict wrong with probability 0.266 without" in text
    assert "not measured in this patient; 10 % per scan" in text
    assert "The dose of the red marrow rests on the population" in text
    assert "Calibration, recovery, volume and mass are not in the expected sd" in text
    assert "Decision support, not a medical device" in text


def test_json_equals_that_of_python():
    done = run_text("scans", TWO, "--cycle", "4", *TIMES, "--budget", "2", "--format", "json")
    assert done.stdout == dosimetry.scans(TWO, 4, "24 h, 72 h, 168 h", 2).to_json()


def test_limit_without_a_known_dose_is_said_to_have_none(tmp_path):
    (tmp_path / "p.yaml").write_text(
        "patient: {id: T-1, sex: male}\n"
        "therapy: {radiopharmaceutical: 177Lu-PSMA-617, regimen: netter-1,"
        " limits: [kidneys-ad-23]}\n",
        encoding="utf-8",
    )
    done = run_text("scans", "p.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Kidneys 23 Gy: no dose is known yet." in done.stdout


def test_further_scans_are_named_beyond_three():
    text = in_one_line(printed(NOTHING, "--budget", "5"))
    assert " A fourth buys " in text
    assert " A fifth buys " in text


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--at", "24"), "no-unit", "at: "),
        (("--at", "24 MBq"), "wrong-dimension", "at: "),
        (("--at=-24 h",), "not-positive", "at: "),
        (("--budget", "9"), "out-of-range", "a budget of '9' scans is outside 1 to 6"),
        (("--cycle", "1"), "no-such-cycle", "cycle '1' is not to come because it was delivered"),
    ],
)
def test_impossible_request_is_refused_in_words_and_json(options, code, told):
    done = run_text("scans", TWO, *options, "--format", "json")
    assert done.returncode == 2
    assert told in done.stderr
    assert [one["code"] for one in json.loads(done.stdout)["problems"]] == [code]


def test_help_shows_an_example():
    text = run_text("scans", "--help").stdout
    assert all(option in text for option in ("--cycle", "--at", "--budget", "--format"))
    assert "Example: dosimetry scans examples/two_cycles.yaml" in text
