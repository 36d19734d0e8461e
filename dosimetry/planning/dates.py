"""The calendar of a patient's plan."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dosimetry.documents.clinic import PlanEvent
from dosimetry.patient.patient import Patient
from dosimetry.planning.course_plan import plan


def calendar(
    patient: Patient | str | os.PathLike[str] | Mapping[str, Any],
    strategy: str = "fixed",
    risk: float = 0.05,
    **options: Any,
) -> tuple[PlanEvent, ...]:
    """Return the dates of doses, companion medication, laboratory controls and scans.

    Parameters
    ----------
    patient : Patient, path or mapping
        As :func:`dosimetry.plan` takes it.
    strategy, risk, **options
        As :func:`dosimetry.plan` takes them.

    Returns
    -------
    tuple of PlanEvent
        In order of time, as in :attr:`Plan.calendar`; empty where the course has no date.

    Raises
    ------
    InputError
        As :func:`dosimetry.plan` does.

    Examples
    --------
    >>> events = calendar("examples/two_cycles.yaml")
    >>> [event.at for event in events if event.kind == "dose"]
    ['2026-01-12T09:30:00+01:00', '2026-03-09T09:10:00+01:00', '2026-05-04', '2026-06-29']
    """
    return plan(patient, strategy, risk, **options).calendar
