"""Batch fits equal single fits to the digit, compiled or interpreted, model choice included."""

import math

import numpy as np
import pytest

from dosimetry.physics import fitted_curve, fitting
from dosimetry.physics.curve_search import compiling, least_squares
from dosimetry.physics.curve_search.least_squares import Optimum, fit_batch, fit_model
from dosimetry.physics.fitting import Task, fit_many, fit_points
from dosimetry.physics.kinetics import MODELS
from dosimetry.physics.relative_sds import fit_settled
from dosimetry.problems import InputError

pytestmark = pytest.mark.slow

DECAY_CONSTANT = math.log(2) / (6.647 * 24)  # 1/h, 177Lu, ICRP 107
FREE = {"mono": 2, "uptake": 3, "bi": 4, "bi-uptake": 5}  # parameters, docs/method.md


def noisy(name, count, seed=1, points=None):
    """Return times and activities of curves of a model, each with times of its own."""
    random = np.random.default_rng(seed)
    n = points or FREE[name] + 2
    steps = random.uniform(1.4, 3.0, (count, n - 1))
    time = random.uniform(0.7, 5.0, (count, 1)) * np.cumprod(np.c_[np.ones(count), steps], axis=1)
    slow, middle, fast = (
        np.exp(random.uniform(math.log(low), math.log(high), (count, 1)))
        for low, high in ((DECAY_CONSTANT, 0.03), (0.03, 0.2), (0.2, 2.0))
    )
    late, early, rising = (np.exp(-rate * time) for rate in (slow, middle, fast))
    activity = {
        "mono": late,
        "uptake": late - rising,
        "bi": late + 0.7 * early,
        "bi-uptake": late + 0.7 * early - 1.7 * rising,
    }[name]
    activity = random.uniform(20, 200, (count, 1)) * (activity + 1e-4)
    return time, activity * np.exp(0.08 * random.standard_normal(activity.shape))


def assert_alike(found, row, single):
    assert found[row].model.name == single.model.name
    assert found[row].collapsed_from == single.collapsed_from
    assert found[row].at_bound == single.at_bound
    for name in ("rates", "amplitudes", "chi2", "covariance"):
        one, other = getattr(found[row], name), getattr(single, name)
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=0, err_msg=name)


@pytest.mark.parametrize("name", MODELS)
def test_every_row_of_a_batch_equals_the_single_fit(name):
    time, activity = noisy(name, 12)
    found = fit_batch(name, time, activity, 0.1 * activity, DECAY_CONSTANT)
    for i in range(12):
        single = fit_model(name, time[i], activity[i], 0.1 * activity[i], DECAY_CONSTANT)
        assert_alike(found, i, single)


@pytest.mark.parametrize("name", MODELS)
def test_compiled_kernel_equals_interpreted_kernel_to_the_digit(name):
    pytest.importorskip("numba")
    time, activity = noisy(name, 60, seed=2)
    sd = 0.1 * activity
    fast = fit_batch(name, time, activity, sd, DECAY_CONSTANT, compile=True)
    slow = fit_batch(name, time, activity, sd, DECAY_CONSTANT, compile=False)
    for i in range(60):
        assert_alike(fast, i, slow[i])


def test_batch_reports_which_curves_collapsed():
    # two exponentials eight times apart in rate, and a single one
    time = np.array([1.0, 4.0, 24.0, 72.0, 120.0, 168.0])
    late, early = np.exp(-0.01 * time), np.exp(-0.08 * time)
    activity = np.stack([50 * late + 50 * early, 100 * late])
    found = fit_batch("bi", time, activity, 0.05 * activity, DECAY_CONSTANT)
    assert found.collapsed.tolist() == [False, True]
    assert [found[i].model.name for i in range(2)] == ["bi", "mono"]


def test_shorter_curves_of_a_batch_are_padded_with_nan():
    time, activity = noisy("uptake", 6, points=7)
    for i, count in enumerate((3, 7, 4, 3, 5, 6)):
        time[i, count:] = activity[i, count:] = np.nan
    found = fit_batch("uptake", time, activity, 0.1 * activity, DECAY_CONSTANT)
    for i in range(6):
        kept = np.isfinite(time[i])
        given = time[i, kept], activity[i, kept], 0.1 * activity[i, kept]
        assert_alike(found, i, fit_model("uptake", *given, DECAY_CONSTANT))


def test_a_curve_with_too_few_points_is_refused():
    time, activity = noisy("bi", 2, points=3)
    with pytest.raises(ValueError, match="3 points for 4 parameters"):
        fit_batch("bi", time, activity, 0.1 * activity, DECAY_CONSTANT)


@pytest.mark.parametrize("name", MODELS)
def test_tia_and_sd_of_a_batch_equal_the_single_fits(name):
    time, activity = noisy(name, 10, seed=3)
    found = fit_batch(name, time, activity, 0.1 * activity, DECAY_CONSTANT)
    total, spread = found.tia()
    for i in range(10):
        one = found[i]
        assert total[i] == pytest.approx(one.shape().integral(), rel=1e-12)
        gradient = one.tia_gradient()
        if np.all(np.isfinite(one.covariance)):
            variance = gradient @ one.covariance @ gradient
            assert spread[i] == pytest.approx(math.sqrt(variance), rel=1e-9)
            assert one.tia == (pytest.approx(total[i]), pytest.approx(spread[i], rel=1e-9))
        else:
            assert spread[i] == math.inf


