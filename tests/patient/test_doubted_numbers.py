"""Numbers that can be misread: thousands, recovery coefficients, impossible activities."""

import pytest
from sample_patients import cycle, planned, washout

import dosimetry
from dosimetry import InputError, Patient
from dosimetry.cycle.curves_of_file import fit_file
from dosimetry.cycle.fit_options import FitOptions
from dosimetry.number_texts import readings, separated_cure
from dosimetry.patient.measurements.read import read_measurements
from dosimetry.population.cohort.run import run_cohort

HEADER = "region,time [h],activity [kBq]\n"
SEMI = HEADER.replace(",", ";")


def fitted(tmp_path, text):
    (tmp_path / "c.csv").write_text(text)
    return fit_file(tmp_path / "c.csv", FitOptions("7.2 GBq")).curves


def refused(tmp_path, text):
    with pytest.raises(InputError) as caught:
        fitted(tmp_path, text)
    return caught.value.problems


# --- separators of thousands --------------------------------------------------------------------


def test_a_point_before_three_digits_is_ambiguous(tmp_path):
    # German Excel: 196.000 is 196000, in the same file a decimal point would make it 196
    problems = refused(tmp_path, f"{SEMI}kidneys;4;196.000\nkidneys;24;150.000\n")
    assert [(p.code, p.place) for p in problems] == [
        ("ambiguous-number", f"c.csv:{line}: activity [kBq]") for line in (2, 3)
    ]
    assert problems[0].message == "'196.000' can be 196000 or 196"
    assert problems[0].cure.startswith("write 196000 or 196,")


def test_plan_refuses_an_ambiguous_number(tmp_path):
    (tmp_path / "c.csv").write_text(f"{SEMI}kidneys;4;196.000\nkidneys;24;150.000\n")
    data = {
        "patient": {"id": "T-1", "sex": "male"},
        "therapy": {"regimen": "netter-1"},
        "cycles": [{"administered": "7.2 GBq", "at": "2026-01-12", "measurements": "c.csv"}],
    }
    with pytest.raises(InputError) as caught:
        Patient.from_dict(data, tmp_path)
    assert {p.code for p in caught.value.problems} == {"ambiguous-number"}


@pytest.mark.parametrize(
    "rows",
    [
        "kidneys;4;196,000\nkidneys;24;150,000\n",  # nothing shows that commas are decimal
        "kidneys;4.5;196,000\nkidneys;24;150,000\n",  # points are
    ],
)
def test_a_comma_before_three_digits_needs_evidence(tmp_path, rows):
    problems = refused(tmp_path, SEMI + rows)
    assert {p.code for p in problems} == {"ambiguous-number"}


@pytest.mark.parametrize(
    ("rows", "first"),  # in MBq; the file is in kBq
    [
        ("kidneys;4,5;196,000\nkidneys;24;150,000\n", 0.196),  # 4,5 shows that commas are decimal
        ("kidneys;4;196,5\nkidneys;24;150,25\n", 0.1965),
        ("kidneys;4;196.5\nkidneys;24;150.2500\n", 0.1965),
        ("kidneys;4;0.850\nkidneys;24;0.750\n", 0.00085),  # no number begins with 0 thousands
        ("kidneys;4;196000\nkidneys;24;150000\n", 196.0),
    ],
)
def test_unambiguous_number_is_read(tmp_path, rows, first):
    (tmp_path / "c.csv").write_text(SEMI + rows)
    assert read_measurements("c.csv", tmp_path).scans[0].value == pytest.approx(first)


@pytest.mark.parametrize(
    ("row", "written"),
    [
        ("kidneys;4;196.000,5", "'196000.5'"),
        ("kidneys;4;1.196.000", "'1196000'"),
        ("kidneys;4;196 000", "'196000'"),
        ("kidneys;4;196\u2019000", "'196000'"),
    ],
)
def test_certain_thousands_get_the_right_spelling(tmp_path, row, written):
    (problem,) = refused(tmp_path, f"{SEMI}{row}\nkidneys;24;1\n")
    assert problem.code == "not-a-number"
    assert written in problem.cure


def test_between_commas_both_readings_are_named(tmp_path):
    first, second = refused(tmp_path, f'{HEADER}kidneys,4,"98,100.5"\nkidneys,24,"75,200"\n')
    assert "write '98100.5'" in first.cure
    assert "98.100.5" not in first.cure  # which is not a number
    assert "'75200' or '75.200'" in second.cure


