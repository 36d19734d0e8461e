"""Progress of a long step on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def busy(doing: str, quiet: bool) -> Iterator[None]:
    """Show the progress on stderr if it is a terminal; remove the line at the end."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from dosimetry.report.terminal.parts import console

    with console(sys.stderr).status(doing):
        yield


@contextmanager
def progress(name: str, count: int, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show a progress bar on stderr, if stderr is a terminal; the bar is removed after."""
    if quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from dosimetry.report.terminal.parts import console

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task(name, total=count)
        yield lambda: bar.advance(task)


@contextmanager
def counted(total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Show on stderr the number done, the rate and the time left, if stderr is a terminal.

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

    from dosimetry.report.terminal.parts import console

    share = TaskProgressColumn("{task.percentage:3.0f} %")
    texts = (TextColumn(unit), TextColumn("{task.fields[rate]}"))
    columns = (BarColumn(24), share, MofNCompleteColumn(), *texts, TimeRemainingColumn())
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task(unit, total=total, rate="")

        def show(done: int) -> None:
            speed = bar.tasks[0].speed or 0.0  # 0 before the second call
            bar.update(task, completed=done, rate=f"{speed:.0f}/s")

        yield show
