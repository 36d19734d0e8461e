"""The draws: a standard Sobol sequence, the same numbers in every run."""

import numpy as np
import pytest
from sample_patients import planned, regimen, region_of
from scipy.stats import kstest, norm, qmc

from dosimetry.physics.draws import sobol_integers, standard_normal


@pytest.mark.parametrize(("power", "dimension"), [(0, 1), (1, 12), (7, 5), (12, 12), (12, 24)])
def test_unshifted_sequence_equals_scipy(power, dimension):
    # scipy.stats.qmc.Sobol: the same direction numbers (Joe and Kuo 2008), 30 bits of its own
    theirs = qmc.Sobol(dimension, scramble=False).random_base2(power)
    ours = sobol_integers(2**power, dimension)
    assert ours.dtype == np.uint64
    np.testing.assert_array_equal(ours, theirs * 2**32)


def test_more_points_keep_the_first_points():
    np.testing.assert_array_equal(sobol_integers(100, 12), sobol_integers(4096, 12)[:100])


def test_more_dimensions_keep_the_first_dimensions():
    np.testing.assert_array_equal(sobol_integers(4096, 3), sobol_integers(4096, 12)[:, :3])


def test_the_draws_are_the_same_at_each_call():
    first = standard_normal().copy()
    standard_normal.cache_clear()
    np.testing.assert_array_equal(standard_normal(), first)


def test_draws_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        standard_normal()[0, 0] = 0.0


def test_there_are_4096_draws_for_the_largest_number_of_cycles():
    # 4096 draws; the dimension is fixed for 12 cycles
    assert standard_normal().shape == (4096, 12)


def test_each_dimension_is_stratified_into_4096_slices():
    slices = np.floor(norm.cdf(standard_normal()) * 4096).astype(int)
    for column in slices.T:
        np.testing.assert_array_equal(np.sort(column), np.arange(4096))


def test_draws_are_standard_normal_and_uncorrelated():
    draws = standard_normal()
    assert np.all(np.isfinite(draws))
    assert draws.mean(axis=0) == pytest.approx(0.0, abs=1e-3)
    assert draws.std(axis=0) == pytest.approx(1.0, abs=1e-3)
    correlation = np.corrcoef(draws.T) - np.eye(12)
    assert np.abs(correlation).max() < 4 / np.sqrt(4096)  # of independent draws: 1/sqrt(n)
    for column in draws.T:
        assert kstest(column, "norm").pvalue > 0.99  # closer than random numbers would be


def test_every_pair_of_dimensions_is_spread_evenly():
    # 8 x 8 boxes of 64 draws each: independent numbers leave an sd of 8, Sobol points fewer
    box = np.floor(norm.cdf(standard_normal()) * 8).astype(int)
    for i in range(12):
        for j in range(i):
            counts = np.bincount(box[:, i] * 8 + box[:, j], minlength=64)
            assert counts.min() == counts.max() == 64


def test_another_planned_cycle_keeps_the_earlier_cycles():
    shorter, longer = planned(regimen=regimen(7.4, 4)), planned(regimen=regimen(7.4, 5))
    assert longer.cycles[:4] == shorter.cycles


def test_two_plans_of_one_patient_have_equal_percentiles():
    one, other = planned(), planned()
    kidneys = region_of(one.cumulative, "kidneys")
    assert kidneys == region_of(other.cumulative, "kidneys")
    assert kidneys.absorbed_dose.p5 < kidneys.absorbed_dose.value < kidneys.absorbed_dose.p95
