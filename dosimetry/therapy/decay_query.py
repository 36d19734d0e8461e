"""Decay asked in text and answered in text, for ``dosimetry decay``."""

from __future__ import annotations

from dosimetry import reference
from dosimetry.physics import decay as physics
from dosimetry.problems import InputError, quote, refuse
from dosimetry.units import conversion, parse_quantity, unit_of

LEAST, MOST = 1e-15, 1e15  # MBq or h: nothing outside can be meant


def describe_decay(activity: str, after: str | None, to: str | None, nuclide: str) -> str:
    """Say what an activity decays to, or how long it takes.

    Parameters
    ----------
    activity : str
    after, to : str or None
        Exactly one: a time, or the activity to wait for.
    nuclide : str

    Raises
    ------
    InputError
        Wrong units, both or neither of ``after`` and ``to``, an activity that is never reached.

    Examples
    --------
    >>> describe_decay("7.4 GBq", "6.647 d", None, "Lu-177")
    '7.4 GBq of Lu-177 after 6.647 d: 3.7 GBq'
    """
    half_life = reference.half_life(nuclide)
    start = _positive(activity, "MBq", "ACTIVITY")
    if (after is None) == (to is None):
        raise refuse(
            "usage", "give either --after TIME or --to ACTIVITY", 'as in --after "3 d"', "decay"
        )
    if after is not None:
        elapsed = _positive(after, "h", "--after")
        left = float(physics.decay.kernel(start, elapsed, half_life))
        unit = unit_of(activity)
        shown = left * conversion("MBq", unit)
        return f"{activity.strip()} of {nuclide} after {after.strip()}: {shown:.6g} {unit}"
    end = _positive(to or "", "MBq", "--to")
    if end > start:
        raise refuse("never-reached", f"{to} is more than {activity}", "decay only lowers", "--to")
    hours = float(physics.time_to.kernel(start, end, half_life))
    return (
        f"{activity.strip()} of {nuclide} decays to {(to or '').strip()} in {hours:.6g} h "
        f"({hours / 24:.6g} d)"
    )


def _positive(text: str, unit: str, place: str) -> float:
    try:
        value = parse_quantity(text, unit)
    except InputError as error:
        raise error.at(place) from None
    if value <= 0:
        raise refuse("not-positive", f"'{text}' is not positive", "give a value above zero", place)
    if not LEAST <= value <= MOST:
        raise refuse(
            "out-of-range",
            f"{quote(text)} is outside {LEAST:g} to {MOST:g} {unit}",
            "check the exponent",
            place,
        )
    return value
