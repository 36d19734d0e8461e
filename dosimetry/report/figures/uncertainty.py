"""Picture of the uncertainty of each measured dose, in all and by cause."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosimetry.documents.dose import CycleRegion
from dosimetry.documents.plan import Plan
from dosimetry.reference import regions as regions_figures
from dosimetry.report.figures import style
from dosimetry.report.figures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

ROW, HEAD, FOOT = 0.2, 0.45, 0.42  # heights in inches
CAUSES = {
    "counting and fit": ("o", style.BLUE, style.BLUE),
    "half-life": ("^", style.VIOLET, "none"),
    "systematic": ("s", style.ORANGE, "none"),
    "recovery": ("P", style.ORANGE, style.ORANGE),
    "volume": ("D", style.GREEN, "none"),
    "mass": ("D", style.GREEN, style.GREEN),
    "other kidney": ("X", style.VIOLET, style.VIOLET),
    "supplied coefficient": ("v", style.BLUE, "none"),
}


@dataclass(frozen=True)
class Budget:
    """The relative sd of a measured dose in percent: in all, and by cause."""

    cycle: int
    region: str
    total: float
    causes: dict[str, float]


def budgets(plan: Plan) -> list[Budget]:
    """Return the budgets of the regions with a limit or a measured curve, by cycle.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/snmmi_patient4.yaml"))
    >>> print(budgets(plan)[0].region, f"{budgets(plan)[0].total:.1f}")
    kidneys 10.6
    """
    shown = of_interest(plan)
    return [
        _budget(cycle.number, dose)
        for cycle in plan.cycles
        for dose in sorted(cycle.regions, key=lambda d: d.region != "kidneys")
        if dose.region in shown and dose.uncertainty and dose.absorbed_dose.value > 0
    ]


def of_interest(plan: Plan) -> set[str]:
    """Return the regions that have a limit or a measured curve."""
    regions = {flag.region for flag in plan.flags}
    for curve in plan.curves:
        if curve.region != "blood":
            regions.update(regions_figures.region(curve.region).targets)
    return regions | ({"red_marrow"} if any(c.region == "blood" for c in plan.curves) else set())


def _budget(cycle: int, dose: CycleRegion) -> Budget:
    percent = 100.0 / dose.absorbed_dose.value
    causes: dict[str, float] = {part.cause: part.sd.value * percent for part in dose.uncertainty}
    sd = dose.absorbed_dose.sd
    total = sd * percent if sd else math.hypot(*causes.values())
    return Budget(cycle, dose.region, total, causes)


def pictures(plan: Plan) -> list[Picture]:
    """Return the picture of all budgets; none if nothing was measured."""
    rows = budgets(plan)
    if not rows:
        return []
    height = HEAD + ROW * len(rows) + FOOT
    return [
        Picture(
            "uncertainty",
            "uncertainty",
            "Uncertainty of each measured dose",
            alt(rows),
            ((style.NARROW, height),),
            lambda figure: draw(rows, figure),
        )
    ]


def alt(rows: list[Budget]) -> str:
    """Return the description of the picture."""
    largest = max(rows, key=lambda budget: budget.total)
    return (
        "Relative standard deviation of each measured dose in percent, in all and by cause. "
        f"Largest: {style.label(largest.region)} in cycle {largest.cycle}, {largest.total:.2g} %."
    )


def draw(rows: list[Budget], figure: FigureBase) -> None:
    """Draw a row per dose: a bar for the total, a mark for each cause."""
    width, height = style.size_of(figure)
    left = 1.5
    head = height - FOOT - ROW * len(rows)
    axes = style.axes_at(figure, "budget", (left, FOOT, width - left - 0.2, ROW * len(rows)))
    top = max(budget.total for budget in rows) * 1.08
    places, totals = np.arange(len(rows)), [budget.total for budget in rows]
    axes.barh(places, totals, 0.5, color=style.FAINT, edgecolor=style.RULE, linewidth=0.7)
    axes.vlines(totals, places - 0.36, places + 0.36, color=style.INK, lw=1.6)
    for cause, (marker, colour, face) in CAUSES.items():
        shares = [
            (budget.causes[cause], i) for i, budget in enumerate(rows) if cause in budget.causes
        ]
        if shares:
            axes.plot(*zip(*shares, strict=True), marker, ms=4.2, color=colour, mfc=face)
    names = [f"{style.label(budget.region, 16)}, cycle {budget.cycle}" for budget in rows]
    axes.set(
        xlim=(0, top), ylim=(len(rows) - 0.4, -0.6), xticks=style.ticks(0, top, 6),
        xlabel="sd of the absorbed dose, relative [%]",
    )  # fmt: skip
    style.side_labels(axes, range(len(rows)), names, 0.08)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_label_coords(0.5, -0.27 / (ROW * len(rows)))
    _key(figure, rows, (width, height, head))


def _key(figure: FigureBase, rows: list[Budget], size: tuple[float, float, float]) -> None:
    width, height, head = size
    axes = style.bare(style.axes_at(figure, "key", (0.1, height - head, width - 0.2, head)))
    axes.set(xlim=(0, width - 0.2), ylim=(0, head))
    entries = [("total", "|", style.INK, style.INK)]
    entries += [
        (cause, *look)
        for cause, look in CAUSES.items()
        if any(cause in budget.causes for budget in rows)
    ]
    x, y = 0.06, head - 0.14
    for text, marker, colour, face in entries:
        span = 0.28 + 0.066 * len(text)
        if x + span > width - 0.2:
            x, y = 0.06, y - 0.18
        big = 8 if marker == "|" else 4.2
        axes.plot([x], [y], marker=marker, ms=big, mew=1.5 if marker == "|" else 1.0,
                  color=colour, mfc=face, ls="")  # fmt: skip
        axes.text(x + 0.1, y, text, va="center", fontsize=style.SMALL, color=style.MUTED)
        x += span
