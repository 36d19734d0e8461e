"""Laboratory reports as printed in several countries lead to one and the same clinical plan.

The first patient is of a public case: bilirubin 25 umol/L at baseline (upper limit 17) is grade 1,
40 umol/L later (1.6 x baseline) grade 2; neutrophils 1499 /uL grade 2, 1800 /uL grade 0 (lower
limit 1.8). eGFR and clearance of another of its patients were computed by hand from the formulas.
"""

import pandas as pd
import pytest

import dosimetry
from dosimetry.physics.renal_function import ckd_epi_2021, cockcroft_gault

HEAD = """\
patient: {id: H2, sex: male, age: 60 year, weight: 80 kg}
therapy: {radiopharmaceutical: 177Lu-DOTATATE, regimen: netter-1}
cycles:
  - {administered: 7.2 GBq, at: 2026-01-12}
"""
CASE = """\
labs:
  - {at: 2026-01-10, bilirubin: 25 umol/L, creatinine: 78 umol/L, neutrophils: 3900 /uL,
     platelets: 212 1e9/L, haemoglobin: 13.8 g/dL, albumin: 41 g/L}
  - {at: 2026-03-01, bilirubin: 40 umol/L, creatinine: 78 umol/L, neutrophils: 1499 /uL,
     platelets: 212 1e9/L, haemoglobin: 13.8 g/dL, albumin: 41 g/L}
"""
# The same two samples as a US, a French, a German, a Swedish and a Japanese laboratory print them.
US = """\
at,analyte,value,unit
2026-01-10,T BILI,1.4616463985,MG/DL
2026-01-10,CREATININE,0.8821533589,MG/DL
2026-01-10,ANC,3.9,K/UL
2026-01-10,PLT,212,K/UL
2026-01-10,HGB,13.8,G/DL
2026-01-10,ALBUMIN,4.1,G/DL
2026-03-01,T BILI,2.3386342376,MG/DL
2026-03-01,CREATININE,0.8821533589,MG/DL
2026-03-01,ANC,1.499,K/UL
2026-03-01,PLT,212,K/UL
2026-03-01,HGB,13.8,G/DL
2026-03-01,ALBUMIN,4.1,G/DL
"""
FRENCH = """\
sep=;
AT;Bilirubin [µmol/l];Creatinine [µmol/l];ANC [G/l];Platelets [G/l];Hb [g/l];Albumin [g/l];;
2026-01-10;25;78;3,9;212;138;41;;
2026-03-01;40;78;1,499;212;138;41;;
"""
GERMAN = """\
at	analyte	value	unit
2026-01-10	Bilirubin	25	µmol/l
2026-01-10	Crea	78	µmol/l
2026-01-10	Neutrophils (abs.)	3,9	Tsd./µl
2026-01-10	Thrombocytes	212	Gpt/L
2026-01-10	Hb	13,8	g/dl
2026-01-10	Alb	41,0	g/l
2026-03-01	Bilirubin	40	µmol/l
2026-03-01	Crea	78	µmol/l
2026-03-01	Neutrophils (abs.)	1499	/µl
2026-03-01	Thrombocytes	212	/nl
2026-03-01	Hb	13,8	g/dl
2026-03-01	Alb	41,0	g/l
"""
SWEDISH = """\
at,bilirubin [µmol/L],creatinine [µmol/L],neutrophils [×10⁹/L],PLT [x10^9/L],Hb [g/L],albumin [g/L]
2026-01-10,25,78,3.9,212,138,41
2026-03-01,40,78,1.499,212,138,41
"""
JAPANESE = """\
at,bilirubin [umol/L],creatinine [umol/L],ANC [10^2/uL],PLT [10^4/uL],Hb [g/dL],albumin [g/dL]
2026-01-10,25,78,39,21.2,13.8,4.1
2026-03-01,40,78,14.99,21.2,13.8,4.1
"""


@pytest.fixture
def planned(tmp_path):
    """Return a function that plans the patient with labs as a table, or written in the file."""

    def plan(table="", labs="labs: labs.csv\n"):
        (tmp_path / "labs.csv").write_text(table, encoding="utf-8")
        (tmp_path / "p.yaml").write_text(HEAD + labs, encoding="utf-8")
        return dosimetry.plan(dosimetry.read_patient(tmp_path / "p.yaml"))

    return plan


def graded(plan):
    return {(lab.at, lab.analyte): lab.grade for lab in plan.labs}


def test_grades_of_the_case_are_those_of_the_ctcae(planned):
    found = graded(planned(labs=CASE))
    assert found["2026-01-10", "bilirubin"] == 1
    assert found["2026-03-01", "bilirubin"] == 2
    assert found["2026-01-10", "neutrophils"] == 0
    assert found["2026-03-01", "neutrophils"] == 2
    recovered = graded(planned(labs=CASE.replace("1499 /uL", "1800 /uL")))
    assert recovered["2026-03-01", "neutrophils"] == 0


@pytest.mark.parametrize("report", [US, FRENCH, GERMAN, SWEDISH, JAPANESE])
def test_report_of_every_country_gives_the_plan_of_the_case(planned, report):
    case, other = planned(labs=CASE), planned(report)
    assert graded(other) == graded(case)
    assert other.label.answer == case.label.answer
    assert other.label.reason == case.label.reason
    assert [r.creatinine_clearance.value for r in other.renal_function] == pytest.approx(
        [r.creatinine_clearance.value for r in case.renal_function], rel=1e-9
    )


@pytest.mark.parametrize(
    "platelets",
    ["212 K/uL", "212 10^3/uL", "212 x10^9/L", "212 G/L", "212000 /mm3", "212000 /uL"],
)
def test_platelets_of_the_case_are_read_in_every_unit(planned, platelets):
    plan = planned(labs=f"labs:\n  - {{at: 2026-01-10, platelets: {platelets}}}\n")
    (lab,) = plan.labs
    assert lab.grade == 0
    assert lab.value in (
        dosimetry.quantities.Amount(212.0, "1e9/L"),
        dosimetry.quantities.Amount(212000.0, "/uL"),
    )


def test_leukocytes_in_the_wrong_unit_name_the_right_one(planned):
    with pytest.raises(dosimetry.InputError, match=r"did you mean /uL\?"):
        planned(labs="labs:\n  - {at: 2026-01-10, WBC: 6100 1e9/L}\n")


def test_data_frame_of_a_report_gives_the_plan_of_the_case(planned, tmp_path):
    case = planned(labs=CASE)
    (tmp_path / "us.csv").write_text(US)
    read = dosimetry.read_patient(tmp_path / "p.yaml")
    of_frame = dosimetry.plan(read.replace(labs=pd.read_csv(tmp_path / "us.csv")))
    assert graded(of_frame) == graded(case)
    assert of_frame.provenance.replaced[0].startswith("labs")


# A woman of 72 years and 61 kg with 1.4 mg/dL:
# CKD-EPI 2021: 142 x 2^-1.2 x 0.9938^72 x 1.012 = 40.0;
# Cockcroft-Gault: 68 x 61 / (72 x 1.4) x 0.85 = 34.98
def test_renal_function_of_the_case_is_that_of_the_formulas():
    assert ckd_epi_2021.kernel(1.4, 72.0, "female") == pytest.approx(40.0, abs=0.05)
    assert cockcroft_gault.kernel(1.4, 72.0, 61.0, "female") == pytest.approx(34.98, abs=0.005)
