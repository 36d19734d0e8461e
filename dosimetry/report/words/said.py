"""Statements of the first screen and the first page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "plain", "caution", "bad"]


@dataclass(frozen=True)
class Statement:
    """A statement in words.

    Attributes
    ----------
    head : str
        In capitals, as in ``WITHHELD, cycle 3:``.
    tone : str
        ``good``, ``plain``, ``caution`` or ``bad``: the colour of the head.
    text : str
        Sentences.
    """

    head: str
    tone: Tone
    text: str


def sentence(text: str) -> str:
    """Return a text with a capital and a full stop; a key of the input keeps its spelling.

    Examples
    --------
    >>> sentence("age not given"), sentence("")
    ('Age not given.', '')
    >>> sentence("systematic_uncertainty is negative")
    'systematic_uncertainty is negative.'
    """
    key = "_" in text.partition(" ")[0]
    capital = text if key else f"{text[:1].upper()}{text[1:]}"
    ended = not capital or capital.rstrip(")").endswith((".", "?", "!"))
    return capital if ended else f"{capital}."


def listed(parts: Sequence[str]) -> str:
    """Return words with commas and an 'and'.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
