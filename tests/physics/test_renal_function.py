"""Renal function against values computed by hand from the published equations."""

import pint
import pytest

from dosimetry import InputError
from dosimetry.patient.laboratory import read_lab
from dosimetry.physics.renal_function import ckd_epi_2021, cockcroft_gault

Q = pint.get_application_registry().Quantity
UMOL_PER_MG_DL = 88.42  # 1 mg/dL of creatinine (SI conversion factor)


# (140 - age) weight / (72 creatinine), x 0.85 for women: by hand
COCKCROFT_GAULT = [
    ("male", 1.0, 60, 72, 80.0),  # 80 x 72 / 72
    ("female", 1.0, 60, 72, 68.0),  # x 0.85
    ("male", 2.0, 50, 80, 50.0),  # 90 x 80 / 144
    ("female", 0.5, 68, 60, 102.0),  # 72 x 60 / 36 x 0.85
]
# 142 min(Scr/k, 1)^a max(Scr/k, 1)^-1.2 0.9938^age (x 1.012), factor by factor
CKD_EPI = [
    ("female", 0.7, 60, 98.9483),  # Scr = k: 142 x 1 x 0.688556 x 1.012
    ("male", 0.9, 60, 97.7750),  # Scr = k: 142 x 1 x 0.688556
    ("male", 1.8, 50, 45.2900),  # Scr = 2 k: 142 x 0.435275 x 0.732740
    ("female", 0.35, 60, 116.938),  # Scr = k/2: 98.9483 x 2^0.241 = 98.9483 x 1.181812
    ("female", 1.4, 72, 39.9724),  # Scr = 2 k: 142 x 0.435275 x 0.639039 x 1.012
    ("male", 0.45, 30, 145.268),  # Scr = k/2: 142 x 1.232852 x 0.829793
]
BOTH_UNITS = pytest.mark.parametrize("unit", ["mg/dL", "umol/L"])


def in_unit(creatinine, unit):
    """Read a creatinine given in mg/dL as a laboratory would report it in a unit."""
    number = creatinine if unit == "mg/dL" else creatinine * UMOL_PER_MG_DL
    return read_lab("creatinine", f"{number!r} {unit}").value


@BOTH_UNITS
@pytest.mark.parametrize(("sex", "creatinine", "age", "weight", "wanted"), COCKCROFT_GAULT)
def test_clearance_by_cockcroft_and_gault(sex, creatinine, age, weight, wanted, unit):
    found = cockcroft_gault.kernel(in_unit(creatinine, unit), age, weight, sex)
    assert found == pytest.approx(wanted, rel=1e-12)


@BOTH_UNITS
@pytest.mark.parametrize(("sex", "creatinine", "age", "wanted"), CKD_EPI)
def test_egfr_by_ckd_epi_2021(sex, creatinine, age, wanted, unit):
    found = ckd_epi_2021.kernel(in_unit(creatinine, unit), age, sex)
    assert found == pytest.approx(wanted, rel=5e-6)


def test_quantities_in_any_unit_give_the_same_result():
    in_mass = cockcroft_gault(Q(1.0, "mg/dL"), Q(60, "year"), Q(72, "kg"), "male")
    in_litres = cockcroft_gault(Q(10, "mg/L"), Q(60, "year"), Q(72000, "g"), "male")
    assert in_mass.to("mL/min").magnitude == pytest.approx(80.0)
    assert in_litres.to("mL/min").magnitude == pytest.approx(80.0)


def test_molar_concentration_is_not_read_as_mass():
    with pytest.raises(InputError, match="mass concentration"):
        cockcroft_gault(Q(88.42, "umol/L"), Q(60, "year"), Q(72, "kg"), "male")
