"""The program: its commands by family, its exit codes, errors as text or JSON."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dosimetry.cli import curves, patient, plan, planner, population, scans, selftest, tables
from dosimetry.cli.output import print_document, print_problems

if TYPE_CHECKING:
    from dosimetry.problems import InputError

app = typer.Typer(
    help="Dosimetry and dosing schedules for 177Lu therapy. Decision support, not a medical "
    "device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: rich would double the start-up time
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from dosimetry import __version__

        typer.echo(f"dosimetry {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


for family in (plan, scans, curves, patient, tables, population, planner, selftest):
    family.add_commands(app)


def main() -> NoReturn:
    """Run the command line; bad input ends with exit code 2 and no traceback."""
    from dosimetry.problems import InputError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and "utf" not in stream.encoding.lower():
            stream.reconfigure(encoding="utf-8")  # so that "±" raises no UnicodeEncodeError
    as_json = _asks_for_json(sys.argv[1:])
    try:
        app()
    except InputError as error:
        print_problems(error.problems)
        if as_json:
            print_document(error.to_json())
        sys.exit(2)
    except SystemExit as end:
        refusal = _usage(end.__context__) if as_json else None
        if refusal is not None:
            print_document(refusal.to_json())
        raise
    sys.exit(0)


def _usage(cause: BaseException | None) -> InputError | None:
    """Return a usage error of the command line as InputError; None for any other exit."""
    from dosimetry.problems import refuse

    message = getattr(cause, "format_message", None)
    if message is None:
        return None
    context = getattr(cause, "ctx", None)
    command = context.command_path if context else "dosimetry"
    return refuse("usage", message(), f"see {command} --help", "command line")


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Return whether the arguments ask for JSON; they may be invalid otherwise."""
    pairs = zip(arguments, [*arguments, ""][1:], strict=True)
    return any(
        option == "--format=json" or (option, value) == ("--format", "json")
        for option, value in pairs
    )
