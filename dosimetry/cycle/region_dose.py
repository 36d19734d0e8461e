"""Absorbed dose of one region in one cycle, with its uncertainty by cause."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dosimetry.cycle.curves import Source, in_common
from dosimetry.cycle.weights import Weights
from dosimetry.physics.kinetics import Array, Shape, combine
from dosimetry.physics.one_scan import noise_quantiles
from dosimetry.physics.prediction import NORMAL_95, LowerBound, Observation, log_variance
from dosimetry.quantities import Distribution
from dosimetry.reference import regions
from dosimetry.units import MBQ_PER_GBQ

MassSds = Mapping[int | None, float]
MassCause = tuple[str, int | None]  # "mass" or "volume", and the cycle whose masses give it
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
    relative_calibration_sd, relative_recovery_sd, relative_volume_sd : float
        Relative sd that all cycles share: calibration, recovery coefficients, volumes of scans
        that give a mass.
    mass_sds : mapping of (int or None) to float
        Relative sd by the cycle whose ``masses`` give the mass, None for those of the file. Cycles
        with the same key share it; masses of two cycles are two measurements of one organ.
    cycle_effect : array or None
        Dose over the quantiles of the half-lives in this cycle, relative to ``dose``.
    half_life_effect : array or None
        Dose over the quantiles of the patient's half-life, relative to ``dose``; common to all
        cycles.
    dose_rate : shape or None
        In Gy/h; None for a supplied coefficient.
    contributions : mapping of str to float
        Gy by source; the region's own is its self-dose. They add up to the dose.
    missing : tuple of str
        Important sources that were not measured; the dose is then a lower bound.
    relative_ratio_sds : (float, float)
        Relative sd from sources that follow a measured one: of this cycle, and shared by cycles.
    estimated : bool
        Whether the region itself, or one of the pair, was not measured and follows the other.
    """

    dose: float
    relative_fit_sd: float
    relative_calibration_sd: float
    relative_recovery_sd: float
    relative_volume_sd: float
    mass_sds: MassSds
    cycle_effect: Array | None
    half_life_effect: Array | None
    dose_rate: Shape | None
    contributions: Mapping[str, float]
    missing: tuple[str, ...] = ()
    relative_ratio_sds: tuple[float, float] = (0.0, 0.0)
    estimated: bool = False

    @property
    def relative_half_life_sd(self) -> float:
        """Relative sd from half-lives, whether cycles share them or not."""
        return _sd(self.cycle_effect)

    @property
    def relative_own_sd(self) -> float:
        """Relative sd of this cycle alone."""
        return math.hypot(self._relative_scans_sd, self.relative_ratio_sds[0])

    @property
    def _relative_scans_sd(self) -> float:
        """Relative sd of this cycle alone, without that of a ratio to a measured source."""
        apart = self.relative_half_life_sd**2 - _sd(self.half_life_effect) ** 2
        return math.sqrt(self.relative_fit_sd**2 + max(apart, 0.0))

    @property
    def relative_mass_sd(self) -> float:
        """Relative sd of all masses of the patient file."""
        return math.hypot(*self.mass_sds.values())

    @property
    def relative_ratio_sd(self) -> float:
        """Relative sd of the ratio to a measured source, whether cycles share it or not."""
        return math.hypot(*self.relative_ratio_sds)

    @property
    def further_sds(self) -> Mapping[str, float]:
        """Relative sds that only some cycles share, by cause."""
        of_masses = {
            f"masses of cycle {cycle + 1}": sd
            for cycle, sd in self.mass_sds.items()
            if cycle is not None
        }
        ratio = self.relative_ratio_sds[1]
        return {**of_masses, **({"ratio of the kidneys": ratio} if ratio else {})}

    def shared_sds(self, further: Sequence[str] = ()) -> tuple[float, ...]:
        """Return the relative sds that cycles share, without the half-life.

        Parameters
        ----------
        further : sequence of str
            The last entries are these of :attr:`further_sds`, in this order.
        """
        own = self.further_sds
        return (
            self.relative_calibration_sd,
            self.relative_recovery_sd,
            self.relative_volume_sd,
            self.mass_sds.get(None, 0.0),
            *(own.get(cause, 0.0) for cause in further),
        )

    @property
    def _measurement_sds(self) -> tuple[float, ...]:
        """Relative sds of all causes but half-lives and the ratio to a measured source."""
        return (
            self.relative_fit_sd,
            self.relative_calibration_sd,
            self.relative_recovery_sd,
            self.relative_volume_sd,
            self.relative_mass_sd,
        )

    @property
    def relative_sd(self) -> float:
        """Relative sd of all causes in quadrature."""
        return math.hypot(
            *self._measurement_sds, self.relative_half_life_sd, self.relative_ratio_sd
        )

    def distribution(self) -> Distribution:
        """Return dose, sd and 5th to 95th percentile in Gy.

        Log-normal about the effect of the half-lives. The dose of a curve is the mean of
        the distribution; a supplied one is its median, and so is one by a ratio.
        """
        sd = self.dose * self.relative_sd
        median = self.dose * self._median_of_mean(math.hypot(*self._measurement_sds))
        others = math.hypot(*self._measurement_sds, self.relative_ratio_sd)
        if self.cycle_effect is None:
            reach = NORMAL_95 * math.sqrt(log_variance(others))
            low, high = median * math.exp(-reach), median * math.exp(reach)
        else:
            pushed = np.outer(self.cycle_effect, noise_quantiles(others))
            low, high = (float(x) * median for x in np.percentile(pushed, [5.0, 95.0]))
        return Distribution(self.dose, sd, low, high, "Gy")

    def _median_of_mean(self, relative_sd: float) -> float:
        """Return the median of a log-normal part of the dose, relative to its mean."""
        if self.dose_rate is None:
            return 1.0
        return math.exp(-log_variance(relative_sd) / 2)

    def coefficient(self, activity: float) -> float:
        """Return the dose per activity in Gy/GBq, of an activity in MBq."""
        return self.dose / activity * MBQ_PER_GBQ

    def observation(self, cycle: int, activity: float, further: Sequence[str] = ()) -> Observation:
        """Return the dose per activity of this cycle as an observation.

        ``further`` are the causes of :meth:`shared_sds`, the same for all cycles. The part from the
        patient's half-life is shared by all cycles; it has the sign of the change of the dose with
        the half-life.
        """
        coefficient, signed = self.coefficient(activity), 0.0
        coefficient *= self._median_of_mean(self._relative_scans_sd)
        if self.half_life_effect is not None:
            logs = np.log(self.half_life_effect)
            coefficient *= math.exp(float(logs.mean()))
            signed = math.copysign(float(logs.std()), float(logs[-1] - logs[0]))
        shared = (*self.shared_sds(further), signed)
        return Observation(cycle, coefficient, self.relative_own_sd, shared)

    def lower_bound(self, cycle: int, activity: float) -> LowerBound:
        """Return the lower bound of the dose per activity of this cycle."""
        return LowerBound(cycle, self.coefficient(activity), self.relative_sd)


