"""One part of a cohort: rows to patients, curves fitted together, doses and limits.

The doses equal the doses of ``dosimetry plan``: the same functions use curves fitted by the same
kernel.
A curve with an invalid row is left out as a whole; a fit to its other rows would look complete.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

from dosimetry.course.flags import basis_of, severity
from dosimetry.course.region import bed_of
from dosimetry.course.regions import CourseDoses, course_doses, measured_protraction
from dosimetry.cycle.course_curves import Fits, Key, estimated, prepared
from dosimetry.cycle.delivered import DeliveredCycle, delivered_cycles
from dosimetry.cycle.dose import CycleDose, delivered_doses
from dosimetry.patient.limits import patient_limits
from dosimetry.patient.measurements.rows import Context, NoValueError, WrittenRow, scan_of
from dosimetry.patient.measurements.scan import Measurements, Scan
from dosimetry.patient.notation import column_of
from dosimetry.patient.patient import Patient
from dosimetry.patient.read import read_patient
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.fitting import fit_many
from dosimetry.physics.posterior import nodes_of_curves
from dosimetry.planning import schedule
from dosimetry.planning.assemble_clinic import clinical_course
from dosimetry.planning.strategy import Bounds, decide
from dosimetry.population.cohort.table import Part, Row
from dosimetry.problems import InputError, Problem, in_words, printable, quote, refuse
from dosimetry.reference import radiobiology, regions, tables

DOSE_COLUMNS = (
    *("patient_id", "cycle", "region", "administered [MBq]", "model", "tia [MBq*h]"),
    *("tia_sd [MBq*h]", "effective_half_life [h]", "chi2", "absorbed_dose [Gy]"),
    *("absorbed_dose_sd [Gy]", "bed [Gy]", "bed_sd [Gy]", "basis"),
)
LIMIT_COLUMNS = (
    *("patient_id", "limit", "region", "quantity", "limit_value [Gy]", "severity"),
    *("probability", "value [Gy]", "sd [Gy]", "basis"),
)
REJECTED_COLUMNS = ("line", "patient_id", "cycle", "region", "code", "reason")
MOST_CYCLES = 99  # a patient with more than a course can have is refused later
FIRST_DAY, INTERVAL = dt.date(2000, 1, 1), dt.timedelta(weeks=8)  # where no dates are given


Numbers: TypeAlias = Mapping[str, Any]  # reader of each column with a unit, but those of scans


class ScanRow(NamedTuple):
    """A checked row and its scan; no scan where the row names a patient file."""

    row: Row
    cells: dict[str, str]
    scan: Scan | None


class Entry(NamedTuple):
    """The patient of some rows, and its delivered cycles."""

    rows: Sequence[ScanRow]
    patient: Patient
    cycles: list[DeliveredCycle]


@dataclass
class PartResult:
    """Results of one part: rows of the three tables, numbers of patients and curves."""

    doses: list[tuple[Any, ...]] = field(default_factory=list)
    limits: list[tuple[Any, ...]] = field(default_factory=list)
    rejected: list[tuple[Any, ...]] = field(default_factory=list)
    patients: int = 0
    curves: int = 0

    def reject(self, rows: Iterable[Row], problem: Problem) -> None:
        """Append rows to the table of rejected rows, for one reason."""
        reason = f"{problem.place}: {problem.message}" if problem.place else problem.message
        reason = f"{reason}; {problem.cure}" if problem.cure else reason
        for row in rows:
            cells = row.cells
            where = (printable(cells.get(name, "")) for name in ("patient_id", "cycle", "region"))
            self.rejected.append((row.line, *where, problem.code, reason.replace("\n", " ")))


def compute_part(part: Part, compile: bool | None = None) -> PartResult:
    """Return the doses and limits of the patients of a part.

    Parameters
    ----------
    part : Part
        Their lines of the table.
    compile : bool, optional
        As in :func:`dosimetry.physics.curve_search.least_squares.fit_batch`.
    """
    result = PartResult(patients=len(part.patients))
    columns, readers = part.columns, part.columns.scan_readers()
    kept = (_good_curves(columns.rows(patient), readers, result) for patient in part.patients)
    numbers = columns.numbers()
    entries = [
        entry for rows in kept if rows and (entry := _entry(rows, numbers, result)) is not None
    ]
    curves = [prepared(entry.cycles) for entry in entries]
    every = [curve for own, _ in curves for curve in own]
    nodes = iter(nodes_of_curves([c.measured for c in every], [c.before.prior for c in every]))
    tasks = [curve for curve in every if curve.by_least_squares]
    fitted = iter(fit_many([curve.task for curve in tasks], compile))
    result.curves = len(every)
    for entry, (own, unusable) in zip(entries, curves, strict=True):
        fits = {curve.key: next(fitted) for curve in own if curve.by_least_squares}
        estimates = estimated(own, [next(nodes) for _ in own], fits)
        _finish(entry, {**unusable, **estimates}, numbers, result)
    return result


def _finish(
    entry: Entry,
    curves: Mapping[Key, FittedCurve | InputError],
    numbers: Numbers,
    result: PartResult,
) -> None:
    """Append the results of one patient, without the curves that cannot be used."""
    failed = {
        key: curve.problems[0] for key, curve in curves.items() if isinstance(curve, InputError)
    }
    usable = _without(entry, failed, numbers, result) if failed else entry
    if usable is not None:
        _compute(usable, curves, result)


def _good_curves(
    rows: Sequence[Row], readers: Mapping[str, Any], result: PartResult
) -> list[ScanRow]:
    """Return the rows of valid curves; reject every row of a curve with an invalid one.

    A row that only lacks its value is rejected alone.
    """
    problems: dict[tuple[str, str], Problem] = {}
    checked = []
    for i, row in enumerate(rows):
        try:
            checked.append(ScanRow(row, row.cells, _scan(row, i, readers)))
        except NoValueError as missing:
            result.reject([row], missing.point.warning().at(f"line {row.line}"))
        except InputError as error:
            key = row.cells.get("cycle", ""), row.cells.get("region", "")
            problems.setdefault(key, error.problems[0].at(f"line {row.line}"))
    if not problems:
        return checked
    bad = {
        row.line
        for row in rows
        if (row.cells.get("cycle", ""), row.cells.get("region", "")) in problems
    }
    for row in rows:
        if row.line in bad:
            key = row.cells.get("cycle", ""), row.cells.get("region", "")
            result.reject([row], problems[key])
    return [good for good in checked if good.row.line not in bad]


def _scan(row: Row, index: int, readers: Mapping[str, Any]) -> Scan | None:
    """Return the scan of a row; None where it names a patient file.

    Raises
    ------
    InputError
        The row cannot be read.
    NoValueError
        It has no activity and no concentration.
    """
    cells = row.cells
    if row.problem is not None:
        raise InputError([row.problem])
    if not cells["patient_id"].strip():
        raise refuse("missing", "patient_id is missing", "give every row a patient_id")
    if cells.get("file", "").strip():
        return None
    cycle = cells.get("cycle", "").strip()
    if not (cycle.isascii() and cycle.isdigit() and 1 <= int(cycle[:9]) <= MOST_CYCLES):
        raise refuse("out-of-range", f"cycle {quote(cycle)} is outside 1 to {MOST_CYCLES}")
    of_scan = {column_of(name).name: cell for name, cell in cells.items()}
    of_scan = {name: cell for name, cell in of_scan.items() if name in (*readers, "region")}
    labels = {name: name for name in of_scan}
    scan = scan_of(WrittenRow("", of_scan, labels), readers, Context())
    return replace(scan, place=f"[{index}]")


def _entry(rows: Sequence[ScanRow], numbers: Numbers, result: PartResult) -> Entry | None:
    """Make the patient of the rows; reject all of them where that cannot be done."""
    try:
        file = _same(rows, "file")
        patient = read_patient(file) if file else Patient.from_dict(_document(rows, numbers))
        return Entry(rows, patient, delivered_cycles(patient))
    except InputError as error:
        result.reject((scan_row.row for scan_row in rows), error.problems[0])
        return None


def _document(rows: Sequence[ScanRow], numbers: Numbers) -> dict[str, Any]:
    """Return the content of the patient file that corresponds to the rows."""
    person = {"id": _same(rows, "patient_id"), "sex": _same(rows, "sex")}
    if weight := _same(rows, "weight"):
        person["weight"] = _quantity("weight", weight, numbers)
    masses: dict[str, str] = {}
    by_cycle: dict[int, list[ScanRow]] = {}
    for row in rows:
        by_cycle.setdefault(int(row.cells["cycle"]), []).append(row)
        if text := row.cells.get("mass", "").strip():
            mass = _quantity("mass", text, numbers)
            region = _region(row)
            if masses.setdefault(region, mass) != mass:
                raise refuse(
                    "differs", f"the masses of {in_words([region])} differ", "give one mass", "mass"
                )
    order = sorted(by_cycle)
    if order != list(range(1, len(order) + 1)):
        raise refuse(
            "cycle-missing",
            f"the cycle numbers are {', '.join(map(str, order))}, not 1, 2, 3 ...",
            "number the cycles from 1 without gaps",
        )
    return {
        "patient": person,
        "therapy": {"regimen": _same(rows, "regimen") or "netter-1"},
        **({"masses": masses} if masses else {}),
        "cycles": [_cycle(i, by_cycle[i], numbers) for i in order],
    }


def _region(row: ScanRow) -> str:
    return row.scan.region if row.scan else row.cells["region"].strip()


def _quantity(name: str, text: str, numbers: Numbers) -> str:
    """Return a cell as a quantity of the patient file; it must be a number alone."""
    try:
        number, unit = numbers[name](text)
    except InputError as error:
        raise error.at(name) from None
    return f"{number!r} {unit}"


def _cycle(number: int, rows: Sequence[ScanRow], numbers: Numbers) -> dict[str, Any]:
    models: dict[str, str] = {}
    for row in rows:
        if model := row.cells.get("model", "").strip():
            models[_region(row)] = model
    at = _same(rows, "at") or (FIRST_DAY + (number - 1) * INTERVAL).isoformat()
    return {
        "administered": _quantity("administered", _same(rows, "administered"), numbers),
        "at": at,
        "measurements": Measurements(tuple(row.scan for row in rows if row.scan)),
        "decay_corrected_to": "none",
        **({"models": models} if models else {}),
    }


def _same(rows: Sequence[ScanRow], column: str) -> str:
    """Return the text of a column that must be the same in all rows."""
    texts = {text.strip() for text in {row.cells.get(column, "") for row in rows}}
    if len(texts) > 1:
        shown = ", ".join(quote(text) for text in sorted(texts)[:3])
        raise refuse("differs", f"{column} differs: {shown}", "write the same in all rows", column)
    return texts.pop()


def _without(
    entry: Entry, failed: Mapping[Key, Problem], numbers: Numbers, result: PartResult
) -> Entry | None:
    """Reject the curves that cannot be fitted, and read the patient of the others again."""
    if entry.rows[0].cells.get("file", "").strip():
        result.reject((scan_row.row for scan_row in entry.rows), next(iter(failed.values())))
        return None
    good = []
    for row in entry.rows:
        region = row.scan.region if row.scan else ""
        problem = failed.get((int(row.cells["cycle"]) - 1, region))
        if problem is None:
            good.append(row)
        else:
            result.reject([row.row], problem)
    return _entry(good, numbers, result) if good else None


def _compute(entry: Entry, fits: Fits, result: PartResult) -> None:
    """Append the doses and limits of one patient; reject it where they cannot be computed."""
    patient = entry.patient
    try:
        delivered = delivered_doses(entry.cycles, fits=fits)
        limits, _ = patient_limits(patient)
        known = course_doses(patient, delivered, {limit.region for limit in limits})
        activities = _activities(patient, delivered, known)
    except InputError as error:
        result.reject((scan_row.row for scan_row in entry.rows), error.problems[0])
        return
    name = patient.person.id
    measured = {region for cycle in delivered for region in cycle.doses}
    protraction = measured_protraction(measured, patient, delivered)
    for index, cycle in enumerate(delivered):
        for region in cycle.doses:
            own = protraction[region]
            row = _dose(region, cycle, None if own is None else own[index])
            result.doses.append((name, index + 1, region, *row))
    for limit in limits:
        limited = known.regions.get(limit.region)
        row = ("not-assessed", None, None, None, None)
        if limited is not None and limited.has(limit.quantity):
            whole = limited.with_activities(activities)
            chance = whole.probability(limit.quantity, limit.value)
            row = (severity(chance), chance, *whole.moments(limit.quantity), basis_of(whole))
        result.limits.append((name, limit.id, limit.region, limit.quantity, limit.value, *row))


def _activities(
    patient: Patient, delivered: Sequence[CycleDose], known: CourseDoses
) -> tuple[float, ...]:
    """Return the activities of the whole course in GBq: delivered, then planned under the label."""
    programme = schedule.programme(patient)
    administered = [cycle.net.activity_gbq for cycle in delivered]
    clinical = clinical_course(patient, programme, administered, programme.count, ())
    bounds = Bounds(tables.default("caution_probability", "1"), programme.activity or 0.0, None)
    to_come, _ = decide("fixed", programme, known.regions, (), clinical.slots, bounds)
    return (*administered, *(cycle.activity or 0.0 for cycle in to_come))


def _dose(region: str, cycle: CycleDose, g: float | None) -> tuple[Any, ...]:
    """Return the cells of one measured dose; ``g`` is the Lea-Catcheside factor."""
    curve = cycle.curves.get(region)
    fit: tuple[Any, ...] = (None, None, None, None, None)
    if curve is not None:
        half_life = curve.effective_half_life.value
        # The column is in MBq h, so the integral of a concentration (vertebrae) is left out.
        own = curve.tia.unit == "MBq*h"
        tia = (curve.tia.value, curve.tia.sd) if own else (None, None)
        fit = (curve.model, *tia, half_life, curve.chi2)
    dose = cycle.doses[region].distribution()
    alpha_beta = radiobiology.radiobiology(regions.region(region).like).alpha_beta
    partial = bool(cycle.doses[region].missing)
    bed = (None, None) if g is None or partial else bed_of(dose, g, alpha_beta)
    basis = "predicted" if cycle.doses[region].estimated else "measured"
    basis = "partial" if partial else basis
    return (cycle.net.activity, *fit, dose.value, dose.sd, *bed, basis)
