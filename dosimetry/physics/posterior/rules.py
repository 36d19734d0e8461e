"""Nodes and weights of quadrature, computed once."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np

from dosimetry.physics.kinetics import Array


def dot(first: Array, second: Array) -> Array:
    """Return the matrix product, its sums in an order that does not depend on threads.

    Examples
    --------
    >>> float(dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    rows, columns = "i"[: first.ndim - 1], "k"[: second.ndim - 1]
    return np.asarray(np.einsum(f"{rows}j,j{columns}->{rows}{columns}", first, second))


@functools.cache
def legendre(count: int) -> tuple[Array, Array]:
    """Return Gauss-Legendre nodes and weights on (-1, 1).

    Examples
    --------
    >>> legendre(2)[1].tolist()
    [1.0, 1.0]
    """
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights


@functools.cache
def hermite(dimension: int, count: int) -> tuple[Array, Array]:
    """Return tensor Gauss-Hermite nodes, shape (m, d), and ln of their weights.

    The weights have the normal density undone: they are those of an integral of f itself, nearly
    normal, from minus to plus infinity, over the square root of 2 pi in each dimension.
    """
    points, weights = np.polynomial.hermite_e.hermegauss(count)
    steps = np.array(list(itertools.product(points, repeat=dimension)))
    of_axis = np.log(weights / math.sqrt(2.0 * math.pi)) + points**2 / 2.0
    return steps, np.array([sum(each) for each in itertools.product(of_axis, repeat=dimension)])
