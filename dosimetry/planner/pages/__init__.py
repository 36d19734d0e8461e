"""The page in a browser: six screens, drawn by the server."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dosimetry.planner.pages.html import style
from dosimetry.planner.pages.rooms import in_session
from dosimetry.planner.pages.screens import curves, export, label, measurements, patient, plan
from dosimetry.planner.pages.screens.start import start_routes
from dosimetry.planner.pages.sessions import Sessions
from dosimetry.planner.settings import Settings


def routes(settings: Settings) -> list[Route]:
    """Return the addresses of the pages.

    Examples
    --------
    >>> [route.path for route in routes(Settings("secret"))][:2]
    ['/look.css', '/']
    """
    sessions = Sessions()
    below = [
        ("patient", patient.show, "GET", "patient"),
        ("patient", patient.take, "POST", "patient"),
        ("text", patient.take_text, "POST", "patient"),
        ("labs", patient.paste, "POST", "patient"),
        ("measurements", measurements.show, "GET", "measurements"),
        ("measurements", measurements.read, "POST", "measurements"),
        ("measurements/accept", measurements.accept, "POST", "measurements"),
        ("curves", curves.show, "GET", "curves"),
        ("curves", curves.take, "POST", "curves"),
        ("plan", plan.show, "GET", "plan"),
        ("plan/answer", plan.answer_alone, "GET", "plan"),
        ("plan/figure", plan.figure, "GET", "plan"),
        ("plan/ways", plan.ways, "GET", "plan"),
        ("label", label.show, "GET", "label"),
        ("export", export.show, "GET", "export"),
        ("export/{name}", export.send, "GET", "export"),
    ]
    return [
        Route("/look.css", _style),
        *start_routes(settings, sessions),
        *(
            Route(f"/s/{{key}}/{path}", in_session(sessions, screen, name), methods=[method])
            for path, screen, method, name in below
        ),
    ]


async def _style(request: Request) -> Response:
    return Response(style(), media_type="text/css")
