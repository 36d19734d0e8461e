"""A file of another kind is named, with the command that takes it."""

import zipfile

import pytest
from sample_patients import EXAMPLES

import dosimetry
from dosimetry import InputError
from dosimetry.cycle.curves_of_file import fit_file
from dosimetry.cycle.fit_options import FitOptions
from dosimetry.planning.verify import verify
from dosimetry.population.cohort.table import read_records

READERS = {
    "patient": dosimetry.read_patient,
    "curves": lambda path: fit_file(path, FitOptions("7.4 GBq")),
    "plan": verify,
    "cohort": read_records,
}
every = pytest.mark.parametrize("reader", READERS)


def refusal(reader, path):
    with pytest.raises(InputError) as caught:
        READERS[reader](path)
    (problem,) = caught.value.problems
    assert problem.code == "other-kind-of-file"
    assert problem.place == f"{path.name}: file"
    return problem


def workbook(path, member):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(member, "<x/>")
    return path


# First bytes: ECMA-376 and PKWARE (PK), MS-CFB (D0CF), ISO 32000 (%PDF), DICOM PS3.10 (DICM at 128)
BINARY = {
    "a PDF": b"%PDF-1.7\n\xe2\xe3\xcf\xd3\n",
    "older Office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
    "a DICOM file": bytes(128) + b"DICM\x02\x00\x00\x00UL",
    "gzip": b"\x1f\x8b\x08\x00",
}


@every
@pytest.mark.parametrize("what", BINARY)
def test_a_file_that_is_not_text_is_named(reader, what, tmp_path):
    path = tmp_path / "given.csv"
    path.write_bytes(BINARY[what])
    assert what in refusal(reader, path).message


@every
@pytest.mark.parametrize(
    ("member", "what"),
    [("xl/workbook.xml", "Excel"), ("word/document.xml", "Word"), ("a.csv", "zip archive")],
)
def test_workbook_is_sent_to_import(reader, member, what, tmp_path):
    problem = refusal(reader, workbook(tmp_path / "given.xlsx", member))
    assert what in problem.message
    assert ("dosimetry import takes it" in problem.cure) is (what == "Excel")


def test_large_dicom_file_is_named(tmp_path):
    path = tmp_path / "scan.dcm"
    path.write_bytes(BINARY["a DICOM file"] + bytes(12_000_000))  # above the limit of every reader
    assert "DICOM" in refusal("patient", path).message


@pytest.fixture
def texts(tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(dosimetry.plan(EXAMPLES / "two_cycles.yaml").to_json(), encoding="utf-8")
    table = tmp_path / "cohort.csv"
    table.write_text("patient_id,sex,cycle\nP-1,male,1\n")
    return {
        "patient": EXAMPLES / "two_cycles.yaml",
        "curves": EXAMPLES / "snmmi_patient4.csv",
        "plan": plan,
        "cohort": table,
    }


# What each is, and the command that takes it.
TEXTS = {
    "patient": ("is a patient file", "dosimetry plan"),
    "curves": ("is a table of measurements", "dosimetry fit"),
    "plan": ("is a plan", "dosimetry verify"),
    "cohort": ("is the table of a cohort", "dosimetry cohort"),
}


@every
@pytest.mark.parametrize("given", TEXTS)
def test_a_file_of_another_command_is_named(reader, given, texts):
    if given == reader:
        return
    problem = refusal(reader, texts[given])
    assert TEXTS[given][0] in problem.message
    assert TEXTS[given][1] in problem.cure


def test_a_patient_file_as_json_is_not_a_plan(tmp_path):
    path = tmp_path / "p.json"
    path.write_text('{"patient": {"id": "T-1", "sex": "male"}, "therapy": {"regimen": "netter-1"}}')
    assert "a patient file" in refusal("plan", path).message
    assert dosimetry.read_patient(path).person.id == "T-1"


def test_a_result_and_a_page_are_named(tmp_path):
    for text, what in (
        ('{"schema": "dosimetry/fit/1", "curves": []}', "a result"),
        ("<!DOCTYPE html>\n<html>", "a web page"),
        ("BEGIN:VCALENDAR\r\n", "a calendar"),
    ):
        path = tmp_path / "given.json"
        path.write_text(text)
        assert what in refusal("patient", path).message


def test_a_cohort_may_separate_its_cells_by_semicolons(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("patient_id;sex;cycle\nP-1;male;1\n")
    with pytest.raises(InputError) as caught:
        read_records(path)
    assert {problem.code for problem in caught.value.problems} == {"missing-column"}
