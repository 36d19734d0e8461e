"""The plan of a patient, from delivered cycles, prediction, limits, strategy and dates."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import dosimetry
from dosimetry.course.flags import flag, lower_bound_warnings, unassessed_warnings
from dosimetry.course.warnings import one_kidney_alone, uneven_kidneys
from dosimetry.documents.clinic import PlanEvent
from dosimetry.documents.flags import Flags
from dosimetry.documents.options import PlanOptions
from dosimetry.documents.plan import DISCLAIMER, SCHEMA, Plan, PlanPatient, PlanTherapy, Provenance
from dosimetry.documents.write import DIGITS
from dosimetry.label.grade_bands import bands_of
from dosimetry.label.warnings import observation_warnings
from dosimetry.patient.limits import patient_limits
from dosimetry.patient.patient import Patient
from dosimetry.patient.read import patient_of
from dosimetry.patient.values import read_amount
from dosimetry.planning import schedule
from dosimetry.planning.assemble import assumptions_of, cumulative_of, cycle_of
from dosimetry.planning.assemble_clinic import (
    adverse_events_of,
    clinical_course,
    context_of,
    labs_of,
    renal_of,
)
from dosimetry.planning.calendar import course_calendar
from dosimetry.planning.delivered_course import DeliveredCourse, delivered_course
from dosimetry.planning.strategy import MOST_CYCLES, Bounds, check_binding, check_strategy, decide
from dosimetry.problems import InputError, Problem, quote, refuse
from dosimetry.quantities import Amount
from dosimetry.reference import label as label_figures
from dosimetry.reference import tables
from dosimetry.units import HOURS_PER_DAY


def plan(
    patient: Patient | str | os.PathLike[str] | Mapping[str, Any],
    strategy: str = "fixed",
    risk: float = 0.05,
    *,
    max_cycles: int = MOST_CYCLES,
    max_activity: Any = None,
    min_activity: Any = None,
    without_cycles: Sequence[int] = (),
    interval: Any = None,
    activity: Any = None,
    bind: str = "measured",
    cycles: int | None = None,
    prior: str | None = None,
    estimator: str | None = None,
) -> Plan:
    """Return the plan of a course: doses of every cycle, cycles to come, verdicts on limits.

    Parameters
    ----------
    patient : Patient, path or mapping
        From :func:`dosimetry.read_patient` or :meth:`Patient.from_dict`; or the name of a patient
        file, or a mapping with its content. A patient changed in memory is read and checked
        again, and ``provenance.replaced`` of the plan names the changes.
    strategy : str
        ``fixed``: the regimen as written. ``to-limit``: full cycles as long as the risk is kept.
        ``adjusted``: the regimen's cycles with the largest activity that keeps the risk.
    risk : float
        Accepted probability of exceeding a limit, above 0 and at most 0.5.
    max_cycles : int
        Maximum number of cycles of the course (``to-limit`` only).
    max_activity, min_activity : quantity [activity] or text, optional
        Maximum and minimum of one cycle; by default the regimen's activity and 0.37 GBq.
    without_cycles : sequence of int
        Numbers of cycles to come that are left out.
    interval : quantity [time] or text, optional
        Between the cycles to come, instead of the regimen's.
    activity : quantity [activity] or text, optional
        Per cycle to come, instead of the regimen's.
    bind : str
        ``measured``: a limit that rests on population data alone binds the regimen's own cycles at
        a probability of 0.5, and anything beyond them at the risk. ``all``: every limit binds at
        the risk.
    cycles : int, optional
        Number of cycles of the course, including delivered ones, instead of the regimen's.
    prior : str, optional
        Instead of the patient file's: ``label``, ``renal-function`` or the name of a clinic's
        table, relative to the patient file.
    estimator : str, optional
        Of the time-activity curves, instead of the patient file's: ``posterior`` or
        ``least-squares``.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        Unknown strategy, a risk or an option out of range, impossible measurements, or an
        independent recalculation that differs.

    Examples
    --------
    >>> import dosimetry
    >>> made = dosimetry.plan(dosimetry.read_patient("examples/nothing_measured.yaml"))
    >>> [flag.severity for flag in made.flags]
    ['caution', 'caution', 'caution']
    """
    check_strategy(strategy, risk)
    check_binding(bind)
    return plan_of_course(
        delivered_course(patient_of(patient), prior, estimator),
        strategy,
        risk,
        max_cycles=max_cycles,
        max_activity=max_activity,
        min_activity=min_activity,
        without_cycles=without_cycles,
        interval=interval,
        activity=activity,
        bind=bind,
        cycles=cycles,
    )


def plan_of_course(
    course: DeliveredCourse,
    strategy: str = "fixed",
    risk: float = 0.05,
    *,
    max_cycles: int = MOST_CYCLES,
    max_activity: Any = None,
    min_activity: Any = None,
    without_cycles: Sequence[int] = (),
    interval: Any = None,
    activity: Any = None,
    bind: str = "measured",
    cycles: int | None = None,
) -> Plan:
    """Return the plan of a course whose delivered part is known: a what-if without new curves.

    Parameters
    ----------
    course : DeliveredCourse
    strategy, risk, max_cycles, max_activity, min_activity, without_cycles, interval, activity, bind
    cycles
        As :func:`plan` takes them.

    Returns
    -------
    Plan
        The same as that of :func:`plan` for the same patient and options.

    Raises
    ------
    InputError
        Unknown strategy, or a risk or an option out of range.

    Examples
    --------
    >>> import dosimetry
    >>> course = delivered_course(dosimetry.read_patient("examples/nothing_measured.yaml"))
    >>> [plan_of_course(course, cycles=count).cycles[-1].number for count in (2, 3)]
    [2, 3]
    """
    check_strategy(strategy, risk)
    binding = check_binding(bind)
    risk = float(f"{risk:.{DIGITS}g}")
    patient, delivered, known = course.patient, course.delivered, course.doses
    given_activity, days = _number(activity, "GBq", "activity"), _days(interval)
    wanted = _wanted(cycles, len(delivered))
    programme = schedule.programme(patient, given_activity, days, wanted)
    highest = _number(max_activity, "GBq", "max_activity")
    lowest = _number(min_activity, "GBq", "min_activity")
    bounds = Bounds(risk, highest or programme.activity or 0.0, lowest, binding)
    most = _cycles(max_cycles)
    last = most if strategy == "to-limit" else programme.count
    left_out = _left_out(without_cycles, len(delivered), last)
    administered = [cycle.net.activity_gbq for cycle in delivered]
    clinical = clinical_course(patient, programme, administered, last, left_out)
    limits, limit_warnings = patient_limits(patient)
    to_come, decision = decide(strategy, programme, known.regions, limits, clinical.slots, bounds)
    label = clinical.answer(len(to_come))
    scheduled = [*course.scheduled, *to_come]
    activities = tuple(cycle.activity or 0.0 for cycle in scheduled)
    doses = replace(
        known,
        regions={
            name: region.with_activities(activities) for name, region in known.regions.items()
        },
    )
    per_cycle = max(programme.activity or 0.0, label_figures.full_activity())
    flags = Flags(flag(limit, doses.regions, per_cycle) for limit in limits)
    planned = (
        *course.cycles,
        *(cycle_of(i, cycle, None, doses) for i, cycle in enumerate(to_come, len(delivered))),
    )
    return Plan(
        schema=SCHEMA,
        patient=PlanPatient(patient.person.id, patient.person.sex),
        therapy=PlanTherapy(
            patient.therapy.radiopharmaceutical,
            programme.name,
            programme.description,
            patient.therapy.time_zone,
        ),
        strategy=strategy,
        risk=risk,
        options=PlanOptions(
            most,
            _amount(highest, "GBq"),
            _amount(lowest, "GBq"),
            left_out,
            _amount(days, "h"),
            _amount(given_activity, "GBq"),
            binding,
            wanted,
            course.prior,
            course.estimator,
        ),
        cycles=planned,
        cumulative=tuple(
            cumulative_of(region, len(delivered)) for region in doses.regions.values()
        ),
        flags=flags,
        decision=decision,
        curves=course.curves,
        labs=labs_of(clinical.seen),
        grade_bands=bands_of(clinical.seen),
        renal_function=renal_of(patient, clinical.seen),
        adverse_events=adverse_events_of(clinical.seen),
        label=label,
        calendar=course_calendar(patient, scheduled, label, programme.agent),
        second_check=course.second_check,
        context=context_of(programme.agent),
        assumptions=(
            *assumptions_of(patient, programme, delivered, doses, to_come),
            *clinical.assumptions,
        ),
        warnings=(
            *_replaced(course.replaced),
            *(warning for cycle in delivered for warning in cycle.warnings),
            *schedule.warnings(patient, programme, scheduled),
            *_not_used(strategy, max_activity=max_activity, min_activity=min_activity),
            *limit_warnings,
            *unassessed_warnings(flags, strategy),
            *lower_bound_warnings(patient, flags, planned),
            *doses.warnings,
            *uneven_kidneys(flags, doses.regions),
            *one_kidney_alone(flags, delivered),
            *clinical.warnings(label, len(to_come)),
            *observation_warnings(patient, clinical.seen, bool(to_come)),
        ),
        disclaimer=DISCLAIMER,
        provenance=Provenance(
            dosimetry.__version__, tables.hashes(), patient.input_hashes(), replaced=course.replaced
        ),
    )


def _replaced(fields: Sequence[str]) -> list[Problem]:
    """Return a warning where the patient differs from the input files."""
    if not fields:
        return []
    return [
        Problem(
            "changed-in-memory",
            f"the patient was changed after reading ({', '.join(fields)}), so the input files "
            "alone do not reproduce this plan",
            "write the change into the patient file",
            "patient",
        )
    ]


def _not_used(strategy: str, **options: Any) -> list[Problem]:
    """Return a warning for every option that the strategy does not use."""
    users = {"max_activity": ("to-limit", "adjusted"), "min_activity": ("adjusted",)}
    return [
        Problem(
            "option-not-used",
            f"{name} changes nothing with strategy '{strategy}'",
            f"remove it, or use strategy {' or '.join(users[name])}",
            name,
        )
        for name, value in options.items()
        if value is not None and strategy not in users[name]
    ]


def _number(value: Any, unit: str, name: str) -> float | None:
    if value is None:
        return None
    try:
        # Rounded to the digits of the document, so that the document reproduces the plan.
        return float(f"{read_amount(value, unit).value:.{DIGITS}g}")
    except InputError as error:
        raise error.at(name) from None


def _amount(value: float | None, unit: str) -> Amount | None:
    return None if value is None else Amount(value, unit)


def _days(interval: Any) -> float | None:
    hours = _number(interval, "h", "interval")
    if hours is not None and hours % HOURS_PER_DAY:
        raise refuse(
            "interval-not-in-days",
            f"an interval of {hours:g} h is not a whole number of days",
            "write it in weeks or days, as in 10 week",
            "interval",
        )
    return hours


def _cycles(count: int, name: str = "max_cycles") -> int:
    most = int(tables.default("most_cycles", "1"))
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= most:
        raise refuse(
            "out-of-range",
            f"{count} cycles are outside 1 to {most}",
            "write a number, as in 8",
            name,
        )
    return count


def _wanted(cycles: int | None, delivered: int) -> int | None:
    """Return the number of cycles requested; refuse fewer than were delivered."""
    if cycles is None:
        return None
    if _cycles(cycles, "cycles") < delivered:
        raise refuse(
            "fewer-cycles-than-delivered",
            f"a course of {cycles} cycles was requested, but {delivered} were delivered",
            f"request {delivered} or more",
            "cycles",
        )
    return cycles


def _left_out(numbers: Sequence[int], done: int, last: int) -> tuple[int, ...]:
    listed = list(numbers) if isinstance(numbers, Iterable) else [None]
    if not all(isinstance(number, int) for number in listed):
        raise refuse(
            "wrong-type",
            f"{quote(numbers)} is not a list of cycles",
            "write a list, as in [4]",
            "without_cycle",
        )
    for number in listed:
        if not done < number <= last:
            raise refuse(
                "no-such-cycle",
                f"cycle {number} is not to come"
                + (" because it was delivered" if 1 <= number <= done else ""),
                f"cycles to come: {done + 1} to {last}" if last > done else "no cycle is to come",
                "without_cycle",
            )
    return tuple(dict.fromkeys(listed))


def calendar(
    patient: Patient | str | os.PathLike[str] | Mapping[str, Any],
    strategy: str = "fixed",
    risk: float = 0.05,
    **options: Any,
) -> tuple[PlanEvent, ...]:
    """Return the dates of doses, companion medication, laboratory controls and scans.

    Parameters
    ----------
    patient : Patient, path or mapping
        As :func:`dosimetry.plan` takes it.
    strategy, risk, **options
        As :func:`dosimetry.plan` takes them.

    Returns
    -------
    tuple of PlanEvent
        In order of time, as in :attr:`Plan.calendar`; empty where the course has no date.

    Raises
    ------
    InputError
        As :func:`dosimetry.plan` does.

    Examples
    --------
    >>> events = calendar("examples/two_cycles.yaml")
    >>> [event.at for event in events if event.kind == "dose"]
    ['2026-01-12T09:30:00+01:00', '2026-03-09T09:10:00+01:00', '2026-05-04', '2026-06-29']
    """
    return plan(patient, strategy, risk, **options).calendar
