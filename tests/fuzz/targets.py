"""Fuzz targets: each reader takes bytes and either reads them or raises an InputError.

A share of the inputs that are read (``deep``) is also checked and planned. Every other exception, a
numpy warning or a number in a plan that is not finite is a failure.
"""

import json
import math
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import yaml

import dosimetry
from dosimetry.cli.decay_query import describe_decay
from dosimetry.cycle.curves_of_file import fit_file
from dosimetry.cycle.fit_options import FitOptions
from dosimetry.intake.interpret import interpret
from dosimetry.intake.workbook import read_book
from dosimetry.number_texts import parse_number
from dosimetry.patient.laboratory import read_lab
from dosimetry.patient.measurements.scan import Scan
from dosimetry.patient.read import read_patient
from dosimetry.patient.values import read_moment
from dosimetry.planning.check import check
from dosimetry.planning.verify import verify as verify_plan
from dosimetry.population.cohort.run import run_cohort
from dosimetry.problems import InputError, printable
from dosimetry.units import conversion, parse_quantity

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SAME_KIND = (("g", "kg", 1e3), ("h", "year", 8766.0))
UNITS = ("MBq", "h", "year", "g", "kg", "Gy/GBq", "1", "1e9/L")
PATIENT = """\
patient: {id: F-1, sex: male, weight: 80 kg, hematocrit: 0.41}
therapy: {regimen: netter-1}
cycles:
  - {administered: 7.4 GBq, at: 2026-01-12T09:30, %s: [scans.csv]}
"""
LABORATORY = """\
patient: {id: F-1, sex: female, age: 60 y, weight: 150 lb}
therapy: {regimen: netter-1}
cycles:
  - {administered: 7.4 GBq, at: 2026-01-12}
labs: labs.csv
"""
WITH_PRIOR = b"""\
patient: {id: F-2, sex: male}
therapy: {regimen: netter-1, prior: doses.csv}
"""

# What the workbooks of the corpus do not state.
MAP = {
    "decay_corrected_to": "none",
    "numbers": "decimal-comma",
    "dates": "day-first",
    "hidden": "use",
    "blanks": "as-above",
    "patient": {"age": "64 year"},
    "therapy": {"radiopharmaceutical": "177Lu-DOTATATE", "regimen": "netter-1"},
}


