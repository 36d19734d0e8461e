"""Verdicts and states of cycles in words; a dose that is not released never looks released."""

from __future__ import annotations

import datetime as dt

from dosimetry.documents.flags import Flag
from dosimetry.documents.plan import Plan, PlanCycle
from dosimetry.label.release import release
from dosimetry.report.words.limits import ONE_KIDNEY
from dosimetry.report.words.today import obstacles

ONE_KIDNEY_NOTE = " (one side higher)"


def verdict(flag: Flag, plan: Plan) -> str:
    """Return the verdict on a limit, with a note where "within" alone would say too much.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/not_eligible.yaml"))
    >>> verdict(plan.flags[0], plan)
    'no dose planned'
    """
    if flag.severity != "within":
        return flag.severity.upper().replace("-", " ")
    if _nothing(plan):
        return "no dose planned"
    return f"within{_note(flag, plan)}"


def short_verdict(flag: Flag, plan: Plan) -> str:
    """Return the verdict for a picture, which has no room for the note on one kidney."""
    return verdict(flag, plan).removesuffix(ONE_KIDNEY_NOTE)


def _note(flag: Flag, plan: Plan) -> str:
    """Return the note after "within" where no dose was measured or none is planned."""
    if any((w.code, w.place) == (ONE_KIDNEY, f"flags {flag.limit}") for w in plan.warnings):
        return ONE_KIDNEY_NOTE
    if flag.basis == "population":
        return " (population)"
    to_come = [cycle for cycle in plan.cycles if cycle.status != "delivered"]
    planned = any(cycle.activity is not None for cycle in to_come)
    return ", no dose planned" if to_come and not planned else ""


def is_noted(flag: Flag, plan: Plan) -> bool:
    """Return whether a limit is kept with a note: such a verdict is not shown in green."""
    return flag.severity == "within" and verdict(flag, plan) != "within"


def _nothing(plan: Plan) -> bool:
    return all(cycle.activity is None for cycle in plan.cycles)


def status(plan: Plan, cycle: PlanCycle, as_of: dt.date | None = None) -> str:
    """Return the state of a cycle in words; the JSON document keeps its own codes.

    Parameters
    ----------
    plan : Plan
    cycle : PlanCycle
        Of the plan.
    as_of : date, optional
        Today, for the reader; without it, dates that have passed do not count.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/two_cycles.yaml"))
    >>> [status(plan, cycle) for cycle in plan.cycles[1:]]
    ['delivered', 'not released: values missing', 'not released yet']
    """
    if cycle.status == "planned":
        return _planned(plan, cycle, as_of)
    if cycle.status == "withheld" and cycle.decided_by == "request":
        return "left out (request)"
    if cycle.status == "stopped":
        return "stopped (label)" if cycle.decided_by == "label" else "none (limit)"
    return cycle.status


def _planned(plan: Plan, cycle: PlanCycle, as_of: dt.date | None) -> str:
    in_the_way = obstacles(plan, as_of) if as_of else ()
    match release(plan.label, cycle.number):
        case "no-rules":
            return "not checked: no rules"
        case "beyond-the-label":
            return "not released: beyond the label"
        case "later":
            return "not released yet"
        case _ if in_the_way:
            return f"not released: {in_the_way[0]}"
        case "unchecked":
            return "not released: values missing"
        case _:
            return cycle.status
