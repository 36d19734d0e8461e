"""Which scans are worth it, on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from dosimetry.documents.scans import ScannedRegion, Scans
from dosimetry.report.terminal.parts import bullets, plain_table
from dosimetry.report.words import scans as said
from dosimetry.report.words.names import words
from dosimetry.report.words.said import sentence


def show_scans(scans: Scans, out: Console) -> None:
    """Print the answer of each region, its schedules, and how sure the verdicts become."""
    several = len(scans.regions) > 1
    for region in scans.regions:
        name = f"{said.heading(region)}. " if several else ""
        out.print(Text(f"{name}{said.answer(region)}", style="bold"))
    out.print()
    names = ", ".join(words(region.region) for region in scans.regions)
    out.print(
        f"{scans.patient}, cycle {scans.cycle}: expected sd of the dose ({names}), averaged over "
        "what the scans may show."
    )
    for region in scans.regions:
        _show(region, out)
    bullets(
        out,
        "Not scanned",
        [Text(sentence(said.reason(one))) for one in scans.not_scanned],
    )
    bullets(out, "Assumed", [Text(sentence(line)) for line in scans.assumptions])
    out.print()
    out.print(scans.disclaimer, style="italic")


def _show(region: ScannedRegion, out: Console) -> None:
    out.print()
    out.print(Text(said.heading(region), style="bold"))
    out.print(sentence(said.knowledge(region)))
    table = plain_table("scans", "expected sd", "half-life alone")
    best = {one.times for one in region.best}
    for schedule in region.schedules:
        mark = " (best)" if schedule.times in best else ""
        table.add_row(
            f"{said.times(schedule.times)}{mark}",
            said.percent(schedule.sd),
            said.percent(schedule.sd_of_half_life),
        )
    out.print(table)
    for line in said.verdicts(region):
        out.print(line)
