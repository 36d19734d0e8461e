"""Property tests of chi-square: each function against the algebra that defines it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import EXAMPLES, property_of
from scipy.optimize import nnls
from search_space import TIMES, log_rates, searches

from dosimetry.physics.curve_search import layout, misfit

pytestmark = pytest.mark.slow


@property_of(misfit.solve_amplitudes)
@EXAMPLES
@given(st.lists(st.tuples(*[st.floats(-2.0, 2.0)] * 3), min_size=3, max_size=6))
def test_amplitudes_equal_non_negative_least_squares(rows):
    first, second, y = np.array(rows).T
    q11, q12, q22 = first @ first, first @ second, second @ second
    if q11 < 1e-3 or q22 < 1e-3 or q11 * q22 - q12**2 < 1e-3:
        return
    one, two, fall = misfit.solve_amplitudes(2, q11, q12, q22, first @ y, second @ y)
    expected, left = nnls(np.column_stack([first, second]), y)
    np.testing.assert_allclose([one, two], expected, atol=1e-9)
    assert y @ y - fall == pytest.approx(left**2, abs=1e-9)
    alone, nothing, _ = misfit.solve_amplitudes(1, q11, q12, q22, first @ y, second @ y)
    assert (alone, nothing) == (pytest.approx(max(first @ y, 0.0) / q11, abs=1e-12), 0.0)


@property_of(misfit.fill_columns)
@EXAMPLES
@given(st.data(), searches())
def test_columns_follow_the_model_and_slopes_its_derivative(data, search):
    here = data.draw(log_rates(search))
    search.put_rates(here)
    misfit.fill_columns(*search.model_of, search.n, search.work)
    np.testing.assert_allclose(
        search.part(layout.COLUMNS, search.terms), search.columns(here), rtol=1e-12, atol=1e-290
    )
    rates = np.exp(here)[:, None]
    drops = rates * TIMES * np.exp(-rates * TIMES) * search.weight
    np.testing.assert_allclose(
        search.part(layout.DROPS, search.rates), drops, rtol=1e-12, atol=1e-290
    )


@property_of(misfit.evaluate, misfit.fill_slopes, misfit.project_out)
@EXAMPLES
@given(st.data(), searches())
def test_chi_square_and_gradient_equal_least_squares(data, search):
    here = data.draw(log_rates(search))
    search.put_rates(here)
    found = misfit.evaluate(*search.model_of, search.n, search.work)
    assert found == pytest.approx(search.chi2(here), rel=1e-9, abs=1e-9)
    gradient = search.get(layout.GRADIENT, search.rates)
    slopes = search.part(layout.SLOPES, search.rates)
    matrix = search.get(layout.MATRIX, search.rates**2).reshape(search.rates, search.rates)
    np.testing.assert_allclose(matrix, slopes @ slopes.T, rtol=1e-9, atol=1e-12)
    for r in range(search.rates):
        ends = []
        for sign in (1, -1):
            moved = here.copy()
            moved[r] += sign * 1e-5
            ends.append(search.chi2(moved))
        half = (ends[0] - ends[1]) / 4e-5
        assert gradient[r] == pytest.approx(half, rel=1e-3, abs=1e-5 * (1 + found))
    # the amplitudes are solved for: nothing along a column in use is left to the rates
    for k in np.flatnonzero(search.get(layout.AMPLITUDES, search.terms) > 0):
        column = search.columns(here)[k]
        np.testing.assert_allclose(slopes @ column, 0.0, atol=1e-7 * (1 + column @ column))
