"""The published results of a trial on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from dosimetry.population.published_trial import Proportion, Published, PublishedTrial
from dosimetry.report.terminal.parts import NOTHING, bullets, plain_table
from dosimetry.report.words.said import sentence


def show_published_trial(trial: PublishedTrial, out: Console) -> None:
    """Print one row per arm and quantity, the comparison of the responses, sources and notes."""
    arms = "; ".join(f"{arm}: {n} patients" for arm, n in trial.patients.items())
    out.print(Text(f"{trial.trial}   {arms}", style="bold"))
    out.print()
    if trial.proportions:
        table = plain_table("quantity", "arm", "%", "95 % interval", "patients")
        for share in trial.proportions:
            row = (f"{share.value:.1f}", _interval(share), _patients(share))
            table.add_row(share.quantity, share.arm, *row)
        out.print(table)
        out.print()
    if trial.published:
        table = plain_table("quantity", "arm", "value", "95 % interval", "p")
        for figure in trial.published:
            p_value = NOTHING if figure.p_value is None else f"{figure.p_value:.2g}"
            table.add_row(figure.quantity, figure.arm, _value(figure), _bounds(figure), p_value)
        out.print(table)
    if trial.contrast is not None:
        out.print()
        out.print(
            f"{sentence(trial.contrast.quantity)[:-1]}: odds ratio "
            f"{trial.contrast.odds_ratio:.2f}, Fisher's exact test p = "
            f"{trial.contrast.p_value:.2g}."
        )
    sources = dict.fromkeys(
        [share.source for share in trial.proportions]
        + [figure.source for figure in trial.published]
    )
    bullets(out, "Sources and notes", [Text(line) for line in (*sources, *trial.notes)])
    out.print()
    out.print(trial.disclaimer, style="italic")


def _value(figure: Published) -> str:
    return f"{figure.value:g}" if figure.unit == "1" else f"{figure.value:.1f} {figure.unit}s"


def _bounds(figure: Published) -> str:
    if figure.lower is None:
        return NOTHING
    return (
        f"from {figure.lower:g}" if figure.upper is None else f"{figure.lower:g}–{figure.upper:g}"
    )


def _interval(share: Proportion) -> str:
    if share.lower is None or share.upper is None:
        return NOTHING
    return f"{share.lower:.1f}–{share.upper:.1f} ({share.interval})"


def _patients(share: Proportion) -> str:
    if share.n is None:
        return NOTHING
    return f"of {share.n}" if share.count is None else f"{share.count} of {share.n}"
