"""Notation of tables as programs write them: separators, blank columns, numbers, names of columns.

The same for measurements, laboratory values, a clinic's own doses and the table of a cohort.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from dosimetry.number_texts import parse_number, readings
from dosimetry.problems import InputError, quote, refuse

SEPARATORS = {";": "semicolons", "\t": "tabs", ",": "commas"}
ONLY_NAMED = "|"  # read where the first line names it
NAMED_SEPARATOR = re.compile(r'"?sep=(.)"?[,;\t]*', re.IGNORECASE)  # first line of Excel's own CSV
COLUMN = re.compile(r"\s*([^\[\]()]*?)\s*(?:\[([^\[\]]*)\]|\(([^()]*)\))?\s*")
# Cells that can only be decimals: 4.5 and 0.850, but not 196.000, which may be thousands.
CERTAIN = (
    r'(?:^|[;\t])"?\s*[+-]?(?:0[{0}]\d+|\d{{4,}}[{0}]\d+|\d+[{0}](?:\d\d?|\d{{4,}}))'
    r'\s*"?(?=[;\t\r]|$)'
)
POINT, COMMA = (re.compile(CERTAIN.format(sign), re.MULTILINE) for sign in (".", ","))
DECIMAL = re.compile(r"[+-]?[0-9]+[.,][0-9]+")
NOTES = frozenset(("comment", "comments", "note", "notes", "remark", "remarks"))


class Dialect(NamedTuple):
    """Notation of a table: its cell separator, and whether a comma is certainly decimal."""

    separator: str = ","
    decimal_comma: bool = False


class Column(NamedTuple):
    """A cell of a header: the name in small letters with single blanks, and the unit beside it."""

    name: str
    unit: str | None


Row = tuple[str, list[Any]]  # place and cells


@dataclass(frozen=True)
class TextTable:
    """A table of text cells.

    Attributes
    ----------
    place : str
        Of the header, ``c.csv:1``.
    header : list of str
    rows : iterator of (str, list of str) or InputError
        Place and cells of each row that is not empty, as many cells as the header has; the error
        of a row that does not fit the header.
    dialect : Dialect
    """

    place: str
    header: list[str]
    rows: Iterator[Row | InputError]
    dialect: Dialect


def dialect_of(text: str) -> Dialect:
    r"""Return the notation of a CSV text, from its first line and its numbers.

    Examples
    --------
    >>> dialect_of("region;time [h];activity [MBq]\nliver;4;80,5")
    Dialect(separator=';', decimal_comma=True)
    >>> dialect_of("sep=,\nregion,time [h],activity [MBq]").separator
    ','
    """
    first = _first_line(text)
    named = NAMED_SEPARATOR.fullmatch(first)
    separator = named[1] if named else next((sign for sign in SEPARATORS if sign in first), ",")
    if separator not in (*SEPARATORS, *ONLY_NAMED):
        raise refuse(
            "wrong-separator",
            f"the first line names {quote(separator)} as separator",
            f"separate the cells by {', '.join(SEPARATORS.values())}",
        )
    commas = separator != "," and COMMA.search(text) is not None and POINT.search(text) is None
    return Dialect(separator, commas)


def table_of(text: str, name: str) -> TextTable:
    r"""Return a CSV text as a table, whichever program wrote it.

    Parameters
    ----------
    text : str
        Cells separated by commas, semicolons or tabs; a first line ``sep=;`` may name the sign.
        Columns without a header are left out if they are empty.
    name : str
        Of the file, for places.

    Raises
    ------
    InputError
        Another separator, or quotes that do not close (found while rows are read).

    Examples
    --------
    >>> table = table_of("sep=;\nregion;time [h];\nliver;4,5;\n", "c.csv")
    >>> table.header, list(table.rows)
    (['region', 'time [h]'], [('c.csv:3', ['liver', '4,5'])])
    """
    try:
        dialect = dialect_of(text)
    except InputError as error:
        raise error.at(f"{name}:1") from None
    lines = csv_rows(text, name, dialect.separator)
    filled = (row for row in lines if not all(map(blank, row[1])))
    place, header = next(filled, (f"{name}:1", []))
    if NAMED_SEPARATOR.fullmatch(_first_line(text)):
        place, header = next(filled, (f"{name}:2", []))
    return TextTable(place, *named_columns(header, lines, dialect), dialect)


def _first_line(text: str) -> str:
    """Return the first line that is not empty."""
    return re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]


def named_columns(
    header: Sequence[Any], rows: Iterable[Row], dialect: Dialect
) -> tuple[list[str], Iterator[Row | InputError]]:
    """Return header and rows without the columns that have neither a header nor cells.

    Rows that are empty are left out; a row that does not fit the header is its error.
    """
    kept = [i for i, cell in enumerate(header) if not blank(cell)]

    def fitting() -> Iterator[Row | InputError]:
        for place, cells in rows:
            filled = [i for i, cell in enumerate(cells) if not blank(cell)]
            if not filled:
                continue
            problem = misfit_of(cells, filled, header, dialect)
            yield problem.at(place) if problem else (place, [cells[i] for i in kept])

    return [str(header[i]) for i in kept], fitting()


def misfit_of(
    cells: Sequence[Any], filled: Sequence[int], header: Sequence[Any], dialect: Dialect
) -> InputError | None:
    """Return the error of a row that does not fit its header; None if it does.

    ``filled`` are the columns that are not empty in the row, at least one.
    """
    width = filled[-1] + 1
    needed = max((i + 1 for i, cell in enumerate(header) if not blank(cell)), default=0)
    if width > len(header) or len(cells) < needed:
        return refuse(
            "wrong-number-of-cells",
            f"the row has {len(cells)} cells, but the header has {len(header)}",
            "with decimal commas, separate the cells by ';'"
            if dialect.separator == "," and width > len(header)
            else "give every row as many cells as the header",
        )
    for i in filled:
        if blank(header[i]):
            return refuse(
                "cell-without-header",
                f"{quote(cells[i])} is in column {i + 1}, which has no header",
                "give the column a name, such as note, or clear the cell",
            )
    return None


def csv_rows(text: str, name: str, separator: str) -> Iterator[Row]:
    """Yield place and cells of each row of a CSV, one by one because it may have millions."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            yield f"{name}:{reader.line_num}", cells
    except csv.Error as error:
        raise refuse(
            "not-csv",
            f"not readable as CSV: {error}",
            "check the quotes",
            f"{name}:{reader.line_num}",
        ) from None


