"""Names that were mistyped, and the one that was meant: no other side, organ or aggregate.

A wrong suggestion is worse than none: whoever takes it over gives one kidney's activity to the
other. So a name is only suggested where side, organ and number are those that were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

LONGEST = 60
SHORTEST, LONG = 4, 9  # letters: below no slip is forgiven, from here on two are
SIDES = {"left": ("left", "lt", "l"), "right": ("right", "rt", "r")}
LESIONS = frozenset(
    ("lesion", "lesions", "met", "mets", "metastasis", "metastases", "tumor", "tumour", "tumors")
)
TUMOUR = re.compile(r"tumou?r[\W_]*(.*)")
CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[^A-Za-z]+")


class Name(NamedTuple):
    """A region's name taken apart: the side it names, and the words of the organ."""

    side: str
    words: tuple[str, ...]


def typo(word: str, known: Iterable[str]) -> str:
    """Return the one known word that a slip or two make of a word; empty where there is none.

    Digits are never taken for a slip, but for their order.

    Examples
    --------
    >>> typo("femlae", ["male", "female"]), typo("eosinophils", ["neutrophils"])
    ('female', '')
    """
    near: dict[int, list[str]] = {}
    for one in known:
        slips = _slips(word[:LONGEST].lower(), one.lower())
        if slips is not None:
            near.setdefault(slips, []).append(one)
    best = near[min(near)] if near else []
    return best[0] if len(best) == 1 else ""


def meant(word: str, known: Iterable[str]) -> str:
    """Return the beginning of a cure: the word that :func:`typo` finds; empty where there is none.

    Examples
    --------
    >>> meant("Lu177", ["Lu-177", "Y-90"])
    'nearest: Lu-177'
    """
    found = typo(word, known)
    return f"nearest: {found}" if found else ""


def region_like(name: str, spellings: Mapping[str, str]) -> str:
    """Return the region that a name stands for; empty where that is not certain.

    Parameters
    ----------
    name : str
        As it was written.
    spellings : mapping of str to str
        Every spelling that is known, and the region it names.

    Examples
    --------
    >>> known = {"kidneys": "kidneys", "kidney_left": "kidney_left", "kidney_r": "kidney_right"}
    >>> region_like("L_Kidney", known), region_like("kidney_cortex", known)
    ('kidney_left', '')
    """
    short = name[:LONGEST]
    tumour = TUMOUR.fullmatch(short.lower())
    if tumour:
        own = "_".join(filter(None, re.split(r"[\W_]+", tumour.group(1), flags=re.ASCII)))
        return f"tumour_{own}".rstrip("_")
    known = {spelling: _taken_apart(spelling, frozenset()) for spelling in spellings}
    sided = frozenset("".join(one.words) for one in known.values() if one and one.side)
    wanted = _taken_apart(short, sided)
    if wanted is None:
        return ""
    for spelling, one in known.items():
        if one and one.side == wanted.side and sorted(one.words) == sorted(wanted.words):
            return spellings[spelling]
    near: dict[int, set[str]] = {}
    for spelling, one in known.items():
        if one and one.side == wanted.side:
            slips = _organ_slips("".join(wanted.words), "".join(one.words))
            if slips is not None:
                near.setdefault(slips, set()).add(spellings[spelling])
    best = near[min(near)] if near else set()
    return best.pop() if len(best) == 1 else ""


def names_lesion(name: str, spellings: Iterable[str]) -> bool:
    """Tell whether a name is that of a lesion and of no organ.

    Examples
    --------
    >>> names_lesion("Lesion_1", ["liver"]), names_lesion("liver_without_met", ["liver"])
    (True, False)
    """
    words = {re.sub(r"\d+$", "", word) for word in _words(name[:LONGEST])}
    organs = {word for spelling in spellings for word in _words(spelling)} - LESIONS
    return bool(words & LESIONS) and not words & organs


def _words(name: str) -> list[str]:
    """Return the words of a name: ``L_Kidney``, ``kidneyL``, ``Left Kidney``; ``L3`` stays one."""
    found: list[str] = []
    for part in filter(None, re.split(r"[\W_]+", name)):
        whole = any(sign.isdigit() for sign in part)
        found += [part.lower()] if whole else [word.lower() for word in CAMEL.findall(part)]
    return found


def _taken_apart(name: str, sided: frozenset[str]) -> Name | None:
    """Take a name apart; None where it names both sides."""
    found: set[str] = set()
    words: list[str] = []
    for word in _words(name):
        side, rest = _side_of(word, sided)
        found |= {side} - {""}
        words += [rest] if rest else []
    return None if len(found) > 1 else Name("".join(found), tuple(words))


def _side_of(word: str, sided: frozenset[str]) -> tuple[str, str]:
    """Return the side that a word names, and what is left of the word: ``kidneyl``, ``lft``."""
    for side, marks in SIDES.items():
        if word in marks or (len(word) > 2 and word[0] == side[0] and _distance(word, side) == 1):
            return side, ""
        for mark in marks:
            for rest in (word.removesuffix(mark), word.removeprefix(mark)):
                if rest != word and rest in sided:
                    return side, rest
    return "", word


def _organ_slips(word: str, known: str) -> int | None:
    """Return the slips between two organs' names; a singular is never taken for the plural."""
    if known.endswith("s") and word[-2:] != known[-2:]:
        return None  # one kidney is not the pair
    return _slips(word, known)


def _slips(word: str, known: str) -> int | None:
    """Return how many slips make one word of another; None for more than a word of it forgives."""
    if word == known:
        return 0
    most = 2 if len(known) >= LONG else 1
    if len(known) < SHORTEST or abs(len(word) - len(known)) > most:
        return None
    if sorted(filter(str.isdigit, word)) != sorted(filter(str.isdigit, known)):
        return None
    distance = _distance(word, known)
    return distance if distance <= most else None


def _distance(one: str, other: str) -> int:
    """Return the letters to add, leave out, change or swap (optimal string alignment)."""
    before, row = list(range(len(other) + 1)), list(range(len(other) + 1))
    for i, sign in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, their in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (sign != their))
            if i > 1 and j > 1 and sign == other[j - 2] and one[i - 2] == their:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
