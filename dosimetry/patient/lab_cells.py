"""The cells of a table of laboratory values: of a CSV file, or of a DataFrame."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, NamedTuple

from dosimetry.file_kinds import LABS, refuse_other
from dosimetry.files import decode
from dosimetry.patient.read_scans import csv_rows
from dosimetry.patient.scan_columns import Dialect, blank, dialect_of
from dosimetry.problems import FilePlace, refuse

EXAMPLE = "at,analyte,value,unit, or as in at,platelets [1e9/L]"
SEPARATOR_LINE = re.compile(r"[\"']?sep=(.)[\"']?[ \t]*(?:\r\n|\r|\n)", re.IGNORECASE)


class Row(NamedTuple):
    """A row of a table: where it stands, and its cells."""

    place: str
    cells: list[Any]


class Table(NamedTuple):
    """A table as cells: header and rows, and the notation of its numbers.

    ``field`` is the field of the patient file that places are in, empty for a file.
    """

    header: Row
    rows: list[Row]
    dialect: Dialect
    field: str

    @property
    def names(self) -> list[str]:
        """Names of the columns in lower case."""
        return [label.strip().casefold() for label in self.header.cells]

    def place(self, row: Row, label: str = "") -> str:
        """Return the place of a cell, as messages write it."""
        if self.field:
            return f"{row.place}.{label}".strip(".")
        return FilePlace(f"{row.place}: {label}" if label else row.place)


def of_csv(raw: bytes, name: str) -> Table:
    """Return the cells of a CSV file, without blank rows and without blanks behind the header.

    Raises
    ------
    InputError
        No text, another kind of file, or quotes that do not match.
    """
    text = decode(raw, name)
    empty = refuse("empty-file", "the file is empty", f"begin with the header: {EXAMPLE}")
    refuse_other(text, name, LABS)
    said = SEPARATOR_LINE.match(text)
    text, above = (text[said.end() :], 1) if said else (text, 0)
    separator, dialect = _notation(text.lstrip("\r\n"), said[1] if said else "")
    rows = [
        Row(f"{name}:{int(place.rpartition(':')[2]) + above}", [cell.strip() for cell in cells])
        for place, cells in csv_rows(text, name, separator)
        if any(map(str.strip, cells))
    ]
    if not rows:
        raise empty
    header = Row(rows[0].place, _trimmed(rows[0].cells, 1))
    width = len(header.cells)
    return Table(header, [Row(p, _trimmed(cells, width)) for p, cells in rows[1:]], dialect, "")


def _notation(text: str, said: str) -> tuple[str, Dialect]:
    """Return the separator of a CSV text, and the notation of its numbers."""
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    separator = said or next((sign for sign in "\t;" if sign in first), ",")
    if separator == ",":
        return separator, Dialect()
    return separator, dialect_of(text.replace(separator, ";"))


def _trimmed(cells: list[Any], width: int) -> list[Any]:
    """Return cells without blank ones behind the width, which separators at the end leave."""
    while len(cells) > width and blank(cells[-1]):
        cells = cells[:-1]
    return cells


def of_frame(frame: Any) -> Table:
    """Return the cells of a DataFrame; dates as midnight without a zone are dates."""
    header = Row("", [str(column) for column in frame.columns])
    rows = [Row(f"[{i}]", list(row)) for i, row in enumerate(frame.itertuples(index=False))]
    table = Table(header, rows, Dialect(), "labs")
    for column in (i for i, name in enumerate(table.names) if name == "at"):
        if all(_is_midnight(row.cells[column]) for row in rows):
            for row in rows:
                row.cells[column] = row.cells[column].date()
    return table


def _is_midnight(moment: object) -> bool:
    if not isinstance(moment, dt.datetime) or f"{moment}" == "NaT":
        return False
    return moment.tzinfo is None and moment.time() == dt.time()
