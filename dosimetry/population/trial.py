"""The published results of a trial, with exact intervals; nothing that its table does not carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dosimetry import tables
from dosimetry.problems import nearest, quote, refuse
from dosimetry.therapy.plan import DISCLAIMER, to_json

TRIAL_SCHEMA = "dosimetry/trial/1"
TRIALS = {"netter-1": "trial_netter1"}
RESPONSE = "objective response rate"
COUNTED, RATED, PATIENTS = "patients", "%", "patients randomised"
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Proportion:
    """A share of patients: as published, with the interval published or else the exact one.

    Attributes
    ----------
    arm, quantity : str
    value : float
    lower, upper : float or None
        95 % interval; None where neither an interval nor a denominator is published.
    interval : str
        ``published``, ``exact`` (Clopper-Pearson) or ``none``.
    unit : str
        Of value and interval.
    count, n : int or None
        ``count`` None where several counts round to the percentage published.
    source : str
    """

    arm: str
    quantity: str
    value: float
    lower: float | None
    upper: float | None
    interval: str
    unit: str
    count: int | None
    n: int | None
    source: str


@dataclass(frozen=True)
class Contrast:
    """Two arms compared: the sample odds ratio, and Fisher's exact two-sided p."""

    quantity: str
    odds_ratio: float
    p_value: float


@dataclass(frozen=True)
class Trial:
    """A trial's arms, its proportions and the contrast of its response rates."""

    schema: str
    trial: str
    patients: dict[str, int]
    proportions: tuple[Proportion, ...]
    contrast: Contrast
    notes: tuple[str, ...]
    disclaimer: str

    def to_json(self) -> str:
        """Return the results as JSON."""
        return to_json(self)


def published(name: str) -> Trial:
    """Return the published results of a trial.

    Parameters
    ----------
    name : str
        ``netter-1``.

    Returns
    -------
    Trial

    Raises
    ------
    InputError
        Not known, with the nearest known one.

    Examples
    --------
    >>> found = published("netter-1")
    >>> print(f"{found.contrast.odds_ratio:.2f}")
    7.01
    """
    if name not in TRIALS:
        raise refuse(
            "unknown-trial",
            f"trial {quote(name)} is not known",
            nearest(name, TRIALS) or f"trials: {', '.join(TRIALS)}",
        )
    rows = tables.table(TRIALS[name]).rows
    counted = [row for row in rows if row["quantity"] != PATIENTS]
    proportions = tuple(_proportion(row) for row in counted)
    notes = [
        f"{one.quantity}, {one.arm}: no interval, since its number of patients is not published"
        for one in proportions
        if one.interval == "none"
    ]
    notes.append(
        "where a percentage is published, the count is the one that rounds to it, and the exact "
        "interval is that count's"
    )
    notes.append("hazard ratios are not shown: the table does not carry them")
    return Trial(
        TRIAL_SCHEMA,
        name,
        {row["arm"]: int(row["value"]) for row in rows if row["quantity"] == PATIENTS},
        proportions,
        _contrast([one for one in proportions if one.quantity == RESPONSE]),
        tuple(notes),
        DISCLAIMER,
    )


def _proportion(row: Mapping[str, str]) -> Proportion:
    value = float(row["value"])
    n = int(row["n"]) if row["n"] else None
    counts = _counts(row, value, n)
    rate = value
    if n and len(counts) == 1 and (row["unit"] == COUNTED or row["quantity"] == RESPONSE):
        rate = 100.0 * counts[0] / n
    lower, upper, kind = None, None, "none"
    if row["lower_95"]:
        lower, upper, kind = float(row["lower_95"]), float(row["upper_95"]), "published"
    elif n and counts:
        lower, upper, kind = _exact(min(counts), n)[0], _exact(max(counts), n)[1], "exact"
    count = counts[0] if len(counts) == 1 else None
    return Proportion(
        row["arm"], row["quantity"], rate, lower, upper, kind, "%", count, n, row["source"]
    )


def _counts(row: Mapping[str, str], value: float, n: int | None) -> list[int]:
    """Return every number of patients that the published figure can stand for."""
    if n is None or row["lower_95"]:
        return []  # an interval over time (Kaplan-Meier) is no share of n
    if row["unit"] == COUNTED or row["quantity"] == RESPONSE:
        return [int(value)]
    return [count for count in range(n + 1) if round(100.0 * count / n) == value]


def _exact(count: int, n: int) -> tuple[float, float]:
    """Return the Clopper-Pearson interval in percent (Biometrika 1934;26:404-413)."""
    from scipy.stats import binomtest

    found = binomtest(count, n).proportion_ci(CONFIDENCE, method="exact")
    return 100.0 * float(found.low), 100.0 * float(found.high)


def _contrast(arms: list[Proportion]) -> Contrast:
    import numpy as np
    from scipy.stats import fisher_exact

    table = [[one.count or 0, (one.n or 0) - (one.count or 0)] for one in arms]
    found = fisher_exact(np.array(table))
    return Contrast(RESPONSE, float(found.statistic), float(found.pvalue))
