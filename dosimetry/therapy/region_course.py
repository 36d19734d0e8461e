"""One region over the whole course: cumulative absorbed dose and BED as distributions."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from dosimetry.physics.kinetics import Array
from dosimetry.physics.radiobiology import bed, bed_sd
from dosimetry.quantities import Distribution, Estimate
from dosimetry.therapy.prediction import Posterior, powers_moments, summarise

DOSE, BED = "absorbed dose", "biologically effective dose"


@dataclass(frozen=True, eq=False)
class RegionCourse:
    """A region, the activities of the course, and what is known of its dose per activity.

    Attributes
    ----------
    region : str
    activities : tuple of float
        Of every cycle with activity, in GBq.
    posterior : Posterior
        Over these cycles, and one more where there is room for it.
    protraction : tuple of float, or None
        Lea and Catcheside's G of these cycles, and of one more; None where there is no BED.
    alpha_beta : float
        In Gy.
    earlier_dose : float
        Absorbed dose of earlier radiation in Gy.
    earlier_bed : float or None
        BED of earlier radiation in Gy; None where it is not known.
    """

    region: str
    activities: tuple[float, ...]
    posterior: Posterior
    protraction: tuple[float, ...] | None
    alpha_beta: float
    earlier_dose: float
    earlier_bed: float | None

    def has(self, quantity: str) -> bool:
        """Tell whether a cumulative quantity is known."""
        return quantity == DOSE or (self.protraction is not None and self.earlier_bed is not None)

    def planned(self, cycle: int) -> tuple[Estimate, Estimate | None, Estimate]:
        """Return absorbed dose, BED and coefficient of one cycle from the posterior."""
        coefficient = self.posterior.coefficient(cycle)
        dose = Estimate(
            coefficient.value * self.activities[cycle],
            (coefficient.sd or 0.0) * self.activities[cycle],
            "Gy",
        )
        if self.protraction is None:
            return dose, None, coefficient
        one = Posterior(
            self.posterior.mean[[cycle]], self.posterior.covariance[np.ix_([cycle], [cycle])]
        )
        value, sd = powers_moments(one, [self._scale(cycle, BED)])
        return dose, Estimate(value, sd, "Gy"), coefficient

    def measured(self, cycle: int, dose: float, sd: float) -> tuple[Estimate, Estimate | None]:
        """Return absorbed dose and BED of a measured cycle as measured."""
        if self.protraction is None:
            return Estimate(dose, sd, "Gy"), None
        g = self.protraction[cycle]
        return Estimate(dose, sd, "Gy"), Estimate(
            bed.kernel(dose, g, self.alpha_beta), bed_sd.kernel(dose, sd, g, self.alpha_beta), "Gy"
        )

    def cumulative_dose(self) -> Distribution:
        """Return the distribution of the absorbed dose at the end of the course."""
        return self._cumulative(DOSE)

    def cumulative(self, quantity: str) -> Distribution | None:
        """Return the distribution of a quantity at the end of the course, where it is known."""
        return self._cumulative(quantity) if self.has(quantity) else None

    def _cumulative(self, quantity: str) -> Distribution:
        scales = [self._scale(cycle, quantity) for cycle in range(len(self.activities))]
        mean, sd = powers_moments(self.posterior, scales)
        earlier = self._earlier(quantity)
        return summarise(mean + earlier, sd, self._courses(quantity)[:, -1], "Gy")

    def probabilities(self, quantity: str, limit: float) -> Array:
        """Return the probability that a quantity is above a limit after each cycle, and before.

        The first entry is before the first cycle: earlier radiation alone.
        """
        return np.asarray(np.mean(self._courses(quantity) > limit, axis=0))

    def further_activity(
        self, quantity: str, limit: float, probability: float, per_cycle: float
    ) -> float | None:
        """Return the further activity that keeps the probability of passing a limit in bounds.

        Parameters
        ----------
        quantity : str
        limit : float
            In Gy.
        probability : float
        per_cycle : float
            Activity in GBq in which it is given, at the dose per activity of the next cycle.

        Returns
        -------
        float or None
            In GBq; None where there is no room for one more cycle.
        """
        draws = self._coefficients
        if draws.shape[1] == len(self.activities):
            return None
        next_one, room = draws[:, -1], limit - self._courses(quantity)[:, -1]
        full = per_cycle * next_one
        if quantity == DOSE or self.protraction is None:
            most = room / next_one
        else:
            curvature = self.protraction[-1] / self.alpha_beta
            one_cycle = 2.0 * room / (1.0 + np.sqrt(1.0 + 4.0 * curvature * np.maximum(room, 0.0)))
            many = room / (1.0 + curvature * full)
            most = np.where(one_cycle < full, one_cycle, many) / next_one
        rank = int(probability * len(most))
        return max(float(np.partition(most, rank)[rank]), 0.0)

    @functools.cached_property
    def _coefficients(self) -> Array:
        return self.posterior.draws()

    def _scale(self, cycle: int, quantity: str) -> tuple[float, float]:
        """Return (a, b) of a k + b k^2, the quantity of one cycle by its coefficient k."""
        activity = self.activities[cycle]
        if quantity == DOSE or self.protraction is None:
            return activity, 0.0
        return activity, self.protraction[cycle] / self.alpha_beta * activity**2

    def _earlier(self, quantity: str) -> float:
        return self.earlier_dose if quantity == DOSE else (self.earlier_bed or 0.0)

    def _courses(self, quantity: str) -> Array:
        """Return draws of the cumulative quantity, before the first and after each cycle."""
        count = len(self.activities)
        scales = np.array([self._scale(cycle, quantity) for cycle in range(count)])
        each = self._coefficients[:, :count]
        gains = each * scales[:, 0] + each**2 * scales[:, 1] if count else each
        start = np.full((len(each), 1), self._earlier(quantity))
        return np.cumsum(np.concatenate([start, gains], axis=1), axis=1)
