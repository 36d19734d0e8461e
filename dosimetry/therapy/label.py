"""The label's dose-modification rules as a state machine over the course.

A fold over what happened, in order of time: a later event never changes what an earlier one did.
The rules themselves are data (tables ``label_rules`` and ``label_criteria``).
"""

from __future__ import annotations

from dataclasses import replace

from dosimetry import clinical
from dosimetry.clinical import OTHER, LabelRule
from dosimetry.problems import Problem
from dosimetry.tables import default
from dosimetry.therapy.administration import day
from dosimetry.therapy.fields import Moment
from dosimetry.therapy.label_checks import Check, check, other_rules, unresolved
from dosimetry.therapy.label_events import judge
from dosimetry.therapy.label_state import LabelCourse, Phase, Toxicity, stop, transit
from dosimetry.therapy.observations import Observation, Observations
from dosimetry.units import HOURS_PER_WEEK


def observe(course: LabelCourse, seen: Observation, context: Observations) -> LabelCourse:
    """Return the course after an observation.

    Only the rules on what was found are looked at, by the latest finding of each quantity.
    """
    course = replace(course, known={**course.known, **seen.findings})
    course = judge(course, seen.findings)
    if course.doses == 0:
        return _eligibility(course, seen, context)
    for rule in _rules(seen):
        if set(rule.quantities()) & set(seen.findings):
            found = check(rule, course.known, context)
            course = _toxicity(course, rule, seen.at, found, context)
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
    if course.stopped is not None:
        return course
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
    return transit(course, seen.at, name, reason, source)


def _toxicity(
    course: LabelCourse, rule: LabelRule, at: Moment, found: Check, context: Observations
) -> LabelCourse:
    """Move one toxicity on by what was found."""
    if course.stopped is not None:
        return course
    was = course.toxicities.get(rule.name)
    latest = course.latest()
    late = latest is not None and day(at) > latest
    why = f"{rule.title}: {'; '.join(found.because)}"
    if was is not None and was.phase == "withheld":
        return _withheld(course, was, at, found, late, context)
    if not found.holds:
        if was is None or was.phase != "reduced-given" or found.half:  # half: it may well hold
            return course
        words = f"{rule.title} did not come back after cycle {course.doses}: full dose again"
        return _phase(course, rule, "full-again", found, at, _seen(words, rule, course))
    if was is not None:
        reduced = " before the reduced dose was given" if was.phase == "resolved" else ""
        return stop(course, rule.name, rule.source, at, f"{why}: recurs{reduced}")
    if late:
        return stop(course, rule.name, rule.source, at, _too_long(rule, course, why))
    return _first(course, rule, at, found, context)


def _first(
    course: LabelCourse, rule: LabelRule, at: Moment, found: Check, context: Observations
) -> LabelCourse:
    """Withhold the next dose at the first occurrence of a toxicity."""
    waiting = unresolved(rule, found, found.alternatives, course.known, context) or found
    one = Toxicity("withheld", waiting, at, rule, found.alternatives)
    if set(rule.quantities()) & set(course.questions):  # it is withheld by the question already
        return replace(course, toxicities={**course.toxicities, rule.name: one})
    words = (
        f"{rule.title}: {'; '.join(found.because)}: first occurrence, withheld until "
        f"{' and '.join(waiting.needs)}, at the latest {course.latest()}; then "
        f"{rule.reduced_activity:g} GBq"
    )
    course = replace(course, toxicities={**course.toxicities, rule.name: one})
    return transit(course, at, rule.name, words, rule.source)


def _withheld(
    course: LabelCourse,
    was: Toxicity,
    at: Moment,
    found: Check,
    late: bool,
    context: Observations,
) -> LabelCourse:
    """Move a toxicity on that withholds the next dose."""
    rule = was.rule
    alternatives = was.alternatives | found.alternatives
    waiting = unresolved(rule, found, alternatives, course.known, context)
    if waiting is not None:
        waiting = replace(waiting, because=waiting.because or was.check.because)
    if late:
        why = f"{rule.title}: {'; '.join(waiting.because)}" if waiting else "resolved"
        return stop(course, rule.name, rule.source, at, _too_long(rule, course, why))
    if waiting is not None or set(rule.quantities()) & set(course.questions):
        # where it has resolved, the question is still to be answered
        one = replace(was, check=waiting or found, alternatives=alternatives)
        return replace(course, toxicities={**course.toxicities, rule.name: one})
    words = (
        f"{rule.title} has resolved: the next dose is {rule.reduced_activity:g} GBq, at the "
        f"latest {course.latest()}"
    )
    return _phase(course, rule, "resolved", found, at, _seen(words, rule, course))


def _seen(words: str, rule: LabelRule, course: LabelCourse) -> str:
    values = [str(course.known[q]) for q in rule.quantities() if q in course.known]
    return f"{words} ({', '.join(values)})"


def _too_long(rule: LabelRule, course: LabelCourse, why: str) -> str:
    weeks = (rule.longest_interval or 0.0) / HOURS_PER_WEEK
    words = f"{rule.title} resolved too late" if why == "resolved" else why
    return f"{words}: more than {weeks:g} weeks after the last dose (until {course.latest()})"


def _phase(
    course: LabelCourse, rule: LabelRule, phase: Phase, found: Check, at: Moment, reason: str
) -> LabelCourse:
    toxicities = {**course.toxicities, rule.name: Toxicity(phase, found, at, rule)}
    return transit(replace(course, toxicities=toxicities), at, rule.name, reason, rule.source)


def give(course: LabelCourse, at: Moment, activity: float) -> LabelCourse:
    """Return the course after a dose of an activity in GBq."""
    number = course.doses + 1
    course = replace(course, warnings=(*course.warnings, *_against(course, number, activity)))
    latest = course.latest()
    if course.stopped is None and latest is not None and day(at) > latest:
        weeks = (day(at) - day(course.last_dose or at)).days / 7
        longest = clinical.longest_interval() / HOURS_PER_WEEK
        reason = (
            f"cycle {number} came {weeks:.3g} weeks after the one before, more than {longest:g}"
        )
        source = clinical.label_rules("toxicity")[0].source
        course = stop(course, "longest_interval", source, at, reason)
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
            course = transit(course, at, name, words, one.rule.source)
    return course


def _against(course: LabelCourse, number: int, activity: float) -> list[Problem]:
    """Return a warning where a dose is not what the label says."""
    most = course.allowed() * (1.0 + default("label_activity_tolerance", "1"))
    if activity <= most or course.allowed() == clinical.full_activity():
        return []  # what is above the full dose is warned of with every regimen
    why = {
        "stopped": f"the label had stopped the treatment: {course.stopped}",
        "withheld": f"the label withheld the dose: {'; '.join(course.because())}",
        "not-eligible": "the label has a contraindication: "
        + "; ".join(w for one in course.contraindications.values() for w in one.because),
    }.get(course.state, f"the label allows {course.allowed():.4g} GBq")
    return [_warning(number, f"cycle {number} was given with {activity:.4g} GBq, and {why}")]


def _warning(number: int, words: str) -> Problem:
    cure = "check the laboratory values, the dates and the activity"
    return Problem("against-the-label", words, cure, f"cycles[{number - 1}]")
