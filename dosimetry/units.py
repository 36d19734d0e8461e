"""Units: definitions, conversion of text to canonical units, refusal of other dimensions.

A pint registry of our own definitions parses text, never the host program's. Activity, absorbed
dose, equivalent dose, frequency and counts have dimensions of their own: ``1/h`` is not an activity
and ``Sv`` is not an absorbed dose.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dosimetry.cell_counts import (
    CELL_COUNT,
    count_factor,
    is_count,
    power_per_litre,
    refuse_giga_per_litre,
)
from dosimetry.number_texts import NUMBER_PATTERN, separated_cure
from dosimetry.problems import InputError, quote, refuse
from dosimetry.unit_spellings import refuse_feet, refuse_indexed, unknown_unit, with_powers

if TYPE_CHECKING:
    import pint

# Without the prefixes centi, deci and hecto ("ds": days or deciseconds?); cm, dm, dL and cGy are
# defined as units. "mins" is not a plural of milli-inches. Pound and inch are the international
# ones, exact (NIST SP 811, appendix B).
DEFINITIONS = """
pico- = 1e-12 = p-
nano- = 1e-9 = n-
micro- = 1e-6 = µ- = μ- = u-
milli- = 1e-3 = m-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
tera- = 1e12 = T-
second = [time] = s = sec
minute = 60 * second = min = mins
hour = 60 * minute = h = hr
day = 24 * hour = d
week = 7 * day = wk
year = 365.25 * day = a = yr = y
gram = [mass] = g
pound = 453.59237 * gram = lb
meter = [length] = m = metre
centimeter = 0.01 * meter = cm = centimetre
decimeter = 0.1 * meter = dm = decimetre
inch = 0.0254 * meter = in
liter = decimeter ** 3 = L = l = litre
deciliter = 0.1 * liter = dL = dl = decilitre
cubic_centimeter = 0.001 * liter = cc = ccm
mole = [substance] = mol
katal = mole / second = kat
enzyme_unit = 1e-6 * mole / minute = U = IU = UI
becquerel = [activity] = Bq
curie = 3.7e10 * becquerel = Ci
gray = [absorbed_dose] = Gy
centigray = 0.01 * gray = cGy
rads = 0.01 * gray
sievert = [equivalent_dose] = Sv
rem = 0.01 * sievert
hertz = [frequency] = Hz
count = [counts]
electron_volt = [energy] = eV
percent = 0.01
percent_of_administered = [administered_fraction]
uptake_value = [uptake_value] = SUV = SUVbw
"""
PINT_NAMES = {  # %ID, of the injected dose, is the older name of %IA
    "%IA": "percent_of_administered",
    "%ID": "percent_of_administered",
    "%": "percent",
    "rad": "rads",
}
LONGEST_UNIT = 40

# Conversion factors between units. Code uses these names instead of a bare 1000 or 100.
MBQ_PER_GBQ = 1000.0
KBQ_PER_MBQ = 1000.0
MBQ_PER_KBQ = 1.0 / KBQ_PER_MBQ
G_PER_KG = 1000.0
SECONDS_PER_HOUR = 3600.0
HOURS_PER_DAY = 24.0
HOURS_PER_WEEK = 168.0
HUNDRED_PERCENT = 100.0

_ATOM = r"(?:%IA|%ID|%|[cdmuµμ]?m[23²³](?![A-Za-zµμ_0-9^*])|[A-Za-zµμ_]+(?:(?:\^|\*\*)-?[1-4])?)"
_GROUP = rf"(?:{_ATOM}|\(\s*{_ATOM}(?:\s*[*·]\s*{_ATOM})*\s*\))"
_UNIT = rf"{_GROUP}(?:\s*[*·/]\s*{_GROUP})*"
QUANTITY = re.compile(rf"\s*({NUMBER_PATTERN})\s*(?:((?:1(?=/))?/?\s*{_UNIT})|(1))?\s*")
COUNTED = re.compile(rf"\s*({NUMBER_PATTERN})\s*(\S.*?)\s*")

DIMENSION_NAMES = {
    "h": "time",
    "g": "mass",
    "kg": "mass",
    "year": "time",
    "g/L": "mass concentration",
    "mg/dL": "mass concentration",
    "cm": "length",
    "mL": "volume",
    "MBq": "activity",
    "Gy": "absorbed dose",
    "MBq*h": "time-integrated activity",
    "Gy/GBq": "absorbed dose per activity",
    "Gy/(MBq*h)": "S value",
    "kBq/mL": "activity concentration",
    "%IA": "percentage of the administered activity",
    "%IA/g": "percentage of the administered activity per mass",
    "%IA/mL": "percentage of the administered activity per volume",
    "kBq/g": "activity per mass",
    "SUV": "standardised uptake value",
    "MeV": "energy",
    "mg": "mass of a drug",
    "1/h": "rate",
    "%": "percentage",
    "g/dL": "mass concentration",
    "mL/min": "clearance",
    "umol/L": "amount concentration",
    "U/L": "catalytic activity concentration",
    "1e9/L": "cell count per volume",
    "1": "pure number",
}


@functools.cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(None, case_sensitive=True)
    registry.load_definitions(DEFINITIONS.strip().splitlines())
    return registry


def pint_text(unit: str) -> str:
    """Return a unit text for pint, with the names used here for percentages and the rad."""
    text = with_powers(unit)
    text = re.sub(r"%IA|%ID|%|\brad\b", lambda match: PINT_NAMES[match.group()], text)
    text = text.replace("·", "*").replace("^", "**").strip()
    return f"1{text}" if text.startswith("/") else text


def _real(power: Any) -> float:
    return float(power)


@functools.cache
def _atom(name: str) -> tuple[float, tuple[tuple[str, float], ...]]:
    """Return factor to base units and dimensions of one unit name."""
    registry = _registry()
    base = registry.Quantity(1.0, name).to_base_units()
    return float(base.magnitude), tuple(
        sorted((name, _real(power)) for name, power in base.dimensionality.items())
    )


def measure(items: Iterable[tuple[str, float]]) -> tuple[float, dict[str, float]]:
    """Return factor to base units and tagged dimensions of a product of unit names and powers.

    Raises
    ------
    pint.errors.UndefinedUnitError
        A name that is not defined here.
    """
    factor = 1.0
    dimensions: dict[str, float] = {}
    for name, power in items:
        scale, powers = _atom(name)
        factor *= scale**power
        for dimension, exponent in powers:
            dimensions[dimension] = dimensions.get(dimension, 0.0) + exponent * power
    return factor, {name: power for name, power in dimensions.items() if power}


@functools.cache
def measure_text(unit: str) -> tuple[float, dict[str, float]]:
    """Return factor to base units and dimensions of a unit text."""
    import pint

    if unit == "1":
        return 1.0, {}
    try:
        quantity = _registry().Quantity(1.0, pint_text(unit))
    except (pint.errors.PintError, ValueError):
        raise unknown_unit(unit) from None
    return measure((name, _real(power)) for name, power in quantity.unit_items())


def dimension_name(unit: str) -> str:
    """Return the name of the dimension of a canonical unit.

    Examples
    --------
    >>> dimension_name("MBq")
    'activity'
    """
    return DIMENSION_NAMES.get(unit, unit)


@functools.lru_cache(maxsize=512)
def conversion(unit: str, to: str) -> float:
    """Return the factor that converts a number in ``unit`` to ``to``.

    Parameters
    ----------
    unit, to : str
        Unit texts, at most 40 characters.

    Returns
    -------
    float

    Raises
    ------
    InputError
        An unknown unit, or one of another dimension.

    Examples
    --------
    >>> conversion("mCi", "MBq"), conversion("d", "h")
    (37.0, 24.0)
    """
    if len(unit) > LONGEST_UNIT:
        raise refuse(
            "unknown-unit",
            f"{quote(unit)} is too long for a unit",
            f"at most {LONGEST_UNIT} characters",
        )
    cells = to == CELL_COUNT
    if cells and (counted := count_factor(unit)) is not None:
        return counted
    text = unit.strip()
    text = text.removeprefix("1") if text.startswith("1/") else text
    if text != "1" and not re.fullmatch(rf"/?\s*{_UNIT}", text):
        if power_per_litre(unit) is not None:
            raise wrong_dimension(unit, to)
        raise refuse("unknown-unit", f"{quote(unit)} is not a known unit", "as in GBq, h, g")
    refuse_giga_per_litre(text)
    factor, dimensions = measure_text(text)
    target, wanted = measure_text(to.removeprefix("1e9"))
    if dimensions != wanted:
        raise wrong_dimension(unit, to)
    return round_trip((1e-9 if cells else 1.0) * factor / target)


def round_trip(factor: float) -> float:
    """Return a factor without rounding in its last bits: 37, not 37.00000000000001."""
    rounded = float(f"{factor:.15g}")
    return rounded if abs(rounded - factor) <= 4 * math.ulp(factor) else factor


def wrong_dimension(unit: str, to: str) -> InputError:
    """Return the error for a unit that has another dimension than ``to``."""
    return refuse(
        "wrong-dimension",
        f"{quote(unit)} is not a unit of {dimension_name(to)}",
        "write it without a unit, as in 0.41"
        if to == "1"
        else f"use {to} or another unit of {dimension_name(to)}",
    )


def parse_quantity(text: str, unit: str) -> float:
    """Return the number of a text ``NUMBER UNIT`` in a canonical unit.

    Parameters
    ----------
    text : str
        For example ``7.4 GBq``; a finite number with a decimal point, not an expression.
    unit : str
        The canonical unit wanted.

    Returns
    -------
    float
        The value in ``unit``.

    Raises
    ------
    InputError
        Not a number, no unit, an unknown unit or one of another dimension.

    Examples
    --------
    >>> parse_quantity("200 mCi", "MBq")
    7400.0
    >>> parse_quantity("3 Sv", "Gy")
    Traceback (most recent call last):
    dosimetry.problems.InputError: 'Sv' is not a unit of absorbed dose
      use Gy or another unit of absorbed dose
    """
    parts = split_quantity(text)
    if parts is None:
        raise refuse(
            "not-a-quantity",
            f"{quote(text)} is not a quantity",
            separated_cure(text[: 2 * LONGEST_UNIT])
            or f"write a number and a unit of {dimension_name(unit)}, as in {example_of(unit)}",
        )
    number, written = parts
    if not written and unit != "1":
        raise refuse(
            "no-unit",
            f"{quote(text)} has no unit",
            f"add a unit of {dimension_name(unit)}, as in "
            f"{number} {'GBq' if unit == 'MBq' else unit}",
        )
    value = float(number) * conversion(written or "1", unit)
    if not math.isfinite(value):
        raise refuse("not-finite", f"{quote(text)} is not finite", "give a finite number")
    return value


def split_quantity(text: str) -> tuple[str, str] | None:
    """Return number and unit of a text; None if it is not a quantity. The unit may be empty.

    Raises
    ------
    InputError
        A height in feet, or a unit per 1.73 m2.

    Examples
    --------
    >>> split_quantity("7.4 GBq"), split_quantity("212 x10^9/L"), split_quantity("7,4 GBq")
    (('7.4', 'GBq'), ('212', 'x10^9/L'), None)
    """
    if len(text) > 2 * LONGEST_UNIT:
        return None
    refuse_feet(text)
    refuse_indexed(text)
    if match := QUANTITY.fullmatch(text):
        return match.group(1), match.group(2) or match.group(3) or ""
    counted = COUNTED.fullmatch(text)
    return (counted.group(1), counted.group(2)) if counted and is_count(counted.group(2)) else None


def example_of(unit: str) -> str:
    """Return an example of a quantity in a unit, for messages."""
    return {"MBq": "7.4 GBq", "h": "8 week", "g": "310 g", "%": "5 %", "1": "0.41"}.get(
        unit, f"1.5 {unit}"
    )
