"""The nodes of one curve: what the administered activity forbids, and cells between nodes."""

import math
from dataclasses import replace

import numpy as np
import pytest
from true_curves import PHYSICAL, measured, prior_of

from dosimetry.physics.posterior import posterior_of
from dosimetry.physics.posterior.curve import _within_cells, summed


def test_curve_that_needs_more_than_administered_is_left_out():
    # 60 MBq at 168 h and at most 1000 MBq at the start: T above 168/log2(1000/60) = 41.39 h, and
    # the log-normal prior of the kidneys above it and below 159.5 h, by a plain sum
    prior, time, most = prior_of("kidneys"), 168.0, 1000.0
    curve = measured((time,), np.array([60.0]), np.array([0.06]), models=("mono",))
    (found,) = posterior_of([replace(curve, most=most)], prior)
    least = time / math.log2(most / 60.0)
    x = np.linspace(math.log(least), math.log(PHYSICAL), 40_001)
    chance = np.exp(-0.5 * ((x - math.log(prior.slow.median)) / prior.slow.log_sd) ** 2)
    tia = 60.0 * np.exp2(time / np.exp(x)) * np.exp(x) / math.log(2)
    mean = chance @ tia / chance.sum()
    assert found.tia.mean == pytest.approx(mean, rel=0.005)
    sd = math.sqrt(chance @ (tia - mean) ** 2 / chance.sum())
    assert found.tia.sd == pytest.approx(sd, rel=0.02)  # whole cells are left out
    (free,) = posterior_of([curve], prior)
    assert free.tia.mean > 1.1 * mean


def test_cell_adds_its_variance_only_where_the_sd_is_narrower():
    # nodes 0.3 apart in ln TIA: a uniform cell has 0.3^2/12 = 0.0075, in full below an sd of half
    # the cell, half of it at two thirds, nothing from the whole cell on
    log_tia = np.array([0.0, 0.3, 0.6, 0.9])[:, None]
    for sd, expected in ((0.05, 0.0075), (0.15, 0.0075), (0.2, 0.00375), (0.3, 0.0), (2.0, 0.0)):
        found = _within_cells(log_tia, np.full((4, 1), sd**2))
        assert found == pytest.approx(np.full((4, 1), expected), abs=1e-12)


def test_values_are_summed_by_their_place():
    place, values = np.array([2, 0, 2]), np.array([1.5, 1.0, 2.0])
    assert summed(place, values, 4).tolist() == [1.0, 0.0, 3.5, 0.0]
