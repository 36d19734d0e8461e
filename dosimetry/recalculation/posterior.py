"""The time-integrated activities of one region again: its curves over cycles and sides together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammainccinv, ndtr

from dosimetry.recalculation.chain import Chain, chain_of
from dosimetry.recalculation.integrals import Array, sums
from dosimetry.recalculation.readings import HalfLives, LogNormal, Reading, models_of
from dosimetry.recalculation.sampling import Draws, Places, draws_of, even_choice
from dosimetry.recalculation.shapes import PARAMETERS, SHORTEST, fit_of, log_area

FAST_MODELS = ("bi", "bi-uptake")
LEVELS = (0.05, 0.5, 0.95)
BARELY = 1e-6  # share of a borrowed shape that is neglected
LENT = 1024  # draws of the best measured cycle that lend their shape
LINE = 61  # slow half-lives of a thin cycle with each of them
NEGLIGIBLE = 1e-8
BINS = 300
UNUSED = 1e-13  # share of the most probable draw below which a draw is left out
UNLIKELY = 5.5**2 / 2.0  # ln of a likelihood below the best that counts as none in a flat prior
OUTSIDE = 1e-3  # share of the draws beyond the bins on either side; they go into the last ones
LEAST = 1e-290
FARTHEST = 300.0  # of ln TIA from zero, where a fit is far from all points


@dataclass(frozen=True)
class TiaAgain:
    """Distribution of a time-integrated activity, recalculated.

    Attributes
    ----------
    mean, sd, p5, p50, p95 : float
        In the unit of the points times h.
    error : float
        Standard error of the mean by importance sampling, relative to it.
    effective : float
        Effective number of draws: (sum of weights)^2 over the sum of their squares.
    fast : float
        Probability of the models with a fast phase.
    borrowed : bool
        Whether the shape is that of another cycle.
    stretch : float
        Factor by which misfit widened it.
    """

    mean: float
    sd: float
    p5: float
    p50: float
    p95: float
    error: float
    effective: float
    fast: float
    borrowed: bool
    stretch: float


@dataclass(frozen=True, eq=False)
class _Weighted:
    """Curves with probabilities: ln TIA normal about ``log_tia``; ``drawn`` marks draws."""

    drawn: Array
    probability: Array
    log_tia: Array
    variance: Array

    def summary(self, stretch: float, fast: float, borrowed: bool = False) -> TiaAgain:
        """Return mean and percentiles, these stretched about the median by misfit."""
        used = self.probability > UNUSED * self.probability.max()
        if not used.all():
            drawn, probability = self.drawn[used], self.probability[used]
            kept = _Weighted(drawn, probability, self.log_tia[used], self.variance[used])
            return kept.summary(stretch, fast, borrowed)
        chance = self.probability / self.probability.sum()
        tia = np.exp(self.log_tia + self.variance / 2.0)
        mean = float(sums(chance, tia))
        low, middle, high = np.log(self._percentiles(chance))
        square = float(sums(chance, tia**2 * np.exp(self.variance)))
        return TiaAgain(
            mean,
            math.sqrt(max(square - mean**2, 0.0)) * stretch,
            math.exp(max(middle + stretch * (low - middle), -FARTHEST)),
            math.exp(middle),
            math.exp(min(middle + stretch * (high - middle), FARTHEST)),
            math.sqrt(float(sums(self.drawn * chance**2, (tia / mean - 1.0) ** 2))),
            float(1.0 / (chance**2).sum()),
            fast,
            borrowed,
            stretch,
        )

    def _percentiles(self, chance: Array) -> Array:
        """Return percentiles by the distribution function on an even grid, interpolated."""
        centre, variance = self.log_tia, self.variance
        order = np.argsort(centre)
        outer = np.searchsorted(np.cumsum(chance[order]), (OUTSIDE, 1.0 - OUTSIDE))
        low, high = centre[order[np.minimum(outer, len(order) - 1)]]
        share = np.clip((centre - low) / (high - low or 1.0), 0.0, 1.0)
        place = ((BINS - 1) * share).astype(int)
        mass = np.bincount(place, chance, BINS)
        kept = mass > 0.0
        mass = mass[kept]
        middle = np.bincount(place, chance * centre, BINS)[kept] / mass
        sd = np.sqrt(np.bincount(place, chance * variance, BINS)[kept] / mass)
        ends = middle.min() - 6.0 * sd.max(), middle.max() + 6.0 * sd.max()
        at = np.linspace(*ends, BINS)
        reached = sums(ndtr((at[:, None] - middle) / sd), np.asarray(mass, dtype=float))
        return np.asarray(np.exp(np.interp(LEVELS, reached, at)))


def flat_again(reading: Reading, model: str, physical: float) -> TiaAgain:
    """Return the distribution of the TIA of one model, prior flat in its slowest rate.

    Half-lives of uptake and of a fast phase have priors flat in their logarithm.

    Parameters
    ----------
    reading : Reading
    model : str
    physical : float
        Physical half-life in h.
    """
    flat = LogNormal(1.0, math.inf)
    half_lives = HalfLives(1.0, math.inf, math.inf, 0.0, flat, flat, physical)
    reading = replace(reading, most=math.inf)
    ends = SHORTEST, math.log(physical)
    draws = draws_of(reading, (model,), half_lives, lambda x: -x, ends)
    # Flat in the rate: density exp(-x) over x. With absolute sds a rate of up to 20 /h fits early
    # points however badly, at a scale without limit: the mean exists only without such rates.
    log = np.where(draws.misfit < UNLIKELY, draws.log_weight - draws.x, -np.inf)
    chance = np.exp(log - log.max())
    weighted = _Weighted(draws.drawn, chance, draws.log_tia, draws.variance)
    return weighted.summary(1.0, float(model in FAST_MODELS))


def _shown(reading: Reading) -> float:
    """Return ln of half the half-life between the last two points; infinite where they rise."""
    if len(reading.time) < 2:
        return math.inf
    (before, last), between = reading.value[-2:], float(np.diff(reading.time[-2:])[0])
    if not before > last > 0:
        return math.inf
    return math.log(0.5 * math.log(2) * between / math.log(before / last))


def tias_again(readings: Sequence[Reading], half_lives: HalfLives) -> list[TiaAgain]:
    """Return the distribution of the TIA of every curve of one region of a patient.

    Parameters
    ----------
    readings : sequence of Reading
        Over cycles and sides.
    half_lives : HalfLives
        Before any of them.

    Returns
    -------
    list of TiaAgain
    """
    numbers = [reading.cycle for reading in readings]
    shortest = min(map(_shown, readings), default=math.inf)
    chain = chain_of(half_lives, len(set(numbers)) < len(numbers), shortest)
    log_before = np.log(np.maximum(chain.density(chain.start), LEAST))
    ends = float(chain.x.at[0]), float(chain.x.at[-1])

    def prior(x: Array) -> Array:
        return np.interp(x, chain.x.at, log_before, left=-np.inf, right=-np.inf)

    draws = [
        draws_of(reading, models_of(reading, half_lives), half_lives, prior, ends)
        for reading in readings
    ]
    return _Region(readings, draws, chain).summaries()


@dataclass(frozen=True, eq=False)
class _Weighed:
    """Curves with probabilities, their chi-square and degrees of freedom, averaged over models."""

    curves: _Weighted
    chi2: float
    freedom: float
    fast: float

    def summary(self, borrowed: bool = False) -> TiaAgain:
        """Return the distribution of the TIA."""
        return self.curves.summary(_stretch(self.chi2, self.freedom), self.fast, borrowed)

    def mixed(self, other: _Weighed, share: float) -> TiaAgain:
        """Return the distribution of a mixture, ``share`` of it these, which are borrowed."""
        parts = ((self, share), (other, 1.0 - share))
        chances = [w.curves.probability * (part / w.curves.probability.sum()) for w, part in parts]
        whole = _Weighted(
            np.concatenate([each.curves.drawn for each, _ in parts]),
            np.concatenate(chances),
            np.concatenate([each.curves.log_tia for each, _ in parts]),
            np.concatenate([each.curves.variance for each, _ in parts]),
        )
        chi2, freedom, fast = (
            sum(getattr(each, name) * part for each, part in parts)
            for name in ("chi2", "freedom", "fast")
        )
        return _Weighed(whole, chi2, freedom, fast).summary(borrowed=True)


class _Region:
    """All curves of a region, with what each says to the others."""

    def __init__(self, readings: Sequence[Reading], draws: Sequence[Draws], chain: Chain) -> None:
        self.readings, self.draws, self.chain = readings, draws, chain
        self.weights = [np.exp(own.log_weight) for own in draws]
        self.on_grid = [
            self._deposited(own.x, weight) for own, weight in zip(draws, self.weights, strict=True)
        ]
        self.given = [self._given(i) for i in range(len(readings))]
        self.said: dict[int, Array] = {}
        for reading, given, own in zip(readings, self.given, self.on_grid, strict=True):
            said = sums(given, own)
            self.said[reading.cycle] = np.maximum(said / said.max(), LEAST)

    def summaries(self) -> list[TiaAgain]:
        """Return the TIA of each curve."""
        own = [self._chances(i, reading.cycle) for i, reading in enumerate(self.readings)]
        return [self._summary(i, chance) for i, chance in enumerate(own)]

    def _summary(self, index: int, chance: Array) -> TiaAgain:
        """Return the TIA of a curve: its own, as far as it is thin with the shape of another."""
        own, lender = self._own(index, chance), self._lender(index)
        if lender is None:
            return own.summary()
        of_lender = self.draws[lender]
        likely = self._chances(lender, self.readings[index].cycle)
        of_model = np.bincount(of_lender.model, likely, len(of_lender.models))
        count = len(self.readings[index].time)
        thin = np.array([PARAMETERS[name] > count for name in of_lender.models])
        share = float(of_model[thin].sum() / of_model.sum())
        return own.summary() if share <= BARELY else self._lent(index, lender).mixed(own, share)

    def _deposited(self, x: Array, weight: Array) -> Array:
        """Return weights spread linearly over the neighbouring points of the grid."""
        grid = self.chain.x.at
        place = np.clip((x - grid[0]) / (grid[1] - grid[0]), 0.0, len(grid) - 1.0)
        low = np.minimum(place.astype(int), len(grid) - 2)
        share = place - low
        count = len(grid)
        return np.asarray(
            np.bincount(low, weight * (1.0 - share), count)
            + np.bincount(low + 1, weight * share, count)
        )

    def _given(self, index: int) -> Array:
        """Return the density of a curve's ln T, and of the other sides' points, given tau."""
        others = [
            own
            for i, own in enumerate(self.on_grid)
            if i != index and self.readings[i].cycle == self.readings[index].cycle
        ]
        if not others:
            return self.chain.cycle
        sides = self.chain.between(self.chain.half_lives.sides)
        seen = self.chain.x.weight
        for own in others:
            said = sums(sides, own)
            seen = seen * said / said.max()
        return sums(self.chain.cycle * seen, sides)

    def _without(self, *cycles: int) -> Array:
        """Return the probabilities of tau without what some cycles say."""
        log = np.log(np.maximum(self.chain.start, LEAST))
        for cycle, said in self.said.items():
            if cycle not in cycles:
                log = log + np.log(said)
        chance = np.exp(log - log.max())
        return np.asarray(chance / chance.sum())

    def _chances(self, index: int, *without: int) -> Array:
        """Return the probabilities of a curve's draws."""
        density = sums(self._without(*without), self.given[index])
        own = self.weights[index] * np.interp(self.draws[index].x, self.chain.x.at, density)
        return np.asarray(own / own.sum())

    def _lender(self, index: int) -> int | None:
        """Return the curve of another cycle with most points, if more than the own."""
        own = self.readings[index]
        able = [
            (len(other.time), other.side == own.side, -other.cycle, -i)
            for i, other in enumerate(self.readings)
            if other.cycle != own.cycle and len(own.time) < len(other.time)
        ]
        return -max(able)[3] if able else None

    def _own(self, index: int, chance: Array) -> _Weighed:
        own, count = self.draws[index], len(self.readings[index].time)
        of_model: Array = np.bincount(own.model, chance, len(own.models)).astype(float)
        freedom = np.array([count - PARAMETERS[name] for name in own.models])
        chi2 = np.where(np.isfinite(own.chi2), own.chi2, 0.0)
        return _Weighed(
            _Weighted(own.drawn, chance, own.log_tia, own.variance),
            float(sums(of_model, chi2)),
            float(sums(of_model, np.maximum(freedom, 0))),
            _fast(own.models, of_model),
        )

    def _lent(self, index: int, lender: int) -> _Weighed:
        """Return the TIA of a thin curve: shapes of another cycle, each with other slow rates."""
        own, other = self.readings[index], self.readings[lender]
        before = self._without(own.cycle, other.cycle)
        chance = self._chances(lender, own.cycle, other.cycle)
        kept = even_choice(chance, LENT)
        half_lives = self.chain.half_lives
        spread = math.hypot(half_lives.cycles, half_lives.sides if own.side else 0.0)
        of_tau = before[:, None] * self.given[lender]
        low, high = self._reach(sums(of_tau, self.on_grid[lender]), spread)
        few = kept[:: LENT // 64]
        for chosen in (few, kept):
            x = np.linspace(low, high, LINE)
            weight, log_tia, variance, chi2 = self._crossed(own, lender, chosen, x, spread, of_tau)
            of_x = weight.sum(axis=0)
            used = np.flatnonzero(of_x > NEGLIGIBLE * of_x.max())
            low, high = x[max(used[0] - 1, 0)], x[min(used[-1] + 1, LINE - 1)]
        models = self.draws[lender].models
        total = np.bincount(self.draws[lender].model[kept], weight.sum(axis=1), len(models))
        of_model = total / total.sum()
        freedom = [max(len(own.time) - PARAMETERS[n], 0) for n in models]
        made = _Weighted(np.ones(weight.size), weight.ravel(), log_tia.ravel(), variance.ravel())
        return _Weighed(
            made, chi2, float(sums(of_model, np.array(freedom))), _fast(models, of_model)
        )

    def _reach(self, of_tau: Array, spread: float) -> tuple[float, float]:
        """Return where ln T of a thin curve can lie."""
        chance = of_tau / of_tau.sum()
        tau = self.chain.tau.at
        middle = float(sums(chance, tau))
        reach = 7.0 * math.hypot(math.sqrt(float(sums(chance, (tau - middle) ** 2))), spread)
        return middle - reach, min(middle + reach, math.log(self.chain.half_lives.physical))

    def _crossed(
        self, own: Reading, lender: int, kept: Places, x: Array, spread: float, of_tau: Array
    ) -> tuple[Array, Array, Array, float]:
        """Return weight, mean and variance of ln TIA, shape (kept, x), and the least chi-square."""
        draws, grid = self.draws[lender], self.chain.x.at
        joint = sums(of_tau.T, self.chain.density_of(x, spread))
        alone = of_tau.sum(axis=0)
        place = np.clip((draws.x[kept] - grid[0]) / (grid[1] - grid[0]), 0.0, len(grid) - 1.001)
        low = place.astype(int)
        share = place - low
        numerator = joint[low] * (1.0 - share)[:, None] + joint[low + 1] * share[:, None]
        prior = numerator / (alone[low] * (1.0 - share) + alone[low + 1] * share)[:, None]
        ends = np.ones(len(x))
        ends[[0, -1]] = 0.5
        log_likelihood, log_tia, variance = (np.empty(prior.shape) for _ in range(3))
        chi2, offset = math.inf, 0
        for index, model in enumerate(draws.models):
            rows = np.flatnonzero(draws.model[kept] == index)
            columns = draws.columns[index][:, kept[rows] - offset]
            offset += draws.columns[index].shape[1]
            if not rows.size:
                continue
            whole = np.repeat(columns, len(x), axis=1)
            whole[0] = np.tile(x, len(rows))
            fit, area = fit_of(own, model, whole), log_area(model, whole)
            log_likelihood[rows] = fit.log_likelihood.reshape(len(rows), -1)
            log_tia[rows] = (fit.scale + area).reshape(len(rows), -1)
            variance[rows] = fit.variance.reshape(len(rows), -1)
            chi2 = min(chi2, float(fit.chi2.min()))
        weight = prior * ends * np.exp(log_likelihood - log_likelihood.max())
        return weight, log_tia, variance, chi2


def _stretch(chi2: float, freedom: float) -> float:
    """Return the factor by which misfit widens a distribution."""
    # Nothing up to what noise exceeds in one curve of ten, all beyond one of a thousand.
    freedom = max(freedom, 1.0)
    usual, rare = (2.0 * float(gammainccinv(freedom / 2.0, tail)) for tail in (0.1, 0.001))
    part = np.clip((chi2 - usual) / (rare - usual), 0.0, 1.0)
    return 1.0 + float(part) * max(math.sqrt(chi2 / freedom) - 1.0, 0.0)


def _fast(models: Sequence[str], of_model: Array) -> float:
    """Return the probability of the models with a fast phase."""
    return float(sum(p for name, p in zip(models, of_model, strict=True) if name in FAST_MODELS))
