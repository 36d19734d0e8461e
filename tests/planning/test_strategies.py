"""Strategies: the activity given is neither too high nor too low.

Each choice is checked by planning it again with the ``fixed`` strategy and a regimen written out.
"""

import functools
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_patients import PSMA, codes, cycle, example, flag_of, patient, regimen, washout

import dosimetry
from dosimetry import InputError
from dosimetry.course.regions import course_doses
from dosimetry.cycle.delivered import delivered_cycles
from dosimetry.cycle.dose import delivered_doses
from dosimetry.label.slots import Slot
from dosimetry.planning.schedule import Programme
from dosimetry.planning.strategy import Bounds, decide
from dosimetry.reference.limits import Limit

pytestmark = pytest.mark.slow  # whole plans and pages

FULL, LANDING = 7.4, 0.002  # GBq; the probability meets the risk within 0.002
LARGE = "200 GBq"  # a cap that no limit is beyond
RISKS = (0.02, 0.05, 0.2, 0.5)
EXAMPLES = ("nothing_measured", "snmmi_patient4", "two_cycles")
PASSED = {"kidneys": {"absorbed_dose": "30 Gy", "bed": "35 Gy", "source": "a test"}}
KIDNEYS = washout("kidneys", 6000.0)


def own_limit(region, gray, quantity="absorbed dose"):
    bound = {"limit": f"{gray!r} Gy", "source": "a test"}
    return {"id": "own", "region": region, "quantity": quantity, **bound}


def planned(strategy, risk=0.05, cycles=(), options=None, **named):
    """Return a plan with every limit bound at the risk; what binds is test_population_binding's."""
    asked = {"bind": "all", **(options or {})}
    return dosimetry.plan(patient(*cycles, **named), strategy, risk, **asked)


def to_come(made):
    return [cycle for cycle in made.cycles if cycle.status != "delivered"]


def given_activities(made):
    return [cycle.activity.value for cycle in to_come(made) if cycle.activity is not None]


def highest_probability(made):
    return max(flag.probability for flag in made.flags if flag.probability is not None)


def refused(**named):
    with pytest.raises(InputError) as caught:
        planned(**named)
    return [(problem.code, problem.place) for problem in caught.value.problems]


# --- adjusted: as much as the risk allows -------------------------------------------------------


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_adjusted_meets_the_risk(name, risk):
    made = dosimetry.plan(example(name), "adjusted", risk, max_activity=LARGE, bind="all")
    assert given_activities(made)
    assert risk - LANDING <= highest_probability(made) <= risk


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_adjusted_meets_the_risk_and_stays_below_the_regimen(name, risk):
    made = dosimetry.plan(example(name), "adjusted", risk, bind="all")
    (activity,) = set(given_activities(made))
    assert activity <= FULL
    assert highest_probability(made) <= risk
    if activity < FULL:
        assert highest_probability(made) >= risk - LANDING


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize(
    ("quantity", "gray"), [("absorbed dose", 30.0), ("biologically effective dose", 30.0)]
)
def test_adjusted_meets_the_risk_of_a_measured_organ(quantity, gray, risk):
    limits = [own_limit("kidneys", gray, quantity=quantity)]
    cycles = [cycle(KIDNEYS, systematic_uncertainty="5 %")]
    made = planned("adjusted", risk, cycles, {"max_activity": LARGE}, limits=limits)
    assert risk - LANDING <= made.flags[0].probability <= risk


def test_adjusted_equals_a_fixed_regimen_of_its_activity():
    made = planned("adjusted")
    again = planned("fixed", regimen=regimen(given_activities(made)[0], 4))
    for one, other in zip(made.flags, again.flags, strict=True):
        assert one.probability == pytest.approx(other.probability, abs=1e-9)
    over = planned("fixed", regimen=regimen(given_activities(made)[0] * 1.001, 4))
    assert highest_probability(over) > 0.05


@pytest.mark.parametrize("cap", [3.0, 5.0, 30.0])
def test_adjusted_stays_below_the_highest_activity(cap):
    free = given_activities(planned("adjusted", options={"max_activity": LARGE}))[0]
    made = planned("adjusted", options={"max_activity": f"{cap!r} GBq"})
    assert given_activities(made) == [pytest.approx(min(cap, free))] * 4
    assert (made.decision.limit is None) is (cap < free)


