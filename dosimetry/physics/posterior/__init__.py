"""The posterior of time-activity curves: one estimator for any number of scans.

From the outside in: ``estimate`` says what is reported, ``drawn`` what is drawn of it, ``group``
lets the curves of one region inform each other over cycles and sides, ``half_life`` is the chain
of their slow half-lives, ``curve`` joins the nodes of all models, ``nodes`` places them,
``search`` finds the most probable parameters, ``likelihood`` integrates out the scale, ``shapes``
are the models, ``priors`` their prior distributions, ``summary`` moments and percentiles.
"""

from dosimetry.physics.posterior.curve import CurveNodes, Measured
from dosimetry.physics.posterior.drawn import Band
from dosimetry.physics.posterior.estimate import (
    CurvePosterior,
    RegionPrior,
    TiaPosterior,
    flat_posteriors,
    nodes_of_curves,
    posterior_of,
    posterior_of_nodes,
)
from dosimetry.physics.posterior.group import cycle_to_come
from dosimetry.physics.posterior.priors import FASTEST, HalfLifePrior, SlowPrior

__all__ = [
    "FASTEST",
    "Band",
    "CurveNodes",
    "CurvePosterior",
    "HalfLifePrior",
    "Measured",
    "RegionPrior",
    "SlowPrior",
    "TiaPosterior",
    "cycle_to_come",
    "flat_posteriors",
    "nodes_of_curves",
    "posterior_of",
    "posterior_of_nodes",
]
