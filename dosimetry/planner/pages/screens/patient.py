"""Screen 1: the patient file as a form, and as text."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dosimetry.patient.lab_table import labs_of_csv
from dosimetry.patient.patient import Patient
from dosimetry.patient.read import read_yaml
from dosimetry.patient.written import written
from dosimetry.planner.pages.boxes import at, box, said, table
from dosimetry.planner.pages.fields import (
    CYCLE,
    CYCLE_ROWS,
    OWN,
    OWN_LIMITS,
    OWN_REGIMEN,
    PERSON,
    PREPARED,
    PRIOR_DOSES,
    THERAPY_MORE,
    TOP_ROWS,
    Field,
    limit_field,
    therapy,
)
from dosimetry.planner.pages.filling import filled
from dosimetry.planner.pages.html import page
from dosimetry.planner.pages.lab_boxes import lab_table
from dosimetry.planner.pages.opening import as_yaml, with_tables
from dosimetry.planner.pages.rooms import to
from dosimetry.planner.pages.sessions import Session
from dosimetry.problems import InputError, Problem
from dosimetry.reference import laboratory, regions, tables

MOST_BOXES = 20_000
SAVING = {"save-yaml": "patient.yaml", "save-json": "patient.json"}


async def show(request: Request, session: Session) -> Response:
    """Show the form; a new one without the problems of what is not yet filled in."""
    if session.content == {"patient": {}, "therapy": {}}:
        return _form(session, ())
    return _form(session, problems_of(session.content))


async def take(request: Request, session: Session) -> Response:
    """Take the form; show it again where it has problems."""
    async with request.form(max_fields=MOST_BOXES) as form:
        content, problems = filled(form, session.content)
        session.change(content)
        asked = f"{form.get('do', '')}"
    if asked.startswith("add-cycle"):
        cycles = content.get("cycles")
        session.change({**content, "cycles": [*(cycles if isinstance(cycles, list) else []), {}]})
        return to(session, "patient#cycles")
    if asked.startswith("remove-cycle-"):
        held = content.get("cycles")
        kept = [
            cycle
            for i, cycle in enumerate(held if isinstance(held, list) else [])
            if asked != f"remove-cycle-{i}"
        ]
        session.change({**content, "cycles": kept})
        return to(session, "patient#cycles")
    problems = (*problems, *problems_of(content))
    if asked in SAVING and not any(problem.code == "region-twice" for problem in problems):
        return to(session, f"export/{SAVING[asked]}")  # a file half filled in can be saved too
    return _form(session, problems, 422) if problems else to(session, "patient?taken=yes")


async def take_text(request: Request, session: Session) -> Response:
    """Take the patient file as text."""
    async with request.form() as form:
        text = f"{form.get('text', '')}"
    try:
        session.change(with_tables(read_yaml(text, "text"), {}))
    except InputError as error:
        return _form(session, error.problems, 422, text)
    problems = problems_of(session.content)
    return _form(session, problems, 422) if problems else to(session, "patient?taken=yes")


async def paste(request: Request, session: Session) -> Response:
    """Add a table of laboratory values that was pasted."""
    async with request.form() as form:
        pasted = f"{form.get('pasted', '')}"
    try:
        new = written(labs_of_csv(pasted.encode(), "pasted table"))
    except InputError as error:
        return _form(session, error.problems, 422, pasted=pasted)
    held = session.content.get("labs")
    session.change({**session.content, "labs": [*(held if isinstance(held, list) else []), *new]})
    return to(session, "patient#labs")


def problems_of(content: dict[str, Any]) -> tuple[Problem, ...]:
    """Return the problems of a content, by the schema and by the checks of the whole file."""
    try:
        Patient.from_dict(content, base=None)
    except InputError as error:
        return error.problems
    return ()


def _form(
    session: Session,
    problems: tuple[Problem, ...],
    status: int = 200,
    text: str | None = None,
    pasted: str = "",
) -> Response:
    content = session.content

    def boxes(fields: tuple[Field, ...], prefix: str = "") -> list[Any]:
        return [box(field, prefix, content, problems) for field in fields]

    course = boxes(therapy())
    regimen = at(content, "therapy.regimen")
    own = isinstance(regimen, dict)
    cycles = at(content, "cycles")
    count = len(cycles) if isinstance(cycles, list) else 0
    return page(
        "patient.html.j2", session, "patient", status,
        problems=problems,
        person=boxes(PERSON),
        course=course,
        own_regimen=own, OWN=OWN, regimen=OWN if own else regimen or "",
        own_boxes=boxes(OWN_REGIMEN),
        more=boxes(THERAPY_MORE),
        limits=box(limit_field(), "", content, problems),
        tables=[table(rows, "", content, problems)
                for rows in (*TOP_ROWS, OWN_LIMITS, PRIOR_DOSES)],
        cycles=[_cycle(i, content, problems) for i in range(count)],
        labs=lab_table(at(content, "labs"), problems),
        lab_problems=said(problems, "labs"),
        regions=_regions(), analytes=list(laboratory.analytes()),
        text_value=as_yaml(content) if text is None else text, pasted=pasted,
        text_open=text is not None,
    )  # fmt: skip


def _cycle(number: int, content: dict[str, Any], problems: tuple[Problem, ...]) -> dict[str, Any]:
    place = f"cycles[{number}]"
    given = at(content, f"{place}.administered")
    whole = Field("administered", "Activity given", "GBq")
    held = content if not isinstance(given, dict) else {}
    return {
        "number": number,
        "whole": box(whole, place, held, problems) if held else box(whole, place, {}, ()),
        "fields": [box(field, place, content, problems) for field in CYCLE],
        "prepared": [box(field, f"{place}.administered", content, problems) for field in PREPARED],
        "tables": [table(rows, place, content, problems) for rows in CYCLE_ROWS],
        "problems": [problem for problem in problems if problem.place == place],
    }


def _regions() -> list[str]:
    """Return the regions to suggest."""
    names = [row["region"] for row in tables.table("regions").rows]
    return [name if regions.region(name).role != "tumour" else f"{name}_1" for name in names]
