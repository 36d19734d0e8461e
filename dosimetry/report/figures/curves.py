"""Pictures of the fitted curves: points with error bars, band, residuals."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dosimetry.documents.fit import PlanCurve
from dosimetry.documents.plan import Plan
from dosimetry.patient.kidneys import PAIR, SIDES, side_word
from dosimetry.physics.kinetics import Array
from dosimetry.report.curve_points import activity_over, residuals
from dosimetry.report.figures import style
from dosimetry.report.figures.picture import Picture
from dosimetry.report.numbers import plain, plus_minus

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

NORMAL_95 = 1.6449  # 5th to 95th percentile
SIZE = (style.NARROW, 2.95)
LEFT, WIDTH, STRIP = 0.58, style.NARROW - 0.68, 0.44  # of the axes in inches
LOOKS: tuple[tuple[str, dict[str, Any]], ...] = (
    (style.BLUE, {"marker": "o", "ls": "-", "ms": 4.5, "lw": 1.3, "mew": 1.0}),
    (style.ORANGE, {"marker": "s", "ls": "--", "ms": 4.5, "lw": 1.3, "mfc": "none", "mew": 1.0}),
)


@dataclass(frozen=True)
class Panel:
    """One picture: a region of one cycle, or both kidneys together."""

    cycle: int
    region: str
    curves: tuple[PlanCurve, ...]

    @property
    def title(self) -> str:
        """Return region and cycle."""
        return f"{style.label(self.region)}, cycle {self.cycle}"

    def entry(self, curve: PlanCurve) -> str:
        """Return the entry of a curve in the key: its side, its model."""
        side = side_word(curve.region) if len(self.curves) > 1 else ""
        return f"{side} ({curve.model})" if side else curve.model


def panels(plan: Plan) -> list[Panel]:
    """Return the panels of a plan by cycle: first both kidneys together, then the others.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/snmmi_patient4.yaml"))
    >>> [panel.title for panel in panels(plan)]
    ['kidneys, cycle 1']
    """
    ordered = []
    for cycle in dict.fromkeys(curve.cycle for curve in plan.curves):
        own = [curve for curve in plan.curves if curve.cycle == cycle]
        kidneys = tuple(c for side in SIDES for c in own if c.region == side)  # the left one first
        if kidneys:
            name = PAIR if len(kidneys) > 1 else kidneys[0].region
            ordered.append(Panel(cycle, name, kidneys))
        ordered += [Panel(cycle, c.region, (c,)) for c in own if c.region not in SIDES]
    return ordered


def pictures(plan: Plan) -> list[Picture]:
    """Return one picture per panel."""
    return [_picture(panel, i) for i, panel in enumerate(panels(plan), start=1)]


def picture_of(curve: PlanCurve) -> Picture:
    """Return the picture of a single curve."""
    return _picture(Panel(curve.cycle, curve.region, (curve,)), 1)


def _picture(panel: Panel, number: int) -> Picture:
    name = f"curve-{panel.cycle}-{number}"
    return Picture("curves", name, panel.title, alt(panel), (SIZE,), functools.partial(draw, panel))


def alt(panel: Panel) -> str:
    """Return the description of the picture."""
    parts = []
    for curve in panel.curves:
        worst = float(np.max(np.abs(residuals(curve))))
        half_life = plus_minus(curve.effective_half_life)
        parts.append(
            f"{style.label(curve.region)}: {len(curve.points)} points from "
            f"{plain(curve.points[0].time.value)} to {plain(curve.points[-1].time.value)} h, model "
            f"{curve.model}, effective half-life {half_life} h, largest residual "
            f"{worst:.1f} sd."
        )
    return f"Activity over time with the fitted curve and its 5 to 95 % band. {' '.join(parts)}"


def draw(panel: Panel, figure: FigureBase) -> None:
    """Draw the curves of a panel and, below them, the residuals."""
    upper = style.axes_at(figure, "activity", (LEFT, 1.0, WIDTH, SIZE[1] - 1.1))
    lower = style.axes_at(figure, "residuals", (LEFT, 0.42, WIDTH, STRIP))
    last = max(curve.points[-1].time.value for curve in panel.curves)
    end = max(last * 1.18, 4.0)
    grid = np.concatenate([np.geomspace(end / 800, end / 12, 24), np.linspace(end / 12, end, 48)])
    grid = np.concatenate([[0.0], np.unique(grid)])
    top, worst = 0.0, 2.6
    for curve, (colour, look) in zip(panel.curves, LOOKS, strict=False):
        top = max(top, _curve(upper, curve, grid, colour, look))
        distances = residuals(curve)
        worst = max(worst, 1.25 * float(np.max(np.abs(distances))))
        times = [point.time.value for point in curve.points]
        lower.vlines(times, 0, distances, color=colour, lw=0.9)
        lower.plot(times, distances, color=colour, **{**look, "ls": "", "ms": 3.5})
    top *= 1.3 if len(panel.curves) > 1 else 1.2
    style.bare(upper).set(xlim=(0, end), ylim=(0, top))
    unit = panel.curves[0].tia.unit.removesuffix("*h")
    marks = style.ticks(0, top)
    style.left_scale(
        upper, marks, [style.plain_number(y) for y in marks],
        f"concentration [{unit}]" if "/" in unit else f"activity [{unit}]", 0.43,
    )  # fmt: skip
    _strip(lower, end, worst)
    style.key(
        upper,
        [
            (panel.entry(curve), look, colour)
            for curve, (colour, look) in zip(panel.curves, LOOKS, strict=False)
        ],
    )


def _curve(axes: Axes, curve: PlanCurve, grid: Array, colour: str, look: dict[str, Any]) -> float:
    """Draw one curve and return its largest value."""
    activity, sd = activity_over(curve, grid)
    points = curve.points
    times = [point.time.value for point in points]
    values = np.array([point.activity.value for point in points])
    sds = np.array([point.activity.sd or 0.0 for point in points])
    top = max(float(activity.max()), float((values + sds).max()))
    if sd is not None:
        high = activity + NORMAL_95 * sd
        low = np.maximum(activity - NORMAL_95 * sd, 0.0)
        axes.fill_between(grid, low, high, color=colour, alpha=0.16, lw=0)
        top = max(top, min(float(high.max()), 1.6 * top))
    axes.plot(grid, activity, color=colour, lw=look["lw"], ls=look["ls"])
    axes.vlines(times, values - sds, values + sds, color=colour, lw=1.0)
    axes.plot(times, values, color=colour, **{**look, "ls": ""}, clip_on=False)
    return top


def _strip(axes: Axes, end: float, worst: float) -> None:
    """Draw the axes of the residuals, and lines at 0 and ± 2 sd."""
    axes.hlines([0], 0, end, color=style.MUTED, lw=0.7)
    axes.hlines([-2, 2], 0, end, color=style.RULE, lw=0.7, ls=(0, (1, 2)))
    style.bare(axes).set(xlim=(0, end), ylim=(-worst, worst))
    style.left_scale(axes, (-2, 0, 2), ("−2", "0", "2"), "resid. [sd]", 0.36)
    marks = style.ticks(0, end, 6)
    style.lower_scale(
        axes, marks, [style.plain_number(x) for x in marks], "time after the administration [h]"
    )
