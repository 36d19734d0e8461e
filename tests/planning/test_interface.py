"""Names for programs that import dosimetry: arguments, results, refusals."""

import copy
import dataclasses
import inspect
import json
import re
import typing

import pytest
import yaml
from pydantic import BaseModel

import dosimetry
from dosimetry import InputError, Patient, Plan
from dosimetry.cycle.curves_of_file import CurveDocument
from dosimetry.documents.flags import Flag
from dosimetry.patient.examples import folder, names
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.planning.check import CheckReport
from dosimetry.planning.compare import Allowances, Comparison
from dosimetry.planning.verify import Verification, differences
from dosimetry.population.published_trial import PublishedTrial
from dosimetry.population.virtual_trial.outcome import VirtualTrial
from dosimetry.problems import Problem

pytestmark = pytest.mark.slow  # whole plans and pages

EXAMPLES = names()
TWO = folder() / "two_cycles.yaml"
PLAIN = {
    "patient": {"id": "T-1", "sex": "male"},
    "therapy": {"regimen": "netter-1"},
    "masses": {"kidneys": "310 g", "liver": {"value": "1800 g", "sd": "5 %"}},
}
every = pytest.mark.parametrize("name", EXAMPLES)


def refusal(function, *arguments, **named):
    """Return the one problem for which a call is refused."""
    with pytest.raises(InputError) as caught:
        function(*arguments, **named)
    (problem,) = caught.value.problems
    return problem


# --- names --------------------------------------------------------------------------------------


def test_dir_has_every_public_name():
    # the names that tools import
    wanted = {"plan", "compare", "limits", "check", "calendar", "verify", "fit", "read_patient"}
    wanted |= {"scans"}
    assert wanted | {"Plan", "Patient", "InputError"} == set(dosimetry.__all__)
    assert {*dosimetry.__all__, "report", "__version__"} == set(dir(dosimetry))
    assert all(getattr(dosimetry, name) is not None for name in dir(dosimetry))


def test_every_public_name_has_a_runnable_example():
    for name in set(dosimetry.__all__) - {"Plan"}:  # made by plan, which has one
        assert ">>> " in inspect.getdoc(getattr(dosimetry, name)), name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="palette"):
        _ = dosimetry.palette


def test_patient_path_and_mapping_give_the_same():
    for function in (dosimetry.compare, dosimetry.limits, dosimetry.calendar, dosimetry.check):
        found = function(TWO)
        assert found == function(f"{TWO}") == function(dosimetry.read_patient(TWO))
    assert dosimetry.check(PLAIN).ok


def test_calendar_equals_the_calendar_of_the_plan():
    assert dosimetry.calendar(TWO, "to-limit") == dosimetry.plan(TWO, "to-limit").calendar


@pytest.mark.parametrize("given", [None, 3, "nowhere.yaml", {}])
def test_check_reports_what_plan_refuses(given):
    report = dosimetry.check(given)
    assert not report.ok
    with pytest.raises(InputError) as caught:
        dosimetry.plan(given)
    assert report.problems == caught.value.problems


# --- Plan.from_json -----------------------------------------------------------------------------


@every
def test_plan_read_from_json_gives_the_same_bytes(name, tmp_path):
    text = dosimetry.plan(folder() / f"{name}.yaml").to_json()
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")
    for source in (text, file, f"{file}"):
        assert Plan.from_json(source).to_json() == text


def test_options_are_read_from_json():
    text = dosimetry.plan(TWO, "adjusted", 0.1, max_activity="9 GBq", cycles=5).to_json()
    told = Plan.from_json(text)
    assert told.to_json() == text
    assert (told.options.max_activity.value, told.options.cycles, told.risk) == (9.0, 5, 0.1)


def test_changed_plan_is_refused():
    document = json.loads(dosimetry.plan(PLAIN).to_json())
    document["risk"] = 0.06
    assert refusal(Plan.from_json, json.dumps(document)).code == "document-changed"


@pytest.mark.parametrize(
    ("document", "code", "words"),
    [
        ({"schema": "dosimetry/plan/1"}, "other-schema", "'dosimetry/plan/1'"),
        ({"schema": "dosimetry/fit/1"}, "other-kind-of-file", "dosimetry/fit/1"),
        (PLAIN, "other-kind-of-file", "a patient file, not a plan"),
    ],
)
def test_other_document_is_named_by_its_kind(document, code, words):
    problem = refusal(Plan.from_json, json.dumps(document))
    assert problem.code == code
    assert words in problem.message