def test_adjusted_drops_cycles_below_the_least_activity():
    made = planned("adjusted", options={"min_activity": "6 GBq"})
    assert len(given_activities(planned("adjusted"))) == 4  # of 4.9 GBq
    assert [cycle.status for cycle in made.cycles] == ["planned"] * 3 + ["stopped"]
    assert min(given_activities(made)) >= 6.0
    assert 0.05 - LANDING <= highest_probability(made) <= 0.05


# --- to-limit: one more cycle for as long as it keeps within the risk ---------------------------

COURSES = {
    "nothing measured": {},
    "kidneys with risk factor": {"risks": ["diabetes"], "limits": ["kidneys-bed"]},
    "kidneys measured": {
        "cycles": [cycle(washout("kidneys", 12_000.0))],
        "limits": ["kidneys-ad-23", "kidneys-bed"],
    },
    "earlier radiation": {
        "prior_doses": {"kidneys": {"absorbed_dose": "8 Gy", "bed": "9 Gy", "source": "a test"}}
    },
    "marrow alone": {"limits": ["red-marrow-ad-2"]},
}


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES)
def test_to_limit_gives_a_cycle_only_if_it_keeps_the_risk(course, risk):
    made = planned("to-limit", risk, options={"max_cycles": 12}, **course)
    count = len([cycle for cycle in made.cycles if cycle.activity is not None])
    if count:
        as_made = planned("fixed", risk, regimen=regimen(FULL, count), **course)
        assert highest_probability(as_made) <= risk
    assert count < 12
    one_more = planned("fixed", risk, regimen=regimen(FULL, count + 1), **course)
    assert highest_probability(one_more) > risk
    assert (made.decision.cycle, made.decision.probability) == (
        count + 1,
        pytest.approx(highest_probability(one_more)),
    )
    assert flag_of(one_more, made.decision.limit).probability == highest_probability(one_more)


@pytest.mark.parametrize("most", [1, 3, 8, 12])
def test_to_limit_stays_below_the_largest_number_of_cycles(most):
    made = planned("to-limit", options={"max_cycles": most}, limits=[own_limit("kidneys", 500.0)])
    assert given_activities(made) == [FULL] * most
    assert made.decision.limit is None
    assert f"maximum number of cycles, {most}" in made.decision.reason


def test_to_limit_counts_delivered_cycles():
    made = planned("to-limit", cycles=[cycle(KIDNEYS)], options={"max_cycles": 1})
    assert [cycle.status for cycle in made.cycles] == ["delivered"]
    assert "All cycles of the regimen have been delivered." in made.decision.reason


@pytest.mark.parametrize("cap", [5.0, 9.0])
def test_to_limit_stays_below_the_highest_activity(cap):
    limits, options = [own_limit("kidneys", 500.0)], {"max_activity": f"{cap!r} GBq"}
    assert (
        given_activities(planned("to-limit", options=options, limits=limits))
        == [min(cap, FULL)] * 8
    )


# --- monotone -----------------------------------------------------------------------------------


@functools.cache
def known_doses(name):
    """Regions of an example with the delivered cycles, and how many were delivered."""
    found = example(name)
    delivered = delivered_doses(delivered_cycles(found))
    return course_doses(found, delivered).regions, len(delivered)


def activity_of(strategy, name, risk, gray, region="kidneys", lowest=None, highest=FULL, cycles=4):
    """GBq in the cycles to come with one limit on a region of an example."""
    regions, done = known_doses(name)
    chosen, _ = decide(
        strategy,
        Programme("own", "", PSMA, highest, cycles, 1344.0, ()),
        regions,
        [Limit("own", region, "absorbed dose", gray, "own", "a test")],
        [Slot(number, None, "planned", math.inf, None) for number in range(done + 1, 13)],
        Bounds(risk, highest, lowest, "all"),
    )
    return sum(cycle.activity or 0.0 for cycle in chosen)


strategy_names = st.sampled_from(["to-limit", "adjusted"])
examples = st.sampled_from(EXAMPLES)
risks = st.floats(0.001, 0.5)
limits_in_gray = st.floats(0.5, 80.0)


least_activities = st.one_of(st.none(), st.floats(0.4, FULL))


