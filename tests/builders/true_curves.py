"""Time-activity curves whose truth is known, drawn from the priors of the estimator.

The code is independent of the estimator: bounded distributions by rejection, curves as plain sums
of exponentials. Only the figures come from the reference tables (design: half-life of a patient
normal in ln T, that of a cycle normal about it, both at most the physical one).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dosimetry.physics.kinetics import Array
from dosimetry.physics.posterior import HalfLifePrior, Measured, RegionPrior, SlowPrior
from dosimetry.reference import nuclides
from dosimetry.reference.curve_priors import fast_figures, slow_figures

PHYSICAL = nuclides.half_life("Lu-177")  # h
SHORTEST = math.log(2) / 20.0  # h: nothing is faster than 20 /h
FAST_SHARE = 0.8  # longest fast half-life as a share of the slow one
BETWEEN_SIDES = math.sqrt(math.log1p(0.05**2))
SEEN = fast_figures("organ").fast[0]  # h; a scan until then sees a fast phase
WITHOUT_FAST, WITH_FAST = ("mono", "uptake"), ("mono", "uptake", "bi", "bi-uptake")
SHAPES = {  # whether there is uptake, and a fast phase
    "mono": (False, False),
    "uptake": (True, False),
    "bi": (False, True),
    "bi-uptake": (True, True),
}


def prior_of(
    region: str, cv: float | None = None, median: float | None = None, between: float | None = None
) -> RegionPrior:
    """Return the prior of a region, or one with another spread, median (h) or between-cycle cv."""
    slow = slow_figures(region)
    fast = fast_figures("tumour" if region == "tumour" else "organ")
    of_cycle = math.log1p(slow.between_cycles**2)
    of_patients = math.log1p((cv or slow.cv or 0.0) ** 2) - of_cycle
    if between is not None:
        of_cycle = math.log1p(between**2)
    return RegionPrior(
        SlowPrior(median or slow.median, math.sqrt(of_patients), math.sqrt(of_cycle), PHYSICAL),
        HalfLifePrior(*fast.uptake),
        HalfLifePrior(*fast.fast),
        BETWEEN_SIDES,
    )


def models_for(first: float) -> tuple[str, ...]:
    """Return the models that a plan averages, by the time in h of the first scan."""
    return WITH_FAST if first <= SEEN else WITHOUT_FAST


@dataclass(frozen=True, eq=False)
class TrueCurves:
    """Curves of unit scale: share exp(-slow t) + (1 - share) exp(-fast t) - exp(-uptake t).

    Attributes
    ----------
    slow : array, shape (curves, cycles)
        Rates in 1/h.
    share, fast, uptake : array, shape (curves,)
        The same in every cycle; the uptake is infinitely fast in a curve without one.
    """

    slow: Array
    share: Array
    fast: Array
    uptake: Array

    def at(self, times: Array, cycle: int = 0) -> Array:
        """Return the activities at times in h after zero, shape (curves, times)."""
        t = np.asarray(times, float)
        slow, fast, uptake = (
            np.exp(-rate[:, None] * t) for rate in (self.slow[:, cycle], self.fast, self.uptake)
        )
        share = self.share[:, None]
        return np.asarray(share * slow + (1 - share) * fast - uptake)

    def tia(self, cycle: int = 0) -> Array:
        """Return the integrals from zero to infinity in h."""
        return np.asarray(
            self.share / self.slow[:, cycle] + (1 - self.share) / self.fast - 1 / self.uptake
        )


def drawn(
    rng: np.random.Generator, prior: RegionPrior, kind: str, count: int, cycles: int = 1
) -> TrueCurves:
    """Return curves of one kind, a key of :data:`SHAPES`, drawn from a prior."""
    rises, has_fast = SHAPES[kind]
    middle = np.full(count, math.log(prior.slow.median))
    longest = np.full(count, math.log(prior.slow.physical))
    tau = _normal(rng, middle, prior.slow.between_patients, longest)
    slow = np.column_stack(
        [_normal(rng, tau, prior.slow.between_cycles, longest) for _ in range(cycles)]
    )
    share, fast, last = np.ones(count), np.log(np.ones(count)), slow.min(axis=1)
    if has_fast:
        share = rng.uniform(size=count)
        fast = last = _half_life(rng, prior.fast, last + math.log(FAST_SHARE))
    uptake = np.full(count, np.inf)
    if rises:
        uptake = math.log(2) / np.exp(_half_life(rng, prior.uptake, last))
    return TrueCurves(math.log(2) / np.exp(slow), share, math.log(2) / np.exp(fast), uptake)


def _half_life(rng: np.random.Generator, prior: HalfLifePrior, longest: Array) -> Array:
    """Return ln of half-lives between the shortest possible one and ``longest``."""
    middle = np.full(len(longest), math.log(prior.median))
    return _normal(rng, middle, prior.log_sd, longest, math.log(SHORTEST))


def _normal(
    rng: np.random.Generator, mean: Array, sd: float, high: Array, low: float = -math.inf
) -> Array:
    """Return normal numbers between bounds, each drawn again until it lies there."""
    values = rng.normal(mean, sd)
    while (out := (values > high) | (values < low)).any():
        values[out] = rng.normal(mean[out], sd)
    return np.asarray(values)


def scanned(
    rng: np.random.Generator,
    truth: TrueCurves,
    times: tuple[float, ...],
    sd: float,
    cycle: int = 0,
    models: tuple[str, ...] | None = None,
) -> list[Measured]:
    """Return scans of every curve, with errors relative to the curve that are normal in ln y."""
    clean = truth.at(np.array(times), cycle)
    values = clean * np.exp(sd * rng.standard_normal(clean.shape))
    return [
        measured(times, row, sd * row, models=models or models_for(times[0]), cycle=cycle)
        for row in values
    ]


def measured(
    times: tuple[float, ...] | Array,
    activity: Array,
    sd: Array,
    *,
    models: tuple[str, ...],
    relative: bool = True,
    cycle: int = 0,
) -> Measured:
    """Return the points of one curve, whose sds are all relative to the curve, or all absolute."""
    time = np.asarray(times, float)
    return Measured(
        cycle, "", time, np.asarray(activity), np.asarray(sd), np.full(time.shape, relative),
        models, math.inf,
    )  # fmt: skip
