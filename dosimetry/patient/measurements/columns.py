"""Columns of measurements: names, units, ranges, and the reading of a cell.

A table has its units in the header, ``time [h]``; a list has them in each value, ``4 h``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dosimetry.patient.measurements.moments import CLOCK_UNIT, MOMENT_READERS
from dosimetry.patient.measurements.scan import ACTIVITIES, CONCENTRATIONS, DECAY_WORDS
from dosimetry.patient.notation import NOTES, Column, Dialect, column_of, number_cell
from dosimetry.patient.values import read_choice
from dosimetry.problems import InputError, Problem, nearest, quote, refuse
from dosimetry.quantities import from_quantity
from dosimetry.units import conversion, parse_quantity

VALUES = ("activity", "concentration")
# Column -> canonical units that it may have; messages name the first.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "time": ("h",),
    "activity": (*ACTIVITIES, *CONCENTRATIONS),
    "concentration": CONCENTRATIONS,
    "sd": (*ACTIVITIES, *CONCENTRATIONS, "%"),
    "volume": ("mL",),
    "volume sd": ("mL", "%"),
    "recovery": ("1",),
    "recovery sd": ("1", "%"),
}
SD_OF: Mapping[str, str] = {"volume sd": "volume", "recovery sd": "recovery"}
UPTAKE_VALUES = {"suv": "SUV", "suvbw": "SUV"}  # names of columns that are a unit themselves
UPTAKE_UNITS = (None, "SUV", "SUVbw", "g/mL")
MAY_BE_BLANK = ("sd", "volume", "recovery", *SD_OF)
# Outside of these ranges, a unit or an exponent is wrong.
CELL_RANGES: Mapping[str, tuple[float, float]] = {
    "time": (0.0, 1e4),
    "activity": (1e-9, 1e6),
    "concentration": (1e-9, 1e7),
    "volume": (0.001, 5e5),
    "recovery": (0.001, 1.5),
}
MAY_BE_ZERO = ("time", *VALUES)  # a value of zero, or below, needs an sd
Cell = Callable[..., Any]  # reader of the cells of a column


def read_decay_correction(cell: Any) -> bool:
    """Return whether values are corrected for decay to the administration.

    Examples
    --------
    >>> read_decay_correction("none"), read_decay_correction("administration")
    (False, True)
    """
    word = cell.strip().lower() if isinstance(cell, str) else cell
    return read_choice(word, tuple(DECAY_WORDS.values())) == DECAY_WORDS[True]


DECAY = "decay corrected to"
WORD_READERS: Mapping[str, Cell] = {**MOMENT_READERS, DECAY: read_decay_correction}
OF_BLOOD = tuple(name for name in (*COLUMNS, *WORD_READERS) if name not in ("volume", "volume sd"))
SCAN_HEADER, BLOOD_HEADER = "region,time [h],activity [MBq]", "time [h],concentration [kBq/mL]"


def known_columns(fixed: str) -> tuple[str, ...]:
    """Return the names of the columns, of blood samples where the region is ``fixed``."""
    return OF_BLOOD if fixed else ("region", *COLUMNS, *WORD_READERS)


def check_columns(names: Sequence[str], place: str, fixed: str) -> None:
    """Refuse unknown, missing and repeated columns."""
    known = known_columns(fixed)
    problems = [
        Problem(
            "unknown-column",
            f"column {quote(name)} is not known",
            _cure(name, known),
            place,
        )
        for name in names
        if name not in known
    ]
    wanted = () if fixed or "region" in names else ("region",)
    problems += [_missing(name, place) for name in wanted]
    problems += _without_time(names, place)
    problems += [
        Problem("missing-column", f"column '{of}' is missing", f"add it, or remove '{sd}'", place)
        for sd, of in SD_OF.items()
        if sd in known and sd in names and of not in names
    ]
    if not set(VALUES) & set(names):
        problems.append(_missing("concentration" if fixed else "activity", place))
    problems += [
        Problem("column-twice", f"column {quote(name)} occurs twice", "keep one", place)
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    if problems:
        raise InputError(problems)


def _without_time(names: Sequence[str], place: str) -> list[Problem]:
    """Return the problems of columns that do not tell the time in exactly one way."""
    ways = [name for name in ("time", "at", "clock") if name in names]
    if not ways:
        return [_missing("time", place)]
    if len(ways) > 1:
        both = " and ".join(f"'{name}'" for name in ways)
        return [Problem("time-twice", f"the columns {both} both give the time", "keep one", place)]
    if ("clock" in names) != ("date" in names):
        absent = "date" if "clock" in names else "clock"
        return [_missing(absent, place)]
    return []


def _missing(name: str, place: str) -> Problem:
    example = {
        "region": "region",
        "time": "time [h]",
        "clock": f"clock [{CLOCK_UNIT}]",
        "date": "date, as in 2026-01-12",
        "activity": "activity [MBq]",
        "concentration": "concentration [kBq/mL]",
    }[name]
    return Problem("missing-column", f"column '{name}' is missing", f"add {example}", place)


def _cure(name: str, known: Sequence[str]) -> str:
    listed = ", ".join(column.replace(" ", "_") if column == DECAY else column for column in known)
    return nearest(name, known) or f"columns: {listed}; dosimetry import reads other headers"


def read_header(
    header: Sequence[str], place: str, dialect: Dialect, fixed: str
) -> tuple[list[str], dict[str, Cell]]:
    """Return the names of the columns in their order, and the reader of each one's cells.

    Columns of notes are empty names. A reader returns (number, unit), or a date or time.
    """
    names: list[str] = []
    readers: dict[str, Cell] = {}
    problems: list[Problem] = []
    for cell in header:
        column = column_of(cell)
        if column.name in UPTAKE_VALUES and column.unit in UPTAKE_UNITS:
            column = Column("concentration", UPTAKE_VALUES[column.name])
        names.append("" if column.name in NOTES else column.name)
        try:
            if (reader := _reader(column, dialect)) is not None:
                readers[column.name] = reader
        except InputError as error:
            problems += error.at(f"{place}: {cell.strip()}" if place else cell.strip()).problems
    try:
        check_columns([name for name in names if name], place, fixed)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    return names, readers


def _reader(column: Column, dialect: Dialect) -> Cell | None:
    """Return the reader of a column's cells; None of a text, or of an unknown column."""
    if column.name in WORD_READERS:
        if column.unit in (None, CLOCK_UNIT if column.name == "clock" else None):
            return WORD_READERS[column.name]
        raise refuse(
            "wrong-dimension",
            f"column '{column.name}' has the unit {quote(column.unit)}",
            f"write clock [{CLOCK_UNIT}]" if column.name == "clock" else "remove the unit",
        )
    if column.name not in COLUMNS:
        return None
    return number_cell(*_column_unit(column.name, column.unit), dialect)


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
    """Refuse a value outside the range of a measurement.

    Activities and concentrations may be zero, or negative after a correction for background; such
    a value needs an sd, which is checked with the whole row.
    """
    if value < 0 if name == "time" else value <= 0 and name not in MAY_BE_ZERO:
        raise refuse(
            "before-injection" if name == "time" else "not-positive",
            f"{quote(cell)} is {'before the injection' if name == 'time' else 'not positive'}",
            "give the time after the injection, zero or more"
            if name == "time"
            else "give a value above zero",
        )
    if abs(value) == float("inf"):
        raise refuse("not-finite", f"{quote(cell)} is not finite", "check the exponent")
    low, high = CELL_RANGES.get(name, (0.0, float("inf")))
    if value and not low <= abs(value) <= high:
        raise refuse(
            "out-of-range",
            f"{quote(cell)} is outside {low:g} to {high:g}{'' if unit == '1' else f' {unit}'}",
            "give the recovery coefficient as a fraction near 1, as in 0.85"
            if name == "recovery"
            else "check the number and its unit",
        )