@pytest.mark.slow
@settings(deadline=None)
@given(strategy_names, examples, risks, risks, limits_in_gray, least_activities)
def test_more_risk_never_lowers_the_activity(strategy, name, one, other, gray, lowest):
    low, high = (activity_of(strategy, name, r, gray, lowest=lowest) for r in sorted([one, other]))
    assert low <= high * (1 + 1e-12)


@pytest.mark.slow
@settings(deadline=None)
@given(strategy_names, examples, risks, limits_in_gray, limits_in_gray, least_activities)
def test_lower_limit_never_raises_the_activity(strategy, name, risk, one, other, lowest):
    low, high = (activity_of(strategy, name, risk, g, lowest=lowest) for g in sorted([one, other]))
    assert low <= high * (1 + 1e-12)


def test_more_risk_never_lowers_activity_with_a_minimum():
    # at a risk of 0.4 one cycle may hold 18.54 GBq and two 18.30 GBq: both pass 9.148 GBq a cycle
    course = {"name": "nothing_measured", "gray": 0.6, "region": "red_marrow", "cycles": 2}
    bounds = {"lowest": 9.148, "highest": 40.0}
    sums = [activity_of("adjusted", risk=r, **course, **bounds) for r in (0.399, 0.4, 0.401)]
    assert sums == sorted(sums)


# --- what was delivered -------------------------------------------------------------------------

WHAT_IFS = {
    "fixed": {},
    "to-limit": {},
    "adjusted": {"max_activity": "9 GBq", "min_activity": "1 GBq"},
    "interval": {"interval": "10 week"},
    "activity": {"activity": "6 GBq"},
    "without": {"without_cycles": [3]},
}


@pytest.mark.parametrize("name", ["snmmi_patient4", "two_cycles"])
@pytest.mark.parametrize("what_if", WHAT_IFS)
def test_delivered_cycles_are_never_altered(name, what_if):
    strategy = what_if if what_if in ("to-limit", "adjusted") else "fixed"
    made = dosimetry.plan(example(name), strategy, **WHAT_IFS[what_if])
    usual = dosimetry.plan(example(name))
    one, other = (
        [c for c in json.loads(plan.to_json())["cycles"] if c["status"] == "delivered"]
        for plan in (made, usual)
    )
    assert one
    assert json.dumps(one) == json.dumps(other)
    assert made.curves == usual.curves


# --- what if ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what_if", "words"),
    [
        ("interval", "requested: interval of 10 weeks instead of 8 weeks"),
        ("activity", "requested: 6 GBq per cycle to come, not 7.4 GBq"),
        ("without", "cycle 3 left out on request"),
    ],
)
def test_a_what_if_is_an_assumption_of_the_plan(what_if, words):
    made = dosimetry.plan(example("snmmi_patient4"), **WHAT_IFS[what_if])
    assert words in made.assumptions
    assert not any("request" in line for line in planned("fixed").assumptions)


def test_another_interval_moves_only_planned_cycles():
    made = dosimetry.plan(example("snmmi_patient4"), interval="10 week")
    usual = dosimetry.plan(example("snmmi_patient4"))
    # from 2026-01-12 on, every seventy days
    assert [c.at for c in to_come(made)] == ["2026-03-23", "2026-06-01", "2026-08-10"]
    assert made.cumulative == usual.cumulative


@pytest.mark.parametrize("strategy", ["fixed", "to-limit", "adjusted"])
def test_another_activity_applies_to_planned_cycles(strategy):
    made = planned(strategy, options={"activity": "2 GBq"}, limits=[own_limit("kidneys", 500.0)])
    assert set(given_activities(made)) == {2.0}


def test_omitted_cycle_is_withheld_and_the_others_stay():
    made = dosimetry.plan(example("snmmi_patient4"), without_cycles=[3])
    usual = dosimetry.plan(example("snmmi_patient4"))
    assert [c.status for c in made.cycles] == ["delivered", "planned", "withheld", "planned"]
    assert [c.at for c in made.cycles] == [c.at for c in usual.cycles]
    assert made.cycles[3] == usual.cycles[3]
    fewer, usual_risk = (flag_of(one, "red-marrow-ad-2").probability for one in (made, usual))
    assert fewer < usual_risk


def test_omitted_cycle_leaves_its_activity_to_the_others():
    one = planned("adjusted", options={"without_cycles": [2], "max_activity": LARGE})
    assert [cycle.activity is None for cycle in one.cycles] == [False, True, False, False]
    assert 0.05 - LANDING <= highest_probability(one) <= 0.05


