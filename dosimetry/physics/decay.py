"""Radioactive decay: activity over time, a two-member chain, the net administered activity."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import exprel

from dosimetry.quantities import quantities

LN2 = float(np.log(2.0))


@quantities(half_life="h", returns="1/h")
def constant(half_life: Any) -> Any:
    """Return the decay constant ln 2 / half-life.

    Parameters
    ----------
    half_life : quantity [time], any shape

    Returns
    -------
    quantity [1/h], same shape

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> print(f"{constant.kernel(159.528):.6g}")
    0.00434499
    """
    return LN2 / half_life


@quantities(activity="MBq", elapsed="h", half_life="h", returns="MBq")
def decay(activity: Any, elapsed: Any, half_life: Any) -> Any:
    """Return the activity after a time of purely physical decay: A0 exp(-ln 2 t / T).

    Parameters
    ----------
    activity : quantity [activity], any shape
    elapsed : quantity [time], broadcast against it
        Negative for an earlier time.
    half_life : quantity [time]

    Returns
    -------
    quantity [MBq]

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> print(decay.kernel(7400.0, 159.528, 159.528))
    3700.0
    """
    return activity * np.exp2(-np.asarray(elapsed) / half_life)


@quantities(activity="MBq", later="MBq", half_life="h", returns="h")
def time_to(activity: Any, later: Any, half_life: Any) -> Any:
    """Return the time in which an activity decays to a later one: T log2(A0 / A).

    Parameters
    ----------
    activity, later : quantity [activity], any shape, positive
    half_life : quantity [time]

    Returns
    -------
    quantity [h]
        Negative where ``later`` is the larger one.

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> print(time_to.kernel(7400.0, 3700.0, 159.528))
    159.528
    """
    return half_life * np.log2(np.asarray(activity) / later)


@quantities(activity="MBq", half_life="h", returns="MBq*h")
def time_integral(activity: Any, half_life: Any) -> Any:
    """Return the decays of an activity to infinity by physical decay alone: A0 T / ln 2.

    Parameters
    ----------
    activity : quantity [activity], any shape
    half_life : quantity [time]

    Returns
    -------
    quantity [MBq h]
        1 MBq h is 3.6e9 decays.

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> print(f"{time_integral.kernel(1.0, 159.528):.3f}")
    230.150
    """
    return activity * half_life / LN2


@quantities(
    parent="MBq",
    daughter="MBq",
    elapsed="h",
    parent_half_life="h",
    daughter_half_life="h",
    returns="MBq",
)
def daughter_activity(
    parent: Any,
    daughter: Any,
    elapsed: Any,
    parent_half_life: Any,
    daughter_half_life: Any,
    branching_fraction: float,
) -> Any:
    """Return the activity of a daughter nuclide beside its parent (Bateman 1910, two members).

    A_d(t) = A_d(0) exp(-l_d t) + f A_p(0) l_d [exp(-l_p t) - exp(-l_d t)] / (l_d - l_p), with
    its limit where the two decay constants are equal; used for 177Lu beside its contaminant 177mLu.

    Parameters
    ----------
    parent, daughter : quantity [activity], any shape
        Activities at time zero.
    elapsed : quantity [time], not negative
    parent_half_life, daughter_half_life : quantity [time]
    branching_fraction : float
        Fraction of the parent's decays that give the daughter.

    Returns
    -------
    quantity [MBq]

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> print(f"{daughter_activity.kernel(1.48, 7400.0, 720.0, 3849.6, 159.528, 0.217):.3f}")
    324.312
    """
    time = np.asarray(elapsed)
    parent_rate, daughter_rate = LN2 / parent_half_life, LN2 / daughter_half_life
    # (exp(-a t) - exp(-b t)) / (b - a), from the slower of both so that nothing overflows
    slower, gap = np.minimum(daughter_rate, parent_rate), np.abs(daughter_rate - parent_rate)
    growth = daughter_rate * time * np.exp(-slower * time) * exprel(-gap * time)
    return daughter * np.exp(-daughter_rate * time) + branching_fraction * parent * growth


@quantities(
    prepared="MBq",
    prepared_before="h",
    residual="MBq",
    residual_after="h",
    half_life="h",
    returns="MBq",
)
def net_administered(
    prepared: Any, prepared_before: Any, residual: Any, residual_after: Any, half_life: Any
) -> Any:
    """Return the prepared minus the residual activity, each decayed to the time of injection.

    Parameters
    ----------
    prepared : quantity [activity]
        Activity in the vial at the time of its measurement.
    prepared_before : quantity [time]
        Time from that measurement to the injection; negative if stated for a later time.
    residual : quantity [activity]
        Activity left in vial and lines at the time of its measurement.
    residual_after : quantity [time]
        Time from the injection to that measurement.
    half_life : quantity [time]

    Returns
    -------
    quantity [MBq]

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> print(net_administered.kernel(7400.0, 0.0, 100.0, 0.0, 159.528))
    7300.0
    """
    at_injection = decay.kernel(prepared, prepared_before, half_life)
    return at_injection - decay.kernel(residual, -np.asarray(residual_after), half_life)
