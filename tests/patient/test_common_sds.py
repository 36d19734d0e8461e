"""The sd of a volume and of a recovery coefficient, and the calibration by region, as read.

Expected values are the numbers of the inputs in other units.
"""

import dataclasses
import io

import pandas as pd
import pint
import pytest

import dosimetry
from dosimetry import InputError, Patient
from dosimetry.quantities import Amount

HEADER = "region,time [h],activity [MBq]"
ROW = {"region": "liver", "time": "4 h", "activity": "80 MBq"}
FULL = {"volume": "1800 mL", "volume sd": "90 mL", "recovery": "0.8", "recovery sd": "5 %"}
FOREIGN = pint.UnitRegistry()


def document(measurements, **fields):
    given = {"administered": "7.4 GBq", "at": "2026-01-12", "measurements": measurements}
    return {
        "patient": {"id": "T-1", "sex": "male"},
        "therapy": {"regimen": "netter-1"},
        "cycles": [{**given, **fields}],
    }


def of_csv(folder, columns, cells):
    (folder / "c.csv").write_text(f"{HEADER},{columns}\nliver,4,80,{cells}\n", encoding="utf-8")
    return Patient.from_dict(document("c.csv"), folder)


def of_list(**columns):
    return Patient.from_dict(document([{**ROW, **columns}]))


def scan_of(patient):
    return patient.cycles[0].measurements.scans[0]


def sds_of(patient):
    scan = scan_of(patient)
    both = {"volume_sd": scan.volume_sd, "recovery_sd": scan.recovery_sd}
    return {name: sd for name, sd in both.items() if sd is not None}


def refused(function, *arguments, **named):
    with pytest.raises(InputError) as caught:
        function(*arguments, **named)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("columns", "cells", "sds"),
    [
        ("volume [mL],volume sd [mL]", "1800,90", {"volume_sd": 90.0}),
        ("volume [L],volume sd [L]", "1.8,0.09", {"volume_sd": 90.0}),
        ("volume [mL],volume sd [%]", "1800,5", {"volume_sd": 90.0}),  # 5 % of 1800 mL
        ("recovery,recovery sd", "0.8,0.04", {"recovery_sd": 0.04}),
        ("recovery,recovery sd [1]", "0.8,0.04", {"recovery_sd": 0.04}),
        ("recovery,recovery sd [%]", "0.8,5", {"recovery_sd": 0.04}),  # 5 % of 0.8
        ("recovery sd [percent],recovery", "5,0.8", {"recovery_sd": 0.04}),
        ("volume [mL],volume sd [mL],recovery,recovery sd", ",,0.8,", {}),
    ],
)
def test_sd_of_a_csv_has_the_unit_of_its_column(tmp_path, columns, cells, sds):
    assert sds_of(of_csv(tmp_path, columns, cells)) == pytest.approx(sds, rel=1e-12)


@pytest.mark.parametrize(
    ("columns", "sds"),
    [
        ({"volume": "1800 mL", "volume sd": "0.09 L"}, {"volume_sd": 90.0}),
        ({"volume": "1800 mL", "volume sd": "5 %"}, {"volume_sd": 90.0}),
        ({"recovery": 0.8, "recovery sd": 0.04}, {"recovery_sd": 0.04}),
        ({"recovery": "0.8", "recovery sd": "5 %"}, {"recovery_sd": 0.04}),
        ({"recovery": "0.8", "recovery sd": FOREIGN.Quantity(5, "percent")}, {"recovery_sd": 0.04}),
    ],
)
def test_sd_of_a_list_is_absolute_or_in_percent(columns, sds):
    assert sds_of(of_list(**columns)) == pytest.approx(sds, rel=1e-12)


def test_missing_sd_of_a_data_frame_is_none():
    table = pd.read_csv(io.StringIO(f"{HEADER},recovery,recovery sd [%]\nliver,4,80,0.8,\n"))
    assert scan_of(Patient.from_dict(document(table))).recovery_sd is None


