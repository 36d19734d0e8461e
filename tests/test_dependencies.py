"""Every import is declared in ``pyproject.toml``, and every declared dependency is imported."""

import ast
import functools
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # whole plans and pages

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BY_NAME = ("import_module", "find_spec")  # functions that take the name of a module


def normal(distribution):
    """Return the name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def names_of(requirements):
    """Return the distributions that requirements name; the extras of this project resolved."""
    found = set()
    for text in requirements:
        name, extras = re.match(r"([\w.-]+)(?:\[([\w,-]+)\])?", text).groups()
        if name != PROJECT["name"]:
            found.add(normal(name))
            continue
        for extra in extras.split(","):
            found |= names_of(PROJECT["optional-dependencies"][extra])
    return found


def imported(folder):
    """Return the third-party modules that a folder imports, at the top or in functions."""
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for module in modules(node):
                top = module.partition(".")[0]
                if top not in sys.stdlib_module_names and top != PROJECT["name"]:
                    found.setdefault(top, f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def modules(node):
    """Return the modules that a node imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [node.module]
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in BY_NAME:
        return [a.value for a in node.args if isinstance(a, ast.Constant)]
    return []


@functools.cache
def distributions(folder):
    """Return the distributions that a folder imports, each with a place."""
    known = packages_distributions()
    return {
        normal(known.get(module, [module])[0]): place for module, place in imported(folder).items()
    }


def declared(*extras):
    """Return the distributions that are there with these extras."""
    return names_of([*PROJECT["dependencies"], f"{PROJECT['name']}[{','.join(extras)}]"])


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("dosimetry", ["all"]),
        ("tests", ["dev", "fuzz"]),
        ("benchmarks", ["dev", "evidence"]),  # planner_load.py asks by code of tests/builders
        ("docs", ["dev", "evidence", "mutation"]),  # draws curves by code of tests/builders
    ],
)
def test_every_import_is_declared(folder, extras):
    folders = [folder, *(["tests/builders"] if folder in ("docs", "benchmarks") else [])]
    files = [path for each in folders for path in (ROOT / each).rglob("*")]
    beside = {normal(path.stem) for path in files if path.suffix != ".md"}
    known = declared(*extras) | beside
    assert not {name: at for name, at in distributions(folder).items() if name not in known}


def test_every_declared_dependency_is_imported():
    by_others = {"python-multipart"}  # starlette reads forms with it
    assert declared("all") - set(distributions("dosimetry")) == by_others


def test_every_requirement_has_a_lower_bound_and_a_pin():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {normal(line.partition("==")[0]) for line in lines}
    for requirements in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()):
        own = tuple(text for text in requirements if text.startswith(f"{PROJECT['name']}["))
        assert all(">=" in text for text in requirements if text not in own)
        assert names_of(requirements) <= pinned
