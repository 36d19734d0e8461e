"""Headers and labels: what their wording means, by table ``column_names``.

A wording is compared in any case and with any signs between its words; it is never completed or
corrected. ``Activity (MBq)``, ``Act. MBq``, ``A / MBq`` and ``Aktivität in MBq`` all have a unit.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dosimetry.intake.unit_texts import Unit, units_of
from dosimetry.reference.regions import Reading, reading
from dosimetry.reference.tables import table

IGNORE = "ignore"
CORRECTED = "corrected"  # note of a wording that says that its activity is decay-corrected
LONGEST = 80  # characters of a header
BRACKETS = re.compile(r"\[([^\[\]]*)\]|\(([^()]*)\)")
FORMAT = re.compile(
    r"[\[(]\s*(?:hh?:mm(?::ss)?|[dmytj]{1,4}[./-][dmytj]{1,4}[./-][dmytj]{2,4})\s*[\])]", re.I
)
SINCE = re.compile(r"(\S+)\s+p\.?\s*i\.?", re.IGNORECASE)
BEFORE_UNIT = re.compile(r"[\s,;:_/]*(?:\bin\b|\ben\b|\bi\b)?[\s,;:_/]*$", re.IGNORECASE)
LAPSE = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]+)\.?"
    r"(?:\s*(?:p\.?\s*i\.?|post.*|after.*|nach.*|après.*|efter.*))?",
    re.IGNORECASE,
)
WORDS = re.compile(r"[^\W_]+|%|#")
# What a unit can measure: where a wording has several meanings, its unit settles them.
MEASURES: Mapping[str, tuple[str, ...]] = {
    "h": ("time", "age"),
    "MBq": ("activity", "administered", "prepared", "residual", "sd"),
    "%IA": ("activity", "sd"),
    "SUV": ("activity", "sd"),
    "kBq/mL": ("concentration", "blood", "sd"),
    "mL": ("volume", "volume sd"),
    "%": ("sd", "volume sd", "recovery", "recovery sd", "hematocrit", "prothrombin_ratio"),
    "g": ("weight",),
    "cm": ("height",),
}
OF_UNIT = {  # meaning of a header that is only a unit
    "h": "time",
    "MBq": "activity",
    "%IA": "activity",
    "SUV": "activity",
    "kBq/mL": "concentration",
    "mL": "volume",
}
VALUES = ("activity", "concentration", "blood", "volume", "sd", "recovery")


class Heading(NamedTuple):
    """A header or label.

    Attributes
    ----------
    text : str
        As written, with single blanks.
    meanings : tuple of str
        Of the wording; several if only unit and cells can tell.
    unit_text : str
        As written; empty if there is none.
    units : tuple of Unit
        What the unit can be.
    region : Reading or None
        If a region is named.
    region_text : str
        The words that name it.
    lapse : str
        Time after injection that the header names, such as ``24 h``.
    note : str
        Of the table: why it is left out, or what it could be.
    """

    text: str
    meanings: tuple[str, ...] = ()
    unit_text: str = ""
    units: tuple[Unit, ...] = ()
    region: Reading | None = None
    region_text: str = ""
    lapse: str = ""
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether the wording means anything."""
        return bool(self.meanings or self.region or self.lapse or self.note)


class Wording(NamedTuple):
    """A row of table ``column_names``."""

    meanings: tuple[str, ...]
    unit: str
    note: str


@functools.cache
def _wordings(used_as: str) -> Mapping[str, Wording]:
    return {
        normal(row["wording"]): Wording(
            tuple(filter(None, row["meaning"].split(";"))), row["unit"], row["note"]
        )
        for row in table("column_names").rows
        if row["used_as"] == used_as
    }


def normal(text: str) -> str:
    """Return the words of a text in lower case, without the signs between them.

    Examples
    --------
    >>> normal("Time p.i."), normal("Date/Time")
    ('time p i', 'date time')
    """
    return " ".join(WORDS.findall(unicodedata.normalize("NFKC", text).casefold()))


def word_in(text: str, used_as: str) -> str:
    """Return the meaning of a word in a cell, such as a sex or a month; empty if unknown."""
    wording = _wordings(used_as).get(normal(text))
    return wording.meanings[0] if wording else ""


@functools.cache
def _no_values() -> frozenset[str]:
    rows = table("column_names").rows
    return frozenset(row["wording"].casefold() for row in rows if row["used_as"] == "missing")


def no_value(text: str) -> bool:
    """Return whether a text in a cell says that there is no value, such as ``n/a``."""
    return text.casefold().strip() in _no_values()


def has_word(text: str, used_as: str) -> bool:
    """Return whether one of a text's words is of a kind, such as ``blood``.

    Examples
    --------
    >>> has_word("Blood C1", "blood"), has_word("Bloodless", "blood")
    (True, False)
    """
    return any(word in _wordings(used_as) for word in normal(text).split())


