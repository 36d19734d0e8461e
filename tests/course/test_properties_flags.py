"""Property tests of grades and flags: never better for a worse value, in any unit and range."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_patients import planned, regimen

from dosimetry.course.flags import severity
from dosimetry.label.grade_bands import bands
from dosimetry.label.grades import grade
from dosimetry.reference import laboratory
from dosimetry.reference.laboratory import Range, to_canonical

pytestmark = pytest.mark.slow

EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60)
PLANS = settings(deadline=None, derandomize=True, max_examples=12)
SEVERITIES = ("within", "caution", "exceeds")
# CTCAE v5.0: counts, haemoglobin and albumin are graded as they fall, the others as they rise
FALLING = ("platelets", "neutrophils", "lymphocytes", "leukocytes", "haemoglobin", "albumin")
RISING = ("creatinine", "bilirubin")
positive = st.floats(0.01, 300.0)
maybe = st.none() | positive


UNGRADED = -1


def graded(analyte, value, lower, upper, baseline):
    found = grade(analyte, value, Range(lower, upper, ""), baseline)
    return UNGRADED if found is None else found.grade  # no upper limit, where grades need it


# --- grades -------------------------------------------------------------------------------------


@pytest.mark.parametrize("analyte", FALLING)
@EXAMPLES
@given(positive, positive, maybe, maybe)
def test_a_lower_count_never_has_a_lower_grade(analyte, one, other, lower, baseline):
    low, high = sorted([one, other])
    grades = [graded(analyte, value, lower, None, baseline) for value in (low, high)]
    assert grades[0] >= grades[1]


@pytest.mark.parametrize("analyte", RISING)
@EXAMPLES
@given(positive, positive, maybe, maybe)
def test_a_higher_value_never_has_a_lower_grade(analyte, one, other, upper, baseline):
    low, high = sorted([one, other])
    grades = [graded(analyte, value, None, upper, baseline) for value in (low, high)]
    assert grades[0] <= grades[1]


@pytest.mark.parametrize("analyte", FALLING)
@EXAMPLES
@given(positive, positive, positive)
def test_raising_the_lower_normal_limit_never_lowers_a_grade(analyte, value, one, other):
    low, high = sorted([one, other])
    grades = [graded(analyte, value, lower, None, None) for lower in (low, high)]
    assert grades[0] <= grades[1]


@pytest.mark.parametrize("analyte", RISING)
@EXAMPLES
@given(positive, positive, positive)
def test_raising_the_upper_normal_limit_never_raises_a_grade(analyte, value, one, other):
    low, high = sorted([one, other])
    grades = [graded(analyte, value, None, upper, None) for upper in (low, high)]
    assert grades[0] >= grades[1]


@pytest.mark.parametrize("analyte", RISING)
@EXAMPLES
@given(positive, positive, st.none() | positive, st.floats(0.01, 100.0))
def test_grades_by_multiples_depend_only_on_multiples(analyte, value, upper, baseline, factor):
    one = graded(analyte, value, None, upper, baseline)
    # on a bound the rounding of the factor would decide
    near = [value * (1 + step) for step in (-1e-6, 1e-6)]
    if len({graded(analyte, v, None, upper, baseline) for v in near}) > 1:
        return
    scaled = (None if x is None else x * factor for x in (upper, baseline))
    assert graded(analyte, value * factor, None, *scaled) == one


@pytest.mark.parametrize("analyte", [*FALLING, *RISING])
@EXAMPLES
@given(positive, maybe, maybe)
def test_unit_of_a_laboratory_value_does_not_change_a_grade(analyte, value, limit, baseline):
    found = graded(analyte, value, limit, limit, baseline)
    for unit in laboratory.analyte(analyte).units:
        reported = laboratory.from_canonical(analyte, value, unit)
        back = to_canonical(analyte, reported, unit)
        assert graded(analyte, back, limit, limit, baseline) == found


# --- bands --------------------------------------------------------------------------------------


@pytest.mark.parametrize("analyte", [*FALLING, *RISING])
@EXAMPLES
@given(positive, maybe, maybe, maybe)
def test_every_value_has_the_grade_of_its_band(analyte, value, lower, upper, baseline):
    found = bands(analyte, Range(lower, upper, ""), baseline)
    edges = [band.lower for band in found[1:]]
    assert edges == [band.upper for band in found[:-1]] == sorted(edges)
    assert all(a.grade != b.grade for a, b in itertools.pairwise(found))
    if any(abs(value - edge) <= 1e-6 * edge for edge in edges):
        return
    (its,) = [
        band
        for band in found
        if (band.lower or 0.0) < value and (band.upper is None or value < band.upper)
    ]
    # one band of grade 0 where no upper limit is known and no grade is given
    assert its.grade == max(graded(analyte, value, lower, upper, baseline), 0)


@pytest.mark.parametrize("analyte", [*FALLING, *RISING])
@EXAMPLES
@given(maybe, maybe, maybe)
def test_bands_get_worse_in_one_direction(analyte, lower, upper, baseline):
    grades = [band.grade for band in bands(analyte, Range(lower, upper, ""), baseline)]
    assert grades == sorted(grades, reverse=analyte in FALLING)


# --- flags --------------------------------------------------------------------------------------


@EXAMPLES
@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_higher_probability_never_has_a_lower_severity(one, other):
    low, high = sorted([one, other])
    assert SEVERITIES.index(severity(low)) <= SEVERITIES.index(severity(high))


def earlier(dose):
    kidneys = {"absorbed_dose": f"{dose!r} Gy", "bed": f"{1.1 * dose!r} Gy", "source": "earlier"}
    return {"kidneys": kidneys}


@PLANS
@given(st.floats(0.1, 30.0), st.floats(0.1, 10.0))
def test_more_previous_radiation_never_lowers_severity(dose, more):
    less, worse = (planned(prior_doses=earlier(d)).flags for d in (dose, dose + more))
    for one, other in zip(less, worse, strict=True):
        assert one.probability <= other.probability
        assert SEVERITIES.index(one.severity) <= SEVERITIES.index(other.severity)
        if one.severity == other.severity != "within":  # and it is passed no later
            assert other.first_cycle <= one.first_cycle


@PLANS
@given(st.floats(1.0, 12.0), st.integers(1, 5))
def test_a_further_cycle_never_has_a_lower_severity(activity, cycles):
    fewer, more = (planned(regimen=regimen(activity, n)).flags for n in (cycles, cycles + 1))
    for one, other in zip(fewer, more, strict=True):
        assert one.probability <= other.probability
        assert SEVERITIES.index(one.severity) <= SEVERITIES.index(other.severity)
        assert one.margin.value >= other.margin.value


@PLANS
@given(st.floats(1.0, 12.0), st.floats(5.0, 40.0))
def test_the_units_of_activity_and_limit_do_not_change_a_flag(activity, limit):
    def flagged(given_activity, given_limit):
        own = {
            "id": "kidneys-own",
            "region": "kidneys",
            "quantity": "absorbed dose",
            "limit": given_limit,
            "source": "protocol of the clinic",
        }
        course = {"activity": given_activity, "cycles": 4, "interval": "8 week"}
        (found,) = planned(regimen=course, limits=[own]).flags
        return found

    one = flagged(f"{activity!r} GBq", f"{limit!r} Gy")
    other = flagged(f"{activity / 0.037!r} mCi", f"{limit * 1000!r} mGy")
    assert other.severity == one.severity
    assert other.first_cycle == one.first_cycle
    assert other.probability == pytest.approx(one.probability, abs=1 / 2048)  # one draw
    assert other.value.value == pytest.approx(one.value.value, rel=1e-12)


@PLANS
@given(st.floats(1.0, 12.0))
def test_worse_flags_are_a_subset_of_milder_thresholds(activity):
    flags = planned(regimen=regimen(activity, 4)).flags
    nested = [{flag.limit for flag in flags.at_least(name)} for name in SEVERITIES]
    assert nested[0] >= nested[1] >= nested[2]
    assert {flag.limit for flag in flags.exceeded()} == nested[2]
