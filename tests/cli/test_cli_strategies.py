"""Strategies on the command line: ``plan`` with its options, ``compare`` and ``limits``.

Their output is compared with the results of the package.
"""

import functools
import json

import pytest
from command_line import ROOT, run_text

import dosimetry
from dosimetry.planning.compare import compare, limits

pytestmark = pytest.mark.slow

SNMMI, TWO, NEW = (
    f"examples/{n}.yaml" for n in ("snmmi_patient4", "two_cycles", "nothing_measured")
)
PASSED = """
patient: {id: P-1, sex: male}
therapy:
  regimen: netter-1
  start: 2026-01-12
  prior_doses: {kidneys: {absorbed_dose: 30 Gy, bed: 35 Gy, source: "a test"}}
"""


run = functools.cache(run_text)


def printed(*arguments):
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def words(text):
    """The text without its line breaks."""
    return " ".join(text.split())


def patient(name):
    return dosimetry.read_patient(ROOT / name)


OPTIONS = (
    *("--strategy", "adjusted", "--risk", "0.1", "--min-activity", "1 GBq"),
    *("--max-activity", "9 GBq", "--without-cycle", "3", "--interval", "7 week"),
    *("--activity", "6 GBq"),
)
TO_LIMIT = ("--strategy", "to-limit", "--max-cycles", "2", "--risk", "0.2")
TABLES = {
    "plan, to-limit": ("plan", TWO, "--strategy", "to-limit"),
    "plan, adjusted, what if": ("plan", SNMMI, *OPTIONS, "--full"),
    "compare": ("compare", TWO),
    "compare, nothing measured": ("compare", NEW, "--risk", "0.2"),
    "limits": ("limits", TWO, "--risk", "0.2"),
}


# --- documents ----------------------------------------------------------------------------------


def test_every_option_reaches_the_plan():
    made = dosimetry.plan(
        patient(SNMMI),
        "adjusted",
        0.1,
        min_activity="1 GBq",
        max_activity="9 GBq",
        without_cycles=[3],
        interval="7 week",
        activity="6 GBq",
    )
    assert printed("plan", SNMMI, *OPTIONS, "--format", "json") == made.to_json()
    assert [cycle.status for cycle in made.cycles] == [
        *("delivered", "planned", "withheld", "planned")
    ]


def test_the_largest_number_of_cycles_reaches_the_plan():
    made = dosimetry.plan(patient(NEW), "to-limit", 0.2, max_cycles=2)
    found = printed("plan", NEW, *TO_LIMIT, "--format", "json")
    assert found == made.to_json()
    assert len(json.loads(found)["cycles"]) == 2


def test_comparison_as_json_equals_the_package_result():
    assert printed("compare", TWO, "--format", "json") == compare(patient(TWO)).to_json()


def test_limits_as_json_equal_the_package_result():
    found = printed("limits", TWO, "--risk", "0.2", "--format", "json")
    assert found == limits(patient(TWO), 0.2).to_json()


# --- tables -------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", TABLES.values(), ids=TABLES)
def test_no_line_is_longer_than_80_columns(arguments):
    lines = printed(*arguments).splitlines()
    assert max(map(len, lines)) <= 80


def test_plan_states_why_it_stopped():
    made = dosimetry.plan(patient(TWO), "to-limit")
    assert f"Decision: {made.decision.reason}" in words(printed(*TABLES["plan, to-limit"]))


def test_the_plan_names_what_was_changed():
    found = words(printed(*TABLES["plan, adjusted, what if"]))
    for line in (
        "requested: interval of 7 weeks instead of 8 weeks",
        "requested: 6 GBq per cycle to come, not 7.4 GBq",
        "cycle 3 left out on request",
    ):
        assert line in found


def test_comparison_has_every_strategy_and_every_limit():
    found = printed(*TABLES["compare"])
    header = next(line for line in found.splitlines() if line.split()[-1:] == ["adjusted"])
    assert header.split()[-3:] == ["fixed", "to-limit", "adjusted"]
    comparison = compare(patient(TWO))
    for row in ("cycles", "activity", "kidneys", "kidneys BED", "red marrow", "tumour 1"):
        assert any(line.startswith(row) for line in found.splitlines())
    for limit in comparison.strategies[0].probabilities:
        assert f"P(> {limit})" in found
    for one in comparison.strategies[1:]:
        assert f"{one.strategy.capitalize()}. {one.reason}" in words(found)


def test_limits_state_activity_and_cycles():
    found = printed(*TABLES["limits"])
    assert "cycles of 7.4 GBq" in found
    rows = [line for line in found.splitlines() if " Gy" in line and not line.startswith("limit")]
    for one, row in zip(limits(patient(TWO), 0.2).limits, rows, strict=True):
        assert f"{one.activity.value:.1f} GBq" in row
        assert row.split()[-1] == f"{one.cycles}"


