"""The shaded bands of a figure are the grades of the values."""

import pytest
from sample_patients import example

import dosimetry
from dosimetry.label.grade_bands import bands
from dosimetry.label.grades import grade
from dosimetry.reference.laboratory import Range, to_canonical

NAMES = ("thrombocytopenia", "creatinine_rise", "not_eligible")


@pytest.mark.parametrize("name", NAMES)
def test_every_value_lies_in_the_band_of_its_grade(name):
    plan = dosimetry.plan(example(name))
    first = min((c.at for c in plan.cycles if c.status == "delivered"), default="")
    compared = 0
    for lab in plan.labs:
        if lab.grade is None or lab.at[:10] <= first[:10]:
            continue
        value = to_canonical(lab.analyte, lab.value.value, lab.value.unit)
        (found,) = [
            band
            for band in plan.grade_bands
            if band.analyte == lab.analyte
            and (band.lower or 0.0) <= value
            and (band.upper is None or value < band.upper)
        ]
        assert found.grade == lab.grade
        compared += 1
    assert compared >= 5


@pytest.mark.parametrize("baseline", [None, 0.8, 1.6])
@pytest.mark.parametrize(
    ("analyte", "limits"),
    [
        ("platelets", Range(140.0, 400.0, "own")),
        ("creatinine", Range(0.6, 1.2, "own")),
        ("bilirubin", Range(None, 1.1, "own")),
        ("haemoglobin", Range(None, None, "own")),
    ],
)
def test_bands_are_contiguous_and_agree_with_the_grades(analyte, limits, baseline):
    found = bands(analyte, limits, baseline)
    assert found[0].lower is None
    assert found[-1].upper is None
    assert [band.upper for band in found[:-1]] == [band.lower for band in found[1:]]
    for band in found:
        low = band.lower or 0.0
        middle = low + 1.0 if band.upper is None else (low + band.upper) / 2
        assert grade(analyte, middle, limits, baseline).grade == band.grade
