"""What commands print beside their result: documents, problems, numbers with a noun."""

from __future__ import annotations

import sys

import typer


def print_document(text: str) -> None:
    """Write a document to stdout as UTF-8, with the same bytes on every system."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()


def print_problems(problems: tuple[object, ...]) -> None:
    """Print problems on standard error, and that nothing was written."""
    from dosimetry.problems import printable

    for problem in problems:
        typer.echo(printable(f"{problem}"), err=True)
    typer.echo(f"{plural(len(problems), 'problem')}; nothing was written", err=True)


def plural(count: int, noun: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> plural(1, "figure"), plural(2, "figure")
    ('1 figure', '2 figures')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"
