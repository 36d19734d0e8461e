"""Kinds of files, recognised by their first bytes or their text, to name a wrong one."""

from __future__ import annotations

import re
from typing import NamedTuple

from dosimetry.problems import FilePlace, refuse

BEGINNING = 1 << 16  # bytes or characters examined


class Kind(NamedTuple):
    """A kind of file in words, and what to do with it."""

    words: str
    cure: str


PATIENT = Kind("a patient file", "dosimetry check and dosimetry plan take it")
PLAN = Kind(
    "a plan",
    "dosimetry verify takes it; other commands take the patient file that it was made from",
)
MEASUREMENTS = Kind(
    "a table of measurements",
    "dosimetry fit takes it; a patient file names it under cycles, as in measurements: cycle1.csv",
)
LABS = Kind(
    "a table of laboratory values", "a patient file names it under labs, as in labs: labs.csv"
)
COHORT = Kind("the table of a cohort", "dosimetry cohort takes it")
AS_RESULT = "give the file that it was made from"
PAGE = Kind("a web page", "reports are not read: give the file that it was made from")
CALENDAR = Kind("a calendar", "give the patient file that it was made from")

IMPORT = "dosimetry import takes it: dosimetry import FILE.xlsx -o FOLDER"
AS_WORKBOOK = "save it as .xlsx or as CSV (UTF-8): dosimetry import takes both"
WORKBOOK = Kind("a workbook (Excel .xlsx), not text", IMPORT)
MACROS = Kind("a workbook with macros (Excel .xlsm), not text", AS_WORKBOOK)
BINARY_BOOK = Kind("a binary workbook (Excel .xlsb), not text", AS_WORKBOOK)
OLD_OFFICE = Kind(
    "a document of older Office programs (.xls, .doc) or one with a password, not text",
    f"{AS_WORKBOOK}, without a password",
)
OPEN_SHEET = Kind("a workbook (OpenDocument .ods), not text", AS_WORKBOOK)
DOCUMENT = Kind("a text document (Word .docx), not plain text", "save it as plain text (UTF-8)")
AS_NUMBERS = "images are not read: give the activities of the regions"

# First bytes of each kind.
MAGIC = (
    (b"%PDF", Kind("a PDF", "PDFs are not read: give the file that it was made from")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLD_OFFICE),
    (b"PAR1", Kind("a Parquet table", "only dosimetry cohort takes Parquet; save it as CSV")),
    (b"\x1f\x8b", Kind("a compressed file (gzip)", "unpack it, and give the file inside")),
    (b"\x89PNG", Kind("a picture (PNG)", AS_NUMBERS)),
    (b"\xff\xd8\xff", Kind("a picture (JPEG)", AS_NUMBERS)),
)
DICOM_AT, DICOM_MARK = 128, b"DICM"
SCHEMA = re.compile(r'"schema"\s*:\s*"(dosimetry/([a-z]+)/\d+)"')
SECTION = re.compile(r'^[\s{]*"?(?:patient|therapy)"?\s*:', re.MULTILINE)
MEASURED = re.compile(  # a column of measurements in a header, wherever it stands
    r'(?:^|[,;\t])\s*"?\s*(?:region\s*"?\s*(?:[,;\t]|$)|(?:time|activity|concentration)\s*[\[(])',
    re.IGNORECASE,
)
LAB_COLUMN = re.compile(r"""(?i)["']?\s*at\s*["']?\s*[,;\t]""")
COHORT_COLUMN = re.compile(r'(?:^|[,;\t])\s*"?\s*patient[ _-]id\s*"?\s*(?:[,;\t]|$)', re.IGNORECASE)
SEPARATOR_LINE = re.compile(r"""["']?sep=.*\r?\n""", re.IGNORECASE)


def kind_of_bytes(raw: bytes) -> Kind | None:
    """Return the kind of a file that is not text; None where it may be text.

    Examples
    --------
    >>> kind_of_bytes(b"%PDF-1.7").words
    'a PDF'
    """
    if raw.startswith(b"PK\x03\x04"):
        return _kind_of_zip(raw)
    if raw[DICOM_AT : DICOM_AT + len(DICOM_MARK)] == DICOM_MARK:
        return Kind("a DICOM file", AS_NUMBERS)
    return next((kind for magic, kind in MAGIC if raw.startswith(magic)), None)


def _kind_of_zip(raw: bytes) -> Kind:
    for mark, kind in (
        (b"opendocument.spreadsheet", OPEN_SHEET),
        (b"xl/vbaProject.bin", MACROS),
        (b"xl/workbook.bin", BINARY_BOOK),
        (b"xl/", WORKBOOK),
        (b"word/", DOCUMENT),
    ):
        if mark in raw:
            return kind
    return Kind("a zip archive", "unpack it, and give the file inside")


def kind_of_text(text: str) -> Kind | None:
    r"""Return the kind of a text file; None where it cannot be recognised.

    Examples
    --------
    >>> kind_of_text("region,time [h],activity [MBq]\nliver,4,80\n").words
    'a table of measurements'
    """
    start = text[:BEGINNING].lstrip()
    written = SCHEMA.search(start)
    if written and start.startswith("{"):
        schema, document = written.groups()
        return PLAN if document == "plan" else Kind(f"{schema}, a result of dosimetry", AS_RESULT)
    start = SEPARATOR_LINE.sub("", start)
    first = start.splitlines()[0] if start else ""
    if COHORT_COLUMN.search(first):
        return COHORT
    if MEASURED.search(first):
        return MEASUREMENTS
    if LAB_COLUMN.match(first):
        return LABS
    if first.upper().startswith("BEGIN:VCALENDAR"):
        return CALENDAR
    if re.match(r"(?i)<!doctype html|<html", first):
        return PAGE
    return PATIENT if SECTION.search(start) else None


def refuse_binary(raw: bytes, name: str) -> None:
    """Refuse a file that is not text, and name its kind.

    Raises
    ------
    InputError
        A workbook, a PDF, a DICOM file, an archive, a picture.
    """
    _refuse(kind_of_bytes(raw), name, "")


def refuse_other(text: str, name: str, wanted: Kind) -> None:
    """Refuse a text file of another kind than the one wanted.

    A file of an unknown kind passes; its reader refuses it.

    Raises
    ------
    InputError
        The file is a plan, a patient file, a table of measurements or of a cohort, or a result.
    """
    kind = kind_of_text(text)
    if kind is not wanted:
        _refuse(kind, name, f", not {wanted.words}")


def _refuse(kind: Kind | None, name: str, wanted: str) -> None:
    if kind is not None:
        raise refuse(
            "other-kind-of-file",
            f"the file is {kind.words}{wanted}",
            kind.cure,
            FilePlace(f"{name}: file"),
        )
