"""Parts of the terminal output: console, tables, lists, names in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import IO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dosimetry.problems import Problem
from dosimetry.report.numbers import printed
from dosimetry.report.said import sentence

CYCLE = re.compile(r"cycles\[(\d+)\]")
SIDE = re.compile(r"^(.+)_(left|right)$")
SECTIONS = {"cumulative": "whole course", "labs": "laboratory values"}
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


def words(region: str) -> str:
    """Return the name of a region, an analyte or a state in words.

    Examples
    --------
    >>> words("red_marrow"), words("kidney_left"), words("tumour_1")
    ('red marrow', 'left kidney', 'tumour 1')
    """
    return SIDE.sub(r"\2 \1", region).replace("_", " ")


def place_words(place: str) -> str:
    """Return the place of a warning in words: a cycle by its number, a section by its name.

    Examples
    --------
    >>> place_words("cycles[2] kidney_left"), place_words("cycles[0].measurements")
    ('cycle 3, left kidney', 'cycle 1, measurements')
    >>> place_words("cumulative"), place_words("flags kidneys-ad-23")
    ('whole course', 'limit kidneys-ad-23')
    """
    cycle = CYCLE.match(place)
    if cycle is None:
        return SECTIONS.get(place, re.sub(r"^flags ", "limit ", place))
    rest = place[cycle.end() :].lstrip(". ")
    return f"cycle {int(cycle[1]) + 1}" + (f", {words(rest)}" if rest else "")


def problem_text(problem: Problem) -> Text:
    """Return a warning in sentences: its place, what is wrong, what to do."""
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
