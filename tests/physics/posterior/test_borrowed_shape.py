"""A cycle with one scan borrows the shape of a cycle with four."""

import numpy as np
import pytest
from true_curves import SHAPES, WITH_FAST, WITHOUT_FAST, drawn, measured, prior_of

from dosimetry.physics.posterior import posterior_of

FULL = (4, 24, 96, 168)
TUMOUR = np.array([0.1105, 0.4189, 0.4848, 0.2757])  # of one whose uptake has a half-life of hours


def test_slow_uptake_of_cycle_1_gives_cycle_2_a_finite_tia():
    # Expected: draws from the prior, weighted by the likelihood of both cycles (importance
    # sampling with the curves of tests/builders/true_curves.py). Their effective number is some
    # thousand, and the sd of ln TIA 0.16, so that the mean is right to 0.5 %.
    single = np.array([0.5809])
    prior = prior_of("tumour")
    cycles = [
        measured(FULL, TUMOUR, 0.1 * TUMOUR, models=WITH_FAST),
        measured((72,), single, 0.1 * single, models=WITHOUT_FAST, cycle=1),
    ]
    found = posterior_of(cycles, prior)[1].tia
    rng = np.random.default_rng(7)
    weights, tias = [], []
    for kind in SHAPES:
        truth = drawn(rng, prior, kind, 60_000, 2)
        apart = np.log(TUMOUR) - np.log(truth.at(np.array(FULL)))
        misfit = ((apart - apart.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        weights.append(np.exp(-0.5 * misfit / 0.1**2))
        tias.append(single / truth.at(np.array([72.0]), 1)[:, 0] * truth.tia(1))
    weight, tia = np.concatenate(weights), np.concatenate(tias)
    expected = weight @ tia / weight.sum() * np.exp(0.1**2 / 2)
    assert found.mean == pytest.approx(expected, rel=0.015)
    assert found.p5 < found.p50 < found.p95


def test_two_scans_of_a_mono_need_no_shape_of_cycle_1():
    # Expected as above: a mono-exponential curve is known from two scans, cycle 1 gives its
    # half-life alone. The effective number of draws is over 10,000.
    first, second = np.array([97.0, 65.0, 22.0, 8.0]), np.array([60.0, 21.0])
    times, later, prior = np.array(FULL), np.array([24.0, 96.0]), prior_of("kidneys")
    cycles = [
        measured(FULL, first, 0.1 * first, models=("mono",)),
        measured(later, second, 0.1 * second, models=("mono",), cycle=1),
    ]
    found = posterior_of(cycles, prior)[1].tia
    truth = drawn(np.random.default_rng(8), prior, "mono", 200_000, 2)
    parts = [np.log(first) - np.log(truth.at(times)), np.log(second) - np.log(truth.at(later, 1))]
    misfit = sum(((z - z.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) for z in parts)
    weight = np.exp(-0.5 * misfit / 0.1**2)
    tia = np.exp(parts[1].mean(axis=1) + 0.1**2 / 2 / 2) * truth.tia(1)
    assert found.mean == pytest.approx(weight @ tia / weight.sum(), rel=0.005)
