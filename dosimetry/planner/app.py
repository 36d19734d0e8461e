"""The application: pages, HTTP interface, health; the workers live and end with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.staticfiles import StaticFiles

from dosimetry.planner import api, pages
from dosimetry.planner.answers import refusal
from dosimetry.planner.security import HEALTH, Guard
from dosimetry.planner.settings import Settings
from dosimetry.planner.workers import Workers
from dosimetry.problems import InputError, refuse

STATIC = Path(__file__).parent / "pages" / "static"


def create_app(settings: Settings) -> Starlette:
    """Return the application of a planner.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    Starlette
        ``app.state.workers`` runs functions in other processes, ``app.state.settings`` are the
        settings, ``app.state.end()`` ends the server (it does nothing where no server set it).

    Examples
    --------
    >>> app = create_app(Settings("secret", workers=1))
    >>> app.url_path_for("health")
    '/health'
    """
    workers = Workers(settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await workers.start()
        try:
            yield
        finally:
            await workers.stop()

    routes: list[BaseRoute] = [
        Route(HEALTH, _health, name="health"),
        Mount("/api/v1", Router(api.routes(settings), redirect_slashes=False)),
        Mount("/static", StaticFiles(directory=STATIC)),
        *pages.routes(settings),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, settings=settings)],
        exception_handlers={HTTPException: _refused},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.workers = workers
    app.state.settings = settings
    app.state.end = lambda: None
    return app


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _refused(request: Request, error: Exception) -> Response:
    """Return the refusal of an address or a method that does not exist."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    return refusal(status, _problem(status), request.scope["path"], headers)


def _problem(status: int) -> InputError:
    if status == 405:
        return refuse(
            "wrong-method",
            "the address does not take this method",
            "use a method that the header Allow names",
            "method",
        )
    if status == 404:
        return refuse(
            "no-such-address",
            "there is nothing at this address",
            "see GET /api/v1/openapi.json for all addresses",
            "address",
        )
    return refuse(
        "not-accepted", "the request is not one that the planner takes", "see its OpenAPI", "body"
    )
