"""The Dockerfile: what it runs runs here, without the rights of root, and answers its check."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from planner_server import running

pytestmark = pytest.mark.slow  # whole commands

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()


def instruction(name):
    """Return what follows the last instruction of a name."""
    return [line.removeprefix(f"{name} ") for line in LINES if line.startswith(f"{name} ")][-1]


def test_container_does_not_run_as_root():
    order = [line.split()[0] for line in LINES if line and not line.startswith("#")]
    assert order.index("USER") < order.index("CMD")
    assert instruction("USER") not in ("root", "0")


def test_container_installs_pinned_versions_and_the_extra():
    assert "--constraint constraints.txt" in instruction("RUN")
    assert '".[planner]"' in instruction("RUN")


def test_command_of_the_container_answers_its_health_check(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    token = tmp_path / "token"
    token.write_text("a-token-of-the-container", encoding="utf-8")
    program, command, *options = json.loads(instruction("CMD"))
    assert (program, command) == ("dosimetry", "planner")
    here = {"8123": port, "/run/token.txt": str(token)}
    with running(*(here.get(option, option) for option in options), folder=tmp_path) as server:
        assert server.base == f"http://0.0.0.0:{port}"
        python, *check = json.loads(re.sub(r"^CMD ", "", instruction("HEALTHCHECK")))
        assert python == "python"
        checked = [argument.replace("8123", port) for argument in check]
        assert subprocess.run([sys.executable, *checked], check=False).returncode == 0
        assert server.ask("GET", "/api/v1/openapi.json")[0] == 401
