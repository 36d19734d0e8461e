"""Property tests of curves from a posterior, and of the intervals of least squares."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import FEW, property_of
from sample_curves import DECAY_CONSTANT

from dosimetry.physics.averaged_curve import averaged_curve
from dosimetry.physics.fitted_curve import early_end_warning, parameter_names
from dosimetry.physics.fitting import Task, check_model, checked_points, fit_many
from dosimetry.physics.flat_interval import with_intervals
from dosimetry.physics.kinetics import MODELS
from dosimetry.physics.one_scan import EARLIEST, LATEST, scan_time_warning
from dosimetry.physics.posterior import (
    HalfLifePrior,
    Measured,
    RegionPrior,
    SlowPrior,
    posterior_of,
)
from dosimetry.problems import InputError

pytestmark = pytest.mark.slow

TIMES = np.array([4.0, 24.0, 96.0])
KIDNEYS = RegionPrior(
    SlowPrior(51.0, 0.171, 0.0998, math.log(2) / DECAY_CONSTANT),
    HalfLifePrior(1.0, 0.7),
    HalfLifePrior(10.0, 0.8),
    0.05,
)
half_lives = st.floats(25.0, 90.0)
scales = st.floats(0.1, 50.0)


def points_of(half_life, scale=1.0):
    activity = 100.0 * scale * 2.0 ** (-TIMES / half_life)
    return checked_points(Task(TIMES, activity, None, "auto", DECAY_CONSTANT))


def averaged(points):
    own = points.time, points.activity, points.sd, points.relative
    measured = Measured(0, "", *own, ("mono", "uptake"), math.inf)
    return averaged_curve(points, posterior_of([measured], KIDNEYS)[0], "a test")


@property_of(averaged_curve)
@FEW
@given(half_lives, scales)
def test_averaged_curve_scales_and_has_the_mean_as_its_area(half_life, scale):
    here, other = averaged(points_of(half_life)), averaged(points_of(half_life, scale))
    assert here.shape.integral() == pytest.approx(here.tia.value, rel=1e-9)
    assert other.tia.value == pytest.approx(scale * here.tia.value, rel=1e-6)
    assert other.tia.sd == pytest.approx(scale * here.tia.sd, rel=1e-6)
    assert here.posterior.p5 < here.posterior.p50 < here.posterior.p95
    assert sum(here.weights.values()) == pytest.approx(1.0)


@property_of(with_intervals)
@FEW
@given(half_lives, scales)
def test_interval_of_a_fit_scales_and_keeps_its_optimum(half_life, scale):
    tasks = [
        Task(TIMES, factor * points_of(half_life).activity, None, "mono", DECAY_CONSTANT)
        for factor in (1.0, scale)
    ]
    found = with_intervals(fit_many(tasks), [checked_points(task) for task in tasks])
    assert [curve.tia.value for curve in found] == [
        pytest.approx(factor * fit_many(tasks[:1])[0].tia.value, rel=1e-6)
        for factor in (1.0, scale)
    ]
    assert found[1].posterior.mean == pytest.approx(scale * found[0].posterior.mean, rel=1e-6)
    assert found[1].tia.sd == pytest.approx(scale * found[0].tia.sd, rel=1e-6)


@property_of(checked_points)
@FEW
@given(st.permutations([0, 1, 2]), scales)
def test_checked_points_are_in_order_with_ten_percent(order, scale):
    activity = scale * np.array([90.0, 60.0, 20.0])
    found = checked_points(Task(TIMES[order], activity[order], None, "auto", DECAY_CONSTANT))
    assert found.time.tolist() == TIMES.tolist()
    assert found.activity == pytest.approx(activity)
    assert found.sd == pytest.approx(0.1 * activity)
    assert found.relative.all()


@property_of(parameter_names)
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_free_parameter_has_a_name_of_its_own(model):
    names = parameter_names(model)
    assert len(set(names)) == model.free


@property_of(early_end_warning, scan_time_warning)
@FEW
@given(half_lives, st.floats(0.1, 4.0))
def test_times_in_half_lives_decide_the_warnings(half_life, ratio):
    # EANM guidance: the last scan after two half-lives; Hänscheid 2018: one scan at 0.75 to 2.5
    if min(abs(ratio - edge) for edge in (2.0, EARLIEST, LATEST)) < 1e-6:
        return
    early = list(early_end_warning(ratio * half_life, half_life))
    assert [warning.code for warning in early] == ["scans-end-early"] * (ratio < 2.0)
    late = list(scan_time_warning(ratio * half_life, half_life))
    outside = not EARLIEST <= ratio <= LATEST
    assert [warning.code for warning in late] == ["scan-time-unfavourable"] * outside


@property_of(check_model)
@pytest.mark.parametrize("model", [*MODELS, "auto", "trapezoid"])
def test_known_models_pass_and_misspelt_ones_do_not(model):
    check_model(model)
    with pytest.raises(InputError):
        check_model(f"{model}o")