@pytest.mark.parametrize("given", [None, 3, b"{}", {}])
def test_neither_text_nor_path_is_refused(given):
    assert refusal(Plan.from_json, given).code == "wrong-type"


def test_missing_fields_are_each_named():
    document = json.loads(dosimetry.plan(PLAIN).to_json())
    del document["risk"], document["strategy"]
    with pytest.raises(InputError) as caught:
        Plan.from_json(json.dumps(document))
    places = {problem.place for problem in caught.value.problems}
    assert places == {"plan: risk", "plan: strategy"}


# --- verify -------------------------------------------------------------------------------------


@every
def test_plan_in_memory_is_verified(name):
    assert dosimetry.verify(dosimetry.plan(folder() / f"{name}.yaml"), folder()).ok


def test_text_of_a_plan_is_verified_in_the_current_folder(monkeypatch):
    text = dosimetry.plan(TWO).to_json()
    monkeypatch.chdir(folder())
    assert dosimetry.verify(text).ok
    assert dosimetry.verify(dosimetry.plan(TWO)).ok


# --- Patient.to_dict ----------------------------------------------------------------------------


@every
def test_patient_as_a_dict_plans_to_the_same(name):
    path = folder() / f"{name}.yaml"
    plain = json.loads(json.dumps(dosimetry.read_patient(path).to_dict()))
    first, again = (json.loads(dosimetry.plan(one).to_json()) for one in (path, plain))
    for document in (first, again):
        del document["provenance"]  # a dict comes from no file
    assert list(differences(first, again)) == []


@every
def test_dict_of_a_dict_is_the_same(name):
    plain = dosimetry.read_patient(folder() / f"{name}.yaml").to_dict()
    assert Patient.from_dict(plain).to_dict() == plain


def test_dict_written_as_yaml_is_a_patient_file(tmp_path):
    plain = dosimetry.read_patient(TWO).to_dict()
    file = tmp_path / "patient.yaml"
    file.write_text(yaml.safe_dump(plain), encoding="utf-8")
    assert dosimetry.read_patient(file).to_dict() == plain


FULL = {
    "patient": {
        "id": "T-2",
        "sex": "female",
        "age": "61 year",
        "weight": "64 kg",
        "height": "168 cm",
        "hematocrit": 0.38,
        "kidney_risk_factors": ["diabetes"],
    },
    "therapy": {
        "radiopharmaceutical": "177Lu-DOTATATE",
        "regimen": {"activity": "7.4 GBq", "cycles": 4, "interval": "8 week"},
        "limits": [],
        "prior_doses": {"kidneys": {"absorbed_dose": "3 Gy", "bed": "3.4 Gy", "source": "EBRT"}},
        "marrow_to_blood_ratio": "plasma",
        "time_zone": "Europe/Berlin",
        "infusion_time": "09:30",
    },
    "masses": {"kidneys": {"value": "310 g", "sd": "8 %"}, "tumour_1": "14 g"},
    "effective_half_lives": {"tumour_1": {"value": "80 h", "sd": "15 %"}},
    "sites": {"tumour_1": "liver"},
    "cycles": [
        {
            "administered": {"prepared": "7.5 GBq", "residual": "60 MBq"},
            "at": "2026-01-12T09:30:00+01:00",
            "systematic_uncertainty": "5 %",
            "decay_corrected_to": "administration",
            "models": {"kidneys": "mono"},
            "contains": {"liver": ["tumour_1"]},
            "dose_coefficients": {"spleen": {"value": "0.8 Gy/GBq", "sd": "0.1 Gy/GBq"}},
            "measurements": [
                {
                    "region": "kidneys",
                    "time": "1 d",
                    "activity": "1.6 %IA",
                    "sd": "5 %",
                    "recovery": 0.9,
                },
                {
                    "region": "kidneys",
                    "time": "4 d",
                    "activity": "0.9 %IA",
                    "sd": "5 %",
                    "recovery": 0.9,
                },
                {"region": "liver", "time": "24 h", "activity": "320 MBq", "volume": "1.7 L"},
                {"region": "liver", "time": "96 h", "activity": "260 MBq"},
                {"region": "tumour_1", "time": "96 h", "activity": "20 MBq"},
            ],
            "blood": [
                {"time": "1 h", "concentration": "300 kBq/mL", "sd": "10 %"},
                {"time": "24 h", "concentration": "20 kBq/mL", "sd": "10 %"},
                {"time": "48 h", "concentration": "12 kBq/mL", "sd": "10 %"},
            ],
        }
    ],
    "labs": [{"at": "2026-01-10", "platelets": "212000 /uL", "creatinine": "0.88 mg/dL"}],
    "reference_ranges": {"platelets": {"lower": "150 1e9/L"}},
    "adverse_events": [
        {"at": "2026-02-03", "term": "nausea", "grade": 2, "ends_treatment": "no"},
    ],
}


