"""``dosimetry verify --format json``."""

import json

from command_line import run
from jsonschema import Draft202012Validator

import dosimetry
from dosimetry.schemas import schema_of

PATIENT = "examples/nothing_measured.yaml"


def verified(plan, tmp_path):
    """Return exit code and document of a plan's verification."""
    (tmp_path / "plan.json").write_text(plan, encoding="utf-8")
    told = run("verify", tmp_path / "plan.json", "--inputs", "examples", "--format", "json")
    document = json.loads(told.stdout)
    assert not [*Draft202012Validator(schema_of("verify")).iter_errors(document)]
    return told.returncode, document


def test_verified_plan_has_no_difference(tmp_path):
    code, document = verified(dosimetry.plan(PATIENT).to_json(), tmp_path)
    assert (code, document["ok"], document["differences"], document["files"]) == (0, True, [], 1)
    assert document["figures"] > document["twice"]


def test_changed_number_is_a_difference_with_its_place(tmp_path):
    told = json.loads(dosimetry.plan(PATIENT).to_json())
    told["risk"] = 0.06
    code, document = verified(json.dumps(told), tmp_path)
    assert (code, document["ok"]) == (1, False)
    places = {(found["code"], found["place"]) for found in document["differences"]}
    assert ("document-changed", "provenance.content") in places
