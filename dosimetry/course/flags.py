"""A flag for each limit: probability of exceeding it, margin, activity left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dosimetry.course.region import RegionCourse
from dosimetry.documents.flags import Flag, FlagBasis, Flags, Severity
from dosimetry.documents.plan import PlanCycle
from dosimetry.patient.schema import PatientFile
from dosimetry.problems import Problem, in_words
from dosimetry.quantities import Amount
from dosimetry.reference import tables
from dosimetry.reference.limits import Limit


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


def flag(limit: Limit, regions: Mapping[str, RegionCourse], per_cycle: float) -> Flag:
    """Return the flag of a limit.

    Parameters
    ----------
    limit : Limit
    regions : mapping of str to RegionCourse
        Regions with a dose.
    per_cycle : float
        Activity of a further cycle in GBq, for the margin.
    """
    region = regions.get(limit.region)
    bound = Amount(limit.value, "Gy")
    total = region.cumulative(limit.quantity) if region else None
    if region is None or total is None:
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
    chance = region.probability(limit.quantity, limit.value)
    verdict = severity(chance)
    allowed = tables.default("caution_probability", "1")
    further = region.further_activity(limit.quantity, limit.value, allowed, per_cycle)
    return Flag(
        limit.id,
        limit.region,
        limit.quantity,
        verdict,
        chance,
        Amount(total.value, "Gy"),
        bound,
        Amount(limit.value - total.value, "Gy"),
        None if further is None else Amount(further[0], "GBq"),
        first_cycle_with(region, limit, verdict),
        limit.source,
        basis_of(region),
    )


def basis_of(region: RegionCourse) -> FlagBasis:
    """Return the basis of a region's cumulative dose.

    ``measured`` where every given cycle was measured, ``predicted`` where some were, or one kidney
    was, else ``population``.
    """
    if not region.measured | region.estimated:
        return "population"
    with_activity = {cycle for cycle, activity in enumerate(region.activities) if activity > 0}
    return "measured" if with_activity <= region.measured else "predicted"


def first_cycle_with(region: RegionCourse, limit: Limit, verdict: Severity) -> int | None:
    """Return the number of the first cycle with a severity; None where the limit is kept."""
    if verdict == "within":
        return None
    chances = region.probabilities(limit.quantity, limit.value)[1:]
    return next((i + 1 for i, p in enumerate(chances) if severity(p) == verdict), None)


def unassessed_warnings(flags: Flags, strategy: str) -> list[Problem]:
    """Return a warning for every limit that a strategy could not take into account."""
    if strategy == "fixed":
        return []
    return [
        Problem(
            "limit-not-assessed",
            f"strategy '{strategy}' could not take {flag.limit} into account: no dose of the "
            f"{in_words([flag.region])} is known",
            "measure the region; the plan ignores this limit",
            "therapy.limits",
        )
        for flag in flags
        if flag.severity == "not-assessed"
    ]


def lower_bound_warnings(
    patient: PatientFile, flags: Flags, cycles: Sequence[PlanCycle]
) -> list[Problem]:
    """Return a warning for every unassessed limit that lower bounds and previous dose exceed."""
    warnings = []
    for flag in flags:
        before = patient.therapy.prior_doses.get(flag.region)
        least = (before.absorbed_dose.value if before else 0.0) + sum(
            dose.absorbed_dose.value
            for cycle in cycles
            for dose in cycle.regions
            if dose.region == flag.region and dose.basis == "partial"
        )
        if flag.severity == "not-assessed" and least > flag.limit_value.value:
            warnings.append(
                Problem(
                    "lower-bound-above-limit",
                    f"the {in_words([flag.region])} has received at least {least:.3g} Gy, which "
                    f"exceeds the limit of {flag.limit_value.value:g} Gy ({flag.limit})",
                    "give no further cycle before the dose is known",
                    f"flags {flag.limit}",
                )
            )
    return warnings
