"""Dose per decay by another way than :mod:`dosimetry.cycle.weights`: energy over mass.

The tables are read once more, apart from the first calculation. Kidneys: the energy of the
electrons over the kidney's mass, and the photons of another phantom's S values (ICRP 110,
OpenDose). Tumours and glands: the energy over the mass, times the sphere's absorbed fraction.
Others: the sum over the sources' S values.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from dosimetry.patient.schema import Cycle, PatientFile
from dosimetry.reference import regions, tables
from dosimetry.units import G_PER_KG, SECONDS_PER_HOUR

# Names and rules of the kidneys are its own on purpose, not those of the first calculation.
SIDES = ("kidney_left", "kidney_right")
BODY = ("total_body", "remainder_of_body")
REST = "rest"
JOULE_PER_MEV = 1.602176634e-13
DECAYS_PER_MBQ_H = 1e6 * SECONDS_PER_HOUR
PHOTONS_OF = {
    "kidney_left": ("Left kidney C+M+P", ("kidney left",)),
    "kidney_right": ("Right kidney C+M+P", ("kidney right",)),
    "kidneys": ("RKidney + LKidney", ("kidney left", "kidney right")),
}


@dataclass(frozen=True)
class Gain:
    """Gy per MBq h of each source to one region, with the method that computed it.

    Attributes
    ----------
    by_source : mapping of str to float
        The remainder of the body has the name ``rest``.
    by : str
        Method, in words.
    photon_share : float
        Share of another phantom's photons in the self-dose.
    """

    by_source: Mapping[str, float]
    by: str
    photon_share: float


def electron_gain(mass: float) -> float:
    """Return Gy per MBq h of electrons that all stay in a mass in g.

    Examples
    --------
    >>> print(f"{electron_gain(310.0) / 3.6:.4e}")
    7.6451e-05
    """
    row = tables.rows_by("nuclides", "nuclide")["Lu-177"]
    kinds = ("beta_minus", "conversion_electron", "auger_electron")
    energy = math.fsum(float(row[kind]) for kind in kinds) * JOULE_PER_MEV
    return energy * DECAYS_PER_MBQ_H / (mass / G_PER_KG)


@functools.cache
def s_table(sex: str) -> Mapping[tuple[str, str], float]:
    """Return the S values by (target, source), of mGy/(MBq s) in Gy per MBq h."""
    rows = tables.table(f"s_values_lu177_icrp89_adult_{sex}").rows
    return MappingProxyType(
        {(row["target"], row["source"]): float(row["s_value"]) * 3.6 for row in rows}
    )


@functools.cache
def phantom_masses(sex: str) -> Mapping[str, float]:
    """Return the phantom's masses in g."""
    rows = tables.table("organ_masses_icrp89").rows
    column = f"adult_{sex}"
    return MappingProxyType({row["region"]: float(row[column]) for row in rows if row[column]})


def mass_of(region: str, patient: PatientFile, number: int) -> float | None:
    """Return the mass in g of a region in cycle ``number``, the first being 1.

    Given (by the last cycle up to this one that gives it, else by the file), of the last volumes up
    to that cycle, scaled, or the phantom's.
    """
    entered = _entered(region, patient, number)
    if entered is not None:
        return entered
    single = "single_kidney" in patient.person.kidney_risk_factors
    phantom = phantom_masses(patient.person.sex)
    if region == "total_body":
        weight = patient.person.weight
        return phantom[region] if weight is None else weight.value * G_PER_KG
    if region == "red_marrow":
        body = mass_of("total_body", patient, number) or 0.0
        return phantom[region] * body / phantom["total_body"]
    for last in range(min(number, len(patient.cycles)), 0, -1):
        cycle = patient.cycles[last - 1]
        enclosed = _enclosed(cycle)
        wanted = {region, *(PHOTONS_OF if region in PHOTONS_OF else ())} & set(enclosed)
        own = {name: _alone(name, cycle, enclosed, patient, last) for name in wanted}
        sides = [own[side] for side in SIDES if side in own]
        if region in own:
            return own[region]
        if region in SIDES and "kidneys" in own:
            return own["kidneys"] / (1 if single else 2)
        if region == "kidneys" and len(sides) == (1 if single else 2):
            return math.fsum(sides)
    if region in SIDES or (region == "kidneys" and single):
        return phantom["kidneys"] / 2
    return phantom.get(region)


