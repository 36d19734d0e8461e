"""Virtual trials: many patients drawn from the population, each treated by a strategy.

A patient has a mean dose per activity and a half-life, and each cycle its own dose per activity
(physics.md, section 8). Every cycle is taken to be measured, without error, before the next is
decided. Patients are drawn in blocks, each from a stream of its own, so that the number of workers
changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from dosimetry import reference, tables
from dosimetry.physics.decay import LN2
from dosimetry.physics.kinetics import Array
from dosimetry.population.virtual_trial import Outcome, StrategyOutcome, VirtualTrial, summary
from dosimetry.problems import refuse
from dosimetry.reference import Limit
from dosimetry.therapy import regimen
from dosimetry.therapy.draws import standard_normal
from dosimetry.therapy.limits import patient_limits
from dosimetry.therapy.patient import Patient
from dosimetry.therapy.plan import DISCLAIMER
from dosimetry.therapy.prediction import Prior, log_variance, population_prior
from dosimetry.therapy.region_course import DOSE
from dosimetry.therapy.strategy import MOST_CYCLES, check_strategy

SCHEMA = "dosimetry/simulation/1"
BLOCK = 8192  # patients drawn from one stream of random numbers
DRAWS = 1024  # of the cycles to come, for the activity that keeps within a risk
TOGETHER = 64  # patients whose draws are looked at in one go
MOST_PATIENTS = 10_000_000


@dataclass(frozen=True)
class VirtualRegion:
    """What the tables say of a region over patients.

    Attributes
    ----------
    name : str
    prior : Prior
        Of the dose per activity.
    half_life : (median, sd of the logarithm, longest), or None
        Effective, in h; log-normal, cut at the physical one. Without it there is no BED.
    repair : float
        Rate of repair in 1/h.
    alpha_beta : float
        In Gy.
    """

    name: str
    prior: Prior
    half_life: tuple[float, float, float] | None
    repair: float
    alpha_beta: float


@dataclass(frozen=True)
class Trial:
    """What is simulated."""

    regions: tuple[VirtualRegion, ...]
    limits: tuple[Limit, ...]
    activity: float
    cycles: int
    most_cycles: int
    risk: float
    seed: int


def simulate(
    regimen_name: str = "netter-1",
    patients: int = 100_000,
    seed: int = 1,
    strategies: Sequence[str] = ("fixed",),
    *,
    risk: float = 0.05,
    max_cycles: int = MOST_CYCLES,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> VirtualTrial:
    """Simulate a trial of patients of whom nothing was measured before.

    Parameters
    ----------
    regimen_name : str
        As in table ``regimens``.
    patients : int
    seed : int
        Not negative; the same seed gives the same patients, for every strategy and any number of
        workers.
    strategies : sequence of str
        ``fixed``, ``to-limit`` or ``adjusted``, applied anew before every cycle.
    risk : float
        Probability of exceeding a limit that a strategy may run at each decision.
    max_cycles : int
        Of ``to-limit``.
    workers : int
        Processes.
    progress : callable, optional
        Called with the number of patients done.

    Returns
    -------
    VirtualTrial

    Raises
    ------
    InputError
        Unknown regimen or strategy, a regimen without radiopharmaceutical, a number out of range.

    Examples
    --------
    >>> found = simulate(patients=1000)
    >>> [limit.id for limit in found.strategies[0].limits]
    ['kidneys-ad-23', 'kidneys-bed-40', 'red-marrow-ad-2']
    """
    for strategy in strategies:
        check_strategy(strategy, risk)
    most = int(tables.default("most_cycles", "1"))
    for name, value, lowest, highest in (
        ("patients", patients, 1, MOST_PATIENTS),
        ("seed", seed, 0, 2**63),
        ("max_cycles", max_cycles, 1, most),
        ("workers", workers, 1, 1024),
    ):
        if not lowest <= value <= highest:
            raise refuse(
                "out-of-range", f"{value} is outside {lowest} to {highest}", "as in 1", name
            )
    trial = _trial(regimen_name, seed, risk, max_cycles)
    blocks = range(math.ceil(patients / BLOCK))
    tasks = [(trial, strategies, block, min(BLOCK, patients - block * BLOCK)) for block in blocks]
    done: list[list[Outcome]] = []
    for outcomes in _run(tasks, workers):
        done.append(outcomes)
        if progress is not None:
            progress(sum(len(one[0].cycles) for one in done))
    return VirtualTrial(
        schema=SCHEMA,
        regimen=regimen_name,
        patients=patients,
        seed=seed,
        risk=risk,
        strategies=tuple(
            _summarised(name, trial, [block[i] for block in done])
            for i, name in enumerate(strategies)
        ),
        assumptions=_assumptions(trial),
        disclaimer=DISCLAIMER,
    )


def _trial(name: str, seed: int, risk: float, max_cycles: int) -> Trial:
    """Bring together the regimen, its limits and what the tables say of their regions."""
    patient = Patient.from_dict(
        {"patient": {"id": "virtual", "sex": "male"}, "therapy": {"regimen": name}}
    )
    programme = regimen.programme(patient)
    if programme.activity is None:
        raise refuse(
            "nothing-to-simulate",
            f"regimen {name} gives no radiopharmaceutical",
            "name another (dosimetry tables regimens)",
            "regimen",
        )
    limits = tuple(patient_limits(patient)[0])
    regions = tuple(_region(region) for region in dict.fromkeys(one.region for one in limits))
    return Trial(regions, limits, programme.activity, programme.count, max_cycles, risk, seed)


def _region(name: str) -> VirtualRegion:
    found, like = reference.population_coefficients()[name], reference.region(name).like
    prior = population_prior(found.value, found.sd or 0.0, reference.between_cycle_cv(like)[0])
    row, bio = reference.effective_half_life(like), reference.radiobiology(like)
    half_life = None
    if row is not None:
        half_life = row[0], math.sqrt(log_variance(row[1])), reference.half_life(reference.NUCLIDE)
    return VirtualRegion(name, prior, half_life, LN2 / bio.repair_half_life, bio.alpha_beta)


def _run(tasks: Sequence[Any], workers: int) -> Iterator[list[Outcome]]:
    if workers == 1 or len(tasks) == 1:
        yield from map(_block, tasks)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield from pool.map(_block, tasks)


def _block(task: tuple[Trial, Sequence[str], int, int]) -> list[Outcome]:
    """Draw one block of patients and treat them by every strategy."""
    trial, strategies, block, count = task
    random = np.random.default_rng([trial.seed, block])
    most = max(trial.cycles, trial.most_cycles)
    drawn = {}
    for region in trial.regions:
        normal = random.standard_normal((BLOCK, most + 1))[:count]
        level = region.prior.mean + math.sqrt(region.prior.variance) * normal[:, :1]
        between = math.sqrt(region.prior.between_cycles) * normal[:, 1:]
        uniform = random.random(BLOCK)[:count]
        drawn[region.name] = np.exp(level + between), _protraction(region, uniform)
    return [_treat(trial, strategy, drawn) for strategy in strategies]


def _protraction(region: VirtualRegion, uniform: Array) -> Array | None:
    """Return Lea and Catcheside's G of one exponential, l/(l + mu), over half-lives drawn."""
    if region.half_life is None:
        return None
    median, spread, longest = region.half_life
    highest = ndtr(math.log(longest / median) / spread)
    half_life = median * np.exp(spread * ndtri(uniform * highest))
    rate = LN2 / half_life
    return np.asarray(rate / (rate + region.repair))


