"""Laboratory values of the patient file, read strictly, each in its own unit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dosimetry.patient.lab_units import SHARE, as_written, in_possible_range, possible_units
from dosimetry.patient.values import Moment, Read, read_moment
from dosimetry.problems import InputError, Problem, in_words, quote, refuse
from dosimetry.quantities import Amount
from dosimetry.reference import laboratory
from dosimetry.reference.laboratory import Analyte, Range


@dataclass(frozen=True)
class LabValue:
    """One laboratory value.

    Attributes
    ----------
    analyte : str
    value : float
        In the analyte's canonical unit.
    written : Amount
        In the unit of the patient file.
    place : str
        Line and column of a table; empty elsewhere.
    """

    analyte: str
    value: float
    written: Amount
    place: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return f"{in_words([self.analyte])} {amount_in_words(self.written)}"


@dataclass(frozen=True)
class LabDraw:
    """The laboratory values of one sample.

    Attributes
    ----------
    at : date or date-time
    values : mapping of str to LabValue
        By analyte.
    file, sha256 : str
        Name and hash of the table that it was read from; empty without one.
    place : str
        Line and column of the date in that table.
    """

    at: Moment
    values: Mapping[str, LabValue]
    file: str = field(default="", compare=False, repr=False)
    sha256: str = field(default="", compare=False, repr=False)
    place: str = field(default="", compare=False, repr=False)

    def place_of(self, number: int, name: str) -> str:
        """Return the place of a value, or of the date, of an entry of the patient file."""
        held = self.place if name == "at" else self.values[name].place
        return held or f"labs[{number}].{name}"


def amount_in_words(amount: Amount) -> str:
    """Return an amount as text, to four digits.

    Examples
    --------
    >>> amount_in_words(Amount(62.0, "1e9/L")), amount_in_words(Amount(62500.0, "/uL"))
    ('62 1e9/L', '62500 /uL')
    """
    number = f"{amount.value:.0f}" if abs(amount.value) >= 1e4 else f"{amount.value:.4g}"
    return number if amount.unit == "1" else f"{number} {amount.unit}"


def read_lab(name: str, value: object) -> LabValue:
    """Read a laboratory value in any unit of its kind.

    Raises
    ------
    InputError
        Unknown analyte, no quantity, a wrong dimension, or an impossible value; then with the unit
        that was probably meant.

    Examples
    --------
    >>> read_lab("haemoglobin", "128 g/L").value
    12.8
    >>> read_lab("haemoglobin", "128 g/dL")
    Traceback (most recent call last):
    dosimetry.problems.InputError: 128 g/dL is impossible for haemoglobin (outside 2 to 25 g/dL)
      did you mean g/L?
    """
    analyte = laboratory.analyte(name)
    number, unit = as_written(analyte, value)
    if not in_possible_range(analyte.name, number, unit):
        raise _impossible(analyte, number, unit)
    canonical = laboratory.to_canonical(analyte.name, number, unit)
    return LabValue(analyte.name, canonical, Amount(number, unit))


def _impossible(analyte: Analyte, number: float, unit: str) -> InputError:
    """Return the error for an impossible value, with the unit that was probably meant."""
    meant = possible_units(analyte, number)
    cure = f"did you mean {' or '.join(meant)}?" if meant else "check the number and its unit"
    given, bound = (
        f"{value:g} {of}".removesuffix(" 1")
        for value, of in ((number, unit), (analyte.highest, analyte.unit))
    )
    return refuse(
        "impossible-value",
        f"{given} is impossible for {in_words([analyte.name])} "
        f"(outside {analyte.lowest:g} to {bound})",
        f"{cure} ({SHARE})" if analyte.unit == "1" else cure,
    )


def _read_mapping(value: object, what: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return {str(key): entry for key, entry in value.items()}
    raise refuse("wrong-type", f"{quote(value)} is not a mapping", f"write {what}")


def read_draw(value: object) -> LabDraw:
    """Read the laboratory values of one date; collect the problems of all values."""
    if isinstance(value, LabDraw):
        return value
    entries = _read_mapping(value, "at: DATE, and analyte: value below it")
    problems: list[Problem] = []
    values: dict[str, LabValue] = {}
    names: dict[str, str] = {}
    at: Moment | None = None
    if "at" not in entries:
        problems.append(Problem("missing", "is missing", "add the date of the sample", "at"))
    for key, entry in entries.items():
        try:
            if key == "at":
                at = read_moment(entry)
            elif entry is not None and not _is_gap(entry):
                name = _once(key, names)
                values[name] = read_lab(name, entry)
        except InputError as error:
            problems += error.at(key).problems
    if problems or at is None:
        raise InputError(problems)
    return LabDraw(at, values)


def _once(key: str, names: dict[str, str]) -> str:
    """Return the analyte of a key, and note the key; refuse a second spelling of the analyte."""
    name = laboratory.analyte(key).name
    if name in names:
        raise refuse(
            "analyte-twice",
            f"{quote(names[name])} and {quote(key)} are both {in_words([name])}",
            "keep one of the two",
        )
    names[name] = key
    return name


def _is_gap(entry: object) -> bool:
    """Return whether an entry is NaN, which marks a gap in a data frame."""
    return isinstance(entry, float) and math.isnan(entry)


def read_ranges(value: object) -> dict[str, Range]:
    """Read the laboratory's own reference ranges."""
    ranges: dict[str, Range] = {}
    names: dict[str, str] = {}
    problems: list[Problem] = []
    for key, entry in _read_mapping(value, "analyte: {lower: ..., upper: ...}").items():
        try:
            name = _once(key, names)
            ranges[name] = entry if isinstance(entry, Range) else _read_range(name, entry)
        except InputError as error:
            problems += error.at(key).problems
    if problems:
        raise InputError(problems)
    return ranges


