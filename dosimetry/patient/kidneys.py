"""Kidneys: the pair and its two sides, and the patient who has one kidney only.

Names and shares only: doses of the pair are means in :mod:`dosimetry.cycle.weights` (measured) and
:mod:`dosimetry.cycle.dose` (supplied coefficients), which this room cannot see. Values given for
the pair also serve a side, and values given for the sides serve the pair. The independent
recalculation has its own rules on purpose.
"""

from __future__ import annotations

from collections.abc import Collection

from dosimetry.patient.schema import SINGLE_KIDNEY, Person

PAIR = "kidneys"
SIDES = ("kidney_left", "kidney_right")


def solitary(person: Person) -> bool:
    """Return whether the patient has one kidney only."""
    return SINGLE_KIDNEY in person.kidney_risk_factors


def number_of_kidneys(person: Person) -> int:
    """Return how many kidneys the patient has."""
    return 1 if solitary(person) else 2


def share_of_pair(person: Person) -> float:
    """Return the share that one kidney has of the pair's mass or of the pair's mean dose."""
    return 1.0 / number_of_kidneys(person)


def given_sides(regions: Collection[str]) -> list[str]:
    """Return the sides among regions, the left one first.

    Examples
    --------
    >>> given_sides({"liver", "kidney_right", "kidney_left"})
    ['kidney_left', 'kidney_right']
    """
    return [side for side in SIDES if side in regions]


def both_sides(regions: Collection[str]) -> bool:
    """Return whether both sides are among regions."""
    return len(given_sides(regions)) == len(SIDES)


def pair_of(region: str) -> str:
    """Return the pair for a side; any other region as it is.

    Examples
    --------
    >>> pair_of("kidney_left"), pair_of("liver")
    ('kidneys', 'liver')
    """
    return PAIR if region in SIDES else region


def with_pair(region: str) -> tuple[str, ...]:
    """Return the names whose entries serve a region: its own, then for a side the pair's.

    Examples
    --------
    >>> with_pair("kidney_left"), with_pair("liver")
    (('kidney_left', 'kidneys'), ('liver',))
    """
    return (region, PAIR) if region in SIDES else (region,)


def with_sides(region: str) -> tuple[str, ...]:
    """Return a region, and for the pair its sides too.

    Examples
    --------
    >>> with_sides("kidneys"), with_sides("liver")
    (('kidneys', 'kidney_left', 'kidney_right'), ('liver',))
    """
    return (region, *SIDES) if region == PAIR else (region,)


def in_phantom(region: str, person: Person) -> str:
    """Return the phantom's region that a patient's is compared with.

    The pair of a patient with a solitary kidney is one side of the phantom, which has two.
    """
    return SIDES[0] if region == PAIR and solitary(person) else region


def side_word(region: str) -> str:
    """Return which side a kidney is.

    Examples
    --------
    >>> side_word("kidney_left")
    'left'
    """
    return region.removeprefix("kidney_")
