"""Population figures: dose per activity, effective half-lives, variability between cycles."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True)
class RenalDose:
    """Dose per activity of a region by creatinine clearance.

    Attributes
    ----------
    median_dose, activity : float
        In Gy at so many GBq and at the clearance ``at``.
    at : float
        Creatinine clearance in mL/min.
    exponent, exponent_sd : float
        Of the clearance.
    between_patients : float
        Sd of ln over patients, without the part between cycles.
    shift : float
        Of ln of the median.
    lowest, highest : float
        Clearance with published doses, in mL/min.
    lowest_age : float
        In years.
    source : str
    """

    median_dose: float
    activity: float
    at: float
    exponent: float
    exponent_sd: float
    between_patients: float
    shift: float
    lowest: float
    highest: float
    lowest_age: float
    source: str


@functools.cache
def renal_doses() -> Mapping[str, RenalDose]:
    """Return the dose of 177Lu-DOTATATE by renal function, by region.

    Examples
    --------
    >>> renal_doses()["kidneys"].exponent
    -0.552
    """
    figures = table("dose_by_renal_function_lu177_dotatate")

    def dose(row: Mapping[str, str]) -> RenalDose:
        exponent = figures.number(row, "exponent", "1")
        return RenalDose(
            figures.number(row, "median_dose", "Gy"),
            figures.number(row, "activity", "GBq"),
            figures.number(row, "clearance", "mL/min"),
            exponent,
            abs(exponent) * figures.number(row, "exponent_rse", "1"),
            figures.number(row, "between_patients", "1"),
            figures.number(row, "shift", "1"),
            figures.number(row, "lowest_clearance", "mL/min"),
            figures.number(row, "highest_clearance", "mL/min"),
            figures.number(row, "lowest_age", "year"),
            row["source"],
        )

    return {row["region"]: dose(row) for row in figures.rows}


def tumour_trend(grade: int | None) -> tuple[float, str]:
    """Return the relative change of a tumour's dose per activity from cycle to cycle, and source.

    Examples
    --------
    >>> [tumour_trend(grade)[0] for grade in (1, 2, None)]
    [-0.06, -0.14, -0.1]
    """
    figures = table("tumour_trend_lu177_dotatate")
    row = rows_by(figures.name, "grade")["unknown" if grade is None else f"{grade}"]
    return figures.number(row, "trend", "1"), row["source"]


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
