"""Warnings on doses beyond the label, unchecked rules, laboratory values and adverse events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from dosimetry.documents.clinic import PlanLabel
from dosimetry.label.findings import Observations
from dosimetry.label.grades import lacks_limit
from dosimetry.label.slots import Slot
from dosimetry.label.state import LabelRecord
from dosimetry.patient.lab_units import in_possible_range
from dosimetry.patient.schema import PatientFile
from dosimetry.patient.times import DOSE, day, local, order
from dosimetry.problems import Problem, in_words
from dosimetry.reference import agents, label, laboratory
from dosimetry.reference import label as label_figures
from dosimetry.reference.adverse_terms import canonical, is_known, likely, step_of
from dosimetry.reference.laboratory import CLEARANCE
from dosimetry.reference.tables import default

PARTS = ("neutrophils", "lymphocytes")  # of the leukocytes


def observation_warnings(patient: PatientFile, seen: Observations, to_come: bool) -> list[Problem]:
    """Return the warnings on laboratory values, reference ranges and adverse events.

    Parameters
    ----------
    patient : PatientFile
    seen : Observations
        Findings of the same course.
    to_come : bool
        Whether the course has cycles to come, which later findings affect.
    """
    return [
        *_old_baseline(patient, seen),
        *_day_of_dose(patient),
        *_far_off(patient, to_come),
        *_units(patient),
        *_counts(patient),
        *_ranges(patient),
        *_not_graded(seen),
        *_only_as_event(patient, seen),
        *_terms(patient),
    ]


def _old_baseline(patient: PatientFile, seen: Observations) -> Iterator[Problem]:
    if not patient.cycles:
        return
    oldest = dt.timedelta(hours=default("oldest_laboratory_value", "h"))
    first = day(local(patient, patient.cycles[0].at))
    old = [
        f"{in_words([name])} of {day(finding.at)}"
        for name, finding in seen.baseline.items()
        if name != CLEARANCE and first - day(finding.at) > oldest
    ]
    if old:
        yield Problem(
            "baseline-old",
            f"baseline values more than {oldest.days / 7:g} weeks before the first dose "
            f"({first}): {', '.join(old)}",
            "check the dates; add the values from just before the first dose",
            "labs",
        )


def _day_of_dose(patient: PatientFile) -> Iterator[Problem]:
    doses = [local(patient, cycle.at) for cycle in patient.cycles]
    untimed = {at: i for i, at in enumerate(doses) if not isinstance(at, dt.datetime)}
    for i, draw in enumerate(patient.labs):
        at = local(patient, draw.at)
        if isinstance(at, dt.datetime) and day(at) in untimed:
            number = untimed[day(at)] + 1
            yield Problem(
                "sample-on-the-day-of-dose",
                f"the sample of {at.isoformat()} is on the day of cycle {number}, which has no "
                "time; it is treated as drawn before the dose",
                f"add the time to cycles[{number - 1}].at",
                draw.place_of(i, "at"),
            )


def _far_off(patient: PatientFile, to_come: bool) -> Iterator[Problem]:
    """Yield dates long before the course, or long after its last dose with cycles to come."""
    doses = [day(local(patient, cycle.at)) for cycle in patient.cycles]
    first, last = (doses[0], doses[-1]) if doses else (patient.therapy.start, patient.therapy.start)
    if first is None or last is None:
        return
    before = dt.timedelta(hours=default("longest_history", "h"))
    after = dt.timedelta(hours=label.longest_interval())
    entries = [(draw.place_of(i, "at"), draw.at) for i, draw in enumerate(patient.labs)]
    entries += [(f"adverse_events[{i}].at", e.at) for i, e in enumerate(patient.adverse_events)]
    for place, moment in entries:
        at = day(local(patient, moment))
        far = None
        if first - at > before:
            far = f"{(first - at).days / 7:.0f} weeks before the first dose, {first}"
        elif to_come and at - last > after:
            far = f"{(at - last).days / 7:.0f} weeks after {last}, while cycles are to come"
        if far:
            yield Problem("date-far-off", f"{at} is {far}", "check year, month and day", place)


def _units(patient: PatientFile) -> Iterator[Problem]:
    """Yield values whose number is also possible in the unit of the first value."""
    units: dict[str, str] = {}
    for i, draw in enumerate(patient.labs):
        for name, lab in draw.values.items():
            unit = lab.written.unit
            usual = units.setdefault(name, unit)
            if unit != usual and in_possible_range(name, lab.written.value, usual):
                yield Problem(
                    "unit-changes",
                    f"{lab} has another unit than the first {in_words([name])} value ({usual})",
                    "check that the unit fits the number",
                    draw.place_of(i, name),
                )


def _counts(patient: PatientFile) -> Iterator[Problem]:
    for i, draw in enumerate(patient.labs):
        parts = [draw.values[name] for name in PARTS if name in draw.values]
        whole = draw.values.get("leukocytes")
        most = 1.0 + default("counts_excess", "1")
        if whole and sum(part.value for part in parts) > most * whole.value:
            yield Problem(
                "counts-contradict",
                f"{' and '.join(map(str, parts))} exceed {whole}",
                "check the values and their units",
                draw.place_of(i, "leukocytes"),
            )


def _ranges(patient: PatientFile) -> Iterator[Problem]:
    low, high = (default(f"range_ratio_{end}", "1") for end in ("low", "high"))
    for name, own in patient.reference_ranges.items():
        usual = laboratory.reference_range(name, patient.person.sex)
        unit = laboratory.analyte(name).unit
        for end in ("lower", "upper"):
            mine, its = getattr(own, end), getattr(usual, end)
            if mine is None or not its or low <= mine / its <= high:
                continue
            yield Problem(
                "range-unusual",
                f"the {end} limit of {in_words([name])}, {mine:.3g} {unit}, is {mine / its:.2g} "
                f"times the limit in the table, {its:.3g} {unit}",
                "check the number and its unit; grades and dose-modification rules depend on it",
                f"reference_ranges.{name}.{end}",
            )


def _not_graded(seen: Observations) -> Iterator[Problem]:
    """Yield analytes whose grade needs an upper limit of normal that no table has."""
    measured = dict.fromkeys(name for dated in seen.all for name in dated.findings)
    for name in measured:
        if name in seen.ranges and lacks_limit(name, seen.ranges[name]):
            unit = laboratory.analyte(name).unit
            yield Problem(
                "no-upper-limit",
                f"{in_words([name])} has no CTCAE grade: its upper limit of normal differs between "
                "laboratories and no default is used",
                f"add the limit of the report: reference_ranges: {{{name}: {{upper: ... {unit}}}}}",
                "reference_ranges",
            )


def _only_as_event(patient: PatientFile, seen: Observations) -> Iterator[Problem]:
    """Yield high grades after a dose that the label counts only as an adverse event."""
    if not patient.cycles or not agents.has_label(patient.therapy.radiopharmaceutical):
        return
    first = order(local(patient, patient.cycles[0].at), DOSE)
    entered = {canonical(event.term) for event in patient.adverse_events}
    told: set[str] = set()
    for key, dated in seen.timed:
        for name, finding in dated.findings.items():
            graded = finding.grade
            if key <= first or graded is None or name in told or name not in laboratory.analytes():
                continue
            step = step_of(graded.term, graded.grade)
            if laboratory.analyte(name).only_as_event and step and graded.term not in entered:
                told.add(name)
                yield Problem(
                    "grade-not-counted",
                    f"{finding} is CTCAE grade {graded.grade}, and changes no dose by itself: the "
                    "label does not name it. Its rule for any other reaction of grade 3 or 4 "
                    "counts adverse events",
                    "if it may be a reaction to the treatment, enter it under adverse_events: "
                    f"{{at: {day(finding.at)}, term: {graded.term}, grade: {graded.grade}}}",
                    "labs",
                )


def _terms(patient: PatientFile) -> Iterator[Problem]:
    """Yield terms that are not in the table, and answers that no rule uses."""
    agent = patient.therapy.radiopharmaceutical
    for i, event in enumerate(patient.adverse_events):
        if not agents.has_label(agent):
            if event.ends_treatment is not None:
                yield Problem(
                    "ends-treatment-not-used",
                    f"ends_treatment of {event.term} changes nothing: no dose-modification rules "
                    f"are available for {agent}",
                    "if the treatment has ended, leave the later cycles out",
                    f"adverse_events[{i}].ends_treatment",
                )
        elif event.grade and not is_known(event.term):
            near = likely(event.term)
            yield Problem(
                "unknown-term",
                f"{event.term} is not a term of table treatment_ending_events. It is asked about "
                "from grade 3 on and changes nothing below",
                near or "check the spelling, or write the CTCAE term",
                f"adverse_events[{i}].term",
            )


def label_warnings(label: LabelRecord, answer: PlanLabel, to_come: Sequence[Slot]) -> list[Problem]:
    """Return warnings of doses against the label, and of values that could not be checked."""
    warnings = list(label.warnings)
    most = label_figures.label_doses()
    planned = [slot.number for slot in to_come if slot.status == "planned"]
    numbers = (*range(1, label.doses + 1), *planned)
    beyond = [str(number) for number in numbers if label_figures.is_beyond_label(number)]
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
