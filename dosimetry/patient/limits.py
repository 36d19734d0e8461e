"""Limits that apply to a patient: of the tables, and the patient's own."""

from __future__ import annotations

from dosimetry.patient.schema import OwnLimit, PatientFile
from dosimetry.problems import Problem
from dosimetry.reference import limits as limits_figures
from dosimetry.reference.limits import Limit


def patient_limits(patient: PatientFile) -> tuple[list[Limit], list[Problem]]:
    """Return the limits of a patient, and warnings where one does not fit.

    A name that stands for several limits (``kidneys-bed``) picks the one whose condition holds.
    """
    at_risk = bool(patient.person.kidney_risk_factors)
    holds = {
        "always": True,
        "on_request": True,
        "kidney_risk_factor": at_risk,
        "no_kidney_risk_factor": not at_risk,
    }
    wanted = patient.therapy.limits
    if wanted is None:
        wanted = list(
            dict.fromkeys(
                row["stands_for"] for row in limits_figures.limit_rows() if row["default"] == "yes"
            )
        )
    limits: list[Limit] = []
    warnings: list[Problem] = []
    if not wanted:
        warnings.append(
            Problem(
                "no-limits",
                "the list of limits is empty, so no limit is checked",
                "remove the list to use the default limits",
                "therapy.limits",
            )
        )
    for i, item in enumerate(wanted):
        if isinstance(item, OwnLimit):
            limits.append(
                Limit(item.id, item.region, item.quantity, item.limit.value, "own", item.source)
            )
            continue
        for row in limits_figures.limit_rows():
            fits = holds[row["applies_when"]]
            if row["id"] == item or (row["stands_for"] == item and fits):
                limits.append(limits_figures.limit(row))
                if not fits:
                    warnings.append(
                        Problem(
                            "limit-of-another-condition",
                            f"limit {item} applies to another condition: {row['condition']}",
                            f"write {row['stands_for']}, which chooses the limit by the condition",
                            f"therapy.limits[{i}]",
                        )
                    )
    return limits, warnings
