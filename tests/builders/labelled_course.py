"""Courses with laboratory values, in days after the first dose."""

import datetime as dt

import dosimetry
from dosimetry import Patient

BERLIN, NETTER = "Europe/Berlin", "NETTER-1"
FIRST = dt.date(2026, 1, 12)
SECOND, DUE, LATEST = 56, 112, 168  # days: every 8 weeks; 16 weeks after the second dose
HEALTHY = {
    "platelets": "212 1e9/L",
    "neutrophils": "3.9 1e9/L",
    "lymphocytes": "1.5 1e9/L",
    "leukocytes": "6.1 1e9/L",
    "haemoglobin": "13.4 g/dL",
    "creatinine": "80 umol/L",
    "bilirubin": "11 umol/L",
    "albumin": "41 g/L",
    "prothrombin_ratio": "95 %",
}
# A man of 60 years and 78 kg: 80 x 78/72 x 88.42/80 = 95.8 mL/min at a creatinine of 80 umol/L.
PERSON = {"id": "T-1", "sex": "male", "age": "60 year", "weight": "78 kg"}
RANGES = {"bilirubin": {"upper": "20 umol/L"}, "creatinine": {"upper": "110 umol/L"}}


def date(days):
    return (FIRST + dt.timedelta(days=days)).isoformat()


def draw(days, **values):
    """Take a sample: healthy but for the values given; None leaves one out."""
    found = {**HEALTHY, **values}
    return {"at": date(days), **{name: value for name, value in found.items() if value}}


def only(days, **values):
    return {"at": date(days), **values}


def event(days, term, grade, ends=None):
    """Tell of an adverse event; ``ends``: whether it ends the treatment by the patient file."""
    answer = {} if ends is None else {"ends_treatment": ends}
    return {"at": date(days), "term": term, "grade": grade, **answer}


def given(*days, activity="7.4 GBq"):
    return [{"administered": activity, "at": date(day)} for day in days]


def course(doses, labs, events=(), person=None, ranges=RANGES, **therapy):
    return Patient.from_dict(
        {
            "patient": {**PERSON, **(person or {})},
            "therapy": {"regimen": "netter-1", **therapy},
            "cycles": list(doses),
            "labs": list(labs),
            "adverse_events": list(events),
            "reference_ranges": ranges,
        }
    )


def planned(doses, labs, events=(), strategy="fixed", options=None, **named):
    return dosimetry.plan(course(doses, labs, events, **named), strategy, **(options or {}))


def label_of(doses, labs, events=(), **named):
    return planned(doses, labs, events, **named).label
