"""Where the tables of a sheet are, and what stands around them.

A table begins with a row of headers that are understood, above numbers or dates. Above its headers
may stand a row of groups (merged cells), below them a row of units. Outside of the tables stand
labels with their values, titles, and remarks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dosimetry.intake.cells import empty, looks_like_value
from dosimetry.intake.names import Heading, cycle_number
from dosimetry.intake.sheet import At, Cell, Kind, Sheet, letter
from dosimetry.intake.unit_texts import units_of
from dosimetry.problems import refuse

Understand = Callable[[str], Heading]
DEEP = 4  # rows below a header in which its first value stands
MOST_BELOW = 2  # rows of finer headers and units
MOST_TABLES = 200  # in one sheet
FAR = 4  # columns from a label to its value
LABELS = frozenset(
    (
        *("administered", "prepared", "prepared_at", "residual", "residual_at", "injected"),
        *("patient_id", "name", "sex", "age", "born", "weight", "height", "hematocrit"),
        *("decay", "agent", "nuclide", "cycle"),
    )
)
TIMES = frozenset(("time", "clock", "at", "date"))


@dataclass(frozen=True)
class Column:
    """A column of a table: its headers, outermost first, and what they mean together.

    Attributes
    ----------
    index : int
        From 1.
    row : int
        Of the header.
    heading : Heading
        Its text is the key of the map.
    """

    index: int
    row: int
    heading: Heading


@dataclass(frozen=True)
class Table:
    """A table of a sheet.

    Attributes
    ----------
    columns : tuple of Column
    headers : tuple of At
        Cells of the headers.
    body : tuple of int
        Rows with values.
    """

    columns: tuple[Column, ...]
    headers: tuple[At, ...]
    body: tuple[int, ...]

    @property
    def top(self) -> int:
        """Row of the headers."""
        return self.columns[0].row


@dataclass(frozen=True)
class Label:
    """A label beside its values.

    Attributes
    ----------
    at : At
        Of the label.
    heading : Heading
    values : tuple of At and Cell
        In the order of the columns; a value in the cell of the label itself has its place.
    """

    at: At
    heading: Heading
    values: tuple[tuple[At, Cell], ...]


@dataclass
class Block:
    """A table with the labels above it, or the labels of a sheet without a table.

    Attributes
    ----------
    sheet : Sheet
    table : Table or None
    labels : list of Label
    title : str
        The text that names a cycle; empty if there is none.
    """

    sheet: Sheet
    table: Table | None = None
    labels: list[Label] = field(default_factory=list)
    title: str = ""


def blocks_of(sheet: Sheet, understand: Understand) -> list[Block]:
    """Return the blocks of a sheet from top to bottom; at least one.

    Parameters
    ----------
    sheet : Sheet
    understand : callable
        From the text of a header to its meaning.
    """
    tables = list(_tables(sheet, understand))
    inside = {row for table in tables for row in _rows_of(table)}
    blocks = [Block(sheet, table) for table in tables] or [Block(sheet)]
    for row in sheet.rows():
        if row in inside:
            continue
        # what stands below a table belongs to it, unless another table follows
        after = next((block for block in blocks if block.table and block.table.top > row), None)
        block = after or blocks[-1]
        block.labels += _labels(sheet, row, understand)
        for column in sheet.columns_of(row):
            cell = sheet.cells.get((row, column))
            if cell and not block.title and cycle_number(cell.text) is not None:
                block.title = cell.text
    return blocks


def _rows_of(table: Table) -> set[int]:
    return {row for row, _ in table.headers} | {*table.body}


def _tables(sheet: Sheet, understand: Understand) -> Iterator[Table]:
    rows = sheet.rows()
    heads = [row for row in rows if _is_head(sheet, row, understand)]
    if len(heads) > MOST_TABLES:
        raise refuse(
            "too-many-tables",
            f"the sheet has more than {MOST_TABLES} rows of headers",
            "give the tables of one patient",
            sheet.whole(),
        )
    ended = 0
    for row in heads:
        if row <= ended:
            continue
        columns, headers = _columns(sheet, row, understand)
        first = max(at for at, _ in headers) + 1
        following = next((other for other in heads if other >= first), max(rows) + 1)
        body = tuple(_body(sheet, columns, range(first, following), understand))
        ended = max((first - 1, *body))
        yield Table(tuple(columns), tuple(headers), body)


def _is_head(sheet: Sheet, row: int, understand: Understand) -> bool:
    """Return whether a row holds the headers of a table."""
    known: list[tuple[int, Heading]] = []
    for column in sheet.columns_of(row):
        cell = sheet.at(row, column)
        if cell is None or cell.kind is not Kind.TEXT:
            return False
        heading = understand(cell.text)
        if not heading.known and looks_like_value(cell):
            return False
        if heading.known:
            known.append((column, heading))
    if len(known) < 2:
        return False
    meanings = {meaning for _, heading in known for meaning in heading.meanings}
    regions = sum(heading.region is not None for _, heading in known)
    if not (meanings & {*TIMES, "region", "cycle", "analyte"} or regions > 1):
        return False
    below = range(row + 1, row + 1 + DEEP)
    return any(
        looks_like_value(sheet.cells.get((under, column)))
        and not understand(sheet.cells[under, column].text).lapse
        for under in below
        for column, heading in known
        if heading.meanings != ("region",)
    )


def _columns(sheet: Sheet, row: int, understand: Understand) -> tuple[list[Column], list[At]]:
    """Return the columns under a row of headers, with the groups above and the units below."""
    below = list(_rows_below(sheet, row, understand))
    present = {column for at in (row, *below) for column in sheet.columns_of(at)}
    span = range(min(present), max(present) + 1)
    columns: list[Column] = []
    headers: set[At] = set()
    for index in span:
        texts: list[str] = []
        above = _group_above(sheet, row, index)
        for at in (*((above,) if above else ()), *((one, index) for one in (row, *below))):
            corner = sheet.corner(*at)
            cell = sheet.cells.get(corner)
            if cell and cell.text and corner not in {(r, c) for r, c in headers if c == index}:
                texts.append(cell.text)
                headers.add(corner)
        heading = _together(list(dict.fromkeys(texts)), index, understand)
        if any(column.heading.text == heading.text for column in columns):
            heading = _told_apart(heading, index, understand)
        columns.append(Column(index, row, heading))
    return columns, sorted(headers)


def _told_apart(heading: Heading, index: int, understand: Understand) -> Heading:
    """Return a header that stands twice in a table with a name of its own in the map."""
    own = understand(f"{heading.text} (column {letter(index)})")
    return heading._replace(text=own.text, meanings=own.meanings or heading.meanings)


def _rows_below(sheet: Sheet, row: int, understand: Understand) -> Iterator[int]:
    """Yield the rows of finer headers and of units below a row of headers."""
    for below in range(row + 1, row + 1 + MOST_BELOW):
        if not _continues(sheet, below, understand):
            return
        yield below


def _continues(sheet: Sheet, row: int, understand: Understand) -> bool:
    """Return whether a row below headers holds units or finer headers."""
    under = [cell for c in sheet.columns_of(row) if (cell := sheet.cells.get((row, c)))]
    if not under or any(cell.kind is not Kind.TEXT for cell in under):
        return False
    units = [bool(unit_alone(cell.text)) for cell in under]
    known = sum(
        unit or understand(cell.text).known for unit, cell in zip(units, under, strict=True)
    )
    if any(looks_like_value(cell) for cell in under):
        return False
    return all(units) or (known == len(under) and known > 1)


def unit_alone(text: str) -> str:
    """Return the unit in a cell that holds nothing else, without its brackets; else nothing.

    Examples
    --------
    >>> unit_alone("[MBq]"), unit_alone("MBq"), unit_alone("Liver")
    ('MBq', 'MBq', '')
    """
    inside = text.strip().removeprefix("[").removesuffix("]").removeprefix("(").removesuffix(")")
    return inside.strip() if units_of(inside) else ""


def _group_above(sheet: Sheet, row: int, column: int) -> At | None:
    """Return the merged cell that stands over several columns, this one among them."""
    for top, left, bottom, right in sheet.merged:
        if bottom == row - 1 and left <= column <= right and right > left:
            return top, left
    return None


def _together(texts: list[str], index: int, understand: Understand) -> Heading:
    """Return what the headers of a column mean together: a group, a header, a unit.

    If one of them is not understood, or two have different units, nothing is: it may say that the
    column is another.
    """
    if not texts:
        return understand(f"column {letter(index)}")
    whole = understand(" ".join(texts))
    if len(texts) == 1:
        return whole
    parts = [understand(text) for text in texts]
    units = [unit for part in parts if (unit := unit_alone(part.text) or part.unit_text)]
    unclear = [part for part in parts if not part.known and not unit_alone(part.text)]
    if (unclear or len({*units}) > 1) and not whole.known:
        return Heading(whole.text)
    found = whole
    for part in parts:
        if unit_alone(part.text):
            continue
        found = found._replace(
            meanings=whole.meanings or part.meanings or found.meanings,
            region=whole.region or part.region or found.region,
            region_text=whole.region_text or part.region_text or found.region_text,
            lapse=whole.lapse or part.lapse or found.lapse,
            note=whole.note or part.note or found.note,
        )
    unit = units[-1] if units else ""
    return found._replace(unit_text=unit, units=units_of(unit) or found.units)


def _body(
    sheet: Sheet, columns: list[Column], rows: range, understand: Understand
) -> Iterator[int]:
    """Yield the rows of a table that have a value, up to the next label with its value."""
    texts = {column.index for column in columns if column.heading.meanings == ("region",)}
    for row in rows:
        present = [c for c in columns if sheet.at(row, c.index) is not None]
        if not present:
            continue
        if _label_row(sheet, row, understand):
            return
        filled = [c for c in present if looks_like_value(sheet.at(row, c.index))]
        named = any(
            (cell := sheet.at(row, index)) is not None and understand(cell.text).region
            for index in texts
        )
        others = [sheet.at(row, c.index) for c in present if c.index not in texts]
        if any(c.index not in texts for c in filled) or (named and not all(map(empty, others))):
            yield row


def _label_row(sheet: Sheet, row: int, understand: Understand) -> bool:
    """Return whether a row begins with a label, such as the administered activity, and a value."""
    first = sheet.columns_of(row)[0]
    cell = sheet.cells.get((row, first))
    if cell is None or not cell.text:
        return False
    heading = understand(cell.text.partition(":")[0])
    return bool({*heading.meanings} & (LABELS - {"cycle", "name"})) and not heading.region


def _labels(sheet: Sheet, row: int, understand: Understand) -> Iterator[Label]:
    """Yield the labels of a row: a text, and what stands to the right of it."""
    waiting: tuple[At, Heading] | None = None
    values: list[tuple[At, Cell]] = []
    for column in sheet.columns_of(row):
        at = (row, column)
        cell = sheet.cells.get(at)
        if cell is None:
            continue
        text, sign, rest = cell.text.partition(":")
        heading = understand(text if sign else cell.text)
        is_label = bool({*heading.meanings} & LABELS) and not looks_like_value(cell)
        if cell.kind is Kind.TEXT and (is_label or (not waiting and not looks_like_value(cell))):
            if waiting and values:
                yield Label(*waiting, tuple(values))
            waiting, values = (at, heading), []
            if sign and rest.strip() and is_label:
                values.append((at, Cell(rest.strip(), Kind.TEXT)))
        elif waiting and column - waiting[0][1] <= FAR * (len(values) + 1):
            values.append((at, cell))
    if waiting and values:
        yield Label(*waiting, tuple(values))
