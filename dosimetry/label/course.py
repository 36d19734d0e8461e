"""The label over one patient's course so far."""

from __future__ import annotations

from collections.abc import Sequence

from dosimetry.documents.clinic import PlanLabel
from dosimetry.label.findings import Observations
from dosimetry.label.slots import Slot
from dosimetry.label.state import LabelRecord
from dosimetry.label.transitions import give, observe
from dosimetry.patient.schema import Course
from dosimetry.patient.times import DOSE, local, order
from dosimetry.problems import Problem
from dosimetry.reference import label as label_figures


def so_far(course: Course, seen: Observations, administered: Sequence[float]) -> LabelRecord:
    """Return the record after all findings and doses (net activities in GBq)."""
    doses = [local(course, cycle.at) for cycle in course.cycles]
    moments = [(key, 0, i) for i, (key, _) in enumerate(seen.timed)]
    moments += [(order(at, DOSE), 1, i) for i, at in enumerate(doses)]
    record = LabelRecord()
    for _, dose, i in sorted(moments):
        if dose:
            record = give(record, doses[i], administered[i])
        else:
            record = observe(record, seen.all[i], seen)
    return record


def label_warnings(label: LabelRecord, answer: PlanLabel, to_come: Sequence[Slot]) -> list[Problem]:
    """Return warnings of doses against the label, and of values that could not be checked."""
    warnings = list(label.warnings)
    most = label_figures.label_doses()
    planned = [slot.number for slot in to_come if slot.status == "planned"]
    beyond = [str(number) for number in (*range(1, label.doses + 1), *planned) if number > most]
    if beyond:
        exceed = (
            f"cycles {', '.join(beyond)} exceed" if beyond[1:] else f"cycle {beyond[0]} exceeds"
        )
        warnings.append(
            Problem(
                "beyond-the-label",
                f"{exceed} the {most} doses of the label",
                "treat them as retreatment; the dose-modification rules do not cover them",
                "therapy.regimen",
            )
        )
    if answer.questions:
        warnings.append(
            Problem(
                "ends-treatment-not-answered",
                f"{' '.join(answer.questions)} No dose is planned until the patient file answers",
                "add ends_treatment: yes or no to the adverse event",
                "adverse_events",
            )
        )
    if answer.unchecked:
        warnings.append(
            Problem(
                "label-not-checked",
                f"some dose-modification rules could not be checked before cycle "
                f"{answer.next_cycle} ({'; '.join(answer.unchecked)})",
                "add the values under labs",
                "labs",
            )
        )
    return warnings
