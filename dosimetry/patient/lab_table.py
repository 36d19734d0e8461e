"""Laboratory values as a table: ``labs: labs.csv``, or a DataFrame; else the list of samples.

A long table has the columns ``at, analyte, value, unit``. A wide one has a column per analyte, with
its unit in the header: ``at, platelets [K/uL], creatinine [mg/dL]``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from dosimetry.files import read_bytes, within
from dosimetry.patient.lab_cells import EXAMPLE, Table, of_csv, of_frame
from dosimetry.patient.lab_units import read_unit, refuse_bound
from dosimetry.patient.laboratory import LabDraw, LabValue, draw_schema, read_draw, read_lab
from dosimetry.patient.notation import Dialect, blank, number_of
from dosimetry.patient.values import Moment, Read, read_moment
from dosimetry.problems import FilePlace, InputError, Problem, in_words, nearest, quote, refuse
from dosimetry.reference import laboratory

LARGEST_FILE = 1_000_000
MOST_VALUES, MOST_PROBLEMS, MOST_COLUMNS = 5_000, 50, 50
NEEDED, LONG = ("at", "analyte", "value"), ("at", "analyte", "value", "unit")
NO_ANALYTE = ("unknown-analyte", "computed-here")
HEADER = re.compile(r"\s*([^\[\]]*?)\s*(?:\[([^\[\]]*)\])?\s*")
IN_BRACKETS = re.compile(r"([^()\[\]]+)\(([^()\[\]]+)\)\s*")
NUMERIC = re.compile(r"[\d.,+\-eE'\s\u2019]*")


class Cell(NamedTuple):
    """A value of a table, its unit (empty if the value has it) and its date, with their places."""

    analyte: str
    value: Any
    unit: str
    place: str
    at: Any
    at_place: str


CellOrError = Cell | InputError


def read_labs(source: object, base: Path | None) -> list[LabDraw]:
    """Read the laboratory values of a patient.

    Parameters
    ----------
    source : str, list of mappings or pandas.DataFrame
        Name of a CSV file relative to ``base``, a list of samples, or a table with the columns of
        the CSV.
    base : pathlib.Path or None
        Folder that the file name is relative to; None refuses every file.

    Returns
    -------
    list of LabDraw
        The values of a table that have the same time are one sample.

    Raises
    ------
    InputError
        With every problem, each with its place.

    Examples
    --------
    >>> read_labs([{"at": "2026-01-10", "PLT": "212 K/uL"}], Path())[0].values["platelets"].value
    212.0
    """
    if isinstance(source, str):
        return _of_file(within(base, source), source)
    if isinstance(source, Sequence):
        return _of_list(source)
    if hasattr(source, "columns") and hasattr(source, "itertuples"):
        return _draws(of_frame(source))
    raise refuse(
        "wrong-type",
        f"{quote(source)} is neither a file name nor a list of samples",
        "name a CSV file, or give a list of {at: DATE, analyte: value}",
    )


def _of_list(source: Sequence[object]) -> list[LabDraw]:
    draws: list[LabDraw] = []
    problems: list[Problem] = []
    for i, entry in enumerate(source):
        try:
            draws.append(read_draw(entry))
        except InputError as error:
            problems += error.at(f"[{i}]").problems
    if problems:
        raise InputError(problems)
    return draws


def _of_file(path: Path, name: str) -> list[LabDraw]:
    try:
        raw = read_bytes(path, name, LARGEST_FILE)
        draws = labs_of_csv(raw, name)
    except InputError as error:
        raise InputError(
            replace(p, place=FilePlace(p.place or f"{name}: file")) for p in error.problems
        ) from None
    digest = hashlib.sha256(raw).hexdigest()
    return [replace(draw, file=name, sha256=digest) for draw in draws]


def labs_of_csv(raw: bytes, name: str) -> list[LabDraw]:
    r"""Return the laboratory values of a table's text, separated by commas, semicolons or tabs.

    Parameters
    ----------
    raw : bytes
    name : str
        Of the table, for messages.

    Raises
    ------
    InputError
        As :func:`read_labs`.

    Examples
    --------
    >>> labs_of_csv(b"at,platelets [K/uL]\n2026-01-10,212", "labs.csv")[0].values["platelets"].value
    212.0
    """
    return _draws(of_csv(raw, name))


def _draws(table: Table) -> list[LabDraw]:
    """Return the samples of a table, in the order of their first values."""
    names = table.names
    if len(names) > MOST_COLUMNS:
        raise refuse(
            "too-many-columns",
            f"the table has {len(names)} columns",
            "keep the columns of the values that the patient file takes",
            table.place(table.header),
        )
    cells = list(_long(table, names) if {"analyte", "value"} & {*names} else _wide(table, names))
    if len(cells) > MOST_VALUES:
        raise refuse(
            "too-many-values",
            f"the table has more than {MOST_VALUES} values",
            "keep only the laboratory values of this course",
            table.place(table.header),
        )
    draws = _collected(cells, table)
    if not draws:
        raise refuse(
            "empty-file",
            "the table has no laboratory value",
            "add the values, or remove labs",
            table.place(table.header),
        )
    return draws


def _collected(cells: Iterable[CellOrError], table: Table) -> list[LabDraw]:
    """Return the samples, or raise all problems together, each wrong date and name once."""
    draws: dict[Moment, LabDraw] = {}
    problems: dict[Problem, None] = {}
    unknown: set[str] = set()
    for cell in cells:
        if isinstance(cell, InputError):
            problems.update(dict.fromkeys(cell.problems))
        elif cell.analyte not in unknown:
            try:
                _put(draws, cell, table)
            except InputError as error:
                if error.problems[0].code in NO_ANALYTE:
                    unknown.add(cell.analyte)
                problems.update(dict.fromkeys(error.problems))
        if len(problems) > MOST_PROBLEMS:
            more = Problem("more", "more problems follow", "correct these first")
            raise InputError([*list(problems)[:MOST_PROBLEMS], more])
    if problems:
        raise InputError(problems)
    return list(draws.values())


def _put(draws: dict[Moment, LabDraw], cell: Cell, table: Table) -> None:
    """Add a value to the sample of its time; refuse a second one of the analyte."""
    at = _moment(cell)
    try:
        value = _value(cell, table.dialect)
    except InputError as error:
        raise error.at(cell.place) from None
    held = draws.get(at) or LabDraw(at, {}, place=_outer(table, cell.at_place))
    given = held.values.get(value.analyte)
    if given is not None:
        raise refuse(
            "measured-twice",
            f"{in_words([value.analyte])} of {at.isoformat()} is already given at {given.place}",
            "keep one, or give each its time of day",
            cell.place,
        )
    value = replace(value, place=_outer(table, cell.place))
    draws[at] = replace(held, values={**held.values, value.analyte: value})


def _outer(table: Table, place: str) -> str:
    """Return a place as seen from the whole patient file."""
    return f"{table.field}{place}" if table.field else place


def _moment(cell: Cell) -> Moment:
    if blank(cell.at):
        raise refuse("missing", "the date is missing", "add it", cell.at_place)
    try:
        return read_moment(cell.at.strip() if isinstance(cell.at, str) else cell.at)
    except InputError as error:
        raise error.at(cell.at_place) from None


def _value(cell: Cell, dialect: Dialect) -> LabValue:
    """Return a value whose unit is in the cell or beside it."""
    value, unit = cell.value, cell.unit
    if isinstance(value, str):
        refuse_bound(f"{value} {unit}".strip())
        if not re.search(r"\d", value):
            raise refuse(
                "not-a-number",
                f"{quote(value)} is not a number",
                "write a number, or leave the cell blank where there is no value",
            )
    if hasattr(value, "unit_items") or (
        not unit and isinstance(value, str) and not NUMERIC.fullmatch(value)
    ):
        return read_lab(cell.analyte, value)
    return read_lab(cell.analyte, f"{number_of(value, dialect)!r} {unit}".strip())


def _long(table: Table, names: list[str]) -> Iterator[CellOrError]:
    """Yield the values of a table with one value per row."""
    _check_columns(table, names, NEEDED, LONG)
    for row in table.rows:
        if isinstance(row, InputError):
            yield row
            continue
        cells = dict(zip(names, row.cells, strict=True))
        if blank(cells["value"]):
            continue
        name = "" if blank(cells["analyte"]) else f"{cells['analyte']}".strip()
        unit = "" if blank(cells.get("unit")) else f"{cells['unit']}".strip()
        place = table.place(row, name or "analyte")
        yield Cell(name, cells["value"], unit, place, cells["at"], table.place(row, "at"))


def _wide(table: Table, names: list[str]) -> Iterator[CellOrError]:
    """Yield the values of a table with one column per analyte."""
    _check_columns(table, names, ("at",), ())
    columns = _columns(table, names)
    at = names.index("at")
    for row in table.rows:
        if isinstance(row, InputError):
            yield row
            continue
        for i, (name, unit) in columns.items():
            if not blank(row.cells[i]):
                place = table.place(row, table.header.cells[i].strip())
                yield Cell(name, row.cells[i], unit, place, row.cells[at], table.place(row, "at"))


def _columns(table: Table, names: list[str]) -> Mapping[int, tuple[str, str]]:
    """Return analyte and unit of each column that has one; refuse two of one analyte."""
    columns: dict[int, tuple[str, str]] = {}
    labels: dict[str, str] = {}
    problems: list[Problem] = []
    for i, cell in enumerate(table.header.cells):
        label = cell.strip()
        if names[i] == "at":
            continue
        try:
            name, unit = _headed(label)
            if name in labels:
                raise refuse(
                    "analyte-twice",
                    f"{quote(labels[name])} and {quote(label)} are both {in_words([name])}",
                    "keep one of the two columns",
                )
            labels[name] = label
            columns[i] = name, unit
        except InputError as error:
            problems += error.at(table.place(table.header, label)).problems
    if problems:
        raise InputError(problems)
    return columns


def _headed(label: str) -> tuple[str, str]:
    """Return analyte and unit of a column's header."""
    parts = HEADER.fullmatch(label)
    name, unit = parts.groups() if parts else (label, None)
    try:
        analyte = laboratory.analyte(name)
    except InputError as error:
        round_ones = IN_BRACKETS.fullmatch(label)
        if round_ones is None:
            raise
        laboratory.analyte(round_ones[1].strip())
        raise refuse(
            "unknown-analyte",
            error.problems[0].message,
            f"write the unit in square brackets: {round_ones[1].strip()} [{round_ones[2]}]",
        ) from None
    return analyte.name, read_unit(analyte, unit) if unit and unit.strip() else ""


def _check_columns(
    table: Table, names: list[str], needed: Sequence[str], known: Sequence[str]
) -> None:
    """Refuse missing and repeated columns and, in a long table, unknown ones."""
    place = table.place(table.header)
    problems = [
        Problem("missing-column", f"column '{name}' is missing", f"the header is {EXAMPLE}", place)
        for name in needed
        if name not in names
    ]
    problems += [
        Problem("column-twice", f"column {quote(name)} occurs twice", "keep one", place)
        for name in LONG
        if names.count(name) > 1
    ]
    problems += [
        Problem(
            "unknown-column",
            f"column {quote(label.strip())} is not known",
            nearest(name, known) or f"columns: {', '.join(known)}",
            place,
        )
        for name, label in zip(names, table.header.cells, strict=True)
        if known and name not in known
    ]
    if problems:
        raise InputError(problems)


def labs_field() -> Read:
    """Mark the field of the laboratory values: the name of a table, or a list of samples."""
    file = {"type": "string", "description": "name of a CSV file"}
    return Read(
        read_labs,
        {"anyOf": [file, {"type": "array", "items": draw_schema()}]},
        with_folder=True,
    )
