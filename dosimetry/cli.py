"""The command line: each command reads, calls one function and presents."""

from __future__ import annotations

import enum
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dosimetry.cli_options import (
    AsOfOption,
    Format,
    FormatOption,
    PatientArgument,
    QuietOption,
    RiskOption,
    print_document,
)
from dosimetry.cli_population import add_commands

if TYPE_CHECKING:
    from dosimetry.problems import InputError

app = typer.Typer(
    help="Dosimetry and dosing schedules for 177Lu therapy (decision support, no medical device).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: rich would double the time to start
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Severity(enum.StrEnum):
    """The severities that a command can fail on."""

    CAUTION = "caution"
    EXCEEDS = "exceeds"


class Picture(enum.StrEnum):
    """The kinds of files that pictures are written as."""

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
    strategy: Annotated[str, typer.Option(help="fixed, to-limit or adjusted.")] = "fixed",
    risk: RiskOption = 0.05,
    format: FormatOption = Format.TABLE,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Also write the plan as JSON here.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Also write a report here: FILE.html or FILE.pdf.")
    ] = None,
    quiet: QuietOption = False,
    fail_on: Annotated[
        Severity | None,
        typer.Option(help="Exit with 1 when a flag of this severity or worse stands."),
    ] = None,
    max_cycles: Annotated[int, typer.Option(help="Most cycles of to-limit.")] = 8,
    max_activity: Annotated[
        str | None, typer.Option(help='Most activity of one cycle, as in "9 GBq".')
    ] = None,
    min_activity: Annotated[
        str | None, typer.Option(help="Least activity that is worth a cycle.")
    ] = None,
    without_cycle: Annotated[
        list[int] | None, typer.Option(help="Leave this cycle out; repeatable.")
    ] = None,
    interval: Annotated[
        str | None, typer.Option(help='Between the cycles to come, as in "10 week".')
    ] = None,
    activity: Annotated[str | None, typer.Option(help='Per cycle to come, as in "6 GBq".')] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Also print curves, uncertainty, assumptions, warnings.")
    ] = False,
    bind: Annotated[
        str,
        typer.Option(help="Limits held to the risk: those measured in this patient, or all."),
    ] = "measured",
    cycles: Annotated[
        int | None, typer.Option(help="Cycles of the course, in place of the regimen's.")
    ] = None,
    as_of: AsOfOption = None,
) -> None:
    """Plan the course: doses per cycle, what is to come, limits touched."""
    from dosimetry.report.files import busy, check_target, write_report
    from dosimetry.report.today import day_of
    from dosimetry.therapy.files import refuse_overwriting, refuse_unwritable, write_whole
    from dosimetry.therapy.patient_file import read_patient
    from dosimetry.therapy.scheduler import plan as make_plan

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
        from dosimetry.report.terminal import show_plan
        from dosimetry.report.terminal_parts import console

        show_plan(made, console(), day, full=full)
    if fail_on is not None and made.flags.at_least(fail_on.value):
        raise typer.Exit(1)


@app.command(epilog="Example: dosimetry verify plan.json --inputs examples")
def verify(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan as JSON.")],
    inputs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the inputs, if not the plan's.")
    ] = None,
) -> None:
    """Make a plan again from its inputs and compare every number; 1 where one differs."""
    from dosimetry.problems import printable
    from dosimetry.therapy.verification import verify as verify_plan

    found = verify_plan(plan, inputs)
    for difference in found.differences:
        typer.echo(printable(f"{difference}"))
    if not found.ok:
        count = len(found.differences)
        typer.echo(f"{plan}: NOT VERIFIED, {count} difference{'s' if count > 1 else ''}", err=True)
        raise typer.Exit(1)
    typer.echo(
        f"{plan}: verified: {found.figures} numbers made again from the inputs and tables, "
        f"{found.twice} of them by another way"
    )


