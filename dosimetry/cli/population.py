"""The commands for many patients."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dosimetry.cli.options import Format, FormatOption, MaxCyclesOption, RiskOption
from dosimetry.cli.output import print_document


def simulate(
    regimen: Annotated[
        str, typer.Argument(metavar="REGIMEN", help="Regimen of: dosimetry tables regimens.")
    ] = "netter-1",
    patients: Annotated[
        int, typer.Option(metavar="N", help="Number of virtual patients.")
    ] = 100_000,
    seed: Annotated[
        int, typer.Option(metavar="N", help="Seed; the same seed gives the same patients.")
    ] = 1,
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="fixed, to-limit or adjusted; repeatable.  [default: fixed]"
        ),
    ] = None,
    risk: RiskOption = 0.05,
    max_cycles: MaxCyclesOption = 8,
    workers: Annotated[
        int, typer.Option(metavar="N", help="Number of processes; does not change the result.")
    ] = 1,
    format: FormatOption = Format.TABLE,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Also write the result as JSON."),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also draw the distributions of dose (SVG)."),
    ] = None,
) -> None:
    """Simulate the doses of virtual patients."""
    from dosimetry.files import refuse_overwriting, refuse_unwritable, write_whole
    from dosimetry.population.virtual_trial.simulate import simulate as run
    from dosimetry.report.terminal.parts import console
    from dosimetry.report.terminal.population import show_virtual_trial, virtual_trial_svg
    from dosimetry.report.terminal.progress import counted

    targets = [target for target in (output, figure) if target is not None]
    refuse_overwriting((), *targets)
    refuse_unwritable(*targets)
    with counted(patients, "patients") as progress:
        simulated = run(
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
        write_whole(output, simulated.to_json())
    if figure is not None:
        write_whole(figure, virtual_trial_svg(simulated))
    if format is Format.JSON:
        print_document(simulated.to_json())
    else:
        show_virtual_trial(simulated, console())


def trial(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Trial: netter-1 or netter-2.")],
    format: FormatOption = Format.TABLE,
) -> None:
    """Show the published results of a trial."""
    from dosimetry.population.published_trial import published
    from dosimetry.report.terminal.parts import console
    from dosimetry.report.terminal.trial import show_published_trial

    results = published(name)
    if format is Format.JSON:
        print_document(results.to_json())
    else:
        show_published_trial(results, console())


def cohort(
    table: Annotated[
        Path, typer.Argument(metavar="INPUT", help="Table with one row per scan, CSV or Parquet.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Table of doses: FILE.csv or .parquet."
        ),
    ],
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Number of processes; default 1, for large tables one per core."
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Dask scheduler, as in tcp://HOST:8786."),
    ] = None,
) -> None:
    """Compute the doses of many patients.

    Exits with 1 if rows were rejected; FILE.rejected.csv names them and the reasons.
    """
    from dosimetry.population.cohort.run import run_cohort
    from dosimetry.population.cohort.table import count_patients
    from dosimetry.report.terminal.progress import counted

    total = count_patients(table) if sys.stderr.isatty() else 0
    try:
        with counted(total, "patients") as progress:
            summary = run_cohort(
                table,
                output,
                resume=resume,
                workers=workers,
                scheduler=scheduler,
                progress=progress,
            )
    except KeyboardInterrupt:
        typer.echo("interrupted; continue with --resume, finished parts are kept", err=True)
        raise typer.Exit(130) from None
    typer.echo(
        f"patients: {summary.patients}, curves: {summary.curves}, doses: {summary.doses}, "
        f"limits: {summary.limits}, rows rejected: {summary.rejected}",
        err=True,
    )
    for name in summary.files:
        typer.echo(name)
    if summary.rejected:
        raise typer.Exit(1)


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(epilog="Example: dosimetry cohort scans.csv -o doses.parquet")(cohort)
    app.command(epilog="Example: dosimetry simulate netter-1 --patients 100000 --seed 1")(simulate)
    app.command(epilog="Example: dosimetry trial netter-1")(trial)
