"""Pictures of the laboratory values over time, with CTCAE grades and days of doses."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from dosimetry.documents.clinic import PlanGradeBand, PlanLab
from dosimetry.documents.plan import Plan
from dosimetry.report.figures import style
from dosimetry.report.figures.picture import Picture
from dosimetry.report.figures.timeline import day
from dosimetry.report.numbers import unit_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

ANALYTES = ("platelets", "neutrophils", "haemoglobin", "creatinine")
SIZE = (style.NARROW, 2.35)
LEFT, WIDTH, FOOT = 0.58, style.NARROW - 1.24, 0.36  # of the axes in inches
SHADES = (0.0, 0.07, 0.14, 0.22, 0.3)  # of the grades 0 to 4


def pictures(plan: Plan) -> list[Picture]:
    """Return one picture per analyte with a value."""
    doses = tuple(
        (day(cycle.at), cycle.number) for cycle in plan.cycles if cycle.at and cycle.activity
    )
    drawable = []
    for analyte in ANALYTES:
        values = tuple(lab for lab in plan.labs if lab.analyte == analyte)
        bands = tuple(band for band in plan.grade_bands if band.analyte == analyte)
        if values:
            drawable.append(
                Picture(
                    "labs",
                    f"lab-{analyte}",
                    analyte,
                    alt(values),
                    (SIZE,),
                    functools.partial(draw, values, bands, doses),
                )
            )
    return drawable


def alt(values: tuple[PlanLab, ...]) -> str:
    """Return the description of the picture."""
    worst = max((lab.grade or 0 for lab in values), default=0)
    unit = values[0].value.unit
    dated = "; ".join(f"{lab.at[:10]}: {in_unit(lab, unit):.4g}" for lab in values)
    graded = f" Highest CTCAE grade {worst}." if any(v.grade is not None for v in values) else ""
    return f"{values[0].analyte.capitalize()} over time in {unit_words(unit)}. {dated}.{graded}"


def in_unit(lab: PlanLab, unit: str) -> float:
    """Return a laboratory value in another unit of its analyte."""
    from dosimetry.reference import laboratory

    if lab.value.unit == unit:
        return lab.value.value
    canonical = laboratory.to_canonical(lab.analyte, lab.value.value, lab.value.unit)
    return laboratory.from_canonical(lab.analyte, canonical, unit)


def draw(
    values: tuple[PlanLab, ...],
    bands: tuple[PlanGradeBand, ...],
    doses: tuple[tuple[float, int], ...],
    figure: FigureBase,
) -> None:
    """Draw the values of one analyte in the unit of the first of them."""
    unit = values[0].value.unit
    axes = style.axes_at(figure, "values", (LEFT, FOOT, WIDTH, SIZE[1] - FOOT - 0.2))
    days = [day(lab.at) for lab in values]
    heights = [in_unit(lab, unit) for lab in values]
    shown = [at for at, _ in doses if at <= max(days) + 60]
    first, last = min([*days, *shown]), max([*days, *shown])
    room = max((last - first) * 0.06, 4.0)
    span = (first - room, last + room)
    ceiling = _ceiling(heights, bands, values[0].analyte, unit)
    axes.set(xlim=span, ylim=(0, ceiling), yticks=style.ticks(0, ceiling))
    _grades(axes, bands, values[0].analyte, unit, ceiling)
    for at, number in doses:
        if span[0] <= at <= span[1]:
            axes.vlines(at, 0, ceiling, color=style.MUTED, lw=0.8, ls=(0, (3, 2)))
            axes.text(at, ceiling * 1.02, f"{number}", ha="center", va="bottom",
                      fontsize=style.SMALL, color=style.MUTED)  # fmt: skip
    axes.plot(days, heights, color=style.BLUE, lw=1.2, marker="o", ms=4.2)
    axes.set_ylabel(f"{values[0].analyte} [{unit_words(unit)}]")
    axes.yaxis.set_label_coords(-0.42 / WIDTH, 0.5)
    months = style.months(*span, 5)
    axes.set_xticks([at for at, _ in months], [name for _, name in months])


def _ceiling(
    heights: list[float], bands: tuple[PlanGradeBand, ...], analyte: str, unit: str
) -> float:
    """Return the top of the axis: above the values and the first grade's bound."""
    bounds = [
        _bound(analyte, end, band.unit, unit)
        for band in bands
        if band.grade == 1
        for end in (band.lower, band.upper)
        if end is not None
    ]
    return max([*heights, *bounds]) * 1.15


def _bound(analyte: str, value: float, unit: str, wanted: str) -> float:
    from dosimetry.reference import laboratory

    if unit == wanted:
        return value
    return laboratory.from_canonical(analyte, laboratory.to_canonical(analyte, value, unit), wanted)


def _grades(
    axes: Axes, bands: tuple[PlanGradeBand, ...], analyte: str, unit: str, ceiling: float
) -> None:
    """Shade the grades, darker for higher ones, with their names on the right."""
    below = -1.0
    for band in sorted(bands, key=lambda band: band.lower or 0.0):
        low = _bound(analyte, band.lower or 0.0, band.unit, unit)
        high = ceiling if band.upper is None else _bound(analyte, band.upper, band.unit, unit)
        high = min(high, ceiling)
        if low >= ceiling:
            continue
        if band.grade:
            axes.axhspan(low, high, color=style.MUTED, alpha=SHADES[band.grade], lw=0)
        middle = max((low + high) / 2, below + ceiling * 0.085)
        below = middle
        name = f"grade {band.grade}" if band.grade else "no grade"
        axes.text(1.02, middle / ceiling, name, transform=axes.transAxes, va="center",
                  fontsize=style.SMALL, color=style.MUTED)  # fmt: skip
