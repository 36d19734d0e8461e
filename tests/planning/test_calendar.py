"""The calendar of a course: NETTER-1 date by date, windows around a dose, summer time."""

import datetime as dt
import itertools
import zoneinfo

import pytest
from labelled_course import BERLIN, NETTER, date, draw, event, given, planned
from sample_patients import patient

import dosimetry

# NETTER-1 from 2026-01-12, every 8 weeks; octreotide LAR after each dose and, after the last one,
# every 4 weeks up to 18 months after the start (docs/label.md).
DOSES = ["2026-01-12", "2026-03-09", "2026-05-04", "2026-06-29"]
MAINTENANCE = [
    *("2026-07-27", "2026-08-24", "2026-09-21", "2026-10-19", "2026-11-16", "2026-12-14"),
    *("2027-01-11", "2027-02-08", "2027-03-08", "2027-04-05", "2027-05-03", "2027-05-31"),
    "2027-06-28",  # the next one, 2027-07-26, is beyond 2027-07-12
]


def dates(plan, kind):
    return [event.at[:10] for event in plan.calendar if event.kind == kind]


def of_kind(plan, kind, cycle=1):
    return [event for event in plan.calendar if (event.kind, event.cycle) == (kind, cycle)]


def whole_course(**therapy):
    return dosimetry.plan(patient(start=DOSES[0], **therapy))


def test_a_full_netter_1_course_on_its_dates():
    plan = whole_course()
    assert dates(plan, "dose") == DOSES
    assert dates(plan, "octreotide") == [*DOSES, *MAINTENANCE]
    assert all(len(event.at) == 10 for event in plan.calendar)  # a date stays a date


def test_long_acting_analogues_stop_four_weeks_before_each_dose():
    # US label: not within 4 weeks before the first dose, nor before each subsequent one
    wanted = ["2025-12-15", "2026-02-09", "2026-04-06", "2026-06-01"]
    assert dates(whole_course(), "stop-long-acting") == wanted


def lar_before_doses(plan):
    """Return the pairs of a long-acting analogue's day and a dose's less than 4 weeks after it."""
    lar, doses = (
        [dt.date.fromisoformat(day) for day in dates(plan, kind)] for kind in ("octreotide", "dose")
    )
    return [(a, b) for a in lar for b in doses if dt.timedelta() < b - a <= dt.timedelta(weeks=4)]


LOW = draw(84, platelets="60 1e9/L")


@pytest.mark.parametrize(
    "plan",
    [
        whole_course,
        lambda: whole_course(regimen={"activity": "7.4 GBq", "cycles": 4, "interval": "4 week"}),
        lambda: whole_course(regimen={"activity": "7.4 GBq", "cycles": 4, "interval": "3 week"}),
        lambda: planned(given(0, 56), [draw(-2), LOW]),
        lambda: planned(given(0, 56), [draw(-2), LOW, draw(130)]),
        lambda: planned(given(0, 28), [draw(-2)]),
    ],
    ids=["8 weeks", "4 weeks", "3 weeks", "withheld", "reduced and moved", "delivered early"],
)
def test_no_long_acting_analogue_within_four_weeks_before_a_dose(plan):
    assert lar_before_doses(plan()) == []


def test_omitted_long_acting_analogue_is_reported():
    own = {"activity": "7.4 GBq", "cycles": 2, "interval": "4 week"}
    said = [e.what for e in whole_course(regimen=own).calendar if e.at == DOSES[0]]
    assert "no octreotide LAR after cycle 1: cycle 2 follows within 4 weeks" in said


def test_controls_are_listed_every_two_weeks_while_withheld():
    # every 2 weeks from the latest value, day 84, until 16 weeks after the last dose, day 168
    plan = planned(given(0, 56), [draw(-2), LOW])
    assert [e.at for e in of_kind(plan, "laboratory", 3)] == [
        date(day) for day in (98, 112, 126, 140, 154, 168)
    ]
    early = planned([], [draw(-2, platelets="60 1e9/L")], start=date(0))
    assert [e.at for e in of_kind(early, "laboratory", 1)] == [date(12)]


def test_premedication_is_listed_at_every_future_dose():
    # US label, warnings: premedicate after a hypersensitivity reaction of grade 1 or 2
    plan = planned(given(0), [draw(-2)], [event(0, "allergic reaction", 2)])
    assert dates(plan, "premedication") == DOSES[1:]


def test_short_acting_analogues_stop_a_day_before_each_dose():
    wanted = ["2026-01-11", "2026-03-08", "2026-05-03", "2026-06-28"]
    assert dates(whole_course(), "stop-short-acting") == wanted


def test_controls_are_before_and_2_and_4_weeks_after_each_dose():
    found = dates(whole_course(), "laboratory")
    first = dt.date(2026, 1, 12)
    for week in (2, 4):
        assert (first + dt.timedelta(weeks=week)).isoformat() in found
    before = [day for day in found if day < DOSES[0]]
    assert len(before) == 1
    assert len(found) == 3 * len(DOSES)


