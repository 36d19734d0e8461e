"""The unit of a column: of its header, of the map, or of every one of its cells."""

from __future__ import annotations

from collections.abc import Sequence

from dosimetry.intake.cells import UnclearError, empty
from dosimetry.intake.context import Context
from dosimetry.intake.decide import Answer
from dosimetry.intake.names import IGNORE, Heading
from dosimetry.intake.sheet import Cell, Kind, Sheet
from dosimetry.intake.unit_texts import Unit, one_unit
from dosimetry.problems import Problem, quote
from dosimetry.reference.laboratory import analytes

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


def with_map_unit(context: Context, sheet: Sheet, heading: Heading, place: str) -> Heading:
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


def unit_of(
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
