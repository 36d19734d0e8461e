"""Findings over time: laboratory values, grades, renal function, baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dosimetry.label.grades import Grade, grade
from dosimetry.patient.laboratory import LabDraw, amount_in_words
from dosimetry.patient.reference_ranges import reference_ranges
from dosimetry.patient.schema import PatientFile, Person
from dosimetry.patient.times import DOSE, Order, day, event_order, local, order
from dosimetry.patient.values import Moment
from dosimetry.physics.renal_function import ckd_epi_2021, cockcroft_gault
from dosimetry.problems import in_words
from dosimetry.quantities import Amount
from dosimetry.reference.adverse_terms import canonical
from dosimetry.reference.label import OTHER
from dosimetry.reference.laboratory import CLEARANCE, Range

CREATININE = "creatinine"


@dataclass(frozen=True)
class Finding:
    """One quantity at one time.

    Attributes
    ----------
    quantity : str
        Analyte, ``creatinine_clearance``, or ``other: TERM`` of an adverse event, by the term's
        canonical name.
    at : date or date-time
    value : float or None
        In the canonical unit; None for an adverse event.
    written : Amount or None
        In the unit of the patient file.
    grade : Grade or None
        CTCAE grade.
    change : float or None
        Relative to the baseline; None before the first dose and without one.
    ends_treatment : bool or None
        Answer of the patient file on an adverse event; None without one.
    """

    quantity: str
    at: Moment
    value: float | None
    written: Amount | None
    grade: Grade | None
    change: float | None
    ends_treatment: bool | None = None

    def __str__(self) -> str:
        name = in_words([self.quantity])
        if self.quantity.startswith(OTHER) and self.grade is not None:
            name = self.grade.term  # the patient file's own word
        words = f"{name} {amount_in_words(self.written)}" if self.written else name
        return f"{words} on {day(self.at).isoformat()}"


@dataclass(frozen=True)
class DatedFindings:
    """Findings of one time, by quantity."""

    at: Moment
    findings: Mapping[str, Finding]


@dataclass(frozen=True)
class Observations:
    """All findings of a patient in order of time, with baseline and reference ranges.

    Attributes
    ----------
    timed : tuple of (Order, DatedFindings)
        Each with its sort key.
    baseline : mapping of str to Finding
        Last finding of each quantity before the first dose, or of all where no dose was given.
    ranges : mapping of str to Range
    """

    timed: tuple[tuple[Order, DatedFindings], ...]
    baseline: Mapping[str, Finding]
    ranges: Mapping[str, Range]

    @property
    def all(self) -> tuple[DatedFindings, ...]:
        """All findings, in order of time."""
        return tuple(dated for _, dated in self.timed)


def observations(patient: PatientFile) -> Observations:
    """Return the graded findings of a patient, with their changes from the baseline.

    Parameters
    ----------
    patient : PatientFile

    Returns
    -------
    Observations
        A finding never depends on a later one: before the first dose there is no baseline.
    """
    ranges = reference_ranges(patient)
    first = order(local(patient, patient.cycles[0].at), DOSE) if patient.cycles else None
    seen: list[tuple[Order, DatedFindings]] = []
    baseline: dict[str, Finding] = {}
    draws = [replace(draw, at=local(patient, draw.at)) for draw in patient.labs]
    for draw in sorted(draws, key=lambda draw: order(draw.at)):
        before = first is None or order(draw.at) <= first
        findings = _graded(draw, patient.person, ranges, {} if before else baseline)
        seen.append((order(draw.at), DatedFindings(draw.at, findings)))
        if before:
            baseline.update(findings)
    for event in patient.adverse_events:
        name = f"{OTHER}: {canonical(event.term)}"
        at = local(patient, event.at)
        graded = Grade(event.term, event.grade, haematological=False)
        ends = None if event.ends_treatment is None else event.ends_treatment == "yes"
        finding = Finding(name, at, None, None, graded, None, ends)
        seen.append((event_order(patient, at), DatedFindings(at, {name: finding})))
    seen.sort(key=lambda timed: timed[0])
    return Observations(tuple(seen), baseline, ranges)


def _graded(
    draw: LabDraw, person: Person, ranges: Mapping[str, Range], baseline: Mapping[str, Finding]
) -> dict[str, Finding]:
    findings: dict[str, Finding] = {}
    for name, lab in draw.values.items():
        usual = baseline[name].value if name in baseline else None
        graded = grade(name, lab.value, ranges[name], usual)
        change = lab.value / usual - 1.0 if usual else None
        findings[name] = Finding(name, draw.at, lab.value, lab.written, graded, change)
    if CREATININE in draw.values:
        clearance = creatinine_clearance(draw.values[CREATININE].value, person)
        if clearance is not None:
            usual = baseline[CLEARANCE].value if CLEARANCE in baseline else None
            change = clearance / usual - 1.0 if usual else None
            written = Amount(clearance, "mL/min")
            findings[CLEARANCE] = Finding(CLEARANCE, draw.at, clearance, written, None, change)
    return findings


def creatinine_clearance(creatinine: float, person: Person) -> float | None:
    """Return the clearance (Cockcroft-Gault, mL/min); None without age or weight."""
    if person.age is None or person.weight is None:
        return None
    age, weight = person.age.value, person.weight.value
    return float(cockcroft_gault.kernel(creatinine, age, weight, person.sex))


def egfr(creatinine: float, person: Person) -> float | None:
    """Return the eGFR (CKD-EPI 2021, mL/min per 1.73 m2); None without age."""
    if person.age is None:
        return None
    return float(ckd_epi_2021.kernel(creatinine, person.age.value, person.sex))
