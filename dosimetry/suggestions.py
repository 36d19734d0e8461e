"""Suggestions for mistyped names, never of another side, organ or pair.

A wrong suggestion is worse than none: it could assign one kidney's activity to the other. So a name
is suggested only if its side, organ and number are those that were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

LONGEST = 60
SHORTEST, LONG = 4, 9  # letters: shorter words allow no slip, words from LONG on allow two
SIDES = {"left": ("left", "lt", "l"), "right": ("right", "rt", "r")}
LESIONS = frozenset(
    ("lesion", "lesions", "met", "mets", "metastasis", "metastases", "tumor", "tumour", "tumors")
)
TUMOUR = re.compile(r"tumou?r[\W_]*(.*)")
CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[^A-Za-z]+")


class Name(NamedTuple):
    """The parts of a region's name: its side, and the words of the organ."""

    side: str
    words: tuple[str, ...]


def typo(word: str, known: Iterable[str]) -> str:
    """Return the only known word within one or two slips of a word; empty if there is none.

    Digits may be swapped, but not changed, added or left out.

    Examples
    --------
    >>> typo("femlae", ["male", "female"]), typo("eosinophils", ["neutrophils"])
    ('female', '')
    """
    near: dict[int, list[str]] = {}
    for candidate in known:
        slips = _slips(word[:LONGEST].lower(), candidate.lower())
        if slips is not None:
            near.setdefault(slips, []).append(candidate)
    best = near[min(near)] if near else []
    return best[0] if len(best) == 1 else ""


def meant(word: str, known: Iterable[str]) -> str:
    """Return the word that :func:`typo` finds as the beginning of a cure; empty if none.

    Examples
    --------
    >>> meant("Lu177", ["Lu-177", "Y-90"])
    'nearest: Lu-177'
    """
    known_word = typo(word, known)
    return f"nearest: {known_word}" if known_word else ""


def region_like(name: str, spellings: Mapping[str, str]) -> str:
    """Return the region that a name stands for; empty if that is not certain.

    Parameters
    ----------
    name : str
        As written by the user.
    spellings : mapping of str to str
        Every known spelling, and the region it names.

    Examples
    --------
    >>> known = {"kidneys": "kidneys", "kidney_left": "kidney_left", "kidney_r": "kidney_right"}
    >>> region_like("L_Kidney", known), region_like("kidney_cortex", known)
    ('kidney_left', '')
    """
    short = name[:LONGEST]
    tumour = TUMOUR.fullmatch(short.lower())
    if tumour:
        suffix = "_".join(filter(None, re.split(r"[\W_]+", tumour.group(1), flags=re.ASCII)))
        return f"tumour_{suffix}".rstrip("_")
    known = {spelling: _taken_apart(spelling, frozenset()) for spelling in spellings}
    sided = frozenset("".join(parts.words) for parts in known.values() if parts and parts.side)
    wanted = _taken_apart(short, sided)
    if wanted is None:
        return ""
    for spelling, parts in known.items():
        if parts and parts.side == wanted.side and sorted(parts.words) == sorted(wanted.words):
            return spellings[spelling]
    near: dict[int, set[str]] = {}
    for spelling, parts in known.items():
        if parts and parts.side == wanted.side:
            slips = _organ_slips("".join(wanted.words), "".join(parts.words))
            if slips is not None:
                near.setdefault(slips, set()).add(spellings[spelling])
    best = near[min(near)] if near else set()
    return best.pop() if len(best) == 1 else ""


def names_lesion(name: str, spellings: Iterable[str]) -> bool:
    """Return whether a name has the word for a lesion and none of an organ.

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
    words: list[str] = []
    for part in filter(None, re.split(r"[\W_]+", name)):
        whole = any(sign.isdigit() for sign in part)
        words += [part.lower()] if whole else [word.lower() for word in CAMEL.findall(part)]
    return words


def _taken_apart(name: str, sided: frozenset[str]) -> Name | None:
    """Return the parts of a name; None if it names both sides."""
    sides: set[str] = set()
    words: list[str] = []
    for word in _words(name):
        side, rest = _side_of(word, sided)
        sides |= {side} - {""}
        words += [rest] if rest else []
    return None if len(sides) > 1 else Name("".join(sides), tuple(words))


def _side_of(word: str, sided: frozenset[str]) -> tuple[str, str]:
    """Return the side in a word such as ``kidneyl`` or ``lft``, and the rest of the word."""
    for side, marks in SIDES.items():
        if word in marks or (len(word) > 2 and word[0] == side[0] and _distance(word, side) == 1):
            return side, ""
        for mark in marks:
            for rest in (word.removesuffix(mark), word.removeprefix(mark)):
                if rest != word and rest in sided:
                    return side, rest
    return "", word


def _organ_slips(word: str, known: str) -> int | None:
    """Return the slips between two organs' names; None between a singular and a plural."""
    if known.endswith("s") and word[-2:] != known[-2:]:
        return None  # one kidney is not the pair
    return _slips(word, known)


def _slips(word: str, known: str) -> int | None:
    """Return the number of slips between two words; None if more than its length allows."""
    if word == known:
        return 0
    most = 2 if len(known) >= LONG else 1
    if len(known) < SHORTEST or abs(len(word) - len(known)) > most:
        return None
    if sorted(filter(str.isdigit, word)) != sorted(filter(str.isdigit, known)):
        return None
    distance = _distance(word, known)
    return distance if distance <= most else None


def _distance(word: str, known: str) -> int:
    """Return the number of letters to add, drop, change or swap (optimal string alignment)."""
    before, row = list(range(len(known) + 1)), list(range(len(known) + 1))
    for i, letter in enumerate(word, 1):
        last, before, row = before, row, [i]
        for j, known_letter in enumerate(known, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != known_letter))
            if i > 1 and j > 1 and letter == known[j - 2] and word[i - 2] == known_letter:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
