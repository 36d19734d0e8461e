"""Hänscheid's rule for one scan, and the times at which one scan determines the dose well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import ndtri

from dosimetry.physics.decay import LN2
from dosimetry.physics.kinetics import Array
from dosimetry.problems import Problem
from dosimetry.quantities import quantities

NOISES = 51  # quantiles; odd, so that the middle one is the median
EARLIEST, LATEST = 0.75, 2.5  # range of favourable scan times, in effective half-lives


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


def scan_time_warning(time: float, half_life: float) -> Iterator[Problem]:
    """Yield a warning where one scan is at a time, in h, that determines the dose badly."""
    if not EARLIEST <= time / half_life <= LATEST:
        yield Problem(
            "scan-time-unfavourable",
            f"the scan at {time:.4g} h is outside {EARLIEST:g} to {LATEST:g} effective "
            f"half-lives ({EARLIEST * half_life:.3g} to {LATEST * half_life:.3g} h)",
            "a single scan determines the dose best between these times",
        )


def noise_quantiles(relative_sd: float) -> Array:
    """Return factors of log-normal scan noise at the centres of equally probable classes."""
    share = (np.arange(NOISES) + 0.5) / NOISES
    return np.asarray(np.exp(np.sqrt(np.log1p(relative_sd**2)) * ndtri(share)))
