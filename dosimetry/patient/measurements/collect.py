"""Scans that were read, together: all problems at once, and no scan twice."""

from __future__ import annotations

from collections.abc import Iterable

from dosimetry.patient.measurements.scan import MissingPoint, Scan, ScanOrError
from dosimetry.problems import InputError, Problem, in_words, refuse

MOST_PROBLEMS, MOST_SCANS = 50, 1_000


def collect(results: Iterable[ScanOrError]) -> tuple[tuple[Scan, ...], tuple[MissingPoint, ...]]:
    """Return the scans and the rows left out, or raise all problems, including scans given twice.

    It stops after the problems that are listed, and after the scans that a cycle can have.
    """
    scans: list[Scan] = []
    left_out: list[MissingPoint] = []
    problems: list[Problem] = []
    places: dict[tuple[str, float], str] = {}
    for scan in results:
        if len(problems) > MOST_PROBLEMS:
            break
        if isinstance(scan, MissingPoint):
            left_out.append(scan)
            continue
        if isinstance(scan, InputError):
            problems += scan.problems
            continue
        if len(scans) == MOST_SCANS:
            raise refuse(
                "too-many-scans",
                f"more than {MOST_SCANS} scans in one cycle",
                "give one row for each region and time",
                scan.place,
            )
        key = scan.region, scan.time
        if key in places:
            problems.append(
                Problem(
                    "measured-twice",
                    f"{in_words([scan.region])} at {scan.time:g} h is already given at "
                    f"{places[key]}",
                    "keep one of the two",
                    scan.place,
                )
            )
        places[key] = scan.place
        scans.append(scan)
    if len(problems) > MOST_PROBLEMS:
        problems[MOST_PROBLEMS:] = [Problem("more", "more problems follow", "correct these first")]
    if problems:
        raise InputError(problems)
    return tuple(scans), tuple(left_out)
