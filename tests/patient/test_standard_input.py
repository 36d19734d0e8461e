"""Standard input instead of a file, and examples written to files, within one process."""

import io
import sys

import pytest
from sample_patients import EXAMPLES

import dosimetry
from dosimetry import InputError
from dosimetry.cycle.curves_of_file import fit_file
from dosimetry.cycle.fit_options import FitOptions
from dosimetry.files import write_new
from dosimetry.patient.examples import names, new_files

pytestmark = pytest.mark.slow  # whole plans and pages

TWO = EXAMPLES / "two_cycles.yaml"


class Stream:
    """Standard input that holds some bytes."""

    def __init__(self, raw):
        self.buffer = io.BytesIO(raw)


def code_of(function, *arguments, **named):
    with pytest.raises(InputError) as caught:
        function(*arguments, **named)
    return caught.value.problems[0].code


def test_dash_reads_the_patient_of_standard_input(monkeypatch):
    monkeypatch.chdir(EXAMPLES)
    monkeypatch.setattr(sys, "stdin", Stream(TWO.read_bytes()))
    read = dosimetry.read_patient("-")
    assert list(read.input_hashes()) == ["-", "two_cycles_1.csv", "two_cycles_2.csv"]
    assert read.to_dict() == dosimetry.read_patient(TWO).to_dict()


def test_dash_reads_json_where_it_begins_with_a_brace(monkeypatch):
    given = b'{"patient": {"id": "T-1", "sex": "male"}, "therapy": {"regimen": "netter-1"}}'
    monkeypatch.setattr(sys, "stdin", Stream(given))
    assert dosimetry.read_patient("-").person.id == "T-1"


def test_dash_reads_the_curves_of_standard_input(monkeypatch):
    file = EXAMPLES / "two_cycles_1.csv"
    monkeypatch.setattr(sys, "stdin", Stream(file.read_bytes()))
    assert fit_file("-", FitOptions("7.3 GBq")) == fit_file(file, FitOptions("7.3 GBq"))


def test_bad_standard_input_is_refused(monkeypatch):
    for given, code in ((b"%PDF-1.7", "other-kind-of-file"), (b"x" * 1_000_001, "file-too-large")):
        monkeypatch.setattr(sys, "stdin", Stream(given))
        assert code_of(dosimetry.read_patient, "-") == code
    monkeypatch.setattr(sys, "stdin", None)  # of a program without a console
    assert code_of(dosimetry.read_patient, "-") == "no-such-file"


def test_every_example_is_written_and_can_be_planned(tmp_path):
    for name in names():
        files = new_files(tmp_path / f"{name}.yaml", name)
        write_new(files, overwrite=False)
        assert code_of(write_new, files, overwrite=False) == "file-exists"
        write_new(files, overwrite=True)
        made = dosimetry.plan(tmp_path / f"{name}.yaml")
        assert made.to_json() == dosimetry.plan(EXAMPLES / f"{name}.yaml").to_json()


@pytest.mark.parametrize("name", [None, "mine.xlsx"])
def test_example_workbook_is_written_with_its_map(tmp_path, name):
    target = tmp_path / name if name else None
    files = new_files(target, "clinic_workbook")
    assert [path.name for path in files] == [
        *(name or "clinic_workbook.xlsx", "clinic_workbook_map.yml")
    ]
    assert [content[:2] for content in files.values()] == [b"PK", b"# "]


def test_file_to_fill_in_is_a_patient_file(tmp_path):
    (path,) = files = new_files(tmp_path / "p.yaml", None)
    write_new(files, overwrite=False)
    assert dosimetry.check(path).ok


def test_neither_file_nor_known_example_is_refused(tmp_path):
    assert code_of(new_files, None, None) == "missing"
    for unknown in ("two_cycle", "x"):
        with pytest.raises(InputError) as caught:
            new_files(None, unknown)
        (problem,) = caught.value.problems
        assert problem.code == "unknown-example"
        assert "psma_patient1" in problem.cure
