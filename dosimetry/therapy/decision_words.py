"""A strategy's decision in words: what each cycle gets, why, and what did not count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from dosimetry.reference import Limit
from dosimetry.therapy.regimen import Scheduled

What = Literal[
    "regimen", "no-agent", "all-delivered", "label-has-none", "most-cycles", "limit-stops",
    "nothing-to-adjust", "too-little", "largest-by-label", "largest", "largest-by-limit",
    "largest-of-regimen",
]  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What a strategy decided.

    Attributes
    ----------
    what : str
    limit : Limit or None
        The one that decided.
    cycle : int or None
        At which it decided.
    probability : float or None
        Of exceeding it there.
    accepted : float or None
        Probability that is accepted.
    activity, least : float or None
        Of one cycle in GBq; the least that is worth a cycle.
    fewer : bool
        Whether cycles were left out because less than ``least`` would remain for each.
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
    """Return a limit by what it limits.

    Examples
    --------
    >>> limit_words("red_marrow", "absorbed dose", 2.0)
    'red marrow 2 Gy'
    >>> limit_words("kidneys", "biologically effective dose", 28.0)
    'kidneys BED 28 Gy'
    """
    bed = " BED" if quantity.startswith("bio") else ""
    return f"{region.replace('_', ' ')}{bed} {gray:g} Gy"


def explain(
    outcome: Outcome,
    to_come: Sequence[Scheduled],
    done: int,
    names: Sequence[Limit],
    not_measured: Sequence[Limit],
    unknown: Sequence[Limit],
) -> str:
    """Return a decision in sentences.

    Parameters
    ----------
    outcome : Outcome
    to_come : sequence of Scheduled
    done : int
        Number of cycles delivered.
    names : sequence of Limit
        All limits, by whose id a cycle may be decided.
    not_measured : sequence of Limit
        Those that rest on the population alone and were held to no small probability.
    unknown : sequence of Limit
        Those of regions without a dose.
    """
    said = [*_cycles(to_come, done, names), because(outcome)]
    if outcome.fewer:
        said.append(f"A cycle of less than {outcome.least:.3g} GBq is not given.")
    free = [one for one in not_measured if one != outcome.limit]
    if free:
        regions = _listed(one.region.replace("_", " ") for one in free)
        verb = "were" if " and " in regions or regions.endswith("s") else "was"
        subject = "they" if verb == "were" else "it"
        said.append(f"{_capital(regions)} {verb} not measured; {subject} did not lower the dose.")
    if outcome.limit in not_measured and outcome.limit is not None:
        region = _capital(outcome.limit.region.replace("_", " "))
        said.append(f"{region}: not measured, the population alone speaks.")
    if unknown:
        said.append(f"Not assessed: {_listed(map(_named, unknown))}.")
    elif not names and outcome.what not in ("regimen", "no-agent"):
        said.append("There is no limit to assess.")
    return " ".join(filter(None, said))


def because(outcome: Outcome) -> str:
    """Return in one sentence why the cycles to come are as they are."""
    limit = "" if outcome.limit is None else f"{_named(outcome.limit)} ({outcome.limit.id})"
    activity = "" if outcome.activity is None else f"{outcome.activity:.3g} GBq"
    least = "" if outcome.least is None else f"{outcome.least:.3g} GBq"
    accepted = "" if outcome.accepted is None else f"{outcome.accepted:g}"
    chance = "" if outcome.probability is None else f"{outcome.probability:.3f}"
    words: dict[What, str] = {
        "regimen": "The regimen as written.",
        "no-agent": "The regimen gives no radiopharmaceutical.",
        "all-delivered": "All cycles of the regimen have been delivered.",
        "label-has-none": f"No cycle after cycle {outcome.last}: the label has none now.",
        "most-cycles": f"The course ends at the largest number of cycles, {outcome.last}.",
        "limit-stops": (
            f"With cycle {outcome.cycle}, {limit} would be exceeded with probability {chance}; "
            f"accepted: {accepted}."
        ),
        "nothing-to-adjust": "No cycle of the regimen is left to adjust.",
        "too-little": (
            f"{f'{_capital(limit)} allows' if limit else 'The request allows'} {activity} per "
            f"cycle at a probability of {accepted}, less than the {least} that is worth a cycle."
        ),
        "largest-by-label": "The label allows no more in each cycle, and no limit is nearer.",
        "largest": f"{activity} is the most that may be given in a cycle, and no limit is nearer.",
        "largest-by-limit": (
            f"{activity} per cycle is the largest at which {limit} is exceeded with a "
            f"probability of at most {accepted}."
        ),
        "largest-of-regimen": (
            f"{activity} per cycle is the regimen's own; with more, {limit} would go beyond it."
        ),
    }
    return words[outcome.what]


def _cycles(to_come: Sequence[Scheduled], done: int, names: Sequence[Limit]) -> list[str]:
    """Return what each cycle gets and what decided it; equal ones that follow in one sentence."""
    limits = {one.id: _named(one) for one in names}
    rows = [
        (
            "none" if one.activity is None else f"{one.activity:.3g} GBq",
            limits.get(one.decided_by or "", one.decided_by or ""),
            number,
        )
        for number, one in enumerate(to_come, start=done + 1)
    ]
    said = []
    for (activity, by), same in groupby(rows, key=lambda row: row[:2]):
        numbers = [f"{number}" for _, _, number in same]
        plural = "s" if len(numbers) > 1 else ""
        said.append(f"Cycle{plural} {_listed(numbers)}: {activity} ({by}).")
    return said


def _named(limit: Limit) -> str:
    return limit_words(limit.region, limit.quantity, limit.value)


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _listed(parts: Iterable[str]) -> str:
    found = list(dict.fromkeys(parts))
    return " and ".join(filter(None, (", ".join(found[:-1]), found[-1])))
