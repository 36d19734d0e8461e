"""Values of cells: numbers, dates, times of day, durations, each only if it has one reading.

A cell of a workbook has a type, so its number or date has one reading. A text has several:
``1.234``, ``01/02/2026``. The map says which holds (``numbers``, ``dates``).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from dosimetry.intake.decide import Answer, Question
from dosimetry.intake.names import no_value, word_in
from dosimetry.intake.sheet import Cell, Kind, Sheet
from dosimetry.intake.unit_texts import Unit, units_of
from dosimetry.number_texts import readings
from dosimetry.problems import Problem, quote
from dosimetry.units import SECONDS_PER_HOUR

COMMA, POINT = "decimal-comma", "decimal-point"
DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
NUMBER = re.compile(
    r"[+-]?(?:[0-9][0-9.,' \u2019\u00a0\u2009\u202f]*)?[0-9](?:[eE][+-]?[0-9]{1,2})?"
)
WITH_UNIT = re.compile(rf"({NUMBER.pattern})\s*([^\W\d_%].*|%.*|/.*)?", re.DOTALL)
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{4})[./](\d{1,2})[./](\d{1,2})")
NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})")
DAY_NAMED = re.compile(r"(\d{1,2})\.?[ -]?([^\W\d_]{3,})\.?[ ,-]*(\d{4})")
MONTH_NAMED = re.compile(r"([^\W\d_]{3,})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
TIME = re.compile(
    r"(\d{1,2})(?:[:h](\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(am|pm|uhr)?(z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
QUOTED = re.compile(r'"([^"]*)"|\\(.)')
SCALED = re.compile(r"[0#?],+(?![0#?])")  # a comma behind the digits shows thousands
LONGEST_VALUE = 60  # characters of a number or date; numbers beyond are damage
FIRST_YEAR = 1950  # an earlier one is a duration or a damaged cell


class UnclearError(Exception):
    """A cell with several readings, or none; carries the question or the problem."""

    def __init__(self, question: Question) -> None:
        self.question = question
        super().__init__(question.problem.message)


@dataclass(frozen=True)
class Style:
    """How texts are written, as the map says; None where it does not.

    Attributes
    ----------
    numbers : str or None
        ``decimal-comma`` or ``decimal-point``.
    dates : str or None
        ``day-first`` or ``month-first``.
    """

    numbers: str | None = None
    dates: str | None = None


@dataclass(frozen=True)
class Number:
    """A number as it is written out again, and the unit that the cell itself has.

    Attributes
    ----------
    text : str
        With a decimal point.
    unit : Unit or None
    """

    text: str
    unit: Unit | None = None

    @property
    def value(self) -> float:
        """The number."""
        return float(self.text)


def unclear(problem: Problem, *answers: Answer) -> UnclearError:
    """Return the exception of a cell."""
    return UnclearError(Question(problem, answers))


def empty(cell: Cell | None) -> bool:
    """Return whether a cell has no value, or says so."""
    return cell is None or (cell.kind is Kind.TEXT and (not cell.text or no_value(cell.text)))


def looks_like_value(cell: Cell | None) -> bool:
    """Return whether a cell is a number, a date, a time, or a text of one."""
    if cell is None:
        return False
    if cell.kind is not Kind.TEXT:
        return True
    if len(cell.text) > LONGEST_VALUE:
        return False
    match = WITH_UNIT.fullmatch(cell.text)
    with_unit = match is not None and (not match[2] or bool(units_of(match[2])))
    return (
        with_unit
        or any(pattern.match(cell.text) for pattern in (ISO, NUMERIC, DAY_NAMED, MONTH_NAMED))
        or (TIME.fullmatch(cell.text) is not None)
    )


def decimal_of(sheet: Sheet) -> str:
    """Return the decimal sign that the numbers in a sheet's texts certainly have, or nothing."""
    if sheet.decimal:
        return sheet.decimal
    signs = set()
    for cell in sheet.cells.values():
        number = WITH_UNIT.fullmatch(cell.text) if len(cell.text) <= LONGEST_VALUE else None
        found = readings(number[1]) if number and re.search("[.,]", number[1]) else ()
        if number and len(found) == 1 and "." in found[0]:
            signs.add(number[1][-len(found[0].partition(".")[2]) - 1])
    return signs.pop() if len(signs) == 1 else ""


