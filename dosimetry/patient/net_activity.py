"""Net administered activity: prepared activity less the residual, each decayed to the injection."""

from __future__ import annotations

import datetime as dt

from dosimetry.patient.schema import Cycle
from dosimetry.patient.values import Moment
from dosimetry.physics.decay import net_administered
from dosimetry.problems import refuse
from dosimetry.quantities import Amount
from dosimetry.reference import tables
from dosimetry.units import HOURS_PER_DAY, SECONDS_PER_HOUR


def activity(cycle: Cycle, half_life: float) -> float:
    """Return the net administered activity of a cycle in MBq.

    Raises
    ------
    InputError
        An impossible time of preparation or of the residual, or no activity left.
    """
    administered = cycle.administered
    if isinstance(administered, Amount):
        return administered.value
    before = _hours("prepared_at", administered.prepared_at, cycle.at, before=True)
    after = _hours("residual_at", administered.residual_at, cycle.at, before=False)
    if administered.residual_at is not None and administered.residual is None:
        raise refuse("missing", "residual_at is given without residual", "add residual", "residual")
    residual = administered.residual.value if administered.residual else 0.0
    net = float(
        net_administered.kernel(administered.prepared.value, before, residual, after, half_life)
    )
    if net <= 0:
        raise refuse(
            "nothing-administered",
            "the residual is not smaller than the activity prepared",
            "check both activities and their times",
            "residual",
        )
    return net


def assumptions(cycle: Cycle, number: int) -> list[str]:
    """Return the assumptions on activities without a time, or given after the injection."""
    administered = cycle.administered
    if isinstance(administered, Amount):
        return []
    later = -_hours("prepared_at", administered.prepared_at, cycle.at, before=True)
    moments = {"prepared": administered.prepared_at}
    if administered.residual is not None:
        moments["residual"] = administered.residual_at
    sentences = [
        f"cycle {number}: the {name} activity has no time; its value is used at the injection"
        for name, at in moments.items()
        if at is None
    ]
    if later > 0:
        sentences.append(
            f"cycle {number}: the prepared activity is given {later:.4g} h after the injection; it "
            "is decay-corrected to the injection"
        )
    return sentences


def _hours(name: str, moment: Moment | None, at: Moment, *, before: bool) -> float:
    """Return the hours from a measurement of activity to the injection, or from it.

    The time of a prepared activity may be after the injection (negative hours): the reference time
    on the label of a vial.
    """
    if moment is None:
        return 0.0
    if not (isinstance(moment, dt.datetime) and isinstance(at, dt.datetime)):
        raise refuse(
            "no-time-of-day",
            "decay to the injection requires a time of day here and in the cycle's 'at'",
            "write both as in 2026-01-12T09:30:00+01:00",
            name,
        )
    if (moment.tzinfo is None) != (at.tzinfo is None):
        raise refuse(
            "no-time-zone",
            "only one of this time and the cycle's 'at' has a time zone",
            "write both with their offset, as in 2026-01-12T09:30:00+01:00",
            name,
        )
    hours = (at - moment if before else moment - at).total_seconds() / SECONDS_PER_HOUR
    longest = tables.default("longest_gap", "h")
    if abs(hours) > longest:
        raise refuse(
            "times-too-far-apart",
            f"{moment.isoformat()} is {abs(hours) / HOURS_PER_DAY:.3g} days from the injection, "
            f"{at.isoformat()}",
            f"check the dates: at most {longest / HOURS_PER_DAY:g} days",
            name,
        )
    if hours < 0 and not before:
        raise refuse(
            "dates-out-of-order",
            f"{moment.isoformat()} is before the injection, {at.isoformat()}",
            "a residual is measured after the injection; check the times",
            name,
        )
    return hours
