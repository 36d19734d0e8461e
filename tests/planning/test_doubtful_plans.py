"""Plans state what makes them less certain than they look."""

import pytest
from sample_patients import codes, cycle, planned, washout

import dosimetry
from dosimetry.patient.patient import Patient
from dosimetry.problems import InputError

pytestmark = pytest.mark.slow  # whole plans and pages

PSMA = "177Lu-PSMA-617"


def course(*cycles, agent="177Lu-DOTATATE", **therapy):
    return Patient.from_dict(
        {
            "patient": {"id": "D-1", "sex": "male"},
            "therapy": {"radiopharmaceutical": agent, "regimen": "netter-1", **therapy},
            "cycles": list(cycles),
        }
    )


def test_an_organ_that_only_the_remainder_irradiates_is_named():
    # the lungs take up no more than average tissue; the spleen does: its dose is a lower bound
    plan = planned(cycle(washout("kidneys", 5e3), washout("total_body", 8e4)))
    (warning,) = [w for w in plan.warnings if w.code == "remainder-only"]
    assert "lungs" in warning.message
    assert "kidneys" not in warning.message
    assert "spleen" not in warning.message
    partial = {w.place for w in plan.warnings if w.code == "partial-dose"}
    assert "cycles[0] spleen" in partial
    assert "cycles[0] kidneys" not in partial


def test_no_organ_uses_the_remainder_without_a_body_scan():
    assert "remainder-only" not in codes(planned(cycle(washout("kidneys", 5e3))).warnings)


@pytest.mark.parametrize("prepared_at", ["2025-01-12T09:00:00Z", "2025-12-12T09:00:00Z"])
def test_a_vial_measured_weeks_before_the_injection_is_refused(prepared_at):
    given = {"prepared": "7.4 GBq", "prepared_at": prepared_at}
    with pytest.raises(InputError) as caught:
        course({"administered": given, "at": "2026-01-12T10:00:00Z"})
    (problem,) = caught.value.problems
    assert problem.code == "times-too-far-apart"
    assert problem.place == "cycles[0].administered.prepared_at"
    assert "check the dates" in problem.cure


@pytest.mark.parametrize("strategy", ["to-limit", "adjusted"])
@pytest.mark.parametrize("therapy", [{"agent": PSMA}, {"limits": []}], ids=["unknown", "none"])
def test_unassessed_limits_keep_strategies_at_the_regimen(strategy, therapy):
    plan = dosimetry.plan(course(**therapy), strategy)
    assert [c.activity.value for c in plan.cycles] == [7.4] * 4
    assert any(
        words in plan.decision.reason
        for words in ("Not assessed: kidneys", "No limit was given to assess")
    )


def test_a_marrow_ratio_of_another_agent_draws_a_warning():
    blood = [
        {"time": "1 h", "concentration": "300 kBq/mL"},
        {"time": "24 h", "concentration": "10 kBq/mL"},
    ]
    one = {"administered": "7.4 GBq", "at": "2026-01-12", "blood": blood}
    assert "marrow-ratio-of-another-agent" in codes(
        dosimetry.plan(course(one, agent=PSMA)).warnings
    )
    assert "marrow-ratio-of-another-agent" not in codes(dosimetry.plan(course(one)).warnings)


def test_changed_regimen_loses_its_name():
    plan = dosimetry.plan(course(), activity="6 GBq", interval="10 week")
    assert plan.therapy.regimen == "netter-1, changed"
    assert any("not 7.4 GBq" in line for line in plan.assumptions)


@pytest.mark.parametrize(
    ("strategy", "unused"),
    [("fixed", ["max_activity", "min_activity"]), ("to-limit", ["min_activity"]), ("adjusted", [])],
)
def test_unused_option_of_a_strategy_is_named(strategy, unused):
    plan = dosimetry.plan(course(), strategy, max_activity="9 GBq", min_activity="1 GBq")
    assert [w.place for w in plan.warnings if w.code == "option-not-used"] == unused


def test_measured_slow_clearance_replaces_the_population():
    # cycle 1: only physical decay, 159.5 h; one scan in cycle 2 must not fall back to 51 h.
    # Of the prior's variance of ln T, 0.198^2, cycles differ by 0.1^2: 73 % of ln(159.5/51) last
    slow = cycle(washout("kidneys", 5e3, half_life=170.0))
    later = {**cycle(washout("kidneys", 5e3, times=(72.0,))), "at": "2026-03-09"}
    plan = planned(slow, later)
    (curve,) = [c for c in plan.curves if c.cycle == 2]
    lasting = 1.0 - (0.1 / 0.194) ** 2
    assert curve.effective_half_life.value == pytest.approx(51 * (159.5 / 51) ** lasting, rel=0.03)
