"""The table of a cohort, one row per scan: columns, and lines grouped into patients.

The table is streamed: only the lines of one part are in memory. Reading it only separates the
patients and passes on their text; the worker that computes a part also parses it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from dosimetry.file_kinds import BEGINNING, COHORT, refuse_binary, refuse_other
from dosimetry.patient.measurements.columns import COLUMNS as SCAN_COLUMNS
from dosimetry.patient.measurements.columns import DECAY, UPTAKE_VALUES, read_header
from dosimetry.patient.notation import (
    NAMED_SEPARATOR,
    NOTES,
    Dialect,
    column_of,
    dialect_of,
    misfit_of,
    number_cell,
)
from dosimetry.problems import FilePlace, InputError, Problem, nearest, quote, refuse
from dosimetry.units import conversion

# Column: canonical unit (None for text), whether it is required, description.
COLUMNS: Mapping[str, tuple[str | None, bool, str]] = {
    "patient_id": (None, True, "the rows of a patient one after the other"),
    "sex": (None, True, "male or female"),
    "cycle": (None, True, "from 1"),
    "administered": ("MBq", True, "net activity of the cycle"),
    "region": (None, True, "as in: dosimetry tables regions"),
    "time": ("h", True, "of the scan, after administration"),
    "activity": ("MBq", False, "at scan time; this or the concentration"),
    "concentration": ("kBq/mL", False, "of the region; with a volume it is an activity"),
    "sd": ("MBq", False, "of the value; for all scans of a curve or for none"),
    "volume": ("mL", False, "of the VOI"),
    "volume sd": ("mL", False, "of the volume"),
    "recovery": ("1", False, "recovery coefficient"),
    "recovery sd": ("1", False, "of the recovery coefficient"),
    "decay_corrected_to": (None, False, "none (default) or administration"),
    "mass": ("g", False, "of the region"),
    "model": (None, False, "of the curve; default auto"),
    "weight": ("kg", False, "of the patient"),
    "regimen": (None, False, "as in: dosimetry tables regimens; default netter-1"),
    "file": (None, False, "patient file instead of the other columns; relative to the table"),
    "at": (None, False, "date of the cycle; default 8 weeks after the cycle before"),
}
BY_NAME = {column_of(name).name: name for name in COLUMNS}
OF_SCAN = ("region", *SCAN_COLUMNS, DECAY)
BATCH = 10_000  # rows of a Parquet file read at a time
LONGEST_LINE = 10_000  # characters


class Row(NamedTuple):
    """A row of the table: its line, its cells as text, and the problem of the line as a whole."""

    line: int
    cells: dict[str, str]
    problem: Problem | None


class Record(NamedTuple):
    """A record of the table: the number of its last line, its text as CSV, and its cells."""

    line: int
    text: str
    cells: list[str]


class PatientText(NamedTuple):
    """The records of a patient as CSV, and the line of each.

    ``twice`` is true if the patient had other records further up.
    """

    lines: list[int]
    text: str
    twice: bool


class Columns(NamedTuple):
    """The header: cells as written, names, notation, folder of patient files.

    The name is empty where a column has no header, or holds notes.
    """

    header: list[str]
    names: list[str]
    dialect: Dialect
    folder: str

    def rows(self, patient: PatientText) -> list[Row]:
        """Return the rows of a patient."""
        text = io.StringIO(patient.text, newline="")
        records = csv.reader(text, delimiter=self.dialect.separator)
        return [
            Row(number, self._cells(values), self._problem(values, patient.twice))
            for number, values in zip(patient.lines, records, strict=True)
        ]

    def scan_readers(self) -> dict[str, Any]:
        """Return the reader of each column of scans."""
        cells = [cell for cell, name in zip(self.header, self.names, strict=True) if _of_scan(name)]
        return read_header(cells, "", self.dialect, "")[1] if cells else {}

    def numbers(self) -> dict[str, Any]:
        """Return the readers of the other columns with units, to numbers in canonical units."""
        return {
            name: number_cell(unit, conversion(column_of(cell).unit or unit, unit), self.dialect)
            for cell, name in zip(self.header, self.names, strict=True)
            if name and not _of_scan(name) and (unit := COLUMNS[name][0]) is not None
        }

    def _cells(self, values: list[str]) -> dict[str, str]:
        cells = {name: cell for name, cell in zip(self.names, values, strict=False) if name}
        if cells.get("file", "").strip():
            cells["file"] = f"{Path(self.folder) / cells['file'].strip()}"
        return cells

    def _problem(self, values: list[str], twice: bool) -> Problem | None:
        filled = [i for i, cell in enumerate(values) if cell.strip()]
        misfit = misfit_of(values, filled, self.header, self.dialect) if filled else None
        if misfit is not None:
            return misfit.problems[0]
        if _undecoded("".join(values)):
            return Problem("not-utf-8", "the row is not UTF-8", "save the table as UTF-8")
        if twice:
            message = "the rows of this patient stand in two places"
            return Problem("patient-twice", message, "put them one after the other")
        return None


def _of_scan(name: str) -> bool:
    return column_of(name).name in OF_SCAN


class Part(NamedTuple):
    """Some patients of a table."""

    columns: Columns
    patients: list[PatientText]


def cohort_schema() -> dict[str, Any]:
    """Return the Frictionless Table Schema of a cohort table."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [
            {
                "name": name if unit in (None, "1") else f"{name} [{unit}]",
                "type": "integer" if name == "cycle" else "string" if unit is None else "number",
                "description": description
                + ("" if unit in (None, "1") else "; the brackets may hold another unit"),
                "constraints": {"required": required},
            }
            for name, (unit, required, description) in COLUMNS.items()
        ],
    }


