"""The command that starts the planner."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def planner(
    patient: Annotated[
        Path | None, typer.Argument(metavar="PATIENT", help="Patient file to begin with.")
    ] = None,
    port: Annotated[int, typer.Option(metavar="N", help="Port; 0 takes a free one.")] = 0,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="Address; another than 127.0.0.1 needs --token-file and TLS."
        ),
    ] = "127.0.0.1",
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open the browser.")
    ] = False,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File that holds the token.")
    ] = None,
    public_name: Annotated[
        str,
        typer.Option(metavar="NAME", help="Name of this computer where TLS stands in front."),
    ] = "",
) -> None:
    """Plan in the browser, and over HTTP."""
    from dosimetry.files import need

    need("planner")
    from dosimetry.planner.server import run

    run(patient, host, port, token_file, public_name, open_browser=not no_browser)


def add_commands(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog="Example: dosimetry planner examples/two_cycles.yaml")(planner)
