"""The clients shown in the documentation work as they stand."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dosimetry

pytestmark = pytest.mark.slow  # whole commands

PAGE = Path(__file__).resolve().parents[2] / "docs" / "programs.md"


@pytest.fixture(scope="module")
def clinic(server, tmp_path_factory):
    """Return a folder with the files that the clients read, and a function that adapts them."""
    folder = tmp_path_factory.mktemp("clinic")
    patient = dosimetry.read_patient("examples/snmmi_patient4.yaml").to_dict()
    (folder / "patient.json").write_text(json.dumps(patient), encoding="utf-8")
    (folder / "token.txt").write_text(server.token, encoding="utf-8")
    reason = dosimetry.plan(patient, "adjusted").decision.reason

    def shown(language):
        section = PAGE.read_text(encoding="utf-8").partition("## Over HTTP")[2]
        (example,) = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
        return example.replace("127.0.0.1:8123", f"127.0.0.1:{server.port}")

    return folder, shown, reason


@pytest.mark.parametrize(
    ("language", "program"),
    [("py", [sys.executable, "-c"]), ("js", ["node", "--input-type=module", "--eval"])],
)
def test_shown_client_prints_the_reason_of_the_plan(clinic, language, program):
    folder, shown, reason = clinic
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not installed")
    ran = subprocess.run(
        [*program, shown(language)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, reason), ran.stderr


def test_shown_client_prints_the_problems(clinic):
    folder, shown, _ = clinic
    example = shown("py").replace("strategy=adjusted", "stratgey=adjusted")
    ran = subprocess.run(
        [sys.executable, "-c", example], cwd=folder, capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("unknown-parameter query 'stratgey' is not a parameter")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_shown_curl_command_writes_the_plan(clinic):
    folder, shown, reason = clinic
    subprocess.run(["/bin/sh", "-c", shown("bash")], cwd=folder, check=True)
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert plan["decision"]["reason"] == reason
