"""The commands on a patient file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dosimetry.cli.options import Format, FormatOption, PatientArgument
from dosimetry.cli.output import plural, print_document, print_problems


def init(
    patient: Annotated[
        Path | None, typer.Argument(metavar="PATIENT", help="YAML file to write.")
    ] = None,
    example: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Write this example and its measurements instead."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a patient file to fill in, or an example."""
    from dosimetry.files import write_new
    from dosimetry.patient.examples import new_files

    files = new_files(patient, example)
    write_new(files, overwrite=force)
    names = ", ".join(f"{path}" for path in files)
    first, *others = files
    following = f"{'plan' if example else 'check'} {first}"
    if first.suffix == ".xlsx":
        following = f"import {first} --map {others[0]} -o FOLDER"
    typer.echo(f"wrote {names}; next: dosimetry {following}", err=True)


def check(patient: PatientArgument, format: FormatOption = Format.TABLE) -> None:
    """List everything that is wrong with a patient file."""
    from dosimetry.planning.check import check as check_patient

    report = check_patient(patient)
    if format is Format.JSON:
        print_document(report.to_json())
    else:
        for warning in report.warnings:
            typer.echo(f"warning: {warning}", err=True)
        if report.ok:
            count = plural(len(report.warnings), "warning")
            typer.echo(f"{patient}: no problem found, {count}")
        else:
            print_problems(report.problems)
    if not report.ok:
        raise typer.Exit(2)


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(epilog="Example: dosimetry init --example two_cycles")(init)
    app.command(epilog="Example: dosimetry check examples/psma_patient1.yaml")(check)
