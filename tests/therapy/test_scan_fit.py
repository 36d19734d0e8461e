"""Curves fitted in a batch equal single fits, refusals included."""

from dataclasses import replace

import pytest
from sample_patients import cycle, patient, washout

from dosimetry import InputError, reference
from dosimetry.physics.fitting import fit_many
from dosimetry.therapy.scan_fit import fit_scans, prepared, task_of

HALF_LIFE = reference.half_life("Lu-177")
GIVEN = 7400.0  # MBq


def scans(tia, **curve):
    """Return the scans of a kidney with a time-integrated activity in MBq h."""
    delivered = patient(cycle(washout("kidneys", tia, **curve))).cycles[0]
    return delivered.measurements.by_region()["kidneys"]


def together(*requests):
    """Fit many at a time, each by what it is asked with."""
    asked = [(one, "mono", GIVEN, HALF_LIFE, False) for one in requests]
    tasks = [task_of(*request[:4], decay_corrected=False) for request in asked]
    return dict(zip(asked, fit_many(tasks), strict=True))


def fit(one):
    return fit_scans(one, "mono", GIVEN, HALF_LIFE, decay_corrected=False)


def test_curve_fitted_in_a_batch_is_used_unchanged():
    kidney = scans(6000.0)
    alone = fit(kidney)
    at_hand = together(kidney, scans(5000.0))
    with prepared(at_hand):
        assert fit(kidney) is at_hand[kidney, "mono", GIVEN, HALF_LIFE, False]
        assert fit(scans(4000.0)).tia.value == pytest.approx(4000.0, rel=1e-6)  # not at hand
    assert at_hand[kidney, "mono", GIVEN, HALF_LIFE, False].tia == alone.tia
    assert fit(kidney) is not at_hand[kidney, "mono", GIVEN, HALF_LIFE, False]


def test_batch_refusal_equals_the_single_refusal():
    # late scans of a fast decline: run back to the start, more than the 1.7e6 MBq h of 7.4 GBq
    too_much = scans(2.2e6, half_life=4.0, times=(24.0, 48.0))
    with pytest.raises(InputError) as alone:
        fit(too_much)
    with prepared(together(too_much)), pytest.raises(InputError) as again:
        fit(too_much)
    assert again.value.problems == alone.value.problems
    assert again.value.problems[0].code == "more-than-administered"


def test_an_sd_at_some_scans_only_is_refused():
    first, second = scans(6000.0)
    without = patient(cycle(washout("kidneys", 6000.0, sd=None))).cycles[0]
    (bare, _) = without.measurements.by_region()["kidneys"]
    with pytest.raises(InputError, match="sd at some scans only"):
        fit((bare, second))
    assert fit((first, second)).sd_assumed is False


def test_activity_and_concentration_in_one_region_are_refused():
    first, second = scans(6000.0)
    with pytest.raises(InputError, match="activities and concentrations are mixed"):
        fit((first, replace(second, unit="kBq/mL")))
