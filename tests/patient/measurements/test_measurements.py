"""Measurements: CSV file, inline list or DataFrame to scans, curves and masses."""

import io
import time
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_patients import first_dose

import dosimetry
from dosimetry import InputError
from dosimetry.patient.measurements.collect import MOST_PROBLEMS
from dosimetry.patient.measurements.read import LARGEST_FILE, read_measurements
from dosimetry.patient.patient import Patient
from dosimetry.patient.written import written

HEADER = "region,time [h],activity [MBq]\n"
PLAIN = f"{HEADER}liver,4.8,148\nliver,24,111\nliver,72,59.2\nliver,168,14.8\n"
LIVER = ((4.8, 148), (24, 111), (72, 59.2), (168, 14.8))
HALF_LIFE = 159.528  # of 177Lu in h


def document(measurements, **more):
    """Return a patient with 7.4 GBq given in one cycle, and what was measured in it."""
    cycle = {"administered": "7.4 GBq", "at": "2026-01-12", "measurements": measurements, **more}
    return {
        "patient": {"id": "T-1", "sex": "male"},
        "therapy": {"regimen": "netter-1"},
        "cycles": [cycle],
    }


def read(folder, csv, **more):
    (folder / "c.csv").write_bytes(csv if isinstance(csv, bytes) else csv.encode())
    return Patient.from_dict(document("c.csv", **more), folder, source="p.yaml")


def curve(folder, csv, region="liver", **more):
    return first_dose(read(folder, csv, **more)).curves[region]


def refused(folder, csv, **more):
    with pytest.raises(InputError) as caught:
        read(folder, csv, **more)
    assert all(problem.cure for problem in caught.value.problems)
    return caught.value.problems


def scans(patient):
    return patient.cycles[0].measurements.scans


# The same curve, however it is written.


SAME = {
    "byte order mark": PLAIN.encode("utf-8-sig"),
    "CRLF": PLAIN.replace("\n", "\r\n").encode(),
    "no newline at the end": PLAIN.rstrip("\n").encode(),
    "blank lines at the end": f"{PLAIN}\n\n,,\n".encode(),
    "blanks around names": PLAIN.replace(",", " , ").encode(),
    "another order of columns": (
        b"activity [MBq],region,time [h]\n148,liver,4.8\n111,liver,24\n59.2,liver,72\n"
        b"14.8,liver,168\n"
    ),
    "another order of times": f"{HEADER}liver,72,59.2\nliver,4.8,148\nliver,168,14.8\nliver,24,111",
    "semicolons": PLAIN.replace(",", ";"),
    "semicolons with decimal commas": PLAIN.replace(",", ";").replace(".", ","),
    "quoted cells": PLAIN.replace("liver", '"liver"'),
    "time in days": "region,time [d],activity [MBq]\n"
    "liver,0.2,148\nliver,1,111\nliver,3,59.2\nliver,7,14.8\n",
    "activity in kBq": f"{HEADER.replace('MBq', 'kBq')}"
    "liver,4.8,148000\nliver,24,111000\nliver,72,59200\nliver,168,14800\n",
    "activity in mCi": f"{HEADER.replace('MBq', 'mCi')}"
    "liver,4.8,4\nliver,24,3\nliver,72,1.6\nliver,168,0.4\n",
    "activity in percent of the administered": f"{HEADER.replace('MBq', '%IA')}"
    "liver,4.8,2\nliver,24,1.5\nliver,72,0.8\nliver,168,0.2\n",
    "recovery of 0.8": "region,time [h],activity [MBq],recovery\nliver,4.8,118.4,0.8\n"
    "liver,24,88.8,0.8\nliver,72,47.36,0.8\nliver,168,11.84,0.8\n",
    "recovery in percent": "region,time [h],activity [MBq],recovery [%]\nliver,4.8,118.4,80\n"
    "liver,24,88.8,80\nliver,72,47.36,80\nliver,168,11.84,80\n",
    "the default sd written out": "region,time [h],activity [MBq],sd [%]\nliver,4.8,148,10\n"
    "liver,24,111,10\nliver,72,59.2,10\nliver,168,14.8,10\n",
}


