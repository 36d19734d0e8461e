"""What is said of an averaged curve: its models, and what one scan rests on."""

import math

import numpy as np
from sample_curves import DECAY_CONSTANT
from true_curves import prior_of

from dosimetry.physics.averaged_curve import averaged_curve
from dosimetry.physics.fitting import Task, checked_points
from dosimetry.physics.posterior import Measured, posterior_of

SOURCE = "the population's half-life"


def averaged(times, models):
    times = np.array(times)
    activity = 100.0 * 2.0 ** (-times / 51.0)
    points = checked_points(Task(times, activity, 0.05 * activity, "auto", DECAY_CONSTANT))
    own = points.time, points.activity, points.sd, points.relative
    measured = Measured(0, "", *own, models, math.inf)
    return averaged_curve(points, posterior_of([measured], prior_of("kidneys"))[0], SOURCE)


def test_shares_of_the_averaged_models_are_said():
    curve = averaged([24.0, 96.0, 168.0], ("mono", "uptake"))
    shares = {name: f"{name} {100 * share:.0f} %" for name, share in curve.weights.items()}
    assert curve.choice.startswith("posterior, average of ")
    assert all(words in curve.choice for words in shares.values())


def test_one_model_is_said_to_be_requested():
    assert averaged([24.0, 96.0, 168.0], ("mono",)).choice == "posterior, model requested"


def test_one_scan_names_what_its_half_life_rests_on():
    first = averaged([72.0], ("mono",)).warnings[0]
    assert first.code == "one-scan-only"
    assert first.message.endswith(f"rests on {SOURCE}")
