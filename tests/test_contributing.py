"""The additions that CONTRIBUTING describes are one line in one file, and they work."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PATIENT = """\
patient: {id: T-1, sex: male}
therapy:
  regimen: REGIMEN
  start: 2026-01-12
  limits: [LIMIT]
"""


def line_of(title):
    """Return the one line that a section of the page says to add."""
    section = PAGE.split(f"### {title}\n", 1)[1].split("\n### ", 1)[0]
    (line,) = re.findall(r"```csv\n([^\n]+)\n```", section)
    return line


@pytest.fixture
def house(tmp_path):
    """Copy the package and its tables, as someone's checkout."""
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("dosimetry", "reference_tables"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    return tmp_path


def add(house, table, line):
    """Put a line into a table: in place of the row of that name, else at its end."""
    path = house / "reference_tables" / f"{table}.csv"
    name = line.split(",")[0]
    rows = [row for row in path.read_text(encoding="utf-8").splitlines() if row]
    same = [i for i, row in enumerate(rows) if row.split(",")[0] == name]
    if same:
        rows[same[0]] = line
    else:
        rows.append(line)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def run(house, *arguments):
    program = "from dosimetry.cli.program import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def patient(house, regimen="netter-1", limit="kidneys-ad-23", more=""):
    text = PATIENT.replace("REGIMEN", regimen).replace("LIMIT", limit) + more
    (house / "patient.yaml").write_text(text, encoding="utf-8")
    return house / "patient.yaml"


def test_limit_is_added_by_one_line(house):
    file = patient(house, limit="spleen-ad-40")
    refused = run(house, "plan", file)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "spleen-ad-40" in refused.stderr
    add(house, "limits", line_of("A limit"))
    planned = run(house, "plan", file, "--full")
    assert (planned.returncode, planned.stderr) == (0, "")
    assert "spleen 40 Gy" in planned.stdout
    assert "author, year, page" in planned.stdout


def test_default_limit_is_checked_without_a_request(house):
    add(
        house, "limits", line_of("A limit").replace(",no,", ",yes,").replace("on_request", "always")
    )
    file = patient(house)
    file.write_text(re.sub(r"  limits: .*\n", "", file.read_text()))
    planned = run(house, "plan", file)
    assert planned.returncode == 0
    assert "spleen 40 Gy" in planned.stdout
    assert "kidneys 23 Gy" in planned.stdout


def test_alias_is_added_by_one_line(house):
    file = patient(house, more="masses: {lien: 150 g}\n")
    refused = run(house, "check", file)
    assert refused.returncode == 2
    assert "'lien' is not known" in refused.stderr
    add(house, "regions", line_of("An alias of a region"))
    checked = run(house, "check", file)
    assert checked.returncode == 0, checked.stderr
    points = "region,time [h],activity [MBq]\nlien,4,80\nlien,24,65\nlien,120,20\n"
    (house / "curves.csv").write_text(points, encoding="utf-8")
    fitted = run(house, "fit", house / "curves.csv", "--administered", "7.4 GBq")
    assert (fitted.returncode, fitted.stderr) == (0, "")
    assert "spleen" in fitted.stdout
    assert "lien" not in fitted.stdout


def test_regimen_is_added_by_one_line(house):
    file = patient(house, regimen="example-6")
    assert run(house, "plan", file).returncode == 2
    add(house, "regimens", line_of("A regimen"))
    planned = run(house, "plan", file)
    assert (planned.returncode, planned.stderr) == (0, "")
    assert "example-6: 5.5 GBq x 6, every 10 weeks" in planned.stdout


def test_nuclide_is_added_by_one_line(house):
    question = ("decay", "2 GBq", "--after", "64.1 h", "--nuclide", "Y-90-example")
    assert run(house, *question).returncode == 2
    add(house, "nuclides", line_of("A nuclide"))
    assert run(house, *question).stdout.strip().endswith("1 GBq")


def test_rows_quoted_by_the_page_are_in_their_files():
    regions = (ROOT / "reference_tables" / "regions.csv").read_text(encoding="utf-8")
    assert line_of("A region") in regions.splitlines()
    (model,) = re.findall(r"```text\n(Model[^\n]+)\n```", PAGE)
    kinetics = (ROOT / "dosimetry" / "physics" / "kinetics.py").read_text(encoding="utf-8")
    assert f" {model}\n" in kinetics


def test_every_path_named_by_the_page_exists():
    for name in re.findall(r"`((?:reference_tables|dosimetry|docs|tests)/[\w./]+)`", PAGE):
        assert (ROOT / name).exists(), name
