"""What was delivered of a course: curves, doses and their recalculation, which no what-if changes.

A plan takes seconds for the curves and their recalculation, and a tenth of one for the cycles to
come. Who asks for several plans of one patient does the first part once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dosimetry.course.regions import CourseDoses, course_doses
from dosimetry.cycle.delivered import delivered_cycles
from dosimetry.cycle.dose import CycleDose, delivered_doses
from dosimetry.documents.fit import PlanCurve
from dosimetry.documents.plan import PlanCycle
from dosimetry.documents.recalculation import Recalculation
from dosimetry.patient.patient import Patient
from dosimetry.patient.times import local
from dosimetry.planning.assemble import curves_of, cycle_of
from dosimetry.planning.schedule import Scheduled
from dosimetry.recalculation.agreement import require_agreement, second_check


@dataclass(frozen=True, eq=False)
class DeliveredCourse:
    """The delivered part of a course; it can be pickled.

    Attributes
    ----------
    patient : Patient
        With the prior and the estimator that were asked for.
    replaced : tuple of str
        Fields that were changed in memory after reading.
    prior, estimator : str or None
        As asked for; None for the patient file's own.
    scheduled : tuple of Scheduled
        The delivered cycles as entries of a schedule.
    delivered : tuple of CycleDose
    doses : CourseDoses
        With the activities of the delivered cycles.
    cycles : tuple of PlanCycle
        The delivered cycles as in the plan.
    curves : tuple of PlanCurve
    second_check : tuple of Recalculation
        All of them agree.
    """

    patient: Patient
    replaced: tuple[str, ...]
    prior: str | None
    estimator: str | None
    scheduled: tuple[Scheduled, ...]
    delivered: tuple[CycleDose, ...]
    doses: CourseDoses
    cycles: tuple[PlanCycle, ...]
    curves: tuple[PlanCurve, ...]
    second_check: tuple[Recalculation, ...]


def delivered_course(
    patient: Patient, prior: str | None = None, estimator: str | None = None
) -> DeliveredCourse:
    """Return what was delivered of a course, recalculated independently.

    Parameters
    ----------
    patient : Patient
        One changed in memory is read and checked again.
    prior, estimator : str, optional
        As :func:`dosimetry.plan` takes them.

    Raises
    ------
    InputError
        Impossible measurements, or an independent recalculation that differs.

    Examples
    --------
    >>> import dosimetry
    >>> course = delivered_course(dosimetry.read_patient("examples/snmmi_patient4.yaml"))
    >>> len(course.cycles), [curve.region for curve in course.curves]
    (1, ['kidney_left', 'kidney_right'])
    """
    patient, replaced = patient.replaced()
    patient = patient.with_prior(prior).with_estimator(estimator)
    delivered = tuple(delivered_doses(delivered_cycles(patient, patient.source), patient.source))
    doses = course_doses(patient, delivered)
    scheduled = _scheduled(patient, delivered)
    cycles = tuple(
        cycle_of(i, entry, dose, doses)
        for i, (entry, dose) in enumerate(zip(scheduled, delivered, strict=True))
    )
    curves = tuple(curve for i, dose in enumerate(delivered) for curve in curves_of(i, dose))
    checked = second_check(patient, cycles, curves)
    require_agreement(checked)
    return DeliveredCourse(
        patient, replaced, prior, estimator, scheduled, delivered, doses, cycles, curves, checked
    )


def _scheduled(patient: Patient, delivered: Sequence[CycleDose]) -> tuple[Scheduled, ...]:
    return tuple(
        Scheduled(dose.net.activity_gbq, "delivered", None, None, local(patient, dose.net.at))
        for dose in delivered
    )
