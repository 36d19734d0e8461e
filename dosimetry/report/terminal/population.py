"""A virtual trial on a terminal, and its figure."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.text import Text

from dosimetry.planning.decision_words import limit_words
from dosimetry.population.virtual_trial.outcome import (
    LimitOutcome,
    RegionOutcome,
    Spread,
    VirtualTrial,
)
from dosimetry.report.numbers import decimals_of, plain, probability
from dosimetry.report.terminal.parts import bullets, plain_table
from dosimetry.report.words.names import words

ROUNDING = 1e-9  # relative: a smaller sd is rounding, not spread
WIDTH, HEIGHT, MARGIN = 640, 220, 46
BASE, TALL = HEIGHT - MARGIN, HEIGHT - 2 * MARGIN  # of the axes
COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
)  # Okabe and Ito 2008: distinct for colour-blind readers too


def show_virtual_trial(trial: VirtualTrial, out: Console) -> None:
    """Print one column per strategy: activity, doses, share of patients above each limit."""
    accepted = f"accepted probability {trial.risk:g}"
    title = f"{trial.regimen}   {trial.patients} virtual patients   seed {trial.seed}   {accepted}"
    out.print(Text(title, style="bold"))
    out.print()
    strategies = trial.strategies
    table = plain_table(
        "whole course, mean ± sd (5–95 %)", *(outcome.strategy for outcome in strategies)
    )
    table.add_row("activity [GBq]", *(_spread(outcome.activity) for outcome in strategies))
    for row in zip(*(outcome.regions for outcome in strategies), strict=True):
        table.add_row(f"{_region(row[0])} [Gy]", *(_spread(region.spread) for region in row))
    for limits in zip(*(outcome.limits for outcome in strategies), strict=True):
        shares = (probability(limit.probability) for limit in limits)
        table.add_row(f"P(> {_limit(limits[0])})", *shares)
    out.print(table)
    bullets(out, "Assumed", [Text(line) for line in trial.assumptions])
    out.print()
    out.print(trial.disclaimer, style="italic")


def _region(outcome: RegionOutcome) -> str:
    return words(outcome.region) + (" BED" if outcome.quantity.startswith("bio") else "")


def _limit(outcome: LimitOutcome) -> str:
    return limit_words(outcome.region, outcome.quantity, outcome.limit)


def _spread(spread: Spread) -> str:
    """Return mean, sd and percentiles, rounded to two digits of the sd."""
    if spread.sd <= ROUNDING * spread.mean:
        return f"{plain(spread.mean)} (all patients)"
    numbers = (spread.mean, spread.sd, spread.percentiles["p5"], spread.percentiles["p95"])
    mean, sd, low, high = (f"{number:.{decimals_of(spread.sd)}f}" for number in numbers)
    return f"{mean} ± {sd} ({low}–{high})"


def virtual_trial_svg(trial: VirtualTrial) -> str:
    """Return the distributions over patients as an SVG document, one panel per region."""
    panels = trial.strategies[0].regions
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT * len(panels)}" '
        'font-family="sans-serif" font-size="12" role="img">',
        f"<title>{html.escape(trial.regimen)}: {trial.patients} virtual patients</title>",
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for i in range(len(panels)):
        parts.append(f'<g transform="translate(0 {i * HEIGHT})">')
        parts += _panel(trial, i)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _panel(trial: VirtualTrial, index: int) -> list[str]:
    """Return the panel of a region: axis, a histogram per strategy, limits."""
    rows = [strategy.regions[index] for strategy in trial.strategies]
    right = max(row.spread.edges[-1] for row in rows)
    densities = [
        [c / (row.spread.edges[1] - row.spread.edges[0]) for c in row.spread.counts] for row in rows
    ]
    top = max(max(density) for density in densities)

    def x(dose: float) -> float:
        return MARGIN + (WIDTH - 2 * MARGIN) * dose / right

    parts = [
        f'<text x="{MARGIN}" y="22">{html.escape(_region(rows[0]))}, Gy, over '
        f"{trial.patients} patients</text>",
        f'<path d="M{MARGIN} {BASE}H{WIDTH - MARGIN}" stroke="black"/>',
    ]
    for tick in range(5):
        dose = right * tick / 4
        parts.append(
            f'<text x="{x(dose):.1f}" y="{BASE + 18}" text-anchor="middle">{plain(dose)}</text>'
        )
    for i, (row, density) in enumerate(zip(rows, densities, strict=True)):
        colour = COLOURS[i % len(COLOURS)]
        path = _histogram(row.spread, density, top, x)
        parts.append(f'<path d="{path}" fill="{colour}" fill-opacity="0.2" stroke="{colour}"/>')
        parts.append(
            f'<text x="{WIDTH - MARGIN}" y="{22 + 16 * i}" text-anchor="end" fill="{colour}">'
            f"{html.escape(trial.strategies[i].strategy)}</text>"
        )
    for limit in trial.strategies[0].limits:
        same = (limit.region, limit.quantity) == (rows[0].region, rows[0].quantity)
        if same and limit.limit <= right:
            at = x(limit.limit)
            parts.append(
                f'<path d="M{at:.1f} {BASE}V{MARGIN - 8}" stroke="black" stroke-dasharray="4 3"/>'
                f'<text x="{at + 4:.1f}" y="{MARGIN + 4}">{html.escape(limit.id)}</text>'
            )
    return parts


def _histogram(
    spread: Spread, density: Sequence[float], top: float, x: Callable[[float], float]
) -> str:
    """Return the outline of a histogram as an SVG path; ``top`` is the highest density shown."""
    path = f"M{x(0):.1f} {BASE}"
    for left, end, value in zip(spread.edges[:-1], spread.edges[1:], density, strict=True):
        path += f"L{x(left):.1f} {BASE - TALL * value / top:.1f}H{x(end):.1f}"
    return f"{path}V{BASE}"
