"""The result of a virtual trial: distributions of dose, shares of patients above each limit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dosimetry.documents.write import to_json
from dosimetry.physics.kinetics import Array
from dosimetry.reference.limits import Limit

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
BINS = 60


@dataclass(frozen=True, eq=False)
class TreatedPatients:
    """Activity, cycles and doses of each patient under one strategy.

    Attributes
    ----------
    activity : array, shape (n,)
        Of the course in GBq.
    cycles : array of int, shape (n,)
    total : mapping of (region, quantity) to array, shape (n,)
        In Gy.
    """

    activity: Array
    cycles: Array
    total: Mapping[tuple[str, str], Array]


@dataclass(frozen=True)
class Spread:
    """A distribution over patients.

    Attributes
    ----------
    mean : float
        In ``unit``.
    mean_error : float
        Monte Carlo error of the mean, in ``unit``.
    sd : float
        In ``unit``.
    percentiles : dict of str to float
        As ``p5``, in ``unit``.
    unit : str
    edges : tuple of float
        Of the histogram, in ``unit``.
    counts : tuple of int
        Patients from ``edges[i]`` to ``edges[i + 1]``; those above the last edge are in the last.
    """

    mean: float
    mean_error: float
    sd: float
    percentiles: dict[str, float]
    unit: str
    edges: tuple[float, ...] = field(repr=False)
    counts: tuple[int, ...] = field(repr=False)


@dataclass(frozen=True)
class RegionOutcome:
    """Absorbed dose or BED of a region over patients.

    Attributes
    ----------
    region : str
    quantity : str
        ``absorbed dose`` or ``biologically effective dose``.
    spread : Spread
        In Gy.
    """

    region: str
    quantity: str
    spread: Spread


@dataclass(frozen=True)
class LimitOutcome:
    """The patients who exceed a limit.

    Attributes
    ----------
    id : str
        Of the limit.
    region : str
    quantity : str
        ``absorbed dose`` or ``biologically effective dose``.
    limit : float
        In Gy.
    passed : int
        Patients who exceed it.
    probability : float
        Their share.
    error : float
        Monte Carlo error of the share.
    source : str
        Of the limit.
    """

    id: str
    region: str
    quantity: str
    limit: float
    passed: int
    probability: float
    error: float
    source: str


@dataclass(frozen=True)
class StrategyOutcome:
    """Results of a strategy over the patients.

    Attributes
    ----------
    strategy : str
    activity : Spread
        Of the course, in GBq.
    cycles : dict of str to int
        Patients by their number of cycles.
    regions : tuple of RegionOutcome
    limits : tuple of LimitOutcome
    """

    strategy: str
    activity: Spread
    cycles: dict[str, int]
    regions: tuple[RegionOutcome, ...]
    limits: tuple[LimitOutcome, ...]


@dataclass(frozen=True)
class VirtualTrial:
    """A virtual trial: the results of each strategy on the same patients.

    Attributes
    ----------
    schema : str
        ``dosimetry/simulation/1``.
    regimen : str
    patients : int
        Number of virtual patients.
    seed : int
    risk : float
        Accepted probability of exceeding a limit.
    strategies : tuple of StrategyOutcome
    assumptions : tuple of str
    disclaimer : str
    """

    schema: str
    regimen: str
    patients: int
    seed: int
    risk: float
    strategies: tuple[StrategyOutcome, ...]
    assumptions: tuple[str, ...]
    disclaimer: str

    def to_json(self) -> str:
        """Return the trial as JSON, the same bytes for the same seed."""
        return to_json(self)


def spread_of(values: Array, unit: str) -> Spread:
    """Return the distribution of values over patients.

    Examples
    --------
    >>> spread_of(np.array([1.0, 2.0, 3.0]), "Gy").percentiles["p50"]
    2.0
    """
    sd = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    top = float(np.percentile(values, 99.5))
    edges = np.linspace(0.0, top if top > 0 else 1.0, BINS + 1)
    counts = np.histogram(np.minimum(values, edges[-1]), edges)[0]
    return Spread(
        float(values.mean()),
        sd / math.sqrt(len(values)),
        sd,
        {f"p{p}": float(np.percentile(values, p)) for p in PERCENTILES},
        unit,
        tuple(edges.tolist()),
        tuple(counts.tolist()),
    )


def summary(strategy: str, patients: TreatedPatients, limits: Sequence[Limit]) -> StrategyOutcome:
    """Return the results of a strategy: distributions, and the patients above each limit."""
    limited = {(limit.region, limit.quantity) for limit in limits}
    shown = [key for key in patients.total if key in limited or key[1] == "absorbed dose"]
    numbers, counts = np.unique(patients.cycles, return_counts=True)
    return StrategyOutcome(
        strategy,
        spread_of(patients.activity, "GBq"),
        {f"{number}": int(count) for number, count in zip(numbers, counts, strict=True)},
        tuple(RegionOutcome(*key, spread_of(patients.total[key], "Gy")) for key in shown),
        tuple(_limit(limit, patients.total[limit.region, limit.quantity]) for limit in limits),
    )


def _limit(limit: Limit, values: Array) -> LimitOutcome:
    above = int(np.sum(values > limit.value))
    p = above / len(values)
    return LimitOutcome(
        limit.id,
        limit.region,
        limit.quantity,
        limit.value,
        above,
        p,
        math.sqrt(p * (1.0 - p) / len(values)),
        limit.source,
    )
