"""Whole plans: known answers, and the examples recalculated from the raw files.

Sources: ``docs/evidence.md``, "Known answers"; the label (Lutathera US prescribing information);
the SNMMI 177Lu Dosimetry Challenge; ``recalculated_course``, which imports nothing of dosimetry.
"""

import functools
import json
import math

import numpy as np
import pytest
from recalculated_course import psma_patient, two_cycles
from recalculated_plan import SIDES, biology, table
from sample_patients import (
    codes,
    cycle,
    example,
    flag_of,
    late_scans,
    patient,
    planned,
    regimen,
    region_of,
    washout,
)

import dosimetry
from dosimetry.planning.course_plan import plan as plan_of
from dosimetry.problems import InputError

pytestmark = pytest.mark.slow  # whole plans and pages

# Three sd of a share of 4096 independent draws: at 5 %, at any
SHARE_5, SHARE = (3 * math.sqrt(p * (1 - p) / 4096) for p in (0.05, 0.5))


@functools.cache
def document(name):
    """The plan of an example as other programs read it, by least squares as its recalculation."""
    return json.loads(dosimetry.plan(example(name), estimator="least-squares").to_json())


def entry(entries, region):
    (found,) = [item for item in entries if item["region"] == region]
    return found


# --- nothing measured: the label's population ---------------------------------------------------


@pytest.mark.parametrize(
    ("region", "mean", "sd", "p5", "p95"),  # docs/evidence.md, known answers: 4 x 7.4 GBq
    [("kidneys", 19.358, 8.295, 9.06, 34.95), ("red_marrow", 1.0360, 0.790, 0.270, 2.509)],
)
def test_unmeasured_course_has_the_known_doses(region, mean, sd, p5, p95):
    found = region_of(planned().cumulative, region).absorbed_dose
    assert found.value == pytest.approx(mean, abs=5e-4)
    assert found.sd == pytest.approx(sd, abs=5e-4)
    assert (found.p5, found.p95) == (pytest.approx(p5, rel=0.01), pytest.approx(p95, rel=0.01))


@pytest.mark.parametrize(
    ("limit", "probability"),  # docs/evidence.md, known answers
    [("kidneys-ad-23", 0.2660), ("red-marrow-ad-2", 0.0951)],
)
def test_unmeasured_course_has_the_known_probabilities(limit, probability):
    assert flag_of(planned(), limit).probability == pytest.approx(probability, abs=0.005)


def test_four_cycles_have_the_label_means():
    # Label: kidneys 19.4, red marrow 1.0, spleen 25 Gy at 29.6 GBq
    found = {c.region: c.absorbed_dose.value for c in planned().cumulative}
    assert round(found["kidneys"], 1) == 19.4
    assert round(found["red_marrow"], 1) == 1.0
    assert round(found["spleen"]) == 25


@pytest.mark.parametrize("sex", ["male", "female"])
def test_every_mean_of_the_label_is_met(sex):
    # Column mean_course of the table, printed to 0.1 Gy; the label's own two figures for the
    # urinary bladder wall, 0.437 Gy/GBq and 12.8 Gy, differ by 1.1 %
    found = {c.region: c.absorbed_dose.value for c in planned(sex=sex).cumulative}
    label = {row["region"]: row for row in table("population_coefficients_lu177_dotatate")}
    absent = {"male": {"ovaries", "uterus"}, "female": {"testes"}}[sex]
    assert set(found) == set(label) - absent
    for region, value in found.items():
        printed = float(label[region]["mean_course"])
        assert value == pytest.approx(printed, rel=0.011, abs=0.07)


def test_each_cycle_of_an_unmeasured_course_equals_the_label():
    for planned_cycle in planned().cycles:
        kidneys = region_of(planned_cycle.regions, "kidneys")
        assert kidneys.basis == "population"
        assert kidneys.coefficient.value == pytest.approx(0.654, rel=1e-12)  # Gy/GBq
        assert kidneys.coefficient.sd == pytest.approx(0.295, rel=1e-12)