@pytest.mark.parametrize("csv", SAME.values(), ids=SAME)
def test_other_spellings_of_the_scans_give_the_same_curve(tmp_path, csv):
    plain, other = curve(tmp_path, PLAIN), curve(tmp_path, csv)
    assert other.time == pytest.approx([t for t, _ in LIVER], rel=1e-12)
    assert other.activity == pytest.approx([a for _, a in LIVER], rel=1e-12)
    assert other.sd == pytest.approx([0.1 * a for _, a in LIVER], rel=1e-9)
    assert other.relative.all()
    assert other.model == plain.model
    assert other.tia.value == pytest.approx(plain.tia.value, rel=1e-9)
    assert other.tia.sd == pytest.approx(plain.tia.sd, rel=1e-6)


def inline(**more):
    return [{"region": "liver", "time": f"{t} h", "activity": f"{a} MBq", **more} for t, a in LIVER]


def test_an_inline_list_gives_the_same_plan_as_the_csv(tmp_path):
    by_csv, by_list = read(tmp_path, PLAIN), Patient.from_dict(document(inline()))
    assert dosimetry.plan(by_list).cumulative == dosimetry.plan(by_csv).cumulative


def test_a_data_frame_gives_the_same_plan_as_the_csv(tmp_path):
    frame = pd.read_csv(io.StringIO(PLAIN))
    by_frame = Patient.from_dict(document(frame))
    assert dosimetry.plan(by_frame).cumulative == dosimetry.plan(read(tmp_path, PLAIN)).cumulative


def test_data_frame_without_volumes_equals_blank_csv_cells(tmp_path):
    csv = (
        "region,time [h],activity [MBq],volume [mL]\nliver,4,80,1700\nliver,24,60,\nliver,96,30,\n"
    )
    by_csv = read(tmp_path, csv)
    assert [scan.volume for scan in scans(by_csv)] == [1700.0, None, None]
    by_frame = Patient.from_dict(document(pd.read_csv(io.StringIO(csv))))
    assert [scan.volume for scan in scans(by_frame)] == [1700.0, None, None]


@pytest.mark.parametrize("missing", [float("nan"), None, pd.NA, pd.NaT], ids=repr)
def test_a_missing_activity_of_a_data_frame_is_left_out(missing):
    columns = {"region": ["liver", "liver"], "time [h]": [4, 24], "activity [MBq]": [80, missing]}
    patient = Patient.from_dict(document(pd.DataFrame(columns, dtype=object)))
    assert [scan.time for scan in scans(patient)] == [4.0]
    (warning,) = [w for w in dosimetry.plan(patient).warnings if w.code == "missing-point"]
    assert warning.place == "cycles[0].measurements[1]"


# Numbers worked out by hand.


def test_sd_in_percent_is_relative_to_the_curve(tmp_path):
    csv = "region,time [h],activity [MBq],sd [%]\nliver,4,80,5\nliver,24,60,10\nliver,96,30,20\n"
    found = curve(tmp_path, csv)
    assert found.sd == pytest.approx([0.05 * 80, 0.1 * 60, 0.2 * 30], rel=1e-12)
    assert found.relative.tolist() == [True] * 3


def test_percent_sd_is_written_as_it_was_read():
    rows = [{"region": "liver", "time": "4.0 h", "activity": "80.7 MBq", "sd": "7.0 %"}]
    read = read_measurements(rows, Path())
    assert (read.scans[0].sd, read.scans[0].relative_sd) == (None, 7.0)
    assert written({"measurements": read})["measurements"] == rows


def test_sd_may_have_another_unit_of_activity_than_the_value(tmp_path):
    csv = "region,time [h],activity [MBq],sd [kBq]\nliver,4,80,4000\nliver,24,60,6000\n"
    assert curve(tmp_path, csv).sd == pytest.approx([4.0, 6.0])


def test_recovery_divides_activity_and_sd(tmp_path):
    csv = (
        "region,time [h],activity [MBq],sd [MBq],recovery\n"
        "tumour_1,4,80,4,0.8\ntumour_1,24,60,6,0.5\n"
    )
    found = curve(tmp_path, csv, "tumour_1")
    assert found.activity == pytest.approx([100.0, 120.0])
    assert found.sd == pytest.approx([5.0, 12.0])


