"""The patient file as a form: nothing is lost on the way there and back, every field has a box."""

from pathlib import Path

import pytest
from running_planner import form_of

from dosimetry.patient.patient import Patient
from dosimetry.patient.schema import PatientFile
from dosimetry.planner.pages.filling import filled
from dosimetry.planner.pages.opening import as_yaml, of_path, opened
from dosimetry.planner.pages.screens import patient
from dosimetry.planner.pages.sessions import Session
from dosimetry.problems import InputError

EXAMPLES = sorted(Path("examples").glob("*.yaml"))
OWN = {
    "patient": {"id": "EX-1", "sex": "male", "height": "180 cm"},
    "therapy": {
        "regimen": {"activity": "6 GBq", "cycles": "3", "interval": "9 week"},
        "time_zone": "Europe/Berlin",
        "estimator": "least-squares",
        "tumour_grade": "2",
    },
    "masses": {"kidneys": {"value": "300 g", "sd": "8 %"}, "tumour_1": "14 g"},
    "sites": {"tumour_1": "liver"},
    "cycles": [
        {
            "administered": "6.1 GBq",
            "at": "2026-01-12",
            "measurements": [{"region": "kidneys", "time": "24 h", "activity": "100 MBq"}],
            "systematic_uncertainty": {"kidneys": "5 %"},
            "dose_coefficients": {"spleen": "0.5 Gy/GBq"},
            "not_measurable": {"liver": "outside of the field of view"},
        }
    ],
    "labs": [{"at": "2026-01-10", "PLT": "212 K/uL", "haemoglobin": "128 g/L", "INR": "1.1"}],
    "reference_ranges": {"creatinine": {"lower": "0.6 mg/dL", "upper": "1.1 mg/dL"}},
    "adverse_events": [{"at": "2026-02-01", "term": "nausea", "grade": "1"}],
}


def page_of(content, problems=()):
    """Return the page of a content."""
    return patient._form(Session("key", content), problems).body.decode()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_survives_the_form(path):
    content = of_path(path)
    form, _ = form_of(page_of(content))
    again, problems = filled(form, content)
    assert problems == ()
    assert Patient.from_dict(again, base=None) == Patient.from_dict(content, base=None)


def test_every_kind_of_entry_survives_the_form():
    form, _ = form_of(page_of(OWN))
    again, problems = filled(form, OWN)
    assert problems == ()
    assert Patient.from_dict(again, base=None) == Patient.from_dict(OWN, base=None)


def test_example_opens_to_the_same_patient_as_its_files():
    path = Path("examples/two_cycles.yaml")
    content = of_path(path)
    files = {"two_cycles.yaml": as_yaml(content).encode()}
    again = Patient.from_dict(opened("two_cycles.yaml", files), base=None)
    assert again.masses == Patient.from_dict(content, base=None).masses
    assert [len(cycle.measurements.scans) for cycle in again.cycles] == [12, 12]  # lines of the CSV


# Chosen elsewhere: models on Curves, measurements and their decay correction on Measurements.
ELSEWHERE = {"models", "measurements", "blood", "decay_corrected_to"}
WITHIN = {"cycles[0].": "Cycle", "patient.": "Person", "therapy.": "Therapy"}


def test_every_field_of_the_schema_has_a_box():
    _, names = form_of(page_of({**OWN, "therapy": {"regimen": "netter-1"}}))
    sections = PatientFile.model_json_schema()["$defs"]
    for prefix, section in WITHIN.items():
        wanted = set(sections[section]["properties"]) - ELSEWHERE
        shown = {name.removeprefix(prefix).split("#")[0].split(".")[0] for name in names
                 if name.startswith(prefix)}  # fmt: skip
        assert wanted <= shown
    top = {name.split("#")[0].split(".")[0].split("[")[0] for name in names}
    assert {info.alias or name for name, info in PatientFile.model_fields.items()} <= top


def test_bare_number_gets_the_unit_beside_its_box():
    form, _ = form_of(
        page_of(OWN).replace('name="patient.age" value=""', 'name="patient.age" value="64"')
    )
    assert filled(form, OWN)[0]["patient"]["age"] == "64 year"


def test_region_in_two_rows_is_refused():
    form, _ = form_of(
        page_of(OWN).replace(
            'name="masses#1.key" value="tumour_1"', 'name="masses#1.key" value="kidneys"'
        )
    )
    (problem,) = filled(form, OWN)[1]
    assert (problem.code, problem.place) == ("region-twice", "masses.kidneys")


def test_error_stands_at_its_box():
    wrong = {**OWN, "patient": {"id": "EX-1", "sex": "male", "age": "640 year"}}
    problems = patient.problems_of(wrong)
    page = page_of(wrong, problems)
    start = page.index('id="box-patient-age"')
    assert 'aria-invalid="true"' in page[start : start + 300]
    assert "640 year" in page[start : start + 900]
    assert page.count('aria-invalid="true"') == 1


def test_cell_of_a_table_shows_its_error():
    wrong = {**OWN, "masses": {"kidneys": {"value": "300 g", "sd": "8 kg"}}}
    page = page_of(wrong, patient.problems_of(wrong))
    start = page.index('name="masses#0.sd"')
    assert 'aria-invalid="true"' in page[start : start + 200]


def test_table_that_a_patient_file_names_must_be_given():
    files = {"p.yaml": b"cycles: [{at: 2026-01-12, administered: 7 GBq, measurements: c.csv}]"}
    with pytest.raises(InputError) as refused:
        opened("p.yaml", files)
    assert [(p.code, p.place) for p in refused.value.problems] == [("no-such-file", "c.csv: file")]


def test_text_of_a_patient_is_not_read_as_html():
    page = page_of({**OWN, "patient": {"id": "<script>alert(1)</script>", "sex": "male"}})
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
