"""What every step of an import shares: the book, the map, the decisions, and the cells used."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from dosimetry.intake.cells import Reader, UnclearError
from dosimetry.intake.decide import Answer, Log
from dosimetry.intake.mapping import USE, Map
from dosimetry.intake.names import CORRECTED, IGNORE, Heading, heading, label_of
from dosimetry.intake.sheet import At, Book, Cell, Sheet, address, letter, spans
from dosimetry.problems import Problem
from dosimetry.reference.regions import Reading


class Context:
    """The state of an import.

    Parameters
    ----------
    book : Book
    given : Map
    log : Log
    """

    def __init__(self, book: Book, given: Map, log: Log) -> None:
        self.book, self.map, self.log = book, given, log
        self.used: dict[str, set[At]] = {sheet.name: set() for sheet in book.sheets}
        self.listed: dict[str, set[At]] = {sheet.name: set() for sheet in book.sheets}
        self.sheets = tuple(
            sheet
            for sheet in map(self._without_hidden, book.sheets)
            if sheet is not None and not self._ignored(sheet)
        )
        self.corrected: list[tuple[str, str]] = []  # columns that their header says are corrected
        self.readers = {sheet.name: Reader(sheet, given.style()) for sheet in self.sheets}

    def place(self, sheet: Sheet, *cells: At) -> str:
        """Return a sheet and cells of it, for a decision."""
        return f"{sheet.name}!{spans(cells)}" if cells else sheet.name

    def use(self, sheet: Sheet, *cells: At) -> None:
        """Note that cells were used."""
        self.used[sheet.name].update(cells)

    def leave_out(self, sheet: Sheet, cells: Iterable[At], why: str) -> None:
        """Note that cells were left out, and say why."""
        left = [at for at in cells if at in sheet.cells]
        if left:
            self.listed[sheet.name].update(left)
            self.log.say(self.place(sheet, *left), f"left out: {why}")

    def entry(self, section: Mapping[str, str], sheet: Sheet, key: str) -> str | None:
        """Return the map's entry of a header or name, that of the sheet alone before others."""
        return section.get(f"{sheet.name}!{key}", section.get(key))

    def understand(self, sheet: Sheet, text: str) -> Heading:
        """Return what a header or label means; the map comes before the wording."""
        found = heading(text)
        text = found.text
        if meaning := self.entry(self.map.columns, sheet, text):
            found = found._replace(
                meanings=(meaning,), note=found.note if found.note == CORRECTED else ""
            )
            if meaning == IGNORE:
                return Heading(text, (IGNORE,), found.unit_text, found.units)
        for name in (text, found.region_text or label_of(text)):
            region = self.entry(self.map.regions, sheet, name)
            if region is not None and found.meanings != ("region",):
                found = found._replace(region=Reading(region), region_text=name)
        return found

    def settle(self, section: str, sheet: Sheet, text: str, value: str) -> None:
        """Enter a decision into the map, for one sheet alone where another sheet differs."""
        known = self.log.settled.get(section, {})
        if known.get(text, value) != value and known.get(f"{sheet.name}!{text}") != value:
            text = f"{sheet.name}!{text}"
        self.log.settle((section, text), value)

    def cell(self, sheet: Sheet, row: int, column: int) -> Cell | None:
        """Return a cell; None also where the map leaves it out."""
        at = sheet.corner(row, column)
        if at[1] != column:  # merged across columns: it is the value of the first of them alone
            return None
        cell = sheet.cells.get(at)
        if cell is not None and f"{sheet.name}!{address(*at)}" in self.map.cells:
            self.leave_out(sheet, [at], "the map says so")
            return None
        return cell

    def ask_cell(self, error: UnclearError, sheet: Sheet, at: At) -> None:
        """Ask about a cell that has no one reading; it can always be left out."""
        problem, answers = error.question.problem, error.question.answers
        if not answers:
            left_out = ("cells", f"{sheet.name}!{address(*at)}")
            answers = (Answer("to leave the cell out", left_out, IGNORE),)
        self.log.ask(problem, answers)

    def _ignored(self, sheet: Sheet) -> bool:
        """Return whether the map leaves a sheet out."""
        entry = self.map.sheets.get(sheet.name)
        if entry is None or entry.holds != IGNORE:
            return False
        self.leave_out(sheet, sheet.cells, "the map leaves the sheet out")
        return True

    def _without_hidden(self, sheet: Sheet) -> Sheet | None:
        """Return a sheet without what is hidden, where the map leaves that out."""
        if not sheet.cells:
            self.log.say(sheet.name, "an empty sheet")
            return None
        hidden = [at for at in sheet.cells if sheet.out_of_sight(*at)]
        whole = sheet.hidden and sheet.name not in self.map.sheets
        if not hidden and not whole:
            return sheet
        what = "the sheet is hidden" if whole else _hidden_in(sheet, hidden)
        place = self.place(sheet, *([] if whole else hidden))
        if self.map.hidden is None:
            self.log.ask(
                Problem(
                    "hidden-cells",
                    f"{what}, but has content: it can belong to the data or be put aside",
                    place=sheet.whole(),
                ),
                [
                    Answer("to use all that is hidden", ("hidden",), USE),
                    Answer("to leave it out", ("hidden",), IGNORE),
                ],
            )
            return sheet
        if self.map.hidden == USE:
            self.log.say(place, f"{what}; used like the rest")
            return sheet
        self.leave_out(sheet, sheet.cells if whole else hidden, f"{what}, the map leaves it out")
        if whole:
            return None
        kept = {at: cell for at, cell in sheet.cells.items() if not sheet.out_of_sight(*at)}
        return dataclasses.replace(sheet, cells=kept, _corners={}, _by_row={})


def _hidden_in(sheet: Sheet, cells: list[At]) -> str:
    rows = sorted({row for row, _ in cells if row in sheet.hidden_rows})
    columns = sorted({column for _, column in cells if column in sheet.hidden_columns})
    parts = [f"row {', '.join(map(str, rows))} is hidden"] if rows else []
    parts += [f"column {', '.join(map(letter, columns))} is hidden"] if columns else []
    return " and ".join(parts)
