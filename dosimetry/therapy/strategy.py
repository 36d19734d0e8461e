"""Strategies: how much is given in the cycles to come, and why no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dosimetry import tables
from dosimetry.problems import nearest, quote, refuse
from dosimetry.reference import Limit
from dosimetry.therapy.label_course import Slot
from dosimetry.therapy.plan import Decision
from dosimetry.therapy.regimen import Programme, Scheduled
from dosimetry.therapy.region_course import RegionCourse

STRATEGIES = ("fixed", "to-limit", "adjusted")
MOST_CYCLES = 8  # of to-limit, unless asked otherwise


@dataclass(frozen=True)
class Bounds:
    """What a strategy must keep to.

    Attributes
    ----------
    risk : float
        Probability of passing a limit that is allowed.
    highest : float
        Activity of one cycle in GBq.
    lowest : float or None
        Least activity of one cycle in GBq, where one is asked for.
    """

    risk: float
    highest: float
    lowest: float | None


def check_strategy(strategy: str, risk: float) -> None:
    """Refuse an unknown strategy or a risk out of range."""
    if not isinstance(strategy, str) or strategy not in STRATEGIES:
        raise refuse(
            "unknown-strategy",
            f"strategy {quote(strategy)} is not known",
            nearest(f"{strategy}", STRATEGIES) or f"one of {', '.join(STRATEGIES)}",
            "strategy",
        )
    if not isinstance(risk, int | float) or not 0.0 < risk <= 0.5:
        words = f"{risk:g}" if isinstance(risk, int | float) else quote(risk)
        raise refuse(
            "risk-out-of-range", f"a risk of {words} is outside (0, 0.5]", "as in 0.05", "risk"
        )


def decide(
    strategy: str,
    programme: Programme,
    regions: Mapping[str, RegionCourse],
    limits: Sequence[Limit],
    slots: Sequence[Slot],
    bounds: Bounds,
) -> tuple[list[Scheduled], Decision]:
    """Return the cycles to come and the reason for them.

    Parameters
    ----------
    strategy : str
    programme : Programme
    regions : mapping of str to RegionCourse
        With the delivered cycles only.
    limits : sequence of Limit
        Those on regions without a dose cannot decide anything.
    slots : sequence of Slot
        The cycles to come, with the most that the label allows in each; in ``to-limit`` up to the
        largest number of cycles.
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
    regular = [slot for slot in slots if slot.number <= programme.count]
    if strategy == "to-limit":
        if unknown or not known:  # nothing is known that could call for more than the regimen
            slots = regular
        found = _to_limit(programme, regions, known, slots, bounds)
    elif strategy == "adjusted":
        found = _adjusted(programme, regions, known, regular, bounds)
    else:
        one = Decision("fixed: the regimen as written", None, None, None)
        return _by_label([_one(programme.activity, slot, "regimen") for slot in regular], one)
    return _without(*_by_label(*found), unknown, known)


def _by_label(to_come: list[Scheduled], decision: Decision) -> tuple[list[Scheduled], Decision]:
    """Say in the decision which cycles the label decided."""
    cycles = [
        f"{'none' if one.activity is None else f'{one.activity:.4g} GBq'} on {one.at or 'no date'}"
        for one in to_come
        if one.decided_by == "label"
    ]
    if not cycles:
        return to_come, decision
    words = f"{decision.reason}; the label decided: {', '.join(cycles)}"
    return to_come, replace(decision, reason=words)


def _without(
    to_come: list[Scheduled], decision: Decision, unknown: Sequence[str], known: Sequence[Limit]
) -> tuple[list[Scheduled], Decision]:
    """Say in the decision which limits it could not consider."""
    if unknown or not known:
        which = ", ".join(unknown) or "there is none"
        words = f"{decision.reason}; limits that could not be considered: {which}"
        return to_come, replace(decision, reason=words)
    return to_come, decision


def _one(activity: float, slot: Slot, by: str) -> Scheduled:
    """Return a cycle with an activity that ``by`` decided, or with less where the label says so."""
    if slot.status != "planned":
        return Scheduled(None, slot.status, slot.reason, slot.by, slot.at)
    if slot.most < activity:
        return Scheduled(slot.most, "planned", slot.reason, slot.by, slot.at)
    return Scheduled(activity, "planned", slot.reason, by, slot.at)