def test_cohort_refuses_thousands_separators(tmp_path):
    (tmp_path / "t.csv").write_text(
        "patient_id,sex,cycle,administered [MBq],region,time [h],activity [MBq]\n"
        'P-1,male,1,7400,kidneys,4,"75,200"\nP-1,male,1,7400,kidneys,24,50\n'
    )
    found = run_cohort(tmp_path / "t.csv", tmp_path / "out.csv", workers=1)
    assert (found.doses, found.rejected) == (0, 2)
    assert "75200' or '75.200" in (tmp_path / "out.csv.rejected.csv").read_text()


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("1,234,567", ("1234567",)),
        ("1.234.567,8", ("1234567.8",)),
        ("12345.678", ("12345.678",)),
        ("0,850", ("0.850",)),
        ("1,2,3", ()),
        ("1.234,567.8", ()),
        ("-7,400", ("-7400", "-7.400")),
    ],
)
def test_the_readings_of_a_number(number, found):
    assert readings(number) == found
    assert bool(separated_cure(number)) is bool(found)


# --- recovery -----------------------------------------------------------------------------------


def test_recovery_above_one_draws_a_warning_in_a_plan():
    # 1/1.25 = 0.8: the activity is a fifth smaller
    plan = planned(cycle(washout("liver", 4000.0, recovery="1.25")))
    (warning,) = [one for one in plan.warnings if one.code == "recovery-above-one"]
    assert warning.place == "cycles[0] liver"
    assert "1.25 lowers the activity by 20 %" in warning.message
    assert "inverse" in warning.cure


def test_recovery_above_one_draws_a_warning_in_a_fit(tmp_path):
    text = "region,time [h],activity [MBq],recovery\nliver,4,80,1.25\nliver,24,60,0.9\n"
    (curve,) = fitted(tmp_path, text)
    (warning,) = [one for one in curve.warnings if one.code == "recovery-above-one"]
    assert "(c.csv:2)" in warning.message


def test_recovery_above_one_of_one_scan_draws_a_warning():
    plan = planned(cycle(washout("liver", 4000.0, times=(24.0,), recovery="1.25")))
    assert "recovery-above-one" in [one.code for one in plan.warnings]


def test_recovery_of_one_draws_no_warning():
    plan = planned(cycle(washout("liver", 4000.0, recovery="1")))
    assert "recovery-above-one" not in [one.code for one in plan.warnings]


# --- more than was given ------------------------------------------------------------------------


def test_excess_activity_names_regions_and_lines(tmp_path):
    # 5000 + 4000 MBq at 4 h of 7200 x 2^(-4/159.528) = 7076 MBq
    rows = "kidney_left,4,5000\nkidney_right,4,4000\nkidney_left,24,5\nkidney_right,24,4\n"
    (tmp_path / "c.csv").write_text(f"region,time [h],activity [MBq]\n{rows}")
    given = {"administered": "7.2 GBq", "at": "2026-01-12", "measurements": "c.csv"}
    with pytest.raises(InputError) as caught:
        Patient.from_dict(
            {
                "patient": {"id": "T-1", "sex": "male"},
                "therapy": {"regimen": "netter-1"},
                "cycles": [given],
            },
            tmp_path,
        )
    (problem,) = caught.value.problems
    assert problem.code == "more-than-administered"
    assert "only 7076 MBq of the 7200 MBq" in problem.message
    assert "left kidney 5000, c.csv:2; right kidney 4000, c.csv:3" in problem.message


def test_curve_with_excess_activity_names_its_lines(tmp_path):
    # 80 GBq at 4 h and as much a day later, of 7.2 GBq
    text = "region,time [h],activity [GBq]\nspleen,4,80\nspleen,24,79.9\n"
    (problem,) = refused(tmp_path, text)
    assert problem.code == "more-than-administered"
    assert problem.message.startswith("spleen: ")
    assert problem.message.endswith("(c.csv:2, 3)")


def test_fit_refuses_a_model_or_nuclide_of_another_type():
    for model, nuclide in ((None, "Lu-177"), ("auto", None), (["auto"], "Lu-177")):
        with pytest.raises(InputError) as caught:
            dosimetry.fit([4, 24], [80, 60], model=model, nuclide=nuclide)
        assert caught.value.problems[0].code == "wrong-type"
