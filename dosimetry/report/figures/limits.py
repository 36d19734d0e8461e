"""Picture of the limits: delivered and planned dose of the course against each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dosimetry.documents.dose import CumulativeDose
from dosimetry.documents.flags import Flag
from dosimetry.documents.plan import Plan
from dosimetry.quantities import Distribution
from dosimetry.report.figures import style
from dosimetry.report.figures.picture import Picture
from dosimetry.report.numbers import plain, probability, range_of
from dosimetry.report.words.status import is_noted, short_verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

BED = "biologically effective dose"
ROW, HEAD = 0.98, 0.3  # heights in inches
LOOKS: dict[str, dict[str, Any]] = {
    "previous radiation": {"facecolor": "none", "hatch": "xxxx", "edgecolor": style.MUTED},
    "delivered": {"facecolor": style.PALE_BLUE, "edgecolor": style.BLUE},
    "planned": {"facecolor": "none", "edgecolor": style.BLUE, "hatch": "/////"},
}
FARTHEST = 4.0  # largest dose shown, as a multiple of the limit


@dataclass(frozen=True)
class Bar:
    """A limit with its verdict in words, and the parts of the dose in Gy."""

    flag: Flag
    total: Distribution | None
    earlier: float
    delivered: float
    planned: float
    verdict: str
    noted: bool

    @property
    def parts(self) -> dict[str, float]:
        """Return the parts of the dose by their names."""
        return dict(zip(LOOKS, (self.earlier, self.delivered, self.planned), strict=True))

    @property
    def quantity(self) -> str:
        """Return the quantity, BED abbreviated."""
        return "BED" if self.flag.quantity == BED else "absorbed dose"

    @property
    def says(self) -> str:
        """Return dose and 5 to 95 % interval in words."""
        if self.total is None:
            return "no dose known"
        return range_of(self.total)


def bars(plan: Plan) -> list[Bar]:
    """Return one bar per limit.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/nothing_measured.yaml"))
    >>> [round(bar.planned) for bar in bars(plan)]
    [19, 22, 1]
    """
    doses = {dose.region: dose for dose in plan.cumulative}
    return [_bar(flag, doses.get(flag.region), plan) for flag in plan.flags]


def _bar(flag: Flag, dose: CumulativeDose | None, plan: Plan) -> Bar:
    verdict = short_verdict(flag, plan), is_noted(flag, plan)
    bed = flag.quantity == BED
    total = None if dose is None else (dose.bed if bed else dose.absorbed_dose)
    if dose is None or total is None:
        return Bar(flag, None, 0.0, 0.0, 0.0, *verdict)
    so_far = dose.so_far and (dose.so_far.bed if bed else dose.so_far.absorbed_dose)
    before = dose.earlier and (dose.earlier.bed if bed else dose.earlier.absorbed_dose)
    earlier = before.value if before else 0.0
    reached = so_far.value if so_far else earlier
    delivered, planned = max(reached - earlier, 0.0), max(total.value - reached, 0.0)
    return Bar(flag, total, earlier, delivered, planned, *verdict)


def pictures(plan: Plan) -> list[Picture]:
    """Return the picture of all limits; none for a plan without limits."""
    rows = bars(plan)
    if not rows:
        return []
    height = HEAD + ROW * len(rows)
    return [
        Picture(
            "limits",
            "limits",
            "Dose of the whole course against each limit",
            alt(rows),
            ((style.WIDE, height), (style.NARROW, height + 0.18 * len(rows) + 0.18)),
            lambda figure: draw(rows, figure),
        )
    ]


def alt(rows: list[Bar]) -> str:
    """Return the description of the picture."""
    lines = []
    for bar in rows:
        parts = [f"{name} {plain(value)} Gy" for name, value in bar.parts.items() if value > 0]
        split = f" ({', '.join(parts)})" if parts else ""
        lines.append(
            f"{style.label(bar.flag.region).capitalize()}, {bar.quantity}: {bar.says}{split}, "
            f"limit {bar.flag.limit_value.value:g} Gy, {bar.verdict}."
        )
    return f"A bar for each limit, with the 5 to 95 % interval. {' '.join(lines)}"


def draw(rows: list[Bar], figure: FigureBase) -> None:
    """Draw one bar per limit; all limits stand at the same position, each axis is in Gy."""
    width, height = style.size_of(figure)
    narrow = width < 5
    reach = min(max([1.35, *(_reach(bar) * 1.05 for bar in rows)]), FARTHEST)
    axes = style.bare(style.axes_at(figure, "bars", (0.08, 0, width - 0.16, height)))
    axes.set_xlim(0, reach)
    axes.set_ylim(0, height)
    top = height - _key(axes, rows, height, narrow)
    row = top / len(rows)
    for i, bar in enumerate(rows):
        _row(axes, bar, top - i * row, reach, narrow)


def _reach(bar: Bar) -> float:
    if bar.total is None:
        return 0.0
    return (bar.total.p95 or bar.total.value) / bar.flag.limit_value.value


def _row(axes: Axes, bar: Bar, top: float, reach: float, narrow: bool) -> None:
    flag, limit = bar.flag, bar.flag.limit_value.value
    colour, marker = style.SEVERITY[flag.severity]
    name = f"{style.label(flag.region, 14 if narrow else 20)}, {bar.quantity}"
    if bar.noted:
        colour = style.MUTED
    chance = "" if flag.probability is None else f", P(> limit) {probability(flag.probability)}"
    axes.text(0, top - 0.1, name, va="top", weight="bold")
    inch = reach / (style.size_of(axes.figure)[0] - 0.16)
    axes.text(
        reach - 0.16 * inch, top - 0.1, bar.verdict, va="top", ha="right", weight="bold",
        color=colour,
    )  # fmt: skip
    axes.plot(
        [reach - 0.05 * inch], [top - 0.165],
        marker=marker, ms=5.5, color=colour, ls="", clip_on=False,
    )  # fmt: skip
    if narrow:
        axes.text(0, top - 0.28, f"{bar.says}{chance}", va="top", color=style.MUTED)
        base = top - 0.68
    else:
        axes.text(
            reach - max(1.35, 0.35 + 0.08 * len(bar.verdict)) * inch, top - 0.1,
            f"{bar.says}{chance}", va="top", ha="right", color=style.MUTED,
        )  # fmt: skip
        base = top - 0.52
    _parts(axes, bar, base, limit, reach)
    _scale(axes, base - 0.16, limit, reach)
    axes.plot([1, 1], [base - 0.16, base + 0.2], color=style.INK, lw=1.6)
    axes.text(
        1 + 0.05 * inch, base + 0.17, f"limit {limit:g} Gy", va="center", fontsize=style.SMALL,
    )  # fmt: skip


def _parts(axes: Axes, bar: Bar, base: float, limit: float, reach: float) -> None:
    at = 0.0
    for value, look in zip(bar.parts.values(), LOOKS.values(), strict=True):
        share = min(value / limit, reach - at)
        if share > 0:
            style.box(axes, at, base, share, 0.2, **look)
        at += max(share, 0.0)
    if bar.total is None:
        axes.text(0, base, "not assessed: no dose known", va="center", fontsize=style.SMALL)
        return
    if bar.total.p5 is not None and bar.total.p95 is not None:
        low, high = bar.total.p5 / limit, min(bar.total.p95 / limit, reach)
        ends = (low, high) if bar.total.p95 / limit <= reach else (low,)
        _whisker(axes, low, high, base, ends)
    middle = min(bar.total.value / limit, reach)
    axes.plot([middle], [base], marker="D", ms=4, color=style.INK, clip_on=False)


def _whisker(
    axes: Axes, low: float, high: float, y: float, ends: tuple[float, ...], half: float = 0.06
) -> None:
    axes.hlines([y], low, high, color=style.INK, lw=1.4)
    axes.vlines(ends, y - half, y + half, color=style.INK, lw=1.4)


def _scale(axes: Axes, y: float, limit: float, reach: float) -> None:
    axes.plot([0, reach], [y, y], color=style.RULE, lw=0.7)
    places = style.ticks(0, limit * reach, 6)
    axes.vlines([value / limit for value in places], y - 0.03, y, color=style.RULE, lw=0.7)
    for value in places:
        last = " Gy" if value == places[-1] else ""
        axes.text(
            value / limit, y - 0.05, f"{style.plain_number(value)}{last}", va="top",
            ha="left" if value == 0 else "center", fontsize=style.SMALL, color=style.MUTED,
        )  # fmt: skip


def _key(axes: Axes, rows: list[Bar], height: float, narrow: bool) -> float:
    """Draw the key along the top and return its height in inches."""
    reach = axes.get_xlim()[1]
    inch = reach / (style.size_of(axes.figure)[0] - 0.16)
    x, y = 0.0, height - 0.12
    shown = {part for bar in rows for part, value in bar.parts.items() if value > 0}
    for text, look in LOOKS.items():
        if text not in shown:
            continue
        style.box(axes, x, y, 0.24 * inch, 0.11, **look)
        axes.text(x + 0.3 * inch, y, text, va="center", fontsize=style.SMALL, color=style.MUTED)
        x += (0.5 + 0.058 * len(text)) * inch
    if narrow:
        x, y = 0.0, y - 0.18
    _whisker(axes, x, x + 0.24 * inch, y, (x, x + 0.24 * inch), 0.04)
    axes.plot([x + 0.12 * inch], [y], marker="D", ms=3.5, color=style.INK)
    axes.text(
        x + 0.3 * inch, y, "mean, 5 to 95 %", va="center", fontsize=style.SMALL, color=style.MUTED
    )
    return HEAD + (0.18 if narrow else 0.0)
