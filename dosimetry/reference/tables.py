"""Reference tables of ``reference_tables/``, with their units and sources.

Each table is a CSV file described in ``datapackage.json`` (Frictionless Table Schema), which states
the unit of each column. A table is read at its first use.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dosimetry.problems import nearest, quote, refuse
from dosimetry.units import conversion

DESCRIPTION = "datapackage.json"


@dataclass(frozen=True)
class ReferenceTable:
    """A reference table.

    Attributes
    ----------
    name, title, description : str
    columns : mapping of str to str
        Unit of each column: a unit text, ``text``, ``1``, or ``row`` (unit in the row itself).
    rows : tuple of mapping
        The rows as texts, as in the file.
    sources, licences : tuple of str
    sha256 : str
        Hash of the CSV file.
    """

    name: str
    title: str
    description: str
    columns: Mapping[str, str]
    rows: tuple[Mapping[str, str], ...]
    sources: tuple[str, ...]
    licences: tuple[str, ...]
    sha256: str

    def number(self, row: Mapping[str, str], column: str, unit: str) -> float:
        """Return a figure in ``unit``, converted from the unit of its column or row."""
        own = self.columns[column]
        return float(row[column]) * conversion(row["unit"] if own == "row" else own, unit)

    def source_of(self, row: Mapping[str, str]) -> str:
        """Return the source of a row, or the sources of the table."""
        return row.get("source") or "; ".join(self.sources)


@functools.cache
def folder() -> Path:
    """Return the folder of the tables: inside the package in a wheel, beside it in a checkout."""
    here = Path(__file__).resolve().parents[1]
    inside = here / "reference_tables"
    return inside if inside.is_dir() else here.parent / "reference_tables"


@functools.cache
def _package() -> Mapping[str, Any]:
    text = (folder() / DESCRIPTION).read_text(encoding="utf-8")
    return {resource["name"]: resource for resource in json.loads(text)["resources"]}


def names() -> tuple[str, ...]:
    """Return the names of all tables.

    Examples
    --------
    >>> "limits" in names()
    True
    """
    return tuple(_package())


def hashes() -> dict[str, str]:
    """Return the SHA-256 of every table's file and of ``datapackage.json``, by name."""
    files = {name: resource["path"] for name, resource in _package().items()}
    return {
        name: hashlib.sha256((folder() / path).read_bytes()).hexdigest()
        for name, path in {**files, DESCRIPTION.removesuffix(".json"): DESCRIPTION}.items()
    }


@functools.cache
def table(name: str) -> ReferenceTable:
    """Return a table by its name.

    Raises
    ------
    InputError
        No table has this name.

    Examples
    --------
    >>> table("nuclides").columns["half_life"]
    'h'
    """
    if name not in _package():
        raise refuse(
            "unknown-table",
            f"{quote(name)} is not a reference table",
            nearest(name, names()) or f"tables: {', '.join(names())}",
        )
    resource = _package()[name]
    raw = (folder() / resource["path"]).read_bytes()
    rows = csv.DictReader(io.StringIO(raw.decode("utf-8"), newline=""))
    return ReferenceTable(
        name,
        resource["title"],
        resource.get("description", ""),
        {field["name"]: field["unit"] for field in resource["schema"]["fields"]},
        tuple(MappingProxyType(row) for row in rows),
        tuple(source["title"] for source in resource["sources"]),
        tuple(licence["title"] for licence in resource["licenses"]),
        hashlib.sha256(raw).hexdigest(),
    )


@functools.cache
def rows_by(name: str, key: str) -> Mapping[str, Mapping[str, str]]:
    """Return the rows of a table by the value of one column."""
    return {row[key]: row for row in table(name).rows}


@functools.cache
def default(name: str, unit: str) -> float:
    """Return a default or threshold of table ``defaults`` in a unit.

    Examples
    --------
    >>> default("scan_point_sd", "1")
    0.1
    """
    return table("defaults").number(rows_by("defaults", "name")[name], "value", unit)


def default_source(name: str) -> str:
    """Return the source of a default or threshold of table ``defaults``.

    Examples
    --------
    >>> default_source("marrow_extracellular_fraction")
    'Sgouros 1993'
    """
    return rows_by("defaults", "name")[name]["source"]
