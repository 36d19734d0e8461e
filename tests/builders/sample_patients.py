"""Patients made up for the tests, with curves of exactly known time-integrated activity."""

import math
from pathlib import Path

import dosimetry
from dosimetry import Patient
from dosimetry.cycle.course_curves import course_curves
from dosimetry.cycle.delivered import delivered_cycles
from dosimetry.cycle.dose import cycle_dose

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
EXACT = "0.0001 %"  # of a scan whose noise does not matter
DOTATATE, PSMA = "177Lu-DOTATATE", "177Lu-PSMA-617"


def example(name):
    return dosimetry.read_patient(EXAMPLES / f"{name}.yaml")


def planned(*arguments, **named):
    """Plan a patient made up by :func:`patient`."""
    return dosimetry.plan(patient(*arguments, **named))


def patient(
    *cycles, sex="male", agent=DOTATATE, regimen="netter-1", masses=None, risks=(), **therapy
):
    """Make a patient; cycles are mappings of :func:`cycle`, masses texts such as '150 g'."""
    return Patient.from_dict(
        {
            "patient": {"id": "T-1", "sex": sex, "kidney_risk_factors": list(risks)},
            "therapy": {"radiopharmaceutical": agent, "regimen": regimen, **therapy},
            "masses": masses or {},
            "cycles": list(cycles),
        }
    )


def first_dose(given, fits=None):
    """Compute the doses of the first delivered cycle of a patient, some curves given."""
    cycles = delivered_cycles(given)
    return cycle_dose(cycles[0], {**course_curves(cycles), **(fits or {})})


def regimen(activity, cycles, interval="8 week"):
    return {"activity": f"{activity!r} GBq", "cycles": cycles, "interval": interval}


def cycle(*curves, administered="7.4 GBq", at="2026-01-12", models=None, **fields):
    """Make a delivered cycle of curves of :func:`washout`, mono-exponential unless said."""
    scans = [scan for curve in curves for scan in curve]
    measured = {"measurements": scans} if scans else {}
    if models is None:
        regions = [scan["region"] for scan in scans] + ["blood"] * ("blood" in fields)
        models = dict.fromkeys(regions, "mono")
    measured |= {"models": models} if models else {}
    return {"administered": administered, "at": at, **measured, **fields}


def washout(region, tia, half_life=50.0, sd=EXACT, times=(24.0, 120.0), **columns):
    """Scan a mono-exponential of this TIA (MBq h) and effective half-life (h).

    With its nearly exact scans and the model ``mono``, the posterior is the curve itself.
    """
    rate = math.log(2) / half_life
    return [
        {
            "region": region,
            "time": f"{time!r} h",
            "activity": f"{tia * rate * math.exp(-rate * time)!r} MBq",
            **({"sd": sd} if sd else {}),
            **columns,
        }
        for time in times
    ]


def late_scans(region):
    """Scans from one day on, one of them 35 % too high, without sd: no model sees the first day."""
    times = (24.798, 58.295, 118.54, 123.83, 172.03)
    activities = (59.267, 16.066, 5.8335, 7.1775, 2.7534)
    return [
        {"region": region, "time": f"{t} h", "activity": f"{a} MBq"}
        for t, a in zip(times, activities, strict=True)
    ]


def region_of(entries, name):
    """Return the entry of a region; fail if there is not exactly one."""
    (found,) = [entry for entry in entries if entry.region == name]
    return found


def flag_of(plan, limit):
    (found,) = [flag for flag in plan.flags if flag.limit == limit]
    return found


def codes(warnings):
    return [warning.code for warning in warnings]
