"""Plausibility of measured values: far outside the population, a unit is probably wrong.

Doses per activity are compared with the label's patients, half-lives with the population's, in
standard deviations of the logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping

from dosimetry.patient.kidneys import pair_of
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.prediction import log_variance
from dosimetry.problems import Problem, in_words
from dosimetry.reference import agents, regions, tables
from dosimetry.reference import population as population_figures


def implausible_doses(
    agent: str, coefficients: Mapping[str, float], resting: Collection[str], place: str
) -> Iterator[Problem]:
    """Yield doses per activity that are far outside the population.

    Parameters
    ----------
    agent : str
    coefficients : mapping of str to float
        Of one cycle, in Gy/GBq, by region.
    resting : collection of str
        Regions that are part of the remainder of the body; another warning names them.
    place : str
    """
    if not agents.has_population(agent):
        return
    population = population_figures.population_coefficients()
    for region, coefficient in coefficients.items():
        row = population.get(pair_of(region))
        if row is None or region in resting:
            continue
        variance = log_variance((row.sd or 0.0) / row.value)
        median = row.value * math.exp(-variance / 2)
        if _far(coefficient, median, variance):
            yield Problem(
                "dose-unusual",
                f"{in_words([region])}: {coefficient:.3g} Gy/GBq is {coefficient / median:.2g} "
                f"times the population's median, {median:.3g} Gy/GBq",
                "check the units of activity, time and mass; true values so far off are rare",
                f"{place} {region}",
            )


def implausible_half_lives(
    agent: str, curves: Mapping[str, FittedCurve], place: str
) -> Iterator[Problem]:
    """Yield half-lives, measured or given, that are far outside the population."""
    if not agents.has_population(agent):
        return
    for region, curve in curves.items():
        like = "blood" if region == "blood" else regions.region(region).like
        row = population_figures.effective_half_life(like)
        if row is None:
            continue
        half_life, (median, cv, _) = curve.effective_half_life.value, row
        if _far(half_life, median, log_variance(cv)):
            yield Problem(
                "half-life-unusual",
                f"{in_words([region])}: an effective half-life of {half_life:.3g} h is "
                f"{half_life / median:.2g} times the population's median, {median:g} h",
                "check the unit and the order of the scan times",
                f"{place} {region}",
            )


def _far(value: float, median: float, variance: float) -> bool:
    most = tables.default("unusual_spread", "1")
    return abs(math.log(value / median)) > most * math.sqrt(variance)
