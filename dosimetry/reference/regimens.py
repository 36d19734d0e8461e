"""Regimens: activity, number of cycles, interval."""

from __future__ import annotations

from dataclasses import dataclass

from dosimetry.problems import nearest, quote, refuse
from dosimetry.reference.tables import rows_by, table


@dataclass(frozen=True)
class Regimen:
    """A regimen of the table.

    Attributes
    ----------
    id : str
    agent : str
    activity : float or None
        Per cycle, in MBq; None for a drug that is not radioactive.
    dose : float or None
        Per administration, in mg, of a drug that is not radioactive; else None.
    cycles : int or None
    interval : float
        In h.
    companion : str
    source : str
    """

    id: str
    agent: str
    activity: float | None
    dose: float | None
    cycles: int | None
    interval: float
    companion: str
    source: str


def regimen(name: str) -> Regimen:
    """Return a regimen of table ``regimens``.

    Raises
    ------
    InputError
        An unknown name, with the nearest known one.

    Examples
    --------
    >>> regimen("netter-1").cycles
    4
    """
    rows = rows_by("regimens", "id")
    if name not in rows:
        raise refuse(
            "unknown-regimen",
            f"regimen {quote(name)} is not known",
            f"{nearest(name, rows) or 'regimens: ' + ', '.join(rows)}; or give "
            "{activity: 7.4 GBq, cycles: 4, interval: 8 week}",
        )
    figures, row = table("regimens"), rows[name]
    return Regimen(
        name,
        row["agent"],
        figures.number(row, "activity", "MBq") if row["activity"] else None,
        figures.number(row, "dose", "mg") if row["dose"] else None,
        int(row["cycles"]) if row["cycles"] else None,
        figures.number(row, "interval", "h"),
        row["companion"],
        row["source"],
    )
