"""Curves computed together have the digits of each alone."""

import math

import numpy as np

from dosimetry.cycle.curve_prior import WITH_FAST, WITHOUT_FAST, curve_prior
from dosimetry.physics.posterior import Measured, nodes_of_curves, posterior_of_nodes

SCHEDULES = [(72.0,), (24.0, 168.0), (4.0, 24.0, 96.0), (1.0, 4.0, 24.0, 96.0, 168.0)]


def drawn(count):
    """Kidneys, tumours and blood with one to five scans, some sds absolute."""
    random = np.random.default_rng(15)
    for i in range(count):
        time = np.array(SCHEDULES[i % 4])
        region = ("kidneys", "tumour_1", "blood")[i % 3]
        activity = 80.0 * 2.0 ** (-time / random.uniform(30.0, 90.0))
        activity *= np.exp(0.1 * random.standard_normal(len(time)))
        relative = np.full(len(time), i % 5 > 0)
        models = WITH_FAST if time[0] <= 10.0 else WITHOUT_FAST
        prior = curve_prior(region, {}, True, 159.528).prior
        yield Measured(0, "", time, activity, 0.1 * activity, relative, models, math.inf), prior


def test_batch_gives_each_curve_the_digits_of_one_alone():
    curves, priors = zip(*drawn(24), strict=True)
    together = nodes_of_curves(curves, priors)
    for curve, prior, nodes in zip(curves, priors, together, strict=True):
        (alone,) = nodes_of_curves([curve], [prior])
        assert nodes.weight.tolist() == alone.weight.tolist()
        assert nodes.log_tia.tolist() == alone.log_tia.tolist()
        one, other = (posterior_of_nodes([curve], [own], prior)[0] for own in (nodes, alone))
        assert (one.tia.mean, one.tia.sd, one.weights) == (
            other.tia.mean,
            other.tia.sd,
            other.weights,
        )
