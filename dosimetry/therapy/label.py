"""The label's dose-modification rules as a state machine over the course.

A fold over what happened, in order of time: a later event never changes what an earlier one did.
The rules themselves are data (tables ``label_rules`` and ``label_criteria``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from dosimetry import clinical
from dosimetry.clinical import OTHER, LabelRule
from dosimetry.problems import Problem
from dosimetry.tables import default
from dosimetry.therapy.administration import day
from dosimetry.therapy.clinical_plan import LabelState, PlanTransition
from dosimetry.therapy.fields import Moment
from dosimetry.therapy.label_checks import Check, check, other_rules
from dosimetry.therapy.observations import Finding, Observation, Observations

Phase = Literal["withheld", "resolved", "reduced-given", "full-again"]
WEEK = 168.0  # h


@dataclass(frozen=True)
class Toxicity:
    """A toxicity that occurred: how far it has come.

    Attributes
    ----------
    phase : str
        ``withheld`` until it resolves, ``resolved`` until the reduced dose, ``reduced-given``
        until it is seen not to come back, ``full-again`` then.
    check : Check
        The last one.
    since : date or date-time
        Of this phase.
    rule : LabelRule
    """

    phase: Phase
    check: Check
    since: Moment
    rule: LabelRule


@dataclass(frozen=True)
class LabelCourse:
    """What the label says after all that happened so far.

    Attributes
    ----------
    doses : int
        Given so far.
    last_dose : date or date-time, or None
    known : mapping of str to Finding
        The latest of each quantity since the last dose.
    toxicities : mapping of str to Toxicity
    contraindications : mapping of str to Check
        Those that hold; of the time before the first dose.
    stopped : str or None
        Why; final.
    transitions : tuple of PlanTransition
    warnings : tuple of Problem
        Doses that were given against the label.
    """

    doses: int = 0
    last_dose: Moment | None = None
    known: Mapping[str, Finding] = field(default_factory=dict)
    toxicities: Mapping[str, Toxicity] = field(default_factory=dict)
    contraindications: Mapping[str, Check] = field(default_factory=dict)
    stopped: str | None = None
    transitions: tuple[PlanTransition, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def phases(self) -> set[Phase]:
        """Return the phases that some toxicity is in."""
        return {one.phase for one in self.toxicities.values()}

    @property
    def state(self) -> LabelState:
        """The state of the course."""
        if self.stopped is not None:
            return "stopped"
        if self.doses == 0:
            return "not-eligible" if self.contraindications else "eligible"
        if "withheld" in self.phases():
            return "withheld"
        if self.phases() & {"resolved", "reduced-given"}:
            return "reduced"
        return "full-again" if self.toxicities else "full"

    def allowed(self) -> float:
        """Return the most activity of the next dose in GBq; 0 where none may be given."""
        if self.state in ("stopped", "withheld", "not-eligible"):
            return 0.0
        reduced = [
            one.rule.reduced_activity or 0.0
            for one in self.toxicities.values()
            if one.phase == "resolved"
        ]
        return min([clinical.full_activity(), *reduced])

    def latest(self) -> dt.date | None:
        """Return the last day on which a next dose may be given."""
        if self.last_dose is None:
            return None
        return day(self.last_dose) + dt.timedelta(hours=clinical.longest_interval())


def observe(course: LabelCourse, seen: Observation, context: Observations) -> LabelCourse:
    """Return the course after an observation.

    Only the rules on what was found are looked at, by the latest finding of each quantity.
    """
    course = replace(course, known={**course.known, **seen.findings})
    if course.doses == 0:
        return _eligibility(course, seen, context)
    for rule in _rules(seen):
        if set(rule.quantities()) & set(seen.findings):
            course = _toxicity(course, rule, seen.at, check(rule, course.known, context))
    return course


def _rules(seen: Observation) -> list[LabelRule]:
    found: list[LabelRule] = []
    for rule in clinical.label_rules("toxicity"):
        if rule.quantities() == (OTHER,):
            found += other_rules(rule, seen.findings).values()
        else:
            found.append(rule)
    return found


def _eligibility(course: LabelCourse, seen: Observation, context: Observations) -> LabelCourse:
    """Look at the contraindications before the first dose."""
    before = course.state
    found = {}
    for rule in clinical.label_rules("contraindication"):
        one = check(rule, course.known, context)
        if one.holds:
            found[rule.name] = one
    course = replace(course, contraindications=found)
    if course.state == before:
        return course
    source = clinical.label_rules("contraindication")[0].source
    if found:
        name = next(iter(found))
        reason = "contraindication: " + "; ".join(w for one in found.values() for w in one.because)
    else:
        name, reason = "eligibility", "no contraindication is left among the values known"
    return _transit(course, seen.at, name, reason, source)


def _toxicity(course: LabelCourse, rule: LabelRule, at: Moment, found: Check) -> LabelCourse:
    """Move one toxicity on by what was found."""
    if course.stopped is not None:
        return course
    was = course.toxicities.get(rule.name)
    latest = course.latest()
    late = latest is not None and day(at) > latest
    why = f"{rule.title}: {'; '.join(found.because)}"
    if not found.holds:
        if was is None or was.phase in ("resolved", "full-again"):
            return course
        if was.phase == "withheld" and found.half:  # it may well hold still
            still = replace(was, check=replace(found, because=was.check.because))
            return replace(course, toxicities={**course.toxicities, rule.name: still})
        if was.phase == "reduced-given":
            words = f"{rule.title} did not come back after cycle {course.doses}: full dose again"
            return _phase(course, rule, "full-again", found, at, _seen(words, rule, course))
        if late:
            return _stop(course, rule.name, rule.source, at, _too_long(rule, course, "resolved"))
        words = (
            f"{rule.title} has resolved: the next dose is {rule.reduced_activity:g} GBq, at the "
            f"latest {latest}"
        )
        return _phase(course, rule, "resolved", found, at, _seen(words, rule, course))
    if was is None and not late:
        words = (
            f"{why}: first occurrence, withheld until {' and '.join(found.needs)}, at the latest "
            f"{latest}; then {rule.reduced_activity:g} GBq"
        )
        return _phase(course, rule, "withheld", found, at, words)
    if was is not None and was.phase != "withheld":
        reduced = " before the reduced dose was given" if was.phase == "resolved" else ""
        return _stop(course, rule.name, rule.source, at, f"{why}: recurs{reduced}")
    if late:
        return _stop(course, rule.name, rule.source, at, _too_long(rule, course, why))
    return replace(
        course,
        toxicities={**course.toxicities, rule.name: Toxicity("withheld", found, at, rule)},
    )


def _seen(words: str, rule: LabelRule, course: LabelCourse) -> str:
    values = [str(course.known[q]) for q in rule.quantities() if q in course.known]
    return f"{words} ({', '.join(values)})"


def _too_long(rule: LabelRule, course: LabelCourse, why: str) -> str:
    weeks = (rule.longest_interval or 0.0) / WEEK
    words = f"{rule.title} resolved too late" if why == "resolved" else why
    return f"{words}: more than {weeks:g} weeks after the last dose (until {course.latest()})"


def _transit(course: LabelCourse, at: Moment, rule: str, reason: str, source: str) -> LabelCourse:
    one = PlanTransition(at.isoformat(), rule, course.state, reason, source)
    return replace(course, transitions=(*course.transitions, one))


def _stop(course: LabelCourse, rule: str, source: str, at: Moment, reason: str) -> LabelCourse:
    return _transit(replace(course, stopped=reason), at, rule, reason, source)


def _phase(
    course: LabelCourse, rule: LabelRule, phase: Phase, found: Check, at: Moment, reason: str
) -> LabelCourse:
    toxicities = {**course.toxicities, rule.name: Toxicity(phase, found, at, rule)}
    return _transit(replace(course, toxicities=toxicities), at, rule.name, reason, rule.source)


def give(course: LabelCourse, at: Moment, activity: float) -> LabelCourse:
    """Return the course after a dose of an activity in GBq."""
    number = course.doses + 1
    course = replace(course, warnings=(*course.warnings, *_against(course, number, activity)))
    latest = course.latest()
    if course.stopped is None and latest is not None and day(at) > latest:
        weeks = (day(at) - day(course.last_dose or at)).days / 7
        longest = clinical.longest_interval() / WEEK
        reason = (
            f"cycle {number} came {weeks:.3g} weeks after the one before, more than {longest:g}"
        )
        source = clinical.label_rules("toxicity")[0].source
        course = _stop(course, "longest_interval", source, at, reason)
        course = replace(course, warnings=(*course.warnings, _warning(number, reason)))
    course = replace(course, doses=number, last_dose=at, known={}, contraindications={})
    for name, one in course.toxicities.items():
        if one.phase not in ("resolved", "reduced-given"):
            continue
        if one.phase == "resolved":
            phase: Phase = "reduced-given"
            words = f"cycle {number}, {activity:.4g} GBq, is the dose after {one.rule.title}"
        else:
            phase = "full-again"
            words = f"cycle {number}: {one.rule.title} was not seen again after cycle {number - 1}"
        moved = {**course.toxicities, name: replace(one, phase=phase, since=at)}
        course = replace(course, toxicities=moved)
        if course.stopped is None:
            course = _transit(course, at, name, words, one.rule.source)
    return course


def _against(course: LabelCourse, number: int, activity: float) -> list[Problem]:
    """Return a warning where a dose is not what the label says."""
    most = course.allowed() * (1.0 + default("label_activity_tolerance", "1"))
    if activity <= most or course.allowed() == clinical.full_activity():
        return []  # what is above the full dose is warned of with every regimen
    why = {
        "stopped": f"the label had stopped the treatment: {course.stopped}",
        "withheld": "the label withheld the dose: "
        + "; ".join(
            w
            for one in course.toxicities.values()
            if one.phase == "withheld"
            for w in one.check.because
        ),
        "not-eligible": "the label has a contraindication: "
        + "; ".join(w for one in course.contraindications.values() for w in one.because),
    }.get(course.state, f"the label allows {course.allowed():.4g} GBq")
    return [_warning(number, f"cycle {number} was given with {activity:.4g} GBq, and {why}")]


def _warning(number: int, words: str) -> Problem:
    cure = "check the laboratory values, the dates and the activity"
    return Problem("against-the-label", words, cure, f"cycles[{number - 1}]")
