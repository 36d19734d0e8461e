"""Facts that stand once: of the patient, and of each cycle, from labels and tables of cycles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from dosimetry.intake.cells import UnclearError, empty, time_in
from dosimetry.intake.column_units import NEEDED
from dosimetry.intake.context import Context
from dosimetry.intake.decide import Answer
from dosimetry.intake.layout import LABELS, Label
from dosimetry.intake.moments import Moment, zoned
from dosimetry.intake.names import IGNORE, Heading, word_in
from dosimetry.intake.records import Quantity
from dosimetry.intake.sheet import At, Cell, Kind, Sheet
from dosimetry.intake.unit_texts import one_unit, units_of
from dosimetry.problems import Problem, quote

AMOUNTS = ("administered", "prepared", "residual", "age", "weight", "height", "hematocrit")
MOMENTS = ("injected", "prepared_at", "residual_at", "born")
WORDS = ("sex", "decay")


@dataclass(frozen=True)
class Fact:
    """A value with its place.

    Attributes
    ----------
    value : str or date or date-time
        A quantity as text with its unit, a word, or a moment.
    place : str
    cell : str
        Sheet and address, for decisions.
    """

    value: str | Moment | dt.time
    place: str
    cell: str


@dataclass
class Facts:
    """Facts of the patient or of one cycle, by meaning; and the meanings that were asked."""

    held: dict[str, list[Fact]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def missing(self, meaning: str) -> bool:
        """Return whether nothing states a meaning, and no question about it is open."""
        return meaning not in self.held and meaning not in self.asked

    def add(self, meaning: str, fact: Fact) -> None:
        """Add a fact; one that says the same again adds nothing."""
        known = self.held.setdefault(meaning, [])
        if all(other.value != fact.value for other in known):
            known.append(fact)

    def one(self, context: Context, meaning: str, path: tuple[str, ...]) -> Fact | None:
        """Return the fact of a meaning; ask if the file states two."""
        found = self.held.get(meaning, [])
        if len(found) > 1:
            context.log.ask(
                Problem(
                    "two-values",
                    f"the {in_words(meaning)} can be "
                    + " or ".join(f"{shown(fact.value)} ({fact.cell})" for fact in found),
                    "",
                    found[1].place,
                ),
                [Answer(shown(fact.value), path, shown(fact.value)) for fact in found],
            )
        return found[0] if found else None


def in_words(meaning: str) -> str:
    """Return a meaning in words.

    Examples
    --------
    >>> in_words("administered"), in_words("patient_id")
    ('administered activity', 'patient id')
    """
    words = {"prepared_at": "time of preparation", "residual_at": "time of the residual"}
    words |= {name: f"{name} activity" for name in ("administered", "prepared", "residual")}
    words |= {"injected": "injection", "decay": "decay correction"}
    return words.get(meaning, meaning.replace("_", " "))


def shown(value: str | Moment | dt.time) -> str:
    """Return the value of a fact as in a patient file."""
    return value if isinstance(value, str) else value.isoformat()


def differ(context: Context, what: str, stated: str, given: str, place: str) -> None:
    """Refuse a map that states something else than the workbook."""
    context.log.fail(
        Problem(
            "map-differs",
            f"{what}: the workbook has {stated}, but {given} is given",
            "correct the one that is wrong; a map is of one patient where it has cycles",
            place,
        )
    )


def add_label(context: Context, sheet: Sheet, label: Label, facts: Facts) -> None:
    """Add what a label and its values state; a label that is not known is asked.

    Parameters
    ----------
    context : Context
    sheet : Sheet
    label : Label
    facts : Facts
        Of the patient or of the label's cycle.
    """
    heading = label.heading
    meanings = [meaning for meaning in heading.meanings if meaning in LABELS]
    if heading.meanings == (IGNORE,):
        context.leave_out(
            sheet, [label.at, *(at for at, _ in label.values)], f"label {quote(heading.text)}"
        )
        return
    place = sheet.place(*label.at)
    if len(meanings) != 1:
        facts.asked.update(meanings)
        _ask_label(context, heading, meanings, place)
        return
    (meaning,) = meanings
    if _in_map(context, meaning) and not _readable(label):
        cells = [label.at, *(at for at, _ in label.values)]
        context.leave_out(sheet, cells, f"label {quote(heading.text)}, the map states it")
        return
    if meaning == "cycle":
        return
    if meaning == "name":
        context.leave_out(
            sheet, [label.at, *(at for at, _ in label.values)], "it names the patient"
        )
        return
    add_values(context, sheet, heading, meaning, label.values, facts)
    context.use(sheet, label.at)
    context.settle("columns", sheet, heading.text, meaning)


def _in_map(context: Context, meaning: str) -> bool:
    """Return whether the map states the sex, or the decay reference of all cycles."""
    given = context.map
    return (meaning == "sex" and "sex" in given.patient) or (
        meaning == "decay" and given.decay_corrected_to is not None
    )


def _readable(label: Label) -> bool:
    return bool(word_in(label.values[0][1].text, "value"))


def add_values(
    context: Context,
    sheet: Sheet,
    heading: Heading,
    meaning: str,
    values: Sequence[tuple[At, Cell]],
    facts: Facts,
) -> None:
    """Add a fact from the cells that state it."""
    at, _ = values[0]
    place = sheet.place(*at)
    try:
        value, count = _value(context, sheet, heading, meaning, values)
    except UnclearError as error:
        context.ask_cell(error, sheet, at)
        facts.asked.add(meaning)
        return
    if value is None:
        if not empty(values[0][1]):
            facts.asked.add(meaning)
        return
    cells = [where for where, _ in values[:count]]
    context.use(sheet, *cells)
    where = context.place(sheet, *cells)
    if meaning == "born":
        context.log.say(where, "date of birth, used for the age alone")
    else:
        context.log.say(where, f"{in_words(meaning)} is {shown(value)}")
    facts.add(meaning, Fact(value, place, where))


def _ask_label(context: Context, heading: Heading, meanings: Sequence[str], place: str) -> None:
    if meanings:
        words = " or ".join(map(in_words, meanings))
    else:
        words = "a value of the patient or cycle, or a remark"
    context.log.ask(
        Problem("ambiguous-label", f"label {quote(heading.text)} can be {words}", "", place),
        [
            *(Answer(one, ("columns", heading.text), one) for one in meanings),
            Answer("to leave it out", ("columns", heading.text), IGNORE),
        ],
    )


def _value(
    context: Context,
    sheet: Sheet,
    heading: Heading,
    meaning: str,
    values: Sequence[tuple[At, Cell]],
) -> tuple[str | Moment | dt.time | None, int]:
    """Return what the cells of a label state, and how many of them were needed."""
    cell, place = values[0][1], sheet.place(*values[0][0])
    reader = context.readers[sheet.name]
    if empty(cell):
        return None, 1
    if meaning in AMOUNTS:
        number = reader.number(cell, place)
        unit = number.unit
        if unit is None and (text := context.entry(context.map.units, sheet, heading.text)):
            unit = one_unit(text)
        if unit is None and len(heading.units) == 1:
            unit = heading.units[0]
        if number.unit is None and unit is None and len(values) > 1:
            beside = units_of(values[1][1].text)
            if len(beside) == 1:
                return _amount(
                    context, heading, meaning, Quantity(number.text, beside[0]), place
                ), 2
        return _amount(context, heading, meaning, Quantity(number.text, unit), place), 1
    if meaning in MOMENTS:
        return _moment(context, sheet, values)
    if meaning == "sex" and (word := word_in(cell.text, "value")) in ("male", "female"):
        return word, 1
    if meaning == "decay" and (word := word_in(cell.text, "value")) in ("none", "administration"):
        return word, 1
    if meaning in WORDS:
        _ask_word(context, meaning, cell, place)
        return None, 1
    return cell.text or f"{cell.value}", 1


def _amount(
    context: Context, heading: Heading, meaning: str, amount: Quantity, place: str
) -> str | None:
    needed = NEEDED.get(meaning, ("%",))
    if amount.unit is not None and amount.unit.kind in needed:
        return f"{amount.text} {amount.unit.text}"
    if meaning == "hematocrit" and amount.unit is None:
        return amount.text
    units = {"MBq": ("MBq", "GBq"), "h": ("year", "d"), "g": ("kg", "g"), "cm": ("cm", "m")}
    possible = units.get(needed[0], needed)
    if amount.unit is None:
        message = f"{quote(heading.text)} {amount.text} has no unit: it can be"
    else:
        message = f"{amount.unit.text} is not a unit of {meaning}: {amount.text} can be"
    context.log.ask(
        Problem("no-unit", f"{message} in {' or '.join(possible)}", "", place),
        [Answer(one, ("units", heading.text), one) for one in possible],
    )
    return None


def _moment(
    context: Context, sheet: Sheet, values: Sequence[tuple[At, Cell]]
) -> tuple[Moment | dt.time | None, int]:
    """Return a moment in one cell or in two beside each other; a time of day if it stands alone."""
    reader = context.readers[sheet.name]
    parts = [(cell, sheet.place(*at)) for at, cell in values[:2]]
    cell, place = parts[0]
    beside = parts[1] if len(parts) > 1 else None
    if _is_clock(cell):
        clock = reader.clock(cell, place)
        if beside and beside[0].kind is Kind.MOMENT:
            day = reader.moment(*beside)
            return zoned(context, dt.datetime.combine(day, clock), place), 2
        return clock, 1
    moment = reader.moment(cell, place)
    if not isinstance(moment, dt.datetime) and beside and _is_clock(beside[0]):
        clock = reader.clock(*beside)
        return zoned(context, dt.datetime.combine(moment, clock), place), 2
    return zoned(context, moment, place), 1


def _is_clock(cell: Cell) -> bool:
    if cell.kind is Kind.TEXT:
        try:
            time_in(cell.text)
        except ValueError:
            return False
        return True
    return cell.kind is Kind.CLOCK


def moment_of(context: Context, facts: Facts, meaning: str, path: tuple[str, ...]) -> Fact | None:
    """Return a moment whose date and time of day may stand apart, under a label each."""
    found = facts.held.get(meaning, [])
    clocks = [(fact, fact.value) for fact in found if isinstance(fact.value, dt.time)]
    days = [
        (fact, fact.value)
        for fact in found
        if isinstance(fact.value, dt.date) and not isinstance(fact.value, dt.datetime)
    ]
    if len(clocks) == len(days) == 1 and len(found) == 2:
        ((clock, time),), ((day, date),) = clocks, days
        moment = zoned(context, dt.datetime.combine(date, time), clock.place)
        return Fact(moment, clock.place, f"{day.cell}, {clock.cell}")
    if clocks and not days and len(found) == 1 and meaning != "injected":
        context.log.fail(
            Problem(
                "time-without-date",
                f"the {in_words(meaning)} has a time of day, but its date can be any",
                "write date and time into the cell",
                clocks[0][0].place,
            )
        )
        return None
    if clocks and not days and len(found) == 1:
        context.log.ask(
            Problem(
                "time-without-date",
                f"{clocks[0][1]:%H:%M} is a time of day, but its date can be that of the "
                "injection or of a scan",
                "",
                clocks[0][0].place,
            ),
            path=path,
            example="2026-01-12T09:30:00",
        )
        return None
    return facts.one(context, meaning, path)


def _ask_word(context: Context, meaning: str, cell: Cell, place: str) -> None:
    path: tuple[str, ...] = ("patient", "sex") if meaning == "sex" else ("decay_corrected_to",)
    words = ("male", "female") if meaning == "sex" else ("none", "administration")
    said = quote(cell.text or cell.value)
    context.log.ask(
        Problem(
            "ambiguous-word",
            f"{said} as {'sex' if meaning == 'sex' else 'decay correction'} can be "
            f"{' or '.join(words)}",
            "",
            place,
        ),
        [Answer(word, path, word) for word in words],
    )
