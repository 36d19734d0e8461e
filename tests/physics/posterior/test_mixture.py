"""A thin cycle mixes its own shape and a borrowed one; a mixture of the same is the same."""

import numpy as np
import pytest
from true_curves import WITH_FAST, measured, prior_of

from dosimetry.physics.posterior import nodes_of_curves
from dosimetry.physics.posterior.group import mixed, weigh


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
