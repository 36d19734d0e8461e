"""The self-test on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from dosimetry.documents.selftest import SelfTest
from dosimetry.report.terminal.parts import bullets, plain_table
from dosimetry.report.words import selftest as words


def show_selftest(test: SelfTest, out: Console) -> None:
    """Print the result, what differs, one row per known answer, and what computed it."""
    out.print(Text(words.result(test), style="bold"))
    if not test.passed:
        out.print(words.DO_NOT_USE)
        bullets(out, "Not reproduced", [Text(name) for name in words.failures(test)])
    out.print()
    table = plain_table("known answer", "expected", "computed", "difference", "allowed", "")
    for column in table.columns[1:]:
        column.no_wrap = True
        column.justify = "right"
    shown = ""
    for answer in test.answers:
        if answer.id != shown:
            table.add_row(Text(answer.id, style="bold"))
            shown = answer.id
        table.add_row(
            f"  {words.quantity(answer)}",
            words.figure(answer.expected),
            words.figure(answer.computed),
            words.figure(answer.difference, 2, "+"),
            words.figure(answer.tolerance, 2),
            words.verdict(answer),
        )
    out.print(table)
    out.print()
    for name, value in words.computed_by(test).items():
        out.print(f"{name}: {value}")
    out.print()
    out.print("Cases in words and sources: dosimetry tables known_answers", style="dim")
    out.print(test.disclaimer, style="italic")
