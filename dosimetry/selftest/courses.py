"""Known answers of the prior dose per activity: population, renal function, tumour trend."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dosimetry.course.region import DOSE, RegionCourse
from dosimetry.course.regions import course_doses
from dosimetry.documents.plan import Plan
from dosimetry.patient.patient import Patient
from dosimetry.physics.course_total import course_total
from dosimetry.planning.course_plan import plan
from dosimetry.quantities import Amount, application_quantity

if TYPE_CHECKING:
    from dosimetry.selftest.computed import Computed

COURSE = (7.4,) * 4  # GBq
PRINTED = (("kidneys", 29.0), ("red_marrow", 2.0))  # region and limit in Gy, Sood 2026


def _patient(**sections: Any) -> dict[str, Any]:
    """Return a patient whose clearance is 80 mL/min at a creatinine of 1 mg/dL."""
    person = {"id": "self-test", "sex": "male", "age": "60 year", "weight": "72 kg"}
    return {"patient": person, "therapy": {"regimen": "netter-1"}, **sections}


def _with_clearance(clearance: float) -> dict[str, Any]:
    return _patient(labs=[{"at": "2026-01-08", "creatinine": f"{80.0 / clearance!r} mg/dL"}])


@functools.cache
def _unmeasured_plan() -> Plan:
    patient = {"id": "self-test", "sex": "male"}
    return plan({"patient": patient, "therapy": {"regimen": "netter-1"}})


def unmeasured(region: str, limit: str) -> Computed:
    """Return the dose of a region over the course, and the probability of exceeding a limit."""
    made = _unmeasured_plan()
    (dose,) = (entry.absorbed_dose for entry in made.cumulative if entry.region == region)
    (flag,) = (flag for flag in made.flags if flag.limit == limit)
    values = {"mean": dose.value, "sd": dose.sd, "5th percentile": dose.p5}
    values["95th percentile"] = dose.p95
    return {
        **{name: application_quantity(value, dose.unit) for name, value in values.items()},
        f"P(> {flag.limit_value.value:g} Gy)": flag.probability,
    }


@functools.cache
def _regions(clearance: float) -> Mapping[str, RegionCourse]:
    return course_doses(Patient.from_dict(_with_clearance(clearance)), []).regions


def renal(clearance: float) -> Computed:
    """Return medians over the course at a clearance in mL/min, and the published P(> limit)."""
    found: dict[str, Any] = {}
    for region, limit in PRINTED:
        course = _regions(clearance)[region].with_activities(COURSE)
        total = course_total(course.posterior, [(activity, 0.0) for activity in COURSE])
        found[f"median, {region}"] = Amount(float(total.quantiles((0.5,))[0]), "Gy").quantity
        found[f"P(> {limit:g} Gy), {region}"] = course.probability(DOSE, limit)
    return found


def adjusted(clearance: float) -> Computed:
    """Return the activity of each cycle by the strategy ``adjusted``, nothing measured."""
    (activity,) = {
        cycle.activity.value
        for cycle in plan(_with_clearance(clearance), "adjusted").cycles
        if cycle.activity is not None
    }
    return {"activity": Amount(activity, "GBq").quantity}


def tumour_trend(**therapy: str) -> Computed:
    """Return the doses of later cycles of a tumour after 14.30 Gy in cycle 1, exactly."""
    exact = {"value": f"{14.30 / COURSE[0]!r} Gy/GBq", "sd": "0.0001 %"}
    given = {
        "administered": f"{COURSE[0]} GBq",
        "at": "2026-01-12",
        "dose_coefficients": {"tumour_1": exact},
    }
    made = plan(_patient(therapy={"regimen": "netter-1", **therapy}, cycles=[given]))
    doses = [
        region.absorbed_dose.value
        for cycle in made.cycles
        for region in cycle.regions
        if region.region == "tumour_1"
    ]
    return {
        f"cycle {number}": Amount(dose, "Gy").quantity
        for number, dose in enumerate(doses[1:], start=2)
    }
