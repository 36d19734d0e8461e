"""Published results of the NETTER trials, with exact intervals of proportions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dosimetry.documents.plan import DISCLAIMER
from dosimetry.documents.write import to_json
from dosimetry.problems import nearest, quote, refuse
from dosimetry.reference import tables

TRIAL_SCHEMA = "dosimetry/trial/1"
TRIALS = {"netter-1": "trial_netter1", "netter-2": "trial_netter2"}
RESPONSE = "objective response rate"
COUNTED, RATED, PATIENTS = "patients", "%", "patients randomised"
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Proportion:
    """A published share of patients with its published interval, else the exact one.

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
        Patients with the finding, and all; ``count`` is None where several counts round to the
        published percentage.
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
class Published:
    """A published median or hazard ratio.

    Attributes
    ----------
    arm, quantity : str
        A hazard ratio names both arms.
    value : float
    lower, upper : float or None
        95 % interval; None where that end is not published or was not reached.
    unit : str
    p_value : float or None
    n : int or None
    source : str
    """

    arm: str
    quantity: str
    value: float
    lower: float | None
    upper: float | None
    unit: str
    p_value: float | None
    n: int | None
    source: str


@dataclass(frozen=True)
class Contrast:
    """Comparison of the response rates of two arms.

    Attributes
    ----------
    quantity : str
    odds_ratio : float
        Of the sample, not the conditional estimate.
    p_value : float
        Of Fisher's exact test, two-sided.
    """

    quantity: str
    odds_ratio: float
    p_value: float


@dataclass(frozen=True)
class PublishedTrial:
    """The published results of a trial.

    Attributes
    ----------
    schema : str
        ``dosimetry/trial/1``.
    trial : str
    patients : dict of str to int
        Randomised, by arm.
    proportions : tuple of Proportion
    published : tuple of Published
        Medians and hazard ratios.
    contrast : Contrast or None
        Of the response rates; None where none are published.
    notes : tuple of str
    disclaimer : str
    """

    schema: str
    trial: str
    patients: dict[str, int]
    proportions: tuple[Proportion, ...]
    published: tuple[Published, ...]
    contrast: Contrast | None
    notes: tuple[str, ...]
    disclaimer: str

    def to_json(self) -> str:
        """Return the results as JSON."""
        return to_json(self)


def published(name: str) -> PublishedTrial:
    """Return the published results of a trial.

    Parameters
    ----------
    name : str
        ``netter-1`` or ``netter-2``.

    Returns
    -------
    PublishedTrial

    Raises
    ------
    InputError
        Unknown trial, with the nearest known name.

    Examples
    --------
    >>> trial = published("netter-1")
    >>> print(f"{trial.contrast.odds_ratio:.2f}")
    7.01
    >>> [(figure.value, figure.unit) for figure in published("netter-2").published][:2]
    [(22.8, 'month'), (8.5, 'month')]
    """
    if name not in TRIALS:
        raise refuse(
            "unknown-trial",
            f"trial {quote(name)} is not known",
            nearest(name, TRIALS) or f"trials: {', '.join(TRIALS)}",
        )
    rows = tables.table(TRIALS[name]).rows
    counted = [row for row in rows if row["quantity"] != PATIENTS]
    shares = [row for row in counted if row["unit"] in (COUNTED, RATED)]
    proportions = tuple(_proportion(row) for row in shares)
    responses = [share for share in proportions if share.quantity == RESPONSE]
    return PublishedTrial(
        TRIAL_SCHEMA,
        name,
        {row["arm"]: int(row["value"]) for row in rows if row["quantity"] == PATIENTS},
        proportions,
        tuple(_published(row) for row in counted if row["unit"] not in (COUNTED, RATED)),
        _contrast(responses) if responses else None,
        tuple(_notes(proportions)),
        DISCLAIMER,
    )


def _notes(proportions: Sequence[Proportion]) -> Iterator[str]:
    for share in proportions:
        if share.interval == "none":
            yield (
                f"{share.quantity}, {share.arm}: no interval, because the number of patients is "
                "not published"
            )
    if any(share.interval == "exact" for share in proportions):
        yield (
            "where only a percentage is published, the count was derived from it; the exact "
            "interval uses that count"
        )
    if any(share.quantity.startswith("adverse event") for share in proportions):
        yield (
            "adverse events as reported by the investigators; laboratory abnormalities were "
            "more frequent (table laboratory_abnormalities_netter1)"
        )


def _published(row: Mapping[str, str]) -> Published:
    value, lower, upper, p_value = (
        float(row[name]) if row[name] else None
        for name in ("value", "lower_95", "upper_95", "p_value")
    )
    assert value is not None  # the table has a value in every row
    n = int(row["n"]) if row["n"] else None
    return Published(
        row["arm"], row["quantity"], value, lower, upper, row["unit"], p_value, n, row["source"]
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
    """Return every number of patients that rounds to the published figure."""
    if n is None or row["lower_95"]:
        return []  # an estimate over time (Kaplan-Meier) is not a share of n
    if row["unit"] == COUNTED or row["quantity"] == RESPONSE:
        return [int(value)]
    return [count for count in range(n + 1) if round(100.0 * count / n) == value]


def _exact(count: int, n: int) -> tuple[float, float]:
    """Return the Clopper-Pearson interval in percent (Biometrika 1934;26:404-413)."""
    from scipy.stats import binomtest

    interval = binomtest(count, n).proportion_ci(CONFIDENCE, method="exact")
    return 100.0 * float(interval.low), 100.0 * float(interval.high)


def _contrast(arms: list[Proportion]) -> Contrast:
    import numpy as np
    from scipy.stats import fisher_exact

    table = [[arm.count or 0, (arm.n or 0) - (arm.count or 0)] for arm in arms]
    test = fisher_exact(np.array(table))
    return Contrast(RESPONSE, float(test.statistic), float(test.pvalue))
