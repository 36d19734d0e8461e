"""Rows of tables as scans, blood samples, laboratory values and cycles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dosimetry.intake.cells import Number, UnclearError, empty
from dosimetry.intake.column import MEASURED, OF_REGION, Resolved
from dosimetry.intake.context import Context
from dosimetry.intake.decide import MOST, Answer
from dosimetry.intake.layout import Block
from dosimetry.intake.mapping import AS_ABOVE, BLOOD
from dosimetry.intake.names import IGNORE, Heading
from dosimetry.intake.regions import region_of
from dosimetry.intake.sheet import At, Cell, Sheet
from dosimetry.intake.unit_texts import Unit, units_of
from dosimetry.problems import Problem, quote
from dosimetry.reference.laboratory import analytes

Moment = dt.date | dt.datetime
PERCENT = Unit("%", "%")


@dataclass(frozen=True)
class Quantity:
    """A number as written, with its unit; no unit for a pure number."""

    text: str
    unit: Unit | None

    @property
    def value(self) -> float:
        """The number."""
        return float(self.text)


@dataclass(frozen=True)
class Timed:
    """When something was measured: a time after injection, or a moment."""

    lapse: Quantity | None = None
    moment: Moment | None = None


@dataclass(frozen=True)
class Measured:
    """A scan of a region, or a blood sample.

    Attributes
    ----------
    sheet : Sheet
    at : At
        Cell of the value.
    cycle : str
        As a column of the table says; empty if there is none.
    region : str
    time : Timed
    values : dict of str to Quantity
        By meaning: ``activity`` or ``concentration``, ``sd``, ``volume``, ``recovery`` and their
        sds.
    """

    sheet: Sheet
    at: At
    cycle: str
    region: str
    time: Timed
    values: dict[str, Quantity] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Place of the value."""
        return self.sheet.place(*self.at)


@dataclass(frozen=True)
class Finding:
    """A laboratory value."""

    sheet: Sheet
    at: At
    moment: Moment
    analyte: str
    value: Quantity


