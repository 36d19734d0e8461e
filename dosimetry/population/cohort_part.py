"""One part of a cohort: rows to patients, all their curves fitted together, doses and limits.

The doses are those of ``dosimetry plan``: the same functions, given curves that were fitted by the
same kernel. A curve with a bad row is left out whole: fitted to the rest it would look measured.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dosimetry import reference
from dosimetry.physics.fitting import Task, fit_many
from dosimetry.population.cohort_table import Row
from dosimetry.problems import InputError, Problem, quote, refuse
from dosimetry.therapy import administration, regimen
from dosimetry.therapy.columns import check_range
from dosimetry.therapy.course_doses import course_doses
from dosimetry.therapy.cycle_curves import NUCLIDE
from dosimetry.therapy.cycle_dose import CycleDose, delivered_doses
from dosimetry.therapy.limits import patient_limits, severity
from dosimetry.therapy.patient import Patient
from dosimetry.therapy.patient_file import read_patient
from dosimetry.therapy.region_course import RegionCourse
from dosimetry.therapy.scan_fit import prepared, task_of
from dosimetry.therapy.scheduler import fixed_activities
from dosimetry.therapy.sections import SINGLE
from dosimetry.units import parse_number

DOSE_COLUMNS = (
    *("patient_id", "cycle", "region", "administered [MBq]", "model", "tia [MBq*h]"),
    *("tia_sd [MBq*h]", "effective_half_life [h]", "chi2", "absorbed_dose [Gy]"),
    *("absorbed_dose_sd [Gy]", "bed [Gy]", "bed_sd [Gy]"),
)
LIMIT_COLUMNS = (
    *("patient_id", "limit", "region", "quantity", "limit_value [Gy]", "severity"),
    *("probability", "value [Gy]", "sd [Gy]"),
)
REJECTED_COLUMNS = ("line", "patient_id", "cycle", "region", "code", "reason")
MOST_CYCLES = 99  # a patient with more than a course can have is refused later
FIRST_DAY, INTERVAL = dt.date(2000, 1, 1), dt.timedelta(weeks=8)  # where no dates are given


@dataclass
class PartResult:
    """What came of one part: rows of the three tables, and how many patients it had."""

    doses: list[tuple[Any, ...]] = field(default_factory=list)
    limits: list[tuple[Any, ...]] = field(default_factory=list)
    rejected: list[tuple[Any, ...]] = field(default_factory=list)
    patients: int = 0
    curves: int = 0

    def reject(self, rows: Sequence[Row], problem: Problem) -> None:
        """Reject rows for one reason."""
        reason = f"{problem.place}: {problem.message}" if problem.place else problem.message
        reason = f"{reason}; {problem.cure}" if problem.cure else reason
        for row in rows:
            cells = row.cells
            where = (cells.get(name, "") for name in ("patient_id", "cycle", "region"))
            self.rejected.append((row.line, *where, problem.code, reason.replace("\n", " ")))


def compute_part(part: Sequence[Sequence[Row]], compile: bool | None = None) -> PartResult:
    """Compute the doses of some patients.

    Parameters
    ----------
    part : sequence of sequence of Row
        The rows of each patient.
    compile : bool, optional
        As in :func:`dosimetry.physics.least_squares.fit_batch`.
    """
    result = PartResult(patients=len(part))
    kept = [(rows, _good_curves(rows, result)) for rows in part]
    read = [(rows, _patient(rows, result)) for _, rows in kept if rows]
    tasks: list[Task] = []
    owners: list[tuple[int, int, str]] = []
    for number, (_, patient) in enumerate(read):
        for index, region, task in _tasks(patient) if patient else ():
            tasks.append(task)
            owners.append((number, index, region))
    fitted = fit_many(tasks, compile)
    result.curves = len(tasks)
    bad: dict[int, dict[tuple[int, str], Problem]] = {}
    for (number, index, region), curve in zip(owners, fitted, strict=True):
        if isinstance(curve, InputError):
            bad.setdefault(number, {})[index, region] = curve.problems[0]
    with prepared(zip(tasks, fitted, strict=True)):
        for number, (rows, patient) in enumerate(read):
            if patient is not None and number in bad:
                rows, patient = _without(rows, bad[number], result)  # noqa: PLW2901
            if patient is not None:
                _compute(rows, patient, result)
    return result


def _good_curves(rows: Sequence[Row], result: PartResult) -> list[Row]:
    """Reject every curve of which a row is bad."""
    problems: dict[tuple[str, str], Problem] = {}
    for row in rows:
        try:
            _check(row)
        except InputError as error:
            key = row.cells.get("cycle", ""), row.cells.get("region", "")
            problems.setdefault(key, error.problems[0].at(f"line {row.line}"))
    good = []
    for row in rows:
        problem = problems.get((row.cells.get("cycle", ""), row.cells.get("region", "")))
        if problem is None:
            good.append(row)
        else:
            result.reject([row], problem)
    return good


def _check(row: Row) -> None:
    cells = row.cells
    if "?" in cells:
        raise refuse("wrong-number-of-cells", cells["?"])
    if not cells["patient_id"].strip():
        raise refuse("missing", "no patient_id")
    if cells.get("file", "").strip():
        return
    cycle = cells.get("cycle", "").strip()
    if not (cycle.isascii() and cycle.isdigit() and 1 <= int(cycle[:9]) <= MOST_CYCLES):
        raise refuse("out-of-range", f"cycle {quote(cycle)} is outside 1 to {MOST_CYCLES}")
    reference.measured_region(cells.get("region", "").strip())
    for name, unit in (("time", "h"), ("activity", "MBq"), ("sd", "MBq"), ("recovery", "1")):
        text = cells.get(name, "").strip()
        if text or name in ("time", "activity"):
            try:
                check_range(name, parse_number(text), unit, text)
            except InputError as error:
                raise error.at(name) from None


def _patient(rows: Sequence[Row], result: PartResult) -> Patient | None:
    """Make the patient of the rows; reject all of them where that cannot be done."""
    try:
        if file := _same(rows, "file"):
            return read_patient(file)
        return Patient.from_dict(_document(rows))
    except InputError as error:
        result.reject(rows, error.problems[0])
        return None


def _document(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the patient file that says what the rows say."""
    person = {"id": _same(rows, "patient_id"), "sex": _same(rows, "sex")}
    if weight := _same(rows, "weight"):
        person["weight"] = f"{weight} kg"
    masses: dict[str, str] = {}
    by_cycle: dict[int, list[Row]] = {}
    for row in rows:
        by_cycle.setdefault(int(row.cells["cycle"]), []).append(row)
        if mass := row.cells.get("mass", "").strip():
            region = row.cells["region"].strip()
            if masses.setdefault(region, f"{mass} g") != f"{mass} g":
                raise refuse("differs", f"the masses of {region} differ", "give one", "mass")
    numbers = sorted(by_cycle)
    if numbers != list(range(1, len(numbers) + 1)):
        raise refuse("cycle-missing", f"cycles {numbers} are not 1, 2, 3 ...", "number them so")
    return {
        "patient": person,
        "therapy": {"regimen": _same(rows, "regimen") or "netter-1"},
        **({"masses": masses} if masses else {}),
        "cycles": [_cycle(number, by_cycle[number]) for number in numbers],
    }