# --- SNMMI patient 4 ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "tia"),  # physics.md, known answers: `uptake` with sd of 10 % of the curve
    [("kidney_left", 7595.904), ("kidney_right", 6770.840)],
)
def test_snmmi_patient_4_has_the_known_tia(region, tia):
    curve = entry(document("snmmi_patient4")["curves"], region)
    assert curve["model"] == "uptake"
    assert curve["optimum"]["value"] == pytest.approx(tia, abs=6e-4)


@pytest.mark.parametrize(
    ("region", "coefficient"),  # Gy/GBq, the challenge's own results
    [("kidney_left", 0.3802), ("kidney_right", 0.3174)],
)
def test_snmmi_patient_4_has_the_known_dose_per_activity(region, coefficient):
    found = entry(document("snmmi_patient4")["cycles"][0]["regions"], region)
    assert found["coefficient"]["value"] == pytest.approx(coefficient, rel=0.05)
    assert found["basis"] == "measured"


# --- the recalculation --------------------------------------------------------------------------

EXAMPLES = {"two_cycles": two_cycles, "psma_patient1": psma_patient}
MEASURED = {  # by example: regions that have a dose from measurement in some cycle
    "two_cycles": ["kidneys", *SIDES, "liver", "tumour_1"],
    "psma_patient1": ["kidneys", *SIDES, "liver", "spleen", "urinary_bladder_wall", "others"],
}
each_example = pytest.mark.parametrize("name", EXAMPLES)


@functools.cache
def recalculated(name):
    """An example from the integrals of its plan, which the tests of physics/ compare."""
    curves = document(name)["curves"]
    found = [{} for _ in range(max(curve["cycle"] for curve in curves))]
    for curve in curves:
        tia = curve["tia"]
        found[curve["cycle"] - 1][curve["region"]] = (tia["value"], tia["sd"])
    return EXAMPLES[name](found)


each_region = pytest.mark.parametrize(
    ("name", "region"), [(name, region) for name, regions in MEASURED.items() for region in regions]
)


def close(value):
    return pytest.approx(value, rel=1e-6)


def matching(name, region):
    """The regions that a test is of: one, or all those not named for themselves."""
    if region != "others":
        return [region]
    return sorted(set(recalculated(name).regions) - set(MEASURED[name]))


@pytest.mark.slow
@each_example
def test_plan_and_recalculation_have_the_same_regions(name):
    found = document(name)
    expected = recalculated(name).regions
    assert {c["region"] for c in found["cumulative"]} == set(expected)
    for one in found["cycles"]:
        whole = {r["region"] for r in one["regions"] if r["basis"] != "partial"}
        assert whole == set(expected)


@each_example
def test_activities_equal_the_recalculation(name):
    found = [one["activity"]["value"] for one in document(name)["cycles"]]
    assert found == close(recalculated(name).activities)


@each_example
def test_curves_and_tia_equal_the_recalculation(name):
    cycles = EXAMPLES[name]().cycles
    found = document(name)["curves"]
    assert len(found) == sum(len(one.curves) for one in cycles)
    for curve in found:
        expected = cycles[curve["cycle"] - 1].curves[curve["region"]]
        assert curve["model"] == expected.model
        assert (curve["optimum"] or curve["tia"])["value"] == close(expected.tia)
        # scans of 5 % or so: the posterior flat in the rates is nearly normal
        assert curve["tia"]["value"] == pytest.approx(expected.tia, rel=0.02)
        assert curve["tia"]["sd"] == pytest.approx(expected.tia_sd, rel=0.1)
        slowest = curve["effective_half_life"]["value"]
        assert slowest == close(math.log(2) / expected.slowest)
        assert curve["chi2"] == pytest.approx(expected.chi2, rel=1e-6, abs=1e-9)


@each_region
def test_doses_and_bed_of_delivered_cycles_are_recalculated(name, region):
    course = recalculated(name)
    for one, expected in zip(document(name)["cycles"], course.cycles, strict=False):
        for each in matching(name, region):
            found = entry(one["regions"], each)
            dose = expected.dose[each]
            assert found["basis"] == "measured"
            assert found["absorbed_dose"]["value"] == close(dose)
            assert found["coefficient"]["value"] == close(1000 * dose / expected.activity)
            g = course.regions[each].g[one["number"] - 1]
            assert found["bed"]["value"] == close(dose * (1 + g * dose / biology(each)[0]))