def _treat(trial: Trial, strategy: str, drawn: dict[str, tuple[Array, Array | None]]) -> Outcome:
    """Treat one block of patients; every cycle is decided from those before it."""
    most = trial.most_cycles if strategy == "to-limit" else trial.cycles
    count = len(next(iter(drawn.values()))[0])
    total = {(one.region, one.quantity): np.zeros(count) for one in trial.limits}
    total.update({(region.name, DOSE): np.zeros(count) for region in trial.regions})
    given, cycles, going = np.zeros(count), np.zeros(count, int), np.ones(count, bool)
    for cycle in range(most):
        activity = np.where(going, trial.activity, 0.0)
        if strategy != "fixed":
            allowed = _allowed(trial, strategy, drawn, total, cycle)
            if strategy == "to-limit":
                going = going & (allowed >= trial.activity)
                activity = np.where(going, trial.activity, 0.0)
            else:
                activity = np.minimum(allowed, trial.activity)
                going = going & (activity >= tables.default("lowest_activity", "GBq"))
                activity = np.where(going, activity, 0.0)
        given += activity
        cycles += going
        for name, quantity in total:
            coefficients, g = drawn[name]
            dose = coefficients[:, cycle] * activity
            bend = 0.0 if quantity == DOSE else _curvature(trial, name, g) * dose
            total[name, quantity] += dose * (1.0 + bend)
    return Outcome(given, cycles, total)


def _curvature(trial: Trial, name: str, g: Array | None) -> Array:
    alpha_beta = next(one.alpha_beta for one in trial.regions if one.name == name)
    return np.zeros(1) if g is None else g / alpha_beta


