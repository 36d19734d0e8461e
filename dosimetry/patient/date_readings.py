"""Dates in other notations than ISO: refused, with each possible reading in ISO form."""

from __future__ import annotations

import datetime as dt
import re

NUMBERS = r"(\d{1,4})\s*([./-])\s*(\d{1,2})\s*\2\s*(\d{1,4})"
CLOCK = r"(?:[T ,]+(\d{1,2}):(\d{2})(?::\d{2})?)?"
PARTS = re.compile(rf"\s*{NUMBERS}\s*{CLOCK}\s*", re.ASCII)
COMPACT = re.compile(r"\s*(\d{4})(\d{2})(\d{2})\s*", re.ASCII)


def readings(text: str) -> tuple[dt.date, ...]:
    """Return the dates that a text in another notation can mean; empty if it has none.

    A date with points has the day first; one with slashes or hyphens has the day or the month
    first.

    Examples
    --------
    >>> [f"{day}" for day in readings("01/02/2026")], [f"{day}" for day in readings("12.01.2026")]
    (['2026-02-01', '2026-01-02'], ['2026-01-12'])
    """
    if compact := COMPACT.fullmatch(text):
        return _valid([(compact[1], compact[2], compact[3])])
    parts = PARTS.fullmatch(text)
    if parts is None:
        return ()
    first, sign, second, third = parts.group(1, 2, 3, 4)
    if len(first) == 4:
        return _valid([(first, second, third)])
    if len(third) != 4:
        return ()
    month_first = [] if sign == "." else [(third, first, second)]
    return _valid([(third, second, first), *month_first])


def _valid(candidates: list[tuple[str, str, str]]) -> tuple[dt.date, ...]:
    """Return the candidates (year, month, day) that are dates, each once."""
    dates = []
    for candidate in candidates:
        try:
            dates.append(dt.date(*map(int, candidate)))
        except ValueError:
            continue
    return tuple(dict.fromkeys(dates))


def cure(text: str) -> str:
    """Return how to write a date in another notation; empty if that is not known.

    Examples
    --------
    >>> cure("01/02/2026")
    'write it as YYYY-MM-DD: 2026-02-01 (1 February 2026) or 2026-01-02 (2 January 2026)'
    >>> cure("12.01.2026 09:30").partition(", ")[0]
    'write it as YYYY-MM-DD: 2026-01-12T09:30 (12 January 2026)'
    """
    found = readings(text)
    parts = PARTS.fullmatch(text)
    timed = parts is not None and parts[5] is not None
    clock = f"T{int(parts[5]):02}:{parts[6]}" if parts is not None and timed else ""
    words = (f"{day.isoformat()}{clock} ({day.day} {day:%B %Y})" for day in found)
    zone = ", with its time zone if other times have one" if timed else ""
    return f"write it as YYYY-MM-DD: {' or '.join(words)}{zone}" if found else ""
