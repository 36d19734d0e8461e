"""Names read in any case and with any blanks, and suggestions for mistyped ones.

A name is never read as another side, organ or pair, nor is one suggested: that could assign one
kidney's activity to the other. So a name is read only if side, words and number are those that were
written, and suggested only if its organ is within a slip.
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
CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[^A-Za-z]+")
PLAIN = re.compile(r"[\w\s\-.,()]+")  # other signs, such as + or ?, may change what a name means


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


class Spellings(NamedTuple):
    """Known spellings of regions, taken apart for comparison."""

    regions: Mapping[str, str]
    parts: Mapping[str, Name]
    sided: frozenset[str]
    organs: frozenset[str]
    alike: Mapping[tuple[str, ...], str]


def spellings_of(regions: Mapping[str, str]) -> Spellings:
    """Return spellings taken apart.

    Parameters
    ----------
    regions : mapping of str to str
        Every known spelling, and the region it names.
    """
    apart = {spelling: _taken_apart(spelling, frozenset()) for spelling in regions}
    parts = {spelling: part for spelling, part in apart.items() if part}
    sided = frozenset("".join(part.words) for part in parts.values() if part.side)
    alike: dict[tuple[str, ...], str] = {}
    for spelling, part in parts.items():
        for key in _keys(part):
            alike.setdefault(key, spelling)
    organs = frozenset(word for spelling in regions for word in _words(spelling)) - LESIONS
    return Spellings(regions, parts, sided, organs, alike)


def _keys(name: Name) -> tuple[tuple[str, ...], ...]:
    """Return what equal names share: their words in any order, and as one word."""
    return (name.side, *sorted(name.words)), (name.side, "", "".join(name.words))


def spelled_like(name: str, known: Spellings) -> str:
    """Return the known spelling with the same side and words as a name; empty if there is none.

    Case, blanks, hyphens, underscores and the order of the words do not matter.

    Examples
    --------
    >>> known = spellings_of({"kidneys": "kidneys", "kidney_left": "kidney_left"})
    >>> [spelled_like(name, known) for name in ("L Kidney", "KIDNEYS", "kidny")]
    ['kidney_left', 'kidneys', '']
    """
    unfinished = name.rstrip().endswith(("_", "-"))  # "tumour_" lacks its number
    if len(name) > LONGEST or unfinished or not PLAIN.fullmatch(name):
        return ""
    wanted = _taken_apart(name, known.sided, slips=False)
    if wanted is None:
        return ""
    return next((known.alike[key] for key in _keys(wanted) if key in known.alike), "")


def region_like(name: str, known: Spellings) -> str:
    """Return the region that a mistyped name stands for; empty if that is not certain.

    Examples
    --------
    >>> known = spellings_of({"kidneys": "kidneys", "kidney_left": "kidney_left"})
    >>> region_like("L_Kidny", known), region_like("kidney_cortex", known)
    ('kidney_left', '')
    """
    wanted = _taken_apart(name[:LONGEST], known.sided)
    if wanted is None:
        return ""
    near: dict[int, set[str]] = {}
    for spelling, parts in known.parts.items():
        if parts.side == wanted.side:
            slips = _organ_slips("".join(wanted.words), "".join(parts.words))
            if slips is not None:
                near.setdefault(slips, set()).add(known.regions[spelling])
    best = near[min(near)] if near else set()
    return best.pop() if len(best) == 1 else ""


def names_lesion(name: str, known: Spellings) -> bool:
    """Return whether a name has the word for a lesion and none of an organ.

    Examples
    --------
    >>> known = spellings_of({"liver": "liver"})
    >>> names_lesion("Lesion_1", known), names_lesion("liver_without_met", known)
    (True, False)
    """
    words = {re.sub(r"\d+$", "", word) for word in _words(name[:LONGEST])}
    return bool(words & LESIONS) and not words & known.organs


def _words(name: str) -> list[str]:
    """Return the words of a name: ``L_Kidney``, ``kidneyL``, ``Left Kidney``; ``L3`` stays one."""
    words: list[str] = []
    for part in filter(None, re.split(r"[\W_]+", name)):
        whole = not part.isascii() or any(sign.isdigit() for sign in part)
        words += [part.casefold()] if whole else [word.lower() for word in CAMEL.findall(part)]
    return words


def _taken_apart(name: str, sided: frozenset[str], *, slips: bool = True) -> Name | None:
    """Return the parts of a name; None if it names both sides. ``slips``: ``lft`` is left too."""
    sides: set[str] = set()
    words: list[str] = []
    for word in _words(name):
        side, rest = _side_of(word, sided, slips)
        sides |= {side} - {""}
        words += [rest] if rest else []
    return None if len(sides) > 1 else Name("".join(sides), tuple(words))


def _side_of(word: str, sided: frozenset[str], slips: bool) -> tuple[str, str]:
    """Return the side in a word such as ``kidneyl`` or ``lft``, and the rest of the word."""
    for side, marks in SIDES.items():
        slip = slips and len(word) > 2 and word[0] == side[0] and _distance(word, side) == 1
        if word in marks or slip:
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