def _allowed(
    trial: Trial,
    strategy: str,
    drawn: dict[str, tuple[Array, Array | None]],
    total: dict[tuple[str, str], Array],
    cycle: int,
) -> Array:
    """Return the largest activity of each cycle to come that keeps every limit within the risk.

    Of one more cycle for ``to-limit``, of all that are left for ``adjusted``. The dose per
    activity of the patient is known from the cycles before: normal in the logarithm, with the same
    spread for all patients. Before the first cycle the population alone speaks, and binds as in a
    plan (:func:`dosimetry.therapy.strategy.constraints_of`).
    """
    risk = trial.risk if cycle else max(trial.risk, tables.default("exceeds_probability", "1"))
    ahead = 1 if strategy == "to-limit" else trial.cycles - cycle
    least = np.full(len(next(iter(total.values()))), np.inf)
    for limit in trial.limits:
        region = next(one for one in trial.regions if one.name == limit.region)
        coefficients, g = drawn[limit.region]
        if limit.quantity != DOSE and g is None:
            continue
        mean, factors = _to_come(region.prior, np.log(coefficients[:, :cycle]), ahead)
        linear, squared = factors.sum(axis=1), (factors**2).sum(axis=1)
        room = np.maximum(limit.value - total[limit.region, limit.quantity], 0.0)
        rank = int(risk * DRAWS)
        if limit.quantity == DOSE:
            worst = np.partition(linear, DRAWS - 1 - rank)[DRAWS - 1 - rank]
            most = room / (np.exp(mean) * worst)
        else:
            bend = _curvature(trial, limit.region, g) * room
            most = _to_bed(np.exp(mean), bend, room, (linear, squared), rank)
        least = np.minimum(least, most)
    return least


def _to_bed(
    scale: Array, bend: Array, room: Array, factors: tuple[Array, Array], rank: int
) -> Array:
    """Return the activity at which the BED reaches ``room`` in the draw of that rank.

    Each draw solves a x + a^2 y = room; some patients at a time, so that memory stays in the cache.
    """
    found = np.empty(len(scale))
    for begin in range(0, len(scale), TOGETHER):
        part = slice(begin, begin + TOGETHER)
        slope = scale[part, None] * factors[0]
        square = (4.0 * bend[part] * scale[part] ** 2)[:, None] * factors[1]
        each = 2.0 * room[part, None] / (slope + np.sqrt(slope**2 + square))
        found[part] = np.partition(each, rank, axis=1)[:, rank]
    return found


def _to_come(prior: Prior, known: Array, ahead: int) -> tuple[Array, Array]:
    """Return the median of ln k of a cycle to come, and draws of the factors to it.

    From the level's normal posterior given exact cycles; the factors, shape (draws, ahead), are
    the same for all patients.
    """
    done = known.shape[1]
    precision = 1.0 / prior.variance + done / prior.between_cycles
    mean = (prior.mean / prior.variance + known.sum(axis=1) / prior.between_cycles) / precision
    normal = standard_normal()[:DRAWS]
    spread = math.sqrt(prior.between_cycles)
    factors = np.exp(normal[:, :1] / math.sqrt(precision) + spread * normal[:, 1 : 1 + ahead])
    return mean, factors


def _summarised(name: str, trial: Trial, blocks: Sequence[Outcome]) -> StrategyOutcome:
    whole = Outcome(
        np.concatenate([one.activity for one in blocks]),
        np.concatenate([one.cycles for one in blocks]),
        {key: np.concatenate([one.total[key] for one in blocks]) for key in blocks[0].total},
    )
    known = [
        limit
        for limit in trial.limits
        if limit.quantity == DOSE
        or next(one for one in trial.regions if one.name == limit.region).half_life is not None
    ]
    return summary(name, whole, known)


def _assumptions(trial: Trial) -> tuple[str, ...]:
    found = [
        f"{trial.activity:g} GBq per cycle, {trial.cycles} cycles by the regimen, at most "
        f"{trial.most_cycles} by to-limit",
        "dose per activity over patients: population coefficients of the label, log-normal",
        "every cycle is measured without error before the next is decided",
    ]
    for region in trial.regions:
        words = f"{region.name}: between cycles {_cv(region.prior.between_cycles):.0%}"
        if region.half_life is not None:
            median, spread, _ = region.half_life
            words += (
                f"; one exponential, effective half-life {median:g} h (log-normal, "
                f"{_cv(spread**2):.0%}, cut at the physical one)"
            )
        found.append(words)
    return tuple(found)


def _cv(variance: float) -> float:
    return math.sqrt(math.expm1(variance))
