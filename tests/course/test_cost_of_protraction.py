"""Cost of a plan with trapezoids: each curve is integrated once, not once per region.

Counted as the number of times at which a curve is evaluated, which does not depend on the machine.
"""

import sys

import numpy as np
from sample_patients import cycle, example, patient

from dosimetry import plan
from dosimetry.physics.kinetics import Combined, Exponentials, Trapezoid

CODES = {shape.activity.__code__ for shape in (Exponentials, Trapezoid, Combined)}


def times_evaluated(action):
    """Return at how many times curves are evaluated, and what the action returns."""
    count = 0

    def see(frame, event, _):
        nonlocal count
        if event == "call" and frame.f_code in CODES:
            count += np.size(frame.f_locals["time"])

    before = sys.getprofile()
    sys.setprofile(see)
    try:
        found = action()
    finally:
        sys.setprofile(before)
    return count, found


def through_points(names, activities=(80.0, 90.0, 30.0)):
    """Scans of regions whose curve goes through the points."""
    scans = [
        {"region": name, "time": f"{t} h", "activity": f"{a} MBq", "sd": "5 %"}
        for name in names
        for t, a in zip((4, 24, 120), activities, strict=True)
    ]
    return patient(cycle(scans, models=dict.fromkeys(names, "trapezoid")))


def test_a_plan_integrates_each_curve_once_per_repair_rate():
    # eight curves, two repair half-lives (kidneys 2.8 h, others 1.5 h), 20 panels of 16 points
    count, made = times_evaluated(lambda: plan(example("psma_patient1")))
    with_bed = [one for one in made.cycles[0].regions if one.bed is not None]
    assert len(with_bed) == 25
    assert count <= 8 * 2 * 20 * 16


def test_one_more_region_costs_no_more_than_its_own_curve():
    names = ("kidney_left", "kidney_right", "spleen")
    fewer, _ = times_evaluated(lambda: plan(through_points(names)))
    more, made = times_evaluated(lambda: plan(through_points((*names, "liver"))))
    assert {curve.model for curve in made.curves} == {"trapezoid"}
    assert 0 < more <= fewer * 4 / 3
