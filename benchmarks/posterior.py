"""The posterior of many curves against their batched least squares, in turns within one run."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np
from lines import Line

from dosimetry.cycle.curve_prior import WITH_FAST, curve_prior
from dosimetry.physics.decay import LN2
from dosimetry.physics.fitting import Task, fit_many
from dosimetry.physics.posterior import Measured, nodes_of_curves, posterior_of_nodes
from dosimetry.reference.nuclides import half_life

COUNT, TURNS, NOISE = 512, 5, 0.10
PHYSICAL = half_life("Lu-177")
TIMES = {  # h, a usual schedule by its number of scans
    4: np.array([4.0, 24.0, 96.0, 168.0]),
    6: np.array([1.0, 4.0, 24.0, 48.0, 96.0, 168.0]),
}


def curves(times: np.ndarray) -> np.ndarray:
    """Mono-exponential kidneys with the population's half-lives and 10 % noise."""
    rng = np.random.default_rng(15)
    half_lives = 51.0 * np.exp(0.2 * rng.standard_normal((COUNT, 1)))
    noise = np.exp(NOISE * rng.standard_normal((COUNT, len(times))))
    return 100.0 * np.exp2(-times / np.minimum(half_lives, PHYSICAL)) * noise


def by_posterior(times: np.ndarray, rows: np.ndarray) -> None:
    """Estimate every curve, all four models averaged, as a cohort does."""
    prior = curve_prior("kidneys", {}, True, PHYSICAL).prior
    relative = np.ones(len(times), dtype=bool)
    measured = [
        Measured(0, "", times, row, NOISE * row, relative, WITH_FAST, math.inf) for row in rows
    ]
    for curve, nodes in zip(measured, nodes_of_curves(measured, [prior] * len(rows)), strict=True):
        posterior_of_nodes([curve], [nodes], prior)


def by_least_squares(times: np.ndarray, rows: np.ndarray) -> None:
    """Fit every curve, compiled, with sd and interval of its TIA."""
    tasks = [Task(times, row, NOISE * row, "auto", LN2 / PHYSICAL, relative=True) for row in rows]
    fit_many(tasks, compile=True)


def lines() -> Iterator[Line]:
    """Measure both for each number of scans."""
    for count, times in TIMES.items():
        rows = curves(times)
        ratios = []
        for turn in range(TURNS + 1):
            taken = []
            for action in (by_least_squares, by_posterior):
                start = time.perf_counter()
                action(times, rows)
                taken.append(time.perf_counter() - start)
            if turn:  # the first compiles
                ratios.append(taken[1] / taken[0])
        yield Line.of(f"posterior of {count} scans, against fit_many", ratios, "at most 10")
