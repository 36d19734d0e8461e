"""The scans of a patient file as points of curves, and the half-lives assumed before them.

Read from the file and the tables once more, apart from :mod:`dosimetry.patient.net_cycle` and
:mod:`dosimetry.cycle.course_curves`, so that a mistake there is detected.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dosimetry.patient.measurements.scan import Scan
from dosimetry.patient.schema import Cycle, PatientFile
from dosimetry.quantities import Estimate
from dosimetry.recalculation.dose import SIDES, mass_of
from dosimetry.recalculation.integrals import Array
from dosimetry.reference import agents, nuclides, regions, tables
from dosimetry.units import G_PER_KG, HUNDRED_PERCENT, KBQ_PER_MBQ, MBQ_PER_GBQ

EXACT = 1e-5  # least sd of ln T


@dataclass(frozen=True, eq=False)
class Reading:
    """Points of one region in one cycle.

    Attributes
    ----------
    cycle : int
        From 1.
    region : str
    time, value, sd : array, shape (n,)
        In h and ``unit``, rising in time.
    relative : array of bool, shape (n,)
        Whether the sd is relative to the curve.
    unit : str
        ``MBq`` or ``kBq/mL``.
    requested : str
        Model asked for; ``auto`` where none is.
    most : float
        Activity or concentration that the region can hold at time zero.
    """

    cycle: int
    region: str
    time: Array
    value: Array
    sd: Array
    relative: npt.NDArray[np.bool_]
    unit: str
    requested: str
    most: float

    @property
    def side(self) -> str:
        """Which kidney; empty for any other region."""
        return self.region if self.region in SIDES else ""


@dataclass(frozen=True)
class LogNormal:
    """Distribution of a half-life: its median in h, and the sd of its logarithm."""

    median: float
    log_sd: float


@dataclass(frozen=True)
class HalfLives:
    """Half-lives of a region before its scans.

    Attributes
    ----------
    median : float
        Of the slow phase, in h.
    patients, cycles, sides : float
        sd of ln T between patients, cycles of one patient, and the sides of one cycle.
    uptake, fast : LogNormal
    physical : float
        In h.
    """

    median: float
    patients: float
    cycles: float
    sides: float
    uptake: LogNormal
    fast: LogNormal
    physical: float


def readings_of(patient: PatientFile, number: int, administered: float) -> dict[str, Reading]:
    """Return the points of every region of a cycle at scan time; blood has the name ``blood``.

    Parameters
    ----------
    patient : PatientFile
    number : int
        Of the cycle, from 1.
    administered : float
        In GBq.

    Examples
    --------
    >>> import dosimetry
    >>> patient = dosimetry.read_patient("examples/snmmi_patient4.yaml")
    >>> points = readings_of(patient, 1, 7.21042)["kidney_left"]
    >>> len(points.time), points.unit
    (4, 'MBq')
    """
    cycle, person = patient.cycles[number - 1], patient.person
    scans = {**cycle.measurements.by_region(), **cycle.blood.by_region()}
    weight = math.nan if person.weight is None else person.weight.value * G_PER_KG
    density = tables.default("soft_tissue_density", "g/mL")
    return {
        region: _reading(
            region, own, cycle, number, administered * MBQ_PER_GBQ, weight,
            0.0 if region == "blood" else (mass_of(region, patient, number) or 0.0) / density,
        )
        for region, own in scans.items()
    }  # fmt: skip


def _in_mbq(scan: Scan, administered: float, weight: float) -> tuple[float, bool]:
    """Return the factor to MBq, or to MBq/mL, and whether it is MBq; ``weight`` is in g."""
    fluid = scan.region in ("blood", "red_marrow")  # 1 mL of them counts as 1 g
    density = 1.0 if fluid else tables.default("soft_tissue_density", "g/mL")
    share = administered / HUNDRED_PERCENT
    if scan.unit in ("MBq", "%IA"):
        return (1.0 if scan.unit == "MBq" else share), True
    per_ml = {
        "kBq/mL": 1.0 / KBQ_PER_MBQ,
        "kBq/g": density / KBQ_PER_MBQ,
        "%IA/mL": share,
        "%IA/g": share * density,
        "SUV": administered / weight,
    }[scan.unit]
    if scan.volume is None or fluid:
        return per_ml, False
    return per_ml * scan.volume, True


def _reading(
    region: str,
    scans: Sequence[Scan],
    cycle: Cycle,
    number: int,
    administered: float,
    weight: float,
    holding: float,
) -> Reading:
    time = np.array([scan.time for scan in scans])
    to_mbq_or_mbq_per_ml, is_activity = zip(
        *(_in_mbq(scan, administered, weight) for scan in scans), strict=True
    )
    unit = "MBq" if all(is_activity) else "kBq/mL"
    factor = np.array(to_mbq_or_mbq_per_ml) * (1.0 if unit == "MBq" else KBQ_PER_MBQ)
    factor /= np.array([scan.recovery for scan in scans])
    by_default = cycle.decay_corrected_to == "administration"
    undo = [
        s.unit == "SUV" or (by_default if s.decay_corrected is None else s.decay_corrected)
        for s in scans
    ]
    factor *= np.where(undo, 0.5 ** (time / nuclides.half_life("Lu-177")), 1.0)
    value = np.array([scan.value for scan in scans])
    given = any(scan.sd is not None or scan.relative_sd is not None for scan in scans)
    usual = tables.default("scan_point_sd", "1")
    percent = np.array([s.relative_sd is not None or not given for s in scans])
    shares = [usual if s.relative_sd is None else s.relative_sd / HUNDRED_PERCENT for s in scans]
    sd = np.where(percent, shares * value, [scan.sd or 0.0 for scan in scans])
    most = administered * (1.0 + tables.default("measured_excess", "1"))
    if unit != "MBq":  # spread over the least volume there can be
        fluid = region in ("blood", "red_marrow")
        volume = tables.default("least_distribution_volume", "mL") if fluid else holding
        most = most * KBQ_PER_MBQ / volume if volume else math.inf
    return Reading(
        number, region, time, value * factor, sd * factor, percent, unit,
        cycle.models.get(region, "auto"), most,
    )  # fmt: skip


def models_of(reading: Reading, half_lives: HalfLives) -> tuple[str, ...]:
    """Return the models to average: a fast phase only where a scan lies within its half-life."""
    if reading.requested == "single-point":
        return ("mono",)
    if reading.requested not in ("auto", "trapezoid"):
        return (reading.requested,)
    early = reading.time[0] <= half_lives.fast.median
    models = ("mono", "uptake", *(("bi", "bi-uptake") if early else ()))
    from_zero = reading.time[0] > 0 or reading.value[0] <= 0
    return models if from_zero else tuple(name for name in models if "uptake" not in name)


def half_lives_of(region: str, patient: PatientFile) -> HalfLives:
    """Return the half-lives of a region before its scans, from the patient file or the tables.

    Examples
    --------
    >>> import dosimetry
    >>> patient = dosimetry.read_patient("examples/snmmi_patient4.yaml")
    >>> half_lives_of("kidney_left", patient).median
    51.0
    """
    known = None if region == "blood" else regions.region(region)
    rows = tables.rows_by("effective_half_lives_lu177_dotatate", "region")
    row = None
    if known is not None and agents.has_population(patient.therapy.radiopharmaceutical):
        row = rows.get(known.like)
    median = tables.default("unknown_half_life", "h")
    variance = tables.default("unknown_half_life_log_sd", "1") ** 2
    cycles = tables.default("half_life_between_cycles", "1")
    cv = tables.default("half_life_cv", "1")
    if row is not None:
        median, cv = float(row["effective_half_life"]), float(row["cv"])
        variance, cycles = math.log1p(cv**2), float(row["between_cycle_cv"])
    given = _given(region, patient.effective_half_lives)
    if given is not None:
        median = given.value
        variance = math.log1p((cv if given.sd is None else given.sd / given.value) ** 2)
    variance = max(variance, 2.0 * EXACT**2)
    between = min(math.log1p(cycles**2), variance - EXACT**2)
    sides = math.log1p(tables.default("half_life_between_sides", "1") ** 2)
    tumour = known is not None and known.role == "tumour"
    own = tables.rows_by("curve_priors", "kind")["tumour" if tumour else "organ"]
    uptake, fast = (
        LogNormal(float(own[f"{name}_half_life"]), float(own[f"{name}_log_sd"]))
        for name in ("uptake", "fast")
    )
    return HalfLives(
        median, math.sqrt(variance - between), math.sqrt(between), math.sqrt(sides), uptake, fast,
        nuclides.half_life("Lu-177"),
    )  # fmt: skip


def _given(region: str, entered: Mapping[str, Estimate]) -> Estimate | None:
    """Return the half-life of the patient file: own, of the pair for a side, of the sides."""
    if region in entered:
        return entered[region]
    if region in SIDES:
        return entered.get("kidneys")
    sides = [entered[side] for side in SIDES if side in entered] if region == "kidneys" else []
    if not sides:
        return None
    middle = math.exp(math.fsum(math.log(side.value) for side in sides) / len(sides))
    if any(side.sd is None for side in sides):
        return Estimate(middle, None, "h")
    own = max((side.sd or 0.0) / side.value for side in sides)
    apart = max(abs(math.log(side.value / middle)) for side in sides)
    return Estimate(middle, middle * math.hypot(own, apart), "h")
