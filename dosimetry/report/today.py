"""A plan's dates against today: said where a plan is shown, never in the plan itself.

The JSON document says the same on every day; what a day makes of it stands on the terminal and in
the report.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from dosimetry import clinical, tables
from dosimetry.problems import InputError, refuse
from dosimetry.report.terminal_parts import words
from dosimetry.therapy.clinical_plan import PlanLab
from dosimetry.therapy.fields import read_date
from dosimetry.therapy.plan import Plan

OVER = ("complete", "stop")  # answers after which no laboratory value is waited for
RELEASING = ("due", "reduced", "unchecked")  # answers by which the next dose is, or may be, given


def day_of(as_of: str | None) -> dt.date:
    """Return the day that a plan is looked at: the one given, else today.

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
        found = error.problems[0]
        raise refuse(found.code, found.message, "write a date, YYYY-MM-DD", "--as-of") from None


def against(plan: Plan, as_of: dt.date) -> tuple[str, ...]:
    r"""Say which dates of a plan cannot be, or are over, on a day.

    Parameters
    ----------
    plan : Plan
    as_of : date
        Today, for the reader.

    Returns
    -------
    tuple of str
        Sentences; none where no date asks for one.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/two_cycles.yaml"))
    >>> against(plan, dt.date(2026, 3, 20))
    ()
    >>> print(*against(plan, dt.date(2026, 7, 13)), sep="\n")
    Planned for a day that is over, and not entered as given: cycle 3 on 2026-05-04 (10 weeks ago), cycle 4 on 2026-06-29 (2 weeks ago).
    """  # noqa: E501
    return tuple(
        line
        for line in (
            _given_later(plan, as_of),
            _known_later(plan, as_of),
            _not_given(plan, as_of),
            _old_values(plan, as_of),
        )
        if line is not None
    )


def is_late(plan: Plan, as_of: dt.date) -> bool:
    """Return whether the label's latest date for the next dose is over on a day."""
    label = plan.label
    return label is not None and label.latest is not None and _day(label.latest) < as_of


def obstacles(plan: Plan, as_of: dt.date) -> tuple[str, ...]:
    """Return what of a day's date keeps the next dose from being released, in words.

    Parameters
    ----------
    plan : Plan
    as_of : date

    Returns
    -------
    tuple of str
        A latest date that is over, values that are too old, and values or doses of the future;
        none where the label would not give the dose anyhow.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/thrombocytopenia.yaml"))
    >>> obstacles(plan, dt.date(2026, 5, 3))
    ()
    >>> obstacles(plan, dt.date(2026, 7, 13))
    ('latest date 2026-06-29 is over', 'laboratory values are 10 weeks old')
    """
    label = plan.label
    if label is None or label.answer not in RELEASING:
        return ()
    found = []
    if is_late(plan, as_of) and label.latest:
        found.append(f"latest date {_day(label.latest)} is over")
    kind = "toxicity" if label.next_cycle != 1 else "contraindication"
    asked = {name for rule in clinical.label_rules(kind) for name in rule.quantities()}
    asked |= {"creatinine"} if clinical.CLEARANCE in asked else set()
    old = [_day(lab.at) for lab in _old(plan, as_of) if lab.analyte in asked]
    if old:
        found.append(f"laboratory values are {_ago(min(old), as_of).removesuffix(' ago')} old")
    given = [_day(c.at) for c in plan.cycles if c.status == "delivered" and c.at]
    known = [_day(lab.at) for lab in plan.labs]
    known += [_day(event.at) for event in plan.adverse_events]
    if max(known, default=as_of) > as_of:
        found.append(f"values of {max(known)} are in the future")
    if max(given, default=as_of) > as_of:
        found.append(f"a dose entered as given on {max(given)} is in the future")
    return tuple(found)


def _given_later(plan: Plan, as_of: dt.date) -> str | None:
    later = [
        f"cycle {cycle.number} on {_day(cycle.at)}"
        for cycle in plan.cycles
        if cycle.status == "delivered" and cycle.at and _day(cycle.at) > as_of
    ]
    return f"In the future, but entered as given: {', '.join(later)}." if later else None


def _known_later(plan: Plan, as_of: dt.date) -> str | None:
    dated = [(lab.at, words(lab.analyte)) for lab in plan.labs]
    dated += [(event.at, event.term) for event in plan.adverse_events]
    later = ((_day(at), name) for at, name in dated if _day(at) > as_of)
    said = [f"{_few(names)} of {day}" for day, names in _by_day(later)]
    return f"In the future, but entered as known: {'; '.join(said)}." if said else None


def _not_given(plan: Plan, as_of: dt.date) -> str | None:
    over = [
        f"cycle {cycle.number} on {_day(cycle.at)} ({_ago(_day(cycle.at), as_of)})"
        for cycle in plan.cycles
        if cycle.status == "planned" and cycle.at and _day(cycle.at) < as_of
    ]
    if not over:
        return None
    return f"Planned for a day that is over, and not entered as given: {', '.join(over)}."


def _old_values(plan: Plan, as_of: dt.date) -> str | None:
    ended = plan.label is not None and plan.label.answer in OVER
    if ended or all(cycle.status in ("delivered", "stopped") for cycle in plan.cycles):
        return None
    weeks = tables.default("oldest_laboratory_value", "week")
    old = ((_day(lab.at), words(lab.analyte)) for lab in _old(plan, as_of))
    said = [f"{_few(names)} of {day} ({_ago(day, as_of)})" for day, names in _by_day(old)]
    if not said:
        return None
    return f"Laboratory values more than {weeks:g} weeks old: {'; '.join(said)}."


def _old(plan: Plan, as_of: dt.date) -> list[PlanLab]:
    """Return the last value of each analyte that is older than allowed before a dose."""
    longest = dt.timedelta(weeks=tables.default("oldest_laboratory_value", "week"))
    last: dict[str, PlanLab] = {}
    for lab in plan.labs:
        if lab.analyte not in last or _day(lab.at) >= _day(last[lab.analyte].at):
            last[lab.analyte] = lab
    return [lab for lab in last.values() if as_of - _day(lab.at) > longest]


def _by_day(dated: Iterable[tuple[dt.date, str]]) -> Iterator[tuple[dt.date, list[str]]]:
    """Group names by their day, days rising."""
    found: dict[dt.date, list[str]] = {}
    for day, name in dated:
        found.setdefault(day, []).append(name)
    yield from sorted(found.items())


def _few(names: Sequence[str]) -> str:
    """Return names, of many the first two and how many more."""
    first, more = names[:2], len(names) - 2
    return ", ".join(names) if more < 2 else f"{', '.join(first)} and {more} more"


def _day(at: str) -> dt.date:
    return dt.date.fromisoformat(at[:10])


def _ago(day: dt.date, as_of: dt.date) -> str:
    """Say how long ago a day was: in days, from two weeks on in full weeks."""
    days = (as_of - day).days
    count, unit = (days, "day") if days < 14 else (days // 7, "week")
    return f"{count} {unit}{'' if count == 1 else 's'} ago"
