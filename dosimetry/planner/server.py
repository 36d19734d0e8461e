"""The server: its socket, its token, its start address, its end."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import socket
import webbrowser
from pathlib import Path
from types import FrameType
from typing import cast

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from dosimetry.files import decode, read_bytes
from dosimetry.planner.app import create_app
from dosimetry.planner.settings import LOOPBACK, Settings
from dosimetry.problems import FilePlace, quote, refuse

SHORTEST_TOKEN, LARGEST_FILE = 16, 10_000
CONNECTIONS = 256  # at once; another is refused with 503
LAST_PORT = 65_535
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def run(
    patient: Path | None,
    host: str,
    port: int,
    token_file: Path | None,
    public_name: str = "",
    *,
    open_browser: bool,
) -> None:
    """Serve until SIGTERM, SIGINT or the page ends it.

    The first line of standard output is the start address.

    Raises
    ------
    InputError
        A patient file that is not there, an address without a token file, a port in use.
    """
    if patient is not None and not patient.is_file():
        raise refuse("no-such-file", "no such file", "check name and folder", f"{patient}: file")
    if host not in LOOPBACK and token_file is None:
        raise refuse(
            "address-without-token-file",
            f"{quote(host)} can be reached by other computers",
            "name the file of a token (--token-file) and put TLS in front, or omit --host",
            "--host",
        )
    token = secrets.token_urlsafe(32) if token_file is None else read_token(token_file)
    listening = listen(host, port)
    settings = Settings(
        token, host, listening.getsockname()[1], patient, public_name=public_name.lower()
    )
    address = start_address(settings)
    print(address, flush=True)
    if open_browser:
        webbrowser.open(address)
    serve(settings, listening)


def serve(settings: Settings, listening: socket.socket) -> None:
    """Serve at a socket that listens, until SIGTERM, SIGINT or the page ends it."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # no line for every bad request
    app = create_app(settings)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            access_log=False,  # addresses may hold patient data
            log_config=None,
            ws="none",
            http=Impatient,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_graceful_shutdown=3,
        )
    )
    app.state.end = lambda: setattr(server, "should_exit", True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ended)  # uvicorn raises the signal again once it has ended
    server.run([listening])


class Impatient(H11Protocol):
    """HTTP/1.1, with a time limit for the head of a request (uvicorn has none)."""

    _late: asyncio.TimerHandle | None = None

    # As in uvicorn, which narrows the type of asyncio's own signature.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Take what came; wait on for what is missing of a head."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._expect()
        else:
            self._arrived()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._arrived()
        super().connection_lost(exc)

    def _expect(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(self._patience(), self._end)

    def _patience(self) -> float:
        settings: Settings = cast(Starlette, self.config.app).state.settings
        return settings.time_to_send

    def _arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _end(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(TOO_SLOW)
            self.transport.close()


def _ended(number: int, frame: FrameType | None) -> None:
    """Let a signal pass that has done its work."""


def start_address(settings: Settings) -> str:
    """Return the address that a browser opens first.

    Examples
    --------
    >>> start_address(Settings("secret", port=8123))
    'http://127.0.0.1:8123/?token=secret'
    """
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}/?token={settings.token}"


def read_token(path: Path) -> str:
    """Return the token of a file.

    Raises
    ------
    InputError
        No such file, or not one line of at least 16 characters that an address can hold.
    """
    token = decode(read_bytes(path, path.name, LARGEST_FILE), path.name).strip()
    plain = token.isascii() and token.replace("-", "").replace("_", "").isalnum()
    if len(token) < SHORTEST_TOKEN or not plain:
        raise refuse(
            "not-a-token",
            f"the file does not hold a token of {SHORTEST_TOKEN} letters and digits or more",
            "write one: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
            FilePlace(f"{path.name}: file"),
        )
    return token


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises
    ------
    InputError
        The port is in use, or the address is not one of this computer.
    """
    try:
        if not 0 <= port <= LAST_PORT:  # the operating system would take it modulo 65536
            raise OverflowError(f"ports end at {LAST_PORT}")
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(128)
        except BaseException:
            listening.close()
            raise
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise refuse(
            "cannot-listen",
            f"cannot listen at {host} port {port}: {why}",
            "choose another with --port; 0 takes a free one",
            "--port",
        ) from None
    return listening
