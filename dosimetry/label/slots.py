"""The cycles to come: their dates, moved to the latest values, and what the label allows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dosimetry.documents.plan import Status
from dosimetry.label.findings import Observations
from dosimetry.label.state import LabelRecord
from dosimetry.label.transitions import give
from dosimetry.patient.schema import PatientFile
from dosimetry.patient.times import day, local
from dosimetry.reference import label as label_figures
from dosimetry.units import HOURS_PER_WEEK

ANCHOR = dt.date(2000, 1, 1)  # used where the course has no date; only intervals matter then


@dataclass(frozen=True)
class Slot:
    """One cycle to come: its date, and the largest activity that the label allows.

    Attributes
    ----------
    number : int
    at : date or None
    status : str
        ``planned``, ``withheld`` or ``stopped``.
    most : float
        Largest activity in GBq; infinite where no dose-modification rule reduces it. A regimen or
        request above the label's activity gets a warning and is not reduced.
    reason : str or None
        Why the cycle differs from the regimen.
    by : str
        ``label`` or ``request`` where one of them decided, else empty.
    """

    number: int
    at: dt.date | None
    status: Status
    most: float
    reason: str | None
    by: str = ""


def slots(
    patient: PatientFile,
    label: LabelRecord | None,
    seen: Observations,
    last_number: int,
    interval: float,
    left_out: Sequence[int],
) -> list[Slot]:
    """Return the cycles to come, each with its date and what the label allows.

    Parameters
    ----------
    patient : PatientFile
    label : LabelRecord or None
        Record of the course so far; None where no label applies.
    seen : Observations
        No cycle to come is earlier than the last of them.
    last_number : int
        Number of the last cycle of the course.
    interval : float
        In h, a whole number of days.
    left_out : sequence of int
        Numbers of cycles left out on request.
    """
    done = len(patient.cycles)
    start = day(local(patient, patient.cycles[-1].at)) if patient.cycles else patient.therapy.start
    date, step = start or ANCHOR, dt.timedelta(hours=interval)
    if patient.cycles:
        date += step
    evidence = max((day(dated.at) for dated in seen.all), default=None) if start else None
    to_come: list[Slot] = []
    waits_for: int | None = None
    for number in range(done + 1, last_number + 1):
        moved = None
        open_to_dose = number not in left_out and (label is None or label.allowed() > 0)
        if evidence is not None and date < evidence and open_to_dose:
            moved = f"moved from {date} to {evidence}, the day of the latest values"
            date, evidence = evidence, None
        shown = date if start else None
        if number in left_out:
            words = f"cycle {number} left out on request"
            to_come.append(Slot(number, shown, "withheld", 0.0, words, "request"))
        else:
            slot, label = _slot(number, date, label, bool(start), waits_for)
            waits_for = waits_for or (number if slot.status == "withheld" else None)
            reason = "; ".join(filter(None, (slot.reason, moved))) or None
            to_come.append(replace(slot, at=shown, reason=reason))
        if number < last_number:
            date += step
    return to_come


def _slot(
    number: int, date: dt.date, label: LabelRecord | None, dated: bool, waits_for: int | None
) -> tuple[Slot, LabelRecord | None]:
    """Return one cycle to come, and the record after it if there are no further findings."""
    if label is None:
        return Slot(number, date, "planned", float("inf"), None), None
    if waits_for is not None:
        return Slot(
            number, date, "withheld", 0.0, f"not before cycle {waits_for} has been given", "label"
        ), label
    latest = label.latest()
    if label.stopped is None and latest is not None and date > latest:
        label = _stop_for_interval(label, date, latest, dated)
    if label.stopped is not None:
        return Slot(number, date, "stopped", 0.0, f"label: {label.stopped}", "label"), label
    if label.state in ("withheld", "not-eligible"):
        return Slot(number, date, "withheld", 0.0, f"label: {_until(label)}", "label"), label
    allowed, why = label.allowed(), _why_reduced(label)
    reduced = allowed < label_figures.full_activity()
    most, by = (allowed, "label") if reduced else (float("inf"), "")
    reason = f"label: {why}" if why else None
    return Slot(number, date, "planned", most, reason, by), give(label, date, allowed)


def _stop_for_interval(
    label: LabelRecord, date: dt.date, latest: dt.date, dated: bool
) -> LabelRecord:
    weeks = (date - day(label.last_dose or date)).days / 7
    longest = label_figures.longest_interval() / HOURS_PER_WEEK
    when = f" (until {latest})" if dated else ""
    words = (
        f"a dose {weeks:.3g} weeks after the last one exceeds the longest interval of "
        f"{longest:g} weeks{when}"
    )
    return replace(label, stopped=words)


def _until(label: LabelRecord) -> str:
    """Return why the next dose is withheld, until what, and until when at the latest."""
    because = "; ".join(label.because()).replace("?; ", "? ")
    until = "not eligible until" if label.state == "not-eligible" else "withheld until"
    joined = f"{because} {until.capitalize()}" if because.endswith("?") else f"{because}; {until}"
    latest = label.latest()
    words = f"{joined} {' and '.join(label.needs())}"
    return f"{words}, no later than {latest}" if latest else words


def _why_reduced(label: LabelRecord) -> str | None:
    """Return why the next dose is reduced, or the condition for a full dose."""
    titles: dict[str, list[str]] = {}
    for toxicity in label.toxicities.values():
        titles.setdefault(toxicity.phase, []).append(toxicity.rule.title)
    if "resolved" in titles:
        names = " and ".join(titles["resolved"])
        return f"at most {label.allowed():.4g} GBq because {names} has resolved"
    if "reduced-given" in titles:
        names = " and ".join(titles["reduced-given"])
        return f"full dose if {names} does not recur after cycle {label.doses}"
    return None
