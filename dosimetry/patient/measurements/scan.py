"""Scans of one cycle as values: region, time, activity, with where each stands in its file."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dosimetry.patient.values import LARGEST_SD, SMALLEST_SD
from dosimetry.problems import InputError, Problem, in_words, refuse
from dosimetry.units import HUNDRED_PERCENT

BLOOD = "blood"  # the region of blood samples, and of their curve
CONCENTRATION = "kBq/mL"
ACTIVITIES = ("MBq", "%IA")  # %IA: percent of the administered activity
# SUV: by body weight, at the time of the scan.
CONCENTRATIONS = (CONCENTRATION, "kBq/g", "%IA/mL", "%IA/g", "SUV")
DECAY_WORDS = {False: "none", True: "administration"}  # what values are decay-corrected to


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
        One of ``ACTIVITIES`` or ``CONCENTRATIONS``.
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
    at : date-time or None
        Of the scan, where it was given so; ``time`` then follows from the cycle's.
    decay_corrected : bool or None
        Whether its file has values corrected for decay to the administration; None for what the
        cycle says.
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
    at: dt.datetime | None = None
    decay_corrected: bool | None = None

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
class InputFile:
    """A file of measurements.

    Attributes
    ----------
    name : str
        As the patient file gives it.
    sha256 : str
    """

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class MissingPoint:
    """A row without activity or concentration, which is left out and said.

    Attributes
    ----------
    region : str
    time : float
        In h.
    place : str
    """

    region: str
    time: float
    place: str

    def warning(self) -> Problem:
        """Return what is said of it."""
        return Problem(
            "missing-point",
            f"{in_words([self.region])} has no value at {self.time:.4g} h; the row was left out",
            "add its activity, or remove the row",
            self.place,
        )


@dataclass(frozen=True)
class Measurements:
    """Scans of one cycle, with the names and hashes of their files.

    Attributes
    ----------
    scans : tuple of Scan
    files : tuple of InputFile
        None of a list or a DataFrame.
    read : str
        Digest of the scans as they were read.
    left_out : tuple of MissingPoint
    names : tuple of str
        Names of regions as they were written, each once.
    """

    scans: tuple[Scan, ...] = ()
    files: tuple[InputFile, ...] = ()
    read: str = dataclasses.field(default="", repr=False, compare=False)
    left_out: tuple[MissingPoint, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """Names of the files, for messages; empty without one."""
        return ", ".join(file.name for file in self.files)

    def changed(self) -> bool:
        """Return whether the scans differ from those that were read."""
        return bool(self.files or self.read) and self.read != digest(self.scans)

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


ScanOrError = Scan | MissingPoint | InputError
LARGEST_COMMON_SD = 1.0  # relative, of a volume or a recovery coefficient


def check_sd(
    sd: float, value: float, unit: str, place: str = "", largest: float = LARGEST_SD
) -> None:
    """Refuse an sd that is out of proportion to its value; ``largest`` is relative.

    A value of zero or below, after a correction for background, may have any sd above zero.
    """
    if not (sd > 0 if value <= 0 else SMALLEST_SD <= sd / value <= largest):
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
    lists = [f"measurements{scan.place}" for scan in scans if scan.place.startswith("[")]
    files: dict[str, list[str]] = {}
    for scan in scans:
        file, colon, line = scan.place.rpartition(":")
        if colon:
            files.setdefault(file, []).append(line)
    return "; ".join([*(f"{file}:{', '.join(lines)}" for file, lines in files.items()), *lists])
