"""Results as JSON: floats rounded to 12 digits, the same bytes for the same result."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass


DIGITS = 12


def to_json(document: object) -> str:
    r"""Return data as JSON with 12 significant digits, ending in a newline.

    Examples
    --------
    >>> to_json({"value": 0.1 + 0.2})
    '{\n  "value": 0.3\n}\n'
    """
    text = json.dumps(plain(document), indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n"


def content_hash(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a plan's document without the hash itself.

    Without it, a change of a number that nothing else in the document depends on would go
    unnoticed, for example of a risk that the strategy did not use.

    Examples
    --------
    >>> written = content_hash({"risk": 0.05, "provenance": {"content": ""}})
    >>> written == content_hash({"risk": 0.06, "provenance": {"content": written}})
    False
    """
    provenance = {**document["provenance"], "content": ""}
    text = json.dumps({**document, "provenance": provenance}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def plain(value: object) -> Any:
    """Return a value in the types of JSON, its floats rounded to DIGITS significant digits."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    return value
