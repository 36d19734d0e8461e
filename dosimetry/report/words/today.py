"""A plan's dates compared with today, for the terminal and the report.

The plan and its JSON document do not depend on the day on which they are read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from dosimetry.documents.clinic import PlanLab
from dosimetry.documents.plan import Plan
from dosimetry.patient.values import read_date
from dosimetry.problems import InputError, refuse
from dosimetry.reference import label as label_figures
from dosimetry.reference import laboratory, tables
from dosimetry.report.words.names import words
from dosimetry.units import HOURS_PER_WEEK

OVER = ("complete", "stop")  # answers after which no laboratory value is needed
RELEASING = ("due", "reduced", "unchecked")  # answers with which the next dose may be given


def day_of(as_of: str | None) -> dt.date:
    """Return the day on which a plan is read: the one given, else today.

    Parameters
    ----------
    as_of : str or None
        As in ``2026-03-30``.

    Raises
    ------
    InputError
        It is not a date.

    Examples
    --------
    >>> print(day_of("2026-03-30"))
    2026-03-30
    """
    if as_of is None:
        return dt.date.today()
    try:
        return read_date(as_of)
    except InputError as error:
        problem = error.problems[0]
        cure = "write a date, YYYY-MM-DD"
        raise refuse(problem.code, problem.message, cure, "--as-of") from None


def against(plan: Plan, as_of: dt.date) -> tuple[str, ...]:
    r"""Return sentences on the dates of a plan that are in the future, have passed or are old.

    Parameters
    ----------
    plan : Plan
    as_of : date
        Today, for the reader.

    Returns
    -------
    tuple of str
        Empty where every date fits the day.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/two_cycles.yaml"))
    >>> against(plan, dt.date(2026, 3, 20))
    ()
    >>> print(*against(plan, dt.date(2026, 7, 13)), sep="\n")
    Planned date passed, no administration entered: cycle 3, 2026-05-04 (10 weeks ago); cycle 4, 2026-06-29 (2 weeks ago).
    """  # noqa: E501
    checks = (_doses_in_the_future, _values_in_the_future, _not_given, _old_values)
    sentences = (check(plan, as_of) for check in checks)
    return tuple(sentence for sentence in sentences if sentence is not None)


def is_late(plan: Plan, as_of: dt.date) -> bool:
    """Return whether the label's latest date for the next dose has passed on a day."""
    label = plan.label
    return label is not None and label.latest is not None and _day(label.latest) < as_of


def longest_interval_weeks() -> float:
    """Return the longest interval between two doses that the label allows, in weeks.

    Examples
    --------
    >>> longest_interval_weeks()
    16.0
    """
    return label_figures.longest_interval() / HOURS_PER_WEEK


def obstacles(plan: Plan, as_of: dt.date) -> tuple[str, ...]:
    """Return why a dose that the label allows is not released on a day.

    Parameters
    ----------
    plan : Plan
    as_of : date

    Returns
    -------
    tuple of str
        A latest date that has passed, values that are too old, values or doses in the future;
        empty where the label does not allow the dose anyway.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/thrombocytopenia.yaml"))
    >>> obstacles(plan, dt.date(2026, 5, 3))
    ()
    >>> obstacles(plan, dt.date(2026, 7, 13))
    ('the latest date 2026-06-29 has passed', 'laboratory values are 10 weeks old')
    """
    label = plan.label
    if label is None or label.answer not in RELEASING:
        return ()
    reasons = []
    if is_late(plan, as_of) and label.latest:
        reasons.append(f"the latest date {_day(label.latest)} has passed")
    kind = "toxicity" if label.next_cycle != 1 else "contraindication"
    asked = {name for rule in label_figures.label_rules(kind) for name in rule.quantities()}
    asked |= {"creatinine"} if laboratory.CLEARANCE in asked else set()
    old = [_day(lab.at) for lab in _old(plan, as_of) if lab.analyte in asked]
    if old:
        reasons.append(f"laboratory values are {_ago(min(old), as_of).removesuffix(' ago')} old")
    delivered = [_day(c.at) for c in plan.cycles if c.status == "delivered" and c.at]
    known = [_day(lab.at) for lab in plan.labs]
    known += [_day(event.at) for event in plan.adverse_events]
    if max(known, default=as_of) > as_of:
        reasons.append(f"values of {max(known)} are in the future")
    if max(delivered, default=as_of) > as_of:
        reasons.append(f"the delivered dose of {max(delivered)} is in the future")
    return tuple(reasons)


