"""The command that tests the installed program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dosimetry.cli.options import Format, FormatOption
from dosimetry.cli.output import print_document


def selftest(
    format: FormatOption = Format.TABLE,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write a protocol to sign: FILE.html or FILE.pdf."),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Date of the test, for protocol and JSON.")
    ] = None,
) -> None:
    """Recompute the known answers on this machine.

    Exits with 1 if one of them differs.
    """
    from dosimetry.files import refuse_unwritable
    from dosimetry.report.page.files import check_target, write_protocol
    from dosimetry.report.words.today import day_of
    from dosimetry.selftest.run import selftest as run

    if report is not None:
        check_target(report)
        refuse_unwritable(report)
    made = run(None if as_of is None else day_of(as_of))
    if report is not None:
        write_protocol(made, report)
    if format is Format.JSON:
        print_document(made.to_json())
    else:
        from dosimetry.report.terminal.parts import console
        from dosimetry.report.terminal.selftest import show_selftest

        show_selftest(made, console())
    if not made.passed:
        raise typer.Exit(1)


def add_commands(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog="Example: dosimetry selftest --report selftest.html")(selftest)
