"""Cohorts: doses equal those of a plan, bad rows are rejected, no row is lost or doubled."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cohort_tables import EXAMPLES, HEADER, read, snmmi, synthetic, write
from typer.testing import CliRunner

import dosimetry
from dosimetry.cli.program import app
from dosimetry.population.cohort.run import run_cohort
from dosimetry.problems import InputError

pytestmark = pytest.mark.slow

PATIENT_FILES = sorted(EXAMPLES.glob("*.yaml"))


def number(text):
    return float(text) if text else None


def alike(one, other):
    if one is None or other is None:
        return one is other
    return one == pytest.approx(other, rel=1e-12)


def assert_equals_plan(doses, limits, patient):
    """Compare one patient's rows with ``dosimetry plan`` on its own."""
    plan = dosimetry.plan(patient)
    expected = {
        (cycle.number, region.region): region
        for cycle in plan.cycles
        for region in cycle.regions
        if region.basis in ("measured", "partial")
    }
    assert {(int(row["cycle"]), row["region"]) for row in doses} == set(expected)
    curves = {(curve.cycle, curve.region): curve for curve in plan.curves}
    for row in doses:
        key = int(row["cycle"]), row["region"]
        region, curve = expected[key], curves.get(key)
        wanted = {
            "absorbed_dose [Gy]": region.absorbed_dose.value,
            "absorbed_dose_sd [Gy]": region.absorbed_dose.sd,
            "bed [Gy]": region.bed.value if region.bed else None,
            "bed_sd [Gy]": region.bed.sd if region.bed else None,
            "tia [MBq*h]": curve.tia.value if curve else None,
            "tia_sd [MBq*h]": curve.tia.sd if curve else None,
            "chi2": curve.chi2 if curve else None,
        }
        for name, value in wanted.items():
            assert alike(number(row[name]), value), (key, name)
        assert row["model"] == (curve.model if curve else "")
        assert row["basis"] == region.basis
    assert [row["limit"] for row in limits] == [flag.limit for flag in plan.flags]
    for row, flag in zip(limits, plan.flags, strict=True):
        assert (row["severity"], row["basis"]) == (flag.severity, flag.basis or "")
        assert alike(number(row["probability"]), flag.probability)
        assert alike(number(row["value [Gy]"]), flag.value.value if flag.value else None)


def examples_table(folder):
    rows = [[dosimetry.read_patient(file).person.id, file] for file in PATIENT_FILES]
    return write(folder / "examples.csv", rows, ["patient_id", "file"])


def of(path, patient):
    return [row for row in read(path) if row["patient_id"] == patient]


def assert_examples_equal_their_plans(output):
    for file in PATIENT_FILES:
        patient = dosimetry.read_patient(file)
        limits = output.with_name(f"{output.stem}.limits.csv")
        assert_equals_plan(of(output, patient.person.id), of(limits, patient.person.id), patient)


def test_cohort_doses_equal_the_doses_of_the_plan(tmp_path):
    output = tmp_path / "out.csv"
    found = run_cohort(examples_table(tmp_path), output)
    assert (found.patients, found.rejected) == (len(PATIENT_FILES), 0)
    assert_examples_equal_their_plans(output)


