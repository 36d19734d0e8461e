"""Absorbed dose of one region in one cycle, with its uncertainty by cause."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dosimetry.cycle.curves import Source
from dosimetry.cycle.weights import Weights
from dosimetry.physics.kinetics import Array, Shape, combine
from dosimetry.physics.one_scan import noise_quantiles
from dosimetry.physics.prediction import NORMAL_95, LowerBound, Observation, log_variance
from dosimetry.quantities import Distribution
from dosimetry.reference import regions
from dosimetry.units import MBQ_PER_GBQ

ROUNDING = 1e-12  # relative to a dose; smaller parts are rounding errors


@dataclass(frozen=True, eq=False)
class RegionDose:
    """Absorbed dose of one region in one cycle, and its uncertainty by cause.

    Attributes
    ----------
    dose : float
        In Gy.
    relative_fit_sd : float
        Relative sd of the points and the fit, or of a supplied coefficient; of this cycle alone.
    relative_calibration_sd, relative_mass_sd : float
        Relative sd that all cycles share.
    half_life_effect : array or None
        Dose of single scans over the quantiles of their half-life, relative to ``dose``.
    dose_rate : shape or None
        In Gy/h; None for a supplied coefficient.
    contributions : mapping of str to float
        Gy by source; the region's own is its self-dose. They add up to the dose.
    missing : tuple of str
        Important sources that were not measured; the dose is then a lower bound.
    """

    dose: float
    relative_fit_sd: float
    relative_calibration_sd: float
    relative_mass_sd: float
    half_life_effect: Array | None
    dose_rate: Shape | None
    contributions: Mapping[str, float]
    missing: tuple[str, ...] = ()

    @property
    def relative_half_life_sd(self) -> float:
        """Relative sd from the half-life of single scans."""
        return 0.0 if self.half_life_effect is None else float(np.std(self.half_life_effect))

    @property
    def relative_sd(self) -> float:
        """Relative sd of all causes in quadrature."""
        return math.hypot(
            self.relative_fit_sd,
            self.relative_calibration_sd,
            self.relative_mass_sd,
            self.relative_half_life_sd,
        )

    def distribution(self) -> Distribution:
        """Return dose, sd and 5th to 95th percentile in Gy.

        Log-normal. For a single scan, the distribution of its half-life is propagated, with the
        other causes as log-normal noise.
        """
        sd = self.dose * self.relative_sd
        others = math.hypot(
            self.relative_fit_sd, self.relative_calibration_sd, self.relative_mass_sd
        )
        if self.half_life_effect is None:
            reach = NORMAL_95 * math.sqrt(log_variance(others))
            low, high = self.dose * math.exp(-reach), self.dose * math.exp(reach)
        else:
            pushed = np.outer(self.half_life_effect, noise_quantiles(others))
            low, high = (float(x) * self.dose for x in np.percentile(pushed, [5.0, 95.0]))
        return Distribution(self.dose, sd, low, high, "Gy")

    def coefficient(self, activity: float) -> float:
        """Return the dose per activity in Gy/GBq, of an activity in MBq."""
        return self.dose / activity * MBQ_PER_GBQ

    def observation(self, cycle: int, activity: float) -> Observation:
        """Return the dose per activity of this cycle as an observation.

        The part from the half-life is shared by all cycles with a single scan; it has the sign of
        the change of the dose with the half-life.
        """
        coefficient, signed = self.coefficient(activity), 0.0
        if self.half_life_effect is not None:
            logs = np.log(self.half_life_effect)
            coefficient *= math.exp(float(logs.mean()))
            signed = math.copysign(float(logs.std()), float(logs[-1] - logs[0]))
        shared = (self.relative_calibration_sd, self.relative_mass_sd, signed)
        return Observation(cycle, coefficient, self.relative_fit_sd, shared)

    def lower_bound(self, cycle: int, activity: float) -> LowerBound:
        """Return the lower bound of the dose per activity of this cycle."""
        return LowerBound(cycle, self.coefficient(activity), self.relative_sd)


def region_dose(
    weights: Weights,
    sources: Mapping[str, Source],
    calibration: float,
    relative_mass_sd: float,
    missing: tuple[str, ...],
) -> RegionDose:
    """Return the dose of one region from the TIAs of its sources, with its sd by cause."""
    parts = {name: sources[name].tia * weight for name, weight in weights.items()}
    dose = sum(parts.values())
    spread = [sources[name].fit_sd * weight for name, weight in weights.items()]
    return RegionDose(
        dose,
        math.hypot(*spread) / dose,
        calibration,
        relative_mass_sd,
        _half_life_effect(parts, sources, dose),
        combine((sources[name].shape, weight) for name, weight in weights.items()),
        _contributions(parts, sources),
        missing,
    )


def _half_life_effect(
    parts: Mapping[str, float], sources: Mapping[str, Source], dose: float
) -> Array | None:
    """Return the dose over the quantiles of the half-lives of single scans, relative to the dose.

    One draw applies to every source of a group (both kidneys). Of several groups, the most
    important one is followed exactly; the others widen it about its median.
    """
    groups: dict[str, Array] = {}
    for name, part in parts.items():
        effect = sources[name].half_life_effect
        if effect is not None:
            like = regions.region(name).like
            groups[like] = groups.get(like, np.zeros(len(effect))) + part * (effect - 1.0)
    if not groups:
        return None
    main = max(groups.values(), key=lambda change: float(np.std(change)))
    own = float(np.std(main))
    total = math.hypot(*(float(np.std(change)) for change in groups.values()))
    widened = main if own == 0 else np.median(main) + (main - np.median(main)) * (total / own)
    return np.asarray(1.0 + widened / dose)


def _contributions(parts: Mapping[str, float], sources: Mapping[str, Source]) -> dict[str, float]:
    """Return Gy by source; a measured total body contributes through its remainder."""
    if "total_body" not in parts:
        return dict(parts)
    rest = parts["total_body"] / sources["total_body"].tia
    by_source = {
        name: part + sources[name].tia * rest
        for name, part in parts.items()
        if name != "total_body"
    }
    by_source["remainder_of_body"] = sum(parts.values()) - sum(by_source.values())
    least = ROUNDING * sum(parts.values())  # left over where a sum cancels
    return {name: part for name, part in by_source.items() if abs(part) > least}


def supplied_dose(dose: float, relative_sd: float) -> RegionDose:
    """Return a dose from a supplied coefficient, without curve and contributions."""
    return RegionDose(dose, relative_sd, 0.0, 0.0, None, None, {})