def at(plan, kind, cycle=1):
    (event,) = of_kind(plan, kind, cycle)
    begin = dt.datetime.fromisoformat(event.at)
    return begin, event.until and dt.datetime.fromisoformat(event.until)


@pytest.mark.parametrize("cycle", [1, 2, 3, 4])
def test_windows_around_a_dose_are_counted_in_hours(cycle):
    plan = whole_course(time_zone=BERLIN, infusion_time="09:30")
    dose, end = at(plan, "dose", cycle)
    assert (dose.hour, dose.minute) == (9, 30)
    assert end - dose == dt.timedelta(minutes=40)  # 30 to 40 min
    begin, until = at(plan, "amino-acids", cycle)
    assert dose - begin == dt.timedelta(minutes=30)
    assert until - end == dt.timedelta(hours=3)  # at least 3 h after it
    begin, until = at(plan, "octreotide", cycle)
    assert (begin - dose, until - dose) == (dt.timedelta(hours=4), dt.timedelta(hours=24))
    begin, _ = at(plan, "stop-short-acting", cycle)
    assert dose - begin == dt.timedelta(hours=24)


def test_doses_keep_their_time_of_day_in_summer():
    plan = whole_course(time_zone=BERLIN, infusion_time="09:30")
    offsets = [at(plan, "dose", cycle)[0].utcoffset() for cycle in (1, 2, 3, 4)]
    assert offsets == [dt.timedelta(hours=h) for h in (1, 1, 2, 2)]  # summer from 2026-03-29


def test_window_across_summer_time_keeps_its_hours():
    # The clocks go forward on 2026-03-29 at 02:00: 24 h after 09:30 it is 10:30.
    plan = dosimetry.plan(patient(start="2026-03-28", time_zone=BERLIN, infusion_time="09:30"))
    dose, _ = at(plan, "dose")
    _begin, until = at(plan, "octreotide")
    assert (until.hour, until.minute) == (10, 30)
    assert until.astimezone(dt.UTC) - dose.astimezone(dt.UTC) == dt.timedelta(hours=24)


def test_planned_dose_has_the_time_of_day_of_the_last_dose():
    zone = zoneinfo.ZoneInfo(BERLIN)
    doses = [{"administered": "7.4 GBq", "at": "2026-03-09T11:15:00+01:00"}]
    plan = planned(doses, [], time_zone=BERLIN)
    found = [at(plan, "dose", cycle)[0].astimezone(zone) for cycle in (1, 2)]
    assert [(t.hour, t.minute) for t in found] == [(11, 15)] * 2
    assert found[1].utcoffset() == dt.timedelta(hours=2)


def test_missing_zone_gives_a_time_to_delivered_doses_only():
    doses = [{"administered": "7.4 GBq", "at": "2026-03-09T11:15:00+01:00"}]
    plan = planned(doses, [])
    assert at(plan, "dose", 1)[0].isoformat() == "2026-03-09T11:15:00+01:00"
    (event,) = of_kind(plan, "dose", 2)
    assert event.at == "2026-05-04"


def test_control_arm_has_only_octreotide_every_four_weeks():
    plan = whole_course(regimen="netter-1-control")
    assert {event.kind for event in plan.calendar} == {"octreotide"}
    found = [dt.date.fromisoformat(event.at) for event in plan.calendar]
    assert found[0].isoformat() == DOSES[0]
    assert {(b - a).days for a, b in itertools.pairwise(found)} == {28}
    assert found[-1] <= dt.date(2027, 7, 12) < found[-1] + dt.timedelta(days=28)
    assert "60 mg" in plan.calendar[0].what


def test_withheld_cycle_shows_its_latest_date_and_no_dose():
    plan = planned(given(0, 56), [draw(-2), draw(84, platelets="60 1e9/L")])
    assert dates(plan, "dose") == DOSES[:2]
    assert dates(plan, "withheld") == DOSES[2:]
    assert dates(plan, "latest-dose") == [date(168)]
    # whether the second dose was the last one is open: no maintenance yet
    assert dates(plan, "octreotide") == DOSES[:2]


def test_stopped_course_continues_octreotide():
    labs = [draw(-2), draw(84, platelets="60 1e9/L"), draw(169, platelets="60 1e9/L")]
    plan = planned(given(0, 56), labs)
    assert dates(plan, "octreotide")[:4] == [*DOSES[:2], "2026-04-06", "2026-05-04"]


def test_other_agent_has_no_lutathera_companion_drugs():
    plan = whole_course(agent="177Lu-PSMA-617")
    assert {event.kind for event in plan.calendar} == {"dose", "laboratory", "scan"}


def test_scans_are_1_4_and_7_days_after_a_dose():
    scans = [event.at for event in of_kind(whole_course(), "scan")]
    assert scans == ["2026-01-13", "2026-01-16", "2026-01-19"]


def test_a_course_without_a_date_has_no_calendar():
    assert dosimetry.plan(patient()).calendar == ()


def test_every_entry_has_a_source():
    for entry in whole_course(time_zone=BERLIN, infusion_time="08:00").calendar:
        assert entry.source
        assert "Lutathera" in entry.source or "assumption" in entry.source or NETTER in entry.source