def read_records(path: Path) -> tuple[Columns, Iterator[Record]]:
    """Return the header of a CSV or Parquet table and an iterator over its records.

    Raises
    ------
    InputError
        There is no such file, or the header is not understood.
    """
    if not path.is_file():
        raise refuse("no-such-file", "no such file", "check name and folder", FilePlace(f"{path}"))
    _refuse_other(path)
    if path.suffix == ".parquet":
        dialect, records = Dialect(), _parquet(path)
    else:
        dialect = _dialect(path)
        records = _csv(path, dialect)
    header = next(records, None)
    if header is not None and NAMED_SEPARATOR.fullmatch(header.text.strip()):
        header = next(records, None)
    if header is None:
        raise refuse("empty-file", "the table is empty", "see dosimetry schema cohort", f"{path}")
    place = FilePlace(f"{path.name}:{header.line}")
    return Columns(header.cells, _names(header.cells, place), dialect, f"{path.parent}"), records


def _dialect(path: Path) -> Dialect:
    """Return the notation of a table by its beginning, which has many numbers."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as stream:
        try:
            return dialect_of(stream.read(BEGINNING))
        except InputError as error:
            raise error.at(FilePlace(f"{path.name}:1")) from None


def _refuse_other(path: Path) -> None:
    """Refuse a file of another kind, and name its kind."""
    with path.open("rb") as stream:
        start = stream.read(BEGINNING)
    if path.suffix != ".parquet":
        refuse_binary(start, path.name)
        refuse_other(start.decode("utf-8-sig", "replace"), path.name, COHORT)


def _undecoded(text: str) -> bool:
    """Return whether a text holds bytes that were not UTF-8, as surrogates."""
    return not text.isascii() and any("\udc80" <= sign <= "\udcff" for sign in text)


def _csv(path: Path, dialect: Dialect) -> Iterator[Record]:
    with path.open(encoding="utf-8-sig", newline="", errors="surrogateescape") as stream:
        taken: list[str] = []  # lines of the current record
        lines = _lines(stream, path.name, taken)
        reader = csv.reader(lines, delimiter=dialect.separator)
        try:
            for cells in reader:
                if any(map(str.strip, cells)):
                    yield Record(reader.line_num, "".join(taken), cells)
                taken.clear()
        except csv.Error as error:
            raise refuse(
                "not-csv",
                f"the table is not valid CSV: {error}",
                "check the quotes",
                FilePlace(f"{path.name}:{reader.line_num}"),
            ) from None


def _lines(stream: TextIO, name: str, taken: list[str]) -> Iterator[str]:
    """Yield the lines and append each to ``taken``; refuse one that would fill the memory."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        _check_length(line, name, number)
        taken.append(line)
        yield line