def region_dose(
    weights: Weights,
    sources: Mapping[str, Source],
    mass_sds: Mapping[MassCause, float],
    missing: tuple[str, ...],
) -> RegionDose:
    """Return the dose of one region from the TIAs of its sources, with its sd by cause.

    ``mass_sds`` are the relative sds of the dose from masses, by cause and cycle.
    """
    contributions = {name: sources[name].tia * weight for name, weight in weights.items()}
    weights = _led(weights, sources)
    parts = {name: sources[name].tia * weight for name, weight in weights.items()}
    dose = sum(parts.values())
    return RegionDose(
        dose,
        math.hypot(*(sources[name].fit_sd * weight for name, weight in weights.items())) / dose,
        in_common([(sources[name].systematic_sd, part) for name, part in parts.items()]),
        _recovery_sd(weights, sources) / dose,
        mass_sds.get(("volume", None), 0.0),
        {cycle: sd for (cause, cycle), sd in mass_sds.items() if cause == "mass"},
        _cycle_effect(parts, sources, dose),
        _half_life_effect(parts, sources, dose),
        combine((sources[name].shape, weight) for name, weight in weights.items()),
        _contributions(contributions, sources),
        missing,
        _ratio_sds(contributions, sources, dose),
    )


def _led(weights: Weights, sources: Mapping[str, Source]) -> Weights:
    """Return the weights of measured sources, with those of the sources that follow them."""
    led: dict[str, float] = {}
    for name, weight in weights.items():
        source = sources[name]
        leader = source.follows or name
        share = source.tia / sources[leader].tia if source.follows else 1.0
        led[leader] = led.get(leader, 0.0) + weight * share
    return led


