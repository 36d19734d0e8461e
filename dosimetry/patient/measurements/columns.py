"""Columns of measurements: names, units, ranges, and the reading of a cell.

A table has its units in the header, ``time [h]``; a list has them in each value, ``4 h``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dosimetry.problems import InputError, Problem, nearest, quote, refuse
from dosimetry.quantities import from_quantity
from dosimetry.units import conversion, parse_number, parse_quantity, readings

HEADER = re.compile(r"\s*([^\[\]]*?)\s*(?:\[([^\[\]]*)\])?\s*")

# Column -> canonical units that it may have; messages name the first.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "time": ("h",),
    "activity": ("MBq", "%IA"),
    "concentration": ("kBq/mL",),
    "sd": ("MBq", "%IA", "kBq/mL", "%"),
    "volume": ("mL",),
    "volume sd": ("mL", "%"),
    "recovery": ("1",),
    "recovery sd": ("1", "%"),
}
SD_OF: Mapping[str, str] = {"volume sd": "volume", "recovery sd": "recovery"}
# Outside of these ranges, a unit or an exponent is wrong.
CELL_RANGES: Mapping[str, tuple[float, float]] = {
    "time": (0.001, 1e4),
    "activity": (1e-9, 1e6),
    "concentration": (1e-9, 1e7),
    "volume": (0.001, 5e5),
    "recovery": (0.001, 1.5),
}
# Cells that can only be decimals: 4.5 and 0.850, but not 196.000, which may be thousands.
CERTAIN = r'(?:^|;)"?\s*[+-]?(?:0[{0}]\d+|\d{{4,}}[{0}]\d+|\d+[{0}](?:\d\d?|\d{{4,}}))\s*"?(?=;|$)'
POINT, COMMA = (re.compile(CERTAIN.format(sign), re.MULTILINE) for sign in (".", ","))
DECIMAL = re.compile(r"[+-]?[0-9]+[.,][0-9]+")
OF_BLOOD = tuple(name for name in COLUMNS if name not in ("activity", "volume", "volume sd"))
SCAN_HEADER, BLOOD_HEADER = "region,time [h],activity [MBq]", "time [h],concentration [kBq/mL]"


class Dialect(NamedTuple):
    """Notation of a table: its cell separator, and whether a comma is certainly decimal."""

    separator: str = ","
    decimal_comma: bool = False


def dialect_of(text: str) -> Dialect:
    r"""Return the notation of a CSV text, from its header and its numbers.

    Examples
    --------
    >>> dialect_of("region;time [h];activity [MBq]\nliver;4;80,5")
    Dialect(separator=';', decimal_comma=True)
    """
    if ";" not in re.split(r"[\r\n]", text, maxsplit=1)[0]:
        return Dialect()
    return Dialect(";", COMMA.search(text) is not None and POINT.search(text) is None)


def check_columns(names: list[str], place: str, fixed: str) -> None:
    """Refuse unknown, missing and repeated columns."""
    known = OF_BLOOD if fixed else ("region", *COLUMNS)
    values = ("concentration",) if fixed else ("activity", "concentration")
    problems = [
        Problem(
            "unknown-column",
            f"column {quote(name)} is not known",
            _columns_cure(name, known),
            place,
        )
        for name in names
        if name not in known or (name in ("activity", "concentration") and name not in values)
    ]
    for name in ("time",) if fixed else ("region", "time"):
        if name not in names:
            problems.append(
                Problem(
                    "missing-column", f"column '{name}' is missing", f"add {_example(name)}", place
                )
            )
    problems += [
        Problem("missing-column", f"column '{of}' is missing", f"add it, or remove '{sd}'", place)
        for sd, of in SD_OF.items()
        if sd in known and sd in names and of not in names
    ]
    present = [name for name in values if name in names]
    if len(present) != 1:
        problems.append(
            Problem(
                "missing-column",
                "the columns 'activity' and 'concentration' exclude each other"
                if present
                else f"column '{values[0]}' is missing",
                "keep one of them" if present else f"add {_example(values[0])}",
                place,
            )
        )
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(
            Problem("column-twice", f"column {quote(name)} occurs twice", "keep one", place)
        )
    if problems:
        raise InputError(problems)


def _columns_cure(name: str, known: Sequence[str]) -> str:
    return nearest(name, known) or f"columns: {', '.join(known)}"


def _example(name: str) -> str:
    return {
        "region": "region",
        "time": "time [h]",
        "activity": "activity [MBq]",
        "concentration": "concentration [kBq/mL]",
    }[name]


def read_header(
    header: list[str], place: str, dialect: Dialect, fixed: str
) -> tuple[list[str], dict[str, Any]]:
    """Return the column names, and for each a function from a cell to (number, unit)."""
    names: list[str] = []
    readers: dict[str, Any] = {}
    problems: list[Problem] = []
    for cell in header:
        parts = HEADER.fullmatch(cell)
        name, unit = parts.groups() if parts else (cell.strip(), None)
        names.append(name)
        if name not in COLUMNS:
            continue
        try:
            canonical, factor = _column_unit(name, unit)
            readers[name] = number_cell(canonical, factor, dialect)
        except InputError as error:
            problems += error.at(f"{place}: {cell.strip()}" if place else cell.strip()).problems
    try:
        check_columns(names, place, fixed)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    return names, readers


def _column_unit(name: str, unit: str | None) -> tuple[str, float]:
    """Return the canonical unit of a column and the factor to it."""
    allowed = COLUMNS[name]
    if unit is None:
        if "1" in allowed:
            return "1", 1.0
        raise refuse(
            "no-unit",
            f"column '{name}' has no unit",
            f"write it in brackets: {name} [{allowed[0]}]",
        )
    refused = None
    for canonical in _first_percent(allowed, unit):
        try:
            return canonical, conversion(unit, canonical)
        except InputError as error:
            refused = refused or error
    raise refused or refuse("no-unit", f"column '{name}' has no unit")


def _first_percent(allowed: Sequence[str], text: str) -> Sequence[str]:
    """Return the units to try; a percentage is one of the value, not a number without unit."""
    percent = text.strip().endswith(("%", "percent"))
    return sorted(allowed, key=lambda unit: unit != "%") if percent else allowed


def number_cell(unit: str, factor: float, dialect: Dialect) -> Any:
    """Return the reader of a column's cells: from a cell to (number in ``unit``, ``unit``)."""

    def read(cell: Any) -> tuple[float, str]:
        try:
            text = "" if blank(cell) else cell if isinstance(cell, str) else repr(float(cell))
        except (TypeError, ValueError):
            raise refuse(
                "not-a-number", f"{quote(cell)} is not a number", "write a number, as in 80.5"
            ) from None
        if dialect.separator == ";" and isinstance(cell, str):
            text = _with_point(text, dialect)
        return parse_number(text) * factor, unit

    return read


