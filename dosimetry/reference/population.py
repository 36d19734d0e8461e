"""Population figures: dose per activity, effective half-lives, variability between cycles."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from dosimetry.quantities import Estimate
from dosimetry.reference.tables import default, default_source, rows_by, table


@functools.cache
def population_coefficients() -> Mapping[str, Estimate]:
    """Return absorbed dose per activity of 177Lu-DOTATATE by region: mean and sd over patients."""
    figures = table("population_coefficients_lu177_dotatate")
    return {
        row["region"]: Estimate(
            figures.number(row, "mean", "Gy/GBq"), figures.number(row, "sd", "Gy/GBq"), "Gy/GBq"
        )
        for row in figures.rows
    }


@functools.lru_cache(maxsize=1024)
def effective_half_life(like: str) -> tuple[float, float, str] | None:
    """Return median (h), geometric cv and source of the population's effective half-life."""
    figures = table("effective_half_lives_lu177_dotatate")
    row = rows_by(figures.name, "region").get(like)
    if row is None:
        return None
    median = figures.number(row, "effective_half_life", "h")
    return median, figures.number(row, "cv", "1"), row["source"]


@functools.lru_cache(maxsize=1024)
def between_cycle_cv(like: str) -> tuple[float, str]:
    """Return the between-cycle coefficient of variation of a region, and its source."""
    figures = table("variability_lu177_dotatate")
    row = rows_by(figures.name, "region").get(like)
    if row is not None:
        return figures.number(row, "between_cycle_cv", "1"), row["source"]
    return default("between_cycle_cv", "1"), default_source("between_cycle_cv")
