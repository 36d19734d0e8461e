"""The commands on curves and decay alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dosimetry.cli.options import Format, FormatOption, NuclideOption
from dosimetry.cli.output import print_document


def fit(
    curves: Annotated[Path, typer.Argument(metavar="CURVES", help="Measurements, CSV.")],
    administered: Annotated[
        str, typer.Option(metavar="ACTIVITY", help='Administered activity, as in "7.21 GBq".')
    ],
    nuclide: NuclideOption = "Lu-177",
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL", help="MODEL for all curves, or REGION=MODEL; repeatable; default auto."
        ),
    ] = None,
    format: FormatOption = Format.TABLE,
    bootstrap: Annotated[
        int | None,
        typer.Option(metavar="N", help="Also refit N resampled curves for the spread of the TIA."),
    ] = None,
    estimator: Annotated[
        str, typer.Option(metavar="ESTIMATOR", help="least-squares or posterior.")
    ] = "least-squares",
    prior: Annotated[
        str | None,
        typer.Option(
            metavar="REGION",
            help="Half-lives before measurement of all curves (posterior); default each region's.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="DATE-TIME", help="Of the injection, for scans with a date and a time of day."
        ),
    ] = None,
    decay_corrected_to: Annotated[
        str,
        typer.Option(metavar="WHAT", help="Of the values: none or administration."),
    ] = "none",
    weight: Annotated[
        str | None, typer.Option(metavar="MASS", help='Of the patient, as in "80 kg", for SUV.')
    ] = None,
) -> None:
    """Fit and integrate time-activity curves."""
    from dosimetry.cycle.curves_of_file import fit_file
    from dosimetry.cycle.fit_options import FitOptions

    options = FitOptions(
        administered,
        nuclide,
        model or (),
        bootstrap,
        estimator,
        prior,
        at,
        decay_corrected_to,
        weight,
    )
    document = fit_file(curves, options)
    if format is Format.JSON:
        print_document(document.to_json())
    else:
        from dosimetry.report.terminal.curves import show_curves
        from dosimetry.report.terminal.parts import console

        show_curves(document.curves, console())


def decay(
    activity: Annotated[
        str, typer.Argument(metavar="ACTIVITY", help='Activity now, as in "7.4 GBq".')
    ],
    after: Annotated[
        str | None,
        typer.Option(metavar="TIME", help='Decay time, as in "3 d"; "-3 d" for 3 days ago.'),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="ACTIVITY", help="Print the time to (or since) this activity."),
    ] = None,
    nuclide: NuclideOption = "Lu-177",
) -> None:
    """Print an activity after decay, or the time to one."""
    from dosimetry.cli.decay_query import describe_decay

    typer.echo(describe_decay(activity, after, to, nuclide))


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(
        epilog='Example: dosimetry fit examples/snmmi_patient4.csv --administered "7.21 GBq" '
        "--model kidney_left=uptake"
    )(fit)
    app.command(epilog='Example: dosimetry decay "7.4 GBq" --after "3 d"')(decay)
