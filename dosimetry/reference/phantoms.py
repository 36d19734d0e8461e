"""Phantoms: S values, organ masses, spheres."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from dosimetry.reference.tables import table
from dosimetry.units import conversion


@functools.cache
def s_values(sex: str) -> Mapping[tuple[str, str], float]:
    """Return S values of 177Lu by (target, source) in Gy/(MBq h), ICRP 89 adult phantoms.

    Examples
    --------
    >>> round(s_values("male")["kidneys", "kidneys"] / 3.6, 10)
    7.76e-05
    """
    figures = table(f"s_values_lu177_icrp89_adult_{sex}")
    factor = conversion(figures.columns["s_value"], "Gy/(MBq*h)")
    return {(row["target"], row["source"]): float(row["s_value"]) * factor for row in figures.rows}


@functools.cache
def organ_masses(sex: str) -> Mapping[str, float]:
    """Return the reference masses in g (ICRP 89) of the regions of the phantom."""
    figures = table("organ_masses_icrp89")
    column = f"adult_{sex}"
    return {row["region"]: figures.number(row, column, "g") for row in figures.rows if row[column]}


@functools.cache
def sphere_s_values() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return masses in g and S values in Gy/(MBq h) of soft-tissue spheres, in order of mass."""
    figures = table("sphere_s_values_lu177")
    pairs = sorted(
        (figures.number(row, "mass", "g"), figures.number(row, "s_value", "Gy/(MBq*h)"))
        for row in figures.rows
        if row["composition"] == "soft tissue"
    )
    return tuple(mass for mass, _ in pairs), tuple(s_value for _, s_value in pairs)
