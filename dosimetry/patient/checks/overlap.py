"""Contradictions of volumes of interest that include others."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

from dosimetry.patient.measurements.scan import CONCENTRATION
from dosimetry.patient.net_cycle import NetCycle
from dosimetry.problems import Problem, in_words
from dosimetry.reference import regions, tables

BODY = ("total_body", "remainder_of_body")


def contradictions(cycle: NetCycle) -> Iterator[Problem]:
    """Yield contradictions in ``contains`` of a cycle."""
    here, measured = f"{cycle.place}.contains", cycle.measured.by_region()
    inside = list(itertools.chain.from_iterable(cycle.contains.values()))
    for name in dict.fromkeys((*cycle.contains, *inside)):
        if name in BODY:
            yield Problem(
                "body-contains",
                f"{in_words([name])} is listed in contains",
                "remove it: total_body includes every region, remainder_of_body includes none",
                here,
            )
        elif name not in measured or any(scan.unit == CONCENTRATION for scan in measured[name]):
            yield Problem(
                "contains-without-activity",
                f"the activity of {in_words([name])} was not measured in this cycle",
                "remove it, or add the measurement",
                here,
            )
    for name in sorted({name for name in inside if inside.count(name) > 1}):
        yield Problem("contained-twice", f"{in_words([name])} is included twice", "keep one", here)
    if any(_inside(name, name, cycle.contains) for name in cycle.contains):
        yield Problem("contains-itself", "a region includes itself", "correct the regions", here)


def _inside(name: str, outer: str, contains: Mapping[str, Sequence[str]], depth: int = 20) -> bool:
    """Return whether a region is in another, at any depth."""
    within = contains.get(outer, ())
    return name in within or (
        depth > 0 and any(_inside(name, middle, contains, depth - 1) for middle in within)
    )


def larger_inside(cycle: NetCycle) -> Iterator[Problem]:
    """Yield an error where regions have more activity than the VOI that includes them."""
    share = 1.0 + tables.default("measured_excess", "1")
    held: dict[str, dict[float, float]] = {}
    for scan in cycle.measured.scans:
        held.setdefault(scan.region, {})[round(scan.time, 2)] = scan.value
    for outer, within in cycle.contains.items():
        for time, whole in sorted(held[outer].items()):
            parts = sum(held[name].get(time, 0.0) for name in within)
            if parts > whole * share:
                yield Problem(
                    "contained-above-container",
                    f"{in_words(within)} have {parts:.4g} MBq at {time:g} h, more than the "
                    f"{whole:.4g} MBq of {in_words([outer])}; contains says that it includes them",
                    "correct contains or the activities",
                    f"{cycle.place}.contains.{outer}",
                )
                break


def counted_once(measured: Collection[str], cycle: NetCycle) -> list[str]:
    """Return the measured regions that are not inside the VOI of another region."""
    inside = set(itertools.chain.from_iterable(cycle.contains.values()))
    return [name for name in measured if name not in inside]


def excess(cycle: NetCycle) -> Iterator[tuple[float, float, float, float]]:
    """Yield times at which more was measured than can be left of the administered activity.

    Yields
    ------
    (time, most, without_tumours, left) : tuple of float
        In h and MBq. ``most`` is the sum of the regions or the whole body, ``left`` the activity
        that can be left.
    """
    share = 1.0 + tables.default("measured_excess", "1")
    once = set(counted_once(cycle.measured.by_region(), cycle))
    sums: dict[float, dict[str, float]] = {}
    for scan in cycle.measured.scans:
        if scan.unit == CONCENTRATION or scan.region not in once:
            continue
        role = regions.region(scan.region).role
        kind = role if role in ("total_body", "tumour") else "organ"
        at_time = sums.setdefault(round(scan.time, 2), {})
        at_time[kind] = at_time.get(kind, 0.0) + scan.value
    for time in sorted(sums):
        left = cycle.left(time)
        whole, organs, tumours = (
            sums[time].get(kind, 0.0) for kind in ("total_body", "organ", "tumour")
        )
        most = max(organs + tumours, whole)
        if most > left * share:
            yield time, most, max(organs, whole), left


def explains(without_tumours: float, most: float, left: float) -> bool:
    """Return whether overlap can explain an excess: there is none without the tumours."""
    allowed = left * (1.0 + tables.default("measured_excess", "1"))
    return 0 < without_tumours <= allowed and without_tumours < most
