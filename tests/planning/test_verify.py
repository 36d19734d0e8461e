"""A written plan can be recomputed; every change made to it is named."""

import copy
import functools
import json
import re
import shutil
import subprocess
import sys

import pytest
from command_line import ROOT, environment
from command_line import run_text as run

import dosimetry
from dosimetry import InputError
from dosimetry.documents.read import LARGEST_PLAN
from dosimetry.documents.write import content_hash
from dosimetry.planning.verify import differences, verify

pytestmark = pytest.mark.slow

EXAMPLES = ROOT / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))
WITH_TABLES = """
import sys
from pathlib import Path
from dosimetry.cli.program import main
from dosimetry.reference import tables
folder = Path(sys.argv.pop(1))
tables.folder = lambda: folder
main()
"""


@functools.cache
def text(name, **options):
    return dosimetry.plan(dosimetry.read_patient(EXAMPLES / f"{name}.yaml"), **options).to_json()


def written(folder, document, name="plan.json"):
    target = folder / name
    content = document if isinstance(document, str) else json.dumps(document)
    target.write_text(content, encoding="utf-8")
    return target


def run_with(tables, *arguments):
    """Run a command with other tables, as a program of its own."""
    return subprocess.run(
        [sys.executable, "-c", WITH_TABLES, tables, *arguments],
        cwd=ROOT,
        env=environment(COLUMNS="80"),
        capture_output=True,
        text=True,
        check=False,
    )


