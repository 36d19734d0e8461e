"""No curve holds more than was administered, whatever its model; thin data stay wide."""

import numpy as np
import pytest
from sample_patients import patient

import dosimetry
from dosimetry.physics.posterior.shapes import Shapes


def scans(*points, region="pancreas", sd=None):
    row = {} if sd is None else {"sd": sd}
    return [{"region": region, "time": f"{t} h", "activity": f"{a} MBq", **row} for t, a in points]


def planned(measurements, model=None, **therapy):
    cycle = {"administered": "7.4 GBq", "at": "2026-01-12", "measurements": measurements}
    if model is not None:
        cycle["models"] = {measurements[0]["region"]: model}
    return dosimetry.plan(patient(cycle, **therapy))


@pytest.mark.parametrize("hours", [24, 48, 96])
@pytest.mark.parametrize("model", [None, "mono", "uptake"])
def test_one_late_scan_of_an_unknown_half_life_is_wide(hours, model):
    # 60 h with an sd of ln T of 0.7 (table defaults); A(0) is at most 1.1 x 7400 MBq
    made = planned(scans((hours, 10.0)), model)
    (curve,) = made.curves
    medians = np.array([10.0 * 2 ** (hours / T) * T / np.log(2) for T in (40.0, 60.0, 90.0)])
    assert medians.min() < curve.tia.p50 < medians.max()
    assert curve.tia.value < 3 * curve.tia.p50
    assert 0.3 < curve.tia.sd / curve.tia.value < 3
    assert all(figure.passed for figure in made.second_check)


def test_the_largest_activity_is_that_of_the_closed_form():
    # exp(-a t) - exp(-b t) has its maximum r^(r/(1-r)) (1-r), r = a/b: 1/4 for r = 1/2
    slow = np.array([0.01, 0.01, 0.01])
    uptake = np.array([0.02, 0.04, np.inf])
    expected = [0.25, 0.25 ** (1 / 3) * 0.75, 1.0]
    assert Shapes(slow, uptake=uptake).largest() == pytest.approx(expected, rel=1e-4)


def test_two_phases_hold_no_less_than_either_at_its_maximum():
    time = np.linspace(0, 400, 200_001)
    curve = Shapes(
        *(np.array([[rate]]) for rate in (0.012, 0.2)), np.array([[0.6]]), np.array([[1.5]])
    )
    whole = curve.at(time[None]).max()
    assert 0.97 * whole < float(curve.largest()[0, 0]) <= whole * (1 + 1e-9)


def test_without_uptake_the_largest_activity_is_at_zero():
    assert Shapes(np.array([0.01])).largest().tolist() == [1.0]


@pytest.mark.parametrize("late", [1.0, -1.0])
def test_least_squares_agrees_where_uptake_is_not_seen(late):
    # From 4 h on, any fast uptake fits; a late point of small sd makes the rest precise
    points = [
        {**scan, "sd": f"{sd} MBq"}
        for scan, sd in zip(
            scans((4, 196), (24, 150), (72, 76), (400, late), region="kidneys"),
            (10, 8, 5, 3),
            strict=True,
        )
    ]
    made = planned(points, "uptake", estimator="least-squares")
    (figure,) = [f for f in made.second_check if f.quantity == "time-integrated activity"][:1]
    assert figure.difference.value < 0.5
