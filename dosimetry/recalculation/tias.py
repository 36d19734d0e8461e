"""The time-integrated activity of every curve of a plan, recalculated from the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dosimetry.documents.fit import IntegratedActivity, PlanCurve
from dosimetry.documents.recalculation import Checked
from dosimetry.patient.schema import LEAST_SQUARES, PatientFile
from dosimetry.recalculation.dose import SIDES
from dosimetry.recalculation.posterior import TiaAgain, flat_again, tias_again
from dosimetry.recalculation.readings import HalfLives, Reading, half_lives_of, models_of
from dosimetry.units import HUNDRED_PERCENT

MUCH = 0.25  # probability of a fast phase from which on the coarse tolerances hold
ERRORS = 3.0  # standard errors of the sampling that are allowed in any case


@dataclass(frozen=True)
class Allowed:
    """Differences in percent: of the mean, the median, and the width of the 90 % interval.

    Those of mean and median are at least a share of the relative sd.
    """

    mean: float
    median: float
    width: float
    of_sd: tuple[float, float]


NARROW = 5e-4  # of the TIA
PLAIN = Allowed(0.5, 1.0, 15.0, (0.05, 0.1))
# The first calculation's nodes are coarse for a fast phase in precise points (about 1 %), and for a
# shape borrowed from another cycle.
COARSE = Allowed(1.5, 2.0, 50.0, (0.5, 0.75))


@dataclass(frozen=True)
class Again:
    """A recalculated TIA.

    Attributes
    ----------
    by : str
        Method.
    found : TiaAgain
    """

    by: str
    found: TiaAgain

    def compared_with(self, tia: IntegratedActivity) -> list[tuple[Checked, float, float, float]]:
        """Return quantity, figure of the plan, figure found, and difference allowed in percent."""
        low, middle, high = (float("nan") if p is None else p for p in (tia.p5, tia.p50, tia.p95))
        found = self.found
        allowed = COARSE if found.borrowed or found.fast > MUCH else PLAIN
        error = ERRORS * HUNDRED_PERCENT * found.error
        sd = HUNDRED_PERCENT * found.sd / found.mean
        mean = max(allowed.mean, error, allowed.of_sd[0] * sd)
        median = max(allowed.median, error, allowed.of_sd[1] * sd)
        # An interval of nearly no width is not worth a refusal, nor one that misfit stretches far.
        width = allowed.width * max(1.0, found.stretch)
        width += HUNDRED_PERCENT * NARROW * found.mean / (found.p95 - found.p5)
        return [
            ("time-integrated activity", tia.value, found.mean, mean),
            ("median time-integrated activity", middle, found.p50, median),
            ("90 % interval", high - low, found.p95 - found.p5, width),
        ]


def tias_of(
    patient: PatientFile,
    readings: Sequence[Mapping[str, Reading]],
    curves: Sequence[PlanCurve],
) -> dict[tuple[int, str], Again]:
    """Return the TIA of each curve by cycle and region, but those of trapezoids.

    Parameters
    ----------
    patient : PatientFile
    readings : sequence of mapping of str to Reading
        Of each cycle, by region.
    curves : sequence of PlanCurve
        For the models that least squares chose.
    """
    result: dict[tuple[int, str], Again] = {}
    groups: dict[tuple[str, HalfLives], list[Reading]] = {}
    for reading in (one for cycle in readings for one in cycle.values()):
        name = "kidneys" if reading.region in SIDES else reading.region
        groups.setdefault((name, half_lives_of(reading.region, patient)), []).append(reading)
    chosen = {(curve.cycle, curve.region): curve for curve in curves}
    for (_, half_lives), own in groups.items():
        fitted = [_fitted(reading, patient.therapy.estimator) for reading in own]
        averaged = iter(() if all(fitted) else tias_again(own, half_lives))
        for reading, by_fit in zip(own, fitted, strict=True):
            found = next(averaged, None)
            key = reading.cycle, reading.region
            models = models_of(reading, half_lives)
            if by_fit:
                model = chosen[key].model
                if model != "trapezoid":
                    flat = flat_again(reading, model, half_lives.physical)
                    result[key] = Again(_by((model,)), flat)
                continue
            assert found is not None  # some curve of the region is not fitted
            result[key] = Again(_by(models), found)
    return result


def _fitted(reading: Reading, estimator: str) -> bool:
    """Return whether the first calculation fits a curve by least squares, or joins its points."""
    several = len(reading.time) > 1
    return reading.requested == "trapezoid" or (estimator == LEAST_SQUARES and several)


def _by(models: Sequence[str]) -> str:
    return "trapezoidal rule" if tuple(models) == ("mono",) else "importance sampling"
