"""The dose tables of a report: limits, cycles, course, curves, uncertainty."""

from __future__ import annotations

import datetime as dt

from dosimetry.documents.dose import CycleRegion
from dosimetry.documents.fit import PlanCurve
from dosimetry.documents.flags import Flag, Flags
from dosimetry.documents.plan import Plan, PlanCycle
from dosimetry.reference import tables
from dosimetry.report.curve_points import activity_over, residuals
from dosimetry.report.figures.limits import bars
from dosimetry.report.figures.uncertainty import CAUSES, budgets
from dosimetry.report.numbers import plain, printed, probability, signed, unit_words
from dosimetry.report.page.cells import Cell, Content, Table, amount, mean_sd, number, spread, table
from dosimetry.report.words.names import words
from dosimetry.report.words.status import status, verdict

INTERVAL = "5 to 95 % [Gy]"


def limits(plan: Plan) -> Table:
    """Return one row per limit: dose of the course, P(> limit), verdict, margin."""
    accepted = 100 * tables.default("caution_probability", "1")
    return table(
        "Limits and the dose of the course",
        (
            "limit", "region and quantity", "limit [Gy]", "previous radiation [Gy]",
            "delivered [Gy]", "planned [Gy]", "course [Gy]", INTERVAL, "P(> limit)", "verdict",
            "mean margin [Gy]", f"activity left at P = {accepted:g} % [GBq]", "basis", "from cycle",
        ),
        (
            (
                bar.flag.limit,
                f"{words(bar.flag.region)}, {bar.flag.quantity}",
                amount(bar.flag.limit_value, _flag(bar.flag, "limit_value")),
                *(
                    Cell((number(part, plain(part)),)) if bar.total and part else None
                    for part in (bar.earlier, bar.delivered, bar.planned)
                ),
                mean_sd(bar.total, _flag(bar.flag, "value")),
                spread(bar.total),
                _probability(bar.flag),
                Cell((verdict(bar.flag, plan),), _flag(bar.flag, "severity")),
                amount(bar.flag.margin, _flag(bar.flag, "margin")),
                "not measured"
                if bar.flag.basis == "population"
                else amount(bar.flag.margin_activity, _flag(bar.flag, "margin_activity")),
                bar.flag.basis,
                f"{bar.flag.first_cycle}" if bar.flag.first_cycle else None,
            )
            for bar in bars(plan)
        ),
    )  # fmt: skip


def flags(of: Flags) -> Table:
    """Return one row per flag, for flags without their plan."""
    return table(
        "Limits",
        (
            "limit", "region and quantity", "limit [Gy]", "course [Gy]", "P(> limit)", "verdict",
            "mean margin [Gy]", "basis", "source",
        ),
        (
            (
                flag.limit,
                f"{words(flag.region)}, {flag.quantity}",
                amount(flag.limit_value),
                amount(flag.value),
                _probability(flag),
                flag.severity,
                amount(flag.margin),
                flag.basis,
                flag.source,
            )
            for flag in of
        ),
    )  # fmt: skip


def _flag(flag: Flag, field: str) -> str:
    return f"flags/{flag.limit}/{field}"


def _probability(flag: Flag) -> Cell:
    of = _flag(flag, "probability")
    if flag.probability is None:
        return Cell(("–",), of)
    return Cell((number(flag.probability, probability(flag.probability), "probability"),), of)


def cycles(plan: Plan, as_of: dt.date | None = None) -> Table:
    """Return one row per cycle: date, activity, status as of a day, and the reason."""
    return table(
        "Cycles",
        ("cycle", "date", "activity [GBq]", "status", "decided by", "reason"),
        (
            (
                f"{cycle.number}",
                cycle.at and cycle.at[:10],
                amount(cycle.activity, f"cycles/{cycle.number}/activity"),
                status(plan, cycle, as_of),
                cycle.decided_by,
                cycle.reason and printed(cycle.reason.removeprefix("label: ")),
            )
            for cycle in plan.cycles
        ),
    )


def of_cycle(cycle: PlanCycle) -> Table:
    """Return one row per region: its doses in one cycle."""
    return table(
        f"Cycle {cycle.number} ({cycle.status}): doses by region",
        (
            "region", "absorbed dose [Gy]", INTERVAL, "BED [Gy]", "BED, 5 to 95 % [Gy]",
            "coefficient [Gy/GBq]", "basis",
        ),
        (
            (
                words(dose.region),
                _of_one_cycle(dose, f"cycles/{cycle.number}/{dose.region}/absorbed_dose"),
                None if dose.basis == "partial" else spread(dose.absorbed_dose),
                mean_sd(dose.bed, f"cycles/{cycle.number}/{dose.region}/bed"),
                spread(dose.bed),
                mean_sd(dose.coefficient),
                dose.basis,
            )
            for dose in cycle.regions
        ),
    )  # fmt: skip


