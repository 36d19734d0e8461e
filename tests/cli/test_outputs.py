"""Output files of every command: links and permissions are kept, inputs are never overwritten.

``test_files.py`` tests the writing of one file; here every command is tested. Umask, links
and permissions follow POSIX; SECURITY.md states the guarantees.
"""

import os
import shutil
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dosimetry.cli.program import app
from dosimetry.problems import InputError

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PATIENT = EXAMPLES / "thrombocytopenia.yaml"
HEADER = "patient_id,sex,cycle,administered [MBq],region,time [h],activity [MBq],mass [g],model\n"
SCANS = "".join(
    f"P-1,female,1,7400,spleen,{hours},{activity},180,mono\n"
    for hours, activity in ((4, 90), (24, 70), (72, 40), (168, 12))
)
# Of each command that writes: the name of its file, and the arguments that make it write there.
COMMANDS = {
    "plan": ("plan.json", lambda path: ("plan", PATIENT, "--quiet", "-o", path)),
    "report": ("plan.html", lambda path: ("plan", PATIENT, "--quiet", "--report", path)),
    "calendar": ("plan.ics", lambda path: ("calendar", PATIENT, "-o", path)),
    "figures": ("limits.svg", lambda path: ("figures", PATIENT, "--out", path.parent)),
    "init": ("new.yaml", lambda path: ("init", path, "--force")),
    "simulate": ("trial.json", lambda path: ("simulate", "--patients", 100, "-o", path)),
    "drawn": ("trial.svg", lambda path: ("simulate", "--patients", 100, "--figure", path)),
    "selftest": ("test.html", lambda path: ("selftest", "--report", path)),
    "cohort": ("out.csv", lambda path: ("cohort", path.parent / "scans.csv", "-o", path)),
}
every = pytest.mark.parametrize("command", COMMANDS)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a table for the cohort, and nothing else."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "scans.csv").write_text(HEADER + SCANS, encoding="utf-8")
    return tmp_path / "work"


@pytest.fixture
def umask():
    """Return a function that sets the mask for new files; it is set back after the test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def run(*arguments):
    found = CliRunner().invoke(app, [f"{one}" for one in arguments])
    if isinstance(found.exception, InputError):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found


def refused(*arguments):
    with pytest.raises(InputError) as caught:
        run(*arguments)
    return caught.value.problems[0].code


@every
def test_a_link_stays_and_a_private_file_stays_private(command, folder, tmp_path):
    name, arguments = COMMANDS[command]
    kept = tmp_path / "kept"
    kept.write_text("old")
    kept.chmod(0o600)
    (folder / name).symlink_to("../kept")
    run(*arguments(folder / name))
    assert os.readlink(folder / name) == "../kept"
    assert kept.read_text() != "old"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "work"]


@every
def test_new_file_has_the_permissions_of_the_umask(command, folder, umask):
    name, arguments = COMMANDS[command]
    umask(0o077)
    run(*arguments(folder / name))
    made = [path for path in folder.iterdir() if path.name != "scans.csv"]
    assert folder / name in made
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}


@every
@pytest.mark.parametrize("what", ["loop", "folder", "link to a folder", "pipe"])
def test_target_that_is_not_a_file_is_refused_and_unchanged(command, what, folder):
    name, arguments = COMMANDS[command]
    target = folder / name
    if what == "loop":
        target.symlink_to(name)
    elif what == "folder":
        target.mkdir()
    elif what == "link to a folder":
        (folder / "far").mkdir()
        target.symlink_to("far")
    else:
        os.mkfifo(target)
    before = target.lstat()
    assert refused(*arguments(target)) in ("not-a-file", "unwritable-file")
    assert (target.lstat().st_mode, target.lstat().st_ino) == (before.st_mode, before.st_ino)
    assert not list(folder.glob("far/*"))
    assert not [path.name for path in folder.iterdir() if path.name.endswith(".part")]


@pytest.mark.parametrize("command", ["plan", "report", "calendar", "figures"])
@pytest.mark.parametrize("make", [Path.symlink_to, Path.hardlink_to])
def test_input_is_not_overwritten_under_another_name(command, make, folder):
    name, _ = COMMANDS[command]
    for source in EXAMPLES.glob("thrombocytopenia*"):
        shutil.copy(source, folder)
    patient = folder / PATIENT.name
    before = patient.read_bytes()
    make(folder / name, patient)
    arguments = {
        "plan": ("plan", patient, "-o", folder / name),
        "report": ("plan", patient, "--report", folder / name),
        "calendar": ("calendar", patient, "-o", folder / name),
        "figures": ("figures", patient, "--out", folder),
    }[command]
    assert refused(*arguments) == "would-overwrite-input"
    assert patient.read_bytes() == before
    assert not list(folder.glob("timeline*"))


@pytest.mark.parametrize("name", ["out.csv", "out.limits.csv", "out.csv.rejected.csv"])
def test_cohort_output_never_overwrites_its_input(name, folder):
    (folder / "scans.csv").rename(folder / name)
    assert refused("cohort", folder / name, "-o", folder / "out.csv") == "would-overwrite-input"
    assert (folder / name).read_text() == HEADER + SCANS
    assert os.listdir(folder) == [name]


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", PATIENT, "-o", "one.html", "--report", "two.html"),
        ("simulate", "--patients", 100, "-o", "one.html", "--figure", "two.html"),
        ("plan", PATIENT, "-o", "one.html", "--report", "one.html"),
        ("simulate", "--patients", 100, "-o", "one.html", "--figure", "one.html"),
    ],
)
def test_two_results_in_one_file_are_refused(arguments, there, folder, monkeypatch):
    monkeypatch.chdir(folder)
    if there:
        Path("one.html").write_text("old")
    Path("two.html").symlink_to("one.html")
    assert refused(*arguments) == "named-twice"
    assert [path.read_text() for path in folder.glob("one.html")] == (["old"] if there else [])


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", PATIENT, "-o", "one.json", "--report", "nowhere/two.html"),
        ("simulate", "--patients", 100, "-o", "one.json", "--figure", "nowhere/two.svg"),
    ],
)
def test_no_result_is_written_if_one_target_is_refused(arguments, folder, monkeypatch):
    """For the command says that nothing was written."""
    monkeypatch.chdir(folder)
    assert refused(*arguments) == "unwritable-file"
    assert os.listdir(folder) == ["scans.csv"]
