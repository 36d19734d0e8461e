"""Numbers and units of laboratory values, as laboratories print them."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from dosimetry.cell_counts import power_per_litre
from dosimetry.number_texts import parse_number
from dosimetry.problems import InputError, in_words, quote, refuse
from dosimetry.quantities import Amount, from_quantity
from dosimetry.reference import laboratory
from dosimetry.reference.laboratory import Analyte
from dosimetry.units import parse_quantity, split_quantity

UNIT_PROBLEMS = ("no-unit", "unknown-unit", "wrong-dimension")
BOUND = re.compile(r"\s*([<>≤≥]=?)\s*([^<>=]*)")  # a result beyond what the laboratory measures
WITHOUT_UNIT = ("1", "INR", "{INR}", "ratio")
SHARE = "a share in % is the prothrombin ratio (Quick), never converted to an INR or from it"


def in_possible_range(name: str, number: float, unit: str) -> bool:
    """Return whether an analyte can have a value, in a unit of its kind.

    Examples
    --------
    >>> [in_possible_range("haemoglobin", 128, unit) for unit in ("g/L", "g/dL")]
    [True, False]
    """
    analyte, value = laboratory.analyte(name), laboratory.to_canonical(name, number, unit)
    return analyte.lowest <= value <= analyte.highest or (analyte.may_be_zero and value == 0.0)


def possible_units(analyte: Analyte, number: float) -> list[str]:
    """Return the units in which a number is possible, each factor once."""
    by_factor = {
        laboratory.to_canonical(analyte.name, 1.0, unit): unit for unit in reversed(analyte.units)
    }
    return [
        unit
        for unit in reversed(by_factor.values())
        if in_possible_range(analyte.name, number, unit)
    ]


def _without_unit(analyte: Analyte, value: object, error: InputError) -> InputError:
    """Return the error with the units in which the number is possible, else all units."""
    try:
        number = parse_number(value) if isinstance(value, str) else float(str(value))
        units = possible_units(analyte, number)
    except (InputError, ValueError):
        number, units = math.nan, []
    cure = f"units of {analyte.name}: {', '.join(analyte.units)}"
    if analyte.unit == "1":
        cure = "write it without a unit, as in 1.1"
    elif units:
        cure = f"add the unit of the report, as in {' or '.join(f'{number:g} {u}' for u in units)}"
    return InputError(
        replace(problem, cure=cure) if problem.code in UNIT_PROBLEMS else problem
        for problem in error.problems
    )


def as_written(analyte: Analyte, value: object) -> tuple[float, str]:
    """Return number and unit; a unit equal to a listed one is spelled as that one."""
    if isinstance(value, Amount):
        value = f"{float(value.value)!r} {value.unit}"
    if isinstance(value, str):
        refuse_bound(value)
        number, unit = _of_text(analyte, value)
    else:
        number, unit = _of_quantity(analyte, value)
    if power_per_litre(unit) is not None and unit not in analyte.units:
        return laboratory.to_canonical(analyte.name, number, unit), analyte.unit
    return number, unit


def refuse_bound(text: str) -> None:
    """Refuse a result that is only known to be below or above a number.

    Raises
    ------
    InputError
        With what to write.

    Examples
    --------
    >>> refuse_bound("<0.2 mg/dL")
    Traceback (most recent call last):
    dosimetry.problems.InputError: '<0.2 mg/dL' is a bound, not a value
      write 0.2 mg/dL if the CTCAE grade is the same beyond it, else leave the value out
    """
    if bound := BOUND.fullmatch(text):
        raise refuse(
            "bound-not-value",
            f"{quote(text)} is a bound, not a value",
            f"write {bound[2].strip()} if the CTCAE grade is the same beyond it, else leave the "
            "value out",
        )


def _of_text(analyte: Analyte, text: str) -> tuple[float, str]:
    parts = split_quantity(text)
    try:
        if parts is None or not (parts[1] or analyte.unit == "1"):
            parse_quantity(text, analyte.unit)  # refuses it
    except InputError as error:
        raise _without_unit(analyte, text, error) from None
    assert parts is not None
    number, unit = float(parts[0]), read_unit(analyte, parts[1])
    if not math.isfinite(number):
        raise refuse("not-finite", f"{quote(text)} is not finite", "give a finite number")
    return number, unit


def _of_quantity(analyte: Analyte, value: object) -> tuple[float, str]:
    """Return the number of a pint quantity in the analyte's unit of mass or of amount."""
    if getattr(value, "dimensionless", False):
        read_unit(analyte, "%" if "percent" in f"{getattr(value, 'units', '')}" else "1")
    refused: InputError | None = None
    for unit in filter(None, (analyte.unit, analyte.amount_unit)):
        try:
            number = float(from_quantity(value, unit.removeprefix("1e9")))
            return number * (1e-9 if unit.startswith("1e9") else 1.0), unit
        except InputError as error:
            refused = refused or error
    assert refused is not None  # every analyte has a unit
    raise _without_unit(analyte, value, refused)


def read_unit(analyte: Analyte, text: str) -> str:
    """Return the unit of an analyte's values, in the spelling of the table where it has one.

    Raises
    ------
    InputError
        No unit of the analyte.

    Examples
    --------
    >>> platelets, creatinine = (laboratory.analyte(name) for name in ("PLT", "SCr"))
    >>> read_unit(platelets, "K/uL"), read_unit(platelets, "/mm3"), read_unit(creatinine, "MG/DL")
    ('1e9/L', '/uL', 'mg/dL')
    """
    if analyte.unit == "1" and text in ("", *WITHOUT_UNIT):
        return "1"
    unit = text.strip()
    if (analyte.unit, unit) in (("1", "%"), *(("%", other) for other in WITHOUT_UNIT)):
        raise refuse(
            "wrong-dimension",
            f"{quote(unit)} is not a unit of {in_words([analyte.name])}",
            f"{SHARE}: write prothrombin_ratio: 90 %, or INR: 1.1",
        )
    if power_per_litre(unit) is None:
        capitals = (known for known in analyte.units if known.upper() == unit)
        unit = next(capitals, unit)
    try:
        factor = laboratory.to_canonical(analyte.name, 1.0, unit)
    except InputError as error:
        raise _without_unit(analyte, text, error) from None
    same = (u for u in analyte.units if laboratory.to_canonical(analyte.name, 1.0, u) == factor)
    return next(same, unit)
