"""Commands for many patients: each reads, calls one function and presents."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dosimetry.cli_options import Format, FormatOption, RiskOption, print_document


def simulate(
    regimen: Annotated[str, typer.Argument(help="As in: dosimetry tables regimens.")] = "netter-1",
    patients: Annotated[int, typer.Option(help="Number of virtual patients.")] = 100_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same patients.")] = 1,
    strategy: Annotated[
        list[str] | None, typer.Option(help="fixed, to-limit or adjusted; repeatable.")
    ] = None,
    risk: RiskOption = 0.05,
    max_cycles: Annotated[int, typer.Option(help="Most cycles of to-limit.")] = 8,
    workers: Annotated[int, typer.Option(help="Processes; the result is the same.")] = 1,
    format: FormatOption = Format.TABLE,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Also write the result as JSON here.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Also draw the distributions here (SVG).")
    ] = None,
) -> None:
    """Simulate a trial: the doses of virtual patients, and how many exceed each limit."""
    from dosimetry.population.simulation import simulate as run
    from dosimetry.report.files import counted
    from dosimetry.report.population import show_trial, trial_figure
    from dosimetry.report.terminal_parts import console
    from dosimetry.therapy.files import refuse_overwriting, refuse_unwritable, write_whole

    targets = [target for target in (output, figure) if target is not None]
    refuse_overwriting((), *targets)
    refuse_unwritable(*targets)
    with counted(patients, "patients") as progress:
        found = run(
            regimen,
            patients,
            seed,
            strategy or ("fixed",),
            risk=risk,
            max_cycles=max_cycles,
            workers=workers,
            progress=progress,
        )
    if output is not None:
        write_whole(output, found.to_json())
    if figure is not None:
        write_whole(figure, trial_figure(found))
    if format is Format.JSON:
        print_document(found.to_json())
    else:
        show_trial(found, console())


def trial(
    name: Annotated[str, typer.Argument(help="netter-1 or netter-2.")],
    format: FormatOption = Format.TABLE,
) -> None:
    """Show the published results of a trial, with exact intervals."""
    from dosimetry.population.trial import published
    from dosimetry.report.terminal_parts import console
    from dosimetry.report.trial import show_trial

    found = published(name)
    if format is Format.JSON:
        print_document(found.to_json())
    else:
        show_trial(found, console())


def cohort(
    table: Annotated[Path, typer.Argument(metavar="INPUT", help="CSV or Parquet, a row per scan.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="CSV or Parquet by its ending.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was interrupted.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Processes; without it one, or one per core if large.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler, as in tcp://HOST:8786.")
    ] = None,
) -> None:
    """Compute the doses of many patients; exit with 1 when rows were rejected."""
    from dosimetry.population.cohort import run_cohort
    from dosimetry.population.cohort_table import count_patients
    from dosimetry.report.files import counted

    total = count_patients(table) if sys.stderr.isatty() else 0
    try:
        with counted(total, "patients") as progress:
            found = run_cohort(
                table,
                output,
                resume=resume,
                workers=workers,
                scheduler=scheduler,
                progress=progress,
            )
    except KeyboardInterrupt:
        typer.echo("interrupted; nothing is lost: go on with --resume", err=True)
        raise typer.Exit(130) from None
    typer.echo(
        f"patients: {found.patients}, curves: {found.curves}, doses: {found.doses}, "
        f"limits: {found.limits}, rows rejected: {found.rejected}",
        err=True,
    )
    for name in found.files:
        typer.echo(name)
    if found.rejected:
        raise typer.Exit(1)


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(epilog="Example: dosimetry cohort scans.csv -o doses.parquet")(cohort)
    app.command(epilog="Example: dosimetry simulate netter-1 --patients 100000 --seed 1")(simulate)
    app.command(epilog="Example: dosimetry trial netter-1")(trial)
