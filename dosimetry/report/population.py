"""Virtual trials and cohorts on a terminal, and the figure of a trial."""

from __future__ import annotations

import html

from rich.console import Console
from rich.text import Text

from dosimetry.population.virtual_trial import RegionOutcome, Spread, VirtualTrial
from dosimetry.report.numbers import plain, probability
from dosimetry.report.terminal_parts import bullets, plain_table, words

ROUNDING = 1e-9  # of a mean: what is below is no spread
WIDTH, HEIGHT, MARGIN = 640, 220, 46
COLOURS = ("#0072b2", "#d55e00", "#009e73")  # Okabe and Ito 2008: told apart by all readers


def show_trial(found: VirtualTrial, out: Console) -> None:
    """Print one column per strategy: activity, cycles, doses, how many exceed each limit."""
    title = f"{found.regimen}, {found.patients} virtual patients   seed {found.seed}"
    out.print(Text(f"{title}   risk {found.risk:g}", style="bold"))
    out.print()
    table = plain_table(
        "whole course, mean ± sd [5-95 %]", *(one.strategy for one in found.strategies)
    )
    table.add_row("activity, GBq", *(_spread(one.activity) for one in found.strategies))
    for row in zip(*(one.regions for one in found.strategies), strict=True):
        table.add_row(f"{_name(row[0])}, Gy", *(_spread(one.spread) for one in row))
    for limits in zip(*(one.limits for one in found.strategies), strict=True):
        table.add_row(f"p {limits[0].id}", *(probability(one.probability) for one in limits))
    out.print(table)
    bullets(out, "Assumed", [Text(line) for line in found.assumptions])
    out.print()
    out.print(found.disclaimer, style="italic")


def _name(one: RegionOutcome) -> str:
    return words(one.region) + (" BED" if one.quantity.startswith("bio") else "")


def _spread(spread: Spread) -> str:
    low, high = spread.percentiles["p5"], spread.percentiles["p95"]
    if spread.sd <= ROUNDING * spread.mean:
        return f"{plain(spread.mean)} of all"
    return f"{plain(spread.mean)} ± {plain(spread.sd)} [{plain(low)}-{plain(high)}]"


def trial_figure(found: VirtualTrial) -> str:
    """Return the distributions over patients as an SVG document, one panel per region."""
    panels = found.strategies[0].regions
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT * len(panels)}" '
        'font-family="sans-serif" font-size="12" role="img">',
        f"<title>{html.escape(found.regimen)}: {found.patients} virtual patients</title>",
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for i in range(len(panels)):
        parts.append(f'<g transform="translate(0 {i * HEIGHT})">')
        parts += _panel(found, i)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _panel(found: VirtualTrial, index: int) -> list[str]:
    rows = [strategy.regions[index] for strategy in found.strategies]
    right = max(row.spread.edges[-1] for row in rows)
    densities = [
        [c / (row.spread.edges[1] - row.spread.edges[0]) for c in row.spread.counts] for row in rows
    ]
    top = max(max(density) for density in densities)

    def x(value: float) -> float:
        return MARGIN + (WIDTH - 2 * MARGIN) * value / right

    base, tall = HEIGHT - MARGIN, HEIGHT - 2 * MARGIN
    parts = [
        f'<text x="{MARGIN}" y="22">{html.escape(_name(rows[0]))}, Gy, over '
        f"{found.patients} patients</text>",
        f'<path d="M{MARGIN} {base}H{WIDTH - MARGIN}" stroke="black"/>',
    ]
    for tick in range(5):
        value = right * tick / 4
        parts.append(
            f'<text x="{x(value):.1f}" y="{base + 18}" text-anchor="middle">{plain(value)}</text>'
        )
    for i, (row, density) in enumerate(zip(rows, densities, strict=True)):
        colour = COLOURS[i % len(COLOURS)]
        path = f"M{x(0):.1f} {base}"
        for left, end, value in zip(
            row.spread.edges[:-1], row.spread.edges[1:], density, strict=True
        ):
            path += f"L{x(left):.1f} {base - tall * value / top:.1f}H{x(end):.1f}"
        path += f"V{base}"
        parts.append(f'<path d="{path}" fill="{colour}" fill-opacity="0.2" stroke="{colour}"/>')
        parts.append(
            f'<text x="{WIDTH - MARGIN}" y="{22 + 16 * i}" text-anchor="end" fill="{colour}">'
            f"{html.escape(found.strategies[i].strategy)}</text>"
        )
    quantity = (rows[0].region, rows[0].quantity)
    for limit in found.strategies[0].limits:
        if (limit.region, limit.quantity) == quantity and limit.limit <= right:
            at = x(limit.limit)
            parts.append(
                f'<path d="M{at:.1f} {base}V{MARGIN - 8}" stroke="black" stroke-dasharray="4 3"/>'
                f'<text x="{at + 4:.1f}" y="{MARGIN + 4}">{html.escape(limit.id)}</text>'
            )
    return parts