def test_every_field_survives_the_round_trip():
    read = Patient.from_dict(FULL)
    plain = json.loads(json.dumps(read.to_dict()))
    again = Patient.from_dict(plain)
    first, second = (json.loads(dosimetry.plan(one).to_json()) for one in (read, again))
    assert list(differences(first, second)) == []
    assert plain["therapy"]["limits"] == []  # an empty list is not the default
    assert plain["cycles"][0]["measurements"][0]["activity"] == "1.6 %IA"
    assert plain["labs"][0]["creatinine"] == "0.88 mg/dL"
    assert set(plain) == set(FULL)
    assert set(plain["cycles"][0]) == set(FULL["cycles"][0])
    assert set(plain["therapy"]) == set(FULL["therapy"]) - {"radiopharmaceutical"}  # the default


# --- Patient.replace ----------------------------------------------------------------------------


def test_replaced_mass_acts_like_a_written_one_and_is_named():
    read = Patient.from_dict(PLAIN)
    for changed in (
        read.replace({"masses.kidneys": "400 g"}),
        read.replace(masses={"kidneys": "400 g"}),
        read.replace(**{"masses.kidneys": "400 g"}),
    ):
        made = dosimetry.plan(changed)
        masses = {**PLAIN["masses"], "kidneys": "400 g"}
        assert made.cumulative == dosimetry.plan({**PLAIN, "masses": masses}).cumulative
        assert made.provenance.replaced == ("masses.kidneys",)
    assert dosimetry.plan(read).provenance.replaced == ()


def test_replacing_keeps_the_file_hash_and_is_recorded():
    read = dosimetry.read_patient(TWO)
    made = dosimetry.plan(read.replace({"cycles[0].administered": "7.0 GBq"}))
    assert "two_cycles.yaml" in made.provenance.inputs
    assert all(name.startswith("cycles[0].administered") for name in made.provenance.replaced)
    assert [one.code for one in made.warnings if one.place == "patient"] == ["changed-in-memory"]
    assert not dosimetry.verify(made, folder()).ok


def test_empty_replacement_returns_the_patient_as_read():
    read = dosimetry.read_patient(TWO)
    assert dosimetry.plan(read.replace()).to_json() == dosimetry.plan(read).to_json()


def test_two_replacements_are_both_named():
    read = Patient.from_dict(PLAIN)
    changed = read.replace({"masses.kidneys": "400 g"}).replace(patient={"age": "70 year"})
    assert set(changed.replaced()[1]) == {"masses.kidneys", "patient.age"}


def test_replacing_leaves_the_original_patient_unchanged():
    read = Patient.from_dict(FULL)
    before = copy.deepcopy(read.to_dict())
    read.replace({"cycles[0].measurements[0].activity": "1.9 %IA", "labs[0].platelets": None})
    assert read.to_dict() == before
    assert read.replaced()[1] == ()


def test_values_inside_scans_labs_and_estimates_are_replaced():
    changed = Patient.from_dict(FULL).replace(
        {
            "cycles[0].measurements[0].activity": "1.9 %IA",
            "labs[0].platelets": "90 1e9/L",
            "masses.kidneys.sd": "31 g",
            "reference_ranges.platelets.lower": "140 1e9/L",
            "therapy.regimen.cycles": 6,
            "cycles[0].blood": None,
        }
    )
    plain = changed.to_dict()
    cycle = plain["cycles"][0]
    assert (cycle["measurements"][0]["activity"], "blood" in cycle) == ("1.9 %IA", False)
    assert plain["labs"][0]["platelets"] == "90.0 1e9/L"
    assert plain["masses"]["kidneys"] == {"value": "310.0 g", "sd": "31.0 g"}
    assert plain["reference_ranges"]["platelets"] == {"lower": "140.0 1e9/L"}
    assert plain["therapy"]["regimen"]["cycles"] == 6


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"masses.kidnys": "300 g"}, "unknown-region", "masses.kidnys"),
        ({"thrapy.regimen": "netter-1"}, "unknown-key", "thrapy"),
        ({"masses.kidneys": "300"}, "no-unit", "masses.kidneys"),
        ({"patient.sex": None}, "missing", "patient.sex"),
        ({"cycles[7].at": "2026-01-12"}, "no-such-entry", "cycles"),
        ({"therapy.regimen.cycles": 3}, "wrong-type", "therapy.regimen"),
        ({"masses..kidneys": "300 g"}, "not-a-place", "replace"),
        ({3: "300 g"}, "not-a-place", "replace"),
        ([("masses.kidneys", "300 g")], "wrong-type", "replace"),
    ],
)
def test_impossible_replacement_is_refused(changes, code, place):
    problem = refusal(Patient.from_dict(PLAIN).replace, changes)
    assert (problem.code, problem.place) == (code, place)