class Rows:
    """Reads the rows of one table.

    Parameters
    ----------
    context : Context
    block : Block
    columns : sequence of Resolved
    """

    def __init__(self, context: Context, block: Block, columns: Sequence[Resolved]) -> None:
        self.context, self.sheet = context, block.sheet
        self.table = block.table
        self.columns = columns
        self.reader = context.readers[block.sheet.name]
        self.above: dict[str, str] = {}

    def of(self, meaning: str) -> Resolved | None:
        """Return the first column of a meaning."""
        return next((column for column in self.columns if column.meaning == meaning), None)

    def measured(self, fixed: str = "") -> Iterator[Measured]:
        """Yield the scans of the table, or the samples of a ``fixed`` region."""
        tags = self._tags()
        of_tag = {tag: self._columns_of(*tag) for tag in tags}
        for row in self.table.body if self.table else ():
            if len(self.context.log.questions) > MOST:
                return
            cycle = self._text(row, "cycle")
            named = fixed or self._region_in(row)
            for region, lapse in tags:
                columns = of_tag[region, lapse]
                if found := self._one(row, columns, region or named, lapse, cycle):
                    yield found

    def _tags(self) -> list[tuple[str, str]]:
        """Return the pairs of region and time that the headers of values name."""
        values = [c for c in self.columns if c.meaning in (*MEASURED, BLOOD)]
        return list(dict.fromkeys((column.region, column.lapse) for column in values))

    def _columns_of(self, region: str, lapse: str) -> list[Resolved]:
        """Return the columns with the values of a region and time that headers name."""
        return [
            column
            for column in self.columns
            if column.meaning in (*OF_REGION, BLOOD)
            and column.region in ("", region)
            and column.lapse in ("", lapse)
        ]

    def _one(
        self,
        row: int,
        columns: Sequence[Resolved],
        name: str | None,
        lapse: str,
        cycle: str | None,
    ) -> Measured | None:
        values: dict[str, Quantity] = {}
        at: At = (row, 0)
        for column in columns:
            number = self._quantity(row, column)
            if number is not None:
                meaning = "concentration" if column.meaning == BLOOD else column.meaning
                values[meaning] = number
                at = (row, column.index) if meaning in MEASURED else at
        if not {*values} & {*MEASURED}:
            self._not_measured(row)
            return None
        if name is None:
            return None
        place = self.sheet.place(*at)
        region = BLOOD if name == BLOOD else region_of(self.context, self.sheet, name, place)
        if region is None:
            return None
        if region == IGNORE:
            self._ignored(row, at[1], name)
            return None
        time = self._time(row, lapse)
        if time is None or cycle is None:
            return None
        return Measured(self.sheet, at, cycle, region, time, values)

    def _region_in(self, row: int) -> str | None:
        """Return the name of the region that a row has; None after asking."""
        if self.of("region") is None:
            return ""
        return self._text(row, "region")

    def _text(self, row: int, meaning: str) -> str | None:
        """Return the text of a row's region or cycle, of the row above where the map says so.

        Empty if the table has no such column; None after asking.
        """
        column = self.of(meaning)
        if column is None:
            return ""
        cell = self._cell(row, column)
        if cell is not None and not empty(cell):
            text = cell.text or f"{cell.value}".removesuffix(".0")
            self.above[meaning] = text
            return text
        above = self.above.get(meaning)
        if above and self.context.map.blanks == AS_ABOVE:
            self.context.log.say(
                self.context.place(self.sheet, (row, column.index)),
                f"blank, taken as the {meaning} above, {quote(above)}",
            )
            return above
        if not self._has_value(row):
            return None
        answers = [Answer(f"the one above, {above}", ("blanks",), AS_ABOVE)] if above else []
        self.context.log.ask(
            Problem(
                "blank-name",
                f"the row has a value but no {meaning}: it can belong to the one above or to none",
                "" if above else f"write the {meaning} into the cell",
                self.sheet.place(row, column.index),
            ),
            answers,
        )
        return None

    def cycle_of(self, row: int) -> str:
        """Return what stands in the column of the cycle; empty if there is none."""
        column = self.of("cycle")
        cell = self.context.cell(self.sheet, row, column.index) if column else None
        return (cell.text or f"{cell.value}".removesuffix(".0")) if cell else ""

    def _has_value(self, row: int) -> bool:
        return any(
            not empty(self.context.cell(self.sheet, row, column.index))
            for column in self.columns
            if column.meaning in (*MEASURED, BLOOD)
        )

    def _cell(self, row: int, column: Resolved) -> Cell | None:
        cell = self.context.cell(self.sheet, row, column.index)
        if cell is not None:
            self.context.use(self.sheet, self.sheet.corner(row, column.index))
        return cell

    def _quantity(self, row: int, column: Resolved) -> Quantity | None:
        """Return the number in a cell with its unit; None if the cell is empty or was asked."""
        cell = self._cell(row, column)
        at = (row, column.index)
        if cell is None or empty(cell):
            if cell is not None:
                self.context.leave_out(self.sheet, [at], f"{quote(cell.text)}, no value")
            return None
        place = self.sheet.place(*at)
        try:
            read = self.reader.hours if column.meaning == "time" else self.reader.number
            return self._in_unit(read(cell, place), column, place)
        except UnclearError as error:
            self.context.ask_cell(error, self.sheet, at)
            return None

    def _in_unit(self, number: Number, column: Resolved, place: str) -> Quantity | None:
        own, unit = number.unit, column.unit
        if own is None or own == unit or unit is None:
            return Quantity(number.text, unit if unit is not None else own)
        if own == PERCENT and unit.kind in ("%", "%IA"):
            return Quantity(number.text, unit)
        if column.meaning == "time" and own.kind == unit.kind:
            return Quantity(number.text, own)
        self.context.log.fail(
            Problem(
                "unit-differs",
                f"the cell is in {own.text}, its column in {unit.text}",
                "write every value of a column in its unit",
                place,
            )
        )
        return None

    def _time(self, row: int, lapse: str) -> Timed | None:
        """Return when a row was measured; None after asking, or if it says nothing."""
        if lapse:
            text, _, unit = lapse.partition(" ")
            return Timed(Quantity(text, units_of(unit)[0]))
        if column := self.of("time"):
            number = self._quantity(row, column)
            if number is not None:
                return Timed(number)
            return self._no_time(row, column)
        if column := self.of("at"):
            moment = self._moment(row, column)
            return Timed(moment=moment) if moment else self._no_time(row, column)
        date, clock = self.of("date"), self.of("clock")
        if date is None:
            return None
        day = self._moment(row, date)
        if day is None:
            return self._no_time(row, date)
        if clock is None:
            return Timed(moment=day)
        time = self._clock(row, clock)
        if time is None:
            return self._no_time(row, clock)
        return Timed(moment=dt.datetime.combine(day, time))

    def _no_time(self, row: int, column: Resolved) -> Timed | None:
        """Refuse a value without a time; a time that cannot be read was asked already."""
        if not empty(self.context.cell(self.sheet, row, column.index)):
            return None
        self.context.log.fail(
            Problem(
                "no-time",
                "the row has a value but no time",
                "write the time of the scan into the cell, or empty the value",
                self.sheet.place(row, column.index),
            )
        )
        return None

    def _moment(self, row: int, column: Resolved) -> Moment | None:
        cell = self._cell(row, column)
        if cell is None or empty(cell):
            return None
        try:
            return self.reader.moment(cell, self.sheet.place(row, column.index))
        except UnclearError as error:
            self.context.ask_cell(error, self.sheet, (row, column.index))
            return None

    def _clock(self, row: int, column: Resolved) -> dt.time | None:
        cell = self._cell(row, column)
        if cell is None or empty(cell):
            return None
        try:
            return self.reader.clock(cell, self.sheet.place(row, column.index))
        except UnclearError as error:
            self.context.ask_cell(error, self.sheet, (row, column.index))
            return None

    def _not_measured(self, row: int) -> None:
        cells = [(row, c.index) for c in self.columns if (row, c.index) in self.sheet.cells]
        values = [c.index for c in self.columns if c.meaning in (*MEASURED, BLOOD)]
        if all(empty(self.sheet.cells.get((row, index))) for index in values):
            self.context.leave_out(self.sheet, cells, "no activity or concentration in this row")

    def _ignored(self, row: int, column: int, name: str) -> None:
        cells = [(row, c.index) for c in self.columns if c.region in ("", name)]
        at = cells if self.of("region") else [(row, column)]
        self.context.leave_out(self.sheet, at, f"the map leaves out {quote(name)}")

    def findings(self) -> Iterator[Finding]:
        """Yield the laboratory values of the table."""
        listed = self.of("analyte")
        for row in self.table.body if self.table else ():
            time = self._time(row, "")
            for column in self.columns:
                if column.meaning in analytes():
                    value, name = self._quantity(row, column), column.meaning
                elif column.meaning == "value" and listed:
                    value, name = self._listed(row, column, listed)
                else:
                    continue
                if value is not None and name and time is not None and time.moment is not None:
                    yield Finding(self.sheet, (row, column.index), time.moment, name, value)

    def _listed(self, row: int, column: Resolved, listed: Resolved) -> tuple[Quantity | None, str]:
        """Return value and analyte of a row of a list."""
        cell = self._cell(row, listed)
        text = cell.text if cell is not None else ""
        heading = self.context.understand(self.sheet, text)
        names = [meaning for meaning in heading.meanings if meaning in analytes()]
        place = self.sheet.place(row, listed.index)
        if not names:
            self._no_analyte(row, heading, place)
            return None, ""
        value = self._quantity(row, column)
        unit_column = self.of("unit")
        unit_cell = self._cell(row, unit_column) if unit_column else None
        if value is None or value.unit is not None or unit_cell is None:
            return value, names[0]
        units = units_of(unit_cell.text)
        if len(units) != 1:
            self.context.log.fail(
                Problem(
                    "unknown-unit",
                    f"{quote(unit_cell.text)} is not a known unit",
                    "as in 1e9/L, g/dL, umol/L",
                    self.sheet.place(row, unit_column.index if unit_column else 1),
                )
            )
            return None, ""
        return Quantity(value.text, units[0]), names[0]

    def _no_analyte(self, row: int, heading: Heading, place: str) -> None:
        """Leave out a row of a list if the map does, or ask for its analyte."""
        if IGNORE in heading.meanings:
            cells = [(row, column.index) for column in self.columns]
            self.context.leave_out(self.sheet, cells, f"the map leaves out {quote(heading.text)}")
            return
        path = ("columns", heading.text)
        self.context.log.ask(
            Problem(
                "unknown-analyte",
                f"{quote(heading.text)} can be an analyte of a patient file or another value",
                "",
                place,
            ),
            [Answer(one, path, one) for one in (*analytes(), IGNORE)] if heading.text else (),
        )