def _check_length(line: str, name: str, number: int) -> None:
    if len(line) > LONGEST_LINE:
        raise refuse(
            "line-too-long",
            f"the line has more than {LONGEST_LINE} characters",
            "check the line ends and quotes",
            FilePlace(f"{name}:{number}"),
        )


def _parquet(path: Path) -> Iterator[Record]:
    try:
        from pyarrow import parquet
    except ImportError:
        raise refuse(
            "needs-cluster-extra",
            "Parquet needs pyarrow",
            'pip install "dosimetry[cluster]", or give CSV',
            f"{path}",
        ) from None
    with parquet.ParquetFile(path) as table:
        yield Record(1, "", list(table.schema_arrow.names))
        number = 1
        for batch in table.iter_batches(BATCH):
            columns = [column.to_pylist() for column in batch.columns]
            for values in zip(*columns, strict=True):
                cells = ["" if v is None else v if isinstance(v, str) else repr(v) for v in values]
                text = io.StringIO(newline="")
                csv.writer(text).writerow(cells)
                number += 1
                _check_length(text.getvalue(), path.name, number)
                yield Record(number, text.getvalue(), cells)


def _names(header: list[str], place: str) -> list[str]:
    """Return the names of the columns; refuse unknown, missing and repeated ones."""
    columns = [column_of(cell) for cell in header]
    names = [_name(column.name) for column in columns]
    problems: list[Problem] = []
    for cell, column, name in zip(header, columns, names, strict=True):
        if name and name not in COLUMNS:
            cure = nearest(name, COLUMNS) or f"columns: {', '.join(COLUMNS)}"
            problems.append(Problem("unknown-column", f"column {quote(name)} is not known", cure))
        elif name and not _of_scan(name):
            problems += _unit_problems(cell.strip(), name, column.unit)
    scans = [cell for cell, name in zip(header, names, strict=True) if _of_scan(name)]
    for name, (unit, required, description) in COLUMNS.items():
        if _of_scan(name):
            continue
        if required and name not in names and ("file" not in names or name == "patient_id"):
            brackets = f" [{unit}]" if unit else ""
            cure = f"add it: {name}{brackets}, {description}"
            problems.append(Problem("missing-column", f"column '{name}' is missing", cure))
        if names.count(name) > 1:
            message = f"column '{name}' occurs twice"
            problems.append(Problem("column-twice", message, "keep one of them"))
    if scans or "file" not in names:
        try:
            read_header(scans, "", Dialect(), "")
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problem.at(place) for problem in problems)
    return names


def _name(written: str) -> str:
    """Return the name of a column; empty for one without a name, and for notes."""
    if written in ("", *NOTES):
        return ""
    return "concentration" if written in UPTAKE_VALUES else BY_NAME.get(written, written)


def _unit_problems(cell: str, name: str, unit: str | None) -> Iterator[Problem]:
    """Yield what is wrong with the unit of a column that is not one of scans."""
    wanted = COLUMNS[name][0]
    if wanted is None:
        return
    if unit is None:
        cure = f"write it in brackets: {name} [{wanted}]"
        yield Problem("no-unit", f"column '{name}' has no unit", cure)
        return
    try:
        conversion(unit, wanted)
    except InputError as error:
        yield from error.at(cell).problems


def patients(columns: Columns, records: Iterator[Record]) -> Iterator[PatientText]:
    """Yield the records of each patient; a patient who comes again is marked."""
    column = columns.names.index("patient_id")
    seen: set[bytes] = set()
    for name, group in itertools.groupby(
        records, key=lambda record: record.cells[column] if column < len(record.cells) else ""
    ):
        lines, texts = zip(*((record.line, record.text) for record in group), strict=True)
        key = hashlib.blake2b(name.encode(errors="surrogateescape"), digest_size=12).digest()
        yield PatientText(list(lines), "".join(texts), key in seen)
        seen.add(key)


def parts(path: Path, together: int) -> Iterator[Part]:
    """Yield the table in parts of ``together`` patients."""
    columns, records = read_records(path)
    grouped = patients(columns, records)
    while some := list(itertools.islice(grouped, together)):
        yield Part(columns, some)


def count_patients(path: Path) -> int:
    """Return the number of patients in a table, for a progress bar; reads the table once."""
    return sum(1 for _ in patients(*read_records(path)))
