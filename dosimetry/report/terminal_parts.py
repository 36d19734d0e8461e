"""What every table and list on the terminal is made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import IO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dosimetry.problems import Problem

CYCLE = re.compile(r"cycles\[(\d+)\]")


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


def words(region: str) -> str:
    """Return the name of a region in words."""
    return region.replace("_", " ")


def place_words(place: str) -> str:
    """Return the place of a warning in words: a cycle by its number.

    Examples
    --------
    >>> place_words("cycles[2] kidney_left"), place_words("cycles[0].measurements")
    ('cycle 3, kidney left', 'cycle 1, measurements')
    """
    found = CYCLE.match(place)
    if found is None:
        return place
    rest = place[found.end() :].lstrip(". ")
    return f"cycle {int(found[1]) + 1}" + (f", {words(rest)}" if rest else "")


def problem_text(problem: Problem) -> Text:
    """Return a warning in one line: place, what, cure."""
    place = f"{place_words(problem.place)}: " if problem.place else ""
    return Text(f"{place}{problem.message}; {problem.cure}")


def bullets(out: Console, title: str, lines: Sequence[Text], style: str = "bold") -> None:
    """Print a list under a title; nothing where it is empty."""
    if not lines:
        return
    out.print()
    out.print(Text(title, style=style))
    for line in lines:
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_row("·", line)
        out.print(Padding(table, (0, 0, 0, 1)))
