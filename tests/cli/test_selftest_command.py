"""``dosimetry selftest``: its output, its exit codes, and an installation with another table."""

import json
import os
import shutil
import subprocess
import sys

import jsonschema
import pytest
from command_line import ROOT, run_text

from dosimetry.reference import tables
from dosimetry.schemas import schema_of

COUNT = len(tables.table("known_answers").rows)
PROGRAM = "from dosimetry.cli.program import main; main()"


def test_terminal_says_the_result_first_and_fits():
    done = run_text("selftest")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"{COUNT} known answers, all reproduced"
    assert max(map(len, lines)) <= 80
    assert done.stdout.count(" agrees") == COUNT
    assert "As of" not in done.stdout
    assert "physicist must check" in lines[-1]


def test_json_fits_its_schema_and_has_the_date_asked_for():
    done = run_text("selftest", "--format", "json", "--as-of", "2026-11-27")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    jsonschema.validate(found, schema_of("selftest"))
    assert (found["as_of"], found["passed"]) == ("2026-11-27", True)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--report", "protocol.docx"), "'protocol.docx' is neither HTML nor PDF"),
        (("--report", "nowhere/protocol.html"), "nowhere/protocol.html"),
        (("--as-of", "tomorrow"), "'tomorrow' is not a date"),
    ],
)
def test_wrong_option_is_refused_before_the_test(arguments, named, tmp_path):
    done = run_text("selftest", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def installed(tmp_path):
    """Copy package, tables and examples as a wheel has them; return a function that runs it."""
    package = tmp_path / "dosimetry"
    shutil.copytree(ROOT / "dosimetry", package, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("reference_tables", "examples"):
        shutil.copytree(ROOT / folder, package / folder)

    def run_installed(*arguments):
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "80"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run_installed


def change(folder, table, old, new):
    path = folder / "dosimetry" / "reference_tables" / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.slow
def test_changed_expected_value_exits_with_1_and_is_named(installed, tmp_path):
    assert installed("selftest").returncode == 0
    change(tmp_path, "known_answers", "5.509907", "5.509917")
    done = installed("selftest", "--report", "protocol.html")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(f"1 of {COUNT} known answers NOT reproduced\n")
    assert "· bed-mono, BED" in done.stdout
    assert done.stdout.count("DIFFERS") == 1
    page = (tmp_path / "protocol.html").read_text(encoding="utf-8")
    assert "Do not use this program on this machine." in page
    assert page.count("DIFFERS") == 1
    document = json.loads(installed("selftest", "--format", "json").stdout)
    failed = [a for a in document["answers"] if not a["passed"]]
    assert [(a["id"], a["quantity"]) for a in failed] == [("bed-mono", "BED")]
    assert document["passed"] is False


@pytest.mark.slow
def test_changed_reference_value_exits_with_1_and_is_named(installed, tmp_path):
    # half-life of 177Lu 160 h in place of 159.528 h
    change(tmp_path, "nuclides", "Lu-177,159.528,", "Lu-177,160,")
    done = installed("selftest")
    assert done.returncode == 1
    assert "· decay, decay constant" in done.stdout
    assert "· kidneys-scaled" not in done.stdout


@pytest.mark.slow
def test_table_without_a_row_is_refused(installed, tmp_path):
    path = tmp_path / "dosimetry" / "reference_tables" / "known_answers.csv"
    kept = path.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]
    path.write_text("".join(kept), encoding="utf-8")
    done = installed("selftest", "--report", "protocol.html")
    assert (done.returncode, done.stdout) == (2, "")
    assert "tumour-grade-2 (cycle 4)" in done.stderr
    assert not (tmp_path / "protocol.html").exists()