@pytest.mark.parametrize("number", [0, 1, 5, -1])
@pytest.mark.parametrize("strategy", ["fixed", "adjusted"])
def test_cycle_that_is_not_planned_cannot_be_omitted(strategy, number):
    found = refused(
        strategy=strategy, cycles=[cycle(KIDNEYS)], options={"without_cycles": [number]}
    )
    assert found == [("no-such-cycle", "without_cycle")]


# --- why, and why not ---------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["to-limit", "adjusted"])
def test_a_decision_names_limit_cycle_and_probability(strategy):
    made = dosimetry.plan(example("snmmi_patient4"), strategy, bind="all")
    decision = made.decision
    assert (decision.limit, decision.cycle) == ("red-marrow-ad-2", 4)
    assert "red-marrow-ad-2" in decision.reason
    if strategy == "to-limit":  # that of the cycle not given
        assert decision.probability > 0.05
        assert f"{100 * decision.probability:.1f} %" in decision.reason
    else:
        assert decision.probability == flag_of(made, "red-marrow-ad-2").probability


@pytest.mark.parametrize("strategy", ["to-limit", "adjusted"])
def test_strategy_without_a_possible_cycle_states_why(strategy):
    made = planned(strategy, prior_doses=PASSED)
    assert given_activities(made) == []
    assert [cycle.status for cycle in made.cycles] == ["stopped"] * 4
    assert made.decision.limit in ("kidneys-ad-23", "kidneys-bed-40")
    assert made.decision.limit in made.decision.reason
    assert made.decision.probability == 1.0


@pytest.mark.parametrize("strategy", ["to-limit", "adjusted"])
@pytest.mark.parametrize(
    ("options", "named"),
    [({}, {}), ({"without_cycles": [2]}, {}), ({}, {"prior_doses": PASSED})],
    ids=["usual", "one left out", "none possible"],
)
def test_cycle_not_given_has_a_reason_and_no_activity(strategy, options, named):
    made = planned(strategy, options=options, **named)
    for found in made.cycles:
        none = found.status in ("withheld", "stopped")
        assert (found.activity is None) is none
        assert bool(found.reason) is none
        assert (found.regions == ()) is none


def test_activity_below_the_minimum_is_not_given():
    made = planned("adjusted", options={"max_activity": "0.2 GBq"})
    assert given_activities(made) == []
    assert made.decision.limit is None
    assert "0.2 GBq" in made.decision.reason
    assert "None" not in made.decision.reason


def test_cycle_dropped_for_its_small_activity_is_named():
    # three cycles of 6.5 GBq are given; why the fourth is not: 4.9 GBq is less than 6
    made = planned("adjusted", options={"min_activity": "6 GBq"})
    assert "below the minimum of 6 GBq" in made.cycles[3].reason


def test_limit_without_data_warns_where_a_strategy_decides():
    named = {"cycles": [cycle(KIDNEYS)], "agent": PSMA}
    for strategy in ("to-limit", "adjusted"):
        made = planned(strategy, **named)
        (warning,) = [w for w in made.warnings if w.code == "limit-not-assessed"]
        assert "red-marrow-ad-2" in warning.message
    assert "limit-not-assessed" not in codes(planned("fixed", **named).warnings)


# --- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize("risk", [0.0, -0.1, 0.5000001, 1.0, 5.0, float("nan"), float("inf")])
@pytest.mark.parametrize("strategy", ["fixed", "to-limit", "adjusted"])
def test_a_risk_outside_0_to_one_half_is_refused(strategy, risk):
    assert refused(strategy=strategy, risk=risk) == [("risk-out-of-range", "risk")]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"max_cycles": 0}, "out-of-range"),
        ({"max_cycles": 13}, "out-of-range"),
        ({"interval": "10 h"}, "interval-not-in-days"),
        ({"interval": "-1 week"}, "not-positive"),
        ({"activity": "6"}, "no-unit"),
        ({"activity": "0 GBq"}, "not-positive"),
        ({"max_activity": "3 Gy"}, "wrong-dimension"),
        ({"min_activity": "7,4 GBq"}, "not-a-quantity"),
    ],
)
def test_impossible_option_is_refused_by_name(options, code):
    assert refused(strategy="adjusted", options=options) == [(code, *options)]
