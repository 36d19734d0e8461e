"""Which scan times are worth it in a cycle to come, as a document."""

from __future__ import annotations

from dataclasses import dataclass

from dosimetry.documents.write import to_json
from dosimetry.quantities import Amount, Estimate

SCANS_SCHEMA = "dosimetry/scans/1"


@dataclass(frozen=True)
class ScanSchedule:
    """Scan times of one cycle, and the uncertainty of the dose that they leave.

    Attributes
    ----------
    times : tuple of Amount
        After the administration, in h.
    sd : float
        Expected sd of ln dose.
    sd_of_half_life : float
        Part of it that comes from the half-life.
    """

    times: tuple[Amount, ...]
    sd: float
    sd_of_half_life: float


@dataclass(frozen=True)
class BestSchedule(ScanSchedule):
    """The schedule with the smallest expected sd of its number of scans.

    Attributes
    ----------
    times : tuple of Amount
        After the administration, in h.
    sd : float
        Expected sd of ln dose.
    sd_of_half_life : float
        Part of it that comes from the half-life.
    scans : int
        Number of scans.
    gain : float or None
        Expected sd of the best schedule with one scan fewer, less that of this one; None for one
        scan.
    wrong_side : dict of str to float
        Expected probability that the course ends on the other side of a limit than its verdict,
        by the id of the limit.
    """

    scans: int
    gain: float | None
    wrong_side: dict[str, float]


@dataclass(frozen=True)
class ScannedLimit:
    """A limit whose dose the scans measure.

    Attributes
    ----------
    limit : str
        Id of the limit.
    quantity : str
        ``absorbed dose`` or ``biologically effective dose``.
    limit_value : Amount
        In Gy.
    probability : float or None
        Probability of exceeding it at the end of the course, without the scans; None where no dose
        is known.
    wrong_side : float or None
        Probability that the course ends on the other side than the verdict, without the scans.
    """

    limit: str
    quantity: str
    limit_value: Amount
    probability: float | None
    wrong_side: float | None


@dataclass(frozen=True)
class ScannedRegion:
    """One region, and what scanning it will tell.

    Attributes
    ----------
    region : str
        Region of the limits.
    measured_in : str
        What is scanned: the region, or ``blood``.
    limits : tuple of ScannedLimit
    half_life : Estimate
        Effective half-life expected in the cycle, and its sd, in h.
    half_life_from : tuple of int
        Numbers of the measured cycles that it rests on; empty where it rests on the population
        or the patient file alone.
    model : str
        Model of the curve's shape.
    noise : float
        Relative sd of one scan.
    schedules : tuple of ScanSchedule
        Every choice of the times up to the budget.
    best : tuple of BestSchedule
        The best of each size.
    one_scan : tuple of ScanSchedule
        One scan over time, for the figure.
    """

    region: str
    measured_in: str
    limits: tuple[ScannedLimit, ...]
    half_life: Estimate
    half_life_from: tuple[int, ...]
    model: str
    noise: float
    schedules: tuple[ScanSchedule, ...]
    best: tuple[BestSchedule, ...]
    one_scan: tuple[ScanSchedule, ...]


@dataclass(frozen=True)
class UnscannedLimit:
    """A limit about which scans cannot tell more.

    Attributes
    ----------
    limit : str
        Id of the limit.
    region : str
    reason : str
    """

    limit: str
    region: str
    reason: str


@dataclass(frozen=True)
class Scans:
    """Which scans of a cycle to come are worth it.

    Attributes
    ----------
    schema : str
        ``dosimetry/scans/1``.
    patient : str
        Id of the patient.
    cycle : int
        Number of the cycle.
    times : tuple of Amount
        Candidate times after the administration, in h.
    budget : int
        Largest number of scans of a schedule.
    regions : tuple of ScannedRegion
    not_scanned : tuple of UnscannedLimit
    assumptions : tuple of str
    disclaimer : str
    """

    schema: str
    patient: str
    cycle: int
    times: tuple[Amount, ...]
    budget: int
    regions: tuple[ScannedRegion, ...]
    not_scanned: tuple[UnscannedLimit, ...]
    assumptions: tuple[str, ...]
    disclaimer: str

    def to_json(self) -> str:
        """Return the document as JSON."""
        return to_json(self)
