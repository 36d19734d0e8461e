"""Laboratory values as a table of boxes: a row per sample, a column per analyte."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dosimetry.planner.pages.boxes import NUMBER, Box, said, shown
from dosimetry.planner.pages.fields import DATE, Field
from dosimetry.problems import InputError, Problem
from dosimetry.reference import laboratory
from dosimetry.report.numbers import unit_words
from dosimetry.report.words.names import words
from dosimetry.units import split_quantity

SPARE = 3
CELL = re.compile(r"labs#(\d+)\.(.+)")


@dataclass(frozen=True)
class LabTable:
    """The table of laboratory values.

    Attributes
    ----------
    columns : tuple of Field
        One per analyte, with the unit of a bare number.
    rows : tuple of rows of Box
        The first box of a row is its date.
    """

    columns: tuple[Field, ...]
    rows: tuple[tuple[Box, ...], ...]


def lab_table(labs: Any, problems: Sequence[Problem]) -> LabTable:
    """Return the table of the laboratory values of a content.

    Parameters
    ----------
    labs : list of mappings, or anything else
        As in the content; what is not a sample has no row.
    problems : sequence of Problem

    Examples
    --------
    >>> table = lab_table([{"at": "2026-01-10", "PLT": "212 K/uL"}], ())
    >>> table.columns[0].unit, [box.value for box in table.rows[0][:2]]
    ('K/uL', ['2026-01-10', '212'])
    """
    samples = [
        {_name(key): value for key, value in entry.items()}
        for entry in (labs if isinstance(labs, list) else [])
        if isinstance(entry, Mapping)
    ]
    units = _units(samples)
    columns = tuple(
        Field(name, f"{words(name)[:1].upper()}{words(name)[1:]}", unit)
        for name, unit in units.items()
    )
    rows = [
        _row(i, sample, columns, problems) for i, sample in enumerate([*samples, *[{}] * SPARE])
    ]
    return LabTable(columns, tuple(rows))


def _row(
    number: int, sample: Mapping[str, Any], columns: Sequence[Field], problems: Sequence[Problem]
) -> tuple[Box, ...]:
    date = Field("at", "Date", hint=DATE)
    own = said(problems, f"labs[{number}]") if sample else []
    boxes = []
    for field in (date, *columns):
        there = tuple(p for p in own if _name(p.place.rpartition(".")[2]) == field.place)
        text = shown(sample.get(field.place), field.unit)
        label = f"{field.label}, sample {number + 1}"
        boxes.append(Box(f"labs#{number}.{field.place}", field, text, (), there, label))
    return tuple(boxes)


def _name(name: Any) -> str:
    """Return the name of an analyte, or the text itself where it is none."""
    try:
        return laboratory.analyte(f"{name}").name
    except InputError:
        return f"{name}"


def _units(samples: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the unit of each column: that of its first value, else the table's own."""
    units: dict[str, str] = {}
    for sample in samples:
        for name, value in sample.items():
            parts = split_quantity(value) if isinstance(value, str) else None
            if name != "at" and name not in units and parts is not None and parts[1]:
                units[name] = parts[1]
    for name, analyte in laboratory.analytes().items():
        units.setdefault(name, "" if analyte.unit == "1" else analyte.unit)
    known = list(laboratory.analytes())
    others = [name for sample in samples for name in sample if name != "at" and name not in known]
    return {name: units.get(name, "") for name in dict.fromkeys([*known, *others])}


def heading(field: Field) -> str:
    """Return the heading of a column with its unit.

    Examples
    --------
    >>> heading(Field("platelets", "Platelets", "1e9/L"))
    'Platelets [10⁹/L]'
    """
    return f"{field.label} [{unit_words(field.unit)}]" if field.unit else field.label


def labs_of(form: Any, held: Any) -> Any:
    """Return the laboratory values of a form; those of the content where it has none."""
    cells = [(match, form.get(name)) for name in form if (match := CELL.fullmatch(name))]
    if not cells:
        return held
    units = _units([
        {_name(key): value for key, value in entry.items()}
        for entry in (held if isinstance(held, list) else [])
        if isinstance(entry, Mapping)
    ])  # fmt: skip
    samples: dict[int, dict[str, str]] = {}
    for match, value in cells:
        text, name = f"{value}".strip(), match[2]
        if text:
            unit = "" if name == "at" else units.get(name, "")
            sample = samples.setdefault(int(match[1]), {})
            sample[name] = f"{text} {unit}" if unit and NUMBER.fullmatch(text) else text
    return [_date_first(samples[number]) for number in sorted(samples)]


def _date_first(sample: dict[str, str]) -> dict[str, str]:
    return {**({"at": sample["at"]} if "at" in sample else {}), **sample}
