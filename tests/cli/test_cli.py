"""The command line: output, files and exit codes.

Most commands run within this process (``builders/command_line.py``). As programs of their own run
one of each way to end, and what only such a program shows: a terminal, another encoding.
"""

import functools
import json
import os
import pty
import re
import subprocess
import sys

import jsonschema
import pytest
import yaml
from command_line import ROOT, environment, run

import dosimetry
from dosimetry.reference import tables

pytestmark = pytest.mark.slow

EXAMPLES = tuple(sorted(path.stem for path in (ROOT / "examples").glob("*.yaml")))
COMMANDS = ("plan", "fit", "decay", "init", "check", "tables", "schema", "calendar", "trial")
STARTED = "import sys; sys.argv[0] = 'dosimetry'; from dosimetry.cli.program import main; main()"
PROGRAM = (sys.executable, "-c", STARTED)
ESCAPE = "\x1b"
PATIENT = "patient: {id: T-1, sex: male}\ntherapy: {regimen: netter-1}\n"


def program(*arguments, cwd=ROOT, **variables):
    """Run a command as a program of its own."""
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        capture_output=True,
        cwd=cwd,
        env=environment(**variables),
        timeout=60,
        check=False,
    )


def example(name):
    return f"examples/{name}.yaml"


def printed(*arguments, **more):
    """Run a command that must succeed in silence, and return what it prints."""
    done = run(*arguments, **more)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout.decode()


def refused(*arguments, **more):
    """Run a command that must refuse its input, and return the message."""
    done = run(*arguments, **more)
    message = done.stderr.decode()
    assert "Traceback" not in message
    assert (done.returncode, done.stdout) == (2, b"")
    return message


def fits(text, width=80):
    return all(len(line) <= width for line in text.splitlines())


@functools.cache
def schema(document):
    return json.loads(printed("schema", document))


# A program of its own.


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (0, ("plan", example("two_cycles"))),
        (0, ("plan", example("nothing_measured"), "--format", "json")),
        (1, ("plan", example("nothing_measured"), "--fail-on", "caution")),
        (2, ("plan", "nobody.yaml", "--format", "json")),
        (2, ("plan", "--rsik", "1")),
        (0, ("check", example("psma_patient1"))),
        (0, ("plan", "--help")),
    ],
    ids=["table", "document", "flag", "refused", "usage", "warnings", "help"],
)
def test_own_program_and_command_in_process_agree(code, arguments):
    done, within = program(*arguments), run(*arguments)
    assert done.returncode == within.returncode == code
    assert (done.stdout, done.stderr) == (within.stdout, within.stderr)
    assert done.stdout or code == 2


# Plans.


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_plan_fits_eighty_columns_without_colours(name):
    for more in ((), ("--full",)):
        text = printed("plan", example(name), *more)
        assert fits(text)
        assert ESCAPE not in text
        assert "physicist must check" in text


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_plan_as_json_is_valid_and_the_same_bytes_in_a_file(name, tmp_path):
    text = printed("plan", example(name), "--format", "json", "-o", tmp_path / "plan.json")
    assert (tmp_path / "plan.json").read_bytes() == text.encode()
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]
    jsonschema.validate(json.loads(text), schema("plan"))
    assert json.loads(text)["schema"] == "dosimetry/plan/2"


def test_a_plan_beside_a_file_prints_the_table(tmp_path):
    text = printed("plan", example("nothing_measured"), "-o", tmp_path / "plan.json")
    assert text.startswith("NEW-001")
    assert json.loads((tmp_path / "plan.json").read_text())["patient"]["id"] == "NEW-001"


@pytest.mark.parametrize(
    ("name", "severity", "code"),
    [
        ("nothing_measured", "caution", 1),
        ("nothing_measured", "exceeds", 0),
        ("two_cycles", "exceeds", 1),
    ],
)
def test_fail_on_returns_1_if_a_flag_is_that_severe(name, severity, code):
    done = run("plan", example(name), "--fail-on", severity)
    assert (done.returncode, done.stderr) == (code, b"")
    assert b"physicist must check" in done.stdout


