"""A workbook read with a map: the files it becomes, or the questions that it leaves open."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from dosimetry.intake.cells import looks_like_value
from dosimetry.intake.column import Resolved
from dosimetry.intake.columns import resolve
from dosimetry.intake.context import Context
from dosimetry.intake.course import Cycle, Cycles
from dosimetry.intake.decide import MAP, Log
from dosimetry.intake.documents import (
    DECISIONS,
    PATIENT,
    decisions_text,
    map_text,
    patient_text,
)
from dosimetry.intake.facts import Facts, add_label, add_values, shown
from dosimetry.intake.layout import LABELS, Block, Label, blocks_of
from dosimetry.intake.mapping import BLOOD, OF_CYCLES, OF_PATIENT, map_of
from dosimetry.intake.moments import Moment, same_kind, zoned
from dosimetry.intake.names import IGNORE
from dosimetry.intake.person import check, content_of
from dosimetry.intake.records import Finding, Measured, Rows
from dosimetry.intake.rest import list_rest, list_unused_entries
from dosimetry.intake.scan_files import files_of
from dosimetry.intake.sheet import Book, Sheet
from dosimetry.intake.tables import CYCLES, LABS, SCANS, kind_of
from dosimetry.problems import FilePlace, InputError, Problem, quote
from dosimetry.reference import agents
from dosimetry.reference.regions import refuse_one_tumour_of_two_names


@dataclass(frozen=True)
class Import:
    """What an import found.

    Attributes
    ----------
    log : Log
        Decisions, and questions and problems if there are any.
    files : dict of str to str
        Content by name; empty while anything is open.
    """

    log: Log
    files: Mapping[str, str]


@dataclass
class Part:
    """A block of a sheet, its columns, what it holds, and whether a column is unclear."""

    block: Block
    columns: list[Resolved]
    kind: str
    unclear: bool


def interpret(book: Book, data: Mapping[str, Any], map_name: str = MAP) -> Import:
    """Return the files that a book becomes with a map, or what stands in the way.

    Parameters
    ----------
    book : Book
    data : mapping
        Content of the map; may be empty.
    map_name : str
        Name of the map's file, for messages.

    Raises
    ------
    InputError
        The map itself is wrong.
    """
    log = Log(settled=copy.deepcopy(dict(data)), map_name=map_name)
    context = Context(book, map_of(data, map_name), log)
    parts = _parts(context)
    cycles = Cycles(context)
    _add_scans(context, cycles, parts)
    patient = Facts()
    _add_cycle_rows(cycles, parts)
    _add_row_facts(context, cycles, parts, patient)
    _add_labels(context, cycles, parts, patient)
    settled = cycles.settle()
    findings = [f for part in parts if part.kind == LABS for f in _rows(context, part).findings()]
    _check_zones(context, settled, findings)
    files = _scan_files(context, settled)
    content = content_of(context, patient, settled, findings)
    list_rest(context)
    list_unused_entries(context, data)
    if not log.open():
        check(context, content, PATIENT)
    if log.open():
        return Import(log, {})
    texts = {PATIENT: patient_text(content, book.name), **files}
    texts[MAP] = map_text(log.settled, book.name)
    texts[DECISIONS] = decisions_text(log.decisions, book)
    return Import(log, texts)


def _parts(context: Context) -> list[Part]:
    parts = []
    for sheet in context.sheets:
        for block in blocks_of(sheet, partial(context.understand, sheet)):
            before = len(context.log.questions), len(context.log.problems)
            columns = resolve(context, sheet, block.table) if block.table else []
            unclear = before != (len(context.log.questions), len(context.log.problems))
            kind = kind_of(context, block, columns, unclear) if columns else ""
            unclear = before != (len(context.log.questions), len(context.log.problems))
            if kind:
                context.log.say(
                    context.place(sheet, (block.table.top if block.table else 1, 1)),
                    f"a table of {kind}",
                )
            parts.append(Part(block, columns, kind, unclear))
    if not any(part.kind in (SCANS, BLOOD) for part in parts) and not context.log.questions:
        context.log.fail(
            Problem(
                "no-table",
                "no table of scans was found: a row of headers with a region, a time and an "
                "activity above numbers",
                "name the headers under columns of the map, as in columns: {ROI: region}",
                FilePlace(f"{context.book.name}: file"),
            )
        )
    return parts


def _rows(context: Context, part: Part) -> Rows:
    return Rows(context, part.block, part.columns)


def _add_scans(context: Context, cycles: Cycles, parts: list[Part]) -> None:
    """Sort scans and samples into cycles."""
    with_scans = {part.block.sheet.name for part in parts if part.kind == SCANS}
    for kind in (SCANS, BLOOD):
        for part in parts:
            if part.kind != kind:
                continue
            fixed = BLOOD if kind == BLOOD else ""
            rows = _measured(context, part, fixed)
            bare = part.unclear or any(not row.cycle for row in rows)
            alone = len(with_scans | {part.block.sheet.name}) == 1
            cycle = cycles.of_block(part.block, alone) if bare else None
            if bare and cycle is None and kind == BLOOD and len(cycles.by_name) == 1:
                (cycle,) = cycles.by_name.values()
            if bare and cycle is None:
                cycles.ask_cycle(part.block, "the table")
                continue
            for row in rows:
                _add(cycles.named(row.cycle) if row.cycle else cycle, row)
            if cycle is not None:
                context.log.say(part.block.sheet.name, f"cycle {quote(cycle.name)}")
    try:
        names = sorted({name for part in parts if part.kind == SCANS for name in _names(part)})
        refuse_one_tumour_of_two_names(names, context.map.regions)
    except InputError as error:
        context.log.fail(*(p.at(f"{context.book.name}: file") for p in error.problems))


def _names(part: Part) -> Iterable[str]:
    """Yield the names of regions in the headers and rows of a table, as written."""
    for column in part.columns:
        if column.region:
            yield column.region
        if column.meaning == "region" and part.block.table:
            for row in part.block.table.body:
                cell = part.block.sheet.at(row, column.index)
                if cell is not None and cell.text:
                    yield cell.text


def _measured(context: Context, part: Part, fixed: str) -> list[Measured]:
    """Return the rows of a table; none where a column is unclear, but its other questions."""
    before = len(context.log.problems)
    rows = list(_rows(context, part).measured(fixed))
    if not part.unclear:
        return rows
    del context.log.problems[before:]  # they may follow from what is unclear
    return []


def _add(cycle: Cycle | None, row: Measured) -> None:
    if cycle is not None:
        (cycle.samples if row.region == BLOOD else cycle.scans).append(row)


def _add_cycle_rows(cycles: Cycles, parts: list[Part]) -> None:
    for part in parts:
        if part.kind == CYCLES:
            cycles.add_rows(part.block, part.columns)


def _add_row_facts(context: Context, cycles: Cycles, parts: list[Part], patient: Facts) -> None:
    """Read what rows of scans state of the patient and of the cycle; refuse several patients."""
    for part in parts:
        if part.kind not in (SCANS, BLOOD, LABS) or part.block.table is None:
            continue
        sheet, rows = part.block.sheet, _rows(context, part)
        for column in part.columns:
            of_cycle = column.meaning in (*OF_CYCLES, "decay")
            if not of_cycle and column.meaning not in OF_PATIENT:
                continue
            for row in part.block.table.body:
                cell = context.cell(sheet, row, column.index)
                named = rows.cycle_of(row) or sheet.name
                facts = cycles.named(named).facts if of_cycle else patient
                if cell is not None:
                    values = [((row, column.index), cell)]
                    add_values(context, sheet, column.heading, column.meaning, values, facts)
    names = [shown(fact.value) for fact in patient.held.get("patient_id", [])]
    if len(names) > 1:
        context.log.fail(
            Problem(
                "several-patients",
                f"the file has rows of patients {' and '.join(map(quote, names[:4]))}",
                "give the table of one patient",
                patient.held["patient_id"][1].place,
            )
        )


def _add_labels(context: Context, cycles: Cycles, parts: list[Part], patient: Facts) -> None:
    """Give the labels of every sheet to the patient or to a cycle."""
    for part in parts:
        block, own = part.block, None
        of_cycle = [
            label for label in block.labels if {*label.heading.meanings} & {*OF_CYCLES, "decay"}
        ]
        if of_cycle:
            only = list(cycles.by_name.values())
            own = cycles.of_block(block, alone=False) or (only[0] if len(only) == 1 else None)
            if own is None and any({*one.heading.meanings} & {*OF_CYCLES} for one in of_cycle):
                cycles.ask_cycle(block, f"label {quote(of_cycle[0].heading.text)}")
        for label in block.labels:
            meanings = {*label.heading.meanings}
            if label in of_cycle:
                of = [own] if own else list(cycles.by_name.values()) if "decay" in meanings else []
                for cycle in of:
                    add_label(context, block.sheet, label, cycle.facts)
            elif meanings and meanings <= {"agent", "nuclide"}:
                _agent(context, block.sheet, label.heading.meanings[0], label)
            elif meanings & {*LABELS, IGNORE} or looks_like_value(label.values[0][1]):
                add_label(context, block.sheet, label, patient)


def _agent(context: Context, sheet: Sheet, meaning: str, label: Label) -> None:
    """Note the agent, and refuse another nuclide than 177Lu."""
    at, cell = label.values[0]
    spelling = agents.letters_and_digits(cell.text)
    if meaning == "nuclide" and not ("177lu" in spelling or "lu177" in spelling):
        context.log.fail(
            Problem(
                "unknown-agent",
                f"{quote(cell.text)} is not 177Lu",
                "only 177Lu is supported",
                sheet.place(*at),
            )
        )
    if meaning == "agent":
        context.log.settle(("therapy", "radiopharmaceutical"), cell.text)
    context.use(sheet, label.at, at)
    context.log.say(context.place(sheet, at), f"{meaning} is {cell.text}")


def _check_zones(context: Context, cycles: list[Cycle], findings: list[Finding]) -> None:
    moments: list[tuple[Moment, str]] = [
        (cycle.at, FilePlace(context.book.name)) for cycle in cycles if cycle.at
    ]
    for cycle in cycles:
        for row in (*cycle.scans, *cycle.samples):
            if row.time.moment:
                moments.append((zoned(context, row.time.moment, row.place), row.place))
    for one in findings:
        place = one.sheet.place(*one.at)
        moments.append((zoned(context, one.moment, place), place))
    same_kind(context, moments)
    bare = [m for m, _ in moments if isinstance(m, dt.datetime) and m.tzinfo is None]
    if bare:
        context.log.say("times", "no time zone: clocks that change between two times would count")


def _scan_files(context: Context, cycles: list[Cycle]) -> dict[str, str]:
    files: dict[str, str] = {}
    for number, cycle in enumerate(cycles, 1):
        files |= files_of(context, number, cycle)
    return files