def leaves(value, path=()):
    """Yield the path of every leaf of a document."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path


def at(document, path):
    for key in path:
        document = document[key]
    return document


def changed(document, path, change):
    """Return a copy of a document with one leaf changed."""
    made = copy.deepcopy(document)
    at(made, path[:-1])[path[-1]] = change(at(made, path))
    return made


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def last_digit(value):
    """Change the last of twelve digits; whole numbers by one."""
    if isinstance(value, int):
        return value + 1
    return float(f"{value:.12g}") * (1 + 2e-11) if value else 1e-9


# --- what was not changed is verified -------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_verified(name, tmp_path):
    found = verify(written(tmp_path, text(name)), EXAMPLES)
    assert found.differences == ()
    assert found.figures > 200


@pytest.mark.parametrize(
    "options",
    [
        {"strategy": "to-limit", "risk": 0.1, "max_activity": "8 GBq", "max_cycles": 6},
        {"strategy": "adjusted", "min_activity": "2.2222222222222222 GBq", "risk": 1 / 30},
        {"without_cycles": (3,), "interval": "10 week", "activity": "6.5 GBq"},
    ],
)
def test_plan_is_recomputed_with_its_own_options(options, tmp_path):
    patient = dosimetry.read_patient(EXAMPLES / "two_cycles.yaml")
    made = dosimetry.plan(patient, **options).to_json()
    assert verify(written(tmp_path, made), EXAMPLES).ok


def test_inputs_are_searched_beside_the_plan(tmp_path):
    for path in EXAMPLES.glob("two_cycles*"):
        shutil.copy(path, tmp_path)
    done = run("verify", written(tmp_path, text("two_cycles")))
    assert (done.returncode, done.stderr) == (0, "")
    words = r"verified\. \d{4} numbers recomputed .*, \d\d of them also by an independent method\."
    assert re.search(words, done.stdout)


def test_white_space_and_key_order_do_not_matter(tmp_path):
    document = json.dumps(json.loads(text("two_cycles")), sort_keys=True, indent=1)
    assert verify(written(tmp_path, document), EXAMPLES).ok


# --- what was changed is named --------------------------------------------------------------------


def test_every_number_changed_in_its_last_digit_is_detected():
    told, wrong = json.loads(text("two_cycles")), json.loads(text("two_cycles"))
    numbers = [path for path in leaves(told) if is_number(at(told, path))]
    assert len(numbers) > 1000
    for path in numbers:
        at(wrong, path[:-1])[path[-1]] = last_digit(at(told, path))
    seen = sorted(problem.place for problem in differences(wrong, told))
    assert seen == sorted(map(place_of, numbers))
    for path in numbers[::20]:
        wrong = changed(told, path, last_digit)
        assert content_hash(wrong) != told["provenance"]["content"], path


def test_every_kind_of_changed_text_is_detected():
    told = json.loads(text("two_cycles"))
    others = [path for path in leaves(told) if not is_number(at(told, path))]
    others.remove(("provenance", "content"))
    for path in others[::20]:
        wrong = changed(told, path, lambda value: f"{value}x")
        assert content_hash(wrong) != told["provenance"]["content"], path


def place_of(path):
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]


SAMPLE = [
    ("cycles", 0, "activity", "value"),
    ("cycles", 1, "regions", 2, "bed", "sd"),
    ("cycles", 3, "regions", 0, "absorbed_dose", "p95"),
    ("cumulative", 0, "so_far", "absorbed_dose", "value"),
    ("flags", 0, "probability"),
    ("flags", 1, "margin_activity", "value"),
    ("curves", 0, "points", 1, "activity", "value"),
    ("curves", 2, "band", 4, "p95", "value"),
    ("curves", 3, "parameters", 1, "value"),
    ("second_check", 4, "second", "value"),
    ("second_check", 4, "tolerance", "value"),
]


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: ".".join(map(str, path)))
def test_a_changed_number_is_not_verified_even_with_a_new_hash(path, tmp_path):
    wrong = changed(json.loads(text("two_cycles")), path, last_digit)
    assert not verify(written(tmp_path, wrong), EXAMPLES).ok
    wrong["provenance"]["content"] = content_hash(wrong)
    found = verify(written(tmp_path, wrong), EXAMPLES)
    assert place_of(path) in [problem.place for problem in found.differences]


@pytest.mark.parametrize("path", [("risk",), ("options", "max_cycles")])
def test_changed_option_without_effect_is_detected(path, tmp_path):
    wrong = changed(
        json.loads(text("two_cycles")), path, lambda v: v + (1 if isinstance(v, int) else 0.01)
    )
    found = verify(written(tmp_path, wrong), EXAMPLES)
    assert found.differences[0].code == "document-changed"


def test_addition_to_the_provenance_is_detected(tmp_path):
    wrong = json.loads(text("two_cycles"))
    wrong["provenance"]["checked_by"] = "nobody"
    wrong["provenance"]["content"] = content_hash(wrong)
    found = verify(written(tmp_path, wrong), EXAMPLES)
    assert [problem.place for problem in found.differences] == ["provenance.checked_by"]


def test_wrong_dose_is_named_with_place_and_recalculation(tmp_path):
    told = json.loads(text("two_cycles"))
    names = [region["region"] for region in told["cycles"][0]["regions"]]
    place = names.index("kidneys")
    path = ("cycles", 0, "regions", place, "absorbed_dose", "value")
    done = run("verify", written(tmp_path, changed(told, path, lambda v: v / 2)),
               "--inputs", EXAMPLES)  # fmt: skip
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert any(
        line.startswith(f"cycles[0].regions[{place}].absorbed_dose.value: ") for line in lines
    )
    assert any(re.match(r"independent .* absorbed dose of kidneys.*Difference 10\d %", line)
               for line in lines)  # fmt: skip
    assert f"NOT VERIFIED, {len(lines)} differences" in done.stderr


@pytest.fixture
def beside(tmp_path):
    """Return a folder with a plan and its inputs beside it."""
    for path in EXAMPLES.glob("two_cycles*"):
        shutil.copy(path, tmp_path)
    written(tmp_path, text("two_cycles"))
    return tmp_path


def digits(name):
    content = (EXAMPLES / name).read_text(encoding="utf-8")
    return [found.start() for found in re.finditer(r"\d", content)]


@pytest.mark.parametrize("name", ["two_cycles_1.csv", "two_cycles_2.csv", "two_cycles.yaml"])
def test_changed_digit_of_an_input_is_detected(name, beside):
    original = (EXAMPLES / name).read_text(encoding="utf-8")
    for place in digits(name)[::25]:
        digit = str((int(original[place]) + 1) % 10)
        (beside / name).write_text(
            original[:place] + digit + original[place + 1 :], encoding="utf-8"
        )
        try:
            found = verify(beside / "plan.json")
        except InputError:
            continue  # no longer an input at all
        assert any(name in problem.message for problem in found.differences)


def test_changed_table_is_named(beside, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    for file in (ROOT / "reference_tables").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    limits = folder / "limits.csv"
    assert b",23," in limits.read_bytes()
    limits.write_bytes(limits.read_bytes().replace(b",23,", b",24,", 1))
    done = run_with(folder, "verify", beside / "plan.json")
    assert done.returncode == 1
    assert "provenance.tables: 'limits' is not the file used for the plan" in done.stdout
    assert "limit_value.value: '23.0' in the document, '24.0' when recomputed" in done.stdout


def test_changed_unit_of_a_table_is_named(beside, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    for file in (ROOT / "reference_tables").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    description = json.loads((folder / "datapackage.json").read_bytes())
    limits = next(one for one in description["resources"] if one["name"] == "limits")
    column = next(one for one in limits["schema"]["fields"] if one["name"] == "value")
    assert column["unit"] == "Gy"
    column["unit"] = "cGy"
    (folder / "datapackage.json").write_text(json.dumps(description), encoding="utf-8")
    done = run_with(folder, "verify", beside / "plan.json")
    assert done.returncode == 1
    assert "provenance.tables: 'datapackage' is not the file used for the plan" in done.stdout


def test_table_contradicted_by_the_recalculation_is_named(beside, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    for file in (ROOT / "reference_tables").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    for sex in ("male", "female"):
        table = folder / f"s_values_lu177_icrp89_adult_{sex}.csv"
        table.write_bytes(re.sub(rb"(kidneys,kidneys),\d", rb"\1,3", table.read_bytes()))
    done = run_with(folder, "verify", beside / "plan.json")
    assert done.returncode == 1
    assert "provenance.tables" in done.stdout
    assert "recalculated (" in done.stdout


# --- what is no plan ------------------------------------------------------------------------------

NO_PLANS = {
    "empty": "",
    "words": "a plan",
    "list": "[]",
    "empty mapping": "{}",
    "another schema": '{"schema": "dosimetry/fit/1"}',
    "duplicate key": '{"risk": 1, "risk": 2}',
    "not a number": '{"risk": NaN}',
    "infinite": '{"risk": 1e999}',
    "deep": "[" * 5000 + "]" * 5000,
    "control": '"\\u001b[31m"',
    "large": " " * (LARGEST_PLAN + 1),
}


@pytest.mark.parametrize("content", [*NO_PLANS.values()], ids=[*NO_PLANS])
def test_file_that_is_not_a_plan_is_refused(content, tmp_path):
    with pytest.raises(InputError) as caught:
        verify(written(tmp_path, content), EXAMPLES)
    assert all(problem.place.startswith("plan.json") for problem in caught.value.problems)


HOSTILE = (None, "x", "\ud800", [], {}, True, -1e308, 10**30, 0)


@pytest.mark.parametrize(
    "path",
    [
        ("schema",),
        ("strategy",),
        ("risk",),
        ("options", "max_cycles"),
        ("options", "max_activity"),
        ("options", "without_cycles"),
        ("cycles", 0, "number"),
        ("cycles", 0, "regions"),
        ("flags",),
        ("provenance",),
        ("provenance", "inputs"),
        ("provenance", "tables"),
        ("provenance", "content"),
        ("second_check",),
    ],
    ids=lambda path: ".".join(map(str, path)),
)
def test_a_hostile_value_is_refused_or_named(path, tmp_path):
    told = json.loads(text("not_eligible"))
    for value in HOSTILE:
        if value == at(told, path):
            continue
        wrong = changed(told, path, lambda _, value=value: value)
        try:
            found = verify(written(tmp_path, wrong), EXAMPLES)
        except InputError:
            continue  # refused, and by nothing else than an InputError
        assert not found.ok, value


@pytest.mark.parametrize(
    "inputs", [{}, {"c.csv": "0"}, {"../two_cycles.yaml": "0"}, {"/etc/x.yaml": "0"}]
)
def test_only_a_patient_file_in_the_folder_is_read(inputs, tmp_path):
    wrong = changed(json.loads(text("two_cycles")), ("provenance", "inputs"), lambda _: inputs)
    with pytest.raises(InputError) as caught:
        verify(written(tmp_path, wrong), EXAMPLES)
    assert [problem.code for problem in caught.value.problems] == ["no-patient-file"]


@pytest.mark.parametrize("name", ["nowhere.json", "."])
def test_missing_plan_returns_2(name, tmp_path):
    done = run("verify", tmp_path / name)
    assert done.returncode == 2
    assert "no such file" in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_inputs_return_2(tmp_path):
    done = run("verify", written(tmp_path, text("two_cycles")))
    assert done.returncode == 2
    assert "two_cycles.yaml: file: no such file" in done.stderr
