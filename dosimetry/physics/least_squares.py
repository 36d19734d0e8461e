"""Least squares of one time-activity curve and one model.

Amplitudes enter linearly and are solved for inside (variable projection, Golub and Pereyra 1973);
the search runs over the logarithms of the rates, from a grid over all of them, so that the answer
does not depend on a start.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.special import exprel

from dosimetry.physics.kinetics import MODELS, Array, Exponentials, Model

FASTEST = 20.0  # 1/h: no scan can resolve a faster rate
UNSEEN = 30.0  # exp(-30) of an amplitude is left at the first scan: nothing a fit could use
APART = 1e-5  # two rates of an uptake are kept this far apart, relatively: their limit, to 1e-10
MOST_STEPS = 200
SCAN, MOST_SCANS = 64, 8  # values tried of each rate alone, and how often
SAME = 1e-9  # relative: two chi-squares closer than this are the same
SETTLED = 1e-10  # in ln rate
NEAR, MOST_SETTLING = 1e-5, 50  # in ln rate: a step by the gradient alone is no longer
PLATEAU = 0.5  # of chi-square without any curve: the rest are rates that no scan sees
MINIMA = 6  # grid minima that are followed down


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best fit of one model to one curve.

    Attributes
    ----------
    model : Model
        The model fitted, or the smaller one that it collapsed to.
    rates, amplitudes : array
        In 1/h and MBq; the amplitudes are those of the model's formula.
    chi2 : float
    covariance : array
        Of (amplitudes, rates); rows of a parameter on its bound are zero.
    at_bound : bool
        The slowest rate is the physical decay constant.
    collapsed_from : str or None
        The larger model of which a part vanished.
    """

    model: Model
    rates: Array
    amplitudes: Array
    chi2: float
    covariance: Array
    at_bound: bool
    collapsed_from: str | None = field(default=None)

    def shape(self) -> Exponentials:
        """Return the curve as a plain sum of exponentials."""
        amplitudes, rates = [], []
        for (fall, rise), amplitude in zip(self.model.terms, self.amplitudes, strict=True):
            amplitudes.append(amplitude)
            rates.append(self.rates[fall])
            if rise is not None:
                amplitudes.append(-amplitude)
                rates.append(self.rates[rise])
        return Exponentials(np.array(amplitudes), np.array(rates))

    def tia_gradient(self) -> Array:
        """Return the derivatives of the TIA by (amplitudes, rates)."""
        by_amplitude = np.zeros(len(self.amplitudes))
        by_rate = np.zeros(self.model.rates)
        for i, (fall, rise) in enumerate(self.model.terms):
            by_amplitude[i] = 1.0 / self.rates[fall]
            by_rate[fall] -= self.amplitudes[i] / self.rates[fall] ** 2
            if rise is not None:
                by_amplitude[i] -= 1.0 / self.rates[rise]
                by_rate[rise] += self.amplitudes[i] / self.rates[rise] ** 2
        return np.concatenate([by_amplitude, by_rate])


