"""Reproducible standard normal draws: a shifted Sobol sequence.

A Sobol sequence (Joe and Kuo 2008) with a fixed random digital shift, through the inverse normal
distribution. The dimension is fixed for the largest number of cycles, so that a further cycle does
not change the draws of earlier ones.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from dosimetry.physics.kinetics import Array
from dosimetry.reference import sobol, tables

COUNT = 4096
BITS = 32
SEED = 177


def sobol_integers(count: int, dimension: int) -> npt.NDArray[np.uint64]:
    """Return the first points of the Sobol sequence as integers of 32 bits.

    Parameters
    ----------
    count : int
        Number of points, at most 2**32.
    dimension : int

    Returns
    -------
    array of uint64, shape (count, dimension)
        Divide by 2**32 for points in [0, 1).

    Examples
    --------
    >>> (sobol_integers(4, 2) / 2**32).tolist()
    [[0.0, 0.0], [0.5, 0.5], [0.75, 0.25], [0.25, 0.75]]
    """
    index = np.arange(count, dtype=np.uint64)
    gray = index ^ (index >> np.uint64(1))
    points = np.zeros((count, dimension), dtype=np.uint64)
    table = sobol.sobol_direction_numbers()[:dimension]
    for column, (degree, polynomial, initial) in enumerate(table):
        directions = _directions(degree, polynomial, initial)
        for bit in range(max(count - 1, 1).bit_length()):
            on = (gray >> np.uint64(bit)) & np.uint64(1)
            points[:, column] ^= on * np.uint64(directions[bit])
    return points


def _directions(degree: int, polynomial: int, initial: tuple[int, ...]) -> list[int]:
    """Return the direction numbers of one dimension, by the recurrence of its polynomial."""
    numbers = [1] * BITS if degree == 0 else list(initial)
    for i in range(len(numbers), BITS):
        number = numbers[i - degree] ^ (numbers[i - degree] << degree)
        for j in range(1, degree):
            number ^= ((polynomial >> (degree - 1 - j)) & 1) * (numbers[i - j] << j)
        numbers.append(number)
    return [number << (BITS - 1 - i) for i, number in enumerate(numbers)]


@functools.cache
def standard_normal() -> Array:
    """Return the draws, shape (4096, largest number of cycles).

    Examples
    --------
    >>> standard_normal().shape
    (4096, 12)
    """
    normal = np.asfortranarray(ndtri(_uniform()[:, : _most()]))  # columns are read one by one
    normal.flags.writeable = False
    return normal


def uniform_of_bounds() -> Array:
    """Return uniform draws in (0, 1), shape (4096, largest number of cycles), for lower bounds.

    Examples
    --------
    >>> uniform_of_bounds().shape
    (4096, 12)
    """
    return _uniform()[:, _most() :]


def _most() -> int:
    return int(tables.default("most_cycles", "1"))


@functools.cache
def _uniform() -> Array:
    dimension = 2 * _most()
    shift = np.random.SeedSequence(SEED).generate_state(dimension, np.uint32).astype(np.uint64)
    uniform = ((sobol_integers(COUNT, dimension) ^ shift) + 0.5) / 2.0**BITS
    uniform.flags.writeable = False
    return np.asarray(uniform)
