"""What a verification says of a plan that was written by others: each difference in its words."""

import json

import pytest
from sample_patients import EXAMPLES, example

import dosimetry
from dosimetry import InputError
from dosimetry.therapy.plan import content_hash
from dosimetry.therapy.verification import differences, verify_file


@pytest.fixture
def document():
    return json.loads(dosimetry.plan(example("nothing_measured")).to_json())


def verified(folder, document):
    """Write a plan with the hash that belongs to it, as a forger would, and verify it."""
    document["provenance"]["content"] = content_hash(document)
    path = folder / "plan.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return verify_file(path, EXAMPLES)


def test_a_plan_as_it_was_written_is_verified(document, tmp_path):
    assert verified(tmp_path, document).ok


def test_a_table_that_is_used_no_more_is_named(document, tmp_path):
    document["provenance"]["tables"]["s_values_of_1998"] = "0" * 64
    (found,) = verified(tmp_path, document).differences
    assert found.code == "tables-changed"
    assert found.message == "'s_values_of_1998' was used for the plan, but is not used now"


def test_options_that_no_plan_can_have_are_refused_as_in_a_plan(document, tmp_path):
    document["risk"] = 0.9  # a strategy may run one half at most
    with pytest.raises(InputError) as caught:
        verified(tmp_path, document)
    assert [problem.code for problem in caught.value.problems] == ["risk-out-of-range"]


def test_what_stands_in_one_document_only_is_named_with_the_one():
    found = differences({"risk": 0.05, "added": 1}, {"risk": 0.05, "missing": 1})
    assert {(one.place, one.message) for one in found} == {
        ("added", "stands in the document only"),
        ("missing", "stands in the plan made again only"),
    }
