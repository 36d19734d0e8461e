"""Known answers of the posterior, each computed twice by the design, with code of its own.

"Design" is the table of known answers at the end of the design's page on physics; TIAs in MBq h.
"""

import math

import numpy as np
import pytest

from dosimetry.physics.posterior import (
    HalfLifePrior,
    Measured,
    RegionPrior,
    SlowPrior,
    flat_posteriors,
    posterior_of,
)

PHYSICAL = 159.528  # h, 177Lu, ICRP 107
ETA = math.sqrt(math.log1p(0.10**2))
SIDES = math.sqrt(math.log1p(0.05**2))
TUMOUR_TIMES = (1, 4, 24, 48, 96, 168)
TUMOUR = (4.75, 17.22, 56.22, 59.72, 43.14, 23.32)


def prior(median, patients, uptake=(1.0, 0.7)):
    """Prior of a region; ``patients`` is the variance of ln T over patients."""
    slow = SlowPrior(median, math.sqrt(patients), ETA, PHYSICAL)
    return RegionPrior(slow, HalfLifePrior(*uptake), HalfLifePrior(10.0, 0.8), SIDES)


KIDNEYS = prior(51.0, math.log1p(0.20**2) - ETA**2)
# the design's rows of thin cycles take the variance of the table as that over patients
KIDNEYS_WIDE = prior(51.0, math.log1p(0.20**2))
TUMOURS_WIDE = prior(77.0, math.log(1.09), (6.0, math.inf))


def curve(cycle, times, activities, model, relative_sd=0.10, side=""):
    time, activity = np.array(times, dtype=float), np.array(activities, dtype=float)
    relative = np.ones(len(time), dtype=bool)
    return Measured(
        cycle, side, time, activity, relative_sd * activity, relative, (model,), math.inf
    )


def of(posterior):
    return posterior.tia.p5, posterior.tia.p50, posterior.tia.p95


def test_two_early_scans_of_kidneys_are_not_at_the_bound():
    # design: 12119, 15716, 20788 (least squares: 39126, at the bound)
    (found,) = posterior_of([curve(0, (4, 24), (170, 158), "mono")], KIDNEYS)
    assert of(found) == pytest.approx((12119, 15716, 20788), rel=2e-4)


def test_one_scan_at_72_h_has_an_sd_of_ten_percent():
    # design: 10111, 11966, 14220; sd of ln 0.104
    (found,) = posterior_of([curve(0, (72,), (60,), "mono")], KIDNEYS)
    assert of(found) == pytest.approx((10111, 11966, 14220), rel=2e-4)
    assert found.tia.sd / found.tia.mean == pytest.approx(0.104, abs=6e-4)


@pytest.mark.parametrize(
    ("activities", "expected"),
    [
        ((120, 125, 118), (18284, 9987, 27731, 0.303)),
        ((125, 125, 108), (15272, 8146, 25817, 0.356)),
    ],
)
def test_interval_flat_in_the_rate_moves_smoothly_at_the_bound(activities, expected):
    # design, public case 01: mean, 5 to 95 %, relative sd; the linear sd was 5.8 % and 79 %
    (found,) = flat_posteriors([curve(0, (1, 4, 24), activities, "mono")], [PHYSICAL])
    assert (found.mean, found.p5, found.p95) == pytest.approx(expected[:3], rel=3e-4)
    assert found.sd / found.mean == pytest.approx(expected[3], abs=6e-4)


@pytest.mark.parametrize(
    ("time", "activity", "expected"),
    [(96, 43.14, (9031, 9818, 10935)), (24, 56.22, (7985, 9788, 12080))],
)
def test_tumour_with_one_scan_in_cycle_2_takes_its_shape(time, activity, expected):
    # design: cycle 1 9482, 9815, 10184; cycle 2 by the time of its scan
    first = curve(0, TUMOUR_TIMES, TUMOUR, "uptake", 0.03)
    second = curve(1, (time,), (activity,), "uptake", 0.03)
    whole, thin = posterior_of([first, second], TUMOURS_WIDE)
    assert of(whole) == pytest.approx((9482, 9815, 10184), rel=3e-4)
    assert of(thin) == pytest.approx(expected, rel=1e-3)


def test_pair_with_one_scan_takes_the_half_life_of_cycle_1():
    # design, public case 02: 9202, 11283, 13943, mean 11390
    pair = 2 * np.array([97.0032, 65.2783, 25.2306, 3.7692])
    first = curve(0, (4, 24, 72, 168), pair, "mono")
    _, found = posterior_of([first, curve(1, (24,), (130.5566,), "mono")], KIDNEYS)
    assert of(found) == pytest.approx((9202, 11283, 13943), rel=3e-4)
    assert found.tia.mean == pytest.approx(11390, rel=3e-4)


def test_sides_give_the_pair_nearly_the_same_half_life():
    # the sides share the half-life of the cycle, with 5 % between them
    own = (97.0032, 65.2783, 25.2306, 3.7692)
    sides = [curve(0, (4, 24, 72, 168), own, "mono", side=side) for side in ("left", "right")]
    *_, found = posterior_of([*sides, curve(1, (24,), (130.5566,), "mono")], KIDNEYS)
    assert found.tia.p50 == pytest.approx(11283, rel=0.005)


def test_known_two_phases_of_cycle_1_serve_one_scan():
    # design: 60 MBq at 65 h + 90 MBq at 20 h known, one scan at 24 h (truth 8223)
    times = np.array([1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 240.0])
    activity = 60 * 2 ** (-times / 65) + 90 * 2 ** (-times / 20)
    known = curve(0, times, activity, "bi", 0.002)
    scan = 60 * 2 ** (-24 / 65) + 90 * 2 ** (-24 / 20)
    _, found = posterior_of([known, curve(1, (24,), (scan,), "bi")], KIDNEYS_WIDE)
    assert of(found) == pytest.approx((6581, 8026, 9844), rel=1e-3)


def test_population_half_life_beyond_decay_is_cut_there():
    # kidneys with 68Ga, 1.1285 h: ln T of the patient, then of the cycle, by plain sums below it
    physical, (median, patients) = 1.1285, (51.0, math.log1p(0.20**2) - ETA**2)
    slow = SlowPrior(median, math.sqrt(patients), ETA, physical)
    gallium = RegionPrior(slow, HalfLifePrior(1.0, 0.7), HalfLifePrior(10.0, 0.8), SIDES)
    (found,) = posterior_of([curve(0, (1,), (60,), "mono")], gallium)
    tau, x = np.linspace(-1.0, 0.0, 2001), np.linspace(-1.0, 0.0, 2001)  # below ln 1.1285 h
    of_tau = np.exp(-0.5 * (tau + math.log(physical / median)) ** 2 / patients)
    of_x = np.exp(-0.5 * ((x - tau[:, None]) / ETA) ** 2)
    of_x /= of_x.sum(axis=1, keepdims=True)
    chance = of_tau @ of_x / of_tau.sum()
    half_life = physical * np.exp(x)
    mean = chance @ (60 * 2 ** (1 / half_life) * half_life) / math.log(2) * math.exp(0.005)
    assert found.tia.mean == pytest.approx(mean, rel=2e-3)
