"""The cells of a table of laboratory values: of a CSV file, or of a DataFrame."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from dosimetry.file_kinds import LABS, refuse_other
from dosimetry.files import decode
from dosimetry.patient.notation import Dialect, table_of
from dosimetry.problems import FilePlace, InputError, refuse

EXAMPLE = "at,analyte,value,unit, or as in at,platelets [1e9/L]"


class Row(NamedTuple):
    """A row of a table: where it stands, and its cells."""

    place: str
    cells: list[Any]


class Table(NamedTuple):
    """A table as cells: header and rows (or what is wrong with one), and its notation.

    ``field`` is the field of the patient file that places are in, empty for a file.
    """

    header: Row
    rows: list[Row | InputError]
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
    """Return the cells of a CSV file, without blank rows and columns.

    Raises
    ------
    InputError
        No text, another kind of file, or quotes that do not match.
    """
    text = decode(raw, name)
    refuse_other(text, name, LABS)
    table = table_of(text, name)
    if not table.header:
        raise refuse("empty-file", "the file is empty", f"begin with the header: {EXAMPLE}")
    rows = [
        row if isinstance(row, InputError) else Row(row[0], [cell.strip() for cell in row[1]])
        for row in table.rows
    ]
    header = Row(table.place, [cell.strip() for cell in table.header])
    return Table(header, rows, table.dialect, "")


def of_frame(frame: Any) -> Table:
    """Return the cells of a DataFrame; dates as midnight without a zone are dates."""
    header = Row("", [str(column) for column in frame.columns])
    rows = [Row(f"[{i}]", list(row)) for i, row in enumerate(frame.itertuples(index=False))]
    table = Table(header, [*rows], Dialect(), "labs")
    for column in (i for i, name in enumerate(table.names) if name == "at"):
        if all(_is_midnight(row.cells[column]) for row in rows):
            for row in rows:
                row.cells[column] = row.cells[column].date()
    return table


def _is_midnight(moment: object) -> bool:
    if not isinstance(moment, dt.datetime) or f"{moment}" == "NaT":
        return False
    return moment.tzinfo is None and moment.time() == dt.time()
