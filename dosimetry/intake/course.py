"""The cycles of a workbook: which sheet or row belongs to which, and what each of them states."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dosimetry.intake.column import Resolved
from dosimetry.intake.context import Context
from dosimetry.intake.decay_reference import ADMINISTRATION, blood_reference, decay_reference
from dosimetry.intake.decide import Answer
from dosimetry.intake.facts import Facts, add_values, differ, in_words, moment_of, shown
from dosimetry.intake.layout import Block
from dosimetry.intake.mapping import OF_CYCLES, CycleEntry
from dosimetry.intake.moments import Moment, written, zoned
from dosimetry.intake.names import cycle_number
from dosimetry.intake.records import Measured
from dosimetry.patient.values import read_moment
from dosimetry.problems import FilePlace, InputError, Problem, quote
from dosimetry.units import parse_quantity

MOST_CYCLES = 24
EXAMPLE_ACTIVITY, EXAMPLE_TIME = "7.4 GBq", "2026-01-12T09:30:00"


@dataclass
class Cycle:
    """A cycle of the workbook.

    Attributes
    ----------
    name : str
        Its key in the map.
    number : int or None
    facts : Facts
    scans, samples : list of Measured
    at : date, date-time or None
        Of the injection.
    administered : str or dict or None
        As in a patient file.
    decay : str or None
    blood_decay : str or None
        Of the blood samples, where it is not that of the images.
    """

    name: str
    number: int | None
    facts: Facts = field(default_factory=Facts)
    scans: list[Measured] = field(default_factory=list)
    samples: list[Measured] = field(default_factory=list)
    at: Moment | None = None
    administered: Any = None
    decay: str | None = None
    blood_decay: str | None = None


def number_in(text: str) -> int | None:
    """Return the number of a cycle that a name, a title or a cell states.

    Examples
    --------
    >>> number_in("Cycle 2"), number_in("3"), number_in("Sheet1")
    (2, 3, None)
    """
    text = text.strip().removesuffix(".0")
    if text.isdecimal() and text.isascii() and 0 < int(text[:3]) <= 99:
        return int(text[:3])
    return cycle_number(text)


class Cycles:
    """The cycles by name; two names with one number are one cycle."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.by_name: dict[str, Cycle] = {}

    def named(self, text: str) -> Cycle:
        """Return the cycle of a name, a new one where there is none."""
        number = number_in(text)
        for cycle in self.by_name.values():
            if cycle.name == text or (number is not None and cycle.number == number):
                return cycle
        if len(self.by_name) >= MOST_CYCLES:
            self.context.log.fail(
                Problem(
                    "too-many-cycles",
                    f"the workbook has more than {MOST_CYCLES} cycles",
                    "check the column of the cycle; give the cycles of one patient",
                    FilePlace(f"{self.context.book.name}: file"),
                )
            )
            return next(iter(self.by_name.values()))
        self.by_name[text] = cycle = Cycle(text, number)
        return cycle

    def of_block(self, block: Block, alone: bool) -> Cycle | None:
        """Return the cycle that a block of a sheet belongs to; None if nothing says so.

        Parameters
        ----------
        block : Block
        alone : bool
            Whether no other sheet has scans.
        """
        sheet = block.sheet
        entry = self.context.map.sheets.get(sheet.name)
        if entry is not None and entry.cycle is not None:
            return self.named(entry.cycle)
        number, titled = cycle_number(sheet.name), cycle_number(block.title)
        if number is not None and titled not in (None, number):
            self._ask_title(block)
        if sheet.name in self.context.map.cycles or number is not None:
            return self.named(sheet.name)
        if block.title:
            return self.named(block.title)
        for label in block.labels:
            if "cycle" in label.heading.meanings:
                value = label.values[0][1]
                self.context.use(sheet, label.at, label.values[0][0])
                return self.named(value.text or f"{value.value}")
        return self.named(sheet.name) if alone else None

    def _ask_title(self, block: Block) -> None:
        """Ask which of two numbers of a cycle holds: that of the sheet, or that of a title."""
        names = (block.sheet.name, block.title)
        self.context.log.ask(
            Problem(
                "cycle-of-sheet",
                f"sheet {quote(block.sheet.name)} can be that cycle or, by its title, "
                f"{quote(block.title)}",
                "",
                block.sheet.whole(),
            ),
            [Answer(name, ("sheets", block.sheet.name, "cycle"), name) for name in names],
        )

    def ask_cycle(self, block: Block, what: str) -> None:
        """Ask which cycle a sheet belongs to."""
        name = block.sheet.name
        names = list(self.by_name) or ["1", "2"]
        either = " or ".join(map(quote, names[:4]))
        self.context.log.ask(
            Problem(
                "cycle-of-sheet",
                f"{what} of sheet {quote(name)} can belong to cycle {either}",
                "",
                block.sheet.whole(),
            ),
            [Answer(one, ("sheets", name, "cycle"), one) for one in names[:4]],
        )

    def add_rows(self, block: Block, columns: Iterable[Resolved]) -> None:
        """Add the facts of a table with one row for each cycle."""
        columns = list(columns)
        sheet, table = block.sheet, block.table
        key = next(column for column in columns if column.meaning == "cycle")
        for row in table.body if table else ():
            cell = self.context.cell(sheet, row, key.index)
            if cell is None:
                continue
            self.context.use(sheet, (row, key.index))
            cycle = self.named(cell.text or f"{cell.value}")
            for column in columns:
                value = self.context.cell(sheet, row, column.index)
                if value is None or column.meaning not in (*OF_CYCLES, "decay"):
                    continue
                values = [((row, column.index), value)]
                add_values(self.context, sheet, column.heading, column.meaning, values, cycle.facts)

    def settle(self) -> list[Cycle]:
        """Return the cycles by date, each with its activity, injection and decay reference."""
        if not self.context.log.open():
            self._check_names()
        for cycle in self.by_name.values():
            self._at(cycle)
            self._administered(cycle)
            given = self._entry(cycle).decay_corrected_to or self.context.map.decay_corrected_to
            cycle.decay = decay_reference(self.context, cycle.name, cycle.facts, given)
            if cycle.decay == ADMINISTRATION and cycle.samples:
                place = cycle.samples[0].place
                cycle.blood_decay = blood_reference(self.context, cycle.name, place)
        cycles = list(self.by_name.values())
        if all(cycle.at is not None for cycle in cycles):
            cycles.sort(key=lambda cycle: _day(cycle.at))
            self._check_order(cycles)
        return cycles

    def _check_names(self) -> None:
        """Refuse a cycle of the map that is not in the workbook: its name may be mistyped."""
        numbers = {cycle.number for cycle in self.by_name.values()} - {None}
        for name in self.context.map.cycles:
            if name not in self.by_name and number_in(name) not in numbers:
                known = ", ".join(map(quote, self.by_name)) or "none"
                self.context.log.fail(
                    Problem(
                        "unknown-cycle",
                        f"cycle {quote(name)} of the map is not in the workbook",
                        f"cycles of the workbook: {known}",
                        FilePlace(f"{self.context.log.map_name}: cycles.{name}"),
                    )
                )

    def _entry(self, cycle: Cycle) -> CycleEntry:
        entries = self.context.map.cycles
        if cycle.name in entries:
            return entries[cycle.name]
        same = [
            e for name, e in entries.items() if cycle.number and number_in(name) == cycle.number
        ]
        return same[0] if same else CycleEntry()

    def _at(self, cycle: Cycle) -> None:
        path = ("cycles", cycle.name, "at")
        given = self._entry(cycle).at
        if given is not None:
            place = FilePlace(f"{self.context.log.map_name}: cycles.{cycle.name}.at")
            try:
                cycle.at = zoned(self.context, read_moment(given), place)
            except InputError as error:
                self.context.log.fail(*(p.at(place) for p in error.problems))
                return
            self._compare(cycle, "injected", cycle.at, place)
            return
        fact = moment_of(self.context, cycle.facts, "injected", path)
        if fact is not None and not isinstance(fact.value, str | dt.time):
            cycle.at = fact.value
        elif cycle.facts.missing("injected"):
            self.context.log.ask(
                Problem(
                    "missing-injection",
                    f"date and time of the injection of {quote(cycle.name)} are not stated",
                    "",
                    FilePlace(f"{self.context.book.name}: file"),
                ),
                path=path,
                example=EXAMPLE_TIME,
            )

    def _administered(self, cycle: Cycle) -> None:
        path = ("cycles", cycle.name, "administered")
        given = self._entry(cycle).administered
        if given is not None:
            cycle.administered = given
            if isinstance(given, str):
                place = FilePlace(f"{self.context.log.map_name}: cycles.{cycle.name}.administered")
                self._compare(cycle, "administered", given, place)
            return
        net, before = (
            cycle.facts.one(self.context, meaning, path) for meaning in ("administered", "prepared")
        )
        rest = cycle.facts.one(self.context, "residual", path)
        whole = net or before
        if whole is None:
            if cycle.facts.missing("administered") and cycle.facts.missing("prepared"):
                self._ask_administered(cycle, path)
            return
        if net and (rest or before):
            self._ask_net(cycle, shown(net.value), path)
            return
        cycle.administered = shown(whole.value)
        if before:
            cycle.administered = self._prepared(cycle, path)

    def _prepared(self, cycle: Cycle, path: tuple[str, ...]) -> dict[str, str]:
        """Return activity prepared and left over, as a patient file has them."""
        found: dict[str, str] = {}
        for meaning in ("prepared", "residual"):
            if fact := cycle.facts.one(self.context, meaning, path):
                found[meaning] = shown(fact.value)
                at = moment_of(self.context, cycle.facts, f"{meaning}_at", path)
                # Of two values, which are asked, one can be a time of day without its date.
                if at is not None and not isinstance(at.value, str | dt.time):
                    found[f"{meaning}_at"] = written(at.value)
        return found

    def _ask_administered(self, cycle: Cycle, path: tuple[str, ...]) -> None:
        self.context.log.ask(
            Problem(
                "missing-administered",
                f"the administered activity of {quote(cycle.name)} is not stated",
                "",
                FilePlace(f"{self.context.book.name}: file"),
            ),
            path=path,
            example=EXAMPLE_ACTIVITY,
        )

    def _ask_net(self, cycle: Cycle, net: str, path: tuple[str, ...]) -> None:
        """Ask whether an activity beside a residual is net of it."""
        other = cycle.facts.held.get("prepared") or cycle.facts.held["residual"]
        rest = cycle.facts.held.get("residual")
        before = {"prepared": net, **({"residual": shown(rest[0].value)} if rest else {})}
        self.context.log.ask(
            Problem(
                "net-or-prepared",
                f"{net} of {quote(cycle.name)} can be the net activity or that before the "
                f"residual is subtracted ({other[0].cell} states {shown(other[0].value)})",
                "",
                FilePlace(f"{self.context.book.name}: file"),
            ),
            [Answer("the net activity", path, net), Answer("before", path, before)],
        )

    def _compare(self, cycle: Cycle, meaning: str, given: Any, place: str) -> None:
        """Refuse a map that states something else than the sheet."""
        facts = cycle.facts.held.get(meaning, [])
        for fact in facts:
            if meaning == "administered":
                same = _same_activity(shown(fact.value), given)
            else:
                same = fact.value == given or (
                    type(fact.value) is dt.date and _day(given)[0] == fact.value.isoformat()
                )
                same = same or isinstance(fact.value, dt.time)
            if not same and len(facts) == 1:
                differ(self.context, in_words(meaning), shown(fact.value), shown(given), fact.place)

    def _check_order(self, cycles: list[Cycle]) -> None:
        """Refuse cycles whose numbers contradict their dates."""
        numbered = [cycle for cycle in cycles if cycle.number is not None]
        for one, other in itertools.pairwise(numbered):
            if one.number and other.number and one.number > other.number:
                self.context.log.fail(
                    Problem(
                        "cycles-out-of-order",
                        f"{quote(one.name)} is before {quote(other.name)} by its injection, but "
                        "after it by its number",
                        "correct the date or the name",
                        FilePlace(f"{self.context.book.name}: file"),
                    )
                )


def _same_activity(one: str, other: str) -> bool:
    try:
        return abs(parse_quantity(one, "MBq") - parse_quantity(other, "MBq")) <= 1e-6
    except InputError:
        return False


def _day(moment: Moment | None) -> tuple[str, str]:
    """Return a sort key: the date, and the whole moment."""
    if isinstance(moment, dt.datetime):
        return moment.date().isoformat(), moment.isoformat()
    return (moment.isoformat() if moment else "", "")
