"""How sure a verdict becomes by one more measured cycle: against plain simulation."""

import math
from dataclasses import replace

import numpy as np
import pytest
from sample_patients import cycle, patient, washout

from dosimetry.course.further_scan import NODES, WEIGHTS, learnt, wrong_side
from dosimetry.course.priors import priors_of
from dosimetry.course.regions import course_doses
from dosimetry.cycle.delivered import delivered_cycles
from dosimetry.cycle.dose import delivered_doses
from dosimetry.reference.limits import Limit

SEED, DRAWS = 20261127, 400_000
ACTIVITIES = (7.4,) * 4
MEASURED = cycle(washout("kidneys", 9000.0, sd="8 %"), systematic_uncertainty="10 %")


def kidneys(*cycles):
    """The region over four cycles, the delivered cycles' doses, the priors."""
    made = patient(*cycles, masses={"kidneys": "310 g"} if cycles else {})
    delivered = delivered_doses(delivered_cycles(made))
    region = course_doses(made, delivered).regions["kidneys"]
    return region.with_activities(ACTIVITIES), delivered, priors_of(made)


def limit(value):
    return Limit("own", "kidneys", "absorbed dose", value, "", "")


@pytest.mark.parametrize("gray", [15.0, 23.0, 30.0])
@pytest.mark.parametrize("sd", [0.05, 0.25])
def test_expected_wrong_side_agrees_with_plain_simulation(gray, sd):
    region, delivered, priors = kidneys()
    found = wrong_side(region, limit(gray), learnt(region, delivered, priors, 0, sd))
    # Plainly: ln k_c = mu + d_c; the measurement y of cycle 1, with the default systematic
    # uncertainty of 10 %; courses sorted into 200 classes of y, in each of which the verdict is
    # the more frequent side.
    rng, prior = np.random.default_rng(SEED), priors.of("kidneys")
    level = prior.mean + math.sqrt(prior.variance) * rng.standard_normal(DRAWS)
    own = math.sqrt(prior.between_cycles) * rng.standard_normal((4, DRAWS))
    over = 7.4 * np.exp(level + own).sum(axis=0) > gray
    noise = math.sqrt(math.log1p(sd**2) + 0.10**2) * rng.standard_normal(DRAWS)
    classes = over[np.argsort(level + own[0] + noise)].reshape(200, -1).mean(axis=1)
    simulated = np.minimum(classes, 1.0 - classes).mean()
    assert found == pytest.approx(simulated, abs=0.003)


def test_without_a_scan_the_smaller_probability_is_wrong():
    region, _, _ = kidneys()
    chance = region.probability("absorbed dose", 15.0)
    assert chance > 0.5
    assert wrong_side(region, limit(15.0)) == pytest.approx(1.0 - chance)
    other = region.probability("absorbed dose", 30.0)
    assert wrong_side(region, limit(30.0)) == pytest.approx(other)


def test_mean_probability_after_a_scan_is_that_of_before():
    # The law of total probability, with a measured cycle and errors shared between cycles.
    region, delivered, priors = kidneys(MEASURED)
    further = learnt(region, delivered, priors, 1, 0.1)
    after = [
        replace(
            region, posterior=replace(further.after, mean=further.after.mean + z * further.shift)
        ).probability("absorbed dose", 23.0)
        for z in NODES
    ]
    before = region.probability("absorbed dose", 23.0)
    assert WEIGHTS @ np.array(after) == pytest.approx(before, abs=5e-4)


def test_shared_calibration_is_not_learnt_by_measuring_again():
    # Exact scans of the next cycle leave the calibration of 10 % in the course's dose.
    region, delivered, priors = kidneys(MEASURED)
    further = learnt(region, delivered, priors, 1, 1e-6)
    left = math.sqrt(further.after.covariance[1, 1])
    assert 0.07 < left <= 0.101


def test_supplied_coefficient_does_not_lend_its_sd_to_scans():
    supplied = cycle(dose_coefficients={"kidneys": {"value": "0.6 Gy/GBq", "sd": "20 %"}})
    region, delivered, priors = kidneys(supplied)
    further = learnt(region, delivered, priors, 1, 1e-6)
    # The default systematic uncertainty of 10 % bounds what an exact scan leaves.
    assert 0.05 < math.sqrt(further.after.covariance[1, 1]) <= 0.10


def test_better_scans_make_the_verdict_surer():
    region, delivered, priors = kidneys()
    wrong = [
        wrong_side(region, limit(23.0), learnt(region, delivered, priors, 0, sd))
        for sd in (0.3, 0.1, 0.03)
    ]
    assert wrong == sorted(wrong, reverse=True)
    assert wrong[0] < wrong_side(region, limit(23.0))


def test_scan_of_no_worth_leaves_the_verdict_as_it_is():
    region, delivered, priors = kidneys()
    further = learnt(region, delivered, priors, 0, 1e6)
    assert wrong_side(region, limit(23.0), further) == pytest.approx(
        wrong_side(region, limit(23.0)), abs=2e-3
    )
