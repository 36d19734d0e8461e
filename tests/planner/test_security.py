"""Who is let in, what is refused, and what every answer says about itself."""

import http.client
import json
import socket
import time

import pytest
from hostile_requests import PATIENT, head, requests, status_of
from planner_server import TOKEN, running

pytestmark = pytest.mark.slow  # whole commands

HOSTILE = 450


def test_start_address_moves_the_token_into_a_cookie(server):
    status, headers, _ = server.ask("GET", f"/?token={server.token}&tab=plan")
    assert (status, headers["Location"]) == (303, "/?tab=plan")
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    name, _, rest = cookie.partition("=")
    assert server.ask("GET", "/", headers={"Cookie": f"{name}={rest.split(';')[0]}"})[0] == 200


def test_redirection_stays_on_this_computer(server):
    _, headers, _ = server.ask("GET", f"//evil.example/?token={server.token}")
    assert headers["Location"] == "/evil.example/"


def test_other_ports_have_other_cookies(server):
    other = {"Cookie": f"dosimetry-planner-{server.port + 1}={server.token}"}
    assert server.ask("GET", "/", headers=other)[0] == 401


@pytest.mark.parametrize("token", ["", "wrong", "\u00e4"])
def test_wrong_tokens_are_refused(server, token):
    assert server.ask("GET", f"/?token={token.encode().hex()}")[0] == 403
    bearer = {"Authorization": f"Bearer {token}".encode("latin-1")}
    assert server.ask("GET", "/api/v1/openapi.json", headers=bearer)[0] == 401


def test_interface_takes_no_cookie_and_page_no_bearer(server):
    assert server.ask("GET", "/api/v1/openapi.json", headers=server.cookie)[0] == 401
    assert server.ask("GET", "/", headers=server.bearer)[0] == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "0.0.0.0"])
def test_other_hosts_are_refused(server, host):
    for path in ("/health", "/", "/api/v1/openapi.json"):
        request = head("GET", path, server.port, f"Authorization: Bearer {server.token}", host=host)
        assert status_of(request, server.port) == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_names_of_this_computer_are_taken(server, host):
    request = head("GET", "/health", server.port, host=f"{host}:{server.port}")
    assert status_of(request, server.port) == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}", "http://[a"],
)
def test_other_origins_are_refused(server, origin):
    told = {**server.cookie, "Origin": origin.format(port=server.port)}
    assert server.ask("GET", "/", headers=told)[0] == 403


@pytest.mark.parametrize(
    "told",
    [{"Origin": "http://127.0.0.1:{port}"}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}],
)
def test_own_origin_is_taken(server, told):
    own = {name: value.format(port=server.port) for name, value in told.items()}
    assert server.ask("GET", "/", headers={**server.cookie, **own})[0] == 200


@pytest.mark.parametrize("path", ["/", "/health", "/api/v1/openapi.json", "/nothing"])
def test_every_answer_is_kept_from_caches_and_frames(server, path):
    known = {**server.cookie, **server.bearer}
    headers = server.ask("GET", path, headers=known)[1]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "Server" not in headers


def test_hostile_requests_are_refused_with_4xx(server):
    other = [
        (status, request[:120])
        for request in requests(HOSTILE, server)
        if not 400 <= (status := status_of(request, server.port) or 0) < 500
    ]
    assert other == []


def test_large_bodies_are_refused(server):
    for declared in (True, False):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        body = b"a" * 13_000_000
        connection.request(
            "POST",
            "/api/v1/plan",
            body if declared else iter([body]),
            {**server.bearer, "Content-Type": "application/json"},
            encode_chunked=not declared,
        )
        assert connection.getresponse().status == 413
        connection.close()


def test_slow_bodies_are_refused(tmp_path):
    with running(folder=tmp_path, settings={"body_time_out": 0.3, "workers": 1}) as server:
        known = (f"Authorization: Bearer {TOKEN}", "Content-Type: application/json")
        begun = head("POST", "/api/v1/plan", server.port, *known, "Content-Length: 100")
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(begun)
            for _ in range(2):
                connection.sendall(b"{")
                time.sleep(0.1)
            assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


def test_nothing_of_a_patient_is_left(tmp_path):
    with running(folder=tmp_path, settings={"workers": 1}) as server:
        body = json.dumps(PATIENT)
        assert server.post("/api/v1/plan", body)[0] == 200
        assert server.post("/api/v1/plan?cycles=-1", body)[0] == 422
        assert server.post("/api/v1/plan", body.replace("sex", "HOSTILE-1"))[0] == 422
        assert server.end() == 0
    left = [path for path in (tmp_path / "temporary").rglob("*") if path.is_file()]
    assert left == []
    assert b"HOSTILE" not in (tmp_path / "log").read_bytes()
