"""A strategy's decision in sentences: activity of each cycle, reason, limits left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from dosimetry.planning.schedule import Scheduled
from dosimetry.problems import in_words
from dosimetry.reference.limits import Limit

What = Literal[
    "regimen", "no-agent", "all-delivered", "label-has-none", "most-cycles", "limit-stops",
    "nothing-to-adjust", "too-little", "largest-by-label", "largest", "largest-by-limit",
    "largest-of-regimen",
]  # fmt: skip


@dataclass(frozen=True)
class Grounds:
    """Grounds of a strategy's decision.

    Attributes
    ----------
    what : str
        What decided.
    limit : Limit or None
        The deciding limit.
    cycle : int or None
        Cycle at which it decided.
    probability : float or None
        Probability of exceeding the limit at that cycle.
    accepted : float or None
        Accepted probability.
    activity, least : float or None
        Activity of one cycle, and the minimum for a cycle, in GBq.
    fewer : bool
        Whether cycles were left out because each would get less than ``least``.
    last : int or None
        Number of the last cycle of the regimen or the request.
    """

    what: What
    limit: Limit | None = None
    cycle: int | None = None
    probability: float | None = None
    accepted: float | None = None
    activity: float | None = None
    least: float | None = None
    fewer: bool = False
    last: int | None = None


def limit_words(region: str, quantity: str, gray: float) -> str:
    """Return region, quantity and value of a limit, for a list.

    Examples
    --------
    >>> limit_words("red_marrow", "absorbed dose", 2.0)
    'red marrow 2 Gy'
    >>> limit_words("kidneys", "biologically effective dose", 28.0)
    'kidneys BED 28 Gy'
    """
    bed = " BED" if quantity.startswith("bio") else ""
    return f"{in_words([region])}{bed} {gray:g} Gy"


def limit_phrase(limit: Limit) -> str:
    """Return a limit as a sentence names it.

    Examples
    --------
    >>> from dosimetry.reference import limits
    >>> [limit_phrase(limits.limit(row)) for row in limits.limit_rows()][:2]
    ['23 Gy to the kidneys (kidneys-ad-23)', 'a BED of 40 Gy to the kidneys (kidneys-bed-40)']
    """
    bed = "a BED of " if limit.quantity.startswith("bio") else ""
    article = "" if limit.region.startswith("tumour") else "the "
    return f"{bed}{limit.value:g} Gy to {article}{in_words([limit.region])} ({limit.id})"


def explain(
    grounds: Grounds,
    to_come: Sequence[Scheduled],
    done: int,
    limits: Sequence[Limit],
    not_measured: Sequence[Limit],
    unknown: Sequence[Limit],
) -> str:
    """Return a decision in sentences.

    Parameters
    ----------
    grounds : Grounds
    to_come : sequence of Scheduled
    done : int
        Number of cycles delivered.
    limits : sequence of Limit
        All limits; a cycle names the deciding one by its id.
    not_measured : sequence of Limit
        Limits that rest on population data alone and were not held to the accepted risk.
    unknown : sequence of Limit
        Limits on regions without a dose.
    """
    sentences = [*_cycles(to_come, done, limits), because(grounds)]
    if grounds.fewer:
        sentences.append(left_out(grounds))
    free = [limit.region for limit in not_measured if limit != grounds.limit]
    if free:
        regions = _listed(in_words([region]) for region in free)
        plural = " and " in regions or regions.endswith("s")
        verb, limit_of = ("were", "their limits") if plural else ("was", "its limit")
        sentences.append(
            f"{_capital(regions)} {verb} not measured; {limit_of} did not reduce the dose."
        )
    if grounds.limit in not_measured and grounds.limit is not None:
        region = _capital(in_words([grounds.limit.region]))
        sentences.append(f"{region} not measured: the decision rests on population data.")
    if unknown:
        names = _listed(_in_brackets(limit) for limit in unknown)
        sentences.append(f"Not assessed: {names}.")
    elif not limits and grounds.what not in ("regimen", "no-agent"):
        sentences.append("No limit was given to assess.")
    return " ".join(filter(None, sentences))


def left_out(grounds: Grounds) -> str:
    """Return why cycles of an adjusted course are left out."""
    return f"Cycles below the minimum of {grounds.least:.3g} GBq are left out."


def because(grounds: Grounds) -> str:
    """Return the reason for the cycles to come."""
    limit = "" if grounds.limit is None else limit_phrase(grounds.limit)
    activity = "" if grounds.activity is None else f"{grounds.activity:.3g} GBq"
    least = "" if grounds.least is None else f"{grounds.least:.3g} GBq"
    accepted = "" if grounds.accepted is None else f"{100 * grounds.accepted:g} %"
    chance = "" if grounds.probability is None else f"{100 * grounds.probability:.1f} %"
    words: dict[What, str] = {
        "regimen": "Limits do not change the activity.",
        "no-agent": "The regimen gives no radiopharmaceutical.",
        "all-delivered": "All cycles of the regimen have been delivered.",
        "label-has-none": f"No cycle after cycle {grounds.last}: the label does not allow one now.",
        "most-cycles": f"The course ends at the maximum number of cycles, {grounds.last}.",
        "limit-stops": (
            f"The course ends before cycle {grounds.cycle}. With it, the course would exceed "
            f"{limit} with a probability of {chance} (accepted: {accepted})."
        ),
        "nothing-to-adjust": "No cycle of the regimen is left to adjust.",
        "too-little": (
            f"No further cycle: {activity} per cycle is the largest activity that exceeds {limit} "
            f"with a probability of at most {accepted}, below the minimum of {least}."
            if limit
            else f"No further cycle: the requested maximum of {activity} is below the minimum of "
            f"{least}."
        ),
        "largest-by-label": "The label allows no more per cycle; no limit restricts it further.",
        "largest": f"{activity} is the maximum for a cycle; no limit restricts it further.",
        "largest-by-limit": (
            f"{activity} per cycle is the largest activity that exceeds {limit} with a "
            f"probability of at most {accepted}."
        ),
        "largest-of-regimen": (
            f"{activity} per cycle is the regimen's own activity; a higher one would exceed "
            f"{limit} with more than the accepted probability."
        ),
    }
    return words[grounds.what]


def _cycles(to_come: Sequence[Scheduled], done: int, limits: Sequence[Limit]) -> list[str]:
    """Return the activity of each cycle and what decided it; equal neighbours in one sentence."""
    names = {limit.id: limit_words(limit.region, limit.quantity, limit.value) for limit in limits}
    rows = [
        (
            "none" if cycle.activity is None else f"{cycle.activity:.3g} GBq",
            names.get(cycle.decided_by or "", cycle.decided_by or ""),
            number,
        )
        for number, cycle in enumerate(to_come, start=done + 1)
    ]
    sentences = []
    for (activity, by), same in groupby(rows, key=lambda row: row[:2]):
        numbers = [f"{number}" for _, _, number in same]
        plural = "s" if len(numbers) > 1 else ""
        sentences.append(f"Cycle{plural} {_listed(numbers)}: {activity} ({by}).")
    return sentences


def _in_brackets(limit: Limit) -> str:
    bed = "BED " if limit.quantity.startswith("bio") else ""
    return f"{in_words([limit.region])} ({bed}{limit.value:g} Gy)"


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _listed(parts: Iterable[str]) -> str:
    names = list(dict.fromkeys(parts))
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
