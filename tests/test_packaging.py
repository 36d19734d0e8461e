"""The wheel works as installed by a user: in an empty environment, outside the checkout."""

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, check=True, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build sdist and wheel of it, install the wheel with the pinned versions, return the bin."""
    folder = tmp_path_factory.mktemp("packaging")
    run(sys.executable, "-m", "build", "--outdir", folder / "dist", ROOT, cwd=folder)
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "empty", with_pip=True)
    binaries = folder / "empty" / "bin"
    constraints = ROOT / "constraints.txt"
    run(binaries / "pip", "install", "-q", "-c", constraints, wheel, cwd=folder)
    return binaries


def test_wheel_plans_an_example_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    for name in ("snmmi_patient4.yaml", "snmmi_patient4.csv"):
        shutil.copy(ROOT / "examples" / name, tmp_path)
    found = run(
        installed / "dosimetry", "plan", "snmmi_patient4.yaml", "--format", "json", cwd=tmp_path
    )
    plan = json.loads(found.stdout)
    assert [flag["severity"] for flag in plan["flags"]] == ["within", "within", "caution"]
    tables = {path.stem for path in (ROOT / "reference_tables").glob("*.csv")}
    assert set(plan["provenance"]["tables"]) == {*tables, "datapackage"}


def test_wheel_ships_the_examples_with_their_measurements(installed: Path, tmp_path: Path) -> None:
    run(installed / "dosimetry", "init", "--example", "two_cycles", cwd=tmp_path)
    run(installed / "dosimetry", "check", "two_cycles.yaml", cwd=tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (ROOT / "examples" / path.name).read_bytes()
    assert len(list(tmp_path.iterdir())) == 3


def test_wheel_reproduces_the_known_answers(installed: Path, tmp_path: Path) -> None:
    found = run(installed / "dosimetry", "selftest", cwd=tmp_path)
    assert found.stdout.split("\n")[0].endswith("known answers, all reproduced")


def test_wheel_ships_the_tables_and_their_licences(installed: Path, tmp_path: Path) -> None:
    where = run(
        installed / "python",
        "-c",
        "from dosimetry.reference import tables; print(tables.folder())",
        cwd=tmp_path,
    ).stdout.strip()
    shipped = {path.name for path in Path(where).iterdir()}
    assert {path.name for path in (ROOT / "reference_tables").iterdir()} <= shipped
    assert "site-packages" in where


def test_wheel_names_the_missing_extra_and_reports_with_it(installed: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples" / "nothing_measured.yaml", tmp_path)
    command = (installed / "dosimetry", "plan", "nothing_measured.yaml", "--report", "plan.html")
    refused = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "python -m pip install 'dosimetry[report]'" in refused.stderr
    constraints = ROOT / "constraints.txt"
    run(installed / "pip", "install", "-q", "-c", constraints, "jinja2", "matplotlib", cwd=tmp_path)
    run(*command, cwd=tmp_path)
    assert "NEW-001" in (tmp_path / "plan.html").read_text(encoding="utf-8")


def test_wheel_serves_the_planner_with_its_extra(installed: Path, tmp_path: Path) -> None:
    command = (installed / "dosimetry", "planner", "--no-browser")
    refused = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "python -m pip install 'dosimetry[planner]'" in refused.stderr
    libraries = ("jinja2", "python-multipart", "starlette", "uvicorn")
    run(
        installed / "pip", "install", "-q", "-c", ROOT / "constraints.txt", *libraries, cwd=tmp_path
    )
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        base, _, token = process.stdout.readline().strip().partition("/?token=")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = b'{"patient": {"id": "W-1", "sex": "male"}, "therapy": {"regimen": "netter-1"}}'
        asked = Request(f"{base}/api/v1/plan", body, headers)
        with urlopen(asked, timeout=60) as answer:
            assert json.load(answer)["patient"]["id"] == "W-1"
        process.terminate()
        assert process.wait(20) == 0


def test_wheel_imports_only_declared_libraries(installed: Path, tmp_path: Path) -> None:
    assert "No broken requirements" in run(installed / "pip", "check", cwd=tmp_path).stdout
    for command in ("tables", "schema", "--version"):
        run(installed / "dosimetry", command, cwd=tmp_path)
