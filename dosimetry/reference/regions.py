"""Regions: names, aliases, sources and targets in the S value tables."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dosimetry.problems import quote, refuse
from dosimetry.reference.tables import table
from dosimetry.suggestions import names_lesion, region_like

NUCLIDE = "Lu-177"  # of every agent that a patient file accepts
TUMOUR = re.compile(r"tumou?r((?:_[a-z0-9]+)*)")


@dataclass(frozen=True)
class Region:
    """A region of the body; see table ``regions``.

    ``needs`` names the regions without whose measurement the dose of this one is a lower bound.
    """

    name: str
    role: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    like: str
    needs: tuple[str, ...] = ()

    @property
    def by_sphere(self) -> bool:
        """Whether its dose is the self-dose of a sphere, since no phantom has it."""
        return self.role in ("tumour", "gland")


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
    """Return the region with a name or alias.

    Raises
    ------
    InputError
        An unknown name, with the region that was meant if that is certain.

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
        own_name = f"tumour{tumour.group(1)}"
        return Region(own_name, "tumour", (), (own_name,), "tumour")
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
    """Return the region's own name for a name or alias of a region that can be measured.

    Raises
    ------
    InputError
        An unknown name, or a region that is a target only.
    """
    measured = region(name)
    if measured.role == "target":
        raise refuse(
            "not-measurable",
            f"{measured.name} is a target region and cannot be measured",
            "name the region that holds the activity (dosimetry tables regions)",
        )
    return measured.name


def dose_region(name: str) -> str:
    """Return the region's own name for a name or alias of a region that gets a dose.

    Raises
    ------
    InputError
        An unknown name, or a region that is a source only.
    """
    target = region(name)
    if target.name not in target.targets and target.role != "target":
        raise refuse(
            "no-dose-region",
            f"{target.name} is a source region and gets no dose of its own",
            f"name {' or '.join(target.targets)}" if target.targets else "name another region",
        )
    return target.name