def _read_range(name: str, value: object) -> Range:
    ends: dict[str, float] = {}
    for key, entry in _read_mapping(value, "{lower: ..., upper: ...}").items():
        if key not in ("lower", "upper"):
            raise refuse(
                "unknown-key", f"key {quote(key)} is not known", "known: lower, upper", key
            )
        try:
            ends[key] = read_lab(name, entry).value
        except InputError as error:
            raise error.at(key) from None
    if not ends:
        raise refuse(
            "missing",
            "neither the lower nor the upper limit is given",
            "write {lower: ..., upper: ...}",
        )
    lower, upper = ends.get("lower"), ends.get("upper")
    if lower is not None and upper is not None and lower >= upper:
        raise refuse(
            "range-reversed", "the lower limit is not below the upper one", "check both limits"
        )
    return Range(lower, upper, "reference_ranges of the patient file")


def _amount(analyte: str) -> dict[str, Any]:
    unit = laboratory.analyte(analyte).unit
    if unit == "1":
        number = {"type": "number", "description": "a number without a unit"}
        return {"anyOf": [number, {"type": "string", "description": "the same as text"}]}
    return {"type": "string", "description": f"a quantity in {unit} or another unit of its kind"}


def _range(analyte: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"lower": _amount(analyte), "upper": _amount(analyte)},
        "additionalProperties": False,
    }


def _by_analyte(schema_of: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Return the schema of a mapping by analyte; aliases of any case are additional keys."""
    by_name = {name: schema_of(name) for name in laboratory.analytes()}
    kinds = {repr(schema): schema for schema in by_name.values()}
    return {
        "type": "object",
        "properties": by_name,
        "additionalProperties": {"anyOf": list(kinds.values())},
    }


def draw_schema() -> dict[str, Any]:
    """Return the JSON schema of the laboratory values of one date."""
    schema = _by_analyte(_amount)
    at = {"type": "string", "description": "YYYY-MM-DD, or a date-time of RFC 3339"}
    return {**schema, "properties": {"at": at, **schema["properties"]}, "required": ["at"]}


def ranges_field() -> Read:
    """Mark a field that holds reference ranges."""
    return Read(read_ranges, _by_analyte(_range))
