"""Parts of the terminal output: console, tables, lists, names in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dosimetry.problems import Problem
from dosimetry.report.numbers import printed
from dosimetry.report.words.names import place_words
from dosimetry.report.words.said import sentence

NOTHING = "–"  # in a cell without a value


def console(stream: IO[str] | None = None) -> Console:
    """Return a console: as wide as the terminal, 80 columns where there is none."""
    return Console(file=stream, highlight=False, soft_wrap=False, emoji=False, markup=False)


def plain_table(*columns: str) -> Table:
    """Return a table without lines."""
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="underline",
    )
    for column in columns:
        table.add_column(column, no_wrap=False, overflow="fold")
    return table


def problem_text(problem: Problem) -> Text:
    """Return a warning in sentences: place, problem, action."""
    place = f"{place_words(problem.place)}: " if problem.place else ""
    sentences = filter(None, (sentence(problem.message), sentence(problem.cure)))
    return Text(f"{place}{printed(' '.join(sentences))}")


def bullets(out: Console, title: str, lines: Sequence[Text], style: str = "bold") -> None:
    """Print a list under a title; an empty list prints nothing."""
    if not lines:
        return
    out.print()
    out.print(Text(title, style=style))
    for line in lines:
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_row("·", line)
        out.print(Padding(table, (0, 0, 0, 1)))