def contributions(cycle: PlanCycle) -> Table:
    """Return one row per measured region: the contributions of sources to its dose."""
    return table(
        f"Cycle {cycle.number}: contributions of sources to each measured dose",
        ("region", "sources and their contributions [Gy]"),
        (
            (
                words(dose.region),
                ", ".join(
                    f"{words(part.source)} {plain(part.absorbed_dose.value)}"
                    for part in dose.contributions
                ),
            )
            for dose in cycle.regions
            if dose.contributions and dose.basis != "partial"
        ),
    )


def _of_one_cycle(dose: CycleRegion, of: str) -> Cell:
    """Return the dose of one cycle with its sd; a lower bound has none."""
    cell = mean_sd(dose.absorbed_dose, of)
    return Cell(("≥ ", cell.parts[0]), of) if dose.basis == "partial" else cell


def cumulative(plan: Plan) -> Table:
    """Return one row per region: its doses over the whole course."""
    return table(
        "Whole course, previous radiation included: doses by region",
        (
            "region", "absorbed dose [Gy]", INTERVAL, "BED [Gy]", "BED, 5 to 95 % [Gy]",
            "EQD2 [Gy]",
        ),
        (
            (
                words(dose.region),
                mean_sd(dose.absorbed_dose, f"cumulative/{dose.region}/absorbed_dose"),
                spread(dose.absorbed_dose, f"cumulative/{dose.region}/absorbed_dose"),
                mean_sd(dose.bed, f"cumulative/{dose.region}/bed"),
                spread(dose.bed, f"cumulative/{dose.region}/bed"),
                mean_sd(dose.eqd2, f"cumulative/{dose.region}/eqd2"),
            )
            for dose in plan.cumulative
        ),
    )  # fmt: skip


def curves(plan: Plan) -> Table:
    """Return one row per curve: model, integral, half-life, quality of the fit."""
    return table(
        "Fitted curves",
        (
            "cycle", "region", "model", "time-integrated activity", "effective half-life [h]",
            "χ²", "degrees of freedom", "p", "parameters",
        ),
        (
            (
                f"{curve.cycle}",
                words(curve.region),
                curve.model,
                _with_unit(mean_sd(curve.tia, f"{_curve(curve)}/tia"), curve.tia.unit),
                mean_sd(curve.effective_half_life, f"{_curve(curve)}/effective_half_life"),
                None if curve.model == NO_FIT else Cell((number(curve.chi2, f"{curve.chi2:.2g}"),)),
                None if curve.model == NO_FIT else f"{curve.dof}",
                None if curve.p_value is None else probability(curve.p_value),
                ", ".join(
                    f"{parameter.name} = {parameter.value:.4g} {unit_words(parameter.unit)}"
                    for parameter in curve.parameters
                ),
            )
            for curve in plan.curves
        ),
    )  # fmt: skip


NO_FIT = "trapezoid"  # exact at its points, so without χ²


def _curve(curve: PlanCurve) -> str:
    return f"curves/{curve.cycle}/{curve.region}"


def _with_unit(cell: Cell, unit: str) -> Cell:
    return Cell((*cell.parts, f" {unit_words(unit)}"), cell.of)


def points(of: tuple[PlanCurve, ...], title: str) -> Table:
    """Return one row per point of some curves: measured, fitted, residual."""
    import numpy as np

    rows: list[tuple[Content, ...]] = []
    for curve in of:
        unit = f" {unit_words(curve.tia.unit.removesuffix('*h'))}"
        times = np.array([point.time.value for point in curve.points])
        fitted = activity_over(curve, times)[0]
        for point, value, residual in zip(curve.points, fitted, residuals(curve), strict=True):
            rows.append(
                (
                    f"{words(curve.region)}, {curve.cycle}",
                    amount(point.time),
                    Cell((*mean_sd(point.activity).parts, unit)),
                    Cell((number(float(value), plain(float(value))), unit)),
                    Cell((number(float(residual), signed(float(residual), 1)),)),
                )
            )
    columns = ("region, cycle", "time [h]", "measured", "curve", "residual [sd]")
    return table(f"Points: {title}", columns, rows)


def uncertainty(plan: Plan) -> Table:
    """Return one row per measured dose: its relative sd, in all and by cause."""
    rows = budgets(plan)
    causes = [cause for cause in CAUSES if any(cause in budget.causes for budget in rows)]
    return table(
        "Relative standard deviation of each measured dose; the causes add in quadrature",
        ("region", "cycle", "total [%]", *(f"{cause} [%]" for cause in causes)),
        (
            (
                words(budget.region),
                f"{budget.cycle}",
                Cell((number(budget.total, f"{budget.total:.2g}"),)),
                *(
                    Cell((number(budget.causes[cause], f"{budget.causes[cause]:.2g}"),))
                    if cause in budget.causes
                    else None
                    for cause in causes
                ),
            )
            for budget in rows
        ),
    )
