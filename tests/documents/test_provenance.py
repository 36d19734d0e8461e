"""Provenance: a change in memory is named and checked like a file."""

import copy
import dataclasses
import json
from pathlib import Path

import pytest
from sample_patients import EXAMPLES

import dosimetry
from dosimetry import InputError, Patient
from dosimetry.planning.compare import compare, limits
from dosimetry.planning.verify import verify
from dosimetry.quantities import Amount, Estimate

pytestmark = pytest.mark.slow  # whole plans and pages

FILE = EXAMPLES / "two_cycles.yaml"
PLAIN = {
    "patient": {"id": "T-1", "sex": "male"},
    "therapy": {"regimen": "netter-1"},
    "masses": {"kidneys": "310 g"},
}


@pytest.fixture
def patient():
    return dosimetry.read_patient(FILE)


def replaced(patient):
    return dosimetry.plan(patient).provenance.replaced


def with_masses(patient, **masses):
    return patient.model_copy(update={"masses": {**patient.masses, **masses}})


def with_scans(patient, change):
    first, *others = patient.cycles
    scans = first.measurements.scans
    measured = dataclasses.replace(first.measurements, scans=(change(scans[0]), *scans[1:]))
    changed = first.model_copy(update={"measurements": measured})
    return patient.model_copy(update={"cycles": [changed, *others]})


# --- what is planned from -----------------------------------------------------------------------


def test_a_file_name_a_path_and_a_patient_give_the_same_plan(patient):
    whole = dosimetry.plan(patient).to_json()
    assert dosimetry.plan(f"{FILE}").to_json() == whole
    assert dosimetry.plan(Path(FILE)).to_json() == whole


def test_a_mapping_is_read_and_planned():
    made = dosimetry.plan(PLAIN)
    assert made.patient.id == "T-1"
    assert made.provenance.inputs == {}


@pytest.mark.parametrize("given", [None, 3, [], ["p.yaml"], b"p.yaml", object(), float("nan")])
def test_other_argument_is_refused_naming_the_accepted_types(given):
    for function in (dosimetry.plan, compare, limits):
        with pytest.raises(InputError) as caught:
            function(given)
        (problem,) = caught.value.problems
        assert (problem.code, problem.place) == ("wrong-type", "patient")
        assert "dosimetry.read_patient" in problem.cure


@pytest.mark.parametrize("given", [None, 3, [], b"p.yaml", {"patient": {}}])
def test_argument_that_is_not_a_file_name_is_refused(given):
    with pytest.raises(InputError) as caught:
        dosimetry.read_patient(given)
    assert caught.value.problems[0].code == "wrong-type"


@pytest.mark.parametrize("given", [None, 3, [], "p.yaml"])
def test_argument_that_is_not_a_mapping_is_refused(given):
    with pytest.raises(InputError) as caught:
        Patient.from_dict(given)
    assert caught.value.problems[0].code == "wrong-type"


@pytest.mark.parametrize(
    ("option", "value", "place"),
    [
        ("strategy", None, "strategy"),
        ("strategy", ["fixed"], "strategy"),
        ("risk", "0.05", "risk"),
        ("risk", None, "risk"),
        ("max_cycles", "8", "max_cycles"),
        ("without_cycles", 3, "without_cycle"),
        ("without_cycles", ["3"], "without_cycle"),
        ("interval", 56, "interval"),
        ("activity", 7.4, "activity"),
    ],
)
def test_an_option_of_another_type_is_refused_by_name(option, value, place):
    with pytest.raises(InputError) as caught:
        dosimetry.plan(PLAIN, **{option: value})
    assert caught.value.problems[0].place == place


# --- a patient changed in memory ----------------------------------------------------------------


def test_patient_as_read_has_nothing_replaced(patient):
    assert replaced(patient) == ()
    assert replaced(copy.deepcopy(patient)) == ()
    assert replaced(patient.model_copy()) == ()


