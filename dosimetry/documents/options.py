"""Options requested for a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dosimetry.quantities import Amount

Binding = Literal["measured", "all"]


@dataclass(frozen=True)
class PlanOptions:
    """Options of a plan besides strategy and risk; None where not given.

    Attributes
    ----------
    max_cycles : int
        Maximum number of cycles (``to-limit`` only).
    max_activity : Amount or None
        Maximum activity of one cycle, in GBq.
    min_activity : Amount or None
        Minimum activity of one cycle, in GBq (``adjusted`` only).
    without_cycles : tuple of int
        Numbers of cycles left out.
    interval : Amount or None
        Between the cycles to come, in h.
    activity : Amount or None
        Per cycle to come, in GBq.
    bind : str
        ``measured`` or ``all``: which limits are held to the risk.
    cycles : int or None
        Number of cycles of the course, instead of the regimen's.
    prior : str or None
        ``label``, ``renal-function`` or the name of a clinic's table, instead of the patient's.
    estimator : str or None
        ``posterior`` or ``least-squares``, instead of the patient's.
    """

    max_cycles: int
    max_activity: Amount | None
    min_activity: Amount | None
    without_cycles: tuple[int, ...]
    interval: Amount | None
    activity: Amount | None
    bind: Binding = "measured"
    cycles: int | None = None
    prior: str | None = None
    estimator: str | None = None
