"""Two scans within 18 minutes: the one curve of 10,000 whose median moves by more than 1 %."""

import numpy as np
import pytest
from curve_changes import shifted
from true_curves import WITH_FAST, measured, prior_of
from weighted_draws import drawn_medians

from dosimetry.physics.posterior import posterior_of

DRAWS = 60_000  # of each model; a third counts, so that the median is right to 0.7 %


def test_median_in_a_gap_moves_as_weighted_draws_do():
    activity = np.array([0.07434261512748097, 0.07833050499170048])  # MBq
    curve = measured(
        (2.476413999749806, 2.7795974227431732), activity, np.full(2, 0.0027938514567951286),
        models=WITH_FAST, relative=False,
    )  # fmt: skip
    prior, pair = prior_of("tumour"), [curve, shifted(curve, 1)]
    found = [posterior_of([each], prior)[0].tia.p50 for each in pair]
    expected = drawn_medians(np.random.default_rng(18), pair, prior, DRAWS)
    assert found == pytest.approx(expected, rel=0.015)
    # The same draws serve both, so that the change of 1.3 % is right to a twentieth of itself; the
    # quadrature moves it by a tenth at most.
    change, right = (after / before - 1.0 for before, after in (found, expected))
    assert change == pytest.approx(right, abs=0.0015)
