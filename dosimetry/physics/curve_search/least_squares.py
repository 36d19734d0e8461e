"""Weighted least squares of one model to one or many time-activity curves.

:mod:`dosimetry.physics.curve_search.kernel` searches the rates. This module completes its results:
the reduction to a smaller model, and the covariance where the data hardly determine it. A single
curve is a batch of one.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from dosimetry.physics.curve_search import compiling, kernel
from dosimetry.physics.curve_search.layout import (
    AXIS_SIZE,
    EQUAL_CHI2,
    MAX_FREE,
    MAX_RATES,
    MAX_TERMS,
    OUT_AMPLITUDES,
    OUT_CHI2,
    OUT_COVARIANCE,
    OUT_DETERMINED,
    OUT_MAY_SHRINK,
    OUT_WIDTH,
    workspace_shapes,
)
from dosimetry.physics.curve_search.optima import NAMES, Optima, Optimum
from dosimetry.physics.kinetics import MODELS, Array, Model

FASTEST = 20.0  # 1/h: scans cannot resolve a faster rate
UNSEEN = 30.0  # rate x time of the first scan at which exp(-30) of an amplitude is left
TABULATED = 4096  # curves with individual times whose exponentials are tabulated together


def fit_model(
    name: str, time: npt.ArrayLike, activity: npt.ArrayLike, sd: npt.ArrayLike, slowest: float
) -> Optimum:
    """Return the weighted least-squares fit of one model to one curve.

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
        Of a smaller model where a rate is on its upper bound or an amplitude is zero.

    Examples
    --------
    >>> time = np.array([1.0, 24.0, 72.0, 120.0])
    >>> fit = fit_model("mono", time, 50 * np.exp(-0.01 * time), np.ones(4), 0.00434)
    >>> print(f"{fit.amplitudes[0]:.6f} {fit.rates[0]:.6f}")
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
    """Return the weighted least-squares fits of one model to many curves.

    Parameters
    ----------
    name : str
        A key of :data:`MODELS`.
    time : array, shape (n,) or (N, n)
        In h, positive; one row for all curves, or one for each.
    activity, sd : array, shape (N, n)
        In MBq, positive. A curve with fewer points than n has NaN after its last.
    slowest : float
        Physical decay constant in 1/h, the lower bound of every rate.
    compile : bool, optional
        Whether to run the kernel compiled; by default if numba is installed and N repays it. The
        digits are the same.

    Returns
    -------
    Optima
        Row i equals :func:`fit_model` of curve i.

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
    values, sds = np.asarray(activity, dtype=float), np.asarray(sd, dtype=float)
    if compile is None:
        compile = compiling.repays_compiling(len(values))
    counts = np.isfinite(values).sum(axis=1)
    if len(counts) and counts.min() < model.free:
        raise ValueError(f"{counts.min()} points for {model.free} parameters of {name}")
    if len(counts) and counts.min() == values.shape[1]:
        return _fit_equal(model, times, values, sds, slowest, compile)
    optima = _empty(name, len(values))
    for count in np.unique(counts):
        rows = np.flatnonzero(counts == count)
        part = _fit_equal(
            model,
            times[:, :count] if len(times) == 1 else times[rows, :count],
            values[rows, :count],
            sds[rows, :count],
            slowest,
            compile,
        )
        _copy_rows(optima, rows, part)
    return optima


def _empty(name: str, count: int) -> Optima:
    return Optima(
        name,
        np.full(count, NAMES.index(name)),
        np.zeros((count, MAX_RATES)),
        np.zeros((count, MAX_TERMS)),
        np.zeros(count),
        np.zeros((count, MAX_FREE, MAX_FREE)),
        np.zeros(count, dtype=bool),
    )


def _copy_rows(target: Optima, rows: npt.NDArray[np.intp], source: Optima) -> None:
    for item in fields(Optima):
        if item.name != "asked":
            getattr(target, item.name)[rows] = getattr(source, item.name)


def _fit_equal(
    model: Model, times: Array, values: Array, sds: Array, slowest: float, compile: bool
) -> Optima:
    """Return the fits of curves with equal numbers of points, reduced to smaller models."""
    weights = 1.0 / sds
    weighted = values * weights
    lower = float(np.log(slowest))
    upper = np.log(np.minimum(FASTEST, UNSEEN / np.maximum(times.min(axis=1), UNSEEN / FASTEST)))
    results = _run_kernel(model, times, weighted, weights, lower, upper, compile)
    optima = _as_optima(model, results, lower)
    for row in np.flatnonzero(results[:, OUT_DETERMINED] == 0.0):
        time = times[row if len(times) > 1 else 0]
        optima.covariance[row, : model.free, : model.free] = _covariance(
            optima[int(row)], time, weights[row]
        )
    shrinking = np.flatnonzero(results[:, OUT_MAY_SHRINK] == 1.0)
    if model.smaller is None or not len(shrinking):
        return optima
    smaller = [
        _fit_equal(
            MODELS[name],
            times if len(times) == 1 else times[shrinking],
            values[shrinking],
            sds[shrinking],
            slowest,
            compile,
        )
        for name in model.smaller
    ]
    least = np.argmin([candidate.chi2 for candidate in smaller], axis=0)
    for index, candidate in enumerate(smaller):
        chi2 = optima.chi2[shrinking]
        same = (least == index) & ~(candidate.chi2 > chi2 + EQUAL_CHI2 * (1.0 + chi2))
        _copy_rows(optima, shrinking[same], _rows_of(candidate, np.flatnonzero(same)))
    return optima


def _rows_of(optima: Optima, rows: npt.NDArray[np.intp]) -> Optima:
    arrays = [getattr(optima, item.name)[rows] for item in fields(Optima) if item.name != "asked"]
    return Optima(optima.asked, *arrays)


def _run_kernel(
    model: Model,
    times: Array,
    weighted: Array,
    weights: Array,
    lower: float,
    upper: Array,
    compile: bool,
) -> Array:
    """Return the kernel's rows of results for curves with equal numbers of points."""
    count, n_points = weighted.shape
    n_grid = (AXIS_SIZE - 1) // model.stride + 1
    shapes, length = workspace_shapes(n_points, n_grid, model.rates)
    model_numbers = (model.rates, len(model.terms), model.rises, model.stride)
    results = np.zeros((count, OUT_WIDTH))
    block = count if len(times) == 1 else TABULATED
    for begin in range(0, count, max(block, 1)):
        part = slice(begin, begin + block)
        part_times = times if len(times) == 1 else times[part]
        part_uppers = upper if len(times) == 1 else upper[part]
        group_of_curve = np.zeros(count, int) if len(times) == 1 else np.arange(len(part_times))
        axis = lower + (part_uppers[:, None] - lower) / (AXIS_SIZE - 1) * np.arange(AXIS_SIZE)
        axis_tables = np.exp(-np.exp(axis)[:, None, :] * part_times[:, :, None])
        arguments = (
            part_times,
            part_uppers,
            axis_tables,
            group_of_curve,
            weighted[part],
            weights[part],
        )
        if compile:
            arrays = tuple(np.ascontiguousarray(array) for array in arguments)
            grid = tuple(np.zeros(part) for part in shapes)
            compiling.compiled_kernel(*model_numbers)(
                lower, *arrays, grid, np.zeros(length), results[part]
            )
        else:
            part_results = [[0.0] * OUT_WIDTH for _ in range(len(arguments[-1]))]
            lists: list[Any] = [array.tolist() for array in arguments]
            list_grid = tuple([[0.0] * width for _ in range(height)] for height, width in shapes)
            kernel.model_kernel(*model_numbers)(
                lower, *lists, list_grid, [0.0] * length, part_results
            )
            results[part] = part_results
    return results


