"""Overlapping volumes of interest: activity is counted once, doubts are named."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from dosimetry.cycle.curves import Source, in_common
from dosimetry.patient.checks.overlap import excess, explains
from dosimetry.patient.kidneys import with_sides
from dosimetry.patient.net_cycle import NetCycle
from dosimetry.physics.kinetics import Array, combine
from dosimetry.problems import InputError, Problem, in_words, refuse
from dosimetry.reference import regions, tables

ORGANS = ("organ", "kidney", "gland")  # roles of regions that a tumour can lie in
CURE = (
    "write contains: {{{organ}: [{tumour}]}} in the cycle if the region's VOI includes the tumour, "
    "contains: {{{organ}: []}} if it does not"
)


def taken_out(sources: Mapping[str, Source], cycle: NetCycle) -> dict[str, Source]:
    """Return the sources, each without the activity of the regions that its VOI includes.

    Raises
    ------
    InputError
        A region has less activity than the regions that it includes.
    """
    reduced = dict(sources)
    for outer, within in cycle.contains.items():
        parts = [sources[name] for name in within]
        whole = sources[outer]
        tia = whole.tia - sum(part.tia for part in parts)
        if tia <= 0:
            raise refuse(
                "contained-above-container",
                f"{in_words(within)} together have more time-integrated activity than "
                f"{in_words([outer])}; contains says that it includes them",
                "correct contains or the activities",
                f"{cycle.place}.contains.{outer}",
            )
        shapes = [(whole.shape, 1.0), *((part.shape, -1.0) for part in parts)]
        reduced[outer] = Source(
            tia,
            float(np.hypot.reduce([whole.fit_sd, *(part.fit_sd for part in parts)])),
            combine(shapes),
            _effect([s.cycle_effect for s in (whole, *parts)], (whole, *parts), tia),
            whole.common,
            _effect([s.half_life_effect for s in (whole, *parts)], (whole, *parts), tia),
            in_common(
                [(whole.systematic_sd, whole.tia), *((s.systematic_sd, -s.tia) for s in parts)]
            ),
            _without(whole, parts),
            whole.with_mass,
            whole.volume_sd,
        )
    return reduced


def _without(whole: Source, parts: Sequence[Source]) -> dict[str, float]:
    """Return the effect of the recovery coefficients on a source without the others."""
    left = dict(whole.recovery)
    for part in parts:
        for name, change in part.recovery.items():
            left[name] = left.get(name, 0.0) - change
    return left


def _effect(effects: Sequence[Array | None], sources: Sequence[Source], tia: float) -> Array | None:
    """Return the effect of a half-life on the first source without the others."""
    changes = [
        (source.tia if i == 0 else -source.tia) * (effect - 1.0)
        for i, (source, effect) in enumerate(zip(sources, effects, strict=True))
        if effect is not None
    ]
    return np.asarray(1.0 + sum(changes) / tia) if changes else None


def overlap_warnings(
    cycle: NetCycle, sites: Mapping[str, str], sources: Mapping[str, Source]
) -> Iterator[Problem]:
    """Yield warnings of regions that may include each other, where the cycle does not state it.

    ``sites`` are the organs that tumours lie in, by the patient file.
    """
    place = f"{cycle.place}.measurements"
    for tumour, organ in _sites(cycle, sites, sources):
        yield Problem(
            "overlap-possible",
            f"{in_words([tumour])} lies in the {in_words([organ])}, and both were measured. If the "
            "VOI of the organ includes the tumour, its activity is counted twice",
            CURE.format(organ=organ, tumour=tumour),
            place,
        )
    for time, most, without_tumours, left in itertools.islice(excess(cycle), 1):
        if explains(without_tumours, most, left):
            yield Problem(
                "overlap-possible",
                f"{most:.4g} MBq measured at {time:g} h ({without_tumours:.4g} MBq without the "
                f"tumours), but only {left:.4g} MBq can be left. A VOI that includes a tumour may "
                "count it twice",
                CURE.format(organ="liver", tumour="tumour_1"),
                place,
            )
    if "total_body" in sources:
        total = sources["total_body"].tia
        parts = sum(source.tia for name, source in sources.items() if name != "total_body")
        if parts > total * tables.default("overlap_share", "1"):
            yield Problem(
                "overlap-possible",
                f"the regions together have {100 * parts / total:.0f} % of the whole body's "
                "time-integrated activity. Overlapping VOIs make the remainder too small",
                "write into contains which region includes another, or check the calibrations",
                place,
            )


def disjoint_assumed(cycle: NetCycle, sources: Collection[str]) -> list[str]:
    """Return the assumption that tumours and organs of one cycle do not overlap."""
    inside = set(itertools.chain.from_iterable(cycle.contains.values()))
    tumours = [
        name for name in sources if regions.region(name).role == "tumour" and name not in inside
    ]
    organs = [
        name
        for name in sources
        if regions.region(name).role in ORGANS
        and name not in cycle.contains
        and name != "red_marrow"
    ]
    if not tumours or not organs:
        return []
    return [f"VOIs of {in_words(tumours)} do not overlap with {in_words(organs)}"]


def _sites(
    cycle: NetCycle, sites: Mapping[str, str], sources: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield each tumour with its measured organ, where ``contains`` does not have the organ."""
    for tumour in sources:
        site = site_of(tumour, sites)
        if site is None:
            continue
        for organ in with_sides(site):
            if organ in sources and organ not in cycle.contains:
                yield tumour, organ


def site_of(tumour: str, sites: Mapping[str, str]) -> str | None:
    """Return the organ of a tumour, from ``sites`` or its name (``tumour_liver_2``)."""
    if regions.region(tumour).role != "tumour":
        return None
    if tumour in sites:
        return sites[tumour]
    words = tumour.removeprefix("tumour").strip("_").split("_")
    while words:
        try:
            region = regions.region("_".join(words))
        except InputError:
            words.pop()
            continue
        return region.name if region.role in ORGANS else None
    return None
