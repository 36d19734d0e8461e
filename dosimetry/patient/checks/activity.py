"""Measured activities against the administered activity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dosimetry.patient.checks.overlap import counted_once, explains
from dosimetry.patient.masses import MARROW, WITH_MASS, red_marrow_mass, region_mass
from dosimetry.patient.measurements.scan import CONCENTRATION, lines_of
from dosimetry.patient.net_cycle import NetCycle, ScansAtTime
from dosimetry.patient.scan_time import ActivityAtScan
from dosimetry.patient.schema import PatientFile
from dosimetry.problems import Problem, in_words
from dosimetry.reference import phantoms, regions, tables
from dosimetry.units import MBQ_PER_KBQ

LISTED = 8  # regions named of a sum that is too large


def marrow_contradictions(patient: PatientFile, cycle: NetCycle) -> Iterator[Problem]:
    """Yield contradictions in the measurements that the red marrow dose is computed from."""
    yield from _vertebrae(patient, cycle)
    if not cycle.blood.scans:
        return
    if MARROW in cycle.dose_coefficients:
        yield Problem(
            "dose-twice",
            "blood samples and a dose coefficient of the red marrow are both given",
            "keep one of the two",
            f"{cycle.place}.dose_coefficients.{MARROW}",
        )
    if MARROW in cycle.measured.by_region():
        yield Problem(
            "marrow-twice",
            "blood samples and a measured red marrow are both given",
            "keep one of the two",
            cycle.blood.place,
        )
    if patient.therapy.marrow_to_blood_ratio == "plasma" and patient.person.hematocrit is None:
        yield Problem(
            "hematocrit-missing",
            "marrow_to_blood_ratio: plasma requires the haematocrit",
            "add patient.hematocrit, as in 0.41",
            "therapy.marrow_to_blood_ratio",
        )
    volume = phantoms.organ_masses(patient.person.sex)["blood"]
    where = f"{volume:g} mL of blood"
    yield from _too_concentrated(cycle, cycle.blood, cycle.blood.scans, volume, where)


def concentration_contradictions(patient: PatientFile, cycle: NetCycle) -> Iterator[Problem]:
    """Yield concentrations of regions without a mass, and those that are more than can be left."""
    density = tables.default("soft_tissue_density", "g/mL")
    for name, scans in cycle.measured.by_region().items():
        if name == MARROW or not all(scan.unit == CONCENTRATION for scan in scans):
            continue
        if regions.region(name).role not in WITH_MASS:
            yield Problem(
                "concentration-of-an-organ",
                f"{in_words([name])} is given as a concentration without a volume",
                "give its activity, or the volume beside the concentration",
                cycle.measured.place_of(scans[0]),
            )
            continue
        mass = region_mass(name, patient, cycle.index)
        if mass is not None:
            volume = mass.value / density
            where = f"{volume:.4g} mL of {in_words([name])}"
            yield from _too_concentrated(cycle, cycle.measured, scans, volume, where)


def _vertebrae(patient: PatientFile, cycle: NetCycle) -> Iterator[Problem]:
    """Yield marrow concentrations that exceed the activity that can be left."""
    mass = red_marrow_mass(patient, cycle.index)
    scans = [
        scan
        for scan in cycle.measured.scans
        if scan.region == MARROW and scan.unit == CONCENTRATION
    ]
    where = f"{mass:.4g} g of red marrow"
    yield from _too_concentrated(cycle, cycle.measured, scans, mass, where)


def _too_concentrated(
    cycle: NetCycle,
    measured: ScansAtTime,
    scans: Iterable[ActivityAtScan],
    amount: float,
    where: str,
) -> Iterator[Problem]:
    """Yield concentrations that would be more activity in a tissue than can be left."""
    share = 1.0 + tables.default("measured_excess", "1")
    for scan in scans:
        left = cycle.left(scan.time)
        if scan.value * MBQ_PER_KBQ * amount > left * share:
            yield Problem(
                "more-than-administered",
                f"{scan.value:.4g} kBq/mL in {where} is more than the {left:.4g} MBq that can be "
                f"left at {scan.time:g} h",
                "check the unit of the concentration",
                measured.place_of(scan),
            )


def more_than_administered(cycle: NetCycle) -> Iterator[Problem]:
    """Yield a time at which more was measured than can be left of the administered activity."""
    share = 1.0 + tables.default("measured_excess", "1")
    parts: dict[float, list[ActivityAtScan]] = {}
    whole: dict[float, list[ActivityAtScan]] = {}
    once = counted_once(cycle.measured.by_region(), cycle)
    for scan in cycle.measured.scans:
        if scan.unit == CONCENTRATION or scan.region not in once:
            continue
        where = whole if scan.region == "total_body" else parts
        where.setdefault(round(scan.time, 2), []).append(scan)
    for time in sorted({*parts, *whole}):
        left = cycle.left(time)
        scans = max(parts.get(time, []), whole.get(time, []), key=_sum)
        most = _sum(scans)
        without_tumours = _sum(
            scan for scan in scans if regions.region(scan.region).role != "tumour"
        )
        if most > left * share and not explains(without_tumours, most, left):
            yield Problem(
                "more-than-administered",
                f"{most:.4g} MBq measured at {time:g} h ({_held(scans)}), but only "
                f"{left:.4g} MBq of the {cycle.activity:.4g} MBq administered can be left",
                "check the units of activity and time, the administered activity and "
                "decay_corrected_to",
                cycle.measured.column("activity"),
            )
            return


def _sum(scans: Iterable[ActivityAtScan]) -> float:
    return sum(scan.value for scan in scans)


def _held(scans: list[ActivityAtScan]) -> str:
    """Return the regions of a sum, the largest first, each with its activity and its lines."""
    largest = sorted(scans, key=lambda scan: -scan.value)
    words = [
        f"{in_words([scan.region])} {scan.value:.4g}, {lines_of([scan.entered])}"
        for scan in largest[:LISTED]
    ]
    more = len(largest) - LISTED
    return "; ".join([*words, f"{more} more"] if more > 0 else words)
