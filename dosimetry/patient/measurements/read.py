"""Scans of one cycle read from a CSV file, a list or a DataFrame.

The header carries the units, ``region,time [h],activity [MBq]``; cells are plain numbers. A list
carries them in each value, ``{region: liver, time: 4 h, activity: 80 MBq}``.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dosimetry.file_kinds import MEASUREMENTS, refuse_other
from dosimetry.files import decode, read_bytes
from dosimetry.patient.measurements.columns import (
    BLOOD_HEADER,
    COLUMNS,
    SCAN_HEADER,
    SD_OF,
    Dialect,
    blank,
    check_columns,
    check_range,
    dialect_of,
    quantity_cell,
    read_header,
)
from dosimetry.patient.measurements.scan import (
    LARGEST_COMMON_SD,
    Measurements,
    Scan,
    ScanOrError,
    check_sd,
    digest,
)
from dosimetry.problems import FilePlace, InputError, Problem, in_words, quote, refuse
from dosimetry.reference import regions
from dosimetry.units import HUNDRED_PERCENT

LARGEST_FILE = 10_000_000
Reader = Callable[[Path, str, int], bytes]
MOST_PROBLEMS, MOST_SCANS, MOST_COLUMNS = 50, 1_000, 50
MAY_BE_BLANK = ("volume", *SD_OF)


def read_measurements(source: object, base: Path, fixed: str = "") -> Measurements:
    """Read the scans of one cycle.

    Parameters
    ----------
    source : str, list of mappings or pandas.DataFrame
        Name of a CSV file relative to ``base``, a list of rows, or a table with the CSV's columns.
    base : pathlib.Path
        Folder that file names are relative to.
    fixed : str
        Region of all rows, where there is no region column (blood).

    Returns
    -------
    Measurements

    Raises
    ------
    InputError
        With every problem, each with its file, line and column.

    Examples
    --------
    >>> row = {"region": "liver", "time": "1 d", "activity": "80 MBq"}
    >>> read_measurements([row], Path()).scans[0].time
    24.0
    """
    if isinstance(source, Measurements):
        return _checked_again(source) if source.changed() else source
    if isinstance(source, str):
        return read_csv(base / source, source, fixed)
    if isinstance(source, Sequence):
        return _of_scans(_collect(_list_rows(source, fixed)))
    if hasattr(source, "columns") and hasattr(source, "itertuples"):
        header = [str(column) for column in source.columns]
        cells = ((f"[{i}]", list(row)) for i, row in enumerate(source.itertuples(index=False)))
        return _of_scans(_collect(_table_rows(header, cells, "", Dialect(), fixed)))
    raise refuse(
        "wrong-type",
        f"{quote(source)} is neither a file name nor a list of scans",
        "name a CSV file, or give a list of {region, time, activity}",
    )


def read_blood(source: object, base: Path) -> Measurements:
    """Read blood samples: as :func:`read_measurements`, with time and concentration alone.

    Examples
    --------
    >>> row = {"time": "1 h", "concentration": "300 kBq/mL"}
    >>> read_blood([row], Path()).scans[0].region
    'blood'
    """
    return read_measurements(source, base, "blood")


def read_csv(path: Path, name: str, fixed: str = "", read: Reader = read_bytes) -> Measurements:
    """Read the scans of a CSV file: UTF-8, separated by commas or semicolons.

    Parameters
    ----------
    path : pathlib.Path
    name : str
        Of the file, for messages and provenance.
    fixed : str
        Region of all rows, where there is no region column (blood).
    read : callable
        Reader of the file's bytes: :func:`dosimetry.files.read_bytes`, or ``read_input``,
        which also reads standard input.

    Raises
    ------
    InputError
        With every problem, each with its file, line and column.
    """
    try:
        return _of_csv(read(path, name, LARGEST_FILE), name, fixed)
    except InputError as error:
        raise InputError(
            replace(p, place=FilePlace(p.place or f"{name}: file")) for p in error.problems
        ) from None


def _of_csv(raw: bytes, name: str, fixed: str) -> Measurements:
    text = decode(raw, name)
    if not text.strip():
        raise refuse(
            "empty-file",
            "the file is empty",
            "begin with the header: " + (BLOOD_HEADER if fixed else SCAN_HEADER),
            f"{name}:1",
        )
    refuse_other(text, name, MEASUREMENTS)
    dialect = dialect_of(text)
    rows = csv_rows(text, name, dialect.separator)
    _, header = next(rows)
    full = (row for row in rows if any(row[1]))
    scans = _collect(_table_rows(header, full, f"{name}:1", dialect, fixed))
    if not scans:
        raise refuse(
            "empty-file", "the file has no scan below its header", "add the scans", f"{name}:1"
        )
    return Measurements(scans, name, hashlib.sha256(raw).hexdigest(), digest(scans))


def _of_scans(scans: tuple[Scan, ...]) -> Measurements:
    return Measurements(scans, read=digest(scans))


def _checked_again(changed: Measurements) -> Measurements:
    """Return measurements changed in memory; refuse scans that a file could not contain."""

    def results() -> Iterator[ScanOrError]:
        for i, scan in enumerate(changed.scans):
            where = f"[{i}]"
            if not isinstance(scan, Scan):
                yield refuse("wrong-type", f"{quote(scan)} is not a scan", "give a Scan", where)
                continue
            try:
                regions.measured_region(scan.region)
                _check_scan(scan, where)
            except InputError as error:
                yield error
            else:
                yield scan

    _collect(results())
    return changed


def _check_scan(scan: Scan, where: str) -> None:
    """Refuse numbers of a scan outside the range of a measurement."""
    value = "concentration" if scan.unit == "kBq/mL" else "activity"
    cells = {"time": scan.time, value: scan.value, "recovery": scan.recovery}
    common = {"volume sd": scan.volume_sd, "recovery sd": scan.recovery_sd}
    for name, number in {**cells, "volume": scan.volume, **common}.items():
        if number is None and name in MAY_BE_BLANK:
            continue
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise refuse("not-a-number", f"{quote(number)} is not a number", "", f"{where}.{name}")
        try:
            check_range(name, number, COLUMNS[name][0], number)
        except InputError as error:
            raise error.at(f"{where}.{name}") from None
    if (sd := scan.sd_of_value()) is not None:
        check_sd(sd, scan.value, scan.unit, f"{where}.sd")
    for name, of in SD_OF.items():
        if (spread := common[name]) is not None:
            number = scan.volume if of == "volume" else scan.recovery
            _check_common_sd(spread, number, of, f"{where}.{name}")


def _check_common_sd(sd: float, value: float | None, of: str, place: str) -> None:
    """Refuse an sd of a volume or a recovery coefficient that has no value, or is too large."""
    if value is None:
        raise refuse("missing", f"'{of}' is missing, but its sd is given", f"give the {of}", place)
    check_sd(sd, value, COLUMNS[of][0], place, LARGEST_COMMON_SD)


def csv_rows(text: str, name: str, separator: str) -> Iterator[tuple[str, list[str]]]:
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


def _collect(results: Iterable[ScanOrError]) -> tuple[Scan, ...]:
    """Return the scans, or raise all problems together, including scans given twice.

    It stops after the problems that are listed, and after the scans that a cycle can have.
    """
    scans: list[Scan] = []
    problems: list[Problem] = []
    places: dict[tuple[str, float], str] = {}
    for scan in results:
        if len(problems) > MOST_PROBLEMS:
            break
        if isinstance(scan, InputError):
            problems += scan.problems
            continue
        if len(scans) == MOST_SCANS:
            raise refuse(
                "too-many-scans",
                f"more than {MOST_SCANS} scans in one cycle",
                "give one row for each region and time",
                scan.place,
            )
        key = scan.region, scan.time
        if key in places:
            problems.append(
                Problem(
                    "measured-twice",
                    f"{in_words([scan.region])} at {scan.time:g} h is already given at "
                    f"{places[key]}",
                    "keep one of the two",
                    scan.place,
                )
            )
        places[key] = scan.place
        scans.append(scan)
    if len(problems) > MOST_PROBLEMS:
        problems[MOST_PROBLEMS:] = [Problem("more", "more problems follow", "correct these first")]
    if problems:
        raise InputError(problems)
    return tuple(scans)


def _list_rows(rows: Sequence[object], fixed: str) -> Iterator[ScanOrError]:
    for i, row in enumerate(rows):
        place = f"[{i}]"
        if not isinstance(row, Mapping):
            yield refuse(
                "wrong-type",
                f"{quote(row)} is not a scan",
                "write {time: 1 h, concentration: 300 kBq/mL}"
                if fixed
                else "write {region: liver, time: 4 h, activity: 80 MBq}",
                place,
            )
            continue
        cells = {str(key): value for key, value in row.items() if value is not None}
        try:
            check_columns(list(cells), place, fixed)
            read = dict.fromkeys(cells, quantity_cell)
            yield _scan(cells, read, place, lambda c: f".{c}", fixed)
        except InputError as error:
            yield error


def _table_rows(
    header: list[str],
    rows: Iterable[tuple[str, list[Any]]],
    place: str,
    dialect: Dialect,
    fixed: str,
) -> Iterator[ScanOrError]:
    if len(header) > MOST_COLUMNS:
        columns = ", ".join(("region", *COLUMNS))
        raise refuse(
            "too-many-columns",
            f"the table has {len(header)} columns",
            f"columns: {columns}",
            place,
        )
    names, readers = read_header(header, place, dialect, fixed)
    labels = dict(zip(names, (cell.strip() for cell in header), strict=True))
    for where, cells in rows:
        if len(cells) != len(names):
            yield refuse(
                "wrong-number-of-cells",
                f"the row has {len(cells)} cells, but the header has {len(names)}",
                "with decimal commas, separate the cells by ';'"
                if dialect.separator == "," and len(cells) > len(names)
                else "give every row as many cells as the header",
                where,
            )
            continue
        present = {
            name: cell
            for name, cell in zip(names, cells, strict=True)
            if not (blank(cell) and name in MAY_BE_BLANK)
        }
        try:
            yield _scan(present, readers, where, lambda name: f": {labels[name]}", fixed)
        except InputError as error:
            yield error


def _scan(
    cells: Mapping[str, Any], readers: Mapping[str, Any], where: str, at: Any, fixed: str
) -> Scan:
    """Return one scan from its cells, each read with its unit; raise all problems together."""
    problems: list[Problem] = []
    values: dict[str, tuple[float, str]] = {}
    region = fixed
    for name, cell in cells.items():
        try:
            if name == "region":
                region = regions.measured_region(str(cell).strip())
                continue
            read = readers[name]
            values[name] = read(cell, COLUMNS[name]) if read is quantity_cell else read(cell)
            check_range(name, *values[name], cell)
        except InputError as error:
            problems += error.at(where + at(name)).problems
    if problems:
        raise InputError(problems)
    value, unit = values.get("activity") or values["concentration"]
    sd, sd_unit = values.get("sd", (None, unit))
    if sd_unit not in ("%", unit):
        raise refuse(
            "wrong-dimension",
            f"the sd is in {sd_unit}, but the value in {unit}",
            "give both in the same unit, or the sd in %",
            where + at("sd"),
        )
    scan = Scan(
        region,
        values["time"][0],
        value,
        unit,
        None if sd_unit == "%" else sd,
        values["volume"][0] if "volume" in values else None,
        values["recovery"][0] if "recovery" in values else 1.0,
        where,
        sd if sd_unit == "%" else None,
        _common_sd(values, "volume sd", where, at),
        _common_sd(values, "recovery sd", where, at),
    )
    if (absolute := scan.sd_of_value()) is not None:
        check_sd(absolute, value, unit, where + at("sd"))
    return scan


def _common_sd(
    values: Mapping[str, tuple[float, str]], name: str, where: str, at: Any
) -> float | None:
    """Return the sd of a volume or a recovery coefficient in the unit of its value."""
    if name not in values:
        return None
    of = SD_OF[name]
    value = values[of][0] if of in values else None
    sd, unit = values[name]
    absolute = sd / HUNDRED_PERCENT * (value or 0.0) if unit == "%" else sd
    _check_common_sd(absolute, value, of, where + at(name))
    return absolute