def _cycle(number: int, rows: Sequence[Row]) -> dict[str, Any]:
    models: dict[str, str] = {}
    scans = []
    for row in rows:
        cells = row.cells
        region = cells["region"].strip()
        scan = {
            "region": region,
            "time": f"{cells['time'].strip()} h",
            "activity": f"{cells['activity'].strip()} MBq",
        }
        if sd := cells.get("sd", "").strip():
            scan["sd"] = f"{sd} MBq"
        if recovery := cells.get("recovery", "").strip():
            scan["recovery"] = recovery
        if model := cells.get("model", "").strip():
            models[region] = model
        scans.append(scan)
    at = _same(rows, "at") or (FIRST_DAY + (number - 1) * INTERVAL).isoformat()
    return {
        "administered": f"{_same(rows, 'administered')} MBq",
        "at": at,
        "measurements": scans,
        "decay_corrected_to": "none",
        **({"models": models} if models else {}),
    }


def _same(rows: Sequence[Row], column: str) -> str:
    """Return what a column says, the same in all rows."""
    found = {row.cells.get(column, "").strip() for row in rows}
    if len(found) > 1:
        words = ", ".join(quote(text) for text in sorted(found)[:3])
        raise refuse("differs", f"{column} differs: {words}", "write the same in all rows", column)
    return found.pop()


