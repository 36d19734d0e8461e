"""Mean, sd and interval of the TIA of least-squares fits, with a prior flat in the slowest rate.

The linear sd of a fit is wrong at and near the physical bound, where the TIA is no longer linear in
the points. This posterior has no bound to sit on: it moves smoothly with the points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from dosimetry.physics.decay import LN2
from dosimetry.physics.fitted_curve import FittedCurve, Points
from dosimetry.physics.kinetics import MODELS
from dosimetry.physics.posterior import Measured, flat_posteriors
from dosimetry.quantities import Estimate


def with_intervals(curves: Sequence[FittedCurve], points: Sequence[Points]) -> list[FittedCurve]:
    """Return fitted curves with the posterior of their TIA.

    The optimum gives the TIA, the posterior its sd. Where the points do not determine the optimum,
    it may lie anywhere, and there is no sd. A trapezoid is returned as it is.

    Parameters
    ----------
    curves : sequence of FittedCurve
    points : sequence of Points
        Of each of them, with sds at the measured activity.
    """
    exponential = [i for i, curve in enumerate(curves) if curve.model in MODELS]
    posteriors = flat_posteriors(
        [_measured(curves[i], points[i]) for i in exponential],
        [LN2 / curves[i].decay_constant for i in exponential],
    )
    result = list(curves)
    for i, posterior in zip(exponential, posteriors, strict=True):
        sd = None if curves[i].covariance is None else posterior.sd
        tia = Estimate(curves[i].tia.value, sd, curves[i].tia.unit)
        result[i] = replace(curves[i], tia=tia, posterior=posterior)
    return result


def _measured(curve: FittedCurve, points: Points) -> Measured:
    return Measured(
        0, "", points.time, points.activity, points.sd, points.relative, (curve.model,), math.inf
    )
