"""Scans of one region to a fitted curve."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dosimetry.patient.measurements.scan import CONCENTRATION, Scan, lines_of
from dosimetry.patient.scan_time import ActivityAtScan
from dosimetry.physics.decay import LN2
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.fitting import Task
from dosimetry.problems import InputError, Problem, in_words, refuse


def task_of(scans: Sequence[ActivityAtScan], model: str, activity: float, half_life: float) -> Task:
    """Return the fit of one region as a task.

    Parameters
    ----------
    scans : sequence of ActivityAtScan
    model : str
    activity : float
        Net administered activity in MBq, which bounds the time-integrated activity.
    half_life : float
        Physical, in h.

    Raises
    ------
    InputError
        Only some scans have an sd, or activities and concentrations mixed.
    """
    sds = [scan.sd for scan in scans if scan.sd is not None]
    if sds and len(sds) < len(scans):
        raise refuse("sd-missing", "only some scans have an sd", "give an sd for all or none")
    if len({scan.unit for scan in scans}) > 1:
        some = any(scan.by_volume for scan in scans)
        raise refuse(
            "mixed-units",
            "some concentrations have a volume, others have none"
            if some
            else "activities and concentrations are mixed",
            "give the volume of every scan, or of none" if some else "give only one of them",
        )
    unit = scans[0].unit
    times, values = [scan.time for scan in scans], [scan.value for scan in scans]
    most = math.inf if unit == CONCENTRATION else activity * half_life / LN2
    relative = [scan.relative for scan in scans]
    return Task(times, values, sds or None, model, LN2 / half_life, unit, most, relative)


def doubted(curve: FittedCurve, scans: Sequence[Scan]) -> FittedCurve:
    """Return a curve with a warning where the recovery coefficient of a scan is above one.

    Partial volume loses counts. The activity is divided by the recovery coefficient, so a
    coefficient above one lowers the dose.
    """
    above = [scan for scan in scans if scan.recovery > 1.0]
    if not above:
        return curve
    highest = max(scan.recovery for scan in above)
    doubt = Problem(
        "recovery-above-one",
        f"a recovery coefficient of {highest:g} lowers the activity by "
        f"{100 * (1 - 1 / highest):.0f} % ({lines_of(above)})",
        "a recovery coefficient is rarely above 1: check that it is not its inverse, the factor to "
        "multiply with",
    )
    return replace(curve, warnings=(*curve.warnings, doubt))


def said_of(error: InputError, region: str, scans: Sequence[Scan]) -> Iterator[tuple[Problem, str]]:
    """Yield the problems of a curve, each with a message that names the region and its lines."""
    for problem in error.problems:
        where = f" ({lines_of(scans)})" if problem.code == "more-than-administered" else ""
        yield problem, f"{in_words([region])}: {problem.message}{where}"
