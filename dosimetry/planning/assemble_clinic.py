"""Assembly of the clinical side of a plan: laboratory values, renal function, published rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dosimetry.documents.clinic import PlanAdverseEvent, PlanLab, PlanLabel, PlanRate, PlanRenal
from dosimetry.label.answer import label_answer
from dosimetry.label.findings import CREATININE, Observations, egfr, observations
from dosimetry.label.resolution import ways
from dosimetry.label.slots import Slot, slots
from dosimetry.label.state import LabelRecord
from dosimetry.label.transitions import so_far
from dosimetry.label.warnings import label_warnings
from dosimetry.patient.schema import PatientFile
from dosimetry.planning.schedule import Programme
from dosimetry.problems import Problem, in_words
from dosimetry.quantities import Amount
from dosimetry.reference import agents, grades, laboratory, tables
from dosimetry.reference import label as label_figures
from dosimetry.reference.label import OTHER


@dataclass(frozen=True)
class ClinicalCourse:
    """Findings of a patient, and the state of the course under the label.

    Attributes
    ----------
    seen : Observations
    slots : tuple of Slot
        The cycles to come.
    label : LabelRecord or None
        None for an agent without dose-modification rules.
    assumptions : tuple of str
    """

    seen: Observations
    slots: tuple[Slot, ...]
    label: LabelRecord | None
    assumptions: tuple[str, ...]

    def answer(self, to_come: int) -> PlanLabel | None:
        """Return the label's answer on the next of ``to_come`` cycles."""
        if self.label is None:
            return None
        return label_answer(self.label, self.seen, self.slots[:to_come])

    def warnings(self, answer: PlanLabel | None, to_come: int) -> list[Problem]:
        """Return warnings of doses against the label, and of values that could not be checked."""
        if self.label is None or answer is None:
            return []
        return label_warnings(self.label, answer, self.slots[:to_come])


def clinical_course(
    patient: PatientFile,
    programme: Programme,
    administered: Sequence[float],
    last_number: int,
    left_out: Sequence[int],
) -> ClinicalCourse:
    """Return the clinical side of a course.

    Parameters
    ----------
    patient : PatientFile
    programme : Programme
    administered : sequence of float
        Net activity of each delivered cycle in GBq.
    last_number : int
        Number of the last cycle to come.
    left_out : sequence of int
        Numbers of cycles left out on request.
    """
    seen = observations(patient)
    assumptions = tuple(clinical_assumptions(patient, seen))
    if programme.activity is None:
        return ClinicalCourse(seen, (), None, assumptions)
    ruled = agents.has_label(programme.agent)
    label = so_far(patient, seen, administered) if ruled else None
    to_come = tuple(slots(patient, label, seen, last_number, programme.interval, left_out))
    if label is None:
        words = f"no dose-modification rules are available for {programme.agent}; none were applied"
        return ClinicalCourse(seen, to_come, None, (*assumptions, words))
    rules = (
        f"dose-modification rules of {document}" for document in label_figures.label_documents()
    )
    assumptions = (*assumptions, *rules, *_nothing_else(label), *_resolution(label))
    return ClinicalCourse(seen, to_come, label, assumptions)


def _nothing_else(label: LabelRecord) -> list[str]:
    """Return the assumption that no other toxicity occurred, where none was entered."""
    if not label.doses or any(name.startswith(f"{OTHER}: ") for name in label.known):
        return []
    since = f"since cycle {label.doses} (none entered under adverse_events)"
    return [f"no other toxicity of grade 3 or 4 {since}"]


def _resolution(label: LabelRecord) -> list[str]:
    """Return the assumed criterion of resolution of each toxicity that is not graded."""
    tolerance = f"{100 * tables.default('return_to_baseline', '1'):.0f} %"
    return [
        f"{toxicity.rule.title} has resolved when the value is normal or at most {tolerance} worse "
        'than its baseline (table label_resolution; label text "complete resolution or return to '
        'baseline")'
        for toxicity in label.toxicities.values()
        if ways(toxicity.rule.name)
    ]


