"""Workbooks that are not safe or not readable are refused; what is read is what is stored."""

import datetime as dt
import struct
import zipfile

import pytest
from openpyxl.utils.datetime import MAC_EPOCH
from workbooks import LONG, edited, files_of, imported, save, stated, with_part

from dosimetry import InputError
from dosimetry.intake import workbook
from dosimetry.intake.sheet import Kind

SHEET = "xl/worksheets/sheet1.xml"
ACTIVITY = '<c r="C2" t="n"><v>80</v></c>'


@pytest.fixture
def plain(tmp_path):
    return save(tmp_path / "clinic.xlsx", {"C1": LONG})


def refused(path):
    with pytest.raises(InputError) as caught:
        workbook.read_book(path)
    (problem,) = caught.value.problems
    assert problem.place == f"{path.name}: file"
    assert problem.cure
    return problem


def claiming(path, part, size):
    """Let the archive's directory state another size of a part (PKWARE APPNOTE 4.3.12)."""
    raw = bytearray(path.read_bytes())
    at = raw.rindex(part.encode()) - 46
    assert raw[at : at + 4] == b"PK\x01\x02"
    raw[at + 20 : at + 28] = struct.pack("<II", size // 10, size)  # packed and unpacked
    path.write_bytes(raw)
    return path


def test_bomb_is_refused_unread(plain):
    path = with_part(plain, "xl/media/image1.png", b"x")
    assert refused(claiming(path, "xl/media/image1.png", 100_000_001)).code == "workbook-too-large"


def test_dense_part_is_refused(plain):
    assert refused(with_part(plain, "xl/a.bin", bytes(1_000_001))).code == "workbook-too-large"


def test_much_xml_is_refused(plain):
    assert refused(claiming(plain, SHEET, 20_000_001)).code == "workbook-too-large"


def test_thousands_of_parts_are_refused(plain):
    with zipfile.ZipFile(plain, "a") as archive:
        for number in range(2_001):
            archive.writestr(f"xl/{number}", b"")
    assert refused(plain).code == "workbook-too-large"


def test_large_file_is_refused(tmp_path):
    path = tmp_path / "clinic.csv"
    path.write_bytes(b"a" * 10_000_001)
    assert refused(path).code == "file-too-large"


def test_link_to_another_workbook_is_refused(plain):
    path = with_part(plain, "xl/externalLinks/externalLink1.xml", "<externalLink/>")
    assert refused(path).code == "external-link"


def test_definitions_in_xml_are_refused(plain):
    laughs = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet'
    assert refused(edited(plain, SHEET, ("<worksheet", laughs))).code == "not-a-workbook"


def test_part_that_is_there_twice_is_refused(plain):
    with pytest.warns(UserWarning, match="Duplicate"):
        with_part(plain, SHEET, "<worksheet/>")
    assert refused(plain).code == "not-a-workbook"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('r="C2"', 'r="XFE2"'),  # beyond the last column
        ('r="C2"', 'r="C1048577"'),  # beyond the last row
        ('r="C2"', 'r="C1"'),  # a cell twice
        ('r="C2"', 'r="2C"'),
        ('<row r="2"', '<row r="9"'),  # rows out of order
        ("<v>80</v>", "<v>eighty</v>"),
        ("<v>80</v>", "<v>nan</v>"),
        ("</sheetData>", '</sheetData><mergeCells><mergeCell ref="E1:XFD1048576"/></mergeCells>'),
        ("</sheetData>", '</sheetData><mergeCells><mergeCell ref="C2:A1"/></mergeCells>'),
        ("</worksheet>", ""),
    ],
)
def test_damaged_sheet_is_refused(plain, old, new):
    assert refused(edited(plain, SHEET, (old, new))).code == "not-a-workbook"


@pytest.mark.parametrize("missing", ["xl/workbook.xml", "[Content_Types].xml", SHEET])
def test_workbook_without_a_part_is_refused(plain, missing):
    with zipfile.ZipFile(plain) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != missing}
    with zipfile.ZipFile(plain, "w") as archive:
        for name, content in {**parts, "xl/x": b""}.items():
            archive.writestr(name, content)
    assert refused(plain).code == "not-a-workbook"


def test_truncated_file_is_refused(plain):
    plain.write_bytes(plain.read_bytes()[:-200])
    assert refused(plain).code == "not-a-workbook"


