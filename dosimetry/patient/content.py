"""The content of a patient as plain data, to notice changes and to read it again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel


def plain(value: Any) -> Any:
    """Return a section as the mappings and lists of a patient file; values stay as read.

    Examples
    --------
    >>> from dosimetry.patient.schema import Person
    >>> plain(Person(id="EX-1", sex="male"))["sex"]
    'male'
    """
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        known = {info.alias or name: getattr(value, name, None) for name, info in fields.items()}
        extra = {name: held for name, held in vars(value).items() if name not in fields}
        return {name: plain(held) for name, held in {**known, **extra}.items()}
    if isinstance(value, Mapping):
        return {name: plain(held) for name, held in value.items()}
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return [plain(held) for held in value]
    return value


def frozen(value: Any) -> Any:
    """Return plain data with every value as text, which later changes do not reach."""
    if isinstance(value, dict):
        return {name: frozen(held) for name, held in value.items()}
    if isinstance(value, list):
        return [frozen(held) for held in value]
    if dataclasses.is_dataclass(value) or isinstance(value, str | int | float | None):
        return repr(value)
    return f"{type(value).__name__} {value}"


def differing(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """Yield the fields in which two contents differ, by their place in a patient file.

    Examples
    --------
    >>> list(differing({"masses": {"liver": "1"}, "cycles": []}, {"masses": {}, "cycles": ["7"]}))
    ['masses.liver', 'cycles[0]']
    """
    if isinstance(before, dict) and isinstance(now, dict):
        for name in {**before, **now}:
            inner = f"{place}.{name}" if place else name
            yield from differing(before.get(name), now.get(name), inner)
    elif isinstance(before, list) and isinstance(now, list):
        for i in range(max(len(before), len(now))):
            old, new = (each[i] if i < len(each) else None for each in (before, now))
            yield from differing(old, new, f"{place}[{i}]")
    elif before != now:
        yield place
