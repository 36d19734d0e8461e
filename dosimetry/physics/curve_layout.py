"""The constants of the search for one curve's rates, and where its numbers stand in memory.

See :mod:`dosimetry.physics.curve_kernel`.
"""

from __future__ import annotations

AXIS = 61  # log rates tabulated: the grid takes every first, second, third or fourth of them
APART = 1e-5  # two rates of an uptake are kept this far apart, relatively: their limit, to 1e-10
MOST_STEPS = 200
MOST_SCANS = 8  # how often each rate alone is tried over the whole range
SAME = 1e-9  # relative: two chi-squares closer than this are the same
SETTLED = 1e-10  # in ln rate
DAMPED, REFUSED, FARTHEST = 0.001, 0.3, 1.0  # first damping, least after a refused step; ln rate
SAME_PLACE = 0.05  # in ln rate: so near to the best, a search of one or two rates ends there too
NEAR, MOST_SETTLING = 1e-5, 50  # in ln rate: a step by the gradient alone is no longer
THERE = 1e-12  # in ln rate: a shorter step of Newton's is not worth taking
CLOSE = 0.2  # in ln rate: closer to each other, the rates of an uptake move as mean and distance
PLATEAU = 0.5  # of chi-square without any curve: the rest are rates that no scan sees,
BESIDE = 0.1  # unless they are this near to the best
MINIMA = 6  # grid minima that are followed down
MOST_RATES, MOST_TERMS, MOST_FREE, STARTS = 3, 2, 5, 6

# Where things stand in ``work``: first what has a fixed size,
AMPLITUDES = 0  # of the formula
THETA = 2  # log rates: the best so far,
HERE, TRIAL, SCANNED, BEST = 5, 8, 11, 14  # those under way, next, of a scan, its best
STEP, GRADIENT, MORE, MATRIX = 17, 20, 23, 26  # gradient, Newton's more, Gauss-Newton matrix
GRADIENT_KEPT, MORE_KEPT, MATRIX_KEPT = 35, 38, 41  # at the log rates that steps go from
SOLVED, UNIT, LENGTHS = 50, 75, 80  # a matrix and a vector being solved, lengths of slopes
FOUND, VALUES, FROM = 85, 103, 109  # grid minima and their chi-square, starts of a scan
RATES = 127  # of the last evaluation
FIXED = 130
# then, in multiples of the number of points,
TIME, VALUE, WEIGHT = 0, 1, 2  # value weighted; weight 1/sd
COLUMNS, DROPS, RESIDUAL, SLOPES = 3, 5, 8, 9  # drops: rate * time * exponential; all weighted
OWN, AMONG_OWN = 12, 15  # exponentials around which, and at which, a scan looks
BY_ALL, FALLS = 18, 23  # slopes by all parameters; exponentials of the axis, weighted
PER_POINT = FALLS + AXIS
# Where the results of a curve stand in its row: log rates first, amplitudes, chi-square, two flags
AMPLITUDE, CHI2, SHRINKS, DETERMINED, COVARIANCE = 3, 5, 6, 7, 8
WIDTH = COVARIANCE + MOST_FREE * MOST_FREE


def room(points: int, size: int, rates: int) -> tuple[tuple[tuple[int, int], ...], int]:
    """Return the shapes of the parts of the grid, and the length of ``work``.

    Parameters
    ----------
    points : int
    size : int
        Values per rate of the grid.
    rates : int

    Examples
    --------
    >>> room(4, 31, 2)[0]
    ((4, 31), (2, 31), (31, 31), (31, 31))
    """
    shapes = ((points, size), (2, size), (size, size), (size ** (rates - 1), size))
    return shapes, FIXED + PER_POINT * points
