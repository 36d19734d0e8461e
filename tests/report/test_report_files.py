"""Reports and figures from the command line: written completely or refused before any work."""

import io
import os
import pty
import subprocess
import sys

import pytest
from command_line import environment
from command_line import run_text as run
from report_plans import ROOT

from dosimetry import InputError
from dosimetry.report.page.files import made_now
from dosimetry.report.terminal.progress import counted

pytestmark = pytest.mark.slow

PROGRAM = (sys.executable, "-c", "from dosimetry.cli.program import main; main()")
WITHOUT = "import sys; sys.modules[{name!r}] = None\nfrom dosimetry.cli.program import main; main()"


def run_program(program, *arguments, cwd=ROOT):
    """Run some code as a program of its own."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=cwd,
        env=environment(COLUMNS="80"),
        capture_output=True,
        text=True,
        check=False,
    )


def test_report_is_written_and_the_table_printed(tmp_path):
    done = run("plan", "examples/nothing_measured.yaml", "--report", tmp_path / "plan.html")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("NEW-001")
    assert (tmp_path / "plan.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [path.name for path in tmp_path.iterdir()] == ["plan.html"]


def test_quiet_prints_nothing_and_still_writes(tmp_path):
    done = run(
        *("plan", "examples/nothing_measured.yaml", "--quiet"),
        *("--report", tmp_path / "plan.pdf", "-o", tmp_path / "plan.json"),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "plan.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "plan.json").read_text().startswith("{")


def test_pictures_are_written_one_by_one(tmp_path):
    done = run("figures", "examples/snmmi_patient4.yaml", "--out", tmp_path / "new" / "pictures")
    assert (done.returncode, done.stdout) == (0, "")
    assert "wrote 5 figures" in done.stderr
    names = sorted(path.name for path in (tmp_path / "new" / "pictures").iterdir())
    assert names == [
        "curve-1-1.svg",
        "limits.svg",
        "scans-1.svg",
        "timeline.svg",
        "uncertainty.svg",
    ]


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_pictures_are_written_as_png_and_pdf(kind, tmp_path):
    done = run(
        *("figures", "examples/nothing_measured.yaml", "--out", tmp_path),
        *("--format", kind, "--quiet"),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    begins = {"png": b"\x89PNG", "pdf": b"%PDF-"}[kind]
    for name in ("limits", "timeline"):
        assert (tmp_path / f"{name}.{kind}").read_bytes().startswith(begins)


def test_the_help_of_figures_has_an_example():
    done = run("figures", "--help")
    assert "Example: dosimetry figures" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("name", "arguments", "cure"),
    [
        ("matplotlib", ("plan", "none.yaml", "--report", "p.html"), "'dosimetry[report]'"),
        ("jinja2", ("plan", "none.yaml", "--report", "p.html"), "'dosimetry[report]'"),
        ("weasyprint", ("plan", "none.yaml", "--report", "p.pdf"), "'dosimetry[pdf]'"),
        ("matplotlib", ("figures", "none.yaml", "--out", "pictures"), "'dosimetry[report]'"),
    ],
)
def test_a_missing_extra_is_named_before_any_work(name, arguments, cure, tmp_path):
    """The patient file is not there either: it must not have been opened."""
    done = run_program(WITHOUT.format(name=name), *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert f"python -m pip install {cure}" in done.stderr
    assert name in done.stderr
    assert "none.yaml" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("plan", "examples/two_cycles.yaml", "--report", "plan.docx"), "FILE.html or FILE.pdf"),
        (("plan", "examples/two_cycles.yaml", "--report", "no/plan.html"), "cannot be written"),
        (("figures", "examples/two_cycles.yaml", "--out", "README.md"), "cannot be created"),
    ],
)
def test_impossible_target_is_refused(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_report_never_overwrites_its_input(tmp_path):
    target = tmp_path / "p.html"
    target.write_text("patient: {id: T-1, sex: male}\ntherapy: {regimen: netter-1}\n")
    done = run("plan", target, "--report", target)
    assert done.returncode == 2
    assert "is an input file" in done.stderr
    assert target.read_text().startswith("patient")


def test_invalid_build_time_is_refused(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(InputError, match="SOURCE_DATE_EPOCH"):
        made_now()


@pytest.mark.parametrize("arguments", [("--help",), ("plan", "examples/two_cycles.yaml")])
def test_plan_without_a_report_imports_no_report_library(arguments):
    program = (
        "import atexit, sys\n"
        "sys.modules['dask'] = None\n"  # which pint takes up where it is there, and it jinja2
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from dosimetry.cli.program import main; main()"
    )
    done = run_program(program, *arguments)
    assert done.returncode == 0
    loaded = set(done.stderr.split())
    assert "dosimetry.cli.program" in loaded
    assert not loaded & {"jinja2", "matplotlib", "weasyprint", "IPython"}


@pytest.mark.parametrize(("quiet", "shown"), [((), True), (("--quiet",), False)])
def test_progress_is_shown_on_a_terminal_and_erased(quiet, shown, tmp_path):
    master, slave = pty.openpty()
    arguments = ("plan", "examples/two_cycles.yaml", "--report", str(tmp_path / "p.html"), *quiet)
    with subprocess.Popen(
        [*PROGRAM, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=slave,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "80"},
    ) as process:
        os.close(slave)
        said = b""
        try:
            while part := os.read(master, 4096):
                said += part
        except OSError:  # the terminal is closed when the program ends
            pass
    os.close(master)
    assert process.returncode == 0
    assert (b"report" in said) is shown


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal(), True), (io.StringIO(), False)])
def test_count_is_shown_on_a_terminal_only(stream, shown, monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    with counted(10, "patients") as done:
        done(5)
        done(10)
    said = stream.getvalue()
    for part in ("10/10", "100 %", "patients", "/s"):
        assert (part in said) is shown
    assert said.endswith("\x1b[1A\x1b[2K") is shown  # the line is taken away


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_a_plan_fits_the_terminal(columns):
    done = run("plan", "examples/two_cycles.yaml", "--full", COLUMNS=f"{columns}")
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= columns
    for word in ("kidneys", "EXCEEDS", "CAUTION", "delivered", "uptake"):
        assert word in done.stdout
    assert any(sign in done.stdout for sign in "▂▃▄▅")
