"""Plans, flags and curves in a notebook."""

import html
import subprocess
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell
from report_plans import HOSTILE, ROOT, plan_of

import dosimetry
from dosimetry.report.words.limits import worst


@pytest.fixture(scope="module")
def shell():
    started = InteractiveShell.instance()
    dosimetry.report.load_ipython_extension(started)
    yield started
    InteractiveShell.clear_instance()


def shown(shell, what):
    data, _ = shell.display_formatter.format(what)
    return data["text/html"]


def test_a_plan_shows_its_verdict_and_its_limits(shell):
    page = shown(shell, plan_of("two cycles"))
    assert worst(plan_of("two cycles")).text in html.unescape(page)
    assert "<svg" in page
    assert "physicist must check" in page


def test_flags_and_curves_have_a_notebook_view(shell):
    plan = plan_of("two cycles")
    assert "kidneys-ad-23" in shown(shell, plan.flags)
    page = shown(shell, plan.curves[0])
    assert "<svg" in page
    assert "left kidney" in page


def test_hostile_text_does_not_run_in_a_notebook(shell):
    page = shown(shell, plan_of("hostile"))
    assert "<script" not in page
    assert "<img" not in page
    assert HOSTILE[:8] not in page


@pytest.mark.slow
def test_import_alone_registers_the_notebook_views():
    """A shell of its own: the tests above have registered by hand."""
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "import dosimetry\n"
        "plan = dosimetry.plan(dosimetry.read_patient('examples/nothing_measured.yaml'))\n"
        "print(sorted(shell.display_formatter.format(plan.flags)[0]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "text/html" in done.stdout
