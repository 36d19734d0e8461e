"""Strategies: the activity of the cycles to come, and its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dosimetry.course.region import RegionCourse
from dosimetry.documents.options import Binding
from dosimetry.documents.plan import Decision
from dosimetry.label.slots import Slot
from dosimetry.planning.decision_words import Grounds, What, because, explain, left_out
from dosimetry.planning.schedule import Programme, Scheduled
from dosimetry.problems import nearest, quote, refuse
from dosimetry.reference import tables
from dosimetry.reference.limits import Limit

STRATEGIES = ("fixed", "to-limit", "adjusted")
BINDINGS: tuple[Binding, ...] = ("measured", "all")
MOST_CYCLES = 8  # of to-limit, unless asked otherwise


@dataclass(frozen=True)
class Bounds:
    """Bounds of a strategy.

    Attributes
    ----------
    risk : float
        Accepted probability of exceeding a limit.
    highest : float
        Maximum activity of one cycle in GBq.
    lowest : float or None
        Minimum activity of one cycle in GBq, where one is requested.
    bind : str
        ``all`` where a limit that rests on population data alone binds at the risk too.
    """

    risk: float
    highest: float
    lowest: float | None
    bind: Binding = "measured"


@dataclass(frozen=True)
class Constraint:
    """A limit with the accepted probabilities of exceeding it.

    Attributes
    ----------
    limit : Limit
    within : float
        Accepted within the cycles and the activity of the regimen.
    beyond : float
        Accepted for anything beyond the regimen.
    """

    limit: Limit
    within: float
    beyond: float

    def accepts(self, *, beyond: bool) -> float:
        """Return the accepted probability."""
        return self.beyond if beyond else self.within


def constraints_of(
    limits: Sequence[Limit], regions: Mapping[str, RegionCourse], bounds: Bounds
) -> list[Constraint]:
    """Return each limit with its accepted probabilities.

    A limit without data of this patient binds the regimen's own cycles only where the population
    exceeds it more likely than not. Otherwise every patient without a marrow dose would get less
    than the label's activity.
    """
    even = tables.default("exceeds_probability", "1")
    return [
        Constraint(
            limit,
            bounds.risk
            if bounds.bind == "all" or regions[limit.region].individual
            else max(bounds.risk, even),
            bounds.risk,
        )
        for limit in limits
    ]


def check_binding(bind: str) -> Binding:
    """Return ``bind`` as a known word; refuse an unknown one."""
    for known in BINDINGS:
        if bind == known:
            return known
    raise refuse(
        "unknown-binding",
        f"binding {quote(bind)} is not known",
        f"write one of {', '.join(BINDINGS)}",
        "bind",
    )


def check_strategy(strategy: str, risk: float) -> None:
    """Refuse an unknown strategy or a risk out of range."""
    if not isinstance(strategy, str) or strategy not in STRATEGIES:
        raise refuse(
            "unknown-strategy",
            f"strategy {quote(strategy)} is not known",
            nearest(f"{strategy}", STRATEGIES) or f"write one of {', '.join(STRATEGIES)}",
            "strategy",
        )
    if not isinstance(risk, int | float) or not 0.0 < risk <= 0.5:
        words = f"{risk:g}" if isinstance(risk, int | float) else quote(risk)
        raise refuse(
            "risk-out-of-range",
            f"a risk of {words} is not above 0 and at most 0.5",
            "write a number, as in 0.05",
            "risk",
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
        Limits on regions without a dose cannot decide.
    slots : sequence of Slot
        The cycles to come, with the largest activity that the label allows in each; for
        ``to-limit`` up to the maximum number of cycles.
    bounds : Bounds
    """
    known = [
        limit
        for limit in limits
        if limit.region in regions and regions[limit.region].has(limit.quantity)
    ]
    unknown = [limit for limit in limits if limit not in known]
    bound = constraints_of(known, regions, bounds)
    regular = [slot for slot in slots if slot.number <= programme.count]
    to_come: list[Scheduled] = []
    if programme.activity is None:
        grounds = Grounds("no-agent")
    elif strategy == "to-limit":
        if unknown or not known:  # no dose supports more than the regimen
            slots = regular
        to_come, grounds = _to_limit(programme, regions, bound, slots, bounds)
    elif strategy == "adjusted":
        to_come, grounds = _adjusted(programme, regions, bound, regular, bounds)
    else:
        to_come = [_scheduled(programme.activity, slot, "regimen") for slot in regular]
        grounds = Grounds("regimen")
    done = slots[0].number - 1 if slots else 0
    if grounds.what in ("no-agent", "regimen"):
        words = explain(grounds, to_come, done, limits, (), ())
        return to_come, Decision(words, None, None, None)
    eased = [constraint.limit for constraint in bound if constraint.within > constraint.beyond]
    words = explain(grounds, to_come, done, limits, eased, unknown)
    bound_by = () if grounds.limit is None else (grounds.limit.id,)
    free = (limit.id for limit in (*eased, *unknown) if limit.id not in bound_by)
    return to_come, Decision(
        words, next(iter(bound_by), None), grounds.cycle, grounds.probability, bound_by, tuple(free)
    )


