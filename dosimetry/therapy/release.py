"""Whether a planned cycle may be given by what is known: a planned dose is not a released one."""

from __future__ import annotations

from typing import Literal

from dosimetry.therapy.clinical_plan import PlanLabel

Release = Literal["released", "unchecked", "later", "beyond-the-label", "no-rules"]
CONDITIONS: dict[Release, str] = {
    "released": "",
    "unchecked": " only if the missing values are checked",
    "later": " only if the values before it are checked",
    "beyond-the-label": ", not covered by the label's rules",
    "no-rules": ", not checked by dose-modification rules",
}


def release(label: PlanLabel | None, number: int) -> Release:
    """Return how far the label releases a planned cycle.

    Parameters
    ----------
    label : PlanLabel or None
        What it says of the next dose; None where no label's rules are at hand.
    number : int
        Of the cycle.

    Returns
    -------
    str
        ``released`` (the next dose, with all checked), ``unchecked`` (the next dose, values are
        missing), ``later`` (a cycle after the next one: its values are not there yet),
        ``beyond-the-label`` or ``no-rules``.
    """
    if label is None:
        return "no-rules"
    if label.next_cycle is None:
        return "beyond-the-label"
    if number > label.next_cycle:
        return "later"
    return "unchecked" if label.answer == "unchecked" else "released"
