"""Rare courses: questions, refusals, and regions left out of a plan."""

from dataclasses import replace

import pytest
from labelled_course import BERLIN
from sample_patients import PSMA, cycle, patient, planned, regimen, region_of, washout

import dosimetry
from dosimetry import InputError
from dosimetry.course.regions import course_doses, measured_protraction
from dosimetry.cycle.delivered import delivered_cycles
from dosimetry.cycle.dose import delivered_doses
from dosimetry.recalculation.agreement import second_check
from dosimetry.recalculation.dose import mass_of

pytestmark = pytest.mark.slow  # whole plans and pages

KIDNEYS = washout("kidneys", 6000.0)


def refusals(*cycles, **therapy):
    with pytest.raises(InputError) as caught:
        planned(*cycles, **therapy)
    return [(problem.code, problem.place) for problem in caught.value.problems]


def dates(plan, kind):
    return [event.at for event in plan.calendar if event.kind == kind]


# --- dates --------------------------------------------------------------------------------------


def test_time_zone_alone_gives_no_time_of_day():
    plan = planned(cycle(at="2026-01-12"), time_zone=BERLIN)
    assert dates(plan, "dose") == ["2026-01-12", "2026-03-09", "2026-05-04", "2026-06-29"]


def test_time_of_day_without_a_zone_is_local_time():
    plan = planned(cycle(at="2026-03-23T09:30:00"), regimen=regimen(7.4, 2))
    assert dates(plan, "dose") == ["2026-03-23T09:30:00", "2026-05-18"]
    drips = dates(plan, "amino-acids")
    assert drips[0] == "2026-03-23T09:00:00"  # label: 30 minutes before the dose


# --- what is said twice -------------------------------------------------------------------------


def test_residual_time_without_activity_is_refused():
    prepared = {
        "prepared": "7.4 GBq",
        "prepared_at": "2026-01-12T09:00",
        "residual_at": "2026-01-12T11:00",
    }
    found = refusals(cycle(administered=prepared, at="2026-01-12T09:30"))
    assert [code for code, _ in found] == ["missing"]


def test_limit_named_by_id_and_group_is_refused_as_repeated():
    found = refusals(limits=["kidneys-bed", "kidneys-bed-40"])  # without a risk factor, the same
    assert found == [("limit-twice", "therapy.limits")]


def test_previous_dose_of_pair_and_side_is_refused():
    dose = {"absorbed_dose": "6 Gy", "bed": "7 Gy", "source": "me"}
    found = refusals(prior_doses={"kidneys": dose, "kidney_left": dose})
    assert ("kidneys-twice", "therapy.prior_doses.kidneys") in found


# --- regions with and without a dose ------------------------------------------------------------


def test_previous_dose_of_a_region_without_dose_is_reported():
    # another agent has no population: without a measurement the spleen has no dose
    dose = {"absorbed_dose": "6 Gy", "source": "me"}
    plan = planned(cycle(KIDNEYS), agent=PSMA, prior_doses={"spleen": dose})
    (warning,) = [one for one in plan.warnings if one.code == "prior-dose-not-used"]
    assert warning.place == "therapy.prior_doses.spleen"
    assert not any("earlier radiation of spleen" in line for line in plan.assumptions)


def test_previous_dose_of_one_kidney_counts_for_the_pair():
    # the pair had the mean of 6 Gy and none: 3 Gy; used, so not called "not used"
    dose = {"absorbed_dose": "6 Gy", "bed": "7 Gy", "source": "me"}
    plan = planned(cycle(KIDNEYS), prior_doses={"kidney_left": dose})
    (pair,) = [one for one in plan.cumulative if one.region == "kidneys"]
    assert pair.earlier.absorbed_dose.value == 3.0
    assert "prior-dose-not-used" not in [one.code for one in plan.warnings]
    words = (
        "previous dose of 6 Gy to the left kidney included in the cumulative dose of the kidneys"
    )
    assert f"{words} (me)" in plan.assumptions