@pytest.mark.parametrize("suffix", ["yaml", "csv"])
def test_a_plan_never_overwrites_its_input(suffix, tmp_path):
    for name in ("snmmi_patient4.yaml", "snmmi_patient4.csv"):
        (tmp_path / name).write_bytes((ROOT / "examples" / name).read_bytes())
    target = tmp_path / f"snmmi_patient4.{suffix}"
    before = target.read_bytes()
    message = refused("plan", "snmmi_patient4.yaml", "-o", target, cwd=tmp_path)
    assert target.read_bytes() == before
    assert target.name in message
    assert "name another file" in message


@pytest.mark.parametrize(
    ("target", "why"),
    [("nowhere/plan.json", "cannot be written"), ("folder", "is not a plain file")],
)
def test_a_target_that_cannot_be_written_leaves_nothing_behind(target, why, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "p.yaml").write_text(PATIENT)
    message = refused("plan", "p.yaml", "-o", target, cwd=tmp_path)
    assert f"{target}: file: {why}" in message
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["folder", "p.yaml"]


def test_target_that_is_not_a_plain_file_is_left_unchanged(tmp_path):
    (tmp_path / "p.yaml").write_text(PATIENT)
    os.mkfifo(tmp_path / "pipe")
    run("plan", "p.yaml", "-o", "pipe", cwd=tmp_path)
    assert (tmp_path / "pipe").is_fifo()


# Colours and characters.


def test_no_color_is_respected_on_a_terminal():
    master, slave = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, "plan", example("two_cycles")],
        stdout=slave,
        stderr=slave,
        stdin=slave,
        cwd=ROOT,
        env=environment(NO_COLOR="1", TERM="xterm-256color", COLUMNS="80"),
    ) as process:
        os.close(slave)
        parts = []
        try:
            while part := os.read(master, 4096):
                parts.append(part)
        except OSError:  # the terminal is closed when the program ends
            pass
    os.close(master)
    text = b"".join(parts).decode()
    assert process.returncode == 0
    assert "EXCEEDS" in text
    assert not re.search(r"\x1b\[[0-9;]*(3[0-9]|4[0-9]|9[0-7])m", text)


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path):
    (tmp_path / "p.yaml").write_text(PATIENT.replace("T-1", '"\\e[31mred\\e]0;title\\a"'))
    done = run("plan", "p.yaml", cwd=tmp_path)
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"\x07" not in done.stdout + done.stderr


def test_ascii_terminal_gets_its_plan():
    done = program("plan", example("nothing_measured"), PYTHONIOENCODING="ascii")
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0


# Checks, and a file to begin with.


@pytest.mark.parametrize("name", EXAMPLES)
def test_check_of_an_example_has_the_warnings_of_its_plan(name):
    done = run("check", example(name))
    assert done.returncode == 0
    assert b"no problem found" in done.stdout
    planned = json.loads(run("plan", example(name), "--format", "json").stdout)
    checked = json.loads(run("check", example(name), "--format", "json").stdout)
    assert checked["warnings"] == planned["warnings"]
    assert done.stderr.decode().count("warning: ") == len(planned["warnings"])


