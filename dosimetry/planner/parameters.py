"""Options of the HTTP interface: those of the commands, as query parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dosimetry.problems import InputError, Problem, nearest, quote

WHOLE, NUMBER = (
    re.compile(r"-?\d{1,9}"),
    re.compile(r"-?(\d{1,15}\.?\d{0,15}|\.\d{1,15})(e-?\d{1,3})?"),
)


@dataclass(frozen=True)
class Parameter:
    """A query parameter.

    Attributes
    ----------
    name : str
    description : str
    kind : str
        ``string``, ``number`` or ``integer``, as JSON Schema names them.
    repeated : bool
        Whether it may stand several times.
    words : tuple of str
        The only values; empty where others are possible.
    """

    name: str
    description: str
    kind: str = "string"
    repeated: bool = False
    words: tuple[str, ...] = ()


STRATEGY = Parameter(
    "strategy", "Strategy; default fixed.", words=("fixed", "to-limit", "adjusted")
)
RISK = Parameter(
    "risk", "Accepted probability of exceeding a limit, above 0 and at most 0.5.", "number"
)
PRIOR = Parameter(
    "prior", "Dose before measurements; default the patient's.", words=("label", "renal-function")
)
ESTIMATOR = Parameter(
    "estimator",
    "Of the time-activity curves; default the patient's.",
    words=("posterior", "least-squares"),
)
PLAN = (
    STRATEGY,
    RISK,
    Parameter("max_cycles", "Maximum number of cycles (to-limit only); default 8.", "integer"),
    Parameter("max_activity", "Largest activity per cycle, as in 9 GBq."),
    Parameter("min_activity", "Smallest activity per cycle (adjusted only), as in 3 GBq."),
    Parameter("without_cycle", "Number of a cycle that is left out.", "integer", repeated=True),
    Parameter("interval", "Interval of the planned cycles, as in 10 week."),
    Parameter("activity", "Activity of each planned cycle, as in 6 GBq."),
    Parameter(
        "bind",
        "Limits that restrict the activity: those measured in this patient (default), or all.",
        words=("measured", "all"),
    ),
    Parameter("cycles", "Number of cycles, instead of the regimen's.", "integer"),
    PRIOR,
    ESTIMATOR,
    Parameter("as_of", "Day of reading, YYYY-MM-DD; the document does not depend on it."),
)
COMPARE = (RISK, PRIOR, ESTIMATOR)
FIT = (
    Parameter("nuclide", "Nuclide; default Lu-177."),
    Parameter("model", "MODEL of all curves, or REGION=MODEL; default auto.", repeated=True),
    Parameter("bootstrap", "Number of refits of every curve, for the spread.", "integer"),
    Parameter(
        "estimator",
        "Of the curves; default least-squares.",
        words=("least-squares", "posterior"),
    ),
    Parameter("prior", "Region whose half-lives are the prior of every curve (posterior)."),
    Parameter("at", "Date and time of the injection, for scans with a date and a time of day."),
    Parameter(
        "decay_corrected_to", "Of the values; default none.", words=("none", "administration")
    ),
    Parameter("weight", "Of the patient, as in 80 kg, for SUV."),
)


def read_query(pairs: Iterable[tuple[str, str]], parameters: Iterable[Parameter]) -> dict[str, Any]:
    """Return the options of a query by their names.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Names and values, in the order of the query.
    parameters : iterable of Parameter
        Those that the address takes.

    Returns
    -------
    dict
        Text, int, float, or a list of these for a parameter that may be repeated.

    Raises
    ------
    InputError
        With every parameter that is unknown, repeated or not of its kind.

    Examples
    --------
    >>> read_query([("risk", "0.1"), ("without_cycle", "3"), ("without_cycle", "4")], PLAN)
    {'risk': 0.1, 'without_cycle': [3, 4]}
    """
    known = {parameter.name: parameter for parameter in parameters}
    options: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, text in pairs:
        parameter = known.get(name)
        if parameter is None:
            problems.append(_unknown(name, known))
            continue
        if name in options and not parameter.repeated:
            problems.append(
                Problem("parameter-twice", "the parameter occurs twice", "keep one", name)
            )
            continue
        try:
            value = _value(text, parameter)
        except InputError as error:
            problems += error.at(name).problems
            continue
        if parameter.repeated:
            options.setdefault(name, []).append(value)
        else:
            options[name] = value
    if problems:
        raise InputError(problems)
    return options


def _unknown(name: str, known: Mapping[str, Parameter]) -> Problem:
    names = f"parameters: {', '.join(known)}" if known else "this address takes no parameter"
    return Problem(
        "unknown-parameter",
        f"{quote(name)} is not a parameter of this address",
        nearest(name, known) or names,
        "query",
    )


def _value(text: str, parameter: Parameter) -> Any:
    shapes: dict[str, tuple[re.Pattern[str], Callable[[str], Any], str]] = {
        "integer": (WHOLE, int, "write a whole number, as in 4"),
        "number": (NUMBER, float, "write a number, as in 0.05"),
    }
    if parameter.kind not in shapes:
        return text
    shape, read, cure = shapes[parameter.kind]
    if not text.isascii() or not shape.fullmatch(text):
        raise InputError([Problem("not-a-number", f"{quote(text)} is not a number", cure)])
    return read(text)
