"""How sure: what each cause adds to the uncertainty of every measured dose."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosimetry import reference
from dosimetry.report.figures import style
from dosimetry.report.figures.picture import Picture
from dosimetry.therapy.plan import CycleRegion, Plan

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

ROW, HEAD, FOOT = 0.2, 0.45, 0.42  # heights in inches
CAUSES = {
    "counting and fit": ("o", style.BLUE, style.BLUE),
    "half-life": ("^", style.VIOLET, "none"),
    "systematic": ("s", style.ORANGE, "none"),
    "mass": ("D", style.GREEN, style.GREEN),
    "supplied coefficient": ("v", style.BLUE, "none"),
}


@dataclass(frozen=True)
class Budget:
    """The relative sd of one measured dose in percent: of all causes, and of each."""

    cycle: int
    region: str
    total: float
    causes: dict[str, float]


def budgets(plan: Plan) -> list[Budget]:
    """Return the budget of every region with a limit or a curve of its own, by cycle.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/snmmi_patient4.yaml"))
    >>> print(budgets(plan)[0].region, f"{budgets(plan)[0].total:.1f}")
    kidneys 3.7
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
    found = {flag.region for flag in plan.flags}
    for curve in plan.curves:
        if curve.region != "blood":
            found.update(reference.region(curve.region).targets)
    return found | ({"red_marrow"} if any(c.region == "blood" for c in plan.curves) else set())


def _budget(cycle: int, dose: CycleRegion) -> Budget:
    per = 100.0 / dose.absorbed_dose.value
    causes: dict[str, float] = {part.cause: part.sd.value * per for part in dose.uncertainty}
    whole = dose.absorbed_dose.sd
    total = whole * per if whole else math.hypot(*causes.values())
    return Budget(cycle, dose.region, total, causes)


def pictures(plan: Plan) -> list[Picture]:
    """Return the one picture of all budgets; none where nothing was measured."""
    found = budgets(plan)
    if not found:
        return []
    height = HEAD + ROW * len(found) + FOOT
    return [
        Picture(
            "uncertainty",
            "uncertainty",
            "Uncertainty of each measured dose",
            alt(found),
            ((style.NARROW, height),),
            lambda figure: draw(found, figure),
        )
    ]


def alt(found: list[Budget]) -> str:
    """Say what the picture shows."""
    largest = max(found, key=lambda one: one.total)
    return (
        "Relative standard deviation of each measured dose in percent, in all and by cause. The "
        f"largest: {style.label(largest.region)} in cycle {largest.cycle}, {largest.total:.2g} %."
    )


def draw(found: list[Budget], figure: FigureBase) -> None:
    """Draw a row per dose: a bar for the whole, a mark for each cause."""
    width, height = style.size_of(figure)
    left = 1.5
    head = height - FOOT - ROW * len(found)
    axes = style.axes_at(figure, "budget", (left, FOOT, width - left - 0.2, ROW * len(found)))
    top = max(one.total for one in found) * 1.08
    rows, totals = np.arange(len(found)), [one.total for one in found]
    axes.barh(rows, totals, 0.5, color=style.FAINT, edgecolor=style.RULE, linewidth=0.7)
    axes.vlines(totals, rows - 0.36, rows + 0.36, color=style.INK, lw=1.6)
    for cause, (marker, colour, face) in CAUSES.items():
        shares = [(one.causes[cause], i) for i, one in enumerate(found) if cause in one.causes]
        if shares:
            axes.plot(*zip(*shares, strict=True), marker, ms=4.2, color=colour, mfc=face)
    names = [f"{style.label(one.region, 16)}, cycle {one.cycle}" for one in found]
    axes.set(
        xlim=(0, top), ylim=(len(found) - 0.4, -0.6), xticks=style.ticks(0, top, 6),
        xlabel="sd of the absorbed dose, relative [%]",
    )  # fmt: skip
    style.side_labels(axes, range(len(found)), names, 0.08)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_label_coords(0.5, -0.27 / (ROW * len(found)))
    _key(figure, found, (width, height, head))


def _key(figure: FigureBase, found: list[Budget], size: tuple[float, float, float]) -> None:
    width, height, head = size
    axes = style.bare(style.axes_at(figure, "key", (0.1, height - head, width - 0.2, head)))
    axes.set(xlim=(0, width - 0.2), ylim=(0, head))
    entries = [("all together", "|", style.INK, style.INK)]
    entries += [
        (cause, *look)
        for cause, look in CAUSES.items()
        if any(cause in one.causes for one in found)
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
