"""Errors and warnings: a stable code, the place, the fault and the cure.

:class:`Problem` is the record of an error or a warning; :class:`InputError` is the only exception
for a refused input.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

LONGEST_QUOTE = 60
SIDE = re.compile(r"^(.+)_(left|right)$")
PROBLEMS_SCHEMA = "dosimetry/problems/1"


class FilePlace(str):
    """A place that already names its file; an outer place is not put before it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """An error or a warning.

    Parameters
    ----------
    code : str
        Stable name of the kind of problem.
    message : str
        What is wrong.
    cure : str
        How to correct it.
    place : str
        Where: ``file: field`` or ``file:line: column``; empty if the caller adds it.

    Examples
    --------
    >>> print(Problem("not-positive", "0 GBq is not positive", "write its activity", "p.yaml"))
    p.yaml: 0 GBq is not positive
      write its activity
    """

    code: str
    message: str
    cure: str = ""
    place: str = ""

    def at(self, place: str) -> Problem:
        """Return the same problem with an outer place before its own."""
        return replace(self, place=join_place(place, self.place))

    def __str__(self) -> str:
        head = f"{self.place}: {self.message}" if self.place else self.message
        return f"{head}\n  {self.cure}" if self.cure else head


class InputError(ValueError):
    r"""An input was refused; no result was computed from it.

    Parameters
    ----------
    problems : iterable of Problem
        All problems, in the order of the input.

    Attributes
    ----------
    problems : tuple of Problem

    Examples
    --------
    >>> str(InputError([Problem("negative", "the activity is negative", "give a positive one")]))
    'the activity is negative\n  give a positive one'
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))

    def at(self, place: str) -> InputError:
        """Return the same error with an outer place before the place of every problem."""
        return InputError(problem.at(place) for problem in self.problems)

    def to_dict(self) -> dict[str, Any]:
        """Return the problems as plain data, as ``--format json`` prints them.

        Returns
        -------
        dict
            ``schema`` (``dosimetry/problems/1``) and ``problems``, each with ``code``, ``place``,
            ``message`` and ``cure`` as text; place and cure may be empty. Control characters are
            escaped.

        Examples
        --------
        >>> refuse("negative", "the activity is negative", "", "p.yaml").to_dict()["problems"]
        [{'code': 'negative', 'place': 'p.yaml', 'message': 'the activity is negative', 'cure': ''}]
        """
        names = ("code", "place", "message", "cure")
        problems = [{name: printable(getattr(p, name)) for name in names} for p in self.problems]
        return {"schema": PROBLEMS_SCHEMA, "problems": problems}

    def to_json(self) -> str:
        """Return the problems as JSON, ending in a newline.

        Examples
        --------
        >>> print(refuse("negative", "the activity is negative").to_json().splitlines()[1])
          "schema": "dosimetry/problems/1",
        """
        return f"{json.dumps(self.to_dict(), indent=2, ensure_ascii=False)}\n"


def printable(text: str) -> str:
    r"""Return a text with its control characters escaped, so that they do not act on a terminal.

    Examples
    --------
    >>> print(printable("a\x1b[31m"))
    a\x1b[31m
    """
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def refuse(code: str, message: str, cure: str = "", place: str = "") -> InputError:
    """Return the error of a single problem, for ``raise refuse(...)``."""
    return InputError([Problem(code, message, cure, place)])


def join_place(outer: str, inner: str) -> str:
    """Return two places joined: names by a dot, indices without one.

    Examples
    --------
    >>> join_place("cycles", "[0]"), join_place("masses", "liver"), join_place("p.yaml: ", "id")
    ('cycles[0]', 'masses.liver', 'p.yaml: id')

    An inner place that names its own file is returned unchanged.

    >>> str(join_place("p.yaml: cycles[0]", FilePlace("c.csv:3: activity [MBq]")))
    'c.csv:3: activity [MBq]'
    """
    if isinstance(inner, FilePlace):
        return inner
    if not outer or not inner or inner.startswith("[") or outer.endswith(": "):
        return outer + inner
    return f"{outer}.{inner}"


def in_words(names: Iterable[str]) -> str:
    """Return names of regions or quantities in words.

    Examples
    --------
    >>> in_words(["red_marrow", "kidney_left"])
    'red marrow, left kidney'
    """
    return ", ".join(SIDE.sub(r"\2 \1", name).replace("_", " ") for name in names)


def quote(value: object) -> str:
    """Return a user's text in quotation marks, shortened, with control characters escaped.

    Examples
    --------
    >>> quote("7,4 GBq"), quote(None)
    ("'7,4 GBq'", 'nothing')
    """
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else str(value)
    if len(text) > LONGEST_QUOTE:
        text = text[: LONGEST_QUOTE - 3] + "..."
    return ascii(text) if not text.isprintable() else f"'{text}'"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the nearest known word as the beginning of a cure; empty if none is near.

    Examples
    --------
    >>> nearest("kidney_lft", ["liver", "kidney_left"])
    'nearest: kidney_left'
    """
    matches = difflib.get_close_matches(word[:LONGEST_QUOTE], list(known), n=1, cutoff=0.5)
    return f"nearest: {matches[0]}" if matches else ""
