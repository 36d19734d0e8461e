"""The protocol of a self-test as one file, to print and sign."""

from __future__ import annotations

import datetime as dt

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
        answer_table=_answers(test),
        case_table=_cases(test),
        tolerance_table=_tolerances(test),
        hash_table=table("Reference tables", ("table", "SHA-256"), test.tables.items()),
    )


def _answers(test: SelfTest) -> Table:
    return table(
        "Each known answer, the value computed on this machine, and the largest difference allowed",
        ("case", "quantity", "expected", "computed", "difference", "allowed", "result"),
        (_answer(answer) for answer in test.answers),
    )


def _answer(answer: KnownAnswer) -> tuple[Cell | str, ...]:
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
    return answer.id, words.quantity(answer), *numbers, words.verdict(answer)


def _cases(test: SelfTest) -> Table:
    cases = {answer.id: (answer.id, answer.case, answer.source) for answer in test.answers}
    heads = ("case", "in words", "source")
    return table("The cases, and the source of their known answers", heads, cases.values())


def _tolerances(test: SelfTest) -> Table:
    """Return each reason of a tolerance with the answers that it holds for."""
    by_reason: dict[str, list[str]] = {}
    for answer in test.answers:
        by_reason.setdefault(answer.tolerance_reason, []).append(f"{answer.id} {answer.quantity}")
    most = max(by_reason, key=lambda reason: len(by_reason[reason]))
    rows = ((r, "all others" if r == most else "; ".join(n)) for r, n in by_reason.items())
    return table("Why a difference is allowed", ("largest difference", "known answers"), rows)
