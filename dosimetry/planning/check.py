"""Check of a patient file: its errors and its warnings, without showing a plan."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dosimetry.documents.write import to_json
from dosimetry.patient.patient import Patient
from dosimetry.patient.read import patient_of
from dosimetry.planning.course_plan import plan
from dosimetry.problems import InputError, Problem

CHECK_SCHEMA = "dosimetry/check/1"


@dataclass(frozen=True)
class CheckReport:
    """Errors and warnings of a patient file.

    Attributes
    ----------
    schema : str
        ``dosimetry/check/1``.
    ok : bool
        Whether a plan can be made.
    problems : tuple of Problem
        Errors; with any of them no plan can be made.
    warnings : tuple of Problem
        Doubtful entries, which do not prevent a plan.
    """

    schema: str
    ok: bool
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    def to_json(self) -> str:
        """Return the report as JSON."""
        return to_json(self)


def check(patient: Patient | str | os.PathLike[str] | Mapping[str, Any]) -> CheckReport:
    """Return the errors and warnings of a patient, found by reading and planning.

    Parameters
    ----------
    patient : Patient, path or mapping
        As :func:`dosimetry.plan` takes it. Its errors are in the report, not raised.

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
