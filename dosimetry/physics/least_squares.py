"""Least squares of time-activity curves, one or many, and one model.

The search itself stands in :mod:`dosimetry.physics.curve_kernel`; here its results are completed:
what is collapsed to a smaller model, and the covariance where the points hardly determine it. A
single curve is a batch of one.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from dosimetry.physics import compiling, curve_kernel
from dosimetry.physics.curve_layout import (
    AMPLITUDE,
    AXIS,
    CHI2,
    COVARIANCE,
    DETERMINED,
    MOST_FREE,
    MOST_RATES,
    MOST_TERMS,
    SAME,
    SHRINKS,
    WIDTH,
    room,
)
from dosimetry.physics.kinetics import MODELS, Array, Model
from dosimetry.physics.optima import NAMES, Optima, Optimum

FASTEST = 20.0  # 1/h: no scan can resolve a faster rate
UNSEEN = 30.0  # exp(-30) of an amplitude is left at the first scan: nothing a fit could use
TABULATED = 4096  # curves with their own times whose exponentials are tabulated at a time


def fit_model(
    name: str, time: npt.ArrayLike, activity: npt.ArrayLike, sd: npt.ArrayLike, slowest: float
) -> Optimum:
    """Fit one model to one curve by weighted least squares.

    Parameters
    ----------
    name : str
        A key of :data:`MODELS`.
    time, activity, sd : array, shape (n,)
        In h and MBq, positive; n at least the model's number of parameters.
    slowest : float
        Physical decay constant in 1/h, the lower bound of every rate.

    Returns
    -------
    Optimum
        A rate on its upper bound or an amplitude at zero collapses to the smaller model.

    Examples
    --------
    >>> time = np.array([1.0, 24.0, 72.0, 120.0])
    >>> found = fit_model("mono", time, 50 * np.exp(-0.01 * time), np.ones(4), 0.00434)
    >>> print(f"{found.amplitudes[0]:.6f} {found.rates[0]:.6f}")
    50.000000 0.010000
    """
    return fit_batch(name, time, np.asarray(activity)[None], np.asarray(sd)[None], slowest)[0]


def fit_batch(
    name: str,
    time: npt.ArrayLike,
    activity: npt.ArrayLike,
    sd: npt.ArrayLike,
    slowest: float,
    *,
    compile: bool | None = None,
) -> Optima:
    """Fit one model to many curves by weighted least squares.

    Parameters
    ----------
    name : str
        A key of :data:`MODELS`.
    time : array, shape (n,) or (N, n)
        In h, positive; one row for all curves, or a row for each.
    activity, sd : array, shape (N, n)
        In MBq, positive. A curve with fewer points than n has NaN after its last.
    slowest : float
        Physical decay constant in 1/h, the lower bound of every rate.
    compile : bool, optional
        Run the kernel compiled or not; by default where numba is installed and N repays it. The
        digits are the same.

    Returns
    -------
    Optima
        Row i is what :func:`fit_model` gives for curve i.

    Raises
    ------
    ValueError
        A curve with fewer points than the model has parameters.

    Examples
    --------
    >>> time = np.array([1.0, 24.0, 72.0, 120.0])
    >>> activity = np.array([[50.0], [80.0]]) * np.exp(-0.01 * time)
    >>> total, sd = fit_batch("mono", time, activity, 0.1 * activity, 0.00434).tia()
    >>> total.round(3).tolist()
    [5000.0, 8000.0]
    """
    model = MODELS[name]
    times = np.atleast_2d(np.asarray(time, dtype=float))
    values, spreads = np.asarray(activity, dtype=float), np.asarray(sd, dtype=float)
    if compile is None:
        compile = compiling.pays(len(values))
    counts = np.isfinite(values).sum(axis=1)
    if len(counts) and counts.min() < model.free:
        raise ValueError(f"{counts.min()} points for {model.free} parameters of {name}")
    if len(counts) and counts.min() == values.shape[1]:
        return _fit_equal(model, times, values, spreads, slowest, compile)
    found = _empty(name, len(values))
    for count in np.unique(counts):
        rows = np.flatnonzero(counts == count)
        part = _fit_equal(
            model,
            times[:, :count] if len(times) == 1 else times[rows, :count],
            values[rows, :count],
            spreads[rows, :count],
            slowest,
            compile,
        )
        _put(found, rows, part)
    return found


def _empty(name: str, count: int) -> Optima:
    return Optima(
        name,
        np.full(count, NAMES.index(name)),
        np.zeros((count, MOST_RATES)),
        np.zeros((count, MOST_TERMS)),
        np.zeros(count),
        np.zeros((count, MOST_FREE, MOST_FREE)),
        np.zeros(count, dtype=bool),
    )


def _put(whole: Optima, rows: npt.NDArray[np.intp], part: Optima) -> None:
    for item in fields(Optima):
        if item.name != "asked":
            getattr(whole, item.name)[rows] = getattr(part, item.name)


def _fit_equal(
    model: Model, times: Array, values: Array, spreads: Array, slowest: float, compile: bool
) -> Optima:
    """Fit curves of one number of points, and collapse those that have a smaller model."""
    weights = 1.0 / spreads
    weighted = values * weights
    low = float(np.log(slowest))
    high = np.log(np.minimum(FASTEST, UNSEEN / times.min(axis=1)))
    out = _run(model, times, weighted, weights, low, high, compile)
    found = _describe(model, out, low)
    for row in np.flatnonzero(out[:, DETERMINED] == 0.0):
        time = times[row if len(times) > 1 else 0]
        found.covariance[row, : model.free, : model.free] = _covariance(
            found[int(row)], time, weights[row]
        )
    shrinking = np.flatnonzero(out[:, SHRINKS] == 1.0)
    if model.smaller is None or not len(shrinking):
        return found
    tried = [
        _fit_equal(
            MODELS[name],
            times if len(times) == 1 else times[shrinking],
            values[shrinking],
            spreads[shrinking],
            slowest,
            compile,
        )
        for name in model.smaller
    ]
    least = np.argmin([optima.chi2 for optima in tried], axis=0)
    for index, optima in enumerate(tried):
        chi2 = found.chi2[shrinking]
        same = (least == index) & ~(optima.chi2 > chi2 + SAME * (1.0 + chi2))
        _put(found, shrinking[same], _rows(optima, np.flatnonzero(same)))
    return found


def _rows(optima: Optima, rows: npt.NDArray[np.intp]) -> Optima:
    arrays = [getattr(optima, item.name)[rows] for item in fields(Optima) if item.name != "asked"]
    return Optima(optima.asked, *arrays)


def _run(
    model: Model,
    times: Array,
    weighted: Array,
    weights: Array,
    low: float,
    high: Array,
    compile: bool,
) -> Array:
    """Run the kernel over curves of one number of points; return its rows."""
    count, points = weighted.shape
    size = (AXIS - 1) // model.stride + 1
    shapes, length = room(points, size, model.rates)
    shape = (model.rates, len(model.terms), model.rises, model.stride)
    out = np.zeros((count, WIDTH))
    step = count if len(times) == 1 else TABULATED
    for begin in range(0, count, max(step, 1)):
        part = slice(begin, begin + step)
        own = times if len(times) == 1 else times[part]
        top = high if len(times) == 1 else high[part]
        which = np.zeros(count, int) if len(times) == 1 else np.arange(len(own))
        axis = low + (top[:, None] - low) / (AXIS - 1) * np.arange(AXIS)
        tables = np.exp(-np.exp(axis)[:, None, :] * own[:, :, None])
        given = (own, top, tables, which, weighted[part], weights[part])
        if compile:
            arrays = tuple(np.ascontiguousarray(array) for array in given)
            grid = tuple(np.zeros(part) for part in shapes)
            compiling.compiled(*shape)(low, *arrays, grid, np.zeros(length), out[part])
        else:
            rows = [[0.0] * WIDTH for _ in range(len(given[-1]))]
            lists: list[Any] = [array.tolist() for array in given]
            lists_of = tuple([[0.0] * width for _ in range(height)] for height, width in shapes)
            curve_kernel.fit_rows_of(*shape)(low, *lists, lists_of, [0.0] * length, rows)
            out[part] = rows
    return out


def _describe(model: Model, out: Array, low: float) -> Optima:
    """Turn rows of the kernel into results; covariance infinite where it is not known."""
    found, terms, free = _empty(model.name, len(out)), len(model.terms), model.free
    found.rates[:, : model.rates] = np.exp(out[:, : model.rates])
    found.amplitudes[:, :terms] = out[:, AMPLITUDE : AMPLITUDE + terms]
    found.chi2[:] = out[:, CHI2]
    covariance = out[:, COVARIANCE : COVARIANCE + free * free].reshape(-1, free, free)
    found.covariance[:, :free, :free] = covariance
    found.at_bound[:] = out[:, 0] <= low
    return found


def _covariance(found: Optimum, time: Array, weight: Array) -> Array:
    """Return (J^T J)^-1 of the free parameters, infinite where the data do not determine them."""
    slopes = np.zeros((found.model.free, len(time)))
    terms = len(found.amplitudes)
    for i, (fall, rise) in enumerate(found.model.terms):
        falling = np.exp(-found.rates[fall] * time)
        slopes[i] += falling
        slopes[terms + fall] -= found.amplitudes[i] * time * falling
        if rise is not None:
            rising = np.exp(-found.rates[rise] * time)
            slopes[i] -= rising
            slopes[terms + rise] += found.amplitudes[i] * time * rising
    slopes *= weight
    free = np.ones(found.model.free, dtype=bool)
    free[terms] = not found.at_bound
    scale = np.linalg.norm(slopes[free], axis=1)
    covariance = np.full((found.model.free, found.model.free), np.inf)
    covariance[~free] = covariance[:, ~free] = 0.0
    if not np.all(scale > 0):
        return covariance
    unit = slopes[free] / scale[:, None]
    values, vectors = np.linalg.eigh(unit @ unit.T)
    lost = values < 1e-13
    # Where two rates of an uptake meet, their difference has no slope left; it is held then.
    if lost.sum() <= (1 if _met(found) else 0):
        kept = vectors[:, ~lost]
        inverse = (kept / values[~lost]) @ kept.T
        covariance[np.ix_(free, free)] = inverse / np.outer(scale, scale)
    return covariance


def _met(found: Optimum) -> bool:
    """Tell whether a falling and a rising rate are so close that only their mean is determined."""
    return any(
        rise is not None and abs(found.rates[rise] / found.rates[fall] - 1.0) < 1e-2
        for fall, rise in found.model.terms
    )
