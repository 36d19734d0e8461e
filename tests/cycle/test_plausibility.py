"""Measurements against the population: a mistaken unit draws a warning.

Population of the kidneys: Lutathera label, 0.654 +/- 0.295 Gy/GBq; half-life 51 h, 20 %
(Hanscheid 2018; Hou 2021).
"""

import math

import pytest
from sample_patients import PSMA, codes, cycle, planned, washout

import dosimetry
from dosimetry import InputError, Patient

MEDIAN, LOG_SD = (
    0.654 / math.sqrt(1 + (0.295 / 0.654) ** 2),
    math.sqrt(math.log1p((0.295 / 0.654) ** 2)),
)


def of(made, code):
    return [one for one in made.warnings if one.code == code]


@pytest.mark.parametrize(
    ("spreads", "doubted"), [(-4.01, True), (-3.99, False), (3.99, False), (4.01, True)]
)
def test_dose_four_sds_from_the_population_warns(spreads, doubted):
    coefficient = MEDIAN * math.exp(spreads * LOG_SD)
    made = planned(cycle(dose_coefficients={"kidneys": f"{coefficient!r} Gy/GBq"}))
    assert bool(of(made, "dose-unusual")) == doubted


def test_scans_in_kbq_read_as_mbq_draw_a_warning():
    made = planned(cycle(washout("kidneys", 15000.0 / 1000)))
    (found,) = of(made, "dose-unusual")
    assert found.place == "cycles[0] kidneys"
    assert "Gy/GBq is 0.00" in found.message
    assert not of(planned(cycle(washout("kidneys", 15000.0))), "dose-unusual")


def test_one_kidney_is_compared_with_the_population_of_the_pair():
    sides = [washout(f"kidney_{side}", 7.5) for side in ("left", "right")]
    places = [one.place for one in of(planned(cycle(*sides)), "dose-unusual")]
    assert places == ["cycles[0] kidney_left", "cycles[0] kidney_right", "cycles[0] kidneys"]


def test_organ_seen_only_in_the_whole_body_draws_no_warning():
    made = planned(cycle(washout("kidneys", 15000.0), washout("total_body", 200000.0)))
    assert "remainder-only" in codes(made.warnings)
    assert not [one for one in of(made, "dose-unusual") if "spleen" in one.place]


@pytest.mark.parametrize(
    ("half_life", "doubted"),
    [
        (51 * math.exp(-4.05 * math.sqrt(math.log1p(0.2**2))), True),
        (51 * math.exp(-3.95 * math.sqrt(math.log1p(0.2**2))), False),
        (51 * math.exp(3.95 * math.sqrt(math.log1p(0.2**2))), False),
        (51 * math.exp(4.05 * math.sqrt(math.log1p(0.2**2))), True),
    ],
)
def test_half_life_four_sds_from_the_population_warns(half_life, doubted):
    scans = washout("kidneys", 15000.0, half_life)
    made = planned(cycle(scans, models={"kidneys": "mono"}))
    assert bool(of(made, "half-life-unusual")) == doubted


def test_days_entered_as_hours_draw_a_warning():
    made = planned(cycle(washout("kidneys", 15000.0 / 24, 50 / 24, times=(1.0, 5.0))))
    assert of(made, "half-life-unusual")
    assert of(made, "dose-unusual")


def test_other_agent_is_not_compared_with_dotatate_population():
    found = planned(cycle(washout("kidneys", 15.0, 10.0)), agent=PSMA)
    assert not of(found, "dose-unusual")
    assert not of(found, "half-life-unusual")


def test_only_a_half_life_from_the_file_draws_a_warning():
    one = cycle(washout("kidneys", 15000.0, times=(24.0,)))
    assert not of(planned(one), "half-life-unusual")
    made = dosimetry.plan(with_half_life("16 h"))
    assert of(made, "half-life-unusual")


def with_half_life(half_life, activity="160 MBq"):
    scan = {"region": "kidneys", "time": "24 h", "activity": activity}
    return Patient.from_dict(
        {
            "patient": {"id": "T-1", "sex": "male"},
            "therapy": {"regimen": "netter-1"},
            "effective_half_lives": {"kidneys": half_life},
            "cycles": [cycle([scan])],
        }
    )


def test_effective_half_life_above_physical_is_refused():
    # 177Lu: 6.647 d = 159.5 h (ICRP 107)
    with pytest.raises(InputError) as caught:
        with_half_life("160 h")
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == (
        "half-life-above-physical",
        "effective_half_lives.kidneys",
    )
    assert with_half_life("159 h").effective_half_lives["kidneys"].value == 159.0


def test_one_scan_above_the_administered_activity_is_refused():
    # 160 MBq at 24 h with 52 min: 160 x 2^(24/0.867) x 0.867/ln 2 = 4e10 MBq h;
    # 7400 MBq that only decay give 7400 x 159.5/ln 2 = 1.7e6 MBq h
    with pytest.raises(InputError) as caught:
        dosimetry.plan(with_half_life("52 min"))
    (problem,) = caught.value.problems
    assert problem.code == "more-than-administered"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("half_life", ["0.35 h", "0.4 h"])
def test_one_scan_with_a_tiny_half_life_is_refused(half_life):
    with pytest.raises(InputError, match="can give"):
        dosimetry.plan(with_half_life(half_life, "1 MBq"))


@pytest.mark.parametrize("half_life", ["0.001 h", "0.033 h", "0.34 h"])
def test_half_life_that_no_scan_can_resolve_is_refused(half_life):
    # physics.md, 2: no rate above 20 /h, ln 2 / 20 = 0.0347 h; ten times that for the slowest phase
    with pytest.raises(InputError) as caught:
        with_half_life(half_life)
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == ("out-of-range", "effective_half_lives.kidneys")
