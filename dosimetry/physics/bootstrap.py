"""The TIA of one curve by refitting: what the delta method takes to be a straight line.

A parametric bootstrap (Efron and Tibshirani 1993, chapter 6): points drawn around the fitted curve
with the sd of each, the same model fitted to every draw.
"""

from __future__ import annotations

import numpy as np

from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.kinetics import MODELS, Array, Trapezoid
from dosimetry.physics.least_squares import fit_batch
from dosimetry.problems import refuse
from dosimetry.quantities import Distribution

SEED = 177
MOST, FEWEST = 1_000_000, 100
SMALLEST = 0.001  # of a point: the least that a draw around it is taken to be


def bootstrap_tia(curve: FittedCurve, count: int, *, compile: bool | None = None) -> Distribution:
    """Return the distribution of the TIA over refits of a curve.

    Parameters
    ----------
    curve : FittedCurve
    count : int
        Number of refits, 100 to a million.
    compile : bool, optional
        As in :func:`dosimetry.physics.least_squares.fit_batch`.

    Returns
    -------
    Distribution
        In the unit of the curve's TIA; the same at every call.

    Raises
    ------
    InputError
        A number of refits out of range.

    Examples
    --------
    >>> from dosimetry.physics.fitting import fit_points
    >>> curve = fit_points([4, 24, 120], [80.99, 69.24, 21.09], None, "mono", 0.00434)
    >>> found = bootstrap_tia(curve, 200)
    >>> abs(found.value / curve.tia.value - 1) < 0.05
    True
    """
    if not FEWEST <= count <= MOST:
        raise refuse(
            "out-of-range", f"{count} is outside {FEWEST} to {MOST}", "as in 10000", "bootstrap"
        )
    centre = curve.activity if curve.model not in MODELS else curve.shape.activity(curve.time)
    normal = np.random.default_rng(SEED).standard_normal((count, len(curve.time)))
    drawn = np.maximum(centre + curve.sd * normal, SMALLEST * curve.activity)
    total = _refitted(curve, drawn, compile)
    low, high = np.percentile(total, [5.0, 95.0])
    mean, sd = float(total.mean()), float(total.std(ddof=1))
    return Distribution(mean, sd, float(low), float(high), curve.tia.unit)


def _refitted(curve: FittedCurve, drawn: Array, compile: bool | None) -> Array:
    if curve.model not in MODELS:
        slowest = curve.decay_constant
        return np.array([Trapezoid(curve.time, row, slowest).integral() for row in drawn])
    sd = np.broadcast_to(curve.sd, drawn.shape)
    found = fit_batch(curve.model, curve.time, drawn, sd, curve.decay_constant, compile=compile)
    return found.tia()[0]
