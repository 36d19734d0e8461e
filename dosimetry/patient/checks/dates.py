"""Contradictions of dates and intervals."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from dosimetry.patient import times
from dosimetry.patient.checks.laboratory import kind_of
from dosimetry.patient.schema import OwnRegimen, PatientFile
from dosimetry.patient.times import local
from dosimetry.problems import Problem
from dosimetry.reference import tables
from dosimetry.units import HOURS_PER_DAY


def impossible_dates(patient: PatientFile) -> Iterator[Problem]:
    """Return contradictions between dates of cycles, laboratory values and events."""
    most = int(tables.default("most_cycles", "1"))
    if len(patient.cycles) > most:
        yield Problem(
            "too-many-cycles",
            f"{len(patient.cycles)} cycles were delivered; one course can have at most {most}",
            "enter an earlier course under therapy.prior_doses",
            "cycles",
        )
    moments = [(f"cycles[{i}].at", cycle.at) for i, cycle in enumerate(patient.cycles)]
    moments += [(labs.place_of(i, "at"), labs.at) for i, labs in enumerate(patient.labs)]
    moments += [(f"adverse_events[{i}].at", e.at) for i, e in enumerate(patient.adverse_events)]
    zones = {kind_of(moment) for _, moment in moments}
    if {"naive", "aware"} <= zones:
        for place, moment in moments:
            if kind_of(moment) == "naive":
                yield Problem(
                    "no-time-zone",
                    "this time has no zone, but another time has one",
                    f"write {moment.isoformat()}+01:00, with the right offset",
                    place,
                )
        return
    for i, (before, after) in enumerate(itertools.pairwise(patient.cycles)):
        if times.earlier(after.at, before.at, or_same=True):
            yield Problem(
                "dates-out-of-order",
                f"{after.at.isoformat()} is not after the previous cycle, {before.at.isoformat()}",
                "put the delivered cycles in order, oldest first",
                f"cycles[{i + 1}].at",
            )
    start = patient.therapy.start
    if start and patient.cycles and start != times.day(local(patient, patient.cycles[0].at)):
        yield Problem(
            "start-after-delivery",
            f"start {start.isoformat()} differs from the first delivered cycle, "
            f"{patient.cycles[0].at.isoformat()}",
            "remove it; the course starts with the first delivered cycle",
            "therapy.start",
        )


def impossible_regimen(patient: PatientFile) -> Iterator[Problem]:
    """Return contradictions of a regimen of the patient's own."""
    regimen = patient.therapy.regimen
    if isinstance(regimen, OwnRegimen) and regimen.interval.value % HOURS_PER_DAY:
        yield Problem(
            "interval-not-in-days",
            f"an interval of {regimen.interval.value:g} h is not a whole number of days",
            "write it in weeks or days, as in 8 week",
            "therapy.regimen.interval",
        )
