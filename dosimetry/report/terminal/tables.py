"""Reference tables on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from dosimetry.reference import tables
from dosimetry.report.terminal.parts import bullets, plain_table


def show_table_list(out: Console) -> None:
    """Print the names and titles of all reference tables."""
    lines = []
    for name in tables.names():
        reference = tables.table(name)
        lines.append(
            Text.assemble((name, "bold"), f"  {reference.title} ({len(reference.rows)} rows)")
        )
    bullets(out, "Reference tables", lines)
    out.print()
    out.print("dosimetry tables NAME shows one, with its units and sources", style="italic")


def show_table(name: str, out: Console) -> None:
    """Print one reference table with units, sources and licence.

    As a table where it fits the width, else row by row.
    """
    reference = tables.table(name)
    out.print(Text(reference.title, style="bold"))
    if reference.description:
        out.print(reference.description)
    out.print()
    table = _as_table(reference)
    natural = Measurement.get(out, out.options.update(width=10_000), table).maximum
    if natural > out.width:
        _show_records(reference, out)
    else:
        out.print(table)
    out.print()
    for source in reference.sources:
        out.print(f"source: {source}")
    for licence in reference.licences:
        out.print(f"licence: {licence}")
    out.print(f"sha256: {reference.sha256}", soft_wrap=True)


def _heading(column: str, unit: str) -> str:
    return column if unit in ("text", "1", "row") else f"{column} [{unit}]"


def _as_table(reference: tables.ReferenceTable) -> Table:
    table = plain_table(*(_heading(column, unit) for column, unit in reference.columns.items()))
    for row in reference.rows:
        table.add_row(*(row[column] for column in reference.columns))
    return table


def _show_records(reference: tables.ReferenceTable, out: Console) -> None:
    first = next(iter(reference.columns))
    for row in reference.rows:
        out.print(Text(row[first], style="bold"))
        grid = Table.grid(padding=(0, 2, 0, 0))
        for column, unit in reference.columns.items():
            if column != first and row[column]:
                grid.add_row(f"  {_heading(column, unit)}", row[column])
        out.print(grid)
