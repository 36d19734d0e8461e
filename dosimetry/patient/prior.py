"""The prior of the dose per activity that a patient file chooses; a clinic's own table.

The table is CSV, one row per region: ``region,mean [Gy/GBq],sd [Gy/GBq],n``, over n patients.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dosimetry.file_kinds import MEASUREMENTS, refuse_other
from dosimetry.files import decode, read_bytes, within
from dosimetry.patient.measurements.scan import check_sd
from dosimetry.patient.notation import Dialect, column_of, number_cell, table_of
from dosimetry.patient.values import RANGES, Read, read_count, read_text
from dosimetry.problems import FilePlace, InputError, Problem, in_words, nearest, quote, refuse
from dosimetry.reference import regions
from dosimetry.units import conversion

LABEL, RENAL = "label", "renal-function"
WORDS = (LABEL, RENAL)
ENDING = ".csv"
LARGEST_FILE = 1_000_000
MOST_PATIENTS = 100_000
UNIT = "Gy/GBq"
COLUMNS = ("region", "mean", "sd", "n")
HEADER_LINE = f"region,mean [{UNIT}],sd [{UNIT}],n"


@dataclass(frozen=True)
class ClinicDose:
    """Dose per activity of a region over the patients of a clinic.

    Attributes
    ----------
    mean, sd : float
        Of one cycle over patients, in Gy/GBq.
    patients : int
    """

    mean: float
    sd: float
    patients: int


@dataclass(frozen=True)
class ClinicPrior:
    """A clinic's own table.

    Attributes
    ----------
    file : str
        Name as the patient file gives it.
    sha256 : str
        Of the file.
    doses : mapping of str to ClinicDose
        By region.
    """

    file: str
    sha256: str
    doses: Mapping[str, ClinicDose]


def read_prior(value: object, base: Path | None) -> str | ClinicPrior:
    """Read ``label``, ``renal-function`` or the name of a clinic's table.

    Parameters
    ----------
    value : str or ClinicPrior
    base : pathlib.Path or None
        Folder that the file's name is relative to; None refuses every file.

    Raises
    ------
    InputError
        Neither a known word nor a CSV file, or a table with problems, each with its line.

    Examples
    --------
    >>> read_prior("label", Path())
    'label'
    """
    if isinstance(value, ClinicPrior):
        return value
    text = read_text(value)
    if text in WORDS:
        return text
    if not text.lower().endswith(ENDING):
        raise refuse(
            "unknown-word",
            f"{quote(text)} is not {LABEL}, {RENAL} or the name of a CSV file",
            nearest(text, WORDS) or f"write {LABEL}, {RENAL} or a name that ends in {ENDING}",
        )
    path = within(base, text)
    try:
        return _of_csv(read_bytes(path, text, LARGEST_FILE), text)
    except InputError as error:
        raise InputError(
            replace(p, place=FilePlace(p.place or f"{text}: file")) for p in error.problems
        ) from None


def _of_csv(raw: bytes, name: str) -> ClinicPrior:
    text = decode(raw, name)
    if not text.strip():
        raise refuse("empty-file", "the file is empty", f"begin with: {HEADER_LINE}", f"{name}:1")
    refuse_other(text, name, MEASUREMENTS)
    table = table_of(text, name)
    columns = _columns(table.header, table.place, table.dialect)
    doses: dict[str, ClinicDose] = {}
    problems: list[Problem] = []
    for row in table.rows:
        try:
            if isinstance(row, InputError):
                raise row
            region, dose = _row(row[1], columns, row[0])
            if region in doses:
                raise refuse(
                    "region-twice", f"{in_words([region])} occurs twice", "keep one", row[0]
                )
            doses[region] = dose
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    if not doses:
        raise refuse("empty-file", "the file has no row below its header", "add one", f"{name}:1")
    return ClinicPrior(name, hashlib.sha256(raw).hexdigest(), doses)


def _columns(header: list[str], place: str, dialect: Dialect) -> dict[str, Any]:
    """Return the readers of the columns by their names, in the order of the file."""
    columns: dict[str, Any] = {}
    problems: list[Problem] = []
    for cell in header:
        name, unit = column_of(cell)
        try:
            columns[name] = _column(name, unit, columns, dialect)
        except InputError as error:
            problems += error.at(f"{place}: {cell.strip()}").problems
    problems += [
        Problem("missing-column", f"column '{name}' is missing", f"write {HEADER_LINE}", place)
        for name in COLUMNS
        if name not in columns and not problems
    ]
    if problems:
        raise InputError(problems)
    return columns


def _column(name: str, unit: str | None, known: Mapping[str, Any], dialect: Dialect) -> Any:
    if name not in COLUMNS:
        raise refuse(
            "unknown-column",
            f"column {quote(name)} is not known",
            nearest(name, COLUMNS) or f"columns: {', '.join(COLUMNS)}",
        )
    if name in known:
        raise refuse("column-twice", f"column {quote(name)} occurs twice", "keep one")
    if name == "region":
        return lambda cell: regions.dose_region(cell.strip())
    if name == "n":
        return lambda cell: read_count(cell, MOST_PATIENTS)
    if unit is None:
        raise refuse("no-unit", f"column '{name}' has no unit", f"write {name} [{UNIT}]")
    read = number_cell(UNIT, conversion(unit, UNIT), dialect)
    return lambda cell: _in_range(read(cell)[0], cell)


def _in_range(number: float, cell: str) -> float:
    low, high = RANGES[UNIT]
    if not low <= number <= high:
        raise refuse(
            "out-of-range",
            f"{quote(cell)} is outside {low:g} to {high:g} {UNIT}",
            "check the number and the unit of its column",
        )
    return number


def _row(cells: list[str], columns: Mapping[str, Any], place: str) -> tuple[str, ClinicDose]:
    found, problems = dict[str, Any](), list[Problem]()
    for (name, read), cell in zip(columns.items(), cells, strict=True):
        try:
            found[name] = read(cell)
        except InputError as error:
            problems += error.at(f"{place}: {name}").problems
    if problems:
        raise InputError(problems)
    check_sd(found["sd"], found["mean"], UNIT, f"{place}: sd")
    return found["region"], ClinicDose(found["mean"], found["sd"], found["n"])


PRIOR = Read(
    read_prior,
    {"type": "string", "description": f"{', '.join(WORDS)}, or the name of a CSV file"},
    with_folder=True,
)
