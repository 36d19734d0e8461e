"""Strategies: how much is given in the cycles to come, and why no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dosimetry import tables
from dosimetry.problems import nearest, quote, refuse
from dosimetry.reference import Limit
from dosimetry.therapy.plan import Decision, Status
from dosimetry.therapy.regimen import Programme
from dosimetry.therapy.region_course import RegionCourse

STRATEGIES = ("fixed", "to-limit", "adjusted")
MOST_CYCLES = 8  # of to-limit, unless asked otherwise

ToCome = tuple[float | None, Status, str | None]


@dataclass(frozen=True)
class Bounds:
    """What a strategy must keep to.

    Attributes
    ----------
    risk : float
        Probability of passing a limit that is allowed.
    most_cycles : int
        Of the whole course, for ``to-limit``.
    highest : float
        Activity of one cycle in GBq.
    lowest : float or None
        Least activity of one cycle in GBq, where one is asked for.
    left_out : tuple of int
        Numbers of cycles to come that are not given.
    """

    risk: float
    most_cycles: int
    highest: float
    lowest: float | None
    left_out: tuple[int, ...]


def check_strategy(strategy: str, risk: float) -> None:
    """Refuse an unknown strategy or a risk out of range."""
    if strategy not in STRATEGIES:
        raise refuse(
            "unknown-strategy",
            f"strategy {quote(strategy)} is not known",
            nearest(strategy, STRATEGIES) or f"one of {', '.join(STRATEGIES)}",
            "strategy",
        )
    if not 0.0 < risk <= 0.5:
        raise refuse(
            "risk-out-of-range", f"a risk of {risk:g} is outside (0, 0.5]", "as in 0.05", "risk"
        )


def decide(
    strategy: str,
    programme: Programme,
    regions: Mapping[str, RegionCourse],
    limits: Sequence[Limit],
    done: int,
    bounds: Bounds,
) -> tuple[list[ToCome], Decision]:
    """Return the cycles to come and the reason for them.

    Parameters
    ----------
    strategy : str
    programme : Programme
    regions : mapping of str to RegionCourse
        With the delivered cycles only.
    limits : sequence of Limit
        Those on regions without a dose cannot decide anything.
    done : int
        Number of delivered cycles.
    bounds : Bounds
    """
    if programme.activity is None:
        return [], Decision("the regimen gives no radiopharmaceutical", None, None, None)
    known = [
        limit
        for limit in limits
        if limit.region in regions and regions[limit.region].has(limit.quantity)
    ]
    unknown = [limit.id for limit in limits if limit not in known]
    if strategy == "to-limit":
        if unknown or not known:  # nothing is known that could call for more than the regimen
            most = max(min(bounds.most_cycles, programme.count), done)
            bounds = replace(bounds, most_cycles=most)
        return _without(_to_limit(programme, regions, known, done, bounds), unknown, known)
    if strategy == "adjusted":
        return _without(_adjusted(programme, regions, known, done, bounds), unknown, known)
    numbers = range(done + 1, programme.count + 1)
    return (
        [_one(programme.activity, number, bounds) for number in numbers],
        Decision("fixed: the regimen as written", None, None, None),
    )


def _without(
    found: tuple[list[ToCome], Decision], unknown: Sequence[str], known: Sequence[Limit]
) -> tuple[list[ToCome], Decision]:
    """Say in the decision which limits it could not consider."""
    to_come, decision = found
    if unknown or not known:
        which = ", ".join(unknown) or "there is none"
        words = f"{decision.reason}; limits that could not be considered: {which}"
        return to_come, replace(decision, reason=words)
    return to_come, decision


def _one(activity: float, number: int, bounds: Bounds) -> ToCome:
    if number in bounds.left_out:
        return None, "withheld", f"left out on request (without cycle {number})"
    return activity, "planned", None


def _worst(
    regions: Mapping[str, RegionCourse], limits: Sequence[Limit], to_come: Sequence[ToCome]
) -> tuple[float, Limit | None]:
    """Return the highest probability of passing a limit at the end of a course, and the limit."""
    further = tuple(activity or 0.0 for activity, _, _ in to_come)
    found: tuple[float, Limit | None] = (-1.0, None)
    for limit in limits:
        course = regions[limit.region]
        longer = course.with_activities(course.activities + further)
        chance = float(longer.probabilities(limit.quantity, limit.value)[-1])
        if chance > found[0]:
            found = chance, limit
    return found


def _to_limit(
    programme: Programme,
    regions: Mapping[str, RegionCourse],
    limits: Sequence[Limit],
    done: int,
    bounds: Bounds,
) -> tuple[list[ToCome], Decision]:
    activity = min(programme.activity or 0.0, bounds.highest)
    to_come: list[ToCome] = []
    for number in range(done + 1, bounds.most_cycles + 1):
        one = _one(activity, number, bounds)
        chance, limit = _worst(regions, limits, [*to_come, one])
        if limit is not None and chance > bounds.risk and one[0] is not None:
            reason = (
                f"stopped before cycle {number}: with it {limit.id} would be passed with "
                f"probability {chance:.3f}, above the risk of {bounds.risk:g}"
            )
            to_come += [(None, "stopped", reason) for _ in range(number, programme.count + 1)]
            return to_come, Decision(reason, limit.id, number, chance)
        to_come.append(one)
    reason = f"stopped at the largest number of cycles, {bounds.most_cycles}"
    if done >= bounds.most_cycles:
        reason = f"{done} cycles were delivered, and at most {bounds.most_cycles} are to be given"
    return to_come, Decision(reason, None, None, None)


def _adjusted(
    programme: Programme,
    regions: Mapping[str, RegionCourse],
    limits: Sequence[Limit],
    done: int,
    bounds: Bounds,
) -> tuple[list[ToCome], Decision]:
    numbers = range(done + 1, programme.count + 1)
    slots = [number for number in numbers if number not in bounds.left_out]
    if not slots:
        return (
            [_one(0.0, number, bounds) for number in numbers],
            Decision("no cycle of the regimen is left to adjust", None, None, None),
        )
    least = bounds.lowest or tables.default("lowest_activity", "GBq")
    wanted = len(slots)
    slots, activity, limit = _best_split(regions, limits, slots, bounds)
    slots = slots if activity >= least else []
    name = limit.id if limit else None
    if not slots:
        reason = (
            f"no cycle can be given: {f'{name} allows' if name else 'there is asked for at most'} "
            f"{activity:.3g} GBq at a risk of {bounds.risk:g}"
        )
    elif limit is None:
        reason = f"{activity:.4g} GBq per cycle: the most that may be given, no limit is nearer"
    else:
        reason = (
            f"{activity:.4g} GBq per cycle: the largest at which {name} is passed with a "
            f"probability of at most {bounds.risk:g}"
        )
    if len(slots) < wanted:
        reason += f"; a cycle of less than {least:.3g} GBq is not given"
    to_come: list[ToCome] = []
    for number in numbers:
        if number in slots or number in bounds.left_out:
            to_come.append(_one(activity, number, bounds))
        else:
            to_come.append((None, "stopped", reason))
    chance, _ = _worst(regions, [limit] if limit else limits, to_come)
    cycle = slots[-1] if slots else None
    return to_come, Decision(reason, name, cycle, chance if chance >= 0 else None)


def _best_split(
    regions: Mapping[str, RegionCourse],
    limits: Sequence[Limit],
    slots: Sequence[int],
    bounds: Bounds,
) -> tuple[list[int], float, Limit | None]:
    """Return the cycles to give, their equal activity, and the limit that decides.

    All of them; where a least activity is asked for, as many of the first ones as give the most
    activity in total with none below it, so that more risk never means less.
    """
    counts = [len(slots)] if bounds.lowest is None else range(len(slots), 0, -1)
    splits = [
        (list(slots[:count]), *_largest(regions, limits, slots[:count], bounds)) for count in counts
    ]
    useful = [split for split in splits if split[1] >= (bounds.lowest or 0.0)]
    return max(useful, key=lambda split: len(split[0]) * split[1], default=splits[-1])


def _largest(
    regions: Mapping[str, RegionCourse],
    limits: Sequence[Limit],
    slots: Sequence[int],
    bounds: Bounds,
) -> tuple[float, Limit | None]:
    """Return the largest equal activity, and the limit that decides; None where the cap does."""
    found: tuple[float, Limit | None] = (bounds.highest, None)
    for limit in limits:
        most = regions[limit.region].largest_activity(
            limit.quantity, limit.value, bounds.risk, [number - 1 for number in slots]
        )
        if most < found[0]:
            found = most, limit
    return found
