"""Contradictions of limits and previous radiation."""

from __future__ import annotations

from collections.abc import Iterator

from dosimetry.patient.kidneys import with_sides
from dosimetry.patient.limits import patient_limits
from dosimetry.patient.schema import OwnLimit, PatientFile
from dosimetry.problems import Problem, in_words
from dosimetry.reference import limits


def impossible_limits(patient: PatientFile) -> Iterator[Problem]:
    """Return contradictions between limits, and between limits and previous radiation."""
    taken = {row["id"] for row in limits.limit_rows()} | {
        row["stands_for"] for row in limits.limit_rows()
    }
    seen: set[str] = set()
    for i, limit in enumerate(patient.therapy.limits or []):
        name = limit.id if isinstance(limit, OwnLimit) else limit
        if isinstance(limit, OwnLimit) and name in taken:
            yield Problem(
                "limit-id-taken",
                f"'{name}' is already the name of a limit in the tables",
                "give the limit another name",
                f"therapy.limits[{i}].id",
            )
        if name in seen:
            yield Problem(
                "limit-twice", f"limit '{name}' is listed twice", "keep one", f"therapy.limits[{i}]"
            )
        seen.add(name)
    ids = [limit.id for limit in patient_limits(patient)[0]]
    twice_named = len(seen) < len(patient.therapy.limits or [])
    for twice in () if twice_named else sorted({name for name in ids if ids.count(name) > 1}):
        yield Problem(
            "limit-twice", f"limit '{twice}' is listed twice", "keep one", "therapy.limits"
        )
    yield from _earlier(patient)


def _earlier(patient: PatientFile) -> Iterator[Problem]:
    previous = patient.therapy.prior_doses
    for name, dose in previous.items():
        if dose.bed is not None and dose.bed.value < dose.absorbed_dose.value:
            yield Problem(
                "bed-below-dose",
                f"a biologically effective dose of {dose.bed.value:g} Gy is below the absorbed "
                f"dose, {dose.absorbed_dose.value:g} Gy",
                "a biologically effective dose is never below the absorbed dose; check both",
                f"therapy.prior_doses.{name}.bed",
            )
    for limit in patient_limits(patient)[0]:
        names = [name for name in with_sides(limit.region) if name in previous]
        missing = [name for name in names if previous[name].bed is None]
        if missing and limit.quantity != "absorbed dose":
            yield Problem(
                "prior-bed-missing",
                f"limit {limit.id} is on the biologically effective dose, but the previous "
                f"radiation of {in_words(missing[:1])} has none",
                "add bed, its biologically effective dose (never below the absorbed dose)",
                f"therapy.prior_doses.{missing[0]}.bed",
            )
