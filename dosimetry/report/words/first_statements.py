"""The order of the first statements; their words are in next_dose, label, limits and today."""

from __future__ import annotations

import datetime as dt

from dosimetry.documents.plan import Plan
from dosimetry.report.words.label import label_words, not_recognised
from dosimetry.report.words.limits import worst
from dosimetry.report.words.next_dose import next_dose
from dosimetry.report.words.said import Statement
from dosimetry.report.words.today import against


def answer(plan: Plan, as_of: dt.date) -> tuple[Statement, ...]:
    """Return the statements on the next dose, the label, the worst limit and the dates.

    Parameters
    ----------
    plan : Plan
    as_of : date
        Today, for the reader.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan("examples/two_cycles.yaml")
    >>> [statement.head for statement in answer(plan, dt.date(2026, 3, 20))]
    ['NOT RELEASED, cycle 3:', 'NOT CHECKED, US label 4/2024:', 'EXCEEDS:']
    """
    dates = " ".join(against(plan, as_of))
    statements = (
        next_dose(plan, as_of),
        label_words(plan, as_of),
        not_recognised(plan),
        worst(plan),
        Statement("CHECK THE DATES:", "caution", dates) if dates else None,
    )
    return tuple(statement for statement in statements if statement is not None)
