"""Every kind of bad input, from real files to the message."""

import pytest

import dosimetry
from dosimetry import InputError
from dosimetry.planning.check import check

LIVER = "region,time [h],activity [MBq]\nliver,4,80\nliver,24,60\nliver,72,31\nliver,168,8\n"
HEADER = "region,time [h],activity [MBq]\n"


def patient(*cycles, person="id: T-1, sex: male", therapy="regimen: netter-1", more=""):
    head = f"patient: {{{person}}}\ntherapy: {{{therapy}}}\n{more}"
    return head + ("cycles:\n" + "".join(cycles) if cycles else "")


def cycle(administered="7.4 GBq", at="2026-01-12", more=""):
    return f"  - {{administered: {administered}, at: {at}{more}}}\n"


def scans(*rows):
    """Write the measurements of a cycle as an inline list: region, hours, MBq."""
    entries = ", ".join(f"{{region: {r}, time: {t} h, activity: {a} MBq}}" for r, t, a in rows)
    return f", measurements: [{entries}]"


MEASURED = patient(cycle(more=", measurements: c.csv"))


def write(folder, text, csv=LIVER):
    for name, content in (("p.yaml", text), ("c.csv", csv)):
        if content is not None:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder / "p.yaml"


def planned(folder, text, csv=LIVER):
    return dosimetry.plan(dosimetry.read_patient(write(folder, text, csv)))


def refused(folder, text, csv=LIVER):
    with pytest.raises(InputError) as caught:
        planned(folder, text, csv)
    return caught.value.problems


