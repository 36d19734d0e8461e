"""Strategies: how much is given in the cycles to come, and why no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dosimetry import tables
from dosimetry.problems import nearest, quote, refuse
from dosimetry.reference import Limit
from dosimetry.therapy.decision_words import Outcome, What, because, explain
from dosimetry.therapy.label_course import Slot
from dosimetry.therapy.plan import Decision
from dosimetry.therapy.plan_check import Binding
from dosimetry.therapy.regimen import Programme, Scheduled
from dosimetry.therapy.region_course import RegionCourse

STRATEGIES = ("fixed", "to-limit", "adjusted")
BINDINGS: tuple[Binding, ...] = ("measured", "all")
MOST_CYCLES = 8  # of to-limit, unless asked otherwise


@dataclass(frozen=True)
class Bounds:
    """What a strategy must keep to.

    Attributes
    ----------
    risk : float
        Probability of exceeding a limit that is allowed.
    highest : float
        Activity of one cycle in GBq.
    lowest : float or None
        Least activity of one cycle in GBq, where one is asked for.
    bind : str
        ``all`` where a limit that rests on the population alone binds at the risk too.
    """

    risk: float
    highest: float
    lowest: float | None
    bind: Binding = "measured"


@dataclass(frozen=True)
class Constraint:
    """A limit as it binds: with the probabilities of exceeding it that are accepted.

    Attributes
    ----------
    limit : Limit
    within : float
        For the cycles and the activity of the regimen.
    beyond : float
        For what goes beyond the regimen.
    """

    limit: Limit
    within: float
    beyond: float

    def accepts(self, *, beyond: bool) -> float:
        """Return the probability that is accepted."""
        return self.beyond if beyond else self.within


def constraints_of(
    limits: Sequence[Limit], regions: Mapping[str, RegionCourse], bounds: Bounds
) -> list[Constraint]:
    """Return how each limit binds.

    A limit on which nothing is known of this patient binds the regimen's own cycles only where the
    population makes it more likely than not to be exceeded: else every patient without a marrow
    dose would get less than the label's activity.
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
    """Return which limits bind at the risk; refuse an unknown word."""
    for known in BINDINGS:
        if bind == known:
            return known
    raise refuse(
        "unknown-binding",
        f"binding {quote(bind)} is not known",
        f"one of {', '.join(BINDINGS)}",
        "bind",
    )


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
        outcome = Outcome("no-agent")
    elif strategy == "to-limit":
        if unknown or not known:  # nothing is known that could call for more than the regimen
            slots = regular
        to_come, outcome = _to_limit(programme, regions, bound, slots, bounds)
    elif strategy == "adjusted":
        to_come, outcome = _adjusted(programme, regions, bound, regular, bounds)
    else:
        to_come = [_one(programme.activity, slot, "regimen") for slot in regular]
        outcome = Outcome("regimen")
    done = slots[0].number - 1 if slots else 0
    if outcome.what in ("no-agent", "regimen"):
        words = explain(outcome, to_come, done, limits, (), ())
        return to_come, Decision(words, None, None, None)
    eased = [one.limit for one in bound if one.within > one.beyond]
    words = explain(outcome, to_come, done, limits, eased, unknown)
    bound_by = () if outcome.limit is None else (outcome.limit.id,)
    free = (*(one.id for one in eased if one.id not in bound_by), *(one.id for one in unknown))
    return to_come, Decision(
        words, next(iter(bound_by), None), outcome.cycle, outcome.probability, bound_by, free
    )


def _one(activity: float, slot: Slot, by: str) -> Scheduled:
    """Return a cycle with an activity that ``by`` decided, or with less where the label says so."""
    if slot.status != "planned":
        return Scheduled(None, slot.status, slot.reason, slot.by, slot.at)
    if slot.most < activity:
        return Scheduled(slot.most, "planned", slot.reason, slot.by, slot.at)
    return Scheduled(activity, "planned", slot.reason, by, slot.at)


def _chance(
    regions: Mapping[str, RegionCourse], limit: Limit, to_come: Sequence[Scheduled]
) -> float:
    """Return the probability of exceeding a limit at the end of a course."""
    course = regions[limit.region]
    further = tuple(one.activity or 0.0 for one in to_come)
    longer = course.with_activities(course.activities + further)
    return float(longer.probabilities(limit.quantity, limit.value)[-1])


def _left_of_regimen(
    programme: Programme, regions: Mapping[str, RegionCourse], to_come: Sequence[Scheduled]
) -> float:
    """Return the activity in GBq that the regimen as written leaves, with its tolerance."""
    given = max((sum(course.activities) for course in regions.values()), default=0.0)
    whole = programme.count * (programme.regular or 0.0)
    tolerance = tables.default("label_activity_tolerance", "1")
    planned = sum(one.activity or 0.0 for one in to_come)
    return max(whole * (1.0 + tolerance) - given - planned, 0.0)


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
    """Return probability, what is accepted, and the limit with the highest one not accepted."""
    found = [
        (_chance(regions, one.limit, to_come), one.accepts(beyond=beyond), one.limit)
        for one in constraints
    ]
    return max(
        (entry for entry in found if entry[0] > entry[1]), key=lambda entry: entry[0], default=None
    )


