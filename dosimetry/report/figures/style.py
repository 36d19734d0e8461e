"""The style of all pictures: light and dark colours, typeface, axes, ticks, key."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dosimetry.documents.flags import Severity
from dosimetry.report.words.names import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

NARROW, WIDE = 3.7, 7.0  # in inches: one column of a phone, the text of a page
SMALL, NORMAL = 7.5, 8.5  # type sizes in points
LONGEST_LABEL = 30

# Each colour and its counterpart on a dark ground. Shape or text always repeat what colour shows.
INK, MUTED, RULE, FAINT = "#1d1f22", "#5b6068", "#b9bec6", "#eef0f3"
BLUE, PALE_BLUE, ORANGE = "#1f5f99", "#9cc2e4", "#a8520a"
GREEN, AMBER, RED, VIOLET = "#25703f", "#8a5a00", "#ab2117", "#6a4a9c"
DARK = {
    INK: "#eceef1",
    MUTED: "#adb3bc",
    RULE: "#555b64",
    FAINT: "#2b2f35",
    BLUE: "#86bdf0",
    PALE_BLUE: "#2f5f8c",
    ORANGE: "#f2a968",
    GREEN: "#7fcf9a",
    AMBER: "#e6b655",
    RED: "#ff9a8f",
    VIOLET: "#c3a8f0",
}
SEVERITY: dict[Severity, tuple[str, str]] = {  # colour and marker
    "within": (GREEN, "o"),
    "caution": (AMBER, "^"),
    "exceeds": (RED, "s"),
    "not-assessed": (VIOLET, "D"),
}
SETTINGS: Any = {
    "svg.fonttype": "none",  # text stays text, which can be selected and read aloud
    "svg.hashsalt": "dosimetry",
    "svg.id": None,
    "font.size": NORMAL,
    "font.family": ["DejaVu Sans"],
    "text.parse_math": False,  # a "$" in a name starts no formula
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "axes.labelsize": NORMAL,
    "axes.unicode_minus": True,
    "hatch.linewidth": 0.8,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}


def label(text: str, longest: int = LONGEST_LABEL) -> str:
    """Return a name for a picture: in words, shortened, without control characters.

    Examples
    --------
    >>> label("kidney_left"), label("x" * 40, 10)
    ('left kidney', 'xxxxxxxxx…')
    """
    kept = "".join(sign for sign in words(text) if not unicodedata.category(sign).startswith("C"))
    return kept if len(kept) <= longest else f"{kept[: longest - 1]}…"


def axes_at(figure: FigureBase, name: str, place: tuple[float, float, float, float]) -> Axes:
    """Return empty axes at a place in inches: left, bottom, width, height.

    A figure that is drawn again reuses its axes of this name, because making axes takes longer
    than drawing on them.
    """
    width, height = size_of(figure)
    left, bottom, wide, high = place
    where = (left / width, bottom / height, wide / width, high / height)
    sheet: Any = figure
    axes: Axes | None = next((part for part in sheet.axes if part.get_label() == name), None)
    if axes is None:
        axes = figure.add_axes(where, label=name)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=2.5, width=0.7, pad=2.5)
        return axes
    axes.set_position(where)
    for artist in [*axes.lines, *axes.collections, *axes.texts, *axes.patches]:
        artist.remove()
    return axes


def size_of(figure: FigureBase) -> tuple[float, float]:
    """Return width and height of a figure or subfigure in inches."""
    sheet: Any = figure  # both kinds have a bbox, their common base has none
    return float(sheet.bbox.width / sheet.dpi), float(sheet.bbox.height / sheet.dpi)


def bare(axes: Axes) -> Axes:
    """Return axes without frame and ticks."""
    axes.set_axis_off()
    return axes


def title(figure: FigureBase, text: str, left: float, top: float) -> None:
    """Write a title with its upper left corner at a place in inches."""
    width, height = size_of(figure)
    figure.text(left / width, top / height, label(text, 60), va="top", weight="bold")


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return about ``count`` round numbers from low to high.

    Examples
    --------
    >>> ticks(0.0, 97.0)
    [0.0, 25.0, 50.0, 75.0]
    """
    from matplotlib.ticker import MaxNLocator

    values = MaxNLocator(count, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(x) + 0.0 for x in values if low - 1e-9 * abs(low) <= x <= high]


