"""The computation of every case of table ``known_answers``, through the public functions.

To add a case, add its rows to the table and one function here, in :mod:`dosimetry.selftest.curves`
or :mod:`dosimetry.selftest.courses`, which returns each quantity of the case by its name, and name
it in :data:`CASES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dosimetry.patient import kidneys
from dosimetry.physics import absorbed_dose, decay, radiobiology
from dosimetry.physics.decay import LN2
from dosimetry.physics.kinetics import Exponentials
from dosimetry.quantities import Amount
from dosimetry.reference import nuclides, phantoms
from dosimetry.reference.regions import NUCLIDE
from dosimetry.selftest import courses, curves
from dosimetry.selftest.computed import Computed

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
    "unmeasured-kidneys": lambda: courses.unmeasured(kidneys.PAIR, "kidneys-ad-23"),
    "unmeasured-marrow": lambda: courses.unmeasured("red_marrow", "red-marrow-ad-2"),
    "snmmi-equal-weights": curves.snmmi_equal_weights,
    "snmmi-ten-percent": curves.snmmi_ten_percent,
    "snmmi-of-curve": curves.snmmi_of_curve,
    "psma-of-curve": curves.psma_of_curve,
    "flat-interval-flat": lambda: curves.flat_interval([(1, 120), (4, 125), (24, 118)]),
    "flat-interval-falling": lambda: curves.flat_interval([(1, 125), (4, 125), (24, 108)]),
    "posterior-two-scans": curves.posterior_two_scans,
    "posterior-one-scan": curves.posterior_one_scan,
    "tumour-first-cycle": curves.tumour_first,
    "tumour-late-scan": curves.tumour_late_scan,
    "tumour-early-scan": curves.tumour_early_scan,
    "kidneys-next-cycle": curves.kidneys_next_cycle,
    "bi-next-cycle": curves.bi_next_cycle,
    "renal-70": lambda: courses.renal(70.0),
    "renal-97": lambda: courses.renal(97.0),
    "renal-108": lambda: courses.renal(108.0),
    "adjusted-40": lambda: courses.adjusted(40.0),
    "adjusted-70": lambda: courses.adjusted(70.0),
    "tumour-no-trend": lambda: courses.tumour_trend(radiopharmaceutical="177Lu-PSMA-617"),
    "tumour-grade-1": lambda: courses.tumour_trend(tumour_grade="1"),
    "tumour-grade-unknown": courses.tumour_trend,
    "tumour-grade-2": lambda: courses.tumour_trend(tumour_grade="2"),
}
