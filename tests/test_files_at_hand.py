"""Reading, checking and replacing files."""

import pytest

from dosimetry import InputError, read_patient
from dosimetry.files import decode, read_bytes, write_whole
from dosimetry.patient.examples import TEMPLATE
from dosimetry.planning.check import check


def refused(function, *arguments):
    with pytest.raises(InputError) as caught:
        function(*arguments)
    (problem,) = caught.value.problems
    return problem.code


# --- reading ------------------------------------------------------------------------------------


def test_a_file_is_read_up_to_its_largest_size(tmp_path):
    file = tmp_path / "scans.csv"
    file.write_bytes(b"12345")
    assert read_bytes(file, "scans.csv", 5) == b"12345"
    assert refused(read_bytes, file, "scans.csv", 4) == "file-too-large"


def test_path_that_is_not_a_file_is_refused(tmp_path):
    assert refused(read_bytes, tmp_path / "none.csv", "none.csv", 10) == "no-such-file"
    assert refused(read_bytes, tmp_path, "folder", 10) == "no-such-file"


def test_a_name_that_no_system_takes_is_refused(tmp_path):
    assert refused(read_bytes, tmp_path / ("x" * 300), "x", 10) == "unreadable-file"


def test_utf_8_is_read_with_or_without_byte_order_mark():
    assert decode("Hänscheid".encode("utf-8-sig"), "n.yaml") == "Hänscheid"
    with pytest.raises(InputError) as caught:
        decode("id: 1\nHänscheid".encode("latin-1"), "n.yaml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == ("not-utf-8", "n.yaml:2")


def test_unwritable_file_is_unchanged_without_leftovers(tmp_path):
    file = tmp_path / "plan.json"
    write_whole(file, "one")
    assert refused(write_whole, file, "half of a character: \ud800") == "unwritable-file"
    assert file.read_text(encoding="utf-8") == "one"
    assert list(tmp_path.iterdir()) == [file]


# --- checking -----------------------------------------------------------------------------------


def test_template_file_can_be_planned(tmp_path):
    file = tmp_path / "patient.yaml"
    file.write_text(TEMPLATE, encoding="utf-8")
    assert read_patient(file).person.id == "EX-001"
    report = check(file)
    assert (report.ok, report.problems) == (True, ())
    assert '"ok": true' in report.to_json()


@pytest.mark.parametrize(
    ("activities", "code"),
    [((-80, 60), "not-positive"), ((80, 60), "too-few-points")],
    ids=["an entry", "a curve"],
)
def test_check_reports_entries_and_curves(tmp_path, activities, code):
    rows = "".join(f"liver,{t},{a}\n" for t, a in zip((4, 24), activities, strict=True))
    (tmp_path / "c.csv").write_text(f"region,time [h],activity [MBq]\n{rows}", encoding="utf-8")
    (tmp_path / "p.yaml").write_text(
        "patient: {id: T-1, sex: male}\ntherapy: {regimen: netter-1, "
        "estimator: least-squares}\ncycles:\n"
        "  - {administered: 7.4 GBq, at: 2026-01-12, measurements: c.csv, models: {liver: bi}}\n",
        encoding="utf-8",
    )
    report = check(tmp_path / "p.yaml")
    assert not report.ok
    assert [problem.code for problem in report.problems] == [code]
