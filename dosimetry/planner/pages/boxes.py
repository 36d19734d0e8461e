"""The content of a patient file as boxes of a form, each with its problems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dosimetry.planner.pages.fields import Field, Rows
from dosimetry.problems import Problem, join_place

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
SPARE = 2  # empty rows at the end of a table


@dataclass(frozen=True)
class Box:
    """One box with its content.

    Attributes
    ----------
    name : str
        Of the input.
    field : Field
    value : str
        Of a text, or of a choice.
    values : tuple of str
        Of ``many``.
    problems : tuple of Problem
    label : str
        For a box in a table, with its row.
    """

    name: str
    field: Field
    value: str
    values: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    label: str = ""

    @property
    def key(self) -> str:
        """Return an id for the box."""
        return "box-" + re.sub(r"[^A-Za-z0-9]+", "-", self.name).strip("-")

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """Return the choices, with the values that the content has besides them."""
        known = {value for value, _ in self.field.choices}
        others = [one for one in (*self.values, self.value) if one and one not in known]
        return (*self.field.choices, *((one, one) for one in others))


@dataclass(frozen=True)
class TableOfBoxes:
    """A table of boxes: one row per entry, and spare ones."""

    rows: Rows
    boxes: tuple[tuple[Box, ...], ...]

    @property
    def filled(self) -> bool:
        """Return whether some row is filled."""
        return any(box.value for row in self.boxes for box in row)


def at(content: Any, place: str) -> Any:
    """Return the value at a place of a content; None where there is none.

    Examples
    --------
    >>> at({"cycles": [{"at": "2026-01-12"}]}, "cycles[0].at")
    '2026-01-12'
    """
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", place):
        if name:
            content = content.get(name) if isinstance(content, Mapping) else None
        else:
            held = content if isinstance(content, list) else []
            content = held[int(index)] if int(index) < len(held) else None
    return content


def shown(value: Any, unit: str = "") -> str:
    """Return a value for a box; a number without the unit that stands beside it.

    Examples
    --------
    >>> shown("64.0 year", "year"), shown("8 week", "h"), shown({"liver": "5 %"})
    ('64', '8 week', 'liver: 5 %')
    """
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {shown(held)}" for name, held in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(f"{one}" for one in value)
    text = f"{value}".strip()
    if unit and text.endswith(unit) and NUMBER.fullmatch(text.removesuffix(unit).strip()):
        text = text.removesuffix(unit).strip()
    return text[:-2] if NUMBER.fullmatch(text) and text.endswith(".0") else text


def box(
    field: Field, prefix: str, content: Any, problems: Sequence[Problem], name: str = ""
) -> Box:
    """Return a field at its place below a prefix, with its content and its problems."""
    place = join_place(prefix, field.place)
    value = at(content, place)
    many = tuple(f"{one}" for one in value if isinstance(one, str)) if (
        field.kind == "many" and isinstance(value, list)) else ()  # fmt: skip
    return Box(
        name or place,
        field,
        "" if field.kind == "many" else shown(value, field.unit),
        many,
        tuple(said(problems, place)),
    )


def said(problems: Iterable[Problem], place: str) -> list[Problem]:
    """Return the problems at a place or below it."""
    return [
        problem
        for problem in problems
        if problem.place == place
        or problem.place.startswith((f"{place}.", f"{place}[", f"{place}:"))
    ]


def table(rows: Rows, prefix: str, content: Any, problems: Sequence[Problem]) -> TableOfBoxes:
    """Return a table at its place below a prefix."""
    place = join_place(prefix, rows.place)
    held = at(content, place)
    if rows.key:
        entries: list[tuple[str, Any]] = list(held.items()) if isinstance(held, Mapping) else []
    else:
        listed = held if isinstance(held, list) else []
        entries = [("", entry) for entry in listed if isinstance(entry, Mapping)]
    lines = [
        _row(rows, place, i, name, entry, problems)
        for i, (name, entry) in enumerate([*entries, *[("", None)] * SPARE])
    ]
    return TableOfBoxes(rows, tuple(lines))


def _row(
    rows: Rows, place: str, number: int, name: str, entry: Any, problems: Sequence[Problem]
) -> tuple[Box, ...]:
    """Return the boxes of one row."""
    where = f"{place}.{name}" if rows.key else f"{place}[{number}]"
    own = said(problems, where) if entry is not None else []
    of_row = f"{rows.label}, row {number + 1}"
    cells = []
    for column in rows.columns:
        value = entry
        if column.place == "value" and not isinstance(entry, Mapping):
            value = entry
        elif column.place:
            value = entry.get(column.place) if isinstance(entry, Mapping) else None
        there = [p for p in own if column.place and p.place.startswith(f"{where}.{column.place}")]
        cells.append(
            Box(f"{place}#{number}.{column.place or 'value'}", column, shown(value, column.unit),
                (), tuple(there), f"{of_row}: {column.label}")
        )  # fmt: skip
    rest = tuple(p for p in own if not any(p in cell.problems for cell in cells))
    if not rows.key:
        first = cells[0]
        cells[0] = Box(first.name, first.field, first.value, (), (*first.problems, *rest),
                       first.label)  # fmt: skip
        return tuple(cells)
    key = Field("key", rows.key)
    return (Box(f"{place}#{number}.key", key, name, (), rest, f"{of_row}: {rows.key}"), *cells)