def _to_limit(
    programme: Programme,
    regions: Mapping[str, RegionCourse],
    constraints: Sequence[Constraint],
    slots: Sequence[Slot],
    bounds: Bounds,
) -> tuple[list[Scheduled], Outcome]:
    activity = min(programme.activity or 0.0, bounds.highest)
    by = "regimen" if activity == programme.activity else "request"
    to_come: list[Scheduled] = []
    for slot in slots:
        one = _one(activity, slot, by)
        later = [*to_come, one]
        beyond = slot.number > programme.count or _beyond(programme, regions, later)
        if one.status != "planned" and slot.by == "label" and slot.number > programme.count:
            return to_come, Outcome("label-has-none", last=programme.count)
        over = _exceeded(regions, constraints, later, beyond=beyond)
        if over is not None and one.activity is not None:
            chance, accepted, limit = over
            found = Outcome("limit-stops", limit, slot.number, chance, accepted)
            to_come += [
                Scheduled(None, "stopped", because(found), limit.id, last.at)
                for last in slots
                if slot.number <= last.number <= programme.count
            ]
            return to_come, found
        to_come.append(one)
    if not slots:
        return to_come, Outcome("all-delivered")
    return to_come, Outcome("most-cycles", last=slots[-1].number)


def _adjusted(
    programme: Programme,
    regions: Mapping[str, RegionCourse],
    constraints: Sequence[Constraint],
    slots: Sequence[Slot],
    bounds: Bounds,
) -> tuple[list[Scheduled], Outcome]:
    free = [slot for slot in slots if slot.status == "planned"]
    if not free:
        return [_one(0.0, slot, "regimen") for slot in slots], Outcome("nothing-to-adjust")
    least = bounds.lowest or tables.default("lowest_activity", "GBq")
    share = _left_of_regimen(programme, regions, []) / len(free)
    search = _Search(regions, constraints, bounds, min(programme.regular or 0.0, share))
    given, activity, constraint = search.best_split(free)
    given = given if activity >= least else []
    if len(given) < len(free):
        constraint = constraint or search.largest(free)[1]
    outcome = Outcome(
        _what(given, activity, constraint, search),
        constraint.limit if constraint else None,
        given[-1].number if given else None,
        None,
        search.accepted(activity, constraint),
        activity,
        least,
        len(given) < len(free),
    )
    regular = "regimen" if activity == programme.activity else "request"
    by = constraint.limit.id if constraint else regular
    to_come = [
        Scheduled(None, "stopped", because(outcome), by, slot.at)
        if slot in free and slot not in given
        else _one(activity, slot, by)
        for slot in slots
    ]
    looked_at = [constraint] if constraint else constraints
    chance = max((_chance(regions, one.limit, to_come) for one in looked_at), default=None)
    return to_come, replace(outcome, probability=chance)


def _what(
    given: Sequence[Slot], activity: float, constraint: Constraint | None, search: _Search
) -> What:
    """Return what the largest equal activity comes from."""
    if not given:
        return "too-little"
    if search.holds_regimen(activity, constraint):
        return "largest-of-regimen"
    if all(slot.most <= activity for slot in given):
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
        Activity of a cycle in GBq that the regimen as written leaves; more goes beyond it.
    """

    regions: Mapping[str, RegionCourse]
    constraints: Sequence[Constraint]
    bounds: Bounds
    regular: float

    def best_split(self, slots: Sequence[Slot]) -> tuple[list[Slot], float, Constraint | None]:
        """Return the cycles to give, their equal activity, and the limit that decides.

        All of them; where a least activity is asked for, as many of the first ones as give the
        most activity in total with none below it, so that more risk never means less.
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
        """Return the largest equal activity, and the limit that decides (None: the cap)."""
        found: tuple[float, Constraint | None] = (self.bounds.highest, None)
        for one in self.constraints:
            most = self._most(one.limit, one.within, slots)
            if most > self.regular and one.beyond < one.within:
                most = max(self.regular, self._most(one.limit, one.beyond, slots))
            if most < found[0]:
                found = most, one
        return found

    def accepted(self, activity: float, constraint: Constraint | None) -> float:
        """Return the probability at which a constraint holds an activity."""
        if constraint is None or activity > self.regular:
            return constraint.beyond if constraint else self.bounds.risk
        return constraint.within

    def holds_regimen(self, activity: float, constraint: Constraint | None) -> bool:
        """Return whether a limit holds the regimen's own activity: more would go beyond it."""
        return (
            constraint is not None
            and activity == self.regular
            and constraint.beyond < constraint.within
        )

    def _most(self, limit: Limit, risk: float, slots: Sequence[Slot]) -> float:
        """Return the largest equal activity by one limit.

        A cycle in which the label allows less gets that much, and the others share what it leaves.
        """
        course, capped = self.regions[limit.region], dict[int, float]()
        open_slots, most = list(slots), self.bounds.highest
        while open_slots:
            fixed = [capped.get(i, 0.0) for i in range(max(s.number for s in slots))]
            with_capped = course.with_activities(
                (*course.activities, *fixed[len(course.activities) :])
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