# What is wrong, code, place, and words that the message and its cure must have.
ERRORS = {
    "activity in units of dose": (
        patient(cycle("7.4 Gy")),
        LIVER,
        ("wrong-dimension", "p.yaml: cycles[0].administered", "'Gy'", "activity", "MBq"),
    ),
    "column of activity in units of time": (
        MEASURED,
        "region,time [h],activity [h]\nliver,4,80\n",
        ("wrong-dimension", "c.csv:1: activity [h]", "'h'", "activity", "MBq"),
    ),
    "a bare number where a unit is needed": (
        patient(cycle("7.4")),
        LIVER,
        ("no-unit", "p.yaml: cycles[0].administered", "'7.4'", "add a unit of activity"),
    ),
    "a column without unit": (
        MEASURED,
        "region,time,activity [MBq]\nliver,4,80\n",
        ("no-unit", "c.csv:1: time", "no unit", "time [h]"),
    ),
    "unknown key": (
        patient(person="id: T-1, sex: male, wieght: 80 kg"),
        LIVER,
        ("unknown-key", "p.yaml: patient.wieght", "'wieght'", "nearest: weight"),
    ),
    "unknown region among the masses": (
        patient(more="masses: {kidney_lft: 150 g}\n"),
        LIVER,
        ("unknown-region", "p.yaml: masses.kidney_lft", "'kidney_lft'", "nearest: kidney_left"),
    ),
    "unknown region in the measurements": (
        MEASURED,
        f"{HEADER}kidney_lft,4,80\n",
        ("unknown-region", "c.csv:2: region", "'kidney_lft'", "nearest: kidney_left"),
    ),
    "a region measured twice at one time": (
        MEASURED,
        f"{HEADER}liver,4,80\nliver,24,60\nliver,4.0,81\n",
        ("measured-twice", "c.csv:4", "liver", "4 h", "c.csv:2", "keep one"),
    ),
    "an empty CSV": (
        MEASURED,
        "",
        ("empty-file", "c.csv:1", "empty", "region,time [h],activity [MBq]"),
    ),
    "a header without scans": (MEASURED, HEADER, ("empty-file", "c.csv:1", "no scan", "add")),
    "a missing column": (
        MEASURED,
        "region,activity [MBq]\nliver,80\n",
        ("missing-column", "c.csv:1", "'time'", "add time [h]"),
    ),
    "a date that is none": (
        patient(cycle(at="12.1.2026")),
        LIVER,
        ("not-a-date", "p.yaml: cycles[0].at", "'12.1.2026'", "YYYY-MM-DD"),
    ),
    "a cycle before the one above it": (
        patient(cycle(at="2026-03-09"), cycle(at="2026-01-12")),
        LIVER,
        ("dates-out-of-order", "p.yaml: cycles[1].at", "2026-03-09", "oldest first"),
    ),
    "two cycles on one day": (
        patient(cycle(at="2026-01-12"), cycle(at="2026-01-12T12:00:00Z")),
        LIVER,
        ("dates-out-of-order", "p.yaml: cycles[1].at", "2026-01-12", "oldest first"),
    ),
    "a time without zone where another has one": (
        patient(cycle(at="2026-01-12T09:30:00"), cycle(at="2026-03-09T09:30:00+01:00")),
        LIVER,
        ("no-time-zone", "p.yaml: cycles[0].at", "zone", "2026-01-12T09:30:00+01:00"),
    ),
    "a time of preparation without zone where the injection has one": (
        patient(
            cycle(
                "{prepared: 7.4 GBq, prepared_at: 2026-01-12T07:30:00}", "2026-01-12T09:30:00+01:00"
            )
        ),
        LIVER,
        ("no-time-zone", "p.yaml: cycles[0].administered.prepared_at", "zone", "+01:00"),
    ),
    "more measured than administered": (
        MEASURED,
        f"{HEADER}liver,4,5000\nspleen,4,3200\nliver,24,3000\nspleen,24,2000\n",
        (
            "more-than-administered",
            "c.csv: activity",
            "8200 MBq",
            "4 h",
            "units of activity and time",
        ),
    ),
    "a patient file that is not UTF-8": (
        MEASURED.replace("T-1", "T-ü").encode("latin-1"),
        LIVER,
        ("not-utf-8", "p.yaml:1", "byte 17", "UTF-8"),
    ),
    "a CSV that is not UTF-8": (
        MEASURED,
        f"{HEADER}löber,4,80\n".encode("latin-1"),
        ("not-utf-8", "c.csv:2", "not UTF-8", "save the file as UTF-8"),
    ),
    "a CSV that is not there": (MEASURED, None, ("no-such-file", "c.csv: file", "no such file")),
    "a patient file over 1 MB": (
        f"# {'x' * 1_000_000}\n{MEASURED}",
        LIVER,
        ("file-too-large", "p.yaml: file", "larger than 1 MB", "right file"),
    ),
    "a CSV over 10 MB": (
        MEASURED,
        LIVER + "\n" * 10_000_000,
        ("file-too-large", "c.csv: file", "larger than 10 MB", "right file"),
    ),
    "duplicate keys": (
        f"{patient()}therapy: {{regimen: netter-1}}\n",
        LIVER,
        ("not-plain-yaml", "p.yaml:3: file", "'therapy'", "line 2", "line 3", "keep one"),
    ),
    "an anchor": (
        patient(person="id: &a T-1, sex: male"),
        LIVER,
        ("not-plain-yaml", "p.yaml:1: file", "anchors", "write the value out"),
    ),
    "a tag": (
        patient(person="id: !!str 12, sex: male"),
        LIVER,
        ("not-plain-yaml", "p.yaml:1: file", "tag", "without it"),
    ),
}


@pytest.mark.parametrize(("text", "csv", "wanted"), ERRORS.values(), ids=ERRORS)
def test_bad_input_names_place_fault_and_cure(tmp_path, text, csv, wanted):
    code, place, *words = wanted
    (problem,) = refused(tmp_path, text, csv)
    assert (problem.code, problem.place) == (code, place)
    assert problem.cure
    assert str(problem).startswith(f"{place}: ")
    for word in words:
        assert word in str(problem)