def test_several_processes_give_the_rows_of_one(tmp_path):
    table = write(tmp_path / "table.csv", synthetic(7))
    run_cohort(table, tmp_path / "one.csv", workers=1, together=2)
    run_cohort(table, tmp_path / "two.csv", workers=2, together=2)
    for name in ("{}.csv", "{}.limits.csv", "{}.csv.rejected.csv"):
        one, two = (tmp_path / name.format(which) for which in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_rows_in_long_form_give_the_doses_of_the_patient_file(tmp_path):
    table = write(tmp_path / "table.csv", snmmi())
    run_cohort(table, tmp_path / "out.csv")
    patient = dosimetry.read_patient(EXAMPLES / "snmmi_patient4.yaml")
    assert_equals_plan(read(tmp_path / "out.csv"), read(tmp_path / "out.limits.csv"), patient)


def test_units_are_read_from_the_header(tmp_path):
    rows = [[*row[:3], row[3] / 1000, *row[4:]] for row in snmmi()]
    header = ["administered [GBq]" if "administered" in name else name for name in HEADER]
    run_cohort(write(tmp_path / "mbq.csv", snmmi()), tmp_path / "one.csv")
    run_cohort(write(tmp_path / "gbq.csv", rows, header), tmp_path / "two.csv")
    for one, two in zip(read(tmp_path / "one.csv"), read(tmp_path / "two.csv"), strict=True):
        assert number(one["absorbed_dose [Gy]"]) == pytest.approx(
            number(two["absorbed_dose [Gy]"]), rel=1e-12
        )


def test_malformed_number_is_refused_in_every_unit(tmp_path):
    """float() reads 1_0 and digits of other scripts, which a canonical unit refuses."""
    for text in ("0_1", "٣"):
        rows = [[*row[:6], text, *row[7:]] for row in synthetic(1, cycles=1)]
        header = [name.replace("activity [MBq]", "activity [GBq]") for name in HEADER]
        run_cohort(write(tmp_path / "table.csv", rows, header), tmp_path / "out.csv")
        rejected = read(tmp_path / "out.csv.rejected.csv")
        assert {row["code"] for row in rejected} == {"not-a-number"}
        assert not read(tmp_path / "out.csv")


def test_parquet_in_and_out_holds_the_same(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    table = write(tmp_path / "table.csv", synthetic(3))
    frame = pandas.read_csv(table)
    frame.to_parquet(tmp_path / "table.parquet")
    run_cohort(table, tmp_path / "one.csv", together=2)
    run_cohort(tmp_path / "table.parquet", tmp_path / "two.parquet", together=2)
    for one, two in (("one.csv", "two.parquet"), ("one.limits.csv", "two.limits.parquet")):
        pandas.testing.assert_frame_equal(
            pandas.read_csv(tmp_path / one),
            pandas.read_parquet(tmp_path / two),
            check_dtype=False,
            rtol=1e-15,
        )


@pytest.mark.parametrize("name", ['a "b", c', "Zoë, née Ünal", " a "])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_quoted_patient_id_is_read(tmp_path, kind, name):
    pandas = pytest.importorskip("pandas")
    table = tmp_path / f"table.{kind}"
    write(tmp_path / "table.csv", [[name, *row[1:]] for row in synthetic(1, cycles=1)])
    if kind == "parquet":
        with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as stream:
            pandas.DataFrame(csv.DictReader(stream)).to_parquet(table)
    found = run_cohort(table, tmp_path / "out.parquet")
    assert found.rejected == 0
    assert set(pandas.read_parquet(tmp_path / "out.parquet")["patient_id"]) == {name.strip()}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_id_of_two_lines_is_rejected_and_the_rest_is_read(tmp_path, kind, end):
    pandas = pytest.importorskip("pandas")
    table = tmp_path / f"table.{kind}"
    rows = synthetic(2, cycles=1)
    write(tmp_path / "table.csv", [[f"a{end}b", *row[1:]] for row in rows[:16]] + rows[16:])
    if kind == "parquet":
        with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as stream:
            pandas.DataFrame(csv.DictReader(stream)).to_parquet(table)
    run_cohort(table, tmp_path / "out.csv")
    lines = [int(row["line"]) for row in read(tmp_path / "out.csv.rejected.csv")]
    # a record of CSV is named by the last of its lines, one of Parquet by its number after 1
    assert lines == ([*range(3, 35, 2)] if kind == "csv" else [*range(2, 18)])
    assert {row["patient_id"] for row in read(tmp_path / "out.csv")} == {"P00001"}


def test_parquet_row_has_the_length_limit_of_a_csv_line(tmp_path):
    pandas = pytest.importorskip("pandas")
    rows = synthetic(1, cycles=1)
    rows[3][9] = "x" * 200_000
    pandas.DataFrame([[str(cell) for cell in row] for row in rows], columns=HEADER).to_parquet(
        tmp_path / "table.parquet"
    )
    with pytest.raises(InputError) as caught:
        run_cohort(tmp_path / "table.parquet", tmp_path / "out.csv")
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == ("line-too-long", "table.parquet:5")


BAD = {
    "activity": ("not-a-number", 6, "ten"),
    "negative": ("not-positive", 6, -4.0),
    "region": ("unknown-region", 4, "kidny_left"),
    "time": ("out-of-range", 5, 1e6),
    "cycle": ("out-of-range", 2, "first"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_row_rejects_only_its_own_curve(tmp_path, kind):
    code, column, value = BAD[kind]
    rows = synthetic(3, cycles=1)
    good = synthetic(3, cycles=1)
    rows[25][column] = value  # second row of the second patient's liver
    run_cohort(write(tmp_path / "good.csv", good), tmp_path / "all.csv")
    found = run_cohort(write(tmp_path / "bad.csv", rows), tmp_path / "out.csv")
    rejected = read(tmp_path / "out.csv.rejected.csv")
    assert found.rejected == len(rejected) > 0
    assert code in {row["code"] for row in rejected}
    assert "27" in {row["line"] for row in rejected}  # the header is line 1
    kept = {(row["patient_id"], row["region"]): row for row in read(tmp_path / "out.csv")}
    for row in read(tmp_path / "all.csv"):
        if row["patient_id"] != "P00001":
            assert kept[row["patient_id"], row["region"]] == row
    if kind not in ("region", "cycle"):  # there the curve's other rows are still a curve
        assert "P00001" in {patient for patient, _ in kept}
        assert {row["region"] for row in rejected} == {"liver"}
        assert len(rejected) == 4


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda row: row.__setitem__(1, "unknown"), "unknown-word"),
        (lambda row: row.__setitem__(3, -5), "not-positive"),
        (lambda row: row.__setitem__(2, 3), "cycle-missing"),
        (lambda row: row.__setitem__(3, "7.4 h/h *"), "not-a-number"),  # times MBq, if pasted
        (lambda row: row.__setitem__(8, "1 k"), "not-a-number"),  # of 1 g, if pasted
    ],
)
def test_unreadable_patient_is_rejected_completely(tmp_path, change, code):
    rows = synthetic(2, cycles=1)
    for row in rows[:16]:
        change(row)
    found = run_cohort(write(tmp_path / "table.csv", rows), tmp_path / "out.csv")
    rejected = read(tmp_path / "out.csv.rejected.csv")
    assert found.rejected == len(rejected) == 16
    assert {row["patient_id"] for row in read(tmp_path / "out.csv")} == {"P00001"}
    assert {row["code"] for row in rejected} == {code}


def test_patient_in_two_places_is_not_computed_twice(tmp_path):
    rows = synthetic(3, cycles=1)
    table = write(tmp_path / "table.csv", [*rows, *rows[:16]])
    found = run_cohort(table, tmp_path / "out.csv", together=2)
    assert found.rejected == 16
    keys = [(row["patient_id"], row["region"]) for row in read(tmp_path / "out.csv")]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ([*HEADER[:-1], "modle"], "unknown-column"),
        (["patient_id", *HEADER[2:]], "missing-column"),
        ([name.replace(" [h]", "") for name in HEADER], "no-unit"),
        ([name.replace("[h]", "[Gy]") for name in HEADER], "wrong-dimension"),
    ],
)
def test_unknown_header_is_refused(tmp_path, header, code):
    with pytest.raises(InputError) as caught:
        run_cohort(write(tmp_path / "table.csv", snmmi(), header), tmp_path / "out.csv")
    assert code in {problem.code for problem in caught.value.problems}