class Reader:
    """Reads the cells of one sheet.

    Parameters
    ----------
    sheet : Sheet
    style : Style
    """

    def __init__(self, sheet: Sheet, style: Style) -> None:
        self.sheet, self.style = sheet, style
        self.decimal = {COMMA: ",", POINT: "."}.get(style.numbers or "", "")
        self.evident = self.decimal or decimal_of(sheet)

    def number(self, cell: Cell, place: str) -> Number:
        """Return the number in a cell.

        Raises
        ------
        UnclearError
            It has two readings, or is none.
        """
        if cell.kind is Kind.NUMBER:
            return self._stored(cell, place)
        if cell.kind is not Kind.TEXT or len(cell.text) > LONGEST_VALUE:
            raise unclear(not_readable(cell, place, "a number"))
        match = WITH_UNIT.fullmatch(cell.text)
        if match is None:
            raise unclear(not_readable(cell, place, "a number"))
        units = units_of(match[2]) if match[2] else ()
        if match[2] and len(units) != 1:
            raise unclear(
                Problem(
                    "not-a-number",
                    f"{quote(cell.text)} is not a number with a unit",
                    "write a number, and its unit in the header",
                    place,
                )
            )
        return Number(self._written(match[1], cell, place), units[0] if units else None)

    def _stored(self, cell: Cell, place: str) -> Number:
        """Return a number of a workbook, in percent if it is shown so."""
        positive = cell.shown.split(";")[0]
        literal = "".join(found[1] or found[2] or "" for found in QUOTED.finditer(positive))
        plain = QUOTED.sub("", re.sub(r"\[[^\]]*\]", "", positive))
        if SCALED.search(plain):
            raise unclear(
                Problem(
                    "ambiguous-number",
                    f"the cell holds {cell.value!r} and shows it in thousands: it can be either",
                    "show the cell as a plain number, and check it against its unit",
                    place,
                )
            )
        exact = Decimal(repr(cell.value))
        if not -LONGEST_VALUE < exact.adjusted() < LONGEST_VALUE:
            raise unclear(not_readable(cell, place, "a number of this table"))
        if "%" in plain:
            return Number(plain_text(exact * 100), Unit("%", "%"))
        units = units_of(literal) if literal.strip() else ()
        return Number(plain_text(exact), units[0] if len(units) == 1 else None)

    def _written(self, text: str, cell: Cell, place: str) -> str:
        """Return the one reading of a number in a text."""
        mantissa, exponent, power = (*re.split(r"([eE])", text, maxsplit=1), "", "")[:3]
        found = readings(mantissa)
        if len(found) > 1:
            whole, part = found
            sign = "," if "," in mantissa else "."
            if self.decimal:
                found = (part,) if sign == self.decimal else (whole,)
            elif sign == self.evident:
                found = (part,)
            else:
                raise unclear(
                    Problem(
                        "ambiguous-number",
                        f"{quote(cell.text)} can be {whole} or {part}",
                        place=place,
                    ),
                    Answer(part, ("numbers",), COMMA if sign == "," else POINT),
                    Answer(whole, ("numbers",), POINT if sign == "," else COMMA),
                )
        try:
            (number,) = found
            return plain_text(Decimal(f"{number}{exponent}{power}"))
        except (ValueError, InvalidOperation):
            raise unclear(not_readable(cell, place, "a number")) from None

    def moment(self, cell: Cell, place: str) -> dt.date | dt.datetime:
        """Return the date, or date and time, in a cell.

        Raises
        ------
        UnclearError
            Its text has two readings, or it is no date.
        """
        value = cell.value
        if cell.kind is Kind.MOMENT and isinstance(value, dt.date):
            found: dt.date | dt.datetime = value
        elif cell.kind is Kind.TEXT:
            found = self._moment_in(cell.text, place)
        else:
            raise unclear(not_readable(cell, place, "a date"))
        if found.year < FIRST_YEAR:
            raise unclear(
                Problem(
                    "date-out-of-range",
                    f"{found.isoformat()} is before {FIRST_YEAR}",
                    "check the date; format a duration as [h]:mm",
                    place,
                )
            )
        return found

    def _moment_in(self, text: str, place: str) -> dt.date | dt.datetime:
        problem = Problem("not-a-date", f"{quote(text)} is not a date", "write YYYY-MM-DD", place)
        for pattern, parts in ((ISO, self._iso), (NUMERIC, self._numeric), *NAMED):
            match = pattern.match(text)
            if match is None:
                continue
            rest = text[match.end() :].lstrip(" ,T")
            try:
                day = dt.date(*(parts(match, place)))
                return dt.datetime.combine(day, time_in(rest)) if rest else day
            except ValueError:
                break
        raise unclear(problem)

    def _iso(self, match: re.Match[str], place: str) -> tuple[int, int, int]:
        year, month, day = (int(part) for part in match.groups() if part is not None)
        return year, month, day

    def _numeric(self, match: re.Match[str], place: str) -> tuple[int, int, int]:
        """Return year, month and day of ``12.01.2026``, whose order the map may have to say."""
        first, _, second, year = match.groups()
        if len(year) == 2:
            raise unclear(
                Problem(
                    "ambiguous-date",
                    f"{quote(match[0])} can be the year 20{year} or the year 20{first}",
                    "write the year with four digits, or the date as YYYY-MM-DD",
                    place,
                )
            )
        day_first, month_first = (int(second), int(first)), (int(first), int(second))
        possible = [one for one in (day_first, month_first) if one[0] <= 12]
        order = {DAY_FIRST: day_first, MONTH_FIRST: month_first}.get(self.style.dates or "")
        if day_first == month_first:
            order = day_first
        if order is None and len(possible) == 2:
            texts = [
                f"{int(year)}-{month:02d}-{day:02d}" for month, day in (day_first, month_first)
            ]
            raise unclear(
                Problem(
                    "ambiguous-date", f"{quote(match[0])} can be {' or '.join(texts)}", "", place
                ),
                Answer(texts[0], ("dates",), DAY_FIRST),
                Answer(texts[1], ("dates",), MONTH_FIRST),
            )
        month, day = order or possible[0] if possible else (0, 0)
        return int(year), month, day

    def clock(self, cell: Cell, place: str) -> dt.time:
        """Return the time of day in a cell."""
        if cell.kind is Kind.CLOCK and isinstance(cell.value, dt.time):
            return cell.value
        if cell.kind is Kind.TEXT and (":" in cell.text or re.search("[a-z]", cell.text, re.I)):
            try:
                return time_in(cell.text)
            except ValueError:
                pass
        raise unclear(not_readable(cell, place, "a time of day"))

    def hours(self, cell: Cell, place: str) -> Number:
        """Return the time after injection in a cell, with its unit where the cell has one."""
        value = cell.value
        if cell.kind is Kind.DURATION and isinstance(value, dt.timedelta):
            return Number(digits(value.total_seconds() / SECONDS_PER_HOUR), Unit("h", "h"))
        if cell.kind is Kind.CLOCK and isinstance(value, dt.time):
            seconds = dt.timedelta(
                hours=value.hour, minutes=value.minute, seconds=value.second
            ).total_seconds()
            return Number(digits(seconds / SECONDS_PER_HOUR), Unit("h", "h"))
        return self.number(cell, place)


