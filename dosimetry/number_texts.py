"""Numbers as text: decimal points, decimal commas and thousands separators, never guessed."""

from __future__ import annotations

import math
import re

from dosimetry.problems import quote, refuse

NUMBER_PATTERN = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
NUMBER = re.compile(NUMBER_PATTERN)
SPACES = " '\u2019\u00a0\u2009\u202f"  # thousands separators in France, Switzerland and the SI
SEPARATED = re.compile(rf"\s*([+-]?[0-9]+(?:[.,{SPACES}][0-9]+)+)(.*)", re.DOTALL)


def parse_number(text: str) -> float:
    """Return the finite number in a text with a decimal point, without expression or unit.

    Raises
    ------
    InputError
        Any other text, with the likely cure.

    Examples
    --------
    >>> parse_number("0.41")
    0.41
    """
    number = text.strip()  # removes more kinds of space than float()
    if NUMBER.fullmatch(number) and math.isfinite(value := float(number)):
        return value
    raise refuse(
        "not-a-number",
        f"{quote(text)} is not a number",
        separated_cure(text) or "write a finite number with a decimal point, as in 0.41",
    )


def readings(number: str) -> tuple[str, ...]:
    """Return the possible readings of a number with separators, with a decimal point or without.

    Empty where it cannot be read; two where its only separator may separate thousands.

    Examples
    --------
    >>> readings("196.000"), readings("75,2"), readings("196.000,5"), readings("1.23.4")
    (('196000', '196.000'), ('75.2',), ('196000.5',), ())
    """
    signs = re.findall(rf"[.,{SPACES}]", number)
    whole, *groups = re.split(rf"[.,{SPACES}]", number)
    if not signs:
        return (number,)
    decimals = signs[-1] in ".," and (len(signs) == 1 or signs.count(signs[-1]) == 1)
    numbers = []
    thousands = groups[:-1] if decimals and len(signs) > 1 else groups
    if len(set(signs[: len(thousands)])) == 1 and _grouped(whole, thousands):
        rest = "." + groups[-1] if len(thousands) < len(groups) else ""
        numbers.append("".join((whole, *thousands)) + rest)
    if decimals and len(signs) == 1:
        numbers.append(f"{whole}.{groups[0]}")
    return tuple(numbers)


def _grouped(whole: str, thousands: list[str]) -> bool:
    """Return whether digits form a number in groups of three, such as ``196`` and ``000``."""
    first = whole.lstrip("+-")
    return len(first) <= 3 and first[0] != "0" and all(len(group) == 3 for group in thousands)


def separated_cure(text: str) -> str:
    """Return how to write a number with a comma or thousands separators; empty for other texts.

    Examples
    --------
    >>> separated_cure("7,4 GBq")
    "a comma is not a decimal point here: did you mean '7.4 GBq'?"
    >>> separated_cure("98,100.5")
    "thousands separators are not read: write '98100.5'"
    """
    match = SEPARATED.fullmatch(text)
    possible = readings(match.group(1)) if match else ()
    if match is None or not possible:
        return ""
    written = " or ".join(f"'{number}{match.group(2)}'" for number in possible)
    if len(possible) > 1:
        return (
            f"a comma is read neither as decimal point nor as thousands separator: write {written}"
        )
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", match.group(1)):
        return f"a comma is not a decimal point here: did you mean {written}?"
    return f"thousands separators are not read: write {written}"