@app.command(epilog="Example: dosimetry figures examples/two_cycles.yaml --out pictures")
def figures(
    patient: PatientArgument,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder; made where there is none.")],
    format: Annotated[Picture, typer.Option("--format", help="Of the files.")] = Picture.SVG,
    strategy: Annotated[str, typer.Option(help="fixed, to-limit or adjusted.")] = "fixed",
    risk: RiskOption = 0.05,
    quiet: QuietOption = False,
) -> None:
    """Write the pictures of the plan one by one, for papers and slides."""
    from dosimetry.report.extras import need
    from dosimetry.report.files import busy, figure_files, write_figures
    from dosimetry.therapy.files import refuse_overwriting
    from dosimetry.therapy.patient_file import read_patient
    from dosimetry.therapy.scheduler import plan as make_plan

    need("report")
    with busy("planning", quiet):
        made = make_plan(read_patient(patient), strategy, risk)
    files = figure_files(made, out, format.value)
    refuse_overwriting([patient.parent / name for name in made.provenance.inputs], *files)
    written = write_figures(made, out, format.value, quiet=quiet)
    if not quiet:
        typer.echo(f"wrote {len(written)} pictures to {out}", err=True)


@app.command(epilog="Example: dosimetry compare examples/snmmi_patient4.yaml --risk 0.1")
def compare(
    patient: PatientArgument, risk: RiskOption = 0.05, format: FormatOption = Format.TABLE
) -> None:
    """Compare the strategies: cycles, activity, doses, probabilities."""
    from dosimetry.therapy.comparison import compare as make_comparison

    found = make_comparison(patient, risk)
    if format is Format.JSON:
        print_document(found.to_json())
    else:
        from dosimetry.report.comparison import show_comparison
        from dosimetry.report.terminal_parts import console

        show_comparison(found, console())


@app.command(epilog="Example: dosimetry limits examples/two_cycles.yaml")
def limits(
    patient: PatientArgument, risk: RiskOption = 0.05, format: FormatOption = Format.TABLE
) -> None:
    """Say what each limit still allows, as activity and as cycles."""
    from dosimetry.therapy.comparison import limits as find_limits

    found = find_limits(patient, risk)
    if format is Format.JSON:
        print_document(found.to_json())
    else:
        from dosimetry.report.comparison import show_allowances
        from dosimetry.report.terminal_parts import console

        show_allowances(found, console())


@app.command(epilog="Example: dosimetry calendar examples/thrombocytopenia.yaml -o plan.ics")
def calendar(
    patient: PatientArgument,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write it as iCalendar (.ics) here.")
    ] = None,
    strategy: Annotated[str, typer.Option(help="fixed, to-limit or adjusted.")] = "fixed",
    risk: RiskOption = 0.05,
    as_of: AsOfOption = None,
) -> None:
    """Lay doses, companion drugs, laboratory controls and scans on dates."""
    from dosimetry.report.today import day_of
    from dosimetry.therapy.files import refuse_overwriting, write_whole
    from dosimetry.therapy.patient_file import read_patient
    from dosimetry.therapy.scheduler import plan as make_plan

    day = day_of(as_of)
    made = make_plan(read_patient(patient), strategy, risk)
    if output is None:
        from dosimetry.report.clinic import show_calendar
        from dosimetry.report.terminal_parts import console

        show_calendar(made, console(), day)
        return
    from dosimetry.report.calendar import to_ics

    text = to_ics(made)
    refuse_overwriting([patient.parent / name for name in made.provenance.inputs], output)
    write_whole(output, text)
    typer.echo(f"wrote {output}: {len(made.calendar)} entries", err=True)


@app.command(
    epilog='Example: dosimetry fit examples/snmmi_patient4.csv --administered "7.21 GBq" '
    "--model kidney_left=uptake"
)
def fit(
    curves: Annotated[Path, typer.Argument(metavar="CURVES", help="CSV file of measurements.")],
    administered: Annotated[str, typer.Option(help='Administered activity, as in "7.21 GBq".')],
    nuclide: Annotated[str, typer.Option(help="As in: dosimetry tables nuclides.")] = "Lu-177",
    model: Annotated[
        list[str] | None, typer.Option(help="MODEL, or REGION=MODEL; repeatable; else auto.")
    ] = None,
    format: FormatOption = Format.TABLE,
    bootstrap: Annotated[
        int | None, typer.Option(help="Also refit so often for the spread of the TIA.")
    ] = None,
) -> None:
    """Fit and integrate time-activity curves, without a patient."""
    from dosimetry.therapy.curves import fit_file

    found = fit_file(curves, administered, nuclide, model or (), bootstrap)
    if format is Format.JSON:
        print_document(found.to_json())
    else:
        from dosimetry.report.curves import show_curves
        from dosimetry.report.terminal_parts import console

        show_curves(found.curves, console())