def cycle_number(text: str) -> int | None:
    """Return the number of the cycle that a name or title states; None if it states none.

    Examples
    --------
    >>> [cycle_number(text) for text in ("Cycle 1", "C2", "Blut Zyklus 3", "Sheet1", "C1 and C2")]
    [1, 2, 3, None, None]
    """
    words = re.findall(r"[^\W\d_]+|\d+", unicodedata.normalize("NFKC", text).casefold())
    cycle = _wordings("cycle")
    found = {
        int(number)
        for word, number in itertools.pairwise(words)
        if word in cycle and number.isdecimal() and len(number) <= 2
    }
    return found.pop() if len(found) == 1 else None


@functools.lru_cache(maxsize=16384)
def heading(text: str) -> Heading:
    """Return what a header or label means.

    Examples
    --------
    >>> found = heading("Act. MBq")
    >>> found.meanings, found.units[0].text
    (('activity',), 'MBq')
    >>> heading("Left kidney [kBq/mL]").region.region, heading("24 h p.i.").lapse
    ('kidney_left', '24 h')
    """
    text = " ".join(text.split())
    if not text or len(text) > LONGEST:
        return Heading(text)
    for label, unit in _splits(text):
        found = _understood(label)
        if found is not None and (not unit or _fits(found, unit)):
            stated = () if unit or not found.units else found.units
            return found._replace(text=text, unit_text=unit, units=units_of(unit) or stated)
    units = units_of(text)
    if units and units[0].kind in OF_UNIT:
        return Heading(text, (OF_UNIT[units[0].kind],), text, units)
    label, unit = _bracketed(text)
    return Heading(text, unit_text=unit, units=units_of(unit))


def label_of(text: str) -> str:
    """Return a header without its unit in brackets.

    Examples
    --------
    >>> label_of("Left kidney [MBq]")
    'Left kidney'
    """
    return _bracketed(" ".join(text.split()))[0]


def _splits(text: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to divide a header into label and unit, the most certain one first."""
    text = FORMAT.sub("", text).strip()
    label, unit = _bracketed(text)
    if unit:
        lapse = SINCE.fullmatch(unit)
        yield (f"{label} p.i.", lapse[1]) if lapse else (label, unit)
    tokens = text.split(" ")
    for count in (2, 1):
        tail, head = " ".join(tokens[-count:]), " ".join(tokens[:-count])
        if head and len(tail) > 1 and units_of(tail):  # "Kidney L" is no volume in litres
            yield BEFORE_UNIT.sub("", head), tail
    yield text, ""
    for sign in ("/", "_", ","):
        head, _, tail = text.partition(sign)
        if head.strip() and units_of(tail):
            yield BEFORE_UNIT.sub("", head), tail.strip()
    if len(tokens) > 1 and units_of(tokens[-1]):
        yield BEFORE_UNIT.sub("", " ".join(tokens[:-1])), tokens[-1]


def _bracketed(text: str) -> tuple[str, str]:
    """Return label and unit of ``Activity (MBq)``; the last brackets with a unit count."""
    for found in reversed(list(BRACKETS.finditer(text))):
        inside = (found[1] if found[1] is not None else found[2]).strip()
        if units_of(inside) or SINCE.fullmatch(inside) or (found[1] is not None and inside):
            return f"{text[: found.start()]} {text[found.end() :]}".strip(), inside
    return text, ""


def _fits(found: Heading, unit: str) -> bool:
    """Return whether a unit can belong to a wording, so that it is not part of the wording."""
    kinds = {one.kind for one in units_of(unit)}
    return not kinds or not found.lapse or kinds != {"h"}


def _understood(label: str) -> Heading | None:
    """Return the meaning of a label without its unit; None if it has none.

    A label may name a region beside what is measured: ``Liver volume``.
    """
    if found := _wordings("header").get(normal(label)):
        units = units_of(found.unit) if found.unit else ()
        return Heading(label, found.meanings, "", units, note=found.note)
    if alone := _thing(label):
        return alone
    words = label.split(" ")
    pairs = []
    for cut in range(1, len(words)):
        head, tail = " ".join(words[:cut]), " ".join(words[cut:])
        for what, of in ((head, tail), (tail, head)):
            wording, thing = _wordings("header").get(normal(what)), _thing(of)
            if wording and thing and {*wording.meanings} & {*VALUES}:
                units = units_of(wording.unit) if wording.unit else ()
                pairs.append(thing._replace(meanings=wording.meanings, units=units))
    return pairs[0] if len(pairs) == 1 else None


def _thing(label: str) -> Heading | None:
    """Return a label that is a time after injection, or a region."""
    if lapse := LAPSE.fullmatch(label.strip()):
        units = [unit for unit in units_of(lapse[2]) if unit.kind == "h"]
        if units:
            number = lapse[1].replace(",", ".")
            return Heading(label, lapse=f"{number} {units[0].text}")
    read = reading(label)
    return Heading(label, region=read, region_text=label) if read else None