@pytest.mark.parametrize(
    ("member", "what"),
    [
        ("xl/vbaProject.bin", "xlsm"),
        ("xl/workbook.bin", "xlsb"),
        ("word/document.xml", "docx"),
    ],
)
def test_other_documents_are_named_with_the_cure(tmp_path, member, what):
    path = tmp_path / "given.xlsm"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "")
    problem = refused(path)
    assert problem.code == "other-kind-of-file"
    assert what in problem.message


def test_old_workbook_is_named_with_the_cure(tmp_path):
    path = tmp_path / "given.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))  # MS-CFB
    problem = refused(path)
    assert ".xls" in problem.message
    assert ".xlsx" in problem.cure


def test_open_document_is_named_with_the_cure(tmp_path):
    path = tmp_path / "given.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert ".ods" in refused(path).message


def test_formula_counts_with_its_stored_value(plain):
    path = edited(plain, SHEET, (ACTIVITY, '<c r="C2"><f>40+41</f><v>80</v></c>'))
    assert "liver,4,80" in files_of(path, stated("C1"))["cycle1.csv"]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ('<c r="C2"><f>40+40</f></c>', "no-cached-value"),
        ('<c r="C2"><f>40+40</f><v></v></c>', "no-cached-value"),
        ('<c r="C2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "error-in-cell"),
        ('<c r="C2" t="b"><v>1</v></c>', "wrong-kind-of-cell"),
        ('<c r="C2" t="str"><v>eighty</v></c>', "wrong-kind-of-cell"),
    ],
)
def test_cell_without_a_number_is_refused(plain, cell, code):
    result = imported(edited(plain, SHEET, (ACTIVITY, cell)), stated("C1"))
    (problem,) = result.log.refusal().problems
    assert problem.code == code
    assert problem.place == "clinic.xlsx: C1!C2"
    assert "cells: {C1!C2: ignore}" in problem.cure


def test_wrong_size_in_the_head_of_a_sheet_loses_nothing(plain):
    path = edited(plain, SHEET, ('<dimension ref="A1:C3"', '<dimension ref="A1:B2"'))
    assert "liver,24,60" in files_of(path, stated("C1"))["cycle1.csv"]


def test_cell_far_away_is_listed(plain):
    far = '<row r="99999"><c r="XFD99999" t="str"><v>far</v></c></row></sheetData>'
    path = edited(plain, SHEET, ("</sheetData>", far))
    assert "XFD99999" in files_of(path, stated("C1"))["decisions.txt"]


def test_cells_too_far_apart_are_refused(plain):
    far = "".join(f'<row r="{row}"><c r="XFD{row}"><v>1</v></c></row>' for row in range(9, 140))
    path = edited(plain, SHEET, ("</sheetData>", f"{far}</sheetData>"))
    assert refused(path).code == "not-a-workbook"


def test_iso_date_keeps_its_zone(plain):
    cell = '<c r="C2" t="d"><v>2026-01-12T09:30:00Z</v></c>'
    (sheet,) = workbook.read_book(edited(plain, SHEET, (ACTIVITY, cell))).sheets
    assert sheet.cells[2, 3].value == "2026-01-12T09:30:00Z"


def test_days_count_from_the_epoch_of_the_workbook(tmp_path):
    moment = dt.datetime(2026, 1, 12, 9, 30)

    def since_1904(book):
        book.epoch = MAC_EPOCH

    path = save(tmp_path / "a.xlsx", {"C1": [[moment]]}, prepare=since_1904)
    (sheet,) = workbook.read_book(path).sheets
    assert sheet.cells[1, 1].value == moment


def test_typed_cells_keep_their_kind(tmp_path):
    values = ["text", 1.5, 7, dt.datetime(2026, 1, 12, 9, 30), dt.date(2026, 1, 12)]
    values += [dt.time(9, 30), dt.timedelta(hours=30), True]
    (sheet,) = workbook.read_book(save(tmp_path / "a.xlsx", {"C1": [values]})).sheets
    assert [sheet.cells[1, column].value for column in range(1, 9)] == values
    assert [sheet.cells[1, column].kind for column in range(4, 8)] == [
        *(Kind.MOMENT, Kind.MOMENT, Kind.CLOCK, Kind.DURATION)
    ]
