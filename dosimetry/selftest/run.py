"""The self-test: table ``known_answers`` recomputed and compared, with what computed it."""

from __future__ import annotations

import datetime as dt
import math
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version

import dosimetry
from dosimetry.documents.plan import DISCLAIMER
from dosimetry.documents.selftest import SELFTEST_SCHEMA, KnownAnswer, SelfTest
from dosimetry.problems import refuse
from dosimetry.quantities import Amount, from_quantity
from dosimetry.reference import tables
from dosimetry.selftest.cases import CASES
from dosimetry.selftest.computed import Computed

TABLE = "known_answers"
LIBRARIES = ("numpy", "scipy", "pint", "numba")  # numba is optional


def selftest(
    as_of: dt.date | None = None, answers: tables.ReferenceTable | None = None
) -> SelfTest:
    """Recompute the known answers.

    Parameters
    ----------
    as_of : date, optional
        Date of the test, repeated in the document. The document holds no other time.
    answers : ReferenceTable, optional
        Another version of table ``known_answers``; default the program's own.

    Returns
    -------
    SelfTest

    Raises
    ------
    InputError
        The table and the computations do not belong together: a row without a computation, or
        the reverse.

    Examples
    --------
    >>> selftest().passed
    True
    """
    answers = answers or tables.table(TABLE)
    found = {case: compute() for case, compute in CASES.items()}
    _refuse_incomplete(answers, found)
    compared = tuple(compare(row, found[row["id"]]) for row in answers.rows)
    return SelfTest(
        schema=SELFTEST_SCHEMA,
        version=dosimetry.__version__,
        as_of=as_of.isoformat() if as_of else None,
        python=platform.python_version(),
        libraries=versions(LIBRARIES),
        system=f"{platform.system()} {platform.release()}",
        machine=platform.machine(),
        passed=all(answer.passed for answer in compared),
        answers=compared,
        tables={**tables.hashes(), TABLE: answers.sha256},
        disclaimer=DISCLAIMER,
    )


def _refuse_incomplete(answers: tables.ReferenceTable, found: Mapping[str, Computed]) -> None:
    """Refuse a table without a row for each computed quantity, or with another row.

    A test of the rows alone would pass with a table that lost them.
    """
    known = {f"{row['id']} ({row['quantity']})" for row in answers.rows}
    computed = {f"{case} ({quantity})" for case, values in found.items() for quantity in values}
    if known != computed:
        raise refuse(
            "known-answers-incomplete",
            "the table of known answers does not belong to this program; only one of the two has "
            f"{', '.join(sorted(known ^ computed))}",
            "install the program again, with its tables",
            TABLE,
        )


def compare(row: Mapping[str, str], found: Computed) -> KnownAnswer:
    """Return a row of the table beside the computed value of its quantity.

    Examples
    --------
    >>> row = tables.table(TABLE).rows[0]
    >>> compare(row, CASES[row["id"]]()).passed
    True
    """
    unit = row["unit"]
    expected, tolerance = float(row["expected"]), float(row["tolerance"])
    given = found[row["quantity"]]
    value = math.nan if given is None else float(from_quantity(given, unit))
    finite = math.isfinite(value)
    return KnownAnswer(
        id=row["id"],
        case=row["case"],
        quantity=row["quantity"],
        expected=Amount(expected, unit),
        computed=Amount(value, unit) if finite else None,
        difference=Amount(value - expected, unit) if finite else None,
        tolerance=Amount(tolerance, unit),
        tolerance_reason=row["tolerance_reason"],
        source=row["source"],
        passed=abs(value - expected) <= tolerance,  # False of NaN
    )


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """Return the version of each library that is installed.

    Examples
    --------
    >>> list(versions(("numpy", "no-such-library")))
    ['numpy']
    """
    found = {}
    for name in libraries:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