@each_region
def test_sds_of_delivered_cycles_equal_the_recalculation(name, region):
    course = recalculated(name)
    for one, expected in zip(document(name)["cycles"], course.cycles, strict=False):
        for each in matching(name, region):
            found = entry(one["regions"], each)
            dose, relative = expected.dose[each], expected.relative_sd(each)
            assert found["absorbed_dose"]["sd"] == close(dose * relative)
            steeper = 1 + 2 * course.regions[each].g[one["number"] - 1] * dose / biology(each)[0]
            assert found["bed"]["sd"] == close(dose * relative * steeper)


def assert_predicted(name, region):
    expected = recalculated(name).regions[region]
    for one in document(name)["cycles"]:
        found = entry(one["regions"], region)
        if found["basis"] == "measured":
            continue
        assert found["basis"] == ("predicted" if expected.measured else "population")
        assert_moments(found, lambda q, c=one["number"] - 1: expected.moments(q, [c]))
    assert_moments(entry(document(name)["cumulative"], region), expected.cumulative)


def assert_moments(found, moments):
    for quantity in ("absorbed_dose", "bed"):
        if found[quantity] is not None:
            mean, sd = moments(quantity)
            assert (found[quantity]["value"], found[quantity]["sd"]) == (close(mean), close(sd))


@each_region
def test_posteriors_of_measured_regions_are_recalculated(name, region):
    for each in matching(name, region):
        assert_predicted(name, each)


def test_population_regions_equal_the_recalculation():
    for region, expected in recalculated("two_cycles").regions.items():
        if not expected.measured:
            assert_predicted("two_cycles", region)


@each_example
def test_plan_has_every_bed_of_the_recalculation(name):
    for found in document(name)["cumulative"]:
        has_one = recalculated(name).regions[found["region"]].g is not None
        assert (found["bed"] is not None) == (found["eqd2"] is not None) == has_one
        if has_one:
            factor = 1 / (1 + 2 / biology(found["region"])[0])
            for part in ("value", "sd", "p5", "p95"):
                assert found["eqd2"][part] == pytest.approx(found["bed"][part] * factor)


@pytest.mark.slow
@each_example
def test_percentiles_equal_plain_monte_carlo(name):
    for found in document(name)["cumulative"]:
        expected = recalculated(name).regions[found["region"]]
        for quantity in ("absorbed_dose", "bed"):
            if found[quantity] is not None:
                draws = expected.sample(quantity)
                below = np.mean(draws < found[quantity]["p5"])
                above = np.mean(draws > found[quantity]["p95"])
                assert (below, above) == pytest.approx((0.05, 0.05), abs=SHARE_5)


@each_example
def test_probabilities_equal_plain_monte_carlo(name):
    for flag in document(name)["flags"]:
        if flag["severity"] == "not-assessed":
            continue
        quantity = "bed" if flag["quantity"].startswith("biol") else "absorbed_dose"
        region, limit = recalculated(name).regions[flag["region"]], flag["limit_value"]["value"]
        found = np.mean(region.sample(quantity) > limit)
        assert flag["probability"] == pytest.approx(found, abs=SHARE)
        assert flag["margin"]["value"] == pytest.approx(
            limit - region.cumulative(quantity)[0], abs=1e-3
        )


@pytest.mark.parametrize(("name", "limit"), [("psma_patient1", "kidneys-ad-23")])
def test_activity_left_meets_the_risk_in_plain_monte_carlo(name, limit):
    (flag,) = [f for f in document(name)["flags"] if f["limit"] == limit]
    region = recalculated(name).regions[flag["region"]]
    further = region.with_further(flag["margin_activity"]["value"])
    found = np.mean(further.sample("absorbed_dose") > flag["limit_value"]["value"])
    assert found == pytest.approx(0.05, abs=SHARE_5)


# --- what a second measurement does -------------------------------------------------------------


