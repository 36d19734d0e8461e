"""One statement of the first screen and the first page: a head, how good it is, and sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "plain", "caution", "bad"]


@dataclass(frozen=True)
class Said:
    """A statement in words: a head, how good that is, and sentences."""

    head: str
    tone: Tone
    text: str


def sentence(text: str) -> str:
    """Return a text with a capital and a full stop.

    Examples
    --------
    >>> sentence("age not given"), sentence("")
    ('Age not given.', '')
    """
    shown = f"{text[:1].upper()}{text[1:]}"
    return shown if not shown or shown.endswith((".", "?", "!")) else f"{shown}."


def listed(parts: list[str]) -> str:
    """Return words with commas and an 'and'.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
