"""Virtual trials: many patients drawn from the population, each treated by a strategy.

A patient has a mean dose per activity and an effective half-life; each cycle has a dose per
activity of its own (docs/method.md). The simulation assumes that every cycle is measured without
error before the next is decided. Patients are drawn in blocks, each from its own stream of random
numbers, so that the number of workers does not change the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from dosimetry.course.region import DOSE
from dosimetry.documents.plan import DISCLAIMER
from dosimetry.patient.limits import patient_limits
from dosimetry.patient.patient import Patient
from dosimetry.physics.decay import LN2
from dosimetry.physics.draws import standard_normal
from dosimetry.physics.kinetics import Array
from dosimetry.physics.prediction import Prior, log_variance, population_prior
from dosimetry.planning import schedule
from dosimetry.planning.strategy import MOST_CYCLES, check_strategy
from dosimetry.population.virtual_trial.outcome import (
    StrategyOutcome,
    TreatedPatients,
    VirtualTrial,
    summary,
)
from dosimetry.problems import refuse
from dosimetry.reference import nuclides, population, radiobiology, tables
from dosimetry.reference import regions as regions_figures
from dosimetry.reference.limits import Limit

SCHEMA = "dosimetry/simulation/1"
BLOCK = 8192  # patients drawn from one stream of random numbers
DRAWS = 1024  # of the cycles to come, for the activity that keeps within a risk
TOGETHER = 64  # patients whose draws are solved together
MOST_PATIENTS = 10_000_000


@dataclass(frozen=True)
class VirtualRegion:
    """Figures of the tables on a region: its dose per activity and half-life over patients.

    Attributes
    ----------
    name : str
    prior : Prior
        Of the dose per activity.
    half_life : (median, sd of the logarithm, longest), or None
        Effective, in h; log-normal, truncated at the physical half-life. None: no BED.
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
class TrialDesign:
    """What is simulated: limits and their regions, activity in GBq, cycles, risk, seed."""

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
    """Simulate a trial of virtual patients of whom nothing was measured before.

    Parameters
    ----------
    regimen_name : str
        As in table ``regimens``.
    patients : int
    seed : int
        Not negative; the same seed gives the same patients, for every strategy and every number
        of workers.
    strategies : sequence of str
        ``fixed``, ``to-limit`` or ``adjusted``, applied anew before every cycle.
    risk : float
        Accepted probability of exceeding a limit, at each decision.
    max_cycles : int
        Largest number of cycles, for ``to-limit``.
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
    >>> trial = simulate(patients=1000)
    >>> [limit.id for limit in trial.strategies[0].limits]
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
    design = _design(regimen_name, seed, risk, max_cycles)
    blocks = range(math.ceil(patients / BLOCK))
    tasks = [(design, strategies, block, min(BLOCK, patients - block * BLOCK)) for block in blocks]
    done: list[list[TreatedPatients]] = []
    for outcomes in _run(tasks, workers):
        done.append(outcomes)
        if progress is not None:
            progress(sum(len(block[0].cycles) for block in done))
    return VirtualTrial(
        schema=SCHEMA,
        regimen=regimen_name,
        patients=patients,
        seed=seed,
        risk=risk,
        strategies=tuple(
            _summarised(name, design, [block[i] for block in done])
            for i, name in enumerate(strategies)
        ),
        assumptions=_assumptions(design),
        disclaimer=DISCLAIMER,
    )


def _design(name: str, seed: int, risk: float, max_cycles: int) -> TrialDesign:
    """Return the design of a trial: the regimen, its limits and the figures of their regions."""
    patient = Patient.from_dict(
        {"patient": {"id": "virtual", "sex": "male"}, "therapy": {"regimen": name}}
    )
    programme = schedule.programme(patient)
    if programme.activity is None:
        raise refuse(
            "nothing-to-simulate",
            f"regimen {name} gives no radiopharmaceutical",
            "name another (dosimetry tables regimens)",
            "regimen",
        )
    limits = tuple(patient_limits(patient)[0])
    regions = tuple(_region(region) for region in dict.fromkeys(limit.region for limit in limits))
    return TrialDesign(regions, limits, programme.activity, programme.count, max_cycles, risk, seed)


def _region(name: str) -> VirtualRegion:
    mean, like = population.population_coefficients()[name], regions_figures.region(name).like
    prior = population_prior(mean.value, mean.sd or 0.0, population.between_cycle_cv(like)[0])
    row, bio = population.effective_half_life(like), radiobiology.radiobiology(like)
    half_life = None
    if row is not None:
        half_life = (
            row[0],
            math.sqrt(log_variance(row[1])),
            nuclides.half_life(regions_figures.NUCLIDE),
        )
    return VirtualRegion(name, prior, half_life, LN2 / bio.repair_half_life, bio.alpha_beta)


def _run(tasks: Sequence[Any], workers: int) -> Iterator[list[TreatedPatients]]:
    if workers == 1 or len(tasks) == 1:
        yield from map(_block, tasks)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield from pool.map(_block, tasks)


def _block(task: tuple[TrialDesign, Sequence[str], int, int]) -> list[TreatedPatients]:
    """Draw a block of patients and treat them by every strategy."""
    design, strategies, block, count = task
    random = np.random.default_rng([design.seed, block])
    most = max(design.cycles, design.most_cycles)
    drawn = {}
    for region in design.regions:
        normal = random.standard_normal((BLOCK, most + 1))[:count]
        level = region.prior.mean + math.sqrt(region.prior.variance) * normal[:, :1]
        between = math.sqrt(region.prior.between_cycles) * normal[:, 1:]
        uniform = random.random(BLOCK)[:count]
        drawn[region.name] = np.exp(level + between), _protraction(region, uniform)
    return [_treat(design, strategy, drawn) for strategy in strategies]


def _protraction(region: VirtualRegion, uniform: Array) -> Array | None:
    """Return the Lea-Catcheside factor G = l/(l + mu) of one exponential for drawn half-lives."""
    if region.half_life is None:
        return None
    median, spread, longest = region.half_life
    highest = ndtr(math.log(longest / median) / spread)
    half_life = median * np.exp(spread * ndtri(uniform * highest))
    rate = LN2 / half_life
    return np.asarray(rate / (rate + region.repair))


def _treat(
    design: TrialDesign, strategy: str, drawn: dict[str, tuple[Array, Array | None]]
) -> TreatedPatients:
    """Return a block of patients after treatment; each cycle is decided from those before it."""
    most = design.most_cycles if strategy == "to-limit" else design.cycles
    count = len(next(iter(drawn.values()))[0])
    total = {(limit.region, limit.quantity): np.zeros(count) for limit in design.limits}
    total.update({(region.name, DOSE): np.zeros(count) for region in design.regions})
    administered, cycles, going = np.zeros(count), np.zeros(count, int), np.ones(count, bool)
    for cycle in range(most):
        activity = np.where(going, design.activity, 0.0)
        if strategy != "fixed":
            allowed = _allowed(design, strategy, drawn, total, cycle)
            if strategy == "to-limit":
                going = going & (allowed >= design.activity)
                activity = np.where(going, design.activity, 0.0)
            else:
                activity = np.minimum(allowed, design.activity)
                going = going & (activity >= tables.default("lowest_activity", "GBq"))
                activity = np.where(going, activity, 0.0)
        administered += activity
        cycles += going
        for name, quantity in total:
            coefficients, g = drawn[name]
            dose = coefficients[:, cycle] * activity
            bend = 0.0 if quantity == DOSE else _curvature(design, name, g) * dose
            total[name, quantity] += dose * (1.0 + bend)
    return TreatedPatients(administered, cycles, total)


def _curvature(design: TrialDesign, name: str, g: Array | None) -> Array:
    alpha_beta = next(region.alpha_beta for region in design.regions if region.name == name)
    return np.zeros(1) if g is None else g / alpha_beta


def _allowed(
    design: TrialDesign,
    strategy: str,
    drawn: dict[str, tuple[Array, Array | None]],
    total: dict[tuple[str, str], Array],
    cycle: int,
) -> Array:
    """Return the largest activity per cycle to come, in GBq, that keeps every limit.

    ``to-limit`` looks one cycle ahead, ``adjusted`` at all that are left. The delivered cycles give
    the patient's dose per activity: log-normal, with the same spread for all patients. Before the
    first cycle only the population is known, and limits its activity as in a plan
    (:func:`dosimetry.planning.strategy.constraints_of`).
    """
    risk = design.risk if cycle else max(design.risk, tables.default("exceeds_probability", "1"))
    ahead = 1 if strategy == "to-limit" else design.cycles - cycle
    allowed = np.full(len(next(iter(total.values()))), np.inf)
    for limit in design.limits:
        region = _region_of(design, limit)
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
            bend = _curvature(design, limit.region, g) * room
            most = _to_bed(np.exp(mean), bend, room, (linear, squared), rank)
        allowed = np.minimum(allowed, most)
    return allowed


def _region_of(design: TrialDesign, limit: Limit) -> VirtualRegion:
    return next(region for region in design.regions if region.name == limit.region)


def _to_bed(
    scale: Array, bend: Array, room: Array, factors: tuple[Array, Array], rank: int
) -> Array:
    """Return the activity at which the BED reaches ``room`` in the draw of that rank.

    Each draw solves a x + a^2 y = room. Some patients at a time, so that the draws stay in the
    processor's cache.
    """
    activity = np.empty(len(scale))
    for begin in range(0, len(scale), TOGETHER):
        part = slice(begin, begin + TOGETHER)
        slope = scale[part, None] * factors[0]
        square = (4.0 * bend[part] * scale[part] ** 2)[:, None] * factors[1]
        each = 2.0 * room[part, None] / (slope + np.sqrt(slope**2 + square))
        activity[part] = np.partition(each, rank, axis=1)[:, rank]
    return activity


def _to_come(prior: Prior, known: Array, ahead: int) -> tuple[Array, Array]:
    """Return the median of ln k of a cycle to come, and draws of the factors around it.

    The median is the median of the level's normal posterior, given exact cycles. The factors, shape
    (draws, ahead), are the same for all patients.
    """
    done = known.shape[1]
    precision = 1.0 / prior.variance + done / prior.between_cycles
    mean = (prior.mean / prior.variance + known.sum(axis=1) / prior.between_cycles) / precision
    normal = standard_normal()[:DRAWS]
    spread = math.sqrt(prior.between_cycles)
    factors = np.exp(normal[:, :1] / math.sqrt(precision) + spread * normal[:, 1 : 1 + ahead])
    return mean, factors


def _summarised(
    name: str, design: TrialDesign, blocks: Sequence[TreatedPatients]
) -> StrategyOutcome:
    whole = TreatedPatients(
        np.concatenate([block.activity for block in blocks]),
        np.concatenate([block.cycles for block in blocks]),
        {key: np.concatenate([block.total[key] for block in blocks]) for key in blocks[0].total},
    )
    assessed = [
        limit
        for limit in design.limits
        if limit.quantity == DOSE or _region_of(design, limit).half_life is not None
    ]
    return summary(name, whole, assessed)


def _assumptions(design: TrialDesign) -> tuple[str, ...]:
    lines = [
        f"{design.activity:g} GBq per cycle; {design.cycles} cycles in the regimen, at most "
        f"{design.most_cycles} with to-limit",
        "dose per activity: the label's population coefficients, log-normal over patients",
        "every cycle is measured without error before the next is decided",
    ]
    for region in design.regions:
        between = f"{100 * _cv(region.prior.between_cycles):.0f} %"
        name = region.name.replace("_", " ")
        line = f"{name}: dose per activity varies by {between} (1 sd) between cycles"
        if region.half_life is not None:
            median, spread, _ = region.half_life
            line += (
                f"; mono-exponential, effective half-life {median:g} h (log-normal over patients, "
                f"{100 * _cv(spread**2):.0f} %, truncated at the physical half-life)"
            )
        lines.append(line)
    return tuple(lines)


def _cv(variance: float) -> float:
    """Return the coefficient of variation of a log-normal from the variance of its logarithm."""
    return math.sqrt(math.expm1(variance))