def test_check_as_json_lists_the_problems(tmp_path):
    (tmp_path / "p.yaml").write_text(PATIENT.replace("sex: male", "sex: malle, age: 64"))
    done = run("check", "p.yaml", "--format", "json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, b"")
    found = json.loads(done.stdout)
    assert found["ok"] is False
    assert [(p["code"], p["place"]) for p in found["problems"]] == [
        ("unknown-word", "p.yaml: patient.sex"),
        ("no-unit", "p.yaml: patient.age"),
    ]


def test_check_reports_all_problems_at_once(tmp_path):
    (tmp_path / "p.yaml").write_text(PATIENT.replace("sex: male", "sex: malle, age: 64"))
    assert refused("check", "p.yaml", cwd=tmp_path).splitlines() == [
        "p.yaml: patient.sex: 'malle' is not one of male, female",
        "  nearest: male",
        "p.yaml: patient.age: '64' has no unit",
        "  add a unit of time, as in 64 year",
        "2 problems; nothing was written",
    ]


def test_init_writes_a_valid_file_and_never_overwrites(tmp_path):
    done = run("init", "new.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"dosimetry check new.yaml" in done.stderr
    checked = run("check", "new.yaml", cwd=tmp_path)
    assert checked.returncode == 0
    assert b"no problem found" in checked.stdout
    (tmp_path / "new.yaml").write_text("mine")
    assert "--force" in refused("init", "new.yaml", cwd=tmp_path)
    assert (tmp_path / "new.yaml").read_text() == "mine"
    assert run("init", "new.yaml", "--force", cwd=tmp_path).returncode == 0
    assert (tmp_path / "new.yaml").read_text().startswith("# Patient file")
    assert [path.name for path in tmp_path.iterdir()] == ["new.yaml"]


# Curves, decay, tables and schemas.


def test_fit_prints_curves_that_fit_eighty_columns():
    text = printed(
        "fit",
        "examples/snmmi_patient4.csv",
        *("--administered", "7.21 GBq", "--model", "uptake", "--model", "kidney_right=mono"),
    )
    assert fits(text)
    assert ESCAPE not in text
    assert re.search(r"left kidney +uptake", text)
    assert re.search(r"right kidney +mono", text)


def test_fit_as_json_has_parameters_and_coefficients():
    text = printed(
        *("fit", "examples/psma_patient1.csv", "--administered", "6783 MBq", "--format", "json")
    )
    found = json.loads(text)
    assert found["schema"] == "dosimetry/fit/1"
    for curve in found["curves"]:
        assert curve["tia_coefficient"]["unit"] == "h"
        assert curve["tia_coefficient"]["value"] == pytest.approx(curve["tia"]["value"] / 6783)
        assert all({"name", "value", "sd", "unit"} == set(p) for p in curve["parameters"])
        assert bool(curve["parameters"]) == (curve["model"] != "trapezoid")


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (("7.4 GBq", "--after", "6.647 d"), "7.4 GBq of Lu-177 after 6.647 d: 3.7 GBq"),
        (("200 mCi", "--after", "19.941 d"), "200 mCi of Lu-177 after 19.941 d: 25 mCi"),
        (
            ("7.4 GBq", "--to", "3.7 GBq"),
            "7.4 GBq of Lu-177 decays to 3.7 GBq in 159.528 h (6.647 d)",
        ),
        # 7.4 x 2^(2.5/159.528) = 7.48082; twice as much a half-life before
        (("7.4 GBq", "--after", "-2.5 h"), "7.4 GBq of Lu-177 2.5 h earlier: 7.48082 GBq"),
        (
            ("3.7 GBq", "--to", "7.4 GBq"),
            "3.7 GBq of Lu-177 was 7.4 GBq 159.528 h (6.647 d) earlier",
        ),
    ],
)
def test_decay_gives_known_answers(arguments, answer):
    assert printed("decay", *arguments) == f"{answer}\n"


def test_tables_lists_every_table():
    text = printed("tables")
    assert fits(text)
    assert all(name in text for name in tables.names())


@pytest.mark.parametrize("name", tables.names())
def test_a_table_is_shown_whole_with_its_sources(name):
    text = printed("tables", name)
    assert fits(text)
    table = tables.table(name)
    first = next(iter(table.columns))
    shown = text.split()
    assert all(word in shown for row in table.rows for word in row[first].split())
    assert "source: " in text
    assert table.sha256 in text


@pytest.mark.parametrize("document", ["patient", "plan"])
def test_a_schema_is_a_json_schema(document):
    jsonschema.Draft202012Validator.check_schema(schema(document))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_valid_under_the_patient_schema(name):
    data = yaml.safe_load((ROOT / example(name)).read_text(encoding="utf-8"))
    plain = json.loads(json.dumps(data, default=lambda moment: moment.isoformat()))
    jsonschema.validate(plain, schema("patient"))


