"""Release of planned cycles: whether the label allows them by the known values."""

from __future__ import annotations

from typing import Literal

from dosimetry.documents.clinic import PlanLabel

Release = Literal["released", "unchecked", "later", "beyond-the-label", "no-rules"]
CONDITIONS: dict[Release, str] = {
    "released": "",
    "unchecked": "only after the missing values are checked",
    "later": "only after the values before it are checked",
    "beyond-the-label": "not covered by the label's rules",
    "no-rules": "not checked by dose-modification rules",
}


def release(label: PlanLabel | None, number: int) -> Release:
    """Return whether the label releases a planned cycle, or why it does not.

    Parameters
    ----------
    label : PlanLabel or None
        Its answer on the next dose; None without dose-modification rules.
    number : int
        Number of the cycle.

    Returns
    -------
    str
        ``released`` (the next dose, all values checked), ``unchecked`` (the next dose, values
        missing), ``later`` (a cycle after the next one, whose values do not exist yet),
        ``beyond-the-label`` or ``no-rules``.
    """
    if label is None:
        return "no-rules"
    if label.next_cycle is None:
        return "beyond-the-label"
    if number > label.next_cycle:
        return "later"
    return "unchecked" if label.answer == "unchecked" else "released"
