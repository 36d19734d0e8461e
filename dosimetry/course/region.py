"""One region over the course: distributions of dose and BED, probability of exceeding a limit."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dosimetry.physics.kinetics import Array
from dosimetry.physics.prediction import (
    Posterior,
    powers_moments,
    weighted_moments,
    weighted_quantiles,
)
from dosimetry.physics.radiobiology import bed, bed_sd
from dosimetry.quantities import Distribution, Estimate

DOSE, BED = "absorbed dose", "biologically effective dose"


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
    individual: bool = False

    def with_activities(self, activities: tuple[float, ...]) -> RegionCourse:
        """Return the same region with other activities."""
        return replace(self, activities=activities)

    def ended(self) -> RegionCourse:
        """Return the same region without cycles to come, which saves their draws."""
        return replace(self, posterior=self.posterior.first(len(self.activities)))

    def has(self, quantity: str) -> bool:
        """Return whether a cumulative quantity is known."""
        return quantity == DOSE or (self.protraction is not None and self.earlier_bed is not None)

    def planned(self, cycle: int) -> tuple[Distribution, Distribution | None, Estimate]:
        """Return absorbed dose, BED and coefficient of one cycle from the posterior."""
        coefficient = self.posterior.coefficient(cycle)
        low, high = self.posterior.percentiles(cycle)
        unit_dose = Distribution(coefficient.value, coefficient.sd, low, high, "Gy")
        dose = unit_dose.scaled(self.activities[cycle])
        if self.protraction is None:
            return dose, None, coefficient
        if self.posterior.bounds:
            linear, squared = self._scale(cycle, BED)
            k = self._every_draw[:, cycle]
            value, sd = weighted_moments(k * (linear + k * squared), self._weights)
        else:
            own = slice(cycle, cycle + 1)
            of_cycle = Posterior(self.posterior.mean[own], self.posterior.covariance[own, own])
            value, sd = powers_moments(of_cycle, [self._scale(cycle, BED)])
        return dose, self._with_bed(cycle, dose, value, sd), coefficient

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
        draws = self._cumulative_draws(quantity)[:, -1]
        low, high = weighted_quantiles(draws, self._weights, (0.05, 0.95))
        return Distribution(*self.moments(quantity), low, high, "Gy")

    def moments(self, quantity: str) -> tuple[float, float]:
        """Return mean and sd of a quantity, in Gy, at the end of the course."""
        if self.posterior.bounds:
            return weighted_moments(self._cumulative_draws(quantity)[:, -1], self._weights)
        scales = [self._scale(cycle, quantity) for cycle in range(len(self.activities))]
        mean, sd = powers_moments(self.posterior, scales)
        return mean + self._earlier(quantity), sd

    def probabilities(self, quantity: str, limit: float) -> Array:
        """Return the probability of exceeding a limit before the first and after each cycle.

        The first entry is of previous radiation alone.
        """
        above = self._cumulative_draws(quantity) > limit
        return np.asarray(np.average(above, axis=0, weights=self._weights))

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
        longer = self.with_activities(self.activities + (per_cycle,) * (most - done))
        chances = longer.probabilities(quantity, limit)[done:]
        if chances[0] > risk:
            return 0.0, 0
        above = chances > risk
        full = int(np.argmax(above)) - 1 if np.any(above) else most - done - 1
        reached = self.with_activities(longer.activities[: done + full])
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

        Notes
        -----
        For each draw the activity a at which the limit is reached solves
        a sum(k) + a^2 sum(G k^2)/(alpha/beta) = margin; the result is the quantile of these.
        """
        margin = limit - self._cumulative_draws(quantity)[:, -1]
        draws = self._every_draw[:, list(cycles)]
        linear = draws.sum(axis=1)
        squared = np.zeros(len(draws))
        if quantity == BED and self.protraction is not None:
            curvature = np.array([self.protraction[c] for c in cycles]) / self.alpha_beta
            squared = np.sum(draws**2 * curvature, axis=1)
        inside = np.maximum(margin, 0.0)
        most = 2.0 * margin / (linear + np.sqrt(linear**2 + 4.0 * squared * inside))
        if self._weights is None:
            rank = int(risk * len(most))
            reached = float(np.partition(most, rank)[rank])
        else:
            order = np.argsort(most, kind="stable")
            rank = int(np.searchsorted(np.cumsum(self._weights[order]), risk, side="right"))
            reached = float(most[order[min(rank, len(most) - 1)]])
        # Rounding to the 12 digits of the document must not push the deciding draw over the limit.
        return max(reached * (1.0 - 1e-11), 0.0)

    @functools.cached_property
    def _every_draw(self) -> Array:
        return self.posterior.draws()

    @functools.cached_property
    def _weights(self) -> Array | None:
        return self.posterior.weights()

    def _scale(self, cycle: int, quantity: str) -> tuple[float, float]:
        """Return (a, b) of a k + b k^2, the quantity of one cycle by its coefficient k."""
        activity = self.activities[cycle]
        if quantity == DOSE or self.protraction is None:
            return activity, 0.0
        return activity, self.protraction[cycle] / self.alpha_beta * activity**2

    def _earlier(self, quantity: str) -> float:
        return self.earlier_dose if quantity == DOSE else (self.earlier_bed or 0.0)

    def _cumulative_draws(self, quantity: str) -> Array:
        """Return draws of the cumulative quantity, before the first and after each cycle."""
        draws = self._every_draw
        totals = np.empty((len(self.activities) + 1, len(draws)))
        totals[0] = self._earlier(quantity)
        for cycle in range(len(self.activities)):
            linear, squared = self._scale(cycle, quantity)
            k = draws[:, cycle]
            totals[cycle + 1] = totals[cycle] + k * (linear + k * squared)
        return totals.T


def bed_of(dose: Distribution, g: float, alpha_beta: float) -> tuple[float, float | None]:
    """Return the BED of a measured dose and its sd, with G held fixed, in Gy."""
    sd = None if dose.sd is None else float(bed_sd.kernel(dose.value, dose.sd, g, alpha_beta))
    return float(bed.kernel(dose.value, g, alpha_beta)), sd
