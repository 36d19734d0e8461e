"""What the columns of a table mean, with their units; what is open is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dosimetry.intake.cells import UnclearError, empty, looks_like_value
from dosimetry.intake.context import Context
from dosimetry.intake.decide import Answer
from dosimetry.intake.layout import Column, Table
from dosimetry.intake.mapping import OF_PATIENT
from dosimetry.intake.names import CORRECTED, IGNORE, MEASURES, OF_UNIT, Heading
from dosimetry.intake.sheet import Cell, Kind, Sheet
from dosimetry.intake.unit_texts import Unit, one_unit
from dosimetry.problems import Problem, quote
from dosimetry.reference.laboratory import analytes

MEASURED = ("activity", "concentration")
OF_REGION = (*MEASURED, "sd", "volume", "volume sd", "recovery", "recovery sd")
# Kinds of units that a meaning takes; the first one serves as an example.
NEEDED = {
    "time": ("h",),
    "activity": ("MBq", "%IA", "SUV"),
    "concentration": ("kBq/mL",),
    "blood": ("kBq/mL",),
    "volume": ("mL",),
    "sd": ("MBq", "%IA", "SUV", "kBq/mL", "%"),
    "volume sd": ("mL", "%"),
    "administered": ("MBq",),
    "prepared": ("MBq",),
    "residual": ("MBq",),
    "age": ("h",),
    "weight": ("g",),
    "height": ("cm",),
}
FREE = ("recovery", "recovery sd", "hematocrit")  # a unit may be given, in %


@dataclass(frozen=True)
class Resolved:
    """A column with one meaning.

    Attributes
    ----------
    index : int
    heading : Heading
    meaning : str
    unit : Unit or None
        None for what has no unit.
    region : str
        Name of the region that the header names; empty if rows name it.
    lapse : str
        Time after injection that the header names; empty if rows do.
    """

    index: int
    heading: Heading
    meaning: str
    unit: Unit | None = None
    region: str = ""
    lapse: str = ""


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
    columns = _one_time(context, sheet, table, columns)
    _ask_twice(context, sheet, table, columns)
    _ask_of_which(context, sheet, table, columns)
    return columns


def _one_time(
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


def _resolved(
    context: Context, sheet: Sheet, column: Column, cells: Sequence[Cell], dated: bool
) -> Resolved | None:
    heading = column.heading
    place = sheet.place(column.row, column.index)
    if not cells:
        return None
    heading = _with_map_unit(context, sheet, heading, place)
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
    unit = _unit(context, sheet, heading, meaning, cells, place)
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


def _with_map_unit(context: Context, sheet: Sheet, heading: Heading, place: str) -> Heading:
    """Return a heading with the unit that the map states."""
    text = context.entry(context.map.units, sheet, heading.text)
    if text is None:
        return heading
    unit = one_unit(text)
    if unit is None:
        return heading
    stated = [one for one in heading.units if one.kind != "%"]
    if stated and unit not in stated:
        context.log.fail(
            Problem(
                "map-differs",
                f"the header has the unit {quote(heading.unit_text)}, the map {quote(text)}",
                "correct the one that is wrong",
                place,
            )
        )
    return heading._replace(units=(unit,), unit_text=heading.unit_text or text)


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


def _unit(
    context: Context,
    sheet: Sheet,
    heading: Heading,
    meaning: str,
    cells: Sequence[Cell],
    place: str,
) -> Unit | None:
    """Return the unit of a column, of its header or of every one of its cells."""
    if meaning in analytes() or meaning == "value":
        needed: tuple[str, ...] = ()
    elif meaning in NEEDED:
        needed = NEEDED[meaning]
    elif meaning in FREE:
        needed = ("%",)
    else:
        return None
    units = [unit for unit in heading.units if not needed or unit.kind in needed]
    if len(units) == 1:
        context.settle("units", sheet, heading.text, units[0].text)
        return units[0]
    if len(units) > 1:
        context.log.ask(
            Problem(
                "ambiguous-unit",
                f"the unit {quote(heading.unit_text)} can be "
                f"{' or '.join(unit.text for unit in units)}",
                "",
                place,
            ),
            [Answer(unit.text, ("units", heading.text), unit.text) for unit in units],
        )
        return None
    if heading.units or heading.unit_text:
        _ask_wrong_unit(context, heading, meaning, needed, place)
        return None
    if (own := _unit_of_cells(context, sheet, cells, place)) and (not needed or own.kind in needed):
        return own
    if meaning in FREE or (meaning == "time" and _typed_times(cells)):
        return Unit("h", "h") if meaning == "time" else None
    if meaning == "value":
        return None
    _ask_no_unit(context, heading, meaning, needed, place)
    return None


def _typed_times(cells: Sequence[Cell]) -> bool:
    """Return whether all cells are durations or times of day, which have a unit."""
    return all(cell.kind in (Kind.DURATION, Kind.CLOCK) for cell in cells if not empty(cell))


def _unit_of_cells(
    context: Context, sheet: Sheet, cells: Sequence[Cell], place: str
) -> Unit | None:
    reader = context.readers[sheet.name]
    found: set[Unit | None] = set()
    for cell in cells:
        if empty(cell):
            continue
        try:
            found.add(reader.number(cell, place).unit)
        except UnclearError:
            return None
    return found.pop() if len(found) == 1 else None


def _ask_wrong_unit(
    context: Context, heading: Heading, meaning: str, needed: tuple[str, ...], place: str
) -> None:
    unit = quote(heading.unit_text or heading.units[0].text)
    wanted = needed[0] if needed else "one of its own"
    percent = any(one.kind == "%" for one in heading.units) and meaning == "activity"
    what = "of the administered activity (%IA) or of something else" if percent else ""
    context.log.ask(
        Problem(
            "ambiguous-unit" if percent else "unit-does-not-fit",
            f"the unit {unit} of column {quote(heading.text)} can be {what}"
            if percent
            else f"{unit} is not a unit of {meaning} ({wanted} is one): the unit or the meaning "
            "of the column is another",
            "",
            place,
        ),
        [
            Answer("another unit", ("units", heading.text), "%IA" if percent else wanted),
            Answer("to leave it out", ("columns", heading.text), IGNORE),
        ],
    )


def _ask_no_unit(
    context: Context, heading: Heading, meaning: str, needed: tuple[str, ...], place: str
) -> None:
    units = {"MBq": ("MBq", "kBq"), "h": ("h", "d"), "kBq/mL": ("Bq/mL", "kBq/mL")}
    units |= {"mL": ("mL", "L")}
    possible: tuple[str, ...] = analytes()[meaning].units if meaning in analytes() else ()
    if needed:
        possible = units.get(needed[0], needed)
    if meaning == "sd":
        possible = ("MBq", "%")
    context.log.ask(
        Problem(
            "no-unit",
            f"column {quote(heading.text)} ({meaning}) has no unit: it can be "
            f"{' or '.join(possible)}",
            "",
            place,
        ),
        [Answer(unit, ("units", heading.text), unit) for unit in possible],
    )


def _ask_twice(context: Context, sheet: Sheet, table: Table, columns: list[Resolved]) -> None:
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


def _ask_of_which(context: Context, sheet: Sheet, table: Table, columns: list[Resolved]) -> None:
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
