"""Columns of one table that could be the same thing, or of which region is not told."""

from __future__ import annotations

from dosimetry.intake.column import MEASURED, OF_REGION, Resolved
from dosimetry.intake.context import Context
from dosimetry.intake.decide import Answer
from dosimetry.intake.layout import Table
from dosimetry.intake.mapping import OF_PATIENT
from dosimetry.intake.names import CORRECTED, IGNORE
from dosimetry.intake.sheet import Sheet
from dosimetry.problems import Problem, quote


def one_time(
    context: Context, sheet: Sheet, table: Table, columns: list[Resolved]
) -> list[Resolved]:
    """Leave out a date or a time of day alone beside the time after injection."""
    meanings = {column.meaning for column in columns}
    lapse = "time" in meanings or any(column.lapse for column in columns)
    extra = meanings & {"date", "clock"}
    if not lapse or len(extra) != 1:
        return columns
    for column in columns:
        if column.meaning in extra:
            cells = [(row, column.index) for row in table.body]
            why = f"column {quote(column.heading.text)}: the time after injection is given"
            context.leave_out(sheet, cells, why)
    return [column for column in columns if column.meaning not in extra]


def ask_twice(context: Context, sheet: Sheet, table: Table, columns: list[Resolved]) -> None:
    """Ask about columns that would be the same thing twice."""
    groups: dict[tuple[str, str, str], list[Resolved]] = {}
    for column in columns:
        what = "value" if column.meaning in MEASURED else column.meaning
        if column.meaning in ("time", "at"):
            what = "time"
        groups.setdefault((what, column.region, column.lapse), []).append(column)
    for (what, _, _), same in groups.items():
        if len(same) < 2 or what in OF_PATIENT:
            continue
        texts = [quote(column.heading.text) for column in same]
        is_what = {"value": "activity", "time": "time of the scan"}.get(what, what)
        corrected = [c for c in same if c.heading.note == CORRECTED]
        more = f" ({quote(corrected[0].heading.text)} is decay-corrected)" if corrected else ""
        context.log.ask(
            Problem(
                "ambiguous-column",
                f"columns {' and '.join(texts)} can each be the {is_what}{more}",
                "",
                sheet.place(table.top, same[1].index),
            ),
            [
                Answer(
                    f"{quote(kept.heading.text)}",
                    ("columns", other.heading.text),
                    IGNORE,
                )
                for kept, other in zip(same, reversed(same), strict=True)
            ],
        )


def ask_of_which(context: Context, sheet: Sheet, table: Table, columns: list[Resolved]) -> None:
    """Ask about a column without a region beside columns of several regions."""
    named = list(dict.fromkeys(column.region for column in columns if column.region))
    if not named or (len(named) == 1 and not any(c.meaning == "region" for c in columns)):
        return
    for column in columns:
        if column.meaning not in (*OF_REGION, "region") or column.region:
            continue
        context.log.ask(
            Problem(
                "ambiguous-column",
                f"column {quote(column.heading.text)} names no region: it can belong to "
                f"{' or '.join(map(quote, named[:4]))} or to all",
                "",
                sheet.place(table.top, column.index),
            ),
            [Answer("to leave it out", ("columns", column.heading.text), IGNORE)],
        )