def command(*arguments):
    program = Path(sys.executable).with_name("dosimetry")
    return [str(program), "cohort", *map(str, arguments)]


def interruptible(program):
    """Return a command that heeds SIGINT, which a shell's background jobs are started without."""
    heed = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    return [sys.executable, "-c", heed, *program]


def wait_for_parts(folder, count, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if len(list(folder.glob("part-*[0-9]"))) >= count:
            return
        time.sleep(0.01)
    raise AssertionError(f"no {count} parts in {folder}")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """Return a folder with a table of 700 patients and the results of a run to its end."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    write(folder / "table.csv", synthetic(700, cycles=1, regions=("spleen", "liver")))
    run_cohort(folder / "table.csv", folder / "whole.csv")
    return folder


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_resumed_run_neither_loses_nor_doubles_rows(tmp_path, uninterrupted, sign):
    table = uninterrupted / "table.csv"
    output = tmp_path / "out.csv"
    running = subprocess.Popen(
        interruptible(command(table, "-o", output)), stderr=subprocess.DEVNULL
    )
    wait_for_parts(tmp_path / ".out.csv.parts", 1)
    running.send_signal(sign)
    code = running.wait(60)
    assert code == (130 if sign == signal.SIGINT else -signal.SIGKILL)
    assert not output.exists()
    refused = subprocess.run(
        command(table, "-o", output), capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "--resume" in refused.stderr
    again = subprocess.run(
        command(table, "-o", output, "--resume"), capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    for name in ("{}.csv", "{}.limits.csv"):
        one, two = uninterrupted / name.format("whole"), tmp_path / name.format("out")
        assert one.read_bytes() == two.read_bytes()
    assert not (tmp_path / ".out.csv.parts").exists()


def test_a_run_of_another_input_is_not_resumed(tmp_path):
    table = write(tmp_path / "table.csv", synthetic(1, cycles=1))
    folder = tmp_path / ".out.csv.parts"
    folder.mkdir()
    (folder / "job.json").write_text('{"input": "other"}')
    with pytest.raises(InputError) as caught:
        run_cohort(table, tmp_path / "out.csv", resume=True)
    assert caught.value.problems[0].code == "job-of-another-input"


def test_command_reports_the_number_of_rejected_rows(tmp_path):
    rows = synthetic(2, cycles=1)
    rows[8][6] = "none"  # the liver
    table = write(tmp_path / "table.csv", rows)
    found = CliRunner().invoke(app, ["cohort", str(table), "-o", str(tmp_path / "out.csv")])
    assert found.exit_code == 1
    assert "rows rejected: 4" in found.stderr
    fine = write(tmp_path / "fine.csv", synthetic(2, cycles=1))
    found = CliRunner().invoke(app, ["cohort", str(fine), "-o", str(tmp_path / "fine_out.csv")])
    assert found.exit_code == 0
    assert "rows rejected: 0" in found.stderr


def test_the_schema_names_every_column_of_the_table():
    found = CliRunner().invoke(app, ["schema", "cohort"])
    assert found.exit_code == 0
    assert {f'"name": "{name}"' in found.stdout for name in HEADER} == {True}


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_full_disk_leaves_no_partial_file_and_run_resumes(tmp_path):
    table = write(tmp_path / "table.csv", synthetic(600, cycles=1))
    run_cohort(table, tmp_path / "whole.csv")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", disk], check=False
    )
    if mounted.returncode:
        pytest.skip("no tmpfs may be mounted here")
    try:
        output = disk / "out.csv"
        with pytest.raises(InputError) as caught:
            run_cohort(table, output)
        assert caught.value.problems[0].code == "unwritable-file"
        assert not list(disk.glob("out*"))
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        found = run_cohort(table, output, resume=True)
        assert found.rejected == 0
        assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()
        with output.open(newline="") as stream:
            assert len(list(csv.reader(stream))) == found.doses + 1
    finally:
        subprocess.run(["umount", disk], check=True)


NO_CSV = {  # what stands behind the last row, and the first of its lines that tells
    "not-csv": ('"' + ("x" * 9_000 + "\n") * 20, 15),  # a cell has at most 131,072 characters
    "line-too-long": ("," * 100_000 + "\n", 1),
}


@pytest.mark.parametrize("code", NO_CSV)
def test_table_that_is_not_csv_is_refused(tmp_path, code):
    text, line = NO_CSV[code]
    table = write(tmp_path / "table.csv", snmmi())
    with table.open("a", encoding="utf-8") as stream:
        stream.write(text)
    with pytest.raises(InputError) as caught:
        run_cohort(table, tmp_path / "out.csv")
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.place == f"table.csv:{len(snmmi()) + 1 + line}"
    assert not (tmp_path / "out.csv").exists()


def test_line_that_is_not_utf_8_is_rejected_alone(tmp_path):
    table = write(tmp_path / "table.csv", synthetic(2, cycles=1))
    raw = table.read_bytes().splitlines(keepends=True)
    raw[1:17] = [line.replace(b"P00000", b"M\xfcller") for line in raw[1:17]]
    table.write_bytes(b"".join(raw))
    found = run_cohort(table, tmp_path / "out.csv")
    rejected = read(tmp_path / "out.csv.rejected.csv")
    assert found.rejected == len(rejected) == 16
    assert {row["code"] for row in rejected} == {"not-utf-8"}
    assert {row["patient_id"] for row in read(tmp_path / "out.csv")} == {"P00001"}


def test_rejected_rows_have_their_line_number(tmp_path):
    rows = synthetic(2, cycles=1)
    rows[25][6] = "none"  # the liver of the second patient
    table = write(tmp_path / "table.csv", rows)
    lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([lines[0], "", "", *lines[1:]]), encoding="utf-8")
    run_cohort(table, tmp_path / "out.csv")
    found = [int(row["line"]) for row in read(tmp_path / "out.csv.rejected.csv")]
    assert found == [28, 29, 30, 31]  # row 25 of the liver's 24 to 27, four lines further down


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_patient_id_is_not_a_formula_in_a_spreadsheet(tmp_path, sign):
    rows = [[f"{sign}1+2", *row[1:]] for row in synthetic(1, cycles=1)]
    table = write(tmp_path / "table.csv", rows)
    run_cohort(table, tmp_path / "out.csv")
    for name in ("out.csv", "out.limits.csv"):
        assert {row["patient_id"] for row in read(tmp_path / name)} == {f"'{sign}1+2"}
    run_cohort(table, tmp_path / "out.parquet")
    pandas = pytest.importorskip("pandas")
    assert set(pandas.read_parquet(tmp_path / "out.parquet")["patient_id"]) == {f"{sign}1+2"}


def test_refused_table_leaves_no_file_and_is_refused_again(tmp_path):
    table = write(tmp_path / "table.csv", synthetic(3, cycles=1))
    with table.open("a", encoding="utf-8") as stream:
        stream.write("x" * 200_000 + ",male,1\n")
    for _ in range(2):
        with pytest.raises(InputError) as caught:
            run_cohort(table, tmp_path / "out.csv", together=1)
        assert caught.value.problems[0].code == "line-too-long"
        assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