def labs_of(seen: Observations) -> tuple[PlanLab, ...]:
    """Return every laboratory value with its grade and its change from the baseline."""
    return tuple(
        PlanLab(
            at=finding.at.isoformat(),
            analyte=finding.quantity,
            value=finding.written,
            grade=finding.grade.grade if finding.grade else None,
            term=finding.grade.term if finding.grade else None,
            change=finding.change,
            baseline=seen.baseline.get(finding.quantity) is finding,
        )
        for dated in seen.all
        for finding in dated.findings.values()
        if finding.quantity in laboratory.analytes() and finding.written is not None
    )


def adverse_events_of(seen: Observations) -> tuple[PlanAdverseEvent, ...]:
    """Return every adverse event with its grade."""
    return tuple(
        PlanAdverseEvent(
            event.at.isoformat(), event.grade.term, event.grade.grade, event.ends_treatment
        )
        for dated in seen.all
        for name, event in dated.findings.items()
        if name.startswith(f"{OTHER}: ") and event.grade is not None
    )


def renal_of(patient: PatientFile, seen: Observations) -> tuple[PlanRenal, ...]:
    """Return the renal function on every date with a creatinine value."""
    rows = []
    for dated in seen.all:
        creatinine = dated.findings.get(CREATININE)
        if creatinine is None or creatinine.value is None:
            continue
        clearance = dated.findings.get(laboratory.CLEARANCE)
        rate = egfr(creatinine.value, patient.person)
        rows.append(
            PlanRenal(
                at=dated.at.isoformat(),
                creatinine_clearance=clearance.written if clearance else None,
                egfr=None if rate is None else Amount(rate, "mL/min"),
                change=clearance.change if clearance else None,
            )
        )
    return tuple(rows)


def context_of(agent: str) -> tuple[PlanRate, ...]:
    """Return the published rates of laboratory abnormalities with an agent."""
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


def _from_table(patient: PatientFile, name: str) -> bool:
    """Return whether a limit of a reference range comes from the table."""
    own = patient.reference_ranges.get(name)
    table = laboratory.reference_range(name, patient.person.sex)
    return own is None or any(
        mine is None and its is not None
        for mine, its in ((own.lower, table.lower), (own.upper, table.upper))
    )


def _shown_only(measured: Sequence[str]) -> list[str]:
    """Return the assumptions on values that are shown and change no dose."""
    ruled = {
        name
        for kind in ("toxicity", "contraindication")
        for rule in label_figures.label_rules(kind)
        for name in rule.quantities()
    }
    graded = [name for name in measured if laboratory.analyte(name).only_as_event]
    bare = [name for name in measured if name not in ruled and not grades.grade_rows(name)]
    lines = []
    if graded:
        lines.append(
            f"{in_words(graded)}: shown with the CTCAE grade; grade 3 or 4 changes a dose only "
            "where it is entered under adverse_events"
        )
    if bare:
        lines.append(
            f"{in_words(bare)}: shown only; no dose-modification rule uses it, and it is not "
            "converted to a prothrombin ratio"
        )
    return lines


def clinical_assumptions(patient: PatientFile, seen: Observations) -> list[str]:
    """Return the assumptions made in reading the laboratory values."""
    measured = {name for dated in seen.all for name in dated.findings}
    tabled = [
        name
        for name in laboratory.analytes()
        if name in measured
        and grades.grade_rows(name)
        and _from_table(patient, name)
        and laboratory.reference_range(name, patient.person.sex).source
    ]
    lines = []
    if tabled:
        lines.append(
            f"reference limits not given: {in_words(tabled)} from table "
            f"laboratory_reference_ranges (adult {patient.person.sex})"
        )
    lines += _shown_only([name for name in laboratory.analytes() if name in measured])
    if laboratory.CLEARANCE in measured:
        lines.append(
            "creatinine clearance: Cockcroft-Gault, using the single age and weight in the "
            "patient file"
        )
    if any(not name.startswith(OTHER) for name in measured):
        lines.append(
            "laboratory values dated on a treatment day without a time are treated as drawn "
            "before the dose"
        )
    return lines
