"""Refusals as problem details (RFC 9457) for programs, as text for browsers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import PlainTextResponse, Response

from dosimetry.problems import InputError, printable

API = "/api/"
PROBLEM_JSON = "application/problem+json"
PROBLEM_TYPE = "urn:dosimetry:problems:1"


def refusal(
    status: int, error: InputError, path: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the response that refuses a request.

    Parameters
    ----------
    status : int
    error : InputError
    path : str
        Of the request: below ``/api/`` the response is JSON, else text.
    headers : mapping, optional
        Further headers.

    Returns
    -------
    Response

    Examples
    --------
    >>> from dosimetry.problems import refuse
    >>> refusal(404, refuse("no-such-address", "no such address"), "/api/v1/x").media_type
    'application/problem+json'
    """
    if not path.startswith(API):
        return PlainTextResponse(f"{printable(f'{error}')}\n", status, headers)
    text = json.dumps(problem_details(status, error), indent=2, ensure_ascii=False)
    return Response(f"{text}\n", status, headers, PROBLEM_JSON)


def problem_details(status: int, error: InputError) -> dict[str, Any]:
    """Return a refusal as RFC 9457 describes it, with the problems of ``--format json``.

    Examples
    --------
    >>> from dosimetry.problems import refuse
    >>> problem_details(404, refuse("no-such-address", "no such address"))["title"]
    'Not Found'
    """
    return {
        "type": PROBLEM_TYPE,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": printable(error.problems[0].message),
        **error.to_dict(),
    }
