"""Contradictions between the sections of a patient file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from dosimetry.patient.checks.dates import impossible_dates, impossible_regimen
from dosimetry.patient.checks.kidneys import kidneys_of_course
from dosimetry.patient.checks.laboratory import clinical_inconsistencies
from dosimetry.patient.checks.limits import impossible_limits
from dosimetry.patient.checks.regions import (
    cycle_contradictions,
    impossible_half_lives,
    unused_masses,
)
from dosimetry.patient.schema import Course
from dosimetry.problems import Problem

ADULT = 18.0


def inconsistencies(course: Course) -> list[Problem]:
    """Return contradictions between fields of a patient file."""
    return [
        *_person(course),
        *impossible_dates(course),
        *impossible_regimen(course),
        *impossible_limits(course),
        *unused_masses(course),
        *kidneys_of_course(course),
        *impossible_half_lives(course),
        *clinical_inconsistencies(course),
        *itertools.chain.from_iterable(
            cycle_contradictions(course, cycle, i) for i, cycle in enumerate(course.cycles)
        ),
    ]


def _person(course: Course) -> Iterator[Problem]:
    age = course.person.age
    if age is not None and age.value < ADULT:
        yield Problem(
            "not-an-adult",
            f"the patient is {age.value:g} years old, under {ADULT:g}",
            "only adults are supported; children need other phantoms and tables",
            "patient.age",
        )
