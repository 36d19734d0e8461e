"""What nothing used: cells that are listed or asked, entries of the map that met nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dosimetry.intake.cells import looks_like_value
from dosimetry.intake.context import Context
from dosimetry.intake.decide import Answer
from dosimetry.intake.names import IGNORE
from dosimetry.intake.sheet import At, Sheet, address
from dosimetry.problems import Problem, quote


def list_rest(context: Context) -> None:
    """List every cell that nothing used; ask where it holds a number or a date."""
    for sheet in context.sheets:
        seen = context.used[sheet.name] | context.listed[sheet.name]
        rest = [at for at in sheet.cells if at not in seen]
        is_value = {at: looks_like_value(sheet.cells[at]) for at in rest}
        numbers = [at for at in rest if is_value[at]]
        texts = [at for at in rest if not is_value[at]]
        if texts:
            context.log.say(context.place(sheet, *texts), "text, not used")
        if not context.log.open():  # a table that is not understood yet leaves its numbers over
            for at in numbers:
                _ask(context, sheet, at)


def _ask(context: Context, sheet: Sheet, at: At) -> None:
    key = f"{sheet.name}!{address(*at)}"
    if key in context.map.cells:
        context.leave_out(sheet, [at], "the map says so")
        return
    context.log.ask(
        Problem(
            "stray-number",
            "a number or date outside of every table and label: it can belong to the data or be "
            "a remark",
            "write a label to the left of it, or put it into the table",
            sheet.place(*at),
        ),
        [Answer("to leave it out", ("cells", key), IGNORE)],
    )


def list_unused_entries(context: Context, data: Mapping[str, Any]) -> None:
    """List entries of the map that met nothing in the file."""
    names = {sheet.name for sheet in context.book.sheets}
    for name in context.map.sheets:
        if name not in names:
            context.log.say("map", f"sheet {quote(name)} is not in the file")
    texts = {cell.text for sheet in context.book.sheets for cell in sheet.cells.values()}
    for section in ("columns", "units", "regions"):
        for key in data.get(section, {}):
            name = key.rpartition("!")[2]
            if not any(name in text or text in name for text in texts if text):
                context.log.say("map", f"{section}: {quote(key)} is not in the file")