@pytest.mark.parametrize(
    ("columns", "cells", "place", "code", "words"),
    [
        ("volume sd [mL]", "90", "c.csv:1", "missing-column", "'volume' is missing"),
        ("recovery sd", "0.04", "c.csv:1", "missing-column", "'recovery' is missing"),
        ("volume [mL],volume sd [%]", ",5", "c.csv:2: volume sd [%]", "missing", "give the volume"),
        ("volume [mL],volume sd", "1800,90", "c.csv:1: volume sd", "no-unit", "volume sd [mL]"),
        ("recovery,recovery sd", "0.8,5", "c.csv:2: recovery sd", "out-of-range", "0.8"),
        ("recovery,recovery sd [%]", "0.8,101", "c.csv:2: recovery sd [%]", "out-of-range", "0.8"),
        ("volume [mL],volume sd [L]", "80,9", "c.csv:2: volume sd [L]", "out-of-range", "80 mL"),
        ("recovery,recovery sd", "0.8,0", "c.csv:2: recovery sd", "not-positive", "'0'"),
        ("recovery,recovery sd [mL]", "0.8,1", "c.csv:1: recovery sd [mL]", "wrong-dimension", ""),
        ("recovry sd", "0.04", "c.csv:1", "unknown-column", "recovery sd"),
    ],
)
def test_impossible_sd_is_refused_with_its_place(tmp_path, columns, cells, place, code, words):
    problem = refused(of_csv, tmp_path, columns, cells)
    assert (problem.place, problem.code) == (place, code)
    assert words in f"{problem}"


def test_sd_of_a_list_without_its_value_is_refused():
    problem = refused(of_list, **{"recovery sd": "5 %"})
    assert (problem.code, problem.place) == ("missing-column", "cycles[0].measurements[0]")


def test_blood_samples_have_a_recovery_but_no_volume():
    sample = {"time": "1 h", "concentration": "300 kBq/mL"}
    read = Patient.from_dict(document([], blood=[{**sample, "recovery": 1, "recovery sd": "2 %"}]))
    assert read.cycles[0].blood.scans[0].recovery_sd == pytest.approx(0.02)
    sized = [{**sample, "volume sd": "1 mL"}]
    assert "unknown-column" in refused(Patient.from_dict, document([], blood=sized)).code


def test_patient_written_out_reads_as_the_same_scan():
    read = of_list(**FULL)
    again = Patient.from_dict(read.to_dict())
    assert scan_of(again).volume_sd == scan_of(read).volume_sd == 90.0
    assert scan_of(again).recovery_sd == scan_of(read).recovery_sd


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"recovery_sd": 5.0}, "recovery sd", "out-of-range"),
        ({"volume": None}, "volume sd", "missing"),
        ({"volume_sd": "90"}, "volume sd", "not-a-number"),
    ],
)
def test_sd_changed_in_memory_is_checked_again(changes, column, code):
    read = of_list(**FULL)
    scans = (dataclasses.replace(scan_of(read), **changes),)
    changed = dataclasses.replace(read.cycles[0].measurements, scans=scans)
    problem = refused(Patient.from_dict, document(changed))
    assert (problem.code, problem.place) == (code, f"cycles[0].measurements[0].{column}")


# --- calibration by region ----------------------------------------------------------------------


def by_region(**given):
    liver = [{**ROW, "time": f"{t} h"} for t in (4, 24, 72)]
    return Patient.from_dict(document(liver, systematic_uncertainty=given))


def test_systematic_uncertainty_may_be_given_by_region():
    read = by_region(liver="8 %")
    assert read.cycles[0].systematic_uncertainty == {"liver": Amount(8.0, "%")}
    assert Patient.from_dict(read.to_dict()).cycles[0].systematic_uncertainty == {
        "liver": Amount(8.0, "%")
    }


@pytest.mark.parametrize(
    ("given", "code", "place"),
    [
        ({"liver": "8 g"}, "wrong-dimension", "liver"),
        ({"liver": "101 %"}, "out-of-range", "liver"),
        ({"livr": "8 %"}, "unknown-region", "livr"),
        ({"spleen": "8 %"}, "systematic-without-curve", "spleen"),
        ({"kidneys": "8 %"}, "systematic-without-curve", "kidneys"),
    ],
)
def test_impossible_systematic_uncertainty_is_refused(given, code, place):
    problem = refused(by_region, **given)
    assert (problem.code, problem.place) == (code, f"cycles[0].systematic_uncertainty.{place}")


def test_regions_without_their_own_are_assumed():
    scans = [{**ROW, "region": r, "time": f"{t} h"} for r in ("liver", "spleen") for t in (4, 24)]
    given = {"liver": "0 %"}
    made = dosimetry.plan(Patient.from_dict(document(scans, systematic_uncertainty=given)))
    lines = [line for line in made.assumptions if "systematic uncertainty" in line]
    assert len(lines) == 2
    assert lines[0].startswith("cycle 1: no systematic uncertainty given for spleen; 10 %")
    assert lines[1].startswith("cycle 1: systematic uncertainty of 0 % given for liver;")
