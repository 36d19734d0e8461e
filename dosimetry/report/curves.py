"""Fitted curves on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from dosimetry.report.numbers import interval, plain, plus_minus, unit_words
from dosimetry.report.terminal_parts import bullets, plain_table, problem_text, words
from dosimetry.therapy.curves import CurveReport


def show_curves(curves: Sequence[CurveReport], out: Console) -> None:
    """Print fitted curves: model, TIA, half-lives, fit quality and warnings.

    The curves of one file are all of activities or all of concentrations.
    """
    unit, per_activity = (
        unit_words(one.unit) for one in (curves[0].tia, curves[0].tia_coefficient)
    )
    table = plain_table(
        "region", "model", f"TIA [{unit}]", f"TIAC [{per_activity}]", "T eff [h]", "chi2/dof"
    )
    for curve in curves:
        table.add_row(
            words(curve.region),
            curve.model,
            plus_minus(curve.tia),
            plain(curve.tia_coefficient.value),
            plus_minus(curve.effective_half_life),
            "-" if curve.model == "trapezoid" else f"{curve.chi2:.2g}/{curve.dof}",
        )
    out.print(table)
    bullets(
        out,
        "TIA by refitting, 5-95 %",
        [
            Text(f"{words(c.region)}: {interval(c.tia_bootstrap)} {unit}; sd {plain(sd)}")
            for c in curves
            if c.tia_bootstrap is not None and (sd := c.tia_bootstrap.sd) is not None
        ],
    )
    bullets(out, "How chosen, and parameters", [_details(curve) for curve in curves])
    bullets(
        out,
        "Warnings",
        [problem_text(w.at(words(c.region))) for c in curves for w in c.warnings],
    )


def _details(curve: CurveReport) -> Text:
    biological = curve.biological_half_life
    clearance = "no biological clearance seen"
    if biological is not None:
        clearance = f"biological half-life {plain(biological.value)} h"
    parameters = (f"{p.name} {p.value:.5g} {p.unit}" for p in curve.parameters)
    return Text(f"{words(curve.region)}: {curve.choice}; {', '.join([*parameters, clearance])}")
