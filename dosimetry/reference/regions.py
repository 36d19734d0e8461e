"""Regions: names, aliases, sources and targets in the S value tables."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dosimetry.problems import quote, refuse
from dosimetry.reference.tables import table
from dosimetry.suggestions import names_lesion, region_like

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