# --- cycles as a what-if ------------------------------------------------------------------------


def test_cycles_take_the_place_of_the_regimens():
    # hand calculation: the regimen's activity in each cycle to come
    made = dosimetry.plan(PLAIN, cycles=2)
    assert [cycle.activity.value for cycle in made.cycles] == [7.4, 7.4]
    regimen = {"activity": "7.4 GBq", "cycles": 2, "interval": "8 week"}
    written = dosimetry.plan({**PLAIN, "therapy": {"regimen": regimen}})
    assert made.cumulative == written.cumulative
    assert made.flags == written.flags
    assert "requested: 2 cycles instead of 4" in made.assumptions
    assert json.loads(made.to_json())["options"]["cycles"] == 2


def test_cycles_are_replayed_by_verify():
    made = dosimetry.plan(TWO, cycles=6)
    assert len(made.cycles) == 6
    assert dosimetry.verify(made, folder()).ok


@pytest.mark.parametrize(
    ("cycles", "code"),
    [(0, "out-of-range"), (13, "out-of-range"), (True, "out-of-range"), ("4", "out-of-range")],
)
def test_number_of_cycles_out_of_range_is_refused(cycles, code):
    problem = refusal(dosimetry.plan, PLAIN, cycles=cycles)
    assert (problem.code, problem.place) == (code, "cycles")


def test_fewer_cycles_than_delivered_are_refused():
    assert refusal(dosimetry.plan, TWO, cycles=1).code == "fewer-cycles-than-delivered"
    assert len(dosimetry.plan(TWO, cycles=2).cycles) == 2


# --- how results look ---------------------------------------------------------------------------


def test_repr_of_results_is_one_line():
    made = dosimetry.plan(TWO)
    shown = [repr(made), repr(dosimetry.read_patient(TWO)), f"{dosimetry.read_patient(TWO)}"]
    shown += map(repr, (*made.flags, *made.curves))
    for text in shown:
        assert "\n" not in text
        assert len(text) < 200
    assert repr(made).startswith("<Plan EX-002: 177Lu-DOTATATE, fixed, 4 cycles (2 delivered), ")
    assert shown[1] == "<Patient EX-002: 177Lu-DOTATATE, netter-1, 2 cycles delivered>"
    assert re.fullmatch(r"<Flag kidneys-ad-23: \w+, P\(> limit\) = [\d.e-]+>", repr(made.flags[0]))
    assert repr(made.curves[0]).startswith("<PlanCurve cycle 1, kidney_left: ")


# --- fields are documented ----------------------------------------------------------------------

ROOTS = (
    *(Plan, Comparison, Allowances, CheckReport, Verification, CurveDocument),
    *(FittedCurve, VirtualTrial, PublishedTrial, Patient, Problem, Flag),
)


def fields_of(kind):
    if dataclasses.is_dataclass(kind):
        return [field.name for field in dataclasses.fields(kind)]
    return list(kind.model_fields)


def records_in(hint):
    """Yield the data classes and sections that a type is made of."""
    if isinstance(hint, type) and (dataclasses.is_dataclass(hint) or issubclass(hint, BaseModel)):
        yield hint
    for part in typing.get_args(hint):
        yield from records_in(part)


def public_records():
    found, waiting = [], [*ROOTS]
    while waiting:
        kind = waiting.pop()
        if kind not in found:
            found.append(kind)
            waiting += [
                one for hint in typing.get_type_hints(kind).values() for one in records_in(hint)
            ]
    return found


@pytest.mark.parametrize("kind", public_records(), ids=lambda kind: kind.__name__)
def test_every_public_field_is_documented(kind):
    text = inspect.getdoc(kind)
    missing = [
        n for n in fields_of(kind) if not re.search(rf"^[\w, ]*\b{n}\b[\w, ]* : ", text, re.M)
    ]
    assert missing == []
