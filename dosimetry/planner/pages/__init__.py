"""The page in a browser."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dosimetry.planner.settings import Settings


def routes(settings: Settings) -> list[Route]:
    """Return the addresses of the page."""
    return [Route("/", _start)]


async def _start(request: Request) -> Response:
    return PlainTextResponse("dosimetry planner. The HTTP interface is at /api/v1.\n")
