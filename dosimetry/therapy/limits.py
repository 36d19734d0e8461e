"""Limits of a patient, and a flag for each: how near, with what probability, and how much room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dosimetry import reference, tables
from dosimetry.problems import Problem
from dosimetry.quantities import Amount
from dosimetry.reference import Limit
from dosimetry.therapy.plan import Flag, FlagBasis, Flags, PlanCycle, Severity
from dosimetry.therapy.region_course import RegionCourse
from dosimetry.therapy.sections import Course, OwnLimit


def patient_limits(course: Course) -> tuple[list[Limit], list[Problem]]:
    """Return the limits to look at, and warnings where one does not fit the patient.

    A name that stands for several limits (``kidneys-bed``) picks the one whose condition holds.
    """
    at_risk = bool(course.person.kidney_risk_factors)
    holds = {
        "always": True,
        "on_request": True,
        "kidney_risk_factor": at_risk,
        "no_kidney_risk_factor": not at_risk,
    }
    wanted = course.therapy.limits
    if wanted is None:
        wanted = list(
            dict.fromkeys(
                row["stands_for"] for row in reference.limit_rows() if row["default"] == "yes"
            )
        )
    limits: list[Limit] = []
    warnings: list[Problem] = []
    if not wanted:
        warnings.append(
            Problem(
                "no-limits",
                "the list of limits is empty: nothing is looked at",
                "remove it to have the usual ones",
                "therapy.limits",
            )
        )
    for i, item in enumerate(wanted):
        if isinstance(item, OwnLimit):
            limits.append(
                Limit(item.id, item.region, item.quantity, item.limit.value, "own", item.source)
            )
            continue
        for row in reference.limit_rows():
            fits = holds[row["applies_when"]]
            if row["id"] == item or (row["stands_for"] == item and fits):
                limits.append(reference.limit(row))
                if not fits:
                    warnings.append(
                        Problem(
                            "limit-of-another-condition",
                            f"{item} is meant for: {row['condition']}",
                            f"name {row['stands_for']} to have the condition looked at",
                            f"therapy.limits[{i}]",
                        )
                    )
    return limits, warnings


def severity(probability: float) -> Severity:
    """Return the severity of a probability of exceeding a limit.

    Examples
    --------
    >>> severity(0.05), severity(0.051), severity(0.51)
    ('within', 'caution', 'exceeds')
    """
    if probability <= tables.default("caution_probability", "1"):
        return "within"
    return "caution" if probability <= tables.default("exceeds_probability", "1") else "exceeds"


def flag(limit: Limit, courses: Mapping[str, RegionCourse], per_cycle: float) -> Flag:
    """Return the flag of a limit.

    Parameters
    ----------
    limit : Limit
    courses : mapping of str to RegionCourse
        Those regions that have a dose.
    per_cycle : float
        Activity of a further cycle in GBq, for the margin.
    """
    course = courses.get(limit.region)
    bound = Amount(limit.value, "Gy")
    total = course.cumulative(limit.quantity) if course else None
    if course is None or total is None:
        return Flag(
            limit.id,
            limit.region,
            limit.quantity,
            "not-assessed",
            None,
            None,
            bound,
            None,
            None,
            None,
            limit.source,
        )
    chances = course.probabilities(limit.quantity, limit.value)
    found = severity(float(chances[-1]))
    allowed = tables.default("caution_probability", "1")
    further = course.further_activity(limit.quantity, limit.value, allowed, per_cycle)
    return Flag(
        limit.id,
        limit.region,
        limit.quantity,
        found,
        float(chances[-1]),
        Amount(total.value, "Gy"),
        bound,
        Amount(limit.value - total.value, "Gy"),
        None if further is None else Amount(further[0], "GBq"),
        None if found == "within" else _first(chances[1:].tolist(), found),
        limit.source,
        basis_of(course),
    )


def basis_of(course: RegionCourse) -> FlagBasis:
    """Return what the dose of a course rests on.

    ``measured`` where every cycle was, ``predicted`` where some were, else ``population``.
    """
    if not course.measured:
        return "population"
    given = {cycle for cycle, activity in enumerate(course.activities) if activity > 0}
    return "measured" if given <= course.measured else "predicted"


def _first(chances: list[float], found: Severity) -> int | None:
    """Return the number of the first cycle after which a severity stands."""
    return next((i + 1 for i, p in enumerate(chances) if severity(p) == found), None)


def unassessed_warnings(flags: Flags, strategy: str) -> list[Problem]:
    """Return a warning for every limit that a strategy could not take into account."""
    if strategy == "fixed":
        return []
    return [
        Problem(
            "limit-not-assessed",
            f"strategy '{strategy}' could not take {flag.limit} into account: no dose of the "
            f"{flag.region.replace('_', ' ')} is known",
            "measure it, or read the plan without it",
            "therapy.limits",
        )
        for flag in flags
        if flag.severity == "not-assessed"
    ]


def lower_bound_warnings(
    course: Course, flags: Flags, cycles: Sequence[PlanCycle]
) -> list[Problem]:
    """Return a warning for every limit not assessed that lower bounds and earlier dose exceed."""
    found = []
    for flag in flags:
        before = course.therapy.prior_doses.get(flag.region)
        least = (before.absorbed_dose.value if before else 0.0) + sum(
            dose.absorbed_dose.value
            for cycle in cycles
            for dose in cycle.regions
            if dose.region == flag.region and dose.basis == "partial"
        )
        if flag.severity == "not-assessed" and least > flag.limit_value.value:
            found.append(
                Problem(
                    "lower-bound-above-limit",
                    f"the {flag.region.replace('_', ' ')} has had at least {least:.3g} Gy: "
                    f"{flag.limit}, {flag.limit_value.value:g} Gy, is exceeded",
                    "give no further cycle before the dose is known",
                    f"flags {flag.limit}",
                )
            )
    return found
