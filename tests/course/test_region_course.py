"""One region over a course: sum of doses, probabilities, activity left."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import lognorm

from dosimetry.course.region import BED, DOSE, RegionCourse
from dosimetry.physics.prediction import Observation, Posterior, population_prior, posterior
from dosimetry.quantities import Distribution

KIDNEYS = population_prior(0.654, 0.295, 0.15)  # label, Gy/GBq
G, ALPHA_BETA = 0.053, 2.6
ALLOWED, FULL = 0.05, 7.4  # probability; GBq of a further cycle
QUANTITIES = (DOSE, BED)


def course(activities, seen=(), earlier=(0.0, 0.0), g=G, count=None):
    count = count or 12
    return RegionCourse(
        region="kidneys",
        activities=tuple(activities),
        posterior=posterior(KIDNEYS, [Observation(*o) for o in seen], count),
        protraction=None if g is None else (g,) * count,
        alpha_beta=ALPHA_BETA,
        earlier_dose=earlier[0],
        earlier_bed=earlier[1],
    )


def single(mean, variance, activity=1.0):
    """One cycle whose dose is log-normal, with one more to come."""
    known = Posterior(np.full(2, mean), variance * np.ones((2, 2)))
    return RegionCourse("kidneys", (activity,), known, (G, G), ALPHA_BETA, 0.0, 0.0)


def at_the_end(found, quantity, limit):
    return found.probabilities(quantity, limit)[-1]


# --- doses of a cycle and of the course ---------------------------------------------------------


def test_a_planned_cycle_gives_activity_times_coefficient():
    dose, _, coefficient = course([7.4, 3.7]).planned(1)
    assert (dose.value, dose.sd) == (pytest.approx(3.7 * 0.654), pytest.approx(3.7 * 0.295))
    assert (coefficient.value, coefficient.sd) == (pytest.approx(0.654), pytest.approx(0.295))


def test_planned_mean_bed_includes_the_spread_of_the_dose():
    # E[D + G D^2/(alpha/beta)], E[D^2] = mean^2 + sd^2: more than the BED of the mean dose
    _, bed, _ = course([7.4]).planned(0)
    mean, sd = 7.4 * 0.654, 7.4 * 0.295
    assert bed.value == pytest.approx(mean + G / ALPHA_BETA * (mean**2 + sd**2))


def test_a_measured_cycle_keeps_its_dose_and_gets_its_bed():
    # BED = D (1 + G D/(alpha/beta)); sd(BED) = (1 + 2 G D/(alpha/beta)) sd(D), G held fixed
    bed = course([7.4]).measured_bed(0, Distribution(5.0, 0.4, 4.4, 5.7, "Gy"))
    assert bed.p95 == pytest.approx(5.7 * (1 + G * 5.7 / ALPHA_BETA))
    assert bed.value == pytest.approx(5.0 * (1 + G * 5.0 / ALPHA_BETA))
    assert bed.sd == pytest.approx(0.4 * (1 + 2 * G * 5.0 / ALPHA_BETA))


def test_missing_protraction_gives_dose_without_bed():
    found = course([7.4], g=None)
    assert found.planned(0)[1] is None
    assert found.measured_bed(0, Distribution(5.0, 0.4, 4.4, 5.7, "Gy")) is None
    assert found.cumulative(BED) is None
    assert found.cumulative(DOSE) is not None


def test_missing_previous_bed_gives_no_cumulative_bed():
    found = course([7.4], earlier=(6.0, None))
    assert found.cumulative(BED) is None
    assert found.cumulative_dose().value == pytest.approx(6.0 + 7.4 * 0.654)
    assert found.planned(0)[1] is not None


def test_four_cycles_add_up_to_the_closed_form():
    # Var sum k_c = 16 exp(2 m + v) (e^v - 1) with v shared, and 4 of the variation between cycles
    found = course([7.4] * 4).cumulative_dose()
    total = KIDNEYS.variance + KIDNEYS.between_cycles
    variance = 12 * math.expm1(KIDNEYS.variance) + 4 * math.expm1(total)
    assert found.value == pytest.approx(4 * 7.4 * 0.654, rel=1e-12)
    assert found.sd == pytest.approx(7.4 * 0.654 * math.sqrt(variance), rel=1e-12)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_cycles_add_up(quantity):
    found = course([7.4, 3.7, 7.0])
    kind = QUANTITIES.index(quantity)
    parts = [found.planned(i)[kind].value for i in range(3)]
    assert found.cumulative(quantity).value == pytest.approx(sum(parts), rel=1e-12)


def test_previous_radiation_shifts_without_widening():
    without, with_it = course([7.4] * 2), course([7.4] * 2, earlier=(6.0, 6.8))
    for quantity, shift in ((DOSE, 6.0), (BED, 6.8)):
        one, other = without.cumulative(quantity), with_it.cumulative(quantity)
        for name in ("value", "p5", "p95"):
            assert getattr(other, name) == pytest.approx(getattr(one, name) + shift)
        assert other.sd == one.sd


def test_percentiles_of_one_cycle_are_log_normal():
    found = single(-0.5, 0.09, 7.4).cumulative_dose()
    expected = 7.4 * lognorm(0.3, scale=math.exp(-0.5)).ppf([0.05, 0.95])
    assert [found.p5, found.p95] == pytest.approx(expected, rel=2e-3)


def test_course_without_cycles_has_only_previous_radiation():
    found = course([], earlier=(6.0, 6.8)).cumulative_dose()
    assert (found.value, found.sd, found.p5, found.p95) == (6.0, 0.0, 6.0, 6.0)


# --- probabilities ------------------------------------------------------------------------------


def test_probability_of_one_cycle_is_log_normal():
    found = single(-0.5, 0.09, 7.4)
    for limit in (3.0, 4.5, 6.0, 8.0):
        expected = lognorm(0.3, scale=7.4 * math.exp(-0.5)).sf(limit)
        assert at_the_end(found, DOSE, limit) == pytest.approx(expected, abs=1 / 2048)


def test_only_previous_radiation_counts_before_cycle_1():
    found = course([7.4], earlier=(6.0, 6.8))
    assert found.probabilities(DOSE, 5.9)[0] == 1.0
    assert found.probabilities(DOSE, 6.0)[0] == 0.0  # above the limit, not at it
    assert found.probabilities(BED, 6.7)[0] == 1.0


def test_probability_after_each_cycle_equals_shorter_course():
    found = course([7.4] * 4).probabilities(DOSE, 23.0)
    for cycles in range(1, 5):
        shorter = course([7.4] * cycles)
        assert found[cycles] == pytest.approx(at_the_end(shorter, DOSE, 23.0), abs=1e-12)


@settings(deadline=None)
@given(st.lists(st.floats(0.1, 10.0), min_size=1, max_size=11), st.floats(0.5, 60.0))
def test_a_further_cycle_never_lowers_a_probability(activities, limit):
    found = course(activities)
    for quantity in QUANTITIES:
        chances = found.probabilities(quantity, limit)
        assert all(a <= b for a, b in itertools.pairwise(chances))


@settings(deadline=None)
@given(st.floats(0.5, 60.0), st.floats(0.5, 60.0), st.integers(1, 6))
def test_a_lower_limit_never_has_a_lower_probability(one, other, cycles):
    low, high = sorted((one, other))
    found = course([7.4] * cycles)
    for quantity in QUANTITIES:
        assert at_the_end(found, quantity, low) >= at_the_end(found, quantity, high)


@settings(deadline=None)
@given(st.floats(0.5, 60.0), st.floats(0.1, 10.0), st.floats(1.0, 2.0))
def test_more_activity_never_has_a_lower_probability(limit, activity, factor):
    for quantity in QUANTITIES:
        less, more = course([activity] * 3), course([activity * factor] * 3)
        assert at_the_end(less, quantity, limit) <= at_the_end(more, quantity, limit) + 1e-12


# --- the room that is left ----------------------------------------------------------------------


ROOM = [  # after two cycles; is the activity below or above that of one cycle?
    (DOSE, 23.0, "below"),
    (DOSE, 80.0, "above"),
    (BED, 28.0, "below"),
    (BED, 90.0, "above"),
]


def passed(found, quantity, limit, activity):
    """Probability after a further activity: full cycles and one more with the rest."""
    whole, rest = divmod(activity, FULL)
    return at_the_end(
        found.with_activities((*found.activities, *[FULL] * int(whole), rest)), quantity, limit
    )


@pytest.mark.parametrize(("quantity", "limit", "side"), ROOM)
def test_activity_left_is_the_largest_within_the_risk(quantity, limit, side):
    found = course([FULL, FULL])
    most, cycles = found.further_activity(quantity, limit, ALLOWED, FULL)
    assert (most < FULL) == (side == "below")
    assert cycles == int(most // FULL)
    assert passed(found, quantity, limit, most * (1 - 1e-9)) <= ALLOWED
    assert passed(found, quantity, limit, most * (1 + 1e-9)) > ALLOWED


@pytest.mark.parametrize(("quantity", "limit"), [(q, limit) for q, limit, _ in ROOM])
def test_further_cycles_of_that_activity_keep_the_probability(quantity, limit):
    most, _ = course([FULL, FULL]).further_activity(quantity, limit, ALLOWED, FULL)
    for activity, kept in ((most * (1 - 1e-9), True), (most * (1 + 1e-9), False)):
        whole, rest = divmod(activity, FULL)
        longer = course([FULL, FULL, *[FULL] * int(whole), rest])
        assert (at_the_end(longer, quantity, limit) <= ALLOWED) == kept


def test_full_cycles_leave_more_activity_than_one_cycle():
    # BED grows faster than the activity of one cycle
    found = course([7.4] * 2)
    in_cycles, _ = found.further_activity(BED, 90.0, ALLOWED, FULL)
    at_once, _ = found.further_activity(BED, 90.0, ALLOWED, 1e6)
    assert FULL < at_once < in_cycles


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_exceeded_limit_leaves_no_activity(quantity):
    found = course([7.4] * 4, earlier=(30.0, 30.0))
    assert found.further_activity(quantity, 28.0, ALLOWED, FULL) == (0.0, 0)


def test_twelfth_cycle_leaves_no_further_cycle():
    assert course([7.4] * 12).further_activity(DOSE, 1e4, ALLOWED, FULL) is None


def test_last_cycle_takes_all_activity_left():
    most, cycles = course([7.4] * 11).further_activity(DOSE, 1e4, ALLOWED, FULL)
    assert most > 100 * FULL
    assert cycles == 1


@settings(deadline=None)
@given(st.floats(5.0, 100.0), st.floats(1.0, 2.0))
def test_higher_limit_never_leaves_less_activity(limit, factor):
    found = course([7.4] * 2)
    for quantity in QUANTITIES:
        less, _ = found.further_activity(quantity, limit, ALLOWED, FULL)
        more, _ = found.further_activity(quantity, limit * factor, ALLOWED, FULL)
        assert less <= more


def test_measured_cycles_narrow_the_course():
    seen = [(0, 0.6, 0.05, (0.05, 0.05)), (1, 0.62, 0.05, (0.05, 0.05))]
    prior, known = course([7.4] * 4), course([7.4] * 4, seen)
    one, other = prior.cumulative_dose(), known.cumulative_dose()
    assert other.sd < one.sd
    assert other.p95 - other.p5 < one.p95 - one.p5
