"""Activity of a fitted curve over time and its sd, by the delta method."""

from __future__ import annotations

import numpy as np

from dosimetry.physics.kinetics import MODELS, Array, Trapezoid


def exponentials(
    model: str, values: Array, covariance: Array | None, time: Array
) -> tuple[Array, Array | None]:
    """Return activity and sd of a model of exponentials.

    Parameters
    ----------
    model : str
        A name of :data:`dosimetry.physics.kinetics.MODELS`.
    values : array, shape (k,)
        Amplitudes in MBq, then rates in 1/h, in the order of the model's formula.
    covariance : array, shape (k, k), or None
        Covariance of the values.
    time : array, shape (n,)
        In h.

    Returns
    -------
    (activity, sd) : arrays of shape (n,)
        The sd is None without a covariance.

    Examples
    --------
    >>> activity, sd = exponentials(
    ...     "mono", np.array([80.0, 0.01]), np.diag([64.0, 0.0]), np.array([0.0, 100.0])
    ... )
    >>> activity.round(2).tolist(), sd.round(2).tolist()
    ([80.0, 29.43], [8.0, 2.94])
    """
    terms = MODELS[model].terms
    rates = values[len(terms) :]
    falls = np.exp(-np.multiply.outer(rates, time))
    slopes = np.zeros((len(values), len(time)))
    activity = np.zeros(len(time))
    for i, (fall, rise) in enumerate(terms):
        slopes[i] = falls[fall]
        slopes[len(terms) + fall] -= values[i] * time * falls[fall]
        if rise is not None:
            slopes[i] -= falls[rise]
            slopes[len(terms) + rise] += values[i] * time * falls[rise]
        activity += values[i] * slopes[i]
    if covariance is None:
        return activity, None
    # einsum, not @: the sum must not depend on the number of threads.
    variance = np.einsum("it,ij,jt->t", slopes, covariance, slopes)
    return activity, np.sqrt(np.maximum(variance, 0.0))


def trapezoid(
    points: tuple[Array, Array, Array], decay_constant: float, time: Array
) -> tuple[Array, Array]:
    """Return activity and sd of a trapezoid curve, propagated from the sd of its points.

    Parameters
    ----------
    points : (time, activity, sd)
        In h and MBq, in order of time, at least two.
    decay_constant : float
        Physical, in 1/h.
    time : array, shape (n,)
        In h.

    Examples
    --------
    >>> points = (np.array([1.0, 3.0]), np.array([8.0, 4.0]), np.array([0.8, 0.4]))
    >>> activity, sd = trapezoid(points, 0.004, np.array([1.0, 3.0]))
    >>> activity.tolist(), sd.round(3).tolist()
    ([8.0, 4.0], [0.8, 0.4])
    """
    times, activities, sds = points
    variance = np.zeros(len(time))
    for i, sd in enumerate(sds):
        step = 1e-5 * activities[i]
        ends = []
        for sign in (1.0, -1.0):
            moved = activities.copy()
            moved[i] += sign * step
            ends.append(Trapezoid(times, moved, decay_constant).activity(time))
        variance += ((ends[0] - ends[1]) / (2 * step) * sd) ** 2
    return Trapezoid(times, activities, decay_constant).activity(time), np.sqrt(variance)
