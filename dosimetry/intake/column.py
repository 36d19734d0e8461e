"""A column of a table with one meaning."""

from __future__ import annotations

from dataclasses import dataclass

from dosimetry.intake.names import Heading
from dosimetry.intake.unit_texts import Unit

MEASURED = ("activity", "concentration")
OF_REGION = (*MEASURED, "sd", "volume", "volume sd", "recovery", "recovery sd")


@dataclass(frozen=True)
class Resolved:
    """A column with one meaning.

    Attributes
    ----------
    index : int
    heading : Heading
    meaning : str
    unit : Unit or None
        None for what has no unit.
    region : str
        Name of the region that the header names; empty if rows name it.
    lapse : str
        Time after injection that the header names; empty if rows do.
    """

    index: int
    heading: Heading
    meaning: str
    unit: Unit | None = None
    region: str = ""
    lapse: str = ""