def test_second_measured_cycle_changes_the_prediction():
    # examples/two_cycles.yaml: the kidneys take up a third more in cycle 2 than in cycle 1
    both = dosimetry.plan(example("two_cycles"))
    first = example("two_cycles")
    first = dosimetry.plan(first.model_copy(update={"cycles": first.cycles[:1]}))
    for number in (3, 4):
        after_one, after_two = (
            region_of(plan.cycles[number - 1].regions, "kidneys") for plan in (first, both)
        )
        assert after_two.coefficient.value > 1.05 * after_one.coefficient.value
        one, two = (k.coefficient.sd / k.coefficient.value for k in (after_one, after_two))
        assert two < one
        assert after_two.basis == after_one.basis == "predicted"


def test_unmeasured_cycle_is_predicted_from_measured_cycles():
    plan = planned(cycle(washout("kidneys", 9000.0)), cycle(at="2026-03-09"))
    kidneys = [region_of(c.regions, "kidneys") for c in plan.cycles]
    assert [k.basis for k in kidneys] == ["measured", "predicted", "predicted", "predicted"]
    assert kidneys[1].coefficient == kidneys[2].coefficient


def test_dose_of_a_planned_cycle_scales_with_its_activity():
    curve = washout("kidneys", 9000.0)
    full, half = (planned(cycle(curve), regimen=regimen(a, 2)).cycles[1] for a in (7.4, 3.7))
    one, other = (region_of(c.regions, "kidneys") for c in (full, half))
    assert other.coefficient == one.coefficient
    assert other.absorbed_dose.value == pytest.approx(one.absorbed_dose.value / 2)


@pytest.mark.parametrize("model", ["auto", "trapezoid"])
def test_tumour_with_a_poor_curve_still_has_a_dose(model):
    poor = cycle(late_scans("tumour_1"), models={"tumour_1": model})
    plan = planned(poor, masses={"tumour_1": "20 g"})
    assert region_of(plan.cycles[0].regions, "tumour_1").basis == "measured"


def test_model_above_the_administered_activity_is_refused():
    # bi, asked for by name, runs away to 3e14 MBq in a part that no scan sees
    with pytest.raises(InputError) as caught:
        planned(cycle(late_scans("kidneys"), models={"kidneys": "bi"}), estimator="least-squares")
    assert codes(caught.value.problems) == ["more-than-administered"]


@pytest.mark.parametrize("model", ["auto", "mono"])
def test_population_regions_are_marked_population(model):
    # A curve that determines nothing leaves the label's 0.654 Gy/GBq, and the label's basis
    plan = planned(cycle(late_scans("kidneys"), models={"kidneys": model}))
    kidneys = region_of(plan.cycles[1].regions, "kidneys")
    is_label = kidneys.coefficient.value == pytest.approx(0.654, rel=1e-9)
    assert kidneys.basis == ("population" if is_label else "predicted")


@pytest.mark.parametrize("model", ["auto", "mono"])
def test_course_dose_is_at_least_the_measured_dose(model):
    plan = planned(cycle(late_scans("kidneys"), models={"kidneys": model}))
    measured = region_of(plan.cycles[0].regions, "kidneys").absorbed_dose.value
    assert region_of(plan.cumulative, "kidneys").absorbed_dose.p95 > measured


def test_unknown_strategy_and_risk_above_one_half_are_refused():
    for strategy, risk, code in (
        ("fixd", 0.05, "unknown-strategy"),
        ("fixed", 0.0, "risk-out-of-range"),
        ("fixed", 0.51, "risk-out-of-range"),
        ("fixed", math.nan, "risk-out-of-range"),
    ):
        with pytest.raises(InputError) as caught:
            plan_of(patient(), strategy, risk)
        assert codes(caught.value.problems) == [code]


def test_the_severity_of_a_flag_follows_from_its_probability():
    for name in ("two_cycles", "nothing_measured", "snmmi_patient4"):
        for flag in document(name)["flags"]:
            p = flag["probability"]
            expected = "within" if p <= 0.05 else "caution" if p <= 0.5 else "exceeds"
            assert flag["severity"] == expected
