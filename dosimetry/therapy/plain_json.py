"""JSON into mappings, lists and values: what stands there twice or is not finite is refused."""

from __future__ import annotations

import json
import math
from typing import Any

from dosimetry.problems import quote, refuse

DEEPEST = 20


def mapping_of(data: object, name: str) -> dict[str, Any]:
    """Return what a file holds; refuse it where that is not a mapping."""
    if not isinstance(data, dict):
        raise refuse(
            "wrong-type",
            "the file holds no mapping",
            "begin with 'patient:' (dosimetry init writes one to fill in)",
            f"{name}: file",
        )
    return data


def read_json(text: str, name: str) -> dict[str, Any]:
    """Read JSON, refusing duplicate keys, NaN and infinities, and deep nesting.

    Raises
    ------
    InputError
        Not JSON, or not plain.

    Examples
    --------
    >>> read_json('{"id": "EX-1"}', "p.json")
    {'id': 'EX-1'}
    """

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                raise refuse(
                    "duplicate-key",
                    f"key {quote(key)} stands there twice",
                    "keep one of the two",
                    f"{name}: file",
                )
            found[key] = value
        return found

    def constant(word: str) -> Any:
        raise refuse(
            "not-finite",
            f"{quote(word)} is not a number of JSON",
            "give a finite number",
            f"{name}: file",
        )

    def whole(word: str) -> float:
        return int(word) if len(word) < 16 else number(word)

    def number(word: str) -> float:
        value = float(word)
        return value if math.isfinite(value) else constant(word)

    try:
        data = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_constant=constant,
            parse_float=number,
            parse_int=whole,
        )
    except json.JSONDecodeError as error:
        raise refuse(
            "not-json",
            f"not readable as JSON: {error.msg}",
            "check commas and quotes",
            f"{name}:{error.lineno}: file",
        ) from None
    except RecursionError:
        raise refuse(
            "too-deep", "nested too deeply", "a patient file is flat", f"{name}: file"
        ) from None
    if len(levels(data)) > DEEPEST:
        raise refuse(
            "too-deep", f"nested deeper than {DEEPEST}", "a patient file is flat", f"{name}: file"
        )
    if "\\u" in text:
        _refuse_surrogates(data, name)
    return mapping_of(data, name)


def _refuse_surrogates(data: Any, name: str) -> None:
    """Refuse half a character, which an escape can write and no file can hold."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise refuse(
            "not-utf-8",
            "an escape stands for half a character",
            "write the character itself",
            f"{name}: file",
        ) from None


def levels(data: Any) -> list[int]:
    """Return how many values there are at each depth."""
    level, found = [data], []
    while level:
        found.append(len(level))
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return found
