"""Searches that do not settle, and points that leave a parameter undetermined."""

import math

import numpy as np
import pytest
from search_space import HIGH, LOW, TIMES, Search

from dosimetry.physics.curve_search import compiling, descent, kernel, layout, misfit
from dosimetry.physics.curve_search.least_squares import fit_model
from dosimetry.physics.fitting import fit_points

pytestmark = pytest.mark.slow

DECAY_CONSTANT = math.exp(LOW)
# SNMMI patient 4, left kidney (see test_fitting)
SNMMI = ([3.7411, 27.7253, 103.0942, 123.9836], [98.561432, 73.599408, 25.395680, 19.046610])


@pytest.mark.parametrize("name", ["uptake", "bi-uptake"])
def test_settling_stays_where_rates_are_too_close_for_a_step(name):
    # The square of half their distance is too small beside the rounding of what it multiplies.
    activity = 50 * (np.exp(-0.01 * TIMES) + 0.7 * np.exp(-0.1 * TIMES) - 0.9 * np.exp(-TIMES))
    stayed = 0
    for place in np.linspace(LOW + 0.5, 1.0, 200):
        search = Search(name, activity)
        here = np.array([LOW, place, place + 2e-5])[-search.rates :]
        search.put_rates(here, layout.BEST_SO_FAR)
        chi2 = descent.settle(*search.model_of, search.n, LOW, HIGH, search.work)
        theta = search.get(layout.BEST_SO_FAR, search.rates)
        assert chi2 == pytest.approx(search.chi2(theta), rel=1e-6)
        assert np.abs(theta - here).max() <= layout.NEAR_STEP * layout.MAX_SETTLING_STEPS
        stayed += descent.find_step(search.rates, 1e-9, search.work) == 0
    assert stayed > 0


def test_damping_is_raised_until_a_step_is_found(monkeypatch):
    # from rates that all but meet; one step is enough to see it
    monkeypatch.setattr(descent, "MAX_STEPS", 2)
    activity = 50 * (np.exp(-0.01 * TIMES) + 0.7 * np.exp(-0.1 * TIMES) - 0.9 * np.exp(-TIMES))
    search = Search("bi-uptake", activity)
    rest = (*search.model_of, search.n)
    without = 0
    for place in np.linspace(LOW + 0.5, 1.0, 2000):
        here = np.array([LOW, place, place + 1.2e-5])
        search.put_rates(here, layout.TRIAL)
        search.put_rates(here, layout.CURRENT)
        start = misfit.evaluate(*rest, search.work)
        descent.prepare_step(search.rates, search.rise, LOW, HIGH, search.work)
        without += descent.find_step(search.rates, layout.LIGHT_DAMPING, search.work) == 0
        end = descent.descend(*rest, LOW, HIGH, True, search.work)
        assert end <= start * (1 + 1e-9)
    assert without > 0


def test_interrupted_search_has_the_chi_square_of_its_rates(monkeypatch):
    # The numbers of steps and scans are bounds of the effort, not of the answer.
    time, activity = (np.array(one) for one in SNMMI)
    sum_of_two = 50 * np.exp(-0.01 * TIMES) + 20 * np.exp(-0.2 * TIMES)
    sds = np.full(6, 0.5)
    up_and_down = np.array([7.0, 148.0, 5.0, 50.0, 77.0, 50.0])  # its grid misses the optimum

    def fits():
        yield fit_model("bi", TIMES, sum_of_two, sds, DECAY_CONSTANT)
        yield fit_model("uptake", time, activity, 0.05 * activity, DECAY_CONSTANT)
        yield fit_model("bi-uptake", TIMES, up_and_down, 0.1 * up_and_down, DECAY_CONSTANT)

    whole = list(fits())
    monkeypatch.setattr(descent, "MAX_SETTLING_STEPS", 1)
    monkeypatch.setattr(kernel, "MAX_SCANS", 1)
    for found, expected in zip(fits(), whole, strict=True):
        assert found.chi2 == pytest.approx(expected.chi2, rel=1e-6, abs=1e-9)
        assert found.shape().integral() == pytest.approx(expected.shape().integral(), rel=1e-6)


def test_component_seen_by_one_scan_only_is_undetermined():
    # 60 MBq more at the first scan may be the rest of any fast component
    time = np.array([24.0, 48.0, 96.0, 168.0])
    activity = 100 * np.exp(-0.01 * time) + np.array([60.0, 0.0, 0.0, 0.0])
    curve = fit_points(time, activity, None, "bi", DECAY_CONSTANT)
    assert curve.model == "bi"
    assert "parameters-not-determined" in [warning.code for warning in curve.warnings]
    assert (curve.tia.sd, curve.covariance) == (None, None)
    # what the later scans see is the slow component, its half-life that of the curve
    assert curve.effective_half_life.value == pytest.approx(math.log(2) / 0.01, rel=1e-6)


def test_requested_model_has_no_akaike_weights():
    curve = fit_points(*SNMMI, None, "mono", DECAY_CONSTANT)
    assert curve.aicc_weights == {}


def test_kernel_without_a_cache_folder_is_compiled_per_run(monkeypatch):
    caching = pytest.importorskip("numba.core.caching")
    monkeypatch.setattr(caching.FunctionCache._impl_class, "_locator_classes", [])  # no place
    run = compiling.compiled_kernel.__wrapped__(1, 1, False, 3)
    assert not isinstance(run._cache, caching.FunctionCache)


def test_compiled_source_equals_interpreted_source():
    numba = pytest.importorskip("numba")
    solve = misfit.solve_amplitudes
    compiling.compiled_kernel(1, 1, False, 3)  # makes every function of the kernel known
    compiled = numba.njit(lambda a, b, c, d, e: solve(2, a, b, c, d, e), **compiling.JIT_OPTIONS)
    for numbers in (
        (2.0, 0.3, 1.5, 0.7, 0.9),
        (2.0, 1.9, 2.0, 1.0, 0.1),
        (1.0, 0.0, 0.0, 1.0, 0.0),
    ):
        assert compiled(*numbers) == solve(2, *numbers)


def test_curve_summary_is_one_line():
    curve = fit_points(*SNMMI, None, "uptake", DECAY_CONSTANT)
    # docs/evidence.md, SNMMI patient 4: 7593.755 MBq h
    assert str(curve).startswith("uptake (requested): TIA 759")
    assert "effective half-life" in str(curve)
