"""Label and dosimetry limits together: the lower activity is given, with its reason."""

import itertools

import pytest
from labelled_course import DUE, FIRST, SECOND, date, draw, given, planned

LOW = draw(84, platelets="60 1e9/L")
REDUCED = [draw(-2), LOW, draw(110)]
WITHHELD = [draw(-2), LOW]
TIGHT = [{"id": "own", "region": "kidneys", "quantity": "absorbed dose", "limit": "20 Gy",
          "source": "a test"}]  # fmt: skip


def doses(coefficient="0.6 Gy/GBq"):
    return [
        {**one, "dose_coefficients": {"kidneys": {"value": coefficient, "sd": "5 %"}}}
        for one in given(0, SECOND)
    ]


def to_come(plan):
    return [
        (c.activity and round(c.activity.value, 3), c.status, c.decided_by) for c in plan.cycles[2:]
    ]


def test_fixed_gives_the_label_dose_and_flags_limits():
    plan = planned(doses("1.0 Gy/GBq"), REDUCED, limits=TIGHT)
    assert to_come(plan) == [(3.7, "planned", "label"), (7.4, "planned", "regimen")]
    assert plan.flags[0].severity == "exceeds"
    assert plan.decision.reason == (
        "Cycle 3: 3.7 GBq (label). Cycle 4: 7.4 GBq (regimen). Limits do not change the activity."
    )


def test_adjusted_gives_the_rest_to_the_unreduced_cycle():
    plan = planned(doses("0.72 Gy/GBq"), REDUCED, strategy="adjusted", limits=TIGHT)
    (first, _, by_label), (second, _, by_limit) = to_come(plan)
    assert (first, by_label, by_limit) == (3.7, "label", "own")
    assert 3.7 < second < 7.4
    assert plan.flags[0].probability == pytest.approx(0.05, abs=0.002)
    assert plan.decision.limit == "own"


def test_adjusted_keeps_below_the_label_where_a_limit_is_nearer():
    plan = planned(doses("0.85 Gy/GBq"), REDUCED, strategy="adjusted", limits=TIGHT)
    (first, _, by), (second, _, _) = to_come(plan)
    assert first == second < 3.7
    assert by == "own"


def test_adjusted_names_the_label_where_no_limit_is_near():
    plan = planned(doses("0.1 Gy/GBq"), REDUCED, strategy="adjusted", limits=TIGHT)
    assert to_come(plan) == [(3.7, "planned", "label"), (7.4, "planned", "regimen")]


def test_to_limit_counts_the_reduced_dose_and_continues():
    plan = planned(doses(), REDUCED, strategy="to-limit", limits=TIGHT)
    found = to_come(plan)
    assert found[0] == (3.7, "planned", "label")
    assert found[1] == (7.4, "planned", "regimen") or found[1][1] == "stopped"
    given_cycles = [c for c in plan.cycles if c.activity]
    assert given_cycles[-1].status == "planned"
    far = planned(doses("0.2 Gy/GBq"), REDUCED, strategy="to-limit", limits=TIGHT)
    assert [a for a, _, _ in to_come(far)][:3] == [3.7, 7.4, 7.4]


@pytest.mark.parametrize("strategy", ["fixed", "to-limit", "adjusted"])
def test_no_strategy_gives_a_dose_that_the_label_withholds(strategy):
    plan = planned(doses("0.1 Gy/GBq"), WITHHELD, strategy=strategy, limits=TIGHT)
    assert to_come(plan) == [(None, "withheld", "label")] * 2
    assert all(cycle.reason for cycle in plan.cycles[2:])
    assert plan.cumulative[0].absorbed_dose.value == pytest.approx(1.48, rel=0.02)  # 2 x 7.4 x 0.1


@pytest.mark.parametrize("strategy", ["fixed", "to-limit", "adjusted"])
def test_no_strategy_gives_a_dose_after_a_stop(strategy):
    labs = [*WITHHELD, draw(169, platelets="60 1e9/L")]
    plan = planned(doses(), labs, strategy=strategy)
    assert to_come(plan) == [(None, "stopped", "label")] * 2


@pytest.mark.parametrize("activity", ["5.55 GBq", "3 GBq", "9 GBq"])
def test_reduced_dose_never_exceeds_the_regimen(activity):
    own = {"activity": activity, "cycles": 4, "interval": "8 week"}
    plan = planned(given(0, SECOND), REDUCED, regimen=own)
    full = float(activity.split()[0])
    assert [a for a, _, _ in to_come(plan)] == [min(3.7, full), full]


def test_omitted_cycle_differs_from_a_withheld_cycle():
    plan = planned(given(0, SECOND), REDUCED, options={"without_cycles": [3]})
    assert to_come(plan) == [(None, "withheld", "request"), (3.7, "planned", "label")]
    assert plan.cycles[3].at == date(DUE + 56)  # day 168: 16 weeks after the second dose
    assert "cycle 3 left out on request" in plan.assumptions
    assert not any("label: " in line for line in plan.assumptions)


def test_two_omitted_cycles_exceed_sixteen_weeks():
    plan = planned(given(0), [draw(-2), draw(28)], options={"without_cycles": [2, 3]})
    assert [c.status for c in plan.cycles] == ["delivered", "withheld", "withheld", "stopped"]
    assert "16 weeks" in plan.cycles[3].reason


def test_no_cycle_is_planned_before_the_latest_observation():
    plan = planned([], [draw(-2), draw(30)], start=date(0))
    assert [c.at for c in plan.cycles] == [date(30 + 56 * i) for i in range(4)]
    assert f"moved from {FIRST} to {date(30)}" in plan.cycles[0].reason
    gaps = [int(b.at[:4]) - int(a.at[:4]) for a, b in itertools.pairwise(plan.cycles)]
    assert max(gaps) <= 1


def test_renal_dose_flags_are_shown_beside_laboratory_values():
    labs = [draw(-2), draw(84, creatinine="130 umol/L")]
    plan = planned(doses("1.0 Gy/GBq"), labs, limits=TIGHT)
    assert plan.flags[0].region == "kidneys"
    assert plan.label.transitions[-1].rule == "renal_toxicity"
    # 95.8 mL/min x 80/130, down by 38 %
    assert plan.renal_function[-1].creatinine_clearance.value == pytest.approx(58.9, abs=0.1)
    assert plan.renal_function[-1].change == pytest.approx(80 / 130 - 1)


def test_context_has_the_label_s_laboratory_abnormalities():
    # US label, laboratory abnormalities of NETTER-1: all grades and grade 3 or 4
    plan = planned(given(0), [])
    assert {rate.quantity: rate.value for rate in plan.context} == {
        "platelets decreased, all grades": 53.0,
        "platelets decreased, grade 3 or 4": 1.0,
        "neutrophils decreased, all grades": 26.0,
        "neutrophils decreased, grade 3 or 4": 3.0,
        "haemoglobin decreased, all grades": 81.0,
        "haemoglobin decreased, grade 3 or 4": 0.0,
    }
    assert "decreased" not in str(plan.flags)
