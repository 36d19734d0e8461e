"""The protocol of a self-test as one file, to print and sign."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from dosimetry.documents.selftest import KnownAnswer, SelfTest
from dosimetry.files import need
from dosimetry.report.page.cells import Cell, Table, number, table
from dosimetry.report.page.template import render
from dosimetry.report.words import selftest as words


def protocol(test: SelfTest, made_at: dt.datetime) -> str:
    """Return the protocol of a self-test as one HTML file without external resources.

    Parameters
    ----------
    test : SelfTest
    made_at : datetime
        Shown in the protocol; the same test and time give the same bytes.

    Returns
    -------
    str

    Raises
    ------
    InputError
        Jinja2 or matplotlib is not installed.

    Examples
    --------
    >>> from dosimetry.selftest.run import selftest
    >>> page = protocol(selftest(), dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC))
    >>> "all reproduced" in page
    True
    """
    need("report")
    return render(
        "selftest.html.j2",
        test=test,
        made_at=made_at.isoformat(timespec="seconds"),
        result=words.result(test),
        failures=words.failures(test),
        do_not_use=words.DO_NOT_USE,
        computed_by=words.computed_by(test),
        cases=_cases(test),
        source_table=_by(
            test, lambda answer: answer.source, "source", "Source of the expected values"
        ),
        reason_table=_by(
            test,
            lambda answer: answer.tolerance_reason,
            "reason",
            "Reason of the largest difference allowed",
        ),
        hash_table=table("SHA-256 of each table", ("table", "SHA-256"), test.tables.items()),
    )


def _cases(test: SelfTest) -> list[Table]:
    """Return a table of each case: its answers, under the case in words."""
    heads = ("quantity", "expected", "computed", "difference", "allowed", "result")
    by_case: dict[str, list[KnownAnswer]] = {}
    for answer in test.answers:
        by_case.setdefault(f"{answer.id}: {answer.case}", []).append(answer)
    return [table(case, heads, map(_row, answers)) for case, answers in by_case.items()]


def _row(answer: KnownAnswer) -> tuple[Cell | str, ...]:
    amounts = (
        (answer.expected, 7, ""),
        (answer.computed, 7, ""),
        (answer.difference, 2, "+"),
        (answer.tolerance, 2, ""),
    )
    numbers = (
        Cell((number(amount.value, words.figure(amount, digits, sign)),))
        if amount is not None
        else words.figure(None)
        for amount, digits, sign in amounts
    )
    return words.quantity(answer), *numbers, words.verdict(answer)


def _by(test: SelfTest, reason: Callable[[KnownAnswer], str], head: str, caption: str) -> Table:
    """Return each reason once, with its answers; the most frequent one holds for all others."""
    by_reason: dict[str, list[str]] = {}
    for answer in test.answers:
        by_reason.setdefault(reason(answer), []).append(f"{answer.id} {answer.quantity}")
    most = max(by_reason, key=lambda text: len(by_reason[text]))
    rows = ((r, "all others" if r == most else "; ".join(n)) for r, n in by_reason.items())
    return table(caption, (head, "known answers"), rows)