def _scheduled(activity: float, slot: Slot, by: str) -> Scheduled:
    """Return a cycle with an activity that ``by`` decided, or less where the label allows less."""
    if slot.status != "planned":
        return Scheduled(None, slot.status, slot.reason, slot.by, slot.at)
    if slot.most < activity:
        return Scheduled(slot.most, "planned", slot.reason, slot.by, slot.at)
    return Scheduled(activity, "planned", slot.reason, by, slot.at)


def _chance(
    regions: Mapping[str, RegionCourse], limit: Limit, to_come: Sequence[Scheduled]
) -> float:
    """Return the probability of exceeding a limit at the end of a course."""
    region = regions[limit.region]
    further = tuple(cycle.activity or 0.0 for cycle in to_come)
    longer = region.with_activities(region.activities + further)
    return longer.probability(limit.quantity, limit.value)


def _left_of_regimen(
    programme: Programme, regions: Mapping[str, RegionCourse], to_come: Sequence[Scheduled]
) -> float:
    """Return the activity in GBq that remains of the regimen, with its tolerance."""
    delivered = max((sum(region.activities) for region in regions.values()), default=0.0)
    whole = programme.count * (programme.regular or 0.0)
    tolerance = tables.default("label_activity_tolerance", "1")
    planned = sum(cycle.activity or 0.0 for cycle in to_come)
    return max(whole * (1.0 + tolerance) - delivered - planned, 0.0)


def _beyond(
    programme: Programme, regions: Mapping[str, RegionCourse], to_come: Sequence[Scheduled]
) -> bool:
    """Return whether a course gives more than the regimen as written."""
    return _left_of_regimen(programme, regions, to_come) == 0.0


def _exceeded(
    regions: Mapping[str, RegionCourse],
    constraints: Sequence[Constraint],
    to_come: Sequence[Scheduled],
    *,
    beyond: bool,
) -> tuple[float, float, Limit] | None:
    """Return probability, accepted probability and limit of the worst violation, if any."""
    chances = [
        (_chance(regions, held.limit, to_come), held.accepts(beyond=beyond), held.limit)
        for held in constraints
    ]
    violations = (entry for entry in chances if entry[0] > entry[1])
    return max(violations, key=lambda entry: entry[0], default=None)


def _to_limit(
    programme: Programme,
    regions: Mapping[str, RegionCourse],
    constraints: Sequence[Constraint],
    slots: Sequence[Slot],
    bounds: Bounds,
) -> tuple[list[Scheduled], Grounds]:
    activity = min(programme.activity or 0.0, bounds.highest)
    by = "regimen" if activity == programme.activity else "request"
    to_come: list[Scheduled] = []
    for slot in slots:
        cycle = _scheduled(activity, slot, by)
        later = [*to_come, cycle]
        beyond = slot.number > programme.count or _beyond(programme, regions, later)
        if cycle.status != "planned" and slot.by == "label" and slot.number > programme.count:
            return to_come, Grounds("label-has-none", last=programme.count)
        over = _exceeded(regions, constraints, later, beyond=beyond)
        if over is not None and cycle.activity is not None:
            chance, accepted, limit = over
            grounds = Grounds("limit-stops", limit, slot.number, chance, accepted)
            to_come += [
                Scheduled(None, "stopped", because(grounds), limit.id, last.at)
                for last in slots
                if slot.number <= last.number <= programme.count
            ]
            return to_come, grounds
        to_come.append(cycle)
    if not slots:
        return to_come, Grounds("all-delivered")
    return to_come, Grounds("most-cycles", last=slots[-1].number)


