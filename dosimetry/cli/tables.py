"""The commands on reference tables and schemas."""

from __future__ import annotations

from typing import Annotated

import typer

from dosimetry.cli.output import print_document


def tables(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Name of a table; without it, list all tables."),
    ] = None,
) -> None:
    """Show the reference tables and their sources."""
    from dosimetry.report.terminal.parts import console
    from dosimetry.report.terminal.tables import show_table, show_table_list

    if name is None:
        show_table_list(console())
    else:
        show_table(name, console())


def schema(
    document: Annotated[
        str,
        typer.Argument(
            metavar="DOCUMENT",
            help="patient, plan, fit, compare, limits, check, verify, scans, simulation, trial, "
            "selftest, problems or cohort.",
        ),
    ] = "patient",
) -> None:
    """Print the JSON schema of a document."""
    from dosimetry.documents.write import to_json
    from dosimetry.schemas import schema_of

    print_document(to_json(schema_of(document)))


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(epilog="Example: dosimetry tables limits")(tables)
    app.command(epilog="Example: dosimetry schema patient > patient.schema.json")(schema)
