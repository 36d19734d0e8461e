"""The computation of every case of table ``known_answers``, through the public functions.

To add a case, add its rows to the table and one function here, which returns each quantity of the
case by its name, and name it in :data:`CASES`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dosimetry.documents.plan import Plan
from dosimetry.patient import examples, kidneys
from dosimetry.patient.read_scans import read_csv
from dosimetry.physics import absorbed_dose, decay, fitting, radiobiology
from dosimetry.physics.decay import LN2
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.kinetics import Exponentials
from dosimetry.planning.course_plan import plan
from dosimetry.quantities import Amount, application_quantity
from dosimetry.reference import nuclides, phantoms
from dosimetry.reference.regions import NUCLIDE

if TYPE_CHECKING:
    from dosimetry.quantities import Quantity

Computed: TypeAlias = "Mapping[str, Quantity | float | None]"  # None: not computed
S_UNIT = "Gy/(MBq*h)"


def _decay() -> Computed:
    half_life = Amount(nuclides.half_life(NUCLIDE), "h").quantity
    integral = decay.time_integral(Amount(1.0, "MBq").quantity, half_life)
    return {
        "decay constant": decay.constant(half_life),
        "TIA": integral,
        "decays": integral,
    }


def _bed(amplitudes: Sequence[float], rates: Sequence[float]) -> Computed:
    """Return G and BED of 5 Gy at a dose rate that is a sum of exponentials (rates in 1/h)."""
    g = radiobiology.lea_catcheside(Exponentials(np.array(amplitudes), np.array(rates)), 2.8)
    dose, alpha_beta = Amount(5.0, "Gy").quantity, Amount(2.6, "Gy").quantity
    return {"G": g, "BED": radiobiology.bed(dose, g, alpha_beta)}


def _bed_mono() -> Computed:
    return _bed([1.0], [LN2 / 50.0])


def _bed_uptake() -> Computed:
    physical = LN2 / nuclides.half_life(NUCLIDE)
    return _bed([1.0, -1.0], [physical + LN2 / 75.0, 0.6])


def _bed_bi() -> Computed:
    return _bed([0.04, 0.06], [LN2 / 60.0, LN2 / 12.0])


def _kidneys() -> tuple[float, float, float]:
    """Return self-dose S value in Gy/(MBq h), mass in g and electron dose constant of the male."""
    constant = absorbed_dose.electron_dose_constant(nuclides.electron_energy(NUCLIDE))
    pair = kidneys.PAIR
    return phantoms.s_values("male")[pair, pair], phantoms.organ_masses("male")[pair], constant


def _kidneys_self_dose() -> Computed:
    electron, photon = absorbed_dose.split_self(*_kidneys())
    return {
        "electrons": Amount(electron, S_UNIT).quantity,
        "photons": Amount(photon, S_UNIT).quantity,
    }


def _kidneys_scaled() -> Computed:
    s_self, mass, constant = _kidneys()
    found = absorbed_dose.self_s_value(
        Amount(s_self, S_UNIT).quantity,
        Amount(mass, "g").quantity,
        Amount(253.0, "g").quantity,
        constant,
    )
    return {"S value": found}


def _marrow_from_remainder(*measured: str) -> Computed:
    s_values, masses = phantoms.s_values("male"), phantoms.organ_masses("male")
    found = absorbed_dose.remainder_s_value(
        s_values["red_marrow", "total_body"],
        masses["total_body"],
        [s_values["red_marrow", source] for source in measured],
        [masses[source] for source in measured],
    )
    return {"S value": Amount(found, S_UNIT).quantity}


@functools.cache
def _unmeasured_plan() -> Plan:
    patient = {"id": "self-test", "sex": "male"}
    return plan({"patient": patient, "therapy": {"regimen": "netter-1"}})


def _unmeasured(region: str, limit: str) -> Computed:
    """Return the dose of a region over the course, and the probability of exceeding a limit."""
    made = _unmeasured_plan()
    (dose,) = (entry.absorbed_dose for entry in made.cumulative if entry.region == region)
    (flag,) = (flag for flag in made.flags if flag.limit == limit)
    values = {"mean": dose.value, "sd": dose.sd, "5th percentile": dose.p5}
    values["95th percentile"] = dose.p95
    return {
        **{name: application_quantity(value, dose.unit) for name, value in values.items()},
        f"P(> {flag.limit_value.value:g} Gy)": flag.probability,
    }


def _left_kidney(sd: Callable[[Any], Any]) -> FittedCurve:
    """Return the left kidney of SNMMI patient 4 by ``uptake``; ``sd`` gives the sd in MBq."""
    path = examples.folder() / "snmmi_patient4.csv"
    scans = read_csv(path, path.name).by_region()[kidneys.SIDES[0]]
    time, activity = np.array([(scan.time, scan.value) for scan in scans]).T
    return fitting.fit(
        application_quantity(time, "h"),
        application_quantity(activity, "MBq"),
        application_quantity(sd(activity), "MBq"),
        "uptake",
    )


def _snmmi_equal_weights() -> Computed:
    curve = _left_kidney(np.ones_like)
    parameters = {name: found.quantity for name, found in curve.parameters.items()}
    return {**parameters, "TIA": curve.tia.quantity}


def _snmmi_ten_percent() -> Computed:
    curve = _left_kidney(lambda activity: 0.1 * activity)
    return {"TIA": curve.tia.quantity}


ORGANS = (kidneys.PAIR, "liver", "spleen")
CASES: dict[str, Callable[[], Computed]] = {
    "decay": _decay,
    "bed-mono": _bed_mono,
    "bed-uptake": _bed_uptake,
    "bed-bi": _bed_bi,
    "kidneys-self-dose": _kidneys_self_dose,
    "kidneys-scaled": _kidneys_scaled,
    "marrow-from-remainder": lambda: _marrow_from_remainder(*ORGANS, "red_marrow"),
    "marrow-in-remainder": lambda: _marrow_from_remainder(*ORGANS),
    "unmeasured-kidneys": lambda: _unmeasured(kidneys.PAIR, "kidneys-ad-23"),
    "unmeasured-marrow": lambda: _unmeasured("red_marrow", "red-marrow-ad-2"),
    "snmmi-equal-weights": _snmmi_equal_weights,
    "snmmi-ten-percent": _snmmi_ten_percent,
}