def test_decay_correction_to_the_administration_is_undone(tmp_path):
    # A quarter, half and one half-life: factors 2**-0.25, 2**-0.5 and 1/2.
    csv = HEADER + "".join(f"liver,{n * HALF_LIFE},100\n" for n in (0.25, 0.5, 1))
    found = curve(tmp_path, csv, decay_corrected_to="administration")
    assert found.activity == pytest.approx([84.08964153, 70.71067812, 50.0])
    assert curve(tmp_path, csv, decay_corrected_to="none").activity == pytest.approx([100.0] * 3)


def test_decay_correction_of_percentages_is_undone(tmp_path):
    csv = (
        f"region,time [h],activity [%IA],sd [%]\nliver,{HALF_LIFE / 2},1,10\nliver,{HALF_LIFE},1,10"
    )
    found = curve(tmp_path, csv, decay_corrected_to="administration")
    assert found.activity == pytest.approx([52.32590181, 37.0])  # of 74 MBq
    assert found.sd == pytest.approx([5.232590181, 3.7])


VOLUMES = (
    "region,time [h],activity [MBq],volume [mL]\n"
    "liver,4,80,1800\nliver,24,60,1900\nliver,72,32,2000\nliver,168,8,2300\n"
)


def test_the_mean_volume_gives_the_mass_at_1_05_g_per_ml(tmp_path):
    found = first_dose(read(tmp_path, VOLUMES))
    # Mean of 1800, 1900, 2000 and 2300 mL is 2000 mL: 2100 g.
    assert any("liver: mass 2100 g" in line and "1.05 g/mL" in line for line in found.assumptions)
    weighed = Patient.from_dict({**document("c.csv"), "masses": {"liver": "2100 g"}}, tmp_path)
    assert found.doses["liver"].dose == pytest.approx(first_dose(weighed).doses["liver"].dose)


def test_litres_of_volume_are_a_thousand_millilitres(tmp_path):
    csv = "region,time [h],activity [MBq],volume [L]\nliver,4,80,1.8\nliver,24,60,1.9\n"
    assert [scan.volume for scan in scans(read(tmp_path, csv))] == pytest.approx([1800.0, 1900.0])


def test_mass_of_the_patient_file_overrides_volumes(tmp_path):
    (tmp_path / "c.csv").write_text(VOLUMES)
    given_mass = Patient.from_dict({**document("c.csv"), "masses": {"liver": "1500 g"}}, tmp_path)
    assert not any("mean volume" in line for line in first_dose(given_mass).assumptions)


def test_alias_is_read_as_its_region(tmp_path):
    csv = f"{HEADER}left_kidney,4,80\nkidney_l,24,60\nright_kidney,4,70\nkidney_r,24,50\n"
    assert [scan.region for scan in scans(read(tmp_path, csv))] == ["kidney_left"] * 2 + [
        "kidney_right"
    ] * 2


# What is refused: place, code and words, one problem each.

REFUSED = {
    "too few cells": (f"{HEADER}liver,4\n", "c.csv:2", "wrong-number-of-cells", "2 cells"),
    "too many cells": (
        f"{HEADER}liver,4,8,0\n",
        "c.csv:2",
        "wrong-number-of-cells",
        "decimal comma",
    ),
    "too few cells between semicolons": (
        f"{HEADER}liver,4,80\nliver,24\n".replace(",", ";"),
        "c.csv:3",
        "wrong-number-of-cells",
        "2 cells",
    ),
    "an unknown column": (
        "region,time [h],activity [MBq],recovry\nliver,4,80,1\n",
        "c.csv:1",
        "unknown-column",
        "nearest: recovery",
    ),
    "no region": ("time [h],activity [MBq]\n4,80\n", "c.csv:1", "missing-column", "'region'"),
    "no activity": ("region,time [h]\nliver,4\n", "c.csv:1", "missing-column", "activity [MBq]"),
    "a doubled column": (
        "region,time [h],time [d],activity [MBq]\nliver,24,1,80\n",
        "c.csv:1",
        "column-twice",
        "time",
    ),
    "activity beside concentration": (
        "region,time [h],activity [MBq],concentration [kBq/mL]\nliver,4,80,3\n",
        "c.csv:2",
        "value-twice",
        "keep one of them",
    ),
    "an unknown region": (
        f"{HEADER}livr,4,80\n",
        "c.csv:2: region",
        "unknown-region",
        "nearest: liver",
    ),
    "a region that is irradiated, not measured": (
        f"{HEADER}stomach_wall,4,80\nliver,24,60\n",
        "c.csv:2: region",
        "not-measurable",
        "stomach",
    ),
    "a quoted decimal comma": (
        f'{HEADER}liver,4,"7,4"\n',
        "c.csv:2: activity [MBq]",
        "not-a-number",
        "'7.4'",
    ),
    "a unit in a cell": (f"{HEADER}liver,4 h,80\n", "c.csv:2: time [h]", "not-a-number", "'4 h'"),
    "a blank cell": (f"{HEADER}liver,,80\n", "c.csv:2: time [h]", "not-a-number", "''"),
    "an expression": (f"{HEADER}liver,4,2**9\n", "c.csv:2: activity [MBq]", "not-a-number", "2**9"),
    "too large a time": (
        "region,time [d],activity [MBq]\nliver,1e308,80\n",
        "c.csv:2: time [d]",
        "not-finite",
        "1e308",
    ),
    "a recovery in percent without saying so": (
        "region,time [h],activity [MBq],recovery\nliver,4,80,85\n",
        "c.csv:2: recovery",
        "out-of-range",
        "0.85",
    ),
    "sd in percent of the administered beside MBq": (
        "region,time [h],activity [MBq],sd [%IA]\nliver,4,80,1\n",
        "c.csv:2: sd [%IA]",
        "wrong-dimension",
        "same unit",
    ),
    "an open quote": (f'{HEADER}"liver,4,80\n', "c.csv:2", "not-csv", "quote"),
    "one time twice in other words": (
        f"{HEADER}left_kidney,4,80\nkidney_left,4.00,80\n",
        "c.csv:3",
        "measured-twice",
        "c.csv:2",
    ),
}


