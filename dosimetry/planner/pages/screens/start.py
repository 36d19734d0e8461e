"""The first page: open a patient file or begin a new one; and the end of the planner."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dosimetry.planner.pages.html import page
from dosimetry.planner.pages.opening import of_path, opened
from dosimetry.planner.pages.rooms import to, uploads
from dosimetry.planner.pages.sessions import Sessions
from dosimetry.planner.settings import Settings
from dosimetry.problems import InputError, refuse

PATIENT_FILES = (".yaml", ".yml", ".json")


def start_routes(settings: Settings, sessions: Sessions) -> list[Route]:
    """Return the addresses without a session."""

    async def start(request: Request) -> Response:
        if settings.patient is None or "new" in request.query_params:
            return page("start.html.j2", problems=())
        try:
            session = sessions.begin(of_path(settings.patient), settings.patient.name)
        except InputError as error:
            return page("start.html.j2", status=422, problems=error.problems)
        return to(session, "plan")

    async def begin(request: Request) -> Response:
        return to(sessions.begin({"patient": {}, "therapy": {}}), "patient")

    async def open_file(request: Request) -> Response:
        async with request.form() as form:
            files = await uploads(form, "files")
        try:
            name = _patient_file(list(files))
            session = sessions.begin(opened(name, files), name)
        except InputError as error:
            return page("start.html.j2", status=422, problems=error.problems)
        return to(session, "patient")

    async def end(request: Request) -> Response:
        request.app.state.end()
        return page("end.html.j2")

    return [
        Route("/", start),
        Route("/new", begin, methods=["POST"]),
        Route("/open", open_file, methods=["POST"]),
        Route("/end", end, methods=["POST"]),
    ]


def _patient_file(names: list[str]) -> str:
    """Return which of some files is the patient file.

    Raises
    ------
    InputError
        None, or more than one.
    """
    found = [name for name in names if name.lower().endswith(PATIENT_FILES)]
    if len(found) != 1:
        raise refuse(
            "no-patient-file",
            f"{'no' if not found else len(found)} patient files were chosen",
            "choose one file that ends in .yaml or .json, and the CSV files that it names",
            "files",
        )
    return found[0]
