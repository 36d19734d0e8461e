"""Parametric bootstrap of the TIA.

Points are drawn around the fitted curve with the sd of each, and the same model is fitted to every
draw (Efron and Tibshirani 1993, chapter 6). Unlike the delta method, this does not assume that the
TIA is linear in the points. The weights of the refits are those of the curve: relative sds are
relative to the curve that is drawn around, and stay so.
"""

from __future__ import annotations

import numpy as np

from dosimetry.physics.curve_search import fit_batch
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.kinetics import MODELS, Array, Trapezoid
from dosimetry.problems import refuse
from dosimetry.quantities import Distribution

SEED = 177
MIN_REFITS, MAX_REFITS = 100, 1_000_000
LEAST_SHARE = 0.001  # smallest activity drawn, as a share of the measured one


def bootstrap_tia(curve: FittedCurve, count: int, *, compile: bool | None = None) -> Distribution:
    """Return the distribution of the TIA over refits of a curve.

    Parameters
    ----------
    curve : FittedCurve
    count : int
        Number of refits, 100 to a million.
    compile : bool, optional
        See :func:`dosimetry.physics.curve_search.least_squares.fit_batch`.

    Returns
    -------
    Distribution
        In the unit of the curve's TIA; the same at every call (fixed seed).

    Raises
    ------
    InputError
        A number of refits out of range.

    Examples
    --------
    >>> from dosimetry.physics.fitting import fit_points
    >>> curve = fit_points([4, 24, 120], [80.99, 69.24, 21.09], None, "mono", 0.00434)
    >>> abs(bootstrap_tia(curve, 200).value / curve.tia.value - 1) < 0.05
    True
    """
    if not MIN_REFITS <= count <= MAX_REFITS:
        raise refuse(
            "out-of-range",
            f"expected {MIN_REFITS} to {MAX_REFITS} refits, got {count}",
            "as in 10000",
            "bootstrap",
        )
    centre = curve.activity if curve.model not in MODELS else curve.shape.activity(curve.time)
    normal = np.random.default_rng(SEED).standard_normal((count, len(curve.time)))
    drawn = np.maximum(centre + curve.sd * normal, LEAST_SHARE * curve.activity)
    total = _refitted(curve, drawn, compile)
    low, high = np.percentile(total, [5.0, 95.0])
    mean, sd = float(total.mean()), float(total.std(ddof=1))
    return Distribution(mean, sd, float(low), float(high), curve.tia.unit)


def _refitted(curve: FittedCurve, drawn: Array, compile: bool | None) -> Array:
    if curve.model not in MODELS:
        slowest = curve.decay_constant
        return np.array([Trapezoid(curve.time, row, slowest).integral() for row in drawn])
    sd = np.broadcast_to(curve.sd, drawn.shape)
    refits = fit_batch(curve.model, curve.time, drawn, sd, curve.decay_constant, compile=compile)
    return refits.tia()[0]
