"""The output shown in README and docs is what the commands print."""

import contextlib
import doctest
import io
import re
from pathlib import Path

import pytest
from command_line import run_text

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


SHOWN = [
    (page.name, *found.groups())
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for found in re.finditer(
        r"```\n\$ dosimetry ([^\n]+)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
    )
]


def test_readme_shows_one_plan_and_label_page_three() -> None:
    assert [page for page, _, _ in SHOWN].count("README.md") == 1
    assert [page for page, _, _ in SHOWN].count("label.md") == 3


@pytest.mark.parametrize(("page", "command", "picture"), SHOWN)
def test_shown_output_equals_the_printed_output(page: str, command: str, picture: str) -> None:
    done = run_text(*command.split())
    assert done.returncode == 0
    printed = done.stdout
    lines = [line.rstrip() for line in printed.splitlines()]
    expected = [line.rstrip() for line in picture.splitlines()]
    assert lines[: len(expected)] == expected


def test_python_example_of_the_readme_runs() -> None:
    (example,) = re.findall(r"```pycon\n(.*?)```", README, re.DOTALL)
    assert "kidneys-ad-23" in example
    test = doctest.DocTestParser().get_doctest(example, {}, "README.md", "README.md", 0)
    out = io.StringIO()
    assert doctest.DocTestRunner().run(test, out=out.write).failed == 0, out.getvalue()


def test_python_example_of_the_page_for_programs_runs() -> None:
    page = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(examples) == 3
    out = io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(out):
        exec(compile("".join(examples), "programs.md", "exec"), {})
    assert "kidneys-ad-23" in out.getvalue()
    assert "masses.kidney_left" in out.getvalue()
    assert "<Patient EX-002: " in out.getvalue()
    assert "no-such-file" in out.getvalue()


def test_every_link_of_the_readme_resolves() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
