"""The inputs of a what-if: what the sliders of the plan say, in words and as options of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from dosimetry.number_texts import parse_number
from dosimetry.patient.values import read_count
from dosimetry.planning.strategy import STRATEGIES
from dosimetry.problems import InputError, quote, refuse
from dosimetry.units import HUNDRED_PERCENT

STRATEGY_WORDS = dict(
    zip(
        STRATEGIES,
        ("as the regimen says", "full cycles until a limit is near", "activity adjusted to limits"),
        strict=True,
    )
)


@dataclass(frozen=True)
class Regular:
    """The regimen of a patient, which the sliders begin with.

    Attributes
    ----------
    activity : float or None
        Per cycle, in GBq.
    weeks : float
        Between cycles.
    cycles, delivered : int
        Of the whole course, and given so far.
    """

    activity: float | None
    weeks: float
    cycles: int
    delivered: int


@dataclass(frozen=True)
class WhatIf:
    """The inputs of a what-if as text, as a form sends them; empty for the regimen's own.

    Attributes
    ----------
    activity : str
        Per cycle to come, in GBq.
    weeks : str
        Between the cycles to come.
    cycles : str
        Of the whole course.
    strategy : str
    risk : str
        Accepted chance of exceeding a limit, in 100 patients.

    Examples
    --------
    >>> asked = WhatIf(activity="6", cycles="3")
    >>> asked.options(Regular(7.4, 8.0, 4, 2))
    {'strategy': 'fixed', 'risk': 0.05, 'activity': '6 GBq', 'cycles': 3}
    >>> asked.words(Regular(7.4, 8.0, 4, 2))[:2]
    ('6 GBq per cycle to come', '8 weeks between cycles')
    """

    activity: str = ""
    weeks: str = ""
    cycles: str = ""
    strategy: str = STRATEGIES[0]
    risk: str = "5"

    @classmethod
    def of_form(cls, form: Mapping[str, Any]) -> WhatIf:
        """Return the inputs of a form; what it does not have is the regimen's own."""
        own = {entry.name: f"{form[entry.name]}".strip() for entry in fields(cls)
               if f"{form.get(entry.name, '')}".strip()}  # fmt: skip
        return cls(**own)

    def shown(self, regular: Regular) -> WhatIf:
        """Return the inputs with the regimen's own in place of the empty ones."""
        activity = "" if regular.activity is None else f"{regular.activity:.4g}"
        return WhatIf(
            self.activity or activity,
            self.weeks or f"{regular.weeks:g}",
            self.cycles or f"{max(regular.cycles, regular.delivered)}",
            self.strategy,
            self.risk,
        )

    def options(self, regular: Regular) -> dict[str, Any]:
        """Return the options of :func:`dosimetry.plan`; the regimen's own values are no request.

        Raises
        ------
        InputError
            A text that is not a number.
        """
        options: dict[str, Any] = {"strategy": self.strategy, "risk": self._risk()}
        own = WhatIf().shown(regular)
        if self.activity and self.activity != own.activity:
            options["activity"] = f"{self.activity} GBq"
        if self.weeks and self.weeks != own.weeks:
            options["interval"] = f"{self.weeks} week"
        if self.cycles and self.cycles != own.cycles:
            try:
                options["cycles"] = read_count(self.cycles, 99)
            except InputError as error:
                raise error.at("cycles") from None
        return options

    def _risk(self) -> float:
        try:
            return parse_number(self.risk) / HUNDRED_PERCENT
        except InputError as error:
            raise error.at("risk") from None

    def words(self, regular: Regular) -> tuple[str, ...]:
        """Return the inputs in words, for the answer that belongs to them.

        Raises
        ------
        InputError
            Unknown strategy.
        """
        if self.strategy not in STRATEGY_WORDS:
            raise refuse(
                "unknown-strategy",
                f"strategy {quote(self.strategy)} is not known",
                f"write one of {', '.join(STRATEGIES)}",
                "strategy",
            )
        shown = self.shown(regular)
        activity = f"{shown.activity} GBq per cycle to come" if shown.activity else "no activity"
        return (
            activity,
            f"{shown.weeks} weeks between cycles",
            f"{shown.cycles} cycles in all",
            STRATEGY_WORDS[shown.strategy],
            f"accepted: {shown.risk} in 100",
        )
