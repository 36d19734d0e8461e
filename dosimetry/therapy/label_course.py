"""The label over one patient's course: what happened, and what it says of the cycles to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dosimetry import clinical
from dosimetry.clinical import CLEARANCE, OTHER
from dosimetry.problems import Problem
from dosimetry.quantities import Amount
from dosimetry.tables import default
from dosimetry.therapy.administration import day
from dosimetry.therapy.clinical_plan import Answer, PlanCondition, PlanLabel
from dosimetry.therapy.label import give, observe
from dosimetry.therapy.label_checks import check
from dosimetry.therapy.label_events import premedications
from dosimetry.therapy.label_state import LabelCourse
from dosimetry.therapy.observations import CREATININE, DOSE, Observations, local, order
from dosimetry.therapy.plan import Status
from dosimetry.therapy.sections import Course
from dosimetry.units import HOURS_PER_WEEK

ANCHOR = dt.date(2000, 1, 1)  # stands in where the course has no date: only intervals count then


@dataclass(frozen=True)
class Slot:
    """One cycle to come: when, and the most that the label allows.

    Attributes
    ----------
    number : int
    at : date or None
    status : str
        ``planned``, ``withheld`` or ``stopped``.
    most : float
        In GBq; infinite where no rule of a label reduces it (an activity above the label's that a
        regimen or the user asks for is warned of, not cut).
    reason : str or None
        Why it is not the regimen's cycle on the regimen's day.
    by : str
        ``label`` or ``request``, where something other than the regimen decided.
    """

    number: int
    at: dt.date | None
    status: Status
    most: float
    reason: str | None
    by: str = ""


def so_far(course: Course, seen: Observations, given: Sequence[float]) -> LabelCourse:
    """Return what the label says after all that was seen and given (activities in GBq)."""
    doses = [local(course, cycle.at) for cycle in course.cycles]
    moments = [(key, 0, i) for i, (key, _) in enumerate(seen.timed)]
    moments += [(order(at, DOSE), 1, i) for i, at in enumerate(doses)]
    found = LabelCourse()
    for _, dose, i in sorted(moments):
        found = give(found, doses[i], given[i]) if dose else observe(found, seen.all[i], seen)
    return found


def slots(
    course: Course,
    label: LabelCourse | None,
    seen: Observations,
    last_number: int,
    interval: float,
    left_out: Sequence[int],
) -> list[Slot]:
    """Put the cycles to come on dates, each with what the label says of it.

    Parameters
    ----------
    course : Course
    label : LabelCourse or None
        After all that happened; None where no label applies.
    seen : Observations
        No cycle to come is before the last of them.
    last_number : int
        Of the course.
    interval : float
        In h, a whole number of days.
    left_out : sequence of int
        Numbers of cycles that are not given on request.
    """
    done = len(course.cycles)
    start = day(local(course, course.cycles[-1].at)) if course.cycles else course.therapy.start
    date, step = start or ANCHOR, dt.timedelta(hours=interval)
    if course.cycles:
        date += step
    evidence = max((day(one.at) for one in seen.all), default=None) if start else None
    found: list[Slot] = []
    waits_for: int | None = None
    for number in range(done + 1, last_number + 1):
        moved = None
        open_to_dose = number not in left_out and (label is None or label.allowed() > 0)
        if evidence is not None and date < evidence and open_to_dose:
            moved = f"moved from {date} to {evidence}, the day of the latest values"
            date, evidence = evidence, None
        shown = date if start else None
        if number in left_out:
            words = f"left out on request (without cycle {number})"
            found.append(Slot(number, shown, "withheld", 0.0, words, "request"))
        else:
            one, label = _slot(number, date, label, bool(start), waits_for)
            waits_for = waits_for or (number if one.status == "withheld" else None)
            reason = "; ".join(filter(None, (one.reason, moved))) or None
            found.append(Slot(number, shown, one.status, one.most, reason, one.by))
        if number < last_number:
            date += step
    return found


def _slot(
    number: int, date: dt.date, label: LabelCourse | None, dated: bool, waits_for: int | None
) -> tuple[Slot, LabelCourse | None]:
    """Return one cycle to come, and the label after it if nothing further happens."""
    if label is None:
        return Slot(number, date, "planned", float("inf"), None), None
    if waits_for is not None:
        return Slot(number, date, "withheld", 0.0, f"waits for cycle {waits_for}", "label"), label
    latest = label.latest()
    if label.stopped is None and latest is not None and date > latest:
        label = _stop_for_interval(label, date, latest, dated)
    if label.stopped is not None:
        return Slot(number, date, "stopped", 0.0, f"label: {label.stopped}", "label"), label
    if label.state in ("withheld", "not-eligible"):
        return Slot(number, date, "withheld", 0.0, f"label: {_until(label)}", "label"), label
    allowed, why = label.allowed(), _why_reduced(label)
    reduced = allowed < clinical.full_activity()
    most, by = (allowed, "label") if reduced else (float("inf"), "")
    reason = f"label: {why}" if why else None
    return Slot(number, date, "planned", most, reason, by), give(label, date, allowed)


def _stop_for_interval(
    label: LabelCourse, date: dt.date, latest: dt.date, dated: bool
) -> LabelCourse:
    weeks = (date - day(label.last_dose or date)).days / 7
    longest = clinical.longest_interval() / HOURS_PER_WEEK
    when = f" (until {latest})" if dated else ""
    words = f"a dose {weeks:.3g} weeks after the last one is beyond the {longest:g} weeks{when}"
    return replace(label, stopped=words)


def _until(label: LabelCourse) -> str:
    """Return why the next dose is withheld, until what, and until when at the latest."""
    because = "; ".join(label.because()).replace("?; ", "? ")
    until = "not eligible until" if label.state == "not-eligible" else "withheld until"
    joined = f"{because} {until.capitalize()}" if because.endswith("?") else f"{because}; {until}"
    latest = label.latest()
    words = f"{joined} {' and '.join(label.needs())}"
    return f"{words}, at the latest {latest}" if latest else words


def _why_reduced(label: LabelCourse) -> str | None:
    """Say why the next dose is reduced, or on what condition it is full again."""
    resolved = [one for one in label.toxicities.values() if one.phase == "resolved"]
    if resolved:
        names = " and ".join(one.rule.title for one in resolved)
        return f"at most {label.allowed():.4g} GBq, since {names} has resolved"
    watched = [one for one in label.toxicities.values() if one.phase == "reduced-given"]
    if watched:
        names = " and ".join(one.rule.title for one in watched)
        return f"the full dose again if {names} does not come back after cycle {label.doses}"
    return None


def unchecked(label: LabelCourse, seen: Observations, next_dose: Slot) -> tuple[str, ...]:
    """Return what of the label's rules could not be checked before the next dose, and why.

    What is known is of the time since the last dose; what is old by the day of the next one is
    named too.
    """
    kind = "toxicity" if label.doses else "contraindication"
    rules = [rule for rule in clinical.label_rules(kind) if rule.quantities() != (OTHER,)]
    since = f"no value since cycle {label.doses}" if label.doses else "no value"
    found: dict[str, str] = {}
    for rule in rules:
        for name, why in check(rule, label.known, seen).unknown:
            of = CREATININE if name == CLEARANCE and CREATININE not in label.known else name
            found.setdefault(of, since if why == "no value" else why)
    oldest = dt.timedelta(hours=default("oldest_laboratory_value", "h"))
    for name in dict.fromkeys(q for rule in rules for q in rule.quantities()):
        known = label.known.get(name)
        if known is None or name == CLEARANCE or next_dose.at is None:
            continue
        if next_dose.status == "planned" and next_dose.at - day(known.at) > oldest:
            weeks = oldest.days / 7
            found.setdefault(name, f"older than {weeks:g} weeks by cycle {next_dose.number}")
    groups: dict[str, list[str]] = {}
    for name, why in found.items():
        groups.setdefault(why, []).append(name.replace("_", " "))
    return tuple(f"{', '.join(names)}: {why}" for why, names in groups.items())


def label_answer(label: LabelCourse, seen: Observations, to_come: Sequence[Slot]) -> PlanLabel:
    """Return what the label says of the next dose, and how it came to that."""
    first = next((slot for slot in to_come if slot.by != "request"), None)
    answer = "complete" if first is None else _answer(first, label)
    if first is None or answer == "complete":
        reason = "no cycle of the regimen is to come"
        if first is not None:
            reason = f"the label's {clinical.label_doses()} doses have been given"
        return _complete(label, reason)
    missing = unchecked(label, seen, first)
    latest = label.latest()
    given = answer in ("due", "reduced")
    state = "stopped" if answer == "stop" else label.state
    if given and missing:
        answer, state = "unchecked", "unchecked"
    no_rule = f"no dose-modification rule applies{' to the values known' if missing else ''}"
    reason = first.reason or no_rule
    return replace(
        _empty(label, reason.removeprefix("label: ")),
        state=state,
        next_cycle=first.number,
        answer=answer,
        activity=Amount(min(first.most, clinical.full_activity()), "GBq") if given else None,
        earliest=_earliest(first.at, label).isoformat() if given and first.at else None,
        latest=latest.isoformat() if latest and answer != "stop" else None,
        needs=() if answer == "stop" else label.needs(),
        unchecked=missing,
        questions=() if answer == "stop" else _questions(label),
        conditions=() if answer == "stop" else _conditions(label),
    )


def _complete(label: LabelCourse, reason: str) -> PlanLabel:
    """Return the answer where no cycle is to come, with what would forbid a further one."""
    if label.stopped is not None:
        reason = f"{reason}; stopped: {label.stopped}"
    elif label.because():
        reason = f"{reason}; a further dose would be withheld: {'; '.join(label.because())}"
    return _empty(label, reason)


def _empty(label: LabelCourse, reason: str) -> PlanLabel:
    """Return the answer where no cycle is to come."""
    ruled = clinical.label_documents()[0]
    return PlanLabel(
        region=ruled.region,
        version=ruled.version,
        documents=tuple(map(str, clinical.label_documents())),
        state=label.state,
        next_cycle=None,
        answer="complete",
        activity=None,
        earliest=None,
        latest=None,
        reason=reason,
        needs=(),
        unchecked=(),
        questions=_questions(label),
        conditions=(),
        transitions=label.transitions,
    )


def _questions(label: LabelCourse) -> tuple[str, ...]:
    return tuple(map(str, label.questions.values()))


def _conditions(label: LabelCourse) -> tuple[PlanCondition, ...]:
    return tuple(PlanCondition(what, source) for what, source in premedications(label))


def _earliest(planned: dt.date, label: LabelCourse) -> dt.date:
    """Return the day of the regimen's next dose, or the label's first day for it if later."""
    if label.last_dose is None:
        return planned
    first = day(label.last_dose) + dt.timedelta(hours=clinical.earliest_interval())
    return max(planned, first)


def _answer(first: Slot, label: LabelCourse) -> Answer:
    if first.status == "stopped":
        return "stop"
    if first.status == "withheld":
        return "not-eligible" if label.state == "not-eligible" else "withhold"
    if label.doses >= clinical.label_doses():
        return "complete"
    return "reduced" if first.most < clinical.full_activity() else "due"


def label_warnings(label: LabelCourse, answer: PlanLabel, to_come: Sequence[Slot]) -> list[Problem]:
    """Return warnings of doses against the label, and of what could not be checked."""
    found = list(label.warnings)
    most = clinical.label_doses()
    planned = [slot.number for slot in to_come if slot.status == "planned"]
    beyond = [str(number) for number in (*range(1, label.doses + 1), *planned) if number > most]
    if beyond:
        found.append(
            Problem(
                "beyond-the-label",
                f"the label has {most} doses, but there are cycles {', '.join(beyond)} too",
                "further cycles are retreatment: the label's rules say nothing of them",
                "therapy.regimen",
            )
        )
    if answer.questions:
        found.append(
            Problem(
                "ends-treatment-not-answered",
                f"{' '.join(answer.questions)} No dose is planned until the patient file answers",
                "write ends_treatment: yes or no at that adverse event",
                "adverse_events",
            )
        )
    if answer.unchecked:
        found.append(
            Problem(
                "label-not-checked",
                f"not all of the label's rules could be checked before cycle {answer.next_cycle}: "
                + "; ".join(answer.unchecked),
                "add the values under labs",
                "labs",
            )
        )
    return found
