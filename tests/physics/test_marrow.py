"""Red marrow from blood: ratio, mass, activity, dose from the remainder of the body.

Sources: Hindorf 2010, Sgouros 1993, Forrer 2009. S values and masses are read here from the raw CSV
of ``reference_tables``.
"""

import csv
from pathlib import Path

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosimetry.physics.absorbed_dose import remainder_s_value, self_s_value, split_self
from dosimetry.physics.marrow import marrow_activity, marrow_mass, plasma_ratio
from dosimetry.problems import InputError

TABLES = Path(__file__).resolve().parents[2] / "reference_tables"
Q = pint.get_application_registry().Quantity
ELECTRON_CONSTANT = 0.0236999  # mGy g/(MBq s), 147.923 keV per decay (ICRP 107)
grams = st.floats(100.0, 5000.0)


def rows(name):
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


S_VALUES = {
    (row["target"], row["source"]): float(row["s_value"])  # mGy/(MBq s)
    for row in rows("s_values_lu177_icrp89_adult_male")
}
MASSES = {
    row["region"]: float(row["adult_male"])
    for row in rows("organ_masses_icrp89")
    if row["adult_male"]
}


def from_remainder(*sources):
    """S(red marrow <- remainder) of the male phantom with these sources taken out."""
    return remainder_s_value(
        S_VALUES["red_marrow", "total_body"],
        MASSES["total_body"],
        [S_VALUES["red_marrow", name] for name in sources],
        [MASSES[name] for name in sources],
    )


@pytest.mark.parametrize(
    ("sources", "s_value"),  # mGy/(MBq s), computed independently
    [
        (("kidneys", "liver", "spleen", "red_marrow"), 9.30788e-8),
        (("kidneys", "liver", "spleen"), 2.81743e-7),
    ],
    ids=["marrow a source of its own", "marrow left in the remainder"],
)
def test_known_s_value_of_red_marrow_from_the_remainder(sources, s_value):
    assert from_remainder(*sources) == pytest.approx(s_value, rel=1e-5)


def test_excluding_the_marrow_lowers_the_remainder_dose():
    assert from_remainder("liver", "red_marrow") < from_remainder("liver") / 2


def test_remainder_without_sources_is_the_total_body():
    assert from_remainder() == S_VALUES["red_marrow", "total_body"]


def test_plasma_ratio_is_0_19_over_the_plasma_fraction():
    # Sgouros 1993: RMBLR = 0.19/(1 - haematocrit); 0.19/0.59 worked by hand
    assert plasma_ratio(0.41) == pytest.approx(0.322033898305, rel=1e-12)
    assert plasma_ratio(0.0) == 0.19


@given(st.floats(0.1, 0.69), st.floats(0.001, 0.01))
def test_plasma_ratio_rises_with_the_haematocrit(hematocrit, more):
    assert plasma_ratio(hematocrit + more) > plasma_ratio(hematocrit)


def test_marrow_mass_scales_with_the_body_mass():
    # 1170 g in 73 kg (ICRP 89, adult male), so 1562.67 g in 97.5 kg
    found = marrow_mass(Q(1170, "g"), Q(97.5, "kg"), Q(73, "kg"))
    assert found.to("g").magnitude == pytest.approx(1562.671232877, rel=1e-12)


def test_marrow_activity_is_ratio_times_concentration_times_mass():
    # 300 kBq/g in 1170 g hold 351 MBq; a third of it at a ratio of one third
    assert marrow_activity(Q(300, "kBq/g"), Q(1.17, "kg"), 1.0).magnitude == pytest.approx(351.0)
    assert marrow_activity(Q(300, "kBq/g"), Q(1.17, "kg"), 1 / 3).magnitude == pytest.approx(117.0)


@pytest.mark.parametrize(
    ("concentration", "mass"),
    [(Q(300, "kBq"), Q(1, "kg")), (Q(300, "kBq/g"), Q(1, "h")), (300.0, Q(1, "kg"))],
    ids=["an activity", "a time for the mass", "no unit"],
)
def test_other_units_are_refused(concentration, mass):
    with pytest.raises(InputError):
        marrow_activity(concentration, mass, 1.0)


def test_electrons_alone_make_the_self_dose_of_marrow():
    # some electrons leave the marrow, so S is below Delta_e/m and all of S is theirs
    s_self = S_VALUES["red_marrow", "red_marrow"]
    assert s_self < ELECTRON_CONSTANT / MASSES["red_marrow"]
    assert split_self(s_self, MASSES["red_marrow"], ELECTRON_CONSTANT) == (s_self, 0.0)


@given(grams, st.floats(1e-6, 1.0))
def test_assumed_mass_cancels_in_the_self_dose(mass, concentration):
    reference, s_self = MASSES["red_marrow"], S_VALUES["red_marrow", "red_marrow"]
    s_value = self_s_value.kernel(s_self, reference, mass, ELECTRON_CONSTANT)
    dose = marrow_activity.kernel(concentration, mass, 1.0) * s_value
    assert dose == pytest.approx(concentration * reference * s_self, rel=1e-12)
