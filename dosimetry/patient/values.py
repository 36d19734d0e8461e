"""Field types of the patient file: quantities, dates and numbers, each read strictly.

Text is read with its unit, and pint quantities of any registry are accepted. A bare number where a
unit is needed is refused.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic_core import core_schema

from dosimetry.number_texts import parse_number
from dosimetry.patient import date_readings
from dosimetry.problems import InputError, nearest, quote, refuse
from dosimetry.quantities import Amount, Estimate, from_quantity
from dosimetry.suggestions import meant
from dosimetry.units import HUNDRED_PERCENT, example_of, parse_quantity, split_quantity

Moment: TypeAlias = dt.date | dt.datetime

SMALLEST_SD, LARGEST_SD = 1e-6, 10.0  # relative
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?")
DATE_CURE = "write YYYY-MM-DD, or with time and zone as in 2026-01-12T09:30:00+01:00"


# Outside of these ranges, a unit or an exponent is wrong.
RANGES = {
    "MBq": (0.001, 1e6),
    "h": (0.001, 1e5),
    "g": (0.001, 5e5),
    "Gy": (1e-9, 1e4),
    "Gy/GBq": (1e-9, 1e4),
    "year": (0.0, 120.0),
}
YEARS = 1900, 2199


@dataclass(frozen=True, eq=False)
class Read:
    """Marks a field's type: a function that reads the value, and the JSON schema of its input.

    Parameters
    ----------
    reader : callable
        Takes the value in the file, returns the field's value or raises :class:`InputError`.
    schema : dict
        JSON schema.
    with_folder : bool
        The reader also takes the folder that file names are relative to.
    after : str
        Field of the same section, read before, whose value the reader also takes; None where that
        field is wrong.
    """

    reader: Callable[..., Any]
    schema: dict[str, Any]
    with_folder: bool = False
    after: str = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        if self.with_folder:
            return core_schema.with_info_plain_validator_function(self._in_context)
        return core_schema.no_info_plain_validator_function(self.reader)

    def _in_context(self, value: Any, info: core_schema.ValidationInfo) -> Any:
        folder = (info.context or {}).get("folder", Path())
        more = (info.data.get(self.after),) if self.after else ()
        return self.reader(value, folder, *more)

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return self.schema


def read_amount(
    value: object, unit: str, low: float = 0.0, high: float | None = None, *, zero: bool = False
) -> Amount:
    """Read a quantity above ``low`` (and up to ``high``), or ``zero``, in a canonical unit."""
    if isinstance(value, Amount):
        number = value.to(unit).value
    elif isinstance(value, str):
        number = parse_quantity(value, unit)
    else:
        number = float(from_quantity(value, unit))
    if zero and number == 0:
        return Amount(0.0, unit)
    if not low < number < float("inf"):
        raise refuse(
            "not-positive",
            f"{quote(value)} is not {'positive' if low == 0 else f'above {low:g} {unit}'}",
            f"give {low:g} {unit} or more" if zero else f"give a value above {low:g} {unit}",
        )
    least, most = RANGES.get(unit, (0.0, float("inf")))
    most = most if high is None else high
    if not least <= number <= most:
        other = _other_case(value, unit, least, most)
        raise refuse(
            "out-of-range",
            f"{quote(value)} is outside {least:g} to {most:g} {unit}",
            f"did you mean {other}?" if other else "check the number and its unit",
        )
    return Amount(number, unit)


def _other_case(value: object, unit: str, least: float, most: float) -> str:
    """Return an activity with mega in place of milli, or the reverse, where that is in range."""
    parts = split_quantity(value) if isinstance(value, str) else None
    if parts is None or parts[1] not in ("mBq", "MBq", "mCi", "MCi"):
        return ""
    other = f"{parts[0]} {parts[1][0].swapcase()}{parts[1][1:]}"
    return other if least <= parse_quantity(other, unit) <= most else ""


def amount(unit: str, low: float = 0.0, high: float | None = None, *, zero: bool = False) -> Read:
    """Mark an :class:`Amount` field that is kept in ``unit``."""
    return Read(
        lambda value: read_amount(value, unit, low, high, zero=zero),
        _text_schema(f"a quantity, as in '{example_of(unit)}'"),
    )


def read_estimate(value: object, unit: str) -> Estimate:
    """Read a quantity, or ``{value, sd}`` with an sd in the same dimension or in percent."""
    if isinstance(value, Estimate):
        return _checked(value.to(unit))
    if not isinstance(value, dict):
        return Estimate(read_amount(value, unit).value, None, unit)
    unknown = [str(key) for key in value if key not in ("value", "sd")]
    if unknown:
        raise refuse(
            "unknown-key",
            f"key {quote(unknown[0])} is not known",
            "known: value, sd",
            unknown[0],
        )
    if "value" not in value:
        raise refuse("missing", "'value' is missing", f"add value: {example_of(unit)}")
    try:
        number = read_amount(value["value"], unit).value
    except InputError as error:
        raise error.at("value") from None
    if value.get("sd") is None:
        return Estimate(number, None, unit)
    try:
        return _checked(Estimate(number, _read_sd(value["sd"], number, unit), unit))
    except InputError as error:
        raise error.at("sd") from None


def _checked(value: Estimate) -> Estimate:
    """Return an estimate; refuse an impossible value or sd."""
    number = read_amount(f"{value.value!r} {value.unit}", value.unit).value
    if value.sd is not None and not SMALLEST_SD <= value.sd / number <= LARGEST_SD:
        raise refuse(
            "out-of-range",
            f"an sd of {value.sd:.3g} is out of proportion to the value, {number:.4g}",
            "check the sd and its unit",
        )
    return value


def _read_sd(value: object, number: float, unit: str) -> float:
    try:
        return read_amount(value, unit).value
    except InputError as absolute:
        if absolute.problems[0].code != "wrong-dimension":
            raise
        try:
            return read_amount(value, "%", high=100.0).value / HUNDRED_PERCENT * number
        except InputError as relative:
            raise (
                absolute if relative.problems[0].code == "wrong-dimension" else relative
            ) from None


def estimate(unit: str) -> Read:
    """Mark an :class:`Estimate` field, of value and sd, that is kept in ``unit``."""
    text = _text_schema(f"a quantity, as in '{example_of(unit)}'")
    table = {
        "type": "object",
        "properties": {"value": text, "sd": _text_schema("in the same dimension or in %")},
        "required": ["value"],
        "additionalProperties": False,
    }
    return Read(lambda value: read_estimate(value, unit), {"anyOf": [text, table]})


def _text_schema(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def read_moment(value: object) -> Moment:
    """Read a date or an RFC 3339 date-time; a date gets no time."""
    moment = _moment(value)
    if not YEARS[0] <= moment.year <= YEARS[1]:
        raise refuse(
            "date-out-of-range",
            f"{quote(value)} is outside the years {YEARS[0]} to {YEARS[1]}",
            "check the year",
        )
    return moment


def _moment(value: object) -> Moment:
    if isinstance(value, dt.date) and f"{value}" != "NaT":  # NaT of pandas is an instance too
        return value
    if isinstance(value, str):
        try:
            if DATE.fullmatch(value):
                return dt.date.fromisoformat(value)
            if DATE_TIME.fullmatch(value):
                return dt.datetime.fromisoformat(value)
        except ValueError as error:
            raise refuse(
                "not-a-date", f"{quote(value)} is not a date ({error})", DATE_CURE
            ) from None
    other = date_readings.cure(value) if isinstance(value, str) else ""
    raise refuse("not-a-date", f"{quote(value)} is not a date", other or DATE_CURE)


def read_date(value: object) -> dt.date:
    """Read a date without a time."""
    moment = read_moment(value)
    if isinstance(moment, dt.datetime):
        raise refuse("not-a-date", f"{quote(value)} has a time", "write a date, YYYY-MM-DD")
    return moment


def read_fraction(value: object, low: float, high: float) -> float:
    """Read a pure number (or percentage) between two bounds."""
    if isinstance(value, bool):
        raise refuse(
            "not-a-number", f"{quote(value)} is not a number", "write a number, as in 0.41"
        )
    number = (
        parse_quantity(value, "1") if isinstance(value, str) else float(from_quantity(value, "1"))
    )
    if not low <= number <= high:
        raise refuse(
            "out-of-range",
            f"{quote(value)} is outside {low:g} to {high:g}",
            "write a fraction, as in 0.41",
        )
    return number


def read_count(value: object, high: int) -> int:
    """Read a whole number from 1 to ``high``."""
    number = parse_number(value) if isinstance(value, str) else value
    if (
        isinstance(number, bool)
        or not isinstance(number, int | float)
        or number != int(number)
        or not 1 <= number <= high
    ):
        raise refuse(
            "not-a-count",
            f"{quote(value)} is not a whole number from 1 to {high}",
            "write a number, as in 4",
        )
    return int(number)


def read_choice(value: object, known: tuple[str, ...]) -> str:
    """Read one of the known words."""
    if isinstance(value, str) and value in known:
        return value
    near = meant(value, known) if isinstance(value, str) else ""
    raise refuse(
        "unknown-word",
        f"{quote(value)} is not one of {', '.join(known)}",
        near or f"write one of {', '.join(known)}",
    )


def read_text(value: object) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise refuse(
            "not-a-text", f"{quote(value)} is not a text", "write a text, in JSON with quotes"
        )
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in value):
        raise refuse(
            "control-character", f"{quote(value)} has a control character", "write plain text"
        )
    return value


def choice(*known: str) -> Read:
    """Mark a field that takes one of the known words."""
    return Read(lambda value: read_choice(value, known), {"type": "string", "enum": list(known)})


def fraction(low: float, high: float) -> Read:
    """Mark a field that takes a pure number between two bounds."""
    number = {"type": "number", "minimum": low, "maximum": high}
    text = _text_schema("the same as text, or a percentage")
    return Read(lambda value: read_fraction(value, low, high), {"anyOf": [number, text]})


def count(high: int) -> Read:
    """Mark a field that takes a whole number from 1 to ``high``."""
    number = {"type": "integer", "minimum": 1, "maximum": high}
    return Read(lambda value: read_count(value, high), {"anyOf": [number, _text_schema("as in 4")]})


Text = Annotated[str, Read(read_text, {"type": "string", "minLength": 1})]
Date = Annotated[dt.date, Read(read_date, {"type": "string", "format": "date"})]
DateOrTime = Annotated[
    Moment,
    Read(
        read_moment,
        {"type": "string", "description": "YYYY-MM-DD, or a date-time of RFC 3339"},
    ),
]


CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def read_zone(value: object) -> str:
    """Return a time zone of the IANA database."""
    name = read_text(value)
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise refuse(
            "unknown-time-zone",
            f"{quote(name)} is not a time zone",
            nearest(name, sorted(zoneinfo.available_timezones())) or "as in Europe/Berlin",
        ) from None
    return name


def read_clock(value: object) -> dt.time:
    """Return a time of day."""
    if isinstance(value, dt.time):
        return value
    text = read_text(value)
    if not CLOCK.fullmatch(text):
        raise refuse(
            "not-a-time", f"{quote(text)} is not a time of day", "write HH:MM, as in 09:30"
        )
    return dt.time.fromisoformat(text)
