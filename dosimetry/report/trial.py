"""The published results of a trial on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from dosimetry.population.trial import Proportion, Published, Trial
from dosimetry.report.terminal_parts import bullets, plain_table


def show_trial(found: Trial, out: Console) -> None:
    """Print one row per arm and quantity, the contrast, and what is not there."""
    arms = ", ".join(f"{arm} {n} patients" for arm, n in found.patients.items())
    out.print(Text(f"{found.trial}   {arms}", style="bold"))
    out.print()
    if found.proportions:
        table = plain_table("quantity", "arm", "%", "95 % interval", "patients")
        for one in found.proportions:
            table.add_row(one.quantity, one.arm, f"{one.value:.1f}", _interval(one), _patients(one))
        out.print(table)
        out.print()
    if found.published:
        table = plain_table("quantity", "arm", "value", "95 % interval", "p")
        for figure in found.published:
            p_value = "-" if figure.p_value is None else f"{figure.p_value:.2g}"
            table.add_row(figure.quantity, figure.arm, _value(figure), _between(figure), p_value)
        out.print(table)
    if found.contrast is not None:
        out.print()
        out.print(
            f"{found.contrast.quantity}: odds ratio {found.contrast.odds_ratio:.2f}, "
            f"Fisher's exact p {found.contrast.p_value:.2g}"
        )
    sources = dict.fromkeys(
        [*(one.source for one in found.proportions), *(one.source for one in found.published)]
    )
    bullets(out, "Sources and what is not there", [Text(line) for line in (*sources, *found.notes)])
    out.print()
    out.print(found.disclaimer, style="italic")


def _value(one: Published) -> str:
    return f"{one.value:g}" if one.unit == "1" else f"{one.value:.1f} {one.unit}s"


def _between(one: Published) -> str:
    if one.lower is None:
        return "-"
    return f"{one.lower:g} .. {'not given' if one.upper is None else f'{one.upper:g}'}"


def _interval(one: Proportion) -> str:
    if one.lower is None or one.upper is None:
        return "-"
    return f"{one.lower:.1f} .. {one.upper:.1f} {one.interval}"


def _patients(one: Proportion) -> str:
    if one.n is None:
        return "-"
    return f"of {one.n}" if one.count is None else f"{one.count} of {one.n}"
