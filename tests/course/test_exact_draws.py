"""Probabilities of exceeding a limit equal plain draws: a few of the courses of exact_draws.py.

``make accuracy`` compares 200 courses with four million draws each.
"""

import numpy as np
import pytest
from exact_draws import errors


@pytest.mark.parametrize("bounds", [False, True])
def test_probability_is_right_to_two_in_a_thousand(bounds):
    # four million draws: sd of their share at most 0.00025; 0.002 is the claim of docs/method.md
    off = errors(3, 4_000_000, 7, bounds=bounds)
    assert np.abs(off).max() < 0.002
