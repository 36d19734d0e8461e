"""One delivered cycle by itself: its net activity, and its scans at scan time.

Here alone the net activity is asked for. What comes after it, from the checks of a patient file to
the curves and the plan, works with these values.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dosimetry.patient import net_activity
from dosimetry.patient.kidneys import with_pair
from dosimetry.patient.measurements.scan import Measurements
from dosimetry.patient.scan_time import ActivityAtScan, Administration, at_scan_time
from dosimetry.patient.schema import Cycle
from dosimetry.patient.values import Moment
from dosimetry.physics.decay import decay
from dosimetry.problems import FilePlace, InputError, Problem, in_words, quote
from dosimetry.quantities import Estimate
from dosimetry.reference import nuclides
from dosimetry.reference import regions as regions_figures
from dosimetry.units import HUNDRED_PERCENT, MBQ_PER_GBQ


@dataclass(frozen=True)
class ScansAtTime:
    """The scans (or blood samples) of one cycle at scan time, and where they were entered.

    Attributes
    ----------
    scans : tuple of ActivityAtScan
    file : str
        Name of their file; empty for a list or a DataFrame.
    place : str
        In the patient file, ``cycles[0].measurements``.
    """

    scans: tuple[ActivityAtScan, ...]
    file: str
    place: str

    def by_region(self) -> Mapping[str, tuple[ActivityAtScan, ...]]:
        """Return the scans of each region in order of time."""
        return self._by_region

    @functools.cached_property
    def _by_region(self) -> Mapping[str, tuple[ActivityAtScan, ...]]:
        regions: dict[str, list[ActivityAtScan]] = {}
        for scan in sorted(self.scans, key=lambda scan: scan.time):
            regions.setdefault(scan.region, []).append(scan)
        return {region: tuple(scans) for region, scans in regions.items()}

    def place_of(self, scan: ActivityAtScan) -> str:
        """Return where a scan was entered: the line of its file, or the entry of the list."""
        return _place_of(scan.entered.place, self.place)

    def column(self, name: str) -> str:
        """Return the place of a column of the file, or of the list as a whole."""
        return FilePlace(f"{self.file}: {name}") if self.file else self.place


@dataclass(frozen=True, eq=False)
class NetCycle:
    """One delivered cycle, each value in the one unit that doses are computed with.

    Attributes
    ----------
    index : int
        From 0.
    at : date or date-time
        Of the injection.
    activity : float
        Net administered activity in MBq.
    half_life : float
        Physical, in h.
    measured, blood : ScansAtTime
        Activities in MBq, concentrations in kBq/mL.
    systematic_sd : float or None
        Relative sd that all activities measured in the cycle share; None where none was given.
    systematic_sds : mapping of str to float
        The same of single regions, where it was given by region.
    models : mapping of str to str
        Model of the curve, by region.
    contains : mapping of str to sequence of str
        Regions that lie in the VOI of another.
    dose_coefficients : mapping of str to Estimate
        Supplied ones, in Gy/GBq.
    assumptions : tuple of str
        About the activity and the scans.
    warnings : tuple of Problem
        Rows of measurements that were left out.
    """

    index: int
    at: Moment
    activity: float
    half_life: float
    measured: ScansAtTime
    blood: ScansAtTime
    systematic_sd: float | None
    systematic_sds: Mapping[str, float]
    models: Mapping[str, str]
    contains: Mapping[str, Sequence[str]]
    dose_coefficients: Mapping[str, Estimate]
    assumptions: tuple[str, ...]
    warnings: tuple[Problem, ...]

    @property
    def number(self) -> int:
        """Number of the cycle, the first being 1."""
        return self.index + 1

    @property
    def place(self) -> str:
        """The cycle's place in the patient file, ``cycles[0]``."""
        return f"cycles[{self.index}]"

    @property
    def activity_gbq(self) -> float:
        """Net administered activity in GBq, the unit of regimens and limits."""
        return self.activity / MBQ_PER_GBQ

    def left(self, time: float) -> float:
        """Return the activity in MBq that physical decay alone leaves after a time in h."""
        return float(decay.kernel(self.activity, time, self.half_life))

    def own_systematic_sd(self, region: str) -> float | None:
        """Return the relative systematic sd given for a region or ``blood``; None without one."""
        own = (
            self.systematic_sds[name] for name in with_pair(region) if name in self.systematic_sds
        )
        return next(own, self.systematic_sd)

    def recovery_sd(self, region: str) -> float:
        """Return the relative sd of a region's recovery coefficient, the largest of its scans.

        It is common to all of them: the correction of a region is the same in every scan.
        """
        scans = (
            *self.measured.by_region().get(region, ()),
            *self.blood.by_region().get(region, ()),
        )
        return max((scan.entered.recovery_sd or 0.0) / scan.entered.recovery for scan in scans)