def _doses_in_the_future(plan: Plan, as_of: dt.date) -> str | None:
    later = [
        f"cycle {cycle.number}, {_day(cycle.at)}"
        for cycle in plan.cycles
        if cycle.status == "delivered" and cycle.at and _day(cycle.at) > as_of
    ]
    return f"Entered as delivered, but in the future: {'; '.join(later)}." if later else None


def _values_in_the_future(plan: Plan, as_of: dt.date) -> str | None:
    dated = [(lab.at, words(lab.analyte)) for lab in plan.labs]
    dated += [(event.at, event.term) for event in plan.adverse_events]
    later = ((_day(at), name) for at, name in dated if _day(at) > as_of)
    entries = [f"{_few(names)} of {day}" for day, names in _by_day(later)]
    return f"Values or events dated in the future: {'; '.join(entries)}." if entries else None


def _not_given(plan: Plan, as_of: dt.date) -> str | None:
    passed = [
        f"cycle {cycle.number}, {_day(cycle.at)} ({_ago(_day(cycle.at), as_of)})"
        for cycle in plan.cycles
        if cycle.status == "planned" and cycle.at and _day(cycle.at) < as_of
    ]
    if not passed:
        return None
    return f"Planned date passed, no administration entered: {'; '.join(passed)}."


def _old_values(plan: Plan, as_of: dt.date) -> str | None:
    ended = plan.label is not None and plan.label.answer in OVER
    if ended or all(cycle.status in ("delivered", "stopped") for cycle in plan.cycles):
        return None
    weeks = tables.default("oldest_laboratory_value", "week")
    old = ((_day(lab.at), words(lab.analyte)) for lab in _old(plan, as_of))
    entries = [f"{_few(names)} of {day} ({_ago(day, as_of)})" for day, names in _by_day(old)]
    if not entries:
        return None
    return f"Laboratory values older than {weeks:g} weeks: {'; '.join(entries)}."


def _old(plan: Plan, as_of: dt.date) -> list[PlanLab]:
    """Return the last value of each analyte that is older than allowed before a dose."""
    longest = dt.timedelta(weeks=tables.default("oldest_laboratory_value", "week"))
    last: dict[str, PlanLab] = {}
    for lab in plan.labs:
        if lab.analyte not in last or _day(lab.at) >= _day(last[lab.analyte].at):
            last[lab.analyte] = lab
    return [lab for lab in last.values() if as_of - _day(lab.at) > longest]


def _by_day(dated: Iterable[tuple[dt.date, str]]) -> Iterator[tuple[dt.date, list[str]]]:
    """Yield each day with its names, in the order of the days."""
    by_day: dict[dt.date, list[str]] = {}
    for day, name in dated:
        by_day.setdefault(day, []).append(name)
    yield from sorted(by_day.items())


def _few(names: Sequence[str]) -> str:
    """Return all of up to three names, else the first two and the number of the others."""
    first, more = names[:2], len(names) - 2
    return ", ".join(names) if more < 2 else f"{', '.join(first)} and {more} more"


def _day(at: str) -> dt.date:
    return dt.date.fromisoformat(at[:10])


def _ago(day: dt.date, as_of: dt.date) -> str:
    """Return how long ago a day was: in days, from two weeks on in full weeks."""
    days = (as_of - day).days
    count, unit = (days, "day") if days < 14 else (days // 7, "week")
    return f"{count} {unit}{'' if count == 1 else 's'} ago"