def box(axes: Axes, x: float, y: float, width: float, height: float, **look: Any) -> None:
    """Draw a box from x to the right, centred on the height y."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x, y - height / 2), width, height, linewidth=0.8, **look))


def left_scale(
    axes: Axes, places: Sequence[float], names: Sequence[str], label: str, away: float
) -> None:
    """Draw a scale on the left of bare axes; matplotlib's own would double the drawing time.

    Parameters
    ----------
    axes : Axes
        Bare, with their limits set.
    places, names : sequences
        Positions of the ticks in data coordinates, and their labels.
    label : str
        Quantity and unit.
    away : float
        Distance of the label from the axes in inches.
    """
    inch, (low, high), (x, _) = 1 / _inches(axes)[0], axes.get_ylim(), axes.get_xlim()
    mark = 0.035 * inch * (axes.get_xlim()[1] - x)
    segments = [[(x, low), (x, high)], *([(x - mark, y), (x, y)] for y in places)]
    _strokes(axes, segments)
    for y, name in zip(places, names, strict=True):
        axes.text(
            -0.07 * inch, (y - low) / (high - low), name, transform=axes.transAxes, ha="right",
            va="center", fontsize=SMALL,
        )  # fmt: skip
    axes.text(
        -away * inch, 0.5, label, transform=axes.transAxes, rotation=90, ha="center", va="center",
        fontsize=NORMAL if _inches(axes)[1] > 1 else SMALL,
    )  # fmt: skip


def lower_scale(axes: Axes, places: Sequence[float], names: Sequence[str], label: str) -> None:
    """Draw a scale below bare axes, see :func:`left_scale`."""
    inch, (low, high), (y, top) = 1 / _inches(axes)[1], axes.get_xlim(), axes.get_ylim()
    mark = 0.035 * inch * (top - y)
    segments = [[(low, y), (high, y)], *([(x, y - mark), (x, y)] for x in places)]
    _strokes(axes, segments)
    for x, name in zip(places, names, strict=True):
        axes.text(
            (x - low) / (high - low), -0.06 * inch, name, transform=axes.transAxes, ha="center",
            va="top", fontsize=SMALL,
        )  # fmt: skip
    axes.text(0.5, -0.21 * inch, label, transform=axes.transAxes, ha="center", va="top")


def _strokes(axes: Axes, segments: list[list[tuple[float, float]]]) -> None:
    from matplotlib.collections import LineCollection

    lines = LineCollection(segments, colors=MUTED, linewidths=0.7, clip_on=False)
    axes.add_collection(lines, autolim=False)


def side_labels(axes: Axes, places: Sequence[float], names: Sequence[str], pad: float) -> None:
    """Write labels on the left of the axes, at data coordinates, ``pad`` inches away."""
    axes.yaxis.set_visible(False)
    x = -pad / _inches(axes)[0]
    low, high = axes.get_ylim()
    for place, name in zip(places, names, strict=True):
        axes.text(
            x, (place - low) / (high - low), name, transform=axes.transAxes, ha="right",
            va="center", fontsize=SMALL,
        )  # fmt: skip


def months(first: float, last: float, most: int) -> list[tuple[float, str]]:
    """Return the first days of at most ``most`` months between two days, with their names.

    Examples
    --------
    >>> import datetime as dt
    >>> begin = dt.date(2026, 1, 12).toordinal()
    >>> [name for _, name in months(begin, begin + 60, 5)]
    ['2026-02', '2026-03']
    """
    date = dt.date.fromordinal(int(first)).replace(day=1)
    starts = []
    while date.toordinal() <= last:
        if date.toordinal() >= first:
            starts.append((float(date.toordinal()), date.isoformat()[:7]))
        date = (date + dt.timedelta(days=32)).replace(day=1)
    step = max(1, -(-len(starts) // max(most, 1)))
    return starts[::step]


def key(axes: Axes, entries: Sequence[tuple[str, dict[str, Any], str]], top: float = 0.97) -> None:
    """Draw the key at the upper right of the axes, one entry below the other."""
    width, height = _inches(axes)
    for i, (text, marks, colour) in enumerate(entries):
        y = top - i * 0.155 / height
        axes.text(
            1.0 - 0.32 / width, y, text, ha="right", va="center", transform=axes.transAxes,
            fontsize=SMALL, color=INK,
        )  # fmt: skip
        x, span = 1.0 - 0.13 / width, 0.12 / width
        axes.plot(
            [x - span, x, x + span], [y] * 3, markevery=[1], color=colour,
            transform=axes.transAxes, clip_on=False, **marks,
        )  # fmt: skip


def _inches(axes: Axes) -> tuple[float, float]:
    wide, high = size_of(axes.figure)
    box = axes.get_position()
    return float(box.width * wide), float(box.height * high)


def plain_number(value: float) -> str:
    """Return a tick's number without needless zeros.

    Examples
    --------
    >>> plain_number(20.0), plain_number(0.5)
    ('20', '0.5')
    """
    return re.sub(r"\.0$", "", f"{value:.6g}")
