"""One region over the course: distributions of dose and BED, probability of exceeding a limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dosimetry.physics.course_total import course_total, largest_with
from dosimetry.physics.prediction import NORMAL_95, Posterior, powers_moments
from dosimetry.physics.radiobiology import bed, bed_sd
from dosimetry.quantities import Distribution, Estimate

DOSE, BED = "absorbed dose", "biologically effective dose"
PERCENTILES = (0.05, 0.95)


@dataclass(frozen=True, eq=False)
class RegionCourse:
    """One region over the course: activities, and the distribution of its dose per activity.

    Attributes
    ----------
    region : str
    activities : tuple of float
        Of every cycle in GBq; 0 where none is given.
    posterior : Posterior
        Over the largest number of cycles of a course.
    protraction : tuple of float, or None
        Lea and Catcheside's G of each of these cycles; None without BED.
    alpha_beta : float
        In Gy.
    earlier_dose : float
        Absorbed dose of previous radiation in Gy.
    earlier_bed : float or None
        BED of previous radiation in Gy; None where it is not known.
    measured : frozenset of int
        Cycles, from 0, whose dose was measured completely.
    estimated : frozenset of int
        Cycles, from 0, in which one kidney was measured and the other follows it.
    as_measured : Posterior or None
        As if both kidneys had been measured in those cycles, with the same doses. No probability of
        exceeding a limit is lower: a kidney that was not measurable never improves a verdict.
    individual : bool
        Whether the dose rests on data of this patient: a measured cycle, previous radiation, or a
        lower bound above the population's mean. Else it rests on the population alone.
    """

    region: str
    activities: tuple[float, ...]
    posterior: Posterior
    protraction: tuple[float, ...] | None
    alpha_beta: float
    earlier_dose: float
    earlier_bed: float | None
    measured: frozenset[int] = frozenset()
    estimated: frozenset[int] = frozenset()
    as_measured: Posterior | None = None
    individual: bool = False

    def with_activities(self, activities: tuple[float, ...]) -> RegionCourse:
        """Return the same region with other activities."""
        return replace(self, activities=activities)

    def has(self, quantity: str) -> bool:
        """Return whether a cumulative quantity is known."""
        return quantity == DOSE or (self.protraction is not None and self.earlier_bed is not None)

    def planned(self, cycle: int) -> tuple[Distribution, Distribution | None, Estimate]:
        """Return absorbed dose, BED and coefficient of one cycle from the posterior."""
        coefficient = self.posterior.coefficient(cycle)
        low, high = self._percentiles(cycle)
        unit_dose = Distribution(coefficient.value, coefficient.sd, low, high, "Gy")
        dose = unit_dose.scaled(self.activities[cycle])
        if self.protraction is None:
            return dose, None, coefficient
        alone = [(0.0, 0.0)] * cycle + [self._scale(cycle, BED)]
        value, sd = powers_moments(self.posterior, alone)
        return dose, self._with_bed(cycle, dose, value, sd), coefficient

    def _percentiles(self, cycle: int) -> tuple[float, ...]:
        """Return the percentiles of the dose per activity of one cycle in Gy/GBq."""
        if self.posterior.bounds:
            alone = [(0.0, 0.0)] * cycle + [(1.0, 0.0)]
            return course_total(self.posterior, alone).quantiles(PERCENTILES)
        middle = float(self.posterior.mean[cycle])
        reach = NORMAL_95 * math.sqrt(float(self.posterior.covariance[cycle, cycle]))
        return math.exp(middle - reach), math.exp(middle + reach)

    def measured_bed(self, cycle: int, dose: Distribution) -> Distribution | None:
        """Return the BED of a measured cycle; its sd with G held fixed."""
        if self.protraction is None:
            return None
        value, sd = bed_of(dose, self.protraction[cycle], self.alpha_beta)
        return self._with_bed(cycle, dose, value, sd)

    def _with_bed(
        self, cycle: int, dose: Distribution, value: float, sd: float | None
    ) -> Distribution:
        """Return the distribution of a BED; its percentiles follow from those of the dose."""
        g = self.protraction[cycle] if self.protraction else 0.0
        low, high = (
            None if x is None else float(bed.kernel(x, g, self.alpha_beta))
            for x in (dose.p5, dose.p95)
        )
        return Distribution(value, sd, low, high, "Gy")

    def cumulative_dose(self) -> Distribution:
        """Return the distribution of the absorbed dose at the end of the course."""
        return self._cumulative(DOSE)

    def cumulative(self, quantity: str) -> Distribution | None:
        """Return the distribution of a quantity at the end of the course, where it is known."""
        return self._cumulative(quantity) if self.has(quantity) else None

    def _cumulative(self, quantity: str) -> Distribution:
        earlier = self._earlier(quantity)
        mean, sd = self.moments(quantity)
        low, high = course_total(self.posterior, self._scales(quantity)).quantiles(PERCENTILES)
        return Distribution(mean, sd, low + earlier, high + earlier, "Gy")

    def moments(self, quantity: str) -> tuple[float, float]:
        """Return mean and sd of a quantity, in Gy, at the end of the course."""
        mean, sd = powers_moments(self.posterior, self._scales(quantity))
        return mean + self._earlier(quantity), sd

    def probability(self, quantity: str, limit: float) -> float:
        """Return the probability of exceeding a limit, in Gy, at the end of the course."""
        known = (self.posterior, *([self.as_measured] if self.as_measured is not None else ()))
        margin = limit - self._earlier(quantity)
        return max(course_total(one, self._scales(quantity)).above(margin) for one in known)

    def probabilities(self, quantity: str, limit: float) -> list[float]:
        """Return the probability of exceeding a limit before the first and after each cycle.

        The first entry is of previous radiation alone.
        """
        return [
            self.with_activities(self.activities[:cycles]).probability(quantity, limit)
            for cycles in range(len(self.activities) + 1)
        ]

    def further_activity(
        self, quantity: str, limit: float, risk: float, per_cycle: float
    ) -> tuple[float, int] | None:
        """Return the further activity that keeps the probability of exceeding a limit at ``risk``.

        It is given in further cycles of ``per_cycle`` and one cycle with the rest, each with its
        own dose per activity. The last possible cycle of a course takes all of the rest.

        Parameters
        ----------
        quantity : str
        limit : float
            In Gy.
        risk : float
            Accepted probability.
        per_cycle : float
            In GBq.

        Returns
        -------
        (activity, cycles) : (float, int), or None
            In GBq, 0 where the probability is above ``risk`` already, and the number of full
            cycles in it; None where the course has its largest number of cycles.
        """
        done, most = len(self.activities), len(self.posterior.mean)
        if done == most:
            return None
        if self.probability(quantity, limit) > risk:
            return 0.0, 0
        reached = self
        while len(reached.activities) < most - 1:
            longer = reached.with_activities((*reached.activities, per_cycle))
            if longer.probability(quantity, limit) > risk:
                break
            reached = longer
        full = len(reached.activities) - done
        rest = reached.largest_activity(quantity, limit, risk, [done + full])
        return full * per_cycle + rest, full + int(rest >= per_cycle)

    def largest_activity(
        self, quantity: str, limit: float, risk: float, cycles: Sequence[int]
    ) -> float:
        """Return the largest equal activity of cycles to come with P(> limit) at most ``risk``.

        Parameters
        ----------
        quantity : str
        limit : float
            In Gy.
        risk : float
        cycles : sequence of int
            Which cycles, from 0; each gets the same activity.

        Returns
        -------
        float
            In GBq; 0 where no activity can be given.
        """
        margin = limit - self._earlier(quantity)
        if margin <= 0.0 or self.probability(quantity, limit) > risk:
            return 0.0
        longest = max(*cycles, len(self.activities) - 1) + 1
        given = [*self.activities, *(0.0,) * (longest - len(self.activities))]

        def chance(activity: float) -> float:
            equal = (activity if c in cycles else a for c, a in enumerate(given))
            return self.with_activities(tuple(equal)).probability(quantity, limit)

        at_mean = sum(self.posterior.coefficient(cycle).value for cycle in cycles)
        # Rounding to the 12 digits of the document must not push the activity over the limit.
        return largest_with(chance, risk, margin / at_mean) * (1.0 - 1e-10)

    def _scale(self, cycle: int, quantity: str) -> tuple[float, float]:
        """Return (a, b) of a k + b k^2, the quantity of one cycle by its coefficient k."""
        activity = self.activities[cycle]
        if quantity == DOSE or self.protraction is None:
            return activity, 0.0
        return activity, self.protraction[cycle] / self.alpha_beta * activity**2

    def _earlier(self, quantity: str) -> float:
        return self.earlier_dose if quantity == DOSE else (self.earlier_bed or 0.0)

    def _scales(self, quantity: str) -> list[tuple[float, float]]:
        return [self._scale(cycle, quantity) for cycle in range(len(self.activities))]


def bed_of(dose: Distribution, g: float, alpha_beta: float) -> tuple[float, float | None]:
    """Return the BED of a measured dose and its sd, with G held fixed, in Gy."""
    sd = None if dose.sd is None else float(bed_sd.kernel(dose.value, dose.sd, g, alpha_beta))
    return float(bed.kernel(dose.value, g, alpha_beta)), sd
