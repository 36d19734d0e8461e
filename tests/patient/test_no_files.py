"""A patient without a folder names no file."""

import pytest

from dosimetry import InputError, Patient

PATIENT = {"patient": {"id": "N-1", "sex": "male"}, "therapy": {"regimen": "netter-1"}}
CYCLE = {"administered": "7.4 GBq", "at": "2026-01-12"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"labs": "README.md"}, "labs"),
        ({"cycles": [{**CYCLE, "measurements": "/etc/passwd"}]}, "cycles[0].measurements"),
        (
            {"cycles": [{**CYCLE, "measurements": [{"file": "README.md"}]}]},
            "cycles[0].measurements[0]",
        ),
        ({"cycles": [{**CYCLE, "blood": "README.md"}]}, "cycles[0].blood"),
        ({"therapy": {"regimen": "netter-1", "prior": "README.csv"}}, "therapy.prior"),
    ],
)
def test_file_names_are_refused_without_a_folder(change, place):
    with pytest.raises(InputError) as refused:
        Patient.from_dict({**PATIENT, **change}, base=None)
    assert [(p.code, p.place) for p in refused.value.problems] == [("no-files-here", place)]


def test_later_changes_and_options_name_no_file_either():
    patient = Patient.from_dict(PATIENT, base=None)
    for change in (
        lambda: patient.replace(labs="README.md"),
        lambda: patient.with_prior("README.csv"),
    ):
        with pytest.raises(InputError, match="names a file") as refused:
            change()
        assert refused.value.problems[0].code == "no-files-here"


def test_words_and_rows_need_no_folder():
    rows = [{"region": "liver", "time": "4 h", "activity": "80 MBq"}]
    cycles = [{**CYCLE, "measurements": rows}]
    therapy = {"regimen": "netter-1", "prior": "label"}
    patient = Patient.from_dict({**PATIENT, "cycles": cycles, "therapy": therapy}, base=None)
    assert patient.cycles[0].measurements.scans[0].value == 80.0
    assert patient.with_prior("renal-function").therapy.prior == "renal-function"