def _tasks(patient: Patient) -> list[tuple[int, str, Task]]:
    """Return the curves of a patient that are to be fitted: cycle from 0, region, task."""
    found = []
    half_life = reference.half_life(NUCLIDE)
    for index, cycle in enumerate(patient.cycles):
        given = administration.activity(cycle, half_life)
        corrected = cycle.decay_corrected_to == "administration"
        for region, scans in cycle.measurements.by_region().items():
            model = cycle.models.get(region, "auto")
            if model == SINGLE or (len(scans) == 1 and model == "auto"):
                continue
            try:
                task = task_of(scans, model, given, half_life, decay_corrected=corrected)
            except InputError:
                continue  # said when the doses are computed
            found.append((index, region, task))
    return found


def _without(
    rows: Sequence[Row], bad: dict[tuple[int, str], Problem], result: PartResult
) -> tuple[list[Row], Patient | None]:
    """Reject the curves that cannot be fitted, and read the patient of the others again."""
    if rows[0].cells.get("file", "").strip():
        result.reject(rows, next(iter(bad.values())))
        return [], None
    good = []
    for row in rows:
        region = reference.region(row.cells["region"].strip()).name
        problem = bad.get((int(row.cells["cycle"]) - 1, region))
        if problem is None:
            good.append(row)
        else:
            result.reject([row], problem)
    return good, _patient(good, result) if good else None


def _compute(rows: Sequence[Row], patient: Patient, result: PartResult) -> None:
    """Append the doses and limits of one patient; reject it where they cannot be computed."""
    try:
        delivered = delivered_doses(patient)
        limits, _ = patient_limits(patient)
        wanted = {limit.region for limit in limits} | {r for c in delivered for r in c.doses}
        known = course_doses(patient, delivered, wanted)
        programme = regimen.programme(patient)
    except InputError as error:
        result.reject(rows, error.problems[0])
        return
    name = patient.person.id
    for index, cycle in enumerate(delivered):
        for region in cycle.doses:
            course = known.regions[region]
            result.doses.append((name, index + 1, region, *_dose(index, region, cycle, course)))
    given = [cycle.administered / 1000 for cycle in delivered]
    activities = fixed_activities(patient, programme, given)
    for limit in limits:
        course_of = known.regions.get(limit.region)
        row: tuple[Any, ...] = ("not-assessed", None, None, None)
        if course_of is not None and course_of.has(limit.quantity):
            whole = course_of.with_activities(activities)
            chance = float(whole.probabilities(limit.quantity, limit.value)[-1])
            total = whole.cumulative(limit.quantity)
            if total is not None:
                row = (severity(chance), chance, total.value, total.sd)
        result.limits.append((name, limit.id, limit.region, limit.quantity, limit.value, *row))


def _dose(index: int, region: str, cycle: CycleDose, course: RegionCourse) -> tuple[Any, ...]:
    curve = cycle.curves.get(region)
    fit: tuple[Any, ...] = (None, None, None, None, None)
    if curve is not None:
        half_life = curve.effective_half_life.value
        fit = (curve.model, curve.tia.value, curve.tia.sd, half_life, curve.chi2)
    dose = cycle.doses[region].distribution()
    bed = course.measured_bed(index, dose)
    both = (None, None) if bed is None else (bed.value, bed.sd)
    return (cycle.administered, *fit, dose.value, dose.sd, *both)
