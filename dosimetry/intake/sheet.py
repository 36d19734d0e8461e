"""Cells, sheets and books as they are read, whatever program wrote them."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from dosimetry.problems import FilePlace

Value: TypeAlias = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta
At: TypeAlias = tuple[int, int]  # row and column, from 1
Area: TypeAlias = tuple[int, int, int, int]  # first row and column, last row and column


class Kind(enum.Enum):
    """Kinds of cells."""

    TEXT = "text"
    NUMBER = "number"
    MOMENT = "date"  # with or without a time of day
    CLOCK = "time of day"
    DURATION = "duration"
    TRUTH = "truth value"
    ERROR = "error"
    UNCALCULATED = "formula without a value"


@dataclass(frozen=True)
class Cell:
    """A cell that is not empty.

    Attributes
    ----------
    value : str, number, date, time or duration
    kind : Kind
    shown : str
        Number format of a workbook, which may scale a number or name its unit.
    """

    value: Value
    kind: Kind
    shown: str = ""

    @property
    def text(self) -> str:
        """The text of the cell with single blanks; empty for other kinds."""
        return " ".join(self.value.split()) if isinstance(self.value, str) else ""


@dataclass(frozen=True)
class Sheet:
    """A sheet: its cells that are not empty, and what is hidden or merged.

    Attributes
    ----------
    book, name : str
        Names of the file and of the sheet.
    cells : dict
        By row and column.
    hidden : bool
    hidden_rows, hidden_columns : frozenset of int
    merged : tuple of area
    decimal : str
        Sign of decimals in texts, if the form of the file fixes it; else empty.
    """

    book: str
    name: str
    cells: dict[At, Cell]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[Area, ...] = ()
    decimal: str = ""
    _corners: dict[At, At] = field(default_factory=dict, compare=False, repr=False)
    _by_row: dict[int, list[int]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for top, left, bottom, right in self.merged:
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    self._corners[row, column] = (top, left)
        shown = {at for at, corner in self._corners.items() if corner in self.cells}
        for row, column in sorted({*self.cells, *shown}):
            self._by_row.setdefault(row, []).append(column)

    def at(self, row: int, column: int) -> Cell | None:
        """Return a cell; for a merged one, the cell that the whole area shows."""
        return self.cells.get((row, column)) or self.cells.get(self.corner(row, column))

    def corner(self, row: int, column: int) -> At:
        """Return where the content of a cell stands: for a merged one, the first of its area."""
        return self._corners.get((row, column), (row, column))

    def rows(self) -> list[int]:
        """Return the rows that have a cell, merged ones included."""
        return list(self._by_row)

    def columns_of(self, row: int) -> list[int]:
        """Return the columns that have a cell in a row, merged ones included."""
        return self._by_row.get(row, [])

    def out_of_sight(self, row: int, column: int) -> bool:
        """Return whether a cell is in a hidden row or column."""
        return row in self.hidden_rows or column in self.hidden_columns

    def place(self, row: int, column: int) -> FilePlace:
        """Return the place of a cell for messages."""
        return FilePlace(f"{self.book}: {self.name}!{letter(column)}{row}")

    def whole(self) -> FilePlace:
        """Return the place of the sheet for messages."""
        return FilePlace(f"{self.book}: {self.name}")


@dataclass(frozen=True)
class Book:
    """A workbook, or a table of text as a book of one sheet.

    Attributes
    ----------
    name : str
        Of the file.
    sha256 : str
    sheets : tuple of Sheet
    """

    name: str
    sha256: str
    sheets: tuple[Sheet, ...]


def letter(column: int) -> str:
    """Return the letters of a column.

    Examples
    --------
    >>> letter(1), letter(28)
    ('A', 'AB')
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def address(row: int, column: int) -> str:
    """Return a cell's address.

    Examples
    --------
    >>> address(7, 2)
    'B7'
    """
    return f"{letter(column)}{row}"


def spans(places: Iterable[At]) -> str:
    """Return the addresses of cells, with areas as ranges.

    Examples
    --------
    >>> spans([(1, 1), (1, 2), (1, 3), (4, 2), (5, 2)])
    'A1:C1, B4:B5'
    """
    rows: list[Area] = []  # cells of one row next to each other
    for row, column in sorted(places):
        last = rows[-1] if rows else None
        if last and last[0] == row and last[3] == column - 1:
            rows[-1] = (row, last[1], row, column)
        else:
            rows.append((row, column, row, column))
    areas: list[Area] = []
    for area in sorted(rows, key=lambda one: (one[1], one[3], one[0])):
        last = areas[-1] if areas else None
        if last and (last[1], last[3]) == (area[1], area[3]) and last[2] == area[0] - 1:
            areas[-1] = (*last[:2], area[0], area[3])
        else:
            areas.append(area)
    return ", ".join(map(_range, sorted(areas)))


def _range(area: Area) -> str:
    first, last = address(*area[:2]), address(*area[2:])
    return first if first == last else f"{first}:{last}"