def _ratio_sds(
    contributions: Mapping[str, float], sources: Mapping[str, Source], dose: float
) -> tuple[float, float]:
    """Return the relative sds from sources that follow a measured one."""
    own = shared = 0.0
    for name, part in contributions.items():
        of_cycle, of_cycles = sources[name].ratio_sds
        own, shared = own + abs(part) * of_cycle, shared + abs(part) * of_cycles
    return own / dose, shared / dose


def _recovery_sd(weights: Weights, sources: Mapping[str, Source]) -> float:
    """Return the sd in Gy from the recovery coefficients, each independent of the others."""
    changes: dict[str, float] = {}
    for name, weight in weights.items():
        for region, change in sources[name].recovery.items():
            changes[region] = changes.get(region, 0.0) + weight * change
    return math.hypot(*changes.values())


def _sd(effect: Array | None) -> float:
    return 0.0 if effect is None else float(np.std(effect))


def _cycle_effect(
    parts: Mapping[str, float], sources: Mapping[str, Source], dose: float
) -> Array | None:
    """Return the dose over the quantiles of the half-lives in the cycle, relative to the dose.

    What regions of one kind have in common adds up in them, the rest in quadrature.
    """
    groups: dict[str, list[tuple[Array, float]]] = {}
    for name, part in parts.items():
        source = sources[name]
        if source.cycle_effect is not None:
            change = part * (source.cycle_effect - 1.0)
            groups.setdefault(regions.region(name).like, []).append((change, source.common))
    return _followed([_in_common(changes) for changes in groups.values()], dose)


def _in_common(changes: Sequence[tuple[Array, float]]) -> Array:
    """Return the sum of changes of regions of one kind, each with its share in common."""
    total = np.asarray(sum(change for change, _ in changes))
    signed = [math.copysign(_sd(change), float(change[-1] - change[0])) for change, _ in changes]
    shares = [share for _, share in changes]
    together = sum(sd * math.sqrt(share) for sd, share in zip(signed, shares, strict=True))
    apart = [sd * math.sqrt(1.0 - share) for sd, share in zip(signed, shares, strict=True)]
    return _with_sd(total, math.hypot(together, *apart))


def _half_life_effect(
    parts: Mapping[str, float], sources: Mapping[str, Source], dose: float
) -> Array | None:
    """Return the dose over the quantiles of the patient's half-lives, relative to the dose.

    One half-life applies to every source of a kind (both kidneys).
    """
    groups: dict[str, Array] = {}
    for name, part in parts.items():
        effect = sources[name].half_life_effect
        if effect is not None:
            like = regions.region(name).like
            groups[like] = groups.get(like, np.zeros(len(effect))) + part * (effect - 1.0)
    return _followed([*groups.values()], dose)


def _followed(changes: Sequence[Array], dose: float) -> Array | None:
    """Return an effect of independent changes: the largest is followed, the others widen it."""
    if not changes:
        return None
    main = max(changes, key=_sd)
    return 1.0 + _with_sd(main, math.hypot(*map(_sd, changes))) / dose


def _with_sd(change: Array, sd: float) -> Array:
    """Return a change widened about its median to an sd."""
    own, middle = _sd(change), np.median(change)
    return change if own == 0 else np.asarray(middle + (change - middle) * (sd / own))


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
    return RegionDose(dose, relative_sd, 0.0, 0.0, 0.0, {}, None, None, None, {})
