"""Reference figures, handed out by name in canonical units, with their sources."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dosimetry.problems import nearest, quote, refuse
from dosimetry.quantities import Estimate
from dosimetry.suggestions import meant, names_lesion, region_like
from dosimetry.tables import default, default_source, rows_by, table
from dosimetry.units import conversion

NUCLIDE = "Lu-177"  # of every agent that a patient file takes
TUMOUR = re.compile(r"tumou?r((?:_[a-z0-9]+)*)")


@dataclass(frozen=True)
class Region:
    """A region of the body as files and output name it; see table ``regions``.

    ``needs`` are the measured regions without which a dose of this region is a lower bound.
    """

    name: str
    role: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    like: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limit:
    """A limit of absorbed dose or BED.

    Attributes
    ----------
    id, region, quantity, condition, source : str
    value : float
        In Gy.
    """

    id: str
    region: str
    quantity: str
    value: float
    condition: str
    source: str


@dataclass(frozen=True)
class Regimen:
    """A regimen of the table.

    Attributes
    ----------
    id : str
    agent : str
    activity : float or None
        Per cycle, in MBq; None of another kind of drug.
    dose : float or None
        Of another kind of drug, in mg.
    cycles : int or None
    interval : float
        In h.
    companion : str
    source : str
    """

    id: str
    agent: str
    activity: float | None
    dose: float | None
    cycles: int | None
    interval: float
    companion: str
    source: str


@dataclass(frozen=True)
class Radiobiology:
    """Linear-quadratic parameters: alpha/beta in Gy, repair half-life in h."""

    alpha_beta: float
    repair_half_life: float
    generic: bool
    source: str


def _nuclide(name: str) -> Mapping[str, str]:
    rows = rows_by("nuclides", "nuclide")
    if name not in rows:
        raise refuse(
            "unknown-nuclide",
            f"nuclide {quote(name)} is not known",
            meant(name, rows) or f"nuclides: {', '.join(rows)}",
        )
    return rows[name]


@functools.cache
def half_life(nuclide: str) -> float:
    """Return the physical half-life of a nuclide in h (ICRP 107).

    Raises
    ------
    InputError
        Nuclide not in the table.

    Examples
    --------
    >>> half_life("Lu-177")
    159.528
    """
    return table("nuclides").number(_nuclide(nuclide), "half_life", "h")


@functools.cache
def electron_energy(nuclide: str) -> float:
    """Return the mean energy of electrons (beta minus, conversion, Auger) per decay in MeV."""
    row = _nuclide(nuclide)
    kinds = ("beta_minus", "conversion_electron", "auger_electron")
    return sum(table("nuclides").number(row, kind, "MeV") for kind in kinds)


def branching_fraction(parent: str, daughter: str) -> float:
    """Return the fraction of the parent's decays that give the daughter; 0 where none is listed."""
    for row in table("decay_chains").rows:
        if (row["parent"], row["daughter"]) == (parent, daughter):
            return float(row["branching_fraction"])
    return 0.0


@functools.cache
def s_values(sex: str) -> Mapping[tuple[str, str], float]:
    """Return S values of 177Lu by (target, source) in Gy/(MBq h), ICRP 89 adult phantoms.

    Examples
    --------
    >>> round(s_values("male")["kidneys", "kidneys"] / 3.6, 10)
    7.76e-05
    """
    found = table(f"s_values_lu177_icrp89_adult_{sex}")
    factor = conversion(found.columns["s_value"], "Gy/(MBq*h)")
    return {(row["target"], row["source"]): float(row["s_value"]) * factor for row in found.rows}


@functools.cache
def organ_masses(sex: str) -> Mapping[str, float]:
    """Return the reference masses in g (ICRP 89) of the regions that the phantom has."""
    found = table("organ_masses_icrp89")
    column = f"adult_{sex}"
    return {row["region"]: found.number(row, column, "g") for row in found.rows if row[column]}


