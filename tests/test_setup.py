"""Set-up on a fresh machine: choice of the Python, packages that the tests need; names of tests."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = "chromium libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
RUNS = f'exec "{sys.executable}" "$@"'


@pytest.fixture
def machine(tmp_path):
    """Return a function that runs a script of ours where only the commands given are installed."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def run(script, **commands):
        for name, body in commands.items():
            file = folder / name.replace("_", "-")
            file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
            file.chmod(0o755)
        (folder / "env").symlink_to(shutil.which("env"))
        return subprocess.run(
            ["/bin/sh", ROOT / ".ci" / script],
            env={"PATH": str(folder), "LOG": str(tmp_path / "log")},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("pythons", "expected"),
    [
        ({"python3": RUNS}, "python3"),
        ({"python3": RUNS, "python3.12": RUNS}, "python3"),
        ({"python3": "echo False 3.9", "python3.12": RUNS}, "python3.12"),
        ({"python3": "exit 127", "python3.13": "exit 127", "python3.11": RUNS}, "python3.11"),
    ],
    ids=["the usual one", "the usual one first", "that of the system is old", "shims do not run"],
)
def test_first_python_of_at_least_3_11_is_used(machine, pythons, expected):
    found = machine("python", **pythons)
    assert (found.returncode, found.stdout, found.stderr) == (0, f"{expected}\n", "")


def test_missing_python_3_11_names_the_pythons_found(machine):
    found = machine("python", **{"python3": "echo False 3.9", "python3.13": "exit 127"})
    assert (found.returncode, found.stdout) == (1, "")
    assert "python3 is 3.9; python3.13 does not run, or lacks venv" in found.stderr
    assert "at least 3.11" in found.stderr
    assert "make PYTHON=/path/to/python3" in found.stderr


def test_complete_system_is_left_unchanged(machine):
    found = machine("system", chromium="exit 0", dpkg="exit 0", apt_get="exit 9")
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


LOGS = 'echo "$0 $@" >>"$LOG"'


@pytest.mark.parametrize(
    "rights",
    [{"id": "echo 0"}, {"id": "echo 1000", "sudo": 'shift; [ "$1" = true ] || exec "$@"'}],
    ids=["root", "sudo without a password"],
)
def test_missing_packages_are_installed_where_apt_is_allowed(machine, tmp_path, rights):
    found = machine("system", dpkg="exit 1", apt_get=LOGS, **rights)
    assert found.returncode == 0, found.stderr
    update, install = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert update.endswith("apt-get update -qq")
    assert f"install --yes --no-install-recommends {PACKAGES}" in install


def test_installed_packages_are_not_installed_again(machine, tmp_path):
    dpkg = '[ "$2" != fonts-dejavu-core ]'
    found = machine("system", dpkg=dpkg, apt_get=LOGS, id="echo 0", chromium="exit 0")
    assert found.returncode == 0, found.stderr
    install = (tmp_path / "log").read_text(encoding="utf-8").splitlines()[1]
    assert "--no-install-recommends fonts-dejavu-core" in install


def test_forbidden_apt_prints_the_missing_command(machine, tmp_path):
    found = machine("system", dpkg="exit 1", apt_get=LOGS, id="echo 1000", sudo="exit 1")
    assert found.returncode == 1
    assert not (tmp_path / "log").exists()
    expected = f"  sudo apt-get install --yes --no-install-recommends {PACKAGES}"
    assert found.stderr.splitlines()[1:] == [expected]


def test_failing_apt_prints_the_missing_command(machine):
    found = machine("system", dpkg="exit 1", apt_get="exit 100", id="echo 0")
    assert found.returncode == 1
    assert f"  apt-get install --yes --no-install-recommends {PACKAGES}" in found.stderr


def test_make_test_checks_the_system_first():
    planned = subprocess.run(
        ["make", "--dry-run", "--always-make", "test"],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if not key.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert planned[0] == ".ci/system"
    assert any("-m venv" in line for line in planned[1:])
    assert planned[-1].endswith("pytest -n 2")


def test_no_test_name_exceeds_60_characters():
    names = [
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert [name for name in names if len(name) > 60] == []


def test_every_deselected_test_exists():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    for option in config["pytest_add_cli_args_test_selection"]:
        path, _, name = option.removeprefix("--deselect=").partition("::")
        if name:
            assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), name
