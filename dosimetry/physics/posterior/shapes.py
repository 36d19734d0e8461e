"""Curves of unit scale: the four models by slow half-life and standard normal parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from dosimetry.physics.decay import LN2
from dosimetry.physics.kinetics import Array
from dosimetry.physics.posterior.priors import FARTHEST, FAST_PHASE, LogHalfLives

# Inner parameters of each model, in the order of z.
INNER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mono": (),
        "uptake": ("uptake",),
        "bi": ("share", "fast"),
        "bi-uptake": ("share", "fast", "uptake"),
    }
)
LEAST = 1e-120  # of a curve of unit scale, below which it is cut; its square is a number


@dataclass(frozen=True, eq=False)
class Shapes:
    """Curves of unit scale, share exp(-slow t) + (1 - share) exp(-fast t) - exp(-uptake t).

    Attributes
    ----------
    slow : array
        Rates in 1/h, of any shape that the others have too.
    fast, share : array or None
        Rates of the fast phase in 1/h and share of the slow one; None without a fast phase.
    uptake : array or None
        Rates in 1/h, infinite for a curve without uptake; None where no curve has one.
    """

    slow: Array
    fast: Array | None = None
    share: Array | None = None
    uptake: Array | None = None

    def at(self, time: Array) -> Array:
        """Return the curves at times in h, broadcast against the rates."""
        whole = self._risen(self.slow, time)
        if self.fast is not None and self.share is not None:
            whole = self.share * whole + (1.0 - self.share) * self._risen(self.fast, time)
        return np.asarray(np.maximum(whole, LEAST))

    def largest(self) -> Array:
        """Return the largest activity of the curves; 1, at time zero, without uptake.

        With a fast phase the larger of the activities at the maxima of either phase alone, at most
        a few per cent below the largest.
        """
        if self.uptake is None:
            return np.ones_like(self.slow)
        finite = np.where(np.isinf(self.uptake), 1e6, self.uptake)
        phases = (self.slow,) if self.fast is None else (self.slow, self.fast)
        apart = [np.maximum(finite - rate, 1e-9 * rate) for rate in phases]
        tops = [np.log1p(d / rate) / d for d, rate in zip(apart, phases, strict=True)]
        return np.asarray(np.max([self.at(time) for time in tops], axis=0))

    def integral(self) -> Array:
        """Return the integrals from zero to infinity, in h."""
        whole = 1.0 / self.slow
        if self.fast is not None and self.share is not None:
            whole = self.share * whole + (1.0 - self.share) / self.fast
        if self.uptake is not None:
            whole = whole - 1.0 / self.uptake
        return np.asarray(np.maximum(whole, LEAST))

    def chosen(self, kept: npt.NDArray[np.intp] | int) -> Shapes:
        """Return some of the curves, by their first axis."""
        fast, share, uptake = (
            None if each is None else each[kept] for each in (self.fast, self.share, self.uptake)
        )
        return Shapes(self.slow[kept], fast, share, uptake)

    def joined_with(self, other: Shapes) -> Shapes:
        """Return the curves of shape (m,) of both, one after the other."""
        arrays = (
            (self.slow, other.slow),
            (self.fast, other.fast),
            (self.share, other.share),
            (self.uptake, other.uptake),
        )
        slow, fast, share, uptake = (
            None if first is None or second is None else np.concatenate([first, second])
            for first, second in arrays
        )
        assert slow is not None
        return Shapes(slow, fast, share, uptake)

    def crossed_with(self, log_half_life: Array) -> Shapes:
        """Return every curve of shape (m,) with every slow half-life of shape (k,), as (m k,)."""
        count, times = len(self.slow), len(log_half_life)
        fast, share, uptake = (
            None if each is None else np.repeat(each, times)
            for each in (self.fast, self.share, self.uptake)
        )
        return Shapes(np.tile(LN2 * np.exp(-log_half_life), count), fast, share, uptake)

    def _risen(self, rate: Array, time: Array) -> Array:
        """Return exp(-rate t) - exp(-uptake t), accurate for nearly equal rates too."""
        falling = np.exp(-rate * time)
        if self.uptake is not None:
            apart = np.where(np.isinf(self.uptake), 0.0, self.uptake - rate)
            falling = falling * np.where(np.isinf(self.uptake), 1.0, -np.expm1(-apart * time))
        return np.asarray(falling)


@dataclass(frozen=True, eq=False)
class FastPriors:
    """Priors of uptake and fast phase, one for each curve of a batch."""

    uptake: LogHalfLives
    fast: LogHalfLives

    def deeper(self) -> FastPriors:
        """Return the same with a further axis for the nodes of inner parameters."""
        return FastPriors(self.uptake.deeper(), self.fast.deeper())


def shapes_of(model: str, log_half_life: Array, z: Array, priors: FastPriors) -> Shapes:
    """Return the curves of a model.

    Parameters
    ----------
    model : str
        A key of :data:`INNER`.
    log_half_life : array
        ln of the slow half-life in h.
    z : array, shape (d, ...)
        Standard normal numbers of the inner parameters, in the order of :data:`INNER`.
    priors : FastPriors
    """
    inner = dict(zip(INNER[model], z, strict=True))
    fast = share = uptake = None
    longest = log_half_life
    if "share" in inner:
        share = ndtr(np.clip(inner["share"], -FARTHEST, FARTHEST))
        longest = priors.fast.at(inner["fast"], log_half_life + FAST_PHASE)
        fast = LN2 * np.exp(-longest)
    if "uptake" in inner:
        uptake = LN2 * np.exp(-priors.uptake.at(inner["uptake"], longest))
    return Shapes(LN2 * np.exp(-log_half_life), fast, share, uptake)
