"""Probabilities of the models and the averaged TIA, by draws from the prior."""

import numpy as np
import pytest
from true_curves import SHAPES, WITH_FAST, drawn, measured, prior_of

from dosimetry.physics.posterior import posterior_of

TIMES = (4, 24, 168)
VALUES = np.array([0.80, 0.55, 0.09])


@pytest.mark.parametrize("region", ["kidneys", "tumour"])
def test_weights_and_mean_equal_importance_sampling(region):
    # Expected: 100,000 draws a model from the prior, weighted by their likelihood with ln A
    # integrated out. Their effective number is a thousand at least: 0.02 of a probability (with the
    # quadrature's own error), 1 % of the mean of a TIA with an sd of ln TIA of 0.10.
    prior, sd = prior_of(region), 0.10
    found = posterior_of([measured(TIMES, VALUES, sd * VALUES, models=WITH_FAST)], prior)[0]
    rng = np.random.default_rng(9)
    evidence, total = {}, 0.0
    for kind in SHAPES:
        truth = drawn(rng, prior, kind, 100_000)
        apart = np.log(VALUES) - np.log(truth.at(np.array(TIMES)))
        middle = apart.mean(axis=1)
        likelihood = np.exp(-0.5 * ((apart - middle[:, None]) ** 2).sum(axis=1) / sd**2)
        evidence[kind] = likelihood.mean()
        total += np.mean(likelihood * np.exp(middle + sd**2 / len(TIMES) / 2) * truth.tia())
    whole = sum(evidence.values())
    for kind, value in evidence.items():
        assert found.weights[kind] == pytest.approx(value / whole, abs=0.02)
    assert found.tia.mean == pytest.approx(total / whole, rel=0.01)
