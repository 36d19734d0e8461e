"""What a table holds: scans, blood samples, laboratory values, or the cycles."""

from __future__ import annotations

from collections.abc import Sequence

from dosimetry.intake.column import MEASURED, Resolved
from dosimetry.intake.context import Context
from dosimetry.intake.decide import Answer
from dosimetry.intake.layout import TIMES, Block
from dosimetry.intake.mapping import BLOOD, HOLDS, OF_CYCLES
from dosimetry.intake.names import IGNORE, has_word
from dosimetry.problems import Problem, quote
from dosimetry.reference.laboratory import analytes

SCANS, LABS, CYCLES = "measurements", "labs", "cycles"


def kind_of(context: Context, block: Block, columns: Sequence[Resolved], unclear: bool) -> str:
    """Return what a table holds (``measurements``, ``blood``, ``labs``, ``cycles``).

    Empty after asking, or if too much of an ``unclear`` table is open.
    """
    sheet = block.sheet
    entry = context.map.sheets.get(sheet.name)
    if entry is not None and entry.holds is not None:
        return entry.holds
    meanings = {column.meaning for column in columns}
    named = any(column.region for column in columns) or "region" in meanings
    timed = bool(meanings & TIMES) or any(column.lapse for column in columns)
    if meanings & {*MEASURED} and named and timed:
        return SCANS
    if BLOOD in meanings and timed:
        return BLOOD
    if "concentration" in meanings and timed and not named:
        if has_word(sheet.name, BLOOD) or has_word(block.title, BLOOD):
            return BLOOD
        return _ask(context, block, "blood samples or one region without its name", (BLOOD,))
    if meanings & {*analytes()} or {"analyte", "value"} <= meanings:
        return LABS
    if "cycle" in meanings and meanings & {*OF_CYCLES}:
        return CYCLES
    if unclear:  # what is missing may be the column that is asked
        return SCANS if named and (meanings & {*MEASURED} or timed) else ""
    if meanings & {*MEASURED} and timed:
        return _no_region(context, block)
    if meanings & {*MEASURED} and named:
        return _no_time(context, block)
    return _ask(context, block, "one of " + ", ".join(HOLDS[:-1]) + ", or a remark", ())


def _ask(context: Context, block: Block, either: str, kinds: tuple[str, ...]) -> str:
    name = block.sheet.name
    context.log.ask(
        Problem(
            "unclear-table", f"the table can hold {either}", "", block.sheet.place(_top(block), 1)
        ),
        [
            *(Answer(kind, ("sheets", name, "holds"), kind) for kind in kinds),
            Answer("to leave the sheet out", ("sheets", name, "holds"), IGNORE),
        ],
    )
    return ""


def _no_region(context: Context, block: Block) -> str:
    context.log.fail(
        Problem(
            "missing-column",
            f"the table has times and activities, but no column of regions, and none of its "
            f"headers is a region (sheet {quote(block.sheet.name)})",
            "add a column with the region, or name the region in the header of its values",
            block.sheet.place(_top(block), 1),
        )
    )
    return ""


def _no_time(context: Context, block: Block) -> str:
    context.log.fail(
        Problem(
            "missing-column",
            "the table has activities, but no column of times",
            "add a column with the hours after injection, or with date and time of the scans",
            block.sheet.place(_top(block), 1),
        )
    )
    return ""


def _top(block: Block) -> int:
    return block.table.top if block.table else 1