@app.command(epilog='Example: dosimetry decay "7.4 GBq" --after "3 d"')
def decay(
    activity: Annotated[str, typer.Argument(help='As in "7.4 GBq".')],
    after: Annotated[
        str | None, typer.Option(help='Time that passes, as in "3 d"; "-3 d" goes back.')
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="Activity that is or was reached; prints when.")
    ] = None,
    nuclide: Annotated[str, typer.Option(help="As in: dosimetry tables nuclides.")] = "Lu-177",
) -> None:
    """Activity after a time of decay, or the time to an activity."""
    from dosimetry.therapy.decay_query import describe_decay

    typer.echo(describe_decay(activity, after, to, nuclide))


@app.command(epilog="Example: dosimetry init --example two_cycles")
def init(
    patient: Annotated[
        Path | None, typer.Argument(metavar="[PATIENT]", help="YAML file to write.")
    ] = None,
    example: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Write this example and its measurements instead."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file.")] = False,
) -> None:
    """Write a commented patient file to fill in, or an example."""
    from dosimetry.therapy.examples import new_files
    from dosimetry.therapy.files import write_new

    files = new_files(patient, example)
    write_new(files, overwrite=force)
    names = ", ".join(f"{path}" for path in files)
    first = next(iter(files))
    after = "plan" if example else "check"
    typer.echo(f"wrote {names}; next: dosimetry {after} {first}", err=True)


@app.command(epilog="Example: dosimetry check examples/psma_patient1.yaml")
def check(patient: PatientArgument, format: FormatOption = Format.TABLE) -> None:
    """Check a patient file: say all that is wrong, plan nothing."""
    from dosimetry.therapy.checking import check as check_patient

    report = check_patient(patient)
    if format is Format.JSON:
        print_document(report.to_json())
    else:
        for warning in report.warnings:
            typer.echo(f"warning: {warning}", err=True)
        if report.ok:
            typer.echo(f"{patient}: no problem found, {len(report.warnings)} warnings")
        else:
            _print_problems(report.problems)
    if not report.ok:
        raise typer.Exit(2)


@app.command(epilog="Example: dosimetry tables limits")
def tables(
    name: Annotated[
        str | None, typer.Argument(help="Name of a table; all are listed without.")
    ] = None,
) -> None:
    """Show the reference tables, their figures and sources."""
    from dosimetry.report.tables import show_table, show_table_list
    from dosimetry.report.terminal_parts import console

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
    """Print the JSON schema of a document, for editors and other programs."""
    from dosimetry.schemas import schema_of
    from dosimetry.therapy.plan import to_json

    print_document(to_json(schema_of(document)))


add_commands(app)


def _print_problems(problems: tuple[object, ...]) -> None:
    from dosimetry.problems import printable

    for problem in problems:
        typer.echo(printable(f"{problem}"), err=True)
    count = len(problems)
    typer.echo(f"{count} problem{'s' if count > 1 else ''}; nothing was written", err=True)


def main() -> NoReturn:
    """Run the command line; bad input ends with exit code 2 and no traceback."""
    from dosimetry.problems import InputError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and "utf" not in stream.encoding.lower():
            stream.reconfigure(encoding="utf-8")  # "±" must not end in a traceback
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
    """Return what is wrong with the arguments as our own kind of error; None for another end."""
    from dosimetry.problems import refuse

    message = getattr(cause, "format_message", None)
    if message is None:
        return None
    context = getattr(cause, "ctx", None)
    command = context.command_path if context else "dosimetry"
    return refuse("usage", message(), f"see {command} --help", "command line")


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Return whether a refusal is for a program; the arguments may be what is refused."""
    pairs = zip(arguments, [*arguments, ""][1:], strict=True)
    return any(
        one == "--format=json" or (one, value) == ("--format", "json") for one, value in pairs
    )
