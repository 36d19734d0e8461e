"""Cycles on a calendar: delivered and planned cycles, and warnings about unusual ones."""

import datetime as dt

import pytest
from recalculated_plan import HALF_LIFE
from sample_patients import codes, cycle, example, patient, planned, regimen

import dosimetry
from dosimetry.planning import schedule
from dosimetry.problems import InputError
from dosimetry.reference.label import full_activity

LIVER = {"liver": "0.3 Gy/GBq"}
START = "2026-01-12"


def delivered(*dates, activity="7.4 GBq"):
    return [cycle(at=at, administered=activity, dose_coefficients=LIVER) for at in dates]


def calendar(plan):
    return [(c.number, c.status, c.at, c.activity.value) for c in plan.cycles]


def weeks_after(date, weeks):
    return (dt.date.fromisoformat(date) + dt.timedelta(weeks=weeks)).isoformat()


# --- dates --------------------------------------------------------------------------------------


def test_netter1_has_four_cycles_every_eight_weeks():
    # Strosberg 2017; regimens.csv
    assert calendar(planned(start=START)) == [
        (1, "planned", "2026-01-12", 7.4),
        (2, "planned", "2026-03-09", 7.4),
        (3, "planned", "2026-05-04", 7.4),
        (4, "planned", "2026-06-29", 7.4),
    ]


def test_without_a_start_planned_cycles_have_no_date():
    assert [c.at for c in planned().cycles] == [None] * 4


def test_planned_cycles_follow_the_last_delivered_cycle():
    plan = planned(*delivered("2026-01-12", "2026-03-23"))
    assert [c.status for c in plan.cycles] == ["delivered", "delivered", "planned", "planned"]
    assert [c.at for c in plan.cycles[2:]] == [weeks_after("2026-03-23", w) for w in (8, 16)]


def test_delivered_cycle_has_a_time_and_planned_cycle_a_date():
    plan = planned(*delivered("2026-01-12T23:30:00+01:00"))
    assert plan.cycles[0].at == "2026-01-12T23:30:00+01:00"
    assert plan.cycles[1].at == "2026-03-09"


def test_the_start_may_be_the_date_of_the_first_delivered_cycle():
    one, other = planned(*delivered(START), start=START), planned(*delivered(START))
    assert calendar(one) == calendar(other)


def test_custom_regimen_has_its_own_activity_and_interval():
    plan = planned(regimen=regimen(5.5, 3, "10 week"), start=START)
    assert calendar(plan) == [(i + 1, "planned", weeks_after(START, 10 * i), 5.5) for i in range(3)]
    assert (plan.therapy.regimen, plan.therapy.description) == (
        "own",
        "5.5 GBq x 3, every 10 weeks",
    )


def test_dates_cross_a_leap_day():
    plan = planned(start="2028-02-01")
    assert plan.cycles[1].at == "2028-03-28"  # 2028-02-01 + 28 d is 29 February


# --- activity -----------------------------------------------------------------------------------


def test_net_activity_is_prepared_minus_residual_at_injection():
    # examples/two_cycles.yaml: 7.42 GBq two hours before, 55 MBq one and a half hours after
    net = 7420 * 2 ** (-2.0 / HALF_LIFE) - 55 * 2 ** (1.5 / HALF_LIFE)
    plan = planned(
        cycle(
            administered={
                "prepared": "7.42 GBq",
                "prepared_at": "2026-01-12T07:30:00+01:00",
                "residual": "55 MBq",
                "residual_at": "2026-01-12T10:00:00Z",  # 11:00 in the zone of the others
            },
            at="2026-01-12T09:30:00+01:00",
            dose_coefficients=LIVER,
        )
    )
    assert plan.cycles[0].activity.value == pytest.approx(net / 1000, rel=1e-12)
    first = dosimetry.plan(example("two_cycles")).cycles[0]
    assert first.activity.value == pytest.approx(net / 1000, rel=1e-12)


def test_prepared_and_residual_without_times_are_at_injection():
    given = {"prepared": "7.42 GBq", "residual": "20 MBq"}
    plan = planned(cycle(administered=given, dose_coefficients=LIVER))
    assert plan.cycles[0].activity.value == pytest.approx(7.4, rel=1e-12)