def _with_point(text: str, dialect: Dialect) -> str:
    """Return a number of a file separated by semicolons, which may have decimal commas.

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


def quantity_cell(cell: Any, allowed: tuple[str, ...]) -> tuple[float, str]:
    """Return a value in the first unit that fits, and that unit."""
    refused = None
    for unit in _first_percent(allowed, f"{getattr(cell, 'units', cell)}"):
        try:
            if isinstance(cell, str):
                return parse_quantity(cell, unit), unit
            return float(from_quantity(cell, unit)), unit
        except InputError as error:
            refused = refused or error
    raise refused or refuse("no-unit", f"{quote(cell)} has no unit")


def check_range(name: str, value: float, unit: str, cell: object) -> None:
    """Refuse a value that is not positive, or outside the range of a measurement."""
    if value <= 0:
        raise refuse("not-positive", f"{quote(cell)} is not positive", "give a value above zero")
    if value == float("inf"):
        raise refuse("not-finite", f"{quote(cell)} is not finite", "check the exponent")
    low, high = CELL_RANGES.get(name, (0.0, float("inf")))
    if not low <= value <= high:
        raise refuse(
            "out-of-range",
            f"{quote(cell)} is outside {low:g} to {high:g}{'' if unit == '1' else f' {unit}'}",
            "give the recovery coefficient as a fraction near 1, as in 0.85"
            if name == "recovery"
            else "check the number and its unit",
        )


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
