"""Times of scans as date and time of day, less the injection."""

import datetime as dt

import pytest

from dosimetry import InputError
from dosimetry.patient.measurements.read import read_measurements
from dosimetry.patient.measurements.rows import Context
from dosimetry.patient.patient import Patient
from dosimetry.patient.written import written

INJECTION = "2026-01-12T09:30"
HOURS = [4.0, 24.25, 96.5]  # 13:30 on the day, 09:45 the day after, 10:00 four days after
AT = ["2026-01-12T13:30", "2026-01-13T09:45", "2026-01-16T10:00"]
CLOCK = ["13:30", "9:45", "10:00:00"]
ACTIVITIES = [196.0, 150.0, 60.0]


def patient(folder, header, cells, injection=INJECTION, **more):
    rows = [f"kidneys,{cell},{a}\n" for cell, a in zip(cells, ACTIVITIES, strict=True)]
    (folder / "m.csv").write_text(f"region,{header},activity [MBq]\n{''.join(rows)}")
    return Patient.from_dict(data(injection, "m.csv", **more), folder)


def data(injection, measurements, **more):
    cycle = {"administered": "7.2 GBq", "at": injection, "measurements": measurements, **more}
    return {
        "patient": {"id": "T-1", "sex": "male"},
        "therapy": {"regimen": "netter-1"},
        "cycles": [cycle],
    }


def times(read):
    return [scan.time for scan in read.cycles[0].measurements.scans]


def refused(folder, header, cells, injection=INJECTION):
    with pytest.raises(InputError) as caught:
        patient(folder, header, cells, injection)
    return caught.value.problems


def days(clock=CLOCK):
    return [f"{at[:10]},{time}" for at, time in zip(AT, clock, strict=True)]


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("time [h]", HOURS),
        ("at", AT),
        ("At", [at.replace("T", " ") for at in AT]),
        ("at", [f"{at}:00" for at in AT]),
        ("date,clock [h:min]", days()),
        ("Date,Clock", days()),
        ("date,clock (h:min)", days(["13:30:00", "09:45", "10:00"])),
    ],
)
def test_clock_times_less_the_injection_are_hours(tmp_path, header, cells):
    assert times(patient(tmp_path, header, cells)) == HOURS


def test_offsets_are_counted_over_the_change_to_summer_time(tmp_path):
    # Injection at 09:30 in winter time, scan at 10:30 in summer time: 24 h, not 25 h
    read = patient(
        tmp_path,
        "at",
        ["2026-03-29T10:30+02:00", "2026-03-30T10:30+02:00", "2026-03-31T10:30+02:00"],
        "2026-03-28T09:30+01:00",
    )
    assert times(read) == [24.0, 48.0, 72.0]


@pytest.mark.parametrize(
    ("header", "cells", "injection", "code"),
    [
        ("at", AT, "2026-01-12", "no-time-of-injection"),
        ("at", AT, "2026-01-12T09:30+01:00", "no-time-zone"),
        ("at", [f"{at}:00Z" for at in AT], INJECTION, "no-time-zone"),
        ("at", ["2026-01-12T09:00", *AT[1:]], INJECTION, "before-injection"),
        ("at", ["2026-01-12", *AT[1:]], INJECTION, "no-time-of-day"),
        ("at", ["01/02/2026 13:30", *AT[1:]], INJECTION, "not-a-date"),
        ("date,clock", days(["1:30 pm", *CLOCK[1:]]), INJECTION, "not-a-time"),
        ("date,clock", days(["13.30", *CLOCK[1:]]), INJECTION, "not-a-time"),
        ("date,clock", days(["24:10", *CLOCK[1:]]), INJECTION, "not-a-time"),
        ("clock", CLOCK, INJECTION, "missing-column"),
        ("date", [at[:10] for at in AT], INJECTION, "missing-column"),
        ("time [h],at", [f"4,{at}" for at in AT], INJECTION, "time-twice"),
        ("clock [min],date", days(), INJECTION, "wrong-dimension"),
    ],
)
def test_a_time_in_doubt_is_refused(tmp_path, header, cells, injection, code):
    problem = refused(tmp_path, header, cells, injection)[0]
    assert problem.code == code
    assert problem.cure


def test_another_time_of_injection_moves_the_scans(tmp_path):
    read = patient(tmp_path, "at", AT)
    later = read.replace({"cycles[0].at": "2026-01-12T10:00"})
    assert times(later) == [3.5, 23.75, 96.0]
    assert "cycles[0].at" in later.replaced()[1]
    assert later.replaced()[0].input_hashes() == read.input_hashes()


def test_a_time_is_written_as_it_was_read(tmp_path):
    read = patient(tmp_path, "at", AT)
    rows = written(read)["cycles"][0]["measurements"]
    assert [row["at"] for row in rows] == [f"{at}:00" for at in AT]
    assert times(Patient.from_dict(written(read))) == HOURS


def test_a_list_of_scans_may_have_times_of_day():
    rows = [{"region": "kidneys", "at": at, "activity": "5 MBq"} for at in AT]
    context = Context(injection=dt.datetime.fromisoformat(INJECTION))
    assert [scan.time for scan in read_measurements(rows, context=context).scans] == HOURS


def test_times_without_zone_are_said_to_be_of_one_zone(tmp_path):
    import dosimetry

    said = dosimetry.plan(patient(tmp_path, "at", AT)).assumptions
    assert any("without time zone" in line for line in said)


def test_time_zero_is_a_valid_time(tmp_path):
    # Whole-body counts before voiding: all of the activity at 0 h (case 11 of the public reports)
    (tmp_path / "w.csv").write_text(
        "region,time [h],activity [MBq]\ntotal_body,0,7200\ntotal_body,24,2500\n"
        "total_body,72,1000\ntotal_body,168,300\n"
    )
    import dosimetry

    made = dosimetry.plan(Patient.from_dict(data(INJECTION, "w.csv"), tmp_path))
    (curve,) = made.curves
    assert "uptake" not in [model.model for model in curve.models]
    # Between the trapezoid with physical decay after 168 h and without any activity after it:
    # 24*(7200+2500)/2 + 48*(2500+1000)/2 + 96*(1000+300)/2 = 262,800 MBq h is above a convex curve
    assert 150_000 < curve.tia.value < 262_800 + 300 * 159.528 / 0.6931
