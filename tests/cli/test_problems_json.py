"""Refusals as JSON on standard output, for other programs."""

import json

import jsonschema
import pytest
from command_line import ROOT, run

import dosimetry
from dosimetry import InputError
from dosimetry.problems import Problem, refuse
from dosimetry.schemas import NAMES, schema_of

pytestmark = pytest.mark.slow

TWO = "examples/two_cycles.yaml"
WRONG = "patient: {id: T-1, sex: mael}\ntherapy: {regimen: netter-9}\n"


def problems_of(done):
    """Return the problems of a refused command, which are those of standard error too."""
    assert done.returncode == 2
    document = json.loads(done.stdout)
    jsonschema.validate(document, schema_of("problems"))
    message = done.stderr.decode()
    assert "Traceback" not in message
    assert all(problem["message"] in message for problem in document["problems"])
    return document["problems"]


@pytest.mark.parametrize("command", ["plan", "compare", "limits"])
def test_every_problem_of_a_patient_file_is_in_the_json(command, tmp_path):
    (tmp_path / "p.yaml").write_text(WRONG, encoding="utf-8")
    found = problems_of(run(command, "p.yaml", "--format", "json", cwd=tmp_path))
    with pytest.raises(InputError) as caught:
        dosimetry.plan(tmp_path / "p.yaml")
    assert found == caught.value.to_dict()["problems"]
    assert [problem["place"] for problem in found] == [
        "p.yaml: patient.sex",
        "p.yaml: therapy.regimen",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "--format", "json"),
        ("plan", TWO, "--format=json", "--rsik", "1"),
        ("plan", TWO, "--format", "json", "--risk", "much"),
        ("paln", TWO, "--format", "json"),
    ],
)
def test_wrong_usage_is_in_the_json(arguments):
    done = run(*arguments)
    (problem,) = json.loads(done.stdout)["problems"]
    assert (done.returncode, problem["code"]) == (2, "usage")
    assert "--help" in problem["cure"]


def test_table_format_prints_no_json():
    done = run("plan", "nowhere.yaml")
    assert (done.returncode, done.stdout) == (2, b"")


def test_refused_check_prints_its_own_document(tmp_path):
    (tmp_path / "p.yaml").write_text(WRONG, encoding="utf-8")
    done = run("check", "p.yaml", "--format", "json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["schema"]) == (2, "dosimetry/check/1")


def test_control_characters_are_escaped_in_the_json():
    found = refuse("code", "a\x1b[31m", "b\x07", "c\udc80").to_json()
    assert all(
        sign.isprintable() or sign == "\n" for sign in json.loads(found)["problems"][0]["message"]
    )
    found.encode("utf-8")
    assert "\\u001b" not in found


def test_problems_keep_their_order():
    error = InputError([Problem("one", "first"), Problem("two", "second", "cure", "place")])
    assert [problem["code"] for problem in error.to_dict()["problems"]] == ["one", "two"]
    assert error.to_dict()["problems"][0] == {
        "code": "one",
        "place": "",
        "message": "first",
        "cure": "",
    }


# Schemas.


@pytest.mark.parametrize("name", NAMES)
def test_every_document_has_a_schema_with_an_id(name):
    found = schema_of(name)
    assert found["$id"].startswith(f"urn:dosimetry:{name}:")
    assert json.loads(run("schema", name).stdout) == found
    if name != "cohort":
        jsonschema.Draft202012Validator.check_schema(found)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("plan", ("plan", TWO)),
        ("fit", ("fit", "examples/two_cycles_1.csv", "--administered", "7.3 GBq")),
        ("compare", ("compare", TWO)),
        ("limits", ("limits", TWO)),
        ("check", ("check", TWO)),
        ("scans", ("scans", TWO)),
        ("simulation", ("simulate", "netter-1", "--patients", "50")),
        ("trial", ("trial", "netter-1")),
    ],
)
def test_printed_document_is_valid_under_its_schema(name, arguments):
    done = run(*arguments, "--format", "json")
    assert done.returncode == 0
    document, schema = json.loads(done.stdout), schema_of(name)
    jsonschema.validate(document, schema)
    assert schema["$id"] == f"urn:{document['schema'].replace('/', ':')}"
    document["schema"] = "dosimetry/other/1"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)


def test_unknown_document_is_refused_with_the_nearest():
    done = run("schema", "plna")
    assert (done.returncode, b"nearest: plan" in done.stderr) == (2, True)


def test_help_of_schema_names_every_document():
    text = run("schema", "-h").stdout.decode()
    assert all(name in text for name in NAMES)


