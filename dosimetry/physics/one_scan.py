"""TIA from one scan and a supplied effective half-life.

TIA(T) = A(ts) exp(l ts) / l, l = ln 2 / T (Hänscheid 2018; Madsen 2013). The TIA has a minimum at
T = ts ln 2, where the delta method fails. Instead the distributions of T and of the scan are
propagated on a fixed grid of quantiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

from dosimetry.physics.decay import LN2
from dosimetry.physics.fitted_curve import FittedCurve, default_point_sd
from dosimetry.physics.kinetics import Array, Exponentials
from dosimetry.problems import Problem
from dosimetry.quantities import Estimate, quantities

HALF_LIVES, NOISES = 401, 51  # quantiles of the grid; odd, so the middle one is the median
EARLIEST, LATEST = 0.75, 2.5  # range of favourable scan times, in effective half-lives


@dataclass(frozen=True)
class HalfLife:
    """Log-normal distribution of an effective half-life, truncated at the physical half-life.

    Attributes
    ----------
    median : float
        In h.
    log_sd : float
        sd of ln T; 0 for a half-life known exactly.
    origin : str
        Source of the half-life, in words.
    """

    median: float
    log_sd: float
    origin: str

    def quantiles(self, physical: float) -> Array:
        """Return half-lives at the centres of equally probable classes, shape (HALF_LIVES,)."""
        share = (np.arange(HALF_LIVES) + 0.5) / HALF_LIVES
        if self.log_sd == 0:
            return np.full(HALF_LIVES, min(self.median, physical))
        bound = np.log(physical / self.median) / self.log_sd
        if log_ndtr(bound) < -30:
            return np.full(HALF_LIVES, physical)
        return np.asarray(self.median * np.exp(self.log_sd * ndtri(share * ndtr(bound))))


@quantities(activity="MBq", time="h", half_life="h", returns="MBq*h")
def tia(activity: Any, time: Any, half_life: Any) -> Any:
    """Return the TIA from one activity: A(ts) exp(l ts) / l.

    Parameters
    ----------
    activity : quantity [activity], any shape
    time : quantity [time]
        Of the scan after administration.
    half_life : quantity [time], broadcast against the activity
        Effective.

    Returns
    -------
    quantity [MBq h]

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> print(f"{tia.kernel(50.0, 50.0, 50.0):.4f}")
    7213.4752
    """
    rate = LN2 / np.asarray(half_life)
    return activity * np.exp(rate * time) / rate


@quantities(activity="MBq", time="h", returns="MBq*h")
def hanscheid(activity: Any, time: Any) -> Any:
    """Return Hänscheid's approximation of the TIA, 2 ts A(ts) / ln 2, as a cross-check.

    Parameters
    ----------
    activity : quantity [activity], any shape
    time : quantity [time]

    Returns
    -------
    quantity [MBq h]

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> print(f"{hanscheid.kernel(50.0, 50.0):.4f}")
    7213.4752
    """
    return 2.0 * time * activity / LN2


def fit_one(
    time: float,
    activity: float,
    sd: float | None,
    half_life: HalfLife,
    decay_constant: float,
    unit: str = "MBq",
    *,
    relative: bool = False,
) -> FittedCurve:
    """Return the curve through one scan with a supplied half-life.

    Parameters
    ----------
    time, activity : float
        In h and in ``unit``.
    sd : float or None
        Of the activity; None for the default share of the activity.
    half_life : HalfLife
    decay_constant : float
        Physical, in 1/h.
    unit : str
        Of the activity.
    relative : bool
        Whether the sd was given relative to the activity.

    Returns
    -------
    FittedCurve
        Its TIA is the median of the propagated distribution, with its sd. ``half_life_effect``
        holds the TIA over the quantiles of the half-life, relative to the median.

    Examples
    --------
    >>> curve = fit_one(72.0, 60.0, 6.0, HalfLife(51.0, 0.198, "table"), 0.00434)
    >>> print(f"{curve.tia.value:.0f} {curve.tia.sd:.0f}")
    11969 1236
    """
    assumed = sd is None
    spread = default_point_sd(activity) if sd is None else sd
    with np.errstate(over="ignore", invalid="ignore"):  # the caller refuses an infinite TIA
        over_half_lives = tia.kernel(activity, time, half_life.quantiles(LN2 / decay_constant))
        pushed = np.outer(over_half_lives, noise_quantiles(spread / activity))
        median, deviation = float(np.median(pushed)), float(np.std(pushed))
        effect = over_half_lives / median
    rate = max(LN2 / half_life.median, decay_constant)
    shape = Exponentials(np.array([median * rate]), np.array([rate]))
    return FittedCurve(
        model="single-point",
        choice=f"one scan; half-life {LN2 / rate:.4g} h: {half_life.origin}",
        time=np.array([time]),
        activity=np.array([activity]),
        sd=np.array([spread]),
        relative=np.array([relative or assumed]),
        shape=shape,
        parameters={"a": Estimate(median * rate, None, unit)},
        chi2=0.0,
        dof=0,
        p_value=None,
        aicc={},
        tia=Estimate(median, deviation, f"{unit}*h"),
        effective_half_life=Estimate(LN2 / rate, LN2 / rate * half_life.log_sd, "h"),
        sd_assumed=assumed,
        decay_constant=decay_constant,
        warnings=tuple(_warnings(time, LN2 / rate, half_life.origin)),
        half_life_effect=effect,
        cross_check=Estimate(float(hanscheid.kernel(activity, time)), None, f"{unit}*h"),
    )


def _warnings(time: float, half_life: float, origin: str) -> list[Problem]:
    problems = [
        Problem(
            "one-scan-only",
            f"only one scan: effective half-life of {half_life:.4g} h used ({origin})",
            "measure two or three times",
        )
    ]
    if not EARLIEST <= time / half_life <= LATEST:
        problems.append(
            Problem(
                "scan-time-unfavourable",
                f"the scan at {time:.4g} h is outside {EARLIEST:g} to {LATEST:g} effective "
                f"half-lives ({EARLIEST * half_life:.3g} to {LATEST * half_life:.3g} h)",
                "a single scan determines the dose best between these times",
            )
        )
    return problems


def noise_quantiles(relative_sd: float) -> Array:
    """Return factors of log-normal scan noise at the centres of equally probable classes."""
    share = (np.arange(NOISES) + 0.5) / NOISES
    return np.asarray(np.exp(np.sqrt(np.log1p(relative_sd**2)) * ndtri(share)))