def _adjusted(
    programme: Programme,
    regions: Mapping[str, RegionCourse],
    constraints: Sequence[Constraint],
    slots: Sequence[Slot],
    bounds: Bounds,
) -> tuple[list[Scheduled], Grounds]:
    free = [slot for slot in slots if slot.status == "planned"]
    if not free:
        return [_scheduled(0.0, slot, "regimen") for slot in slots], Grounds("nothing-to-adjust")
    least = bounds.lowest or tables.default("lowest_activity", "GBq")
    share = _left_of_regimen(programme, regions, []) / len(free)
    search = _Search(regions, constraints, bounds, min(programme.regular or 0.0, share))
    chosen, activity, constraint = search.best_split(free)
    chosen = chosen if activity >= least else []
    if len(chosen) < len(free):
        constraint = constraint or search.largest(free)[1]
    grounds = Grounds(
        _what(chosen, activity, constraint, search),
        constraint.limit if constraint else None,
        chosen[-1].number if chosen else None,
        None,
        search.accepted(activity, constraint),
        activity,
        least,
        len(chosen) < len(free),
    )
    regular = "regimen" if activity == programme.activity else "request"
    by = constraint.limit.id if constraint else regular
    why = f"{because(grounds)} {left_out(grounds)}" if chosen else because(grounds)
    to_come = [
        Scheduled(None, "stopped", why, by, slot.at)
        if slot in free and slot not in chosen
        else _scheduled(activity, slot, by)
        for slot in slots
    ]
    held = [constraint] if constraint else constraints
    chance = max((_chance(regions, each.limit, to_come) for each in held), default=None)
    return to_come, replace(grounds, probability=chance)


def _what(
    chosen: Sequence[Slot], activity: float, constraint: Constraint | None, search: _Search
) -> What:
    """Return what determined the largest equal activity."""
    if not chosen:
        return "too-little"
    if search.holds_regimen(activity, constraint):
        return "largest-of-regimen"
    if all(slot.most <= activity for slot in chosen):
        return "largest-by-label"
    return "largest" if constraint is None else "largest-by-limit"


@dataclass(frozen=True)
class _Search:
    """The search for the largest equal activity of the cycles to come.

    Attributes
    ----------
    regions : mapping of str to RegionCourse
    constraints : sequence of Constraint
    bounds : Bounds
    regular : float
        Activity per cycle in GBq that remains of the regimen; a higher one goes beyond it.
    """

    regions: Mapping[str, RegionCourse]
    constraints: Sequence[Constraint]
    bounds: Bounds
    regular: float

    def best_split(self, slots: Sequence[Slot]) -> tuple[list[Slot], float, Constraint | None]:
        """Return the cycles to give, their equal activity, and the deciding limit.

        Without a minimum activity, all cycles. With one, as many of the first cycles as give the
        highest total with no cycle below it, so that a higher risk never gives less activity.
        """
        lowest = self.bounds.lowest
        counts = [len(slots)] if lowest is None else range(len(slots), 0, -1)
        splits = [(list(slots[:count]), *self.largest(slots[:count])) for count in counts]
        useful = [split for split in splits if split[1] >= (lowest or 0.0)]
        return max(
            useful,
            key=lambda split: sum(min(slot.most, split[1]) for slot in split[0]),
            default=splits[-1],
        )

    def largest(self, slots: Sequence[Slot]) -> tuple[float, Constraint | None]:
        """Return the largest equal activity, and the deciding limit (None for the maximum)."""
        largest: tuple[float, Constraint | None] = (self.bounds.highest, None)
        for constraint in self.constraints:
            most = self._most(constraint.limit, constraint.within, slots)
            if most > self.regular and constraint.beyond < constraint.within:
                most = max(self.regular, self._most(constraint.limit, constraint.beyond, slots))
            if most < largest[0]:
                largest = most, constraint
        return largest

    def accepted(self, activity: float, constraint: Constraint | None) -> float:
        """Return the probability at which a constraint holds an activity."""
        if constraint is None or activity > self.regular:
            return constraint.beyond if constraint else self.bounds.risk
        return constraint.within

    def holds_regimen(self, activity: float, constraint: Constraint | None) -> bool:
        """Return whether a limit restricts the activity to the regimen's own."""
        return (
            constraint is not None
            and activity == self.regular
            and constraint.beyond < constraint.within
        )

    def _most(self, limit: Limit, risk: float, slots: Sequence[Slot]) -> float:
        """Return the largest equal activity by one limit.

        A cycle in which the label allows less gets that activity; the others share the rest.
        """
        region, capped = self.regions[limit.region], dict[int, float]()
        open_slots, most = list(slots), self.bounds.highest
        while open_slots:
            fixed = [capped.get(i, 0.0) for i in range(max(s.number for s in slots))]
            with_capped = region.with_activities(
                (*region.activities, *fixed[len(region.activities) :])
            )
            numbers = [slot.number - 1 for slot in open_slots]
            most = with_capped.largest_activity(limit.quantity, limit.value, risk, numbers)
            over = [slot for slot in open_slots if slot.most < most]
            if not over:
                break
            capped.update((slot.number - 1, slot.most) for slot in over)
            open_slots = [slot for slot in open_slots if slot not in over]
            most = float("inf")
        return most
