"""Numbers as text: rounded to what their uncertainty supports.

One style for terminal, report and pictures: a space before ``%`` and before every unit; the 5th to
95th percentile as ``9.0 to 35.0`` in a sentence and as ``(9.0–35.0)`` in a cell; a true minus sign.
"""

from __future__ import annotations

import math
import re

from dosimetry.quantities import Distribution, Estimate


def decimals_of(sd: float) -> int:
    """Return the number of decimals that shows two digits of an sd.

    Examples
    --------
    >>> decimals_of(0.095), decimals_of(8.3), decimals_of(310.0)
    (3, 1, 0)
    """
    return max(0, 1 - math.floor(math.log10(sd))) if sd > 0 else 2


def plain(value: float) -> str:
    """Return a number with three significant digits, without exponent.

    Examples
    --------
    >>> plain(0.02345), plain(12.34), plain(1234.5)
    ('0.0234', '12.3', '1234')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def plus_minus(estimate: Estimate | Distribution) -> str:
    """Return value and sd, rounded to two digits of the sd.

    Examples
    --------
    >>> plus_minus(Estimate(2.5621, 0.0952, "Gy"))
    '2.562 ± 0.095'
    """
    if not estimate.sd:
        return plain(estimate.value)
    places = decimals_of(estimate.sd)
    return f"{estimate.value:.{places}f} ± {estimate.sd:.{places}f}"


def interval(distribution: Distribution) -> str:
    """Return mean and 5th to 95th percentile for a cell, rounded to two digits of the sd.

    Examples
    --------
    >>> interval(Distribution(19.3584, 8.2949, 9.016, 35.026, "Gy"))
    '19.4 (9.0–35.0)'
    """
    if not distribution.sd or distribution.p5 is None or distribution.p95 is None:
        return plain(distribution.value)
    places = decimals_of(distribution.sd)
    mean, low, high = (
        f"{x:.{places}f}" for x in (distribution.value, distribution.p5, distribution.p95)
    )
    return f"{mean} ({low}–{high})"


def range_of(distribution: Distribution) -> str:
    """Return mean and 5th to 95th percentile for a sentence, with the unit.

    Examples
    --------
    >>> range_of(Distribution(19.3584, 8.2949, 9.016, 35.026, "Gy"))
    '19.4 Gy (9.0 to 35.0 Gy)'
    """
    unit = distribution.unit
    if distribution.sd is None or distribution.p5 is None or distribution.p95 is None:
        return f"{plain(distribution.value)} {unit}"
    places = decimals_of(distribution.sd)
    mean, low, high = (
        f"{x:.{places}f}" for x in (distribution.value, distribution.p5, distribution.p95)
    )
    return f"{mean} {unit} ({low} to {high} {unit})"


def probability(value: float) -> str:
    """Return a probability with three decimals; never 0 or 1.

    Examples
    --------
    >>> probability(0.0), probability(0.26708), probability(0.9996)
    ('< 0.001', '0.267', '> 0.999')
    """
    if value < 0.001:
        return "< 0.001"
    return "> 0.999" if value > 0.9995 else f"{value:.3f}"


def signed(value: float, decimals: int = 0) -> str:
    """Return a number with its sign, plus or a true minus.

    Examples
    --------
    >>> signed(45.2), signed(-3.14, 1)
    ('+45', '−3.1')
    """
    return minus(f"{value:+.{decimals}f}")


def minus(number: str) -> str:
    """Return a number in print with a true minus sign for its hyphen.

    Examples
    --------
    >>> minus("-3.1 Gy")
    '−3.1 Gy'
    """
    return number.replace("-", "−", 1)


def unit_words(unit: str) -> str:
    """Return a unit as it is printed.

    Examples
    --------
    >>> unit_words("1e9/L"), unit_words("umol/L"), unit_words("MBq*h")
    ('10⁹/L', 'µmol/L', 'MBq h')
    """
    for written, in_print in (
        ("1e9/", "10⁹/"),
        ("10^9/", "10⁹/"),
        ("*", " "),
        ("umol", "µmol"),
        ("/uL", "/µL"),
        ("m2", "m²"),
    ):
        unit = unit.replace(written, in_print)
    return unit


def after_number(unit: str) -> str:
    """Return a unit as it is printed after a number.

    Examples
    --------
    >>> after_number("1e9/L"), after_number("umol/L")
    ('× 10⁹/L', 'µmol/L')
    """
    in_print = unit_words(unit)
    return f"× {in_print}" if in_print.startswith("10") else in_print


UNITS_IN_TEXT = (
    (re.compile(r"(?<=\d) (?:1e9|10\^9)/(?=[uµ]?L\b)"), " × 10⁹/"),
    (re.compile(r"\b(?:1e9|10\^9)/(?=[uµ]?L\b)"), "10⁹/"),
    (re.compile(r"\bumol\b"), "µmol"),
    (re.compile(r"/uL\b"), "/µL"),
    (re.compile(r"\bm2\b"), "m²"),
)


def printed(text: str) -> str:
    """Return a text of the plan with its units as they are printed.

    Examples
    --------
    >>> printed("platelets of 75 1e9/L or more; creatinine 100 umol/L")
    'platelets of 75 × 10⁹/L or more; creatinine 100 µmol/L'
    """
    for written, in_print in UNITS_IN_TEXT:
        text = written.sub(in_print, text)
    return text
