"""The recalculation alone reproduces posteriors that were computed without this program.

Known answers: brute-force quadrature of the equations of docs/method.md, done twice by other code.
"""

import dataclasses
import math

import numpy as np
import pytest
from sample_patients import EXAMPLES, cycle, example, patient

import dosimetry
from dosimetry.recalculation.chain import even
from dosimetry.recalculation.posterior import flat_again, tias_again
from dosimetry.recalculation.readings import HalfLives, LogNormal, Reading, half_lives_of
from dosimetry.recalculation.sampling import spread
from dosimetry.recalculation.shapes import fit_of, log_activity, log_area, log_inner_prior

PHYSICAL = 6.647 * 24  # h, ICRP 107
KIDNEYS = HalfLives(
    51.0,
    math.sqrt(math.log(1.04) - math.log(1.01)),
    math.sqrt(math.log(1.01)),
    math.sqrt(math.log(1.0025)),
    LogNormal(1.0, 0.7),
    LogNormal(10.0, 0.8),
    PHYSICAL,
)
# sd of tau^2 is ln 1.09 here; uptake flat in ln T
TUMOUR = HalfLives(
    77.0,
    math.sqrt(math.log(1.09)),
    math.sqrt(math.log(1.01)),
    math.sqrt(math.log(1.0025)),
    LogNormal(1.0, math.inf),
    LogNormal(10.0, 0.8),
    PHYSICAL,
)
TUMOUR_SCANS = {1: 4.75, 4: 17.22, 24: 56.22, 48: 59.72, 96: 43.14, 168: 23.32}


def reading(points, percent=10.0, region="kidneys", model="mono", number=1):
    time, value = (np.array(each, float) for each in zip(*points.items(), strict=True))
    relative = np.ones(len(time), bool)
    sd = value * percent / 100
    return Reading(number, region, time, value, sd, relative, "MBq", model, math.inf)


def percentiles(found):
    return [found.p5, found.p50, found.p95]


def test_two_scans_of_a_kidney_have_the_known_posterior():
    [found] = tias_again([reading({4: 170, 24: 158})], KIDNEYS)
    assert percentiles(found) == pytest.approx([12119, 15716, 20788], rel=2e-3)


def test_one_scan_of_a_kidney_has_the_known_posterior():
    [found] = tias_again([reading({72: 60})], KIDNEYS)
    assert percentiles(found) == pytest.approx([10111, 11966, 14220], rel=2e-3)


@pytest.mark.parametrize(
    ("values", "mean", "low", "high", "share"),
    [((120, 125, 118), 18284, 9987, 27731, 0.303), ((125, 125, 108), 15272, 8146, 25817, 0.356)],
)
def test_flat_prior_has_the_known_interval(values, mean, low, high, share):
    points = dict(zip((1, 4, 24), values, strict=True))
    found = flat_again(reading(points), "mono", PHYSICAL)
    assert [found.mean, found.p5, found.p95] == pytest.approx([mean, low, high], rel=2e-3)
    assert found.sd / found.mean == pytest.approx(share, abs=1e-3)


def test_a_second_cycle_borrows_the_known_half_life():
    # case 02: four points a side in cycle 1, one scan of the pair in cycle 2
    side = {4: 97.0032, 24: 65.2783, 72: 25.2306, 168: 3.7692}
    readings = [
        reading(side, region="kidney_left"),
        reading(side, region="kidney_right"),
        reading({24: 130.5566}, number=2),
    ]
    *_, found = tias_again(readings, KIDNEYS)
    assert percentiles(found) == pytest.approx([9202, 11283, 13943], rel=5e-3)
    assert found.mean == pytest.approx(11390, rel=5e-3)


@pytest.mark.parametrize(("time", "known"), [(96, (9031, 9818, 10935)), (24, (7985, 9788, 12080))])
def test_a_thin_tumour_cycle_has_the_known_posterior(time, known):
    readings = [
        reading(TUMOUR_SCANS, 3.0, "tumour_1", "uptake"),
        reading({time: TUMOUR_SCANS[time]}, 3.0, "tumour_1", "uptake", 2),
    ]
    first, second = tias_again(readings, TUMOUR)
    assert percentiles(first) == pytest.approx([9482, 9815, 10184], rel=5e-3)
    assert percentiles(second) == pytest.approx(known, rel=1e-2)
    assert second.borrowed
    assert not first.borrowed


