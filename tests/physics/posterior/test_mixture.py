"""A thin cycle mixes its own shape and a borrowed one; a mixture of the same is the same."""

from dataclasses import replace

import numpy as np
import pytest
from true_curves import WITH_FAST, measured, prior_of

from dosimetry.physics.posterior import nodes_of_curves
from dosimetry.physics.posterior.group import lender_of, mixed, share_of_borrowed, weigh


def test_a_curve_mixed_with_itself_stays_as_it_is():
    prior = prior_of("tumour")
    activity = np.array([0.11, 0.42, 0.48, 0.28])
    curves = [measured((4, 24, 96, 168), activity, 0.1 * activity, models=WITH_FAST)]
    (own,) = weigh(curves, nodes_of_curves(curves, [prior]), prior.slow, prior.between_sides)
    both = mixed(own, own, 0.3)
    assert both.probability.sum() == pytest.approx(1.0)
    assert both.models == own.models
    np.testing.assert_allclose(both.mean_of_patient, own.mean_of_patient)
    likely = both.chi2 > 0.0  # a model without any probability has none
    assert likely[int(np.argmax(np.bincount(own.model, own.probability)))]
    np.testing.assert_allclose(both.chi2[likely], np.asarray(own.chi2)[likely], rtol=1e-6)


def test_borrowed_share_is_that_of_models_with_more_parameters():
    # chances of the half-life as made up here; by a plain loop over the nodes
    prior = prior_of("tumour")
    activity = np.array([0.11, 0.42, 0.48, 0.28])
    curve = measured((4, 24, 96, 168), activity, 0.1 * activity, models=WITH_FAST)
    (nodes,) = nodes_of_curves([curve], [prior])
    half_life = np.linspace(0.1, 1.0, len(nodes.log_half_life))
    free = {"mono": 2, "uptake": 3, "bi": 4, "bi-uptake": 5}
    chance = dict.fromkeys(free, 0.0)
    for model, weight, slow in zip(nodes.model, nodes.weight, nodes.slow, strict=True):
        chance[nodes.models[model]] += weight * half_life[slow]
    for count in (1, 2, 3, 4, 5):
        thin = sum(value for name, value in chance.items() if free[name] > count)
        found = share_of_borrowed(count, nodes, half_life)
        assert found == pytest.approx(thin / sum(chance.values()), rel=1e-12)


def test_lender_has_more_points_and_the_same_side():
    def of(cycle, count, side=""):
        times = np.linspace(4.0, 168.0, count)
        curve = measured(times, np.ones(count), np.ones(count), models=WITH_FAST, cycle=cycle)
        return replace(curve, side=side)

    # by the number of points, then the side, then the earlier cycle
    assert lender_of(0, [of(0, 1), of(1, 1)]) is None
    assert lender_of(0, [of(0, 2), of(0, 4), of(1, 2)]) is None
    assert lender_of(1, [of(0, 3), of(1, 1), of(2, 4)]) == 2
    assert lender_of(2, [of(0, 4), of(1, 4), of(2, 1)]) == 0
    sides = [of(0, 4, "kidney_left"), of(0, 4, "kidney_right"), of(1, 1, "kidney_right")]
    assert lender_of(2, sides) == 1
