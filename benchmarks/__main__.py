"""All measurements as one table of ratios: ``make bench``."""

from __future__ import annotations

import os
import platform
import sys

import batch
import population
import posterior
import speed
from rich.console import Console
from rich.table import Table

import dosimetry


def main() -> None:
    """Measure, and print the table and the two ratios that are asked for by name."""
    table = Table("measured", "median", "more", "asked for", title=title())
    named = []
    for module in (batch, posterior, speed, population):
        for line in module.lines():
            print(*line, sep="  ", file=sys.stderr, flush=True)
            table.add_row(*line)
            if line.name.startswith("ratio "):
                named.append(f"{line.name} {line.value}")
    Console(width=140).print(table)
    print(*named, sep="\n")


def title() -> str:
    """Say what was measured, and where."""
    python, cores = platform.python_version(), os.cpu_count()
    return f"dosimetry {dosimetry.__version__}, Python {python}, {cores} cores"


if __name__ == "__main__":
    main()
