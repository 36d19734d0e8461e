"""Requests that nobody means well with, drawn by a seed; each must be refused with 4xx."""

import json
import random
import socket
from contextlib import suppress

PATIENT = {"patient": {"id": "HOSTILE-1", "sex": "male"}, "therapy": {"regimen": "netter-1"}}
BODY = json.dumps(PATIENT)
METHODS = ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "HEAD", "CONNECT")
POSTED = ("plan", "check", "compare", "limits", "fit", "verify")
PATHS = (
    "/api/v1/../../etc/passwd",
    "/api/v1/%2e%2e/%2e%2e/etc/passwd",
    "/api/v1/plan/",
    "/api/v1//plan",
    "/api/v1/schema/..%2f..%2fplan",
    "/api/v1/schema/%00",
    "/api/v1/schema/" + "a" * 5_000,
    "/api/v1/%ff%fe",
    "/api/v2/plan",
    "/api/v1/plan%00",
    "/static/../server.py",
    "/static/%2e%2e/%2e%2e/server.py",
    "/static/%00",
    "/static/..%5c..%5cserver.py",
    "/static/" + "a" * 5_000,
    "/static//etc/passwd",
    "/%00",
    "/nothing",
)
QUERIES = (
    "strategy=adjusted&strategy=fixed",
    "stratgey=fixed",
    "risk=nan",
    "risk=1e999",
    "risk=0.9",
    "risk=" + "9" * 400,
    "cycles=1e3",
    "cycles=99999999999",
    "cycles=-1",
    "cycles=٤",
    "max_activity=1e400 GBq",
    "interval=1/0 week",
    "prior=/etc/passwd.csv",
    "prior=..%2f..%2fx.csv",
    "without_cycle=" + "&without_cycle=".join(map(str, range(90))),
    "&".join(f"a{i}=1" for i in range(500)),
    "risk=%ff",
    "=",
    "&&",
    "estimator=os.system",
    "as_of=yesterday",
    "bind=__class__",
)


def nested(depth, open_="[", close="]"):
    """Return a value nested as deep."""
    return open_ * depth + close * depth


def bodies(draw):
    """Return bodies of JSON and of what looks like it."""
    deep = draw.choice((21, 100, 5_000, 200_000))
    return (
        b"",
        b"\0" * draw.randrange(1, 5_000),
        draw.randbytes(draw.randrange(1, 5_000)),
        b"[]",
        b'"text"',
        b"null",
        b"{",
        BODY[: draw.randrange(1, len(BODY))].encode(),
        f'{{"patient": {nested(deep)}}}'.encode(),
        f'{{"patient": {nested(deep, chr(123) + chr(34) + "a" + chr(34) + ":", "")}'.encode(),
        b'{"patient": NaN}',
        b'{"patient": Infinity, "therapy": -Infinity}',
        f'{{"patient": 1{"0" * draw.choice((20, 400, 100_000))}}}'.encode(),
        b'{"patient": {"id": "A", "id": "B"}}',
        b'{"patient": {"id": "\\ud800"}}',
        b"\xff\xfe" + BODY.encode("utf-16-le"),
        b"\xef\xbb\xbf" + b"{}",
        json.dumps({**PATIENT, "labs": "/etc/passwd"}).encode(),
        json.dumps({**PATIENT, "unknown": 1}).encode(),
        json.dumps({**PATIENT, "cycles": [{"measurements": "../../x.csv"}]}).encode(),
        json.dumps({**PATIENT, "cycles": [{}] * draw.choice((30, 6_000))}).encode(),
        json.dumps({**PATIENT, "patient": {"id": "x\u001b[31m" * 10_000, "sex": "male"}}).encode(),
        json.dumps({"patient": BODY, "plan": {"schema": "dosimetry/plan/2"}}).encode(),
        json.dumps({"administered": "7.4 GBq", "curves": [1, 2, 3]}).encode(),
        json.dumps({"administered": {"$ref": "x"}, "curves": [{}]}).encode(),
        b"patient: {id: A}",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    )


