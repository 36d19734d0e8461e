"""The label over one patient's course: its record, the cycles to come, the answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dosimetry import clinical
from dosimetry.clinical import CLEARANCE, OTHER
from dosimetry.problems import Problem, in_words
from dosimetry.quantities import Amount
from dosimetry.tables import default
from dosimetry.therapy.administration import day
from dosimetry.therapy.clinical_plan import Answer, PlanCondition, PlanLabel
from dosimetry.therapy.label import give, observe
from dosimetry.therapy.label_checks import check
from dosimetry.therapy.label_events import premedications
from dosimetry.therapy.label_state import LabelRecord
from dosimetry.therapy.observations import CREATININE, DOSE, Observations, local, order
from dosimetry.therapy.plan import Status
from dosimetry.therapy.sections import Course
from dosimetry.units import HOURS_PER_WEEK

ANCHOR = dt.date(2000, 1, 1)  # used where the course has no date; only intervals matter then


@dataclass(frozen=True)
class Slot:
    """One cycle to come: its date, and the largest activity that the label allows.

    Attributes
    ----------
    number : int
    at : date or None
    status : str
        ``planned``, ``withheld`` or ``stopped``.
    most : float
        Largest activity in GBq; infinite where no dose-modification rule reduces it. A regimen or
        request above the label's activity gets a warning and is not reduced.
    reason : str or None
        Why the cycle differs from the regimen.
    by : str
        ``label`` or ``request`` where one of them decided, else empty.
    """

    number: int
    at: dt.date | None
    status: Status
    most: float
    reason: str | None
    by: str = ""


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


def slots(
    course: Course,
    label: LabelRecord | None,
    seen: Observations,
    last_number: int,
    interval: float,
    left_out: Sequence[int],
) -> list[Slot]:
    """Return the cycles to come, each with its date and what the label allows.

    Parameters
    ----------
    course : Course
    label : LabelRecord or None
        Record of the course so far; None where no label applies.
    seen : Observations
        No cycle to come is earlier than the last of them.
    last_number : int
        Number of the last cycle of the course.
    interval : float
        In h, a whole number of days.
    left_out : sequence of int
        Numbers of cycles left out on request.
    """
    done = len(course.cycles)
    start = day(local(course, course.cycles[-1].at)) if course.cycles else course.therapy.start
    date, step = start or ANCHOR, dt.timedelta(hours=interval)
    if course.cycles:
        date += step
    evidence = max((day(dated.at) for dated in seen.all), default=None) if start else None
    to_come: list[Slot] = []
    waits_for: int | None = None
    for number in range(done + 1, last_number + 1):
        moved = None
        open_to_dose = number not in left_out and (label is None or label.allowed() > 0)
        if evidence is not None and date < evidence and open_to_dose:
            moved = f"moved from {date} to {evidence}, the day of the latest values"
            date, evidence = evidence, None
        shown = date if start else None
        if number in left_out:
            words = f"cycle {number} left out on request"
            to_come.append(Slot(number, shown, "withheld", 0.0, words, "request"))
        else:
            slot, label = _slot(number, date, label, bool(start), waits_for)
            waits_for = waits_for or (number if slot.status == "withheld" else None)
            reason = "; ".join(filter(None, (slot.reason, moved))) or None
            to_come.append(replace(slot, at=shown, reason=reason))
        if number < last_number:
            date += step
    return to_come


def _slot(
    number: int, date: dt.date, label: LabelRecord | None, dated: bool, waits_for: int | None
) -> tuple[Slot, LabelRecord | None]:
    """Return one cycle to come, and the record after it if there are no further findings."""
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
    label: LabelRecord, date: dt.date, latest: dt.date, dated: bool
) -> LabelRecord:
    weeks = (date - day(label.last_dose or date)).days / 7
    longest = clinical.longest_interval() / HOURS_PER_WEEK
    when = f" (until {latest})" if dated else ""
    words = (
        f"a dose {weeks:.3g} weeks after the last one exceeds the longest interval of "
        f"{longest:g} weeks{when}"
    )
    return replace(label, stopped=words)


def _until(label: LabelRecord) -> str:
    """Return why the next dose is withheld, until what, and until when at the latest."""
    because = "; ".join(label.because()).replace("?; ", "? ")
    until = "not eligible until" if label.state == "not-eligible" else "withheld until"
    joined = f"{because} {until.capitalize()}" if because.endswith("?") else f"{because}; {until}"
    latest = label.latest()
    words = f"{joined} {' and '.join(label.needs())}"
    return f"{words}, no later than {latest}" if latest else words


def _why_reduced(label: LabelRecord) -> str | None:
    """Return why the next dose is reduced, or the condition for a full dose."""
    titles: dict[str, list[str]] = {}
    for toxicity in label.toxicities.values():
        titles.setdefault(toxicity.phase, []).append(toxicity.rule.title)
    if "resolved" in titles:
        names = " and ".join(titles["resolved"])
        return f"at most {label.allowed():.4g} GBq, since {names} has resolved"
    if "reduced-given" in titles:
        names = " and ".join(titles["reduced-given"])
        return f"full dose if {names} does not recur after cycle {label.doses}"
    return None


def unchecked(label: LabelRecord, seen: Observations, next_dose: Slot) -> tuple[str, ...]:
    """Return the quantities of the label's rules that could not be checked, and why.

    Only values since the last dose count; a value that is too old on the day of the next dose is
    listed too.
    """
    kind = "toxicity" if label.doses else "contraindication"
    rules = [rule for rule in clinical.label_rules(kind) if rule.quantities() != (OTHER,)]
    since = f"no value since cycle {label.doses}" if label.doses else "no value"
    reasons: dict[str, str] = {}
    for rule in rules:
        for name, why in check(rule, label.known, seen).unknown:
            of = CREATININE if name == CLEARANCE and CREATININE not in label.known else name
            reasons.setdefault(of, since if why == "no value" else why)
    oldest = dt.timedelta(hours=default("oldest_laboratory_value", "h"))
    for name in dict.fromkeys(q for rule in rules for q in rule.quantities()):
        known = label.known.get(name)
        if known is None or name == CLEARANCE or next_dose.at is None:
            continue
        if next_dose.status == "planned" and next_dose.at - day(known.at) > oldest:
            weeks = oldest.days / 7
            old = f"older than {weeks:g} weeks on the day of cycle {next_dose.number}"
            reasons.setdefault(name, old)
    groups: dict[str, list[str]] = {}
    for name, why in reasons.items():
        groups.setdefault(why, []).append(name)
    return tuple(f"{in_words(names)}: {why}" for why, names in groups.items())


def label_answer(label: LabelRecord, seen: Observations, to_come: Sequence[Slot]) -> PlanLabel:
    """Return the label's answer on the next dose, with its reason and the history."""
    first = next((slot for slot in to_come if slot.by != "request"), None)
    answer = "complete" if first is None else _answer(first, label)
    if first is None or answer == "complete":
        reason = "the regimen has no further cycle"
        if first is not None:
            reason = f"all {clinical.label_doses()} doses of the label have been given"
        return _complete(label, reason)
    missing = unchecked(label, seen, first)
    latest = label.latest()
    given = answer in ("due", "reduced")
    state = "stopped" if answer == "stop" else label.state
    if given and missing:
        answer, state = "unchecked", "unchecked"
    no_rule = f"no dose-modification rule applies{' to the known values' if missing else ''}"
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