def run(name: str, data: bytes, folder: Path, deep: bool = True) -> bool:
    """Give an input to a target; tell whether it was read, and False where it was refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            TARGETS[name](data, folder, deep)
        except InputError as error:
            refused = error
        else:
            return True
    assert refused.problems
    assert all(problem.code and problem.message for problem in refused.problems)
    printable(f"{refused}").encode()
    return False


def prepare(folder: Path) -> None:
    """Put beside the inputs what they name: the measurements of the examples."""
    for path in EXAMPLES.iterdir():
        shutil.copy(path, folder)


def _tries(read, *arguments):
    """Return what is read, None where it is refused."""
    try:
        return read(*arguments)
    except InputError:
        return None


def units(data: bytes, folder: Path, deep: bool) -> None:
    """Texts of quantities, numbers, units, laboratory values and dates."""
    text = data.decode("utf-8", "surrogateescape")
    found = {unit: _tries(parse_quantity, text, unit) for unit in UNITS}
    found["number"] = _tries(parse_number, text)
    found |= {f"in {unit}": _tries(conversion, text, unit) for unit in ("MBq", "h", "1e9/L")}
    assert all(math.isfinite(value) for value in found.values() if value is not None)
    for small, large, factor in SAME_KIND:
        one, other = found[small], found[large]
        if None not in (one, other) and 1e-290 < abs(one) < 1e290:
            assert math.isclose(one, other * factor, rel_tol=1e-12)
    _tries(read_lab, "creatinine", text)
    _tries(read_moment, text)
    first, _, second = text.partition(";")
    for after, to in ((second, None), (None, second)) if second else ():
        said = _tries(describe_decay, first, after, to, "Lu-177")
        assert said is None or not {"inf", "nan"} & set(said.split())


def patient_yaml(data: bytes, folder: Path, deep: bool) -> None:
    """A patient file in YAML."""
    _patient(folder / "patient.yaml", data, deep)


def patient_json(data: bytes, folder: Path, deep: bool) -> None:
    """A patient file in JSON."""
    _patient(folder / "patient.json", data, deep)


def _patient(path: Path, data: bytes, deep: bool) -> None:
    path.write_bytes(data)
    patient = read_patient(path)
    if deep:  # a check plans too: each input gets one of the two
        document = check(path) if len(data) % 2 else dosimetry.plan(patient)
        json.loads(document.to_json(), parse_constant=_refuse_constant)


def _refuse_constant(word: str) -> None:
    raise AssertionError(f"{word} in a document")


def measurements(data: bytes, folder: Path, deep: bool) -> None:
    """Measurements of a cycle, and blood samples, as CSV."""
    (folder / "scans.csv").write_bytes(data)
    kind = "measurements" if b"region" in data else "blood"
    path = folder / "patient.yaml"
    _patient(path, (PATIENT % kind).encode(), deep)
    patient = read_patient(path)
    again = dosimetry.Patient.from_dict(patient.to_dict())
    assert _scans(again, kind) == _scans(patient, kind)
    if deep and kind == "measurements":
        options = FitOptions("7.4 GBq", models=(), injected_at="2026-01-12T09:30", weight="80 kg")
        fit_file(folder / "scans.csv", options)


def _scans(patient: dosimetry.Patient, kind: str) -> list[Scan]:
    """Return the scans of the one cycle, without where they stand."""
    scans = getattr(patient.cycles[0], kind).scans
    return [replace(scan, place="") for scan in scans]


def labs(data: bytes, folder: Path, deep: bool) -> None:
    """A table of laboratory values as CSV; written inline, it reads the same."""
    (folder / "labs.csv").write_bytes(data)
    path = folder / "patient.yaml"
    _patient(path, LABORATORY.encode(), deep)
    patient = read_patient(path)
    assert patient.labs
    assert dosimetry.Patient.from_dict(patient.to_dict()).labs == patient.labs


def prior(data: bytes, folder: Path, deep: bool) -> None:
    """A clinic's own table of doses per activity, as CSV, for a patient not yet measured."""
    (folder / "doses.csv").write_bytes(data)
    _patient(folder / "patient.yaml", WITH_PRIOR, deep)


def cohort(data: bytes, folder: Path, deep: bool) -> None:
    """A table of many patients as CSV; what is refused of it stands in a table of its own."""
    path, output = folder / "cohort.csv", folder / "doses.csv"
    path.write_bytes(data)
    shutil.rmtree(folder / ".doses.csv.parts", ignore_errors=True)
    run_cohort(path, output, workers=1)
    for name in ("doses.csv", "doses.limits.csv"):
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        cells = {cell for line in lines for cell in line.split(",")[2:]}
        assert not {"nan", "inf", "-inf"} & cells


def verify(data: bytes, folder: Path, deep: bool) -> None:
    """Read a plan as JSON and verify it; without ``deep`` only where it is not a plan."""
    path = folder / "plan.json"
    path.write_bytes(data)
    verify_plan(path, folder if deep else folder / "nowhere")


def workbook(data: bytes, folder: Path, deep: bool) -> None:
    """A clinic's workbook or table; what is read with the written map again is the same."""
    path = folder / ("clinic.xlsx" if data.startswith(b"PK") else "clinic.csv")
    path.write_bytes(data)
    book = read_book(path)
    result = interpret(book, MAP)
    if result.log.open():
        raise result.log.refusal()
    for name, text in result.files.items():
        if name.endswith(".csv"):
            cells = {cell for line in text.splitlines()[1:] for cell in line.split(",")}
            assert not {"nan", "inf", "-inf"} & cells
    if deep:
        again = interpret(book, yaml.load(result.files["map.yaml"], yaml.BaseLoader))
        assert not again.log.open(), again.log.refusal()
        assert again.files == result.files


TARGETS = {
    target.__name__: target
    for target in (
        *(units, patient_yaml, patient_json, measurements, labs, prior, cohort, verify),
        workbook,
    )
}
