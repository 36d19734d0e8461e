"""A curve of a plan over time: activity with its sd, and the residuals of the points."""

from __future__ import annotations

import numpy as np

from dosimetry.documents.fit import PlanCurve
from dosimetry.physics import curve_band
from dosimetry.physics.decay import LN2
from dosimetry.physics.kinetics import Array
from dosimetry.physics.prediction import NORMAL_95


def activity_over(curve: PlanCurve, time: Array) -> tuple[Array, Array | None]:
    """Return the activity of a curve and its sd at given times.

    Parameters
    ----------
    curve : PlanCurve
    time : array, shape (n,)
        After the administration, in h.

    Returns
    -------
    (activity, sd) : arrays of shape (n,)
        In the unit of the points. The sd is None where the points do not determine it, and nan
        later than the band of a posterior.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/snmmi_patient4.yaml"))
    >>> activity, sd = activity_over(plan.curves[0], np.array([24.0]))
    >>> print(f"{activity[0]:.1f} {sd[0]:.1f}")
    79.2 5.4
    """
    times, activities, sds = _points(curve)
    if curve.model == "trapezoid":
        decay_constant = LN2 / curve.physical_half_life.value
        return curve_band.trapezoid((times, activities, sds), decay_constant, time)
    values = np.array([parameter.value for parameter in curve.parameters])
    if curve.band:
        at = [point.time.value for point in curve.band]
        half = [(point.p95.value - point.p5.value) / (2.0 * NORMAL_95) for point in curve.band]
        activity, _ = curve_band.exponentials(curve.model, values, None, time)
        return activity, np.interp(time, at, half, right=np.nan)
    covariance = None if curve.covariance is None else np.array(curve.covariance)
    return curve_band.exponentials(curve.model, values, covariance, time)


def residuals(curve: PlanCurve) -> Array:
    """Return the residual of each point in units of its sd, shape (points,)."""
    times, activities, sds = _points(curve)
    return np.asarray((activities - activity_over(curve, times)[0]) / sds)


def _points(curve: PlanCurve) -> tuple[Array, Array, Array]:
    return (
        np.array([point.time.value for point in curve.points]),
        np.array([point.activity.value for point in curve.points]),
        np.array([point.activity.sd for point in curve.points], dtype=float),
    )
