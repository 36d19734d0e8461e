"""Scans of one region to a fitted curve: corrections undone, values brought to MBq at scan time."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import TypeAlias

from dosimetry.physics.decay import LN2, decay
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.fitting import Task, fit_points
from dosimetry.problems import InputError, Problem, refuse
from dosimetry.therapy.measurements import Scan

# Curves fitted beforehand, many at a time, by all that they depend on: only a matter of speed.
# What fit_scans is asked: scans, model, administered activity, half-life, decay-corrected or not.
Request: TypeAlias = tuple[tuple[Scan, ...], str, float, float, bool]
_PREPARED: ContextVar[Mapping[Request, FittedCurve | InputError]] = ContextVar("prepared")


def factor_at_scan(
    scan: Scan, administered: float, half_life: float, *, decay_corrected: bool
) -> float:
    """Return what turns a scan's value and sd into MBq at scan time.

    Parameters
    ----------
    scan : Scan
    administered : float
        In MBq, for values in percent of it.
    half_life : float
        Physical, in h.
    decay_corrected : bool
        The values are corrected for decay to the administration.
    """
    factor = (administered / 100 if scan.unit == "%IA" else 1.0) / scan.recovery
    return float(decay.kernel(factor, scan.time, half_life)) if decay_corrected else factor


def at_scan_time(
    scans: Sequence[Scan], administered: float, half_life: float, corrected: bool
) -> tuple[list[float], list[float], list[float], str]:
    """Return times, values and sds (none or all) of the scans of one region, and their unit.

    Raises
    ------
    InputError
        An sd at some scans only.
    """
    factors = [
        factor_at_scan(scan, administered, half_life, decay_corrected=corrected) for scan in scans
    ]
    sds = [
        scan.sd * factor for scan, factor in zip(scans, factors, strict=True) if scan.sd is not None
    ]
    if sds and len(sds) < len(scans):
        raise refuse("sd-missing", "an sd at some scans only", "give all of them, or none")
    if len({scan.unit == "kBq/mL" for scan in scans}) > 1:
        raise refuse("mixed-units", "activities and concentrations are mixed", "give one of both")
    return (
        [scan.time for scan in scans],
        [scan.value * factor for scan, factor in zip(scans, factors, strict=True)],
        sds,
        "kBq/mL" if scans[0].unit == "kBq/mL" else "MBq",
    )


def fit_scans(
    scans: tuple[Scan, ...],
    model: str,
    administered: float,
    half_life: float,
    *,
    decay_corrected: bool,
) -> FittedCurve:
    """Fit the scans of one region.

    Raises
    ------
    InputError
        An sd at some scans only, or what :func:`dosimetry.fit` refuses.
    """
    found = _PREPARED.get({}).get((scans, model, administered, half_life, decay_corrected))
    if isinstance(found, InputError):
        raise found
    if found is not None:
        return found
    task = task_of(scans, model, administered, half_life, decay_corrected=decay_corrected)
    return fit_points(
        task.time, task.activity, task.sd, model, task.decay_constant, task.unit, task.most
    )


def task_of(
    scans: Sequence[Scan],
    model: str,
    administered: float,
    half_life: float,
    *,
    decay_corrected: bool,
) -> Task:
    """Return what is to be fitted for the scans of one region.

    Raises
    ------
    InputError
        An sd at some scans only.
    """
    times, values, sds, unit = at_scan_time(scans, administered, half_life, decay_corrected)
    most = math.inf if unit == "kBq/mL" else administered * half_life / LN2
    return Task(times, values, sds or None, model, LN2 / half_life, unit, most)


@contextlib.contextmanager
def prepared(fits: Mapping[Request, FittedCurve | InputError]) -> Iterator[None]:
    """Have curves at hand that were fitted together, so that they are not fitted one by one."""
    token = _PREPARED.set(fits)
    try:
        yield
    finally:
        _PREPARED.reset(token)


def doubted(curve: FittedCurve, scans: Sequence[Scan]) -> FittedCurve:
    """Return a curve with a warning where the recovery coefficient of a scan is above one.

    Partial volume takes counts away; the activity is divided by the recovery, so that one above
    one makes the dose smaller.
    """
    above = [scan for scan in scans if scan.recovery > 1.0]
    if not above:
        return curve
    highest = max(scan.recovery for scan in above)
    doubt = Problem(
        "recovery-above-one",
        f"a recovery coefficient of {highest:g} makes the activity {1 - 1 / highest:.0%} smaller "
        f"({lines_of(above)})",
        "a recovery coefficient is seldom above one: check that it is not its inverse, the factor "
        "to multiply with",
    )
    return replace(curve, warnings=(*curve.warnings, doubt))


def lines_of(scans: Sequence[Scan]) -> str:
    """Return where scans stand: ``c.csv:2, 3``; the entries of a list by their index.

    Examples
    --------
    >>> one = Scan("liver", 4.0, 80.0, "MBq", None, None, 1.0, "c.csv:2")
    >>> lines_of([one, replace(one, place="c.csv:3")]), lines_of([replace(one, place="[0]")])
    ('c.csv:2, 3', 'measurements[0]')
    """
    places = [scan.place for scan in scans]
    file, colon, _ = places[0].rpartition(":")
    if not colon:
        return ", ".join(f"measurements{place}" for place in places)
    return f"{file}:" + ", ".join(place.removeprefix(f"{file}:") for place in places)


def said_of(error: InputError, region: str, scans: Sequence[Scan]) -> Iterator[tuple[Problem, str]]:
    """Yield the problems of a curve, each with its message: the region named, and its lines."""
    for problem in error.problems:
        where = f" ({lines_of(scans)})" if problem.code == "more-than-administered" else ""
        yield problem, f"{region}: {problem.message}{where}"