def net_cycle(cycle: Cycle, index: int, weight: float | None = None) -> NetCycle:
    """Resolve one delivered cycle.

    Parameters
    ----------
    cycle : Cycle
        As the patient file gives it.
    index : int
        Of the cycle, from 0.
    weight : float, optional
        Of the patient in g, for SUV.

    Raises
    ------
    InputError
        An impossible activity: no time where one is needed, or nothing left; SUV without a weight.

    Examples
    --------
    >>> import dosimetry
    >>> patient = dosimetry.read_patient("examples/snmmi_patient4.yaml")
    >>> cycle = net_cycle(patient.cycles[0], 0)
    >>> cycle.activity, cycle.measured.by_region()["kidney_left"][0].unit
    (7210.42, 'MBq')
    """
    half_life = nuclides.half_life(regions_figures.NUCLIDE)
    place = f"cycles[{index}]"
    try:
        activity = net_activity.activity(cycle, half_life)
        assumptions = net_activity.assumptions(cycle, index + 1)
    except InputError as error:
        raise error.at(f"{place}.administered") from None
    corrected = cycle.decay_corrected_to == "administration"
    administration = Administration(activity, half_life, weight, corrected)
    measured = _resolved(cycle.measurements, administration, f"{place}.measurements")
    blood = _resolved(cycle.blood, administration, f"{place}.blood")
    given = cycle.systematic_uncertainty
    by_region = given if isinstance(given, dict) else {}
    spread = None if isinstance(given, dict) else given
    return NetCycle(
        index=index,
        at=cycle.at,
        activity=activity,
        half_life=half_life,
        measured=measured,
        blood=blood,
        systematic_sd=None if spread is None else spread.value / HUNDRED_PERCENT,
        systematic_sds={name: own.value / HUNDRED_PERCENT for name, own in by_region.items()},
        models=cycle.models,
        contains=cycle.contains,
        dose_coefficients=cycle.dose_coefficients,
        assumptions=(*assumptions, *_assumptions(cycle, corrected, index + 1)),
        warnings=(*_left_out(cycle.measurements, measured), *_left_out(cycle.blood, blood)),
    )


def _left_out(entered: Measurements, resolved: ScansAtTime) -> list[Problem]:
    return [
        replace(point.warning(), place=_place_of(point.place, resolved.place))
        for point in entered.left_out
    ]


def _resolved(entered: Measurements, administration: Administration, place: str) -> ScansAtTime:
    try:
        scans = at_scan_time(entered.scans, administration)
    except InputError as error:
        raise InputError(
            replace(p, place=_place_of(p.place, place)) for p in error.problems
        ) from None
    return ScansAtTime(scans, entered.file, place)


def _place_of(scan: str, field: str) -> str:
    """Return where a scan was entered: the line of its file, or the entry of the field's list."""
    return f"{field}{scan}" if scan.startswith("[") else FilePlace(scan)


def _assumptions(cycle: Cycle, corrected: bool, number: int) -> list[str]:
    """Return what is assumed of the scans: decay correction of blood, SUV, clock times."""
    scans = (*cycle.measurements.scans, *cycle.blood.scans)
    sentences = []
    if corrected and any(scan.decay_corrected is None for scan in cycle.blood.scans):
        sentences.append("decay_corrected_to applied to the blood samples too")
    sentences += [
        f"cycle {number}: {quote(name)} read as {in_words([read.region])}"
        for name in cycle.measurements.names
        if (read := regions_figures.reading(name)) is not None and read.renamed
    ]
    if any(scan.unit == "SUV" for scan in scans):
        sentences.append(
            f"cycle {number}: SUV by body weight, activity of patient and syringe at one time"
        )
    if any(scan.at is not None and scan.at.tzinfo is None for scan in scans):
        sentences.append(
            f"cycle {number}: scans and injection without time zone; taken as one zone without a "
            "change of summer time between them"
        )
    return sentences
