"""Tables on a narrow terminal: row by row, so that no word is broken."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

NARROW = 64  # columns; a table of doses needs about as many


def show_table(table: Table, out: Console) -> None:
    """Print a table, on a narrow terminal as one paragraph per row.

    Examples
    --------
    >>> table = Table("limit", "verdict")
    >>> table.add_row("kidneys 23 Gy", "within")
    >>> show_table(table, Console(width=40))  # doctest: +NORMALIZE_WHITESPACE
    limit kidneys 23 Gy
      verdict  within
    """
    if out.width >= NARROW:
        out.print(table)
        return
    names = [f"{column.header}" for column in table.columns]
    for row in zip(*(column.cells for column in table.columns), strict=True):
        out.print(Text(f"{names[0]} {row[0]}", style="bold"))
        grid = Table.grid(padding=(0, 2, 0, 0))
        for name, cell in zip(names[1:], row[1:], strict=True):
            if f"{cell}":
                grid.add_row(name, cell)
        out.print(Padding(grid, (0, 0, 0, 2)))
