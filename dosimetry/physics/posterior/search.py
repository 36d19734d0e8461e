"""The most probable inner parameters of a curve, and the curvature there: Levenberg-Marquardt.

Each row of a batch is searched by itself: the same digits alone or together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from dosimetry.physics.kinetics import Array

STEP = 1e-5  # of a derivative by differences
STEPS = 20
LONGEST = 2.0  # step in one parameter
SETTLED = 1e-3  # length of a last step, in sds

Residuals: TypeAlias = Callable[[Array], list[Array]]


def most_probable(residuals: Residuals, start: Array) -> tuple[Array, Array]:
    """Return parameters of least half sum of squares, and half its second derivatives.

    Parameters
    ----------
    residuals : callable
        Of parameters, shape (d, ...), to a list of arrays (...): misfit and prior, in sds.
    start : array, shape (d, ...)
        At least one parameter.

    Returns
    -------
    (parameters, matrix) : (d, ...) and (..., d, d)
        The Gauss-Newton matrix, the inverse of a covariance.
    """
    here = start.copy()
    count = len(here)
    damping = np.full(here.shape[1:], 1e-2)
    at_here = residuals(here)
    cost = _cost(at_here)
    gradient, matrix = _slopes(residuals, here, at_here)
    moving = np.ones(here.shape[1:], dtype=bool)
    for _ in range(STEPS):
        scale = np.diagonal(matrix, axis1=-2, axis2=-1)
        system = matrix + damping[..., None, None] * (scale[..., None] * np.eye(count))
        step = -np.linalg.solve(system, np.moveaxis(gradient, 0, -1)[..., None])[..., 0]
        step = np.clip(np.moveaxis(step, -1, 0), -LONGEST, LONGEST)
        trial = here + step
        at_trial = residuals(trial)
        trial_cost = _cost(at_trial)
        better = moving & (trial_cost <= cost)
        here = np.where(better, trial, here)
        cost = np.where(better, trial_cost, cost)
        damping = np.where(better, damping * 0.2, damping * 6.0)
        moved = sum(
            step[i] * matrix[..., i, j] * step[j] for i in range(count) for j in range(count)
        )
        settled = better & (moved < SETTLED**2)
        moving &= ~settled & (damping < 1e8)
        if not moving.any():
            break
        at_here = [np.where(better, new, old) for new, old in zip(at_trial, at_here, strict=True)]
        new_gradient, new_matrix = _slopes(residuals, here, at_here)
        gradient = np.where(better, new_gradient, gradient)
        matrix = np.where(better[..., None, None], new_matrix, matrix)
    return here, _slopes(residuals, here, residuals(here))[1]


def _cost(residuals: list[Array]) -> Array:
    return np.asarray(sum(residual * residual for residual in residuals)) / 2.0


def _slopes(residuals: Residuals, here: Array, at_here: list[Array]) -> tuple[Array, Array]:
    """Return gradient (d, ...) and Gauss-Newton matrix (..., d, d)."""
    count = len(here)
    by_parameter = []
    for i in range(count):
        moved = here.copy()
        moved[i] += STEP
        by_parameter.append(
            [(new - old) / STEP for new, old in zip(residuals(moved), at_here, strict=True)]
        )
    gradient = np.array(
        [sum(s * r for s, r in zip(slopes, at_here, strict=True)) for slopes in by_parameter]
    )
    matrix = np.empty((*here.shape[1:], count, count))
    for i in range(count):
        for j in range(i + 1):
            product = sum(a * b for a, b in zip(by_parameter[i], by_parameter[j], strict=True))
            matrix[..., i, j] = matrix[..., j, i] = product
    return gradient, matrix
