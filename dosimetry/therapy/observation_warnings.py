"""What is doubtful about laboratory values: when they were taken, their units, one by another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dosimetry import agents, clinical
from dosimetry.clinical import CLEARANCE
from dosimetry.problems import Problem
from dosimetry.tables import default
from dosimetry.therapy.administration import day
from dosimetry.therapy.adverse_terms import is_known, likely
from dosimetry.therapy.labs import possible
from dosimetry.therapy.observations import Observations, local
from dosimetry.therapy.sections import Course

PARTS = ("neutrophils", "lymphocytes")  # of the leukocytes


def observation_warnings(course: Course, seen: Observations, to_come: bool) -> list[Problem]:
    """Return what is doubtful about laboratory values, reference ranges and adverse events.

    Parameters
    ----------
    course : Course
    seen : Observations
        Of the same course.
    to_come : bool
        Whether cycles are to come, so that later observations decide on them.
    """
    return [
        *_old_baseline(course, seen),
        *_day_of_dose(course),
        *_far_off(course, to_come),
        *_units(course),
        *_counts(course),
        *_ranges(course),
        *_terms(course),
    ]


def _old_baseline(course: Course, seen: Observations) -> Iterator[Problem]:
    if not course.cycles:
        return
    oldest = dt.timedelta(hours=default("oldest_laboratory_value", "h"))
    first = day(local(course, course.cycles[0].at))
    old = [
        f"{_words(name)} of {day(found.at)}"
        for name, found in seen.baseline.items()
        if name != CLEARANCE and first - day(found.at) > oldest
    ]
    if old:
        yield Problem(
            "baseline-old",
            f"the baseline is more than {oldest.days / 7:g} weeks older than the first dose of "
            f"{first}: {', '.join(old)}",
            "check the dates; add the values from just before the first dose",
            "labs",
        )


def _day_of_dose(course: Course) -> Iterator[Problem]:
    doses = [local(course, cycle.at) for cycle in course.cycles]
    untimed = {at: i for i, at in enumerate(doses) if not isinstance(at, dt.datetime)}
    for i, draw in enumerate(course.labs):
        at = local(course, draw.at)
        if isinstance(at, dt.datetime) and day(at) in untimed:
            number = untimed[day(at)] + 1
            yield Problem(
                "sample-on-the-day-of-dose",
                f"a sample of {at.isoformat()}, on the day of cycle {number}, which has no time: "
                "taken to be drawn before the dose",
                f"give cycles[{number - 1}].at its time",
                f"labs[{i}].at",
            )


def _far_off(course: Course, to_come: bool) -> Iterator[Problem]:
    """Warn of dates long before the course, or long after its last dose while it goes on."""
    doses = [day(local(course, cycle.at)) for cycle in course.cycles]
    first, last = (doses[0], doses[-1]) if doses else (course.therapy.start, course.therapy.start)
    if first is None or last is None:
        return
    before = dt.timedelta(hours=default("longest_history", "h"))
    after = dt.timedelta(hours=clinical.longest_interval())
    entries = [(f"labs[{i}].at", draw.at) for i, draw in enumerate(course.labs)]
    entries += [(f"adverse_events[{i}].at", one.at) for i, one in enumerate(course.adverse_events)]
    for place, moment in entries:
        at = day(local(course, moment))
        far = None
        if first - at > before:
            far = f"{(first - at).days / 7:.0f} weeks before the first dose, {first}"
        elif to_come and at - last > after:
            far = f"{(at - last).days / 7:.0f} weeks after {last}, while cycles are to come"
        if far:
            yield Problem("date-far-off", f"{at} is {far}", "check year, month and day", place)


def _units(course: Course) -> Iterator[Problem]:
    """Warn where a number could as well be meant in the unit of an earlier value."""
    units: dict[str, str] = {}
    for i, draw in enumerate(course.labs):
        for name, lab in draw.values.items():
            unit = lab.written.unit
            usual = units.setdefault(name, unit)
            if unit != usual and possible(name, lab.written.value, usual):
                yield Problem(
                    "unit-changes",
                    f"{lab} is in another unit than the first {_words(name)}, which is in {usual}",
                    "check that the number is in this unit",
                    f"labs[{i}].{name}",
                )


def _counts(course: Course) -> Iterator[Problem]:
    for i, draw in enumerate(course.labs):
        parts = [draw.values[name] for name in PARTS if name in draw.values]
        whole = draw.values.get("leukocytes")
        most = 1.0 + default("counts_excess", "1")
        if whole and sum(part.value for part in parts) > most * whole.value:
            yield Problem(
                "counts-contradict",
                f"{' and '.join(map(str, parts))} are more than {whole}",
                "check which value is which, and the units",
                f"labs[{i}].leukocytes",
            )


def _ranges(course: Course) -> Iterator[Problem]:
    low, high = (default(f"range_ratio_{end}", "1") for end in ("low", "high"))
    for name, own in course.reference_ranges.items():
        usual = clinical.reference_range(name, course.person.sex)
        unit = clinical.analyte(name).unit
        for end in ("lower", "upper"):
            mine, its = getattr(own, end), getattr(usual, end)
            if mine is None or not its or low <= mine / its <= high:
                continue
            yield Problem(
                "range-unusual",
                f"the {end} limit of {_words(name)}, {mine:.3g} {unit}, is {mine / its:.2g} times "
                f"that of the table, {its:.3g} {unit}",
                "check the number and its unit: grades and the label rest on it",
                f"reference_ranges.{name}.{end}",
            )


def _terms(course: Course) -> Iterator[Problem]:
    """Warn of terms that the table does not have, and of answers that no rule looks at."""
    agent = course.therapy.radiopharmaceutical
    for i, event in enumerate(course.adverse_events):
        if not agents.has_label(agent):
            if event.ends_treatment is not None:
                yield Problem(
                    "ends-treatment-not-used",
                    f"ends_treatment: {event.ends_treatment} of {event.term} changes nothing: no "
                    f"dose-modification rules are at hand for {agent}",
                    "leave the later cycles out if the treatment has ended",
                    f"adverse_events[{i}].ends_treatment",
                )
        elif event.grade and not is_known(event.term):
            near = likely(event.term)
            yield Problem(
                "unknown-term",
                f"{event.term} is not a term of table treatment_ending_events: of grade 3 or 4 it "
                "is asked about, of grade 1 or 2 it changes nothing",
                near or "check the spelling, or write the CTCAE term",
                f"adverse_events[{i}].term",
            )


def _words(name: str) -> str:
    return name.replace("_", " ")
