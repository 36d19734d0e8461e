"""A planner in a process of its own, and a client of it.

As a program, ``python planner_server.py SETTINGS`` serves with settings that the command has no
option for, such as a short queue.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from command_line import environment

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "from dosimetry.cli.program import main; main()"
JSON = {"Content-Type": "application/json"}
TOKEN = "a-token-of-the-tests"


class Server:
    """A planner that runs, and requests to it."""

    def __init__(self, process, address):
        self.process = process
        self.address = address
        self.base, _, self.token = address.strip().partition("/?token=")
        self.port = int(self.base.rpartition(":")[2])
        self.bearer = {"Authorization": f"Bearer {self.token}"}
        self.cookie = {"Cookie": f"dosimetry-planner-{self.port}={self.token}"}

    def ask(self, method, path, body=None, headers=None):
        """Return status, headers and body of the answer to a request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def post(self, path, body, **headers):
        """Return status and body of a request of a program."""
        status, _, text = self.ask("POST", path, body, {**self.bearer, **JSON, **headers})
        return status, text

    def workers(self):
        """Return the process ids of the workers, when they are there."""
        for _ in range(200):
            found = children(self.process.pid)
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError("no worker has started")

    def end(self):
        """End the planner as a service manager does, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def children(pid):
    """Return the workers of a process (Linux), without the tracker of resources."""
    found = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError):  # a thread or a child that ends meanwhile
            for child in file.read_text(encoding="utf-8").split():
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(int(child))
    return found


@contextmanager
def running(*arguments, folder, settings=None):
    """Run a planner; its standard error is ``log`` in the folder, its temporary files below."""
    temporary = folder / "temporary"
    temporary.mkdir()
    command = ["-c", COMMAND, "planner", "--no-browser", *map(str, arguments)]
    if settings is not None:
        command = [__file__, json.dumps(settings)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=ROOT,
            env=environment(TMPDIR=str(temporary), PYTHONPATH=os.pathsep.join(paths())),
        )
    try:
        line = process.stdout.readline().decode()
        assert line, (folder / "log").read_text(encoding="utf-8")
        yield Server(process, line)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


def paths():
    """Return where the process finds this package and these builders."""
    return [str(ROOT), str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]


def serve():
    """Serve with the settings of the command line."""
    from dosimetry.planner.server import listen, start_address
    from dosimetry.planner.server import serve as serve_at
    from dosimetry.planner.settings import Settings

    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    settings = Settings(TOKEN, port=port, **json.loads(sys.argv[1]))
    print(start_address(settings), flush=True)
    serve_at(settings, listening)


if __name__ == "__main__":
    serve()