def _as_optima(model: Model, results: Array, lower: float) -> Optima:
    """Return the optima in the kernel's rows of results."""
    optima, n_terms, n_free = _empty(model.name, len(results)), len(model.terms), model.free
    optima.rates[:, : model.rates] = np.exp(results[:, : model.rates])
    optima.amplitudes[:, :n_terms] = results[:, OUT_AMPLITUDES : OUT_AMPLITUDES + n_terms]
    optima.chi2[:] = results[:, OUT_CHI2]
    covariance = results[:, OUT_COVARIANCE : OUT_COVARIANCE + n_free * n_free].reshape(
        -1, n_free, n_free
    )
    optima.covariance[:, :n_free, :n_free] = covariance
    optima.at_bound[:] = results[:, 0] <= lower
    return optima


def _covariance(optimum: Optimum, time: Array, weight: Array) -> Array:
    """Return (J^T J)^-1 of the free parameters; infinite where the data do not determine them."""
    slopes = np.zeros((optimum.model.free, len(time)))
    n_terms = len(optimum.amplitudes)
    for i, (fall, rise) in enumerate(optimum.model.terms):
        falling = np.exp(-optimum.rates[fall] * time)
        slopes[i] += falling
        slopes[n_terms + fall] -= optimum.amplitudes[i] * time * falling
        if rise is not None:
            rising = np.exp(-optimum.rates[rise] * time)
            slopes[i] -= rising
            slopes[n_terms + rise] += optimum.amplitudes[i] * time * rising
    slopes *= weight
    free = np.ones(optimum.model.free, dtype=bool)
    free[n_terms] = not optimum.at_bound
    scale = np.linalg.norm(slopes[free], axis=1)
    covariance = np.full((optimum.model.free, optimum.model.free), np.inf)
    covariance[~free] = covariance[:, ~free] = 0.0
    if not np.all(scale > 0):
        return covariance
    unit = slopes[free] / scale[:, None]
    values, vectors = np.linalg.eigh(unit @ unit.T)
    undetermined = values < 1e-13
    # Where two rates of an uptake meet, their difference has no slope and is held.
    if undetermined.sum() <= (1 if _rates_met(optimum) else 0):
        kept = vectors[:, ~undetermined]
        inverse = (kept / values[~undetermined]) @ kept.T
        covariance[np.ix_(free, free)] = inverse / np.outer(scale, scale)
    return covariance


def _rates_met(optimum: Optimum) -> bool:
    """Return whether only the mean of a falling and an uptake rate is determined."""
    return any(
        rise is not None and abs(optimum.rates[rise] / optimum.rates[fall] - 1.0) < 1e-2
        for fall, rise in optimum.model.terms
    )
