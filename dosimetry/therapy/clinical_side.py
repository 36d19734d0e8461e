"""The clinical side of a plan, put together: laboratory values, renal function, context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dosimetry import agents, clinical, tables
from dosimetry.clinical import OTHER
from dosimetry.problems import Problem
from dosimetry.quantities import Amount
from dosimetry.therapy.clinical_plan import (
    PlanAdverseEvent,
    PlanLab,
    PlanLabel,
    PlanRate,
    PlanRenal,
)
from dosimetry.therapy.label_course import Slot, label_answer, label_warnings, slots, so_far
from dosimetry.therapy.label_state import LabelCourse
from dosimetry.therapy.observations import CREATININE, Observations, egfr, observations
from dosimetry.therapy.regimen import Programme
from dosimetry.therapy.resolution import ways
from dosimetry.therapy.sections import Course


@dataclass(frozen=True)
class ClinicalCourse:
    """What was seen of a patient, and what the label says of the cycles to come.

    Attributes
    ----------
    seen : Observations
    slots : tuple of Slot
        The cycles to come.
    label : LabelCourse or None
        None where the label is not that of the agent.
    assumptions : tuple of str
    """

    seen: Observations
    slots: tuple[Slot, ...]
    label: LabelCourse | None
    assumptions: tuple[str, ...]

    def answer(self, to_come: int) -> PlanLabel | None:
        """Return what the label says of the first of so many cycles to come."""
        if self.label is None:
            return None
        return label_answer(self.label, self.seen, self.slots[:to_come])

    def warnings(self, answer: PlanLabel | None, to_come: int) -> list[Problem]:
        """Return what was given or is planned beyond the label, and what could not be checked."""
        if self.label is None or answer is None:
            return []
        return label_warnings(self.label, answer, self.slots[:to_come])


def clinical_course(
    course: Course,
    programme: Programme,
    given: Sequence[float],
    last_number: int,
    left_out: Sequence[int],
) -> ClinicalCourse:
    """Return the clinical side of a course.

    Parameters
    ----------
    course : Course
    programme : Programme
    given : sequence of float
        Net activity of each delivered cycle in GBq.
    last_number : int
        Of the cycles to come.
    left_out : sequence of int
        Numbers of cycles that are not given on request.
    """
    seen = observations(course)
    assumptions = tuple(clinical_assumptions(course, seen))
    if programme.activity is None:
        return ClinicalCourse(seen, (), None, assumptions)
    ruled = agents.has_label(programme.agent)
    label = so_far(course, seen, given) if ruled else None
    to_come = tuple(slots(course, label, seen, last_number, programme.interval, left_out))
    if label is None:
        words = f"dose-modification rules: none are at hand for {programme.agent}, none is applied"
        return ClinicalCourse(seen, to_come, None, (*assumptions, words))
    rules = (f"dose-modification rules: {one}" for one in map(str, clinical.label_documents()))
    assumptions = (*assumptions, *rules, *_nothing_else(label), *_resolution(label))
    return ClinicalCourse(seen, to_come, label, assumptions)


def _nothing_else(label: LabelCourse) -> list[str]:
    """Say that no other toxicity is taken to have occurred where none was entered."""
    if not label.doses or any(name.startswith(f"{OTHER}: ") for name in label.known):
        return []
    since = f"none is entered under adverse_events since cycle {label.doses}"
    return [f"no other toxicity of grade 3 or 4 has occurred: {since}"]


def _resolution(label: LabelCourse) -> list[str]:
    """Return what is taken as the resolution of a toxicity that is not a grade."""
    tolerance = f"{tables.default('return_to_baseline', '1'):.0%}".replace("%", " %")
    return [
        f"{one.rule.title} counts as resolved once the value is back at its baseline, at most "
        f"{tolerance} on the bad side of it, or normal (table label_resolution; the label: "
        "complete resolution or return to baseline)"
        for one in label.toxicities.values()
        if ways(one.rule.name)
    ]


def labs_of(seen: Observations) -> tuple[PlanLab, ...]:
    """Return every laboratory value with its grade and its change."""
    return tuple(
        PlanLab(
            at=one.at.isoformat(),
            analyte=found.quantity,
            value=found.written,
            grade=found.grade.grade if found.grade else None,
            term=found.grade.term if found.grade else None,
            change=found.change,
            baseline=seen.baseline.get(found.quantity) is found,
        )
        for one in seen.all
        for found in one.findings.values()
        if found.quantity in clinical.analytes() and found.written is not None
    )


def adverse_events_of(seen: Observations) -> tuple[PlanAdverseEvent, ...]:
    """Return every adverse event with its grade."""
    return tuple(
        PlanAdverseEvent(
            found.at.isoformat(), found.grade.term, found.grade.grade, found.ends_treatment
        )
        for one in seen.all
        for name, found in one.findings.items()
        if name.startswith(f"{OTHER}: ") and found.grade is not None
    )


def renal_of(course: Course, seen: Observations) -> tuple[PlanRenal, ...]:
    """Return the renal function of every date with a creatinine."""
    rows = []
    for one in seen.all:
        creatinine = one.findings.get(CREATININE)
        if creatinine is None or creatinine.value is None:
            continue
        clearance = one.findings.get(clinical.CLEARANCE)
        rate = egfr(creatinine.value, course.person)
        rows.append(
            PlanRenal(
                at=one.at.isoformat(),
                creatinine_clearance=clearance.written if clearance else None,
                egfr=None if rate is None else Amount(rate, "mL/min"),
                change=clearance.change if clearance else None,
            )
        )
    return tuple(rows)


def context_of(agent: str) -> tuple[PlanRate, ...]:
    """Return how often laboratory values became abnormal in the trial of an agent."""
    return tuple(
        PlanRate(
            row["arm"],
            f"{row['analyte']} decreased, {row['grades']}",
            float(row["value"]),
            row["unit"],
            None,
            row["source"],
        )
        for row in tables.table("laboratory_abnormalities_netter1").rows
        if row["arm"] == agent
    )


def _from_table(course: Course, name: str) -> bool:
    """Tell whether a limit of a reference range is that of the table."""
    own = course.reference_ranges.get(name)
    table = clinical.reference_range(name, course.person.sex)
    return own is None or any(
        mine is None and its is not None
        for mine, its in ((own.lower, table.lower), (own.upper, table.upper))
    )


def clinical_assumptions(course: Course, seen: Observations) -> list[str]:
    """Return what was taken for granted in reading the laboratory values."""
    measured = {name for one in seen.all for name in one.findings}
    tabled = [
        name
        for name in clinical.analytes()
        if name in measured and clinical.grade_rows(name) and _from_table(course, name)
    ]
    found = []
    if tabled:
        found.append(
            f"reference ranges of {', '.join(tabled)}: table laboratory_reference_ranges "
            f"(adult {course.person.sex}), where the patient file gives none"
        )
    if clinical.CLEARANCE in measured:
        found.append("creatinine clearance: Cockcroft-Gault with the one age and weight given")
    if any(not name.startswith(OTHER) for name in measured):
        found.append("a laboratory value without time of day, on the day of a dose: before it")
    return found
