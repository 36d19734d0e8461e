"""What openpyxl's quick reader leaves out of a sheet: formulas, merged and hidden cells.

The cells are listed a second time, so that a cell which openpyxl passes over (rows out of order, a
wrong size in the head of the sheet) is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import IO, NamedTuple
from xml.etree import ElementTree as ET

from dosimetry.intake.sheet import Area, At

MOST_CELLS = 30_000  # of a workbook
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384  # of the format
LARGEST_MERGE = 10_000  # cells
REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
OFF = ("", "0", "false")


class Stored(NamedTuple):
    """A cell as stored: its type, its text, and whether a formula computes it."""

    type: str
    text: str
    formula: bool


class Structure(NamedTuple):
    """Cells of a sheet as stored, and what is merged or hidden."""

    cells: Mapping[At, Stored]
    merged: tuple[Area, ...]
    hidden_rows: frozenset[int]
    hidden_columns: frozenset[int]


def structure_of(stream: IO[bytes]) -> Structure:
    """Return the structure of a sheet's XML.

    Raises
    ------
    ValueError
        XML that no sheet has, or more cells than a clinic's sheet.
    xml.etree.ElementTree.ParseError
        Not XML.
    """
    cells: dict[At, Stored] = {}
    merged: list[Area] = []
    rows: set[int] = set()
    columns: set[int] = set()
    row = 0
    for event, element in ET.iterparse(stream, ("start", "end")):
        tag = element.tag.rpartition("}")[2]
        if event == "start":
            if tag == "row":
                row = _row(element, row, rows)
            continue
        if tag == "row":
            _add_cells(element, row, cells)
            element.clear()
        elif tag == "mergeCell":
            merged.append(_area(element.get("ref", "")))
        elif tag == "col" and element.get("hidden", "") not in OFF:
            first, last = int(element.get("min", "1")), int(element.get("max", "1"))
            columns.update(range(first, min(last, LAST_COLUMN) + 1))
    if sum(_size(area) for area in merged) > LARGEST_MERGE:
        raise ValueError("the merged cells cover too much of a sheet")
    return Structure(cells, tuple(merged), frozenset(rows), frozenset(columns))


def _row(element: ET.Element, before: int, hidden: set[int]) -> int:
    """Return the number of a row that begins."""
    number = int(element.get("r", before + 1))
    if not 1 <= number <= LAST_ROW:
        raise ValueError(f"row {number} is outside of a sheet")
    if element.get("hidden", "") not in OFF:
        hidden.add(number)
    return number


def _add_cells(element: ET.Element, row: int, cells: dict[At, Stored]) -> None:
    """Add the cells of a row that are not empty."""
    column = 0
    for cell in element:
        if cell.tag.rpartition("}")[2] != "c":
            continue
        at = _at(cell.get("r", ""), (row, column + 1))
        column = at[1]
        parts = {part.tag.rpartition("}")[2]: part for part in cell}
        formula = "f" in parts
        inline = parts.get("is")
        text = parts["v"].text or "" if "v" in parts else ""
        if inline is not None:
            text = "".join(inline.itertext())
        if text.strip() or formula:
            if at in cells:
                raise ValueError("a cell is stored twice")
            cells[at] = Stored(cell.get("t", "n"), text.strip(), formula)
        if len(cells) > MOST_CELLS:
            raise ValueError(f"a sheet has more than {MOST_CELLS} cells")


def _at(reference: str, default: At) -> At:
    """Return row and column of a reference such as ``B7``."""
    if not reference:
        return default
    match = REFERENCE.fullmatch(reference)
    if match is None:
        raise ValueError("a cell has no address")
    column = 0
    for sign in match[1]:
        column = 26 * column + ord(sign) - ord("A") + 1
    row = int(match[2])
    if not (1 <= row <= LAST_ROW and column <= LAST_COLUMN):
        raise ValueError("a cell is outside of its sheet")
    return row, column


def _area(reference: str) -> Area:
    """Return the area of a reference such as ``A1:C2``."""
    first, _, last = reference.partition(":")
    top, left = _at(first, (0, 0))
    bottom, right = _at(last or first, (0, 0))
    if not (0 < top <= bottom and 0 < left <= right):
        raise ValueError("merged cells without an area")
    return top, left, bottom, right


def _size(area: Area) -> int:
    top, left, bottom, right = area
    return (bottom - top + 1) * (right - left + 1)