def test_mean_without_information_is_that_of_the_prior():
    # One scan at 0 h says nothing of T: the mean TIA is y E[T]/ln 2, T cut at the physical one.
    [found] = tias_again([reading({1e-9: 100}, 1.0)], KIDNEYS)
    random = np.random.default_rng(5)
    longest = math.log(PHYSICAL)
    tau = math.log(51.0) + KIDNEYS.patients * random.standard_normal(400_000)
    x = tau + KIDNEYS.cycles * random.standard_normal(400_000)
    expected = np.exp(x[(tau < longest) & (x < longest)]).mean() * 100 / math.log(2)
    assert found.mean == pytest.approx(expected, rel=5e-3)


def test_draws_of_all_models_are_enough():
    # Standard error of the mean below 0.25 %, half of the tolerance, of the cases in use.
    for scans in ({4: 97, 24: 65, 72: 25, 168: 3.8}, {4: 97, 24: 65}, {72: 25}):
        [found] = tias_again([reading(scans, model="auto")], KIDNEYS)
        assert found.error < 0.0025
        assert found.effective > 500


def test_absolute_sds_agree_with_relative_ones_when_small():
    scans = {4: 97.0, 24: 66.0, 72: 25.0}
    relative = reading(scans, 1.0)
    absolute = dataclasses.replace(relative, relative=np.zeros(3, bool))
    [first], [second] = (tias_again([each], KIDNEYS) for each in (relative, absolute))
    assert second.mean == pytest.approx(first.mean, rel=1e-3)


def test_a_curve_of_two_phases_has_its_values_and_area():
    columns = np.array([[math.log(60)], [0.0], [math.log(10)], [math.log(1)]])
    time = np.array([0.5, 5.0, 400.0])
    expected = 0.5 * 2 ** (-time / 60) + 0.5 * 2 ** (-time / 10) - 2**-time
    assert np.exp(log_activity("bi-uptake", columns, time))[:, 0] == pytest.approx(expected)
    area = (0.5 * 60 + 0.5 * 10 - 1) / math.log(2)
    assert np.exp(log_area("bi-uptake", columns))[0] == pytest.approx(area)


def test_inner_prior_integrates_to_one():
    x = np.linspace(math.log(0.03), math.log(60), 20_001)
    columns = np.array([np.full(len(x), math.log(50.0)), x])
    density = np.exp(log_inner_prior("uptake", columns, KIDNEYS))
    assert density.sum() * (x[1] - x[0]) == pytest.approx(1.0, rel=1e-3)


def test_a_scale_of_absolute_points_has_the_normal_mean():
    # Two points of a flat curve, sd 1 and 2: weighted mean (100 + 104/4)/(1 + 1/4) = 100.8
    points = Reading(
        1, "liver", np.array([0.0, 1e-9]), np.array([100.0, 104.0]), np.array([1.0, 2.0]),
        np.zeros(2, bool), "MBq", "mono", math.inf,
    )  # fmt: skip
    fit = fit_of(points, "mono", np.log([[50.0]]))
    assert math.exp(fit.scale[0]) == pytest.approx(100.8, rel=1e-3)


def test_a_scale_of_both_kinds_of_sds_has_its_own_mean():
    # A flat curve, 100 MBq with 10 % of the curve, 104 MBq with 10 MBq: by a sum over ln A
    points = Reading(
        1, "liver", np.array([0.0, 1e-9]), np.array([100.0, 104.0]), np.array([10.0, 10.0]),
        np.array([True, False]), "MBq", "mono", math.inf,
    )  # fmt: skip
    fit = fit_of(points, "mono", np.log([[50.0]]))
    u = np.linspace(math.log(50), math.log(200), 200_001)
    misfit = ((math.log(100.0) - u) / 0.1) ** 2 + ((104.0 - np.exp(u)) / 10.0) ** 2
    chance = np.exp(-0.5 * misfit) / np.exp(-0.5 * misfit).sum()
    mean = chance @ u
    assert fit.scale[0] == pytest.approx(mean, abs=1e-4)
    assert fit.variance[0] == pytest.approx(chance @ (u - mean) ** 2, rel=1e-3)


def plan_of_half_life(value, sd, points, model="auto"):
    return dosimetry.plan(dosimetry.Patient.from_dict({
        "patient": {"id": "T-3", "sex": "male"},
        "therapy": {"regimen": "netter-1"},
        "effective_half_lives": {"kidneys": {"value": value, "sd": sd}},
        "cycles": [cycle(scans("kidneys", points), models={"kidneys": model})],
    }))  # fmt: skip


