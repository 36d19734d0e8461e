"""Screen 2: measurements of each cycle, read from a CSV file and shown before they are accepted."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dosimetry.patient.measurements.scan import BLOOD
from dosimetry.patient.values import read_moment
from dosimetry.planner.pages.boxes import at, shown
from dosimetry.planner.pages.html import page
from dosimetry.planner.pages.opening import rows_of_csv
from dosimetry.planner.pages.rooms import to, uploads
from dosimetry.planner.pages.sessions import Session, Waiting
from dosimetry.problems import FilePlace, InputError, Problem, refuse
from dosimetry.report.page.cells import Table, table
from dosimetry.report.words.names import words

ANSWERS = {"no": False, "yes": True, "file": None}
ANSWER_WORDS = (
    ("no", "No: as measured at the time of the scan"),
    ("yes", "Yes: corrected to the time of the injection"),
    ("file", "A column of the file says so, row by row"),
)
WORKBOOKS = (".xlsx", ".xls", ".ods")


async def show(request: Request, session: Session) -> Response:
    """Show the measurements of each cycle, and those that wait to be accepted."""
    return _page(session, ())


async def read(request: Request, session: Session) -> Response:
    """Read a file; nothing is taken over before it is accepted."""
    async with request.form() as form:
        files = await uploads(form, "file")
        cycle, kind, corrected = (f"{form.get(n, '')}" for n in ("cycle", "kind", "corrected"))
    session.waiting = None
    try:
        number = _number(session, cycle)
        if corrected not in ANSWERS:
            raise refuse(
                "missing", "the question on decay correction is not answered", "choose an answer",
                "corrected",
            )  # fmt: skip
        if not files:
            raise refuse("missing", "no file was chosen", "choose a CSV file", "file")
        ((name, raw),) = files.items()
        _refuse_workbook(name)
        given = at(session.content, f"cycles[{number}].at")
        moment = None if given is None else read_moment(given)
        rows = rows_of_csv(name, raw, moment, ANSWERS[corrected], blood=kind == BLOOD)
    except InputError as error:
        return _page(session, error.problems, 422)
    session.waiting = Waiting(number, name, rows, kind == BLOOD)
    return to(session, "measurements#waiting")


async def accept(request: Request, session: Session) -> Response:
    """Take the measurements over that wait, or drop them."""
    async with request.form() as form:
        asked = f"{form.get('do', '')}"
    waiting, session.waiting = session.waiting, None
    if waiting is None or asked not in ("replace", "add"):
        return to(session, "measurements")
    key = BLOOD if waiting.blood else "measurements"
    cycles = list(session.content["cycles"])
    held = cycles[waiting.cycle].get(key) if asked == "add" else None
    rows = [*(held if isinstance(held, list) else []), *waiting.rows]
    cycles[waiting.cycle] = {**cycles[waiting.cycle], key: rows}
    session.change({**session.content, "cycles": cycles})
    return to(session, "measurements")


def _number(session: Session, cycle: str) -> int:
    cycles = session.content.get("cycles")
    count = len(cycles) if isinstance(cycles, list) else 0
    if not cycle.isdecimal() or not 1 <= int(cycle) <= count:
        raise refuse(
            "no-such-cycle", "the patient has no such cycle", "add the cycle on the page Patient",
            "cycle",
        )  # fmt: skip
    return int(cycle) - 1


def _refuse_workbook(name: str) -> None:
    if name.lower().endswith(WORKBOOKS):
        raise refuse(
            "workbook",
            "a workbook is not read here",
            "save the sheet of this cycle as CSV and choose that",
            FilePlace(f"{name}: file"),
        )


def _page(session: Session, problems: tuple[Problem, ...], status: int = 200) -> Response:
    held = session.content.get("cycles")
    cycles = held if isinstance(held, list) else []
    waiting = session.waiting
    return page(
        "measurements.html.j2", session, "measurements", status,
        problems=problems,
        cycles=[_held(i, cycle) for i, cycle in enumerate(cycles)],
        waiting=waiting,
        waiting_table=None if waiting is None else rows_table(
            f"Read from {waiting.name} for cycle {waiting.cycle + 1}", waiting.rows),
        answers=ANSWER_WORDS,
    )  # fmt: skip


def _held(number: int, cycle: Any) -> dict[str, Any]:
    cycle = cycle if isinstance(cycle, dict) else {}
    held = {
        name: cycle[key]
        for key, name in (("measurements", "scans"), (BLOOD, "blood samples"))
        if isinstance(cycle.get(key), list) and cycle[key]
    }
    return {
        "number": number + 1,
        "at": cycle.get("at", "no date"),
        "tables": [rows_table(f"Cycle {number + 1}: {name}", rows) for name, rows in held.items()],
    }


def rows_table(caption: str, rows: list[Any]) -> Table:
    """Return rows of measurements as a table, with the columns that they have.

    Examples
    --------
    >>> made = rows_table("Scans", [{"region": "kidney_left", "time": "4.0 h", "sd": "2 %"}])
    >>> made.columns, made.rows[0][0].parts
    (('region', 'time', 'sd'), ('left kidney',))
    """
    rows = [row if isinstance(row, dict) else {"file": row} for row in rows]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return table(
        caption,
        [column.replace("_", " ") for column in columns],
        (
            [
                words(row["region"]) if c == "region" and c in row else shown(row.get(c))
                for c in columns
            ]
            for row in rows
        ),
    )
