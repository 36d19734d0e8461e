"""What stands before every request: token, host, origin, size and time; and every answer's headers.

The order matters: an address that is not ours learns nothing, and no body is read before the token
is known.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from urllib.parse import quote, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dosimetry.planner.answers import API, refusal
from dosimetry.planner.settings import LOOPBACK, Settings
from dosimetry.planner.workers import FailedError, place_of
from dosimetry.problems import InputError, refuse

HEALTH = "/health"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOG = logging.getLogger("dosimetry.planner")


class Guard:
    """The middleware around all addresses.

    Parameters
    ----------
    app : ASGI application
    settings : Settings
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._hosts = _hosts(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on with its body read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def answered(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        request = Request(scope, receive)
        try:
            response = self._before(request)
            if response is None:
                body = await self._body(request)
                if isinstance(body, bytes):
                    await self._app(scope, _again(body, receive), answered)
                    return
                response = body
        except ClientDisconnect:
            return
        except asyncio.CancelledError:  # the server ends, and did not wait any longer
            if begun:
                return
            response = refusal(503, _ending(), request.scope["path"])
        except Exception as error:  # its text may hold patient data: only its place is logged
            LOG.error("%s", error if isinstance(error, FailedError) else place_of(error))
            if begun:
                raise ConnectionError("the answer could not be finished") from None
            response = refusal(500, _unexpected(), request.scope["path"])
        await response(scope, receive, answered)

    def _before(self, request: Request) -> Response | None:
        """Return the refusal or redirection of a request; None where it may pass."""
        path, headers = request.scope["path"], request.headers
        if _name_of(headers.get("host", "")) not in self._hosts:
            return refusal(403, _other_host(), path)
        if not self._same_origin(headers):
            return refusal(403, _other_origin(), path)
        if path == HEALTH:
            return None
        if path.startswith(API):
            scheme, _, token = headers.get("authorization", "").partition(" ")
            if scheme.lower() == "bearer" and self._is_token(token.strip()):
                return None
            return refusal(401, _no_bearer(), path, {"WWW-Authenticate": "Bearer"})
        given = request.query_params.get("token")
        if given is not None and request.method == "GET":
            return self._start(request, given)
        if self._is_token(request.cookies.get(self._settings.cookie, "")):
            return None
        return refusal(401, _no_cookie(), path, {"WWW-Authenticate": "Bearer"})

    def _start(self, request: Request, token: str) -> Response:
        """Return the redirection that moves the token from the address into a cookie."""
        path = request.scope["path"]
        if not self._is_token(token):
            return refusal(403, _wrong_token(), path)
        kept = [pair for pair in request.query_params.multi_items() if pair[0] != "token"]
        target = quote(path.lstrip("/\\"))  # "//name" would be another computer
        response = RedirectResponse(f"/{target}{'?' if kept else ''}{urlencode(kept)}", 303)
        response.set_cookie(
            self._settings.cookie,
            token,
            httponly=True,
            samesite="strict",
            secure=bool(self._settings.public_name),
        )
        return response

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._settings.token.encode())

    def _same_origin(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return True
        if (
            origin == "null"
        ):  # a form of a page without referrer; no script can set the other header
            return headers.get("sec-fetch-site") == "same-origin"
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if self._settings.public_name and parts.hostname == self._settings.public_name:
            return parts.scheme == "https"
        return parts.scheme == "http" and parts.netloc == headers.get("host")

    async def _body(self, request: Request) -> bytes | Response:
        """Return the whole body, or the refusal of one that is too large or too slow."""
        largest, path = self._settings.largest_body, request.scope["path"]
        if request.method in ("GET", "HEAD"):
            return b""
        told = request.headers.get("content-length", "")
        if told.isdecimal() and int(told) > 2 * largest:
            return refusal(413, _too_large(largest), path, {"Connection": "close"})
        try:
            async with asyncio.timeout(self._settings.time_to_send):
                return await _whole(request, largest)
        except TimeoutError:
            return refusal(408, _too_slow(), path, {"Connection": "close"})
        except InputError as error:
            return refusal(413, error, path, {"Connection": "close"})


async def _whole(request: Request, largest: int) -> bytes:
    """Return the body; read on after a little too much, so that the refusal arrives."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= largest:
            parts.append(part)
        elif size > 2 * largest:
            break
    if size > largest:
        raise _too_large(largest)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a channel that gives a body that was read, and then what else comes."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _hosts(settings: Settings) -> frozenset[str]:
    """Return the names that a request may call this computer by, against DNS rebinding."""
    names = {*LOOPBACK, settings.host}
    names |= {settings.public_name} if settings.public_name else set()
    return frozenset(names)


def _name_of(host: str) -> str:
    """Return the name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _other_host() -> InputError:
    return refuse(
        "other-host",
        "the request names another computer than this one",
        "use the address that the program printed when it started",
        "Host",
    )


def _other_origin() -> InputError:
    return refuse(
        "other-origin",
        "the request comes from a page of another origin",
        "open the page of the planner itself",
        "Origin",
    )


def _no_bearer() -> InputError:
    return refuse(
        "no-token",
        "the request has no valid token",
        "send the header Authorization: Bearer TOKEN; the program printed the token at its start",
        "Authorization",
    )


def _no_cookie() -> InputError:
    return refuse(
        "no-token",
        "this browser has no valid token",
        "open the address that the program printed when it started",
        "Cookie",
    )


def _wrong_token() -> InputError:
    return refuse(
        "no-token",
        "the token in the address is not that of this planner",
        "open the address that the program printed when it started",
        "token",
    )


def _too_large(largest: int) -> InputError:
    return refuse(
        "body-too-large",
        f"the body is larger than {largest / 1e6:g} MB",
        "send one patient; a patient has at most 1 MB",
        "body",
    )


def _too_slow() -> InputError:
    return refuse("body-too-slow", "the body did not arrive in time", "send it again", "body")


def _ending() -> InputError:
    return refuse("ending", "the planner ends", "start it again, and send the request again")


def _unexpected() -> InputError:
    return refuse(
        "unexpected",
        "the program has a fault; nothing was computed",
        "report what you did; the log of the planner names the line",
    )