def head(method, target, port, *lines, host=None):
    """Return the head of a request as bytes."""
    named = f"127.0.0.1:{port}" if host is None else host
    first = f"{method} {target} HTTP/1.1"
    return "\r\n".join((first, f"Host: {named}", "Connection: close", *lines, "", "")).encode()


def requests(count, server, seed=1):
    """Yield hostile requests as bytes, ``count`` of them, the same for the same seed."""
    draw = random.Random(seed)
    kinds = (_method, _path, _query, _body, _body, _body, _header, _length, _identity)
    for i in range(count):
        yield kinds[i % len(kinds)](draw, server)


def _method(draw, server):
    address = f"/api/v1/{draw.choice(POSTED)}"
    return head(draw.choice(METHODS), address, server.port, _bearer(server))


def _path(draw, server):
    path = draw.choice(PATHS)
    known = _bearer(server) if path.startswith("/api") else _cookie(server)
    return head("GET", path, server.port, known)


def _query(draw, server):
    query = draw.choice(QUERIES).replace(" ", "%20")
    return _posted("plan", BODY.encode(), server, query=query)


def _body(draw, server):
    name = draw.choice([name for name in POSTED if name != "check"])
    return _posted(name, draw.choice(bodies(draw)), server)


def _header(draw, server):
    lines = draw.choice(
        (
            [f"X-{i}: {'a' * 90}" for i in range(2_000)],
            ["X: " + "a" * 200_000],
            ["Authorization: Bearer " + "a" * 5_000],
            ["Authorization: Basic YTpi"],
            ["Authorization: Bearer \xff\xfe"],
            [_bearer(server), "Content-Type: text/plain"],
            [_bearer(server), "Content-Type: application/json; charset=utf-16"],
            [_bearer(server), "Content-Type: application/json", "Content-Encoding: gzip"],
            [_bearer(server), "no colon in this line"],
            [_bearer(server), "Content-Length: 5", "Content-Length: 6"],
            [_bearer(server), "Host: second.example"],
        )
    )
    method = "GET" if "Host: second.example" in lines else "POST"
    return head(method, "/api/v1/plan", server.port, *lines)


def _length(draw, server):
    line = draw.choice(
        (
            "Content-Length: -1",
            "Content-Length: 99999999999",
            "Content-Length: 0x10",
            "Content-Length: five",
            "Transfer-Encoding: gzip",
            "Transfer-Encoding: chunked\r\nContent-Length: 3",
        )
    )
    known = (_bearer(server), "Content-Type: application/json")
    sent = head("POST", "/api/v1/plan", server.port, *known, line)
    return sent + (b"zz\r\n\r\n" if "chunked" in line else b"")


def _identity(draw, server):
    port = server.port
    return draw.choice(
        (
            head("GET", "/", port, host="evil.example"),
            head("GET", "/", port, _cookie(server), host=f"evil.example:{port}"),
            head("GET", "/", port, _cookie(server), "Origin: https://evil.example"),
            head("GET", "/", port, _cookie(server), "Origin: null"),
            head("GET", "/?token=wrong", port),
            head("GET", "/?token=", port, host=""),
            head("GET", "/", port, "Cookie: dosimetry-planner=wrong"),
            head("GET", "/api/v1/openapi.json", port, _cookie(server)),
            head("POST", "/api/v1/plan", port, "Content-Type: application/json"),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + draw.randbytes(200),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
            b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            draw.randbytes(100) + b"\r\n\r\n",
        )
    )


def _bearer(server):
    return f"Authorization: Bearer {server.token}"


def _cookie(server):
    return f"Cookie: dosimetry-planner-{server.port}={server.token}"


def _posted(name, body, server, query=""):
    target = f"/api/v1/{name}{'?' if query else ''}{query}"
    length = f"Content-Length: {len(body)}"
    lines = (_bearer(server), "Content-Type: application/json", length)
    return head("POST", target, server.port, *lines) + body


def status_of(request, port):
    """Return the status that a request gets."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        with suppress(OSError):  # refused before all of it was sent: the answer is there
            connection.sendall(request)
        answer = b""
        while b"\r\n" not in answer:
            part = connection.recv(4096)
            if not part:
                break
            answer += part
    words = answer.split(b" ", 2)
    return int(words[1]) if len(words) > 1 else None