def test_half_life_shorter_than_usual_uptake_is_recalculated():
    # 0.4 h, where the prior of the uptake has its median at 1 h: every draw began outside
    made = plan_of_half_life("0.4 h", "20 %", {0.1: 170, 0.4: 80, 0.8: 30})
    assert len(made.second_check) > 0
    assert all(one.passed for one in made.second_check)


def test_points_far_from_an_exact_half_life_are_refused():
    # 0.35 h exactly and scans over days: no curve is near, and the two calculations differ
    with pytest.raises(dosimetry.InputError) as caught:
        plan_of_half_life("0.35 h", "0.0001 %", {4: 170, 24: 158, 30: 5, 72: 60, 96: 40}, "bi")
    assert {problem.code for problem in caught.value.problems} == {"second-calculation-differs"}


def test_points_are_spread_evenly_in_every_coordinate():
    for row in spread(3, 8):
        assert sorted((row * 8).astype(int).tolist()) == list(range(8))


def test_even_grid_integrates_a_straight_line():
    grid = even(0.0, 2.0, 0.3)
    assert float(grid.at @ grid.weight) == pytest.approx(2.0)


def test_half_life_of_the_sides_serves_the_pair():
    # case 02: both sides 35 h, sd 5 %
    both = {"value": "35 h", "sd": "5 %"}
    made = dosimetry.Patient.from_dict({
        "patient": {"id": "T-2", "sex": "male"},
        "therapy": {"radiopharmaceutical": "177Lu-DOTATATE", "regimen": "netter-1"},
        "effective_half_lives": {"kidney_left": both, "kidney_right": both},
        "cycles": [],
    })  # fmt: skip
    found = half_lives_of("kidneys", made)
    assert found.median == pytest.approx(35.0)
    assert math.hypot(found.patients, found.cycles) == pytest.approx(0.05, rel=2e-3)


# Case 01: qualitatively PAHFIT issue 149 and pastas issue 166 (a parameter on its bound has no
# error); case 02: Willowson 2018 (EJNMMI Phys 5:28), methods 3 and 4.
def scans(region, points):
    return [{"region": region, "time": f"{t} h", "activity": f"{a} MBq"} for t, a in points.items()]


SIDE = {4: 97.0032, 24: 65.2783, 72: 25.2306, 168: 3.7692}
PAIR = {4: 194.0063, 24: 130.5566, 72: 50.4612, 168: 7.5383}
SIDES = ("kidney_left", "kidney_right")
LATER = {"at": "2026-03-09"}
CASES = {
    "01 a": lambda: patient(cycle(scans("kidneys", {1: 120, 4: 125, 24: 118}))),
    "01 b": lambda: patient(cycle(scans("kidneys", {1: 125, 4: 125, 24: 108}))),
    "01 c": lambda: patient(cycle(scans("liver", {4: 300, 24: 310, 72: 230}))),
    "01 d": lambda: patient(cycle(scans("liver", {4: 300, 24: 300, 72: 220}))),
    "02 pair": lambda: patient(
        cycle(*(scans(side, SIDE) for side in SIDES)),
        cycle(scans("kidneys", {24: 130.5566}), **LATER),
    ),
    "02 sides": lambda: patient(
        cycle(*(scans(side, SIDE) for side in SIDES)),
        cycle(*(scans(side, {24: 65.2783}) for side in SIDES), **LATER),
    ),
    "02 reversed": lambda: patient(
        cycle(scans("kidneys", PAIR)),
        cycle(*(scans(side, {24: 65.2783}) for side in SIDES), **LATER),
    ),
    "02 single first": lambda: patient(
        cycle(scans("kidneys", {24: 130.5566})), cycle(scans("kidneys", PAIR), **LATER)
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ["posterior", "least-squares"])
@pytest.mark.parametrize("make", [*CASES.values()], ids=[*CASES])
def test_recalculated_mean_is_within_half_a_percent(make, estimator):
    plan = dosimetry.plan(make(), estimator=estimator)
    means = [one for one in plan.second_check if one.quantity == "time-integrated activity"]
    assert len(means) == len(plan.curves)
    assert max(one.difference.value for one in means) < 0.5
    assert all(one.passed for one in plan.second_check)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ["posterior", "least-squares"])
@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.yaml")))
def test_every_example_is_recalculated(name, estimator):
    plan = dosimetry.plan(example(name), estimator=estimator)
    seen = {(one.cycle, one.region, one.quantity) for one in plan.second_check}
    for curve in plan.curves:
        for quantity in ("median time-integrated activity", "90 % interval"):
            assert ((curve.cycle, curve.region, quantity) in seen) == (curve.tia.p50 is not None)
    assert all(one.passed for one in plan.second_check)