def _entered(region: str, patient: PatientFile, number: int) -> float | None:
    """Return the mass in g given for a region up to a cycle, the newest first."""
    single = "single_kidney" in patient.person.kidney_risk_factors
    lists = [patient.masses, *(cycle.masses for cycle in patient.cycles[:number])]
    for masses in reversed(lists):
        if region == "kidneys" and set(SIDES) <= set(masses):
            return masses[SIDES[0]].value + masses[SIDES[1]].value
        if region in SIDES and "kidneys" in masses:
            return masses["kidneys"].value / (1 if single else 2)
        if region in masses:
            return masses[region].value
    return None


def _enclosed(cycle: Cycle) -> dict[str, float]:
    """Return the mass in g that each VOI of a cycle with volumes encloses."""
    volumes: dict[str, list[float]] = {}
    for scan in cycle.measurements.scans:
        if scan.volume is not None:
            volumes.setdefault(scan.region, []).append(scan.volume)
    density = tables.default("soft_tissue_density", "g/mL")
    return {name: math.fsum(each) / len(each) * density for name, each in volumes.items()}


def _alone(
    region: str, cycle: Cycle, enclosed: Mapping[str, float], patient: PatientFile, number: int
) -> float:
    """Return the mass in g of a VOI without the regions in it.

    The mass of a region, entered or of an earlier cycle, excludes the regions in its VOI.
    """

    def whole(name: str) -> float:
        if name in enclosed and _entered(name, patient, number) is None:
            return enclosed[name]
        own = mass_of(name, patient, number) or 0.0
        return own + math.fsum(map(whole, cycle.contains.get(name, ())))

    return enclosed[region] - math.fsum(map(whole, cycle.contains.get(region, ())))


def kidney_gain(region: str, mass: float, sex: str) -> tuple[float, float]:
    """Return Gy per MBq h to a kidney (or the pair) from its own activity, and the photons' share.

    Examples
    --------
    >>> gain, photons = kidney_gain("kidney_left", 155.0, "male")
    >>> print(f"{gain / 3.6:.3e} {photons:.3f}")
    1.546e-04 0.011
    """
    target, sources = PHOTONS_OF[region]
    rows = [
        row
        for row in tables.table(f"s_values_lu177_opendose_icrp110_adult_{sex}").rows
        if row["target"] == target and row["source"] in sources
    ]
    own_mass = float(rows[0]["target_mass"])
    total = math.fsum(float(row["s_value"]) * 3.6 for row in rows) / len(rows)
    photons = (total - electron_gain(own_mass)) * (own_mass / mass) ** (2 / 3)
    gain = electron_gain(mass) + photons
    return gain, photons / gain


def sphere_gain(mass: float) -> float:
    """Return Gy per MBq h to a sphere: energy over mass, times the absorbed fraction.

    Examples
    --------
    >>> 0.9 < sphere_gain(20.0) / electron_gain(20.0) < 1.1
    True
    """
    fractions = []
    for row in tables.table("sphere_s_values_lu177").rows:
        if row["composition"] == "soft tissue":
            known = float(row["mass"])
            fractions.append(
                (known, float(row["s_value"]) * DECAYS_PER_MBQ_H / electron_gain(known))
            )
    fractions.sort()
    if mass <= fractions[0][0]:
        return fractions[0][1] * electron_gain(mass)
    for (low, start), (high, end) in itertools.pairwise(fractions):
        if mass <= high:
            share = math.log(mass / low) / math.log(high / low)
            return (start + (end - start) * share) * electron_gain(mass)
    return fractions[-1][1] * electron_gain(mass)


