"""A kidney that could not be measured in a cycle: estimated from the one that was.

The self-dose of the measured kidney is multiplied by the ratio of the two kidneys in the nearest
cycle that has both; of two equally near cycles the earlier counts. Where no cycle has both, the
measured kidney stands for the pair.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dosimetry.cycle.curves import Source
from dosimetry.cycle.delivered import DeliveredCycle
from dosimetry.cycle.region_dose import RegionDose
from dosimetry.cycle.weights import self_weights
from dosimetry.patient.kidneys import PAIR, SIDES, both_sides
from dosimetry.patient.masses import RegionMass
from dosimetry.problems import Problem, in_words
from dosimetry.reference import agents
from dosimetry.reference.population import between_cycle_cv


@dataclass(frozen=True, eq=False)
class OtherKidney:
    """How a kidney that was not measurable follows the one that was measured.

    Attributes
    ----------
    side, measured : str
    sex : str
        Of the phantom.
    reference : int or None
        Cycle that gives the ratio, from 0; None where no cycle has both kidneys.
    ratio : float
        Self-dose of ``side`` over that of ``measured``; 1 without a reference.
    masses : mapping of str to RegionMass
        Of both kidneys in that cycle; empty where its doses were supplied.
    own_sd, shared_sd : float
        Relative sd of the ratio: of the cycle alone, and of the reference, which all cycles with
        the same reference share.
    between_cycles : (float, str)
        Coefficient of variation of the dose per activity between cycles, with its source.
    """

    side: str
    measured: str
    sex: str
    reference: int | None = None
    ratio: float = 1.0
    masses: Mapping[str, RegionMass] = field(default_factory=dict)
    own_sd: float = 0.0
    shared_sd: float = 0.0
    between_cycles: tuple[float, str] = (0.0, "")

    def share(
        self, masses: Mapping[str, RegionMass], before: Mapping[str, RegionMass] | None = None
    ) -> float:
        """Return the time-integrated activity of the kidney over that of the measured one.

        Parameters
        ----------
        masses : mapping of str to RegionMass
            In the cycle.
        before : mapping of str to RegionMass, optional
            In the reference, where they are not ``self.masses``, for the effect of their errors.
        """
        ratio = self.ratio
        if before:
            ratio *= self._of_weights(before) / self._of_weights(self.masses)
        return ratio / self._of_weights(masses)

    def _of_weights(self, masses: Mapping[str, RegionMass]) -> float:
        """Return the self-dose per activity of the kidney over that of the measured one."""
        own, measured = (
            self_weights(side, self.sex, masses)[side] for side in (self.side, self.measured)
        )
        return own / measured

    def source(self, measured: Source, masses: Mapping[str, RegionMass]) -> Source:
        """Return the kidney as a source that follows the measured one."""
        share = self.share(masses)
        return replace(
            measured,
            tia=measured.tia * share,
            fit_sd=measured.fit_sd * share,
            shape=measured.shape.scaled(share),
            recovery={name: change * share for name, change in measured.recovery.items()},
            follows=self.measured,
            ratio_sds=(self.own_sd, self.shared_sd),
        )

    def marked(self, region: str, dose: RegionDose) -> RegionDose:
        """Return a dose with its estimate marked; nothing is said to come from an unknown kidney.

        Without a ratio the part of the kidney counts to the measured one.
        """
        parts = dict(dose.contributions)
        if self.reference is None and self.side in parts:
            parts[self.measured] = parts.get(self.measured, 0.0) + parts.pop(self.side)
        estimated = region in (PAIR, self.side)
        return replace(dose, contributions=parts, estimated=estimated)

    def said(self, number: int, reason: str) -> str:
        """Return the assumption, for cycle ``number`` from 1."""
        side, measured = in_words([self.side]), in_words([self.measured])
        head = f"{side}, cycle {number}: not measurable ({reason}). "
        if self.reference is None:
            return f"{head}No cycle has both kidneys, so the dose of the {measured} is the pair's"
        spread = 100 * math.hypot(self.own_sd, self.shared_sd)
        cv, source = self.between_cycles
        return (
            f"{head}Its dose is that of the {measured} in this cycle x {self.ratio:.3g}, their "
            f"ratio in cycle {self.reference + 1}; sd of the ratio {spread:.2g} %, from the fits "
            f"and {100 * cv:.0f} % in each of the two cycles ({source})"
        )

    def doubt(self, place: str) -> Problem | None:
        """Return the warning that the other kidney's dose is not known; None with a ratio."""
        if self.reference is not None:
            return None
        side, measured = in_words([self.side]), in_words([self.measured])
        return Problem(
            "other-kidney-unknown",
            f"the {side} was not measurable, and no cycle has both kidneys. The pair has the dose "
            f"of the {measured}. No published figure says how far two kidneys differ, so the "
            "stated uncertainty is too small",
            f"measure both kidneys in one cycle; until then count on a higher dose of the {side}",
            f"{place} {PAIR}",
        )