@pytest.mark.parametrize(("csv", "place", "code", "words"), REFUSED.values(), ids=REFUSED)
def test_a_csv_is_refused_with_its_line_and_column(tmp_path, csv, place, code, words):
    (problem,) = refused(tmp_path, csv)
    assert (problem.place, problem.code) == (place, code)
    assert words in str(problem)


def test_blank_cells_are_missing_values(tmp_path):
    header = "region,time [h],activity [MBq],sd [MBq],volume [mL],recovery\n"
    found = read(tmp_path, f"{header}liver,4,,8,1800,0.9\nliver,24,60,,,\nliver,72,30,,,\n")
    assert [(s.time, s.sd, s.volume, s.recovery) for s in scans(found)] == [
        (24.0, None, None, 1.0),
        (72.0, None, None, 1.0),
    ]
    (point,) = found.cycles[0].measurements.left_out
    assert (point.region, point.time, point.place) == ("liver", 4.0, "c.csv:2")
    (warning,) = [w for w in dosimetry.plan(found).warnings if w.code == "missing-point"]
    assert warning.place == "c.csv:2"


@pytest.mark.parametrize("column", [2, 3, 4, 5])
@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999", "-3", "0", "", "x"])
def test_every_number_of_a_csv_is_finite_and_positive(tmp_path, column, number):
    cells = ["liver", "4", "80", "8", "1800", "0.9"]
    cells[column] = number
    header = ["region", "time [h]", "activity [MBq]", "sd [MBq]", "volume [mL]", "recovery"]
    csv = f"{','.join(header)}\n{','.join(cells)}\nliver,24,60,6,1800,0.9\n"
    if number == "" or (column == 2 and number in ("-3", "0")):
        return  # a blank cell is a missing value, and an activity with an sd may be below zero
    (problem,) = refused(tmp_path, csv)
    assert problem.place == f"c.csv:2: {header[column]}"
    assert f"'{number}'" in problem.message


def test_a_csv_over_ten_megabytes_is_refused(tmp_path):
    (problem,) = refused(tmp_path, PLAIN.ljust(LARGEST_FILE + 1))
    assert (problem.code, problem.place) == ("file-too-large", "c.csv: file")
    assert "10 MB" in problem.message


def test_all_problems_of_a_csv_are_reported_at_once(tmp_path):
    csv = f"{HEADER}livr,-4,nan\nliver,4,80\nliver,4,x\nliver,24\nliver,4,81\nspleen,-1,3\n"
    assert [problem.place for problem in refused(tmp_path, csv)] == [
        "c.csv:2: region",
        "c.csv:2: time [h]",
        "c.csv:2: activity [MBq]",
        "c.csv:4: activity [MBq]",
        "c.csv:5",
        "c.csv:6",
        "c.csv:7: time [h]",
    ]


