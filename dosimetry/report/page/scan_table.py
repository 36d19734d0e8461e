"""Table of the scan schedules of a cycle to come."""

from __future__ import annotations

from dosimetry.documents.scans import ScannedRegion
from dosimetry.report.page.cells import Cell, Table, number, table
from dosimetry.report.words import scans as said
from dosimetry.report.words.names import words
from dosimetry.units import HUNDRED_PERCENT


def schedules(region: ScannedRegion) -> Table:
    """Return one row per schedule: its times, the expected sd, the part of the half-life."""
    return table(
        f"Scan schedules: {words(region.region)}",
        ("scans", "expected sd [%]", "half-life alone [%]"),
        (
            (said.times(one.times), _percent(one.sd), _percent(one.sd_of_half_life))
            for one in region.schedules
        ),
    )


def _percent(sd: float) -> Cell:
    value = HUNDRED_PERCENT * sd
    return Cell((number(value, said.percent(sd).removesuffix(" %")),))
