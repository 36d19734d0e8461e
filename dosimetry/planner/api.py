"""The HTTP interface, below ``/api/v1``: the documents of the command line, byte for byte."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dosimetry.planner.answers import refusal
from dosimetry.planner.endpoints import ENDPOINTS, Endpoint, job
from dosimetry.planner.parameters import read_query
from dosimetry.planner.settings import Settings
from dosimetry.planner.workers import BusyError, LateError, LostError, OutOfMemoryError
from dosimetry.problems import InputError, quote, refuse

JSON = "application/json"
MOST_PARAMETERS = 100
AGAIN = {"Retry-After": "1"}  # s


def routes(settings: Settings) -> list[BaseRoute]:
    """Return the addresses of the HTTP interface.

    Examples
    --------
    >>> [route.path for route in routes(Settings("secret"))][:2]
    ['/plan', '/check']
    """
    return [
        *(
            Route(f"/{endpoint.name}", _posted(endpoint), methods=["POST"])
            for endpoint in ENDPOINTS
        ),
        Route("/schema/{name}", _schema, methods=["GET"]),
        Route("/openapi.json", _openapi, methods=["GET"]),
    ]


def _posted(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        path = request.scope["path"]
        try:
            _refuse_other_content(request)
        except InputError as error:
            return refusal(415, error, path)
        try:
            options = read_query(_pairs(request), endpoint.parameters)
        except InputError as error:
            return refusal(400, error, path)
        return await _worked(request, 422, endpoint.name, await request.body(), options)

    return answer


async def _schema(request: Request) -> Response:
    return await _described(request, "schema", request.path_params["name"])


async def _openapi(request: Request) -> Response:
    return await _described(request, "openapi")


async def _described(request: Request, name: str, *args: str) -> Response:
    try:
        read_query(_pairs(request), ())
    except InputError as error:
        return refusal(400, error, request.scope["path"])
    return await _worked(request, 404, name, *args)


async def _worked(request: Request, refused: int, name: str, *args: Any) -> Response:
    """Return the document that a worker computes, or why there is none."""
    path, workers = request.scope["path"], request.app.state.workers
    try:
        return Response(await workers.run(job, name, *args), media_type=JSON)
    except InputError as error:
        return refusal(refused, error, path)
    except BusyError:
        return refusal(503, _busy(), path, AGAIN)
    except LostError:
        return refusal(503, _lost(), path, AGAIN)
    except LateError:
        return refusal(422, _late(request.app.state.settings.time_out), path)
    except OutOfMemoryError:
        return refusal(422, _too_much_memory(), path)


def _pairs(request: Request) -> list[tuple[str, str]]:
    """Return the names and values of the query."""
    query = request.scope["query_string"].decode("latin-1")
    try:
        return parse_qsl(
            query,
            keep_blank_values=True,
            strict_parsing=bool(query),
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:
        raise refuse(
            "not-a-query",
            f"the query is not a list of name=value in UTF-8, at most {MOST_PARAMETERS}",
            "write ?strategy=adjusted&risk=0.05",
            "query",
        ) from None


def _refuse_other_content(request: Request) -> None:
    """Refuse a body that is not said to be plain JSON."""
    kind, _, parameter = request.headers.get("content-type", "").partition(";")
    charset = parameter.strip().lower().replace('"', "")
    if kind.strip().lower() != JSON or charset not in ("", "charset=utf-8"):
        raise refuse(
            "wrong-content-type",
            f"the body is said to be {quote(request.headers.get('content-type'))}",
            "send JSON in UTF-8 with Content-Type: application/json",
            "Content-Type",
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise refuse(
            "wrong-content-type",
            "the body is compressed",
            "send it as it is, without Content-Encoding",
            "Content-Encoding",
        )


def _busy() -> InputError:
    return refuse("busy", "too many requests wait already", "send it again a little later")


def _lost() -> InputError:
    return refuse(
        "worker-lost", "the process that computed this was ended from outside", "send it again"
    )


def _late(seconds: float) -> InputError:
    return refuse(
        "took-too-long",
        f"the computation took longer than {seconds:g} s and was ended",
        "send fewer scans, or use the command line, which has no time limit",
        "body",
    )


def _too_much_memory() -> InputError:
    return refuse(
        "too-much-memory",
        "the computation needs more memory than a worker has",
        "send fewer scans, or use the command line",
        "body",
    )
