"""Checking a patient file without a plan to show: all that is wrong, and all that is doubtful."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dosimetry.problems import InputError, Problem
from dosimetry.therapy.patient_file import read_patient
from dosimetry.therapy.plan import to_json
from dosimetry.therapy.scheduler import plan

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
    """Read a patient file and plan from it, for all that is wrong or doubtful; never raises."""
    try:
        patient = read_patient(path)
    except InputError as error:
        return CheckReport(CHECK_SCHEMA, False, error.problems, ())
    try:
        made = plan(patient)
    except InputError as error:
        return CheckReport(CHECK_SCHEMA, False, error.problems, ())
    return CheckReport(CHECK_SCHEMA, True, (), made.warnings)