@functools.cache
def sphere_s_values() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return masses in g and S values in Gy/(MBq h) of soft-tissue spheres, by rising mass."""
    found = table("sphere_s_values_lu177")
    pairs = sorted(
        (found.number(row, "mass", "g"), found.number(row, "s_value", "Gy/(MBq*h)"))
        for row in found.rows
        if row["composition"] == "soft tissue"
    )
    return tuple(mass for mass, _ in pairs), tuple(s_value for _, s_value in pairs)


@functools.cache
def _regions() -> tuple[Mapping[str, Region], Mapping[str, str]]:
    regions: dict[str, Region] = {}
    spellings: dict[str, str] = {}
    for row in table("regions").rows:
        name = row["region"]
        regions[name] = Region(
            name,
            row["role"],
            tuple(filter(None, row["source"].split(";"))),
            tuple(filter(None, row["target"].split(";"))),
            row["like"] or name,
            tuple(filter(None, row["needs"].split(";"))),
        )
        for spelling in (name, *filter(None, row["aliases"].split(";"))):
            spellings[spelling] = name
    return regions, spellings


@functools.lru_cache(maxsize=1024)
def region(name: str) -> Region:
    """Find a region by its name or an alias.

    Raises
    ------
    InputError
        Not known; with the region meant, where that is certain.

    Examples
    --------
    >>> region("left_kidney").name, region("tumour_2").like
    ('kidney_left', 'tumour')
    """
    regions, spellings = _regions()
    if name in spellings:
        return regions[spellings[name]]
    tumour = TUMOUR.fullmatch(name)
    if tumour and len(name) <= 60:
        own = f"tumour{tumour.group(1)}"
        return Region(own, "tumour", (), (own,), "tumour")
    near, listed = region_like(name, spellings), "all regions: dosimetry tables regions"
    if near:
        cure = f"nearest: {near}  ({listed})"
    elif names_lesion(name, spellings):
        cure = f"tumours are named tumour_1, tumour_2  ({listed})"
    else:
        cure = listed
    raise refuse("unknown-region", f"region {quote(name)} is not known", cure)


@functools.lru_cache(maxsize=1024)
def measured_region(name: str) -> str:
    """Return the name of a region that can be measured.

    Raises
    ------
    InputError
        Not known, or only irradiated.
    """
    found = region(name)
    if found.role == "target":
        raise refuse(
            "not-measurable",
            f"{found.name} is not measured but irradiated",
            "name the region that holds the activity (dosimetry tables regions)",
        )
    return found.name


def dose_region(name: str) -> str:
    """Return the name of a region that gets a dose.

    Raises
    ------
    InputError
        Not known, or only a source.
    """
    found = region(name)
    if found.name not in found.targets and found.role != "target":
        raise refuse(
            "no-dose-region",
            f"{found.name} is a source of dose, not a region that gets one",
            f"name {' or '.join(found.targets)}" if found.targets else "name another region",
        )
    return found.name


@functools.cache
def population_coefficients() -> Mapping[str, Estimate]:
    """Return absorbed dose per activity of 177Lu-DOTATATE by region: mean and sd over patients."""
    found = table("population_coefficients_lu177_dotatate")
    return {
        row["region"]: Estimate(
            found.number(row, "mean", "Gy/GBq"), found.number(row, "sd", "Gy/GBq"), "Gy/GBq"
        )
        for row in found.rows
    }


@functools.lru_cache(maxsize=1024)
def effective_half_life(like: str) -> tuple[float, float, str] | None:
    """Return median (h), geometric cv and source of the population's effective half-life."""
    found = table("effective_half_lives_lu177_dotatate")
    row = rows_by(found.name, "region").get(like)
    if row is None:
        return None
    median = found.number(row, "effective_half_life", "h")
    return median, found.number(row, "cv", "1"), row["source"]


@functools.lru_cache(maxsize=1024)
def between_cycle_cv(like: str) -> tuple[float, str]:
    """Return the between-cycle coefficient of variation of a region and where it comes from."""
    found = table("variability_lu177_dotatate")
    row = rows_by(found.name, "region").get(like)
    if row is not None:
        return found.number(row, "between_cycle_cv", "1"), row["source"]
    return default("between_cycle_cv", "1"), default_source("between_cycle_cv")


@functools.lru_cache(maxsize=1024)
def radiobiology(like: str) -> Radiobiology:
    """Return alpha/beta and repair half-life of a region, or the generic ones."""
    found = table("radiobiology")
    rows = rows_by(found.name, "region")
    row = rows.get(like, rows["generic"])
    return Radiobiology(
        found.number(row, "alpha_beta", "Gy"),
        found.number(row, "repair_half_life", "h"),
        like not in rows,
        row["source"],
    )


def limit_rows() -> tuple[Mapping[str, str], ...]:
    """Return the rows of table ``limits``."""
    return table("limits").rows


def limit(row: Mapping[str, str]) -> Limit:
    """Make the limit of a row of table ``limits``."""
    return Limit(
        row["id"],
        row["region"],
        row["quantity"],
        table("limits").number(row, "value", "Gy"),
        row["condition"],
        row["source"],
    )


def regimen(name: str) -> Regimen:
    """Return a regimen of the table.

    Raises
    ------
    InputError
        Not known, with the nearest known one.

    Examples
    --------
    >>> regimen("netter-1").cycles
    4
    """
    rows = rows_by("regimens", "id")
    if name not in rows:
        raise refuse(
            "unknown-regimen",
            f"regimen {quote(name)} is not known",
            f"{nearest(name, rows) or 'regimens: ' + ', '.join(rows)}; or give "
            "{activity: 7.4 GBq, cycles: 4, interval: 8 week}",
        )
    found, row = table("regimens"), rows[name]
    return Regimen(
        name,
        row["agent"],
        found.number(row, "activity", "MBq") if row["activity"] else None,
        found.number(row, "dose", "mg") if row["dose"] else None,
        int(row["cycles"]) if row["cycles"] else None,
        found.number(row, "interval", "h"),
        row["companion"],
        row["source"],
    )


@functools.cache
def sobol_direction_numbers() -> tuple[tuple[int, int, tuple[int, ...]], ...]:
    """Return degree, polynomial and initial numbers of each dimension (Joe and Kuo 2008)."""
    return tuple(
        (
            int(row["degree"]),
            int(row["polynomial"]),
            tuple(map(int, row["initial_numbers"].split())),
        )
        for row in table("sobol_direction_numbers").rows
    )
