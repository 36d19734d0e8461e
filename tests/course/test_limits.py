"""Limits and flags: applicable limit, probability of exceeding it, margin."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_patients import PSMA, codes, cycle, flag_of, patient, planned, regimen, washout

from dosimetry.course.flags import severity, unassessed_warnings
from dosimetry.patient.limits import patient_limits
from dosimetry.reference.limits import Limit

RISKS = ("hypertension", "diabetes", "nephrotoxic_chemotherapy", "single_kidney")
SEVERITIES = ("within", "caution", "exceeds")


def own(identity, region, quantity, limit):
    source = "protocol of the clinic"
    return {
        "id": identity,
        "region": region,
        "quantity": quantity,
        "limit": f"{limit!r} Gy",
        "source": source,
    }


def earlier(dose, bed):
    kidneys = {"absorbed_dose": f"{dose} Gy", "source": "90Y-DOTATOC 2021"}
    return {"kidneys": kidneys if bed is None else {**kidneys, "bed": f"{bed} Gy"}}


def delivered(coefficients, *, sd=0.03):
    """Return cycles of 7.4 GBq whose kidney coefficients (Gy/GBq) were found elsewhere, or not."""
    return [
        cycle(
            at=f"{2026 + i // 6}-{1 + 2 * (i % 6):02d}-12",
            **(
                {}
                if k is None
                else {
                    "dose_coefficients": {"kidneys": {"value": f"{k} Gy/GBq", "sd": f"{sd} Gy/GBq"}}
                }
            ),
        )
        for i, k in enumerate(coefficients)
    ]


# --- which limits -------------------------------------------------------------------------------


def test_default_limits_are_kidneys_and_red_marrow():
    # column `default` of limits.csv; kidneys-bed stands for 40 Gy without a risk factor
    flags = planned().flags
    assert [flag.limit for flag in flags] == ["kidneys-ad-23", "kidneys-bed-40", "red-marrow-ad-2"]
    assert [flag.limit_value.value for flag in flags] == [23.0, 40.0, 2.0]
    assert {flag.limit_value.unit for flag in flags} == {"Gy"}


@pytest.mark.parametrize("risk", RISKS)
def test_kidney_risk_factor_lowers_the_bed_limit_to_28_gy(risk):
    # Bodei 2008; the flag carries the id of the limit, not of the group
    flag = flag_of(planned(risks=[risk]), "kidneys-bed-28")
    assert (flag.limit_value.value, flag.quantity) == (28.0, "biologically effective dose")
    assert "Bodei 2008" in flag.source


@pytest.mark.parametrize(("risks", "named"), [([], "kidneys-bed-28"), (RISKS, "kidneys-bed-40")])
def test_requested_limit_of_another_condition_warns(risks, named):
    plan = planned(risks=risks, limits=["kidneys-ad-23", named])
    assert [flag.limit for flag in plan.flags] == ["kidneys-ad-23", named]
    (warning,) = [w for w in plan.warnings if w.code == "limit-of-another-condition"]
    assert warning.place == "therapy.limits[1]"
    assert "kidneys-bed" in warning.cure


@pytest.mark.parametrize(("risks", "named"), [([], "kidneys-bed-40"), (RISKS, "kidneys-bed-28")])
def test_limit_of_the_patient_condition_draws_no_warning(risks, named):
    plan = planned(risks=risks, limits=[named])
    assert "limit-of-another-condition" not in codes(plan.warnings)


def test_protocol_limit_is_checked_on_request():
    plan = planned(limits=["kidneys-bed-27-iluminet"])
    assert [flag.limit_value.value for flag in plan.flags] == [27.0]
    assert "limit-of-another-condition" not in codes(plan.warnings)


def test_limits_keep_the_order_of_the_patient_file():
    names = ["red-marrow-ad-2", own("mine", "liver", "BED", 30.0), "kidneys-ad-23"]
    assert [flag.limit for flag in planned(limits=names).flags] == [
        "red-marrow-ad-2",
        "mine",
        "kidneys-ad-23",
    ]


def test_custom_limit_is_flagged_as_written():
    (flag,) = planned(limits=[own("liver-own", "liver", "absorbed dose", 6.0)]).flags
    assert (flag.limit, flag.region, flag.quantity) == ("liver-own", "liver", "absorbed dose")
    assert (flag.limit_value.value, flag.source) == (6.0, "protocol of the clinic")
    assert flag.value.value == pytest.approx(29.6 * 0.299)  # label, Gy/GBq
    assert flag.severity == "exceeds"


def test_custom_limit_has_only_its_own_condition():
    given = own("liver-own", "liver", "absorbed dose", 6.0)
    (limit,), _ = patient_limits(patient(limits=[given]))
    source = "protocol of the clinic"
    assert limit == Limit("liver-own", "liver", "absorbed dose", 6.0, "own", source)


def test_empty_list_of_limits_gives_no_flags():
    assert planned(limits=[]).flags == ()


def test_the_limits_of_a_patient_carry_their_source():
    limits, warnings = patient_limits(patient(risks=["diabetes"]))
    assert all(limit.source for limit in limits)
    assert warnings == []


# --- severity -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("probability", "expected"),  # defaults.csv: caution above 0.05, exceeds above 0.5
    [
        (0.0, "within"),
        (0.05, "within"),
        (math.nextafter(0.05, 1), "caution"),
        (0.5, "caution"),
        (math.nextafter(0.5, 1), "exceeds"),
        (1.0, "exceeds"),
    ],
)
def test_severity_changes_above_0_05_and_above_0_5(probability, expected):
    assert severity(probability) == expected


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(st.floats(0.5, 12.0), st.floats(1.0, 2.0))
def test_severity_never_falls_with_activity(activity, factor):
    less = planned(regimen=regimen(activity, 4)).flags
    more = planned(regimen=regimen(activity * factor, 4)).flags
    for one, other in zip(less, more, strict=True):
        assert SEVERITIES.index(one.severity) <= SEVERITIES.index(other.severity)
        assert one.probability <= other.probability
        # but for the rounding of activities that differ in the last digit
        assert one.margin_activity.value >= other.margin_activity.value * (1.0 - 1e-12)


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(st.floats(1.0, 60.0), st.floats(1.0, 60.0))
def test_lower_limit_is_never_less_likely_exceeded(one, other):
    low, high = sorted((one, other))
    limits = [own(f"{q}-{name}", "kidneys", q, value) for q in ("absorbed dose", "BED")
              for name, value in (("low", low), ("high", high))]  # fmt: skip
    flags = planned(limits=limits).flags
    for lower, higher in ((flags[0], flags[1]), (flags[2], flags[3])):
        assert lower.probability >= higher.probability
        assert lower.margin.value <= higher.margin.value
        assert lower.margin_activity.value <= higher.margin_activity.value


def test_dose_exactly_at_the_limit_does_not_exceed():
    plan = planned(
        regimen="netter-1-control", prior_doses=earlier(23, 25), limits=["kidneys-ad-23"]
    )
    (flag,) = plan.flags
    assert (flag.probability, flag.severity, flag.margin.value) == (0.0, "within", 0.0)


# --- what is not assessed -----------------------------------------------------------------------


def test_a_limit_on_a_region_without_dose_is_not_assessed():
    # another agent, red marrow not measured
    flag = flag_of(planned(cycle(washout("kidneys", 6000.0)), agent=PSMA), "red-marrow-ad-2")
    assert flag.severity == "not-assessed"
    assert flag.limit_value.value == 2.0
    assert (flag.region, flag.quantity) == ("red_marrow", "absorbed dose")
    assert flag.source == flag_of(planned(), "red-marrow-ad-2").source
    empty = (flag.probability, flag.value, flag.margin, flag.margin_activity, flag.first_cycle)
    assert empty == (None,) * 5


def test_bed_limit_without_a_half_life_is_not_assessed():
    # red marrow has no row in effective_half_lives_lu177_dotatate.csv
    (flag,) = planned(limits=[own("marrow", "red_marrow", "BED", 2.0)]).flags
    assert flag.severity == "not-assessed"


def test_strategy_names_the_limits_not_assessed():
    # one line for each, none for a fixed course, which looks at no limit
    flags = planned(cycle(washout("kidneys", 6000.0)), agent=PSMA).flags
    (warning,) = unassessed_warnings(flags, "to-limit")
    assert (warning.code, warning.place) == ("limit-not-assessed", "therapy.limits")
    assert "red-marrow-ad-2" in warning.message
    assert unassessed_warnings(flags, "fixed") == []


def test_not_assessed_is_less_than_every_severity():
    plan = planned(cycle(washout("kidneys", 6000.0)), agent=PSMA)
    assert "red-marrow-ad-2" not in {flag.limit for flag in plan.flags.at_least("within")}


# --- earlier radiation, first cycle -------------------------------------------------------------


def test_previous_radiation_counts_into_dose_and_bed():
    without, with_it = planned(), planned(prior_doses=earlier(6, 6.8))
    for limit, shift in (("kidneys-ad-23", 6.0), ("kidneys-bed-40", 6.8)):
        one, other = flag_of(without, limit), flag_of(with_it, limit)
        assert other.value.value == pytest.approx(one.value.value + shift)
        assert other.margin.value == pytest.approx(one.margin.value - shift)
        assert other.probability > one.probability
    assert flag_of(with_it, "red-marrow-ad-2") == flag_of(without, "red-marrow-ad-2")


@pytest.mark.parametrize("limit", [8.0, 12.0, 16.0, 23.0, 30.0])
def test_first_cycle_is_the_first_with_the_final_severity(limit):
    limits = [own("kidneys-own", "kidneys", "absorbed dose", limit)]
    by_cycles = [planned(regimen=regimen(7.4, n), limits=limits).flags[0] for n in range(1, 5)]
    found = by_cycles[-1]
    same = [n for n, flag in enumerate(by_cycles, 1) if flag.severity == found.severity]
    assert found.severity != "within"
    assert found.first_cycle == same[0]


def test_within_has_no_first_cycle():
    (flag,) = planned(limits=[own("kidneys-own", "kidneys", "absorbed dose", 100.0)]).flags
    assert (flag.severity, flag.first_cycle) == ("within", None)


def test_limit_exceeded_before_cycle_1_has_first_cycle_1():
    flag = flag_of(planned(prior_doses=earlier(24, 26)), "kidneys-ad-23")
    assert (flag.severity, flag.probability, flag.first_cycle) == ("exceeds", 1.0, 1)


# --- margins ------------------------------------------------------------------------------------


def test_margin_is_limit_minus_mean():
    for flag in planned().flags:
        expected = flag.limit_value.value - flag.value.value
        assert flag.margin.value == pytest.approx(expected, rel=1e-12)
        assert (flag.value.unit, flag.margin.unit) == ("Gy", "Gy")


MARGINS = [  # coefficient, limit, risk factors, is the margin above one cycle's 7.4 GBq
    (0.62, "kidneys-ad-23", [], False),
    (0.35, "kidneys-ad-23", [], True),
    (0.66, "kidneys-bed-28", ["diabetes"], False),
    (0.95, "kidneys-bed-40", [], False),
]


@pytest.mark.parametrize(("coefficient", "limit", "risks", "above"), MARGINS)
def test_activity_left_is_the_largest_that_keeps_the_risk(coefficient, limit, risks, above):
    cycles = delivered([coefficient] * 4)
    margin = flag_of(planned(*cycles, risks=risks), limit).margin_activity
    assert margin.unit == "GBq"
    assert (margin.value > 7.4) is above
    for factor, kept in ((1 - 1e-6, True), (1 + 1e-6, False)):
        # full cycles first, delivered without a measurement; the rest is the one to come
        whole, rest = divmod(margin.value * factor, 7.4)
        given = delivered([coefficient] * 4 + [None] * int(whole))
        again = planned(*given, risks=risks, regimen=regimen(rest, len(given) + 1))
        flag = flag_of(again, limit)
        assert len(again.cycles) == 5 + whole
        assert (flag.probability <= 0.05) is kept
        assert (flag.severity == "within") is kept


def test_likely_exceeded_limit_has_no_activity_left():
    flag = flag_of(planned(), "kidneys-ad-23")
    assert (flag.severity, flag.margin_activity.value) == ("caution", 0.0)


def test_twelve_cycles_allow_no_further_cycle():
    plan = planned(regimen=regimen(1.0, 12), limits=["kidneys-ad-23"])
    assert plan.flags[0].margin_activity is None
