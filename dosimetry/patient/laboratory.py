"""Laboratory values of the patient file, read strictly, each in its own unit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dosimetry.patient.values import Moment, Read, read_moment
from dosimetry.problems import InputError, Problem, in_words, quote, refuse
from dosimetry.quantities import Amount, from_quantity
from dosimetry.reference import laboratory
from dosimetry.reference.laboratory import Analyte, Range
from dosimetry.units import parse_number, parse_quantity, unit_of

UNIT_PROBLEMS = ("no-unit", "unknown-unit", "wrong-dimension")


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
    """

    analyte: str
    value: float
    written: Amount

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
    """

    at: Moment
    values: Mapping[str, LabValue]


def amount_in_words(amount: Amount) -> str:
    """Return an amount as text, to four digits.

    Examples
    --------
    >>> amount_in_words(Amount(62.0, "1e9/L")), amount_in_words(Amount(62500.0, "/uL"))
    ('62 1e9/L', '62500 /uL')
    """
    number = f"{amount.value:.0f}" if abs(amount.value) >= 1e4 else f"{amount.value:.4g}"
    return f"{number} {amount.unit}"


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
    number, unit = _as_written(analyte, value)
    canonical = laboratory.to_canonical(name, number, unit)
    if not in_possible_range(name, number, unit):
        meant = _meant(analyte, number)
        raise refuse(
            "impossible-value",
            f"{number:g} {unit} is impossible for {in_words([name])} "
            f"(outside {analyte.lowest:g} to {analyte.highest:g} {analyte.unit})",
            f"did you mean {' or '.join(meant)}?" if meant else "check the number and its unit",
        )
    return LabValue(name, canonical, Amount(number, unit))


def in_possible_range(name: str, number: float, unit: str) -> bool:
    """Return whether an analyte can have a value, in a unit of its kind.

    Examples
    --------
    >>> [in_possible_range("haemoglobin", 128, unit) for unit in ("g/L", "g/dL")]
    [True, False]
    """
    analyte, value = laboratory.analyte(name), laboratory.to_canonical(name, number, unit)
    return analyte.lowest <= value <= analyte.highest or (analyte.may_be_zero and value == 0.0)


def _meant(analyte: Analyte, number: float) -> list[str]:
    return [unit for unit in analyte.units if in_possible_range(analyte.name, number, unit)]


def _without_unit(analyte: Analyte, value: object, error: InputError) -> InputError:
    """Return the error with the units in which the number is possible, else all units."""
    try:
        number = parse_number(value) if isinstance(value, str) else float(str(value))
        units = _meant(analyte, number)
    except (InputError, ValueError):
        number, units = math.nan, []
    cure = f"units of {analyte.name}: {', '.join(analyte.units)}"
    if units:
        cure = f"add the unit of the report, as in {' or '.join(f'{number:g} {u}' for u in units)}"
    return InputError(
        replace(problem, cure=cure) if problem.code in UNIT_PROBLEMS else problem
        for problem in error.problems
    )


def _as_written(analyte: Analyte, value: object) -> tuple[float, str]:
    """Return number and unit as written; the unit may be of mass or of amount of substance."""
    if isinstance(value, Amount):
        value = f"{float(value.value)!r} {value.unit}"
    refused: InputError | None = None
    for unit in filter(None, (analyte.unit, analyte.amount_unit)):
        try:
            if isinstance(value, str):
                number = parse_quantity(value, unit)
                written = unit_of(value) or unit
            elif unit.startswith("1e9/") and hasattr(value, "unit_items"):
                number, written = float(from_quantity(value, unit[3:])) / 1e9, unit
            else:
                number, written = float(from_quantity(value, unit)), unit
        except InputError as error:
            refused = refused or error
            continue
        return number / parse_quantity(f"1 {written}", unit), written
    assert refused is not None  # every analyte has a unit
    raise _without_unit(analyte, value, refused)


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
    at: Moment | None = None
    if "at" not in entries:
        problems.append(Problem("missing", "is missing", "add the date of the sample", "at"))
    for key, entry in entries.items():
        try:
            if key == "at":
                at = read_moment(entry)
            elif entry is not None and not _is_gap(entry):
                values[key] = read_lab(key, entry)
        except InputError as error:
            problems += error.at(key).problems
    if problems or at is None:
        raise InputError(problems)
    return LabDraw(at, values)


def _is_gap(entry: object) -> bool:
    """Return whether an entry is NaN, which marks a gap in a data frame."""
    return isinstance(entry, float) and math.isnan(entry)


def read_ranges(value: object) -> dict[str, Range]:
    """Read the laboratory's own reference ranges."""
    ranges: dict[str, Range] = {}
    problems: list[Problem] = []
    for name, entry in _read_mapping(value, "analyte: {lower: ..., upper: ...}").items():
        try:
            ranges[name] = entry if isinstance(entry, Range) else _read_range(name, entry)
        except InputError as error:
            problems += error.at(name).problems
    if problems:
        raise InputError(problems)
    return ranges


def _read_range(name: str, value: object) -> Range:
    laboratory.analyte(name)
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
    return {"type": "string", "description": f"a quantity in {unit} or another unit of its kind"}


def _range(analyte: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"lower": _amount(analyte), "upper": _amount(analyte)},
        "additionalProperties": False,
    }


def _by_analyte(schema_of: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: schema_of(name) for name in laboratory.analytes()},
    }


def draw_field() -> Read:
    """Mark a field that holds the laboratory values of one date."""
    schema = _by_analyte(_amount)
    schema["properties"] = {
        "at": {"type": "string", "description": "YYYY-MM-DD, or a date-time of RFC 3339"},
        **schema["properties"],
    }
    return Read(read_draw, {**schema, "required": ["at"], "additionalProperties": False})


def ranges_field() -> Read:
    """Mark a field that holds reference ranges."""
    return Read(read_ranges, {**_by_analyte(_range), "additionalProperties": False})
