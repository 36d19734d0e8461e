"""How the posterior of a TIA compares with least squares, and how far it moves with a point."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from true_curves import PHYSICAL, SHAPES, drawn, measured, models_for, prior_of, scanned
from weighted_draws import drawn_medians

from dosimetry.physics.kinetics import Array
from dosimetry.physics.posterior import (
    Measured,
    RegionPrior,
    flat_posteriors,
    nodes_of_curves,
    posterior_of_nodes,
)

REGIONS = ("kidneys", "liver", "tumour")
NOISES = (0.03, 0.30)  # relative sd of the points, uniform in its logarithm
FIRST, LAST = 1.0, 200.0  # h; scans uniform in the logarithm of time
MOVED = 1e-3  # relative


@dataclass(frozen=True, eq=False)
class Sharpness:
    """Posterior over least squares of some curves, arrays of shape (curves,).

    Attributes
    ----------
    tia, sd : array
        Ratios of mean and sd.
    sd_without_misfit : array
        Ratio of the sd before the factor sqrt(chi2/dof), which least squares does not have.
    """

    tia: Array
    sd: Array
    sd_without_misfit: Array


def against_least_squares(
    rng: np.random.Generator,
    region: str,
    model: str,
    times: tuple[float, ...],
    noise: float,
    count: int,
) -> Sharpness:
    """Return the posterior of one model over least squares of the same: flat in lambda."""
    prior = prior_of(region)
    curves = scanned(rng, drawn(rng, prior, model, count), times, noise, models=(model,))
    flat = flat_posteriors(curves, [PHYSICAL] * count)
    own = [
        posterior_of_nodes([curve], [nodes], prior)[0]
        for curve, nodes in zip(curves, nodes_of_curves(curves, [prior] * count), strict=True)
    ]
    sd = np.array([a.tia.sd / b.sd for a, b in zip(own, flat, strict=True)])
    misfit = np.array([a.misfit for a in own])
    tia = np.array([a.tia.mean / b.mean for a, b in zip(own, flat, strict=True)])
    return Sharpness(tia, sd, sd / misfit)


def coverage_without_misfit(
    rng: np.random.Generator, region: str, model: str, times: tuple[float, ...], count: int
) -> tuple[float, float]:
    """Return the coverage of the 90 % interval of one model, and that before the misfit factor."""
    prior = prior_of(region)
    truth = drawn(rng, prior, model, count)
    curves, right, inside = scanned(rng, truth, times, 0.10, models=(model,)), truth.tia(), []
    for i, nodes in enumerate(nodes_of_curves(curves, [prior] * count)):
        found = posterior_of_nodes([curves[i]], [nodes], prior)[0]
        tia, power = found.tia, 1.0 / found.misfit
        low, high = (tia.p50 * (end / tia.p50) ** power for end in (tia.p5, tia.p95))
        inside.append((tia.p5 <= right[i] <= tia.p95, low <= right[i] <= high))
    with_factor, without = np.mean(inside, axis=0).tolist()
    return with_factor, without


@dataclass(frozen=True, eq=False)
class Moved:
    """A curve with one point moved, and how far median and sd of its TIA move, relatively."""

    truth: str
    region: str
    curve: Measured
    point: int
    median: float
    sd: float

    def __str__(self) -> str:
        curve = self.curve
        return (
            f"{self.truth} truth, {self.region}, models {'+'.join(curve.models)}, "
            f"t {curve.time.tolist()}, y {curve.activity.tolist()}, sd {curve.sd.tolist()}, "
            f"relative {bool(curve.relative[0])}, point {self.point}: median {self.median:+.2%}, "
            f"sd {self.sd:+.2%}"
        )


def random_curve(
    rng: np.random.Generator,
) -> tuple[str, str, Measured, int]:
    """Return truth, region, points, and the point to be moved: 1 to 8 scans, noise as stated.

    One curve in five has absolute sds.
    """
    region, truth = str(rng.choice(REGIONS)), str(rng.choice([*SHAPES]))
    count = int(rng.integers(1, 9))
    times = np.sort(np.exp(rng.uniform(np.log(FIRST), np.log(LAST), count)))
    sd = float(np.exp(rng.uniform(*np.log(NOISES))))
    clean = drawn(rng, prior_of(region), truth, 1).at(times)[0]
    relative = bool(rng.uniform() < 0.8)
    if relative:
        values = clean * np.exp(sd * rng.standard_normal(count))
        spread = sd * values
    else:
        spread = np.full(count, sd * clean.max())
        values = np.abs(clean + spread * rng.standard_normal(count))
    curve = measured(times, values, spread, models=models_for(times[0]), relative=relative)
    return truth, region, curve, int(rng.integers(count))


def moved_curves(rng: np.random.Generator, count: int) -> list[Moved]:
    """Return random curves, each with a point moved by 0.1 %, and how far the TIA moves."""
    drawn_curves = [random_curve(rng) for _ in range(count)]
    priors = {region: prior_of(region) for region in REGIONS}
    of_curve = [priors[region] for _, region, _, _ in drawn_curves]
    before = _medians([curve for _, _, curve, _ in drawn_curves], of_curve)
    after = _medians([shifted(curve, i) for _, _, curve, i in drawn_curves], of_curve)
    change = after / before - 1.0
    return [
        Moved(truth, region, curve, i, float(m), float(s))
        for (truth, region, curve, i), (m, s) in zip(drawn_curves, change, strict=True)
    ]


def moved_by_draws(rng: np.random.Generator, moved: Moved, count: int) -> float:
    """Return how far weighted draws from the priors move the median, ``count`` of each model."""
    pair = [moved.curve, shifted(moved.curve, moved.point)]
    before, after = drawn_medians(rng, pair, prior_of(moved.region), count)
    return after / before - 1.0


def shifted(curve: Measured, point: int) -> Measured:
    """Return a curve with one point moved by 0.1 %; a relative sd moves with it."""
    activity, sd = curve.activity.copy(), curve.sd.copy()
    activity[point] *= 1.0 + MOVED
    if curve.relative[point]:
        sd[point] *= 1.0 + MOVED
    return replace(curve, activity=activity, sd=sd)


def _medians(curves: list[Measured], priors: list[RegionPrior]) -> Array:
    """Return median and sd of the TIA of each curve, shape (curves, 2)."""
    nodes = nodes_of_curves(curves, priors)
    tias = [
        posterior_of_nodes([curve], [own], prior)[0].tia
        for curve, own, prior in zip(curves, nodes, priors, strict=True)
    ]
    return np.array([(tia.p50, tia.sd) for tia in tias])
