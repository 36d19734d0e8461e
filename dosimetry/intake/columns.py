"""What the columns of a table mean, with their units; what is open is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dosimetry.intake.cells import empty, looks_like_value
from dosimetry.intake.column import Resolved
from dosimetry.intake.column_twice import ask_of_which, ask_twice, one_time
from dosimetry.intake.column_units import NEEDED, unit_of, with_map_unit
from dosimetry.intake.context import Context
from dosimetry.intake.decide import Answer
from dosimetry.intake.layout import Column, Table
from dosimetry.intake.names import CORRECTED, IGNORE, MEASURES, OF_UNIT, Heading
from dosimetry.intake.sheet import Cell, Kind, Sheet
from dosimetry.problems import Problem, quote


def resolve(context: Context, sheet: Sheet, table: Table) -> list[Resolved]:
    """Return the columns of a table; what cannot be told is asked and left out here."""
    dated = any({*column.heading.meanings} == {"date", "at"} for column in table.columns)
    columns = []
    for column in table.columns:
        cells = [cell for row in table.body if (cell := context.cell(sheet, row, column.index))]
        found = _resolved(context, sheet, column, cells, dated)
        if found is not None:
            columns.append(found)
    context.use(sheet, *table.headers)
    columns = one_time(context, sheet, table, columns)
    ask_twice(context, sheet, table, columns)
    ask_of_which(context, sheet, table, columns)
    return columns


def _resolved(
    context: Context, sheet: Sheet, column: Column, cells: Sequence[Cell], dated: bool
) -> Resolved | None:
    heading = column.heading
    place = sheet.place(column.row, column.index)
    if not cells:
        return None
    heading = with_map_unit(context, sheet, heading, place)
    if dated and {"time", "clock"} <= {*heading.meanings} and _clocks(cells):
        heading = heading._replace(meanings=("clock",))  # beside a column of dates
    meaning = _meaning(context, heading, cells, place)
    if meaning is None:
        return None
    if meaning == IGNORE:
        why = heading.note or "the map says so"
        at = [(row, column.index) for row in sheet.rows()]
        body = [one for one in at if one[0] > column.row and one in sheet.cells]
        context.leave_out(sheet, body, f"column {quote(heading.text)}, {why}")
        context.settle("columns", sheet, heading.text, IGNORE)
        return None
    unit = unit_of(context, sheet, heading, meaning, cells, place)
    if unit is None and meaning in NEEDED:
        return None
    if heading.note == CORRECTED:
        context.corrected.append((heading.text, place))
    name = heading.region_text if heading.region and meaning != "region" else ""
    context.settle("columns", sheet, heading.text, meaning)
    of = f" of {name}" if name else ""
    at_time = f" at {heading.lapse}" if heading.lapse else ""
    in_unit = f" in {unit.text}" if unit else ""
    context.log.say(
        context.place(sheet, (column.row, column.index)),
        f"{quote(heading.text)} is {meaning}{of}{at_time}{in_unit}",
    )
    return Resolved(column.index, heading, meaning, unit, name, heading.lapse)


def _meaning(context: Context, heading: Heading, cells: Sequence[Cell], place: str) -> str | None:
    """Return what a column means; None after asking, or if it only holds remarks."""
    meanings = heading.meanings
    kinds = {unit.kind for unit in heading.units}
    if meanings == (IGNORE,):
        return IGNORE
    if kinds and kinds <= {"count"}:
        _ask_counts(context, heading, place)
        return None
    if heading.note and not meanings:
        possible = ("recovery",) if "recovery" in heading.note else ()
        _ask_meaning(context, heading, possible, place, heading.note)
        return None
    if not meanings and (heading.region or heading.lapse):
        of_unit = [OF_UNIT[kind] for kind in kinds if kind in OF_UNIT and kind != "h"]
        if len({*of_unit}) == 1:
            return of_unit[0]
        _ask_unit_of_region(context, heading, place)
        return None
    if not meanings:
        if any(map(looks_like_value, cells)):
            of_kind = tuple({m: None for kind in kinds for m in MEASURES.get(kind, ())})
            _ask_meaning(context, heading, of_kind, place, "")
        else:
            text = quote(heading.text)
            context.log.say("columns", f"{text} has no number or date: a remark")
        return None
    if {"time", "clock"} <= {*meanings} and _clocks(cells):  # also where a unit of time is stated
        meanings = ("time", "clock")
    elif len(meanings) > 1:
        meanings = _by_cells(_by_unit(meanings, kinds), cells)
    if len(meanings) == 1:
        return meanings[0]
    _ask_meaning(context, heading, meanings, place, _either(meanings, heading))
    return None


def _by_unit(meanings: tuple[str, ...], kinds: set[str]) -> tuple[str, ...]:
    """Return the meanings that a unit allows."""
    if not kinds:
        return meanings
    allowed = {meaning for kind in kinds for meaning in MEASURES.get(kind, ())}
    return tuple(meaning for meaning in meanings if meaning in allowed) or meanings


def _by_cells(meanings: tuple[str, ...], cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return the meanings that the kinds of the cells allow."""
    kinds = {cell.kind for cell in cells if not empty(cell)}
    if "region" in meanings and "name" in meanings:
        return ("region",)
    if {"date", "at"} >= {*meanings}:
        return ("at",) if all(_has_time(cell) for cell in cells) else ("date",)
    if "clock" not in meanings:
        return meanings
    if kinds == {Kind.MOMENT} or (
        kinds == {Kind.TEXT} and all(":" in cell.text and len(cell.text) > 9 for cell in cells)
    ):
        return ("at",)
    return ("time",) if kinds == {Kind.DURATION} or _numbers(cells) else meanings


