"""How sure a verdict becomes by measuring one more cycle, averaged over what it may show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dosimetry.course.priors import Priors
from dosimetry.course.region import RegionCourse
from dosimetry.course.regions import further_causes, observations_of
from dosimetry.cycle.dose import CycleDose
from dosimetry.cycle.region_dose import supplied_dose
from dosimetry.physics.kinetics import Array
from dosimetry.physics.prediction import Observation, Posterior, posterior
from dosimetry.reference import tables
from dosimetry.reference.limits import Limit

NODES = np.linspace(-4.0, 4.0, 33)  # of a standard normal number
WEIGHTS = np.exp(-0.5 * NODES**2) / np.exp(-0.5 * NODES**2).sum()


@dataclass(frozen=True, eq=False)
class Learnt:
    """The distribution of a region's dose per activity after a measurement not yet made.

    Its covariance does not depend on what the measurement will show; its mean is that of before
    plus ``shift`` times a standard normal number.

    Attributes
    ----------
    before, after : Posterior
        The second with the mean of the first.
    shift : array, shape (cycles,)
    """

    before: Posterior
    after: Posterior
    shift: Array


def learnt(
    region: RegionCourse,
    delivered: Sequence[CycleDose],
    priors: Priors,
    cycle: int,
    relative_sd: float,
) -> Learnt:
    """Return what measuring a cycle to come will tell of a region.

    Parameters
    ----------
    region : RegionCourse
    delivered : sequence of CycleDose
    priors : Priors
        Of the patient.
    cycle : int
        From 0.
    relative_sd : float
        Of its dose, without what all cycles share. Calibration and mass are those of the last cycle
        with a curve; before one, the default systematic uncertainty.
    """
    before = observations_of(region.region, delivered)
    value = region.posterior.coefficient(cycle).value  # any: the covariance does not depend on it
    further = Observation(cycle, value, relative_sd, (*_shared(region.region, delivered), 0.0))
    after = posterior(priors.of(region.region), [*before, further], len(region.posterior.mean))
    assert after is not None  # a cycle is measured
    gained = region.posterior.covariance - after.covariance  # of rank one
    own = max(float(gained[cycle, cycle]), 0.0)
    shift = gained[:, cycle] / np.sqrt(own) if own > 0 else np.zeros(len(gained))
    return Learnt(region.posterior, replace(region.posterior, covariance=after.covariance), shift)


def _shared(region: str, delivered: Sequence[CycleDose]) -> tuple[float, ...]:
    """Return the relative sds that the scans to come share with those of all cycles."""
    further = further_causes(region, delivered)
    for cycle in reversed(delivered):
        dose = cycle.doses.get(region)
        if dose is not None and dose.dose_rate is not None and not dose.missing:
            return replace(dose, relative_ratio_sds=(0.0, 0.0)).shared_sds(further)
    none = supplied_dose(1.0, 0.0)
    systematic = tables.default("systematic_sd", "1")
    return replace(none, relative_calibration_sd=systematic).shared_sds(further)


def wrong_side(region: RegionCourse, limit: Limit, further: Learnt | None = None) -> float:
    """Return the expected probability that the course ends on the other side of a limit.

    The verdict is the more probable side. Without a further measurement its probability of being
    wrong is min(p, 1 - p), p that of exceeding the limit; with one, the mean of this over what
    the measurement may show.
    """
    if further is None:
        return _wrong(region, limit)
    shifted = (
        replace(
            region,
            posterior=replace(further.after, mean=further.after.mean + z * further.shift),
            as_measured=None,
        )
        for z in NODES
    )
    return float(WEIGHTS @ np.array([_wrong(one, limit) for one in shifted]))


def _wrong(region: RegionCourse, limit: Limit) -> float:
    chance = region.probability(limit.quantity, limit.value)
    return min(chance, 1.0 - chance)
