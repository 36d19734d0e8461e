"""Flags of a plan: each limit with its verdict, probability and margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dosimetry.quantities import Amount

if TYPE_CHECKING:
    pass


Severity = Literal["within", "caution", "exceeds", "not-assessed"]
SEVERITIES: tuple[Severity, ...] = ("not-assessed", "within", "caution", "exceeds")
FlagBasis = Literal["measured", "predicted", "population"]


@dataclass(frozen=True, repr=False)
class Flag:
    """Verdict on one limit: probability of exceeding it, and margin.

    Attributes
    ----------
    limit : str
        Id of the limit.
    region : str
    quantity : str
        ``absorbed dose`` or ``biologically effective dose``.
    severity : str
        ``within``, ``caution``, ``exceeds`` or ``not-assessed``.
    probability : float or None
        Probability of exceeding the limit; None where it was not assessed.
    value : Amount or None
        Mean dose of the whole course, in Gy.
    limit_value : Amount
        In Gy.
    margin : Amount or None
        Limit less the mean dose, in Gy.
    margin_activity : Amount or None
        Further activity, in GBq, that keeps the probability at or below 0.05.
    first_cycle : int or None
        Cycle at which the severity first appears.
    source : str
        Source of the limit.
    basis : str or None
        ``measured``, ``predicted`` or ``population``; None where no dose is known.
    """

    limit: str
    region: str
    quantity: str
    severity: Severity
    probability: float | None
    value: Amount | None
    limit_value: Amount
    margin: Amount | None
    margin_activity: Amount | None
    first_cycle: int | None
    source: str
    basis: FlagBasis | None = None

    def __repr__(self) -> str:
        chance = "" if self.probability is None else f", P(> limit) = {self.probability:.3g}"
        return f"<Flag {self.limit}: {self.severity}{chance}>"


class Flags(tuple[Flag, ...]):
    """The flags of a plan, one for every limit.

    Examples
    --------
    >>> Flags().exceeded()
    ()
    """

    def at_least(self, severity: Severity) -> Flags:
        """Return the flags of this severity or worse."""
        worst = SEVERITIES[SEVERITIES.index(severity) :]
        return Flags(flag for flag in self if flag.severity in worst)

    def exceeded(self) -> Flags:
        """Return the flags of limits that the course exceeds more likely than not."""
        return self.at_least("exceeds")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return handler(tuple[Flag, ...])