def test_shared_times_need_not_be_repeated():
    time, activity = noisy("mono", 1)
    several = activity * np.array([[1.0], [2.0], [0.5]])
    shared = fit_batch("mono", time[0], several, 0.1 * several, DECAY_CONSTANT)
    repeated = fit_batch("mono", np.repeat(time, 3, axis=0), several, 0.1 * several, DECAY_CONSTANT)
    for i in range(3):
        assert_alike(shared, i, repeated[i])


def test_model_choice_in_a_batch_equals_the_single_choice():
    tasks = []
    for seed, (name, points) in enumerate(
        [("mono", 2), ("mono", 3), ("uptake", 4), ("uptake", 5), ("bi", 6), ("bi-uptake", 7)]
    ):
        time, activity = noisy(name, 4, seed=seed, points=points)
        for i in range(4):
            sd = (None, 0.02 * activity[i])[i % 2]
            tasks.append(Task(time[i], activity[i], sd, "auto", DECAY_CONSTANT))
    models = set()
    for task, curve in zip(tasks, fit_many(tasks), strict=True):
        alone = fit_points(task.time, task.activity, task.sd, "auto", DECAY_CONSTANT)
        assert (curve.model, curve.choice) == (alone.model, alone.choice)
        assert curve.tia.value == pytest.approx(alone.tia.value, rel=1e-12)
        assert curve.tia.sd == pytest.approx(alone.tia.sd, rel=1e-12)
        assert curve.aicc == pytest.approx(alone.aicc, rel=1e-12)
        models.add(curve.model)
    assert {"mono", "uptake", "trapezoid"} <= models


def test_refused_curve_does_not_stop_the_others():
    good = Task([4, 24, 120], [80.99, 69.24, 21.09], None, "mono", DECAY_CONSTANT)
    twice = Task([4, 4], [80.99, 69.24], None, "auto", DECAY_CONSTANT)
    much = Task([4, 24], [80.0, 70.0], None, "mono", DECAY_CONSTANT, most=1.0)
    first, second, third, last = fit_many([good, twice, much, good])
    assert [p.code for p in second.problems] == ["measured-twice"]
    assert isinstance(third, InputError)
    assert third.problems[0].code == "more-than-administered"
    assert first.tia == last.tia
    # physics.md, PSMA patient 1: right kidney, 10 % of the curve
    assert first.tia.value == pytest.approx(7435.481, rel=1e-4)


def test_each_model_is_fitted_once_per_batch_where_needed(monkeypatch):
    asked = []

    def recorded(name, time, *arguments, **keywords):
        asked.append((name, len(time)))
        return fit_settled(name, time, *arguments, **keywords)

    monkeypatch.setattr(fitting, "fit_settled", recorded)
    time = np.array([1.0, 24.0, 72.0, 120.0])
    falling = Task(time, 60 * np.exp(-0.012 * time), None, "auto", DECAY_CONSTANT)
    rising = Task(
        time, 60 * (np.exp(-0.012 * time) - np.exp(-0.15 * time)), None, "auto", DECAY_CONSTANT
    )
    asked_for = Task(time, rising.activity, None, "bi", DECAY_CONSTANT)
    found = fit_many([falling, rising, asked_for, falling])
    # four points: mono is the only candidate of AICc; where it is not adequate, uptake is next
    assert asked == [("mono", 3), ("bi", 1), ("uptake", 1)]
    assert [curve.model for curve in found[:2]] == ["mono", "uptake"]


def test_a_single_curve_is_fitted_once_by_each_model(monkeypatch):
    asked = []

    def recorded(name, *arguments):
        asked.append(name)
        return fit_settled(name, *arguments)

    monkeypatch.setattr(fitted_curve, "fit_settled", recorded)
    time, activity = noisy("bi-uptake", 1, points=7)
    fit_points(time[0], activity[0], None, "auto", DECAY_CONSTANT)
    assert asked == ["mono", "uptake", "bi", "bi-uptake"]  # once each, smallest first


def test_a_small_job_does_not_load_the_compiler():
    assert not compiling.repays_compiling(1000)


def test_tia_sd_of_bi_uptake_includes_every_parameter():
    # TIA a/l1 + b/l2 - (a + b)/l3; its derivatives by a, b, l1, l2, l3
    a, b, first, second, third = 3.0, 5.0, 0.01, 0.1, 1.0
    variances = np.array([0.1, 0.2, 1e-6, 1e-4, 40.0])
    slopes = [99.0, 9.0, -a / first**2, -b / second**2, (a + b) / third**2]
    found = Optimum(
        MODELS["bi-uptake"],
        np.array([first, second, third]),
        np.array([a, b]),
        0.0,
        np.diag(variances),
        False,
    )
    assert found.tia_gradient() == pytest.approx(slopes, rel=1e-12)
    sd = math.sqrt(np.square(slopes) @ variances)
    assert found.tia == (pytest.approx(342.0, rel=1e-12), pytest.approx(sd, rel=1e-12))


def test_curves_beyond_one_portion_keep_their_own_times(monkeypatch):
    monkeypatch.setattr(least_squares, "TABULATED", 2)
    rates, heights = np.array([0.006, 0.01, 0.02, 0.04, 0.05]), np.arange(50.0, 100.0, 10.0)
    times = np.array([4.0, 24.0, 72.0]) * np.linspace(0.8, 1.2, 5)[:, None]
    activity = heights[:, None] * np.exp(-rates[:, None] * times)
    found = least_squares.fit_batch("mono", times, activity, 0.1 * activity, 0.00434)
    np.testing.assert_allclose(found.rates[:, 0], rates, rtol=1e-8)
    np.testing.assert_allclose(found.amplitudes[:, 0], heights, rtol=1e-8)
