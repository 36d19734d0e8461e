"""Run a command within the process of the tests: as the program does, without starting Python.

A start costs a second, a plan a tenth of one. What only a program of its own shows (bytes on a
terminal, signals, missing libraries, what is imported) the tests still run as one.
"""

import io
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from dosimetry.cli.program import main

ROOT = Path(__file__).resolve().parents[2]
# What would change how a program prints: the tests choose it themselves.
DISPLAY = {"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TERM"}


def environment(**more):
    """Return variables for a program that prints as the tests choose and imports this package."""
    kept = {name: value for name, value in os.environ.items() if name not in DISPLAY}
    paths = filter(None, (str(ROOT), kept.get("PYTHONPATH")))
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), **more}


def run(*arguments, cwd=ROOT, given=b"", **variables):
    """Run a command as ``main`` does; return code, standard output and standard error as bytes.

    ``given`` is what stands on standard input. An exception that would end a program with a
    traceback leaves this function.
    """
    typed = ["dosimetry", *map(str, arguments)]
    stdin, stdout, stderr = (
        io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8", newline="", write_through=True)
        for raw in (given, b"", b"")
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in DISPLAY:
            patch.delenv(name, raising=False)
        for name, value in {"COLUMNS": "80", **variables}.items():
            patch.setenv(name, value)
        patch.chdir(cwd)
        patch.setattr(sys, "argv", typed)
        for name, stream in {"stdin": stdin, "stdout": stdout, "stderr": stderr}.items():
            patch.setattr(sys, name, stream)
        # the usage would name pytest as the program
        patch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    return subprocess.CompletedProcess(
        typed, code, stdout.buffer.getvalue(), stderr.buffer.getvalue()
    )


def run_text(*arguments, **more):
    """Run a command as :func:`run` does; what it prints as text."""
    done = run(*arguments, **more)
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )
