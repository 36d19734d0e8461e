"""The commands on one plan."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from dosimetry.cli.options import (
    AsOfOption,
    EstimatorOption,
    Format,
    FormatOption,
    MaxCyclesOption,
    PatientArgument,
    PriorOption,
    QuietOption,
    RiskOption,
    StrategyOption,
)
from dosimetry.cli.output import plural, print_document


class FailOn(enum.StrEnum):
    """The severities at which a command can fail."""

    CAUTION = "caution"
    EXCEEDS = "exceeds"


class FigureFormat(enum.StrEnum):
    """The file formats of pictures."""

    SVG = "svg"
    PNG = "png"
    PDF = "pdf"


def plan(
    patient: PatientArgument,
    strategy: StrategyOption = "fixed",
    risk: RiskOption = 0.05,
    format: FormatOption = Format.TABLE,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Also write the plan as JSON."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write a report: FILE.html or FILE.pdf."),
    ] = None,
    quiet: QuietOption = False,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(help="Exit with 1 if a limit has this verdict or a worse one."),
    ] = None,
    max_cycles: MaxCyclesOption = 8,
    max_activity: Annotated[
        str | None,
        typer.Option(metavar="ACTIVITY", help='Largest activity per cycle, as in "9 GBq".'),
    ] = None,
    min_activity: Annotated[
        str | None,
        typer.Option(metavar="ACTIVITY", help='Smallest activity per cycle ("adjusted" only).'),
    ] = None,
    without_cycle: Annotated[
        list[int] | None, typer.Option(metavar="N", help="Leave out cycle N; repeatable.")
    ] = None,
    interval: Annotated[
        str | None,
        typer.Option(metavar="TIME", help='Interval of the planned cycles, as in "10 week".'),
    ] = None,
    activity: Annotated[
        str | None,
        typer.Option(metavar="ACTIVITY", help='Activity of each planned cycle, as in "6 GBq".'),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Also print curves, uncertainty, assumptions, warnings.")
    ] = False,
    bind: Annotated[
        str,
        typer.Option(
            metavar="measured|all",
            help="Limits that restrict the activity: those measured in this patient, or all.",
        ),
    ] = "measured",
    cycles: Annotated[
        int | None,
        typer.Option(metavar="N", help="Number of cycles, instead of the regimen's."),
    ] = None,
    prior: PriorOption = None,
    estimator: EstimatorOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Plan the course: next dose, doses per cycle, limits."""
    from dosimetry.files import refuse_overwriting, refuse_unwritable, write_whole
    from dosimetry.patient.read import read_patient
    from dosimetry.planning.course_plan import plan as make_plan
    from dosimetry.planning.scans import scans_of_plan
    from dosimetry.report.page.files import check_target, write_report
    from dosimetry.report.terminal.progress import busy
    from dosimetry.report.words.today import day_of

    day = day_of(as_of)
    if report is not None:
        check_target(report)
    targets = [target for target in (output, report) if target is not None]
    refuse_unwritable(*targets)
    with busy("planning", quiet):
        read = read_patient(patient)
        made = make_plan(
            read,
            strategy,
            risk,
            max_cycles=max_cycles,
            max_activity=max_activity,
            min_activity=min_activity,
            without_cycles=without_cycle or (),
            interval=interval,
            activity=activity,
            bind=bind,
            cycles=cycles,
            prior=prior,
            estimator=estimator,
        )
        asked = read.with_prior(prior).with_estimator(estimator)
        scans = None if report is None else scans_of_plan(asked, made)
    refuse_overwriting([patient.parent / name for name in made.provenance.inputs], *targets)
    if output is not None:
        write_whole(output, made.to_json())
    if report is not None:
        write_report(made, report, as_of=day, quiet=quiet, scans=scans)
    if format is Format.JSON:
        print_document(made.to_json())
    elif not quiet:
        from dosimetry.report.terminal.parts import console
        from dosimetry.report.terminal.plan import show_plan

        show_plan(made, console(), day, full=full)
    if fail_on is not None and made.flags.at_least(fail_on.value):
        raise typer.Exit(1)


def verify(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="Plan as JSON.")],
    inputs: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the input files; default: the plan's folder."),
    ] = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """Recompute a plan from its inputs and compare.

    Exits with 1 if a number differs.
    """
    from dosimetry.planning.verify import verify as verify_plan
    from dosimetry.problems import printable

    verification = verify_plan(plan, inputs)
    if format is Format.JSON:
        print_document(verification.to_json())
        raise typer.Exit(0 if verification.ok else 1)
    for difference in verification.differences:
        typer.echo(printable(f"{difference}"))
    if not verification.ok:
        count = len(verification.differences)
        typer.echo(f"{plan}: NOT VERIFIED, {plural(count, 'difference')}", err=True)
        raise typer.Exit(1)
    typer.echo(
        f"{plan}: verified. {verification.figures} numbers recomputed from the inputs and tables, "
        f"{verification.twice} of them also by an independent method."
    )


def figures(
    patient: PatientArgument,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder; created if missing.")],
    format: Annotated[
        FigureFormat, typer.Option("--format", help="File format.")
    ] = FigureFormat.SVG,
    strategy: StrategyOption = "fixed",
    risk: RiskOption = 0.05,
    quiet: QuietOption = False,
) -> None:
    """Write the figures of the report as single files."""
    from dosimetry.files import need, refuse_overwriting
    from dosimetry.patient.read import read_patient
    from dosimetry.planning.course_plan import plan as make_plan
    from dosimetry.planning.scans import scans_of_plan
    from dosimetry.report.page.files import figure_files, write_figures
    from dosimetry.report.terminal.progress import busy

    need("report")
    with busy("planning", quiet):
        read = read_patient(patient)
        made = make_plan(read, strategy, risk)
        scans = scans_of_plan(read, made)
    files = figure_files(made, out, format.value, scans)
    refuse_overwriting([patient.parent / name for name in made.provenance.inputs], *files)
    written = write_figures(made, out, format.value, quiet=quiet, scans=scans)
    if not quiet:
        typer.echo(f"wrote {plural(len(written), 'figure')} to {out}", err=True)


def compare(
    patient: PatientArgument,
    risk: RiskOption = 0.05,
    prior: PriorOption = None,
    estimator: EstimatorOption = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """Compare the strategies: cycles, activity, doses."""
    from dosimetry.planning.compare import compare as compare_strategies

    comparison = compare_strategies(patient, risk, prior=prior, estimator=estimator)
    if format is Format.JSON:
        print_document(comparison.to_json())
    else:
        from dosimetry.report.terminal.comparison import show_comparison
        from dosimetry.report.terminal.parts import console

        show_comparison(comparison, console())


def limits(
    patient: PatientArgument,
    risk: RiskOption = 0.05,
    prior: PriorOption = None,
    estimator: EstimatorOption = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """Show the activity and cycles that each limit still allows."""
    from dosimetry.planning.compare import limits as allowances_of

    allowances = allowances_of(patient, risk, prior=prior, estimator=estimator)
    if format is Format.JSON:
        print_document(allowances.to_json())
    else:
        from dosimetry.report.terminal.comparison import show_allowances
        from dosimetry.report.terminal.parts import console

        show_allowances(allowances, console())


def calendar(
    patient: PatientArgument,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write it as iCalendar (.ics)."),
    ] = None,
    strategy: StrategyOption = "fixed",
    risk: RiskOption = 0.05,
    as_of: AsOfOption = None,
) -> None:
    """Show the dates of doses, drugs, laboratory and scans."""
    from dosimetry.files import refuse_overwriting, write_whole
    from dosimetry.patient.read import read_patient
    from dosimetry.planning.course_plan import plan as make_plan
    from dosimetry.report.words.today import day_of

    day = day_of(as_of)
    made = make_plan(read_patient(patient), strategy, risk)
    if output is None:
        from dosimetry.report.terminal.clinic import show_calendar
        from dosimetry.report.terminal.parts import console

        show_calendar(made, console(), day)
        return
    from dosimetry.exchange.icalendar import to_ics

    text = to_ics(made)
    refuse_overwriting([patient.parent / name for name in made.provenance.inputs], output)
    write_whole(output, text)
    typer.echo(f"wrote {output} with {len(made.calendar)} entries", err=True)


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(epilog="Example: dosimetry plan examples/two_cycles.yaml --strategy adjusted")(plan)
    app.command(epilog="Example: dosimetry verify plan.json --inputs examples")(verify)
    app.command(epilog="Example: dosimetry figures examples/two_cycles.yaml --out pictures")(
        figures
    )
    app.command(epilog="Example: dosimetry compare examples/snmmi_patient4.yaml --risk 0.1")(
        compare
    )
    app.command(epilog="Example: dosimetry limits examples/two_cycles.yaml")(limits)
    app.command(epilog="Example: dosimetry calendar examples/thrombocytopenia.yaml -o plan.ics")(
        calendar
    )
