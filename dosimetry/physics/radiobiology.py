"""Biologically effective dose with incomplete repair, and the dose in 2 Gy fractions.

Linear-quadratic model with mono-exponential repair: Lea and Catcheside's factor G for a dose rate
R(t) of any shape (MIRD pamphlet 20, Wessels 2008; Gustafsson 2013).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dosimetry.physics.decay import LN2
from dosimetry.physics.kinetics import Array, Exponentials, Shape
from dosimetry.quantities import quantities

# A panel of the quadrature, of 16 Gauss points, spans at most PANEL repair times and times of the
# slowest decay; near time zero, where fast components live, it starts at a quarter of their time
# and grows with GROWTH of the time passed. The tail is cut where exp(-CUT) of it is left.
PANEL, GROWTH, CUT = 3.0, 0.25, 45.0
TOGETHER = 256  # panels at a time: the memory does not grow with their number


def lea_catcheside(dose_rate: Shape, repair_half_life: float) -> float:
    """Return Lea and Catcheside's factor G of a protracted dose rate.

    G = (2/D^2) integral of R(t) integral_0^t R(w) exp(-mu (t - w)) dw dt; for sums of exponentials
    G = (2/D^2) sum_ij r_i r_j / [(l_i + l_j)(l_i + mu)], which has no singularity.

    Parameters
    ----------
    dose_rate : shape
        In any unit; G does not depend on its scale.
    repair_half_life : float
        In h.

    Returns
    -------
    float
        Between 0 (all repaired) and 1 (acute).

    Examples
    --------
    >>> mono = Exponentials(np.array([1.0]), np.array([LN2 / 50]))
    >>> print(f"{lea_catcheside(mono, 2.8):.6g}")
    0.0530303
    """
    repair = LN2 / repair_half_life
    if isinstance(dose_rate, Exponentials):
        double = _double_integral_exponentials(dose_rate.amplitudes, dose_rate.rates, repair)
    else:
        double = _double_integral_quadrature(dose_rate, repair)
    return 2.0 * double / dose_rate.integral() ** 2


def _double_integral_exponentials(amplitudes: Array, rates: Array, repair: float) -> float:
    pairs = (rates[:, None] + rates) * (rates[:, None] + repair)
    return float(np.sum(amplitudes[:, None] * amplitudes / pairs))


def _double_integral_quadrature(dose_rate: Shape, repair: float) -> float:
    """Integrate R(t) H(t), where H' = R - mu H is the dose not yet repaired."""
    edges = _panels(dose_rate, repair)
    nodes, weights = np.polynomial.legendre.leggauss(16)
    nodes, weights = (nodes + 1) / 2, weights / 2
    start, width = edges[:-1, None], np.diff(edges)[:, None]
    outer = start + width * nodes
    gained = np.empty_like(outer)
    for some in (slice(i, i + TOGETHER) for i in range(0, len(outer), TOGETHER)):
        inner = start[some, :, None] + (width[some] * nodes)[..., None] * nodes
        left = np.exp(-repair * (outer[some, :, None] - inner))
        gained[some] = np.sum(dose_rate.activity(inner) * left * weights, axis=-1)
    gained *= width * nodes
    ends = np.sum(
        dose_rate.activity(outer) * np.exp(-repair * (edges[1:, None] - outer)) * weights * width,
        axis=-1,
    )
    unrepaired = np.zeros(len(ends))
    for i in range(1, len(ends)):
        unrepaired[i] = unrepaired[i - 1] * np.exp(-repair * width[i - 1, 0]) + ends[i - 1]
    present = unrepaired[:, None] * np.exp(-repair * (outer - start)) + gained
    return float(np.sum(dose_rate.activity(outer) * present * weights * width))


def _panels(dose_rate: Shape, repair: float) -> Array:
    """Return the edges of the quadrature's panels, from zero to where nothing is left.

    A panel is narrow where the dose rate may still change fast, and ends at every break.
    """
    slowest, steepest = dose_rate.slowest(), dose_rate.steepest()
    breaks = dose_rate.breaks()
    stops = [*breaks[breaks > 0].tolist(), float(breaks[-1]) + CUT / slowest]
    edges = [0.0]
    for stop in stops:
        # The slowest decay is that of the tail, which may be steep where two points lie close.
        widest = PANEL / (max(repair, slowest) if stop == stops[-1] else repair)
        while edges[-1] < stop:
            width = min(widest, 0.25 / steepest + GROWTH * edges[-1])
            edges.append(min(edges[-1] + width, stop))
    return np.array(edges)


@quantities(dose="Gy", alpha_beta="Gy", returns="Gy")
def bed(dose: Any, g: Any, alpha_beta: Any) -> Any:
    """Return the biologically effective dose D (1 + G D / (alpha/beta)).

    Parameters
    ----------
    dose : quantity [absorbed dose], any shape
    g : float or array
        Lea and Catcheside's factor.
    alpha_beta : quantity [absorbed dose]

    Returns
    -------
    quantity [Gy]

    Raises
    ------
    InputError
        Unit of another dimension: Sv is none of absorbed dose.

    Examples
    --------
    >>> print(f"{bed.kernel(5.0, 0.0530303, 2.6):.5f}")
    5.50991
    """
    return dose * (1.0 + g * dose / alpha_beta)


@quantities(dose="Gy", dose_sd="Gy", alpha_beta="Gy", returns="Gy")
def bed_sd(dose: Any, dose_sd: Any, g: Any, alpha_beta: Any) -> Any:
    """Return the sd of the BED, (1 + 2 G D / (alpha/beta)) sd(D), G held fixed.

    Parameters
    ----------
    dose, dose_sd : quantity [absorbed dose], any shape
    g : float or array
    alpha_beta : quantity [absorbed dose]

    Returns
    -------
    quantity [Gy]

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> bed_sd.kernel(5.0, 1.0, 0.0, 2.6)
    1.0
    """
    return (1.0 + 2.0 * g * dose / alpha_beta) * dose_sd


@quantities(bed_total="Gy", alpha_beta="Gy", returns="Gy")
def eqd2(bed_total: Any, alpha_beta: Any) -> Any:
    """Return the equivalent dose in 2 Gy fractions, BED / (1 + 2 Gy / (alpha/beta)).

    Parameters
    ----------
    bed_total : quantity [absorbed dose], any shape
    alpha_beta : quantity [absorbed dose]

    Returns
    -------
    quantity [Gy]

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> eqd2.kernel(40.0, 2.0)
    20.0
    """
    return bed_total / (1.0 + 2.0 / alpha_beta)
