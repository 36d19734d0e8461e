"""Slips in the spelling of units: case, abbreviations of everyday use, feet and inches.

They are refused with the right form. ``mbq`` is not read: MBq and mBq differ by a factor of 1e9.
"""

from __future__ import annotations

import re

from dosimetry.problems import InputError, quote, refuse

# Units that are usual in nuclear medicine; no two of them differ only in the case of a letter.
USUAL = (
    *("GBq", "MBq", "kBq", "Bq", "mCi", "uCi", "Ci", "Gy", "mGy", "cGy", "MeV", "keV"),
    *("h", "d", "min", "s", "week", "year", "kg", "g", "mg", "lb", "cm", "mm", "m", "mL", "L"),
    *("dL", "uL", "umol", "mmol", "mol", "U", "IU", "ukat"),
)
KNOWN = (
    "GBq, MBq, kBq, Bq, mCi, Ci; h, d, week, min, s, year; kg, g, lb; cm, m, in; mL, L; Gy, mGy, "
    "rad; %, %IA; g/dL, umol/L, U/L, 1e9/L and their products and ratios"
)
BY_CASE = {unit.lower(): unit for unit in USUAL}
EVERYDAY = {"yo": "year", "mcg": "ug", "mcl": "uL", "gm": "g", "gms": "g"}
MICRO = str.maketrans("µμ", "uu")
WORD = re.compile(r"[A-Za-zµμ]+")
CUBE = re.compile(r"(?<![A-Za-zµμ])([cdmuµμ]?m)([23²³])(?![A-Za-z0-9])")
FEET = re.compile(
    r"\s*([0-9]+(?:\.[0-9]+)?)\s*(?:ft|feet|foot|'|′|’)\s*"
    r"(?:([0-9]{1,2}(?:\.[0-9]+)?)\s*(?:in|inch|inches|\"|″|”|'')?)?\s*"
)
INCHES_PER_FOOT, CM_PER_INCH = 12, 2.54
INDEXED = re.compile(r"/\s*[({]?\s*1[.,]73")


def with_powers(unit: str) -> str:
    """Return a unit with squares and cubes as powers.

    Examples
    --------
    >>> with_powers("MBq/cm3"), with_powers("mm³")
    ('MBq/cm^3', 'mm^3')
    """
    return CUBE.sub(lambda match: f"{match[1]}^{2 if match[2] in '2²' else 3}", unit)


def right_form(unit: str) -> str:
    """Return how a unit with a slip of case or an everyday name is written; empty if unclear.

    Examples
    --------
    >>> right_form("gbq"), right_form("KBQ/ML"), right_form("yo"), right_form("furlong")
    ('GBq', 'kBq/mL', 'year', '')
    """
    words = [word.translate(MICRO).lower() for word in WORD.findall(unit)]
    forms = [BY_CASE.get(word) or EVERYDAY.get(word) for word in words]
    if not words or None in forms:
        return ""
    right = iter(forms)
    return WORD.sub(lambda _: next(right) or "", unit)


def unknown_unit(unit: str) -> InputError:
    """Return the error for an unknown unit, with its right form where that is certain.

    Examples
    --------
    >>> unknown_unit("mbq").problems[0].cure.partition(".")[0]
    'write MBq (mega); mBq would be a millibecquerel, 1e9 times less'
    """
    right = right_form(unit)
    less = " (mega); mBq would be a millibecquerel, 1e9 times less"
    slip = f"write {right}{less if 'mbq' in unit else ''}. Known units" if right else "known units"
    return refuse("unknown-unit", f"{quote(unit)} is not a known unit", f"{slip}: {KNOWN}")


def feet_in_inches(text: str) -> tuple[float, ...]:
    """Return the readings of a height in feet in inches; empty for any other text.

    Examples
    --------
    >>> feet_in_inches("5 ft 11 in"), feet_in_inches("5.5 ft"), feet_in_inches("180 cm")
    ((71.0,), (66.0, 65.0), ())
    """
    match = FEET.fullmatch(text)
    if match is None:
        return ()
    feet, inches = match.groups()
    whole, _, part = feet.partition(".")
    decimal = float(feet) * INCHES_PER_FOOT
    if inches is not None or not part or int(part) >= INCHES_PER_FOOT:
        return (decimal + float(inches or 0),)
    return tuple(dict.fromkeys((decimal, float(int(whole) * INCHES_PER_FOOT + int(part)))))


def refuse_feet(text: str) -> None:
    """Refuse a height in feet, with each of its readings in cm.

    Raises
    ------
    InputError
        With the heights to write.

    Examples
    --------
    >>> refuse_feet("5 ft 11 in")
    Traceback (most recent call last):
    dosimetry.problems.InputError: '5 ft 11 in' is in feet
      write 180.34 cm
    """
    heights = [f"{inches * CM_PER_INCH:.6g} cm" for inches in feet_in_inches(text)]
    if heights:
        raise refuse("in-feet", f"{quote(text)} is in feet", f"write {' or '.join(heights)}")


def refuse_indexed(text: str) -> None:
    """Refuse a unit per 1.73 m2: an eGFR is not a clearance in mL/min.

    Raises
    ------
    InputError
        With what to give in its place.

    Examples
    --------
    >>> refuse_indexed("62 mL/min/1.73m2")
    Traceback (most recent call last):
    dosimetry.problems.InputError: '62 mL/min/1.73m2' is indexed to a body surface of 1.73 m2
      it is not a clearance in mL/min; give the creatinine: clearance and eGFR are computed from it
    """
    if INDEXED.search(text):
        raise refuse(
            "indexed-to-body-surface",
            f"{quote(text)} is indexed to a body surface of 1.73 m2",
            "it is not a clearance in mL/min; give the creatinine: clearance and eGFR are computed "
            "from it",
        )
