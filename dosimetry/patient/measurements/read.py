"""Scans of one cycle read from CSV files, a list or a DataFrame.

The header carries the units, ``region,time [h],activity [MBq]``; cells are plain numbers. A list
carries them in each value, ``{region: liver, time: 4 h, activity: 80 MBq}``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dosimetry.file_kinds import MEASUREMENTS, refuse_other
from dosimetry.files import decode, read_bytes, within
from dosimetry.patient.measurements.columns import (
    BLOOD_HEADER,
    COLUMNS,
    MAY_BE_BLANK,
    SCAN_HEADER,
    SD_OF,
    Cell,
    check_columns,
    check_range,
    known_columns,
    read_decay_correction,
    read_header,
)
from dosimetry.patient.measurements.rows import (
    READERS_OF_LISTS,
    Context,
    NoValueError,
    WrittenRow,
    at_injection,
    check_common_sd,
    check_values,
    scan_of,
)
from dosimetry.patient.measurements.scan import (
    CONCENTRATIONS,
    InputFile,
    Measurements,
    MissingPoint,
    Scan,
    ScanOrError,
    digest,
)
from dosimetry.patient.notation import Dialect, TextTable, blank, column_of, named_columns, table_of
from dosimetry.patient.values import Moment
from dosimetry.problems import FilePlace, InputError, Problem, in_words, quote, refuse
from dosimetry.reference import regions

LARGEST_FILE = 10_000_000
Reader = Callable[[Path, str, int], bytes]
MOST_PROBLEMS, MOST_SCANS, MOST_COLUMNS = 50, 1_000, 50
FILE_KEYS = ("file", "decay_corrected_to")


def read_measurements(
    source: object, base: Path | None = Path(), context: Context | None = None
) -> Measurements:
    """Read the scans of one cycle.

    Parameters
    ----------
    source : str, mapping, list or pandas.DataFrame
        Name of a CSV file relative to ``base``, the same with its decay correction
        (``{file: c.csv, decay_corrected_to: administration}``), a list of rows or of files, or a
        table with the CSV's columns.
    base : pathlib.Path or None
        Folder that file names are relative to; None refuses every file.
    context : Context, optional
        What all rows have in common.

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
    >>> read_measurements([row]).scans[0].time
    24.0
    """
    context = context or Context()
    if isinstance(source, Measurements):
        return _checked_again(source, context.injection)
    if isinstance(source, str | Mapping):
        return _of_file(source, base, context)
    if isinstance(source, Sequence):
        if any(isinstance(entry, str) or _names_file(entry) for entry in source):
            return _joined(source, base, context)
        return _of_scans(_collect(_list_rows(source, context)))
    if hasattr(source, "columns") and hasattr(source, "itertuples"):
        header = [str(column) for column in source.columns]
        cells = ((f"[{i}]", list(row)) for i, row in enumerate(source.itertuples(index=False)))
        table = TextTable("", *named_columns(header, cells, Dialect()), Dialect())
        return _of_scans(_collect(_table_rows(table, context)))
    raise refuse(
        "wrong-type",
        f"{quote(source)} is neither a file name nor a list of scans",
        "name a CSV file, or give a list of {region, time, activity}",
    )


def _names_file(entry: object) -> bool:
    return isinstance(entry, Mapping) and "file" in entry


def _joined(entries: Sequence[object], base: Path | None, context: Context) -> Measurements:
    """Return the scans of several files (or files and rows) of one cycle."""
    parts: list[Measurements] = []
    problems: list[Problem] = []
    for i, entry in enumerate(entries):
        try:
            if isinstance(entry, str):
                parts.append(_of_file(entry, base, context))
            elif _names_file(entry):
                parts.append(_of_entry(entry, base, context, f"[{i}]"))
            else:
                parts.append(_of_scans(_collect(_list_rows([entry], context, i))))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    try:
        scans, _ = _collect(scan for part in parts for scan in part.scans)
    except InputError as error:
        raise InputError(_in_file(problem) for problem in error.problems) from None
    return Measurements(
        scans,
        tuple(file for part in parts for file in part.files),
        digest(scans),
        tuple(point for part in parts for point in part.left_out),
    )


def _in_file(problem: Problem) -> Problem:
    """Return a problem whose place, unless it is an entry of a list, names its file already."""
    inline = problem.place.startswith("[")
    return problem if inline else replace(problem, place=FilePlace(problem.place))


def _of_entry(entry: object, base: Path | None, context: Context, place: str) -> Measurements:
    try:
        return _of_file(entry, base, context)
    except InputError as error:
        raise error.at(place) from None


def _of_file(source: object, base: Path | None, context: Context) -> Measurements:
    """Return the scans of a file that is named alone, or with its decay correction."""
    if isinstance(source, Mapping):
        unknown = [str(key) for key in source if key not in FILE_KEYS]
        if unknown or not isinstance(source.get("file"), str):
            raise refuse(
                "unknown-key" if unknown else "missing",
                f"key {quote(unknown[0])} is not known" if unknown else "'file' is missing",
                f"known: {', '.join(FILE_KEYS)}",
                unknown[0] if unknown else "",
            )
        corrected = source.get("decay_corrected_to")
        if corrected is not None:
            try:
                context = replace(context, decay_corrected=read_decay_correction(corrected))
            except InputError as error:
                raise error.at("decay_corrected_to") from None
        source = source["file"]
    return read_csv(within(base, f"{source}"), f"{source}", context)


def read_csv(
    path: Path, name: str, context: Context | None = None, read: Reader = read_bytes
) -> Measurements:
    """Read the scans of a CSV file: UTF-8, separated by commas, semicolons or tabs.

    Parameters
    ----------
    path : pathlib.Path
    name : str
        Of the file, for messages and provenance.
    context : Context, optional
        Injection and decay correction.
    read : callable
        Reader of the file's bytes: :func:`dosimetry.files.read_bytes`, or ``read_input``,
        which also reads standard input.

    Raises
    ------
    InputError
        With every problem, each with its file, line and column.
    """
    try:
        return _of_csv(read(path, name, LARGEST_FILE), name, context or Context())
    except InputError as error:
        raise InputError(
            replace(p, place=FilePlace(p.place or f"{name}: file")) for p in error.problems
        ) from None


def _of_csv(raw: bytes, name: str, context: Context) -> Measurements:
    text = decode(raw, name)
    if not text.strip():
        raise refuse(
            "empty-file",
            "the file is empty",
            "begin with the header: " + (BLOOD_HEADER if context.fixed else SCAN_HEADER),
            f"{name}:1",
        )
    refuse_other(text, name, MEASUREMENTS)
    table = table_of(text, name)
    scans, left_out = _collect(_table_rows(table, context))
    if not scans:
        raise refuse(
            "empty-file", "the file has no scan below its header", "add the scans", table.place
        )
    file = InputFile(name, hashlib.sha256(raw).hexdigest())
    return Measurements(scans, (file,), digest(scans), left_out)


def _of_scans(collected: tuple[tuple[Scan, ...], tuple[MissingPoint, ...]]) -> Measurements:
    scans, left_out = collected
    return Measurements(scans, (), digest(scans), left_out)


def _checked_again(known: Measurements, injection: Moment | None) -> Measurements:
    """Return measurements that were read before, at the time of the injection as it is now.

    Scans that were changed in memory are checked: a file could not contain all of them.
    """
    changed = known.changed()

    def results() -> Iterator[ScanOrError]:
        for i, scan in enumerate(known.scans):
            where = f"[{i}]"
            if not isinstance(scan, Scan):
                yield refuse("wrong-type", f"{quote(scan)} is not a scan", "give a Scan", where)
                continue
            try:
                if changed:
                    regions.measured_region(scan.region)
                    _check_scan(scan, where)
                yield at_injection(scan, injection)
            except InputError as error:
                yield error

    if not changed and not any(scan.at for scan in known.scans):
        return known
    scans = _collect(results())[0]
    return replace(known, scans=scans, read=known.read if changed else digest(scans))


def _check_scan(scan: Scan, where: str) -> None:
    """Refuse numbers of a scan outside the range of a measurement."""
    value = "concentration" if scan.unit in CONCENTRATIONS else "activity"
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
    check_values(scan, lambda name: f"{where}.{name}")
    for name, of in SD_OF.items():
        if (spread := common[name]) is not None:
            number = scan.volume if of == "volume" else scan.recovery
            check_common_sd(spread, number, of, f"{where}.{name}")


def _collect(results: Iterable[ScanOrError]) -> tuple[tuple[Scan, ...], tuple[MissingPoint, ...]]:
    """Return the scans and the rows left out, or raise all problems, including scans given twice.

    It stops after the problems that are listed, and after the scans that a cycle can have.
    """
    scans: list[Scan] = []
    left_out: list[MissingPoint] = []
    problems: list[Problem] = []
    places: dict[tuple[str, float], str] = {}
    for scan in results:
        if len(problems) > MOST_PROBLEMS:
            break
        if isinstance(scan, MissingPoint):
            left_out.append(scan)
            continue
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
    return tuple(scans), tuple(left_out)


def _list_rows(rows: Sequence[object], context: Context, first: int = 0) -> Iterator[ScanOrError]:
    def written() -> Iterator[WrittenRow | InputError]:
        for i, row in enumerate(rows, first):
            place = f"[{i}]"
            if not isinstance(row, Mapping):
                yield refuse(
                    "wrong-type",
                    f"{quote(row)} is not a scan",
                    "write {time: 1 h, concentration: 300 kBq/mL}"
                    if context.fixed
                    else "write {region: liver, time: 4 h, activity: 80 MBq}",
                    place,
                )
                continue
            present = {str(key): value for key, value in row.items() if value is not None}
            names = [column_of(key).name for key in present]
            try:
                check_columns(names, place, context.fixed)
                labels = dict(zip(names, (f".{key}" for key in present), strict=True))
                cells = dict(zip(names, present.values(), strict=True))
                yield WrittenRow(place, cells, labels)
            except InputError as error:
                yield error

    return _scans(written(), READERS_OF_LISTS, context)


def _table_rows(table: TextTable, context: Context) -> Iterator[ScanOrError]:
    if len(table.header) > MOST_COLUMNS:
        raise refuse(
            "too-many-columns",
            f"the table has {len(table.header)} columns",
            f"columns: {', '.join(known_columns(context.fixed))}",
            table.place,
        )
    names, readers = read_header(table.header, table.place, table.dialect, context.fixed)
    labels = dict(zip(names, (f": {cell.strip()}" for cell in table.header), strict=True))

    def written() -> Iterator[WrittenRow | InputError]:
        for row in table.rows:
            if isinstance(row, InputError):
                yield row
                continue
            where, cells = row
            present = {name: cell for name, cell in zip(names, cells, strict=True) if name}
            yield WrittenRow(where, present, labels)

    return _scans(written(), readers, context)


def _scans(
    rows: Iterable[WrittenRow | InputError], readers: Mapping[str, Cell], context: Context
) -> Iterator[ScanOrError]:
    """Yield the scans of rows; refuse a region with a recovery coefficient in some rows only."""
    places: dict[str, dict[bool, str]] = {}
    for row in rows:
        if isinstance(row, InputError):
            yield row
            continue
        try:
            scan = scan_of(row, readers, context)
        except NoValueError as missing:
            yield missing.point
            continue
        except InputError as error:
            yield error
            continue
        corrected = not blank(row.cells.get("recovery"))
        places.setdefault(scan.region, {}).setdefault(corrected, row.place)
        yield scan
    for region, by_correction in places.items():
        if len(by_correction) > 1:
            yield refuse(
                "recovery-missing",
                f"{in_words([region])} has a recovery coefficient in some scans only",
                "give one for every scan of the region, 1 where nothing is lost",
                by_correction[False],
            )