@pytest.mark.parametrize(
    ("section", "key", "value"), [("patient", "wieght", "80 kg"), ("patient", "age", 64)]
)
def test_patient_schema_refuses_what_reading_refuses(section, key, value):
    data = yaml.safe_load(PATIENT)
    data[section][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema("patient"))


# Help and usage.


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(command):
    text = printed(command, "--help")
    assert "Example: " in text
    assert f"dosimetry {command}" in text
    assert fits(text)


def test_help_names_every_command():
    text = printed("--help")
    assert fits(text)
    assert all(command in text for command in COMMANDS)


def test_version_equals_the_package_version():
    assert printed("--version") == f"dosimetry {dosimetry.__version__}\n"


@pytest.mark.parametrize("arguments", [(), ("plan",), ("paln",), ("plan", "--rsik", "1", "p.yaml")])
def test_wrong_usage_returns_two(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


# Bad input: a message and never a traceback.

CSV = "region,time [h],activity [MBq]\nliver,4,80\nliver,24,60\nliver,96,22\n"
CYCLE = "cycles: [{administered: 7.4 GBq, at: %s, measurements: %s}]\n"
MESSAGES = {
    "no such file": (("plan", "nobody.yaml"), "nobody.yaml: file: no such file"),
    "a folder": (("plan", "."), "no such file"),
    "a comma": (("plan", "comma.yaml"), "did you mean '7.4 GBq'?"),
    "a character that is none": (("check", "character.yaml"), "character.yaml"),
    "the end of the calendar": (("plan", "late.yaml"), "late.yaml: "),
    "unknown strategy": (("plan", "good.yaml", "--strategy", "fixd"), "nearest: fixed"),
    "a risk that is none": (("plan", "good.yaml", "--risk", "nan"), "risk"),
    "a CSV without units": (("fit", "units.csv", "--administered", "7 GBq"), "units.csv:1: time"),
    "activity in Gy": (("fit", "good.csv", "--administered", "7 Gy"), "--administered: "),
    "an unknown model": (
        ("fit", "good.csv", "--administered", "7 GBq", "--model", "monoo"),
        "nearest: mono",
    ),
    "decay of a time": (
        ("decay", "7.4 h", "--after", "3 d"),
        "ACTIVITY: 'h' is not a unit of activity",
    ),
    "decay over ages": (("decay", "7.4 GBq", "--after", "1e300 d"), "1e300 d"),
    "decay to nothing": (("decay", "7.4 GBq", "--to", "1e-300 Bq"), "1e-300 Bq"),
    "decay back over ages": (("decay", "7.4 GBq", "--after", "-1e9 h"), "-1e9 h"),
    "a PDF for a patient": (("plan", "report.pdf"), "report.pdf: file: the file is a PDF"),
    "a patient for curves": (
        ("fit", "good.yaml", "--administered", "7 GBq"),
        "the file is a patient file, not a table of measurements",
    ),
    "an unknown nuclide": (("decay", "7 GBq", "--after", "3 d", "--nuclide", "Lu177"), "Lu-177"),
    "an unknown table": (("tables", "limit"), "nearest: limits"),
}


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    texts = {
        "good.yaml": PATIENT,
        "comma.yaml": PATIENT.replace("netter-1", '{activity: "7,4 GBq"}'),
        "character.yaml": PATIENT.replace("T-1", '"\\U99999999"'),
        "late.yaml": PATIENT + CYCLE % ("9999-12-31", "good.csv"),
        "good.csv": CSV,
        "units.csv": CSV.replace(" [h]", ""),
        "report.pdf": "%PDF-1.7\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(("arguments", "words"), MESSAGES.values(), ids=MESSAGES)
def test_bad_input_gets_a_message_on_stderr(bad, arguments, words):
    message = refused(*arguments, cwd=bad)
    assert words in message
    assert re.search(r"^\d+ problems?; nothing was written$", message, re.MULTILINE)
