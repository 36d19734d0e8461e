"""Sharpness and continuity of the posterior of a TIA, the second half of ``make calibration``.

Sharpness: with many scans the posterior is that of least squares with the same model. Continuity:
a point moved by 0.1 % hardly moves the result. A curve that moves too far is computed again by
weighted draws from the priors, which says whether the posterior itself moves so far. Writes
``docs/continuity.csv``, which ``docs/calibration_page.py`` shows, and prints these curves. Five
minutes on two cores.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from curve_changes import (
    Moved,
    against_least_squares,
    coverage_without_misfit,
    moved_by_draws,
    moved_curves,
)

ROOT = Path(__file__).resolve().parent.parent

SEED = 20261128
SHARP, CURVES, BLOCK = 1000, 10_000, 500
FOUR, EIGHT = (4.0, 24.0, 96.0, 168.0), (1.0, 4.0, 12.0, 24.0, 48.0, 96.0, 120.0, 168.0)
NEAR = {4: 0.05, 8: 0.01}  # asked of the TIA for 99 of 100 curves, by the number of scans
SDS = (0.85, 1.10)  # asked of the ratio of the sds
MEDIAN, SD = 0.01, 0.05  # asked of the relative change of median and sd
DRAWS = 1_000_000  # of each model, for a curve that moves too far
Line = tuple[str, str, str]  # question, curves, answer


def sharpness(task: tuple[int, str, str, tuple[float, ...], float]) -> Line:
    """Return how many curves are near least squares, for one region, model, schedule and noise."""
    number, region, model, times, noise = task
    rng = np.random.default_rng([SEED, number])
    ratio = against_least_squares(rng, region, model, times, noise, SHARP)
    near = NEAR[len(times)]
    tia = np.mean(np.abs(ratio.tia - 1.0) < near)
    sds = [np.mean((sd > SDS[0]) & (sd < SDS[1])) for sd in (ratio.sd, ratio.sd_without_misfit)]
    return (
        f"{region}, {model}, {len(times)} scans, {noise:.0%}".replace("%", " %"),
        f"{SHARP}",
        f"TIA within {near:.0%}: {tia:.1%}; sd ratio as asked: {sds[1]:.1%} without misfit, "
        f"{sds[0]:.1%} with".replace("%", " %"),
    )


def misfit(task: tuple[int, str, tuple[float, ...]]) -> Line:
    """Return the coverage of the 90 % interval with and without the misfit factor."""
    number, model, times = task
    rng = np.random.default_rng([SEED, 2, number])
    with_factor, without = coverage_without_misfit(rng, "kidneys", model, times, 2 * SHARP)
    return (
        f"kidneys, {model}, {len(times)} scans, 10 %: coverage of 90 % interval",
        f"{2 * SHARP}",
        f"{with_factor:.3f} with the misfit factor, {without:.3f} without",
    )


def moved_block(number: int) -> list[Moved]:
    """Return one block of random curves with a point moved."""
    return moved_curves(np.random.default_rng([SEED, 1, number]), BLOCK)


def lines() -> Iterator[Line]:
    """Yield what was found."""
    tasks = [
        (number, region, model, times, noise)
        for number, (region, model, times, noise) in enumerate(
            (region, model, times, noise)
            for noise in (0.10, 0.03)
            for region in ("kidneys", "tumour")
            for model in ("mono", "uptake", "bi")
            for times in (FOUR, EIGHT)
        )
    ]
    with Pool(2) as pool:
        yield from pool.map(
            misfit, [(0, "mono", FOUR), (1, "uptake", FOUR), (2, "mono", EIGHT)], chunksize=1
        )
        yield from pool.map(sharpness, tasks, chunksize=1)
        moved = [each for part in pool.map(moved_block, range(CURVES // BLOCK)) for each in part]
    median, sd = np.abs([(each.median, each.sd) for each in moved]).T
    for name, change, most in (("median", median, MEDIAN), ("sd", sd, SD)):
        yield (
            f"one point moved by 0.1 %: {name}",
            f"{CURVES}",
            f"largest change {change.max():.2%}; {np.sum(~(change < most))} curves of "
            f"{most:.0%} or more".replace("%", " %"),
        )
    for each, far in zip(moved, (median >= MEDIAN) | (sd >= SD), strict=True):
        if far:
            print(each)
            by_draws = moved_by_draws(np.random.default_rng([SEED, 3]), each, DRAWS)
            count = len(each.curve.time)
            yield (
                f"{each.region}, {count} scans within {np.ptp(each.curve.time):.1f} h, "
                f"one point moved by 0.1 %: median",
                "1",
                f"{each.median:+.2%}; by weighted draws {by_draws:+.2%}".replace("%", " %"),
            )


def main() -> None:
    """Measure, print and write."""
    print(f"seed {SEED}", flush=True)
    with (ROOT / "docs" / "continuity.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["question", "curves", "answer"])
        for line in lines():
            print(": ".join(line), flush=True)
            writer.writerow(line)


if __name__ == "__main__":
    main()
