"""One part of a cohort: curves fitted together reach the doses as values."""

import pytest
from cohort_tables import synthetic, write

from dosimetry.cycle import course_curves
from dosimetry.population.cohort.part import compute_part
from dosimetry.population.cohort.table import parts

REFUSED = [  # the model of a single scan, for two
    ["P00000", "female", 1, 7400.0, "spleen", 24.0, 590.0, "", 180.0, "single-point"],
    ["P00000", "female", 1, 7400.0, "spleen", 48.0, 92.0, "", 180.0, "single-point"],
]


def computed(folder, rows):
    [part] = parts(write(folder / "c.csv", rows), 100)
    return compute_part(part, compile=False)


@pytest.fixture
def rows():
    return synthetic(2, cycles=2, regions=("kidney_left", "kidney_right", "liver"))


def test_curves_of_a_part_are_not_fitted_one_by_one(tmp_path, monkeypatch, rows):
    def refused(*arguments):
        raise AssertionError("a curve was fitted alone")

    monkeypatch.setattr(course_curves, "nodes_of_curves", refused)
    result = computed(tmp_path, rows)
    assert result.curves == 12  # two patients, two cycles, three regions
    assert result.rejected == []
    assert {dose[:3] for dose in result.doses} == {
        (f"P{patient:05d}", number, region)
        for patient in range(2)
        for number in (1, 2)
        for region in ("kidney_left", "kidney_right", "kidneys", "liver")
    }


def test_refused_curve_leaves_the_fits_of_the_others(tmp_path, monkeypatch, rows):
    whole = computed(tmp_path, rows)
    monkeypatch.setattr(course_curves, "nodes_of_curves", None)
    result = computed(tmp_path, [*rows[:24], *REFUSED, *rows[24:]])
    for found, expected in zip(result.doses, whole.doses, strict=True):
        assert found[:5] == expected[:5]
        assert found[5:9] == expected[5:9]  # the curve
        assert found[9:13] == pytest.approx(expected[9:13], rel=1e-12)
    assert [row[3:5] for row in result.rejected] == [("spleen", "too-many-points")] * 2