def column_of(cell: str) -> Column:
    """Return name and unit of a header cell.

    Case, blanks, hyphens and underscores do not matter; the unit stands in brackets or parentheses.

    Examples
    --------
    >>> column_of(" Volume_SD [mL]"), column_of("Activity (MBq)"), column_of("region")
    (Column(name='volume sd', unit='mL'), Column(name='activity', unit='MBq'), \
Column(name='region', unit=None))
    """
    match = COLUMN.fullmatch(cell)
    name, unit = (match[1], match[2] if match[3] is None else match[3]) if match else (cell, None)
    return Column(" ".join(filter(None, re.split(r"[\s_-]+", name.casefold()))), unit)


def number_cell(unit: str, factor: float, dialect: Dialect) -> Callable[[Any], tuple[float, str]]:
    """Return the reader of a column's cells: from a cell to (number in ``unit``, ``unit``)."""

    def read(cell: Any) -> tuple[float, str]:
        return number_of(cell, dialect) * factor, unit

    return read


def number_of(cell: Any, dialect: Dialect) -> float:
    """Return the number of a cell of a table.

    Raises
    ------
    InputError
        Not a finite number, or one that may be read in two ways.

    Examples
    --------
    >>> number_of("80,5", Dialect(";", decimal_comma=True)), number_of("80.5", Dialect())
    (80.5, 80.5)
    """
    try:
        text = "" if blank(cell) else cell if isinstance(cell, str) else repr(float(cell))
    except (TypeError, ValueError):
        raise refuse(
            "not-a-number", f"{quote(cell)} is not a number", "write a number, as in 80.5"
        ) from None
    if dialect.separator != "," and isinstance(cell, str):
        text = _with_point(text, dialect)
    return parse_number(text)


def _with_point(text: str, dialect: Dialect) -> str:
    """Return a number of a file without separating commas, which may have decimal commas.

    Raises
    ------
    InputError
        Three digits follow a point, or a comma where no other cell shows that commas are decimal.
        They may be thousands; the dose would then be wrong by a factor of 1000.
    """
    number = text.strip()
    if not DECIMAL.fullmatch(number):
        return text
    can_be = readings(number)
    if len(can_be) > 1 and ("." in number or not dialect.decimal_comma):
        whole, part = (f"{float(reading):.15g}" for reading in can_be)
        if readings(part.replace(".", ","))[1:]:
            part += "0"  # with three digits it would be refused again
        raise refuse(
            "ambiguous-number",
            f"{quote(text)} can be {whole} or {part}",
            f"write {whole} or {part}, without a thousands separator",
        )
    return text.replace(",", ".")


def blank(cell: object) -> bool:
    """Return whether a cell is empty: no text, None, or a missing value of a DataFrame.

    Examples
    --------
    >>> blank(" "), blank(None), blank(float("nan")), blank(0.0)
    (True, True, True, False)
    """
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or f"{cell}" in ("nan", "<NA>", "NaT")
