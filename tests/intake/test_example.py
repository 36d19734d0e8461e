"""The example workbook: made by its script, imported as its page shows."""

import csv
import importlib.util
import io
import re
import zipfile
from pathlib import Path

import pytest
import yaml

from dosimetry.intake.run import import_file
from dosimetry.patient.examples import new_files

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "from-your-export.md").read_text(encoding="utf-8")
SPEC = importlib.util.spec_from_file_location("script", ROOT / "docs" / "clinic_workbook.py")
SCRIPT = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(SCRIPT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Import the example as ``init --example`` writes it; return the folder."""
    made = tmp_path_factory.mktemp("example")
    files = new_files(made / "clinic_workbook.xlsx", "clinic_workbook")
    for path, content in files.items():
        path.write_bytes(content)
    book, given = files
    import_file(book, made / "out", given)
    return made / "out"


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_script_makes_the_same_workbook_every_time():
    assert SCRIPT.content() == SCRIPT.content()
    with (
        zipfile.ZipFile(SCRIPT.TARGET) as stored,
        zipfile.ZipFile(io.BytesIO(SCRIPT.content())) as made,
    ):
        assert stored.namelist() == made.namelist()
        for name in made.namelist():
            assert stored.read(name) == made.read(name), name


def test_cycle_has_every_scan_of_the_sheet(folder):
    # by hand: injection 9:40; scans 14:05, and 10:20, 9:45, 11:30 after 1, 4 and 7 days
    hours = [4 + 25 / 60, 24 + 40 / 60, 96 + 5 / 60, 169 + 50 / 60]
    rows = rows_of(folder / "cycle1.csv")
    assert len(rows) == 24
    times = sorted({float(row["time [h]"]) for row in rows})
    assert times == pytest.approx(hours, rel=1e-11)
    assert {row["region"] for row in rows} == {
        *("kidney_left", "kidney_right", "liver", "spleen", "tumour_1", "tumour_2")
    }
    volumes = {row["region"]: row["volume [ml]"] for row in rows}
    assert (volumes["kidney_left"], volumes["tumour_2"]) == ("168", "8.4")


def test_patient_file_has_cycles_blood_and_labs(folder):
    patient = yaml.load((folder / "patient.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
    assert [cycle["administered"] for cycle in patient["cycles"]] == ["7380 MBq", "7410 MBq"]
    assert patient["cycles"][0]["at"] == "2026-01-12T09:40:00+01:00"
    assert [len(rows_of(folder / "blood1.csv")), len(patient["labs"])] == [5, 3]
    assert patient["patient"]["age"] == "64 year"  # born on 2 May 1961


def test_page_shows_what_is_written(folder):
    written = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    shown = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    for line in "".join(shown[:2]).splitlines():
        assert f"{line}\n" in written, line


def test_page_shows_the_map_of_the_example():
    (shown,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert shown in (ROOT / "examples" / "clinic_workbook_map.yml").read_text(encoding="utf-8")


def test_page_names_every_key_of_the_map():
    from dosimetry.intake.mapping import Map

    table = PAGE.split("| key | content |", 1)[1].split("\n\n", 1)[0]
    assert set(Map.model_fields) <= set(re.findall(r"`(\w+)`", table))
