"""The command that starts the planner: address, token, end."""

import json
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
from command_line import run
from planner_server import children, running

pytestmark = pytest.mark.slow  # whole commands


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_server_and_workers(tmp_path, number):
    with running("examples/two_cycles.yaml", folder=tmp_path) as server:
        assert server.address.startswith("http://127.0.0.1:")
        assert server.ask("GET", "/health")[0] == 200
        started = server.workers()
        assert children(server.process.pid)
        server.process.send_signal(number)
        assert server.process.wait(20) == 0
        for _ in range(100):
            if not any(Path(f"/proc/{pid}").exists() for pid in started):
                break
            time.sleep(0.05)
        assert not any(Path(f"/proc/{pid}").exists() for pid in started)
    assert (tmp_path / "log").read_bytes() == b""


def test_request_of_a_planner_that_ends_is_refused(tmp_path):
    with running(folder=tmp_path, settings={"workers": 1}) as server:
        rows = [{"region": "liver", "time": f"{t} h", "activity": "9 MBq"} for t in range(1, 9)]
        asked = json.dumps({"administered": "7.4 GBq", "curves": rows})
        assert server.post("/api/v1/check", "{}")[0] == 200
        answers = []
        long = "/api/v1/fit?model=mono&bootstrap=100000"
        thread = threading.Thread(target=lambda: answers.append(server.post(long, asked)))
        thread.start()
        time.sleep(0.3)
        assert server.end() == 0
        thread.join()
    ((status, answer),) = answers
    assert (status, json.loads(answer)["problems"][0]["code"]) == (503, "ending")
    assert b"Traceback" not in (tmp_path / "log").read_bytes()


def test_port_and_token_of_the_user_are_in_the_start_address(tmp_path):
    file = tmp_path / "token"
    file.write_text("a-token-of-the-user-1\n", encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running("--port", port, "--token-file", file, folder=tmp_path) as server:
        assert server.address == f"http://127.0.0.1:{port}/?token=a-token-of-the-user-1\n"


def test_port_in_use_is_one_message():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run("planner", "--no-browser", "--port", port)
    assert (ended.returncode, ended.stdout) == (2, b"")
    said = ended.stderr.decode().splitlines()
    assert said[0].startswith(f"--port: cannot listen at 127.0.0.1 port {port}")
    assert said[-1] == "1 problem; nothing was written"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "put TLS in front"),
        (["--host", "192.0.2.1"], "--host: '192.0.2.1' can be reached by other computers"),
        (["missing.yaml"], "missing.yaml: file: no such file"),
        (["--token-file", "missing"], "no such file"),
        (["--token-file", "README.md"], "does not hold a token"),
        (["--port", "70000"], "cannot listen"),
    ],
)
def test_unsafe_or_wrong_starts_are_refused(arguments, said):
    ended = run("planner", "--no-browser", *arguments)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert said in ended.stderr.decode()
