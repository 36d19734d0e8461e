"""Least squares with sds relative to the fitted curve.

A relative sd r means sd_i = r f(t_i) of the curve f. The weights are frozen in a fit and taken from
the curve again after it, up to the fixed point (iteratively reweighted least squares; McCullagh and
Nelder 1989, quasi-likelihood). With r times the measured value, points that are low by chance count
more and the curve is too low: -1.4 % of the TIA for a mono fit of 7 points with 10 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dosimetry.physics.curve_search import Optima, Optimum, fit_batch
from dosimetry.physics.kinetics import MODELS, Array, Model

SETTLED = 1e-10  # largest relative change of an sd at the fixed point
MOST_REFITS = 14
FARTHEST = 2.0  # largest step to the fixed point aimed at, in steps between two fits
TINY = 1e-300
LEAST_SHARE = 1e-3  # of the measured value: a curve below has no fixed point


@dataclass(frozen=True, eq=False)
class SettledOptimum:
    """The best fit of one model to one curve, with the sds that weighted it.

    Attributes
    ----------
    optimum : Optimum
    sd : array, shape (n,)
        In MBq; a relative one is relative to the curve if ``settled``, else to the measured value.
    settled : bool
        Whether the relative sds reached the fixed point; True where all are absolute.
    log_sds : float
        Sum over the points of ln(sd / sd at the measured value).
    """

    optimum: Optimum
    sd: Array
    settled: bool
    log_sds: float


@dataclass(frozen=True, eq=False)
class _Curves:
    """Points of curves with equal numbers of points; times have one row for all or one each."""

    time: Array
    activity: Array
    sd: Array
    relative: npt.NDArray[np.bool_]

    def rows(self, rows: npt.NDArray[np.intp]) -> _Curves:
        time = self.time if len(self.time) == 1 else self.time[rows]
        return _Curves(time, self.activity[rows], self.sd[rows], self.relative[rows])

    def log_factors(self, optima: Optima, rows: npt.NDArray[np.intp]) -> Array:
        """Return ln(sd relative to a fit / sd at the measured value); 0 where the sd is absolute.

        ``rows`` are the rows of the fits.
        """
        share = np.ones(self.activity.shape)
        for index, model in enumerate(MODELS.values()):
            own = np.flatnonzero(optima.model[rows] == index)
            time = self.time if len(self.time) == 1 else self.time[own]
            share[own] = _activity(model, optima, rows[own], time) / self.activity[own]
        return np.log(np.where(self.relative, np.maximum(share, LEAST_SHARE), 1.0))


def _activity(model: Model, optima: Optima, rows: npt.NDArray[np.intp], time: Array) -> Array:
    """Return the fitted activity of some rows, all of one model, at their times."""
    total = np.zeros((len(rows), time.shape[1]))
    for i, (fall, rise) in enumerate(model.terms):
        for rate, sign in ((fall, 1.0), (rise, -1.0)):
            if rate is not None:
                falling = np.exp(-optima.rates[rows, rate][:, None] * time)
                total += sign * optima.amplitudes[rows, i][:, None] * falling
    return total


def fit_settled(
    name: str,
    time: npt.ArrayLike,
    activity: npt.ArrayLike,
    sd: npt.ArrayLike,
    relative: npt.ArrayLike,
    slowest: float,
    *,
    compile: bool | None = None,
) -> list[SettledOptimum]:
    """Return the fits of one model to many curves, relative sds being relative to the curve.

    Parameters
    ----------
    name, time, activity, slowest, compile
        As of :func:`dosimetry.physics.curve_search.least_squares.fit_batch`.
    sd : array, shape (N, n)
        In MBq, at the measured activity.
    relative : array of bool, shape (N, n)
        Whether each sd is relative.

    Returns
    -------
    list of SettledOptimum
        Entry i equals the fit of curve i alone. Where the sds do not settle in ``MOST_REFITS``
        refits, since the model is far from the points, it is the fit with the sds of the measured
        values.

    Notes
    -----
    From two fits, the next sds are aimed at the fixed point by the secant (Anderson 1965, depth 1).
    It takes 5 or 6 fits with points of 10 %.

    Raises
    ------
    ValueError
        A curve with fewer points than the model has parameters.

    Examples
    --------
    >>> activity = np.array([[80.990723, 69.235484, 21.090898]])
    >>> points = [4.0, 24.0, 120.0], activity, 0.1 * activity, activity > 0
    >>> [fit] = fit_settled("mono", *points, np.log(2) / 159.528)
    >>> print(f"{fit.optimum.tia[0]:.2f}")
    7435.48
    """
    times, values = np.atleast_2d(np.asarray(time, float)), np.asarray(activity, float)
    sds, flags = np.asarray(sd, float), np.asarray(relative, bool)
    counts = np.isfinite(values).sum(axis=1)
    results: dict[int, SettledOptimum] = {}
    for count in np.unique(counts):
        rows = np.flatnonzero(counts == count)
        equal = _Curves(times, values, sds, flags).rows(rows)
        curves = _Curves(
            equal.time[:, :count],
            equal.activity[:, :count],
            equal.sd[:, :count],
            equal.relative[:, :count],
        )
        results.update(zip(rows.tolist(), _fit_equal(name, curves, slowest, compile), strict=True))
    return [results[i] for i in range(len(values))]


def _fit_equal(
    name: str, curves: _Curves, slowest: float, compile: bool | None
) -> list[SettledOptimum]:
    """Return the fits of curves with equal numbers of points."""
    first = fit_batch(name, curves.time, curves.activity, curves.sd, slowest, compile=compile)
    moving = np.asarray(curves.relative.any(axis=1))
    results = [
        SettledOptimum(first[i], curves.sd[i], not moving[i], 0.0) for i in range(len(first))
    ]
    left = np.flatnonzero(moving)
    part = curves.rows(left)
    before = given = factors = part.log_factors(first, left)
    for _ in range(MOST_REFITS):
        if not len(left):
            break
        spread = part.sd * np.exp(factors)
        found = fit_batch(name, part.time, part.activity, spread, slowest, compile=compile)
        gives = part.log_factors(found, np.arange(len(left)))
        change = gives - factors
        settled = np.abs(change).max(axis=1) <= SETTLED
        for row in np.flatnonzero(settled):
            total = float(factors[row].sum())
            results[left[row]] = SettledOptimum(found[int(row)], spread[row], True, total)
        # The secant through the last two fits, in the direction of their change (Anderson).
        bent = change - before
        share = (change * bent).sum(axis=1) / np.maximum((bent * bent).sum(axis=1), TINY)
        aimed = gives - np.clip(share, -FARTHEST, FARTHEST)[:, None] * (gives - given)
        kept = np.flatnonzero(~settled)
        left, part = left[kept], part.rows(kept)
        factors = np.maximum(aimed[kept], math.log(LEAST_SHARE))
        given, before = gives[kept], change[kept]
    return results