def test_a_mass_replaced_is_named_beside_the_hash_of_the_file(patient):
    # the plan names the changed field, never the hash of the file alone
    changed = Patient.from_dict(PLAIN, source="p.yaml", sha256="0" * 64)
    changed = with_masses(changed, kidneys=Estimate(400.0, None, "g"))
    made = dosimetry.plan(changed)
    assert made.provenance.replaced == ("masses.kidneys",)
    assert json.loads(made.to_json())["provenance"]["replaced"] == ["masses.kidneys"]
    (warning,) = [one for one in made.warnings if one.code == "changed-in-memory"]
    assert "masses.kidneys" in warning.message


def test_changed_patient_plans_like_a_file_with_the_change(patient):
    # the change counts: the same doses as from a mapping that holds it
    changed = dosimetry.plan(with_masses(Patient.from_dict(PLAIN), kidneys="400 g"))
    written = dosimetry.plan({**PLAIN, "masses": {"kidneys": "400 g"}})
    assert changed.cumulative == written.cumulative


def test_entry_changed_in_place_is_detected(patient):
    patient.masses["kidney_left"] = Estimate(250.0, None, "g")
    assert replaced(patient) == ("masses.kidney_left",)


def test_removed_cycle_is_detected(patient):
    del patient.cycles[1]
    assert replaced(patient) == ("cycles[1]",)


def test_frozen_amount_changed_by_force_is_detected(patient):
    object.__setattr__(patient.person.age, "value", 20.0)
    assert replaced(patient) == ("patient.age",)


def test_a_field_cannot_be_set(patient):
    with pytest.raises(ValueError, match="frozen"):
        patient.masses = {}


def test_replaced_scans_are_detected(patient):
    twice = with_scans(patient, lambda scan: dataclasses.replace(scan, value=2 * scan.value))
    assert replaced(twice) == ("cycles[0].measurements",)


def test_scans_replaced_before_reading_are_detected(patient):
    measured = patient.cycles[0].measurements
    scans = tuple(dataclasses.replace(scan, value=scan.value / 2) for scan in measured.scans)
    given = dataclasses.replace(measured, scans=scans)
    cycle = {"administered": "7.4 GBq", "at": "2026-01-12", "measurements": given}
    made = dosimetry.plan({**PLAIN, "masses": {}, "cycles": [cycle]})
    assert made.provenance.replaced == ("cycles[0].measurements",)


def test_changed_value_is_checked_like_a_file(patient):
    with pytest.raises(InputError, match="not positive"):
        dosimetry.plan(with_masses(patient, kidney_left=Estimate(-1.0, None, "g")))
    below = {"value": -1.0, "sd": None, "relative_sd": None}
    with pytest.raises(InputError, match="not above zero"):
        dosimetry.plan(with_scans(patient, lambda scan: dataclasses.replace(scan, **below)))
    with pytest.raises(InputError, match="not a list"):
        dosimetry.plan(patient.model_copy(update={"cycles": 3}))
    with pytest.raises(InputError, match="not known"):
        dosimetry.plan(patient.model_copy(update={"mass": 3}))
    first = patient.cycles[0].model_copy(update={"administered": Amount(1.0, "MBq")})
    with pytest.raises(InputError, match="administered can be left"):
        dosimetry.plan(patient.model_copy(update={"cycles": [first, *patient.cycles[1:]]}))


def test_text_set_instead_of_a_quantity_is_read(patient):
    as_text = with_masses(patient, kidney_left="250 g")
    as_estimate = with_masses(patient, kidney_left=Estimate(250.0, None, "g"))
    assert dosimetry.plan(as_text).cumulative == dosimetry.plan(as_estimate).cumulative


def test_patient_built_in_memory_is_checked():
    made = Patient.model_validate(PLAIN)
    assert dosimetry.plan(made).cumulative == dosimetry.plan(PLAIN).cumulative


def test_verify_reports_a_plan_changed_in_memory(patient, tmp_path):
    made = dosimetry.plan(with_masses(patient, kidney_left="250 g"))
    path = tmp_path / "plan.json"
    path.write_text(made.to_json(), encoding="utf-8")
    found = verify(path, EXAMPLES)
    assert not found.ok
    assert [one.code for one in found.differences] == ["changed-in-memory"]
    assert found.differences[0].place == "provenance.replaced"