def side_to_estimate(cycle: DeliveredCycle) -> str | None:
    """Return the kidney that was not measurable beside a measured one; None if there is none."""
    measured = cycle.net.measured.by_region()
    left, right = SIDES
    for side, other in ((left, right), (right, left)):
        if side in cycle.not_measurable and side not in measured and other in measured:
            return side
    return None


def other_kidney(
    cycle: DeliveredCycle,
    cycles: Sequence[DeliveredCycle],
    doses: Mapping[int, Mapping[str, RegionDose]],
) -> OtherKidney | None:
    """Return how a kidney of a cycle that was not measurable follows the other.

    Parameters
    ----------
    cycle : DeliveredCycle
    cycles : sequence of DeliveredCycle
        All of the patient.
    doses : mapping of int to mapping of str to RegionDose
        Of the cycles without such a kidney, by index and region.

    Returns
    -------
    OtherKidney or None
        None where no kidney of the cycle is to be estimated.

    Notes
    -----
    ln of the ratio R/L of cycle c differs from that of cycle r by d_Rc - d_Lc - d_Rr + d_Lr, d the
    changes of dose per activity between cycles, sd w each. With a correlation of 1/2 of the two
    kidneys in a cycle (assumption: none is published), this has the sd w sqrt(2), that of one
    kidney's dose per activity between two cycles: no estimate by the ratio is surer than one from
    the kidney's own other cycle. Half of its variance is of the cycle, half of the reference.
    """
    side = side_to_estimate(cycle)
    if side is None:
        return None
    (measured,) = (other for other in SIDES if other != side)
    here = cycle.net.index
    both = [i for i, found in doses.items() if both_sides(found)]
    if not both:
        return OtherKidney(side, measured, cycle.sex)
    nearest = min(both, key=lambda i: (abs(i - here), i))
    own, reference = (doses[nearest][name] for name in (side, measured))
    known = agents.has_population(cycle.agent)
    between = between_cycle_cv(PAIR if known else "")
    calibration = own.relative_calibration_sd - reference.relative_calibration_sd
    of_fits = math.hypot(
        *(one.relative_own_sd for one in (own, reference)),
        *(one.relative_recovery_sd for one in (own, reference)),
        calibration,
    )
    supplied = own.dose_rate is None
    return OtherKidney(
        side,
        measured,
        cycle.sex,
        nearest,
        _self_dose(own, side) / _self_dose(reference, measured),
        {} if supplied else {name: cycles[nearest].masses[name] for name in SIDES},
        between[0],
        math.hypot(between[0], of_fits),
        between,
    )


def _self_dose(dose: RegionDose, side: str) -> float:
    """Return the dose of a kidney from its own activity; a supplied one as it is."""
    return dose.contributions[side] if dose.contributions else dose.dose
