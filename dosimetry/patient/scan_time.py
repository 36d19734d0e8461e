"""What scans measured, at their times, in MBq or kBq/mL.

Here alone a value relative to the administered activity becomes MBq, a concentration times a volume
an activity, a recovery coefficient is divided by, or a decay correction is undone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dosimetry.patient.masses import MARROW
from dosimetry.patient.measurements.scan import BLOOD, CONCENTRATION, Scan
from dosimetry.physics.decay import decay
from dosimetry.problems import refuse
from dosimetry.reference import tables
from dosimetry.units import HUNDRED_PERCENT, KBQ_PER_MBQ, MBQ_PER_KBQ


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
    by_volume : bool
        The activity is a concentration times the volume of the VOI.
    """

    region: str
    time: float
    value: float
    unit: str
    sd: float | None
    relative: bool
    entered: Scan
    by_volume: bool = False


@dataclass(frozen=True, slots=True)
class Administration:
    """What values relative to the administered activity, or to its time, are resolved with.

    Attributes
    ----------
    activity : float
        Net administered, in MBq.
    half_life : float
        Physical, in h.
    weight : float or None
        Of the patient in g, for SUV.
    decay_corrected : bool
        Values are corrected for decay to the administration where their file does not say.
    """

    activity: float
    half_life: float
    weight: float | None = None
    decay_corrected: bool = False


def at_scan_time(
    scans: Iterable[Scan], administration: Administration
) -> tuple[ActivityAtScan, ...]:
    """Return what scans measured at their times, in the same order.

    An organ's concentration with a volume is an activity; without one it stays a concentration.

    Raises
    ------
    InputError
        SUV without the patient's weight.

    Examples
    --------
    >>> half = Scan("liver", 4.0, 1.0, "%IA", None, None, 0.5, "c.csv:2")
    >>> [activity] = at_scan_time([half], Administration(7400.0, 159.528))
    >>> activity.value, activity.unit
    (148.0, 'MBq')
    """
    resolved = []
    for scan in scans:
        factor, unit = _of_unit(scan, administration)
        by_volume = (
            unit == CONCENTRATION
            and scan.volume is not None
            and scan.region not in (BLOOD, MARROW)  # the VOI in a vertebra is not the marrow
        )
        if by_volume and scan.volume is not None:
            factor, unit = factor * scan.volume * MBQ_PER_KBQ, "MBq"
        factor /= scan.recovery
        if _corrected(scan, administration):
            factor = float(decay.kernel(factor, scan.time, administration.half_life))
        entered = scan.sd_of_value()
        sd = None if entered is None else entered * factor
        relative = scan.relative_sd is not None
        value = scan.value * factor
        resolved.append(
            ActivityAtScan(scan.region, scan.time, value, unit, sd, relative, scan, by_volume)
        )
    return tuple(resolved)


def _of_unit(scan: Scan, administration: Administration) -> tuple[float, str]:
    """Return the factor from the unit that was entered to MBq or kBq/mL, and which of them."""
    percent = administration.activity / HUNDRED_PERCENT
    fluid = scan.region in (BLOOD, MARROW)  # 1 mL of them counts as 1 g in the marrow's dose
    density = 1.0 if fluid else tables.default("soft_tissue_density", "g/mL")
    if scan.unit in ("MBq", CONCENTRATION):
        return 1.0, scan.unit
    if scan.unit == "%IA":
        return percent, "MBq"
    if scan.unit == "kBq/g":
        return density, CONCENTRATION
    if scan.unit == "%IA/mL":
        return percent * KBQ_PER_MBQ, CONCENTRATION
    if scan.unit == "%IA/g":
        return percent * KBQ_PER_MBQ * density, CONCENTRATION
    if administration.weight is None:
        raise refuse(
            "weight-missing",
            "an SUV needs the patient's weight",
            "add patient.weight (--weight of dosimetry fit), or give the concentration in kBq/mL",
            scan.place,
        )
    return administration.activity * KBQ_PER_MBQ / administration.weight, CONCENTRATION


def _corrected(scan: Scan, administration: Administration) -> bool:
    """Return whether a value is corrected for decay to the administration, as every SUV is."""
    if scan.unit == "SUV":
        return True
    if scan.decay_corrected is None:
        return administration.decay_corrected
    return scan.decay_corrected
