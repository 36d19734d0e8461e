"""Adverse-event terms: their other names, and what a grade of each does to the treatment."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from dosimetry import clinical
from dosimetry.problems import nearest
from dosimetry.tables import table

Consequence = Literal["stop", "ask", "premedication", "resume"]
SPELLINGS = (("ae", "e"), ("oe", "e"), ("our", "or"), ("is", "iz"))  # British and American
UNKNOWN = "table treatment_ending_events does not have the term"


@dataclass(frozen=True)
class Step:
    """What an adverse event does from a grade on.

    Attributes
    ----------
    from_grade : int
    consequence : str
        ``stop``, ``ask`` (whether it ends the treatment), ``premedication``, or ``resume`` (the
        label's rule for other reactions).
    source : str
    """

    from_grade: int
    consequence: Consequence
    source: str


def _key(term: str) -> str:
    """Return a term without case, hyphens and the difference of British and American spelling."""
    found = " ".join(re.sub(r"[-_/,.()]", " ", term.casefold()).split())
    for british, american in SPELLINGS:
        found = found.replace(british, american)
    return found


@functools.cache
def _names() -> Mapping[str, str]:
    return {
        _key(name): row["term"]
        for row in table("treatment_ending_events").rows
        for name in filter(None, (row["term"], *row["aliases"].split(";")))
    }


@functools.cache
def _steps(term: str) -> tuple[Step, ...]:
    found = [
        Step(int(row["from_grade"]), cast(Consequence, row["consequence"]), row["source"])
        for row in table("treatment_ending_events").rows
        if row["term"] == term
    ]
    return tuple(sorted(found, key=lambda step: step.from_grade))


def is_known(term: str) -> bool:
    """Return whether the table has a term, by any of its names."""
    return _key(term) in _names()


def canonical(term: str) -> str:
    """Return the table's name of a term; the term itself where the table does not have it.

    Examples
    --------
    >>> canonical("Anaphylactic shock"), canonical("acute myeloid leukaemia"), canonical("seizure")
    ('anaphylaxis', 'leukemia', 'seizure')
    """
    return _names().get(_key(term), term)


def step_of(term: str, grade: int) -> Step | None:
    """Return what a grade of a term does; None where it does nothing.

    A term that the table does not have is asked about from the grade on that the label's rule for
    other reactions begins with.

    Examples
    --------
    >>> step_of("hypersensitivity", 3).consequence, step_of("hypersensitivity", 2).consequence
    ('stop', 'premedication')
    >>> step_of("seizure", 3).consequence, step_of("seizure", 2), step_of("nausea", 4).consequence
    ('ask', None, 'resume')
    """
    steps = _steps(canonical(term)) or (Step(_other_grade(), "ask", UNKNOWN),)
    return next((one for one in reversed(steps) if grade >= one.from_grade), None)


def likely(term: str) -> str:
    """Return the nearest known term, as the beginning of a cure; empty where none is near."""
    names = [
        name
        for row in table("treatment_ending_events").rows
        for name in (row["term"], *filter(None, row["aliases"].split(";")))
    ]
    return nearest(term.casefold(), names)


def _other_grade() -> int:
    """Return the lowest grade that the label's rule for other reactions counts."""
    (rule,) = (r for r in clinical.label_rules("toxicity") if r.quantities() == (clinical.OTHER,))
    return int(rule.alternatives[0][0].value)
