"""Units as clinics write them: ``Bq/ml``, ``cc``, ``%ID``, ``hrs``, ``10^9/L``."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from dosimetry.problems import InputError
from dosimetry.reference.tables import table
from dosimetry.units import LONGEST_UNIT, conversion

# Canonical units of the kinds that an import meets. What is no multiple of one is not a unit here.
KINDS = (
    *("h", "MBq", "%IA", "kBq/mL", "mL", "%", "g", "cm", "1e9/L", "g/L", "umol/L", "1/h"),
    "MeV",
)
COUNTS = ("count", "count/s")
PREFIXES, BASES = "pnumkMGT", ("Bq", "Ci")
WRAPPED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


class Unit(NamedTuple):
    """A unit.

    Attributes
    ----------
    text : str
        As dosimetry reads it.
    kind : str
        Canonical unit of its kind; ``SUV``, ``count`` and the like for what is no unit.
    """

    text: str
    kind: str


@functools.cache
def _names() -> tuple[Mapping[str, str], Mapping[str, tuple[str, ...]]]:
    """Return the units of table ``unit_names`` by wording, and by wording in any case."""
    exact = {row["wording"]: row["unit"] for row in table("unit_names").rows}
    folded: dict[str, tuple[str, ...]] = {}
    for wording, unit in exact.items():
        before = folded.get(_key(wording), ())
        folded[_key(wording)] = tuple(dict.fromkeys((*before, unit)))
    return exact, folded


def _key(text: str) -> str:
    """Return a unit text for comparison: case, blanks and the form of signs do not matter."""
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda found: "^" + found[0].translate(RAISED), text)
    text = unicodedata.normalize("NFKC", text).replace("×", "x").replace("·", "*")
    return "".join(text.split()).casefold()


@functools.lru_cache(maxsize=1024)
def units_of(text: str) -> tuple[Unit, ...]:
    """Return the units that a text can be: none, one, or several.

    Examples
    --------
    >>> units_of("Bq/ml"), units_of("%ID")
    ((Unit(text='Bq/ml', kind='kBq/mL'),), (Unit(text='%ID', kind='%IA'),))
    >>> [unit.text for unit in units_of("mbq")]
    ['mBq', 'MBq']
    """
    text = " ".join(text.split())
    if WRAPPED.fullmatch(text):
        text = text[1:-1].strip()
    if not text or len(text) > LONGEST_UNIT:
        return ()
    if exact := _exact(text):
        # "ML" is a megalitre, which nobody measures; in capitals it is also mL
        other = _exact(text.replace("ML", "mL")) if "ML" in text else None
        return (exact, other) if other else (exact,)
    wordings, folded = _names()
    if text in wordings:
        return (_named(wordings[text]),)
    if written := folded.get(_key(text)):
        return tuple(_named(unit) for unit in written)
    if "/" in text:
        above, _, below = text.partition("/")
        pairs = [
            _exact(f"{one.text}/{other.text}")
            for one in units_of(above)
            for other in units_of(below)
        ]
        return tuple(dict.fromkeys(pair for pair in pairs if pair))
    return tuple(Unit(one, "MBq") for one in _near().get(_key(text), ()))


@functools.cache
def _near() -> Mapping[str, tuple[str, ...]]:
    """Return the units of activity by their letters in any case."""
    found: dict[str, tuple[str, ...]] = {}
    for base in BASES:
        for prefix in ("", *PREFIXES):
            unit = f"{prefix}{base}"
            found[unit.casefold()] = (*found.get(unit.casefold(), ()), unit)
    return found


def _named(unit: str) -> Unit:
    """Return a unit of table ``unit_names``."""
    return _exact(unit) or Unit(unit, "count" if unit in COUNTS else unit)


def one_unit(text: str) -> Unit | None:
    """Return the unit of a text, the one that it spells exactly before others; None if unclear.

    Examples
    --------
    >>> one_unit("Bq/ML").text, one_unit("mbq")
    ('Bq/ML', None)
    """
    found = units_of(text)
    exact = [unit for unit in found if unit.text == text] or found
    return exact[0] if len(exact) == 1 else None


@functools.lru_cache(maxsize=1024)
def _exact(text: str) -> Unit | None:
    """Return a unit that dosimetry reads as it is written; None for other texts."""
    if text == "1" or not re.search(r"[A-Za-zµμ%]", text):
        return None
    for kind in KINDS:
        try:
            conversion(text, kind)
        except InputError as error:
            if error.problems[0].code == "wrong-dimension":
                continue
            return None
        return Unit(text, kind)
    return None
