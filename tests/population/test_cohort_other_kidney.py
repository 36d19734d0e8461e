"""A cohort with patient files that name a kidney not measurable: the doses are those of a plan."""

import json

from cohort_tables import write
from sample_patients import cycle, patient, washout

import dosimetry
from dosimetry.population.cohort.part import DOSE_COLUMNS, compute_part
from dosimetry.population.cohort.table import parts


def test_cohort_marks_a_kidney_by_its_ratio_as_predicted(tmp_path):
    both = washout("kidney_left", 5e3), washout("kidney_right", 4e3)
    named = {"not_measurable": {"kidney_right": "bowel"}}
    given = patient(cycle(*both), cycle(both[0], at="2026-03-09", **named))
    (tmp_path / "p.json").write_text(json.dumps(given.to_dict()), encoding="utf-8")
    [part] = parts(write(tmp_path / "c.csv", [["T-1", "p.json"]], ["patient_id", "file"]), 10)
    result = compute_part(part, compile=False)
    assert result.rejected == []
    rows = [dict(zip(DOSE_COLUMNS, row, strict=True)) for row in result.doses]
    bases = {row["region"]: row["basis"] for row in rows if row["cycle"] == 2}
    assert bases == {
        "kidney_left": "measured", "kidney_right": "predicted", "kidneys": "predicted",
    }  # fmt: skip
    made = dosimetry.plan(given)
    doses = {(one.number, dose.region): dose for one in made.cycles for dose in one.regions}
    for row in rows:
        dose = doses[row["cycle"], row["region"]]
        assert row["absorbed_dose [Gy]"] == dose.absorbed_dose.value
        assert row["absorbed_dose_sd [Gy]"] == dose.absorbed_dose.sd
    chances = {row[1]: row[6] for row in result.limits}
    assert chances == {flag.limit: flag.probability for flag in made.flags}
