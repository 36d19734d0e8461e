"""What a worker process computes for a page."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dosimetry.documents.plan import Plan
from dosimetry.patient.patient import Patient
from dosimetry.planner.pages.sessions import Known
from dosimetry.planner.pages.what_if import Regular
from dosimetry.planning.compare import Comparison, compare_course
from dosimetry.planning.course_plan import plan_of_course
from dosimetry.planning.delivered_course import DeliveredCourse, delivered_course
from dosimetry.planning.scans import scans_of_plan
from dosimetry.planning.schedule import programme
from dosimetry.units import HOURS_PER_WEEK


@dataclass(frozen=True)
class Figure:
    """A picture that was drawn; the fields that a page shows of it.

    Attributes
    ----------
    name, title, alt : str
    drawn : tuple of str
        Its SVG, one per size.
    """

    name: str
    title: str
    alt: str
    drawn: tuple[str, ...]


def known_of(content: Mapping[str, Any]) -> Known:
    """Return the delivered part of the course of a patient file's content.

    Raises
    ------
    InputError
        As :func:`dosimetry.plan` does.
    """
    course = delivered_course(Patient.from_dict(content, base=None))
    regimen = programme(course.patient)
    regular = Regular(
        regimen.activity, regimen.interval / HOURS_PER_WEEK, regimen.count, len(course.delivered)
    )
    return Known(pickle.dumps(course), regular)


def _course(pickled: bytes) -> DeliveredCourse:
    course: DeliveredCourse = pickle.loads(pickled)  # what known_of wrote in another process
    return course


def plan_of(course: bytes, options: Mapping[str, Any]) -> Plan:
    """Return the plan of a what-if; only the scheduling runs."""
    return plan_of_course(_course(course), **options)


def comparison_of(course: bytes, risk: float) -> Comparison:
    """Return the strategies side by side."""
    return compare_course(_course(course), risk)


def figures_of(plan: Plan, *groups: str) -> tuple[Figure, ...]:
    """Return the pictures of some groups of a plan."""
    from dosimetry.report.figures import embedded, pictures

    wanted = (picture for picture in pictures(plan) if picture.group in groups)
    return tuple(
        Figure(picture.name, picture.title, picture.alt, svgs) for picture, svgs in embedded(wanted)
    )


def report_of(course: bytes, plan: Plan, made_at: dt.datetime, day: dt.date, kind: str) -> bytes:
    """Return the report of a plan as ``html`` or ``pdf``."""
    from dosimetry.report.page.document import html, pdf

    scans = scans_of_plan(_course(course).patient, plan)
    if kind == "pdf":
        return pdf(plan, made_at, None, day, scans)
    return html(plan, made_at, None, day, scans).encode()
