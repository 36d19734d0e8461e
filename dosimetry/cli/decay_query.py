"""Decay of an activity in words, for ``dosimetry decay``."""

from __future__ import annotations

import numpy as np

from dosimetry.physics import decay as physics
from dosimetry.problems import InputError, quote, refuse
from dosimetry.reference import nuclides
from dosimetry.units import HOURS_PER_DAY, conversion, parse_quantity, split_quantity

LEAST, MOST = 1e-15, 1e15  # MBq or h; outside, an exponent is wrong


def describe_decay(activity: str, after: str | None, to: str | None, nuclide: str) -> str:
    """Return in words what an activity decays to, or how long it takes to another activity.

    Parameters
    ----------
    activity : str
    after, to : str or None
        Exactly one of the two: a time, negative for an earlier activity; or an activity, higher
        than ``activity`` for an earlier time.
    nuclide : str

    Raises
    ------
    InputError
        Wrong units, both or neither of ``after`` and ``to``, numbers out of range.

    Examples
    --------
    >>> describe_decay("7.4 GBq", "6.647 d", None, "Lu-177")
    '7.4 GBq of Lu-177 after 6.647 d: 3.7 GBq'
    >>> describe_decay("7.4 GBq", "-2.5 h", None, "Lu-177")
    '7.4 GBq of Lu-177 2.5 h earlier: 7.48082 GBq'
    """
    half_life = nuclides.half_life(nuclide)
    start = _positive(activity, "MBq", "ACTIVITY")
    if (after is None) == (to is None):
        raise refuse(
            "usage", "give either --after TIME or --to ACTIVITY", 'as in --after "3 d"', "decay"
        )
    if after is not None:
        return _after(activity, start, after, half_life, nuclide)
    end = _positive(to or "", "MBq", "--to")
    hours = float(physics.time_to.kernel(start, end, half_life))
    begin, reached = f"{activity.strip()} of {nuclide}", (to or "").strip()
    if hours < 0:
        return f"{begin} was {reached} {-hours:.6g} h ({-hours / HOURS_PER_DAY:.6g} d) earlier"
    return f"{begin} decays to {reached} in {hours:.6g} h ({hours / HOURS_PER_DAY:.6g} d)"


def _after(activity: str, start: float, after: str, half_life: float, nuclide: str) -> str:
    """Return in words an activity after a time, or before it where the time is negative."""
    elapsed = _within(after, "h", "--after")
    with np.errstate(over="ignore"):  # refused below
        left = float(physics.decay.kernel(start, elapsed, half_life))
    if left > MOST:
        raise refuse(
            "out-of-range",
            f"the activity at {quote(after)} exceeds {MOST:g} MBq",
            "check the time and its unit",
            "--after",
        )
    _, unit = split_quantity(activity) or ("", "MBq")
    shown = f"{left * conversion('MBq', unit):.6g} {unit}"
    when = f"after {after.strip()}"
    if elapsed < 0:
        when = f"{after.strip().removeprefix('-').strip()} earlier"
    return f"{activity.strip()} of {nuclide} {when}: {shown}"


def _positive(text: str, unit: str, place: str) -> float:
    value = _within(text, unit, place)
    if value <= 0:
        raise refuse("not-positive", f"'{text}' is not positive", "give a value above zero", place)
    return value


def _within(text: str, unit: str, place: str) -> float:
    """Read a quantity of either sign, or zero."""
    try:
        value = parse_quantity(text, unit)
    except InputError as error:
        raise error.at(place) from None
    if value and not LEAST <= abs(value) <= MOST:
        raise refuse(
            "out-of-range",
            f"{quote(text)} is outside {LEAST:g} to {MOST:g} {unit}",
            "check the exponent",
            place,
        )
    return value