def test_very_many_problems_are_cut_short(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path, HEADER + "livr,4,80\n" * 70)
    assert len(caught.value.problems) == MOST_PROBLEMS + 1
    assert caught.value.problems[-1].message == "more problems follow"


WRONG_IN_TEN_MEGABYTES = {
    "rows": (HEADER + "liver,x,y\n" * 990_000, "not-a-number"),
    "regions": (HEADER + "livr,4,80\n" * 990_000, "unknown-region"),
    "short rows": (HEADER + "a\n" * 4_900_000, "wrong-number-of-cells"),
    "columns": ("," * 9_900_000, "missing-column"),
    "names of columns": ("a[h]," * 1_900_000, "too-many-columns"),
    "one cell": (HEADER + "8" * 9_900_000, "not-csv"),
    "scans": (
        HEADER + "".join(f"liver,{1 + i / 100},1\n" for i in range(20_000)),
        "too-many-scans",
    ),
}


@pytest.mark.parametrize(
    ("csv", "code"), WRONG_IN_TEN_MEGABYTES.values(), ids=WRONG_IN_TEN_MEGABYTES
)
def test_ten_megabytes_of_errors_are_refused_within_seconds(tmp_path, csv, code):
    """Reading stops at the problems that are said; to go through all of these takes minutes."""
    began = time.process_time()
    problems = refused(tmp_path, csv)
    assert time.process_time() - began < 5
    assert problems[0].code == code
    assert len(problems) <= MOST_PROBLEMS + 1


def test_problems_of_all_cycles_are_reported_at_once(tmp_path):
    (tmp_path / "c.csv").write_text(f"{HEADER}livr,4,80\n")
    (tmp_path / "d.csv").write_text(f"{HEADER}liver,4,-80\n")
    data = document("c.csv")
    data["cycles"].append({**data["cycles"][0], "at": "2026-03-09", "measurements": "d.csv"})
    data["patient"]["age"] = "64"
    with pytest.raises(InputError) as caught:
        Patient.from_dict(data, tmp_path, source="p.yaml")
    places = [problem.place for problem in caught.value.problems]
    assert places == ["p.yaml: patient.age", "c.csv:2: region", "d.csv:2: activity [MBq]"]


def test_a_text_in_a_list_of_scans_is_the_name_of_a_file():
    with pytest.raises(InputError) as caught:
        Patient.from_dict(document([inline()[1], "liver"]), source="p.yaml")
    (problem,) = caught.value.problems
    assert (problem.place, problem.code) == ("liver: file", "no-such-file")


@pytest.mark.parametrize(
    ("row", "place", "code"),
    [
        ({"time": "4 h", "activity": "80 MBq"}, "", "missing-column"),
        ({"region": "livr", "time": "4 h", "activity": "80 MBq"}, ".region", "unknown-region"),
        ({"region": "liver", "time": 4, "activity": "80 MBq"}, ".time", "no-unit"),
        ({"region": "liver", "time": "4", "activity": "80 MBq"}, ".time", "no-unit"),
        ({"region": "liver", "time": "4 h", "activity": "-8 MBq"}, ".activity", "not-positive"),
        ({"region": "liver", "time": "4 h", "activity": ["8 MBq"]}, ".activity", "no-unit"),
        ({"region": "liver", "time": "4 h", "activity": "80 MBq", "x": "1"}, "", "unknown-column"),
        (7, "", "wrong-type"),
    ],
)
def test_a_row_of_a_list_is_refused_with_its_place(row, place, code):
    with pytest.raises(InputError) as caught:
        Patient.from_dict(document([inline()[1], row]), source="p.yaml")
    (problem,) = caught.value.problems
    assert (problem.place, problem.code) == (f"p.yaml: cycles[0].measurements[1]{place}", code)


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.one_of(
        st.binary(),
        st.text().map(str.encode),
        st.text(st.sampled_from("liver,;[]MBq%hd.0123456789e-+\n\r\"' \ufeff\x00")).map(
            lambda rows: (HEADER + rows).encode()
        ),
    )
)
def test_garbage_as_csv_is_refused_and_nothing_else(tmp_path, content):
    problems = ()
    try:
        dosimetry.plan(read(tmp_path, content))
    except InputError as error:
        problems = error.problems
    assert all(problem.code and problem.place for problem in problems)
