"""Reading of JSON into mappings, lists and values; duplicate keys and infinities are refused."""

from __future__ import annotations

import json
import math
from typing import Any

from dosimetry.problems import quote, refuse

DEEPEST = 20
FLAT = "a file of dosimetry has few levels: check its brackets or indentation"


def mapping_of(data: object, name: str) -> dict[str, Any]:
    """Return the content of a file; refuse it where it is not a mapping."""
    if not isinstance(data, dict):
        raise refuse(
            "wrong-type",
            "the content of the file is not a mapping",
            "begin with 'patient:' (dosimetry init writes a file to fill in)",
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
        mapping: dict[str, Any] = {}
        for key, value in items:
            if key in mapping:
                raise refuse(
                    "duplicate-key",
                    f"key {quote(key)} occurs twice",
                    "keep one of the two",
                    f"{name}: file",
                )
            mapping[key] = value
        return mapping

    def constant(word: str) -> Any:
        raise refuse(
            "not-finite",
            f"{quote(word)} is not a JSON number",
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
        raise refuse("too-deep", "nested too deeply", FLAT, f"{name}: file") from None
    if len(levels(data)) > DEEPEST:
        raise refuse("too-deep", f"nested deeper than {DEEPEST}", FLAT, f"{name}: file")
    if "\\u" in text:
        _refuse_surrogates(data, name)
    return mapping_of(data, name)


def _refuse_surrogates(data: Any, name: str) -> None:
    """Refuse an escaped half of a character (surrogate), which UTF-8 cannot encode."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise refuse(
            "not-utf-8",
            "an escape stands for half a character (a surrogate)",
            "write the character itself",
            f"{name}: file",
        ) from None


def levels(data: Any) -> list[int]:
    """Return the number of values at each depth."""
    level, counts = [data], []
    while level:
        counts.append(len(level))
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return counts
