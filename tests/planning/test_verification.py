"""Verification of a plan: each difference in words."""

import json

import pytest
from sample_patients import EXAMPLES, example

import dosimetry
from dosimetry import InputError
from dosimetry.documents.write import content_hash
from dosimetry.planning.verify import differences, verify


@pytest.fixture
def document():
    return json.loads(dosimetry.plan(example("nothing_measured")).to_json())


def verified(folder, document):
    """Write a plan with the hash that belongs to it, as a forger would, and verify it."""
    document["provenance"]["content"] = content_hash(document)
    path = folder / "plan.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return verify(path, EXAMPLES)


def test_unchanged_plan_is_verified(document, tmp_path):
    assert verified(tmp_path, document).ok


def test_table_no_longer_used_is_named(document, tmp_path):
    document["provenance"]["tables"]["s_values_of_1998"] = "0" * 64
    (found,) = verified(tmp_path, document).differences
    assert found.code == "tables-changed"
    assert found.message == "'s_values_of_1998' was used for the plan, but is not used now"


def test_impossible_options_are_refused_as_in_a_plan(document, tmp_path):
    document["risk"] = 0.9  # a strategy may run one half at most
    with pytest.raises(InputError) as caught:
        verified(tmp_path, document)
    assert [problem.code for problem in caught.value.problems] == ["risk-out-of-range"]


def test_value_in_one_document_only_is_named_with_its_document():
    found = differences({"risk": 0.05, "added": 1}, {"risk": 0.05, "missing": 1})
    assert {(one.place, one.message) for one in found} == {
        ("added", "is in the document only"),
        ("missing", "is in the recomputed plan only"),
    }


@pytest.fixture(scope="module")
def measured():
    return dosimetry.plan(example("two_cycles")).to_json()


def test_document_without_its_hash_is_reported_changed(document, tmp_path):
    document["provenance"]["content"] = "0" * 64
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    (found,) = verify(path, EXAMPLES).differences
    assert (found.code, found.place) == ("document-changed", "provenance.content")


def test_a_table_that_the_plan_does_not_name_is_named(document, tmp_path):
    del document["provenance"]["tables"]["limits"]
    (found,) = verified(tmp_path, document).differences
    assert found.message == "'limits' is used now, but is not named in the plan"


def test_impossible_options_add_to_the_differences(document, tmp_path):
    document["risk"] = 0.9
    document["provenance"]["tables"]["limits"] = "0" * 64
    found = verified(tmp_path, document)
    assert [one.code for one in found.differences] == ["tables-changed", "risk-out-of-range"]
    assert (found.figures, found.twice) == (0, 0)


@pytest.mark.parametrize(
    ("text", "code"), [("{", "not-json"), ("{}", "not-a-plan"), ("[1]", "wrong-type")]
)
def test_document_that_is_not_a_plan_is_refused(text, code, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        verify(path, EXAMPLES)
    assert {problem.code for problem in caught.value.problems} == {code}


def test_plan_without_a_patient_file_is_not_recomputed(document, tmp_path):
    document["provenance"]["inputs"] = {}
    with pytest.raises(InputError) as caught:
        verified(tmp_path, document)
    assert [problem.code for problem in caught.value.problems] == ["no-patient-file"]


def test_halved_dose_is_found_and_contradicted(measured, tmp_path):
    document = json.loads(measured)
    places = [region["region"] for region in document["cycles"][0]["regions"]]
    dose = document["cycles"][0]["regions"][places.index("kidneys")]["absorbed_dose"]
    dose["value"] /= 2
    found = verified(tmp_path, document).differences
    place = f"cycles[0].regions[{places.index('kidneys')}].absorbed_dose.value"
    assert [(one.code, one.place) for one in found] == [
        ("differs", place),
        ("second-calculation-differs", "independent recalculation"),
    ]


def test_omitted_region_is_detected(measured, tmp_path):
    document = json.loads(measured)
    del document["cycles"][0]["regions"][-1]
    found = verified(tmp_path, document).differences
    assert [one.place for one in found if one.code == "other-length"] == ["cycles[0].regions"]
