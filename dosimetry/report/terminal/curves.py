"""Fitted curves on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from dosimetry.cycle.curves_of_file import CurveReport
from dosimetry.documents.fit import IntegratedActivity
from dosimetry.quantities import Distribution
from dosimetry.report.numbers import interval, plain, plus_minus, unit_words
from dosimetry.report.terminal.parts import NOTHING, bullets, plain_table, problem_text
from dosimetry.report.words.names import words


def show_curves(curves: Sequence[CurveReport], out: Console) -> None:
    """Print fitted curves: model, TIA, half-lives, fit quality and warnings.

    Parameters
    ----------
    curves : sequence of CurveReport
        Of one file: all of activities, or all of concentrations.
    out : Console
    """
    unit = unit_words(curves[0].tia.unit)
    per_activity = unit_words(curves[0].tia_coefficient.unit)
    table = plain_table(
        "region", "model", f"TIA [{unit}]", f"TIAC [{per_activity}]", "T eff [h]", "χ² (dof)"
    )
    for curve in curves:
        table.add_row(
            words(curve.region),
            curve.model,
            plus_minus(curve.tia),
            plain(curve.tia_coefficient.value),
            plus_minus(curve.effective_half_life),
            NOTHING if curve.model == "trapezoid" else f"{curve.chi2:.2g} ({curve.dof})",
        )
    out.print(table)
    bullets(
        out,
        "TIA, mean of the posterior (5–95 %)",
        [
            Text(f"{words(c.region)}: {_interval(c.tia_posterior)} {unit}, sd {plain(sd)} {unit}")
            for c in curves
            if c.tia_posterior is not None and (sd := c.tia_posterior.sd) is not None
        ],
    )
    bullets(
        out,
        "TIA by refitting, mean (5–95 %)",
        [
            Text(f"{words(c.region)}: {interval(c.tia_bootstrap)} {unit}, sd {plain(sd)} {unit}")
            for c in curves
            if c.tia_bootstrap is not None and (sd := c.tia_bootstrap.sd) is not None
        ],
    )
    bullets(out, "Model choice and parameters", [_details(curve) for curve in curves])
    bullets(
        out,
        "Warnings",
        [problem_text(w.at(words(c.region))) for c in curves for w in c.warnings],
    )


def _interval(tia: IntegratedActivity) -> str:
    return interval(Distribution(tia.value, tia.sd, tia.p5, tia.p95, tia.unit))


def _details(curve: CurveReport) -> Text:
    biological = curve.biological_half_life
    clearance = "no biological clearance detected"
    if biological is not None:
        clearance = f"biological half-life {plain(biological.value)} h"
    parameters = (f"{p.name} = {p.value:.5g} {unit_words(p.unit)}" for p in curve.parameters)
    values = ", ".join([*parameters, clearance])
    region = words(curve.region).capitalize()
    return Text(f"{region}. Choice: {curve.choice}. Parameters: {values}.")
