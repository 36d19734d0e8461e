"""One curve by importance sampling: weighted draws of every model.

The proposal of a model starts wide and follows the likelihood, raised step by step to its full
power; each is a mixture of normal distributions about draws of the step before (West 1993), with a
defensive share of the wide start. Draws are a Latin hypercube of a fixed seed, so that two runs
agree to the last digit.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from dosimetry.recalculation.integrals import Array, sums
from dosimetry.recalculation.readings import HalfLives, Reading
from dosimetry.recalculation.shapes import (
    FAST_PHASE,
    SHORTEST,
    Fit,
    fit_of,
    log_area,
    log_inner_prior,
    log_largest,
    within,
)

SEED = 20260112
TRIAL, FINAL = 512, 2048  # draws of a step, and those that count at first
LEAST_SHARE = 0.2  # of effective draws in a step
ROUNDS = 25
ENOUGH, MOST_DRAWS = 700, 16384  # effective draws that end the search, and draws that do
FLATTER = 0.6  # power of the weights by which centres are chosen: some in the tails
SMALL = 1e-5  # step of a derivative
WIDE, WIDE_SHARE, START_SHARE = 3.0, 0.25, 0.1
LINE = 3001  # points of the trapezoidal rule of a mono-exponential curve
NEGLIGIBLE = 45.0  # in ln of the likelihood

Places: TypeAlias = npt.NDArray[np.intp]
Prior: TypeAlias = Callable[[Array], Array]  # ln T of the slow phase -> log density


@dataclass(frozen=True, eq=False)
class Draws:
    """Weighted curves of one reading, all models one after the other; arrays of shape (m,).

    Attributes
    ----------
    models : tuple of str
    model : array of int
        Index into ``models``.
    x : array
        ln of the slow half-life in h.
    columns : tuple of array
        Parameters of each model, shape (d, m of the model).
    log_weight : array
        Likelihood and inner prior over the density of the draws, for an integral over ln T.
    log_tia, variance : array
        Mean and variance of ln TIA.
    misfit : array
        ln of the likelihood below the best.
    chi2 : array, shape (models,)
        The least of each model.
    """

    models: tuple[str, ...]
    model: Places
    x: Array
    columns: tuple[Array, ...]
    log_weight: Array
    log_tia: Array
    variance: Array
    misfit: Array
    chi2: Array

    @property
    def drawn(self) -> Array:
        """One for a draw, zero for a node of quadrature."""
        return np.array([float(name != "mono") for name in self.models])[self.model]


@functools.cache
def spread(dimension: int, count: int) -> Array:
    """Return points spread over the unit cube, shape (dimension, count): a Latin hypercube.

    Every coordinate has one point in each of ``count`` even intervals, in an order of its own. The
    seed is fixed, so that two runs agree to the last digit.

    Examples
    --------
    >>> np.sort(spread(2, 4), axis=1).tolist() == [[0.125, 0.375, 0.625, 0.875]] * 2
    True
    """
    random = np.random.default_rng(SEED)
    even = (np.arange(count) + 0.5) / count
    return np.array([random.permutation(even) for _ in range(dimension)])


@dataclass(frozen=True, eq=False)
class Proposal:
    """A mixture of normals about centres, narrow and wide ones, and of the start.

    Attributes
    ----------
    start : (array, array), shape (d,)
        Means and sds of the wide start.
    centres : array, shape (k, d), or None
    factors : array, shape (k, d, d)
        Cholesky factor of the covariance about each centre.
    """

    start: tuple[Array, Array]
    centres: Array | None
    factors: Array

    def draw(self, count: int) -> Array:
        """Return draws, shape (d, count)."""
        dimension = len(self.start[0])
        choice, *rest = spread(dimension + 1, count)
        z = ndtri(np.array(rest))
        begun = self.start[0][:, None] + self.start[1][:, None] * z
        if self.centres is None:
            return np.asarray(begun)
        share = (choice - START_SHARE) / (1.0 - START_SHARE) * len(self.centres)
        at = np.clip(share.astype(int), 0, len(self.centres) - 1)
        z = np.where(share - at < WIDE_SHARE, WIDE * z, z)
        moved = np.einsum("kij,jk->ki", self.factors[at], z)
        return np.asarray(np.where(share < 0.0, begun, (self.centres[at] + moved).T))

    def of_start(self, columns: Array) -> Array:
        """Return the log density of the start alone."""
        means, sds = self.start
        away = ((columns - means[:, None]) / sds[:, None]) ** 2
        return np.asarray(-0.5 * away.sum(axis=0) - np.log(sds).sum())

    def log_density(self, columns: Array) -> Array:
        """Return the log density at columns, without the factor of two pi."""
        begun = self.of_start(columns)
        if self.centres is None:
            return begun
        inverses = np.linalg.inv(self.factors)
        points = np.einsum("kij,jm->kim", inverses, columns)
        points -= np.einsum("kij,kj->ki", inverses, self.centres)[..., None]
        apart = np.einsum("kdm,kdm->km", points, points)
        wide = np.exp(apart * (-0.5 / WIDE**2))
        narrow = wide**4
        narrow *= narrow
        narrow *= wide
        both = (1.0 - WIDE_SHARE) * narrow + WIDE_SHARE / WIDE ** len(columns) * wide
        sizes = np.prod(np.diagonal(self.factors, axis1=1, axis2=2), axis=1)
        near = sums(1.0 / sizes, both) / len(sizes)
        return np.asarray(np.log((1.0 - START_SHARE) * near + START_SHARE * np.exp(begun)))


@dataclass(frozen=True, eq=False)
class _Target:
    """One model of one reading."""

    reading: Reading
    model: str
    half_lives: HalfLives
    prior: Prior

    def at(self, columns: Array) -> tuple[Array, Array, Fit]:
        """Return log inner prior, log prior of x, and fit."""
        inner = log_inner_prior(self.model, columns, self.half_lives)
        fit = fit_of(self.reading, self.model, columns)
        largest = fit.scale + log_largest(self.model, columns)
        with np.errstate(divide="ignore"):
            allowed = np.log(within(self.reading.most, largest, fit.variance))
        inner = inner + np.maximum(allowed, -1e4)
        return inner, self.prior(columns[0]), fit


def draws_of(
    reading: Reading,
    models: tuple[str, ...],
    half_lives: HalfLives,
    prior: Prior,
    range_of_x: tuple[float, float],
    count: int = FINAL,
) -> Draws:
    """Return weighted draws of all models of a reading.

    Parameters
    ----------
    reading : Reading
    models : tuple of str
    half_lives : HalfLives
    prior : callable
        Log density of ln T of the slow phase, for which the draws are placed.
    range_of_x : (float, float)
        Of ln T.
    count : int
        Draws of a model.
    """
    parts = []
    for model in models:
        target = _Target(reading, model, half_lives, prior)
        place = _on_line if model == "mono" else _sampled
        parts.append(place(target, range_of_x, count))
    logs = [inner + fit.log_likelihood - steps for _, inner, fit, steps in parts]
    top = max(float(log.max()) for log in logs)
    likelihood = np.concatenate([fit.log_likelihood for _, _, fit, _ in parts])
    return Draws(
        models,
        np.concatenate([np.full(len(log), i) for i, log in enumerate(logs)]),
        np.concatenate([columns[0] for columns, *_ in parts]),
        tuple(columns for columns, *_ in parts),
        np.concatenate(logs) - top,
        np.concatenate([
            fit.scale + log_area(model, columns)
            for model, (columns, _, fit, _) in zip(models, parts, strict=True)
        ]),
        np.concatenate([fit.variance for _, _, fit, _ in parts]),
        likelihood.max() - likelihood,
        np.array([
            float(fit.chi2[np.isfinite(inner)].min(initial=np.inf)) for _, inner, fit, _ in parts
        ]),
    )  # fmt: skip


_Part: TypeAlias = tuple[Array, Array, Fit, Array]


def _on_line(target: _Target, range_of_x: tuple[float, float], count: int) -> _Part:
    """Return nodes of the trapezoidal rule over ln T, where a mono-exponential curve matters."""
    low, high = range_of_x
    for _ in range(2):
        x = np.linspace(low, high, LINE)
        inner, prior, fit = target.at(x[None])
        log = inner + prior + fit.log_likelihood
        used = np.flatnonzero(log > log.max() - NEGLIGIBLE)
        low, high = x[max(used[0] - 1, 0)], x[min(used[-1] + 1, LINE - 1)]
    volume = np.full(LINE, x[1] - x[0])
    volume[[0, -1]] /= 2.0
    return x[None], inner, fit, -np.log(volume)


def _sampled(target: _Target, range_of_x: tuple[float, float], count: int) -> _Part:
    proposal, power = _start(target, range_of_x), 0.0
    for _ in range(ROUNDS):
        columns = proposal.draw(TRIAL)
        inner, prior, fit = target.at(columns)
        wide, density = proposal.of_start(columns), proposal.log_density(columns)
        wanted = inner + prior + fit.log_likelihood
        done = power == 1.0
        power = _power(wide - density, wanted - wide, power)
        log_weight = wide - density + power * (wanted - wide)
        proposal = _about(target, columns, log_weight, power, proposal.start, Kernels())
        if done:
            break
    best, kernels = 0.0, Kernels()
    while True:
        columns = proposal.draw(count)
        inner, prior, fit = target.at(columns)
        density = proposal.log_density(columns)
        log_weight = inner + prior + fit.log_likelihood - density
        log_tia = fit.scale + log_area(target.model, columns)
        reached = min(_effective(log_weight), _effective(log_weight + log_tia))
        if reached >= best:
            # The density lacks the factor of two pi in every dimension.
            constant = math.log(count) - 0.5 * len(columns) * math.log(2.0 * math.pi)
            best, found = reached, (columns, inner, fit, density + constant)
        count *= 2
        if best >= ENOUGH or count > MOST_DRAWS:
            return found
        kernels = kernels.finer()
        proposal = _about(target, columns, log_weight, 1.0, proposal.start, kernels)


@dataclass(frozen=True)
class Kernels:
    """Number of the normals of a mixture, and the factor by which they are narrower than usual."""

    count: int = 32
    narrower: float = 1.0

    def finer(self) -> Kernels:
        """Return more and narrower ones, for a ridge that is bent."""
        return Kernels(min(2 * self.count, 64), self.narrower * 0.6)


def _start(target: _Target, range_of_x: tuple[float, float]) -> Proposal:
    own, model = target.half_lives, target.model
    low, high = max(range_of_x[0], SHORTEST), range_of_x[1]
    means, sds = [(low + high) / 2.0], [(high - low) / 4.0]
    if math.isfinite(own.patients):
        means = [min(math.log(own.median), math.log(own.physical))]
        sds = [1.3 * math.hypot(own.patients, own.cycles)]
    if model.startswith("bi"):
        means.append(0.0)
        sds.append(2.0)
    longest = means[0] + FAST_PHASE
    for name, prior in (("bi", own.fast), ("uptake", own.uptake)):
        if name in model:
            flat = math.isinf(prior.log_sd)
            # About the longest possible one where the prior lies beyond it.
            median = (SHORTEST + high) / 2.0 if flat else math.log(prior.median)
            means.append(median if flat else min(median, longest))
            sds.append((high - SHORTEST) / 4.0 if flat else 1.3 * prior.log_sd)
            longest = means[-1]
    start = np.array(means), np.array(sds)
    return Proposal(start, None, np.empty((0, 0, 0)))


def _effective(log_weight: Array) -> float:
    weight = np.exp(log_weight - log_weight.max())
    return float(weight.sum() ** 2 / (weight**2).sum())


def _power(of_start: Array, beyond: Array, power: float) -> float:
    """Return the largest power of the target that leaves enough effective draws.

    Parameters
    ----------
    of_start : array
        Log weights of the draws for the wide start.
    beyond : array
        Log of the target over the start.
    power : float
        Of the step before; never less.
    """

    def enough(power: float) -> bool:
        return _effective(of_start + power * beyond) >= LEAST_SHARE * len(beyond)

    if enough(1.0):
        return 1.0
    low, high = max(power, 1e-6), 1.0
    for _ in range(16):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if enough(middle) else (low, middle)
    return low


def _about(
    target: _Target,
    columns: Array,
    log_weight: Array,
    power: float,
    start: tuple[Array, Array],
    kernels: Kernels,
) -> Proposal:
    """Return the mixture about some draws, each with the covariance that the points leave there."""
    weight = np.exp(log_weight - log_weight.max())
    order = np.argsort(columns[0])
    spread_out = order[even_choice(weight[order] ** FLATTER, kernels.count)]
    weight /= weight.sum()
    apart = columns - sums(columns, weight)[:, None]
    dimension = len(columns)
    width = (4.0 / (kernels.count * (dimension + 2.0))) ** (1.0 / (dimension + 4.0))
    covariance = sums(apart * weight, apart.T) * (width * kernels.narrower) ** 2
    covariance += np.diag(1e-4 * covariance.diagonal() + 1e-14)
    centres = columns[:, spread_out]
    slopes = _slopes(target, centres)
    information = power * np.einsum("ipk,jpk->kij", slopes, slopes) + np.linalg.inv(covariance)
    factors = np.linalg.cholesky(np.linalg.inv(information))
    return Proposal(start, centres.T, factors)


def _slopes(target: _Target, columns: Array) -> Array:
    """Return the change of each residual with each parameter, shape (d, points, k)."""
    here = fit_of(target.reading, target.model, columns).residuals
    slopes = []
    for i in range(len(columns)):
        moved = columns.copy()
        moved[i] += SMALL
        there = fit_of(target.reading, target.model, moved).residuals
        slopes.append((there - here) / SMALL)
    return np.array(slopes)


def even_choice(chance: Array, count: int) -> Places:
    """Return indices chosen evenly by their chances, which need not add up to one."""
    reached = np.cumsum(chance)
    at = (np.arange(count) + 0.5) / count * reached[-1]
    return np.asarray(np.minimum(np.searchsorted(reached, at), len(chance) - 1))
