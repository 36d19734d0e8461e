"""Scans of one cycle as values: region, time, activity, with where each stands in its file."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dosimetry.patient.values import LARGEST_SD, SMALLEST_SD
from dosimetry.problems import InputError, refuse
from dosimetry.units import HUNDRED_PERCENT


@dataclass(frozen=True, slots=True)
class Scan:
    """Activity or concentration of one region at one time.

    Attributes
    ----------
    region : str
    time : float
        After administration, in h.
    value : float
        In ``unit``, as measured, before division by the recovery coefficient.
    unit : str
        ``MBq``, ``%IA`` (percent of the administered activity) or ``kBq/mL``.
    sd : float or None
        Sd of the value, in the same unit, where it was given so.
    volume : float or None
        Volume of the VOI in mL.
    recovery : float
        Recovery coefficient; 1 where none is given.
    place : str
        Line of the file, or entry of the list, for messages.
    relative_sd : float or None
        Sd in percent, where it was given so.
    volume_sd : float or None
        Sd of the volume in mL.
    recovery_sd : float or None
        Sd of the recovery coefficient, absolute.
    """

    region: str
    time: float
    value: float
    unit: str
    sd: float | None
    volume: float | None
    recovery: float
    place: str
    relative_sd: float | None = None
    volume_sd: float | None = None
    recovery_sd: float | None = None

    def sd_of_value(self) -> float | None:
        """Return the sd in the unit of the value, relative or not; None without one.

        Examples
        --------
        >>> Scan("liver", 4.0, 80.0, "MBq", None, None, 1.0, "c.csv:2", 5.0).sd_of_value()
        4.0
        """
        if self.relative_sd is None:
            return self.sd
        return self.relative_sd * (self.value / HUNDRED_PERCENT)


@dataclass(frozen=True)
class Measurements:
    """Scans of one cycle, with the name and hash of their file.

    Attributes
    ----------
    scans : tuple of Scan
    file : str
        Name as the patient file gives it; empty for a list or a DataFrame.
    sha256 : str
        Of the file; empty without one.
    read : str
        Digest of the scans as they were read.
    """

    scans: tuple[Scan, ...] = ()
    file: str = ""
    sha256: str = ""
    read: str = dataclasses.field(default="", repr=False, compare=False)

    def changed(self) -> bool:
        """Return whether the scans differ from those that were read."""
        return bool(self.file or self.read) and self.read != digest(self.scans)

    def by_region(self) -> dict[str, tuple[Scan, ...]]:
        """Return the scans of each region in order of time."""
        return dict(self._by_region)

    @functools.cached_property
    def _by_region(self) -> Mapping[str, tuple[Scan, ...]]:
        grouped: dict[str, list[Scan]] = {}
        for scan in sorted(self.scans, key=lambda scan: scan.time):
            grouped.setdefault(scan.region, []).append(scan)
        return {region: tuple(scans) for region, scans in grouped.items()}


def digest(scans: Sequence[Scan]) -> str:
    """Return a digest of scans, which changes with any bit of any number."""
    return hashlib.sha256(repr(scans).encode()).hexdigest()


ScanOrError = Scan | InputError
LARGEST_COMMON_SD = 1.0  # relative, of a volume or a recovery coefficient


def check_sd(
    sd: float, value: float, unit: str, place: str = "", largest: float = LARGEST_SD
) -> None:
    """Refuse an sd that is out of proportion to its value; ``largest`` is relative."""
    if not SMALLEST_SD <= sd / value <= largest:
        of = f"{value:.4g}" if unit == "1" else f"{value:.4g} {unit}"
        raise refuse(
            "out-of-range",
            f"an sd of {sd:.3g} is out of proportion to the value, {of}",
            "check the sd and its unit",
            place,
        )


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
