"""Picture of what one scan gives over its time, and of the best schedules of more scans."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dosimetry.documents.scans import BestSchedule, ScannedRegion, Scans
from dosimetry.report.figures import style
from dosimetry.report.figures.picture import Picture
from dosimetry.report.words import scans as said
from dosimetry.units import HUNDRED_PERCENT

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

ROW, FOOT, HEIGHT = 0.18, 0.42, 1.6  # heights in inches: a row of the key, below and of the axes
LOOKS = (
    ("o", style.BLUE, style.BLUE),
    ("s", style.ORANGE, "none"),
    ("D", style.GREEN, style.GREEN),
    ("^", style.VIOLET, "none"),
    ("v", style.RED, style.RED),
    ("P", style.INK, "none"),
)


def pictures(scans: Scans | None) -> list[Picture]:
    """Return a picture of each region; none without scans to choose.

    Examples
    --------
    >>> import dosimetry
    >>> [one.title for one in pictures(dosimetry.scans("examples/nothing_measured.yaml"))]
    ['Scans of cycle 1: kidneys']
    """
    if scans is None:
        return []
    return [
        Picture(
            "scans",
            f"scans-{i}",
            f"Scans of cycle {scans.cycle}: {style.label(region.region)}",
            alt(scans, region),
            ((style.NARROW, 0.1 + ROW * len(region.best) + HEIGHT + FOOT),),
            partial(draw, region),
        )
        for i, region in enumerate(scans.regions, start=1)
    ]


def alt(scans: Scans, region: ScannedRegion) -> str:
    """Return the description of the picture."""
    return (
        f"Expected standard deviation of the dose of the {style.label(region.region)} in cycle "
        f"{scans.cycle}, in percent, over the time of one scan, and of the best schedules. "
        f"{said.answer(region)}"
    )


def draw(region: ScannedRegion, figure: FigureBase) -> None:
    """Draw the sd of one scan over its time, and a line per best schedule of more scans."""
    width, height = style.size_of(figure)
    axes = style.axes_at(figure, "scans", (0.55, FOOT, width - 0.75, HEIGHT))
    alone = [(one.times[0].value, HUNDRED_PERCENT * one.sd) for one in region.one_scan]
    latest = max(alone[-1][0], *(time.value for best in region.best for time in best.times))
    top = 1.05 * max(sd for _, sd in alone)
    axes.plot(*zip(*alone, strict=True), color=style.BLUE, lw=1.3)
    for best, (marker, colour, face) in zip(region.best, LOOKS, strict=False):
        at = [time.value for time in best.times]
        axes.plot(
            at, [HUNDRED_PERCENT * best.sd] * len(at), marker, ls=":", lw=0.8, ms=4.2,
            color=colour, mfc=face,
        )  # fmt: skip
    axes.set(
        xlim=(0, 1.03 * latest), ylim=(0, top), xticks=style.ticks(0, latest, 5),
        yticks=style.ticks(0, top, 4), xlabel="time after the administration [h]",
        ylabel="expected sd [%]",
    )  # fmt: skip
    _key(figure, region.best, (width, height))


def _key(figure: FigureBase, bests: tuple[BestSchedule, ...], size: tuple[float, float]) -> None:
    """Write the best schedule of each size above the axes, beside its mark."""
    width, height = size
    head = ROW * len(bests)
    axes = style.bare(style.axes_at(figure, "key", (0.1, height - head, width - 0.2, head)))
    axes.set(xlim=(0, width - 0.2), ylim=(0, head))
    for i, (best, (marker, colour, face)) in enumerate(zip(bests, LOOKS, strict=False)):
        y = head - ROW * (i + 0.5)
        axes.plot([0.1], [y], marker=marker, ms=4.2, color=colour, mfc=face, ls="")
        text = f"{', '.join(f'{time.value:g}' for time in best.times)} h: {said.percent(best.sd)}"
        axes.text(0.22, y, text, va="center", fontsize=style.SMALL, color=style.MUTED)
