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
from dosimetry.patient.measurements.columns import HEADER
from dosimetry.problems import FilePlace, InputError, Problem, nearest, quote, refuse
from dosimetry.units import conversion, parse_number

# Column: canonical unit (None for text), whether it is required, description.
COLUMNS: Mapping[str, tuple[str | None, bool, str]] = {
    "patient_id": (None, True, "the rows of a patient one after the other"),
    "sex": (None, True, "male or female"),
    "cycle": (None, True, "from 1"),
    "administered": ("MBq", True, "net activity of the cycle"),
    "region": (None, True, "as in: dosimetry tables regions"),
    "time": ("h", True, "of the scan, after administration"),
    "activity": ("MBq", True, "at scan time, not decay-corrected"),
    "sd": ("MBq", False, "of the activity; for all scans of a curve or for none"),
    "mass": ("g", False, "of the region"),
    "model": (None, False, "of the curve; default auto"),
    "recovery": ("1", False, "recovery coefficient"),
    "weight": ("kg", False, "of the patient"),
    "regimen": (None, False, "as in: dosimetry tables regimens; default netter-1"),
    "file": (None, False, "patient file instead of the other columns; relative to the table"),
    "at": (None, False, "date of the cycle; default 8 weeks after the cycle before"),
}
BATCH = 10_000  # rows of a Parquet file read at a time
LONGEST_LINE = 10_000  # characters


class Row(NamedTuple):
    """A row of the table: its line and its cells as text, numbers in canonical units."""

    line: int
    cells: dict[str, str]
    problem: Problem | None  # with the line as a whole


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
    """The header: names, factors to the canonical units, folder of patient files."""

    names: list[str]
    factors: dict[str, float]
    folder: str

    def rows(self, patient: PatientText) -> list[Row]:
        """Return the rows of a patient."""
        records = csv.reader(io.StringIO(patient.text, newline=""))
        return [
            Row(number, self._cells(values), self._problem(values, patient.twice))
            for number, values in zip(patient.lines, records, strict=True)
        ]

    def _cells(self, values: list[str]) -> dict[str, str]:
        cells = dict(zip(self.names, values, strict=False))
        for name, factor in self.factors.items():
            text = cells.get(name, "")
            if text.strip():
                cells[name] = _scaled(text, factor)
        if cells.get("file", "").strip():
            cells["file"] = f"{Path(self.folder) / cells['file'].strip()}"
        return cells

    def _problem(self, values: list[str], twice: bool) -> Problem | None:
        if len(values) != len(self.names):
            message = f"the row has {len(values)} cells for {len(self.names)} columns"
            return Problem("wrong-number-of-cells", message, "write one cell for each column")
        if _undecoded("".join(values)):
            return Problem("not-utf-8", "the row is not UTF-8", "save the table as UTF-8")
        if twice:
            message = "the rows of this patient stand in two places"
            return Problem("patient-twice", message, "put them one after the other")
        return None


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
    records = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    header = next(records, None)
    if header is None:
        raise refuse("empty-file", "the table is empty", "see dosimetry schema cohort", f"{path}")
    names, factors = _header(header.cells, path.name)
    scaled = {name: factor for name, factor in factors.items() if factor != 1.0}
    return Columns(names, scaled, f"{path.parent}"), records


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


def _scaled(text: str, factor: float) -> str:
    try:
        return repr(parse_number(text) * factor)
    except InputError:
        return text  # refused with its place when the patient is read


def _csv(path: Path) -> Iterator[Record]:
    with path.open(encoding="utf-8-sig", newline="", errors="surrogateescape") as stream:
        taken: list[str] = []  # lines of the current record
        reader = csv.reader(_lines(stream, path.name, taken))
        try:
            for cells in reader:
                if cells:
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


def _header(header: list[str], name: str) -> tuple[list[str], dict[str, float]]:
    """Return the names of the columns, and the factor to the canonical unit of each number."""
    names: list[str] = []
    factors: dict[str, float] = {}
    problems: list[Problem] = []
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        sign = "semicolons" if ";" in header[0] else "tabs"
        raise refuse(
            "wrong-separator",
            f"the cells are separated by {sign}",
            "separate the cells by commas and write decimal points",
            FilePlace(f"{name}:1"),
        )
    for cell in header:
        match = HEADER.fullmatch(cell)
        column, unit = match.groups() if match else (cell.strip(), None)
        names.append(column)
        if column not in COLUMNS:
            cure = nearest(column, COLUMNS) or f"columns: {', '.join(COLUMNS)}"
            problems.append(Problem("unknown-column", f"column {quote(column)} is not known", cure))
            continue
        wanted = COLUMNS[column][0]
        if wanted is not None and wanted != "1" and unit is None:
            cure = f"write it in brackets: {column} [{wanted}]"
            problems.append(Problem("no-unit", f"column '{column}' has no unit", cure))
        elif wanted is not None and unit is not None:
            factors[column] = conversion(unit, wanted)
    for column, (unit, required, description) in COLUMNS.items():
        if required and column not in names and ("file" not in names or column == "patient_id"):
            brackets = f" [{unit}]" if unit else ""
            cure = f"add it: {column}{brackets}, {description}"
            problems.append(Problem("missing-column", f"column '{column}' is missing", cure))
        if names.count(column) > 1:
            message = f"column '{column}' stands there twice"
            problems.append(Problem("column-twice", message, "keep one of them"))
    if problems:
        raise InputError(problem.at(f"{name}:1") for problem in problems)
    return names, factors


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
