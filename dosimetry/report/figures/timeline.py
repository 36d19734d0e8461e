"""Picture of the course in time: doses, withheld periods, drugs, laboratory and scans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dosimetry.documents.clinic import PlanLabel
from dosimetry.documents.plan import Plan, PlanCycle
from dosimetry.report.figures import style
from dosimetry.report.figures.picture import Picture
from dosimetry.report.words.status import status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

ROW, HEAD, FOOT = 0.27, 0.36, 0.3  # heights in inches
BEFORE, AFTER = 14, 75  # days shown beside the doses
KINDS = {  # row, marker, colour
    "withheld": ("withheld (label)", "x", style.AMBER),
    "latest-dose": ("latest next dose", "d", style.RED),
    "stop-long-acting": ("long-acting analogue off", "<", style.VIOLET),
    "stop-short-acting": ("short-acting analogue off", "<", style.VIOLET),
    "amino-acids": ("amino acids", "P", style.GREEN),
    "octreotide": ("octreotide LAR", "^", style.ORANGE),
    "laboratory": ("laboratory", "s", style.BLUE),
    "scan": ("scan", "o", style.MUTED),
}


@dataclass(frozen=True)
class Span:
    """A span of days on the time line; ``done`` if it is in the past of the plan."""

    start: float
    end: float | None
    done: bool


@dataclass(frozen=True)
class Timeline:
    """The content of the picture, in days counted from 1 January of year 1.

    Attributes
    ----------
    cycles : tuple of (day, PlanCycle)
    states : tuple of str
        State of each cycle in words.
    rows : tuple of (name, marker, colour, spans)
    first, last : float
        Days shown.
    beyond : tuple of str
        Names of rows that go on after the last day.
    """

    cycles: tuple[tuple[float, PlanCycle], ...]
    states: tuple[str, ...]
    rows: tuple[tuple[str, str, str, tuple[Span, ...]], ...]
    first: float
    last: float
    beyond: tuple[str, ...]


def day(at: str) -> float:
    """Return a date or a date-time as a number of days.

    Examples
    --------
    >>> day("2026-01-13") - day("2026-01-12")
    1.0
    """
    date = float(dt.date.fromisoformat(at[:10]).toordinal())
    if len(at) <= 10:
        return date
    moment = dt.datetime.fromisoformat(at)
    return date + (moment.hour * 60 + moment.minute) / 1440


def timeline_of(plan: Plan) -> Timeline | None:
    """Return the time line of a plan; None for a course without dates."""
    cycles = tuple((day(cycle.at), cycle) for cycle in plan.cycles if cycle.at)
    if not cycles:
        return None
    done = max((at for at, cycle in cycles if cycle.status == "delivered"), default=0.0)
    taken = {lab.at[:10]: day(lab.at) for lab in plan.labs}
    done = max([done, *taken.values()])
    rows = []
    for kind, (name, marker, colour) in KINDS.items():
        if kind == "withheld":  # the period; the cycle itself stands in the row of doses
            spans = _withheld(plan.label)
        elif kind == "laboratory":
            spans = [span for span in _events(plan, kind, done) if not span.done]
            spans += [Span(at, None, True) for at in taken.values()]
        else:
            spans = _events(plan, kind, done)
        if spans:
            rows.append((name, marker, colour, tuple(spans)))
    days = [at for at, _ in cycles] + list(taken.values())
    first, last = min(days) - BEFORE, max(days) + AFTER
    first = min([first, *(s.start - 8 for _, _, _, spans in rows for s in spans)])
    beyond = tuple(
        name for name, _, _, spans in rows if any((s.end or s.start) > last for s in spans)
    )
    states = tuple(status(plan, cycle) for _, cycle in cycles)
    return Timeline(cycles, states, tuple(rows), first, last, beyond)


def _events(plan: Plan, kind: str, done: float) -> list[Span]:
    return [
        Span(day(event.at), day(event.until) if event.until else None, day(event.at) <= done)
        for event in plan.calendar
        if event.kind == kind
    ]


def _withheld(label: PlanLabel | None) -> list[Span]:
    """Return the periods in which the label withheld the next dose, an open one to its deadline."""
    periods: list[Span] = []
    begun: float | None = None
    for change in label.transitions if label else ():
        if change.state == "withheld":
            begun = day(change.at) if begun is None else begun
        elif begun is not None:
            periods.append(Span(begun, day(change.at), True))
            begun = None
    if begun is not None:
        periods.append(Span(begun, day(label.latest) if label and label.latest else None, False))
    return periods


def pictures(plan: Plan) -> list[Picture]:
    """Return the picture of the course; none without dates."""
    timeline = timeline_of(plan)
    if timeline is None:
        return []
    height = HEAD + ROW * (1 + len(timeline.rows)) + FOOT
    return [
        Picture(
            "timeline",
            "timeline",
            "The course in time",
            alt(timeline),
            ((style.WIDE, height), (style.NARROW, height)),
            lambda figure: draw(timeline, figure),
        )
    ]


def alt(timeline: Timeline) -> str:
    """Return the description of the picture."""
    doses = [
        f"cycle {cycle.number}, {(cycle.at or '')[:10]}, {state}"
        + (f", {cycle.activity.value:.2f} {cycle.activity.unit}" if cycle.activity else "")
        for (_, cycle), state in zip(timeline.cycles, timeline.states, strict=True)
    ]
    rows = ", ".join(name for name, *_ in timeline.rows)
    others = f" Other rows: {rows}." if rows else ""
    return f"Time line of the doses: {'; '.join(doses)}.{others}"


def draw(timeline: Timeline, figure: FigureBase) -> None:
    """Draw a row of doses, and below it one row for each kind of event."""
    width, height = style.size_of(figure)
    left = 1.55
    right = 0.12
    axes = style.axes_at(figure, "line", (left, FOOT, width - left - right, height - FOOT))
    axes.set(xlim=(timeline.first, timeline.last), ylim=(0, height - FOOT))
    per_day = (width - left - right) / (timeline.last - timeline.first)
    top = height - FOOT - HEAD
    lines = [top - ROW * i for i in range(1, 1 + len(timeline.rows))]
    axes.hlines(lines, timeline.first, timeline.last, color=style.FAINT, lw=0.7)
    middles = [top - ROW * (i + 0.5) for i in range(1 + len(timeline.rows))]
    for at, cycle in timeline.cycles:
        if cycle.activity is not None:
            axes.vlines(at, 0, middles[0], color=style.RULE, lw=0.8)
    _doses(axes, timeline, middles[0], per_day)
    for (_, marker, colour, spans), y in zip(timeline.rows, middles[1:], strict=True):
        _row(axes, timeline, spans, (marker, colour, y, per_day))
    names = ["dose, activity [GBq]", *(name for name, *_ in timeline.rows)]
    style.side_labels(axes, middles, names, 0.08)
    axes.spines["left"].set_visible(False)
    months = style.months(timeline.first, timeline.last, int((width - left) / 0.62))
    axes.set_xticks([at for at, _ in months], [name for _, name in months])


def _doses(axes: Axes, timeline: Timeline, y: float, per_day: float) -> None:
    apart = [b - a for (a, _), (b, _) in zip(timeline.cycles, timeline.cycles[1:], strict=False)]
    labels = [
        f"{cycle.activity.value:.2f}" if cycle.activity else state
        for (_, cycle), state in zip(timeline.cycles, timeline.states, strict=True)
    ]
    roomy = min(apart, default=99.0) * per_day > 0.065 * max(map(len, labels)) + 0.05
    for (at, cycle), text in zip(timeline.cycles, labels, strict=True):
        if cycle.activity is None:
            axes.plot([at], [y], marker="x", ms=6.5, mew=1.8, color=style.AMBER)
        else:
            face = style.BLUE if cycle.status == "delivered" else "none"
            axes.plot([at], [y], marker="o", ms=7, mew=1.3, color=style.BLUE, mfc=face)
        axes.text(at, y + 0.32, f"{cycle.number}", ha="center", va="center", weight="bold")
        if roomy:
            axes.text(
                at, y + 0.175, text, ha="center", va="center", fontsize=style.SMALL,
                color=style.MUTED,
            )  # fmt: skip


def _row(
    axes: Axes, timeline: Timeline, spans: Sequence[Span], look: tuple[str, str, float, float]
) -> None:
    marker, colour, y, per_day = look
    for done in (True, False):
        shown = [s for s in spans if s.done is done and s.start <= timeline.last]
        points = [s.start for s in shown if not _long(s, per_day)]
        face = colour if done else "none"
        if points:
            axes.plot(points, [y] * len(points), marker, ms=4.6, mew=1.0, color=colour, mfc=face)
        for span in shown:
            if _long(span, per_day):
                end = min(span.end or span.start, timeline.last)
                style.box(
                    axes, span.start, y, end - span.start, 0.13, facecolor="none",
                    edgecolor=colour, hatch="////",
                )  # fmt: skip
    if any((s.end or s.start) > timeline.last for s in spans):
        axes.text(
            timeline.last, y, "→", ha="right", va="center", color=colour, weight="bold",
        )  # fmt: skip


def _long(span: Span, per_day: float) -> bool:
    return span.end is not None and (span.end - span.start) * per_day > 0.12
