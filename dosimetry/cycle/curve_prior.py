"""What is known of a region's curve before it is measured: half-lives of the file or population."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dosimetry.patient.by_region import SINGLE
from dosimetry.patient.kidneys import PAIR, given_sides, pair_of, with_pair
from dosimetry.patient.measurements.scan import BLOOD
from dosimetry.physics.posterior import HalfLifePrior, RegionPrior, SlowPrior
from dosimetry.physics.prediction import log_variance
from dosimetry.problems import in_words
from dosimetry.quantities import Estimate
from dosimetry.reference import regions, tables
from dosimetry.reference.curve_priors import FastFigures, SlowFigures, fast_figures, slow_figures

WITHOUT_FAST, WITH_FAST = ("mono", "uptake"), ("mono", "uptake", "bi", "bi-uptake")
EXACT = 1e-5  # least sd of ln T, for a half-life given without uncertainty


@dataclass(frozen=True)
class CurvePrior:
    """Prior of a region's curves, and where it comes from.

    Attributes
    ----------
    region : str
        The pair for a kidney.
    slow : SlowFigures
    fast : FastFigures
    origin : str
        Source of the slow half-life, in words.
    prior : RegionPrior
    """

    region: str
    slow: SlowFigures
    fast: FastFigures
    origin: str
    prior: RegionPrior

    def models(self, model: str, first: float) -> tuple[str, ...]:
        """Return the models to average for a requested model and the time of the first scan in h.

        A fast phase is seen only by a scan within its usual half-life. Later scans alone leave its
        size open, and its prior would decide the dose.
        """
        if model == SINGLE:
            return ("mono",)
        if model not in ("auto", "trapezoid"):
            return (model,)
        return WITH_FAST if first <= self.fast.fast[0] else WITHOUT_FAST

    def assumptions(self, model: str, models: Sequence[str]) -> Iterator[str]:
        """Yield what a curve of these models assumes."""
        name, slow, fast = in_words([self.region]), self.slow, self.fast
        spread = f"cv {100 * (slow.cv or 0):.3g} %"
        if slow.log_sd is not None:
            spread = f"sd of ln T {slow.log_sd:g}"
        yield (
            f"half-life of {name} before measurement: {slow.median:.4g} h, {spread}, between "
            f"cycles {100 * slow.between_cycles:g} % ({slow.source})"
        )
        if "uptake" in models or "bi-uptake" in models:
            yield (
                f"uptake of {name} before measurement: half-life {fast.uptake[0]:g} h, sd of ln T "
                f"{fast.uptake[1]:g} ({fast.source})"
            )
        if "bi" in models or "bi-uptake" in models:
            yield (
                f"fast phase of {name} before measurement: half-life {fast.fast[0]:g} h, sd of ln "
                f"T {fast.fast[1]:g}, share of the slow phase uniform ({fast.source})"
            )
        elif model == "auto":
            yield (
                f"{name}: no scan within {fast.fast[0]:g} h, so a fast phase of clearance would "
                "not be seen; none assumed"
            )


def curve_prior(
    region: str, half_lives: Mapping[str, Estimate], population: bool, physical: float
) -> CurvePrior:
    """Return the prior of a region's curves.

    Parameters
    ----------
    region : str
        A measured region, or ``blood``.
    half_lives : mapping of str to Estimate
        Effective ones of the patient file, in h; they come before those of the population.
    population : bool
        Whether the population's half-lives are of the agent's patients.
    physical : float
        Physical half-life in h.

    Examples
    --------
    >>> curve_prior("kidney_left", {}, True, 159.528).slow.median
    51.0
    """
    blood = region == BLOOD
    like = region if blood else regions.region(region).like
    tumour = not blood and regions.region(region).role == "tumour"
    slow, fast = (
        slow_figures(like if population else ""),
        fast_figures("tumour" if tumour else "organ"),
    )
    origin = "the population" if slow.cv is not None else "a wide prior, since none is known"
    given = _given(region, half_lives)
    if given is not None:
        slow, origin = _of_file(given, slow), "the patient file"
    return CurvePrior(pair_of(region), slow, fast, origin, _prior(slow, fast, physical))


def _of_file(given: Estimate, slow: SlowFigures) -> SlowFigures:
    if given.sd is not None:
        cv, source = given.sd / given.value, "patient file"
    else:
        cv = slow.cv or tables.default("half_life_cv", "1")
        source = f"patient file, no sd given; {100 * cv:.0f} % used"
    return SlowFigures(given.value, cv, None, slow.between_cycles, source)


def _given(region: str, half_lives: Mapping[str, Estimate]) -> Estimate | None:
    """Return the half-life of the patient file; the pair of kidneys has that of its sides."""
    name = next((name for name in with_pair(region) if name in half_lives), None)
    if name is not None:
        return half_lives[name]
    sides = [half_lives[side] for side in given_sides(half_lives)] if region == PAIR else []
    if not sides:
        return None
    value = math.prod(side.value for side in sides) ** (1.0 / len(sides))
    if any(side.sd is None for side in sides):
        return Estimate(value, None, "h")
    own = max((side.sd or 0.0) / side.value for side in sides)
    apart = max(abs(math.log(side.value / value)) for side in sides)
    return Estimate(value, value * math.hypot(own, apart), "h")


def _prior(slow: SlowFigures, fast: FastFigures, physical: float) -> RegionPrior:
    """Return the prior; what the spread over patients has beyond the cycles is the patient's."""
    whole = slow.log_sd**2 if slow.log_sd is not None else log_variance(slow.cv or 0.0)
    whole = max(whole, 2 * EXACT**2)
    between = min(log_variance(slow.between_cycles), whole - EXACT**2)
    return RegionPrior(
        SlowPrior(slow.median, math.sqrt(whole - between), math.sqrt(between), physical),
        HalfLifePrior(*fast.uptake),
        HalfLifePrior(*fast.fast),
        math.sqrt(log_variance(tables.default("half_life_between_sides", "1"))),
    )
