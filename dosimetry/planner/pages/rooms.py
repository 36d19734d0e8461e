"""What every screen needs: its session, its workers, and what they know of the course."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dosimetry.documents.plan import Plan
from dosimetry.planner.pages import work
from dosimetry.planner.pages.html import page
from dosimetry.planner.pages.sessions import Known, Session, Sessions
from dosimetry.planner.pages.what_if import WhatIf
from dosimetry.planner.workers import BusyError, FailedError, LateError, LostError, OutOfMemoryError
from dosimetry.problems import InputError

Screen = Callable[[Request, Session], Awaitable[Response]]
BROKEN = {
    BusyError: "Every process works. Try again in a few seconds.",
    LateError: "The calculation took too long and was ended.",
    LostError: "The process that calculated ended before it answered. Try again.",
    OutOfMemoryError: "The calculation needed more memory than it may have.",
    FailedError: "The program has a fault; nothing was computed. The planner's log names the line.",
}


def in_session(sessions: Sessions, screen: Screen, name: str = "") -> Any:
    """Return an endpoint that finds its session and shows what goes wrong."""

    async def endpoint(request: Request) -> Response:
        session = sessions.find(request.path_params["key"])
        bare = "hx-request" in request.headers
        if session is None:
            return page("ended.html.j2", status=404, bare=bare)
        try:
            return await screen(request, session)
        except InputError as error:
            return page("problems.html.j2", session, name, 422, bare=bare, problems=error.problems)
        except tuple(BROKEN) as error:
            status = 503 if isinstance(error, BusyError) else 500
            return page(
                "broken.html.j2", session, name, status, bare=bare, said=BROKEN[type(error)]
            )

    return endpoint


async def known(request: Request, session: Session) -> Known:
    """Return the delivered part of the course; it is computed once for a content.

    Raises
    ------
    InputError
        The content is not a patient file that can be planned.
    """
    content = session.content
    if session.known is None:
        found: Known = await request.app.state.workers.run(work.known_of, content)
        if session.content is not content:  # changed in the meantime, by another request
            return found
        session.known = found
    return session.known


async def planned(request: Request, session: Session, asked: WhatIf) -> tuple[Known, Plan]:
    """Return the plan of a what-if."""
    course = await known(request, session)
    plan = await request.app.state.workers.run(
        work.plan_of, course.course, asked.options(course.regular)
    )
    return course, plan


def today() -> dt.date:
    """Return the day with which the dates of a plan are compared."""
    return dt.date.today()


def to(session: Session, screen: str) -> RedirectResponse:
    """Return the way to a screen after a form was taken."""
    return RedirectResponse(f"/s/{session.key}/{screen}", 303)


async def uploads(form: FormData, name: str) -> dict[str, bytes]:
    """Return the files of a form by their names, without folders."""
    files: dict[str, bytes] = {}
    for given in form.getlist(name):
        if not isinstance(given, str) and given.filename:
            files[given.filename.replace("\\", "/").rpartition("/")[2]] = await given.read()
    return files
