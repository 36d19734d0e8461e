"""The .ics file, read back by an independent parser (vobject)."""

import datetime as dt
import itertools
import re

import pytest
import vobject
from command_line import ROOT, run_text

import dosimetry
from dosimetry import InputError, Patient
from dosimetry.exchange.icalendar import to_ics

DOSES = [dt.date(2026, 1, 12), dt.date(2026, 3, 9), dt.date(2026, 5, 4), dt.date(2026, 6, 29)]


def planned(**therapy):
    return dosimetry.plan(
        Patient.from_dict(
            {
                "patient": {"id": "EX-001", "sex": "male"},
                "therapy": {"regimen": "netter-1", "start": "2026-01-12", **therapy},
            }
        )
    )


def events(text):
    return list(vobject.readOne(text).vevent_list)


def starts(text, kind):
    return [e.dtstart.value for e in events(text) if e.categories.value == [kind]]


def test_netter1_course_is_read_back_on_its_dates():
    text = to_ics(planned())
    assert starts(text, "dose") == DOSES
    octreotide = starts(text, "octreotide")
    assert octreotide[:4] == DOSES
    assert octreotide[4] == dt.date(2026, 7, 27)
    assert {(b - a).days for a, b in itertools.pairwise(octreotide[4:])} == {28}
    assert octreotide[-1] == dt.date(2027, 6, 28)
    assert not [day for day in octreotide if DOSES[0] < day < DOSES[-1] and day not in DOSES]


def test_times_keep_the_zone_across_summer_time():
    text = to_ics(planned(time_zone="Europe/Berlin", infusion_time="09:30"))
    found = starts(text, "dose")
    assert [(t.hour, t.minute) for t in found] == [(9, 30)] * 4
    assert [t.utcoffset() for t in found] == [dt.timedelta(hours=h) for h in (1, 1, 2, 2)]
    assert "DTSTART;TZID=Europe/Berlin:20260504T093000" in text
    assert text.count("BEGIN:VTIMEZONE") == 1


def test_missing_zone_gives_floating_times_and_whole_days():
    text = to_ics(planned(infusion_time="09:30"))
    assert starts(text, "dose")[0] == dt.datetime(2026, 1, 12, 9, 30)
    assert "BEGIN:VTIMEZONE" not in text
    whole_days = [e for e in events(to_ics(planned())) if e.categories.value == ["dose"]]
    assert {(e.dtend.value - e.dtstart.value).days for e in whole_days} == {1}


def test_every_entry_has_a_stable_identifier():
    text, again = to_ics(planned()), to_ics(planned())
    assert text == again
    identifiers = [event.uid.value for event in events(text)]
    assert len(set(identifiers)) == len(identifiers)
    shifted = {e.uid.value for e in events(to_ics(planned(infusion_time="10:00")))}
    assert shifted == set(identifiers)


def test_file_follows_the_line_rules_of_rfc_5545():
    # RFC 5545, section 3.1: CRLF, and no line longer than 75 octets
    text = to_ics(planned(time_zone="Europe/Berlin", infusion_time="09:30"))
    lines = text.split("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert max(len(line.encode()) for line in lines) <= 75
    assert lines[0] == "BEGIN:VCALENDAR"
    assert {e.dtstamp.value.utcoffset() for e in events(text)} == {dt.timedelta(0)}


def test_entries_show_the_patient_id_and_their_source():
    for event in events(to_ics(planned())):
        assert event.summary.value.startswith("EX-001: ")
        assert "not a medical device" in event.description.value
        assert not hasattr(event, "attendee")
        assert not hasattr(event, "organizer")


def test_course_without_a_date_is_refused():
    bare = Patient.from_dict(
        {"patient": {"id": "T", "sex": "male"}, "therapy": {"regimen": "netter-1"}}
    )
    with pytest.raises(InputError, match=r"therapy\.start"):
        to_ics(dosimetry.plan(bare))


@pytest.mark.slow
def test_command_writes_the_file_and_prints_the_same_table(tmp_path):
    example = str(ROOT / "examples" / "thrombocytopenia.yaml")
    done = run_text("calendar", example, "-o", "plan.ics", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    text = (tmp_path / "plan.ics").read_bytes().decode()
    assert [p.name for p in tmp_path.iterdir()] == ["plan.ics"]
    table = run_text("calendar", example, cwd=tmp_path)
    assert table.returncode == 0
    assert all(len(line) <= 80 for line in table.stdout.splitlines())
    for start in starts(text, "dose"):
        assert f"{start:%Y-%m-%d}  {start:%H:%M}" in table.stdout
    printed = re.findall(r"^\d{4}-\d\d-\d\d  ", table.stdout, re.MULTILINE)
    assert len(printed) == len(events(text))
    assert "Times in Europe/Berlin" in table.stdout
