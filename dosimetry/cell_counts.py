"""Notations of cell counts per volume, as laboratories print them: ``K/uL``, ``10^9/L``, ``G/L``.

``G/L`` counts cells (giga per litre) only here: elsewhere it would be a slip for ``g/L``.
"""

from __future__ import annotations

import re

from dosimetry.problems import quote, refuse

CELL_COUNT = "1e9/L"  # the canonical unit
# Units of volume in a litre, as a power of ten; ``mcL`` and ``cumm`` are printed in the US.
VOLUMES = {
    r"[Ll]": 0,
    r"d[Ll]": 1,
    r"m[Ll]|cm(?:\^?3|³)": 3,
    r"(?:[uµμ]|mc)[Ll]|UL|[Mm][Mm](?:\^?3|³)|cmm|cumm": 6,
    r"n[Ll]": 9,
}
PER_LITRE, PER_MICROLITRE = VOLUMES[r"[Ll]"], 6
# Multiples in words, with the volume that each is used with; ``Gpt`` and ``Tsd`` are German.
WORDS = (
    (r"G|[Gg]iga|Gpt", 9, PER_LITRE),
    (r"[Kk]|[Tt]hou|[Tt]housand|THOU|THOUSAND|Tsd\.?", 3, PER_MICROLITRE),
)
SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
CELLS = r"(?:(?:\{cells?\}|cells?)\s*)?"
TIMES = r"(?:[xX×]\s*|[*·]\s*(?!10\*))?"
POWER = rf"{TIMES}(?:(?:1[eE]|10(?:\^|\*\*?))([0-9]{{1,2}})|10([⁰¹²³⁴-⁹]{{1,2}}))"
NOTATION = re.compile(rf"\s*(?:{POWER}|(?!cells?\b)([A-Za-z]+\.?)|1)?\s*{CELLS}/\s*(\S+?)\s*")
DOUBTFUL = re.compile(rf"\s*(?:[xX×*·]\s*)?10[eE]([0-9]{{1,2}})\s*{CELLS}/\s*\S+?\s*")
GIGA_PER_LITRE = re.compile(r"\s*G\s*/\s*[Ll]\s*")


def power_per_litre(unit: str) -> int | None:
    """Return the power of ten of a cell count per litre; None for any other unit.

    Examples
    --------
    >>> [power_per_litre(unit) for unit in ("K/uL", "x10^9/L", "G/L", "10*9/L", "/mm3", "g/L")]
    [9, 9, 9, 9, 6, None]
    """
    match = NOTATION.fullmatch(unit)
    if match is None:
        return None
    digits, raised, word, volume = match.groups()
    per = next((power for text, power in VOLUMES.items() if re.fullmatch(text, volume)), None)
    if per is None:
        return None
    if word:
        words = (power for text, power, of in WORDS if of == per and re.fullmatch(text, word))
        power = next(words, None)
        return None if power is None else power + per
    return int(digits or (raised or "0").translate(SUPERSCRIPT)) + per


def is_count(unit: str) -> bool:
    """Return whether a unit is a notation of a cell count, certain or doubtful."""
    return power_per_litre(unit) is not None or DOUBTFUL.fullmatch(unit) is not None


def count_factor(unit: str) -> float | None:
    """Return the factor that converts a cell count to 1e9/L; None for any other unit.

    Raises
    ------
    InputError
        ``10e9/L``, which laboratories print for 10^9 per litre and which is 10^10.

    Examples
    --------
    >>> count_factor("K/uL"), count_factor("/mm3"), count_factor("g/L")
    (1.0, 0.001, None)
    """
    power = power_per_litre(unit)
    if power is not None:
        return float(f"1e{power - 9}")
    if doubtful := DOUBTFUL.fullmatch(unit):
        low, per = int(doubtful.group(1)), unit[unit.index("/") :].strip()
        raise refuse(
            "ambiguous-unit",
            f"{quote(unit)} can be 10^{low}{per}, or 10 x 10^{low}{per}",
            f"write 10^{low}{per} or 10^{low + 1}{per}",
        )
    return None


def refuse_giga_per_litre(unit: str) -> None:
    """Refuse ``G/L`` where no cells are counted.

    Raises
    ------
    InputError
        With both readings.
    """
    if GIGA_PER_LITRE.fullmatch(unit):
        raise refuse(
            "ambiguous-unit",
            f"{quote(unit)} can be g/L, or giga per litre, which counts cells",
            "write g/L, or 1e9/L for a cell count",
        )