def _clocks(cells: Sequence[Cell]) -> bool:
    """Return whether all cells are times of day or texts of one."""
    return all(
        cell.kind is Kind.CLOCK
        or (cell.kind is Kind.TEXT and ":" in cell.text and len(cell.text) <= 9)
        for cell in cells
        if not empty(cell)
    )


def _has_time(cell: Cell) -> bool:
    """Return whether a cell has a date with a time of day."""
    if cell.kind is Kind.MOMENT:
        return hasattr(cell.value, "hour")
    return ":" in cell.text


def _numbers(cells: Iterable[Cell]) -> bool:
    return all(
        cell.kind is Kind.NUMBER or (cell.kind is Kind.TEXT and ":" not in cell.text)
        for cell in cells
        if not empty(cell)
    )


def _either(meanings: tuple[str, ...], heading: Heading) -> str:
    if heading.note:
        return heading.note
    words = {
        "time": "the time after injection",
        "clock": "the time of day",
        "at": "date and time",
        "activity": "an activity",
        "concentration": "a concentration",
        "patient_id": "a pseudonym",
        "name": "a name",
    }
    return " or ".join(words.get(meaning, meaning) for meaning in meanings)


def _ask_meaning(
    context: Context, heading: Heading, meanings: Sequence[str], place: str, either: str
) -> None:
    answers = [Answer(meaning, ("columns", heading.text), meaning) for meaning in meanings]
    answers.append(Answer("to leave it out", ("columns", heading.text), IGNORE))
    readings = either or " or ".join(meanings) or "a value of the scans or a remark"
    context.log.ask(
        Problem("ambiguous-column", f"column {quote(heading.text)} can be {readings}", "", place),
        answers,
    )


def _ask_counts(context: Context, heading: Heading, place: str) -> None:
    context.log.ask(
        Problem(
            "counts",
            f"column {quote(heading.text)} holds counts: they are no activity without the "
            "calibration of the camera, or a remark beside one",
            "",
            place,
        ),
        [Answer("to leave it out", ("columns", heading.text), IGNORE)],
    )


def _ask_unit_of_region(context: Context, heading: Heading, place: str) -> None:
    what = heading.lapse or "a region"
    context.log.ask(
        Problem(
            "no-unit",
            f"column {quote(heading.text)} is of {what} and has no unit: it can be an activity "
            "or a concentration",
            "",
            place,
        ),
        [
            Answer("an activity", ("units", heading.text), "MBq"),
            Answer("a concentration", ("units", heading.text), "kBq/mL"),
            Answer("to leave it out", ("columns", heading.text), IGNORE),
        ],
    )
