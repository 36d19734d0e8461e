"""Checking a patient file without a plan to show: all that is wrong, and all that is doubtful."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dosimetry.problems import InputError, Problem
from dosimetry.therapy.patient import Patient
from dosimetry.therapy.patient_file import patient_of
from dosimetry.therapy.plan import to_json
from dosimetry.therapy.scheduler import plan

CHECK_SCHEMA = "dosimetry/check/1"


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    Attributes
    ----------
    schema : str
        ``dosimetry/check/1``.
    ok : bool
        Whether a plan can be made.
    problems : tuple of Problem
        Each makes the file unusable.
    warnings : tuple of Problem
        What is doubtful.
    """

    schema: str
    ok: bool
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    def to_json(self) -> str:
        """Return the report as JSON."""
        return to_json(self)


def check(patient: Patient | str | os.PathLike[str] | Mapping[str, Any]) -> CheckReport:
    """Read a patient and plan from it, for all that is wrong or doubtful.

    Parameters
    ----------
    patient : Patient, path or mapping
        As :func:`dosimetry.plan` takes it. What is wrong with it is in the report, not raised.

    Returns
    -------
    CheckReport

    Examples
    --------
    >>> report = check({"patient": {"id": "EX-1"}, "therapy": {"regimen": "netter-1"}})
    >>> report.ok, [(problem.code, problem.place) for problem in report.problems]
    (False, [('missing', 'patient.sex')])
    """
    try:
        made = plan(patient_of(patient))
    except InputError as error:
        return CheckReport(CHECK_SCHEMA, False, error.problems, ())
    return CheckReport(CHECK_SCHEMA, True, (), made.warnings)
