"""Reports and pictures as files: checked before any work, written whole, progress shown."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dosimetry.problems import refuse
from dosimetry.report.extras import need
from dosimetry.report.figures import Format, file_of, pictures
from dosimetry.therapy.files import write_whole
from dosimetry.therapy.plan import Plan

KINDS = {".html": "report", ".htm": "report", ".pdf": "pdf"}  # and the extra that each needs


def check_target(path: Path) -> None:
    """Refuse a report that could not be written, before any work is done.

    Raises
    ------
    InputError
        Neither HTML nor PDF by its name, or the libraries are not installed.

    Examples
    --------
    >>> check_target(Path("plan.docx"))
    Traceback (most recent call last):
    dosimetry.problems.InputError: --report: 'plan.docx' is neither HTML nor PDF
      name it FILE.html or FILE.pdf
    """
    extra = KINDS.get(path.suffix.lower())
    if extra is None:
        raise refuse(
            "unknown-report",
            f"'{path.name}' is neither HTML nor PDF",
            "name it FILE.html or FILE.pdf",
            "--report",
        )
    need(extra)


def made_now() -> dt.datetime:
    """Return the time of making: SOURCE_DATE_EPOCH where it is set, else now with its offset.

    Raises
    ------
    InputError
        SOURCE_DATE_EPOCH is not a number of seconds.
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    if not fixed:
        return dt.datetime.now().astimezone()
    try:
        return dt.datetime.fromtimestamp(int(fixed), dt.UTC)
    except (ValueError, OverflowError, OSError):
        raise refuse(
            "not-a-time", f"'{fixed}' is not a number of seconds since 1970", "unset it",
            "SOURCE_DATE_EPOCH",
        ) from None  # fmt: skip


def write_report(
    plan: Plan,
    path: Path,
    made_at: dt.datetime | None = None,
    *,
    as_of: dt.date | None = None,
    quiet: bool = False,
) -> None:
    """Write a report as HTML or PDF, by the name of the file.

    Parameters
    ----------
    plan : Plan
    path : path
    made_at : datetime, optional
        Stands in the report; without it the time now, or SOURCE_DATE_EPOCH.
    as_of : date, optional
        The day against which the plan's dates are looked at; without it that of ``made_at``, else
        today, whatever SOURCE_DATE_EPOCH is: a build's date must not hide that a dose is late.
    quiet : bool
        Show no progress.

    Raises
    ------
    InputError
        As :func:`check_target`, or the file cannot be written.
    """
    check_target(path)
    from dosimetry.report.document import html, pdf

    make = pdf if KINDS[path.suffix.lower()] == "pdf" else html
    as_of = as_of or (made_at.date() if made_at else dt.date.today())
    made_at = made_at or made_now()
    with progress("report", len(pictures(plan)), quiet) as step:
        made = make(plan, made_at, step, as_of)
    write_whole(path, made)


def figure_files(plan: Plan, folder: Path, kind: Format) -> list[Path]:
    """Return the files that the pictures of a plan are written as."""
    return [folder / f"{picture.name}.{kind}" for picture in pictures(plan)]


def write_figures(plan: Plan, folder: Path, kind: Format, *, quiet: bool = False) -> list[Path]:
    """Write every picture of a plan into a folder; return the files.

    Raises
    ------
    InputError
        matplotlib is not installed, or the folder cannot be written.
    """
    need("report")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refuse(
            "unwritable-folder",
            f"cannot be made: {error.strerror or error}",
            "name a folder",
            f"{folder}",
        ) from None
    files = figure_files(plan, folder, kind)
    with progress("pictures", len(files), quiet) as step:
        for target, picture in zip(files, pictures(plan), strict=True):
            write_whole(target, file_of(picture, kind))
            step()
    return files


@contextmanager
def busy(doing: str, quiet: bool) -> Iterator[None]:
    """Say on stderr what is being done, where that is a terminal; it leaves no trace."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from dosimetry.report.terminal_parts import console

    with console(sys.stderr).status(doing):
        yield


@contextmanager
def progress(name: str, count: int, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show a bar on stderr while work goes on, where that is a terminal; it leaves no trace."""
    if quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from dosimetry.report.terminal_parts import console

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task(name, total=count)
        yield lambda: bar.advance(task)


@contextmanager
def counted(total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Show on stderr how many are done, the rate and the time left, where that is a terminal.

    Parameters
    ----------
    total : int
    unit : str
        What is counted, in the plural.

    Yields
    ------
    callable
        Takes the number done so far.

    Examples
    --------
    >>> with counted(1000, "patients") as done:  # the tests run without a terminal
    ...     done(250)
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    from dosimetry.report.terminal_parts import console

    share = TaskProgressColumn("{task.percentage:3.0f} %")
    texts = (TextColumn(unit), TextColumn("{task.fields[rate]}"))
    columns = (BarColumn(24), share, MofNCompleteColumn(), *texts, TimeRemainingColumn())
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task(unit, total=total, rate="")

        def show(done: int) -> None:
            speed = bar.tasks[0].speed or 0.0  # 0 before the second call
            bar.update(task, completed=done, rate=f"{speed:.0f}/s")

        yield show
