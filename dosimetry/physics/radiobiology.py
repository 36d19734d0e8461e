"""Biologically effective dose with incomplete repair, and the dose in 2 Gy fractions.

Linear-quadratic model with mono-exponential repair: Lea and Catcheside's factor G for a dose rate
R(t) of any shape (MIRD pamphlet 20, Wessels 2008; Gustafsson 2013).

The dose rates of all regions are weighted sums of the same few curves, and G of a sum consists of
integrals over pairs of curves. Each pair is integrated once, not once per region.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dosimetry.physics.decay import LN2
from dosimetry.physics.kinetics import Array, Exponentials, Shape, Trapezoid, parts_of
from dosimetry.quantities import quantities

POINTS = 16
# A panel is at most PANEL repair times wide. Where an exponential starts, the first panel is at
# most START of its time constants wide; later ones grow by GROWTH of the time passed, as it fades.
# Over c e-folds the error of the polynomial is (c/2)^16 / (2^15 16!): 1e-15 for 3 e-folds, and
# below 1e-13 of the exponential's initial value on all growing panels.
PANEL, START, GROWTH = 3.0, 2.0, 0.5


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
    return lea_catcheside_each([dose_rate], repair_half_life)[0]


def lea_catcheside_each(dose_rates: Sequence[Shape], repair_half_life: float) -> list[float]:
    """Return G of several dose rates; shared curves are integrated once.

    Parameters
    ----------
    dose_rates : sequence of shapes
    repair_half_life : float
        In h.

    Returns
    -------
    list of float

    Examples
    --------
    >>> slow, fast = (Exponentials(np.array([1.0]), np.array([rate])) for rate in (0.01, 0.1))
    >>> [round(g, 6) for g in lea_catcheside_each([slow, fast], LN2 / 0.4)]
    [0.02439, 0.2]
    """
    repair = LN2 / repair_half_life
    sums = [shape for shape in dose_rates if not isinstance(shape, Exponentials)]
    of_sums = iter(_of_sums(sums, repair))
    return [
        _of_exponentials(shape, repair) if isinstance(shape, Exponentials) else next(of_sums)
        for shape in dose_rates
    ]


def _of_exponentials(dose_rate: Exponentials, repair: float) -> float:
    rates, own = dose_rate.rates[:, None], dose_rate.amplitudes
    double = float(np.sum(own[:, None] * own / ((rates + dose_rate.rates) * (rates + repair))))
    return 2.0 * double / dose_rate.integral() ** 2


def _of_sums(dose_rates: Sequence[Shape], repair: float) -> list[float]:
    """Return G of weighted sums from the integrals over pairs of their parts."""
    if not dose_rates:
        return []
    weighted = [parts_of(shape) for shape in dose_rates]
    parts = list(dict.fromkeys(part for own in weighted for part, _ in own))
    weights = np.zeros((len(dose_rates), len(parts)))
    for row, own in zip(weights, weighted, strict=True):
        for part, weight in own:
            row[parts.index(part)] += weight
    # einsum, not @: the sum must not depend on the number of threads.
    doubles = np.einsum("rk,kl,rl->r", weights, pair_integrals(parts, repair), weights)
    doses = np.einsum("rk,k->r", weights, np.array([part.integral() for part in parts]))
    return [float(g) for g in 2.0 * doubles / doses**2]


def pair_integrals(parts: Sequence[Exponentials | Trapezoid], repair: float) -> Array:
    """Return M_kl, the integral of R_k(t) H_l(t) over all time, of every pair of dose rates.

    H_l' = R_l - mu H_l is the dose not yet repaired. Up to the last break, each panel is integrated
    at Gauss points, and H by the polynomial through them. After it, every dose rate is a sum of
    exponentials, and the integral has a closed form without singularity.

    Parameters
    ----------
    parts : sequence of shapes
        Dose rates in any unit.
    repair : float
        Repair rate in 1/h.

    Returns
    -------
    array, shape (k, k)

    Examples
    --------
    >>> mono = Exponentials(np.array([1.0]), np.array([0.1]))
    >>> print(f"{pair_integrals([mono], 0.4)[0, 0]:.6f}")  # 1 / [2 lambda (lambda + mu)]
    10.000000
    """
    edges = _panels(parts, repair)
    start, width = edges[:-1, None], np.diff(edges)[:, None]
    nodes, weights, inner = _gauss()
    time = start + width * nodes
    rate = np.empty((len(parts), *time.shape))
    for own, part in zip(rate, parts, strict=True):
        own[:] = part.activity(time)
    kept = np.exp(-repair * width * nodes)
    gained = np.einsum("kpj,ij->kpi", rate / kept, inner) * (width * kept)
    ends = np.sum(rate * np.exp(-repair * width * (1.0 - nodes)) * weights * width, axis=-1)
    through = np.exp(-repair * width[:, 0])
    present = np.zeros((len(parts), len(edges)))  # at every edge
    for i, left in enumerate(through):
        present[:, i + 1] = present[:, i] * left + ends[:, i]
    unrepaired = present[:, :-1, None] * kept + gained
    integrals = np.einsum("kpn,lpn->kl", rate * (weights * width), unrepaired)
    return np.asarray(integrals + _tail(parts, float(edges[-1]), present[:, -1], repair))


def _tail(
    parts: Sequence[Exponentials | Trapezoid], start: float, present: Array, repair: float
) -> Array:
    """Return the integrals after ``start``, where every part is a sum of exponentials."""
    tails = [part.tail_terms(start) for part in parts]
    rates = np.concatenate([rates for _, rates in tails])
    owned = np.zeros((len(parts), len(rates)))
    first = 0
    for own, (amplitudes, _) in zip(owned, tails, strict=True):
        own[first : first + len(amplitudes)] = amplitudes
        first += len(amplitudes)
    repaired = owned / (rates + repair)
    together = np.einsum("ki,ij,lj->kl", repaired, 1.0 / (rates[:, None] + rates), owned)
    return np.asarray(together + np.outer(repaired.sum(axis=1), present))


def _panels(parts: Sequence[Exponentials | Trapezoid], repair: float) -> Array:
    """Return the edges of the panels, from zero to the last break, every break among them."""
    # Panels are narrowest where an exponential starts: at zero, or at a break of a trapezoid.
    of_sums, of_pieces = (
        max((part.steepest() for part in parts if isinstance(part, kind)), default=0.0)
        for kind in (Exponentials, Trapezoid)
    )
    edges = [0.0]
    for stop in np.unique(np.concatenate([part.breaks() for part in parts])).tolist():
        begun = edges[-1]
        while edges[-1] < stop:
            width = min(PANEL / repair, START / of_pieces + GROWTH * (edges[-1] - begun))
            if of_sums:
                width = min(width, START / of_sums + GROWTH * edges[-1])
            width = max(width, 2.0 * math.ulp(edges[-1]))  # points too close would never be passed
            edges.append(min(edges[-1] + width, stop))
    return np.array(edges)


@functools.cache
def _gauss() -> tuple[Array, Array, Array]:
    """Return nodes and weights on [0, 1], and the matrix that integrates from 0 to each node.

    The matrix integrates the polynomial through the nodes by its Legendre series: the integral of
    P_n from -1 to x is (P_(n+1)(x) - P_(n-1)(x)) / (2n + 1).
    """
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    values = np.polynomial.legendre.legvander(nodes, POINTS)
    integrals = np.column_stack([nodes + 1.0, values[:, 2:] - values[:, :-2]])
    inner = np.einsum("in,jn,j->ij", integrals, values[:, :POINTS], weights) / 2.0
    return (nodes + 1.0) / 2.0, weights / 2.0, inner / 2.0


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
        Unit of another dimension, such as Sv.

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