def _complete(label: LabelRecord, reason: str) -> PlanLabel:
    """Return the answer where no cycle is to come, with what speaks against a further dose."""
    if label.stopped is not None:
        reason = f"{reason}. Permanent discontinuation: {label.stopped}"
    elif label.because():
        reason = f"{reason}. A further dose would be withheld: {'; '.join(label.because())}"
    return _empty(label, reason)


def _empty(label: LabelRecord, reason: str) -> PlanLabel:
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


def _questions(label: LabelRecord) -> tuple[str, ...]:
    return tuple(map(str, label.questions.values()))


def _conditions(label: LabelRecord) -> tuple[PlanCondition, ...]:
    return tuple(PlanCondition(what, source) for what, source in premedications(label))


def _earliest(planned: dt.date, label: LabelRecord) -> dt.date:
    """Return the later of the regimen's day for the next dose and the label's first day for it."""
    if label.last_dose is None:
        return planned
    first = day(label.last_dose) + dt.timedelta(hours=clinical.earliest_interval())
    return max(planned, first)


def _answer(first: Slot, label: LabelRecord) -> Answer:
    if first.status == "stopped":
        return "stop"
    if first.status == "withheld":
        return "not-eligible" if label.state == "not-eligible" else "withhold"
    if label.doses >= clinical.label_doses():
        return "complete"
    return "reduced" if first.most < clinical.full_activity() else "due"


def label_warnings(label: LabelRecord, answer: PlanLabel, to_come: Sequence[Slot]) -> list[Problem]:
    """Return warnings of doses against the label, and of values that could not be checked."""
    warnings = list(label.warnings)
    most = clinical.label_doses()
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