def fit_model(
    name: str, time: npt.ArrayLike, activity: npt.ArrayLike, sd: npt.ArrayLike, slowest: float
) -> Optimum:
    """Fit one model by weighted least squares.

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
    model = MODELS[name]
    spread = np.asarray(sd, dtype=float)
    data = _Data(
        np.asarray(time, dtype=float), np.asarray(activity, dtype=float) / spread, 1.0 / spread
    )
    low, high = float(np.log(slowest)), float(np.log(min(FASTEST, UNSEEN / data.time.min())))
    theta = _search(model, data, low, high)
    found = _describe(model, data, theta, low)
    if model.smaller is None or not _may_shrink(model, data, theta, high):
        return found
    tried = [fit_model(name, time, activity, sd, slowest) for name in model.smaller]
    least = min(tried, key=lambda optimum: optimum.chi2)
    if least.chi2 > found.chi2 + SAME * (1.0 + found.chi2):
        return found
    return replace(least, collapsed_from=name)


def _search(model: Model, data: _Data, low: float, high: float) -> Array:
    """Return the log rates of least chi-square.

    From every grid minimum downhill; then each rate alone, and each pair of rates as one, is tried
    over the whole range, until that gains nothing. This finds the way out where a term has
    vanished and its rate has no slope, and the narrow valleys where two rates meet.
    """
    found = [
        _descend(model, data, start, low, high) for start in _grid_minima(model, data, low, high)
    ]
    theta, chi2 = min(found, key=lambda end: end[1])
    axis = np.linspace(low, high, SCAN)
    groups = [[i] for i in range(model.rates)]
    if model.rates > 2:
        groups += [list(pair) for pair in itertools.combinations(range(model.rates), 2)]
    for _ in range(MOST_SCANS):
        trials = np.repeat(theta[None], len(groups) * SCAN, axis=0)
        for k, group in enumerate(groups):
            trials[k * SCAN : (k + 1) * SCAN, group] = axis[:, None]
        trials.sort(axis=1)
        values = _chi2(model, data, np.exp(trials)).reshape(len(groups), SCAN)
        starts = [trials[k * SCAN + int(best)] for k, best in enumerate(values.argmin(axis=1))]
        if model.rates < 3:  # one look suffices: follow only what is lower already
            starts = [starts[k] for k in [int(values.min(axis=1).argmin())] if values.min() < chi2]
        ends = [_descend(model, data, start, low, high) for start in starts]
        best = min(ends, key=lambda end: end[1], default=(theta, chi2))
        if best[1] >= chi2 - SAME * (1.0 + chi2):
            break
        theta, chi2 = best
    return _settle(model, data, theta, low, high)


@dataclass(frozen=True, eq=False)
class _Data:
    """Times, weighted activities and square roots of the weights."""

    time: Array
    weighted: Array
    weight: Array


def _columns(model: Model, data: _Data, rates: Array) -> Array:
    """Return the weighted basis, shape (..., terms, n), for rates of shape (..., rates).

    An uptake term is (exp(-a t) - exp(-b t)) / (b - a), which has a limit where a = b.
    """
    columns = []
    for fall, rise in model.terms:
        falling = rates[..., fall, None]
        column = np.exp(-falling * data.time)
        if rise is not None:
            gap = rates[..., rise, None] - falling
            column = column * data.time * exprel(-gap * data.time)
        columns.append(column * data.weight)
    return np.stack(columns, axis=-2)


def _amplitudes(columns: Array, weighted: Array) -> Array:
    """Return the non-negative least-squares amplitudes, shape (..., terms), terms at most two."""
    projection = columns @ weighted
    diagonal = np.einsum("...kn,...kn->...k", columns, columns)
    alone = np.maximum(projection, 0.0) / np.where(diagonal > 0, diagonal, np.inf)
    if columns.shape[-2] == 1:
        return alone
    a, c = diagonal[..., 0], diagonal[..., 1]
    b = np.einsum("...n,...n->...", columns[..., 0, :], columns[..., 1, :])
    determinant = a * c - b * b
    safe = np.where(determinant > 1e-13 * a * c, determinant, np.inf)
    first = (c * projection[..., 0] - b * projection[..., 1]) / safe
    second = (a * projection[..., 1] - b * projection[..., 0]) / safe
    both = np.stack([first, second], axis=-1)
    gain = alone * projection
    better = (gain[..., 0] >= gain[..., 1])[..., None]
    single = np.where(np.stack([better[..., 0], ~better[..., 0]], axis=-1), alone, 0.0)
    inside = ((first > 0) & (second > 0))[..., None]
    return np.where(inside, both, single)


def _chi2(model: Model, data: _Data, rates: Array) -> Array:
    columns = _columns(model, data, rates)
    amplitudes = _amplitudes(columns, data.weighted)
    residual = np.einsum("...k,...kn->...n", amplitudes, columns) - data.weighted
    return np.asarray(np.einsum("...n,...n->...", residual, residual))


@functools.cache
def _combinations(points: int, rates: int) -> npt.NDArray[np.intp]:
    return np.array(list(itertools.combinations(range(points), rates)), dtype=np.intp)


def _grid_minima(model: Model, data: _Data, low: float, high: float) -> list[Array]:
    """Return the best local minima of chi-square on a grid over all log rates."""
    axis = np.linspace(low, high, model.grid)
    index = _combinations(model.grid, model.rates)
    chi2 = np.full((model.grid,) * model.rates, np.inf)
    chi2[tuple(index.T)] = _chi2(model, data, np.exp(axis[index]))
    around = chi2.copy()
    for dimension in range(model.rates):  # a minimum over all neighbours, axis after axis
        old, new = (np.moveaxis(x, dimension, 0) for x in (around.copy(), around))
        np.minimum(new[1:], old[:-1], out=new[1:])
        np.minimum(new[:-1], old[1:], out=new[:-1])
    lowest = (chi2 <= around) & (chi2 < PLATEAU * (data.weighted @ data.weighted))
    lowest.flat[np.argmin(chi2)] = True
    minima = np.argwhere(lowest)
    order = np.argsort(chi2[lowest], kind="stable")[:MINIMA]
    return [axis[minima[i]] for i in order]


def _residual(model: Model, data: _Data, theta: Array) -> tuple[Array, Array, Array]:
    """Return projected residual, its derivative by theta (Kaufman 1975) and the amplitudes.

    The same columns as in :func:`_columns`, for one point and with their derivatives.
    """
    rates = np.exp(theta)
    terms = len(model.terms)
    falls = np.exp(-np.outer(rates, data.time)) * data.weight
    drops = falls * data.time
    columns = np.empty((terms, len(data.time)))
    slopes = np.zeros((terms, model.rates, len(data.time)))
    for i, (fall, rise) in enumerate(model.terms):
        if rise is None:
            columns[i] = falls[fall]
            slopes[i, fall] = -rates[fall] * drops[fall]
        else:
            gap = max(rates[rise] - rates[fall], APART * rates[fall])
            columns[i] = drops[fall] * exprel(-gap * data.time)
            slopes[i, fall] = rates[fall] / gap * (columns[i] - drops[fall])
            slopes[i, rise] = rates[rise] / gap * (drops[rise] - columns[i])
    if terms == 1:  # most curves: written out, since small calls cost most
        column, slope = columns[0], slopes[0]
        square = column @ column
        amplitude = max(column @ data.weighted / square, 0.0) if square > 0 else 0.0
        inner = (slope @ column) / square if square > 0 else np.zeros(model.rates)
        projected = amplitude * (slope - inner[:, None] * column)
        return amplitude * column - data.weighted, projected, np.array([amplitude])
    amplitudes = _amplitudes(columns, data.weighted)
    residual = amplitudes @ columns - data.weighted
    slope = slopes[0] * amplitudes[0]
    for i in range(1, terms):
        slope = slope + slopes[i] * amplitudes[i]
    return residual, _orthogonal(slope, columns[amplitudes > 0]), amplitudes


def _orthogonal(vectors: Array, columns: Array) -> Array:
    """Take from each vector its projection on the span of the columns (Gram and Schmidt)."""
    done: list[Array] = []
    for column in columns:
        rest = column
        for unit in done:
            rest = rest - (rest @ unit) * unit
        length = math.sqrt(rest @ rest)
        if length > 1e-12 * math.sqrt(column @ column):
            done.append(rest / length)
            vectors = vectors - np.multiply.outer(vectors @ done[-1], done[-1])
    return vectors


def _ordered(model: Model, theta: Array, low: float, high: float) -> Array:
    """Put log rates back between their bounds, an uptake rate above the others."""
    theta = np.minimum(np.maximum(theta, low), high)
    if model.rates == 1:
        return theta
    theta = np.sort(theta)
    if theta[-1] - theta[-2] < APART and model.terms[0][1] is not None:
        if theta[-2] + APART > high:
            theta[-2] = high - APART
        theta[-1] = theta[-2] + APART
    return theta


def _solve(matrix: Array, right: Array) -> Array:
    """Solve a small symmetric system; written out up to two unknowns, where calls cost most."""
    if len(right) == 1:
        return np.asarray(right / matrix[0])
    if len(right) == 2:
        (a, b), (_, c) = matrix.tolist()
        x, y = right.tolist()
        determinant = a * c - b * b
        return np.array([(c * x - b * y) / determinant, (a * y - b * x) / determinant])
    return np.asarray(np.linalg.solve(matrix, right), dtype=float)


def _held(theta: Array, gradient: Array, low: float, high: float) -> Array:
    """Tell which log rates are on a bound that chi-square falls towards."""
    return np.asarray(((theta <= low) & (gradient > 0)) | ((theta >= high) & (gradient < 0)))


def _settle(model: Model, data: _Data, theta: Array, low: float, high: float) -> Array:
    """Go the last way by the gradient: near the optimum chi-square is flat to its last digit.

    Without this the answer has half the digits, and others on another machine.
    """
    last = math.inf
    for _ in range(MOST_SETTLING):
        residual, slopes, _ = _residual(model, data, theta)
        gradient = slopes @ residual
        held = _held(theta, gradient, low, high)
        slopes[held] = gradient[held] = 0.0
        hessian = slopes @ slopes.T
        hessian.flat[:: len(theta) + 1] *= 1.0 + NEAR
        hessian.flat[:: len(theta) + 1] += 1e-100 + held
        step = _solve(hessian, gradient)
        length, trial = float(abs(step).max()), theta - step
        if not length < min(last, NEAR) or not np.array_equal(
            trial, _ordered(model, trial, low, high)
        ):
            break
        theta, last = trial, length
    return theta


def _descend(
    model: Model, data: _Data, theta: Array, low: float, high: float
) -> tuple[Array, float]:
    """Follow chi-square down from a start by Levenberg and Marquardt's method within the bounds.

    A step counts only when it gains a share of what was predicted: over the ridge where two rates
    of an uptake meet it would otherwise be folded back to where it began.
    """
    theta = _ordered(model, theta, low, high)
    residual, slopes, _ = _residual(model, data, theta)
    chi2, damping = float(residual @ residual), 1e-3
    for _ in range(MOST_STEPS):
        gradient = slopes @ residual
        held = _held(theta, gradient, low, high)
        slopes[held] = gradient[held] = 0.0
        if abs(gradient).max() <= 1e-13 * (1.0 + chi2):
            break
        hessian = slopes @ slopes.T
        hessian.flat[:: len(theta) + 1] *= 1.0 + damping
        hessian.flat[:: len(theta) + 1] += 1e-100 + held
        step = _solve(hessian, gradient)
        step = np.minimum(np.maximum(step, -2.0), 2.0)
        trial = _ordered(model, theta - step, low, high)
        found = _residual(model, data, trial)
        new = float(found[0] @ found[0])
        if chi2 - new > 1e-4 * abs(float(step @ gradient)):
            theta, chi2, residual, slopes = trial, new, found[0], found[1]
            damping = max(damping / 10, 1e-12)
        else:
            damping *= 10
        if abs(step).max() < SETTLED or damping > 1e12:
            break
    return theta, chi2


def _may_shrink(model: Model, data: _Data, theta: Array, high: float) -> bool:
    """Tell whether a rate or an amplitude is so near its bound that a smaller model may do."""
    columns = _columns(model, data, np.exp(theta))
    parts = _amplitudes(columns, data.weighted)[:, None] * columns
    vanished = np.abs(parts).max(axis=1) < 1e-4 * np.abs(parts).max()
    merged = len(model.terms) > 1 and theta[1] - theta[0] < 1e-2
    return bool(vanished.any() or merged or theta[-1] > high - 0.5)


def _describe(model: Model, data: _Data, theta: Array, low: float) -> Optimum:
    residual, _, amplitudes = _residual(model, data, theta)
    rates = np.exp(theta)
    formula = amplitudes.copy()
    for i, (fall, rise) in enumerate(model.terms):
        if rise is not None:
            formula[i] /= rates[rise] - rates[fall]
    at_bound = bool(theta[0] <= low)
    shape = Optimum(model, rates, formula, 0.0, np.zeros((0, 0)), at_bound)
    covariance = _covariance(shape, data)
    return Optimum(model, rates, formula, float(residual @ residual), covariance, at_bound)


def _covariance(found: Optimum, data: _Data) -> Array:
    """Return (J^T J)^-1 of the free parameters, infinite where the data do not determine them."""
    slopes = np.zeros((found.model.free, len(data.time)))
    terms = len(found.amplitudes)
    for i, (fall, rise) in enumerate(found.model.terms):
        falling = np.exp(-found.rates[fall] * data.time)
        slopes[i] += falling
        slopes[terms + fall] -= found.amplitudes[i] * data.time * falling
        if rise is not None:
            rising = np.exp(-found.rates[rise] * data.time)
            slopes[i] -= rising
            slopes[terms + rise] += found.amplitudes[i] * data.time * rising
    slopes *= data.weight
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
