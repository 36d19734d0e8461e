"""A workbook (.xlsx) as sheets of cells, read with openpyxl.

Only the stored values are read: nothing is computed, no macro or link is followed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import math
import warnings
from typing import Any

from dosimetry.files import need
from dosimetry.intake.archive import not_a_workbook, open_archive
from dosimetry.intake.sheet import At, Book, Cell, Kind, Sheet
from dosimetry.intake.sheet_xml import LAST_COLUMN, MOST_CELLS, Stored, Structure, structure_of
from dosimetry.problems import InputError

MOST_SHEETS = 100
MOST_PADDED = 2_000_000  # empty rows and cells that openpyxl puts between others


def book_of(raw: bytes, name: str) -> Book:
    """Return the sheets of a workbook.

    Parameters
    ----------
    raw : bytes
    name : str
        Of the file, for messages.

    Raises
    ------
    InputError
        The extra ``import`` is not installed, or the workbook is not safe or not readable.
    """
    need("import")
    archive = open_archive(raw, name)
    try:
        with warnings.catch_warnings():  # openpyxl warns of drawings and styles, which are not read
            warnings.simplefilter("ignore")
            sheets = tuple(_sheets(raw, archive, name))
    except InputError:
        raise
    # A damaged workbook ends in errors of zlib, expat and of any statement of openpyxl.
    except Exception as error:
        raise not_a_workbook(name, f"{type(error).__name__}: {error}") from None
    return Book(name, hashlib.sha256(raw).hexdigest(), sheets)


def _sheets(raw: bytes, archive: Any, name: str) -> list[Sheet]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    if not 1 <= len(book.worksheets) <= MOST_SHEETS:
        raise ValueError(f"the workbook has {len(book.worksheets)} sheets")
    found = []
    left, total = MOST_PADDED, 0
    for sheet in book.worksheets:
        reader: Any = sheet  # of the quick mode, whose types are those of the other
        with archive.open(reader._worksheet_path) as stream:
            structure = structure_of(stream)
        reader.reset_dimensions()  # the size in the head of the sheet may be too small
        cells, padded = _cells(reader, structure, left)
        left -= padded
        total += len(cells)
        if total > MOST_CELLS:
            raise ValueError(f"the workbook has more than {MOST_CELLS} cells")
        hidden = reader.sheet_state != "visible"
        found.append(
            Sheet(
                name,
                str(reader.title),
                cells,
                hidden,
                structure.hidden_rows,
                structure.hidden_columns,
                structure.merged,
            )
        )
    return found


def _cells(reader: Any, structure: Structure, most: int) -> tuple[dict[At, Cell], int]:
    """Return the cells of a sheet and the size that they span; every stored one is among them."""
    cells: dict[At, Cell] = {}
    padded = 0
    for row in reader.iter_rows():
        padded += len(row) + 1
        if padded > most or len(row) > LAST_COLUMN:
            raise ValueError("the cells are too far apart")
        for cell in row:
            if cell.value is None:
                continue
            at = (int(cell.row), int(cell.column))
            stored = structure.cells.get(at)
            if stored is not None:
                cells[at] = _cell(cell, stored)
    for at, stored in structure.cells.items():
        if at in cells:
            continue
        if not stored.formula:
            raise ValueError("rows or cells of a sheet are out of order")
        cells[at] = Cell("", Kind.UNCALCULATED)
    return {
        at: cell for at, cell in cells.items() if cell.kind is not Kind.TEXT or cell.text
    }, padded


def _cell(cell: Any, stored: Stored) -> Cell:
    value, shown = cell.value, str(cell.number_format or "")
    if cell.data_type == "e" or stored.type == "e":
        return Cell(str(value), Kind.ERROR)
    if stored.type == "d":
        return Cell(stored.text, Kind.TEXT)  # openpyxl would leave out its time zone
    if isinstance(value, str):
        return Cell(value, Kind.TEXT)
    if isinstance(value, bool):
        return Cell(value, Kind.TRUTH)
    if isinstance(value, dt.timedelta):
        return Cell(value, Kind.DURATION, shown)
    if isinstance(value, dt.time):
        return Cell(value, Kind.CLOCK, shown)
    if isinstance(value, dt.datetime):
        with_time = "h" in shown.lower() or value.time() != dt.time()
        return Cell(value if with_time else value.date(), Kind.MOMENT, shown)
    if isinstance(value, int | float) and math.isfinite(value):
        return Cell(value, Kind.NUMBER, shown)
    return Cell(str(value), Kind.ERROR)
