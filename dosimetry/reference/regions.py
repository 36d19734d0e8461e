"""Regions: names, aliases, sources and targets in the S value tables."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dosimetry.problems import quote, refuse
from dosimetry.reference.tables import table
from dosimetry.suggestions import (
    LONGEST,
    Spellings,
    names_lesion,
    region_like,
    spelled_like,
    spellings_of,
)

NUCLIDE = "Lu-177"  # of every agent that a patient file accepts
TUMOUR = re.compile(
    r"tumou?r(?:[\s_\-.]*(?P<number>[0-9]+[a-z]?)|(?P<words>(?:[\s_\-.]+[a-z0-9]+)*))",
    re.ASCII | re.IGNORECASE,
)
# With one of these words, a name is of several tumours or of tissue without them.
NOT_ONE_TUMOUR = frozenset(
    (
        *("all", "burden", "sum", "total", "ratio", "to"),
        *("background", "free", "minus", "no", "non", "not", "without"),
    )
)
NUMBERED = re.compile(r"([^\W\d_]+)[\s_\-.]*#?([0-9]{1,3}[a-z]?)", re.IGNORECASE)
LISTED = "all regions: dosimetry tables regions"


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
def _regions() -> tuple[Mapping[str, Region], Spellings]:
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
    return regions, spellings_of(spellings)


@functools.cache
def _other_names() -> tuple[Mapping[str, Mapping[str, str]], Spellings]:
    """Return the rows of table ``region_names`` by name, and the names taken apart."""
    rows = {row["name"]: row for row in table("region_names").rows}
    whole = {name: row["region"] for name, row in rows.items() if not name.endswith("#")}
    return rows, spellings_of(whole)


class Reading(NamedTuple):
    """A name as it is read.

    Attributes
    ----------
    region : str
        The region's own name; empty if the name is not one region.
    renamed : bool
        Whether the name is another than the region's, in whatever case and with whatever blanks.
    reason : str
        The possible readings of a name that is not one region.
    """

    region: str
    renamed: bool = False
    reason: str = ""


@functools.lru_cache(maxsize=1024)
def reading(name: str) -> Reading | None:
    """Return how a name is read; None if it is not known.

    A name is read in any case, with blanks, hyphens or underscores. Names of segmentation tools and
    clinics are those of table ``region_names``.

    Examples
    --------
    >>> reading("Left Kidney")
    Reading(region='kidney_left', renamed=False, reason='')
    >>> reading("Lesion 2").region, reading("heart").reason
    ('tumour_2', 'the wall (heart_wall) or the blood in the chambers (heart_contents)')
    """
    _, known = _regions()
    if name in known.regions:
        return Reading(known.regions[name])
    name = unicodedata.normalize("NFKC", name)
    tumour = _tumour(name)
    if tumour and tumour.region:
        return tumour
    if spelling := spelled_like(name, known):
        return Reading(known.regions[spelling])
    rows, others = _other_names()
    if row := rows.get(spelled_like(name, others)):
        return Reading(row["region"], bool(row["region"]), row["reason"])
    return tumour or _numbered(name)


def _tumour(name: str) -> Reading | None:
    """Return the reading of ``tumour_1``, ``Tumor 1``, ``Tumour-liver``; None for other names."""
    match = TUMOUR.fullmatch(name)
    if match is None or len(name) > LONGEST:
        return None
    number, words = match.group("number", "words")
    suffix = [number.lower()] if number else re.findall(r"[a-z0-9]+", (words or "").lower())
    if NOT_ONE_TUMOUR & {*suffix}:
        return Reading("", reason="one tumour, several tumours, or tissue without them")
    return Reading("_".join(("tumour", *suffix)))


def _numbered(name: str) -> Reading | None:
    """Return the reading of a name with a number, such as ``Lesion_1``."""
    match = NUMBERED.fullmatch(name)
    row = _numbered_names().get(match[1].casefold()) if match else None
    if match is None or row is None:
        return None
    region = row["region"].replace("#", match[2].lower())
    return Reading(region, bool(region), row["reason"].replace("#", match[2].lower()))


@functools.cache
def _numbered_names() -> Mapping[str, Mapping[str, str]]:
    """Return the rows of names with a number, by the word before it."""
    rows, _ = _other_names()
    return {name.rstrip("_ #").casefold(): row for name, row in rows.items() if name.endswith("#")}


@functools.lru_cache(maxsize=1024)
def region(name: str) -> Region:
    """Return the region with a name, an alias, or a name of table ``region_names``.

    Raises
    ------
    InputError
        A name that can be several regions, with all of them; or an unknown name, with the region
        that was meant if that is certain.

    Examples
    --------
    >>> region("left_kidney").name, region("Kidney_L").name, region("tumour_2").like
    ('kidney_left', 'kidney_left', 'tumour')
    """
    regions, known = _regions()
    read = reading(name)
    if read and read.region in regions:
        return regions[read.region]
    if read and read.region:
        return Region(read.region, "tumour", (), (read.region,), "tumour")
    if read:
        raise refuse(
            "ambiguous-region", f"region {quote(name)} is not one region: {read.reason}", LISTED
        )
    if near := region_like(name, known):
        cure = f"nearest: {near}  ({LISTED})"
    elif names_lesion(name, known):
        cure = f"tumours are named tumour_1, tumour_2  ({LISTED})"
    else:
        cure = LISTED
    raise refuse("unknown-region", f"region {quote(name)} is not known", cure)


def refuse_one_tumour_of_two_names(
    names: Iterable[str], chosen: Mapping[str, str] | None = None
) -> None:
    """Refuse names of one file that become the same tumour: ``Lesion_1`` beside ``Tumour_1``.

    They may be two tumours, whose curves would be mixed.

    Parameters
    ----------
    names : iterable of str
        As written.
    chosen : mapping of str to str, optional
        Region of names that the user chose; two names may both be chosen to be one tumour.

    Raises
    ------
    InputError
        With both names.

    Examples
    --------
    >>> refuse_one_tumour_of_two_names(["Lesion_1", "Lesion 1", "tumour_2"])
    """
    chosen = chosen or {}
    written: dict[str, dict[str, str]] = {}
    for name in dict.fromkeys(names):
        read = reading(name)
        own = chosen.get(name) or (read.region if read else "")
        if TUMOUR.fullmatch(own):
            word = re.sub(r"[\W\d_].*", "", name.casefold()).replace("tumour", "tumor")
            written.setdefault(own, {}).setdefault(word, name)
    for own, words in written.items():
        both = list(words.values())
        if len(both) > 1 and not all(name in chosen for name in both):
            raise refuse(
                "tumour-of-two-names",
                f"{quote(both[0])} and {quote(both[1])} would both be {own}",
                "write one name if they are the same tumour, another number if they are two",
            )


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
