"""Constants of the search for one curve's rates, and the places of its numbers in memory.

See :mod:`dosimetry.physics.curve_search.kernel`.
"""

from __future__ import annotations

# The grid and its minima.
AXIS_SIZE = 61  # log rates tabulated: the grid takes every first, second, third or fourth of them
MAX_MINIMA = 6  # grid minima from which the search descends
PLATEAU_SHARE = 0.5  # of chi-square without any curve: above it, rates that no scan can resolve,
NEAR_BEST_SHARE = 0.1  # unless within this share of the best

# The descent; lengths of steps in ln rate.
LEAST_GAP = 1e-5  # between two rates of an uptake; equals the limit of equal rates to 1e-10
CLOSE_RATES = 0.2  # two rates of an uptake this close move as their mean and gap
MAX_STEPS = 200
SETTLED_STEP = 1e-10  # ends the descent
LIGHT_DAMPING = 0.001  # the first step is damped by ten times this, a last Newton step by less
REFUSED_DAMPING = 0.3  # least damping after a refused step
LONGEST_STEP = 1.0
SAME_OPTIMUM = 0.05  # a later search of one or two rates ends this near to the best
NEAR_STEP = 1e-5  # longest step that is accepted by the gradient alone
MAX_SETTLING_STEPS = 50
SHORTEST_STEP = 1e-12  # a shorter Newton step is not taken

# The scans.
MAX_SCANS = 8  # rounds of scans of each rate over the whole axis
EQUAL_CHI2 = 1e-9  # relative difference of two chi-squares that count as equal

# Sizes of the largest model.
MAX_RATES, MAX_TERMS = 3, 2
MAX_FREE = MAX_RATES + MAX_TERMS
MAX_STARTS = 6  # groups of rates that are scanned

# Places in ``work`` of what has a fixed size: amplitudes and log rates,
AMPLITUDES = 0  # of the model's formula
BEST_SO_FAR = AMPLITUDES + MAX_TERMS  # the best log rates so far,
CURRENT = BEST_SO_FAR + MAX_RATES  # where the descent stands,
TRIAL = CURRENT + MAX_RATES  # where it looks next,
SCAN_POINT = TRIAL + MAX_RATES  # a point of a scan,
SCAN_BEST = SCAN_POINT + MAX_RATES  # and the scan's best point
STEP = SCAN_BEST + MAX_RATES
# derivatives of half chi-square by the log rates at TRIAL: the gradient, the diagonal that Newton's
# matrix adds, the Gauss-Newton matrix;
GRADIENT = STEP + MAX_RATES
NEWTON_DIAGONAL = GRADIENT + MAX_RATES
MATRIX = NEWTON_DIAGONAL + MAX_RATES
# the same at CURRENT, the base of a step;
BASE_GRADIENT = MATRIX + MAX_RATES * MAX_RATES
BASE_NEWTON_DIAGONAL = BASE_GRADIENT + MAX_RATES
BASE_MATRIX = BASE_NEWTON_DIAGONAL + MAX_RATES
# a system of linear equations, and the lengths of the slopes by all parameters;
SYSTEM = BASE_MATRIX + MAX_RATES * MAX_RATES
RIGHT_SIDE = SYSTEM + MAX_FREE * MAX_FREE
SLOPE_LENGTHS = RIGHT_SIDE + MAX_FREE
# log rates of the grid's minima, their chi-squares, and log rates found by scans.
GRID_MINIMA = SLOPE_LENGTHS + MAX_FREE
GRID_MINIMA_CHI2 = GRID_MINIMA + MAX_MINIMA * MAX_RATES
SCAN_STARTS = GRID_MINIMA_CHI2 + MAX_MINIMA
RATES = SCAN_STARTS + MAX_STARTS * MAX_RATES  # 1/h, of the last evaluation

# From here on blocks of one number for each point: block b begins at POINT_BLOCKS + b * n_points.
POINT_BLOCKS = RATES + MAX_RATES
TIME = 0  # h
ACTIVITY = TIME + 1  # weighted
WEIGHT = ACTIVITY + 1  # 1/sd
COLUMNS = WEIGHT + 1  # of the model, weighted; the same for all that follow
DROPS = COLUMNS + MAX_TERMS  # minus the slopes of the exponentials by log rate
RESIDUAL = DROPS + MAX_RATES
SLOPES = RESIDUAL + 1  # of the model by log rate
BEST_EXPONENTIALS = SLOPES + MAX_RATES  # at BEST_SO_FAR
SCAN_EXPONENTIALS = BEST_EXPONENTIALS + MAX_RATES  # at SCAN_POINT
PARAMETER_SLOPES = SCAN_EXPONENTIALS + MAX_RATES  # of the model by (amplitudes, rates)
AXIS_EXPONENTIALS = PARAMETER_SLOPES + MAX_FREE  # at the tabulated log rates
BLOCKS_PER_POINT = AXIS_EXPONENTIALS + AXIS_SIZE

# Places in the row of results of a curve, which begins with the log rates.
OUT_AMPLITUDES = MAX_RATES
OUT_CHI2 = OUT_AMPLITUDES + MAX_TERMS
OUT_MAY_SHRINK = OUT_CHI2 + 1  # 1 where a smaller model may do
OUT_DETERMINED = OUT_MAY_SHRINK + 1  # 1 where the points determine the covariance well
OUT_COVARIANCE = OUT_DETERMINED + 1
OUT_WIDTH = OUT_COVARIANCE + MAX_FREE * MAX_FREE


def workspace_shapes(
    n_points: int, n_grid: int, n_rates: int
) -> tuple[tuple[tuple[int, int], ...], int]:
    """Return the shapes of the parts of the grid, and the length of ``work``.

    Parameters
    ----------
    n_points : int
        Of the curve.
    n_grid : int
        Values per rate of the grid.
    n_rates : int
        Of the model.

    Returns
    -------
    (shapes, length)
        Shapes of exponentials, single products, pair products and chi-square.

    Examples
    --------
    >>> workspace_shapes(4, 31, 2)[0]
    ((4, 31), (2, 31), (31, 31), (31, 31))
    """
    shapes = ((n_points, n_grid), (2, n_grid), (n_grid, n_grid), (n_grid ** (n_rates - 1), n_grid))
    return shapes, POINT_BLOCKS + BLOCKS_PER_POINT * n_points
