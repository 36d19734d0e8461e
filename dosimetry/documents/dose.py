"""Doses of a plan: per cycle and region, cumulative, with their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from dosimetry.quantities import Amount, Distribution, Estimate

if TYPE_CHECKING:
    pass


Basis = Literal["measured", "predicted", "population", "partial"]


@dataclass(frozen=True)
class Contribution:
    """Dose of a region from one source.

    Attributes
    ----------
    source : str
        Source region; the region itself is its self-dose.
    absorbed_dose : Amount
        In Gy.
    """

    source: str
    absorbed_dose: Amount


Cause: TypeAlias = Literal[
    "counting and fit",
    "half-life",
    "systematic",
    "recovery",
    "volume",
    "mass",
    "other kidney",
    "supplied coefficient",
]


@dataclass(frozen=True)
class Uncertainty:
    """One cause of uncertainty of an absorbed dose; the causes add up in quadrature.

    Attributes
    ----------
    cause : str
        ``systematic`` is that of the calibration, ``volume`` that of a mass from scans, ``other
        kidney`` that of the ratio to a kidney that was not measured in the cycle.
    sd : Amount
        In Gy.
    """

    cause: Cause
    sd: Amount


@dataclass(frozen=True)
class CycleRegion:
    """Dose of one region from one cycle.

    Attributes
    ----------
    region : str
    absorbed_dose : Distribution
        In Gy.
    bed : Distribution or None
        Biologically effective dose in Gy; None for a ``partial`` dose.
    coefficient : Estimate
        Absorbed dose per administered activity, in Gy/GBq.
    basis : str
        ``measured``, ``predicted``, ``population``, or ``partial``: a lower bound, because an
        important source was not measured; limits do not include it. A predicted dose with
        contributions has one measured kidney, which the other follows.
    contributions : tuple of Contribution
        Of a dose with a measurement in the cycle; else empty.
    uncertainty : tuple of Uncertainty
        Of a dose with a measurement in the cycle; else empty.
    """

    region: str
    absorbed_dose: Distribution
    bed: Distribution | None
    coefficient: Estimate
    basis: Basis
    contributions: tuple[Contribution, ...]
    uncertainty: tuple[Uncertainty, ...]


@dataclass(frozen=True)
class EarlierDose:
    """Dose of a region from previous radiation.

    Attributes
    ----------
    absorbed_dose : Amount
        In Gy.
    bed : Amount or None
        In Gy; None where it is not known.
    """

    absorbed_dose: Amount
    bed: Amount | None


@dataclass(frozen=True)
class DoseSoFar:
    """Dose of a region from previous radiation and the delivered cycles.

    Attributes
    ----------
    absorbed_dose : Distribution
        In Gy.
    bed : Distribution or None
        In Gy.
    """

    absorbed_dose: Distribution
    bed: Distribution | None


@dataclass(frozen=True)
class CumulativeDose:
    """Dose of one region from the whole course, including previous radiation.

    Attributes
    ----------
    region : str
    absorbed_dose : Distribution
        In Gy.
    bed : Distribution or None
        Biologically effective dose in Gy.
    eqd2 : Distribution or None
        Equivalent dose in fractions of 2 Gy, in Gy.
    so_far : DoseSoFar or None
        None without delivered cycles and previous radiation.
    earlier : EarlierDose or None
    """

    region: str
    absorbed_dose: Distribution
    bed: Distribution | None
    eqd2: Distribution | None
    so_far: DoseSoFar | None
    earlier: EarlierDose | None
