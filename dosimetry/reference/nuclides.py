"""Nuclides: half-life, energies, branching fractions."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from dosimetry.problems import quote, refuse
from dosimetry.reference.tables import rows_by, table
from dosimetry.suggestions import meant


def _nuclide(name: str) -> Mapping[str, str]:
    rows = rows_by("nuclides", "nuclide")
    if name not in rows:
        raise refuse(
            "unknown-nuclide",
            f"nuclide {quote(name)} is not known",
            meant(name, rows) or f"nuclides: {', '.join(rows)}",
        )
    return rows[name]


@functools.cache
def half_life(nuclide: str) -> float:
    """Return the physical half-life of a nuclide in h (ICRP 107).

    Raises
    ------
    InputError
        The nuclide is not in the table.

    Examples
    --------
    >>> half_life("Lu-177")
    159.528
    """
    return table("nuclides").number(_nuclide(nuclide), "half_life", "h")


@functools.cache
def electron_energy(nuclide: str) -> float:
    """Return the mean energy of electrons (beta minus, conversion, Auger) per decay in MeV."""
    row = _nuclide(nuclide)
    kinds = ("beta_minus", "conversion_electron", "auger_electron")
    return sum(table("nuclides").number(row, kind, "MeV") for kind in kinds)


def branching_fraction(parent: str, daughter: str) -> float:
    """Return the fraction of the parent's decays that give the daughter; 0 if not listed."""
    for row in table("decay_chains").rows:
        if (row["parent"], row["daughter"]) == (parent, daughter):
            return float(row["branching_fraction"])
    return 0.0