def _worst(
    regions: Mapping[str, RegionCourse], limits: Sequence[Limit], to_come: Sequence[Scheduled]
) -> tuple[float, Limit | None]:
    """Return the highest probability of passing a limit at the end of a course, and the limit."""
    further = tuple(one.activity or 0.0 for one in to_come)
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
    slots: Sequence[Slot],
    bounds: Bounds,
) -> tuple[list[Scheduled], Decision]:
    activity = min(programme.activity or 0.0, bounds.highest)
    by = "regimen" if activity == programme.activity else "request"
    to_come: list[Scheduled] = []
    for slot in slots:
        one = _one(activity, slot, by)
        if one.status != "planned" and slot.by == "label" and slot.number > programme.count:
            reason = f"no cycle after cycle {programme.count}: the label has none now"
            return to_come, Decision(reason, None, None, None)
        chance, limit = _worst(regions, limits, [*to_come, one])
        if limit is not None and chance > bounds.risk and one.activity is not None:
            reason = (
                f"stopped before cycle {slot.number}: with it {limit.id} would be passed with "
                f"probability {chance:.3f}, above the risk of {bounds.risk:g}"
            )
            to_come += [
                Scheduled(None, "stopped", reason, limit.id, later.at)
                for later in slots
                if slot.number <= later.number <= programme.count
            ]
            return to_come, Decision(reason, limit.id, slot.number, chance)
        to_come.append(one)
    reason = "no further cycle is to be given: as many were delivered"
    if slots:
        reason = f"stopped at the largest number of cycles, {slots[-1].number}"
    return to_come, Decision(reason, None, None, None)


def _adjusted(
    programme: Programme,
    regions: Mapping[str, RegionCourse],
    limits: Sequence[Limit],
    slots: Sequence[Slot],
    bounds: Bounds,
) -> tuple[list[Scheduled], Decision]:
    free = [slot for slot in slots if slot.status == "planned"]
    if not free:
        return (
            [_one(0.0, slot, "regimen") for slot in slots],
            Decision("no cycle of the regimen is left to adjust", None, None, None),
        )
    least = bounds.lowest or tables.default("lowest_activity", "GBq")
    given, activity, limit = _best_split(regions, limits, free, bounds)
    given = given if activity >= least else []
    name = limit.id if limit else None
    if not given:
        reason = (
            f"no cycle can be given: {f'{name} allows' if name else 'there is asked for at most'} "
            f"{activity:.3g} GBq at a risk of {bounds.risk:g}"
        )
    elif all(slot.most <= activity for slot in given):
        reason = "as much as the label allows in each cycle, no limit is nearer"
    elif limit is None:
        reason = f"{activity:.4g} GBq per cycle: the most that may be given, no limit is nearer"
    else:
        reason = (
            f"{activity:.4g} GBq per cycle: the largest at which {name} is passed with a "
            f"probability of at most {bounds.risk:g}"
        )
    if len(given) < len(free):
        reason += f"; a cycle of less than {least:.3g} GBq is not given"
        limit = limit or _largest(regions, limits, free, bounds)[1]
        name = limit.id if limit else None
    by = name or ("regimen" if activity == programme.activity else "request")
    to_come = [
        Scheduled(None, "stopped", reason, by, slot.at)
        if slot in free and slot not in given
        else _one(activity, slot, by)
        for slot in slots
    ]
    chance, _ = _worst(regions, [limit] if limit else limits, to_come)
    cycle = given[-1].number if given else None
    return to_come, Decision(reason, name, cycle, chance if chance >= 0 else None)


def _best_split(
    regions: Mapping[str, RegionCourse],
    limits: Sequence[Limit],
    slots: Sequence[Slot],
    bounds: Bounds,
) -> tuple[list[Slot], float, Limit | None]:
    """Return the cycles to give, their equal activity, and the limit that decides.

    All of them; where a least activity is asked for, as many of the first ones as give the most
    activity in total with none below it, so that more risk never means less.
    """
    counts = [len(slots)] if bounds.lowest is None else range(len(slots), 0, -1)
    splits = [
        (list(slots[:count]), *_largest(regions, limits, slots[:count], bounds)) for count in counts
    ]
    useful = [split for split in splits if split[1] >= (bounds.lowest or 0.0)]
    return max(
        useful,
        key=lambda split: sum(min(slot.most, split[1]) for slot in split[0]),
        default=splits[-1],
    )


def _largest(
    regions: Mapping[str, RegionCourse],
    limits: Sequence[Limit],
    slots: Sequence[Slot],
    bounds: Bounds,
) -> tuple[float, Limit | None]:
    """Return the largest equal activity, and the limit that decides; None where the cap does.

    A cycle in which the label allows less gets that much, and the others share what it leaves.
    """
    found: tuple[float, Limit | None] = (bounds.highest, None)
    for limit in limits:
        course, capped = regions[limit.region], dict[int, float]()
        open_slots = list(slots)
        most = bounds.highest
        while open_slots:
            fixed = [capped.get(i, 0.0) for i in range(max(s.number for s in slots))]
            with_capped = course.with_activities(
                (*course.activities, *fixed[len(course.activities) :])
            )
            numbers = [slot.number - 1 for slot in open_slots]
            most = with_capped.largest_activity(limit.quantity, limit.value, bounds.risk, numbers)
            over = [slot for slot in open_slots if slot.most < most]
            if not over:
                break
            capped.update((slot.number - 1, slot.most) for slot in over)
            open_slots = [slot for slot in open_slots if slot not in over]
            most = float("inf")
        if most < found[0]:
            found = most, limit
    return found
