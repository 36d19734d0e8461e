"""Names in words: regions, places of a warning."""

from __future__ import annotations

import re

CYCLE = re.compile(r"cycles\[(\d+)\]")
SIDE = re.compile(r"^(.+)_(left|right)$")
SECTIONS = {"cumulative": "whole course", "labs": "laboratory values"}


def words(region: str) -> str:
    """Return the name of a region, an analyte or a state in words.

    Examples
    --------
    >>> words("red_marrow"), words("kidney_left"), words("tumour_1")
    ('red marrow', 'left kidney', 'tumour 1')
    """
    return SIDE.sub(r"\2 \1", region).replace("_", " ")


def place_words(place: str) -> str:
    """Return the place of a warning in words: a cycle by its number, a section by its name.

    Examples
    --------
    >>> place_words("cycles[2] kidney_left"), place_words("cycles[0].measurements")
    ('cycle 3, left kidney', 'cycle 1, measurements')
    >>> place_words("cumulative"), place_words("flags kidneys-ad-23")
    ('whole course', 'limit kidneys-ad-23')
    """
    cycle = CYCLE.match(place)
    if cycle is None:
        return SECTIONS.get(place, re.sub(r"^flags ", "limit ", place))
    rest = place[cycle.end() :].lstrip(". ")
    return f"cycle {int(cycle[1]) + 1}" + (f", {words(rest)}" if rest else "")
