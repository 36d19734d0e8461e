"""A form that was sent, as the content of a patient file."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from dosimetry.planner.pages.boxes import NUMBER
from dosimetry.planner.pages.fields import (
    CYCLE,
    CYCLE_ROWS,
    OWN,
    OWN_LIMITS,
    OWN_REGIMEN,
    PERSON,
    PREPARED,
    PRIOR_DOSES,
    THERAPY_MORE,
    TOP_ROWS,
    Field,
    Rows,
    limit_field,
    therapy,
)
from dosimetry.planner.pages.lab_boxes import labs_of
from dosimetry.problems import InputError, Problem, join_place, quote

VALUE = "value"  # column of a row that is its value itself
ROW = re.compile(r"(?P<place>.+)#(?P<number>\d+)\.(?P<column>[^#]+)")


class Form(Protocol):
    """A form as Starlette reads it."""

    def get(self, name: str, default: str, /) -> Any:
        """Return the first value of a name."""

    def getlist(self, name: str, /) -> Sequence[Any]:
        """Return all values of a name."""

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""


def with_unit(text: str, unit: str) -> str:
    """Return a bare number with the unit that stands beside its box; any other text unchanged.

    Examples
    --------
    >>> with_unit("64", "year"), with_unit("5 week", "h"), with_unit("7,4", "GBq")
    ('64 year', '5 week', '7,4')
    """
    return f"{text} {unit}" if unit and NUMBER.fullmatch(text) else text


def filled(form: Form, content: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Return the content of a form, and the problems that only the form can have.

    Parameters
    ----------
    form : Form
    content : mapping
        What the form was made from; what the form does not show stays.
    """
    new = copy.deepcopy(dict(content))
    problems: list[Problem] = []
    person = _section(form, new.get("patient"), PERSON)
    own = new.get("therapy")
    course = _section(form, own, (*therapy(), *THERAPY_MORE))
    if form.get("therapy.regimen", "") == OWN:
        course["regimen"] = _section(form, {}, OWN_REGIMEN)
    ticked = [*form.getlist(limit_field().place)]
    listed = [*ticked, *_rows(form, OWN_LIMITS, "", problems)]
    _put(course, "limits", listed)
    _put(course, "prior_doses", _rows(form, PRIOR_DOSES, "", problems))
    new["patient"], new["therapy"] = person, course
    for rows in TOP_ROWS:
        _put(new, rows.place, _rows(form, rows, "", problems))
    cycles = new.get("cycles")
    if isinstance(cycles, list):
        new["cycles"] = [
            _cycle(form, f"cycles[{i}]", cycle, problems) for i, cycle in enumerate(cycles)
        ]
    _put(new, "labs", labs_of(form, new.get("labs")))
    return new, tuple(problems)


def _section(form: Form, held: Any, fields: Sequence[Field], prefix: str = "") -> dict[str, Any]:
    """Return a section with the values of its fields; blank boxes are left out."""
    section = dict(held) if isinstance(held, Mapping) else {}
    for field in fields:
        name = join_place(prefix, field.place)
        key = field.place.rpartition(".")[2]
        if field.kind == "many":
            _put(section, key, [*form.getlist(name)])
        else:
            _put(section, key, with_unit(f"{form.get(name, '')}".strip(), field.unit))
    return section


def _put(section: dict[str, Any], key: str, value: Any) -> None:
    if value:
        section[key] = value
    else:
        section.pop(key, None)


def _cycle(form: Form, place: str, held: Any, problems: list[Problem]) -> dict[str, Any]:
    cycle = _section(form, held, CYCLE, place)
    spread = cycle.get("systematic_uncertainty", "")
    if ":" in spread:
        pairs = (part.partition(":") for part in spread.split(","))
        cycle["systematic_uncertainty"] = {name.strip(): value.strip() for name, _, value in pairs}
    whole = f"{form.get(f'{place}.administered', '')}".strip()
    parts = _section(form, {}, PREPARED, f"{place}.administered")
    if parts and whole:
        parts["administered"] = whole  # the schema refuses both together
    _put(cycle, "administered", parts or with_unit(whole, "GBq"))
    for rows in CYCLE_ROWS:
        _put(cycle, rows.place, _rows(form, rows, place, problems))
    return cycle


def _rows(form: Form, rows: Rows, prefix: str, problems: list[Problem]) -> Any:
    """Return the entries of a table: a mapping by name, or a list."""
    place = join_place(prefix, rows.place)
    numbers = sorted(
        {int(m["number"]) for name in form if (m := ROW.fullmatch(name)) and m["place"] == place}
    )
    entries: dict[str, Any] = {}
    listed: list[Any] = []
    for number in numbers:
        name = f"{form.get(f'{place}#{number}.key', '')}".strip()
        entry = _entry(form, rows, f"{place}#{number}")
        if not rows.key:
            listed += [entry] if entry else []
        elif name in entries and (name or entry):
            message = f"{quote(name)} stands in two rows"
            problems.append(Problem("region-twice", message, "keep one", f"{place}.{name}"))
        elif name or entry:
            entries[name] = entry
    return entries if rows.key else listed


def _entry(form: Form, rows: Rows, row: str) -> Any:
    """Return the value of one row: a text, or a mapping of its columns."""
    cells = {
        column.place: with_unit(
            f"{form.get(f'{row}.{column.place or VALUE}', '')}".strip(), column.unit
        )
        for column in rows.columns
    }
    if "" in cells:
        parts = [part.strip() for part in cells[""].split(",")]
        return parts if rows.columns[0].kind == "long" and cells[""] else cells[""]
    kept = {name: text for name, text in cells.items() if text}
    if set(cells) == {"value", "sd"}:
        return kept.get("value", "") if "sd" not in kept else kept
    return kept


def refused(error: InputError, extra: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the problems of a content after those of its form."""
    return (*extra, *error.problems)
