"""Contradictions between the sections of a patient file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from dosimetry.patient.checks.dates import impossible_dates, impossible_regimen
from dosimetry.patient.checks.kidneys import kidneys_of_file
from dosimetry.patient.checks.laboratory import clinical_inconsistencies
from dosimetry.patient.checks.limits import impossible_limits
from dosimetry.patient.checks.regions import (
    cycle_contradictions,
    impossible_half_lives,
    unused_masses,
)
from dosimetry.patient.schema import PatientFile
from dosimetry.problems import Problem

ADULT = 18.0


def inconsistencies(patient: PatientFile) -> list[Problem]:
    """Return contradictions between fields of a patient file."""
    return [
        *_person(patient),
        *impossible_dates(patient),
        *impossible_regimen(patient),
        *impossible_limits(patient),
        *unused_masses(patient),
        *kidneys_of_file(patient),
        *impossible_half_lives(patient),
        *clinical_inconsistencies(patient),
        *itertools.chain.from_iterable(
            cycle_contradictions(patient, cycle, i) for i, cycle in enumerate(patient.cycles)
        ),
    ]


def _person(patient: PatientFile) -> Iterator[Problem]:
    age = patient.person.age
    if age is not None and age.value < ADULT:
        yield Problem(
            "not-an-adult",
            f"the patient is {age.value:g} years old, under {ADULT:g}",
            "only adults are supported; children need other phantoms and tables",
            "patient.age",
        )