def _by_day(match: re.Match[str], place: str) -> tuple[int, int, int]:
    return int(match[3]), int(word_in(match[2], "month") or 0), int(match[1])


def _by_month(match: re.Match[str], place: str) -> tuple[int, int, int]:
    return int(match[3]), int(word_in(match[1], "month") or 0), int(match[2])


NAMED = ((DAY_NAMED, _by_day), (MONTH_NAMED, _by_month))


def time_in(text: str) -> dt.time:
    """Return the time of day in a text.

    Raises
    ------
    ValueError
        There is none.

    Examples
    --------
    >>> time_in("9:30"), time_in("9:30 PM"), time_in("09h30")
    (datetime.time(9, 30), datetime.time(21, 30), datetime.time(9, 30))
    """
    match = TIME.fullmatch(text.strip())
    if match is None or not (match[2] or match[4]):
        raise ValueError(text)
    hour, word = int(match[1]), (match[4] or "").lower()
    if word in ("am", "pm"):
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if word == "pm" else 0)
    zone = match[5]
    tzinfo = None
    if zone:
        tzinfo = dt.datetime.fromisoformat(f"2000-01-01T00:00:00{zone.upper()}").tzinfo
    return dt.time(hour, int(match[2] or 0), int(match[3] or 0), tzinfo=tzinfo)


def not_readable(cell: Cell, place: str, wanted: str) -> Problem:
    """Return the problem of a cell of another kind."""
    if cell.kind is Kind.UNCALCULATED:
        return Problem(
            "no-cached-value",
            "the formula has no stored value",
            "open the workbook in Excel or LibreOffice, and save it, so that values are stored",
            place,
        )
    if cell.kind is Kind.ERROR:
        return Problem(
            "error-in-cell",
            f"the cell shows the error {quote(cell.value)}",
            "correct its formula, or empty the cell",
            place,
        )
    shown = cell.text if cell.kind is Kind.TEXT else f"{cell.value}"
    return Problem(
        "wrong-kind-of-cell",
        f"{quote(shown)} ({cell.kind.value}) is not {wanted}",
        "correct the cell, or empty it if there is no value",
        place,
    )


def plain_text(number: Decimal) -> str:
    """Return a number without exponent and without zeros that say nothing.

    Examples
    --------
    >>> plain_text(Decimal("12.300")), plain_text(Decimal("1E+3"))
    ('12.3', '1000')
    """
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def digits(number: float) -> str:
    """Return a computed number with twelve significant digits.

    Examples
    --------
    >>> digits(100 / 3)
    '33.3333333333'
    """
    return f"{number:.12g}"
