"""Screen 6: documents to take away; nothing is stored by the server."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec

from starlette.requests import Request
from starlette.responses import Response

from dosimetry.exchange.icalendar import to_ics
from dosimetry.files import need
from dosimetry.planner.pages import work
from dosimetry.planner.pages.html import page
from dosimetry.planner.pages.opening import as_yaml
from dosimetry.planner.pages.rooms import planned, today
from dosimetry.planner.pages.sessions import Session
from dosimetry.problems import InputError, refuse
from dosimetry.report.page.files import made_now

PLAIN = re.compile(r"[^A-Za-z0-9_-]+")
KINDS = {
    "patient.yaml": "application/yaml",
    "patient.json": "application/json",
    "plan.json": "application/json",
    "report.html": "text/html",
    "report.pdf": "application/pdf",
    "calendar.ics": "text/calendar",
}


async def show(request: Request, session: Session) -> Response:
    """Show the documents, with the inputs that they belong to."""
    course, plan = await planned(request, session, session.asked)
    return page(
        "export.html.j2", session, "export", plan=plan,
        said=session.asked.words(course.regular), missing=_missing(bool(plan.calendar)),
    )  # fmt: skip


async def send(request: Request, session: Session) -> Response:
    """Send a document."""
    name = request.path_params["name"]
    if name not in KINDS:
        raise refuse(
            "no-such-address", "there is no such document", f"choose {', '.join(KINDS)}", "export"
        )
    content = await _content(request, session, name)
    person = session.content.get("patient")
    own = PLAIN.sub("-", f"{person.get('id', '')}" if isinstance(person, dict) else "").strip("-")
    stem, _, suffix = name.partition(".")
    file = f"{own or 'patient'}{'' if stem == 'patient' else f'-{stem}'}.{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(content, media_type=KINDS[name], headers=headers)


async def _content(request: Request, session: Session, name: str) -> str | bytes:
    if name == "patient.yaml":
        session.saved = True
        return as_yaml(session.content)
    if name == "patient.json":
        session.saved = True
        return f"{json.dumps(session.content, indent=2, ensure_ascii=False)}\n"
    course, plan = await planned(request, session, session.asked)
    if name == "plan.json":
        return plan.to_json()
    if name == "calendar.ics":
        return to_ics(plan)
    kind = name.partition(".")[2]
    need("pdf" if kind == "pdf" else "report")
    made: bytes = await request.app.state.workers.run(
        work.report_of, course.course, plan, made_now(), today(), kind
    )
    return made


def _missing(dated: bool) -> dict[str, str]:
    """Return why a document cannot be made, by its name."""
    missing = {}
    try:
        need("pdf")
    except InputError as error:
        missing["report.pdf"] = error.problems[0].cure
    if find_spec("icalendar") is None:
        missing["calendar.ics"] = "python -m pip install 'dosimetry[calendar]'"
    elif not dated:
        missing["calendar.ics"] = "The course has no dates: give the date of the first dose."
    return missing
