"""Adverse-event terms: synonyms, and the consequence of each grade for the treatment."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from dosimetry.problems import nearest
from dosimetry.reference import label
from dosimetry.reference.tables import table

Consequence = Literal["stop", "ask", "premedication", "resume"]
SPELLINGS = (("ae", "e"), ("oe", "e"), ("our", "or"), ("is", "iz"))  # British and American
UNKNOWN = "term not in table treatment_ending_events"


@dataclass(frozen=True)
class Step:
    """Consequence of an adverse event from a grade on.

    Attributes
    ----------
    from_grade : int
    consequence : str
        ``stop``; ``ask``, where the patient file must state whether the event ends the treatment;
        ``premedication``; or ``resume``, the label's rule for other reactions.
    source : str
    """

    from_grade: int
    consequence: Consequence
    source: str


def _key(term: str) -> str:
    """Return a term in lower case, without punctuation, in American spelling."""
    key = " ".join(re.sub(r"[-_/,.()]", " ", term.casefold()).split())
    for british, american in SPELLINGS:
        key = key.replace(british, american)
    return key


@functools.cache
def _names() -> Mapping[str, str]:
    return {
        _key(name): row["term"]
        for row in table("treatment_ending_events").rows
        for name in filter(None, (row["term"], *row["aliases"].split(";")))
    }


@functools.cache
def _steps(term: str) -> tuple[Step, ...]:
    steps = [
        Step(int(row["from_grade"]), cast(Consequence, row["consequence"]), row["source"])
        for row in table("treatment_ending_events").rows
        if row["term"] == term
    ]
    return tuple(sorted(steps, key=lambda step: step.from_grade))


def is_known(term: str) -> bool:
    """Return whether a term, or a synonym of it, is in the table."""
    return _key(term) in _names()


def canonical(term: str) -> str:
    """Return the table's name of a term; an unknown term is returned unchanged.

    Examples
    --------
    >>> canonical("Anaphylactic shock"), canonical("acute myeloid leukaemia"), canonical("seizure")
    ('anaphylaxis', 'leukemia', 'seizure')
    """
    return _names().get(_key(term), term)


def step_of(term: str, grade: int) -> Step | None:
    """Return the consequence of a grade of a term; None where it has none.

    An unknown term is asked about from the lowest grade of the label's rule for other reactions.

    Examples
    --------
    >>> step_of("hypersensitivity", 3).consequence, step_of("hypersensitivity", 2).consequence
    ('stop', 'premedication')
    >>> step_of("seizure", 3).consequence, step_of("seizure", 2), step_of("nausea", 4).consequence
    ('ask', None, 'resume')
    """
    steps = _steps(canonical(term)) or (Step(_other_grade(), "ask", UNKNOWN),)
    return next((step for step in reversed(steps) if grade >= step.from_grade), None)


def likely(term: str) -> str:
    """Return the nearest known term as a suggestion; empty where none is near."""
    names = [
        name
        for row in table("treatment_ending_events").rows
        for name in (row["term"], *filter(None, row["aliases"].split(";")))
    ]
    return nearest(term.casefold(), names)


def _other_grade() -> int:
    """Return the lowest grade that the label's rule for other reactions counts."""
    (rule,) = (r for r in label.label_rules("toxicity") if r.quantities() == (label.OTHER,))
    return int(rule.alternatives[0][0].value)