@pytest.mark.parametrize(("text", "csv", "wanted"), ERRORS.values(), ids=ERRORS)
def test_check_refuses_what_plan_refuses(tmp_path, text, csv, wanted):
    report = check(write(tmp_path, text, csv))
    assert not report.ok
    assert [(p.code, p.place) for p in report.problems] == [wanted[:2]]


def test_missing_patient_file_is_named(tmp_path):
    with pytest.raises(InputError) as caught:
        dosimetry.read_patient(tmp_path / "nobody.yaml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == ("no-such-file", "nobody.yaml: file")


# An impossible number, and the code it gets in a patient file and in a CSV.
IMPOSSIBLE = {
    "-1": ("not-positive", "not-positive"),
    "0": ("not-positive", "not-positive"),
    "nan": ("not-a-quantity", "not-a-number"),
    "inf": ("not-a-quantity", "not-a-number"),
    "1e999": ("not-finite", "not-a-number"),
}


@pytest.mark.parametrize("number", IMPOSSIBLE)
def test_activity_and_mass_must_be_finite_and_positive(tmp_path, number):
    text = patient(cycle(f"{number} GBq"), more=f"masses: {{liver: {number} g}}\n")
    mass, activity = refused(tmp_path, text)
    assert (mass.place, activity.place) == (
        "p.yaml: masses.liver",
        "p.yaml: cycles[0].administered",
    )
    assert {mass.code, activity.code} == {IMPOSSIBLE[number][0]}
    assert f"'{number} GBq'" in activity.message
    assert f"'{number} g'" in mass.message


@pytest.mark.parametrize("number", IMPOSSIBLE)
def test_csv_times_and_activities_must_be_finite_and_positive(tmp_path, number):
    csv = f"{LIVER}liver,{'-2' if number == '0' else number},7\nliver,200,{number}\n"
    time, activity = refused(tmp_path, MEASURED, csv)
    assert (time.place, activity.place) == ("c.csv:6: time [h]", "c.csv:7: activity [MBq]")
    negative = number in ("0", "-1")
    assert time.code == ("before-injection" if negative else "not-a-number")
    assert activity.code == IMPOSSIBLE[number][1]
    if number == "0":
        return
    assert f"'{number}'" in time.message


def test_date_without_time_is_allowed_beside_a_zoned_time(tmp_path):
    text = patient(cycle(at="2026-01-12"), cycle(at="2026-03-09T09:30:00+01:00"))
    plan = planned(tmp_path, text)
    assert [c.at for c in plan.cycles[:2]] == ["2026-01-12", "2026-03-09T09:30:00+01:00"]


def test_measured_sum_may_exceed_the_activity_by_ten_percent(tmp_path):
    # Half of 7400 MBq is left after one half-life, 159.528 h.
    rows = ("liver", 159.528, 2069), ("spleen", 159.528, 2000)  # up to 1.1 * 3700 = 4070
    early = ("liver", 4, 3000), ("spleen", 4, 3000)
    planned(tmp_path, patient(cycle(more=scans(*early, *rows))))
    more = ("liver", 159.528, 2071), ("spleen", 159.528, 2000)
    (problem,) = refused(tmp_path, patient(cycle(more=scans(*early, *more))))
    assert (problem.code, problem.place) == (
        "more-than-administered",
        "p.yaml: cycles[0].measurements",
    )
    assert "3700 MBq" in problem.message


def test_the_whole_body_and_its_parts_are_not_counted_twice(tmp_path):
    body = ("total_body", 4, 7000), ("total_body", 24, 5000), ("total_body", 120, 1000)
    part = ("liver", 4, 3000), ("liver", 24, 2000), ("liver", 120, 500)
    plan = planned(tmp_path, patient(cycle(more=scans(*body, *part))))
    assert {curve.region for curve in plan.curves} == {"total_body", "liver"}


def curve(*points, sd="5 %", more=""):
    entries = ", ".join(
        f"{{region: liver, time: {t} h, activity: {a} MBq, sd: {sd}}}" for t, a in points
    )
    return patient(cycle(more=f", measurements: [{entries}]{more}"))


# Slower than physical decay of 177Lu, and points that no sum of exponentials passes.
PHYSICAL = (24, 90), (72, 74), (168, 50), (340, 24)
BROKEN = (4, 80), (24, 20), (72, 80), (168, 20)
OWN = "regimen: {activity: %s, cycles: 3, interval: %s}"

WARNINGS = {
    "one scan only": (curve((72, 40)), ("one-scan-only", "cycles[0] liver")),
    "clearance at the physical bound": (
        curve(*PHYSICAL),
        ("clearance-at-physical-bound", "cycles[0] liver"),
    ),
    "a fit that is not adequate": (
        curve(*BROKEN, sd="1 %", more=", models: {liver: mono}"),
        ("fit-not-adequate", "cycles[0] liver"),
    ),
    "no fit that is adequate": (curve(*BROKEN, sd="1 %"), ("fit-not-adequate", "cycles[0] liver")),
    "scans that end before two effective half-lives": (
        curve((4, 80), (24, 60), (48, 43)),
        ("scans-end-early", "cycles[0] liver"),
    ),
    "a mass under half of the reference": (
        MEASURED + "masses: {liver: 899 g}\n",
        ("mass-unusual", "cycles[0] liver"),
    ),
    "a mass over double the reference": (
        MEASURED + "masses: {liver: 3601 g}\n",
        ("mass-unusual", "cycles[0] liver"),
    ),
    "an interval under six weeks, to come": (
        patient(therapy=OWN % ("7.4 GBq", "41 d")),
        ("interval-short", "therapy.regimen"),
    ),
    "an interval under six weeks, delivered": (
        patient(cycle(), cycle(at="2026-02-22")),
        ("interval-short", "cycles[1].at"),
    ),
    "more activity than 7.4 GBq + 10 %, to come": (
        patient(therapy=OWN % ("8.15 GBq", "8 week")),
        ("activity-high", "therapy.regimen"),
    ),
    "more activity than 7.4 GBq + 10 %, delivered": (
        patient(cycle("8.15 GBq")),
        ("activity-high", "cycles[0]"),
    ),
}


@pytest.mark.parametrize(("text", "wanted"), WARNINGS.values(), ids=WARNINGS)
def test_doubtful_input_warns_in_the_plan(tmp_path, text, wanted):
    found = [w for w in planned(tmp_path, text).warnings if w.code == wanted[0]]
    assert [w.place for w in found] == [wanted[1]]
    assert all(w.message and w.cure for w in found)


def test_generic_alpha_beta_warns_with_the_regions(tmp_path):
    (warning,) = [w for w in planned(tmp_path, MEASURED).warnings if w.code == "generic-alpha-beta"]
    assert "liver" in warning.message
    assert "3 Gy" in warning.message
    assert warning.cure
    assert warning.place


QUIET = {
    "half of the reference mass": MEASURED + "masses: {liver: 900 g}\n",
    "double the reference mass": MEASURED + "masses: {liver: 3600 g}\n",
    "six weeks": patient(therapy=OWN % ("7.4 GBq", "6 week")),
    "six weeks between delivered cycles": patient(cycle(), cycle(at="2026-02-23")),
    "7.4 GBq + 10 %": patient(cycle("8.14 GBq"), therapy=OWN % ("8.14 GBq", "8 week")),
    "a good curve": MEASURED,
}


@pytest.mark.parametrize("text", QUIET.values(), ids=QUIET)
def test_value_at_the_bound_draws_no_warning(tmp_path, text):
    codes = {w.code for w in planned(tmp_path, text).warnings}
    assert codes <= {"generic-alpha-beta", "label-not-checked"}  # no laboratory values are given
