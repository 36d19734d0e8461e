"""The command line: each command reads its input, calls one function and shows the result."""

from __future__ import annotations

import enum
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dosimetry.cli.options import (
    AsOfOption,
    Format,
    FormatOption,
    MaxCyclesOption,
    NuclideOption,
    PatientArgument,
    QuietOption,
    RiskOption,
    StrategyOption,
    print_document,
)
from dosimetry.cli.population import add_commands

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


class FailOn(enum.StrEnum):
    """The severities at which a command can fail."""

    CAUTION = "caution"
    EXCEEDS = "exceeds"


class FigureFormat(enum.StrEnum):
    """The file formats of pictures."""

    SVG = "svg"
    PNG = "png"
    PDF = "pdf"


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


@app.command(epilog="Example: dosimetry plan examples/two_cycles.yaml --strategy adjusted")
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
    as_of: AsOfOption = None,
) -> None:
    """Plan the course: next dose, doses per cycle, limits."""
    from dosimetry.files import refuse_overwriting, refuse_unwritable, write_whole
    from dosimetry.patient.read import read_patient
    from dosimetry.planning.course_plan import plan as make_plan
    from dosimetry.report.page.files import check_target, write_report
    from dosimetry.report.terminal.progress import busy
    from dosimetry.report.words.today import day_of

    day = day_of(as_of)
    if report is not None:
        check_target(report)
    targets = [target for target in (output, report) if target is not None]
    refuse_unwritable(*targets)
    with busy("planning", quiet):
        made = make_plan(
            read_patient(patient),
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
        )
    refuse_overwriting([patient.parent / name for name in made.provenance.inputs], *targets)
    if output is not None:
        write_whole(output, made.to_json())
    if report is not None:
        write_report(made, report, as_of=day, quiet=quiet)
    if format is Format.JSON:
        print_document(made.to_json())
    elif not quiet:
        from dosimetry.report.terminal.parts import console
        from dosimetry.report.terminal.plan import show_plan

        show_plan(made, console(), day, full=full)
    if fail_on is not None and made.flags.at_least(fail_on.value):
        raise typer.Exit(1)


@app.command(epilog="Example: dosimetry verify plan.json --inputs examples")
def verify(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="Plan as JSON.")],
    inputs: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the input files, if not that of the plan."),
    ] = None,
) -> None:
    """Recompute a plan from its inputs and compare.

    Exits with 1 if a number differs.
    """
    from dosimetry.planning.verify import verify as verify_plan
    from dosimetry.problems import printable

    verification = verify_plan(plan, inputs)
    for difference in verification.differences:
        typer.echo(printable(f"{difference}"))
    if not verification.ok:
        count = len(verification.differences)
        typer.echo(f"{plan}: NOT VERIFIED, {_plural(count, 'difference')}", err=True)
        raise typer.Exit(1)
    typer.echo(
        f"{plan}: verified. {verification.figures} numbers recomputed from the inputs and tables, "
        f"{verification.twice} of them also by an independent method."
    )


@app.command(epilog="Example: dosimetry figures examples/two_cycles.yaml --out pictures")
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
    from dosimetry.report.page.files import figure_files, write_figures
    from dosimetry.report.terminal.progress import busy

    need("report")
    with busy("planning", quiet):
        made = make_plan(read_patient(patient), strategy, risk)
    files = figure_files(made, out, format.value)
    refuse_overwriting([patient.parent / name for name in made.provenance.inputs], *files)
    written = write_figures(made, out, format.value, quiet=quiet)
    if not quiet:
        typer.echo(f"wrote {_plural(len(written), 'figure')} to {out}", err=True)


@app.command(epilog="Example: dosimetry compare examples/snmmi_patient4.yaml --risk 0.1")
def compare(
    patient: PatientArgument, risk: RiskOption = 0.05, format: FormatOption = Format.TABLE
) -> None:
    """Compare the strategies: cycles, activity, doses."""
    from dosimetry.planning.compare import compare as compare_strategies

    comparison = compare_strategies(patient, risk)
    if format is Format.JSON:
        print_document(comparison.to_json())
    else:
        from dosimetry.report.terminal.comparison import show_comparison
        from dosimetry.report.terminal.parts import console

        show_comparison(comparison, console())


@app.command(epilog="Example: dosimetry limits examples/two_cycles.yaml")
def limits(
    patient: PatientArgument, risk: RiskOption = 0.05, format: FormatOption = Format.TABLE
) -> None:
    """Show the activity and cycles that each limit still allows."""
    from dosimetry.planning.compare import limits as allowances_of

    allowances = allowances_of(patient, risk)
    if format is Format.JSON:
        print_document(allowances.to_json())
    else:
        from dosimetry.report.terminal.comparison import show_allowances
        from dosimetry.report.terminal.parts import console

        show_allowances(allowances, console())


@app.command(epilog="Example: dosimetry calendar examples/thrombocytopenia.yaml -o plan.ics")
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


@app.command(
    epilog='Example: dosimetry fit examples/snmmi_patient4.csv --administered "7.21 GBq" '
    "--model kidney_left=uptake"
)
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
) -> None:
    """Fit and integrate time-activity curves."""
    from dosimetry.cycle.curves_of_file import fit_file

    document = fit_file(curves, administered, nuclide, model or (), bootstrap)
    if format is Format.JSON:
        print_document(document.to_json())
    else:
        from dosimetry.report.terminal.curves import show_curves
        from dosimetry.report.terminal.parts import console

        show_curves(document.curves, console())


@app.command(epilog='Example: dosimetry decay "7.4 GBq" --after "3 d"')
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


@app.command(epilog="Example: dosimetry init --example two_cycles")
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
    first = next(iter(files))
    command = "plan" if example else "check"
    typer.echo(f"wrote {names}; next: dosimetry {command} {first}", err=True)


@app.command(epilog="Example: dosimetry check examples/psma_patient1.yaml")
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
            count = _plural(len(report.warnings), "warning")
            typer.echo(f"{patient}: no problem found, {count}")
        else:
            _print_problems(report.problems)
    if not report.ok:
        raise typer.Exit(2)


@app.command(epilog="Example: dosimetry tables limits")
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


@app.command(epilog="Example: dosimetry schema patient > patient.schema.json")
def schema(
    document: Annotated[
        str,
        typer.Argument(
            metavar="DOCUMENT",
            help="patient, plan, fit, compare, limits, check, simulation, trial, problems or "
            "cohort.",
        ),
    ] = "patient",
) -> None:
    """Print the JSON schema of a document."""
    from dosimetry.documents.write import to_json
    from dosimetry.schemas import schema_of

    print_document(to_json(schema_of(document)))


add_commands(app)


def _print_problems(problems: tuple[object, ...]) -> None:
    from dosimetry.problems import printable

    for problem in problems:
        typer.echo(printable(f"{problem}"), err=True)
    typer.echo(f"{_plural(len(problems), 'problem')}; nothing was written", err=True)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


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
        _print_problems(error.problems)
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
