"""Checking a patient file without planning: all that is wrong, and all that is doubtful."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dosimetry.problems import InputError, Problem
from dosimetry.therapy.cycle_dose import delivered_doses
from dosimetry.therapy.patient_file import read_patient
from dosimetry.therapy.plan import to_json

CHECK_SCHEMA = "dosimetry/check/1"


@dataclass(frozen=True)
class CheckReport:
    """What a check found: problems make the file unusable, warnings do not."""

    schema: str
    ok: bool
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    def to_json(self) -> str:
        """Return the report as JSON."""
        return to_json(self)


def check_file(path: str | Path) -> CheckReport:
    """Read a patient file and fit its curves; never raises for bad input."""
    try:
        patient = read_patient(path)
    except InputError as error:
        return CheckReport(CHECK_SCHEMA, False, error.problems, ())
    try:
        delivered = delivered_doses(patient, patient.source)
    except InputError as error:
        return CheckReport(CHECK_SCHEMA, False, error.problems, ())
    warnings = tuple(warning for cycle in delivered for warning in cycle.warnings)
    return CheckReport(CHECK_SCHEMA, True, (), warnings)