# Standard input.


def test_patient_file_is_read_from_standard_input():
    examples = ROOT / "examples"
    given = (examples / "two_cycles.yaml").read_bytes()
    done = run("plan", "-", "--format", "json", given=given, cwd=examples)
    assert done.returncode == 0
    found = json.loads(done.stdout)
    told = json.loads(dosimetry.plan(examples / "two_cycles.yaml").to_json())
    inputs, expected = (one["provenance"]["inputs"] for one in (found, told))
    assert inputs == {"-": expected.pop("two_cycles.yaml"), **expected}
    for document in (found, told):
        del document["provenance"]
    assert found == told


def test_json_is_read_from_standard_input():
    given = json.dumps(dosimetry.read_patient(ROOT / TWO).to_dict()).encode()
    done = run("check", "-", given=given)
    of_the_file = run("check", TWO)
    assert (done.returncode, done.stderr) == (0, of_the_file.stderr)
    assert done.stdout == of_the_file.stdout.replace(TWO.encode(), b"-")


def test_curves_are_read_from_standard_input():
    file = ROOT / "examples" / "two_cycles_1.csv"
    arguments = ("--administered", "7.3 GBq", "--format", "json")
    done = run("fit", "-", *arguments, given=file.read_bytes())
    assert (done.returncode, done.stdout) == (0, run("fit", file, *arguments).stdout)


def test_plan_is_verified_from_standard_input():
    given = dosimetry.plan(ROOT / TWO).to_json().encode()
    assert run("verify", "-", "--inputs", "examples", given=given).returncode == 0


@pytest.mark.parametrize(
    ("given", "code"),
    [(b"", "wrong-type"), (b"%PDF-1.7", "other-kind-of-file"), (b"\xff", "not-utf-8")],
)
def test_bad_standard_input_is_named_by_a_dash(given, code):
    done = run("plan", "-", "--format", "json", given=given)
    (problem,) = problems_of(done)
    assert problem["code"] == code
    assert problem["place"].startswith("-:")


def test_dash_inside_a_patient_file_is_a_file_name():
    data = {
        "patient": {"id": "T-1", "sex": "male"},
        "therapy": {"regimen": "netter-1"},
        "cycles": [{"administered": "7.4 GBq", "at": "2026-01-12", "measurements": "-"}],
    }
    (problem,) = problems_of(run("plan", "-", "--format", "json", given=json.dumps(data).encode()))
    assert problem["code"] == "no-such-file"


# Examples, help.


def test_example_is_written_with_its_measurements(tmp_path):
    done = run("init", "--example", "two_cycles", cwd=tmp_path)
    assert done.returncode == 0
    names = {"two_cycles.yaml", "two_cycles_1.csv", "two_cycles_2.csv"}
    assert {path.name for path in tmp_path.iterdir()} == names
    for name in names:
        assert (tmp_path / name).read_bytes() == (ROOT / "examples" / name).read_bytes()
    assert run("check", "two_cycles.yaml", cwd=tmp_path).returncode == 0


def test_example_is_written_to_the_given_file(tmp_path):
    assert run("init", "a/p.yaml", "--example", "psma_patient1", cwd=tmp_path).returncode == 2
    (tmp_path / "a").mkdir()
    assert run("init", "a/p.yaml", "--example", "psma_patient1", cwd=tmp_path).returncode == 0
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"p.yaml", "psma_patient1.csv"}


def test_example_overwrites_nothing(tmp_path):
    file = tmp_path / "two_cycles_2.csv"
    file.write_text("mine", encoding="utf-8")
    done = run("init", "--example", "two_cycles", cwd=tmp_path)
    assert (done.returncode, b"two_cycles_2.csv: exists already" in done.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["two_cycles_2.csv"]
    assert run("init", "--example", "two_cycles", "--force", cwd=tmp_path).returncode == 0
    assert file.read_bytes() == (ROOT / "examples" / "two_cycles_2.csv").read_bytes()


def test_unknown_example_is_refused_with_the_names(tmp_path):
    done = run("init", "--example", "two_cycle", cwd=tmp_path)
    message = done.stderr.decode()
    assert done.returncode == 2
    assert "nearest: two_cycles" in message
    assert "psma_patient1" in message


def test_init_without_a_name_is_refused():
    done = run("init")
    assert (done.returncode, b"--example NAME" in done.stderr) == (2, True)


def test_short_help_is_the_help_of_every_command():
    for command in ((), ("plan",), ("cohort",), ("init",)):
        assert run(*command, "-h").stdout == run(*command, "--help").stdout