@pytest.mark.parametrize("arguments", TABLES.values(), ids=TABLES)
def test_every_result_states_it_is_not_a_medical_device(arguments):
    assert "not a medical device" in printed(*arguments)


# --- no further cycle, bad input, help ----------------------------------------------------------


@pytest.mark.parametrize("strategy", ["to-limit", "adjusted"])
def test_plan_without_a_further_cycle_states_why_and_returns_0(strategy, tmp_path):
    (tmp_path / "p.yaml").write_text(PASSED, encoding="utf-8")
    done = run("plan", str(tmp_path / "p.yaml"), "--strategy", strategy, "--format", "json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert [cycle["activity"] for cycle in found["cycles"]] == [None] * 4
    assert found["decision"]["limit"] in found["decision"]["reason"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("plan", SNMMI, "--risk", "0.6"), "risk: a risk of 0.6 is not above 0 and at most 0.5"),
        (("compare", SNMMI, "--risk", "0"), "risk: a risk of 0 is not above 0 and at most 0.5"),
        (("limits", SNMMI, "--risk", "nan"), "risk: a risk of nan is not above 0 and at most 0.5"),
        (("plan", SNMMI, "--strategy", "to-limits"), "nearest: to-limit"),
        (
            ("plan", SNMMI, "--without-cycle", "1"),
            "cycle 1 is not to come because it was delivered",
        ),
        (("plan", SNMMI, "--activity", "7,4 GBq"), "did you mean '7.4 GBq'?"),
        (("plan", SNMMI, "--max-cycles", "13"), "13 cycles are outside 1 to 12"),
    ],
    ids=lambda value: " ".join(value[2:]) if isinstance(value, tuple) else "",
)
def test_impossible_option_is_refused_with_one_message(arguments, message):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in words(done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (
            "plan",
            [
                *("--strategy", "--risk", "--max-cycles", "--max-activity", "--min-activity"),
                *("--without-cycle", "--interval", "--activity"),
            ],
        ),
        ("compare", ["--risk", "--format"]),
        ("limits", ["--risk", "--format"]),
    ],
    ids=["plan", "compare", "limits"],
)
def test_the_help_names_the_options_and_ends_with_an_example(command, options):
    found = printed(command, "--help")
    for option in options:
        assert option in found
    assert found.strip().splitlines()[-1].strip().startswith(f"Example: dosimetry {command} ")
    assert max(map(len, found.splitlines())) <= 80


@pytest.mark.parametrize("command", ["plan", "compare", "limits"])
def test_the_example_of_the_help_runs(command):
    example = printed(command, "--help").split("Example: dosimetry ")[1]
    assert printed(*example.split())


def test_a_plan_from_blood_and_one_scan_fits_the_terminal(tmp_path):
    # blood is a curve of the plan, but no region that gets a dose
    (tmp_path / "p.yaml").write_text(
        "patient: {id: B-1, sex: male, weight: 80 kg}\n"
        "therapy: {regimen: netter-1}\n"
        "cycles:\n"
        "  - administered: 7.4 GBq\n"
        "    at: 2026-01-12\n"
        "    measurements: [{region: kidneys, time: 72 h, activity: 90 MBq}]\n"
        "    blood:\n"
        "      - {time: 1 h, concentration: 300 kBq/mL}\n"
        "      - {time: 24 h, concentration: 9 kBq/mL}\n"
    )
    shown = run("plan", tmp_path / "p.yaml", "--full").stdout
    # without the remainder the marrow's dose is a lower bound
    assert "Kidneys, cycle 1. Uncertainty: counting and fit" in shown
    assert "≥ lower bound" in shown
    assert "Hänscheid's rule" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_prior_option_reaches_every_command_that_has_it(tmp_path):
    table = "region,mean [Gy/GBq],sd [Gy/GBq],n\nkidneys,0.2,0.05,30\n"
    (tmp_path / "clinic.csv").write_text(table, encoding="utf-8")
    (tmp_path / "p.yaml").write_text((ROOT / NEW).read_text(encoding="utf-8"), encoding="utf-8")
    file = str(tmp_path / "p.yaml")
    asked = ("--prior", "clinic.csv", "--format", "json")
    made = json.loads(printed("plan", file, *asked))
    assert made["options"]["prior"] == "clinic.csv"
    assert {"p.yaml", "clinic.csv"} == {*made["provenance"]["inputs"]}
    kidneys = next(flag for flag in made["flags"] if flag["limit"] == "kidneys-ad-23")
    assert kidneys["severity"] == "within"  # 5.9 Gy; the label's 19.4 Gy are a caution
    for strategy in json.loads(printed("compare", file, *asked))["strategies"]:
        assert strategy["probabilities"]["kidneys-ad-23"] <= 0.05
    limits_of = json.loads(printed("limits", file, *asked))["limits"]
    assert next(one for one in limits_of if one["limit"] == "kidneys-ad-23")["cycles"] > 4
