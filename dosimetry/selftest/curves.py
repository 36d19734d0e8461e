"""Known answers of time-activity curves: least squares and the posterior of few scans."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dosimetry.patient import examples, kidneys
from dosimetry.patient.measurements.read import read_csv
from dosimetry.physics import fitting
from dosimetry.physics.decay import LN2
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.posterior import (
    HalfLifePrior,
    Measured,
    RegionPrior,
    SlowPrior,
    TiaPosterior,
    posterior_of,
)
from dosimetry.physics.prediction import log_variance
from dosimetry.quantities import Amount, application_quantity
from dosimetry.reference import nuclides
from dosimetry.reference.regions import NUCLIDE

if TYPE_CHECKING:
    from dosimetry.quantities import Quantity
    from dosimetry.selftest.computed import Computed

Points = Sequence[tuple[float, float]]  # time in h, activity in MBq
BETWEEN_CYCLES, BETWEEN_SIDES = 0.10, 0.05  # coefficients of variation of the half-life

# --- least squares ------------------------------------------------------------------------------

SNMMI, PSMA = "snmmi_patient4", "psma_patient1"


def _fitted(points: Points, model: str, sd: Callable[[Any], Quantity]) -> FittedCurve:
    """Return a fit; ``sd`` gives the sd of activities in MBq."""
    time, activity = np.array(points).T
    return fitting.fit(
        application_quantity(time, "h"),
        application_quantity(activity, "MBq"),
        sd(activity),
        model,
    )


def _kidney(example: str, side: int) -> Points:
    """Return the points of the left (0) or right (1) kidney of an example."""
    path = examples.folder() / f"{example}.csv"
    scans = read_csv(path, path.name).by_region()[kidneys.SIDES[side]]
    return [(scan.time, scan.value) for scan in scans]


def _of_curve(_: Any) -> Quantity:
    return Amount(10.0, "%").quantity


def snmmi_equal_weights() -> Computed:
    """Return the left kidney of SNMMI patient 4, every point with the same sd."""
    curve = _fitted(
        _kidney(SNMMI, 0), "uptake", lambda y: application_quantity(np.ones_like(y), "MBq")
    )
    parameters = {name: found.quantity for name, found in curve.parameters.items()}
    return {**parameters, "TIA": curve.tia.quantity}


def snmmi_ten_percent() -> Computed:
    """Return the same with an sd of 10 % of each measured value."""
    curve = _fitted(_kidney(SNMMI, 0), "uptake", lambda y: application_quantity(0.1 * y, "MBq"))
    return {"TIA": curve.tia.quantity}


def snmmi_of_curve() -> Computed:
    """Return the kidneys of SNMMI patient 4 by two models, sd 10 % of the curve."""
    return {
        f"TIA, {name} kidney, {model}": _optimum(_fitted(_kidney(SNMMI, side), model, _of_curve))
        for side, name in enumerate(("left", "right"))
        for model in ("uptake", "mono")
    }


def psma_of_curve() -> Computed:
    """Return the right kidney of PSMA patient 1, sd 10 % of the curve."""
    curve = _fitted(_kidney(PSMA, 1), "mono", _of_curve)
    return {"TIA": _optimum(curve), "effective half-life": curve.effective_half_life.quantity}


def _optimum(curve: FittedCurve) -> Quantity:
    return Amount(curve.tia.value, "MBq*h").quantity


def flat_interval(points: Points) -> Computed:
    """Return the interval of a mono-exponential fit, with a prior flat in its rate."""
    found = _fitted(points, "mono", _of_curve).posterior
    assert found is not None
    return {
        "mean": Amount(found.mean, "MBq*h").quantity,
        "5th percentile": Amount(found.p5, "MBq*h").quantity,
        "95th percentile": Amount(found.p95, "MBq*h").quantity,
        "relative sd": found.sd / found.mean,
    }


# --- posterior ----------------------------------------------------------------------------------


def _prior(median: float, patients: float, uptake: HalfLifePrior) -> RegionPrior:
    """Return a prior; ``patients`` is the variance of ln T over patients."""
    cycles = math.sqrt(log_variance(BETWEEN_CYCLES))
    slow = SlowPrior(median, math.sqrt(patients), cycles, nuclides.half_life(NUCLIDE))
    sides = math.sqrt(log_variance(BETWEEN_SIDES))
    return RegionPrior(slow, uptake, HalfLifePrior(10.0, 0.8), sides)


def _kidneys(patients: float) -> RegionPrior:
    return _prior(51.0, patients, HalfLifePrior(1.0, 0.7))


ONE_CYCLE = log_variance(0.20)  # cv over patients, of one cycle
KIDNEYS = _kidneys(ONE_CYCLE - log_variance(BETWEEN_CYCLES))
KIDNEYS_WIDE = _kidneys(ONE_CYCLE)
TUMOUR = _prior(77.0, log_variance(0.30), HalfLifePrior(6.0, math.inf))  # flat in ln T of uptake


def _measured(cycle: int, points: Points, relative_sd: float, model: str) -> Measured:
    time, activity = np.array(points).T
    relative = np.ones(len(time), bool)
    return Measured(cycle, "", time, activity, relative_sd * activity, relative, (model,), math.inf)


def _percentiles(found: TiaPosterior) -> dict[str, Quantity | float | None]:
    return {
        "5th percentile": Amount(found.p5, "MBq*h").quantity,
        "median": Amount(found.p50, "MBq*h").quantity,
        "95th percentile": Amount(found.p95, "MBq*h").quantity,
    }


def posterior_two_scans() -> Computed:
    """Return the kidneys measured at 4 and 24 h."""
    (found,) = posterior_of([_measured(0, [(4, 170), (24, 158)], 0.1, "mono")], KIDNEYS)
    return _percentiles(found.tia)


def posterior_one_scan() -> Computed:
    """Return the kidneys measured at 72 h alone; sd of ln as sd over mean."""
    (found,) = posterior_of([_measured(0, [(72, 60)], 0.1, "mono")], KIDNEYS)
    return {**_percentiles(found.tia), "sd of ln": found.tia.sd / found.tia.mean}


TUMOUR_SCANS = ((1, 4.75), (4, 17.22), (24, 56.22), (48, 59.72), (96, 43.14), (168, 23.32))


def _tumour(later: Points) -> list[TiaPosterior]:
    curves = [_measured(i, scans, 0.03, "uptake") for i, scans in enumerate((TUMOUR_SCANS, later))]
    return [found.tia for found in posterior_of(curves, TUMOUR)]


def tumour_first() -> Computed:
    """Return a tumour measured by six scans."""
    (found,) = posterior_of([_measured(0, TUMOUR_SCANS, 0.03, "uptake")], TUMOUR)
    return _percentiles(found.tia)


def tumour_late_scan() -> Computed:
    """Return its next cycle, measured at 96 h alone."""
    _, found = _tumour([(96, 43.14)])
    mean = Amount(found.mean, "MBq*h").quantity
    return {**_percentiles(found), "mean": mean, "sd of ln": found.sd / found.mean}


def tumour_early_scan() -> Computed:
    """Return its next cycle, measured at 24 h alone."""
    return _percentiles(_tumour([(24, 56.22)])[1])


def kidneys_next_cycle() -> Computed:
    """Return a pair measured by four scans, then by one; the pair is twice each side."""
    sides = ((4, 97.0032), (24, 65.2783), (72, 25.2306), (168, 3.7692))
    first = [(time, 2 * activity) for time, activity in sides]
    curves = [_measured(i, p, 0.1, "mono") for i, p in enumerate((first, [(24, 130.5566)]))]
    found = posterior_of(curves, KIDNEYS)[1].tia
    return {**_percentiles(found), "mean": Amount(found.mean, "MBq*h").quantity}


def bi_next_cycle() -> Computed:
    """Return a bi-exponential curve, known from eleven exact scans, then measured by one."""

    def activity(time: float) -> float:
        return 60 * math.exp(-LN2 * time / 65) + 90 * math.exp(-LN2 * time / 20)

    known = [(t, activity(t)) for t in (1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 240)]
    curves = [_measured(0, known, 0.002, "bi"), _measured(1, [(24, activity(24))], 0.1, "bi")]
    return _percentiles(posterior_of(curves, KIDNEYS_WIDE)[1].tia)
