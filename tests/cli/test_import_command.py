"""The command that takes a clinic's workbook writes all files or none, and asks on a terminal."""

import os
import pty
import subprocess
import sys

import pytest
import yaml
from command_line import ROOT, environment, run_text
from workbooks import GIVEN, LONG, STATED, save, stated

FILES = {"patient.yaml", "cycle1.csv", "map.yaml", "decisions.txt"}


@pytest.fixture
def workbook(tmp_path):
    return save(tmp_path / "clinic.xlsx", {"C1": LONG})


def written(path, data):
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture
def given(tmp_path):
    return written(tmp_path / "own.yaml", stated("C1"))


def test_import_writes_patient_measurements_map_and_decisions(workbook, given, tmp_path):
    done = run_text("import", workbook, "--map", given, "-o", tmp_path / "out")
    assert (done.returncode, done.stdout) == (0, "")
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert "next: dosimetry check" in done.stderr
    checked = run_text("check", tmp_path / "out" / "patient.yaml")
    assert checked.returncode == 0


def test_what_is_open_is_refused_and_nothing_is_written(workbook, tmp_path):
    done = run_text("import", workbook, "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "write in map.yaml: decay_corrected_to: none (at scan time)" in done.stderr
    assert done.stderr.endswith("problems; nothing was written\n")
    assert not (tmp_path / "out").exists()


def test_existing_files_are_replaced_only_when_asked(workbook, given, tmp_path):
    arguments = ("import", workbook, "--map", given, "-o", tmp_path / "out")
    assert run_text(*arguments).returncode == 0
    before = (tmp_path / "out" / "cycle1.csv").read_bytes()
    again = run_text(*arguments)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert run_text(*arguments, "--force").returncode == 0
    assert (tmp_path / "out" / "cycle1.csv").read_bytes() == before


def test_map_that_was_given_is_not_overwritten(workbook, given, tmp_path):
    assert run_text("import", workbook, "--map", given, "-o", tmp_path / "out").returncode == 0
    own = tmp_path / "out" / "map.yaml"
    done = run_text("import", workbook, "--map", own, "-o", tmp_path / "out", "--force")
    assert done.returncode == 2
    assert "is an input file" in done.stderr


def test_mistake_in_the_map_is_named(workbook, tmp_path):
    wrong = written(tmp_path / "own.yaml", {**stated("C1"), "columns": {"Region": "organ"}})
    done = run_text("import", workbook, "--map", wrong, "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "own.yaml: columns.Region: 'organ' is not what a column can mean" in done.stderr


def test_folder_in_a_missing_folder_is_refused(workbook, given, tmp_path):
    done = run_text("import", workbook, "--map", given, "-o", tmp_path / "no" / "out")
    assert done.returncode == 2
    assert "the folder cannot be made" in done.stderr


@pytest.mark.parametrize("command", ["plan", "check", "fit", "verify"])
def test_workbook_given_to_another_command_is_sent_to_import(workbook, command, tmp_path):
    more = ("--administered", "7.4 GBq") if command == "fit" else ()
    done = run_text(command, workbook, *more)
    assert done.returncode == 2
    assert "dosimetry import takes it" in done.stderr + done.stdout


@pytest.mark.slow
def test_terminal_is_asked_until_nothing_is_open(workbook, tmp_path):
    data = {**STATED, "cycles": {"C1": {"administered": GIVEN["administered"]}}}
    del data["decay_corrected_to"]
    given = written(tmp_path / "own.yaml", data)
    own, theirs = pty.openpty()
    program = "from dosimetry.cli.program import main; main()"
    arguments = ["import", workbook, "--map", given, "-o", tmp_path / "out"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=ROOT,
        env=environment(),
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    # a wrong date first, then the right one; a number that is no answer, then the second answer
    os.write(own, b"yesterday\n2026-01-12 09:30\n7\n2\n")
    assert process.wait(timeout=60) == 0
    said = os.read(own, 100_000).decode()
    os.close(theirs)
    os.close(own)
    assert "'yesterday' is not a date" in said
    assert "write a number from 1 to 2" in said
    (cycle,) = yaml.load(
        (tmp_path / "out" / "patient.yaml").read_text(encoding="utf-8"), yaml.BaseLoader
    )["cycles"]
    assert cycle["at"] == "2026-01-12T09:30:00"
    assert cycle["decay_corrected_to"] == "administration"
    again = run_text(
        "import", workbook, "--map", tmp_path / "out" / "map.yaml", "-o", tmp_path / "b"
    )
    assert again.returncode == 0  # the map that was written asks nothing
