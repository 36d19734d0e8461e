"""Scans of one region to a curve, alone or taken from curves fitted together with others."""

import math
from dataclasses import replace

import pytest
from sample_patients import cycle, first_dose, patient, planned, washout

from dosimetry import InputError
from dosimetry.cycle.delivered import delivered_cycles
from dosimetry.cycle.scan_fit import task_of
from dosimetry.patient.measurements.scan import Measurements
from dosimetry.physics.fitting import fit_many, fit_points

KIDNEYS = washout("kidneys", 6000.0)


def net_of(*curves, **fields):
    """Return the first delivered cycle of a patient with these curves, resolved."""
    return delivered_cycles(patient(cycle(*curves, **fields)))[0].net


def task(net, region="kidneys"):
    return task_of(net.measured.by_region()[region], "mono", net.activity, net.half_life)


def fit(net, region="kidneys"):
    (curve,) = fit_many([task(net, region)])
    return curve


def test_curve_fitted_with_others_is_used_as_it_is():
    given = patient(cycle(KIDNEYS, washout("liver", 4000.0)))
    net = delivered_cycles(given)[0].net
    together = fit_many([task(net), task(net_of(washout("kidneys", 5000.0)))])[0]
    found = first_dose(given, fits={(0, "kidneys"): together})
    assert found.curves["kidneys"] is together
    assert found.curves["liver"].tia.value == pytest.approx(4000.0, rel=1e-6)  # fitted there
    alone = first_dose(given)
    assert alone.curves["kidneys"] is not together
    assert alone.doses["kidneys"].dose == pytest.approx(found.doses["kidneys"].dose, rel=1e-9)


def test_curve_of_another_cycle_or_region_is_not_used():
    given = patient(cycle(KIDNEYS))
    other = fit(net_of(washout("kidneys", 5000.0)))
    found = first_dose(given, fits={(1, "kidneys"): other, (0, "liver"): other})
    assert found.curves["kidneys"].tia.value == pytest.approx(6000.0, rel=1e-6)


def test_curve_taken_is_warned_of_like_one_fitted():
    scans = [{**scan, "recovery": "1.25"} for scan in KIDNEYS]
    given = patient(cycle(scans))
    bare = fit(delivered_cycles(given)[0].net)
    found = first_dose(given, fits={(0, "kidneys"): bare}).curves["kidneys"]
    assert [warning.code for warning in bare.warnings] == []
    assert [warning.code for warning in found.warnings] == ["recovery-above-one"]


def test_refusal_with_others_has_the_words_of_one_alone():
    # late scans of a fast decline: run back to the start, more than the 1.7e6 MBq h of 7.4 GBq
    net = net_of(washout("kidneys", 2.2e6, half_life=4.0, times=(24.0, 48.0)))
    own = task(net)
    with pytest.raises(InputError) as alone:
        fit_points(own.time, own.activity, own.sd, "mono", own.decay_constant, "MBq", own.most)
    together = fit(net)
    assert together.problems == alone.value.problems
    assert together.problems[0].code == "more-than-administered"


def test_sd_at_some_scans_only_is_refused():
    scans = [KIDNEYS[0], {key: KIDNEYS[1][key] for key in KIDNEYS[1] if key != "sd"}]
    with pytest.raises(InputError, match="only some scans have an sd"):
        fit(net_of(scans))
    assert fit(net_of(KIDNEYS)).sd_assumed is False


def test_activities_and_concentrations_are_not_mixed():
    given = patient(cycle(washout("red_marrow", 50.0)))
    first, second = given.cycles[0].measurements.scans
    mixed = Measurements((first, replace(second, unit="kBq/mL")))
    changed = given.replace({"cycles": [cycle(measurements=mixed)]})
    with pytest.raises(InputError, match="activities and concentrations are mixed"):
        fit(delivered_cycles(changed)[0].net, "red_marrow")


def test_undetermined_best_fit_leaves_the_dose_to_its_posterior():
    # 60 MBq more at the first scan may be the rest of any fast phase. Without it 100/0.01 =
    # 10,000 MBq h; that phase adds at most 60 MBq for the 48 h to the next scan
    times = (0.5, 48.0, 96.0, 168.0)
    activities = [100 * math.exp(-0.01 * t) + 60.0 * (t < 1.0) for t in times]
    scans = [
        {"region": "kidneys", "time": f"{t} h", "activity": f"{a!r} MBq"}
        for t, a in zip(times, activities, strict=True)
    ]
    made = planned(cycle(scans, models={"kidneys": "bi"}), estimator="least-squares")
    words = "kidneys, cycle 1: the data do not determine the best fit; mean and sd of the TIA are"
    assert [line for line in made.assumptions if line.startswith(words)]
    found = made.curves[0].tia
    assert 10_000 < found.value < 10_000 + 60 * 48
    assert found.sd / found.value < 0.10
