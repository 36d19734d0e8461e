"""The command on the scans of a cycle to come."""

from __future__ import annotations

from typing import Annotated

import typer

from dosimetry.cli.options import Format, FormatOption, PatientArgument
from dosimetry.cli.output import print_document


def scans(
    patient: PatientArgument,
    cycle: Annotated[
        int | None, typer.Option(metavar="N", help="Cycle to be scanned; default the next one.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIMES", help='Possible scan times, as in "24 h, 96 h".'),
    ] = None,
    budget: Annotated[
        int, typer.Option(metavar="N", help="Largest number of scans in the cycle.")
    ] = 3,
    format: FormatOption = Format.TABLE,
) -> None:
    """Show which scan times of the next cycle are worth it."""
    from dosimetry.planning.scans import scans as scans_of

    found = scans_of(patient, cycle, at, budget)
    if format is Format.JSON:
        print_document(found.to_json())
    else:
        from dosimetry.report.terminal.parts import console
        from dosimetry.report.terminal.scans import show_scans

        show_scans(found, console())


def add_commands(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog='Example: dosimetry scans examples/two_cycles.yaml --at "24 h, 96 h"')(scans)