def test_residual_as_large_as_prepared_is_refused():
    with pytest.raises(InputError) as caught:
        patient(cycle(administered={"prepared": "60 MBq", "residual": "60 MBq"}))
    assert codes(caught.value.problems) == ["nothing-administered"]


# --- how many -----------------------------------------------------------------------------------


def test_completed_course_has_no_planned_cycle():
    dates = [weeks_after(START, 8 * i) for i in range(4)]
    plan = planned(*delivered(*dates))
    assert {c.status for c in plan.cycles} == {"delivered"}
    assert "more-cycles-than-regimen" not in codes(plan.warnings)


def test_more_cycles_than_the_regimen_has_draw_a_warning():
    dates = [weeks_after(START, 8 * i) for i in range(5)]
    plan = planned(*delivered(*dates))
    assert len(plan.cycles) == 5
    assert "more-cycles-than-regimen" in codes(plan.warnings)


def test_a_course_has_at_most_twelve_cycles():
    dates = [weeks_after(START, 8 * i) for i in range(13)]
    assert len(planned(*delivered(*dates[:12])).cycles) == 12
    with pytest.raises(InputError) as caught:
        planned(*delivered(*dates))
    assert codes(caught.value.problems) == ["too-many-cycles"]


# --- the control arm ----------------------------------------------------------------------------


def test_control_arm_gives_no_dose_and_reports_it():
    # Strosberg 2017: octreotide LAR 60 mg alone
    plan = planned(regimen="netter-1-control", start=START)
    assert plan.cycles == ()
    for entry in plan.cumulative:
        found = [entry.absorbed_dose, *filter(None, (entry.bed, entry.eqd2))]
        assert {(d.value, d.sd, d.p5, d.p95) for d in found} == {(0.0, 0.0, 0.0, 0.0)}
    assert {(f.severity, f.probability) for f in plan.flags} == {("within", 0.0)}
    assert "no 177Lu" in plan.therapy.description
    said = "regimen netter-1-control gives no radiopharmaceutical, so no cycle is to come"
    assert said in plan.assumptions


def test_control_arm_counts_a_delivered_cycle():
    plan = planned(*delivered(START), regimen="netter-1-control")
    assert [(c.status, c.activity.value) for c in plan.cycles] == [("delivered", 7.4)]


def test_the_control_arm_s_margin_is_in_cycles_of_netter_1():
    assert schedule.programme(patient(regimen="netter-1-control")).activity is None
    assert full_activity() == 7.4  # GBq, Strosberg 2017


# --- what is unusual ----------------------------------------------------------------------------


@pytest.mark.parametrize(("interval", "short"), [("41 day", True), ("6 week", False)])
def test_an_interval_under_six_weeks_draws_a_warning(interval, short):
    # row shortest_interval of defaults.csv
    plan = planned(regimen=regimen(7.4, 4, interval), start=START)
    assert [w.place for w in plan.warnings if w.code == "interval-short"] == (
        ["therapy.regimen"] if short else []
    )


def test_interval_between_delivered_cycles_is_checked():
    plan = planned(*delivered("2026-01-12", "2026-02-22", "2026-04-12"))
    assert [w.place for w in plan.warnings if w.code == "interval-short"] == ["cycles[1].at"]


@pytest.mark.parametrize(
    ("activity", "code"),  # GBq; defaults.csv: above 7.4 GBq + 10 %, below 0.37 GBq
    [(8.14, None), (8.15, "activity-high"), (0.37, None), (0.36, "activity-low")],
)
def test_an_activity_far_from_the_label_draws_a_warning(activity, code):
    to_come = planned(regimen=regimen(activity, 2))
    done = planned(*delivered(START, activity=f"{activity} GBq"))
    for plan, place in ((to_come, "therapy.regimen"), (done, "cycles[0]")):
        found = [(w.code, w.place) for w in plan.warnings if w.code.startswith("activity-")]
        assert found == ([(code, place)] if code else [])


def test_usual_course_draws_no_calendar_warning():
    found = codes(planned(start=START).warnings)
    assert not {"interval-short", "activity-high", "activity-low"} & set(found)
