"""The file that is imported, as a book of sheets: an .xlsx file, or a table of text."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

from dosimetry.file_kinds import MEASUREMENTS, WORKBOOK, kind_of_bytes, kind_of_text
from dosimetry.files import decode, read_any
from dosimetry.intake import xlsx
from dosimetry.intake.sheet import At, Book, Cell, Kind, Sheet
from dosimetry.intake.sheet_xml import MOST_CELLS
from dosimetry.problems import FilePlace, InputError, refuse

LARGEST_FILE = 10_000_000
SEPARATORS = ("\t", ";", ",")
SEPARATOR_LINE = "sep="  # by which Excel is told the separator
FEW = 50  # rows that show the separator


def read_book(path: Path) -> Book:
    """Read a workbook or a table of text.

    Parameters
    ----------
    path : pathlib.Path
        An .xlsx file, or text in UTF-8 with cells separated by commas, semicolons or tabs.

    Raises
    ------
    InputError
        Another kind of file, too large, or not readable.
    """
    name = path.name or f"{path}"
    raw = read_any(path, name, LARGEST_FILE)
    kind = kind_of_bytes(raw)
    if kind is WORKBOOK:
        return xlsx.book_of(raw, name)
    text = "" if kind else decode(raw, name)
    kind = kind or kind_of_text(text)
    if kind not in (None, MEASUREMENTS):
        raise refuse(
            "other-kind-of-file",
            f"the file is {kind.words}, not a workbook or a table of text",
            kind.cure,
            FilePlace(f"{name}: file"),
        )
    if not text.strip():
        raise refuse(
            "empty-file", "the file is empty", "export it again", FilePlace(f"{name}: file")
        )
    sheet = sheet_of_text(text, name, path.stem)
    return Book(name, hashlib.sha256(raw).hexdigest(), (sheet,))


def sheet_of_text(text: str, book: str, name: str) -> Sheet:
    r"""Return a table of text as a sheet.

    Examples
    --------
    >>> sheet = sheet_of_text("ROI;Time [h]\nLiver;4,5\n", "c.csv", "c")
    >>> sheet.cells[2, 2].value, sheet.decimal
    ('4,5', '')
    """
    rows = list(_rows(text, book))
    cells: dict[At, Cell] = {}
    for number, row in rows:
        for column, value in enumerate(row, 1):
            if value.strip():
                cells[number, column] = Cell(value, Kind.TEXT)
            if len(cells) > MOST_CELLS:
                raise refuse(
                    "file-too-large",
                    f"the table has more than {MOST_CELLS} cells",
                    "give the table of one patient",
                    FilePlace(f"{book}: file"),
                )
    separated = separator_of(text)
    return Sheet(book, name, cells, decimal="." if separated == "," else "")


def _rows(text: str, book: str) -> list[tuple[int, list[str]]]:
    separator = separator_of(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for number, row in enumerate(reader, 1):
            if number == 1 and _names_separator(text):
                continue
            rows.append((number, row))
    except csv.Error as error:
        raise _not_csv(book, reader.line_num, error) from None
    return rows


def _not_csv(book: str, line: int, error: csv.Error) -> InputError:
    return refuse(
        "not-csv", f"not readable as CSV: {error}", "check the quotes", FilePlace(f"{book}:{line}")
    )


def _names_separator(text: str) -> bool:
    first = text.lstrip().split("\n", 1)[0].strip().strip('"')
    return first.lower().startswith(SEPARATOR_LINE) and len(first) == len(SEPARATOR_LINE) + 1


def separator_of(text: str) -> str:
    r"""Return the separator of the cells: the one that most rows have; a comma may be decimal.

    Examples
    --------
    >>> separator_of("Patient\nROI;A\nLiver;4,5\n"), separator_of("sep=;\nROI\n")
    (';', ';')
    """
    if _names_separator(text):
        sign = text.lstrip().split("\n", 1)[0].strip().strip('"')[-1]
        return sign if sign in SEPARATORS else ","
    rows = [row for row in text.splitlines()[:FEW] if row.strip()]
    counts = [(sum(sign in row for row in rows), sign) for sign in SEPARATORS]
    most = max(count for count, _ in counts)
    # Of two in as many rows, the first in SEPARATORS: the other is decimal or part of a text.
    return next(sign for count, sign in counts if count == most) if most else ","
