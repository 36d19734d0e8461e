"""What the commands share: arguments, options, and how a document is written."""

from __future__ import annotations

import enum
import sys
from pathlib import Path
from typing import Annotated

import typer


class Format(enum.StrEnum):
    """How a result is printed."""

    TABLE = "table"
    JSON = "json"


PatientArgument = Annotated[Path, typer.Argument(metavar="PATIENT", help="YAML or JSON file.")]
RiskOption = Annotated[
    float, typer.Option(help="Accepted probability of exceeding a limit (0 to 0.5).")
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", help="Print no table and no progress; files and JSON only.")
]
AsOfOption = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="Look at the plan's dates as of this day, not today."),
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print.")]


def print_document(text: str) -> None:
    """Write a document to stdout as UTF-8 with the same bytes on every system."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()
