"""Arguments and options that the commands share, and the output of documents."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer


class Format(enum.StrEnum):
    """The forms in which a result is printed."""

    TABLE = "table"
    JSON = "json"


PatientArgument = Annotated[
    Path, typer.Argument(metavar="PATIENT", help="Patient file, YAML or JSON.")
]
StrategyOption = Annotated[
    str, typer.Option(metavar="NAME", help="Strategy: fixed, to-limit or adjusted.")
]
RiskOption = Annotated[
    float,
    typer.Option(
        metavar="PROBABILITY", help="Accepted probability of exceeding a limit (0 to 0.5)."
    ),
]
MaxCyclesOption = Annotated[
    int, typer.Option(metavar="N", help='Maximum number of cycles ("to-limit" only).')
]
NuclideOption = Annotated[
    str, typer.Option(metavar="NAME", help="Nuclide of: dosimetry tables nuclides.")
]
PriorOption = Annotated[
    str | None,
    typer.Option(
        metavar="PRIOR",
        help="Dose before measurements: label, renal-function, or a CSV beside the patient file.",
    ),
]
EstimatorOption = Annotated[
    str | None,
    typer.Option(
        metavar="ESTIMATOR",
        help="Of the curves: posterior or least-squares; default the patient file's.",
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", help="Print no table and no progress; write files and JSON only.")
]
AsOfOption = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="Compare the plan's dates with this day instead of today."),
]
FormatOption = Annotated[Format, typer.Option("--format", help="Form of the output.")]
