"""Probabilities of random courses against millions of plain draws (make accuracy).

Truths are drawn from the model of ``docs/method.md`` (prediction): a population, some measured
cycles, some lower bounds. The plain draws share nothing with the program but the normal posterior,
which tests/physics/test_prediction.py checks; lower bounds are applied by rejection.
"""

import math
import sys
from dataclasses import replace

import numpy as np

from dosimetry.course.region import BED, DOSE, RegionCourse
from dosimetry.physics.prediction import LowerBound, Observation, population_prior, posterior

LEVELS = (0.03, 0.2, 0.5, 0.8, 0.95, 0.99)  # of the limits
BLOCK = 500_000
MOST, G, ALPHA_BETA = 12, 0.053, 2.6


def log_sd(relative):
    return math.sqrt(math.log1p(relative**2))


def random_course(rng, bounds):
    """A course of 2 to 12 cycles, up to 4 of them measured; ``bounds`` allows lower bounds."""
    mean = rng.uniform(0.02, 1.0)  # Gy/GBq
    prior = population_prior(mean, mean * rng.uniform(0.35, 1.0), rng.uniform(0.1, 0.3))
    cycles = int(rng.integers(2, MOST + 1))
    level = rng.normal(prior.mean, math.sqrt(prior.variance))
    seen, least = [], []
    shared = rng.uniform(0.0, 0.1), rng.uniform(0.0, 0.15)
    for cycle in range(int(rng.integers(0, min(5, cycles + 1)))):
        k = math.exp(level + rng.normal(0.0, math.sqrt(prior.between_cycles)))
        if bounds and len(least) < 2 and rng.random() < 0.6:
            least.append(LowerBound(cycle, k * rng.uniform(0.3, 0.9), rng.uniform(0.03, 0.15)))
        else:
            sign = rng.choice([-1, 1])  # a half-life may raise one cycle and lower another
            error = math.exp(rng.normal(0.0, 0.1))
            errors = (shared[0], sign * shared[1])
            seen.append(Observation(cycle, k * error, rng.uniform(0.03, 0.3), errors))
    found = posterior(prior, seen, MOST)
    return RegionCourse(
        region="kidneys",
        activities=tuple(float(a) for a in rng.choice([3.7, 5.0, 7.4], cycles)),
        posterior=replace(found, bounds=tuple(least)),
        protraction=(G,) * MOST,
        alpha_beta=ALPHA_BETA,
        earlier_dose=0.0,
        earlier_bed=0.0,
    )


def exact_totals(course, quantity, count, rng):
    """Plain draws of the sum over the course, in Gy; those below a bound are rejected."""
    found, cycles = course.posterior, len(course.activities)
    factor = np.linalg.cholesky(found.covariance[:cycles, :cycles] + 1e-15 * np.eye(cycles))
    totals = []
    for _ in range(math.ceil(count / BLOCK)):
        logs = found.mean[:cycles] + rng.standard_normal((BLOCK, cycles)) @ factor.T
        for bound in found.bounds:
            error = rng.normal(0.0, log_sd(bound.relative_sd), len(logs))
            logs = logs[logs[:, bound.cycle] + error > math.log(bound.coefficient)]
        dose = np.exp(logs) * course.activities
        totals.append((dose + (G / ALPHA_BETA * dose**2 if quantity == BED else 0.0)).sum(axis=1))
    return np.concatenate(totals)


def errors(posteriors, count, seed, *, bounds=False):
    """Errors of the probability at six limits of each of some random courses."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < posteriors:
        course, quantity = random_course(rng, bounds), (DOSE, BED)[len(found) % 2]
        exact = exact_totals(course, quantity, count, rng)
        if len(exact) < count / 4:
            continue  # too few plain draws are above the bounds
        limits = np.quantile(exact[: BLOCK // 5], LEVELS)
        stated = [course.probability(quantity, float(limit)) for limit in limits]
        found.append([p - np.mean(exact > limit) for p, limit in zip(stated, limits, strict=True)])
    return np.array(found)


def main():
    """Print the largest error over 200 random courses, without and with lower bounds."""
    worst = 0.0
    for bounds in (False, True):
        off = errors(200, 4_000_000, 2026, bounds=bounds)
        worst = max(worst, np.abs(off).max())
        print(
            f"{'with' if bounds else 'without'} lower bounds: 200 courses, seed 2026: largest "
            f"error {np.abs(off).max():.5f}, rms {np.sqrt(np.mean(off**2)):.5f}"
        )
    sys.exit(int(worst > 0.002))


if __name__ == "__main__":
    main()