def gain_of(target: str, sex: str, sources: Sequence[str], masses: Mapping[str, float]) -> Gain:
    """Return the gain of each measured source to a region, in Gy per MBq h.

    Parameters
    ----------
    target : str
    sex : str
    sources : sequence of str
        All that was measured.
    masses : mapping of str to float
        Of the measured regions that have one, in g.
    """
    if regions.region(target).role in ("tumour", "gland"):
        return Gain({target: sphere_gain(masses[target])}, "energy over mass", 0.0)
    table, phantom = s_table(sex), phantom_masses(sex)
    own, by, share = _self(target, sex, masses, table, phantom)
    stands = "kidneys" if target in SIDES else target
    gains = dict(own)
    taken: set[str] = set()
    for source in sources:
        names = () if source in BODY else regions.region(source).sources
        taken |= {name for name in names if name in phantom}
        if not names or source in own or (target in SIDES and source in SIDES):
            continue
        gains[source] = math.fsum(table[stands, name] for name in names) / len(names)
    if set(BODY) & set(sources):
        left = table[stands, "total_body"] * phantom["total_body"]
        left -= math.fsum(table[stands, name] * phantom[name] for name in taken)
        rest_mass = phantom["total_body"] - math.fsum(phantom[name] for name in taken)
        gains[REST] = max(left, 0.0) / rest_mass
        smaller = phantom["total_body"] / masses["total_body"]
        staying = _electrons_of_rest(stands, taken, rest_mass)
        if target == "total_body":
            staying = electron_gain(phantom["total_body"])
            for source in set(gains) - {REST}:
                gains[source] = _resized(gains[source], staying, smaller)
        gains[REST] = _resized(gains[REST], staying, smaller)
    return Gain(gains, by, share)


def _electrons_of_rest(target: str, taken: Collection[str], rest_mass: float) -> float:
    """Return the gain from electrons of the remainder, which stay in their own tissue.

    The marrow gets those of the bone around it, so that all of its gain is electrons.
    """
    if target == "red_marrow":
        return math.inf
    return 0.0 if target in taken else electron_gain(rest_mass)


def _resized(gain: float, electrons: float, smaller: float) -> float:
    """Return a gain of the body in a body ``smaller`` times as heavy."""
    staying = min(electrons, gain)
    return float(staying * smaller + (gain - staying) * smaller ** (2 / 3))


def _self(
    target: str,
    sex: str,
    masses: Mapping[str, float],
    table: Mapping[tuple[str, str], float],
    phantom: Mapping[str, float],
) -> tuple[dict[str, float], str, float]:
    """Return the self-dose gain by source, its method, and the photons' share."""
    by_mass, by_s = "energy over mass", "sum over S values"
    sides = [side for side in SIDES if side in masses]
    if target == "kidneys" and sides:
        total = math.fsum(masses[side] for side in sides)
        each = {side: kidney_gain(side, masses[side], sex) for side in sides}
        gains = {side: gain * masses[side] / total for side, (gain, _) in each.items()}
        return gains, by_mass, max(share for _, share in each.values())
    if target in masses and target in PHOTONS_OF:
        gain, share = kidney_gain(target, masses[target], sex)
        return {target: gain}, by_mass, share
    if target not in masses or regions.region(target).role != "organ":
        return {}, by_s, 0.0
    # Electrons stay, at most up to the S value; photons grow by mass^(2/3).
    ratio = phantom[target] / masses[target]
    staying = electron_gain(phantom[target])
    photons = max(table[target, target] - staying, 0.0)
    electrons = table[target, target] - photons
    return {target: electrons * ratio + photons * ratio ** (2 / 3)}, by_s, 0.0
