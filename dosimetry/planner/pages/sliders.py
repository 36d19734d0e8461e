"""The sliders of a what-if: each with the regimen's own value on its grid."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass

from dosimetry.planner.pages.what_if import Regular, WhatIf

STEP, LEAST = 0.1, 0.4  # GBq
SHORTER, LONGER = 4, 8  # weeks than the regimen's
MOST_CYCLES = 8
MOST_RISK = 50  # in 100


@dataclass(frozen=True)
class Slider:
    """A slider with its value.

    Attributes
    ----------
    name, label, unit : str
    low, high, step, value : str
        As numbers of the slider.
    """

    name: str
    label: str
    unit: str
    low: str
    high: str
    step: str
    value: str


def sliders(asked: WhatIf, regular: Regular) -> tuple[Slider, ...]:
    """Return the sliders of a what-if.

    Examples
    --------
    >>> [(s.name, s.low, s.high, s.value) for s in sliders(WhatIf(), Regular(7.4, 8.0, 4, 2))][:2]
    [('activity', '0.4', '7.4', '7.4'), ('weeks', '4', '16', '8')]
    """
    shown = asked.shown(regular)
    made = []
    if regular.activity is not None:
        steps = math.floor((regular.activity - LEAST) / STEP + 1e-9)
        low = max(regular.activity - STEP * steps, 0.0)
        made.append(
            _slider("activity", "Activity per cycle to come", " GBq", (low, regular.activity),
                    f"{STEP:g}", shown.activity)
        )  # fmt: skip
    weeks = (max(regular.weeks - SHORTER, 1), regular.weeks + LONGER)
    cycles = (max(regular.delivered, 1), max(MOST_CYCLES, regular.delivered))
    return (
        *made,
        _slider("weeks", "Weeks between cycles", "", weeks, "1", shown.weeks),
        _slider("cycles", "Cycles in all", "", cycles, "1", shown.cycles),
        _slider("risk", "Accepted chance over a limit", " in 100", (1, MOST_RISK), "1",
                shown.risk),
    )  # fmt: skip


def _slider(
    name: str, label: str, unit: str, ends: tuple[float, float], step: str, value: str
) -> Slider:
    low, high = ends
    with suppress(ValueError):  # the answer refuses a text that is not a number
        low, high = min(low, float(value)), max(high, float(value))
    return Slider(name, label, unit, f"{low:.4g}", f"{high:.4g}", step, value)