def test_only_requested_regions_are_computed():
    given = patient(cycle(KIDNEYS, washout("spleen", 4000.0)))
    delivered = delivered_doses(delivered_cycles(given))
    some, every = course_doses(given, delivered, {"kidneys"}), course_doses(given, delivered)
    assert set(some.regions) == {"kidneys"} < set(every.regions)
    one, other = some.regions["kidneys"], every.regions["kidneys"]
    assert one.cumulative_dose() == other.cumulative_dose()


def test_measured_protraction_comes_from_delivered_cycles():
    given = patient(cycle(KIDNEYS), cycle(washout("kidneys", 5000.0, 40.0), at="2026-03-09"))
    found = measured_protraction(["kidneys"], given, delivered_doses(delivered_cycles(given)))[
        "kidneys"
    ]
    # MIRD pamphlet 20: G = l/(l + mu) of a mono-exponential; kidneys repair in 2.8 h
    expected = [1 / (1 + half_life / 2.8) for half_life in (50.0, 40.0)]
    assert list(found) == [pytest.approx(one, rel=1e-5) for one in expected]


def test_coefficients_of_both_kidneys_are_mass_weighted():
    sides = {"kidney_left": "0.4 Gy/GBq", "kidney_right": "0.6 Gy/GBq"}
    own = planned(
        cycle(administered="10 GBq", dose_coefficients=sides),
        masses={"kidney_left": "100 g", "kidney_right": "300 g"},
    )
    # (0.4 x 100 + 0.6 x 300) / 400 = 0.55 Gy/GBq; of equal kidneys 0.5
    assert region_of(own.cycles[0].regions, "kidneys").absorbed_dose.value == pytest.approx(5.5)
    alike = planned(cycle(administered="10 GBq", dose_coefficients=sides))
    assert region_of(alike.cycles[0].regions, "kidneys").absorbed_dose.value == pytest.approx(5.0)
    assert any("adult male phantom (half of the pair)" in line for line in alike.assumptions)


# --- documents ----------------------------------------------------------------------------------


def test_document_repeats_to_the_byte_and_holds_its_hash():
    first, second = (planned(cycle(KIDNEYS)).to_json() for _ in range(2))
    assert first == second
    assert planned(cycle(washout("kidneys", 6001.0))).to_json() != first


def test_interval_must_be_in_whole_days():
    given = dosimetry.read_patient("examples/nothing_measured.yaml")
    assert dosimetry.plan(given, interval="70 d").cycles[1].at is not None
    with pytest.raises(InputError, match="not a whole number of days"):
        dosimetry.plan(given, interval="100 h")


# --- the second calculation ---------------------------------------------------------------------


def test_recalculation_adds_the_masses_of_both_kidneys():
    both = patient(cycle(KIDNEYS), masses={"kidney_left": "150 g", "kidney_right": "140 g"})
    assert mass_of("kidneys", both, 1) == 290.0


def test_recalculation_without_bed_compares_doses_only():
    # coefficients from elsewhere have no curve, and of this agent no half-life is known
    given = patient(cycle(dose_coefficients={"liver": "0.3 Gy/GBq"}), agent=PSMA)
    plan = dosimetry.plan(given)
    assert region_of(plan.cycles[0].regions, "liver").bed is None
    found = second_check(given, plan.cycles, plan.curves)
    assert [(one.region, one.quantity, one.passed) for one in found] == [
        ("liver", "absorbed dose", True)
    ]


def test_recalculation_compares_no_bed_if_the_plan_has_none():
    given = patient(cycle(KIDNEYS))
    plan = dosimetry.plan(given)
    bare = [
        replace(one, regions=tuple(replace(region, bed=None) for region in one.regions))
        for one in plan.cycles
    ]
    compared = second_check(given, plan.cycles, plan.curves)
    without = second_check(given, bare, plan.curves)
    assert {one.quantity for one in compared} - {one.quantity for one in without}
    assert "absorbed dose" in {one.quantity for one in without}
    assert all(one.passed for one in without)
