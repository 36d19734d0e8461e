"""Opening and saving of patient files: uploads in memory, no file of the server is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dosimetry.file_kinds import PATIENT, refuse_other
from dosimetry.files import decode
from dosimetry.patient.lab_table import labs_of_csv
from dosimetry.patient.measurements.columns import read_decay_correction
from dosimetry.patient.measurements.read import read_csv
from dosimetry.patient.measurements.rows import Context
from dosimetry.patient.measurements.scan import BLOOD
from dosimetry.patient.read import LARGEST_FILE, read_yaml
from dosimetry.patient.values import Moment, read_moment
from dosimetry.patient.written import written
from dosimetry.problems import FilePlace, InputError, Problem, quote, refuse
from dosimetry.read_json import read_json

Files = Mapping[str, bytes]
MEASURED = ("measurements", BLOOD)


def opened(name: str, files: Files) -> dict[str, Any]:
    r"""Return the content of a patient file, with the tables that it names in it.

    Parameters
    ----------
    name : str
        Of the patient file.
    files : mapping of str to bytes
        The patient file and its tables, by their names.

    Raises
    ------
    InputError
        A file that cannot be read, or that was not given.

    Examples
    --------
    >>> files = {"p.yaml": b"cycles: [{at: 2026-01-12, measurements: c.csv}]",
    ...          "c.csv": b"region,time [h],activity [MBq]\nliver,4,80\n"}
    >>> opened("p.yaml", files)["cycles"][0]["measurements"]
    [{'region': 'liver', 'time': '4.0 h', 'activity': '80.0 MBq'}]
    """
    raw = _file(name, files)
    if len(raw) > LARGEST_FILE:
        raise refuse(
            "file-too-large", f"larger than {LARGEST_FILE / 1e6:g} MB",
            "split it, or check that it is the right file", FilePlace(f"{name}: file"),
        )  # fmt: skip
    text = decode(raw, name)
    refuse_other(text, name, PATIENT)
    content = read_json(text, name) if name.lower().endswith(".json") else read_yaml(text, name)
    return with_tables(content, files)


def with_tables(content: dict[str, Any], files: Files) -> dict[str, Any]:
    """Return a content in which the tables of some files stand in place of their names."""
    problems: list[Problem] = []
    content = dict(content)
    try:
        if isinstance(content.get("labs"), str):
            name = content["labs"]
            content["labs"] = written(labs_of_csv(_file(name, files), name))
    except InputError as error:
        problems += error.problems
    if isinstance(content.get("cycles"), list):
        cycles = []
        for cycle in content["cycles"]:
            try:
                cycles.append(_with_rows(cycle, files) if isinstance(cycle, dict) else cycle)
            except InputError as error:
                problems += error.problems
        content["cycles"] = cycles
    if problems:
        raise InputError(problems)
    return content


def _with_rows(cycle: dict[str, Any], files: Files) -> dict[str, Any]:
    """Return a cycle with its measurements as rows."""
    at = read_moment(cycle["at"]) if "at" in cycle else None
    found = dict(cycle)
    for name in MEASURED:
        if name in cycle:
            given = cycle[name]
            entries = given if isinstance(given, list) else [given]
            rows: list[Any] = []
            for entry in entries:
                rows += _rows(entry, files, at, blood=name == BLOOD)
            found[name] = rows
    return found


def _rows(entry: Any, files: Files, at: Moment | None, *, blood: bool) -> list[Any]:
    """Return the rows of an entry: those of the file that it names, or itself."""
    corrected = None
    if isinstance(entry, Mapping) and "file" in entry:
        if "decay_corrected_to" in entry:
            corrected = read_decay_correction(entry["decay_corrected_to"])
        entry = entry["file"]
    if not isinstance(entry, str):
        return [entry]
    return rows_of_csv(entry, _file(entry, files), at, corrected, blood=blood)


def rows_of_csv(
    name: str, raw: bytes, at: Moment | None, corrected: bool | None, *, blood: bool
) -> list[dict[str, str]]:
    """Return the scans of a CSV file as rows of a patient file.

    Parameters
    ----------
    name : str
    raw : bytes
        Content of the file.
    at : date, date-time or None
        Of the injection.
    corrected : bool or None
        Whether values are corrected for decay to the injection; None for what the file or the
        cycle says.
    blood : bool
        Whether the samples are of blood.

    Raises
    ------
    InputError
        As :func:`dosimetry.patient.measurements.read.read_csv`.
    """
    context = Context(BLOOD if blood else "", at, corrected)
    measured = read_csv(Path(name), name, context, lambda path, name, largest: raw)
    rows: list[dict[str, str]] = written({BLOOD if blood else "measurements": measured})[
        BLOOD if blood else "measurements"
    ]
    return rows


def _file(name: str, files: Files) -> bytes:
    base = name.replace("\\", "/").rpartition("/")[2]
    known = next((one for one in (name, base) if one in files), None)
    if known is None:
        raise refuse(
            "no-such-file",
            f"{quote(name)} was not given",
            "choose it together with the patient file that names it",
            FilePlace(f"{base}: file"),
        )
    return files[known]


def of_path(path: Path) -> dict[str, Any]:
    """Return the content of the patient file that the planner was started with.

    Raises
    ------
    InputError
        As :func:`opened`.
    """
    beside = _Folder(path)
    return opened(path.name, beside)


class _Folder(dict[str, bytes]):
    """The files beside a patient file, read when they are asked for."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent

    def __contains__(self, name: object) -> bool:
        return (self._folder / f"{name}").is_file()

    def __getitem__(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()


class _Plain(yaml.SafeDumper):
    """Writes every value out, because a patient file has no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True."""
        return True


def as_yaml(content: Mapping[str, Any]) -> str:
    """Return a content as YAML, which :func:`dosimetry.read_patient` reads.

    Examples
    --------
    >>> print(as_yaml({"patient": {"id": "EX-1", "sex": "male"}}).strip())
    patient:
      id: EX-1
      sex: male
    """
    return yaml.dump(dict(content), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)
