"""The command that takes a clinic's workbook."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dosimetry.cli.output import plural

if TYPE_CHECKING:
    from dosimetry.intake.decide import Question


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Workbook (.xlsx) or CSV.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Folder for the files.")
    ],
    map_file: Annotated[
        Path | None,
        typer.Option(
            "--map", metavar="MAP", help="YAML file that says what headers and names mean."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
) -> None:
    """Write a clinic's workbook or CSV as a patient file.

    On a terminal it asks about what is ambiguous; elsewhere it refuses, with both readings.
    """
    from dosimetry.intake.run import import_file

    there = all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
    ask = _ask if there else None
    files, result = import_file(file, output, map_file, overwrite=force, ask=ask)
    names = ", ".join(path.name for path in files)
    typer.echo(f"wrote {names} to {output}", err=True)
    typer.echo(
        f"{plural(len(result.log.decisions), 'decision')} in {output / 'decisions.txt'}; "
        f"next: dosimetry check {output / 'patient.yaml'}",
        err=True,
    )


def _ask(question: Question) -> int | str:
    """Ask on the terminal until the answer can be read; return its number, or what was typed."""
    from dosimetry.intake.run import check_answer
    from dosimetry.problems import InputError, printable

    typer.echo(printable(f"\n{question.problem.place}: {question.problem.message}"), err=True)
    for number, answer in enumerate(question.answers, 1):
        typer.echo(printable(f"  {number}  {answer.words}"), err=True)
    typed = f"{'.'.join(question.path)}, as in {question.example}"
    prompt = printable(f"  {typed}" if question.path else "  number")
    while True:
        text = str(typer.prompt(prompt, err=True)).strip()
        try:
            return check_answer(question, text)
        except InputError as error:
            typer.echo(printable(f"  {error.problems[0].message}"), err=True)


def add_commands(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(
        "import",
        epilog="Example: dosimetry import examples/clinic_workbook.xlsx "
        "--map examples/clinic_workbook_map.yml -o EX-010",
    )(import_)
