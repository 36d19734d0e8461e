"""One row of measurements to a scan: of a table, of a list, or of the table of a cohort."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dosimetry.patient.measurements.columns import (
    COLUMNS,
    DECAY,
    MAY_BE_BLANK,
    SD_OF,
    VALUES,
    WORD_READERS,
    Cell,
    check_range,
    quantity_cell,
)
from dosimetry.patient.measurements.moments import hours_after
from dosimetry.patient.measurements.scan import LARGEST_COMMON_SD, MissingPoint, Scan, check_sd
from dosimetry.patient.notation import blank
from dosimetry.patient.values import Moment
from dosimetry.problems import InputError, Problem, refuse
from dosimetry.reference import regions
from dosimetry.units import HUNDRED_PERCENT


@dataclass(frozen=True)
class Context:
    """What rows of one source have in common.

    Attributes
    ----------
    fixed : str
        Region of all rows, where there is no region column (blood).
    injection : date, date-time or None
        For scans with a date and time.
    decay_corrected : bool or None
        Whether the values are corrected for decay to the administration; None for what the cycle
        says.
    """

    fixed: str = ""
    injection: Moment | None = None
    decay_corrected: bool | None = None


class NoValueError(Exception):
    """A row has neither activity nor concentration."""

    def __init__(self, point: MissingPoint) -> None:
        self.point = point


@dataclass(frozen=True)
class WrittenRow:
    """A row as it is written.

    Attributes
    ----------
    place : str
    cells : mapping of str to cell
        By column.
    labels : mapping of str to str
        Place of each column within the row.
    """

    place: str
    cells: Mapping[str, Any]
    labels: Mapping[str, str]

    def at(self, name: str) -> str:
        """Return the place of a column."""
        return self.place + self.labels.get(name, "")


def scan_of(row: WrittenRow, readers: Mapping[str, Cell], context: Context) -> Scan:
    """Return the scan of one row.

    Parameters
    ----------
    row : WrittenRow
    readers : mapping of str to callable
        Reader of the cells of each column but the region.
    context : Context

    Raises
    ------
    InputError
        With all problems of the row.
    NoValueError
        It only lacks the value.
    """
    values = _read(row, readers)
    region = values.get("region", context.fixed)
    time, moment = _time(values, row, context)
    names = [name for name in VALUES if name in values]
    if not names:
        raise NoValueError(MissingPoint(region, time, row.place))
    if len(names) > 1:
        raise refuse(
            "value-twice",
            "the row has an activity and a concentration",
            "keep one of them; a concentration and a volume give the activity",
            row.place,
        )
    value, unit = values[names[0]]
    sd, sd_unit = values.get("sd", (None, unit))
    if sd_unit not in ("%", unit):
        raise refuse(
            "wrong-dimension",
            f"the sd is in {sd_unit}, but the value in {unit}",
            "give both in the same unit, or the sd in %",
            row.at("sd"),
        )
    scan = Scan(
        region,
        time,
        value,
        unit,
        None if sd_unit == "%" else sd,
        values["volume"][0] if "volume" in values else None,
        values["recovery"][0] if "recovery" in values else 1.0,
        row.place,
        sd if sd_unit == "%" else None,
        _common_sd(values, "volume sd", row),
        _common_sd(values, "recovery sd", row),
        moment,
        values.get(DECAY, context.decay_corrected),
    )
    check_values(scan, lambda name: row.at(names[0] if name in VALUES else name))
    return scan


def _may_miss(name: str) -> bool:
    return name in MAY_BE_BLANK or name in VALUES or name == DECAY


def _read(row: WrittenRow, readers: Mapping[str, Cell]) -> dict[str, Any]:
    """Return the values of a row by their columns; raise all problems together."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, cell in row.cells.items():
        if blank(cell) and _may_miss(name):
            continue
        try:
            if name == "region":
                values[name] = regions.measured_region(str(cell).strip())
                continue
            read = readers[name]
            values[name] = read(cell, COLUMNS[name]) if read is quantity_cell else read(cell)
            if name in COLUMNS:
                check_range(name, values[name][0], values[name][1], cell)
        except InputError as error:
            problems += error.at(row.at(name)).problems
    if problems:
        raise InputError(problems)
    return values


def _time(
    values: Mapping[str, Any], row: WrittenRow, context: Context
) -> tuple[float, dt.datetime | None]:
    """Return the hours after the injection, and the date and time they follow from."""
    if "time" in values:
        return values["time"][0], None
    name = "at" if "at" in values else "clock"
    moment = values["at"] if name == "at" else dt.datetime.combine(values["date"], values["clock"])
    try:
        time = hours_after(context.injection, moment)
        check_range("time", time, "h", moment)
    except InputError as error:
        raise error.at(row.at(name)) from None
    return time, moment


def _common_sd(values: Mapping[str, Any], name: str, row: WrittenRow) -> float | None:
    """Return the sd of a volume or a recovery coefficient in the unit of its value."""
    if name not in values:
        return None
    of = SD_OF[name]
    value = values[of][0] if of in values else None
    sd, unit = values[name]
    absolute = sd / HUNDRED_PERCENT * (value or 0.0) if unit == "%" else sd
    check_common_sd(absolute, value, of, row.at(name))
    return float(absolute)


def check_common_sd(sd: float, value: float | None, of: str, place: str) -> None:
    """Refuse an sd of a volume or a recovery coefficient that has no value, or is too large."""
    if value is None:
        raise refuse("missing", f"'{of}' is missing, but its sd is given", f"give the {of}", place)
    check_sd(sd, value, COLUMNS[of][0], place, LARGEST_COMMON_SD)


def check_values(scan: Scan, place: Callable[[str], str]) -> None:
    """Refuse an sd out of proportion, and a value of zero or below without one.

    ``place`` gives the place of a column.
    """
    if scan.value <= 0 and scan.sd is None:
        share = "an sd in % says nothing of it" if scan.relative_sd is not None else "it has no sd"
        raise refuse(
            "not-positive",
            f"{scan.value:g} {scan.unit} is not above zero, and {share}",
            f"give its sd, as in sd [{scan.unit}], or leave the row out",
            place("activity"),
        )
    absolute = scan.sd_of_value()
    if absolute is not None:
        check_sd(absolute, scan.value, scan.unit, place("sd"))


def at_injection(scan: Scan, injection: Moment | None) -> Scan:
    """Return a scan with the hours since an injection, where it has a date and time.

    Raises
    ------
    InputError
        As :func:`dosimetry.patient.measurements.moments.hours_after`.
    """
    if not isinstance(scan.at, dt.datetime):
        return scan
    return replace(scan, time=hours_after(injection, scan.at))


READERS_OF_LISTS: Mapping[str, Cell] = {**dict.fromkeys(COLUMNS, quantity_cell), **WORD_READERS}
