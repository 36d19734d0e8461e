"""One delivered cycle by itself: its net activity, and its scans at scan time.

Here alone the net activity is asked for, a percentage of the administered activity becomes MBq,
a recovery coefficient is divided by, or a decay correction is undone. What comes after it, from the
checks of a patient file to the curves and the plan, works with these values.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dosimetry.patient import net_activity
from dosimetry.patient.kidneys import with_pair
from dosimetry.patient.measurements.scan import Measurements, Scan
from dosimetry.patient.schema import Cycle
from dosimetry.patient.values import Moment
from dosimetry.physics.decay import decay
from dosimetry.problems import FilePlace, InputError
from dosimetry.quantities import Estimate
from dosimetry.reference import nuclides
from dosimetry.reference import regions as regions_figures
from dosimetry.units import HUNDRED_PERCENT, MBQ_PER_GBQ

CONCENTRATION = "kBq/mL"


@dataclass(frozen=True, slots=True)
class ActivityAtScan:
    """Activity or concentration that one scan measured, at the time of the scan.

    Attributes
    ----------
    region : str
    time : float
        After administration, in h.
    value : float
        In ``unit``, corrected for recovery, not for decay.
    unit : str
        ``MBq`` or ``kBq/mL``.
    sd : float or None
        Of the value, in the same unit; None where none was given.
    relative : bool
        The sd was given in percent: it follows the curve, not the value.
    entered : Scan
        The scan as it was entered.
    """

    region: str
    time: float
    value: float
    unit: str
    sd: float | None
    relative: bool
    entered: Scan


def at_scan_time(
    scans: Iterable[Scan], activity: float, half_life: float, *, decay_corrected: bool = False
) -> tuple[ActivityAtScan, ...]:
    """Return what scans measured at their times, in the same order.

    Parameters
    ----------
    scans : iterable of Scan
    activity : float
        Net administered activity in MBq, for values in percent of it.
    half_life : float
        Physical, in h.
    decay_corrected : bool
        The values are corrected for decay to the administration.

    Examples
    --------
    >>> half = Scan("liver", 4.0, 1.0, "%IA", None, None, 0.5, "c.csv:2")
    >>> [activity] = at_scan_time([half], 7400.0, 159.528)
    >>> activity.value, activity.unit
    (148.0, 'MBq')
    """
    resolved = []
    for scan in scans:
        unit = CONCENTRATION if scan.unit == CONCENTRATION else "MBq"
        factor = (activity / HUNDRED_PERCENT if scan.unit == "%IA" else 1.0) / scan.recovery
        if decay_corrected:
            factor = float(decay.kernel(factor, scan.time, half_life))
        entered = scan.sd_of_value()
        sd = None if entered is None else entered * factor
        relative = scan.relative_sd is not None
        value = scan.value * factor
        resolved.append(ActivityAtScan(scan.region, scan.time, value, unit, sd, relative, scan))
    return tuple(resolved)


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
        place = scan.entered.place
        return FilePlace(place) if self.file else f"{self.place}{place}"

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
    decay_corrected : bool
        The scans were entered with a correction for decay to the administration.
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
        About the activity.
    """

    index: int
    at: Moment
    activity: float
    half_life: float
    measured: ScansAtTime
    blood: ScansAtTime
    decay_corrected: bool
    systematic_sd: float | None
    systematic_sds: Mapping[str, float]
    models: Mapping[str, str]
    contains: Mapping[str, Sequence[str]]
    dose_coefficients: Mapping[str, Estimate]
    assumptions: tuple[str, ...]

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


def net_cycle(cycle: Cycle, index: int) -> NetCycle:
    """Resolve one delivered cycle.

    Parameters
    ----------
    cycle : Cycle
        As the patient file gives it.
    index : int
        Of the cycle, from 0.

    Raises
    ------
    InputError
        An impossible activity: no time where one is needed, or nothing left.

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

    def resolved(entered: Measurements, key: str) -> ScansAtTime:
        scans = at_scan_time(entered.scans, activity, half_life, decay_corrected=corrected)
        return ScansAtTime(scans, entered.file, f"{place}.{key}")

    given = cycle.systematic_uncertainty
    by_region = given if isinstance(given, dict) else {}
    spread = None if isinstance(given, dict) else given
    return NetCycle(
        index=index,
        at=cycle.at,
        activity=activity,
        half_life=half_life,
        measured=resolved(cycle.measurements, "measurements"),
        blood=resolved(cycle.blood, "blood"),
        decay_corrected=corrected,
        systematic_sd=None if spread is None else spread.value / HUNDRED_PERCENT,
        systematic_sds={name: own.value / HUNDRED_PERCENT for name, own in by_region.items()},
        models=cycle.models,
        contains=cycle.contains,
        dose_coefficients=cycle.dose_coefficients,
        assumptions=tuple(assumptions),
    )
