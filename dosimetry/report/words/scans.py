"""Which scans are worth it, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from dosimetry.documents.scans import BestSchedule, ScannedLimit, ScannedRegion, UnscannedLimit
from dosimetry.planning.decision_words import limit_words
from dosimetry.quantities import Amount
from dosimetry.report.numbers import plain, probability
from dosimetry.report.words.names import words
from dosimetry.report.words.said import listed, sentence
from dosimetry.units import HUNDRED_PERCENT

COUNTS = ("One", "Two", "Three", "Four", "Five", "Six")
FURTHER = ("", "A second", "A third", "A fourth", "A fifth", "A sixth")


def percent(sd: float) -> str:
    """Return an sd of ln dose as a relative sd, with two digits.

    Examples
    --------
    >>> percent(0.0727), percent(0.0989), percent(0.211)
    ('7.3 %', '9.9 %', '21 %')
    """
    value = HUNDRED_PERCENT * sd
    return f"{value:.{0 if value >= 9.95 else 1}f} %"


def times(schedule: Sequence[Amount]) -> str:
    """Return scan times in words.

    Examples
    --------
    >>> times([Amount(24.0, "h"), Amount(168.0, "h")])
    '24 h and 168 h'
    """
    return listed([f"{time.value:g} {time.unit}" for time in schedule])


def answer(region: ScannedRegion) -> str:
    """Return the best schedule of each size, and what the last scan adds.

    Examples
    --------
    >>> from dosimetry.planning.scans import scans
    >>> [kidneys] = scans("examples/nothing_measured.yaml", at="24 h, 72 h, 168 h").regions
    >>> answer(kidneys).partition(" A third ")[0]
    'One scan: 72 h gives 9.9 %. Two: 24 h and 168 h give 7.3 %.'
    """
    return " ".join(_best(best) for best in region.best)


def _best(best: BestSchedule) -> str:
    gives = f"{times(best.times)} give{'s' if best.scans == 1 else ''} {percent(best.sd)}."
    if best.scans <= 2 or best.gain is None:
        return f"{COUNTS[best.scans - 1]}{' scan' if best.scans == 1 else ''}: {gives}"
    return f"{FURTHER[best.scans - 1]} buys {percent(best.gain)}: {gives}"


def knowledge(region: ScannedRegion) -> str:
    """Return what the figures of a region rest on.

    Examples
    --------
    >>> from dosimetry.planning.scans import scans
    >>> knowledge(scans("examples/nothing_measured.yaml").regions[0])
    'effective half-life 51.0 h ± 20 %, not measured in this patient; 10 % per scan'
    """
    cycles = [f"{number}" for number in region.half_life_from]
    rests = (
        f"measured in cycle{'s' if len(cycles) > 1 else ''} {listed(cycles)}"
        if cycles
        else "not measured in this patient"
    )
    spread = (region.half_life.sd or 0.0) / region.half_life.value
    return (
        f"effective half-life {plain(region.half_life.value)} h ± {percent(spread)}, {rests}; "
        f"{percent(region.noise)} per scan"
    )


def verdict(limit: ScannedLimit, best: Sequence[BestSchedule]) -> str:
    """Return how likely the verdict on a limit is wrong, without scans and with more and more.

    Examples
    --------
    >>> from dosimetry.quantities import Amount
    >>> kept = ScannedLimit("a", "absorbed dose", Amount(23.0, "Gy"), 0.266, 0.266)
    >>> one = BestSchedule((Amount(72.0, "h"),), 0.099, 0.009, 1, None, {"a": 0.097})
    >>> verdict(kept, [one])
    'P(> limit) 0.266; verdict wrong with probability 0.266 without a scan, 0.097 after one'
    """
    if limit.probability is None or limit.wrong_side is None:
        return "no dose is known yet"
    chances = [
        f"{probability(one.wrong_side[limit.limit])} after {COUNTS[one.scans - 1].lower()}"
        for one in best
    ]
    before = f"{probability(limit.wrong_side)} without a scan"
    return (
        f"P(> limit) {probability(limit.probability)}; verdict wrong with probability "
        f"{', '.join([before, *chances])}"
    )


def verdicts(region: ScannedRegion) -> list[str]:
    """Return a sentence for each limit of a region, see :func:`verdict`."""
    named = (
        (limit_words(region.region, one.quantity, one.limit_value.value), one)
        for one in region.limits
    )
    return [sentence(f"{name}: {verdict(one, region.best)}") for name, one in named]


def heading(region: ScannedRegion) -> str:
    """Return the region's name, and what is measured where that is not the region itself."""
    name = words(region.region).capitalize()
    return name if region.measured_in == region.region else f"{name} (from {region.measured_in})"


def caption(region: ScannedRegion) -> str:
    """Return the caption of a region's picture: the answer, its basis, the verdicts."""
    return " ".join([answer(region), sentence(knowledge(region)), *verdicts(region)])


def reason(one: UnscannedLimit) -> str:
    """Return why scans tell nothing of a limit.

    Examples
    --------
    >>> reason(UnscannedLimit("skin-own", "skin", "a scan does not measure the skin itself"))
    'a scan does not measure the skin itself (limit skin-own)'
    """
    return f"{one.reason} (limit {one.limit})"
