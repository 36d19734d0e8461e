"""Figures of the prior distributions of time-activity curves."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from dosimetry.reference import population
from dosimetry.reference.tables import default, default_source, rows_by, table


@dataclass(frozen=True)
class SlowFigures:
    """Effective half-life of the slow phase over patients and between cycles.

    Attributes
    ----------
    median : float
        In h.
    cv : float or None
        Geometric coefficient of variation of one cycle over patients; None where the table gives
        the sd of ln T instead.
    log_sd : float or None
    between_cycles : float
        Coefficient of variation between the cycles of one patient.
    source : str
    """

    median: float
    cv: float | None
    log_sd: float | None
    between_cycles: float
    source: str


@dataclass(frozen=True)
class FastFigures:
    """Half-lives of uptake and of a fast phase: median in h, and sd of the logarithm."""

    uptake: tuple[float, float]
    fast: tuple[float, float]
    source: str


@functools.lru_cache(maxsize=1024)
def slow_figures(like: str) -> SlowFigures:
    """Return the effective half-life of a region; a wide distribution without a row.

    Examples
    --------
    >>> slow_figures("kidneys").median, slow_figures("blood").log_sd
    (51.0, 0.7)
    """
    row = population.effective_half_life(like)
    between = default("half_life_between_cycles", "1")
    if row is None:
        return SlowFigures(
            default("unknown_half_life", "h"),
            None,
            default("unknown_half_life_log_sd", "1"),
            between,
            default_source("unknown_half_life"),
        )
    figures = table("effective_half_lives_lu177_dotatate")
    own = figures.number(rows_by(figures.name, "region")[like], "between_cycle_cv", "1")
    return SlowFigures(row[0], row[1], None, own, row[2])


@functools.cache
def fast_figures(kind: str) -> FastFigures:
    """Return the figures of organs or tumours.

    Parameters
    ----------
    kind : str
        ``organ`` or ``tumour``.

    Examples
    --------
    >>> fast_figures("tumour").uptake
    (6.0, 1.0)
    """
    figures = table("curve_priors")
    row = rows_by(figures.name, "kind")[kind]

    def pair(name: str) -> tuple[float, float]:
        return (
            figures.number(row, f"{name}_half_life", "h"),
            figures.number(row, f"{name}_log_sd", "1"),
        )

    return FastFigures(pair("uptake"), pair("fast"), row["source"])
