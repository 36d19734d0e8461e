"""Scan values brought to MBq at scan time, and where scans stand in a file."""

from __future__ import annotations

from collections.abc import Sequence

from dosimetry.patient.scans import Scan


def lines_of(scans: Sequence[Scan]) -> str:
    """Return the places of scans: ``c.csv:2, 3``; the entries of a list by their index.

    Examples
    --------
    >>> from dataclasses import replace
    >>> one = Scan("liver", 4.0, 80.0, "MBq", None, None, 1.0, "c.csv:2")
    >>> lines_of([one, replace(one, place="c.csv:3")]), lines_of([replace(one, place="[0]")])
    ('c.csv:2, 3', 'measurements[0]')
    """
    places = [scan.place for scan in scans]
    file, colon, _ = places[0].rpartition(":")
    if not colon:
        return ", ".join(f"measurements{place}" for place in places)
    return f"{file}:" + ", ".join(place.removeprefix(f"{file}:") for place in places)
